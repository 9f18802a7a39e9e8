"""The pre-mortems that wait for somebody's answer: for the seller's, that of who leads them, and that of one more."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.people.models import Membership, User, works_here
from hingepoint.domain.premortems.models import PreMortem
from hingepoint.domain.premortems.rules import place_of
from hingepoint.records.people import Role
from hingepoint.records.premortems import Place

#: So many lines stand on a first page.
A_FEW = 3
#: Whose answers are asked for.
ASKED = (Role.SELLER, Role.MANAGER, Role.SPONSOR)


@dataclass(frozen=True, slots=True)
class AskedAhead:
    """A pre-mortem that waits for the viewer's answer, in the place of ``place``, until the end of a day."""

    deal_id: int
    deal: str
    amount: Decimal | None
    currency: str
    until: dt.date
    place: Place


def asked_of(viewer: Any, *, today: dt.date) -> list[AskedAhead]:
    """Return which pre-mortems wait for ``viewer``, those that end first at the front. Seven SQL queries at most, one where none wait.

    The seller is asked of their own deals, a manager of those of the teams that nobody below them leads. As the one more are asked
    the executives who have a part in the deal, and where none has, the sponsors.
    """
    if not works_here(viewer) or viewer.role not in ASKED:
        return []
    seen = Exists(Deal.objects.visible_to(viewer).filter(pk=OuterRef("deal")))
    rows = PreMortem.objects.taking_answers(today).filter(seen).prefetch_related("deal__team", "answers")
    found = sorted(rows, key=lambda row: (row.until, -(row.deal.amount or 0), row.pk))
    if not found:
        return []
    led, parts = _led(), _parts([row.deal_id for row in found])
    waiting = [(row, place_of(viewer, row.deal, row.answers.all())) for row in found]
    return [
        AskedAhead(row.deal_id, str(row.deal), row.deal.amount, row.deal.currency, row.until, place)
        for row, place in waiting
        if place and _theirs(viewer, row.deal, place, led=led, parts=parts[row.deal_id])
    ]


def _theirs(
    viewer: User, deal: Deal, place: Place, *, led: Mapping[int, set[int]], parts: Collection[int]
) -> bool:
    """Return whether ``viewer``, who may answer in a place, is the one who is asked to."""
    if place == Place.MANAGER:
        return viewer.pk in _nearest(deal, led)
    if place == Place.OTHER:
        return viewer.pk in parts if parts else viewer.role == Role.SPONSOR
    return True


def _nearest(deal: Deal, led: Mapping[int, set[int]]) -> set[int]:
    """Return who leads the team of a deal, else the nearest one above it that somebody leads."""
    path = deal.team.path.strip("/").split("/") if deal.team else []
    return next((led[int(team)] for team in reversed(path) if int(team) in led), set())


def _led() -> dict[int, set[int]]:
    rows = Membership.objects.filter(manages=True, until__isnull=True, user__is_active=True)
    found: dict[int, set[int]] = defaultdict(set)
    for team, person in rows.filter(user__role=Role.MANAGER).values_list("team_id", "user_id"):
        found[team].add(person)
    return dict(found)


def _parts(deals: list[int]) -> defaultdict[int, set[int]]:
    """Return the executives who have a part in each deal and could answer: those who see every deal."""
    rows = Involvement.objects.holding().filter(deal__in=deals, executive__role=Role.SPONSOR)
    found: defaultdict[int, set[int]] = defaultdict(set)
    for deal, person in rows.filter(executive__is_active=True).values_list("deal_id", "executive_id"):
        found[deal].add(person)
    return found
