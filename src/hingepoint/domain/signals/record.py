"""A report of the signals as it is kept: plain JSON of a numbered schema, and the same report back.

``stored`` makes the JSON, ``opened`` a report again from what any version has stored, so that a page of a past day
draws what was told then. Numbers are kept as they are; one that is not known is null, and what a place has nothing to say of
is left out: thousands of calm accounts would say it thousands of times. What is drawn is kept of the
company, of teams, of managers and of all that is raised or watched: a large company has thousands of calm accounts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

import numpy as np

from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import (
    Driver,
    Earlier,
    Floats,
    Lacked,
    Place,
    Reading,
    Report,
    Rules,
    Series,
    Signal,
    State,
    Told,
    Unjudged,
    WouldHaveShown,
)
from hingepoint.analysis.spc.baseline import Baseline
from hingepoint.analysis.spc.charts import Chart
from hingepoint.records.errors import Refused

#: Of what is stored. One more whenever its meaning changes, and a step in ``UPGRADES`` from the one before.
SCHEMA = 3

#: So many reports are held opened.
HELD = 2

Json = Mapping[str, Any]


def _without_certificates(kept: Json) -> Json:
    """Make a report of schema 1, whose places did not say what they would have shown, one of schema 2."""
    signals = [
        {**told, "places": [{**one, "certificate": []} for one in told["places"]]} for told in kept["signals"]
    ]
    return {**kept, "schema": 2, "signals": signals}


def _without_earlier_rules(kept: Json) -> Json:
    """Make a report of schema 2, which ended a series with its rules and forgot it, one of schema 3."""
    return {**kept, "schema": 3, "signals": [{**told, "rules": []} for told in kept["signals"]]}


#: What makes a report of each schema one of the next.
UPGRADES: dict[int, Callable[[Json], Json]] = {1: _without_certificates, 2: _without_earlier_rules}


class NewerReport(Refused):
    """A report was stored by a later version of the program than this one."""


def stored(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON; of a company of 140 sellers about 700 kB."""
    return {
        "schema": SCHEMA,
        "as_of": str(report.as_of),
        "period": report.period,
        "charts": report.charts,
        "limit": report.limit,
        "signals": [_told(one) for one in report.signals],
    }


def opened(kept: Json) -> Report:
    """Return the report that any version has stored. Raises NewerReport for one of a later version.

    A signal that this version does not know is left out.
    """
    kept = upgraded(kept)
    return Report(
        as_of=dt.date.fromisoformat(kept["as_of"]),
        period=kept["period"],
        charts=kept["charts"],
        limit=kept["limit"],
        signals=tuple(_told_again(one) for one in kept["signals"] if one["key"] in SIGNALS),
    )


def opened_text(text: str, *, only: str = "") -> Report:
    """Return the same from the text of a report, with one signal where ``only`` names its key.

    The last few are held opened, by their text: every page asks for the newest, and to read megabytes and to open them costs
    a tenth of a second each.
    """
    report = _opened_text(text)
    if not only:
        return report
    return replace(report, signals=tuple(one for one in report.signals if one.signal.key == only))


@lru_cache(maxsize=HELD)
def _opened_text(text: str) -> Report:
    return opened(json.loads(text))


def upgraded(kept: Json) -> Json:
    """Return what was stored in the form of this version, one step after another."""
    if kept["schema"] > SCHEMA:
        raise NewerReport(
            f"These signals were stored by a later version of Hingepoint (schema {kept['schema']}, the last one "
            f"known here is {SCHEMA}). Open them with that version."
        )
    for number in range(kept["schema"], SCHEMA):
        kept = UPGRADES[number](kept)
    return kept


# ---- a signal ----


def _told(told: Told) -> dict[str, Any]:
    return {
        "key": told.signal.key,
        "second": told.signal is not SIGNALS[told.signal.key],
        "state": str(told.state),
        "places": [_reading(one) for one in told.places],
        "question": told.question,
        "needs": told.needs,
        "drivers": [asdict(one) for one in told.drivers],
        "lacked": [asdict(one) for one in told.lacked],
        "would_have_shown": told.would_have_shown and _would(told.would_have_shown),
        "silent_since": _day(told.silent_since),
        "rules": [_plain(asdict(one)) for one in told.rules],
        "unjudged": [asdict(one) for one in told.unjudged],
    }


def _told_again(kept: Json) -> Told:
    return Told(
        signal=_signal(kept),
        state=State(kept["state"]),
        places=tuple(_reading_again(one) for one in kept["places"]),
        question=kept["question"],
        needs=kept["needs"],
        drivers=tuple(Driver(**one) for one in kept["drivers"]),
        lacked=tuple(_lacked_again(one) for one in kept.get("lacked", ())),
        would_have_shown=kept["would_have_shown"] and _would_again(kept["would_have_shown"]),
        silent_since=_date(kept["silent_since"]),
        rules=tuple(_rules_again(one) for one in kept["rules"]),
        unjudged=tuple(
            Unjudged(Place(**one["place"]), one["units"], one["periods"]) for one in kept.get("unjudged", ())
        ),
    )


def _lacked_again(kept: Json) -> Lacked:
    pairs = {name: tuple(kept[name]) for name in ("behind", "kept", "ci")}
    return Lacked(**{**kept, **pairs})


def _rules_again(kept: Json) -> Rules:
    return Rules(dt.date.fromisoformat(kept["since"]), kept["version"], kept.get("reason", ""))


