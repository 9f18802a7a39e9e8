"""A deal in one picture: its stages, its agreements with the day each was needed, and what was asked and given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import days, svg, tables
from hingepoint.reports.charts.days import Days

WIDE, NARROW = 740, 330
TOP, STAGE_HEIGHT = 22, 16
#: From row to row; on a phone the name stands above its row.
PITCH = {WIDE: 22, NARROW: 34}
LEFT = {WIDE: 200, NARROW: 12}
RIGHT = {WIDE: 92, NARROW: 66}
#: How a mark of an agreement is drawn: colour of its tone.
TONES = {
    "good": "good-solid",
    "info": "info-solid",
    "warn": "warn-solid",
    "bad": "bad-solid",
    "plum": "plum-solid",
    "quiet": "quiet-solid",
}
KINDS = ("demand", "concession", "executive", "exception")
KIND_NAMES = {
    "demand": words_of("Demands"),
    "concession": words_of("Concessions"),
    "executive": words_of("Executives"),
    "exception": words_of("Exceptions"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the deal, from the day it was entered."""

    name: str
    since: dt.date


@dataclass(frozen=True, slots=True)
class Step:
    """A step on an agreement: the word of the state it reached, and when."""

    on: dt.date
    word: str


@dataclass(frozen=True, slots=True)
class Row:
    """One agreement. ``word`` is its state in words, drawn in its ``tone`` (of ``TONES``), full where it ``stands``,
    which is since its last step; else it waits until today. ``note`` is said at the end of its row."""

    name: str
    word: str
    tone: str
    stands: bool
    needed_by: dt.date | None = None
    steps: tuple[Step, ...] = ()
    note: str = ""
    late: bool = False

    @property
    def last(self) -> dt.date | None:
        return self.steps[-1].on if self.steps else None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on the deal, of one of ``KINDS``."""

    on: dt.date
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A deal from ``first`` to ``today``, which of a closed deal is its last day; ``ahead`` is the day on which it is
    expected to close."""

    first: dt.date
    today: dt.date
    ahead: dt.date | None = None
    stages: Sequence[Stage] = ()
    rows: Sequence[Row] = ()
    marks: Sequence[Mark] = ()
    over: bool = False


def axis_of(first: dt.date, today: dt.date, ahead: dt.date | None, width: int) -> Days:
    """Return the days along the paper: the same for every picture of one deal that is as wide."""
    return days.days(first, today, ahead, start=LEFT[width], end=width - RIGHT[width])


def draw(shown: Timeline, *, title: str, width: int = WIDE) -> str:
    """Return the picture; ``width`` WIDE for a desk, NARROW for a phone."""
    axis = axis_of(shown.first, shown.today, shown.ahead, width)
    lanes = [kind for kind in KINDS if any(mark.kind == kind for mark in shown.marks)]
    rows_top = TOP + 6 + (STAGE_HEIGHT + 8 if shown.stages else 0)
    bottom = rows_top + PITCH[width] * (len(shown.rows) + len(lanes)) + 4
    body = days.grid(axis, TOP, bottom)
    body += _today(shown, axis, bottom)
    body += _stages(shown, axis, width) if shown.stages else ""
    for place, row in enumerate(shown.rows):
        body += _row(row, shown, axis, rows_top + PITCH[width] * place, width)
    for place, kind in enumerate(lanes, len(shown.rows)):
        found = [mark for mark in shown.marks if mark.kind == kind]
        body += _lane(kind, found, axis, rows_top + PITCH[width] * place, width)
    told = _description(shown)
    return svg.document(width, bottom + 20, body, kind="timeline", title=title, description=told)


def _middle(top: float, width: int) -> float:
    """Return the height at which the marks of a row stand: beside its name, or below it on a phone."""
    return top + PITCH[width] / 2 if width == WIDE else top + PITCH[width] - 9


