"""Tables -> what ``rules`` decides by: who belonged where, days off, deals that reached a stage, what was done."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Min
from django.utils import timezone

from hingepoint.domain.days import midnight
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.routines import rules
from hingepoint.domain.routines.models import DaysOff, Routine
from hingepoint.domain.routines.rules import DAY, Here, Off, Planned, Reached
from hingepoint.records.deals import DealStatus, EventKind, Stage
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule


def rule_in(routine: Routine) -> Rule:
    """Return the definition in the columns of a routine: the one in force, or the first draft."""
    return Rule(
        key=routine.key,
        name=routine.name,
        kind=Kind(routine.kind),
        role=Role(routine.role),
        cadence=Cadence(routine.cadence),
        weekday=routine.weekday,
        required=routine.required,
        team=routine.team.name if routine.team else "",
        stage=routine.stage,
        least_amount=routine.least_amount,
        days=routine.days,
    )


def planned(
    rule: Rule, *, in_force: dt.date, first: dt.date, last: dt.date, places: list[Here] | None = None
) -> list[Planned]:
    """Return of whom ``rule`` falls due from ``first`` to ``last``; ``places`` are what ``here`` told, where it was asked
    already. Three SQL queries, one more for a team."""
    off = _off(first - rules.MOST_MOVED, last)
    window = {"in_force": in_force, "first": first, "last": last}
    if rule.cadence == Cadence.DEAL:
        return rules.planned_for_deals(rule, _reached(rule, since=first), off, **window)
    return rules.planned(rule, here(rule) if places is None else places, off, **window)


def here(rule: Rule) -> list[Here]:
    """Return where the people whom ``rule`` concerns belonged and belong. One who never belonged to a team is concerned as
    long as they work here, where the routine is not of one team."""
    known = User.objects.filter(is_active=True, role=rule.role)
    rows = Membership.objects.filter(user__in=known)
    found = list(rows.values_list("user_id", "team_id", "manages", "since", "until"))
    if rule.team:
        inside = _below(rule.team)
        return [Here(*row) for row in found if row[1] in inside]
    placed = {row[0] for row in found}
    alone = [Here(pk, None) for pk in known.values_list("pk", flat=True) if pk not in placed]
    return [Here(*row) for row in found] + alone


def _below(name: str) -> set[int]:
    paths = Team.objects.filter(name=name).values_list("path", flat=True)
    return {
        pk for path in paths for pk in Team.objects.filter(path__startswith=path).values_list("pk", flat=True)
    }


def _off(first: dt.date, last: dt.date) -> Off:
    """Return the days off that touch a time."""
    company: set[dt.date] = set()
    people: dict[int, set[dt.date]] = defaultdict(set)
    rows = DaysOff.objects.filter(until__gt=first, since__lte=last)
    for person_id, since, until in rows.values_list("person_id", "since", "until"):
        days = {since + n * DAY for n in range((until - since).days)}
        (company if person_id is None else people[person_id]).update(days)
    return Off(frozenset(company), {pk: frozenset(days) for pk, days in people.items()})


def _reached(rule: Rule, *, since: dt.date) -> Iterator[Reached]:
    """Yield the open deals that ``rule`` is for with the day on which each reached its stage, those that may fall due."""
    deals = Deal.objects.open().filter(owner__is_active=True, owner__role=rule.role)
    if rule.least_amount is not None:
        deals = deals.filter(amount__gte=rule.least_amount)
    if rule.team:
        deals = deals.filter(team__in=_below(rule.team))
    earliest = since - rule.days * DAY - rules.MOST_MOVED
    columns = ("pk", "owner_id", "team_id")
    if not rule.stage:
        created = deals.filter(created_at__gte=midnight(earliest)).values_list(*columns, "created_at")
        for pk, owner_id, team_id, at in created:
            yield Reached(pk, owner_id, team_id, timezone.localdate(at))
        return
    first = dict(_first_moves(rule.stage, earliest))
    for pk, owner_id, team_id in deals.filter(pk__in=first).values_list(*columns):
        yield Reached(pk, owner_id, team_id, timezone.localdate(first[pk]))


def _first_moves(stage: str, earliest: dt.date) -> Iterable[tuple[int, dt.datetime]]:
    """Return when each deal first reached a stage or one after it, of those that did so since ``earliest``."""
    stages = [one.value for one in Stage]
    names = stages[stages.index(stage) :] if stage in stages else [stage]
    moves = DealEvent.objects.filter(
        that_count("deal"), kind=EventKind.STAGE, name__in=names, deal__status=DealStatus.OPEN
    )
    first = moves.order_by().values("deal_id").annotate(at=Min("occurred_at"))
    return first.filter(at__date__gte=earliest).values_list("deal_id", "at")


# ---- what was done ----

#: What the register takes as done, by kind: who did it and when it was written down.
_DONE = {
    Kind.PLAN: (Plan.objects, "written_by_id", "written_at"),
    Kind.DEBRIEF: (Debrief.objects, "written_by_id", "written_at"),
    Kind.PLAN_REVIEW: (PlanReview.objects, "by_id", "at"),
}
#: Kinds that the register knows of by itself, and those of them that it also knows by deal.
KNOWN = frozenset(_DONE)
_DEALS = {
    Kind.PLAN: "deal_id",
    Kind.DEBRIEF: "agreement__deal_id",
    Kind.PLAN_REVIEW: "plan__deal_id",
}


def done_by_person(kind: Kind, *, since: dt.datetime, until: dt.datetime) -> dict[int, list[dt.datetime]]:
    """Return when each person did a thing of a kind, in a time. One SQL query."""
    rows, who, when = _DONE[kind]
    between = {f"{when}__gte": since, f"{when}__lte": until}
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for person_id, at in rows.filter(**between).order_by(when).values_list(who, when):
        found[person_id].append(at)
    return found


def done_by_deal(kind: Kind, deal_ids: Iterable[int], *, until: dt.datetime) -> dict[int, dt.datetime]:
    """Return when a thing of a kind was first done on each of some deals. One SQL query."""
    rows, _, when = _DONE[kind]
    deal = _DEALS[kind]
    found = rows.filter(**{f"{deal}__in": list(deal_ids), f"{when}__lte": until})
    return dict(found.order_by().values_list(deal).annotate(first=Min(when)))
