"""The staircase of concessions against the corridor: from the opening down to what is asked now, in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, svg, tables
from hingepoint.reports.charts.scale import Scale

WIDE, NARROW = 640, 320
HEIGHT, BAND_TOP, BAND = 118, 44, 26
EDGE = 40


@dataclass(frozen=True, slots=True)
class Corridor:
    """Prices in one ``currency``: the three of the corridor, those after each step given, and the one asked."""

    opening: float
    target: float
    walk_away: float
    steps: Sequence[float] = ()
    asked: float | None = None
    currency: str = ""

    @property
    def now(self) -> float:
        return self.steps[-1] if self.steps else self.opening

    def prices(self) -> list[float]:
        asked = [] if self.asked is None else [self.asked]
        return [self.opening, self.target, self.walk_away, *self.steps, *asked]


def draw(corridor: Corridor, *, title: str, width: int = WIDE) -> str:
    """Return the line of prices, dearest on the right; ``width`` WIDE for a desk, NARROW for a phone."""
    low, high = min(corridor.prices()), max(corridor.prices())
    room = (high - low) * 0.04 or high * 0.04 or 1.0
    axis = Scale(low - room, high + room, EDGE, width - EDGE, 1.0)
    body = _zones(corridor, axis, width) + _steps(corridor, axis) + _marks(corridor, axis)
    return svg.document(width, HEIGHT, body, kind="corridor", title=title, description=_description(corridor))


def _zones(corridor: Corridor, axis: Scale, width: int) -> str:
    """Return the three grounds: below the walk-away, down to the target, and above it."""
    edges = (EDGE, axis(corridor.walk_away), axis(corridor.target), width - EDGE)
    fills = ("bad-soft", "quiet-soft", "good-soft")
    return "".join(
        svg.rect(left, BAND_TOP, right - left, BAND, fill)
        for left, right, fill in zip(edges, edges[1:], fills, strict=False)
    )


def _steps(corridor: Corridor, axis: Scale) -> str:
    middle = BAND_TOP + BAND / 2
    walked = [corridor.opening, *corridor.steps]
    body = svg.line(axis(corridor.opening), middle, axis(corridor.now), middle, "ink", width=4)
    body += "".join(
        svg.circle(
            axis(price), middle, 5, "surface", stroke="ink", width=2,
            hover=numbers.money(price, corridor.currency),
        )
        for price in walked[1:]
    )  # fmt: skip
    if corridor.asked is not None:
        at = axis(corridor.asked)
        body += svg.line(axis(corridor.now), middle, at, middle, "bad", width=4, dash="6 4")
        body += svg.diamond(at, middle, 7, "bad", hover=numbers.money(corridor.asked, corridor.currency))
    return body


def _marks(corridor: Corridor, axis: Scale) -> str:
    """Return the names and prices: the corridor's below the band, now and asked above, each where it fits."""
    below = (("walk-away", corridor.walk_away), ("target", corridor.target), ("opening", corridor.opening))
    above = [("now", corridor.now)] if corridor.steps else []
    above += [("asked", corridor.asked)] if corridor.asked is not None else []
    return _labels(below, axis, corridor, BAND_TOP + BAND) + _labels(above, axis, corridor, 0)


def _labels(marks: Sequence[tuple[str, float]], axis: Scale, corridor: Corridor, top: float) -> str:
    """Return labels that keep clear of each other, moved sideways from their place where they must."""
    body, free = "", 0.0
    for name, price in sorted(marks, key=lambda one: one[1]):
        money = numbers.money_short(price, corridor.currency)
        half = max(svg.text_width(name, svg.SMALL), svg.text_width(money, svg.SMALL)) / 2
        place = min(max(axis(price), free + half, half), axis.end + EDGE - half)
        free = place + half + 6
        tone = "bad" if name == "asked" else "ink-2"
        first = top + 18 if top else 16
        body += svg.text(place, first, name, size=svg.SMALL, fill=tone, anchor="middle")
        body += svg.text(place, first + 15, money, size=svg.SMALL, fill="ink", anchor="middle", weight=600)
        if top:
            body += svg.line(axis(price), BAND_TOP - 3, axis(price), BAND_TOP + BAND + 3, "ink-2")
    return body


def _description(corridor: Corridor) -> str:
    return "; ".join(f"{name} {price}" for name, price in table(corridor).rows) + "."


def table(corridor: Corridor) -> tables.Table:
    """Return the same as rows: what it is, and the price."""
    rows = [(say("Opening"), corridor.opening)]
    rows += [(say("After step {n}", n=n), price) for n, price in enumerate(corridor.steps, 1)]
    rows += [(say("Target"), corridor.target), (say("Walk-away"), corridor.walk_away)]
    rows += [(say("Asked now"), corridor.asked)] if corridor.asked is not None else []
    shown = [(name, numbers.money(price, corridor.currency)) for name, price in rows]
    return tables.build([(say("What"), False), (say("Price"), True)], shown)
