"""What is required again and again in the demo company: of its sellers, and first of all of its leaders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from django.utils import timezone

from hingepoint.demo.company import Company
from hingepoint.demo.routines import WEEKS_OF_ROUTINES
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines import reading
from hingepoint.domain.routines.rules import Planned
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule

#: What is required of sellers every second Friday, in the words of the managers.
SELLERS = {
    "conversation plan": (
        Kind.PLAN,
        "Plan in writing the talk of the next two weeks in which most is at stake.",
    ),
    "debrief": (
        Kind.DEBRIEF,
        "Debrief in writing the talks of the last two weeks: what they agreed to, and what comes next.",
    ),
}
_MONDAY, _WEDNESDAY = 0, 2
#: What leaders do themselves, with the share of times that it is done in time.
LEADERS = (
    (
        Rule(
            "deal-review",
            "Deal review held",
            Kind.DEAL_REVIEW,
            Role.MANAGER,
            weekday=_MONDAY,
            required="Three deals in 25 minutes, each with one decision.",
        ),
        0.9,
    ),
    (
        Rule(
            "coaching-session",
            "Coaching session held",
            Kind.COACHING,
            Role.MANAGER,
            required="One seller, one agreement, one behaviour.",
        ),
        0.85,
    ),
    (
        Rule(
            "pipeline-review",
            "Pipeline review joined",
            Kind.PIPELINE_REVIEW,
            Role.SPONSOR,
            Cadence.MONTHLY,
            required="One region's monthly review, from beginning to end.",
        ),
        0.75,
    ),
    (
        Rule(
            "message",
            "Message to all sellers",
            Kind.MESSAGE,
            Role.SPONSOR,
            Cadence.MONTHLY,
            _WEDNESDAY,
            required="Five lines: which agreement we hinge on, and one deal that shows it.",
        ),
        0.7,
    ),
)
#: On so many days from each 24 December nobody is asked.
HOLIDAYS = dt.timedelta(days=2)


def write(company: Company, *, at: dt.datetime) -> None:
    """Write what was required, what became of it each time, and what is due in the weeks ahead."""
    _holidays(company, at=at)
    _sellers(company, at=at)
    _leaders(company, at=at)
    routines.let_fall_due(at=at)


def _holidays(company: Company, *, at: dt.datetime) -> None:
    for year in range(company.ends_on.year - 2, company.ends_on.year + 1):
        eve = dt.date(year, 12, 24)
        routines.take_days_off(by=None, at=at, since=eve, last=eve + HOLIDAYS)


def _sellers(company: Company, *, at: dt.datetime) -> None:
    began = company.routines["due_on"].min()
    for key, (kind, required) in SELLERS.items():
        rule = Rule(
            key=key.replace(" ", "-"),
            name=key.capitalize(),
            kind=kind,
            cadence=Cadence.FORTNIGHTLY,
            required=required,
        )
        routine = routines.define(by=None, at=at, rule=rule, since=began)
        rows = company.routines.filter(pl.col("routine") == key).iter_rows(named=True)
        routines.fall_due(by=None, at=at, routine=routine, dues=map(_due, rows))


def _due(row: dict[str, Any]) -> routines.Due:
    due_at = _midnight(row["due_on"])
    done_at = timezone.make_aware(row["done_at"]) if row["done_at"] else None
    return routines.Due(row["seller"], row["team"], due_at, done_at, recorded_at=done_at)


def _leaders(company: Company, *, at: dt.datetime) -> None:
    """What leaders promised over two years, kept more often than not."""
    began = company.ends_on - dt.timedelta(weeks=max(WEEKS_OF_ROUTINES, 104))
    rng = np.random.default_rng([company.seed, *b"leaders"])
    for rule, share in LEADERS:
        routine = routines.define(by=None, at=at, rule=rule, since=began)
        wanted = reading.planned(rule, in_force=began, first=began, last=company.ends_on)
        dues = _lived(wanted, share=share, at=at, rng=rng)
        routines.fall_due(by=None, at=at, routine=routine, dues=dues)


def _lived(
    wanted: list[Planned], *, share: float, at: dt.datetime, rng: np.random.Generator
) -> Iterator[routines.Due]:
    """Yield each time with when it was done: in time, some days late, or left out."""
    keys, teams = dict(User.objects.values_list("pk", "key")), dict(Team.objects.values_list("pk", "name"))
    for one in wanted:
        due_at = _midnight(one.on)
        kept, hours = rng.random(), rng.integers(9, 17)
        late = 0 if kept < share else int(rng.integers(1, 6))
        done_at = due_at + dt.timedelta(days=late, hours=int(hours))
        left_out = kept > (1 + share) / 2 or done_at > at
        told = None if left_out else done_at
        team = teams[one.team_id] if one.team_id else ""
        yield routines.Due(keys[one.person_id], team, due_at, told, recorded_at=told)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
