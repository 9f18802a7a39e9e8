"""What was measured, ready to show: its name, its unit, which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.analysis import metric_words, metrics
from hingepoint.analysis.discovery.record import Record
from hingepoint.reports.charts import numbers


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


def metric_of(name: str, currency: str = "") -> Metric:
    """Return the metric of that name, without a run; ``currency`` is that of its amounts."""
    known = metrics.parse(name)
    return _named(known.name, known.kind, known.better, known.among_won, currency)


def metric_of_record(record: Record) -> Metric:
    facts = record.metric
    return _named(facts.name, facts.kind, facts.better, facts.among_won, record.currency)


def _named(name: str, kind: str, better: str, among_won: bool, currency: str) -> Metric:
    unit = {"share": "points", "days": "days"}.get(kind, currency)
    title = {"points": "percentage points", "days": "days"}.get(unit, unit or "money per deal")
    return Metric(
        name=name,
        noun=metric_words.noun(name),
        title=metric_words.title(name),
        unit=unit,
        unit_title=title,
        better=better,
        among_won=among_won,
    )
