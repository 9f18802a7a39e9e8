"""Tables -> adoption: on which share of the deals of teams that started people really wrote, by when it was written."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q

from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.impact.rules import LEAST_PEOPLE
from hingepoint.domain.plans.models import Debrief, Plan
from hingepoint.records.deals import DealStatus
from hingepoint.records.languages import say

#: Of one team: who owns each deal that lived after its day, and whether somebody wrote on it since.
_Kept = Sequence[tuple[int | None, bool]]


def adopted(starts: Mapping[str, dt.date | None], *, until: dt.date) -> list[dict[str, Any]]:
    """Return ``record.Adopted`` of each wave, of each team that started, and of all, as plain JSON. One SQL query a team.

    A deal is kept when a plan, a debrief or a step of an agreement was written on it by a person, at a moment after its team's
    day: when it was written counts, not of which day it speaks. Fewer than five people are not told.
    """
    began = {team: day for team, day in starts.items() if day and day <= until}
    found = {team: _deals(team, day, until) for team, day in sorted(began.items(), key=lambda one: one[1])}
    waves: dict[dt.date, list[str]] = defaultdict(list)
    for team in found:
        waves[began[team]].append(team)
    lines = [
        _line(
            say("Wave {number}: {teams}", number=number, teams=", ".join(teams)),
            (found[team] for team in teams),
        )
        for number, teams in enumerate(waves.values(), start=1)
    ]
    lines += [_line(team, [kept]) for team, kept in found.items() if len(waves[began[team]]) > 1]
    return [*lines, _line(say("All that started"), found.values())]


def _deals(team: str, day: dt.date, until: dt.date) -> _Kept:
    lived = Q(status=DealStatus.OPEN) | Q(closed_at__date__gte=day)
    rows = Deal.objects.filter(lived, team__name=team, created_at__date__lte=until)
    written = {"written_by__isnull": False, "written_at__date__gte": day, "written_at__date__lte": until}
    plans = Plan.objects.filter(deal=OuterRef("pk"), **written)
    debriefs = Debrief.objects.filter(agreement__deal=OuterRef("pk"), **written)
    steps = AgreementEvent.objects.filter(
        agreement__deal=OuterRef("pk"),
        recorded_by__isnull=False,
        recorded_at__date__gte=day,
        recorded_at__date__lte=until,
    )
    kept = Exists(plans) | Exists(debriefs) | Exists(steps)
    return list(rows.annotate(kept=kept).values_list("owner_id", "kept"))


def _line(name: str, of_teams: Iterable[_Kept]) -> dict[str, Any]:
    deals = [one for team in of_teams for one in team]
    people = len({owner for owner, _ in deals if owner is not None})
    if people < LEAST_PEOPLE:
        return {"name": name, "people": people, "deals": None, "kept": None}
    return {"name": name, "people": people, "deals": len(deals), "kept": sum(kept for _, kept in deals)}
