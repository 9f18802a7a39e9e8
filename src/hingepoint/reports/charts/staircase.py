"""The price of a deal, step by step: the staircase of concessions, against the corridor agreed before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import days, numbers, svg, tables
from hingepoint.reports.charts.days import Days
from hingepoint.reports.charts.scale import Scale
from hingepoint.reports.charts.timeline import LEFT, WIDE, axis_of

TOP, HEIGHT = 22, 128


@dataclass(frozen=True, slots=True)
class Step:
    """Something given: the price after it, what it was worth, and what came back for it."""

    on: dt.date
    price: float
    worth: float
    in_return: str = ""


@dataclass(frozen=True, slots=True)
class Staircase:
    """Prices in one ``currency``, from ``start`` down, which ``start_is`` names. ``opening``, ``target`` and
    ``walk_away`` are None where no corridor is set, and for whoever may not read it; ``asked`` is the price of an
    exception that waits."""

    first: dt.date
    today: dt.date
    ahead: dt.date | None
    start: float
    start_is: str = words_of("list price")
    opening: float | None = None
    target: float | None = None
    walk_away: float | None = None
    steps: Sequence[Step] = ()
    asked: float | None = None
    currency: str = ""
    over: bool = False

    @property
    def now(self) -> float:
        return self.steps[-1].price if self.steps else self.start

    def prices(self) -> list[float]:
        known = (
            self.start,
            self.opening,
            self.target,
            self.walk_away,
            self.asked,
            *(step.price for step in self.steps),
        )
        return [price for price in known if price is not None]


def draw(stairs: Staircase, *, title: str, width: int = WIDE) -> str:
    """Return the picture, its days where those of the timeline stand; ``width`` WIDE for a desk, NARROW for a phone."""
    axis = axis_of(stairs.first, stairs.today, stairs.ahead, width)
    low, high = min(stairs.prices()), max(stairs.prices())
    room = (high - low) * 0.08 or high * 0.05 or 1.0
    scale = Scale(low - room, high + room, TOP + HEIGHT, TOP, 1.0)
    body = _bands(stairs, axis, scale)
    body += days.grid(axis, TOP, TOP + HEIGHT)
    body += svg.line(axis(stairs.today), TOP - 4, axis(stairs.today), TOP + HEIGHT, "accent", width=1.6)
    body += (
        _levels(stairs, axis, scale, width) + _path(stairs, axis, scale) + _asked(stairs, axis, scale, width)
    )
    return svg.document(
        width, TOP + HEIGHT + 8, body, kind="staircase", title=title, description=_description(stairs)
    )


def _bands(stairs: Staircase, axis: Days, scale: Scale) -> str:
    """Return the grounds of the corridor: down to the target, and down to the walk-away."""
    if stairs.opening is None or stairs.target is None or stairs.walk_away is None:
        return ""
    wide = axis.end - axis.start
    upper, middle, lower = scale(stairs.opening), scale(stairs.target), scale(stairs.walk_away)
    return svg.rect(axis.start, upper, wide, middle - upper, "accent-soft") + svg.rect(
        axis.start, middle, wide, lower - middle, "quiet-soft"
    )


def _levels(stairs: Staircase, axis: Days, scale: Scale, width: int) -> str:
    """Return the named prices: dashed what we wish, solid what ends it. Names keep clear of each other."""
    named = [(name, price, "" if name == "walk-away" else "3 3") for name, price in _named(stairs)]
    body, free = "", 0.0
    for name, price, dash in named:
        y = scale(price)
        place = max(y + 4, free + 12)
        free = place
        body += svg.line(
            axis.start, y, axis.end, y, "ink-3" if dash else "ink-2", width=1 if dash else 1.6, dash=dash
        )
        words = f"{name} {numbers.money_short(price, stairs.currency)}"
        if width == WIDE:
            body += svg.text(LEFT[WIDE] - 12, place, words, size=svg.SMALL, fill="ink-2", anchor="end")
        else:
            body += svg.text(axis.start + 3, y + 11, words, size=10.5, fill="ink-2")
    return body


def _named(stairs: Staircase) -> list[tuple[str, float]]:
    """Return the prices that have a name, the dearest first; an opening that is where the price started is not said
    twice."""
    known: list[tuple[str, float | None]] = [(stairs.start_is, stairs.start)]
    known += [("opening", stairs.opening)] if stairs.opening not in (None, stairs.start) else []
    known += [("target", stairs.target), ("walk-away", stairs.walk_away)]
    return sorted(((name, price) for name, price in known if price is not None), key=lambda one: -one[1])


def _path(stairs: Staircase, axis: Days, scale: Scale) -> str:
    """Return the price as it was from day to day, and a point at each step with what it was."""
    points, price = [(axis(stairs.first), scale(stairs.start))], stairs.start
    marks = ""
    for step in stairs.steps:
        x = axis(step.on)
        points += [(x, scale(price)), (x, scale(step.price))]
        price = step.price
        fill = "surface" if step.in_return else "bad-solid"
        marks += svg.circle(x, scale(step.price), 3.4, fill, stroke="ink" if step.in_return else "bad-solid", hover=_told(step, stairs.currency))  # fmt: skip
    points.append((axis(stairs.today), scale(price)))
    return svg.polyline(points, "ink", width=2.2) + marks


def _asked(stairs: Staircase, axis: Days, scale: Scale, width: int) -> str:
    if stairs.asked is None:
        return ""
    x, y = axis(stairs.today), scale(stairs.asked)
    body = svg.polyline([(x, scale(stairs.now)), (x, y), (axis.end, y)], "bad", width=2, dash="4 3")
    words = say("asked: {asked}", asked=numbers.money_short(stairs.asked, stairs.currency))
    if width == WIDE and stairs.walk_away is not None and stairs.asked < stairs.walk_away:
        words += say(", below the walk-away")
    return body + svg.text(x - 6, y - 4, words, size=10.5, fill="bad", anchor="end", weight=560)


def _told(step: Step, currency: str) -> str:
    back = say("for {in_return}", in_return=step.in_return) if step.in_return else say("nothing came back")
    return say(
        "{value} on {on}, {back}",
        value=numbers.money(-step.worth, currency),
        on=days.told(step.on),
        back=back,
    )


def _description(stairs: Staircase) -> str:
    return (
        "; ".join(
            f"{what} {price}{say(' on {day}', day=day) if day else ''}"
            for day, what, price, _ in table(stairs).rows
        )
        + "."
    )


def table(stairs: Staircase) -> tables.Table:
    """Return the same as rows: day, what it is, the price then, and what came back."""
    money = lambda price: numbers.money(price, stairs.currency)  # noqa: E731
    rows = [("", stairs.start_is.capitalize(), money(stairs.start), "")]
    rows += [
        (days.told(step.on), say("Step {n}", n=n), money(step.price), step.in_return or say("nothing"))
        for n, step in enumerate(stairs.steps, 1)
    ]
    rows += [
        ("", name.capitalize(), money(price), "") for name, price in _named(stairs) if name != stairs.start_is
    ]
    rows += [("", say("Asked now"), money(stairs.asked), "")] if stairs.asked is not None else []
    return tables.build(
        [(say("Day"), False), (say("What"), False), (say("Price"), True), (say("In return"), False)], rows
    )
