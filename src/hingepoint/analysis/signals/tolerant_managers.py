"""7: managers tolerate mediocre execution and argue inside for concessions.

Advocacy is not tolerance: who sharpens a request, or sends it back first, and then argues for it does what a manager
is for. What counts is that it was passed up as it came.
"""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal, no_units
from hingepoint.analysis.signals.unplanned_concessions import first_demands, for_nothing, undemanded
from hingepoint.records.languages import words_of

#: Two values are one when they differ by less than this share.
SAME = 1e-9


def units(facts: Facts) -> pl.DataFrame:
    """Return the requests that a manager passed up, and whether its value was the one that had been asked for and it
    was not sent back before."""
    steps = facts.exceptions.filter(pl.col("value").is_not_null()).sort("at")
    asked = steps.filter(pl.col("state") == "asked").select("deal_id", "topic", "at", asked="value")
    passed = steps.filter(pl.col("state") == "passed").select(
        "deal_id", "topic", "at", "actor", "value", "reason"
    )
    if passed.is_empty() or asked.is_empty():
        return no_units()
    both = _last_before(_last_before(passed, asked), _answers(facts))
    same = (pl.col("value") - pl.col("asked")).abs() <= SAME * pl.col("asked").abs()
    same = same & (pl.col("answer") != "returned").fill_null(True)
    both = both.drop_nulls("asked").join(facts.deals.select("deal_id", "manager"), on="deal_id", how="left")
    found = both.select(
        "deal_id",
        "at",
        value=same.cast(pl.Float64),
        manager=pl.coalesce("actor", "manager"),
        silent=(pl.col("reason").fill_null("").str.strip_chars() == "").cast(pl.Float64),
    )
    return _beside_concessions(_beside_talks(found, facts), facts)


def _beside_talks(passed: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Return what was ``passed`` with what its manager let go in the same month: the share of talks without a debrief, and of
    approved plans that lacked something."""
    talks = facts.talks.join(facts.deals.select("deal_id", "manager"), on="deal_id", how="left")
    for column, what in (("undebriefed", "held"), ("waved", "approved")):
        some = talks.filter(pl.col("what") == what)
        passed = _with_share(passed, some.select("manager", "at", (~pl.col("done")).alias(column)), column)
    return passed


def _beside_concessions(passed: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Return what was ``passed`` with how many of the concessions on deals of its manager were needless in the same month: nobody had
    demanded anything, or nothing came back."""
    given = facts.concessions.join(first_demands(facts), on="deal_id", how="left")
    needless = (undemanded(facts).cast(pl.Boolean).fill_null(False) | for_nothing()).alias("needless")
    theirs = given.join(facts.deals.select("deal_id", "manager"), on="deal_id", how="left")
    return _with_share(passed, theirs.select("manager", "at", needless), "needless")


def _with_share(passed: pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return ``passed`` with the share of ``rows`` of the same manager and month of which ``column`` is true; empty where there are none."""
    month = pl.col("at").dt.truncate("1mo")
    shares = rows.group_by("manager", month=month).agg(pl.col(column).cast(pl.Float64).mean())
    dated = passed.with_columns(month=month)
    return dated.join(shares, on=["manager", "month"], how="left", maintain_order="left").drop("month")


def _answers(facts: Facts) -> pl.DataFrame:
    """Return the steps that answer a request, with the state as ``answer``."""
    steps = facts.exceptions.filter(~pl.col("state").is_in(["asked", "passed"])).sort("at")
    return steps.select("deal_id", "topic", "at", answer="state")


def _last_before(steps: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return ``steps`` with the last row of ``earlier`` about the same until then."""
    about = ["deal_id", "topic"]
    return steps.join_asof(earlier, on="at", by=about, strategy="backward", check_sortedness=False)


SIGNAL = Signal(
    number=7,
    key="tolerant_managers",
    name=words_of("Managers tolerate mediocre execution"),
    unit=words_of("share of requests passed up unchanged"),
    kind="share",
    worse="higher",
    levels=("company", "team", "manager"),
    units=units,
    news=("exceptions",),
    stated=(0.10, 0.20, 0.30),
    question=words_of("What would {where} have asked the seller before passing these requests up?"),
    needs=words_of(
        "Requests for exceptions with their value when asked and when passed up (events of kind escalation)."
    ),
    drivers=(
        ("silent", words_of("passed up without a reason")),
        ("needless", words_of("concessions that nobody had demanded, or for nothing in return")),
        ("waved", words_of("incomplete plans among those approved")),
        ("undebriefed", words_of("talks without a debrief")),
    ),
)
