"""The draft of a playbook: what may be chosen for it, and what publishing it would ask of open deals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.strategy import presets
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook
from hingepoint.domain.strategy.queries.pivotal import Behind, finding_behind, newest_signed
from hingepoint.domain.strategy.queries.strategies import strategy_of
from hingepoint.domain.strategy.rules import books_in_force, may_keep, usual_days_to_stage, wanted_of
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class Asked:
    """What publishing a draft would change for one agreement type, on open deals."""

    name: str
    deals: int  # that would need it
    new: int  # of them, that do not need it now
    released: int  # that need it now and would no more


def preview(viewer: Any, strategy_id: int) -> tuple[list[Asked], int]:
    """Return what publishing the draft would ask of open deals, and of how many of them. Reads all open
    deals. Raises Hidden where there is no draft."""
    draft = drafted(viewer, strategy_id)
    books, days = books_in_force(draft), usual_days_to_stage()
    wanted: set[tuple[int, int]] = set()
    for deal in Deal.objects.open().iterator(chunk_size=2_000):
        wanted |= {(deal.pk, need.type_id) for need in wanted_of(deal, books, days)}
    rows = Agreement.objects.filter(required=True, deal__status=DealStatus.OPEN)
    now = set(rows.values_list("deal_id", "type_id"))
    counts = [Counter(type_id for _, type_id in pairs) for pairs in (wanted, wanted - now, now - wanted)]
    names = _type_names(set().union(*counts))
    asked = [
        Asked(names[pk], *(count[pk] for count in counts)) for pk in sorted(names, key=lambda k: names[k])
    ]
    return asked, len({deal_id for deal_id, _ in wanted})


def _type_names(type_ids: set[int]) -> dict[int, str]:
    return {row.pk: str(row) for row in AgreementType.objects.filter(pk__in=type_ids)}


def drafted(viewer: Any, strategy_id: int) -> Playbook:
    """Return the draft of a strategy to a keeper. Raises Hidden."""
    draft = strategy_of(viewer, strategy_id).playbooks.filter(published_at__isnull=True).first()
    if draft is None or not may_keep(viewer):
        raise Hidden("no draft")
    return draft


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agreement type that a playbook may choose; ``behind`` when a finding on it is signed."""

    key: str
    name: str
    side: str
    late: bool
    suggested: bool
    behind: Behind | None


def candidates(viewer: Any, strategy_id: int) -> list[Candidate]:
    """Return the types not yet in the draft: signed findings first, by effect, then the preset's, then
    the rest in the order of the catalogue. Raises Hidden where there is no draft."""
    draft = drafted(viewer, strategy_id)
    metric = draft.strategy.metric
    types = list(AgreementType.objects.in_use().exclude(pivotal__playbook=draft).order_by("pk"))
    signed = newest_signed([row.key for row in types], metric)
    preset = presets.for_metric(metric)
    suggested = preset.candidates if preset else ()
    found = [
        Candidate(
            key=row.key,
            name=str(row),
            side=row.side,
            late=row.proximity == "late",
            suggested=row.key in suggested,
            behind=finding_behind(signed[row.key], chosen_by=False) if row.key in signed else None,
        )
        for row in types
    ]
    sign = metrics.parse(metric).sign
    return sorted(found, key=lambda one: (-_helps(one, sign), not one.suggested))


def _helps(one: Candidate, sign: int) -> float:
    return one.behind.effect * sign if one.behind and one.behind.effect is not None else float("-inf")


def choosable(viewer: Any, draft: Playbook, key: str) -> tuple[AgreementType, Finding | None]:
    """Return the type to choose for a draft and the signed finding on it, if any. Raises Hidden."""
    kind = AgreementType.objects.in_use().filter(key=key).exclude(pivotal__playbook=draft).first()
    if kind is None or not may_keep(viewer):
        raise Hidden("no such type")
    return kind, newest_signed([key], draft.strategy.metric).get(key)


def chosen(viewer: Any, strategy_id: int, key: str) -> PivotalAgreement:
    """Return a pivotal agreement of the draft to a keeper, for the actions. Raises Hidden."""
    found = drafted(viewer, strategy_id).pivotal.select_related("playbook", "type").filter(type__key=key)
    row = found.first()
    if row is None:
        raise Hidden("not in the draft")
    return row
