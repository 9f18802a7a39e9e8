"""Every change to the kept readings of the agreement debt.

Nothing here leaves an audit entry: no fact of the company changes. A reading is made outside any transaction, for it reads
everything, and kept in a short one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Collection

from django.utils import timezone

from hingepoint.analysis import debt
from hingepoint.domain.debts import record
from hingepoint.domain.debts.frames import debts_frame
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.debts.owed import Books, then
from hingepoint.domain.turns.actions import action

#: So many ends of months are kept beside the newest reading.
MONTHS = 12

log = logging.getLogger(__name__)


def read_debts(*, at: dt.datetime, as_of: dt.date | None = None, anew: bool = False) -> list[dt.date]:
    """Keep what is owed at the end of ``as_of`` (yesterday, where it is not said) and at the ends of the twelve months before
    it; return the days read, in order.

    The ends of months are read where they are missing, were valued by other findings, or ``anew`` asks for it: an end of a month is read from what was on record then, so that a day read late tells what it would
    have told in time. A day read twice is kept once. Without a pivotal agreement in force nothing is read and nothing kept.
    """
    until = as_of or timezone.localdate(at) - dt.timedelta(days=1)
    wanted = [*_ends_of_months(until), until] if Books().stands_on else []
    known = {} if anew else _kept()
    read = []
    for day in reversed(wanted):  # the newest first: its sum is what pages wait for
        books = Books(day)
        on = _stands_on(books)
        if day == until or known.get(day) != on:
            _read(day, books, on, at=at)
            read.append(day)
    _forget_before(until, but=wanted)
    return sorted(read)


def _stands_on(books: Books) -> str:
    return hashlib.blake2b(repr(books.stands_on).encode(), digest_size=16).hexdigest()


def _ends_of_months(until: dt.date) -> list[dt.date]:
    """Return the last days of the twelve months before that of ``until``, in order."""
    ends = []
    first = until.replace(day=1)
    for _ in range(MONTHS):
        ends.append(first - dt.timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


def _kept() -> dict[dt.date, str]:
    """Return what the readings that this version can open stand on, by their day."""
    rows = DebtReading.objects.all()
    return {row.day: row.stands_on for row in rows if record.opened(row.told) is not None}


def _read(day: dt.date, books: Books, on: str, *, at: dt.datetime) -> None:
    told = debt.tell(debts_frame(then(day, books), day))
    _keep(day=day, told=record.stored(told), on=on, at=at)
    log.info("Read the agreement debt as of %s: %d agreements on %d deals.", day, told.debts, told.deals)


@action
def _keep(*, day: dt.date, told: object, on: str, at: dt.datetime) -> None:
    DebtReading.objects.update_or_create(day=day, defaults={"told": told, "stands_on": on, "made_at": at})


@action
def _forget_before(day: dt.date, *, but: Collection[dt.date]) -> None:
    """Forget the readings of days before ``day`` that are no ends of months; what was read of later days stays."""
    DebtReading.objects.filter(day__lte=day).exclude(day__in=but).delete()
