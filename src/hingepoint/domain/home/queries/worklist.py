"""What several first pages share: the agreements worth attention, as lines of work, and what changed.

Everything is put together from agreements, deals, strategies, runs and imports; nothing is kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Window
from django.db.models.functions import Coalesce

from hingepoint.domain.agreements.models import (
    IN_MOTION,
    Agreement,
    AgreementEvent,
    AgreementEventQuerySet,
    AgreementQuerySet,
)
from hingepoint.domain.agreements.queries.lines import AgreementLine, line_of
from hingepoint.records.agreements import AgreementState

#: How far a worklist looks ahead.
DAYS_AHEAD = 14
#: Late by more days than this is rather a question of whether the deal lives.
LONG_LATE = 60
WEEK = dt.timedelta(days=7)
#: What a line of work shows of what belongs to an agreement.
_SHOWN = (
    *(
        f"type__{column}"
        for column in ("key", "own_name", "name", "side", "own_stage", "stage", "counterpart")
    ),
    *(f"deal__{column}" for column in ("key", "name", "amount", "currency")),
    *("person__name", "asked_of__name", "deal__account__name", "deal__owner__name"),
)
_NEWS = (
    AgreementState.GAINED,
    AgreementState.DECLINED,
    AgreementState.LAPSED,
    AgreementState.BROKEN,
)


def worklist(viewer: Any) -> AgreementQuerySet:
    """Return the agreements worth anybody's attention: of open deals, required or in motion."""
    return Agreement.objects.on_open_deals(viewer).filter(Q(required=True) | Q(state__in=IN_MOTION))


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One agreement to move, with its deal; ``more`` further ones of the same deal are due as well."""

    line: AgreementLine
    deal_title: str
    account: str
    owner: str
    amount: Any
    currency: str
    more: int = 0

    @property
    def promised(self) -> bool:
        """Whether it was gained, and what they promised is due."""
        return self.line.state == AgreementState.GAINED


def with_deals(rows: AgreementQuerySet) -> AgreementQuerySet:
    """Fetch what a line of work shows along with its agreement, and no more: it is read by the thousand."""
    rows = rows.select_related("type", "person", "asked_of", "deal__account", "deal__owner")
    return rows.only(*(column.name for column in Agreement._meta.concrete_fields), *_SHOWN)


def one_a_deal(rows: Iterable[Agreement], today: dt.date) -> list[WorkLine]:
    """Return the first agreement of each deal that is not late beyond telling, and how many others it has."""
    alive = today - dt.timedelta(days=LONG_LATE)
    by_deal: dict[int, list[Agreement]] = defaultdict(list)
    for row in rows:
        by_deal[row.deal_id].append(row)
    chosen = [
        work_line(
            next((r for r in group if r.late_after and r.late_after >= alive), group[0]),
            today,
            more=len(group) - 1,
        )
        for group in by_deal.values()
    ]
    return sorted(chosen, key=lambda work: work.line.late_after or today)


def work_line(row: Agreement, today: dt.date, *, more: int = 0) -> WorkLine:
    """Return an agreement (from ``with_deals``) as a line of work."""
    return WorkLine(
        line=line_of(row, today),
        deal_title=str(row.deal),
        account=row.deal.account.name if row.deal.account else "",
        owner=row.deal.owner.name if row.deal.owner else "",
        amount=row.deal.amount,
        currency=row.deal.currency,
        more=more,
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of the last week."""

    state: str
    name: str
    deal_id: int
    deal_title: str
    at: dt.datetime


def _news(viewer: Any, since: dt.datetime) -> AgreementEventQuerySet:
    moved = worklist(viewer).filter(changed_at__gte=since)  # the steps of all others are older
    return AgreementEvent.objects.standing().filter(
        agreement__in=moved, occurred_at__gte=since, state__in=_NEWS
    )


def changes_counted(viewer: Any, *, since: dt.datetime) -> dict[str, int]:
    """Return how often which state was reached lately of what deals need. One SQL query."""
    return dict(_news(viewer, since).order_by().values_list("state").annotate(n=Count("pk")))


@dataclass(frozen=True, slots=True)
class Changes:
    """What of the last week is shown: the ``newest`` changes, and how many reached each state in all."""

    newest: tuple[Changed, ...]
    counts: dict[str, int]


def changes_since(viewer: Any, *, since: dt.datetime, most: int) -> Changes:
    """Return what was gained and lost lately of what deals need: all counted, the ``most`` newest told. One SQL query."""
    own = Coalesce("agreement__type__own_name", "agreement__type__name")
    counts = {state.value: Window(Count("pk", filter=Q(state=state))) for state in _NEWS}
    rows = _news(viewer, since).annotate(type_name=own, **counts).order_by("-occurred_at", "-pk")
    columns = ("state", "type_name", "agreement__deal_id", "agreement__deal__name", "agreement__deal__key")
    found = rows.values_list(*columns, "occurred_at", *counts)[:most]
    newest: list[Changed] = []
    counted: dict[str, int] = {}
    for state, kind, deal_id, name, key, at, *numbers in found:  # each says all the numbers
        newest.append(Changed(state, kind, deal_id, name or key, at))
        counted = {one: n for one, n in zip(counts, numbers, strict=True) if n}
    return Changes(tuple(newest), counted)
