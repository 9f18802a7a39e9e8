"""Waves of a rollout: which team starts when, and from when on nobody waits, which is hatched: nothing is told of that time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records import conventions
from hingepoint.records.languages import say
from hingepoint.reports.charts import svg, tables
from hingepoint.reports.charts.days import Days

WIDE, NARROW = 720, 330
LEFT = {WIDE: 150, NARROW: 96}
EDGE, TOP, PITCH, BAR = 14, 44, 22, 13
#: So long before the first start the picture begins.
BEFORE = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Team:
    """A team and the day on which it starts; None where it waits throughout."""

    name: str
    on: dt.date | None


def draw(
    teams: Sequence[Team],
    *,
    name: str,
    today: dt.date,
    nobody_waits_from: dt.date | None = None,
    width: int = WIDE,
) -> str:
    """Return a row a team in the order given: pale while it waits, full from its start on; ``today`` is a line."""
    axis, bottom = _axis(teams, today, width), TOP + PITCH * len(teams)
    body = _grid(axis, bottom)
    for number, team in enumerate(teams):
        body += _row(team, axis, TOP + PITCH * number)
    body += _hatched(axis, nobody_waits_from, bottom)
    body += svg.line(axis(today), TOP - 8, axis(today), bottom, "ink-2", width=1.2)
    body += svg.text(axis(today), TOP - 12, "today", size=11, fill="ink-2", anchor="middle")
    return svg.document(
        width,
        bottom + 12,
        body,
        kind="waves",
        title=say("Who starts when: {name}", name=name),
        description=_description(teams, nobody_waits_from),
    )


def table(teams: Sequence[Team]) -> tables.Table:
    """Return the same as rows: the team and its day."""
    return tables.build(
        [(say("Team"), False), (say("Starts"), True)], [(one.name, _day(one.on)) for one in teams]
    )


def _day(day: dt.date | None) -> str:
    return conventions.day(day) if day else "waits"


def _axis(teams: Sequence[Team], today: dt.date, width: int) -> Days:
    days = [one.on for one in teams if one.on] or [today]
    last = max(*days, today) + dt.timedelta(days=21)
    return Days(min(*days, today) - BEFORE, last, LEFT[width], width - EDGE)


def _grid(axis: Days, bottom: float) -> str:
    return "".join(
        svg.line(x, TOP - 6, x, bottom, "line-soft") + svg.text(x, TOP - 26, words, size=11, fill="ink-3")
        for x, words in axis.months()
    )


def _row(team: Team, axis: Days, y: float) -> str:
    start = axis(team.on) if team.on else axis.end
    name = svg.text(axis.start - 10, y + 11, team.name, size=11, anchor="end", room=axis.start - 14)
    hover = f"{team.name}: {'starts ' if team.on else ''}{_day(team.on)}"
    waits = svg.rect(axis.start, y, start - axis.start, BAR, "quiet-soft", hover=hover)
    lives = svg.rect(start, y, axis.end - start, BAR, "accent", hover=hover) if team.on else ""
    return name + waits + lives


def _hatched(axis: Days, since: dt.date | None, bottom: float) -> str:
    if since is None:
        return ""
    x = axis(since)
    return svg.hatch(x, TOP - 4, axis.end - x, bottom - TOP + 4, "surface", step=7)


def _description(teams: Sequence[Team], nobody_waits_from: dt.date | None) -> str:
    days = sorted({one.on for one in teams if one.on})
    waiting = sum(one.on is None for one in teams)
    if not days:
        return say("No team starts.")
    said = say(
        "{teams} teams in {days} waves from {days_2} to {days_3}",
        teams=len(teams),
        days=len(days),
        days_2=_day(days[0]),
        days_3=_day(days[-1]),
    )
    said += say("; {waiting} wait", waiting=waiting) if waiting else ""
    if nobody_waits_from:
        said += say(
            "; hatched from {nobody_waits_from} on, when no team waits",
            nobody_waits_from=_day(nobody_waits_from),
        )
    return f"{said}."
