"""One strategy as a chain: results, pivotal agreements, how far they are executed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.coverage import Coverage
from hingepoint.domain.deals.queries import by_team
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.strategy.queries.pivotal import PivotalLine, pivotal_lines
from hingepoint.domain.strategy.queries.strategies import StrategyLine, strategy_line, strategy_of
from hingepoint.domain.strategy.results import Progress
from hingepoint.domain.strategy.rules import may_keep
from hingepoint.domain.upkeep.kept import Shelf


@dataclass(frozen=True, slots=True)
class Covered:
    """A pivotal agreement, and on how many of the deals that needed it by today it was gained in time."""

    pivotal: PivotalLine
    in_time: Coverage


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """The chain of one strategy: statement, results, pivotal agreements and how far they are executed."""

    line: StrategyLine
    results: tuple[Progress, ...]
    pivotal: tuple[Covered, ...]
    playbook: int | None  # the number of the published version
    draft: int | None
    may_edit: bool
    deals: int  # open deals that it asks something of
    asking: bool  # whether deals are being asked anew at this moment
    counted_at: dt.datetime | None  # since when its counts stand; None: made at this moment


def strategy_page(viewer: Any, strategy_id: int, *, today: dt.date) -> StrategyPage:
    """Return a strategy's page. Raises Hidden. Reads the closed deals of its time and the year before."""
    strategy = strategy_of(viewer, strategy_id)
    books = list(strategy.playbooks.all())
    shown = next((book for book in books if book.published_at), None)
    draft = next((book for book in books if not book.published_at), None)
    lines = pivotal_lines(shown, strategy) if shown else []
    shelf = Shelf(results.WENT, coverage.IN_TIME, coverage.ASKED, kept=strategy.answers_kept)
    counts = coverage.in_time(viewer, today=today, segment=strategy.segment, shelf=shelf)
    return StrategyPage(
        line=strategy_line(strategy, len(lines)),
        results=tuple(results.progress(viewer, strategy, today=today, shelf=shelf)),
        pivotal=tuple(Covered(line, counts.get(line.type_id, Coverage())) for line in lines),
        playbook=shown.number if shown else None,
        draft=draft.number if draft and may_keep(viewer) else None,
        may_edit=may_keep(viewer),
        deals=coverage.deals_asked(viewer, segment=strategy.segment, shelf=shelf),
        asking=strategy.asking,
        counted_at=shelf.counted_at if by_team.reads_kept(viewer) else None,
    )
