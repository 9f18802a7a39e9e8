"""The ten signals as a machine reads them: one object, and tables of their places, points and deals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from hingepoint import __version__
from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.shape import Driver, Lacked, Reading, Report, Told


def record(report: Report) -> dict[str, Any]:
    """Return the report as one object for JSON; days are ISO texts, numbers have six digits that count."""
    return {
        "as_of": str(report.as_of),
        "period": report.period,
        "budget": {"charts": report.charts, "false_raises_a_quarter": 1},
        "signals": [_signal(told) for told in report.signals],
    }


def _signal(told: Told) -> dict[str, Any]:
    signal, leading, shown = told.signal, told.leading, told.would_have_shown
    return {
        "signal": signal.number,
        "key": signal.key,
        "name": signal.name,
        "state": str(told.state),
        **_numbers(leading),
        "unit": signal.unit,
        "worse": signal.worse,
        "places": [_place(one) for one in told.places],
        "unjudged": [
            {"level": one.place.level, "name": one.place.name, "units": one.units, "periods": one.periods}
            for one in told.unjudged
        ],
        "deals": list(told.deals),
        "drivers": [_driver(one) for one in told.drivers],
        "lacked": [_lacked(one) for one in told.lacked],
        "question": told.question,
        "needs": told.needs,
        "silent_since": _day(told.silent_since),
        "would_have_shown": shown
        and {"change": shown.change, "since": str(shown.since), "chance": shown.chance},
    }


def _numbers(one: Reading | None) -> dict[str, Any]:
    """Return the numbers of a place; of none, all of them empty."""
    if one is None:
        return dict.fromkeys(("reading", "baseline", "ci", "since", "since_ci", "seen", "size", "size_ci"))
    return {
        "reading": _number(one.reading),
        "baseline": _number(one.baseline),
        "ci": _pair(one.ci),
        "since": _day(one.since),
        "since_ci": [_day(one.earliest), _day(one.latest)] if one.since else None,
        "seen": _day(one.seen),
        "size": _number(one.size),
        "size_ci": _pair(one.size_ci),
    }


def _place(one: Reading) -> dict[str, Any]:
    return {
        "level": one.place.level,
        "name": one.place.name,
        "state": str(one.state),
        **_numbers(one),
        "deals": one.behind,
        "because_of": one.because_of and {"level": one.because_of.level, "name": one.because_of.name},
        "apart": one.apart,
        "trial_until": _day(one.trial_until),
    }


def _driver(one: Driver) -> dict[str, Any]:
    said = {"words": one.words, "unit": one.unit, "currency": one.currency or None}
    return said | {"before": _number(one.before), "since": _number(one.since)}


def _lacked(one: Lacked) -> dict[str, Any]:
    def counted(count: tuple[int, int]) -> dict[str, int]:
        return {"lacked": count[0], "deals": count[1]}

    return {
        "agreement": one.agreement,
        "behind": counted(one.behind),
        "kept": counted(one.kept),
        "more": _number(one.more),
        "ci": _pair(one.ci),
        "surely": one.surely,
    }


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _pair(pair: tuple[float, float] | None) -> list[float | None] | None:
    return None if pair is None else [_number(one) for one in pair]


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def write(folder: Path, report: Report) -> list[Path]:
    """Write signals.json, places.csv, points.csv and deals.csv into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"schema": 1, "version": __version__, **record(report)}
    paths = [folder / name for name in ("signals.json", "places.csv", "points.csv", "deals.csv")]
    paths[0].write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")
    for path, table in zip(paths[1:], (places(report), points(report), deals(report)), strict=True):
        table.write_csv(path)
    return paths


def places(report: Report) -> pl.DataFrame:
    """Return a row for each place of each signal."""
    rows = [
        {"signal": told.signal.number, "key": told.signal.key}
        | {name: _flat(value) for name, value in _place(one).items() if name != "because_of"}
        for told in report.signals
        for one in told.places
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _flat(value: Any) -> Any:
    return " to ".join(str(one) for one in value) if isinstance(value, list) else value


def points(report: Report) -> pl.DataFrame:
    """Return a row for each period of each place: what was counted, what was usual, and the chart with its limits."""
    calendar = Calendar("week" if report.period == "week" else "month", report.as_of)
    rows = [row for told in report.signals for one in told.places for row in _points(told, one, calendar)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _points(told: Told, one: Reading, calendar: Calendar) -> list[dict[str, Any]]:
    series, chart = one.series, one.chart
    assert series is not None  # every place has one
    found = []
    for place in range(len(series.counts)):
        if told.signal.least and series.counts[place] < told.signal.least:
            continue  # so few answers would tell whose they are
        after = place - series.baseline
        row = {"signal": told.signal.number, "level": one.place.level, "name": one.place.name}
        row |= {"period": calendar.start(series.first + place), "count": series.counts[place]}
        row |= {"total": _number(series.totals[place]), "usual": _number(series.usual[place])}
        row |= {"score": _number(series.scores[place]), "in_baseline": after < 0}
        charted = chart if chart is not None and after >= 0 else None
        row |= {name: charted and _number(getattr(charted, name)[after]) for name in ("line", "low", "high")}
        found.append(row | {"raised": bool(charted is not None and charted.raised[after])})
    return found


def deals(report: Report) -> pl.DataFrame:
    """Return the deals behind what is raised, the plainest first."""
    rows = [
        (told.signal.number, one.place.level, one.place.name, deal)
        for told in report.signals
        for one in told.places
        for deal in one.deals
    ]
    names = {"signal": pl.Int64, "level": pl.String, "name": pl.String, "deal_id": pl.String}
    return pl.DataFrame(rows, schema=names, orient="row")
