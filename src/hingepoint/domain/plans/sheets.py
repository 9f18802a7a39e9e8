"""One plan with everything it stands on, ready for the page, the form and the printed sheet.

What is offered comes from the playbook's standard, the register, the people on the deal, their demands
and what well-executed deals did; what was written is laid over it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from hingepoint.domain.agreements.models import IN_MOTION, WAITING, Agreement, AgreementType
from hingepoint.domain.agreements.queries import lines
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.negotiation import queries as negotiation
from hingepoint.domain.plans.actions import may_review
from hingepoint.domain.plans.models import Debrief, Plan
from hingepoint.domain.plans.parts import (
    GROUPS,
    LEAST_HYPOTHESES,
    OFFER,
    ON,
    RISKS,
    STEP,
    TRADES,
    WHO,
    Line,
    Part,
    about,
    from_json,
    ranked,
)
from hingepoint.domain.plans.proposals import (
    Asked,
    Known,
    OtherAgreement,
    Someone,
    Traded,
    TypicalDemand,
    propose,
    propose_for_deal,
)
from hingepoint.domain.strategy import benchmarks
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.queries import in_force
from hingepoint.records.agreements import STANDING, AgreementState, Side
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden
from hingepoint.records.talks import Topic

#: Columns of a company's own that name the rival on a deal.
RIVAL_COLUMNS = ("competitor", "competitors", "main_competitor")
MOST_DEBRIEFS = 5


@dataclass(frozen=True, slots=True)
class FilledPart:
    """One part of a plan with its lines; ``left`` was offered and does not stand in the plan."""

    key: str
    label: str
    hint: str
    lines: tuple[Line, ...]
    left: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the lines come from, with their numbers where they come from several places; one's own
        words come from nowhere."""
        found: dict[str, list[str]] = {}
        for number, line in enumerate(self.lines, 1):
            found.setdefault(line.source, []).append(str(number))
        if len(found) == 1:
            return tuple(source for source in found if source)
        return tuple(
            f"Line {', '.join(numbers)}: {source or 'your words'}" for source, numbers in found.items()
        )


