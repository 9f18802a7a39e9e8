"""Who may do what with a plan: what pages and actions decide by."""

from __future__ import annotations

from hingepoint.domain.people.models import User, managed_team_ids
from hingepoint.domain.plans.models import Plan


def may_review(viewer: User, plan: Plan) -> bool:
    """Return whether ``viewer`` approves and returns ``plan``."""
    return plan.written_by_id != viewer.pk and plan.deal.team_id in managed_team_ids(viewer)
