"""What keeping a principle goes with: deals are looked at when they first came to it, and followed for one time.

A landmark analysis (Anderson, Cain & Gelber 1983) with the first occasion as the landmark: who had not closed by then, and
came to it long enough ago. Won within the horizon is the outcome; deals of one seller are compared with each other,
alike in what was known at creation, in their age, and in how many agreements with the customer stood already. All that
is judged together, with the adjustment of discovery, and how strong something unseen would have to be is said as there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis.discovery.judging.calibration import adjusted
from hingepoint.analysis.discovery.judging.robustness import robustness_value
from hingepoint.analysis.pressures import alike
from hingepoint.analysis.pressures.alike import Alike
from hingepoint.analysis.principles import keeping
from hingepoint.analysis.principles.shape import Log, Report, Told
from hingepoint.records.deals import DealStatus
from hingepoint.records.principles import Check, Shown

Floats = NDArray[np.float64]
#: Fewer deals that kept a principle, or did not, are not compared.
LEAST = 30
#: A chance of error below this, over all principles together, is small enough to conclude.
LEVEL = 0.05
#: Deals are followed for as long as so many of those that closed needed.
CLOSED_BY_THEN = 0.95
_NEXT_TO_NOTHING = 1e-9


def read(log: Log, checks: Collection[Check], *, as_of: dt.date) -> Report:
    """Return what the register says of each of ``checks`` at the end of a day. Too little is no error: it is said."""
    end = dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time())
    found = [_estimated(one, _followed(log, one, end)) for one in sorted(checks)]
    chances = adjusted(np.array([one.p for one in found], np.float64))
    created = log.deals["created"].drop_nulls()
    return Report(
        since=min(created).date() if len(created) else None,
        until=as_of if len(created) else None,
        told=tuple(_told(one, float(chance)) for one, chance in zip(found, chances, strict=True)),
    )


@dataclass(frozen=True, eq=False)
class _Followed:
    """The deals that came to a principle and were followed to the ``horizon`` (days): with ``kept``, ``won`` and what was
    known of them."""

    deals: pl.DataFrame
    horizon: int


def _followed(log: Log, check: Check, end: dt.datetime) -> _Followed:
    came = keeping.giving(log).select("deal_id", "at")
    kept = keeping.SEEN[check](log).select("deal_id", kept=pl.lit(1.0))
    open_then = log.deals.join(came, on="deal_id").filter(
        pl.col("closed").is_null() | (pl.col("closed") > pl.col("at"))
    )
    took = (open_then["closed"] - open_then["at"]).dt.total_days().drop_nulls()
    horizon = int(np.quantile(took, CLOSED_BY_THEN)) + 1 if len(took) else 1
    within = pl.duration(days=horizon)
    deals = open_then.filter(pl.col("at") + within <= end).join(kept, on="deal_id", how="left")
    won = (pl.col("status") == DealStatus.WON.value) & (pl.col("closed") <= pl.col("at") + within)
    deals = deals.with_columns(pl.col("kept").fill_null(0.0), won=won.fill_null(False).cast(pl.Float64))
    if check != Check.AGREED_FIRST:
        deals = _with_standing(log, deals)
    return _Followed(deals, horizon)


def _with_standing(log: Log, deals: pl.DataFrame) -> pl.DataFrame:
    """Add how many agreements with the customer were gained before the occasion."""
    gained = keeping.agreed(log).select("deal_id", "agreement", gained_at="at")
    before = (
        deals.select("deal_id", "at").join(gained, on="deal_id").filter(pl.col("gained_at") < pl.col("at"))
    )
    counts = before.group_by("deal_id").agg(standing=pl.col("agreement").n_unique().cast(pl.Float64))
    return deals.join(counts, on="deal_id", how="left").with_columns(pl.col("standing").fill_null(0.0))


@dataclass(frozen=True, slots=True)
class _Estimated:
    told: Told
    p: float


def _estimated(check: Check, here: _Followed) -> _Estimated:
    """Return the difference that keeping it goes with, and its p-value, NaN where nothing is told."""
    deals = here.deals.sort("deal_id")
    came, kept = deals.height, int(deals["kept"].sum())
    told = Told(check, Shown.OPEN, came, kept, here.horizon)
    if min(kept, came - kept) < LEAST:
        return _Estimated(replace(told, words=_too_few(came, kept)), np.nan)
    found = _difference(deals)
    if found is None:
        return _Estimated(replace(told, words=_NOT_APART), np.nan)
    value, error, freedom, left = found
    ranged, p = alike.ranged(value, error, freedom)
    sturdy = float(robustness_value(abs(value) / error, left))
    told = replace(told, effect=value, low=ranged.low, high=ranged.high, robustness=sturdy)
    return _Estimated(told, p)


def _difference(deals: pl.DataFrame) -> tuple[float, float, int, int] | None:
    """Return the difference in won deals, its error, the groups less one, and the deals less all that was fitted; None where
    who keeps it cannot be told from who sells. The sellers' means count as fitted: they take their part of the spread."""
    sellers = deals["owner"].fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    facts = [*alike.known(deals).T[1:], np.log1p(_age(deals))]
    facts += [deals["standing"].to_numpy()] if "standing" in deals.columns else []
    own = Alike.of(alike.independent(_within(sellers, facts)), alike.groups_of(deals["owner"]))
    outcome, compared = (own.beyond(_within(sellers, [deals[name].to_numpy()])) for name in ("won", "kept"))
    fit = own.fit(outcome[:, 0], compared) if np.abs(compared).max() > _NEXT_TO_NOTHING else None
    fitted = own.basis.shape[1] + 1
    left = deals.height - fitted - int(sellers.max()) - 1
    if fit is None or left < 1:
        return None
    error = float(np.sqrt(fit.covariance[0, 0] * (deals.height - fitted) / left))
    return float(fit.slopes[0]), error, fit.freedom, left


