"""Agreement debt: pivotal agreements that open deals owe, at what gaining each of them is worth.

A debt is one pivotal agreement of one open deal that is overdue, got kind words only, or was broken. It is worth the
value at stake times the gain that the signed finding expects on a deal like this; the range follows from the findings'
95% intervals. Where no finding is signed it is counted and not valued. Past its landmark it can no longer be paid: it is
no debt any more, and leaves the sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from hingepoint.records.debts import Unvalued
from hingepoint.records.languages import words_of

#: A debt a row. ``gain`` with ``low`` and ``high`` is what gaining it changes, above 0 where it helps: a share of the deal's
#: amount, or money a deal where ``in_money``; null where no signed finding says. ``days`` since it is owed; null: not due yet.
#: ``counts_days``: it is judged by days, which are no money. ``payable``: its landmark has not passed.
COLUMNS: dict[str, pl.DataType] = {
    "deal": pl.Int64(),
    "agreement": pl.String(),
    "kind": pl.String(),
    "amount": pl.Float64(),
    "currency": pl.String(),
    "gain": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "in_money": pl.Boolean(),
    "counts_days": pl.Boolean(),
    "days": pl.Int64(),
    "payable": pl.Boolean(),
}

#: Bands of how long a debt is owed: the last day of each, and its words.
AGES: tuple[tuple[int | None, str], ...] = (
    (14, words_of("Up to two weeks")),
    (42, words_of("Two to six weeks")),
    (91, words_of("Six weeks to three months")),
    (None, words_of("More than three months")),
)
NOT_DUE = words_of("Not due yet")
_BANDS = (NOT_DUE, *(words for _, words in AGES))
#: The last day of the band after which a debt is told to be old.
OLD_AFTER = 42


@dataclass(frozen=True, slots=True)
class Age:
    """The debts of one currency that are owed for so long: their number, and the sum of what is valued."""

    words: str
    debts: int
    value: float


@dataclass(frozen=True, slots=True)
class Sum:
    """The valued debts of one currency, summed: ``value`` with its 95% interval from ``low`` to ``high``. ``old``: the value owed for more than six weeks. ``gone`` is what left the
    sum on ``gone_deals`` deals, past their landmark."""

    currency: str
    value: float
    low: float
    high: float
    debts: int
    deals: int
    old: float
    ages: tuple[Age, ...]
    gone: float
    gone_deals: int


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed on ``deals`` deals in ``debts`` agreements, of which ``valued`` have a value; the others by why they have
    none. ``by_kind`` counts all. ``gone`` debts on ``gone_deals`` deals can no longer be paid, and are in no other number but
    those of the sums that say so. Sums of different currencies are never added; the one with most debts stands first."""

    debts: int
    deals: int
    valued: int
    unvalued: dict[str, int]
    by_kind: dict[str, int]
    sums: tuple[Sum, ...]
    gone: int
    gone_deals: int


def valued(debts: pl.DataFrame) -> pl.DataFrame:
    """Return ``debts`` (of ``COLUMNS``) with ``value``, ``value_low`` and ``value_high`` in the deal's currency, null where
    ``unvalued`` says why."""
    why = (
        pl.when("counts_days")
        .then(pl.lit(Unvalued.NO_MONEY.value))
        .when(pl.col("gain").is_null())
        .then(pl.lit(Unvalued.NOT_SIGNED.value))
        .when(pl.col("gain") <= 0)
        .then(pl.lit(Unvalued.NO_HELP.value))
        .when(pl.col("amount").is_null() & ~pl.col("in_money"))
        .then(pl.lit(Unvalued.NO_AMOUNT.value))
    )
    at_stake = pl.when("in_money").then(1.0).otherwise("amount")
    parts = {"value": "gain", "value_low": "low", "value_high": "high"}
    debts = debts.with_columns(unvalued=why)
    known = pl.col("unvalued").is_null()
    return debts.with_columns(
        **{name: pl.when(known).then(at_stake * pl.col(part)) for name, part in parts.items()}
    )


def tell(debts: pl.DataFrame) -> Debt:
    """Return the debt of a frame of ``COLUMNS``."""
    told = valued(debts).with_columns(band=_band())
    owed, gone = told.filter("payable"), told.filter(~pl.col("payable"))
    return Debt(
        debts=owed.height,
        deals=owed["deal"].n_unique(),
        valued=owed["value"].count(),
        unvalued=_counts(owed["unvalued"].drop_nulls()),
        by_kind=_counts(owed["kind"]),
        sums=_sums(owed.drop_nulls("value"), gone.drop_nulls("value")),
        gone=gone.height,
        gone_deals=gone["deal"].n_unique(),
    )


def _band() -> pl.Expr:
    """Return the words of the band that a debt is in."""
    words = pl.lit(AGES[-1][1])
    for last, earlier in reversed(AGES[:-1]):
        words = pl.when(pl.col("days") <= last).then(pl.lit(earlier)).otherwise(words)
    return pl.when(pl.col("days").is_null()).then(pl.lit(NOT_DUE)).otherwise(words)


def _counts(values: pl.Series) -> dict[str, int]:
    counted = values.alias("of").value_counts().sort("count", "of", descending=[True, False])
    return dict(counted.iter_rows())


def _sums(owed: pl.DataFrame, gone: pl.DataFrame) -> tuple[Sum, ...]:
    currencies = sorted({*owed["currency"], *gone["currency"]})
    found = [_sum(one, owed.filter(currency=one), gone.filter(currency=one)) for one in currencies]
    return tuple(sorted(found, key=lambda one: -one.debts))


def _sum(currency: str, owed: pl.DataFrame, gone: pl.DataFrame) -> Sum:
    value = float(owed["value"].sum())
    down, up = _reach(owed)
    return Sum(
        currency=currency,
        value=value,
        low=value - down,
        high=value + up,
        debts=owed.height,
        deals=owed["deal"].n_unique(),
        old=float(owed.filter(pl.col("days") > OLD_AFTER)["value"].sum()),
        ages=tuple(_age(words, owed.filter(band=words)) for words in _BANDS),
        gone=float(gone["value"].sum()),
        gone_deals=gone["deal"].n_unique(),
    )


def _reach(owed: pl.DataFrame) -> tuple[float, float]:
    """Return how far the 95% interval of a sum reaches down and up. Debts in one agreement err together, by the error of its
    finding; the findings of different agreements, which a run fits at once, err each by itself."""
    of_findings = owed.group_by("agreement").agg(
        down=(pl.col("value") - pl.col("value_low")).sum(), up=(pl.col("value_high") - pl.col("value")).sum()
    )
    return math.hypot(*of_findings["down"]), math.hypot(*of_findings["up"])


def _age(words: str, owed: pl.DataFrame) -> Age:
    return Age(words, owed.height, float(owed["value"].sum()))
