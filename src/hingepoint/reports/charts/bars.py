"""Bars: one number a row with its interval, against a target if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, ROW, LEFT, RIGHT, TOP = 640, 30, 190, 520, 26


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: ``value`` with its interval if known, on ``n`` cases. ``tone`` names a palette colour."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    tone: str = "accent"
    url: str = ""


def draw(bars: Sequence[Bar], *, title: str, unit: str = "share", target: float | None = None) -> str:
    """Return the bars from zero; the interval is a thin line over the bar's end."""
    ends = [v for b in bars for v in (b.value, b.low, b.high) if v is not None]
    axis = scale.nice(ends, LEFT, RIGHT, about=4, include=(0.0, *([target] if target is not None else [])))
    bottom = TOP + ROW * len(bars)
    body = "".join(svg.line(axis(t), TOP, axis(t), bottom, "line-soft") for t in axis.ticks())
    body += "".join(_bar(bar, TOP + i * ROW, axis, unit) for i, bar in enumerate(bars))
    body += svg.line(axis(0), TOP, axis(0), bottom, "ink-3")
    if target is not None:
        body += svg.line(axis(target), TOP - 4, axis(target), bottom + 4, "brass", width=1.5, dash="4 3")
        body += svg.text(
            axis(target),
            TOP - 10,
            f"target {_value(target, unit)}",
            size=svg.SMALL,
            fill="brass",
            anchor="middle",
            weight=560,
        )
    body += "".join(
        svg.text(
            axis(t), bottom + 17, numbers.tick(t, unit, axis.step), size=11, fill="ink-3", anchor="middle"
        )
        for t in axis.ticks()
    )
    height = bottom + 24
    return svg.document(
        WIDTH,
        height,
        body,
        kind="bars",
        title=title,
        description="; ".join(f"{b.label} {_value(b.value, unit)}" for b in bars) + ".",
    )


def table(bars: Sequence[Bar], *, unit: str = "share", what: str = "") -> tables.Table:
    rows = [
        (b.label, _value(b.value, unit), _interval(b, unit), numbers.number(b.n) if b.n else numbers.MISSING)
        for b in bars
    ]
    return tables.build([(what or "Row", False), ("Value", True), ("Likely", True), ("Deals", True)], rows)


def _value(value: float, unit: str) -> str:
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def _interval(bar: Bar, unit: str) -> str:
    if bar.low is None or bar.high is None:
        return numbers.MISSING
    return f"{_value(bar.low, unit)} to {_value(bar.high, unit)}"


def _bar(bar: Bar, top: float, axis: scale.Scale, unit: str) -> str:
    middle = top + ROW / 2
    start, end = sorted((axis(0), axis(bar.value)))
    parts = [
        svg.link(bar.url, svg.text(2, middle + 4, bar.label, room=LEFT - 16)),
        svg.rect(start, middle - 6, end - start, 12, bar.tone, radius=2),
    ]
    if bar.low is not None and bar.high is not None:
        parts.append(svg.line(axis(bar.low), middle, axis(bar.high), middle, "ink", width=1.4))
        parts += [
            svg.line(axis(e), middle - 3, axis(e), middle + 3, "ink", width=1.4) for e in (bar.low, bar.high)
        ]
    words = _value(bar.value, unit) + (f" of {numbers.number(bar.n)}" if bar.n else "")
    parts.append(
        svg.text(WIDTH - 4, middle + 4, words, size=12, fill="ink-2", anchor="end", room=WIDTH - RIGHT - 12)
    )
    return "".join(parts)
