"""Errors become answers in one table, and a signed-in person never sees a page of the framework."""

from __future__ import annotations

import errno

import pytest
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import Client

from hingepoint.config import settings
from hingepoint.domain.agreements.actions import NotYetGained, ReasonMissing
from hingepoint.domain.people.actions import TooManySignIns
from hingepoint.domain.strategy.actions import StrategyNotYours
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.web import negotiation, search, sessions, shell
from hingepoint.web.answers import (
    AWAY,
    BUSY,
    DISK_FAILS,
    FULL,
    KEY_OVER,
    NOTHING_HERE,
    OUR_FAULT,
    READ_ONLY,
    TITLES,
    TOO_LARGE,
    UNREADABLE,
    Answer,
    answer_to,
)

MARK = "They pay within <60> days"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (Hidden("no such deal"), Answer(404, NOTHING_HERE, {"": NOTHING_HERE})),
        (Http404("no such page"), Answer(404, NOTHING_HERE, {"": NOTHING_HERE})),
        (StrategyNotYours("Only the sponsor."), Answer(404, NOTHING_HERE, {"": NOTHING_HERE})),
        (Stale(words="Max was faster."), Answer(409, "Max was faster.", {"": "Max was faster."})),
        (Refused("Say why.", field="note"), Answer(422, "Say why.", {"note": "Say why."})),
        (ReasonMissing("Say why."), Answer(422, "Say why.", {"reason": "Say why."})),
        (TooManySignIns("Wait."), Answer(429, "Wait.", {"": "Wait."})),
        (RequestDataTooBig(), Answer(413, TOO_LARGE, {"": TOO_LARGE})),
        (TooManyFieldsSent(), Answer(413, TOO_LARGE, {"": TOO_LARGE})),
        (BadRequest(), Answer(400, UNREADABLE, {"": UNREADABLE})),
        (ValueError("ours"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_one_answer(error, answer):
    assert answer_to(error) == answer


def test_several_fields_are_answered_each_with_its_words():
    answer = answer_to(NotYetGained(("who", "by when")))
    assert answer.by_field == {"person": "To count as gained: who.", "due_on": "To count as gained: by when."}


def test_every_error_of_the_domain_is_in_the_table():
    """But those that no interface ever sees."""
    import importlib
    import inspect
    import pkgutil

    import hingepoint.domain

    found = set()
    for module in pkgutil.walk_packages(hingepoint.domain.__path__, "hingepoint.domain."):
        if ".migrations" in module.name:
            continue
        loaded = importlib.import_module(module.name)
        found |= {
            f"{one.__module__}.{name}"
            for name, one in inspect.getmembers(loaded, inspect.isclass)
            if issubclass(one, Exception)
            and one.__module__ == module.name
            and not issubclass(one, Hidden | Stale | Refused)
        }
    assert found == {
        "hingepoint.domain.discovery.actions.TurnOver",
        "hingepoint.domain.people.actions.NotDelivered",
        "hingepoint.domain.sheets.rules.RowRefused",
    }


def signed_in(user) -> Client:
    """A browser that has to prove each form, as real ones do."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    return browser


def test_an_address_that_only_takes_forms_says_so(cast, client):
    client.force_login(cast.seller)
    answer = client.get(f"/deals/{cast.deal.pk}/corridor")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Nothing to see here" in answer.content.decode()
    assert "/static/base.css" in answer.content.decode()


def test_a_form_without_a_key_comes_back_on_its_page_with_what_was_typed(cast):
    browser = signed_in(cast.seller)
    address = f"/deals/{cast.deal.pk}/exceptions/new"
    answer = browser.post(address, {"kind": "terms", "wanted": MARK}, HTTP_ORIGIN="http://testserver")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert KEY_OVER in page
    assert "They pay within &lt;60&gt; days" in page
    assert 'name="csrfmiddlewaretoken"' in page


def test_a_form_from_elsewhere_is_not_offered_to_be_sent_again(cast):
    browser = signed_in(cast.analyst)
    told = {"role": "analyst", "why": MARK, "password": "secret-of-theirs"}
    answer = browser.post(f"/people/{cast.stranger.pk}/role", told, HTTP_ORIGIN="http://evil.example")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Send it again" not in page
    assert "&lt;60&gt;" not in page
    assert "Not saved yet" in page


def test_a_form_without_a_page_of_its_own_may_be_sent_again_without_passwords(cast):
    browser = signed_in(cast.analyst)
    told = {"role": "manager", "password": "secret-of-ours", "why": MARK}
    answer = browser.post(f"/people/{cast.stranger.pk}/role", told, HTTP_ORIGIN="http://testserver")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Send it again" in page
    assert '<input type="hidden" name="role" value="manager">' in page
    assert "secret-of-ours" not in page


def test_what_is_sent_after_being_signed_out_waits(cast, client):
    address = f"/deals/{cast.deal.pk}/exceptions/new"
    answer = client.post(address, {"kind": "terms", "wanted": MARK}, HTTP_ORIGIN="http://testserver")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "You were signed out meanwhile." in page
    assert "They pay within &lt;60&gt; days" in page
    assert f'<form method="post" action="{address}"' in page


def test_too_much_text_is_answered_by_our_own_page(cast, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000
    client.force_login(cast.seller)
    answer = client.post(
        f"/deals/{cast.deal.pk}/exceptions/new",
        {"wanted": "x" * 3_000},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413
    assert TOO_LARGE in answer.content.decode()


def test_what_is_typed_into_nothing_is_shown_to_be_copied(cast, client):
    client.force_login(cast.seller)
    answer = client.post(f"/deals/{cast.foreign_deal.pk}/exceptions/new", {"kind": "terms", "wanted": MARK})
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "What you had typed" in page
    assert "<dt>Wanted</dt><dd>They pay within &lt;60&gt; days</dd>" in page


def test_a_script_is_told_beside_the_form_which_stays_as_it_is(cast, client):
    kind = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "agreement-dialog"}
    answer = client.post(f"/deals/{cast.deal.pk}/agreements/1/", {"note": MARK}, **kind)
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#agreement-dialog .notice"
    assert "<html" not in answer.content.decode()
    assert "You were signed out meanwhile." in answer.content.decode()


def is_ours(answer, status: int) -> bool:
    """Return whether an answer is a page of ours with a title, words and a way on."""
    text = answer.content.decode()
    return (
        answer.status_code == status
        and TITLES[status] in text
        and "Go to your home page" in text
        and "/static/base.css" in text
    )


def test_a_host_that_is_not_ours_is_answered_by_our_own_page(client, cast, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert is_ours(client.get("/sign-in", HTTP_HOST="evil.example"), 400)


def test_a_form_that_cannot_be_taken_apart_is_answered_by_our_own_page(client, cast):
    client.force_login(cast.seller)
    kind = "multipart/form-data; boundary="
    assert is_ours(client.post(f"/deals/{cast.deal.pk}/demands/new", b"--x", content_type=kind), 400)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_way_of_asking_that_an_address_does_not_know_is_answered_by_our_own_page(client, cast, method):
    client.force_login(cast.seller)
    answer = getattr(client, method)(f"/deals/{cast.deal.pk}/corridor")
    assert is_ours(answer, 405)


def test_a_page_that_is_not_there_is_answered_by_our_own_page_to_strangers_too(client, db):
    assert is_ours(client.get("/no/such/page"), 404)
    assert is_ours(client.get("/static/no-such-file.css"), 404)


def test_a_fault_of_ours_is_answered_by_our_own_page(client, cast, monkeypatch):
    client.raise_request_exception = False
    client.force_login(cast.seller)
    monkeypatch.setattr(search.queries, "words_of", fails)
    answer = client.get("/search?q=acme")
    assert is_ours(answer, 500)
    assert OUR_FAULT in answer.content.decode()


def test_a_fault_of_what_every_page_is_made_with_is_answered_by_our_own_page(client, cast, monkeypatch):
    """As when the database is gone: nobody can be asked who looks."""
    client.raise_request_exception = False
    client.force_login(cast.seller)
    monkeypatch.setattr(shell, "navigation", fails)
    assert is_ours(client.get("/search?q=acme"), 500)


def fails(*args, **kwargs):
    raise RuntimeError("the database is gone")


@pytest.mark.parametrize(
    "said",
    [
        "database is locked",
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
    ],
)
def test_a_busy_database_is_said_so_and_asks_for_another_try(said):
    answer = answer_to(OperationalError(said))
    assert (answer.status, answer.words) == (503, BUSY)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("database or disk is full"), FULL),
        (OperationalError('could not extend file "base/1/2": No space left on device'), FULL),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (OperationalError("disk I/O error"), DISK_FAILS),
        (OperationalError("attempt to write a readonly database"), READ_ONLY),
        (OperationalError("connection failed: Connection refused"), AWAY),
        (OperationalError("terminating connection due to administrator command"), AWAY),
        (InterfaceError("the connection is closed"), AWAY),
        (OperationalError("unable to open database file"), AWAY),
    ],
    ids=str,
)
def test_what_only_the_operator_can_mend_is_said_and_not_called_a_fault_of_ours(error, words):
    assert answer_to(error) == Answer(503, words, {"": words})


def test_a_form_on_a_full_disk_is_told_so_with_what_was_typed(client, cast, monkeypatch, caplog):
    def full(**facts):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(negotiation.actions, "log_demand", full)
    client.force_login(cast.seller)
    said = {"topic": "price", "words": MARK, "asked_by": "Bo Lind", "known": "stated"}
    answer = client.post(f"/deals/{cast.deal.pk}/demands/new", said)
    assert is_ours(answer, 503)
    assert FULL in answer.text
    assert "They pay within &lt;60&gt; days" in answer.text
    assert "Answered 503: database or disk is full" in caplog.text


def test_a_database_that_is_away_when_it_is_asked_who_looks_is_said(client, cast, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("connection failed: connection to server failed: Connection refused")

    client.raise_request_exception = False
    client.force_login(cast.seller)
    monkeypatch.setattr(sessions, "_who", gone)
    answer = client.get("/search?q=acme")
    assert answer.status_code == 503
    assert AWAY in answer.text


def test_any_other_fault_of_the_database_is_ours():
    assert answer_to(OperationalError("no such table: domain_deal")) is None


def test_statements_of_pages_are_limited_on_postgresql_only(monkeypatch):
    server = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"options": "-c x=1"}}
    file = {"ENGINE": "django.db.backends.sqlite3"}
    for default in (server, file):
        monkeypatch.setattr(settings, "DATABASES", {"default": default})
        settings.limit_what_pages_wait_for()
    assert server["OPTIONS"]["options"] == "-c x=1 -c statement_timeout=60s -c lock_timeout=20s"
    assert file == {"ENGINE": "django.db.backends.sqlite3"}


@pytest.mark.parametrize("address", ["/catalogue/?q=a%00b", "/deals/?q%00=1", "/catalogue/a%00b"])
def test_an_address_with_a_nul_in_it_is_told_to_be_unreadable(client, cast, address):
    client.force_login(cast.sponsor)
    answer = client.get(address)
    assert answer.status_code == 400
    assert UNREADABLE in answer.text


def test_a_form_with_a_nul_in_it_changes_nothing_and_comes_back(client, cast):
    client.force_login(cast.analyst)
    answer = client.post("/catalogue/new", {"name": "a\0b", "description": "what was typed"})
    assert answer.status_code == 400
    assert "what was typed" in answer.text
    assert UNREADABLE in answer.text
