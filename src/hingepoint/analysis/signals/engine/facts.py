"""What the signals read, from tables of deals, of events and of routines, as it was known on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.signals.shape import Facts
from hingepoint.records.signals import StepState

PRICE_OR_TERMS = ("price", "terms")


def from_log(
    deals: pl.DataFrame,
    events: pl.DataFrame | None = None,
    routines: pl.DataFrame | None = None,
    *,
    as_of: dt.date,
    period: Literal["month", "week"] = "month",
) -> Facts:
    """Return the facts in these tables as they were known at the end of ``as_of``.

    What happened or was written down later is not there, and a deal that closed later is open. ``events`` have the
    columns of ``frames.EVENTS``, with the kinds and states that ``docs/reference/formats.md`` names.
    """
    log = _complete(events, frames.EVENTS)
    return from_kinds(
        known_deals(_complete(deals, frames.DEALS), as_of),
        lambda kind: log.filter(pl.col("kind") == kind),
        routines,
        as_of=as_of,
        period=period,
    )


def from_kinds(
    deals: pl.DataFrame,
    of_kind: Callable[[str], pl.DataFrame | None],
    routines: pl.DataFrame | None = None,
    talks: pl.DataFrame | None = None,
    *,
    as_of: dt.date,
    period: Literal["month", "week"] = "month",
) -> Facts:
    """Return the same from ``known_deals`` and what gives the events of a kind, which is asked for one kind after the other:
    never are all of them in memory. ``talks`` (``frames.TALKS``) are in no file, nor is a second reason for a demand."""

    def of(kind: str, **more: tuple[pl.DataType, str]) -> pl.DataFrame:
        return _known(_complete(of_kind(kind), frames.EVENTS | more), as_of)

    written = pl.coalesce("recorded_at", "at")
    return Facts(
        as_of=as_of,
        deals=deals,
        period=period,
        concessions=of("concession").select(
            "deal_id", "at", "value", topic="agreement", in_return="note", last_word=_is_last_word()
        ),
        plans=of("plan").select("deal_id", about="agreement", written_at=written),
        exceptions=_exceptions(of("escalation")),
        visits=_visits(of("executive")),
        quotes=of("quote").select("deal_id", "at", "value"),
        demands=of("demand", other_reason=frames.DEMANDS["other_reason"]).select(
            "deal_id", "at", "other_reason", topic="agreement", reason="note"
        ),
        pulses=of("pulse").select("deal_id", "at", "value", position=_word("agreement"), partner="actor"),
        routines=_routines(routines, as_of),
        talks=_complete(talks, frames.TALKS),
        steps=of("agreement").select(
            "deal_id", "agreement", "at", "evidence", state=pl.col("state").fill_null("gained")
        ),
        policies=of("policy").select("at", version="agreement"),
    )


def _complete(table: pl.DataFrame | None, columns: dict[str, tuple[pl.DataType, str]]) -> pl.DataFrame:
    """Return ``table`` with all ``columns`` in their types, empty where it has none."""
    if table is None:
        return pl.DataFrame(schema=frames.schema(columns))
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in frames.schema(columns).items()
    )


def _is_last_word() -> pl.Expr:
    return (pl.col("state") == StepState.FINAL).fill_null(False)


def _until(column: str, as_of: dt.date) -> pl.Expr:
    return pl.col(column).dt.date() <= as_of


def _known(events: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Return the events on record by then, in the order of time."""
    by_then = _until("at", as_of) & (_until("recorded_at", as_of)).fill_null(True)
    return events.filter(by_then).sort("at", maintain_order=True)


def known_deals(deals: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Return the deals created by then; one that closed later is open."""
    later = (pl.col("closed").dt.date() > as_of).fill_null(False)
    return deals.filter(_until("created", as_of)).with_columns(
        status=pl.when(later).then(pl.lit("open")).otherwise("status"),
        closed=pl.when(~later).then("closed"),
    )


def _word(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars().str.to_lowercase()


def _exceptions(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the steps of requests; one that names no state was asked."""
    state = pl.when(pl.col("state") == "gained").then(pl.lit("asked")).otherwise("state")
    return steps.select(
        "deal_id",
        "at",
        "actor",
        "value",
        topic=_word("agreement"),
        state=state.fill_null("asked"),
        reason="note",
    )


def _visits(told: pl.DataFrame) -> pl.DataFrame:
    """Return roles agreed, at the time they were written down, and visits; what names no state is a visit."""
    agreed = pl.col("state") == "agreed"
    return told.select(
        "deal_id",
        at=pl.when(agreed).then(pl.coalesce("recorded_at", "at")).otherwise("at"),
        state=pl.when(agreed.fill_null(False)).then(pl.lit("agreed")).otherwise(pl.lit("attended")),
        executive="actor",
    )


def _routines(routines: pl.DataFrame | None, as_of: dt.date) -> pl.DataFrame:
    """Return what was due; what was done or written down later is not done yet."""
    due = _complete(routines, frames.ROUTINES).filter(_until("due", as_of))
    known = (_until("done", as_of) & _until("recorded_at", as_of).fill_null(True)).fill_null(False)
    return due.with_columns(done=pl.when(known).then("done"), recorded_at=pl.when(known).then("recorded_at"))


def pulses(answers: pl.DataFrame) -> pl.DataFrame:
    """Return answers of inside partners as events: two rows each, how far the seller stood for the company and for
    the customer, from 0 to 1.

    ``answers`` has deal_id, at, ``defended`` (whether our position was), ``advocates`` (company, both or customer) and ``partner``.
    Whoever argues for both sides argues for the company too.
    """
    ours = (pl.col("advocates") != "customer").cast(pl.Float64)
    theirs = (pl.col("advocates") != "company").cast(pl.Float64)
    company = (pl.col("defended").cast(pl.Float64) + ours) / 2
    said = answers.select("deal_id", "at", actor="partner", company=company, customer=theirs)
    sides = said.unpivot(["company", "customer"], index=["deal_id", "at", "actor"], variable_name="agreement")
    return sides.with_columns(kind=pl.lit("pulse"))
