"""How the advice behind a strategy has held: the track record of discovery on its deals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries.still_holds import runs_behind
from hingepoint.domain.strategy.queries.strategies import strategy_of
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class AdviceHeld:
    """The track record behind a strategy. ``base`` is the run that its findings come from, None without one; ``record`` None
    while nothing was replayed."""

    strategy_id: int
    strategy: str
    base: int | None
    record: runs.TrackRecord | None


def advice_held(viewer: Any, strategy_id: int) -> AdviceHeld:
    """Return how the advice behind a strategy has held. Raises Hidden, also for those who do not see every deal. Five SQL
    queries."""
    if not sees_all(viewer):
        raise Hidden("told of every deal, to those who see every deal")
    strategy = strategy_of(viewer, strategy_id)
    behind = runs_behind(Strategy.objects.filter(pk=strategy.pk))
    base = behind[0].run_id if behind else None
    record = runs.last_replay(viewer, base) if base else None
    return AdviceHeld(strategy.pk, strategy.name, base, record)
