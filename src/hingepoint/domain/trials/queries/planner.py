"""What a trial is planned from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.analysis.trials import evidence
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.discovery.queries.runs import RunPage
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.trials.queries.lines import TrialLine, of_agreements
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class PlannerPage:
    """What a plan to get evidence on an agreement type is made from, and the trials planned so far.

    ``basis`` is None of a run by an older version, which did not keep it. ``weeks``: after how many weeks from
    its creation the outcome of a deal is told.
    """

    run: RunPage
    key: str
    name: str
    basis: evidence.Basis | None
    weeks: int
    teams: tuple[str, ...]
    trials: tuple[TrialLine, ...]


def planner(viewer: User, run_id: int, key: str, *, at: dt.datetime) -> PlannerPage:
    """Return what the planner of a finding needs. Raises Hidden for those who do not see all findings."""
    page = runs.run(viewer, run_id, at=at)
    if page.record is None or key not in page.keys or not viewer.sees_everything:
        raise Hidden("There is no such finding.")
    teams = Team.objects.filter(deals__isnull=False).order_by("name").values_list("name", flat=True)
    return PlannerPage(
        run=page,
        key=key,
        name=page.record.finding(key).name,
        basis=page.record.basis(key) if page.record.can_plan else None,
        weeks=page.record.outcome_weeks,
        teams=tuple(teams.distinct()),
        trials=of_agreements(viewer, [key]).get(key, ()),
    )