def _name(words: str, top: float, width: int, *, fill: str = "ink", weight: int = 0, beside: str = "") -> str:
    """Return the name of a row, cut where it has no room; on a phone ``beside`` stands at the end of its line."""
    if width == WIDE:
        return svg.text(LEFT[WIDE] - 12, top + PITCH[WIDE] / 2 + 4, words, size=svg.SMALL, anchor="end", room=LEFT[WIDE] - 18, fill=fill, weight=weight)  # fmt: skip
    return svg.text(
        2,
        top + 11,
        words,
        size=svg.SMALL,
        room=width - 14 - svg.text_width(beside, 10.5),
        fill=fill,
        weight=weight,
    )


def _today(shown: Timeline, axis: Days, bottom: float) -> str:
    at = axis(shown.today)
    body = svg.line(at, TOP - 4, at, bottom + 4, "accent", width=1.6)
    word = "closed" if shown.over else "today"
    body += svg.text(at - 4, bottom + 15, word, size=11, fill="accent", anchor="end", weight=560)
    if shown.ahead and shown.ahead > shown.today and shown.ahead <= axis.last:
        close = axis(shown.ahead)
        body += svg.line(close, TOP, close, bottom + 4, "ink-3", dash="2 3")
        body += svg.text(
            close + 4,
            bottom + 15,
            say("close {ahead}", ahead=days.told_short(shown.ahead)),
            size=11,
            fill="ink-3",
        )
    return body


def _stages(shown: Timeline, axis: Days, width: int) -> str:
    body = ""
    ends = [*(stage.since for stage in shown.stages[1:]), shown.today]
    for place, (stage, end) in enumerate(zip(shown.stages, ends, strict=True)):
        left, room = axis(stage.since), axis(end) - axis(stage.since) - 1.5
        now = place == len(shown.stages) - 1 and not shown.over
        hover = say("{stage} from {since}", stage=stage.name, since=days.told(stage.since))
        body += svg.rect(
            left, TOP + 4, room, STAGE_HEIGHT, "accent" if now else "quiet-soft", radius=3, hover=hover
        )
        if room > svg.text_width(stage.name[:3] + "…", 10.5) + 8:
            fill = "surface" if now else "ink-2"
            body += svg.text(left + 5, TOP + 16, stage.name, size=10.5, fill=fill, room=room - 8)
    if width == WIDE:
        body += svg.text(LEFT[WIDE] - 12, TOP + 16, say("Stage"), size=svg.SMALL, fill="ink-3", anchor="end")
    return body


def _row(row: Row, shown: Timeline, axis: Days, top: float, width: int) -> str:
    """Return an agreement: a thin line up to the day it was needed, a thick one as long as it was or is late."""
    middle = _middle(top, width)
    at = axis(row.last if row.stands and row.last else shown.today)
    needed = axis(row.needed_by) if row.needed_by else None
    body = _name(row.name, top, width, weight=520, beside=row.note)
    body += svg.line(axis.start, middle, at, middle, "line-strong", width=0.8)
    if needed is not None and needed < at:
        body += svg.line(needed, middle, at, middle, "warn-soft" if row.stands else "bad-soft", width=6)
        body += svg.line(needed, middle, at, middle, "warn-solid" if row.stands else "bad-solid", width=1.2)
    for step in row.steps[:-1] if row.stands else row.steps:
        body += svg.circle(axis(step.on), middle, 2.6, "surface", stroke="ink-2", width=1.2, hover=f"{step.word} {days.told(step.on)}")  # fmt: skip
    if row.needed_by and row.needed_by <= axis.last:
        body += svg.line(axis(row.needed_by), middle - 6, axis(row.needed_by), middle + 6, "ink-2", width=1.8)
    ahead = axis(row.needed_by) if row.needed_by and row.needed_by <= axis.last else at
    return body + _state(row, at, middle) + _note(row, max(at, ahead), middle, top, width)


