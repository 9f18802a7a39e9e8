"""One deal with its agreements, people and what to do next; and its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.agreements.models import IN_MOTION, WAITING, Agreement, AgreementEvent
from hingepoint.domain.agreements.queries.lines import (
    AgreementLine,
    in_order_of_the_sale,
    line_of,
    lines_then,
    who_took,
)
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.deals.queries.deal_page import DealFacts, Happening, Participant
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind, place_of
from hingepoint.records.languages import say

HISTORY_PAGE = 20
MOST_NEXT = 4


@dataclass(frozen=True, slots=True)
class NextStep:
    """One agreement to work on next, and why now."""

    line: AgreementLine
    why: str


@dataclass(frozen=True, slots=True)
class DealPicture:
    """A deal with its agreements and people, as it is or as it was."""

    facts: DealFacts
    agreements: tuple[AgreementLine, ...]
    next_steps: tuple[NextStep, ...]
    people: tuple[Participant, ...]
    as_of: AsOf | None
    existed: bool  # at as_of
    left_out: int  # facts that were recorded only later


def deal_picture(viewer: Any, deal_id: int, *, today: dt.date, as_of: AsOf | None = None) -> DealPicture:
    """Return one deal with its agreements and people. Raises Hidden for a foreign deal as for an absent one."""
    facts = deal_page.deal_facts(viewer, deal_id, as_of=as_of)
    day = as_of.day if as_of else today
    lines = lines_then([deal_id], as_of) if as_of else _lines_now(deal_id, today)
    return DealPicture(
        facts=facts,
        agreements=tuple(lines),
        next_steps=tuple(next_steps(lines, day)) if facts.status == "open" else (),
        people=tuple(deal_page.participants(deal_id, on=as_of.day if as_of else None)),
        as_of=as_of,
        existed=as_of is None or as_of.existed(facts.created_at),
        left_out=_left_out(deal_id, as_of) if as_of else 0,
    )


@dataclass(frozen=True, slots=True)
class History:
    """One page of what happened on a deal, newest first; ``older``: there is more."""

    facts: DealFacts
    lines: tuple[Happening, ...]
    older: bool
    as_of: AsOf | None


def history(
    viewer: Any, deal_id: int, *, kind: str = "", page: int = 1, as_of: AsOf | None = None
) -> History:
    """Return a page of ``HISTORY_PAGE`` lines of a deal's history; ``kind`` narrows it to one kind of event. Raises
    Hidden for a foreign deal as for an absent one."""
    facts = deal_page.deal_facts(viewer, deal_id, as_of=as_of)
    found = _history(deal_id, kind, page, as_of)
    return History(facts, tuple(found[:HISTORY_PAGE]), len(found) > HISTORY_PAGE, as_of)


def rows_of(deal_id: int) -> list[Agreement]:
    """Return the agreements of a deal that the caller may see, ready for their lines. One SQL query."""
    rows = Agreement.objects.filter(deal_id=deal_id).with_last_origin()
    return list(rows.select_related("type", "person", "asked_of"))


def _lines_now(deal_id: int, today: dt.date) -> list[AgreementLine]:
    return in_order_of_the_sale(line_of(row, today) for row in rows_of(deal_id))


def next_steps(lines: Sequence[AgreementLine], day: dt.date) -> list[NextStep]:
    """Choose what to do next: what is late, then kind words, then what is due, then what grows old; of each the
    pivotal ones first."""
    ranked = [
        (
            (place, not line.required, line.late_after or dt.date.max, place_of(line.stage)),
            NextStep(line, why),
        )
        for line in lines
        for place, why in _why(line, day)
    ]
    ranked.sort(key=lambda one: one[0])
    return [step for _, step in ranked[:MOST_NEXT]]


def _why(line: AgreementLine, day: dt.date) -> list[tuple[int, str]]:
    """Return why an agreement asks for attention and how urgently (0 first), or nothing."""
    if line.late and line.standing:
        return [(0, say("They promised to act by then. Ask whether it was done."))]
    if line.late:
        return [(0, say("It was due by then and the deal goes on without it.") + _needed_words(line))]
    if line.state == AgreementState.BROKEN:
        return [(1, say("They agreed and did not do it. Settle it before you build on it."))]
    if line.state == AgreementState.SOFT:
        return [
            (2, say("Kind words so far. Still open: {gaps}.", gaps=", ".join(line.gaps) or say("their act")))
        ]
    if line.recheck:
        return [(3, say("Old enough to ask again: people and priorities change."))]
    if line.state == AgreementState.LAPSED:
        return [(3, say("It lapsed. Ask for it again or mark it as not needed."))]
    if line.state in IN_MOTION or (line.required and line.state in WAITING):
        return [(2 if line.late_after else 4, f"{_waiting_words(line)}{_needed_words(line)}")]
    return []


def _needed_words(line: AgreementLine) -> str:
    because = line.needed_because
    return " " + say("Needed {because}.", because=because) if because else ""


def _waiting_words(line: AgreementLine) -> str:
    words = {
        AgreementState.ASKED: say("Asked, no answer yet."),
        AgreementState.PLANNED: say("Planned: have the conversation."),
        AgreementState.NEEDED: say("Needed and not started: plan how to ask."),
    }
    return words[AgreementState(line.state)]


def _history(deal_id: int, kind: str, page: int, as_of: AsOf | None) -> list[Happening]:
    """Return one page of history and one line more if there is an older page."""
    start = (page - 1) * HISTORY_PAGE
    most = start + HISTORY_PAGE + 1
    others = () if kind == EventKind.AGREEMENT else deal_page.happenings(
        deal_id, kinds=(kind,) if kind else (), as_of=as_of, most=most
    )  # fmt: skip
    steps = _step_happenings(deal_id, as_of, most) if kind in ("", EventKind.AGREEMENT) else ()
    return sorted((*others, *steps), key=lambda one: one.at, reverse=True)[start:most]


def _step_happenings(deal_id: int, as_of: AsOf | None, most: int) -> list[Happening]:
    steps = AgreementEvent.objects.standing().filter(agreement__deal_id=deal_id)
    steps = as_of.of(steps) if as_of else steps
    rows = steps.select_related("agreement__type").order_by("-occurred_at", "-id")[:most]
    return [
        Happening(
            at=row.occurred_at,
            recorded_at=row.recorded_at,
            kind=EventKind.AGREEMENT.value,
            name=str(row.agreement.type),
            state=row.state,
            actor=who_took(row),
            counterpart=row.counterpart,
            value=row.value,
            currency=row.currency,
            evidence=row.evidence,
            note=row.note or row.act,
            origin=row.origin,
        )
        for row in rows
    ]


def _left_out(deal_id: int, as_of: AsOf) -> int:
    late = AgreementEvent.objects.filter(agreement__deal_id=deal_id, occurred_at__lte=as_of.moment)
    return deal_page.left_out(deal_id, as_of) + late.filter(recorded_at__gt=as_of.moment).count()
