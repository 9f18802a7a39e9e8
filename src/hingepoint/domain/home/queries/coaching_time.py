"""Where coaching time goes against where it would help: sessions by agreement, beside what is expected of getting it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.coaching.rules import LATELY, LEAST_PEOPLE
from hingepoint.domain.home.queries.manager import gap_of
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries.pivotal import PivotalLine, pivotal_lines


@dataclass(frozen=True, slots=True)
class TimeAndGain:
    """A pivotal agreement: its share of the sessions about pivotal ones (None: about it fewer than five people were coached), and of
    what is expected of getting it (None: no signed finding says what it does)."""

    key: str
    name: str
    time: float | None
    gain: float | None


@dataclass(frozen=True, slots=True)
class CoachingTime:
    """The pivotal agreements of the first strategy in force, those with the most to gain first. ``people`` were coached in the last
    13 weeks; under five of them no time is told."""

    strategy_id: int
    strategy: str
    lines: tuple[TimeAndGain, ...]
    people: int
    told: bool


def coaching_time(viewer: Any, *, today: dt.date) -> CoachingTime | None:
    """Return where coaching goes and where it helps, to who sees everybody; None to others, and without a published playbook. Six
    SQL queries."""
    strategy = Strategy.objects.visible_to(viewer).in_force().first() if sees_all(viewer) else None
    book = strategy.playbooks.published().first() if strategy else None
    if strategy is None or book is None:
        return None
    pivotal = pivotal_lines(book, strategy)
    coached = _coached([one.type_id for one in pivotal], today)
    gains = _gains(viewer, pivotal)
    every, people = sum(map(len, coached.values())), {one for told in coached.values() for one in told}
    lines = [
        TimeAndGain(
            one.key,
            one.name,
            len(coached[one.type_id]) / every if _enough(coached[one.type_id]) else None,
            gains.get(one.type_id),
        )
        for one in pivotal
    ]
    lines.sort(key=lambda one: -(one.gain or 0.0))
    told = len(people) >= LEAST_PEOPLE
    return CoachingTime(strategy.pk, strategy.name, tuple(lines), len(people) if told else 0, told)


def _enough(coached: list[int]) -> bool:
    return len(set(coached)) >= LEAST_PEOPLE


def _coached(types: list[int], today: dt.date) -> dict[int, list[int]]:
    """Return who was coached on each type, once a session."""
    since = timezone.make_aware(dt.datetime.combine(today - LATELY, dt.time()))
    rows = CoachingSession.objects.filter(held_at__gte=since, type__in=types).order_by()
    found: dict[int, list[int]] = defaultdict(list)
    for kind, person in rows.values_list("type_id", "coached_id"):
        found[kind].append(person)
    return found


def _gains(viewer: Any, pivotal: list[PivotalLine]) -> dict[int, float]:
    """Return which share of the expected gain each agreement has: value at stake x how far it is from being got x its effect, of
    open deals that need it and have it not. Effects of one metric are in one unit; amounts count as written."""
    effects = {one.type_id: abs(one.behind.effect) for one in pivotal if one.behind and one.behind.effect}
    rows = Agreement.objects.on_open_deals(viewer).needed().filter(type__in=effects, gained_at__isnull=True)
    weighed: dict[int, float] = dict.fromkeys(effects, 0.0)
    sums = rows.order_by().values_list("type_id", "state").annotate(at_stake=Sum("deal__amount"))
    for kind, state, at_stake in sums:
        weighed[kind] += float(at_stake or 0) * gap_of(state) * effects[kind]
    whole = sum(weighed.values())
    return {kind: each / whole for kind, each in weighed.items()} if whole else {}
