"""Coaching sessions of the demo company's last weeks, each about one agreement that was missing."""

from __future__ import annotations

import datetime as dt

import numpy as np
from django.utils import timezone

from hingepoint.demo import principles
from hingepoint.demo.company import Company
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.rules import coached_on, managers_above
from hingepoint.domain.deals.models import Deal
from hingepoint.records.agreements import AgreementState
from hingepoint.records.coaching import BEHAVIOURS

NEXT_STEPS = (
    "Call on Thursday, say what we need and by which day, and wait for the answer.",
    "Ask who else has to say yes, and meet them before the offer.",
    "Write the three trades first, then answer on the price.",
    "Send the one page with the act and the day, and ask them to correct it.",
)
#: Which share of next steps the seller takes, where the agreement still waits to be asked for.
FOLLOWED = 0.7
WAITING = (AgreementState.NEEDED, AgreementState.PLANNED)


def write(company: Company, *, at: dt.datetime) -> None:
    """Let managers hold the sessions of the simulated company with whoever owns the deal today."""
    rng = np.random.default_rng([company.seed, *b"coached"])
    rated = np.random.default_rng([company.seed, *b"rated"])
    deals = Deal.objects.select_related("owner", "team").in_bulk(
        company.coaching["deal_id"].to_list(), field_name="key"
    )
    for row in company.coaching.iter_rows(named=True):
        deal = deals[row["deal_id"]]
        held_at = timezone.make_aware(dt.datetime.combine(row["held_on"], dt.time(16)))
        nearest = managers_above(deal).first()
        said = coaching.Said(
            behaviour=str(rng.choice(BEHAVIOURS)),
            evidence=row["note"],
            next_step=str(rng.choice(NEXT_STEPS)),
            next_on=row["held_on"] + dt.timedelta(days=int(rng.integers(3, 11))),
            ratings=principles.ratings(rated, on=row["held_on"], company=company),
        )
        if nearest and held_at < at and coached_on(nearest.user, deal):
            coaching.hold_session(
                by=nearest.user, at=held_at, deal_id=deal.pk, type_key=row["agreement"], said=said
            )
            if rng.random() < FOLLOWED:
                _ask(deal, row["agreement"], on=said.next_on, at=at)


def _ask(deal: Deal, key: str, *, on: dt.date, at: dt.datetime) -> None:
    """Let the seller ask for what was spoken about, where it was only needed or planned until then."""
    then = timezone.make_aware(dt.datetime.combine(on, dt.time(11)))
    waits = Agreement.objects.filter(deal=deal, type__key=key, state__in=WAITING)
    if then < at and waits.exists() and not waits.filter(events__occurred_at__gte=then).exists():
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=then)
        agreements.take_step(by=deal.owner, at=then, deal_id=deal.pk, type_key=key, step=step)
