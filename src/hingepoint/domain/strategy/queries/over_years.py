"""The strategy over the years, for those who see every deal: its results month by month, and its pivotal agreements."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.forecast.told import Forecast
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.strategy import forecasts, results, seen
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries.strategies import strategy_of
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class Results:
    """A strategy's result metrics as every page tells them, each with how it went over the years."""

    id: int
    name: str
    told: tuple[tuple[results.Progress, seen.ResultSeen], ...]


@dataclass(frozen=True, slots=True)
class Agreements:
    """A strategy's pivotal agreements over the years, and the metric they are to serve."""

    id: int
    name: str
    metric: str
    told: seen.AgreementsSeen


@dataclass(frozen=True, slots=True)
class Foretold:
    """The forecast of a strategy's metric."""

    id: int
    name: str
    metric: str
    told: Forecast


def in_force(viewer: Any) -> int | None:
    """Return the number of the first strategy in force. One SQL query."""
    return Strategy.objects.visible_to(viewer).in_force().values_list("pk", flat=True).first()


def results_over_years(viewer: Any, strategy_id: int, *, today: dt.date) -> Results:
    """Return the results of a strategy. Raises Hidden, also for those who do not see every deal."""
    strategy = _seen_by(viewer, strategy_id)
    shelf = Shelf(results.WENT, seen.RESULTS)
    now = results.progress(viewer, strategy, today=today, shelf=shelf)
    over_years = seen.results_seen(viewer, strategy, today=today, shelf=shelf)
    return Results(strategy.pk, strategy.name, tuple(zip(now, over_years, strict=True)))


def agreements_over_years(viewer: Any, strategy_id: int, *, today: dt.date) -> Agreements:
    """Return the pivotal agreements of a strategy. Raises Hidden, also for those who do not see every deal."""
    strategy = _seen_by(viewer, strategy_id)
    told = seen.agreements_seen(viewer, strategy, today=today)
    return Agreements(strategy.pk, strategy.name, strategy.metric, told)


def forecast(viewer: Any, strategy_id: int, *, today: dt.date) -> Foretold:
    """Return the forecast of a strategy's metric. Raises Hidden, also for those who do not see every deal."""
    strategy = _seen_by(viewer, strategy_id)
    told = forecasts.forecast(viewer, strategy, today=today)
    return Foretold(strategy.pk, strategy.name, strategy.metric, told)


def _seen_by(viewer: Any, strategy_id: int) -> Strategy:
    if not sees_all(viewer):
        raise Hidden("told of every deal, to those who see every deal")
    return strategy_of(viewer, strategy_id)
