"""The ten signals kept day by day: readings, raises that begin and end, who may see and answer them."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.engine.facts import from_log
from hingepoint.analysis.signals.shape import Driver, Place, State, WouldHaveShown
from hingepoint.demo import calm
from hingepoint.domain.signals import record
from raising import DAY, reading, report
from same import same


def again(told):
    """Return a report after it was kept as JSON."""
    return record.opened(json.loads(json.dumps(record.stored(told), allow_nan=False)))


@pytest.fixture(scope="module")
def whole():
    """A report of a company whose Team 3 asks for more exceptions since July 2025."""
    drift = calm.Drift(2, "Team 3", dt.date(2025, 7, 1), 0.35)
    made = calm.company(np.random.default_rng(1), sellers=60, years=4, drift=drift)
    facts = from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    return engine.read(facts, rng=np.random.default_rng(1))


class TestRecord:
    def test_a_report_comes_back_as_it_was_told(self, whole):
        kept = again(whole)
        assert [told.state for told in kept.signals] == [told.state for told in whole.signals]
        for told, was in zip(kept.signals, whole.signals, strict=True):
            for one, before in zip(told.places, was.places, strict=True):
                if one.series is not None or before.place.level in ("company", "team", "manager"):
                    assert same(one, before), (told.signal.key, one.place)

    def test_what_nobody_looks_at_is_not_drawn_again(self):
        calm_one, watched = Place("account", "ACME"), Place("account", "BELL")
        rows = {"account_margins": (reading(calm_one), reading(watched, State.WATCH))}
        _, calm_again, watched_again = again(report(DAY, rows)).signals[0].places
        assert (calm_again.reading, calm_again.series, calm_again.chart) == (0.3, None, None)
        assert same(watched_again, reading(watched, State.WATCH))

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_any_report_comes_back(self, data):
        told = data.draw(reports())
        assert same(again(told), told)

    def test_a_report_of_a_later_version_is_refused_in_words(self):
        kept = record.stored(report(DAY)) | {"schema": record.SCHEMA + 1}
        with pytest.raises(record.NewerReport, match="by a later version of Hingepoint"):
            record.opened(kept)

    def test_a_signal_that_is_no_more_is_left_out(self):
        kept = record.stored(report(DAY))
        kept["signals"][0]["key"] = "gut_feeling"
        assert [one.signal.number for one in record.opened(kept).signals] == list(range(2, 11))

    def test_the_second_way_to_read_a_signal_is_kept(self):
        tenth = SIGNALS["shrinking_contracts"].second
        (told,) = (one for one in report(DAY).signals if one.signal.number == 10)
        whole = report(DAY)
        second = (*whole.signals[:9], type(told)(tenth, told.state, told.places))
        kept = again(type(whole)(whole.as_of, whole.period, whole.charts, whole.limit, second))
        assert kept.signals[9].signal.unit == tenth.unit != SIGNALS["shrinking_contracts"].unit


days = st.none() | st.dates()
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
pairs = st.none() | st.tuples(st.floats(-1, 1), st.floats(-1, 1))
places = st.builds(Place, st.sampled_from(["company", "team", "manager"]), st.text(max_size=8))


@st.composite
def readings(draw):
    """Any place: with days and numbers or without, and a chart in which some points are not known."""
    base = reading(draw(places))
    scores = np.array(draw(st.lists(st.floats(-9, 9) | st.just(np.nan), min_size=18, max_size=18)))
    series = type(base.series)(
        base.place,
        draw(st.integers(0, 700)),
        np.ceil(np.abs(np.nan_to_num(scores))),
        scores,
        scores / 3,
        scores,
        12,
    )
    chart = engine.charting.charts.follow(
        scores[12:], baseline=base.chart.baseline, limit=2.5, weight=0.2, side=1
    )
    return reading(
        base.place, draw(st.sampled_from(State)), reading=draw(numbers), baseline=draw(numbers), ci=draw(pairs),
        since=draw(days), earliest=draw(days), latest=draw(days), seen=draw(days), size=draw(numbers), size_ci=draw(pairs),
        deals=tuple(draw(st.lists(st.text(max_size=5), max_size=3))), trial_until=draw(days), apart=draw(st.booleans()),
        because_of=draw(st.none() | places), series=series, chart=draw(st.sampled_from([chart, None])),
    )  # fmt: skip


@st.composite
def reports(draw):
    whole = report(DAY, {"exceptions": tuple(draw(st.lists(readings(), max_size=3)))})
    second = whole.signals[1]
    drivers = draw(
        st.lists(st.builds(Driver, st.text(max_size=5), st.just("share"), numbers, numbers), max_size=2)
    )
    shown = st.none() | st.builds(WouldHaveShown, st.floats(-1, 1), st.dates(), st.floats(0, 1))
    second = type(second)(
        second.signal, second.state, second.places, "Why?", "More.", tuple(drivers), draw(shown), draw(days)
    )
    return type(whole)(whole.as_of, "week", 3, 2.5, (whole.signals[0], second, *whole.signals[2:]))
