"""What is offered for the plan of a talk.

It comes from the playbook's standard, the register, the people on the deal, their demands and what
well-executed deals did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hingepoint.domain.agreements.models import WAITING, Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.negotiation.queries import corridor as corridor_page
from hingepoint.domain.negotiation.queries import library as library_page
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.plans.parts import Line
from hingepoint.domain.plans.proposals import (
    Asked,
    Known,
    OtherAgreement,
    Someone,
    Traded,
    TypicalDemand,
    propose,
)
from hingepoint.domain.plans.queries.filled import day_in_words
from hingepoint.domain.strategy import benchmarks
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.queries.in_force import Kept
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.agreements import STANDING, Side
from hingepoint.records.languages import say
from hingepoint.records.talks import Topic

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: Columns of a company's own that name the rival on a deal.
RIVAL_COLUMNS = ("competitor", "competitors", "main_competitor")


@dataclass(frozen=True, slots=True)
class Around:
    """What one talk stands in: its deal, the register of it, and the playbook's standard if one asks for it."""

    deal: Deal
    kind: AgreementType
    register: list[Agreement]
    row: Agreement | None
    standard: WithAnnotations[PivotalAgreement, Kept] | None
    corridor: corridor_page.CorridorCard | None


def what_is_offered(around: Around, today: dt.date) -> dict[str, tuple[Line, ...]]:
    deal, kind = around.deal, around.kind
    asked = log.asked_of_us(deal)
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
        closes=day_in_words(deal.expected_close_on),
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
        "playbook": say("Playbook: {strategy}", strategy=standard.playbook.strategy.name),
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


def _example(standard: WithAnnotations[PivotalAgreement, Kept] | None, today: dt.date) -> tuple[str, int]:
    """Return the act of the best example of well-executed deals, and from how many it was chosen."""
    if standard is None:
        return "", 0
    shelf = Shelf(benchmarks.DID, kept=standard.answers_kept)
    return benchmarks.best_act(standard.playbook.strategy, standard.type_id, today=today, shelf=shelf)


def _people(deal: Deal) -> list[Someone]:
    found = [one for one in deal_page.participants(deal.pk) if not (one.until or one.left_on)]
    return [Someone(one.name, one.title, one.role.lower()) for one in found]


def _asked(one: log.Demand) -> Asked:
    why = one.why if one.reason_known else None
    return Asked(
        words=one.title,
        on=day_in_words(one.at),
        reason=why.text if why else "",
        reason_state=why.state if why else "",
        answered=one.answered,
    )


def _other(row: Agreement) -> OtherAgreement:
    person = row.person or row.asked_of
    return OtherAgreement(
        str(row.type), person.name if person else row.person_name, day_in_words(row.gained_at)
    )


def _traded(deal: Deal, asked: Sequence[log.Demand]) -> list[Traded]:
    """Return what others gave for the newest open demand of the deal."""
    waiting = [one for one in asked if not one.answered]
    if not waiting:
        return []
    newest = waiting[-1]
    reason = newest.why.text if newest.why else ""
    library = library_page.others_traded(deal.pk, topic=newest.topic, reason=reason)
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
    words = topic.label
    return (
        words
        if cost is None
        else say("{words}: {cost} of the list price is usual", words=words, cost=f"{cost:.1%}")
    )


def _one_to_three(cost: float | None) -> int | None:
    """Return 1 to 3 for a cost as a share of the list price: up to one percent, up to three, more."""
    return None if cost is None else 1 + (cost > 0.01) + (cost > 0.03)
