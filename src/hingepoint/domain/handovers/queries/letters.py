"""The letter about a deal for its new owner, drawn from the register; and which letters wait to be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.agreements.queries import deal_page
from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries.deal_page import DealFacts, Participant
from hingepoint.domain.handovers.rules import Change, last_changes
from hingepoint.domain.negotiation.queries import log
from hingepoint.records.agreements import AgreementState

MOST_SAID = 12
#: In these states somebody of theirs promised an act that is still to be done.
_PROMISED = (AgreementState.GAINED, AgreementState.RENEGOTIATED)
#: In these they were asked, or said kind words, and promised nothing.
_ASKED = (AgreementState.ASKED, AgreementState.SOFT)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody of theirs said or did about an agreement, and when."""

    on: dt.date
    who: str
    state: AgreementState
    name: str
    act: str
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a new owner has to know. ``theirs`` are acts that they promised and that are not done, ``asked`` what they were asked
    for and did not promise, ``ours`` what we promised in return; ``next`` are the next landmarks, the nearest first.
    ``change`` is the last change of owner, None where there was none."""

    facts: DealFacts
    change: Change | None
    theirs: tuple[AgreementLine, ...]
    asked: tuple[AgreementLine, ...]
    ours: tuple[AgreementLine, ...]
    said: tuple[Said, ...]
    demands: tuple[log.Demand, ...]
    conceded: Decimal
    given: int
    next: tuple[AgreementLine, ...]
    people: tuple[Participant, ...]
    may_confirm: bool


def letter(viewer: Any, deal_id: int, *, today: dt.date) -> Letter:
    """Return the letter about an open deal as the register stands. Raises Hidden. Nine SQL queries."""
    picture = deal_page.deal_picture(viewer, deal_id, today=today)
    talks = log.log(viewer, deal_id)
    lines = picture.agreements
    change = last_changes([deal_id]).get(deal_id)
    return Letter(
        facts=picture.facts,
        change=change,
        theirs=tuple(line for line in lines if line.state in _PROMISED),
        asked=tuple(line for line in lines if line.state in _ASKED),
        ours=tuple(line for line in lines if line.owed_in_return),
        said=tuple(_said(deal_id)),
        demands=tuple(reversed(talks.demands)),
        conceded=talks.conceded,
        given=len(talks.concessions),
        next=tuple(_next(lines)),
        people=picture.people,
        may_confirm=change is not None and change.read_at is None and picture.facts.owner_id == viewer.pk,
    )


def _next(lines: Iterable[AgreementLine]) -> list[AgreementLine]:
    waiting = [line for line in lines if line.required and not line.standing and line.late_after]
    return sorted(waiting, key=lambda line: (line.late_after or dt.date.max, line.name))


def _said(deal_id: int) -> Iterable[Said]:
    steps = AgreementEvent.objects.standing().said().filter(agreement__deal=deal_id).exclude(counterpart="")
    for step in steps.select_related("agreement__type").order_by("-occurred_at", "-id")[:MOST_SAID]:
        on, state = timezone.localdate(step.occurred_at), AgreementState(step.state)
        yield Said(on, step.counterpart, state, str(step.agreement.type), step.act, step.due_on)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deal that came to the viewer and whose letter they have not confirmed."""

    deal_id: int
    deal: str
    before: str
    on: dt.date


def waiting(viewer: Any) -> list[Waiting]:
    """Return the open deals of ``viewer`` that changed hands and whose letter is not read yet, the newest first. Two SQL
    queries."""
    mine = {row.pk: str(row) for row in Deal.objects.open().filter(owner=viewer.pk).only("key", "name")}
    found = [one for one in last_changes(mine).values() if one.read_at is None]
    lines = [Waiting(one.deal_id, mine[one.deal_id], one.before, timezone.localdate(one.at)) for one in found]
    return sorted(lines, key=lambda line: line.on, reverse=True)
