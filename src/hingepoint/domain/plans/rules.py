"""Who may do what with a plan, and which plans prepare a concession: what pages, signals and actions decide by."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.people.models import User, managed_team_ids
from hingepoint.domain.plans.models import Plan
from hingepoint.records.signals import PLANS_BEFORE

#: A talk held longer ago than this is not remembered well enough to be debriefed.
DEBRIEF_WITHIN = dt.timedelta(days=21)


def may_review(viewer: User, plan: Plan) -> bool:
    """Return whether ``viewer`` approves and returns ``plan``."""
    return plan.written_by_id != viewer.pk and plan.deal.team_id in managed_team_ids(viewer)


def before_concessions(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    """Return those of ``plans`` that prepare a concession: of the two agreements that say how far we go and what we ask for in
    return, also where these are tied to a type of another name. A plan of another talk plans no concession."""
    kinds = AgreementType.objects.filter(Q(key__in=PLANS_BEFORE) | Q(tied_words__key__in=PLANS_BEFORE))
    return plans.filter(agreement__type__in=kinds.values("pk"))
