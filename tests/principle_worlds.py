"""Companies in which it is known what keeping one principle does: giving only where something comes back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.principles.shape import WRITTEN, Log

START = dt.datetime.combine(dt.date(2023, 1, 2), dt.time(9))
DAY = dt.timedelta(days=1)
AS_OF = (START + 1_050 * DAY).date()


def written(*rows: tuple[str, dt.datetime]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=WRITTEN, orient="row")


def events(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=frames.schema(frames.EVENTS))


def log(happened: pl.DataFrame, deals: pl.DataFrame | None = None, **more: pl.DataFrame) -> Log:
    deals = pl.DataFrame(schema=frames.schema(frames.DEALS)) if deals is None else deals
    nothing = dict.fromkeys(("plans", "reasons", "corridors"), written())
    return Log(deals=deals, events=happened, **nothing | more)


def step(deal: str, day: int, state: str = "asked", agreement: str = "a", side: str = "customer") -> dict:
    at = START + day * DAY
    return {
        "deal_id": deal,
        "agreement": agreement,
        "at": at,
        "state": state,
        "kind": "agreement",
        "side": side,
    }


def gave(deal: str, day: int, note: str | None = None) -> dict:
    at = START + day * DAY
    return {"deal_id": deal, "agreement": "price", "at": at, "kind": "concession", "note": note}


def company(*, effect: float, seed: int, deals: int = 2_500, sellers: int = 40, skilled: float = 0.0) -> Log:
    """Deals that give something in their first weeks, half of them for something; to get it raises the chance to win by
    ``effect``. Three agreements change nothing. Half of the sellers are ``skilled``: by so much more often they get something
    back, and win."""
    rng = np.random.default_rng(seed)
    owners = rng.integers(0, sellers, deals)
    skill = skilled * (owners % 2 - 0.5)
    ids = [f"D{n:05d}" for n in range(deals)]
    created = [START + DAY * float(day) for day in rng.uniform(0, 900, deals)]
    gives, returns = rng.random(deals) < 0.7, rng.random(deals) < 0.5 + skill
    gave_after = rng.uniform(3, 40, deals)
    wins = rng.random(deals) < 0.3 + skill + effect * (gives & returns)
    closed = [at + DAY * float(days) for at, days in zip(created, rng.uniform(50, 110, deals), strict=True)]
    end = dt.datetime.combine(AS_OF, dt.time())
    is_open = np.array([at > end for at in closed])
    status = np.where(is_open, "open", np.where(wins, "won", "lost"))
    table = pl.DataFrame(
        {
            "deal_id": ids,
            "created": created,
            "status": status,
            "closed": [None if late else at for at, late in zip(closed, is_open, strict=True)],
            "owner": [f"S{n}" for n in owners],
        }
    )
    rows = []
    for n in range(deals):
        if gives[n]:
            at, note = created[n] + DAY * float(gave_after[n]), "a term" if returns[n] else None
            rows.append(
                {"deal_id": ids[n], "agreement": "price", "at": at, "kind": "concession", "note": note}
            )
        for name in ("x", "y", "z"):
            if rng.random() < 0.4:
                at = created[n] + DAY * float(rng.uniform(1, 45))
                rows.append(
                    {"deal_id": ids[n], "agreement": name, "at": at, "state": "gained", "kind": "agreement"}
                )
    missing = {k: v for k, v in frames.schema(frames.DEALS).items() if k not in table.columns}
    table = table.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items())
    return log(events(*rows), table.select(*frames.DEALS).cast(frames.schema(frames.DEALS)))
