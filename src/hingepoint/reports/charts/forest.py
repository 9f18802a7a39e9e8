"""Forest plot: the effect of each agreement type with its interval, grade and number of deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from hingepoint.records.findings import HARMFUL, Grade
from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, ROW, TOP = 920, 30, 44
LABEL, GRADE, PLOT_FROM, PLOT_TO, EFFECT, DEALS = 8, 262, 372, 646, 824, 912


@dataclass(frozen=True, slots=True)
class Row:
    """One agreement type: ``effect`` with its interval ``low..high`` in the metric's own unit
    (shares for points), ``grade`` as in records.Grade, ``gained`` deals that gained it."""

    label: str
    effect: float
    low: float
    high: float
    grade: str
    gained: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Excluded:
    """An agreement type left out, and why in a few words."""

    label: str
    reason: str


#: The column of grades is narrow.
_GRADE_WORDS = dict(Grade.choices) | {Grade.NONE: words_of("Not enough")}
_TONES = {"strong": "good-solid", "moderate": "info-solid", "weak": "warn-solid", "none": "quiet-solid"}


def draw(
    rows: Sequence[Row],
    *,
    metric: str,
    unit: str = "points",
    better: str = "higher",
    smallest: float = 0.0,
    excluded: Sequence[Excluded] = (),
) -> str:
    """Return the plot. ``smallest`` is the smallest worthwhile effect, drawn as a band around none;
    ``better`` says which direction serves the metric: the other one, when sure, is harmful."""
    bottom = TOP + ROW * len(rows)
    axis = _axis(rows, smallest)
    body = [
        _heads(unit, bottom, axis, smallest),
        *(_row(row, TOP + i * ROW, axis, unit, better) for i, row in enumerate(rows)),
    ]
    body.append(_foot(bottom, axis, metric, unit, better, smallest))
    height = bottom + 58
    if excluded:
        body.append(_excluded(excluded, height))
        height += 34 + 20 * len(excluded)
    return svg.document(
        WIDTH,
        height,
        "".join(body),
        kind="forest",
        title=say("Effect of each agreement on {metric}", metric=metric),
        description=_description(rows, better),
    )


def table(
    rows: Sequence[Row], *, unit: str = "points", better: str = "higher", excluded: Sequence[Excluded] = ()
) -> tables.Table:
    """Return the same numbers, the excluded types last with their reason."""
    lines = [
        (
            row.label,
            numbers.effect(row.effect, unit),
            numbers.interval(row.low, row.high, unit),
            grade_word(row, better),
            numbers.number(row.gained),
        )
        for row in rows
    ]
    lines += [
        (
            item.label,
            numbers.MISSING,
            numbers.MISSING,
            say("Excluded: {reason}", reason=item.reason),
            numbers.MISSING,
        )
        for item in excluded
    ]
    return tables.build(
        [
            (say("Agreement"), False),
            (say("Effect"), True),
            (say("Likely"), True),
            (say("Evidence"), False),
            (say("Deals with it"), True),
        ],
        lines,
    )


def is_harmful(row: Row, better: str) -> bool:
    against = row.effect < 0 if better == "higher" else row.effect > 0
    return against and row.grade in ("strong", "moderate")


def grade_word(row: Row, better: str) -> str:
    return HARMFUL if is_harmful(row, better) else _GRADE_WORDS.get(row.grade, row.grade)


def _axis(rows: Sequence[Row], smallest: float) -> scale.Scale:
    """The axis covers every effect, and intervals up to twice as far as the largest effect; a wild
    interval is cut with an arrow rather than squeezing all others together."""
    reach = 2.2 * max([abs(row.effect) for row in rows] + [smallest * 1.5, 1e-9])
    ends = [min(max(end, -reach), reach) for row in rows for end in (row.low, row.high)]
    return scale.nice(ends, PLOT_FROM, PLOT_TO, about=5, include=(0.0, smallest, -smallest))


def _heads(unit: str, bottom: int, axis: scale.Scale, smallest: float) -> str:
    head = partial(svg.text, size=svg.SMALL, fill="ink-3")
    parts = [
        head(LABEL, 24, say("Agreement")),
        head(GRADE, 24, say("Evidence")),
        head(EFFECT, 24, say("Effect, {unit} (likely)", unit=unit), anchor="end"),
        head(DEALS, 24, say("Deals with it"), anchor="end"),
    ]
    if smallest:
        parts.append(
            svg.rect(
                axis(-smallest), TOP - 8, axis(smallest) - axis(-smallest), bottom - TOP + 8, "quiet-soft"
            )
        )
    parts += [svg.line(0, y, WIDTH, y, "line-soft") for y in range(TOP + ROW, bottom + 1, ROW)]
    parts += [
        svg.line(axis(t), TOP - 8, axis(t), bottom, "line-soft") for t in axis.ticks() if abs(t) > 1e-12
    ]
    parts += [
        svg.line(0, TOP - 8, WIDTH, TOP - 8, "line"),
        svg.line(axis(0), TOP - 8, axis(0), bottom + 4, "ink-3"),
    ]
    return "".join(parts)


def _row(row: Row, top: float, axis: scale.Scale, unit: str, better: str) -> str:
    middle = top + ROW / 2
    base = middle + 4.3
    harmful = is_harmful(row, better)
    tone = "bad-solid" if harmful else _TONES.get(row.grade, "quiet-solid")
    words = f"{numbers.effect_bare(row.effect, unit)}  ({_bare_interval(row, unit)})"
    faint = "ink-3" if row.grade == "none" else "ink"
    label = svg.text(
        LABEL,
        base,
        row.label,
        fill=faint,
        weight=520 if row.grade in ("strong", "moderate") else 0,
        room=GRADE - LABEL - 14,
    )
    return "".join(
        [
            svg.link(row.url, label),
            _grade_mark(row.grade, harmful, tone, middle),
            svg.text(GRADE + 17, base, grade_word(row, better), fill="bad" if harmful else "ink-2", size=12),
            _whisker(row, axis, middle, tone),
            _marker(row, axis(row.effect), middle, tone, harmful),
            svg.text(EFFECT, base, words, anchor="end", fill=faint, size=12, room=EFFECT - PLOT_TO - 8),
            svg.text(DEALS, base, numbers.number(row.gained), anchor="end", fill="ink-2", size=12),
        ]
    )


def _bare_interval(row: Row, unit: str) -> str:
    return say(
        "{low} to {high}", low=numbers.effect_bare(row.low, unit), high=numbers.effect_bare(row.high, unit)
    )


def _grade_mark(grade: str, harmful: bool, tone: str, middle: float) -> str:
    """Three rising bars, filled as far as the evidence goes; a triangle for harm."""
    if harmful:
        return _triangle(GRADE + 5.5, middle, 6, tone)
    level = {"strong": 3, "moderate": 2, "weak": 1}.get(grade, 0)
    bars = []
    for i in range(3):
        height = 4 + 3 * i if i < level else 1.6
        bars.append(svg.rect(GRADE + i * 4, middle + 5 - height, 3, height, tone, radius=0.8))
    return "".join(bars)


def _whisker(row: Row, axis: scale.Scale, y: float, tone: str) -> str:
    width = 1.4 if row.grade == "none" else 2.2
    low, high = axis(row.low), axis(row.high)
    parts = [svg.line(low, y, high, y, tone, width=width, cap="round")]
    if row.low < axis.low - 1e-12:
        parts.append(svg.polyline([(low + 5, y - 4), (low, y), (low + 5, y + 4)], tone, width=width))
    if row.high > axis.high + 1e-12:
        parts.append(svg.polyline([(high - 5, y - 4), (high, y), (high - 5, y + 4)], tone, width=width))
    return "".join(parts)


def _marker(row: Row, x: float, y: float, tone: str, harmful: bool) -> str:
    """A triangle warns, a full square is sure, a hollow one is not."""
    if harmful:
        return _triangle(x, y, 6.5, tone)
    if row.grade in ("strong", "moderate"):
        side = 10 if row.grade == "strong" else 8
        return svg.rect(x - side / 2, y - side / 2, side, side, tone, radius=1.5)
    return svg.circle(x, y, 3.6, "surface", stroke=tone, width=1.6)


def _triangle(x: float, y: float, radius: float, tone: str) -> str:
    return svg.area([(x, y - radius), (x + radius, y + radius * 0.8), (x - radius, y + radius * 0.8)], tone)


def _foot(bottom: float, axis: scale.Scale, metric: str, unit: str, better: str, smallest: float) -> str:
    ticks = axis.ticks()
    parts = [
        svg.text(
            axis(t),
            bottom + 18,
            numbers.tick(t, unit, axis.step),
            size=svg.SMALL,
            fill="ink-3",
            anchor="middle",
        )
        for t in ticks
    ]
    worse, good = ("← worse", "better →") if better == "higher" else ("← better", "worse →")
    parts += [
        svg.text(PLOT_FROM, bottom + 36, worse, size=svg.SMALL, fill="ink-3"),
        svg.text(PLOT_TO, bottom + 36, good, size=svg.SMALL, fill="ink-3", anchor="end"),
    ]
    if smallest:
        words = say(
            "Grey band: less than {value}, too small to matter",
            value=numbers.effect(smallest, unit).lstrip("+"),
        )
        parts += [svg.text(LABEL, bottom + 18, words, size=svg.SMALL, fill="ink-3", room=PLOT_FROM - 30)]
    parts.append(
        svg.text(
            WIDTH - 8,
            bottom + 36,
            say("Change per deal that gains it"),
            size=svg.SMALL,
            fill="ink-3",
            anchor="end",
            room=WIDTH - PLOT_TO - 30,
        )
    )
    return "".join(parts)


def _excluded(excluded: Sequence[Excluded], top: float) -> str:
    parts = [
        svg.text(LABEL, top + 14, say("Left out of the comparison"), size=svg.SMALL, fill="ink-3", weight=520)
    ]
    for i, item in enumerate(excluded):
        y = top + 36 + i * 20
        parts.append(svg.text(LABEL, y, item.label, size=12, fill="ink-2", room=GRADE - LABEL - 14))
        parts.append(svg.text(GRADE, y, item.reason, size=12, fill="ink-3", room=WIDTH - GRADE - 8))
    return "".join(parts)


def _description(rows: Sequence[Row], better: str) -> str:
    sure = [row.label for row in rows if row.grade in ("strong", "moderate") and not is_harmful(row, better)]
    harm = [row.label for row in rows if is_harmful(row, better)]
    parts = [say("{rows} compared.", rows=numbers.plural(len(rows), "agreement"))]
    parts.append(say("Clear effect: {sure}.", sure=", ".join(sure)) if sure else say("No clear effect."))
    if harm:
        parts.append(say("Harmful: {harm}.", harm=", ".join(harm)))
    return " ".join(parts)
