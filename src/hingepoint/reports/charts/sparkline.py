"""Sparkline: how a number moved, beside the number itself; it carries no axis of its own."""

from __future__ import annotations

from collections.abc import Sequence

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, HEIGHT, PAD = 88, 24, 3.5


def draw(
    values: Sequence[float | None], *, title: str, target: float | None = None, tone: str = "accent"
) -> str:
    """Return the line with its last point marked; a missing value leaves a gap."""
    known = [v for v in values if v is not None]
    if not known:
        return svg.document(
            WIDTH, HEIGHT, "", kind="sparkline", title=title, description=say("No values yet.")
        )
    extra = (target,) if target is not None else ()
    axis = scale.Scale(*_ends([*known, *extra]), HEIGHT - PAD, PAD, 1.0)
    step = (WIDTH - 2 * PAD) / max(len(values) - 1, 1)
    body = svg.line(0, axis(target), WIDTH, axis(target), "brass", dash="2 2") if target is not None else ""
    for run in _runs(values):
        body += svg.polyline([(PAD + i * step, axis(v)) for i, v in run], tone, width=1.6)
    last = max(i for i, v in enumerate(values) if v is not None)
    body += svg.circle(PAD + last * step, axis(known[-1]), 2.6, tone, stroke="surface", width=1)
    said = say(
        "From {known} to {known_2} over {values} periods.",
        known=numbers.number(known[0], 2),
        known_2=numbers.number(known[-1], 2),
        values=len(values),
    )
    return svg.document(WIDTH, HEIGHT, body, kind="sparkline", title=title, description=said)


def table(periods: Sequence[str], values: Sequence[float | None]) -> tables.Table:
    rows = [(period, numbers.number(value, 2)) for period, value in zip(periods, values, strict=True)]
    return tables.build([(say("Period"), False), (say("Value"), True)], rows)


def _ends(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return the unbroken stretches as (place, value)."""
    runs: list[list[tuple[int, float]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((i, value))
    return [run for run in runs if run]
