"""A CRM that fails at any request, or a run that is killed at any page: the next run ends where one does that nobody disturbed."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Callable
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import transaction

from connectors.fakes import base
from connectors.test_all import PLAYED, fake_of
from examples import SEARCH
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.sync import actions, opening
from hingepoint.domain.sync.landing import Landing
from hingepoint.domain.sync.models import Connection, Cursor, Landed, LandedChange
from hingepoint.domain.sync.understood import understood
from sync.test_every_crm import HOUR, connected, read

pytestmark = pytest.mark.django_db

#: What is compared: every row of the register and of what was read, without the numbers and moments of a run.
STATE = (
    Deal.every.values_list("key", "name", "status", "stage", "amount", "owner__name", "gone", "list_price", "net_price"),
    DealEvent.objects.values_list("deal__key", "kind", "name", "state", "value", "note", "occurred_at", "actor"),
    Landed.objects.values_list("object", "external_id", "deal", "payload", "fate", "into", "due"),
    LandedChange.objects.values_list("deal", "field", "origin", "at", "payload", "due"),
    Cursor.objects.values_list("object", "complete"),
)  # fmt: skip
#: At how many places of a run something goes wrong: at all of them where somebody searches.
PLACES = 1000 if SEARCH else len(base.FAULTS)
KEEP = Landing._keep_page


class Killed(BaseException):
    """What ends a run without a word."""


@pytest.fixture(params=PLAYED)
def changed(request, monkeypatch):
    """A CRM that was read once and in which every kind of thing has happened since, read in pages of three."""
    monkeypatch.setattr(opening, "understood", lambda source: understood(in_small_pages(source)))
    monkeypatch.setattr(opening, "time", SimpleNamespace(sleep=lambda seconds: None))
    with fake_of(request.param) as fake:
        for n in range(4):
            fake.add(n)
            fake.tick(600)
        connection = connected(request.param, fake)
        read(fake, connection)
        fake.tick(7200)
        for n, edit in enumerate((*fake.edits, *reversed(fake.edits))):
            getattr(fake, edit)(n)
            fake.tick(60)
        yield fake, connection


def in_small_pages(source):
    source.size = source.history_size = 3
    return source


def state() -> list[list[tuple]]:
    return [sorted(map(repr, rows.all())) for rows in STATE]


@contextmanager
def undone(fake):
    """Take back what is read within; the clock of the CRM too, what it counts, and the pages that a cache of it holds."""
    counted = {name: value for name, value in vars(fake).items() if isinstance(value, (int, dt.datetime))}
    point = transaction.savepoint()
    fake.pages.clear()
    yield
    vars(fake).update(counted)
    transaction.savepoint_rollback(point)


def undisturbed(fake, connection: Connection) -> tuple[list[list[tuple]], int]:
    """Return what a run that nobody disturbs ends with, and how often it asks."""
    with undone(fake):
        fake.tick(600)
        before = len(fake.requests)
        read(fake, connection, sweep=True)
        return state(), len(fake.requests) - before


def after(fake, connection: Connection, disturb: Callable[[], None]) -> tuple[str, list[list[tuple]]]:
    """Return what a run says that is disturbed, and what is there after another ten minutes later."""
    with undone(fake):
        disturb()
        said = disturbed(fake, connection)
        fake.calm()
        fake.tick(600)
        read(fake, connection, sweep=True)
        return said, state()


def disturbed(fake, connection: Connection) -> str:
    try:
        return actions.sync(at=fake.now + HOUR, connection_id=connection.pk, sweep=True).problem
    except Killed:
        return "killed"


def spread(number: int, most: int) -> list[int]:
    """Return at most so many of the numbers from 1 on, as far from each other as can be."""
    some = min(most, number)
    return [1 + number * (2 * n + 1) // (2 * some) for n in range(some)]


def down_from(fake, number: int) -> None:
    for each in range(number, number + 200):
        fake.next(each, base.FAILS)


@pytest.mark.parametrize("most", [1, pytest.param(PLACES, marks=pytest.mark.slow)])
def test_a_crm_that_is_down_from_any_request_on_is_read_to_the_end_by_the_next_run(changed, most):
    fake, connection = changed
    whole, requests = undisturbed(fake, connection)
    for number in spread(requests, most):
        said, found = after(fake, connection, functools.partial(down_from, fake, number))
        assert (found, bool(said)) == (whole, True), number


@pytest.mark.slow
def test_any_one_fault_at_any_request_changes_nothing_of_what_the_next_run_ends_with(changed):
    fake, connection = changed
    whole, requests = undisturbed(fake, connection)
    for number, fault in zip(spread(requests, PLACES), itertools.cycle(base.FAULTS), strict=False):
        disturb = functools.partial(fake.next, number, fault)
        assert after(fake, connection, disturb)[1] == whole, (number, fault)


@pytest.mark.slow
def test_a_run_killed_while_it_keeps_any_page_is_finished_by_the_next(changed, monkeypatch):
    fake, connection = changed
    pages = killed_at(monkeypatch, 0)
    whole, _ = undisturbed(fake, connection)
    for number in spread(len(pages), PLACES):
        said, found = after(fake, connection, functools.partial(killed_at, monkeypatch, number))
        assert (found, said) == (whole, "killed"), number


def killed_at(monkeypatch, number: int) -> list[str]:
    """End the run when it has written the page of this number and not yet said so; return the pages as they are kept."""
    pages = []

    def kept(landing, page, records, **how):
        KEEP(landing, page, records, **how)
        pages.append(page.object)
        if len(pages) == number:
            raise Killed

    monkeypatch.setattr(Landing, "_keep_page", kept)
    return pages
