"""Evidence replay: what discovery would have found on past days, and how that held on later deals.

A past day knows what was on record by then: deals created, closes that had happened, events that had happened and had
been written down. What came of its advice is estimated as on that day (same landmarks, horizon and adjustment), on deals
from that day on alone: a deal that was open then is looked at from then on, as if it came under observation late
(left truncation, Andersen et al. 1993), so that no outcome counts on both sides.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from hingepoint.analysis import frames, period_numbers
from hingepoint.analysis.discovery import engine, result, track_record
from hingepoint.analysis.discovery.reading import gathering, history, writing
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings, weeks
from hingepoint.analysis.discovery.settings import landmarks as as_landmarks
from hingepoint.analysis.discovery.track_record import Advice, PastDay, Replay
from hingepoint.records.agreements import AgreementType

#: As many past days are replayed, the latest ones: three years of quarters.
MOST_DAYS = 12
MONTHS = 3
#: A past day lies so far back that something can have come of it.
LEAST_SINCE = datetime.timedelta(weeks=13)
#: What a deal carries from its creation on. All else of a deal that is still open is not known yet.
AT_CREATION = {
    "deal_id",
    "created",
    "status",
    "closed",
    "currency",
    "initial_amount",
    "owner",
    "manager",
    "team",
    "region",
    "segment",
    "product",
    "source",
    "account",
}
UNDATED = "Agreements without dates cannot be replayed: nobody knows what was on record on a past day."


@dataclass(frozen=True)
class Tables:
    """Deals and events whose moments are read; ``known`` is when each event was on record."""

    deals: pl.DataFrame
    events: pl.DataFrame


def added(
    found: result.Discovery,
    deals: Any,
    events: Any,
    *,
    catalogue: Sequence[AgreementType] = (),
    progress: engine.Progress | None = None,
) -> result.Discovery:
    """Return a result with its replay, where its settings ask for one."""
    if not found.settings.replay:
        return found
    if found.settings.agreement_columns:
        return replace(found, warnings=(*found.warnings, UNDATED))
    made = replay(deals, events, found=found, catalogue=catalogue, progress=progress)
    return replace(found, replay=made)


def replay(
    deals: Any,
    events: Any,
    *,
    found: result.Discovery,
    catalogue: Sequence[AgreementType] = (),
    progress: engine.Progress | None = None,
) -> Replay:
    """Return what past days would have said with the settings of ``found``, and what became of it on later deals.

    The metric is the one that was found, and an analyst's words on agreements are today's; the pivotal set in force is
    forgotten. Costs up to two runs a past day.
    """
    tables = read(deals, events)
    settings = replace(
        found.settings, metric=found.metric.name, previous=(), certificate=None, replay=False, since=None
    )
    days, too_early = past_days(tables.deals, found.data.until)
    tell = progress or (lambda share, text: None)
    made = []
    for number, day in enumerate(days):
        tell(number / len(days), f"replaying {day.isoformat()}")
        made.append(_past_day(tables, day, settings, tuple(catalogue)))
    return track_record.replay_of(made, too_early)


def read(deals: Any, events: Any) -> Tables:
    """Return the tables with their moments read. Raises DiscoveryError."""
    clean = history.clean_deals(deals, Counter())
    parts = [
        gathering.typed(part, frames.EVENTS, frames.EVENT_REQUIRED, "events")
        for part in gathering.batches(events)
    ]
    whole = (
        pl.concat(parts, how="diagonal_relaxed")
        if parts
        else pl.DataFrame(schema=frames.schema(frames.EVENTS))
    )
    return Tables(clean, whole.with_columns(known=_known_since(whole)))


def _known_since(events: pl.DataFrame) -> pl.Series:
    """Return from when on each event was on record: when it was written down, if a person did and it says so."""
    if "recorded_at" not in events.columns:
        return events["at"]
    written = events["recorded_at"].dt.epoch("s").fill_null(gathering.NOT_SAID).to_numpy()
    by_person = pl.Series(~writing.by_machine(written) & (written != gathering.NOT_SAID))
    return events.select(
        pl.when(by_person).then(pl.max_horizontal("at", "recorded_at")).otherwise(pl.col("at")).alias("known")
    )["known"]


def past_days(deals: pl.DataFrame, until: datetime.date | None) -> tuple[list[datetime.date], int]:
    """Return the first days of quarters that can be replayed, and how many are too early for that."""
    if until is None or deals.is_empty():
        return [], 0
    first = deals["created"].dt.date().min()
    quarters = list(_quarters(first, until - LEAST_SINCE))  # type: ignore[arg-type]
    enough = [day for day in quarters if _decided(deals, day) >= engine.LEAST_OUTCOMES]
    return enough[-MOST_DAYS:], len(quarters) - len(enough)


def _quarters(since: datetime.date, until: datetime.date) -> itertools.takewhile[datetime.date]:
    """Return the first days of quarters after one day, up to another."""
    number = period_numbers.number_of(since, "month") // MONTHS + 1
    days = (period_numbers.start_of(MONTHS * one, "month") for one in itertools.count(number))
    return itertools.takewhile(lambda day: day <= until, days)


def _decided(deals: pl.DataFrame, day: datetime.date) -> int:
    """Return how many deals were won before a day, or lost, whichever are fewer."""
    before = deals.filter(pl.col("closed") < start_of(day))
    won = int((before["status"] == "won").sum())
    return min(won, before.height - won)


def start_of(day: datetime.date) -> datetime.datetime:
    """Return the moment with which a day begins."""
    return datetime.datetime.combine(day, datetime.time())


def as_known(
    tables: Tables, day: datetime.date, covariates: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return deals and events as they were on record when a day began."""
    start = start_of(day)
    open_then = pl.col("closed").is_null() | (pl.col("closed") >= start)
    kept = AT_CREATION | set(covariates)
    later = [name for name in tables.deals.columns if name not in kept]
    deals = tables.deals.filter(pl.col("created") < start).with_columns(
        pl.when(open_then).then(pl.lit("open")).otherwise(pl.col("status")).alias("status"),
        *(pl.when(open_then).then(None).otherwise(pl.col(name)).alias(name) for name in ("closed", *later)),
    )
    return deals, tables.events.filter(pl.col("known") < start).drop("known")


