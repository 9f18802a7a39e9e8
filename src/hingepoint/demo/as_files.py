"""The demo company as the three files that ``hingepoint signals`` reads: deals, events, routines."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.signals.engine import facts
from hingepoint.demo import planted
from hingepoint.demo.company import Company
from hingepoint.records.signals import PLANS_BEFORE

#: How a request was decided -> the state of its last step.
_DECISIONS = {"approved": "approved", "approved in part": "partly", "declined": "declined"}
#: Terms are asked for at this share of the list price.
_TERMS = 0.01
#: What managers take off a request before they pass it up, where they change it.
_SHARPENED = 0.85


def write(company: Company, folder: Path) -> tuple[Path, Path, Path]:
    """Write deals.csv, events.csv and routines.csv into ``folder`` and return their paths."""
    tables = {"deals": deals(company), "events": events(company), "routines": routines(company)}
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        table.write_csv(path)
    return paths[0], paths[1], paths[2]


def deals(company: Company) -> pl.DataFrame:
    """Return the deals with the columns of ``frames.DEALS``."""
    return company.deals.select(name for name in frames.DEALS if name in company.deals.columns)


def events(company: Company) -> pl.DataFrame:
    """Return everything that happened as one log with ``recorded_at``, in the order of time."""
    log = company.events.filter(~pl.col("kind").is_in(["concession", "demand", "escalation", "executive"]))
    parts = (
        log,
        _concessions(company),
        _plans(company),
        _demands(company),
        *_requests(company),
        *_visits(company),
    )
    columns = frames.schema(frames.EVENTS)
    tidy = [
        part.select(pl.col(name).cast(dtype) for name, dtype in columns.items() if name in part.columns)
        for part in (*parts, _pulses(company), _policies(company))
    ]
    return (
        pl.concat(tidy, how="diagonal").select(*columns).sort("at", "deal_id", "kind", "agreement", "state")
    )


def routines(company: Company) -> pl.DataFrame:
    """Return what was due of each seller, and when it was done."""
    return company.routines.select(
        "team", "routine", person="seller", due="due_on", done="done_at", recorded_at="done_at"
    )


def _concessions(company: Company) -> pl.DataFrame:
    return company.concessions.select(
        "deal_id",
        "at",
        "value",
        agreement="kind",
        kind=pl.lit("concession"),
        note="in_return",
        actor="by",
        state=pl.when("final").then(pl.lit("final")),
    )


def _plans(company: Company) -> pl.DataFrame:
    """Return plans at the time they were really written: of talks, and the corridor set for a concession; one written
    afterwards names the day before the concession."""
    given = company.concessions.drop_nulls("plan_at").select(
        "deal_id",
        at=pl.min_horizontal("plan_at", pl.col("at").dt.offset_by("-1d")),
        recorded_at="plan_at",
        agreement=pl.lit("corridor"),
    )
    talks = company.plans.filter(pl.col("agreement").is_in(list(PLANS_BEFORE))).select(
        "deal_id",
        at="written_at",
        recorded_at="written_at",
        agreement=pl.col("agreement").replace(PLANS_BEFORE),
    )
    return pl.concat([given, talks]).with_columns(kind=pl.lit("plan"))


def _demands(company: Company) -> pl.DataFrame:
    return company.demands.select("deal_id", "at", agreement="kind", kind=pl.lit("demand"), note="reason")


def _requests(company: Company) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return requests asked by sellers, passed up by managers, and decided."""
    asked = company.escalations.join(company.deals.select("deal_id", "owner", "list_price"), on="deal_id")
    asked = asked.with_columns(
        kind=pl.lit("escalation"),
        agreement="kind",
        note="reason",
        value=(pl.col("share").fill_null(_TERMS) * pl.col("list_price")).round(2),
    )
    passed_at = pl.min_horizontal(pl.col("at").dt.offset_by("2h"), pl.col("decided_at"))
    sharper = pl.when("unchanged").then("value").otherwise((pl.col("value") * _SHARPENED).round(2))
    words = pl.when(~pl.col("unchanged")).then(pl.lit(planted.PASSED_SHARPER))
    answered = asked.drop("note").with_columns(value=sharper)
    return (
        asked.with_columns(state=pl.lit("asked"), actor="owner"),
        answered.with_columns(state=pl.lit("passed"), actor="manager", at=passed_at, note=words),
        answered.drop_nulls("decision").with_columns(
            state=pl.col("decision").replace(_DECISIONS),
            actor="partner",
            at="decided_at",
            note=pl.col("decision").replace_strict(planted.DECIDED, default=None),
        ),
    )


def _visits(company: Company) -> tuple[pl.DataFrame, pl.DataFrame]:
    visits = company.visits.with_columns(
        kind=pl.lit("executive"), agreement=pl.lit("visit"), actor="executive", note="purpose"
    )
    roles = visits.drop_nulls("role_at").with_columns(
        at="role_at", recorded_at="role_at", state=pl.lit("agreed")
    )
    return visits.with_columns(state=pl.lit("attended")), roles


def _pulses(company: Company) -> pl.DataFrame:
    answered = company.escalations.drop_nulls("defended")
    return facts.pulses(answered.with_columns(at=pl.coalesce("decided_at", "at"))).drop("actor")


def _policies(company: Company) -> pl.DataFrame:
    versions = planted.policy_versions(company.ends_on)
    return pl.DataFrame(
        {"at": [since for since, _, _ in versions], "agreement": [name for _, name, _ in versions]}
    ).with_columns(kind=pl.lit("policy"))
