"""Before what is sensitive, who is signed in shows once more that it is they; and nothing that was typed is lost."""

from __future__ import annotations

import base64
import datetime as dt
import inspect

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import PASSWORD
from devices import Device
from forms import Forms
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.second_factors import actions as factors
from hingepoint.domain.second_factors import rules as codes
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.second_factors.queries import secret_of
from hingepoint.domain.sessions import rules
from hingepoint.domain.sign_on.models import SignOn
from hingepoint.domain.tokens.models import Token
from hingepoint.records.tokens import SCOPES
from hingepoint.web import proving, urls
from routes import CHANGES, PAGES

MAKE, TOKEN = "/account/tokens/make", {"name": "Warehouse", "scopes": [next(iter(SCOPES))], "days": "30"}
LONG_AGO = "2020-01-01T00:00:00+00:00"


def rested(client: Client, user) -> Client:
    """Return a browser in which ``user`` signed in long ago."""
    client.force_login(user)
    session = client.session
    session[rules.PROVEN] = LONG_AGO
    session.save()
    return client


@pytest.fixture
def open_browser(client, cast) -> Client:
    return rested(client, cast.seller)


def kept_of(answer) -> dict[str, str]:
    """Return what the question holds of what was typed."""
    return Forms(answer.content.decode(), MAKE).found[-1].sent


# ---- it works ----


def test_it_is_asked_once_with_all_that_was_typed_and_goes_on_from_there(open_browser):
    asked = open_browser.post(MAKE, TOKEN)
    assert asked.status_code == 403
    assert "Is it you?" in asked.content.decode()
    assert not Token.objects.exists()
    before = open_browser.session.session_key
    made = open_browser.post(MAKE, kept_of(asked) | {"proof_password": PASSWORD})
    assert made.status_code == 200
    assert Token.objects.get().name == "Warehouse"
    assert open_browser.session.session_key != before
    assert open_browser.post(MAKE, TOKEN).status_code == 200
    assert AuditEvent.objects.filter(action="prove again", subject="session").count() == 1


def test_who_just_signed_in_is_not_asked(cast):
    client = Client()
    client.post("/sign-in", {"username": "sanna@hinge.example", "password": PASSWORD})
    assert client.post(MAKE, TOKEN).status_code == 200


def test_a_quarter_of_an_hour_later_it_is_asked_again():
    at = timezone.now()
    for minutes, holds in ((0, True), (15, True), (16, False), (-16, False)):  # a clock may go back too
        proven = (at - dt.timedelta(minutes=minutes)).isoformat()
        assert rules.recently_proven(proven, at=at) is holds
    assert not rules.recently_proven(None, at=at)


def test_with_a_second_factor_both_are_asked_for(open_browser, cast):
    at = timezone.now() - dt.timedelta(minutes=5)
    factors.begin(by=cast.seller, at=at)
    secret = secret_of(SecondFactor.objects.get())
    factors.confirm(by=cast.seller, at=at, code=codes.code_at(base64.b32decode(secret), codes.step_of(at)))
    assert "proof_code" in open_browser.post(MAKE, TOKEN).content.decode()
    without = open_browser.post(MAKE, TOKEN | {"proof_password": PASSWORD})
    assert (without.status_code, Token.objects.count()) == (422, 0)
    now = codes.code_at(base64.b32decode(secret), codes.step_of(timezone.now()))
    assert open_browser.post(MAKE, TOKEN | {"proof_password": PASSWORD, "proof_code": now}).status_code == 200


def by_passkey(client: Client, device: Device):
    answer = device.answers(client.post("/sign-in/passkey/begin").json())
    return client.post(MAKE, TOKEN | {"proof_passkey": answer})


def test_ones_own_passkey_is_enough_and_another_persons_is_not(client, cast):
    device = Device()
    client.force_login(cast.seller)
    made = device.makes(client.post("/account/passkeys/begin").json())
    client.post("/account/passkeys/add", {"name": "phone", "answer": made})
    assert Passkey.objects.count() == 1
    assert by_passkey(rested(Client(), cast.manager), device).status_code == 422
    assert by_passkey(rested(Client(), cast.seller), device).status_code == 200


# ---- what is refused ----


