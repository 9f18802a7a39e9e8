"""8: demands are known, their reasons are not. Content counts, never length."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal
from hingepoint.analysis.talks import reasons


def units(facts: Facts) -> pl.DataFrame:
    """Return the demands, and whether no reason is on record or one that only repeats the demand."""
    texts = facts.demands.select(pl.col("topic", "reason").fill_null("")).unique(maintain_order=True)
    told = [_missing_or_repeated(topic, reason) for topic, reason in texts.iter_rows()]
    judged = texts.with_columns(
        pl.Series("missing", [float(missing) for missing, _ in told], dtype=pl.Float64),
        pl.Series("repeats", [float(repeats) for _, repeats in told], dtype=pl.Float64),
    )
    rows = facts.demands.with_columns(pl.col("topic", "reason").fill_null(""))
    return rows.join(judged, on=["topic", "reason"], how="left").select(
        "deal_id", "at", "missing", "repeats", value=pl.max_horizontal("missing", "repeats")
    )


def _missing_or_repeated(topic: str, reason: str) -> tuple[bool, bool]:
    if not reason.strip():
        return True, False
    return False, reasons.repeats(reason, demand=topic, topic=reasons.topic_of(topic))


SIGNAL = Signal(
    number=8,
    key="unknown_reasons",
    name="Demands known, reasons unknown",
    unit="share of demands without a reason that says more than the demand",
    kind="share",
    worse="higher",
    levels=("company", "team"),
    units=units,
    news=("demands",),
    stated=(0.10, 0.15, 0.25),
    question="Which of these demands could {where} ask about this week, and whom?",
    needs="Demands with their topic and reason (events of kind demand).",
    drivers=(("missing", "no reason at all"), ("repeats", "a reason that repeats the demand")),
)
