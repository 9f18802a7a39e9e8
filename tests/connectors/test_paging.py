"""Reading on by seconds: nothing is missed that changes meanwhile, comes late or fills a second."""

from __future__ import annotations

import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from hingepoint.connectors.paging import Part, Slice, next_parts, read_on

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def at(row) -> dt.datetime:
    """A row shows its time to the second only."""
    return row["at"].replace(microsecond=0)


def reading(rows, now, size=3, state=None, between=lambda: None):
    """Return what is read in all pages of one reading, and the state after it."""

    def ask(slice: Slice, size: int):
        found = [row for row in rows if slice.since is None or row["at"] >= slice.since]
        if slice.after is not None:
            end = slice.since + dt.timedelta(seconds=1)
            found = [row for row in found if row["at"] < end and row["id"] > slice.after]
        key = (lambda row: row["id"]) if slice.after is not None else (lambda row: (row["at"], row["id"]))
        return sorted(found, key=key)[:size], now

    read, state, more = [], state or {}, True
    while more:
        part = read_on(state, ask, size=size, at=at)
        read += part.rows
        state, more = json.loads(json.dumps(part.state)), part.more
        between()
    return {row["id"]: dict(row) for row in read}, state


moments = st.lists(st.integers(0, 4_000_000), max_size=25)


@examples(200)
@given(microseconds=moments)
def test_each_row_is_read_however_they_fill_the_seconds(microseconds):
    rows = [
        {"id": f"{n:03}", "at": NOON + dt.timedelta(microseconds=us)} for n, us in enumerate(microseconds)
    ]
    read, _ = reading(rows, NOON + dt.timedelta(minutes=1))
    assert read.keys() == {row["id"] for row in rows}


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

    read, state = reading(rows, NOON + dt.timedelta(minutes=1), between=between)
    again, _ = reading(rows, NOON + dt.timedelta(minutes=2), state=state)
    assert {**read, **again} == {row["id"]: row for row in rows}


@examples(100)
@given(microseconds=moments, late=st.integers(0, 299))
def test_a_commit_that_is_late_by_less_than_five_minutes_is_read_by_the_next(microseconds, late):
    rows = [
        {"id": f"{n:03}", "at": NOON + dt.timedelta(microseconds=us)} for n, us in enumerate(microseconds)
    ]
    _, state = reading(rows, NOON + dt.timedelta(minutes=1))
    newest = max((row["at"] for row in rows), default=NOON).replace(microsecond=0)
    rows.append({"id": "late", "at": newest - dt.timedelta(seconds=late)})
    again, _ = reading(rows, NOON + dt.timedelta(minutes=2), state=state)
    assert "late" in again


def test_after_an_hour_of_quiet_nothing_is_read_twice():
    rows = [{"id": f"{n:03}", "at": NOON} for n in range(10)]
    _, state = reading(rows, NOON)
    again, state = reading(rows, NOON + dt.timedelta(hours=2), state=state)
    assert len(again) == 10
    quiet, after = reading(rows, NOON + dt.timedelta(hours=3), state=state)
    assert quiet == {}
    assert after == state


def test_the_mark_stays_behind_a_clock_that_is_late():
    rows = [{"id": "1", "at": NOON}]
    _, state = reading(rows, NOON - dt.timedelta(hours=3))
    assert dt.datetime.fromisoformat(state["t"]) <= NOON - dt.timedelta(hours=3)


def test_streams_are_read_one_after_the_other_and_each_keeps_its_state():
    def stream(pages):
        def read(state):
            number = state.get("n", 0)
            return Part([{"id": number}], {"n": number + 1}, number + 1 < pages, NOON)

        return read

    streams, mark, seen = {"a": stream(3), "b": stream(2)}, "", []
    more = True
    while more:
        parts, mark, more = next_parts(mark, streams)
        seen += [name for name, _ in parts]
    assert seen == ["a", "a", "a", "b", "b"]
    assert json.loads(mark)["now"] == "a"
