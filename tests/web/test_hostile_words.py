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

import hingepoint.web
from routes import CHANGES, PAGES, address

pytestmark = pytest.mark.slow

WEB = Path(hingepoint.web.__file__).parent

#: Kept apart from what their pages do with them: they end the session, or open one.
NO_FORMS = {"sign-out", "become", "theme"}

HOSTILE = {
    "a number that no database holds": "9" * 20,
    "a number below nothing": "-1",
    "a digit of no number": "²",
    "digits of another script": "٣",
    "a character that ends strings": "a\0b",
    "half a character": "\ud800",
    "a long text": "x" * 5_000,
    "no number at all": "NaN",
    "a day that is none": "2026-02-31",
    "a day before days were counted": "0001-01-01",
}


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


@pytest.mark.parametrize("route", sorted(CHANGES.keys() - NO_FORMS))
def test_a_form_bears_it(client, cast, route):
    """Sent by somebody it is for, so that it is not refused before it is read."""
    allowed, arguments = CHANGES[route]
    client.force_login(getattr(cast, min(allowed or {"seller"})))
    assert failures(client.post, address(route, arguments, cast)) == {}
