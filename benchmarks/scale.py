"""How large a history can be: wall and CPU time and peak memory of discovery as deals grow. Prints a table.

python benchmarks/scale.py --smoke              a small one, seconds
python benchmarks/scale.py                      100,000, 300,000 and 1,000,000 deals x 200 types x 6 landmarks
python benchmarks/scale.py --deals 300000       one size
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

TYPES, LEVERS, SELLERS_PER_DEAL, PART = 200, 8, 1 / 1_000, 100_000
START = dt.datetime.fromisoformat("2019-01-07")
DAYS = 4 * 365
MICROSECONDS_A_WEEK = 7 * 86_400 * 1_000_000
EFFECT = 0.08


def write_history(folder: Path, *, deals: int, types: int = TYPES, seed: int = 1) -> None:
    """Write deals.parquet and the parts of events/ into ``folder``, part by part.

    Agreements fall at random into the course of a deal; the first ``LEVERS`` of them raise its chance.
    """
    (folder / "events").mkdir(parents=True, exist_ok=True)
    rates = np.random.default_rng(seed).uniform(0.04, 0.22, types)
    sellers = max(round(deals * SELLERS_PER_DEAL), 50)
    parts = []
    for number, first in enumerate(range(0, deals, PART)):
        rng = np.random.default_rng([seed, number])
        table, events = _part(rng, first, min(PART, deals - first), rates, sellers)
        events.write_parquet(folder / "events" / f"{number:04}.parquet")
        parts.append(table)
    pl.concat(parts).write_parquet(folder / "deals.parquet")


def _part(
    rng: np.random.Generator, first: int, deals: int, rates: np.ndarray, sellers: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    created = rng.uniform(0, DAYS / 7, deals)
    cycle = np.exp(rng.normal(2.6, 0.5, deals)) + 0.5
    at = (rng.random((deals, rates.size), dtype=np.float32) * 16).astype(np.float32)
    gained = (rng.random((deals, rates.size), dtype=np.float32) < rates) & (at < cycle[:, None])
    seller = rng.integers(0, sellers, deals)
    chance = 0.2 + EFFECT * gained[:, :LEVERS].sum(axis=1) + 0.1 * (seller % 7 == 0)
    won = rng.random(deals) < np.clip(chance, 0.02, 0.98)
    closes = created + cycle
    is_open = closes > DAYS / 7
    ids = pl.Series("deal_id", np.arange(first, first + deals)).cast(pl.String).str.zfill(9)
    table = pl.DataFrame(
        {
            "deal_id": ids,
            "created": _moments(created),
            "closed": _moments(closes),
            "status": np.where(is_open, "open", np.where(won, "won", "lost")),
            "owner": pl.select(pl.format("S{}", pl.Series(seller))).to_series(),
            "account": pl.select(pl.format("A{}", pl.Series(rng.integers(0, deals, deals)))).to_series(),
            "segment": _words(rng, deals, ("small", "middle", "large")),
            "region": _words(rng, deals, ("north", "south", "east", "west")),
            "product": _words(rng, deals, ("pumps", "valves", "service", "parts")),
            "source": _words(rng, deals, ("web", "fair", "partner")),
            "initial_amount": np.exp(rng.normal(10, 1, deals)),
        }
    ).with_columns(closed=pl.when(pl.col("status") == "open").then(None).otherwise("closed"))
    return table, _events(rng, ids, created, cycle, gained, at)


def _events(
    rng: np.random.Generator,
    ids: pl.Series,
    created: np.ndarray,
    cycle: np.ndarray,
    gained: np.ndarray,
    at: np.ndarray,
) -> pl.DataFrame:
    """Return the gains that fall into the data, and five activities a deal, in the order of time."""
    deal, kind = np.nonzero(gained)
    active = np.repeat(np.arange(created.size), 5)
    week = np.concatenate(
        [created[deal] + at[deal, kind], created[active] + rng.random(active.size) * cycle[active]]
    )
    names = pl.Series([f"type-{number:03}" for number in range(gained.shape[1])] + ["call"])
    code = np.concatenate([kind, np.full(active.size, gained.shape[1])])
    order = np.argsort(week)
    order = order[: np.searchsorted(week[order], DAYS / 7)]
    return pl.DataFrame(
        {
            "deal_id": ids[np.concatenate([deal, active])[order]],
            "agreement": names[code[order]],
            "at": _moments(week[order]),
            "kind": np.where(code[order] < gained.shape[1], "agreement", "activity"),
        }
    )


def _moments(weeks: np.ndarray) -> pl.Series:
    return pl.Series((weeks * MICROSECONDS_A_WEEK).astype(np.int64)).cast(pl.Duration("us")) + START


def _words(rng: np.random.Generator, size: int, words: tuple[str, ...]) -> pl.Series:
    return pl.Series(words)[rng.integers(0, len(words), size)]
