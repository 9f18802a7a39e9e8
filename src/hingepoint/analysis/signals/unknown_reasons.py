"""8: demands are known, their reasons are not. Content counts, never length."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal
from hingepoint.analysis.talks import reasons
from hingepoint.records.languages import words_of

#: What is told of a demand beside whether its reason is known.
JUDGED = ("missing", "repeats", "disagree")


def units(facts: Facts) -> pl.DataFrame:
    """Return the demands, and whether no reason is on record or one that only repeats the demand."""
    said = ["topic", "reason", "other_reason"]
    rows = facts.demands.with_columns(pl.col(said).fill_null(""))
    texts = rows.select(said).unique(maintain_order=True)
    told = [
        (*_missing_or_repeated(topic, reason), _disagree(topic, reason, other))
        for topic, reason, other in texts.iter_rows()
    ]
    judged = pl.DataFrame(told, schema=dict.fromkeys(JUDGED, pl.Float64), orient="row")
    found = rows.join(
        pl.concat([texts, judged], how="horizontal"), on=said, how="left", maintain_order="left"
    )
    return found.select("deal_id", "at", *JUDGED, value=pl.max_horizontal("missing", "repeats"))


def _missing_or_repeated(topic: str, reason: str) -> tuple[float, float]:
    if not reason.strip():
        return 1.0, 0.0
    return 0.0, float(reasons.repeats(reason, demand=topic, topic=reasons.topic_of(topic)))


def _disagree(topic: str, one: str, other: str) -> float | None:
    """Return whether two people's reasons have nothing in common; None unless both say more than the demand."""
    first, second = (
        reasons.beyond(said, demand=topic, topic=reasons.topic_of(topic)) for said in (one, other)
    )
    return float(reasons.overlap(first, second) == 0) if first and second else None


SIGNAL = Signal(
    number=8,
    key="unknown_reasons",
    name=words_of("Demands known, reasons unknown"),
    unit=words_of("share of demands without a reason that says more than the demand"),
    kind="share",
    worse="higher",
    levels=("company", "team", "account"),
    units=units,
    news=("demands",),
    stated=(0.10, 0.15, 0.25),
    question=words_of("Which of these demands could {where} ask about this week, and whom?"),
    needs=words_of("Demands with their topic and reason (events of kind demand)."),
    drivers=(
        ("missing", words_of("no reason at all")),
        ("repeats", words_of("a reason that repeats the demand")),
        ("disagree", words_of("two people gave reasons with nothing in common")),
    ),
)
