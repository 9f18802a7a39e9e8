"""Rules that tag deals: a column, an event or words of the CRM tell of a pressure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Trace
from hingepoint.records.deals import DealStatus
from hingepoint.records.pressures import Pressure

#: What a pressure may be read from.
TRACES = (Trace.FACT, Trace.TEXT, Trace.FIELD, Trace.ROLE, Trace.STAGE, Trace.QUOTE, Trace.DOCUMENT)
#: A rule is said to match only what is over where it matches so many closed deals and no open one.
LEAST_CLOSED, LEAST_OPEN = 10, 30


@dataclass(frozen=True, slots=True)
class Rule:
    """When a trace says this, the deal is under ``pressure``. The rest is as in ``detection.Rule``."""

    key: str
    name: str
    pressure: str
    trace: str
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pattern: str = ""
    only_open: bool = False


def problems(rule: Rule) -> dict[str, str]:
    """Return what is wrong with a rule by field, in words; nothing when it can be used."""
    found = detection.matching_problems(rule, among=TRACES)
    if rule.pressure not in Pressure.values:
        found["pressure"] = "Choose one of the five."
    return found


def only_at_the_end(hits: pl.DataFrame, deals: pl.DataFrame) -> bool:
    """Return whether a rule matches closed deals alone: what it reads is then written when all is over, as reasons of
    losses are, and would tell who lost rather than who was under pressure."""
    still = pl.col("status") == DealStatus.OPEN.value
    matched = deals.filter(pl.col("deal_id").is_in(hits["deal_id"].implode()))
    open_deals, open_hits = deals.filter(still).height, matched.filter(still).height
    return open_hits == 0 and open_deals >= LEAST_OPEN and matched.height >= LEAST_CLOSED
