"""The pictures of one deal: its time line and the staircase of its price, each for the desk and for the phone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.cockpit.queries import Cockpit, Prices
from hingepoint.domain.negotiation.queries import log
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import DealStatus
from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, staircase, timeline
from hingepoint.reports.charts.tables import Table
from hingepoint.web import formats

#: Rows of the picture where no playbook asks for anything.
MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as drawn for the desk and for the phone, and the same as a table."""

    title: str
    about: str
    desk: str
    phone: str
    table: Table


def pictures(shown: Cockpit, *, walk_away: bool) -> list[Picture]:
    """Return the time line of a deal, and below it the staircase of its price where one is known; our walk-away is in it
    only if ``walk_away``."""
    line = _timeline(shown)
    title = say("The deal in one picture")
    desk, phone = (
        timeline.draw(line, title=title, width=width) for width in (timeline.WIDE, timeline.NARROW)
    )
    about = say("Upright tick: the day it was needed. Red: late since then. Full: it stands.")
    found = [Picture(title, about, desk, phone, timeline.table(line))]
    if shown.prices and _price_says_something(shown.prices):
        found.append(_price(shown, shown.prices, walk_away=walk_away))
    return found


# ---- the time line ----


def _timeline(shown: Cockpit) -> timeline.Timeline:
    lines = shown.pivotal or tuple(line for line in shown.others if line.state != AgreementState.NOT_NEEDED)
    is_open = shown.facts.status == DealStatus.OPEN
    return timeline.Timeline(
        first=_first(shown),
        today=shown.last_day,
        ahead=shown.facts.expected_close_on if is_open else None,
        stages=[timeline.Stage(formats.words(one.name), one.on) for one in shown.stages],
        rows=[_row(line, shown) for line in lines[:MOST_ROWS]],
        marks=_marks(shown),
        over=not is_open,
    )


def _first(shown: Cockpit) -> dt.date:
    """Return the first day of the picture: of the deal, or of what was noted before it."""
    days = [
        timezone.localdate(shown.facts.created_at),
        *(one.on for one in shown.stages),
        *(mark.on for mark in _marks(shown)),
    ]
    days += [step.on for line in shown.agreements for step in shown.steps.get(line.id, ())]
    return min(*days, shown.last_day)


def _row(line: AgreementLine, shown: Cockpit) -> timeline.Row:
    wording = formats.STATES[line.state]
    steps = tuple(
        timeline.Step(step.on, formats.STATES[step.state].label) for step in shown.steps.get(line.id, ())
    )
    return timeline.Row(
        name=line.name,
        word=wording.label,
        tone=wording.tone,
        stands=line.standing,
        needed_by=line.needed_by or line.was_due_on,
        steps=steps,
        note=_note(line, steps),
        late=line.late,
    )


def _note(line: AgreementLine, steps: tuple[timeline.Step, ...]) -> str:
    """Return what stands at the end of a row: since when it stands, else by when it is due."""
    if line.standing:
        return formats.day_short(steps[-1].on) if steps else ""
    if line.late_after is None:
        return formats.STATES[line.state].label.lower()
    day = formats.day_short(line.late_after)
    return say("was due {day}", day=day) if line.late else say("by {day}", day=day)


def _marks(shown: Cockpit) -> list[timeline.Mark]:
    marks = [
        timeline.Mark(timezone.localdate(one.at), "demand", f"{one.title}{_from(one.who)}")
        for one in shown.log.demands
    ]
    marks += [
        timeline.Mark(timezone.localdate(one.at), "concession", _given(one)) for one in shown.log.concessions
    ]
    marks += [
        timeline.Mark(one.on, "executive", f"{one.who}: {formats.words(one.what)}")
        for one in shown.executives
    ]
    marks += [timeline.Mark(one.on, "exception", one.what) for one in shown.exceptions]
    return [mark for mark in marks if mark.on <= shown.last_day]


