"""What a result was made from: the deals, the rules that applied to rows, the settings."""

from __future__ import annotations

import datetime as dt

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.record import Record
from hingepoint.connectors import files
from hingepoint.reports.charts import days, numbers
from hingepoint.reports.findings.metric import Metric
from hingepoint.reports.findings.words import in_time, length

#: What the rules that applied to rows are called: the reader's, and those of the analysis itself.
RULES = {rule.key: f"{rule.sentence[:1].upper()}{rule.sentence[1:]}: {rule.does}" for rule in files.RULES} | {
    "duplicate_deal": "A deal is listed twice: the first is used",
    "closed_without_date": "A deal is won or lost without a closing date: left out",
    "unreadable_deal": "A deal has no id, creation date or known status: left out",
    "unreadable_event": "An event has no deal, agreement or date: left out",
    "event_after_close": "An event is after the deal was closed, too late to have caused it: left out",
    "recorded_after_close": "An event was written down after the deal was closed, whatever day it names: left out",
    "event_before_creation": "An event is before the deal was created: counted from its first day",
    "won_without_figures": "A won deal lacks the figures that the metric needs: left out",
}


def data_facts(data: result.Facts) -> tuple[tuple[str, str], ...]:
    decided = (
        f"{numbers.number(data.won)} won, {numbers.number(data.lost)} lost, {numbers.number(data.open)} open"
    )
    return (
        ("Deals", f"{numbers.number(data.deals)}: {decided}"),
        ("Events", numbers.number(data.events)),
        ("Agreement types", numbers.number(data.types)),
        ("Time", f"{_day(data.since)} to {_day(data.until)}" if data.since else "no dates"),
        ("Rows that could not be read", numbers.number(data.bad_rows)),
    )


def _day(day: dt.date | None) -> str:
    if day is None:
        return numbers.MISSING
    return days.told(day)


def rules_applied(data: result.Facts) -> tuple[tuple[str, str], ...]:
    return tuple(
        (RULES.get(rule, rule.replace("_", " ").capitalize()), numbers.number(count))
        for rule, count in data.rules.items()
        if count
    )


#: Settings worth showing, in this order; what was left to the data says so.
_SETTINGS = {
    "covariates": "Further facts known at creation",
    "pivotal": "Size of a set",
    "smallest_effect": "Smallest effect worth having",
    "mechanical": "Marked as part of closing",
    "not_mechanical": "Marked as free choices",
    "negative_controls": "Negative controls",
    "insist": "Known at creation all the same",
    "min_events": "Deals needed on either side",
    "agreement_columns": "Undated columns",
    "seed": "Seed",
    "certificate": "Size of planted levers",
    "data_end": "End of the data",
    "since": "Deals are looked at from",
}


def settings_shown(record: Record, metric: Metric) -> tuple[tuple[str, str], ...]:
    settings = record.settings
    shown = [
        ("Metric", record.metric.name),
        ("Landmarks", ", ".join(in_time(label) for label in record.data.landmarks) or "none"),
        ("Result counted within", length(record.data.horizon) or "not limited"),
    ]
    for name, words in _SETTINGS.items():
        value = settings.get(name)
        if value in (None, [], ()):
            continue
        if name == "pivotal":
            value = f"{value[0]} to {value[1]}"
        elif name == "certificate":
            value = f"{100 * value:g} points"
        elif name == "smallest_effect":
            value = f"{100 * value:g} {'points' if metric.unit == 'points' else '%'}"
        elif isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        shown.append((words, str(value)))
    return (*shown, ("Version of Hingepoint", record.version))