def _past_day(
    tables: Tables, day: datetime.date, settings: Settings, catalogue: Sequence[AgreementType]
) -> PastDay:
    """Return what a past day would have said, and what became of it."""
    deals, events = as_known(tables, day, settings.covariates)
    end = start_of(day) - datetime.timedelta(microseconds=1)
    then = _found(deals, events, replace(settings, data_end=end), catalogue)
    advice: list[Advice] = []
    if then and any(one.confirmed for one in then.findings):
        since = _found(
            tables.deals,
            tables.events.drop("known"),
            replace(on_the_grid_of(then, settings), since=end),
            catalogue,
        )
        advice = [_advice(day, then, one, since) for one in then.findings if one.confirmed]
    won = int((deals["status"] == "won").sum())
    lost = int((deals["status"] == "lost").sum())
    return PastDay(
        day.isoformat(), deals.height, won, lost, tuple(sorted(advice, key=track_record.worst_first))
    )


def _found(
    deals: pl.DataFrame, events: pl.DataFrame, settings: Settings, catalogue: Sequence[AgreementType]
) -> result.Discovery | None:
    """Return what discovery finds; None where these deals cannot be used."""
    try:
        return engine.discover(deals, events, settings=settings, catalogue=catalogue)
    except DiscoveryError:
        return None


def on_the_grid_of(then: result.Discovery, settings: Settings) -> Settings:
    """Return settings that look at deals at the same ages and as long as a result did."""
    ages: dict[str, Any] = {} if settings.landmarks_at else as_landmarks(then.data.landmarks)
    return replace(settings, horizon_weeks=weeks(then.data.horizon), **ages)


def _advice(
    day: datetime.date, then: result.Discovery, said: result.Finding, since: result.Discovery | None
) -> Advice:
    """Return a finding of a past day beside what the later deals say of its type."""
    now = next((one for one in since.findings if one.agreement == said.agreement), None) if since else None
    out = now.in_words if now and now.excluded_because in LEFT_OUT else ""
    later, later_ci = (now.effect, now.ci) if now and not out else (np.nan, track_record.NOTHING)
    return Advice(
        on=day.isoformat(),
        agreement=said.agreement,
        name=said.name,
        grade=said.grade,
        effect=said.effect,
        ci=said.ci,
        proposed=any(one.agreement == said.agreement for one in then.pivotal),
        later=later,
        later_ci=later_ci,
        gained=now.gained if now else 0,
        not_gained=now.not_gained if now else 0,
        left_out=out,
        held=track_record.judged(said.effect, later, later_ci, left_out=bool(out)),
    )


#: Reasons that later deals may have to leave a type out which take back what was said of it.
LEFT_OUT = ("mechanical", "leading")
