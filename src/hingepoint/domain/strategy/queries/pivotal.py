"""One pivotal agreement of a playbook, and the finding behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.records.languages import say
from hingepoint.records.strategy import NeededBy

UNITS = {"share": "points", "days": "days"}


@dataclass(frozen=True, slots=True)
class Behind:
    """The signed finding behind a pivotal agreement. ``run_id`` leads to its page."""

    run_id: int
    grade: str
    effect: float | None
    low: float | None
    high: float | None
    metric: str
    unit: str
    better: str
    in_words: str
    chosen_by: bool  # the choice stands on it; else it was signed later


@dataclass(frozen=True, slots=True)
class PivotalLine:
    """One pivotal agreement of a playbook with its standard, ready to show."""

    id: int
    position: int
    type_id: int
    key: str
    name: str
    side: str
    description: str
    counterpart: str
    needed_by: str
    needed_days: int | None
    needed_stage: str
    needed: str  # by when, in words
    evidence_wanted: int
    recheck_days: int
    segments: tuple[str, ...]
    least_amount: Decimal | None
    checks: tuple[str, ...]
    questions: tuple[str, ...]
    demands: tuple[Mapping[str, Any], ...]
    principles: tuple[str, ...]
    judgement: str
    behind: Behind | None


def pivotal_lines(book: Playbook, strategy: Strategy) -> list[PivotalLine]:
    """Return the pivotal agreements of a playbook in their order. Two SQL queries."""
    rows = list(book.pivotal.select_related("type", "finding__run").defer("finding__run__record"))
    later = newest_signed([row.type.key for row in rows if not row.finding_id], strategy.metric)
    return [_pivotal_line(row, row.finding or later.get(row.type.key)) for row in rows]


def newest_signed(keys: Sequence[str], metric: str) -> dict[str, Finding]:
    """Return the newest signed finding of each type on ``metric``."""
    rows = Finding.objects.signed().on(keys).filter(run__metric=metric).select_related("run")
    found = sorted(rows.defer("run__record"), key=lambda row: (row.run_id, row.key == row.meant))
    return {row.meant: row for row in found}


def _pivotal_line(row: PivotalAgreement, finding: Finding | None) -> PivotalLine:
    same = {field.name for field in fields(PivotalLine)} & {
        "position", "type_id", "counterpart", "needed_by", "needed_days", "needed_stage", "evidence_wanted",
        "recheck_days", "least_amount", "judgement",
    }  # fmt: skip
    lists = ("segments", "checks", "questions", "demands", "principles")
    kind = row.type
    facts: dict[str, Any] = {name: getattr(row, name) for name in same}
    facts |= {name: tuple(getattr(row, name)) for name in lists}
    return PivotalLine(
        id=row.pk,
        key=kind.key,
        name=kind.own_name or kind.name,
        side=kind.side,
        description=kind.own_description or kind.description,
        needed=needed_words(row.needed_by, row.needed_days, row.needed_stage),
        behind=finding_behind(finding, chosen_by=row.finding_id is not None) if finding else None,
        **facts,
    )


def needed_words(needed_by: str, days: int | None, stage: str) -> str:
    """Return by when an agreement is needed, in words."""
    if needed_by == NeededBy.STAGE:
        return say("before the deal leaves {stage}", stage=stage)
    if needed_by == NeededBy.DAYS_BEFORE_CLOSE:
        return say("{days} days before the expected close", days=days or 0)
    return say("{days} days after the deal was created", days=days or 0)


def finding_behind(finding: Finding, *, chosen_by: bool) -> Behind:
    metric = metrics.parse(finding.run.metric)
    return Behind(
        run_id=finding.run_id,
        grade=finding.grade,
        effect=finding.effect,
        low=finding.low,
        high=finding.high,
        metric=metric.name,
        unit=UNITS.get(metric.kind, ""),
        better=metric.better,
        in_words=finding.facts.get("in_words", ""),
        chosen_by=chosen_by,
    )
