"""Companies in which the chance of every deal is known: three agreements, each of which makes winning likelier, or none does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.forecast import told
from hingepoint.analysis.forecast.rows import STEPS
from hingepoint.analysis.period_numbers import parts_of_years
from hingepoint.analysis.prediction import Standard

START, TODAY = dt.date(2022, 1, 1), dt.date(2026, 1, 15)
STANDARDS = [Standard(kind, 15 + 5 * kind, START) for kind in range(3)]
QUARTERS = parts_of_years(dt.date(2023, 1, 15), TODAY, first_month=1)[1:]


@dataclass(frozen=True)
class World:
    """A company's deals and steps; ``chance`` of each deal, in the order of their ``id``."""

    deals: pl.DataFrame
    steps: pl.DataFrame
    chance: np.ndarray

    def forecast(self, metric: str = "won") -> told.Forecast:
        return told.forecast(
            metrics.parse(metric), self.deals, self.steps, STANDARDS, quarters=QUARTERS, today=TODAY
        )


def moments(days: list[dt.date | None]) -> list[dt.datetime | None]:
    return [dt.datetime.combine(day, dt.time(9)) if day else None for day in days]


def world(seed: int, *, tells: float = 0.6, deals: int = 2_400, luck: float = 0.0) -> World:
    """Return a company of forty sellers. From none of three agreements to all, the chance of winning rises by ``tells``; the sellers'
    own chances differ by a standard deviation of ``luck``."""
    rng = np.random.default_rng(seed)
    began = rng.integers(0, (TODAY - START).days, deals)
    lasts = rng.gamma(4, 30, deals).astype(int) + 20
    gained = rng.random((deals, 3)) < 0.5
    seller = rng.integers(0, 40, deals)
    chance = np.clip(0.45 + tells * (gained.mean(1) - 0.5) + rng.normal(0, luck, 40)[seller], 0.02, 0.98)
    won = rng.random(deals) < chance
    created = [START + dt.timedelta(days=int(day)) for day in began]
    ends = [day + dt.timedelta(days=int(days)) for day, days in zip(created, lasts, strict=True)]
    closed = [day if day <= TODAY else None for day in ends]
    table = pl.DataFrame(
        {
            "id": range(deals),
            "owner": seller,
            "created": moments(created),
            "closed": moments(closed),
            "status": [
                ("won" if wins else "lost") if day else "open" for day, wins in zip(closed, won, strict=True)
            ],
            "segment": "Large",
            "amount": rng.lognormal(0, 0.3, deals) * 100,
        }
    )
    rows = []
    for deal, kind in np.argwhere(gained):
        day = created[deal] + dt.timedelta(days=int(5 + 5 * kind))
        rows.append((int(deal), int(kind), moments([day])[0], day, True))
    return World(metrics.with_derived(table), pl.DataFrame(rows, schema=STEPS, orient="row"), chance)
