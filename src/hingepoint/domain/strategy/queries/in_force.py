"""The strategy in force for a deal, and what its playbook asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Exists

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.records.strategy import Status

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


#: The playbook that holds stands first.
_IN_ORDER = ("playbook__strategy__rank", "playbook__strategy_id", "-playbook__number", "position")


class Kept(TypedDict):
    """What ``pivotal_of_deal`` annotates: whether answers over everything are kept."""

    answers_kept: bool


@dataclass(frozen=True, slots=True)
class InForce:
    """A strategy in force with the keys of the pivotal agreements of its published playbook, in order."""

    id: int
    name: str
    pivotal: tuple[str, ...]


def in_force(viewer: Any, *, segment: str = "") -> InForce | None:
    """Return the first strategy in force that asks something of deals of ``segment``. One SQL query."""
    strategies = Strategy.objects.visible_to(viewer).in_force()
    if segment:
        strategies = strategies.filter(segment__in=("", segment))
    rows = PivotalAgreement.objects.filter(
        playbook__strategy__in=strategies, playbook__published_at__isnull=False
    ).order_by(*_IN_ORDER)
    found = list(
        rows.values_list("playbook_id", "playbook__strategy_id", "playbook__strategy__name", "type__key")
    )
    if not found:
        return None
    book, pk, name, _ = found[0]
    return InForce(pk, name, tuple(key for one, *_, key in found if one == book))


def pivotal_of_deal(deal: Deal) -> list[WithAnnotations[PivotalAgreement, Kept]]:
    """Return the pivotal agreements of the playbook that holds for ``deal``. One SQL query."""
    rows = PivotalAgreement.objects.filter(
        playbook__published_at__isnull=False,
        playbook__strategy__status=Status.IN_FORCE,
        playbook__strategy__segment__in=("", deal.segment),
    ).select_related("type", "playbook__strategy")
    found = list(rows.annotate(answers_kept=Exists(KeptAnswer.objects.all())).order_by(*_IN_ORDER))
    return [row for row in found if row.playbook_id == found[0].playbook_id]


def pivotal_in_force(on: dt.date | None = None) -> list[PivotalAgreement]:
    """Return the pivotal agreements of every published playbook of a strategy in force, those that hold first; ``on`` a day of
    the past, of those published by its end. One SQL query."""
    books = Playbook.objects.filter(strategy__status=Status.IN_FORCE).published_by(on)
    rows = PivotalAgreement.objects.filter(playbook__in=books.order_by())
    return list(rows.select_related("type", "playbook__strategy").order_by(*_IN_ORDER))


def holding(rows: Sequence[PivotalAgreement], segment: str) -> list[PivotalAgreement]:
    """Return which of ``pivotal_in_force`` hold for a deal of ``segment``: what ``pivotal_of_deal`` returns of one."""
    found = [row for row in rows if row.playbook.strategy.segment in ("", segment)]
    return [row for row in found if row.playbook_id == found[0].playbook_id]


def standard_for(deal: Deal, type_id: int) -> WithAnnotations[PivotalAgreement, Kept] | None:
    """Return what the playbook that holds for ``deal`` says of an agreement type. One SQL query."""
    return next((row for row in pivotal_of_deal(deal) if row.type_id == type_id), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the playbook that holds for a deal wants of one agreement."""

    strategy_id: int
    strategy: str
    counterpart: str
    evidence: int
    checks: tuple[str, ...]
    questions: tuple[str, ...]


def wanted(row: PivotalAgreement) -> Wanted:
    """Return what the playbook wants where it asks for ``row``."""
    strategy = row.playbook.strategy
    own = {"checks": tuple(row.checks), "questions": tuple(row.questions)}
    return Wanted(strategy.pk, strategy.name, row.counterpart, row.evidence_wanted, **own)