def _would(shown: WouldHaveShown) -> dict[str, Any]:
    return _plain(asdict(shown))


def _would_again(kept: Json) -> WouldHaveShown:
    return WouldHaveShown(kept["change"], dt.date.fromisoformat(kept["since"]), kept["chance"])


def _signal(kept: Json) -> Signal:
    signal = SIGNALS[kept["key"]]
    return signal.second if kept["second"] and signal.second else signal


# ---- a place ----

#: The parts of a reading that are days, and those that are plain already.
_DAYS = ("since", "earliest", "latest", "seen", "trial_until")
_PLAIN = ("reading", "baseline", "size", "apart")
_DRAWN_LEVELS = ("company", "team", "manager")


def _reading(one: Reading) -> dict[str, Any]:
    parts = {
        "place": asdict(one.place),
        "state": str(one.state),
        **{name: getattr(one, name) for name in _PLAIN},
        **{name: _day(getattr(one, name)) for name in _DAYS},
        "ci": one.ci and list(one.ci),
        "size_ci": one.size_ci and list(one.size_ci),
        "deals": list(one.deals),
        "unlisted": one.unlisted or None,
        "because_of": one.because_of and asdict(one.because_of),
        "certificate": [_would(each) for each in one.certificate],
        **_drawn(one),
    }
    return {
        name: value
        for name, value in parts.items()
        if value is not None and value is not False and value != []
    }


#: What a place says that was left out.
_UNSAID: dict[str, Any] = (
    dict.fromkeys([*_PLAIN, *_DAYS, "ci", "size_ci", "because_of", "series", "chart"])
    | dict.fromkeys(["deals", "certificate", "earlier"], ())
    | {"apart": False, "unlisted": 0}
)


def _drawn(one: Reading) -> dict[str, Any]:
    """Return the series and the chart of a place, none where nobody looks at them."""
    if one.place.level not in _DRAWN_LEVELS and one.state not in (State.RAISED, State.WATCH):
        return {"series": None, "chart": None, "earlier": []}
    return {
        **_followed(one),
        "earlier": [_followed(each) for each in one.earlier],
    }


def _followed(one: Reading | Earlier) -> dict[str, Any]:
    return {"series": one.series and _series(one.series), "chart": one.chart and _chart(one.chart)}


def _earlier_again(place: Place, kept: Json) -> Earlier:
    series = _series_again(place, kept["series"])
    return Earlier(series, kept["chart"] and _chart_again(kept["chart"], series))


def _reading_again(kept: Json) -> Reading:
    kept = _UNSAID | dict(kept)
    place = Place(**kept["place"])
    series = kept["series"] and _series_again(place, kept["series"])
    parts: dict[str, Any] = {name: kept[name] for name in _PLAIN}
    parts |= {name: _date(kept[name]) for name in _DAYS}
    return Reading(
        place=place,
        state=State(kept["state"]),
        **parts,
        ci=kept["ci"] and tuple(kept["ci"]),
        size_ci=kept["size_ci"] and tuple(kept["size_ci"]),
        deals=tuple(kept["deals"]),
        unlisted=kept["unlisted"],
        because_of=kept["because_of"] and Place(**kept["because_of"]),
        certificate=tuple(_would_again(each) for each in kept["certificate"]),
        series=series,
        chart=kept["chart"] and _chart_again(kept["chart"], series),
        earlier=tuple(_earlier_again(place, each) for each in kept["earlier"]),
    )


# ---- what is drawn ----

_OF_SERIES = ("counts", "totals", "usual", "scores")
_OF_CHART = ("line", "low", "high")
_FLAGS = ("outside", "raised")
_HOW = ("weight", "limit", "side")


def _series(series: Series) -> dict[str, Any]:
    arrays = {name: _numbers(getattr(series, name)) for name in _OF_SERIES}
    return {"first": int(series.first), "baseline": int(series.baseline), **arrays}


def _series_again(place: Place, kept: Json) -> Series:
    arrays = {name: _array(kept[name]) for name in _OF_SERIES}
    return Series(place, kept["first"], baseline=kept["baseline"], **arrays)


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "baseline": _plain(asdict(chart.baseline)),
        **{name: _numbers(getattr(chart, name)) for name in _OF_CHART},
        **{name: [int(flag) for flag in getattr(chart, name)] for name in _FLAGS},
        **{name: getattr(chart, name) for name in _HOW},
    }


def _chart_again(kept: Json, series: Series) -> Chart:
    """Return a chart with its values, which are the scores after the baseline of its series."""
    parts: dict[str, Any] = {name: kept[name] for name in _HOW}
    parts |= {name: _array(kept[name]) for name in _OF_CHART}
    parts |= {name: np.array(kept[name], bool) for name in _FLAGS}
    return Chart(
        baseline=Baseline(**kept["baseline"]),
        values=series.scores[series.baseline :],
        **parts,
    )


# ---- values ----


def _numbers(values: Floats) -> list[float | None]:
    """Return an array for JSON: whole numbers short, null for what is not known."""
    return [_number(float(value)) for value in values]


def _number(value: float) -> float | None:
    if not np.isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _array(values: list[float | None]) -> Floats:
    array = np.array(values, np.float64)  # null becomes NaN
    array.flags.writeable = False  # more than one page may draw it
    return array


def _plain(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, dt.date) else value for name, value in parts.items()}


def _day(day: dt.date | None) -> str | None:
    return None if day is None else str(day)


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
