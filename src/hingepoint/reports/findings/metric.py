"""What was measured, ready to show: its name, its unit, which way is better."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.record import Record
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings.words import listed

_NOUNS = {
    "won": "the win rate",
    "net": "the contribution per deal",
    "discount": "the discount on won deals",
    "margin": "the margin on won deals",
    "revenue": "the revenue per won deal",
    "cycle_days": "the days from creation to winning",
    "sale_days": "the days to a sale",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """What was measured. ``noun`` fits into "moves …", ``title`` stands alone, ``unit`` is that of
    ``charts.numbers``; ``better`` is higher or lower."""

    name: str
    noun: str
    title: str
    unit: str
    unit_title: str
    better: str
    among_won: bool

    def effect(self, value: float | None) -> str:
        return numbers.effect(value, self.unit)

    def interval(self, low: float | None, high: float | None) -> str:
        return numbers.interval(low, high, self.unit)


def metric_noun(name: str) -> str:
    """Return a metric as a noun: ``the share of deals won at a discount of 15% or less``."""
    if not name.startswith("supportive:"):
        return _NOUNS.get(name, name)
    return f"the share of deals won with {listed([_condition(part) for part in name[11:].split(' and ')])}"


def metric_title(name: str) -> str:
    """Return a metric as a title: ``Win rate``."""
    words = metric_noun(name).removeprefix("the ")
    return words[:1].upper() + words[1:]


def metric_of(name: str, currency: str = "") -> Metric:
    """Return the metric of that name, without a run; ``currency`` is that of its amounts."""
    known = metrics.parse(name)
    return _named(known.name, known.kind, known.better, known.among_won, currency)


def served_words(metric: Metric) -> tuple[str, str]:
    """Return what a deal did that counts for the metric, and one that does not: ``won``, ``lost``."""
    if metric.name == "won":
        return "won", "lost"
    if metric.name.startswith("supportive:"):
        return "won on target", "not won on target"
    better = "better than half of the won deals"
    return better, f"not {better}"


_COMPARE = {"<=": "of {} or less", ">=": "of {} or more", "<": "below {}", ">": "above {}"}


_JUDGED = {"cycle_days": "a cycle", "discount": "a discount", "margin": "a margin"}


def _condition(text: str) -> str:
    match = re.fullmatch(r"\s*(\w+?)(<=|>=|<|>)(-?[\d.]+)\s*", text)
    if not match:
        return text
    column, compare, bound = match[1], match[2], float(match[3])
    if column in ("discount", "margin"):
        shown = numbers.share(bound, 0 if round(bound * 100, 6).is_integer() else 1)
    elif column == "cycle_days":
        shown = f"{numbers.number(bound)} days"
    else:
        shown = numbers.number(bound)
    noun = _JUDGED.get(column, f"a {column.replace('_', ' ')}")
    return f"{noun} {_COMPARE[compare].format(shown)}"


def metric_of_record(record: Record) -> Metric:
    facts = record.metric
    return _named(facts.name, facts.kind, facts.better, facts.among_won, record.currency)


def _named(name: str, kind: str, better: str, among_won: bool, currency: str) -> Metric:
    unit = {"share": "points", "days": "days"}.get(kind, currency)
    title = {"points": "percentage points", "days": "days"}.get(unit, unit or "money per deal")
    return Metric(
        name=name,
        noun=metric_noun(name),
        title=metric_title(name),
        unit=unit,
        unit_title=title,
        better=better,
        among_won=among_won,
    )
