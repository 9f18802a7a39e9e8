"""What a batch of open deals is asked for: decided first, then written in a few statements.

Deciding reads and holds no lock; writing is short. Who runs batches, and in which order, is in ``actions``.
"""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy.models import AskingRound
from hingepoint.domain.strategy.requirements import Requirement, forgiven
from hingepoint.domain.strategy.rules import Books, books_in_force, usual_days_to_stage, wanted_of
from hingepoint.records.agreements import AgreementState
from hingepoint.records.strategy import NeededBy

#: Deals that are asked in one transaction: few enough that no other writer waits for long.
BATCH = 100

#: What a deal is judged by, and the import that made it.
_JUDGED_BY = ("segment", "amount", "created_at", "expected_close_on", "stage", "batch", "owner")


class Told(NamedTuple):
    """What a playbook says on an agreement of the register: the columns of these names."""

    required: bool = False
    needed_by: dt.date | None = None
    needed_because: str = ""
    recheck_days: int | None = None
    was_due_on: dt.date | None = None
    asked_on: dt.date | None = None


_SAYS = Told._fields
_NOTHING = Told()
#: What is written of an agreement; further columns only of a new one.
_WRITTEN = ("deal_id", "type_id", "batch", *_SAYS, "expires_on")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What asking changed: agreements newly asked for, asked for with another day, asked no more."""

    added: int = 0
    changed: int = 0
    released: int = 0

    def __add__(self, other: Refreshed) -> Refreshed:
        sums = (self.added + other.added, self.changed + other.changed, self.released + other.released)
        return Refreshed(*sums)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.released)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides for every deal alike: the playbooks in force, the usual days until a stage is left, and
    for how many days an agreement of each type holds where the playbook does not say."""

    books: Books
    days_to_stage: Mapping[str, int]
    holds_days: Mapping[int, int]

    @property
    def types(self) -> set[int]:
        return {rule.type_id for _, rules in self.books for rule in rules}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each of some deals is to be asked for, and the import that made each deal."""

    needs: Mapping[tuple[int, int], Requirement]  # by deal and type
    batches: Mapping[int, int | None]  # by deal


def terms(days_to_stage: Mapping[str, int] | None = None) -> Terms:
    """Return the terms as they are now. Without ``days_to_stage``, and where a playbook asks by stage, this
    reads the stages of all won deals."""
    books = books_in_force()
    if days_to_stage is None:
        by_stage = any(rule.needed_by == NeededBy.STAGE for _, rules in books for rule in rules)
        days_to_stage = usual_days_to_stage() if by_stage else {}
    kinds = AgreementType.objects.values_list("pk", "own_recheck_days", "recheck_days")
    return Terms(books, days_to_stage, {pk: own or shipped for pk, own, shipped in kinds})


def decide(deals: Iterable[Deal], by: Terms) -> Wanted:
    """Return what ``deals`` are to be asked for. Reads nothing beyond them."""
    needs, batches = {}, {}
    for deal in deals:
        batches[deal.pk] = deal.batch
        for need in wanted_of(deal, by.books, by.days_to_stage):
            needs[deal.pk, need.type_id] = need
    return Wanted(needs, batches)


def open_deals(*, after: int = 0, among: Collection[int] | None = None) -> list[Deal]:
    """Return the next batch of open deals by their number, or those of ``among``."""
    deals = Deal.objects.open().only(*_JUDGED_BY).order_by("pk")
    return list(deals.filter(pk__gt=after)[:BATCH] if among is None else deals.filter(pk__in=among))


def write(wanted: Wanted, by: Terms, *, at: dt.datetime) -> Refreshed:
    """Let the register say what is wanted, in the caller's transaction: one statement reads, two write.

    A new row belongs to the import that made its deal and is taken back with it. What holds until a day
    holds longer or shorter, as the playbook now asks. Writing the same again changes nothing.
    """
    known = _known(wanted.batches, by.types)
    today = timezone.localdate(at)
    told = {key: says(need, known.get(key), today=today) for key, need in wanted.needs.items()}
    new = [
        (deal, kind, wanted.batches[deal], *said, None)
        for (deal, kind), said in told.items()
        if (deal, kind) not in known
    ]
    changed = [
        _moved(row, told[key], by) for key, row in known.items() if key in told and _said(row) != told[key]
    ]
    released = [_moved(row, _NOTHING, by) for key, row in known.items() if row.required and key not in told]
    _upsert([*new, *changed, *released], at=at)
    return Refreshed(len(new), len(changed), len(released))


def _known(deal_ids: Collection[int], types: Collection[int]) -> dict[tuple[int, int], Any]:
    """Return what the register says of these deals, locked: what is required, and what may become so."""
    told = _rows(deal_ids, types).order_by("pk").select_for_update().values_list(*_READ, named=True)
    return {(row.deal_id, row.type_id): row for row in told}


#: What is read of an agreement before it is asked for.
_READ = ("deal_id", "type_id", "state", *_SAYS, "expires_on")


def _rows(deal_ids: Collection[int], types: Collection[int]) -> QuerySet[Agreement]:
    return Agreement.objects.filter(Q(required=True) | Q(type__in=types), deal__in=list(deal_ids))


def _said(row: Any) -> Told:
    """Return what the register says now."""
    return Told(*(getattr(row, name) for name in _SAYS))


def says(need: Requirement, row: Any, *, today: dt.date) -> Told:
    """Return what the register is to say of what is needed. ``row`` is what it says now, None for nothing: what is
    not required yet is asked ``today`` for the first time."""
    asked_on = row.asked_on if row is not None and row.required else today
    due = forgiven(need, asked_on=asked_on)
    return Told(True, due.needed_by, due.why[:MOST_WORDS], due.recheck_days, due.was_due_on, asked_on)


#: Characters of how a day was computed.
MOST_WORDS = 300


def _moved(row: Any, said: Told, by: Terms) -> tuple:
    """Return what the row is to say; what holds until a day keeps its distance to the days asked for."""
    expires_on = row.expires_on
    if expires_on:
        usual = by.holds_days[row.type_id]
        after = said.recheck_days or usual
        expires_on += dt.timedelta(days=after - (row.recheck_days or usual))
    return (row.deal_id, row.type_id, None, *said, expires_on)


def _upsert(rows: Sequence[tuple], *, at: dt.datetime) -> None:
    """Write what ``rows`` (columns ``_WRITTEN``) say over those of the same deal and type, and nothing else
    of them. Where no day is known until which it holds, none is written: somebody may be gaining it now.

    Not by ``bulk_create``, which takes ten times as long while others wait.
    """
    fresh = _fresh(at)
    columns = (*_WRITTEN, *fresh)
    insert = (
        f"INSERT INTO {Agreement._meta.db_table} ({', '.join(columns)})"
        f" VALUES ({', '.join(['%s'] * len(columns))}) ON CONFLICT (deal_id, type_id) DO UPDATE SET "
    )
    rest = tuple(fresh.values())
    with connection.cursor() as cursor:
        for held in (False, True):
            sets = [f"{name} = excluded.{name}" for name in (*_SAYS, *(["expires_on"] if held else []))]
            told = [(*row, *rest) for row in rows if (row[-1] is not None) == held]
            if told:
                cursor.executemany(insert + ", ".join(sets), told)


def _fresh(at: dt.datetime) -> dict[str, Any]:
    """Return the further columns of a row that is new, as the database takes them."""
    row = Agreement(state=AgreementState.NEEDED, changed_at=at)
    return {
        field.column: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in Agreement._meta.concrete_fields
        if field.column is not None
        and field.column not in _WRITTEN
        and not (field.primary_key or field.generated or field.null)
    }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the round is: open deals asked, of how many; finished or not, and what it has changed."""

    done: int
    total: int
    finished: bool
    changes: Refreshed

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 1.0


