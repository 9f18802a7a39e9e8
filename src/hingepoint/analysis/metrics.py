"""What a deal brought: the result metrics that discovery, charts and impact measure.

A metric is named by a short text: ``won``, ``supportive:discount<=0.15 and cycle_days<=90``, ``net``,
``sale_days``, ``discount``, ``margin``, ``revenue`` or ``cycle_days``. A *strategy-supportive sale* is a sale that is
won with its figures on target; it is defined for every deal, and so are ``won``, ``net`` and ``sale_days``,
the restricted mean time to a sale: a deal that is not sold counts the whole horizon. The last
four exist only among won deals, as ``price_realisation`` and ``contract_size`` do, which makes them weaker evidence: what
changes who wins changes their average too (Rosenbaum 1984). ``escalation_rate``, ``no_decision`` and ``slippage`` count closed
deals however they ended; a strategy is judged by them, and no run. A company's own are in ``own_metrics``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import intervals, own_metrics
from hingepoint.analysis.own_metrics import MetricError
from hingepoint.records.metrics import Counted

#: name -> (unit, better, kind, only among won deals)
BUILT_IN: dict[str, tuple[str, str, str, bool]] = {
    "won": ("share of deals", "higher", "share", False),
    "net": ("contribution per deal", "higher", "money", False),
    "sale_days": ("days", "lower", "days", False),
    "discount": ("share of list price", "lower", "share", True),
    "margin": ("share of net price", "higher", "share", True),
    "revenue": ("money per won deal", "higher", "money", True),
    "cycle_days": ("days", "lower", "days", True),
    "price_realisation": ("share of list price", "higher", "share", True),
    "contract_size": ("money at list prices per won deal", "higher", "money", True),
    "escalation_rate": ("share of deals", "lower", "share", False),
    "no_decision": ("share of deals", "lower", "share", False),
    "slippage": ("days", "lower", "days", False),
}

#: Metrics of closed deals however they ended -> the column that holds what each counts for.
HOWEVER_ENDED = {"escalation_rate": "escalated", "no_decision": "undecided", "slippage": "days_late"}
#: Metric -> the column by which each deal weighs: the metric is that of the sums.
_WEIGHED_BY = {"price_realisation": "list_price"}
#: What is read for a metric beside the deals' own columns, and what to do where nothing of it is known.
READ_BESIDE = {
    "escalation_rate": ("escalated", "Log requests for exceptional price or terms."),
    "no_decision": (
        "loss_reason",
        "Record why deals are lost, in a column of the deals called loss_reason, on 8 of 10 lost deals.",
    ),
    "slippage": (
        "first_expected",
        "Import deals every week, with their expected close: what it was while a deal was open is not on record.",
    ),
}
#: Without a reason on so many of the lost deals nobody knows how many ended without a decision.
REASONS_WANTED = 0.8
#: What a reason of a loss says where no decision was taken.
NO_DECISION = r"(?i)no decision|no-decision|undecided|postponed|on hold"

#: What a supportive sale may be judged on.
JUDGED_ON = ("discount", "margin", "cycle_days", "amount", "net_price", "list_price", "revenue", "cost")

_COMPARE: dict[str, Callable[[pl.Expr, float], pl.Expr]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def figure(value: float) -> str:
    """Return a number as ``parse`` reads it: without an exponent, whatever its size."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Condition:
    """``column compare bound``, e.g. ``discount <= 0.15``."""

    column: str
    compare: str
    bound: float

    def expression(self) -> pl.Expr:
        return _COMPARE[self.compare](pl.col(self.column), self.bound)

    def __str__(self) -> str:
        return f"{self.column}{self.compare}{figure(self.bound)}"


