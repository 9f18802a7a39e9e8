"""What was due before anybody was asked for it: one list a seller, to be sorted out once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from hingepoint.domain.agreements.models import Agreement, AgreementQuerySet
from hingepoint.domain.home.queries.worklist import WorkLine, with_deals, work_line
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: Lines on a page: what is answered at one sitting.
AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class OldOfSeller:
    """How many wait for one seller."""

    seller_id: int
    name: str
    old: int


@dataclass(frozen=True, slots=True)
class SortingPage:
    """The old agreements of one seller, deal by deal: ``lines`` of ``total``; ``others`` are further sellers for
    whom some wait, to those who lead them."""

    lines: tuple[WorkLine, ...]
    total: int
    mine: bool
    seller: str
    others: tuple[OldOfSeller, ...]


def old_ones(viewer: Any) -> AgreementQuerySet:
    """Return the agreements to sort out on deals that ``viewer`` may see."""
    return Agreement.objects.visible_to(viewer).to_sort_out()


def sorting_page(viewer: Any, *, today: dt.date, seller_id: int | None = None) -> SortingPage:
    """Return what a seller has to sort out, the viewer's own unless they say whose. Four SQL queries. Raises
    Hidden for inside partners."""
    if viewer.role == Role.INSIDE_PARTNER:
        raise Hidden("not theirs to sort out")
    known = old_ones(viewer)
    counts = known.values_list("deal__owner", "deal__owner__name").annotate(old=Count("pk")).order_by("-old")
    others = [OldOfSeller(pk, name, old) for pk, name, old in counts if pk and pk != viewer.pk]
    wanted = seller_id if seller_id is not None else viewer.pk
    rows = with_deals(known.filter(deal__owner=wanted)).order_by("deal__name", "deal_id", "was_due_on", "id")
    lines = tuple(work_line(row, today) for row in rows[:AT_ONCE])
    named = next((one.name for one in others if one.seller_id == wanted), "")
    return SortingPage(lines, rows.count(), wanted == viewer.pk, named, tuple(others))