def progress() -> Progress | None:
    """Return how far the last round is; None where nobody was asked yet. Counts only, so whoever may see
    strategies may see it. One SQL query."""
    row = AskingRound.objects.first()
    return progress_of(row) if row else None


def unfinished() -> Progress | None:
    """Return how far the round is that goes on; None where nothing is being asked."""
    found = progress()
    return None if found is None or found.finished else found


def progress_of(row: AskingRound) -> Progress:
    changes = Refreshed(row.added, row.changed, row.released)
    return Progress(row.done, max(row.total, row.done), row.finished_at is not None, changes)


def differing(*, today: dt.date) -> int:
    """Return how many open deals are not asked for what the playbooks in force want of them. Reads them all."""
    by, after, found = terms(), 0, 0
    while deals := open_deals(after=after):
        wanted = decide(deals, by)
        told = to_say(wanted, today=today)
        now = {key: _said(row) for key, row in on_record(wanted.batches, by.types).items()}
        keys = {*told, *(key for key, said in now.items() if said.required)}
        found += len({key[0] for key in keys if now.get(key, _NOTHING) != told.get(key, _NOTHING)})
        after = deals[-1].pk
    return found


def to_say(wanted: Wanted, *, today: dt.date) -> dict[tuple[int, int], Told]:
    """Return what the register would say of what is wanted, by deal and type."""
    rows = on_record(wanted.batches, {kind for _, kind in wanted.needs})
    return {key: says(need, rows.get(key), today=today) for key, need in wanted.needs.items()}


def on_record(deal_ids: Collection[int], types: Collection[int]) -> dict[tuple[int, int], Any]:
    """Return what the register says of these deals: what is required, and what may become so."""
    told = _rows(deal_ids, types).values_list(*_READ, named=True)
    return {(row.deal_id, row.type_id): row for row in told}
