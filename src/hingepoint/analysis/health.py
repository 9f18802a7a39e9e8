"""How healthy data is: what is there, what is missing, and what each feature needs of it.

Everything is derived from counts (``Facts``), which a frame or a database can make, so that the page
and ``hingepoint check`` say the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.readiness import discovery
from hingepoint.records.agreements import STANDING

#: An event recorded more than so many days after it happened was recorded late.
LATE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts of what is there. ``filled`` and ``event_filled`` count rows with a value, by column; a column
    that is nowhere filled may be missing. ``gains`` counts, per agreement type, the deals on which it was gained."""

    deals: int = 0
    open: int = 0
    won: int = 0
    lost: int = 0
    events: int = 0
    agreements: int = 0
    since: dt.date | None = None
    until: dt.date | None = None
    owners: int = 0
    accounts: int = 0
    filled: dict[str, int] = field(default_factory=dict)
    event_filled: dict[str, int] = field(default_factory=dict)
    closed_filled: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    gains: dict[str, int] = field(default_factory=dict)
    late: int | None = None
    timed: int = 0
    rules: dict[str, int] = field(default_factory=dict)

    @property
    def closed(self) -> int:
        return self.won + self.lost


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many rows of a table have a value in one column."""

    column: str
    meaning: str
    filled: int
    of: int

    @property
    def share(self) -> float:
        return self.filled / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """One feature: what there is, what it needs, and what it gives now."""

    feature: str
    ready: bool
    have: str
    need: str
    now: str


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the data. ``late_share`` is the share of dated events recorded more than ``LATE_DAYS``
    after they happened, None where nothing says when events were recorded."""

    facts: Facts
    deal_columns: tuple[Coverage, ...]
    event_columns: tuple[Coverage, ...]
    readiness: tuple[Readiness, ...]
    late_share: float | None


def health(facts: Facts) -> Health:
    """Return what ``facts`` mean for coverage and for each feature."""
    return Health(
        facts=facts,
        deal_columns=_coverage(frames.DEALS, facts.filled, facts.deals),
        event_columns=_coverage(frames.EVENTS, facts.event_filled, facts.events),
        readiness=tuple(check(facts) for check in FEATURES),
        late_share=None if facts.late is None or not facts.timed else facts.late / facts.timed,
    )


#: Columns without which there is no row: that all rows have them says nothing.
_ALWAYS = ("deal_id", "created", "status", "at", "kind")


def _coverage(
    columns: dict[str, tuple[pl.DataType, str]], filled: dict[str, int], of: int
) -> tuple[Coverage, ...]:
    told = ((name, meaning) for name, (_, meaning) in columns.items() if name not in _ALWAYS)
    return tuple(Coverage(name, meaning, filled.get(name, 0), of) for name, meaning in told)


def facts_of(deals: pl.DataFrame, events: pl.DataFrame, *, rules: dict[str, int] | None = None) -> Facts:
    """Return the facts of frames with the columns of ``analysis.frames``; missing columns count as empty."""
    status = (
        deals["status"]
        if "status" in deals.columns
        else pl.Series("status", [None] * deals.height, pl.String)
    )
    closed = deals.filter(status.is_in(["won", "lost"]))
    steps = (
        events.filter(pl.col("kind").fill_null("agreement") == "agreement")
        if "kind" in events.columns
        else events
    )
    dates = [
        deals[name]
        for name in ("created", "closed")
        if name in deals.columns and deals[name].dtype.is_temporal()
    ] + ([events["at"]] if "at" in events.columns and events.height else [])
    return Facts(
        deals=deals.height,
        open=int((status == "open").sum()),
        won=int((status == "won").sum()),
        lost=int((status == "lost").sum()),
        events=events.height,
        agreements=steps.height,
        since=min((each.min().date() for each in dates if each.min() is not None), default=None),  # type: ignore[union-attr]
        until=max((each.max().date() for each in dates if each.max() is not None), default=None),  # type: ignore[union-attr]
        owners=_distinct(deals, "owner"),
        accounts=_distinct(deals, "account"),
        filled=_filled(deals, frames.DEALS),
        closed_filled=_filled(closed, frames.DEALS),
        event_filled=_filled(events, frames.EVENTS),
        kinds=_counted(events, "kind"),
        gains=_gains_by_type(steps),
        rules=dict(rules or {}),
    )


def _distinct(frame: pl.DataFrame, column: str) -> int:
    return frame[column].drop_nulls().n_unique() if column in frame.columns else 0