def _state(row: Row, at: float, middle: float) -> str:
    """Return the mark of a state: full where it stands, crossed where it is lost, else a ring with a point."""
    tone = TONES.get(row.tone, "quiet-solid")
    if row.stands:
        tick = svg.polyline(
            [(at - 3, middle), (at - 0.8, middle + 2.4), (at + 3.2, middle - 2.4)], "surface", width=1.6
        )
        return svg.circle(at, middle, 6.2, tone, hover=row.word) + tick
    body = svg.circle(at, middle, 5.6, "surface", stroke=tone, width=1.8, hover=row.word)
    if row.tone == "bad":
        return body + svg.line(at - 2.2, middle - 2.2, at + 2.2, middle + 2.2, tone, width=1.5) + svg.line(at - 2.2, middle + 2.2, at + 2.2, middle - 2.2, tone, width=1.5)  # fmt: skip
    if row.tone == "warn":
        return body + svg.element("path", d=f"M{at:.1f} {middle - 3.6:.1f}a3.6 3.6 0 0 1 0 7.2z", fill=tone)
    return body + (svg.circle(at, middle, 1.9, tone) if row.tone == "info" else "")


def _note(row: Row, at: float, middle: float, top: float, width: int) -> str:
    if not row.note:
        return ""
    fill = "bad" if row.late else "ink-2"
    if width == NARROW:
        return svg.text(width - 2, top + 11, row.note, size=10.5, fill=fill, anchor="end")
    return svg.text(at + 11, middle + 4, row.note, size=10.5, fill=fill, room=width - at - 12)


def _lane(kind: str, marks: Sequence[Mark], axis: Days, top: float, width: int) -> str:
    middle = _middle(top, width)
    body = _name(KIND_NAMES[kind], top, width, fill="ink-3")
    return body + "".join(_shape(mark, axis(mark.on), middle) for mark in marks)


def _shape(mark: Mark, x: float, y: float) -> str:
    """Return the shape of a kind: demands point up, concessions down, executives are squares, exceptions diamonds."""
    hover = f"{mark.words}, {days.told(mark.on)}"
    if mark.kind == "executive":
        return svg.rect(x - 4.5, y - 4.5, 9, 9, "accent", radius=1.5, hover=hover)
    if mark.kind == "exception":
        return svg.diamond(x, y, 6, "plum-solid", hover=hover)
    up = -1 if mark.kind == "demand" else 1
    return svg.triangle(x, y, 5.5 * up, "brass" if up < 0 else "ink-2", hover=hover)


def _description(shown: Timeline) -> str:
    rows = "; ".join(
        f"{row.name}: {row.word.lower()}{f', {row.note}' if row.note else ''}" for row in shown.rows
    )
    counts = ", ".join(
        f"{sum(mark.kind == kind for mark in shown.marks)} {KIND_NAMES[kind].lower()}"
        for kind in KINDS
        if any(mark.kind == kind for mark in shown.marks)
    )
    told = [part for part in (rows, counts) if part]
    return ". ".join(told) + "." if told else say("Nothing is on record yet.")


def table(shown: Timeline) -> tables.Table:
    """Return the same in the order of time: the day, what it is, and in words; first the days of each agreement."""
    rows: list[tuple[dt.date, str, str]] = [(one.since, say("Stage"), one.name) for one in shown.stages]
    rows += [(mark.on, KIND_NAMES[mark.kind][:-1], mark.words) for mark in shown.marks]
    for row in shown.rows:
        rows += [(step.on, row.name, step.word) for step in row.steps]
        rows += [(row.needed_by, row.name, say("Needed by this day"))] if row.needed_by else []
    rows += [(shown.ahead, say("Deal"), say("Expected to close"))] if shown.ahead and not shown.over else []
    rows.append((shown.today, say("Deal"), say("Closed") if shown.over else say("Today")))
    told = [(days.told(day), what, words) for day, what, words in _in_order(rows)]
    return tables.build([(say("Day"), False), (say("What"), False), (say("In words"), False)], told)


def _in_order(rows: Iterable[tuple[dt.date, str, str]]) -> list[tuple[dt.date, str, str]]:
    return sorted(rows, key=lambda row: row[0])
