"""The strategies one knows, and the words a form needs to write one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Count, Exists, F

from hingepoint.domain.people.models import User
from hingepoint.domain.strategy.models import AskingRound, Playbook, Strategy
from hingepoint.domain.strategy.rules import may_keep
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True, slots=True)
class StrategyLine:
    """One strategy in a list."""

    id: int
    name: str
    statement: str
    sponsor: str
    sponsor_id: int | None
    metric: str
    segment: str
    status: str
    rank: int
    starts_on: dt.date | None
    grace_days: int
    pivotal: int  # of the published playbook, else of the draft
    version: int


def strategies(viewer: Any) -> list[StrategyLine]:
    """Return the strategies that ``viewer`` knows: those in force first. Two SQL queries."""
    rows = list(Strategy.objects.visible_to(viewer).select_related("sponsor"))
    books = Playbook.objects.filter(strategy__in=rows).annotate(n=Count("pivotal"))
    sizes: dict[int, int] = {}
    for book in books.order_by(F("published_at").desc(nulls_last=True)):
        sizes.setdefault(book.strategy_id, book.n)
    order = {status: place for place, status in enumerate(("in_force", "draft", "retired"))}
    rows.sort(key=lambda row: (order[row.status], row.rank, row.pk))
    return [strategy_line(row, sizes.get(row.pk, 0)) for row in rows]


def strategy_line(row: Strategy, pivotal: int) -> StrategyLine:
    same = "name statement sponsor_id metric segment status rank starts_on grace_days version"
    known = {name: getattr(row, name) for name in same.split()}
    return StrategyLine(id=row.pk, sponsor=row.sponsor.name if row.sponsor else "", pivotal=pivotal, **known)


class _Asking(TypedDict):
    """What ``strategy_of`` annotates: whether deals are being asked anew at this moment, and whether answers over
    everything are kept."""

    asking: bool
    answers_kept: bool


def strategy_of(viewer: Any, strategy_id: int) -> WithAnnotations[Strategy, _Asking]:
    rows = Strategy.objects.visible_to(viewer).select_related("sponsor")
    goes_on = Exists(AskingRound.objects.filter(finished_at=None))
    kept = Exists(KeptAnswer.objects.all())
    found = rows.annotate(asking=goes_on, answers_kept=kept).filter(pk=strategy_id).first()
    if found is None:
        raise Hidden("no such strategy")
    return found


def sponsors(viewer: Any) -> list[tuple[int, str]]:
    """Return the people who can sponsor a strategy, by name, to those who write strategies."""
    if not may_keep(viewer):
        return []
    return list(
        User.objects.filter(role=Role.SPONSOR, is_active=True).order_by("name").values_list("pk", "name")
    )


def sponsor(viewer: Any, user_id: int | None) -> User | None:
    """Return the sponsor chosen in a form; None for nobody or for somebody who is no sponsor."""
    known = User.objects.filter(role=Role.SPONSOR, is_active=True)
    return known.filter(pk=user_id).first() if user_id and may_keep(viewer) else None


def editable(viewer: Any, strategy_id: int) -> Strategy:
    """Return a strategy to those who write strategies, for the actions. Raises Hidden."""
    if not may_keep(viewer):
        raise Hidden("not theirs to change")
    return strategy_of(viewer, strategy_id)