@dataclass(frozen=True)
class Metric:
    """A result metric: its name, unit, which way is better, and on what it is judged.

    ``kind`` is ``share``, ``money``, ``days`` or ``number``; ``among_won`` says that it exists for won deals only. ``own``
    is the definition of one of the company's own.
    """

    name: str
    unit: str
    better: str
    kind: str
    among_won: bool
    conditions: tuple[Condition, ...] = ()
    own: own_metrics.Definition | None = None

    @property
    def sign(self) -> int:
        """+1 where more is better, -1 where less is."""
        return 1 if self.better == "higher" else -1


def parse(name: str) -> Metric:
    """Return the metric of a name; raises MetricError with the possible ones."""
    text = name.strip()
    if own_metrics.is_own(text):
        return _own(text)
    if text.lower().startswith("supportive:"):
        conditions = _conditions(text.split(":", 1)[1])
        shown = "supportive:" + " and ".join(str(condition) for condition in conditions)
        return Metric(shown, "share of deals", "higher", "share", False, conditions)
    if text.lower() not in BUILT_IN:
        known = ", ".join([*BUILT_IN, "supportive:EXPR (such as supportive:discount<=0.15)"])
        raise MetricError(f"the metric {name!r} is not known; possible are {known}")
    unit, better, kind, among_won = BUILT_IN[text.lower()]
    return Metric(text.lower(), unit, better, kind, among_won)


def _own(name: str) -> Metric:
    told = own_metrics.read(name)
    unit = {"share": "share", "number": "number"}.get(told.unit, told.unit.value)
    return Metric(name, unit, told.better.value, told.unit.value, told.deals == Counted.WON, own=told)


#: Metrics that discovery knows and by which no strategy is judged.
NO_TARGETS = frozenset({"sale_days"})


def parse_target(name: str) -> Metric:
    """Return the metric of a name that a strategy may be judged by; raises MetricError for others.

    The days to a sale count a deal that is not sold at the horizon of a run, which a strategy has none of.
    """
    metric = parse(name)
    if metric.name in NO_TARGETS:
        raise MetricError(
            "the days to a sale can be discovered, but no strategy be judged by them; take cycle_days or "
            "supportive:cycle_days<=90 instead"
        )
    return metric


#: Metrics that no run judges by, and why.
NO_OUTCOMES = {
    "escalation_rate": "an exception may be asked for before an agreement is gained, and a run would take the one for what the other did",
    "no_decision": "a run asks what is won, and a deal that ends without a decision is one that is not; take won instead",
    "slippage": "it is told of deals whose expected close was on record, lost ones too; take sale_days instead",
}


def parse_outcome(name: str) -> Metric:
    """Return the metric of a name that discovery may judge by; raises MetricError for others."""
    metric = parse(name)
    if why := NO_OUTCOMES.get(metric.name):
        raise MetricError(f"agreements cannot be judged by {metric.name}: {why}")
    if metric.own and not metric.own.is_outcome:
        raise MetricError(
            f"agreements cannot be judged by “{metric.own.name}”: a run asks what each won deal brings. It can be a target."
        )
    return metric


def is_outcome(name: str) -> bool:
    """Return whether discovery may judge by a metric."""
    try:
        parse_outcome(name)
    except MetricError:
        return False
    return True


def parse_judge(name: str) -> Metric:
    """Return the metric of a name that a strategy as a whole may be judged by: what it asks for is discovered. Raises
    MetricError for others."""
    parse_target(name)
    return parse_outcome(name)


def _conditions(text: str) -> tuple[Condition, ...]:
    return tuple(_condition(part) for part in re.split(r"\s+and\s+|&&?|,", text))


