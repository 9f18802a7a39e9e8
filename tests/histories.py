"""Small invented histories in two words, and the folder of real ones."""

import datetime
import functools
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.demo import worlds

SHARED = Path(os.environ.get("HINGEPOINT_SHARED", Path(__file__).parents[2] / "shared")) / "data"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real data are not at {SHARED}")


@functools.cache
def world(deals=4000, seed=3, **rules):
    """Return a lived world, once per test run."""
    return worlds.live(worlds.Rules(deals=deals, seed=seed, **rules))


@functools.cache
def found(deals=4000, seed=3, metric="won", **rules):
    """Return what discovery says about a world, once per test run."""
    lived = world(deals, seed, **rules)
    return discovery.discover(lived.deals(), lived.events(), settings=discovery.Settings(metric=metric))


def plain(deals=400, seed=1, sellers=10):
    """Return deals and events of three agreements, of which ``helps`` helps."""
    rng = np.random.default_rng(seed)
    start = datetime.datetime.fromisoformat("2023-01-02")
    helps = rng.random(deals) < 0.4
    cycle = rng.uniform(30, 120, deals)
    won = rng.random(deals) < 0.35 + 0.3 * helps
    created = [start + datetime.timedelta(days=float(day)) for day in rng.uniform(0, 400, deals)]
    table = pl.DataFrame(
        {
            "deal_id": [f"D{number}" for number in range(deals)],
            "created": created,
            "closed": [
                moment + datetime.timedelta(days=float(days))
                for moment, days in zip(created, cycle, strict=True)
            ],
            "status": np.where(won, "won", "lost"),
            "owner": [f"S{number % sellers}" for number in range(deals)],
            "segment": rng.choice(["small", "large"], deals),
            "initial_amount": np.exp(rng.normal(9, 1, deals)),
        }
    )
    events = [
        {
            "deal_id": f"D{number}",
            "agreement": name,
            "at": created[number] + datetime.timedelta(days=float(day)),
        }
        for name, has in (
            ("helps", helps),
            ("idle", rng.random(deals) < 0.5),
            ("other", rng.random(deals) < 0.3),
        )
        for number, day in zip(np.nonzero(has)[0].tolist(), rng.uniform(1, 20, int(has.sum())), strict=True)
    ]
    return table, pl.DataFrame(events)


#: The agreements of ``plain`` as the catalogue has them, which every company knows by the same key.
CATALOGUED = {"helps": "cust.data_access", "idle": "cust.references", "other": "cust.pilot_scope"}


def catalogued(deals=400, seed=1, sellers=10):
    """Return the same of agreements of the catalogue."""
    table, events = plain(deals, seed, sellers)
    return table, events.with_columns(pl.col("agreement").replace(CATALOGUED))


def enabling(deals=3000, seed=5, thorough=0.0):
    """Return deals and events in which ``opener`` opens ``hinge``, and ``hinge`` helps if it is well evidenced.

    The more ``thorough`` deals differ, the more some of them gain of everything, and of ``notes`` most of all.
    """
    rng = np.random.default_rng(seed)
    closed = 8 + rng.gamma(4.0, 3.0, deals)
    pace = np.exp(thorough * np.random.default_rng([seed, 1]).standard_normal(deals))
    opener = rng.exponential(20.0, deals) / pace
    luck = rng.exponential(1.0, deals) / pace
    hinge = np.where(luck < 0.02 * opener, luck / 0.02, opener + (luck - 0.02 * opener) / 0.10)
    evidence = rng.integers(1, 5, deals)
    helps = (hinge < closed) * np.where(evidence >= 3, 0.35, 0.05)
    won = rng.random(deals) < 0.3 + helps
    weeks = {"opener": opener, "hinge": hinge}
    weeks |= {f"idle {number:02d}": rng.exponential(30.0, deals) / pace for number in range(22)}
    if thorough:
        weeks["notes"] = rng.exponential(12.0, deals) / pace**3
    start = datetime.datetime.fromisoformat("2022-01-03")
    created = np.datetime64(start) + (rng.uniform(0, 110, deals) * 604800).astype("timedelta64[s]")
    table = pl.DataFrame(
        {
            "deal_id": [f"D{number}" for number in range(deals)],
            "created": created.astype("datetime64[us]"),
            "closed": (created + (closed * 604800).astype("timedelta64[s]")).astype("datetime64[us]"),
            "status": np.where(won, "won", "lost"),
            "owner": [f"S{number % 60}" for number in range(deals)],
        }
    )
    parts = []
    for name, week in weeks.items():
        has = np.nonzero(week < closed)[0]
        at = created[has] + (week[has] * 604800).astype("timedelta64[s]")
        said = evidence[has] if name == "hinge" else rng.integers(1, 5, has.size)
        parts.append(
            pl.DataFrame(
                {
                    "deal_id": [f"D{number}" for number in has],
                    "agreement": name,
                    "at": at.astype("datetime64[us]"),
                    "evidence": said.astype(np.int8),
                }
            )
        )
    return table, pl.concat(parts)


def closed(created, length, won, has, when, **facts):
    """Return deals that all closed ``length`` days after they were ``created``, of 45 sellers, and what each of them has.

    ``has`` is deals x types; ``when`` says for each type that a deal has (in the order of ``np.nonzero``) after how many days.
    """
    day = np.timedelta64(86_400_000_000, "us")
    keys = np.array([f"D{number:05d}" for number in range(len(won))])
    frame = pl.DataFrame(
        {
            "deal_id": keys,
            "created": created,
            "closed": created + length * day,
            "status": np.where(won, "won", "lost"),
            "owner": [f"S{number % 45}" for number in range(len(won))],
            **facts,
        }
    )
    deal, kind = np.nonzero(has)
    events = pl.DataFrame(
        {
            "deal_id": keys[deal],
            "agreement": [f"type {place:02d}" for place in kind],
            "at": created[deal] + when * day,
            "kind": ["agreement"] * deal.size,
        }
    )
    return frame, events
