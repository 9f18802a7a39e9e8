"""When a deal first came to give something, and which principles were kept then: by true times of writing.

What was written after the occasion does not count for it. Only the first occasion of a deal counts, so that long deals,
which come to it often, do not look better or worse for their length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from hingepoint.analysis.principles.shape import Log
from hingepoint.records.agreements import STANDING, AgreementState, Side
from hingepoint.records.deals import EventKind
from hingepoint.records.principles import Check


def giving(log: Log) -> pl.DataFrame:
    """Return each deal's first concession, and what came back for it: deal_id, at, note. What has no time is left out:
    nothing can be said to stand before it."""
    given = log.events.filter(pl.col("kind") == EventKind.CONCESSION.value, pl.col("at").is_not_null())
    first = given.sort("deal_id", "at", "agreement").unique("deal_id", keep="first", maintain_order=True)
    return first.select("deal_id", "at", "note")


def agreed(log: Log) -> pl.DataFrame:
    """Return each time that a customer agreed: deal_id, at, agreement."""
    standing = pl.col("state").fill_null(AgreementState.GAINED.value).is_in(list(STANDING))
    customers = pl.col("side").fill_null(Side.CUSTOMER.value) == Side.CUSTOMER.value
    told = log.events.filter(pl.col("kind") == EventKind.AGREEMENT.value, customers, standing)
    return told.select("deal_id", "at", "agreement")


def _after_any(log: Log, written: pl.DataFrame) -> pl.DataFrame:
    """Return the occasions before which something was written about the deal, or happened on it."""
    earliest = written.group_by("deal_id").agg(before=pl.col("at").min())
    return giving(log).join(earliest, on="deal_id", how="inner").filter(pl.col("before") < pl.col("at"))


def _planned(log: Log) -> pl.DataFrame:
    return _after_any(log, log.plans)


def _agreed_first(log: Log) -> pl.DataFrame:
    return _after_any(log, agreed(log))


def _reasoned(log: Log) -> pl.DataFrame:
    return _after_any(log, log.reasons)


def _bounded(log: Log) -> pl.DataFrame:
    return _after_any(log, log.corridors)


def _returned(log: Log) -> pl.DataFrame:
    return giving(log).filter(pl.col("note").fill_null("").str.strip_chars() != "")


#: What the register can see -> on which deals it was so at their first concession.
SEEN: Mapping[Check, Callable[[Log], pl.DataFrame]] = {
    Check.PLAN_FIRST: _planned,
    Check.AGREED_FIRST: _agreed_first,
    Check.REASON_FIRST: _reasoned,
    Check.FLOOR_FIRST: _bounded,
    Check.BACK: _returned,
}
