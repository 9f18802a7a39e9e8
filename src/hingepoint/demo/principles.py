"""The demo company's principles: a first version of five, a second of eight, and who agreed to them, leaders first."""

from __future__ import annotations

import datetime as dt

import numpy as np
from django.utils import timezone

from hingepoint.demo.company import Company
from hingepoint.domain.people.models import User
from hingepoint.domain.principles import actions as principles
from hingepoint.records.people import Role
from hingepoint.records.principles import STARTERS, Rating

#: So many days before its end the company put each version in force, with so many principles.
VERSIONS = ((420, 5), (130, len(STARTERS)))
#: Which share of people agree, by role, within their first three weeks.
AGREE = {Role.SPONSOR: 1.0, Role.MANAGER: 0.95, Role.SELLER: 0.8, Role.ANALYST: 1.0, Role.INSIDE_PARTNER: 0.5}
_FIRST_DAYS = 21
#: How often a session says what of a principle.
_SAID = {Rating.NOT_YET: 0.2, Rating.PARTLY: 0.45, Rating.KEPT: 0.35}
RATED = 0.6


def write(company: Company, *, at: dt.datetime) -> None:
    """Put both versions in force, and let people agree to each."""
    rng = np.random.default_rng([company.seed, *b"principles"])
    sponsor = User.objects.filter(role=Role.SPONSOR, is_active=True).order_by("pk").first()
    people = list(User.objects.active().order_by("pk"))
    for days, count in VERSIONS:
        begins = _moment(company.ends_on - dt.timedelta(days=days), 9)
        _publish(count, by=sponsor, at=begins)
        _agree(people, number=VERSIONS.index((days, count)) + 1, since=begins, until=at, rng=rng)


def _publish(count: int, *, by: User | None, at: dt.datetime) -> None:
    principles.draft(by=by, at=at)
    principles.put(by=by, at=at, principles=STARTERS)
    for one in STARTERS[count:]:
        principles.leave_out(by=by, at=at, key=one.key)
    principles.publish(by=by, at=at)


def _agree(
    people: list[User], *, number: int, since: dt.datetime, until: dt.datetime, rng: np.random.Generator
) -> None:
    for person in people:
        role = Role(person.role)
        days = 0.1 if role == Role.SPONSOR else float(rng.uniform(0.5, _FIRST_DAYS))
        agreed_at = since + dt.timedelta(days=days)
        if rng.random() < AGREE[role] and agreed_at < until:
            principles.agree(by=person, at=agreed_at, number=number)


def ratings(rng: np.random.Generator, *, on: dt.date, company: Company) -> dict[str, Rating]:
    """Return what a session of a day says of two principles in force then; of none before there were any."""
    in_force = [count for days, count in VERSIONS if on > company.ends_on - dt.timedelta(days=days)]
    if not in_force or rng.random() > RATED:
        return {}
    keys = rng.choice([one.key for one in STARTERS[: in_force[-1]]], 2, replace=False)
    return {str(key): Rating(rng.choice(list(_SAID), p=list(_SAID.values()))) for key in keys}


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
