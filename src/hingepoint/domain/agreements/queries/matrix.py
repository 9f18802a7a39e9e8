"""The matrix: deals against agreement types, and the counts of its columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, Subquery

from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.agreements.queries.catalogue import TypeChoice
from hingepoint.domain.agreements.queries.lines import last_steps, lines_then
from hingepoint.domain.agreements.queries.lists import selection
from hingepoint.domain.agreements.rules import is_late, must_be_checked, said_by_rule
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.deals.queries import lists as deal_lists
from hingepoint.domain.deals.queries.lists import DealFilter, DealLine, Paging
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import place_of

#: At most so many agreements in a row of the matrix: a set people can keep in mind.
MOST_COLUMNS = 12
USUAL_COLUMNS = 8
#: Cells on a page of the matrix, at most: 26 deals x 8 agreements keep it under 100 kB.
CELLS = 208
#: Counting the columns over more deals than these takes long enough to be asked for apart.
COUNTED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Column:
    """One agreement type over the matrix; ``standing`` of ``of`` deals of the whole selection have it
    (deals that do not need it are left out of ``of``)."""

    type_id: int
    key: str
    name: str
    side: str
    stage: str
    standing: int = 0
    of: int = 0

    @property
    def share(self) -> float | None:
        return self.standing / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One agreement of one deal; a deal without it has none."""

    state: str
    evidence: int
    late_after: dt.date | None
    late: bool
    recheck: bool
    found: bool  # a rule says so, and nobody confirmed it


@dataclass(frozen=True, slots=True)
class MatrixRow:
    deal: DealLine
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: tuple[Column, ...]
    rows: tuple[MatrixRow, ...]
    paging: Paging
    totals: tuple[deal_lists.Total, ...]
    chosen: bool  # the viewer picked the columns; else they are the starter types
    counted: bool  # the columns hold their counts; of a large selection they come by ``summary``


def matrix(
    viewer: Any,
    wanted: DealFilter,
    *,
    today: dt.date,
    columns: Sequence[str] = (),
    sort: str = deal_lists.DEFAULT_SORT,
    page: int = 1,
) -> Matrix:
    """Return deals against the agreement types named by key in ``columns`` (none: the first starter
    types of the catalogue). Five SQL queries whatever the number of rows.

    The columns of more than ``COUNTED_AT_ONCE`` deals are left to ``summary``, so that the page need not
    wait for it."""
    heads = _columns(columns)
    narrowed = selection(viewer, wanted, today)
    size = CELLS // max(1, len(heads))
    found = deal_lists.page_of(narrowed, sort=sort, page=page, size=size, as_of=wanted.as_of)
    ids = [line.id for line in found.lines]
    cells = (
        _cells_then(ids, wanted.as_of)
        if wanted.as_of
        else _cells(ids, [head.type_id for head in heads], today)
    )
    rows = tuple(
        MatrixRow(line, tuple(cells.get((line.id, head.type_id)) for head in heads)) for line in found.lines
    )
    at_once = found.paging.total <= COUNTED_AT_ONCE
    heads = _counted(narrowed, heads, found.paging.total, wanted.as_of) if at_once else heads
    return Matrix(tuple(heads), rows, found.paging, found.totals, chosen=bool(columns), counted=at_once)


def summary(
    viewer: Any, wanted: DealFilter, *, today: dt.date, columns: Sequence[str] = ()
) -> tuple[tuple[Column, ...], int]:
    """Return the columns of the matrix with their counts over the whole selection, and its deals."""
    narrowed = selection(viewer, wanted, today)
    total = narrowed.count()
    return tuple(_counted(narrowed, _columns(columns), total, wanted.as_of)), total


def _columns(keys: Sequence[str]) -> list[Column]:
    types = AgreementType.objects.in_use().effective()
    types = types.filter(key__in=keys[:MOST_COLUMNS]) if keys else types.filter(starter=True)
    rows = types.values_list("pk", "key", "shown_name", "side", "shown_stage")
    found = sorted((Column(*row) for row in rows), key=lambda c: (place_of(c.stage), c.type_id))
    return found if keys else found[:USUAL_COLUMNS]


def _cells(deal_ids: Sequence[int], type_ids: Sequence[int], today: dt.date) -> dict[tuple[int, int], Cell]:
    rows = Agreement.objects.filter(deal_id__in=deal_ids, type_id__in=type_ids).with_last_origin()
    told = ("deal_id", "type_id", "state", "evidence", "late_after", "expires_on", "last_origin")
    return {
        (deal_id, type_id): Cell(
            state,
            evidence,
            late_after,
            late=is_late(late_after, today),
            recheck=must_be_checked(state, expires_on, today),
            found=said_by_rule(origin),
        )
        for deal_id, type_id, state, evidence, late_after, expires_on, origin in rows.values_list(*told)
    }


def _cells_then(deal_ids: Sequence[int], as_of: AsOf) -> dict[tuple[int, int], Cell]:
    return {
        (line.deal_id, line.type_id): Cell(
            line.state, line.evidence, line.late_after, line.late, line.recheck, line.found
        )
        for line in lines_then(deal_ids, as_of)
    }


def _counted(narrowed: DealQuerySet, heads: Sequence[Column], total: int, as_of: AsOf | None) -> list[Column]:
    """Count each column over the whole selection, not only the page that is shown."""
    rows = Agreement.objects.filter(
        deal__in=narrowed.order_by(), type_id__in=[head.type_id for head in heads]
    )
    if as_of:
        state, rows = "was", rows.annotate(was=Subquery(last_steps(as_of).values("state")[:1]))
    else:
        state, rows = "state", rows.filter(state__in=[*STANDING, AgreementState.NOT_NEEDED])
    counts = (
        rows.order_by()
        .values("type_id")
        .annotate(  # counting deals, not ids, leaves the answer to the index agreement_by_type
            standing=Count("deal", filter=Q(**{f"{state}__in": sorted(STANDING)})),
            not_needed=Count("deal", filter=Q(**{state: AgreementState.NOT_NEEDED})),
        )
    )
    by_type = {row["type_id"]: (row["standing"], total - row["not_needed"]) for row in counts}
    return [
        replace(head, standing=standing, of=of)
        for head in heads
        for standing, of in [by_type.get(head.type_id, (0, total))]
    ]


def usual_columns(choices: Sequence[TypeChoice]) -> list[str]:
    """Return the keys of the columns shown when nobody chose any."""
    return [choice.key for choice in choices if choice.starter][:USUAL_COLUMNS]
