"""The list of deals with how their agreements stand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.queries.lines import lines_then
from hingepoint.domain.agreements.rules import is_late, must_be_checked
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.deals.queries import lists as deal_lists
from hingepoint.domain.deals.queries.lists import DealFilter, DealLine, Paging
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.agreements import STANDING, AgreementState


@dataclass(frozen=True, slots=True)
class Tally:
    """How a deal's agreements stand: ``standing`` of ``recorded``, how many are late or must be checked
    again, and the next one due, a pivotal one before others. Where the strategy asks for agreements, ``recorded`` are those (the ones
    not needed left out), else all on record."""

    recorded: int = 0
    standing: int = 0
    late: int = 0
    recheck: int = 0
    next_name: str = ""
    next_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class ListedDeal:
    deal: DealLine
    tally: Tally


@dataclass(frozen=True, slots=True)
class DealListing:
    """One page of the deals list."""

    rows: tuple[ListedDeal, ...]
    paging: Paging
    totals: tuple[deal_lists.Total, ...]


def selection(viewer: Any, wanted: DealFilter, today: dt.date) -> DealQuerySet:
    """Return the deals that ``viewer`` may see and asked for, with agreements late or not.

    History does not keep by when agreements were needed: a look back is not narrowed to late ones.
    """
    found = deal_lists.selection(viewer, wanted)
    if wanted.overdue and not wanted.as_of:
        found = found.filter(Exists(Agreement.objects.overdue(today).filter(deal=OuterRef("pk"))))
    return found


def deal_list(
    viewer: Any, wanted: DealFilter, *, today: dt.date, sort: str = deal_lists.DEFAULT_SORT, page: int = 1
) -> DealListing:
    """Return one page of deals with how their agreements stand. Three SQL queries."""
    found = deal_lists.page_of(selection(viewer, wanted, today), sort=sort, page=page, as_of=wanted.as_of)
    ids = [line.id for line in found.lines]
    tallies = _tallies_then(ids, wanted.as_of) if wanted.as_of else _tallies(ids, today)
    rows = tuple(ListedDeal(line, tallies.get(line.id, Tally())) for line in found.lines)
    return DealListing(rows, found.paging, found.totals)


def _tallies(deal_ids: Sequence[int], today: dt.date) -> dict[int, Tally]:
    rows = Agreement.objects.filter(deal_id__in=deal_ids).exclude(state=AgreementState.NOT_NEEDED)
    found: dict[int, list[tuple]] = defaultdict(list)
    columns = ("deal_id", "required", "state", "late_after", "expires_on", "type__own_name", "type__name")
    for deal_id, *rest in rows.values_list(*columns):
        found[deal_id].append(rest)
    return {deal_id: _tally(rest, today) for deal_id, rest in found.items()}


def _tallies_then(deal_ids: Sequence[int], as_of: AsOf) -> dict[int, Tally]:
    found: dict[int, list[tuple]] = defaultdict(list)
    for line in lines_then(deal_ids, as_of):
        if line.state != AgreementState.NOT_NEEDED:
            told = (line.required, line.state, line.late_after, line.expires_on, "", line.name)
            found[line.deal_id].append(told)
    return {deal_id: _tally(rows, as_of.day) for deal_id, rows in found.items()}


def _tally(rows: list[tuple], today: dt.date) -> Tally:
    dated = [
        (not required, late_after, own or name)
        for required, _, late_after, _, own, name in rows
        if late_after
    ]
    _, next_on, next_name = min((one for one in dated if one[1] >= today), default=(False, None, ""))
    counted = [row for row in rows if row[0]] or rows
    return Tally(
        recorded=len(counted),
        standing=sum(state in STANDING for _, state, *_ in counted),
        late=sum(is_late(late_after, today) for _, late_after, _ in dated),
        recheck=sum(must_be_checked(state, expires_on, today) for _, state, _, expires_on, *_ in counted),
        next_name=next_name,
        next_on=next_on,
    )
