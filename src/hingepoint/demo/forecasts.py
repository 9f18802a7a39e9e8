"""When the demo company's sellers expected their deals to close, as the CRM's history of that field tells.

At creation a seller names a day, knowing something of how long it will take and hoping for the best. Where that day
comes near and the deal still lives, it is put off by some weeks, again and again. What a live deal says now was said last.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.demo import dates, planted
from hingepoint.demo.scene import Scene

#: Columns of what is said of a deal: its place in the scene, when, and which day.
_Said = dict[str, np.ndarray]


def write(scene: Scene, *, deals: pl.DataFrame) -> pl.DataFrame:
    """Return each day of close that was named, as events; ``note`` holds the day."""
    rng = scene.rng("forecasts")
    created = deals["created"].to_numpy()
    named = _named_first(created, closes=deals["expected_close"].to_numpy(), rng=rng)
    told: list[_Said] = [_said(np.arange(len(created)), at=created, day=named)]
    while len(late := np.flatnonzero(named <= scene.end_day)):
        before = dates.after(named[late], days=-rng.integers(1, 6, len(late)))
        named[late] = _put_off(named[late], rng=rng)
        told.append(_said(late, at=dates.moment(before, draw=rng.random(len(late))), day=named[late]))
    return _as_events(told, scene=scene, deals=deals)


def _named_first(created: np.ndarray, *, closes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the day named at creation; ``closes`` is when a deal was closed, or will be as far as anybody knows."""
    day = created.astype("datetime64[D]")
    takes = np.maximum((closes.astype("datetime64[D]") - day).astype(np.float64), 1)
    early = planted.NAMED_EARLY_DAYS + planted.NAMED_SPREAD_DAYS * rng.standard_normal(len(day))
    ahead = np.round(np.maximum(takes - early, planted.NAMED_LEAST * takes)).astype("timedelta64[D]")
    return dates.after(day + ahead, days=np.zeros(len(day)))


def _put_off(day: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    least, most = planted.PUT_OFF_WEEKS
    return dates.after(day, days=dates.DAYS_A_WEEK * rng.integers(least, most + 1, len(day)))


def _said(place: np.ndarray, *, at: np.ndarray, day: np.ndarray) -> _Said:
    return {"place": place, "at": dates.us(at), "day": day.copy()}


def _as_events(told: list[_Said], *, scene: Scene, deals: pl.DataFrame) -> pl.DataFrame:
    """Return what was said while a deal lived; of what was said of a live one last, the day that the deal says now."""
    facts = deals.with_row_index("place").select(
        pl.col("place").cast(pl.Int64), "deal_id", "owner", "status", "created", "closed", "expected_close"
    )
    rows = pl.concat([pl.DataFrame(one) for one in told]).join(facts, on="place")
    known = (pl.col("at") >= pl.col("created")) & (
        pl.col("at") < pl.coalesce("closed", pl.lit(scene.ends_on))
    )
    rows = rows.filter(known).sort("place", "at")
    now = (pl.col("status") == "open") & (pl.col("at") == pl.col("at").max().over("place"))
    day = pl.when(now).then(pl.col("expected_close").dt.date()).otherwise(pl.col("day").cast(pl.Date))
    return rows.select(
        "deal_id",
        at=pl.col("at").cast(frames.EVENTS["at"][0]),
        kind=pl.lit("field"),
        agreement=pl.lit("expected_close"),
        actor=pl.col("owner"),
        note=day.cast(pl.String),
        recorded_at=pl.col("at"),
    )