def _filled(frame: pl.DataFrame, columns: dict[str, tuple[pl.DataType, str]]) -> dict[str, int]:
    return {name: frame.height - frame[name].null_count() for name in columns if name in frame.columns}


def _counted(frame: pl.DataFrame, column: str) -> dict[str, int]:
    if column not in frame.columns:
        return {}
    return dict(frame.group_by(column).len().drop_nulls().sort(column).iter_rows())


def _gains_by_type(steps: pl.DataFrame) -> dict[str, int]:
    """Return on how many deals each type was gained; a step that does not say its state is a gain."""
    if not steps.height:
        return {}
    if "state" in steps.columns:
        steps = steps.filter(pl.col("state").fill_null("gained").is_in(sorted(STANDING)))
    counted = steps.group_by("agreement").agg(pl.col("deal_id").n_unique()).sort("agreement")
    return dict(counted.drop_nulls().iter_rows())


# ---- what each feature needs ----


def _share(number: int, of: int) -> str:
    return f"{number / of:.0%}" if of else "none"


def _discovery(facts: Facts) -> Readiness:
    there = discovery(closed=facts.closed, won=facts.won, gains=facts.gains.values())
    return Readiness("Pivotal agreements", there.ready, there.have, there.need, there.now)


def _seller_effects(facts: Facts) -> Readiness:
    filled = facts.filled.get("owner", 0)
    ready = facts.owners >= 20 and filled >= 0.9 * max(facts.deals, 1)
    return Readiness(
        feature="Telling an agreement from a good seller",
        ready=ready,
        have=f"{facts.owners:,} owners on {_share(filled, facts.deals)} of deals",
        need="the owner of nine deals in ten, and 20 owners or more",
        now="sellers are compared with themselves"
        if ready
        else "findings may be the skill of sellers: read them so",
    )


def _price(facts: Facts) -> Readiness:
    filled = facts.closed_filled.get("discount", 0)
    ready = filled >= 0.5 * max(facts.won, 1) and facts.won >= 100
    return Readiness(
        feature="Discount and price",
        ready=ready,
        have=f"discount on {filled:,} of {facts.closed:,} closed deals",
        need="discount, or list and net price, on half of the won deals (100 or more)",
        now="discount as a result metric" if ready else "winning and time only",
    )


def _margin(facts: Facts) -> Readiness:
    filled = facts.closed_filled.get("margin", 0)
    ready = filled >= 0.5 * max(facts.won, 1) and facts.won >= 100
    return Readiness(
        feature="Margin",
        ready=ready,
        have=f"margin on {filled:,} of {facts.closed:,} closed deals",
        need="margin, or cost and net price, on half of the won deals (100 or more)",
        now="margin as a result metric and the signal on account margins" if ready else "nothing on margins",
    )


def _forecast(facts: Facts) -> Readiness:
    filled = facts.filled.get("expected_close", 0)
    ready = facts.open > 0 and filled >= 0.8 * facts.open
    return Readiness(
        feature="Forecast slippage",
        ready=ready,
        have=f"expected close on {filled:,} of {facts.deals:,} deals; {facts.open:,} open",
        need="the expected close of eight open deals in ten, imported again every week",
        now="slippage from the second import on" if ready else "no slippage",
    )


def _conduct(facts: Facts) -> Readiness:
    wanted = ("concession", "demand", "escalation", "executive")
    there = [kind for kind in wanted if facts.kinds.get(kind)]
    missing = [kind for kind in wanted if kind not in there]
    return Readiness(
        feature="Signals on our own conduct",
        ready=not missing,
        have=f"events of kind {', '.join(there)}" if there else "no such events",
        need="dated concessions, demands, escalations and executive contacts",
        now=f"no reading for: {', '.join(missing)}" if missing else "readings from the first month",
    )


def _evidence(facts: Facts) -> Readiness:
    filled = facts.event_filled.get("evidence", 0)
    ready = facts.agreements > 0 and filled >= 0.5 * facts.agreements
    return Readiness(
        feature="Quality of agreements",
        ready=ready,
        have=f"evidence on {_share(filled, facts.agreements)} of {facts.agreements:,} agreement events",
        need="evidence (0 to 4) on half of the agreements",
        now="kind words and acts are told apart" if ready else "gained is taken at its word",
    )


#: Every feature that asks something of the data, in the order in which it is shown.
FEATURES = (_discovery, _seller_effects, _price, _margin, _forecast, _conduct, _evidence)
