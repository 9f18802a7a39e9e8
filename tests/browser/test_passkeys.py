"""A passkey in a real browser: Chromium's own virtual device makes it and signs in by it."""

from __future__ import annotations

import pytest

import cast as people
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.records.people import Role

VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def window(visit, db):
    """A window with a device of its own, in which nobody is signed in."""
    found = visit()
    session = found.page.context.new_cdp_session(found.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
    return found


def test_somebody_adds_a_passkey_and_signs_in_by_it_without_a_password(window):
    people.person("Sanna", Role.SELLER)
    page = window.page
    window.open("/sign-in")
    page.fill("input[name=username]", "sanna@hinge.example")
    page.fill("input[name=password]", people.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")
    window.open("/account/passkeys")
    page.fill("input[name=name]", "work laptop")
    page.click("button:has-text('Add a passkey')")
    page.wait_for_selector("text=work laptop is kept")
    assert Passkey.objects.get().name == "work laptop"
    page.context.clear_cookies()
    window.open("/sign-in?next=/account/passkeys")
    page.click("button:has-text('Sign in by a passkey')")
    page.wait_for_selector("h1:text-is('Passkeys')")
    assert Passkey.objects.get().used_at is not None
