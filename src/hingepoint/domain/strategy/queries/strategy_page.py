"""One strategy as a chain: results, pivotal agreements, how far they are executed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from hingepoint.analysis import intervals
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries.pivotal import PivotalLine, pivotal_lines
from hingepoint.domain.strategy.queries.strategies import StrategyLine, strategy_line, strategy_of
from hingepoint.domain.strategy.rules import may_keep
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import DealStatus


@dataclass(frozen=True, slots=True)
class Covered:
    """A pivotal agreement and on which share of the deals that needed it by today it was gained in time;
    ``found`` of ``in_time`` rest on a rule's word that nobody confirmed yet."""

    pivotal: PivotalLine
    in_time: int
    found: int
    gained: int
    share: intervals.Estimate


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """The chain of one strategy: statement, results, pivotal agreements and how far they are executed."""

    line: StrategyLine
    results: tuple[results.Progress, ...]
    pivotal: tuple[Covered, ...]
    playbook: int | None  # the number of the published version
    draft: int | None
    may_edit: bool
    deals: int  # open deals that it asks something of
    asking: bool  # whether deals are being asked anew at this moment


def strategy_page(viewer: Any, strategy_id: int, *, today: dt.date) -> StrategyPage:
    """Return a strategy's page. Raises Hidden. Reads the closed deals of its time and the year before."""
    strategy = strategy_of(viewer, strategy_id)
    books = list(strategy.playbooks.all())
    shown = next((book for book in books if book.published_at), None)
    draft = next((book for book in books if not book.published_at), None)
    lines = pivotal_lines(shown, strategy) if shown else []
    counts = _coverage(viewer, strategy, today)
    return StrategyPage(
        line=strategy_line(strategy, len(lines)),
        results=tuple(results.progress(viewer, strategy, today=today)),
        pivotal=tuple(_covered(line, *counts.get(line.type_id, (0, 0, 0, 0))) for line in lines),
        playbook=shown.number if shown else None,
        draft=draft.number if draft and may_keep(viewer) else None,
        may_edit=may_keep(viewer),
        deals=_deals_it_asks(viewer, strategy),
        asking=strategy.asking,
    )


def _deals_it_asks(viewer: Any, strategy: Strategy) -> int:
    rows = Agreement.objects.visible_to(viewer).filter(required=True, deal__status=DealStatus.OPEN)
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    return rows.aggregate(n=Count("deal", distinct=True))["n"]


def _coverage(viewer: Any, strategy: Strategy, today: dt.date) -> dict[int, tuple[int, int, int, int]]:
    """Return per type: gained by the day it was needed and standing, those of them that rules found and nobody
    confirmed, standing at all, and deals that needed it by today."""
    rows = Agreement.objects.visible_to(viewer).filter(required=True, needed_by__lte=today)
    rows = rows.exclude(state=AgreementState.NOT_NEEDED)
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    stands = Q(state__in=sorted(STANDING))
    in_time = stands & Q(gained_at__date__lte=F("needed_by"))
    counts = (
        rows.order_by()
        .values("type_id")
        .annotate(
            in_time=Count("id", filter=in_time),
            found=Count("id", filter=in_time & Q(pk__in=unconfirmed_agreements())),
            gained=Count("id", filter=stands & Q(gained_at__isnull=False)),
            of=Count("id"),
        )
    )
    return {row["type_id"]: (row["in_time"], row["found"], row["gained"], row["of"]) for row in counts}


def _covered(line: PivotalLine, in_time: int, found: int, gained: int, of: int) -> Covered:
    return Covered(line, in_time, found, gained, intervals.share(in_time, of))
