"""The draft of a playbook: what may be chosen for it, and what publishing it would ask of open deals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.strategy import presets
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook
from hingepoint.domain.strategy.queries.pivotal import Behind, finding_behind, newest_signed
from hingepoint.domain.strategy.queries.strategies import strategy_of
from hingepoint.domain.strategy.rules import may_keep
from hingepoint.records.errors import Hidden


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
    meant = AgreementType.objects.meanings().get(key, key)
    kind = AgreementType.objects.in_use().filter(key=meant).exclude(pivotal__playbook=draft).first()
    if kind is None or not may_keep(viewer):
        raise Hidden("no such type")
    return kind, newest_signed([meant], draft.strategy.metric).get(meant)


def chosen(viewer: Any, strategy_id: int, key: str) -> PivotalAgreement:
    """Return a pivotal agreement of the draft to a keeper, for the actions. Raises Hidden."""
    found = drafted(viewer, strategy_id).pivotal.select_related("playbook", "type").filter(type__key=key)
    row = found.first()
    if row is None:
        raise Hidden("not in the draft")
    return row
