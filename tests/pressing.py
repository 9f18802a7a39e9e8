"""What the five pressures are read from, made of a simulated company, and small companies of known truth."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.pressures.shape import ALSO_OF_DEALS, GAINED, ROLES, TAGS, Facts
from hingepoint.demo import planted
from hingepoint.demo.company import Company

_FELT_AT_ONCE = pl.col("pressures").str.split("; ")


def of_company(company: Company) -> Facts:
    """Return what there is to read of a simulated company whose pressures are all tagged when they show."""
    tags = company.deals.select("deal_id", pressure=_FELT_AT_ONCE, seen="created").explode("pressure")
    gained = company.events.filter(pl.col("kind") == "agreement", pl.col("state") == "gained")
    pivotal = tuple(lever.key for lever in planted.PIVOTAL)
    return Facts(
        as_of=company.ends_on,
        deals=company.deals.join(company.accounts.select("account", "country"), on="account", how="left"),
        tags=tags.filter(pl.col("pressure") != ""),
        gained=gained.filter(pl.col("agreement").is_in(pivotal))
        .group_by("deal_id", "agreement")
        .agg(at=pl.col("at").min()),
        demands=company.demands.select("deal_id", "at", topic="kind"),
        concessions=company.concessions.select("deal_id", "at", "value", topic="kind"),
        roles=pl.DataFrame(schema=frames.schema(ROLES)),
        pivotal=pivotal,
    )


def nothing(as_of: dt.date = dt.date(2026, 6, 30)) -> Facts:
    """A company without a deal."""
    deals = frames.schema(frames.DEALS) | dict.fromkeys(ALSO_OF_DEALS, pl.String())
    empty = {name: pl.DataFrame(schema=frames.schema(columns)) for name, columns in _TABLES.items()}
    return Facts(as_of=as_of, deals=pl.DataFrame(schema=deals), **empty)


_TABLES = {
    "tags": TAGS,
    "gained": GAINED,
    "roles": ROLES,
    "demands": frames.DEMANDS,
    "concessions": frames.CONCESSIONS,
}


def alike_deals(
    *, n: int = 1200, seed: int = 1, as_of: dt.date = dt.date(2026, 6, 30), **planted_: float
) -> Facts:
    """A company of ``n`` deals over three years: half under cost- and risk-fixated buyers, half with data access early,
    all won after 100 days. ``cost``: what the pressure adds to the discount; ``answer``: what data access takes off it
    under the pressure; ``lever``: what it takes off anyway."""
    rng = np.random.default_rng(seed)
    began = np.datetime64(as_of - dt.timedelta(days=1095), "us")
    created = began + (np.sort(rng.random(n)) * 1095 * 86_400).astype(int) * np.timedelta64(1_000_000, "us")
    under, gained = rng.random(n) < 0.5, rng.random(n) < 0.5
    cost, answer, lever = (planted_.get(name, 0.0) for name in ("cost", "answer", "lever"))
    discount = 0.2 + cost * under - lever * gained - answer * under * gained + 0.03 * rng.standard_normal(n)
    keys = np.array([f"D-{i:04d}" for i in range(n)])
    deals = pl.DataFrame(
        {
            "deal_id": keys,
            "created": created,
            "status": np.full(n, "won"),
            "closed": created + np.timedelta64(100, "D"),
            "discount": discount,
            "initial_amount": np.exp(11 + rng.standard_normal(n)),
            "owner": np.char.add("S", (np.arange(n) % 40).astype(str)),
            "segment": rng.choice(["Enterprise", "Mid-market"], n),
        }
    )
    whole = pl.concat([nothing().deals, deals], how="diagonal_relaxed").with_columns(
        status=pl.when(pl.col("closed").dt.date() > as_of).then(pl.lit("open")).otherwise("status")
    )
    early = created + np.timedelta64(5, "D")
    return Facts(
        as_of=as_of,
        deals=whole.select(nothing().deals.columns).cast({"created": frames.MOMENT, "closed": frames.MOMENT}),
        tags=pl.DataFrame(
            {
                "deal_id": keys[under],
                "pressure": np.full(under.sum(), "cost-and-risk buyers"),
                "seen": early[under],
            }
        ),
        gained=pl.DataFrame(
            {
                "deal_id": keys[gained],
                "agreement": np.full(gained.sum(), "cust.data_access"),
                "at": early[gained],
            }
        ),
        demands=nothing().demands,
        concessions=nothing().concessions,
        roles=nothing().roles,
        pivotal=("cust.data_access",),
    )
