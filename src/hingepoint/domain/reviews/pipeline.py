"""What a pipeline review tells: the pipeline as it stands, kept deal by deal, and what changed since the last one.

Everything is kept as it stood at the opening: minutes show it again, whatever changes later.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Sum, Value

from hingepoint.analysis.signals.shape import COMPANY, Place, State
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.debts.queries import worth_paying
from hingepoint.domain.people.models import Team, User, sees_all
from hingepoint.domain.reviews.models import PipelineDeal, Review
from hingepoint.domain.reviews.reading import open_deals
from hingepoint.domain.signals import queries as signals
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.records import conventions
from hingepoint.records.deals import DealStatus, place_of

#: What a row of the snapshot takes of a deal.
_KEPT = ("pk", "stage", "amount", "currency", "expected_close_on")


def keep(review: Review) -> None:
    """Keep the open deals of a review's team as they stand, in one statement."""
    deals = open_deals(review.team).order_by().annotate(of=Value(review.pk)).values_list(*_KEPT, "of")
    chosen, parameters = deals.query.sql_with_params()
    table = connection.ops.quote_name(PipelineDeal._meta.db_table)
    columns = "deal_id, stage, amount, currency, expected_close_on, review_id"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) {chosen}", parameters)


def told(review: Review, *, by: User, today: dt.date) -> dict[str, Any]:
    """Return what the agenda of a pipeline review says, as plain JSON: of the team's deals and of the company, never of another
    team, whatever else ``by``, who leads it, may see. Asked after ``keep``."""
    before = _before(review)
    return {
        "stages": stages(PipelineDeal.objects.filter(review=review)),
        "stages_before": stages(PipelineDeal.objects.filter(review=before)) if before else [],
        "before_on": before.on.isoformat() if before else "",
        "moved": _moved(review, before) if before else {},
        "signals": _signals(by, review),
        "coverage": _coverage(by, review.team),
        "debts": [
            {
                "deal": one.deal,
                "name": one.name,
                "why": str(one.kind.label),
                "amount": one.amount,
                "currency": one.currency,
            }
            for one in worth_paying(by, today=today, team=review.team)
        ],
        "metrics": _metrics(by, today),
    }


def _before(review: Review) -> Review | None:
    held = Review.objects.held().filter(team=review.team_id, kind=review.kind).exclude(pk=review.pk)
    return held.order_by("-opened_at").first()


def stages(rows: QuerySet[PipelineDeal]) -> list[dict[str, Any]]:
    """Return deals and amount by currency and stage, in the order of the sale. One SQL query."""
    counted = rows.order_by().values("currency", "stage").annotate(deals=Count("pk"), amount=Sum("amount"))
    found = [
        {
            "currency": one["currency"],
            "stage": one["stage"],
            "deals": one["deals"],
            "amount": float(one["amount"] or 0),
        }
        for one in counted
    ]
    return sorted(found, key=lambda one: (one["currency"], place_of(one["stage"])))


def _moved(review: Review, before: Review) -> dict[str, dict[str, Any]]:
    """Return what became of the pipeline of the last review: what came, was won, was lost, and was put off. Four SQL queries."""
    now, then = (PipelineDeal.objects.filter(review=one) for one in (review, before))
    gone = Deal.objects.filter(pk__in=then.values("deal"))
    put_off = now.filter(
        deal__in=then.values("deal"),
        expected_close_on__gt=then.filter(deal=OuterRef("deal")).values("expected_close_on")[:1],
    )
    return {
        "new": _sum(now.exclude(deal__in=then.values("deal"))),
        "won": _sum(gone.filter(status=DealStatus.WON)),
        "lost": _sum(gone.filter(status=DealStatus.LOST)),
        "put off": _sum(put_off),
    }


def _sum(rows: QuerySet[Any]) -> dict[str, Any]:
    by_currency: dict[str, float] = defaultdict(float)
    deals = 0
    for one in rows.order_by().values("currency").annotate(n=Count("pk"), total=Sum("amount")):
        deals += one["n"]
        by_currency[one["currency"]] += float(one["total"] or 0)
    return {"deals": deals, "amounts": dict(by_currency)}


def _signals(by: User, review: Review) -> list[dict[str, Any]]:
    """Return the raises that stand in the company, in the team and at its accounts, newest first; never those of single
    managers."""
    since = review.since.date() if review.since else review.on
    page = signals.overview(by)
    raises = [
        (tile.told.signal, one)
        for tile in page.tiles
        for one in tile.raises
        if tile.told.state is State.RAISED
    ]
    theirs = _places(review.team, [one.place.name for _, one in raises])
    public = [(signal, one) for signal, one in raises if one.place == COMPANY or one.place in theirs]
    return [
        {
            "key": signal.key,
            "name": signal.name,
            "where": "The company" if one.place.level == "company" else one.where,
            "since": conventions.day(one.since),
            "new": one.first_day >= since,
            "in_hand": one.in_hand,
        }
        for signal, one in sorted(public, key=lambda pair: (pair[1].first_day < since, pair[1].since))
    ]


def _places(team: Team, named: list[str]) -> set[Place]:
    """Return the team and those below it, and which accounts among ``named`` they have deals with. Two SQL queries."""
    teams = Team.objects.filter(path__startswith=team.path).values_list("name", flat=True)
    deals = Deal.objects.filter(team__path__startswith=team.path, account__name__in=named)
    accounts = deals.values_list("account__name", flat=True).distinct()
    return {Place("team", name) for name in teams} | {Place("account", name) for name in accounts}


def _coverage(by: User, team: Team) -> list[dict[str, Any]]:
    """Return on how many open deals of the team each required agreement stands, the weakest first."""
    return [
        {"name": one.name, "there": one.coverage.there, "needed": one.coverage.needed}
        for one in coverage.on_open_deals(by, team=team)
    ]


def _metrics(by: User, today: dt.date) -> list[dict[str, Any]]:
    """Return the results of the strategy in force against their targets, where ``by`` sees all: kept answers."""
    strategy = Strategy.objects.visible_to(by).in_force().first() if sees_all(by) else None
    if strategy is None:
        return []
    return [
        {
            "metric": one.metric,
            "kind": one.kind,
            "now": one.since.value,
            "low": one.since.low,
            "high": one.since.high,
            "n": one.since.n,
            "before": one.before.value,
            "target": one.target,
            "moved": one.moved,
            "on_target": one.on_target,
        }
        for one in results.progress(by, strategy, today=today)
        if not one.problem
    ]
