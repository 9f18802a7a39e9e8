"""What no person types, in every parameter of every page and every field of every form: never a failure of ours.

Django's client raises what a page does not answer, so a failure names its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from hypothesis import given
from hypothesis import strategies as st

import hingepoint.web
from examples import examples
from forms import Form, Forms
from odd import HOSTILE, texts
from routes import CHANGES, PAGES, address

pytestmark = pytest.mark.slow

WEB = Path(hingepoint.web.__file__).parent

#: Kept apart from what their pages do with them: they end the session, or open one.
NO_FORMS = {"sign-out", "become", "theme"}


@cache
def parameters() -> list[str]:
    """Return every name that a page reads from an address or a form, as the sources and templates say."""
    sources = "\n".join(path.read_text("utf-8") for path in WEB.rglob("*.py"))
    read = re.findall(r"(?:GET|POST|said|sent)(?:\.get|\.getlist)?[\[(]\"([\w.-]+)\"", sources)
    pages = "\n".join(path.read_text("utf-8") for path in WEB.rglob("*.html"))
    named = re.findall(r"\bname=\"([\w.-]+)\"", pages)
    fields = re.findall(r"^    ([a-z]\w*) = (?:forms\.|WholeNumber)", sources, re.MULTILINE)
    return sorted({*read, *named, *fields} - {"csrfmiddlewaretoken"})


def told(value: str) -> dict[str, str]:
    return dict.fromkeys(parameters(), value.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def test_the_names_are_found():
    assert {"owner", "team", "page", "reason", "due_on"} <= set(parameters())


def failures(ask: Callable[[str, dict], HttpResponse], where: str) -> dict[str, object]:
    """Ask an address with each hostile value in every parameter, each time as if the others had not been; return what
    failed."""
    failed: dict[str, object] = {}
    for what, value in HOSTILE.items():
        kept = transaction.savepoint()
        try:
            status = ask(where, told(value)).status_code
        except Exception as error:
            failed[what] = repr(error)
        else:
            if status >= 500:
                failed[what] = status
        transaction.savepoint_rollback(kept)
    return failed


@pytest.mark.parametrize("route", sorted(PAGES.keys() - {"healthz"}))
def test_a_page_bears_it(client, cast, route):
    client.force_login(cast.sponsor)
    _, arguments = PAGES[route]
    assert failures(client.get, address(route, arguments, cast)) == {}


@pytest.mark.parametrize("route", sorted((CHANGES.keys() | PAGES.keys()) - NO_FORMS))
def test_a_form_bears_it(client, cast, route):
    """Sent by somebody it is for, so that it is not refused before it is read."""
    allowed, arguments = CHANGES[route] if route in CHANGES else PAGES[route]
    client.force_login(getattr(cast, min(allowed or {"seller"})))
    assert failures(client.post, address(route, arguments, cast)) == {}


# ---- one or two fields of a form that is otherwise as it stands on its page ----


def forms_on(client, cast, route: str) -> list[Form]:
    """Return the forms of a page as somebody finds them whom it is for, with what stands in their fields."""
    allowed, arguments = PAGES[route]
    at = address(route, arguments, cast)
    if allowed:
        client.force_login(getattr(cast, min(allowed)))
    shown = client.get(at)
    if shown.status_code != 200 or not shown["Content-Type"].startswith("text/html"):
        return []
    found = Forms(shown.content.decode(), at).found
    return [form for form in found if form.known | form.sent and not LEAVES.search(form.action)]


#: What ends the session, or opens one.
LEAVES = re.compile("/(sign-in|sign-out|become|theme|welcome)")


@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_form_of_a_page_bears_whatever_stands_in_one_or_two_of_its_fields(client, cast, route):
    forms = forms_on(client, cast, route)

    @examples(60)
    @given(st.data())
    def ask(data):
        form = data.draw(st.sampled_from(forms))
        named = sorted(form.known | form.sent)
        odd = data.draw(st.dictionaries(st.sampled_from(named), texts, min_size=1, max_size=2))
        kept = transaction.savepoint()
        try:
            assert client.post(form.action, form.known | form.sent | odd).status_code < 500
        finally:
            transaction.savepoint_rollback(kept)

    if forms:
        ask()


@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_page_bears_whatever_its_address_asks_for(client, cast, route):
    allowed, arguments = PAGES[route]
    if allowed:
        client.force_login(getattr(cast, min(allowed)))
    at = address(route, arguments, cast)

    @examples(30)
    @given(st.dictionaries(st.sampled_from(parameters()), texts, min_size=1, max_size=4))
    def ask(query):
        kept = transaction.savepoint()
        try:
            assert route == "healthz" or client.get(at, query).status_code < 500
        finally:
            transaction.savepoint_rollback(kept)

    ask()
