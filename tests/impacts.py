"""Rollouts whose truth is known: as a panel, and as deals."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from hingepoint.analysis.impact.panel import Panel

FIRST = dt.date(2024, 1, 1)


def months(count: int) -> tuple[dt.date, ...]:
    return tuple(dt.date(2024 + n // 12, n % 12 + 1, 1) for n in range(count))


def wedge(teams: int, steps: int, *, first: int, last: int, rng: np.random.Generator) -> np.ndarray:
    """Return the period in which each team starts: equal waves from ``first`` to ``last``, in an order drawn by lot."""
    days = np.linspace(first, last, steps).round().astype(int)
    return rng.permutation(np.resize(np.sort(np.resize(days, teams)), teams))


def noise(shape: tuple[int, int], alike: float, rng: np.random.Generator) -> np.ndarray:
    """Return series of standard deviation 1, a row each, neighbours correlated by ``alike``."""
    fresh = rng.standard_normal(shape)
    found = fresh.copy()
    for place in range(1, shape[1]):
        found[:, place] = alike * found[:, place - 1] + np.sqrt(1 - alike**2) * fresh[:, place]
    return found


def balanced(
    *, teams: int, periods: int, effect: float, seed: int, steps: int = 4, alike: float = 0.0
) -> Panel:
    """Return a panel with a deal in every cell, in which teams and periods differ and living it adds ``effect``.

    The last wave waits throughout.
    """
    rng = np.random.default_rng(seed)
    starts = wedge(teams, steps, first=periods // 4, last=periods, rng=rng)
    lived = np.arange(periods) >= starts[:, None]
    values = rng.standard_normal((teams, 1)) + rng.standard_normal(periods) + effect * lived
    values += noise((teams, periods), alike, rng)
    names = tuple(f"T{number:02d}" for number in range(teams))
    return Panel(names, months(periods), values, np.ones((teams, periods)), starts)


def rolled_out(
    *,
    teams: int = 8,
    effect: float = 0.2,
    seed: int = 1,
    a_month: int = 12,
    before: int = 12,
    waves: int = 4,
    apart: int = 3,
    waiting: int = 0,
) -> tuple[pl.DataFrame, dict[str, dt.date | None]]:
    """Return deals and who started when: ``effect`` is added to the chance to win once a team lives it.

    Teams start in ``waves``, ``apart`` months apart, after ``before`` months; ``waiting`` further teams never do.
    """
    rng = np.random.default_rng(seed)
    periods = months(before + waves * apart)
    names = [f"Team {chr(65 + number)}" for number in range(teams + waiting)]
    order = rng.permutation(teams + waiting)
    starts: dict[str, dt.date | None] = dict.fromkeys(names)
    for place, team in enumerate(order[:teams]):
        starts[names[team]] = periods[before + apart * (place * waves // teams)]
    level = dict(zip(names, rng.uniform(0.25, 0.4, len(names)), strict=True))
    rows = []
    for name in names:
        for month in periods:
            lives = starts[name] is not None and month >= starts[name]
            won = rng.random(a_month) < level[name] + effect * lives
            for number, one in enumerate(won):
                day = month + dt.timedelta(days=int(rng.integers(27)))
                rows.append((f"{name}-{month}-{number}", name, day, "won" if one else "lost"))
    ids, team, closed, status = zip(*rows, strict=True)
    deals = pl.DataFrame({"deal_id": ids, "team": team, "status": status, "closed": closed})
    return deals.with_columns(
        pl.col("closed").cast(pl.Datetime("us")),
        created=pl.col("closed").cast(pl.Datetime("us")) - pl.duration(days=60),
        net_price=pl.lit(10_000.0),
        currency=pl.lit("EUR"),
    ), starts
