"""The execution plan of a deal: the agreements ahead, the next steps and the risks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.agreements.models import IN_MOTION, WAITING, Agreement
from hingepoint.domain.agreements.queries.lines import AgreementLine, line_of
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.parts import ON, RISKS, STEP, WHO, Line, Part, about
from hingepoint.domain.plans.proposals import propose_for_deal
from hingepoint.domain.plans.queries.filled import (
    FilledPart,
    History,
    day_in_words,
    filled,
    history_of,
    register_of,
    visible_deal,
)
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import DealStatus
from hingepoint.records.languages import say, words_of


@dataclass(frozen=True, slots=True)
class AheadRow:
    """One agreement ahead in a deal's plan: the next step, who takes it and by when."""

    line: AgreementLine
    step: FilledPart
    who: FilledPart
    on: FilledPart
    talk_on: dt.date | None
    planned: bool  # a conversation plan is written

    @property
    def day(self) -> dt.date | None:
        """The day of the next step, as far as it was written as one."""
        try:
            return dt.date.fromisoformat(self.on.text)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class DealSheet:
    """The execution plan of a deal: the pivotal agreements ahead, what comes next on each, and the risks."""

    facts: deal_page.DealFacts
    ahead: tuple[AheadRow, ...]
    risks: FilledPart
    standing: int
    history: History
    offered: Mapping[str, tuple[Line, ...]]


_NEXT = words_of(
    {
        AgreementState.NEEDED: "Plan how to ask {whom}",
        AgreementState.PLANNED: "Ask {whom}",
        AgreementState.ASKED: "Get an answer from {whom}",
        AgreementState.SOFT: "Turn kind words into an act and a day: {whom}",
        AgreementState.GAINED: "Ask {whom} whether it was done",
        AgreementState.BROKEN: "Settle with {whom} what was not done",
        AgreementState.LAPSED: "Ask {whom} again",
    }
)


def deal_sheet(viewer: Any, deal_id: int, *, today: dt.date) -> DealSheet:
    """Return the plan of a deal, as written or as known. Raises Hidden. At most twelve SQL queries."""
    deal = visible_deal(viewer, deal_id)
    facts = deal_page.deal_facts(viewer, deal_id)
    register = register_of(deal)
    ahead = [row for row in register if _is_ahead(row)]
    lines = {row.type_id: line_of(row, today) for row in ahead}
    plans = Plan.objects.filter(deal=deal).of_talks().newest()
    talks = {plan.agreement_id: plan.talk_on for plan in plans if plan.agreement_id is not None}
    history, written = history_of(viewer, deal, None, of_deal=True)
    steps = [(row.type.key, _next_step(lines[row.type_id]), facts.owner) for row in ahead]
    risks = _risks(facts, list(lines.values()), deal_page.participants(deal_id), today)
    offered = {key: tuple(found) for key, found in propose_for_deal(steps, risks).items()}
    return DealSheet(
        facts=facts,
        ahead=tuple(_ahead(row, lines[row.type_id], written, offered, talks) for row in ahead),
        risks=filled(RISKS, written, offered),
        standing=sum(row.required and row.state in STANDING for row in register),
        history=history,
        offered=offered,
    )


def _is_ahead(row: Agreement) -> bool:
    wanted = (*WAITING, AgreementState.BROKEN, AgreementState.LAPSED)
    promised = row.state == AgreementState.GAINED and row.late_after is not None
    return row.state in IN_MOTION or promised or (row.required and row.state in wanted)


def _next_step(line: AgreementLine) -> str:
    return say(_NEXT[AgreementState(line.state)], whom=line.from_whom or say("whoever can promise it"))


def _ahead(
    row: Agreement,
    line: AgreementLine,
    written: Mapping[str, Sequence[Line]],
    offered: Mapping[str, Sequence[Line]],
    talks: Mapping[int, dt.date | None],
) -> AheadRow:
    labels = {STEP: say("Next step"), WHO: say("Who"), ON: say("By when")}
    parts = {}
    for what, label in labels.items():
        key = about(what, row.type.key)
        # an agreement that became needed after the writing shows what is offered for it
        known = key in written or about(STEP, row.type.key) in written
        parts[what] = filled(Part(key, label), written if known else {}, offered)
    return AheadRow(line=line, talk_on=talks.get(row.pk), planned=row.pk in talks, **parts)


def _risks(
    facts: deal_page.DealFacts,
    lines: Sequence[AgreementLine],
    people: Sequence[deal_page.Participant],
    today: dt.date,
) -> list[Line]:
    """Return what can be seen to go wrong, each with where it is seen."""
    late = [line.name for line in lines if line.late]
    soft = [line.name for line in lines if line.state == AgreementState.SOFT]
    gone = [one.name for one in people if one.left_on or one.until]
    past = facts.status == DealStatus.OPEN and facts.expected_close_on and facts.expected_close_on < today
    found = [
        (late, say("Late already: {late}", late=", ".join(late)), say("Register")),
        (soft, say("Kind words only: {soft}", soft=", ".join(soft)), say("Register")),
        (gone, say("No longer there: {gone}", gone=", ".join(gone)), say("People on the deal")),
        (facts.pushes, say("The close was pushed {pushes} times", pushes=facts.pushes), "CRM"),
        (
            past,
            say(
                "The expected close has passed: {expected_close_on}",
                expected_close_on=day_in_words(facts.expected_close_on),
            ),
            "CRM",
        ),
        (not people, say("Nobody of the customer is named on the deal"), say("People on the deal")),
    ]
    return [Line(text, source) for holds, text, source in found if holds]
