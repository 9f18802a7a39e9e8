"""What inside partners say about a team's requests."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import intervals
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.escalations.models import Pulse
from hingepoint.domain.escalations.queries.rules import YEAR
from hingepoint.domain.escalations.queries.waiting import LEAST_ANSWERS, LEAST_SELLERS
from hingepoint.domain.people.models import managed_team_ids, works_here
from hingepoint.records.escalations import ArguesFor
from hingepoint.records.people import Role


@dataclass(frozen=True, slots=True)
class PulseReading:
    """What inside partners said about a team's requests in the last year: shares with intervals, over
    ``n`` answers. Never below five answers or about one seller."""

    team: str
    n: int
    defended: intervals.Estimate
    ours: intervals.Estimate
    both: intervals.Estimate
    customers: intervals.Estimate


def pulse(viewer: Any, *, now: dt.datetime) -> tuple[list[PulseReading], int]:
    """Return the pulse by team, lowest defence first, and how many answers were in groups too small to show.

    For sponsor and analyst; managers get their own teams; others nothing.
    """
    if not works_here(viewer) or viewer.role not in (Role.SPONSOR, Role.ANALYST, Role.MANAGER):
        return [], 0
    rows = Pulse.objects.filter(that_count("escalation__deal"), at__gte=now - YEAR)
    if viewer.role == Role.MANAGER:
        rows = rows.filter(escalation__deal__team_id__in=managed_team_ids(viewer))
    told = rows.values_list(
        "escalation__deal__team__name", "escalation__asked_by_id", "defended", "argues_for"
    )
    groups: dict[str, list[tuple]] = defaultdict(list)
    for team, seller, defended, side in told:
        groups[team or "No team"].append((seller, defended, side))
    shown = {team: group for team, group in groups.items() if _large_enough(group)}
    hidden = sum(len(group) for team, group in groups.items() if team not in shown)
    found = [_reading(team, group) for team, group in shown.items()]
    return sorted(found, key=lambda one: one.defended.value or 0.0), hidden


def _large_enough(group: Sequence[tuple]) -> bool:
    return len(group) >= LEAST_ANSWERS and len({seller for seller, _, _ in group}) >= LEAST_SELLERS


def _reading(team: str, group: Sequence[tuple]) -> PulseReading:
    n, sides = len(group), Counter(side for _, _, side in group)
    return PulseReading(
        team=team,
        n=n,
        defended=intervals.share(sum(defended for _, defended, _ in group), n),
        ours=intervals.share(sides[ArguesFor.COMPANY], n),
        both=intervals.share(sides[ArguesFor.BOTH], n),
        customers=intervals.share(sides[ArguesFor.CUSTOMER], n),
    )
