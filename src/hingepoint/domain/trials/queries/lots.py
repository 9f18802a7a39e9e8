"""What the lot of a deal in a trial under way says."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.analysis.trials import lots
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.deals.queries.deal_page import DealFacts
from hingepoint.domain.trials.models import Trial
from hingepoint.records.trials import Design


def asked_of(deal: DealFacts) -> frozenset[str]:
    """Return the keys of the agreement types that trials under way ask for on a deal, by its lot.

    Whoever calls has already fetched the deal through its own ``visible_to``. One SQL query, and one more for
    each prompt that asks.
    """
    running = Trial.objects.running().filter(drawn_at__lte=deal.created_at)
    return frozenset(trial.agreement for trial in running if _asks(trial, deal))


def _asks(trial: Trial, deal: DealFacts) -> bool:
    created_on = timezone.localdate(deal.created_at)
    if created_on < trial.starts_on or (trial.segment and deal.segment != trial.segment):
        return False
    if trial.design == Design.WEDGE:
        return _began(trial, deal.team, created_on)
    if (trial.teams and deal.team not in trial.teams) or not lots.is_drawn(deal.key, seed=trial.seed):
        return False
    last = last_entered(trial)
    return last is None or deal.created_at <= last


def _began(trial: Trial, team: str, on: dt.date) -> bool:
    """Return whether a team of a stepped start had begun on a day of it."""
    step = next((number for number, names in enumerate(trial.steps) if team in names), None)
    length = dt.timedelta(days=trial.step_days)
    if step is None or on >= trial.starts_on + len(trial.steps) * length:
        return False
    return on >= trial.starts_on + step * length


def entered(deals: DealQuerySet, trial: Trial) -> DealQuerySet:
    """Return the deals of a trial that had a lot when they were created."""
    deals = deals.filter(created_at__date__gte=trial.starts_on, created_at__gte=trial.drawn_at)
    deals = deals.filter(segment=trial.segment) if trial.segment else deals
    return deals.filter(team__name__in=trial.teams) if trial.teams else deals


def last_entered(trial: Trial) -> dt.datetime | None:
    """Return when the last of the planned deals was created; None while some are still missing."""
    wanted = trial.promised.get("deals") or 0
    moments = (
        entered(Deal.every.all(), trial).order_by("created_at", "key").values_list("created_at", flat=True)
    )
    return moments[wanted - 1 : wanted].first() if wanted else None