def _age(deals: pl.DataFrame) -> Floats:
    days = (deals["at"] - deals["created"]).dt.total_seconds().to_numpy() / 86_400
    return np.maximum(days.astype(np.float64), 0.0)


def _within(sellers: NDArray[np.int64], columns: Sequence[Floats]) -> Floats:
    """Return columns less the mean of each seller's deals: what is left compares deals of one seller."""
    table = np.column_stack([np.asarray(one, np.float64) for one in columns])
    counts = np.bincount(sellers)[:, None]
    sums = np.column_stack([np.bincount(sellers, column) for column in table.T])
    return np.asarray(table - (sums / counts)[sellers], np.float64)


# ---- in words ----

_NOT_APART = "Each seller always keeps it or never does, so it cannot be told from who sells."


def _told(one: _Estimated, chance: float) -> Told:
    told = one.told
    if told.effect is None or told.low is None or told.high is None:
        return told
    shown = Shown.OPEN if chance >= LEVEL else Shown.HELPS if told.effect > 0 else Shown.HARMS
    return replace(told, shown=shown, words=_in_words(shown, told.effect, told.low, told.high))


def _too_few(came: int, kept: int) -> str:
    return (
        f"Too few deals to compare: {came:,} came to it and were followed long enough, {kept:,} of them kept it. "
        f"{LEAST} that did and {LEAST} that did not are needed."
    )


def _in_words(shown: Shown, effect: float, low: float, high: float) -> str:
    if shown == Shown.OPEN:
        between = f"anything from {_fewer_or_more(low)} to {_fewer_or_more(high)}"
        chance = "where several are looked at, one comes out so by chance, and " if low * high > 0 else ""
        return f"Of 100 deals that keep it, {between} may be won than of deals alike that do not: {chance}nothing can be concluded."
    more = "more" if shown == Shown.HELPS else "fewer"
    first, last = sorted((abs(low), abs(high)))
    return (
        f"Of 100 deals that keep it, {_of_100(abs(effect))} {more} are won than of deals alike that do not "
        f"({_of_100(first)} to {_of_100(last)}). Who keeps it may differ in what no record shows."
    )


def _fewer_or_more(share: float) -> str:
    return f"{_of_100(abs(share))} {'fewer' if share < 0 else 'more'}"


def _of_100(share: float) -> str:
    return f"{100 * share:.0f}"
