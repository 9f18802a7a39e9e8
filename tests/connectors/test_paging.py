"""Reading on by seconds: nothing is missed that changes meanwhile, comes late or fills a second."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from hingepoint.connectors.exchange import NotUnderstood
from hingepoint.connectors.paging import Mark, Part, in_turn, read, read_on

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def at(row) -> dt.datetime:
    """A row shows its time to the second only."""
    return row["at"].replace(microsecond=0)


def reading(rows, now, size=3, mark="", between=lambda: None):
    """Return what is read in all pages of one reading, and the mark after it."""

    def ask(held: Mark, size: int):
        found = [row for row in rows if held.since is None or row["at"] >= held.since]
        if held.after is not None:
            end = held.since + dt.timedelta(seconds=1)
            found = [row for row in found if row["at"] < end and row["id"] > held.after]
        key = (lambda row: row["id"]) if held.after is not None else (lambda row: (row["at"], row["id"]))
        return sorted(found, key=key)[:size], now

    found, more = [], True
    while more:
        part = read_on(mark, ask, size=size, at=at)
        found += part.rows
        mark, more = part.mark, part.more
        between()
    return {row["id"]: dict(row) for row in found}, mark


moments = st.lists(st.integers(0, 4_000_000), max_size=25)


@examples(200)
@given(microseconds=moments)
def test_each_row_is_read_however_they_fill_the_seconds(microseconds):
    rows = [
        {"id": f"{n:03}", "at": NOON + dt.timedelta(microseconds=us)} for n, us in enumerate(microseconds)
    ]
    found, _ = reading(rows, NOON + dt.timedelta(minutes=1))
    assert found.keys() == {row["id"] for row in rows}


@examples(200)
@given(microseconds=moments, moved=st.lists(st.integers(0, 24), max_size=8))
def test_what_changes_between_two_pages_is_read_as_it_is_then(microseconds, moved):
    rows = [
        {"id": f"{n:03}", "at": NOON + dt.timedelta(microseconds=us), "v": 0}
        for n, us in enumerate(microseconds)
    ]
    changes = iter(moved)

    def between():
        n = next(changes, None)
        if n is not None and n < len(rows):
            rows[n].update(at=NOON + dt.timedelta(seconds=10 + n), v=1)

    found, mark = reading(rows, NOON + dt.timedelta(minutes=1), between=between)
    again, _ = reading(rows, NOON + dt.timedelta(minutes=2), mark=mark)
    assert {**found, **again} == {row["id"]: row for row in rows}


@examples(100)
@given(microseconds=moments, late=st.integers(0, 299))
def test_a_commit_that_is_late_by_less_than_five_minutes_is_read_by_the_next(microseconds, late):
    rows = [
        {"id": f"{n:03}", "at": NOON + dt.timedelta(microseconds=us)} for n, us in enumerate(microseconds)
    ]
    _, mark = reading(rows, NOON + dt.timedelta(minutes=1))
    newest = max((row["at"] for row in rows), default=NOON).replace(microsecond=0)
    rows.append({"id": "late", "at": newest - dt.timedelta(seconds=late)})
    again, _ = reading(rows, NOON + dt.timedelta(minutes=2), mark=mark)
    assert "late" in again


def test_after_an_hour_of_quiet_nothing_is_read_twice():
    rows = [{"id": f"{n:03}", "at": NOON} for n in range(10)]
    _, mark = reading(rows, NOON)
    again, mark = reading(rows, NOON + dt.timedelta(hours=2), mark=mark)
    assert len(again) == 10
    quiet, after = reading(rows, NOON + dt.timedelta(hours=3), mark=mark)
    assert quiet == {}
    assert after == mark


def test_the_mark_stays_behind_a_clock_that_is_late():
    rows = [{"id": "1", "at": NOON}]
    _, mark = reading(rows, NOON - dt.timedelta(hours=3))
    assert read(mark).since <= NOON - dt.timedelta(hours=3)


def pages_of(many: int):
    """Return a list of its CRM with so many pages of one row, whose number is its mark."""

    def read_page(mark: str) -> Part:
        number = int(mark or 0)
        return Part([{"id": number}], str(number + 1), number + 1 < many, NOON)

    return read_page


PAGE = [{"id": f"{n}", "at": NOON + dt.timedelta(minutes=n)} for n in range(3)]


@pytest.mark.parametrize("rows", [PAGE, PAGE[:1]], ids=["a full page", "the last page"])
def test_the_page_of_an_earlier_question_is_not_believed(rows):
    """As a cache answers that does not look at the whole question: the mark would pass what was never read."""
    asked_since = Mark(since=NOON + dt.timedelta(hours=1)).text()
    with pytest.raises(NotUnderstood, match="a cache or a proxy"):
        read_on(asked_since, lambda mark, size: (rows, NOON), size=3, at=at)


@pytest.mark.parametrize(("early", "taken"), [(0, True), (1, True), (2, False)])
def test_times_that_are_rounded_are_no_older_rows(early, taken):
    rows = [{"id": "1", "at": NOON - dt.timedelta(seconds=early)}]
    asked_since = Mark(since=NOON).text()
    try:
        part = read_on(asked_since, lambda mark, size: (rows, NOON), size=3, at=at)
    except NotUnderstood:
        assert not taken
    else:
        assert taken
        assert part.rows == rows


def test_streams_are_read_one_after_the_other_and_each_keeps_its_mark():
    streams, mark, seen, more = {"a": pages_of(3), "b": pages_of(2)}, "", [], True
    while more:
        parts, mark, more = in_turn(mark, streams)
        seen += [name for name, _ in parts]
    assert seen == ["a", "a", "a", "b", "b"]
    assert json.loads(mark) == {"a": "3", "b": "2", "now": "a"}


@examples(100)
@given(data=st.data())
def test_a_list_that_comes_or_goes_in_mid_reading_stops_nothing(data):
    """An app is taken out of the CRM, or put in, between two pages: what is there is read to its end."""
    many = {"a": 3, "b": 2, "c": 4}
    mark, read_of = "", {name: set() for name in many}
    for _ in range(40):
        there = data.draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(sorted))
        parts, mark, _ = in_turn(mark, {name: pages_of(many[name]) for name in there})
        for name, part in parts:
            read_of[name] |= {row["id"] for row in part.rows}
    more = True
    while more:
        parts, mark, more = in_turn(mark, {name: pages_of(many[name]) for name in many})
        for name, part in parts:
            read_of[name] |= {row["id"] for row in part.rows}
    assert all(set(range(many[name])) <= rows for name, rows in read_of.items())


@pytest.mark.parametrize(
    "kept",
    ["not JSON", '"2026-03-01"', '{"from": "2026-03-01T00:00:00+00:00"}', '{"since": "spring"}', "[1]"],
)
def test_a_mark_that_another_version_wrote_reads_everything_once_more(kept):
    assert read(kept) == read("") == Mark()