def _from(who: str) -> str:
    return ", " + say("from {who}", who=who) if who else ""


def _given(one: log.Concession) -> str:
    worth = f", {numbers.money(one.value, one.currency)}" if one.value is not None else ""
    back = say("for {what}", what=one.in_return) if one.in_return else say("nothing came back")
    return f"{one.title}{worth}, {back}"


# ---- the price ----


def _price_says_something(prices: Prices) -> bool:
    """Return whether there is more to draw than a flat line."""
    return bool(prices.steps or prices.corridor or prices.asked is not None)


def _price(shown: Cockpit, prices: Prices, *, walk_away: bool) -> Picture:
    stairs = _staircase(shown, prices, walk_away=walk_away)
    title = say("The price, step by step")
    desk, phone = (
        staircase.draw(stairs, title=title, width=width) for width in (timeline.WIDE, timeline.NARROW)
    )
    about = say("Red point: nothing came back for it.")
    if not prices.corridor:
        about += " " + say("No corridor is set: decide it under Preparation.")
    elif not walk_away:
        about += " " + say("The walk-away is drawn once you opened it under Preparation.")
    return Picture(title, about, desk, phone, staircase.table(stairs))


def _staircase(shown: Cockpit, prices: Prices, *, walk_away: bool) -> staircase.Staircase:
    card, is_open = prices.corridor, shown.facts.status == DealStatus.OPEN
    return staircase.Staircase(
        first=_first(shown),
        today=shown.last_day,
        ahead=shown.facts.expected_close_on if is_open else None,
        start=float(prices.start),
        start_is=say("list price") if prices.starts_at_list else say("opening"),
        opening=float(card.opening) if card else None,
        target=float(card.target) if card else None,
        walk_away=float(card.walk_away) if card and walk_away else None,
        steps=[
            staircase.Step(one.on, float(one.price), float(one.worth), one.in_return) for one in prices.steps
        ],
        asked=float(prices.asked) if prices.asked is not None else None,
        currency=shown.facts.currency,
        over=not is_open,
    )


# ---- what stands behind counts ----


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something a deal has, what to know of them, and where on the page they stand."""

    words: str
    about: str
    anchor: str


def counts(shown: Cockpit, today: dt.date) -> list[Count]:
    """Return the counts of a deal's agreements, demands, concessions and exceptions."""
    return [
        Count(numbers.plural(len(shown.agreements), "agreement"), _of_agreements(shown), "agreements"),
        Count(numbers.plural(len(shown.log.demands), "demand"), _of_demands(shown), "talks"),
        Count(numbers.plural(len(shown.log.concessions), "concession"), _of_concessions(shown), "talks"),
        Count(numbers.plural(len(shown.exceptions), "exception"), _of_exceptions(shown, today), "help"),
    ]


def _of_agreements(shown: Cockpit) -> str:
    if not shown.pivotal:
        return say("none asked by a playbook")
    return say("{n} pivotal, {gained} of them gained", n=len(shown.pivotal), gained=shown.gained)


def _of_demands(shown: Cockpit) -> str:
    unknown = len(shown.log.unexplained)
    if not shown.log.demands:
        return say("nothing asked yet")
    return say("{unknown} without a reason", unknown=unknown) if unknown else say("each with its reason")


def _of_concessions(shown: Cockpit) -> str:
    told = shown.log
    if not told.concessions:
        return say("nothing given yet")
    returned = sum(bool(one.in_return.strip()) for one in told.concessions)
    worth = numbers.money_short(told.conceded, told.currency) if told.priced else say("value not noted")
    return say("{worth}, {returned} brought something back", worth=worth, returned=returned)


def _of_exceptions(shown: Cockpit, today: dt.date) -> str:
    waiting = [one for one in shown.exceptions if one.waits]
    if not waiting:
        return say("none waits")
    return say("waiting {days}", days=numbers.plural((today - waiting[0].on).days, "day"))