@dataclass(frozen=True, slots=True)
class FilledGroup:
    title: str
    parts: tuple[FilledPart, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said to one writing of the plan; ``writing`` is its number."""

    verdict: str
    words: str
    by: str
    at: dt.datetime
    writing: int


@dataclass(frozen=True, slots=True)
class Writing:
    """One writing of a plan: who really wrote it when."""

    id: int
    number: int
    by: str
    at: dt.datetime
    talk_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Brought:
    """What an earlier talk brought."""

    outcome: str
    held_at: dt.datetime
    by: str
    learned: str
    demand: str


@dataclass(frozen=True, slots=True)
class History:
    """The writings of a plan, newest first, and what was said to them, oldest first."""

    writings: tuple[Writing, ...] = ()
    said: tuple[Said, ...] = ()
    may_review: bool = False

    @property
    def newest(self) -> Writing | None:
        return self.writings[0] if self.writings else None

    @property
    def number(self) -> int:
        return self.newest.number if self.newest else 0

    @property
    def verdict(self) -> Said | None:
        """The last approval or return of the newest writing."""
        told = [one for one in self.said if one.writing == self.number and one.verdict != "comment"]
        return told[-1] if told else None


@dataclass(frozen=True, slots=True)
class TalkSheet:
    """The plan for one conversation. ``history.newest`` is None while nothing is written: the lines are
    then what is offered. ``first`` are agreements inside our company that the talk needs before it."""

    facts: Deal
    type_id: int
    key: str
    name: str
    side: str
    line: lines.AgreementLine | None
    groups: tuple[FilledGroup, ...]
    trades: tuple[FilledPart, ...]
    first: tuple[lines.AgreementLine, ...]
    principles: tuple[str, ...]
    checks: tuple[str, ...]
    playbook: tuple[int, str] | None  # the strategy and the type's key: its page of the playbook
    corridor: negotiation.CorridorCard | None
    history: History
    offered: Mapping[str, tuple[Line, ...]]
    brought: tuple[Brought, ...]

    @property
    def talk_on(self) -> dt.date | None:
        return self.history.newest.talk_on if self.history.newest else None

    def part(self, key: str) -> FilledPart:
        parts = [*(part for group in self.groups for part in group.parts), *self.trades]
        return next(part for part in parts if part.key == key)

    @property
    def missing(self) -> tuple[str, ...]:
        """What a complete plan has and this one lacks, in words."""
        lacks = {
            "from whom": not self.part("from_whom").lines,
            "why they would": not self.part("why_they_would").lines,
            "a second reason behind their demand": bool(self.part("demand").lines)
            and len(self.part("hypotheses").lines) < LEAST_HYPOTHESES,
            "something to ask in return": bool(self.part("offer").lines) and not self.part("request").lines,
            "the day of the talk": self.talk_on is None,
        }
        return tuple(words for words, lacking in lacks.items() if lacking)


@dataclass(frozen=True, slots=True)
class _Around:
    """What one talk stands in: its deal, the register of it, and the playbook's standard if one asks for it."""

    deal: Deal
    kind: AgreementType
    register: list[Agreement]
    row: Agreement | None
    standard: PivotalAgreement | None
    corridor: negotiation.CorridorCard | None


def talk_sheet(viewer: Any, deal_id: int, type_id: int, *, today: dt.date, offer: bool = False) -> TalkSheet:
    """Return the plan for one agreement of a deal. Raises Hidden.

    ``offer``: also look up everything that can be offered, as for writing; without it a written plan is
    read as it stands. Either takes at most twelve SQL queries with those of signing in. What is offered
    reads the won deals of three years; what earlier talks brought stays with the plan that is read.
    """
    around = _around(viewer, deal_id, type_id)
    kind, row, standard = around.kind, around.row, around.standard
    history, written = _history(viewer, around.deal, row)
    known = history.newest is not None and not offer
    offered = {} if known else _offered(around, today)
    first = _inside_first(around.register, type_id)
    return TalkSheet(
        facts=around.deal,
        type_id=kind.pk,
        key=kind.key,
        name=str(kind),
        side=kind.side,
        line=lines.line_of(row, today) if row else None,
        groups=tuple(
            FilledGroup(group.title, tuple(_filled(part, written, offered) for part in group.parts))
            for group in GROUPS
        ),
        trades=tuple(_filled(part, written, offered) for part in TRADES),
        first=tuple(lines.line_of(one, today) for one in first),
        principles=tuple(standard.principles) if standard else (),
        checks=tuple(standard.checks if standard else kind.good),
        playbook=(standard.playbook.strategy_id, kind.key) if standard else None,
        corridor=around.corridor,
        history=history,
        offered=offered,
        brought=() if offer else _brought(row),
    )


def _around(viewer: Any, deal_id: int, type_id: int) -> _Around:
    deal = _deal(viewer, deal_id)
    register = _register(deal)
    row = next((one for one in register if one.type_id == type_id), None)
    kind = row.type if row else AgreementType.objects.filter(pk=type_id).first()
    if kind is None:
        raise Hidden("no such agreement type")
    standard, corridor = in_force.standard_for(deal, type_id), negotiation.corridor_of(deal)
    return _Around(deal, kind, register, row, standard, corridor)


def _deal(viewer: Any, deal_id: int) -> Deal:
    found = Deal.objects.visible_to(viewer).select_related("account", "owner", "team", "corridor__set_by")
    deal = found.filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    return deal


def _register(deal: Deal) -> list[Agreement]:
    rows = Agreement.objects.filter(deal=deal).select_related("type", "person", "asked_of")
    return sorted(rows, key=lambda row: (row.late_after or dt.date.max, row.pk))


def _inside_first(register: Sequence[Agreement], type_id: int) -> list[Agreement]:
    """Return open agreements inside our company that are required or in motion."""
    inside = (row for row in register if row.type.side == Side.INTERNAL and row.type_id != type_id)
    return [row for row in inside if row.state in IN_MOTION or (row.required and row.state in WAITING)]


def _history(
    viewer: Any, deal: Deal, row: Agreement | None, *, of_deal: bool = False
) -> tuple[History, dict[str, list[Line]]]:
    """Return the writings of a plan with what was said to them, and the lines of the newest."""
    if row is None and not of_deal:
        return History(), {}
    rows = _with_reviews(Plan.objects.filter(deal=deal, agreement=row))
    writings = list({one.number: one for one in rows}.values())
    if not writings:
        return History(), {}
    newest = writings[0]
    newest.deal = deal
    history = History(
        writings=tuple(_writing(one) for one in writings),
        said=tuple(_said(one) for one in sorted(rows, key=lambda one: one.number) if one.said_verdict),
        may_review=may_review(viewer, newest),
    )
    return history, from_json(newest.parts)


def _with_reviews(plans: QuerySet[Plan]) -> list[Any]:
    """Return writings, the newest first, each once for every review of it, oldest first, and at least once."""
    review = {f"said_{name}": F(f"reviews__{name}") for name in ("verdict", "words", "at")}
    rows = plans.select_related("written_by").annotate(**review, said_by=F("reviews__by__name"))
    return list(rows.order_by("-number", "said_at", "reviews__id"))


def _said(row: Any) -> Said:
    return Said(row.said_verdict, row.said_words, row.said_by or "", row.said_at, row.number)


def _writing(row: Plan) -> Writing:
    by = row.written_by.name if row.written_by else ""
    return Writing(row.pk, row.number, by, row.written_at, row.talk_on)


def _filled(
    part: Part, written: Mapping[str, Sequence[Line]], offered: Mapping[str, Sequence[Line]]
) -> FilledPart:
    """Return a part as written; where no plan is written at all, as offered."""
    lines = written.get(part.key, ()) if written else offered.get(part.key, ())
    standing = {line.text for line in lines}
    left = [line for line in offered.get(part.key, ()) if line.text not in standing] if written else ()
    shown = ranked(lines, given=part == OFFER) if part in TRADES else lines
    return FilledPart(part.key, part.label, part.hint, tuple(shown), tuple(left))


def _brought(row: Agreement | None) -> tuple[Brought, ...]:
    if row is None:
        return ()
    rows = Debrief.objects.filter(agreement=row).select_related("written_by", "demand")
    return tuple(
        Brought(
            outcome=one.outcome,
            held_at=one.held_at,
            by=one.written_by.name if one.written_by else "",
            learned=one.learned,
            demand=one.demand.note if one.demand else "",
        )
        for one in rows[:MOST_DEBRIEFS]
    )


# ---- what is offered for a talk ----


def _offered(around: _Around, today: dt.date) -> dict[str, tuple[Line, ...]]:
    deal, kind = around.deal, around.kind
    asked = negotiation.asked_of_us(deal)
    example, examples_from = _example(around.standard, today)
    others = [one for one in around.register if one.type_id != kind.pk and one.type.side == Side.CUSTOMER]
    known = Known(
        **_of_the_standard(kind, around.standard),
        **_of_the_register(around.row),
        people=tuple(_people(deal)) if kind.side == Side.CUSTOMER else (),
        asked=tuple(_asked(one) for one in asked),
        example=example,
        examples_from=examples_from,
        open=tuple(_other(one) for one in others if one.required and one.state in WAITING),
        standing=tuple(_other(one) for one in others if one.state in STANDING),
        traded=tuple(_traded(deal, asked)),
        competitor=_rival(deal),
        corridor=around.corridor is not None,
        closes=_day(deal.expected_close_on),
        inside=kind.side == Side.INTERNAL,
    )
    return {key: tuple(lines) for key, lines in propose(known).items()}


def _of_the_standard(kind: AgreementType, standard: PivotalAgreement | None) -> dict[str, Any]:
    """Return what the playbook says, or the catalogue where no playbook asks for it."""
    told = {"description": kind.own_description or kind.description, "counterpart": kind.counterpart}
    if standard is None:
        return told | {"checks": tuple(kind.good)}
    return told | {
        "counterpart": standard.counterpart or kind.counterpart,
        "checks": tuple(standard.checks),
        "playbook": f"Playbook: {standard.playbook.strategy.name}",
        "questions": tuple(standard.questions),
        "demands": tuple(_typical(one) for one in standard.demands),
    }


def _of_the_register(row: Agreement | None) -> dict[str, Any]:
    if row is None:
        return {}
    person = row.person or row.asked_of
    same = {name: getattr(row, name) for name in ("act", "due_on", "reason", "owed_in_return")}
    return same | {"person": person.name if person else row.person_name}


def _rival(deal: Deal) -> str:
    """Return the rival that the CRM names on a deal; "none known" and its like are nobody."""
    named = (str(deal.extra[name]).strip() for name in RIVAL_COLUMNS if deal.extra.get(name))
    return next((name for name in named if name.split()[0].lower() not in ("none", "no", "unknown")), "")


def _typical(told: Mapping[str, Any]) -> TypicalDemand:
    return TypicalDemand(told["demand"], tuple(told.get("reasons", ())), tuple(told.get("trades", ())))


def _example(standard: PivotalAgreement | None, today: dt.date) -> tuple[str, int]:
    """Return the act of the best example of well-executed deals, and from how many it was chosen."""
    if standard is None:
        return "", 0
    return benchmarks.best_act(standard.playbook.strategy, standard.type_id, today=today)


def _people(deal: Deal) -> list[Someone]:
    found = [one for one in deal_page.participants(deal.pk) if not (one.until or one.left_on)]
    return [Someone(one.name, one.title, one.role.lower()) for one in found]


def _asked(one: negotiation.Demand) -> Asked:
    why = one.why if one.reason_known else None
    return Asked(
        words=one.title,
        on=_day(one.at),
        reason=why.text if why else "",
        reason_state=why.state if why else "",
        answered=one.answered,
    )


def _other(row: Agreement) -> OtherAgreement:
    person = row.person or row.asked_of
    return OtherAgreement(str(row.type), person.name if person else row.person_name, _day(row.gained_at))


def _traded(deal: Deal, asked: Sequence[negotiation.Demand]) -> list[Traded]:
    """Return what others gave for the newest open demand of the deal."""
    waiting = [one for one in asked if not one.answered]
    if not waiting:
        return []
    newest = waiting[-1]
    reason = newest.why.text if newest.why else ""
    library = negotiation.others_traded(deal.pk, topic=newest.topic, reason=reason)
    return [
        Traded(
            what=_what_was_given(one.topic, one.cost),
            n=one.n,
            cost=_one_to_three(one.cost),
            worth=round(one.worth) if one.worth is not None else None,
            returns=tuple(words for words, _ in one.returns),
        )
        for one in library.answers
        if one.topic is not None
    ]


def _what_was_given(topic: Topic, cost: float | None) -> str:
    words = negotiation.TOPIC_WORDS[topic]
    return words if cost is None else f"{words}: {cost:.1%} of the list price is usual"


def _one_to_three(cost: float | None) -> int | None:
    """Return 1 to 3 for a cost as a share of the list price: up to one percent, up to three, more."""
    return None if cost is None else 1 + (cost > 0.01) + (cost > 0.03)


def _day(value: dt.date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else ""


# ---- the plan of a deal ----


@dataclass(frozen=True, slots=True)
class AheadRow:
    """One agreement ahead in a deal's plan: the next step, who takes it and by when."""

    line: lines.AgreementLine
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


_NEXT = {
    AgreementState.NEEDED: "Plan how to ask {whom}",
    AgreementState.PLANNED: "Ask {whom}",
    AgreementState.ASKED: "Get an answer from {whom}",
    AgreementState.SOFT: "Turn kind words into an act and a day: {whom}",
    AgreementState.GAINED: "Ask {whom} whether it was done",
    AgreementState.BROKEN: "Settle with {whom} what was not done",
    AgreementState.LAPSED: "Ask {whom} again",
}


def deal_sheet(viewer: Any, deal_id: int, *, today: dt.date) -> DealSheet:
    """Return the plan of a deal, as written or as known. Raises Hidden. At most twelve SQL queries."""
    deal = _deal(viewer, deal_id)
    facts = deal_page.deal_facts(viewer, deal_id)
    register = _register(deal)
    ahead = [row for row in register if _is_ahead(row)]
    lines = {row.type_id: lines.line_of(row, today) for row in ahead}
    talks = {plan.agreement_id: plan.talk_on for plan in Plan.objects.filter(deal=deal).of_talks().newest()}
    history, written = _history(viewer, deal, None, of_deal=True)
    steps = [(row.type.key, _next_step(lines[row.type_id]), facts.owner) for row in ahead]
    risks = _risks(facts, list(lines.values()), deal_page.participants(deal_id), today)
    offered = {key: tuple(found) for key, found in propose_for_deal(steps, risks).items()}
    return DealSheet(
        facts=facts,
        ahead=tuple(_ahead(row, lines[row.type_id], written, offered, talks) for row in ahead),
        risks=_filled(RISKS, written, offered),
        standing=sum(row.required and row.state in STANDING for row in register),
        history=history,
        offered=offered,
    )


def _is_ahead(row: Agreement) -> bool:
    wanted = (*WAITING, AgreementState.BROKEN, AgreementState.LAPSED)
    promised = row.state == AgreementState.GAINED and row.late_after is not None
    return row.state in IN_MOTION or promised or (row.required and row.state in wanted)


def _next_step(line: lines.AgreementLine) -> str:
    return _NEXT[AgreementState(line.state)].format(whom=line.from_whom or "whoever can promise it")


def _ahead(
    row: Agreement,
    line: lines.AgreementLine,
    written: Mapping[str, Sequence[Line]],
    offered: Mapping[str, Sequence[Line]],
    talks: Mapping[int, dt.date | None],
) -> AheadRow:
    labels = {STEP: "Next step", WHO: "Who", ON: "By when"}
    parts = {}
    for what, label in labels.items():
        key = about(what, row.type.key)
        # an agreement that became needed after the writing shows what is offered for it
        known = key in written or about(STEP, row.type.key) in written
        parts[what] = _filled(Part(key, label), written if known else {}, offered)
    return AheadRow(line=line, talk_on=talks.get(row.pk), planned=row.pk in talks, **parts)


def _risks(
    facts: deal_page.DealFacts,
    lines: Sequence[lines.AgreementLine],
    people: Sequence[deal_page.Participant],
    today: dt.date,
) -> list[Line]:
    """Return what can be seen to go wrong, each with where it is seen."""
    late = [line.name for line in lines if line.late]
    soft = [line.name for line in lines if line.state == AgreementState.SOFT]
    gone = [one.name for one in people if one.left_on or one.until]
    past = facts.status == DealStatus.OPEN and facts.expected_close_on and facts.expected_close_on < today
    found = [
        (late, f"Late already: {', '.join(late)}", "Register"),
        (soft, f"Kind words only: {', '.join(soft)}", "Register"),
        (gone, f"No longer there: {', '.join(gone)}", "People on the deal"),
        (facts.pushes, f"The close was pushed {facts.pushes} times", "CRM"),
        (past, f"The expected close has passed: {_day(facts.expected_close_on)}", "CRM"),
        (not people, "Nobody of the customer is named on the deal", "People on the deal"),
    ]
    return [Line(text, source) for holds, text, source in found if holds]
