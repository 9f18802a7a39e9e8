"""Rollouts of the tests: deals of a rollout whose truth is known, in the tables, and rollouts planned, sealed and entered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import polars as pl
from django.utils import timezone

import impacts
from cast import NOW
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.impact import actions
from hingepoint.domain.impact.models import Rollout
from hingepoint.domain.people.models import Team, User
from hingepoint.records.deals import DealStatus
from hingepoint.records.impact import CostKind
from hingepoint.records.people import Role

#: The day after the last deal of ``live`` has closed.
AFTER = dt.datetime(2026, 1, 1, 3, tzinfo=dt.UTC)
ASKED = actions.Asked(name="Plan before price", what="A plan for every concession.", metric="won")


def live(*, effect: float = 0.25, teams: int = 8, **facts) -> dict[str, dt.date | None]:
    """Write the deals of a rollout into the tables; return who starts when. Each team's deals are closed by one person."""
    frame, starts = impacts.rolled_out(teams=teams, effect=effect, **facts)
    into_tables(frame.with_columns(owner=pl.col("team")))
    return starts


#: Columns of deals that a rollout may be measured by.
_AS_THEY_ARE = ("net_price", "list_price", "discount", "cost", "margin", "currency")


def into_tables(frame: pl.DataFrame) -> None:
    """Write closed deals into the tables, with their teams and owners."""
    closed = frame.filter(pl.col("closed").is_not_null())
    teams = {name: Team.objects.create(name=name) for name in closed["team"].unique().sort()}
    owners = {
        key: User.objects.create(key=key, name=key, role=Role.SELLER)
        for key in closed["owner"].unique().sort()
    }
    known = [name for name in _AS_THEY_ARE if name in frame.columns]
    rows = [
        Deal(
            key=row["deal_id"],
            name=row["deal_id"],
            team=teams[row["team"]],
            owner=owners[row["owner"]],
            status=DealStatus(row["status"]),
            created_at=timezone.make_aware(row["created"]),
            closed_at=timezone.make_aware(row["closed"]),
            **{name: row[name] for name in known if row[name] is not None},
        )
        for row in closed.iter_rows(named=True)
    ]
    Deal.objects.bulk_create(rows, batch_size=1_000)


def entered(starts: Mapping[str, dt.date | None], *, by=None, at=None, drawn=True, **facts) -> Rollout:
    """A rollout whose days are known, sealed the day before the first team started unless ``at`` is said."""
    first = min(day for day in starts.values() if day)
    at = at or dt.datetime.combine(first - dt.timedelta(days=1), dt.time(9), dt.UTC)
    asked = actions.Asked(**{"name": ASKED.name, "what": ASKED.what, "metric": ASKED.metric} | facts)
    return actions.enter(by=by, at=at, asked=asked, starts=starts, drawn=drawn)


def planned(teams, *, by=None, at=NOW, seed=7, steps=4, periods=12, asked=ASKED) -> Rollout:
    """A rollout whose lot is drawn here; not weighed yet."""
    return actions.plan(by=by, at=at, asked=asked, teams=list(teams), steps=steps, periods=periods, seed=seed)


def a_cost(row: Rollout, cast):
    """What the training of a rollout costs."""
    spent = actions.Spent(CostKind.INVESTMENT, "Training", Decimal(20_000), "EUR")
    return actions.note_cost(by=cast.sponsor, at=NOW, rollout_id=row.pk, spent=spent)


def on_record(cast, name: str = "A rollout") -> Rollout:
    """A sealed rollout of North and South, without any reading; the one there is, if it was made before."""
    starts = {"North": NOW.date(), "South": NOW.date() + dt.timedelta(days=60)}
    known = Rollout.objects.filter(name=name).first()
    return known or entered(starts, by=cast.sponsor, name=name)