def test_a_wrong_password_is_said_and_guessing_ends(open_browser):
    for _ in range(10):
        wrong = open_browser.post(MAKE, TOKEN | {"proof_password": "a guess"})
        assert wrong.status_code == 422
    assert "This is not your password." in wrong.content.decode()
    assert kept_of(wrong)["name"] == "Warehouse"
    assert open_browser.post(MAKE, TOKEN | {"proof_password": PASSWORD}).status_code == 429
    assert not Token.objects.exists()


def test_where_only_the_companys_account_counts_it_is_asked_for_there(client, cast):
    SignOn.objects.create(
        pk=1, issuer="https://login.example", client_id="hp", only=True, way_out=cast.sponsor, version=1
    )
    asked = rested(client, cast.seller).post(MAKE, TOKEN)
    page = asked.content.decode()
    assert "again=1" in page
    assert "proof_password" not in page
    assert client.post(MAKE, TOKEN | {"proof_password": PASSWORD}).status_code == 422
    session = client.session
    session[rules.PROVEN] = timezone.now().isoformat()  # they signed in there in another tab
    session.save()
    assert client.post(MAKE, kept_of(asked)).status_code == 200


def test_the_demo_has_no_passwords_and_asks_nobody(open_browser, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    assert open_browser.post(MAKE, TOKEN).status_code == 200


# ---- the table of what is sensitive is whole ----


def test_all_that_is_sensitive_asks(client, cast):
    rested(client, cast.analyst)
    for route, doing in proving.SENSITIVE.items():
        arguments = (CHANGES.get(route) or PAGES[route])[1]
        at = reverse(route, kwargs={name: "tryton" if name == "crm" else 1 for name in arguments})
        answer = client.post(at, {"kept": "typed before"})
        assert answer.status_code == 403, route
        assert {doing, "typed before"} <= {part for part in (doing, "typed before") if part in answer.text}


#: Modules of pages by which somebody gets in, or which say who may do what and what leaves the house.
LOOKED_AT = {
    "connections", "let_in", "merging", "notices", "passkeys", "people", "people_sheet", "second_factor", "sign_in", "sign_on",
    "tokens", "webhooks",
}  # fmt: skip
#: What these pages take besides, and why it asks nothing.
HARMLESS = {
    "sign-in": "is signing in",
    "become": "is the demo",
    "sign-out": "ends what a stranger could use",
    "sign-in-code": "is signing in",
    "sign-in-by-passkey": "is signing in",
    "begin-passkey-sign-in": "is signing in",
    "forgotten": "mails a link to the person themselves",
    "welcome": "is opened by a link that nobody else has",
    "begin-passkey": "asks a device; what it answers is asked about",
    "revoke-token": "takes a way in away",
    "end-calendar": "takes a way in away",
    "revoke-invitation": "takes a way in away",
    "drop-webhook": "tells less",
    "switch-webhook": "tells whom it told before, or nobody",
    "send-webhook-again": "tells whom it told before",
    "test-webhook": "tells nothing of the company",
    "choose-language": "says how oneself is spoken to",
    "choose-mail": "mails oneself",
    "leave-chat": "tells less",
    "try-chat": "tells nothing of the company, where it told before",
    "leave-team-chat": "tells less",
    "try-team-chat": "tells nothing of the company, where it told before",
    "be-quiet": "mails oneself less",
    "leave-out-signal": "mails less; the signal itself goes on, and the trail tells it",
    "answer-mail": "says whether a mail helped",
    "people-sheet": "shows what a sheet would change; storing it is asked about",
    "tell-apart": "says that two people are two",
    "teams": "adds an empty team",
    "test-connection": "reads with the token that is there",
    "say-words": "says what words of the CRM mean",
    "rehearse-connection": "changes nothing",
    "switch-connection": "reads with the token that is there",
    "set-pace": "says how often it is read",
    "believe-gone": "what it lets go comes back when the CRM shows it again",
    "set-writing-back": "writes to the CRM that was connected",
    "forget-connection": "deletes what brought nothing in, with its token",
}


def test_every_form_of_these_pages_asks_or_says_why_not():
    takes = set()
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "view_class", None) or inspect.unwrap(pattern.callback)
        module = view.__module__.rpartition(".")[2]
        source = inspect.getsource(view)
        if module in LOOKED_AT and ("POST" in source or "def post" in source):
            takes.add(pattern.name)
    judged = set(proving.SENSITIVE) | proving.ASKS_ITSELF | set(HARMLESS)
    assert takes - judged == set()
    assert judged - set(CHANGES) - set(PAGES) == set()
    assert not set(HARMLESS) & set(proving.SENSITIVE)
