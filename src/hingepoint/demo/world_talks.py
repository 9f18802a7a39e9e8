"""Writes what was negotiated in a world: demands, concessions, exceptions, executives, and the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils import timezone

from hingepoint.demo.world_schema import (
    ConcessionPart,
    DealPart,
    DemandPart,
    EscalationPart,
    InvolvementPart,
    PolicyPart,
)
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people.models import User
from hingepoint.records.escalations import Answer, Approver, ArguesFor, Kind
from hingepoint.records.involvement import Purpose

Place = tuple[str | int, ...]


def unknown_names(
    deal: DealPart, place: Place, *, users: set[str], known: Callable[..., Iterator]
) -> Iterator[tuple[Place, str]]:
    """Yield the place of every user or demand that is named and not there."""
    keys = {demand.key for demand in deal.demands if demand.key}
    for family in ("demands", "concessions", "escalations", "involvements"):
        for i, part in enumerate(getattr(deal, family)):
            here = (*place, family, i)
            yield from known(part.by, users, (*here, "by"), "a user of this file")
            yield from known(getattr(part, "demand", None), keys, (*here, "demand"), "a demand of this deal")
            yield from known(
                getattr(part, "executive", None), users, (*here, "executive"), "a user of this file"
            )
            for inner in ("reasons", "answers", "pulses"):
                for j, each in enumerate(getattr(part, inner, ())):
                    yield from known(each.by, users, (*here, inner, j, "by"), "a user of this file")


def write_policy(policy: PolicyPart, *, users: Mapping[str, User], at: dt.datetime) -> None:
    """Put the rules of a world in force."""
    draft = escalations.draft_policy(by=None, at=at)
    for rule in list(draft.rules.all()):
        escalations.drop_rule(by=None, at=at, rule_id=rule.pk)
    escalations.set_limits(by=None, at=at, **policy.model_dump(exclude={"rules"}))
    for part in policy.rules:
        facts = part.model_dump(exclude={"approver", "person"})
        person = users.get(part.person or "")
        escalations.add_rule(by=None, at=at, approver=Approver(part.approver), person=person, **facts)
    escalations.publish_policy(by=None, at=at)


class Talks:
    """Writes the negotiations of one deal; keeps its demands by name."""

    def __init__(self, deal: Deal, *, users: Mapping[str, User], at: dt.datetime):
        self.deal, self.users, self.at = deal, users, at
        self.demands: dict[str, int] = {}

    def write(self, part: Any) -> None:
        """Write one part. Raises what the action raises."""
        how = {
            DemandPart: self._demand,
            ConcessionPart: self._concession,
            EscalationPart: self._exception,
            InvolvementPart: self._role,
        }
        how[type(part)](part)

    def _who(self, part: Any) -> dict[str, Any]:
        """Return who did it, when, on which deal."""
        moment = part.at or self.at
        zoned = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        return {"by": self.users.get(part.by or "") or self.deal.owner, "at": zoned, "deal_id": self.deal.pk}

    def _demand(self, part: DemandPart) -> None:
        facts = part.model_dump(include={"topic", "words", "asked_by", "value"})
        event = negotiation.log_demand(**self._who(part), **facts)
        self.demands[part.key] = event.pk
        for reason in part.reasons:
            who = self._who(reason) if reason.at else self._who(part)
            by = self.users.get(reason.by or "") or who["by"]
            why = negotiation.Why(reason.text, reason.state, reason.said_by, reason.confirmed_by)
            negotiation.give_reason(by=by, at=who["at"], demand_id=event.pk, why=why)

    def _concession(self, part: ConcessionPart) -> None:
        facts = part.model_dump(exclude={"demand", "at", "by"})
        negotiation.concede(**self._who(part), demand_id=self.demands.get(part.demand or ""), **facts)

    def _exception(self, part: EscalationPart) -> None:
        facts = part.model_dump(include={"discount", "wanted", "reason", "alternatives", "return_asked"})
        wish = escalations.Wish(Kind(part.kind), demand_id=self.demands.get(part.demand or ""), **facts)
        made = escalations.ask(**self._who(part), wish=wish)
        for said in part.answers:
            who = self._who(said) if said.at else self._who(part)
            told = {"answer": Answer(said.answer), "granted": said.granted, "words": said.words}
            escalations.answer(by=self.users[said.by], at=who["at"], escalation_id=made.pk, **told)
        for felt in part.pulses:
            taps = {"defended": felt.defended, "argues_for": ArguesFor(felt.argues_for)}
            by = self.users[felt.by]
            escalations.pulse(by=by, at=self._who(part)["at"], escalation_id=made.pk, **taps)

    def _role(self, part: InvolvementPart) -> None:
        facts = part.model_dump(include={"aim", "not_to_say", "may_discuss_price"})
        executive, purpose = self.users[part.executive], Purpose(part.purpose)
        involvement.agree_role(**self._who(part), executive=executive, purpose=purpose, **facts)
