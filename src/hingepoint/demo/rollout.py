"""The company's rollout of the discipline, sealed before its first wave; and one that is being planned."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
from django.utils import timezone

from hingepoint.demo import planted
from hingepoint.demo.company import CURRENCY, Company
from hingepoint.domain.impact import actions as impact
from hingepoint.domain.impact.models import Rollout
from hingepoint.domain.people import queries as people
from hingepoint.domain.strategy.models import Strategy
from hingepoint.records.impact import CostKind
from hingepoint.records.people import Role

NAME = "The discipline, team by team"
NEXT = "A second round, region by region"
SEALED_BEFORE = dt.timedelta(days=5)
#: What it cost: kind, for what, how much (money, or an hour), and minutes of people's time.
COSTS = (
    (CostKind.INVESTMENT, "Training and coaches for four waves", 240_000, None),
    (CostKind.ROUTINES, "Plans and debriefs in writing", 70, 40),
)


def write(company: Company, *, at: dt.datetime) -> Rollout:
    """Enter the rollout as the sponsor did then, with what it cost, and plan another one."""
    sponsor, strategy = people.persona(Role.SPONSOR), Strategy.objects.get(name=planted.STRATEGY)
    starts = starts_of(company)
    first = min(day for day in starts.values() if day)
    sealed_at = timezone.make_aware(dt.datetime.combine(first - SEALED_BEFORE, dt.time(10)))
    asked = impact.Asked(
        name=NAME,
        what="Every deal is asked for its pivotal agreements. Talks and concessions are planned in writing, and debriefed.",
        metric=planted.SUPPORTIVE,
        strategy_id=strategy.pk,
    )
    row = impact.enter(by=sponsor, at=sealed_at, asked=asked, starts=starts, drawn=True)
    for kind, what, amount, minutes in COSTS:
        spent = impact.Spent(kind, what, Decimal(amount), CURRENCY, minutes)
        impact.note_cost(by=sponsor, at=sealed_at, rollout_id=row.pk, spent=spent)
    impact.plan(
        by=people.persona(Role.ANALYST),
        at=at,
        asked=impact.Asked(
            name=NEXT,
            what="A manager joins the talk in which value is settled before the price.",
            metric=planted.SUPPORTIVE,
            strategy_id=strategy.pk,
        ),
        teams=list(starts),
        steps=4,
        periods=12,
        seed=planted.RUNNING_TRIAL.seed,
    )
    return row


def starts_of(company: Company) -> dict[str, dt.date | None]:
    """Return the day on which each team that sells starts; a region is no team."""
    teams = company.teams.filter(pl.col("name").is_in(company.deals["team"].implode()))
    return dict(teams.select("name", "rollout_on").iter_rows())
