"""One agreement as a page shows it, as it is or as its steps left it on a day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet

from hingepoint.domain.agreements.models import RULE_ORIGIN, WAITING, Agreement, AgreementEvent, AgreementType
from hingepoint.domain.agreements.rules import (
    is_late,
    known_points,
    late_after_then,
    missing_to_gain,
    must_be_checked,
    points_of,
    quality,
    quality_of,
    said_by_rule,
)
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import place_of


def last_steps(as_of: AsOf) -> QuerySet:
    """Return the steps that stood at ``as_of``, last first, for a subquery of one agreement."""
    steps = as_of.standing(AgreementEvent.objects.filter(agreement=OuterRef("pk")))
    return steps.order_by("-occurred_at", "-id")


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement on a deal, ready to show. ``gaps``: what it lacks to count as gained. ``known``: which of the
    seven points of quality are known. ``found``: a rule says so, and nobody confirmed it."""

    id: int
    deal_id: int
    type_id: int
    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    state: str
    evidence: int
    quality: int | None
    act: str
    person: str
    due_on: dt.date | None
    required: bool
    needed_by: dt.date | None
    needed_because: str
    was_due_on: dt.date | None
    late_after: dt.date | None
    late: bool
    recheck: bool
    gained_at: dt.datetime | None
    changed_at: dt.datetime
    expires_on: dt.date | None
    reason: str
    owed_in_return: str
    gaps: tuple[str, ...]
    version: int
    found: bool = False
    known: tuple[str, ...] = ()

    @property
    def standing(self) -> bool:
        return self.state in STANDING

    @property
    def from_whom(self) -> str:
        """The person if known, else the role to ask."""
        return self.person or self.counterpart


def in_order_of_the_sale(lines: Iterable[AgreementLine]) -> list[AgreementLine]:
    """Order as the sale goes: by stage, then by when it is due."""
    latest = dt.date.max
    return sorted(lines, key=lambda line: (place_of(line.stage), line.late_after or latest, line.name))


def line_of(row: Agreement, today: dt.date) -> AgreementLine:
    """Return an agreement (fetched with type, person and asked_of) as it is shown on ``today``."""
    late_after = row.late_after
    return AgreementLine(
        **_type_columns(row.type),
        id=row.pk,
        deal_id=row.deal_id,
        state=row.state,
        evidence=row.evidence,
        quality=quality_of(row),
        known=points_of(row),
        act=row.act,
        person=_person_name(row),
        due_on=row.due_on,
        required=row.required,
        needed_by=row.needed_by,
        needed_because=row.needed_because,
        was_due_on=row.was_due_on,
        late_after=late_after,
        late=is_late(late_after, today),
        recheck=must_be_checked(row.state, row.expires_on, today),
        gained_at=row.gained_at,
        changed_at=row.changed_at,
        expires_on=row.expires_on,
        reason=row.reason,
        owed_in_return=row.owed_in_return,
        gaps=missing_to_gain(row) if row.state in WAITING else (),
        version=row.version,
        found=said_by_rule(getattr(row, "last_origin", "")),
    )


def _type_columns(kind: AgreementType) -> dict[str, Any]:
    return {
        "type_id": kind.pk,
        "key": kind.key,
        "name": kind.own_name or kind.name,
        "side": kind.side,
        "stage": kind.own_stage or kind.stage,
        "counterpart": kind.counterpart,
    }


def _person_name(row: Agreement) -> str:
    person = row.person or row.asked_of
    return person.name if person else row.person_name


def lines_then(deal_ids: Sequence[int], as_of: AsOf) -> list[AgreementLine]:
    """Rebuild each agreement of some deals from the steps that ``as_of`` shows. One SQL query."""
    steps = AgreementEvent.objects.filter(agreement__deal_id__in=deal_ids).select_related("agreement__type")
    told = list(as_of.of(steps).order_by("occurred_at", "id"))
    undone = {step.undoes_id for step in told}
    by_agreement: dict[int, list[AgreementEvent]] = defaultdict(list)
    for step in told:
        if step.undoes_id is None and step.pk not in undone:
            by_agreement[step.agreement_id].append(step)
    return in_order_of_the_sale(_line_then(steps, as_of.day) for steps in by_agreement.values())


def _line_then(steps: Sequence[AgreementEvent], day: dt.date) -> AgreementLine:
    """Return an agreement after ``steps``, oldest first: each says what changed and leaves the rest."""
    last, agreement = steps[-1], steps[-1].agreement
    kept = {
        name: _last_value(steps, name) for name in ("act", "counterpart", "due_on", "evidence", "quality")
    }
    gained = [step.occurred_at for step in steps if step.state in STANDING]
    expires_on = gained[-1].date() + dt.timedelta(days=agreement.holds_days) if gained else None
    late_after = late_after_then(agreement, last.state, kept["due_on"])
    known = known_points(
        act=kept["act"] or "",
        person=kept["counterpart"],
        due_on=kept["due_on"],
        reason="",  # steps do not say it
        evidence=kept["evidence"] or 0,
    )
    return AgreementLine(
        **_type_columns(agreement.type),
        id=agreement.pk,
        deal_id=agreement.deal_id,
        state=last.state,
        evidence=kept["evidence"] or 0,
        quality=quality(last.state, known, kept["quality"]),
        known=known,
        act=kept["act"] or "",
        person=kept["counterpart"] or "",
        due_on=kept["due_on"],
        required=agreement.required,
        needed_by=None,
        needed_because="",
        was_due_on=None,
        late_after=late_after,
        late=is_late(late_after, day),
        recheck=must_be_checked(last.state, expires_on, day),
        gained_at=gained[0] if gained else None,
        changed_at=last.occurred_at,
        expires_on=expires_on,
        reason="",
        owed_in_return="",
        gaps=(),
        version=agreement.version,
        found=said_by_rule(last.origin),
    )


def _last_value(steps: Sequence[AgreementEvent], name: str) -> Any:
    said = [value for step in steps if (value := getattr(step, name)) not in (None, "")]
    return said[-1] if said else None


def who_took(step: AgreementEvent) -> str:
    """Return who took a step, in words. A rule is named by its key in files only."""
    return "by a rule" if step.actor.startswith(RULE_ORIGIN) else step.actor
