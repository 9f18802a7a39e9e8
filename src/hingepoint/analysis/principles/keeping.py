"""When a deal first came to a principle, and whether it was kept then: by true times of writing.

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

#: States before anything was asked for.
_NOT_ASKED = (AgreementState.NEEDED, AgreementState.NOT_NEEDED, AgreementState.PLANNED)
ASKING, GIVING = "asking", "giving"


def asking(log: Log) -> pl.DataFrame:
    """Return when each deal first asked a customer for an agreement, and for which: deal_id, at, agreement."""
    told = log.events.filter(pl.col("kind") == EventKind.AGREEMENT.value, _with_customers())
    asked = told.filter(~pl.col("state").fill_null(AgreementState.GAINED.value).is_in(list(_NOT_ASKED)))
    return _first(asked).select("deal_id", "at", "agreement")


def giving(log: Log) -> pl.DataFrame:
    """Return each deal's first concession, and what came back for it: deal_id, at, note."""
    return _first(log.events.filter(pl.col("kind") == EventKind.CONCESSION.value)).select(
        "deal_id", "at", "note"
    )


def _with_customers() -> pl.Expr:
    return pl.col("side").fill_null(Side.CUSTOMER.value) == Side.CUSTOMER.value


def _first(events: pl.DataFrame) -> pl.DataFrame:
    """Return the first of each deal. What has no time is left out: nothing can be said to stand before it."""
    dated = events.filter(pl.col("at").is_not_null())
    return dated.sort("deal_id", "at", "agreement").unique("deal_id", keep="first", maintain_order=True)


def _after_any(occasions: pl.DataFrame, written: pl.DataFrame, *, same: bool = False) -> pl.DataFrame:
    """Return the occasions before which something was written about the deal, or the ``same`` agreement of it."""
    on = ["deal_id", "about"] if same else ["deal_id"]
    earliest = written.group_by(on).agg(written_at=pl.col("at").min())
    told = occasions.rename({"agreement": "about"}) if same else occasions
    return told.join(earliest, on=on, how="inner").filter(pl.col("written_at") < pl.col("at"))


def _planned(log: Log) -> pl.DataFrame:
    return _after_any(asking(log), log.plans, same=True)


def agreed(log: Log) -> pl.DataFrame:
    """Return each time that a customer agreed: deal_id, at, agreement."""
    standing = pl.col("state").fill_null(AgreementState.GAINED.value).is_in(list(STANDING))
    told = log.events.filter(pl.col("kind") == EventKind.AGREEMENT.value, _with_customers(), standing)
    return told.select("deal_id", "at", "agreement")


def _agreed_first(log: Log) -> pl.DataFrame:
    return _after_any(giving(log), agreed(log))


def _reasoned(log: Log) -> pl.DataFrame:
    return _after_any(giving(log), log.reasons)


def _bounded(log: Log) -> pl.DataFrame:
    return _after_any(giving(log), log.corridors)


def _returned(log: Log) -> pl.DataFrame:
    return giving(log).filter(pl.col("note").fill_null("").str.strip_chars() != "")


#: What the register can see -> on which occasion, and which of these occasions kept it.
SEEN: Mapping[Check, tuple[str, Callable[[Log], pl.DataFrame]]] = {
    Check.PLAN_FIRST: (ASKING, _planned),
    Check.AGREED_FIRST: (GIVING, _agreed_first),
    Check.REASON_FIRST: (GIVING, _reasoned),
    Check.FLOOR_FIRST: (GIVING, _bounded),
    Check.BACK: (GIVING, _returned),
}
OCCASIONS: Mapping[str, Callable[[Log], pl.DataFrame]] = {ASKING: asking, GIVING: giving}
