"""Every page for every kind of viewer: who may open it, and what everybody else is told.

A new route must say in ``routes.py`` who opens it. Pages for a role answer 404 to all others, exactly as a page
that does not exist: nobody learns what is there.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from django.urls import get_resolver

from routes import CHANGES, PAGES, address
from web.test_out_of_date import VERSIONED, versions_on
from web.test_what_was_typed import FORMS, forms_of


def routes() -> set[str]:
    """Return the names of all pages; those of the API and of the directory have tables of their own (tests/api)."""
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    return {name for name in names if not name.startswith(("api-", "scim-"))}


def viewers(cast, client, *, but: Collection[str] = ()):
    """Yield every kind of viewer by name, but some, signed in on the client."""
    for name, user in cast.everybody().items():
        if name in but:
            continue
        client.cookies.clear()
        if user:
            client.force_login(user)
        yield name


def test_every_route_says_who_opens_it():
    assert routes() == set(PAGES) | set(CHANGES)


@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_nobody_else(client, cast, route):
    """And for the first of those it is for; of the others five open it in test_page_budget.py, all in the next."""
    allowed = PAGES[route][0] or set()
    knock(client, cast, route, but=allowed - {min(allowed, default="")})


@pytest.mark.slow
@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_all_it_is_for(client, cast, route):
    knock(client, cast, route)


def knock(client, cast, route, *, but: Collection[str] = ()) -> None:
    """Ask for a page as everybody but some, and hold the answers to the table."""
    allowed, arguments = PAGES[route]
    page = address(route, arguments, cast)
    for who in viewers(cast, client, but=but):
        answer = client.get(page)
        if who == min(allowed or {"anonymous"}):
            assert_all_is_listed(answer, page, inside=allowed is not None)
        if allowed is None:
            assert answer.status_code in (200, 302), who
            assert "no-store" in answer["Cache-Control"], who
        elif who in ("anonymous", "disabled"):
            assert answer.url.startswith("/sign-in"), who
        else:
            assert answer.status_code == (200 if who in allowed else 404), who
            assert answer["Cache-Control"] == "private, no-store", who


def assert_all_is_listed(answer, page: str, *, inside: bool) -> None:
    """Hold a page to the tables of forms and of versions, so that none is left out of what is tested of them; and to the
    way out."""
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return
    text = answer.content.decode()
    assert set(forms_of(text, page)) <= set(FORMS)
    assert versions_on(text, page) <= set(VERSIONED)
    whole = inside and "<html" in text and "Content-Disposition" not in answer
    assert not whole or 'action="/sign-out"' in text


@pytest.mark.parametrize("route", CHANGES)
def test_a_change_is_refused_to_those_it_is_not_for(client, cast, route):
    allowed, arguments = CHANGES[route]
    page = address(route, arguments, cast)
    for who in viewers(cast, client):
        assert client.get(page).status_code in (405, 302), f"GET {who}"
        if allowed is None or who in allowed:
            continue
        answer = client.post(page)
        expected = 302 if who in ("anonymous", "disabled") and route != "become" else 404
        assert answer.status_code == expected, who


def test_a_foreign_page_and_no_page_look_the_same(client, cast):
    client.force_login(cast.seller)
    foreign, absent = client.get("/people/new"), client.get("/no/such/page")
    assert without_token(foreign) == without_token(absent)


def without_token(answer) -> bytes:
    """Return a page without its CSRF token, which is masked anew each time."""
    return re.sub(rb"[A-Za-z0-9]{64}", b"", answer.content)
