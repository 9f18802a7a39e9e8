"""4: pockets of non-compliance with the discipline of reviews."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal
from hingepoint.records.languages import words_of

#: Written down so much later than it was due, a routine was not done on time, whatever day it names.
LATEST = "7d"
#: So shortly before it was due, it was done for the review.
BUNCHED = "24h"


def units(facts: Facts) -> pl.DataFrame:
    """Return the routines that fell due, and whether each was left out or late."""
    return judged(facts.routines)


def judged(routines: pl.DataFrame) -> pl.DataFrame:
    """Return of ``routines`` (``frames.ROUTINES``) those that fell due, with ``value`` 1 where one was late or left out.

    What was due after the last day on which anybody did anything is not known: no delivery looks like nobody's work.
    """
    last = pl.lit(routines["done"].dt.date().max(), dtype=pl.Date)
    due = routines.filter(pl.col("due").dt.date() <= last).with_columns(at=pl.col("due"))
    end = pl.col("due").dt.truncate("1d").dt.offset_by("1d")
    told_late = (pl.col("recorded_at") > end.dt.offset_by(LATEST)).fill_null(False)
    late = (pl.col("done") >= end).fill_null(True) | told_late
    bunched = (
        (pl.col("done") > end.dt.offset_by(f"-{BUNCHED}")) & (pl.col("done").dt.time() != pl.time(0)) & ~late
    )  # type: ignore[comparison-overlap]
    return due.select(
        "at",
        "team",
        "routine",
        value=late.cast(pl.Float64),
        bunched=bunched.fill_null(False).cast(pl.Float64),
        left_out=pl.col("done").is_null().cast(pl.Float64),
    )


SIGNAL = Signal(
    number=4,
    key="review_discipline",
    name=words_of("Pockets of non-compliance"),
    unit=words_of("share of required routines late or left out"),
    kind="share",
    worse="higher",
    levels=("company", "team"),
    units=units,
    news=("routines",),
    stated=(0.10, 0.15, 0.25),
    question=words_of("What would have to change for the reviews of {where} to be worth preparing?"),
    needs=words_of("Required routines with the day they were due and done (--routines)."),
    facts=("routine",),
    drivers=(("left_out", words_of("left out altogether")), ("bunched", words_of("done on the last day"))),
    apart=True,
)