def _condition(text: str) -> Condition:
    match = re.fullmatch(r"\s*(\w+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if not match:
        raise MetricError(f"{text.strip()!r} is not a condition such as discount<=0.15")
    column = match[1].lower()
    if column not in JUDGED_ON:
        raise MetricError(f"a sale cannot be judged on {column!r}; possible are {', '.join(JUDGED_ON)}")
    return Condition(column, match[2], float(match[3]) / (100 if match[4] else 1))


def with_derived(deals: pl.DataFrame) -> pl.DataFrame:
    """Return the deals with discount, margin, revenue and cycle_days computed where they are absent."""
    have = set(deals.columns)
    derived = []
    if {"list_price", "net_price"} <= have:
        listed = pl.when(pl.col("list_price") > 0).then(1 - pl.col("net_price") / pl.col("list_price"))
        derived.append(_filled("discount", listed, have))
    if {"cost", "net_price"} <= have:
        earned = pl.when(pl.col("net_price") > 0).then(1 - pl.col("cost") / pl.col("net_price"))
        derived.append(_filled("margin", earned, have))
    price = next((column for column in ("net_price", "amount") if column in have), None)
    if price:
        derived.append(pl.col(price).alias("revenue"))
    if "closed" in have:
        derived.append(
            ((pl.col("closed") - pl.col("created")).dt.total_seconds() / 86400).alias("cycle_days")
        )
    return deals.with_columns(derived).with_columns(_derived_of_course(have))


def _derived_of_course(have: set[str]) -> list[pl.Expr]:
    """Return what of a deal follows from why it was lost, and from when its close was first expected, where that is known."""
    derived = []
    if {"list_price", "net_price"} <= have:
        kept = pl.when(pl.col("list_price") > 0).then(pl.col("net_price") / pl.col("list_price"))
        derived.append(kept.alias("price_realisation"))
    if size := next((column for column in ("list_price", "amount") if column in have), None):
        derived.append(pl.col(size).alias("contract_size"))
    if "loss_reason" in have:
        reason = pl.col("loss_reason").replace("", None)
        lost = pl.when(pl.col("status") == "lost").then(reason.str.contains(NO_DECISION))
        derived.append(lost.otherwise(False).alias("undecided"))
    if "first_expected" in have:
        late = pl.col("closed").dt.date() - pl.col("first_expected").str.to_date("%Y-%m-%d", strict=False)
        derived.append(late.dt.total_days().alias("days_late"))
    return derived


def _filled(column: str, computed: pl.Expr, have: set[str]) -> pl.Expr:
    if column in have:
        return pl.coalesce(pl.col(column), computed).alias(column)
    return computed.alias(column)


def value_if_won(metric: Metric, deals: pl.DataFrame) -> pl.Series:
    """Return what each deal would count for if it is won; null where that is not known.

    ``deals`` come from ``with_derived``. A deal that is not won counts 0 for ``won``, supportive sales
    and ``net``, and is not part of the others.
    """
    if metric.own:
        return own_metrics.value_if_won(metric.own, deals)
    if metric.conditions:
        return _judged(metric, deals)
    if metric.name == "won":
        return pl.Series("value", [1.0] * deals.height, dtype=pl.Float64)
    if metric.name == "net":
        return _contribution(deals)
    if metric.name in NO_TARGETS:
        return deals["cycle_days"].cast(pl.Float64)
    _require_columns(metric, deals, [metric.name])
    return deals[metric.name].cast(pl.Float64)


def _judged(metric: Metric, deals: pl.DataFrame) -> pl.Series:
    _require_columns(metric, deals, [condition.column for condition in metric.conditions])
    expression = pl.all_horizontal([condition.expression() for condition in metric.conditions])
    return deals.select(expression.cast(pl.Float64).alias("value"))["value"]


def _contribution(deals: pl.DataFrame) -> pl.Series:
    have = set(deals.columns)
    if {"net_price", "cost"} <= have:
        expression = pl.col("net_price") - pl.col("cost")
    elif {"revenue", "margin"} <= have:
        expression = pl.col("revenue") * pl.col("margin")
    else:
        raise MetricError("the metric net needs net_price and cost, or an amount and a margin")
    return deals.select(expression.cast(pl.Float64).alias("value"))["value"]


def _require_columns(metric: Metric, deals: pl.DataFrame, columns: list[str]) -> None:
    known = [column for column in columns if column in deals.columns]
    missing = [column for column in columns if column not in known or deals[column].is_null().all()]
    if missing:
        raise MetricError(f"the metric {metric.name} needs {', '.join(missing)}, and the deals have none")


def values(metric: Metric, deals: pl.DataFrame) -> pl.DataFrame:
    """Return ``id``, ``closed``, ``value`` and ``weight`` of each deal that counts: one that was not won counts 0, or not at
    all for metrics that exist among won deals only; of metrics of deals however they ended it counts as any other. ``closed``
    is the moment by which it counts. ``deals`` as for ``value_if_won``. Raises MetricError.
    """
    if metric.own:
        return own_metrics.counted(metric.own, deals)
    if metric.name in HOWEVER_ENDED:
        return _however_ended(metric, deals)
    weight = pl.col(_WEIGHED_BY[metric.name]) if metric.name in _WEIGHED_BY else pl.lit(1.0)
    closed = deals.filter(pl.col("status") != "open")
    counted = closed.with_columns(value_if_won(metric, closed).alias("value"))
    won = pl.col("status") == "won"
    value = pl.col("value") if metric.among_won else pl.when(won).then(pl.col("value")).otherwise(0.0)
    among = counted.filter(won) if metric.among_won else counted
    return among.select("id", "closed", value, weight=weight).drop_nulls("value")


def _however_ended(metric: Metric, deals: pl.DataFrame) -> pl.DataFrame:
    """Return the same of a metric of deals however they ended. Raises MetricError where too little is on record for it."""
    column, (read, what_to_do) = HOWEVER_ENDED[metric.name], READ_BESIDE[metric.name]
    closed = deals.filter(pl.col("status") != "open")
    if column not in deals.columns or (closed.height and closed[read].is_null().all()):
        raise MetricError(what_to_do)
    if metric.name == "no_decision":
        known = closed.filter(pl.col("status") == "lost")[column].is_not_null()
        if known.len() and known.sum() < REASONS_WANTED * known.len():
            raise MetricError(f"{what_to_do} {known.sum():,} of {known.len():,} have one.")
    told = closed.select("id", "closed", pl.col(column).cast(pl.Float64).alias("value"), weight=pl.lit(1.0))
    return told.drop_nulls("value")


def is_counted(metric: Metric) -> bool:
    """Return whether each deal does or does not count, so that the metric is a share of deals, not a mean."""
    if metric.own:
        return metric.own.is_count
    return metric.kind == "share" and not metric.among_won


def level(counted: pl.DataFrame) -> float:
    """Return the mean of the ``value`` column (from ``values``), each deal by its weight: the quotient of the sums."""
    return float(np.average(counted["value"].to_numpy(), weights=counted["weight"].to_numpy()))


def estimate(metric: Metric, counted: pl.DataFrame) -> intervals.Estimate:
    """Return the share, the mean or the quotient of the ``value`` column (from ``values``) with its 95% interval."""
    if is_counted(metric):
        return intervals.share(int(counted["value"].sum()), counted.height)
    if counted["weight"].n_unique() <= 1:
        return intervals.mean(counted["value"].to_list())
    return intervals.quotient(counted["value"].to_list(), counted["weight"].to_list())


def default(deals: pl.DataFrame) -> tuple[Metric, str]:
    """Return the metric to use when none is asked for, and why in a sentence.

    With prices that is the supportive sale at or below the discount that half the won deals keep,
    because a win bought by price does not serve a strategy; without prices it is ``won``.
    """
    known = with_derived(deals)
    if "discount" in known.columns:
        won = known.filter(pl.col("status") == "won")["discount"].drop_nulls()
        if won.len() >= 40 and won.n_unique() > 5:
            bound = round(float(np.median(won.to_numpy())), 2)
            metric = parse(f"supportive:discount<={bound:g}")
            return metric, (
                f"Metric {metric.name}: a sale that is won at {bound:.0%} discount or less, "
                "which half the won deals keep. Choose another with --metric."
            )
    return parse("won"), "Metric won: the deals carry no prices to judge a sale on."
