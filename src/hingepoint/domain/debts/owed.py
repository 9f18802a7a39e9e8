"""What is owed, agreement by agreement: on this day, or as it was on record at the end of a day in the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q

from hingepoint.domain.agreements.models import WAITING, Agreement, AgreementEvent, AgreementQuerySet
from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.deals.queries.looking_back import AsOf, as_it_was, column_then
from hingepoint.domain.debts import rules
from hingepoint.domain.debts.rules import Asked, DealThen, Worth
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.queries import in_force
from hingepoint.domain.strategy.queries.pivotal import newest_signed
from hingepoint.domain.strategy.requirements import Rule, required
from hingepoint.domain.strategy.rules import books_in_force, usual_days_to_stage
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import DealStatus
from hingepoint.records.debts import DebtKind
from hingepoint.records.strategy import NeededBy, Status

#: Rows that are read at once.
AT_ONCE = 2_000
_DEAL = ("created_at", "amount", "currency", "stage", "expected_close_on", "segment", "region", "product")
#: What is read of an agreement that is owed, with its deal: thousands of rows.
_READ = (
    *("state", "needed_by", "due_on", "person_name", "deal_id", "type_id"),
    *("type__key", "type__name", "type__own_name", "person__name", "asked_of__name"),
    *("deal__key", "deal__name", "deal__owner__name", *(f"deal__{name}" for name in _DEAL)),
)


@dataclass(frozen=True, slots=True)
class Owed:
    """One debt. ``since``: the day from which it is owed, None where it is not due yet; ``worth``: None without a signed
    finding; ``payable``: its landmark is still ahead."""

    deal_id: int
    asked: Asked
    kind: DebtKind
    state: str
    since: dt.date | None
    deal: DealThen
    worth: Worth | None
    payable: bool

    @property
    def value(self) -> float | None:
        """What it is worth in the deal's currency; None where that is not known, or it helps nothing."""
        if self.worth is None or self.worth.gain <= 0 or self.asked.metric.kind == "days":
            return None
        if self.asked.metric.kind == "money":
            return self.worth.gain
        return None if self.deal.amount is None else self.worth.gain * self.deal.amount


class Books:
    """The pivotal agreements in force, or that were ``on`` a day, with their signed findings of today, by the segment of a deal.
    One SQL query, and one a metric."""

    def __init__(self, on: dt.date | None = None) -> None:
        self._rows = in_force.pivotal_in_force(on)
        metrics = {row.playbook.strategy.metric for row in self._rows}
        keys = sorted({row.type.key for row in self._rows})
        self._signed = {metric: newest_signed(keys, metric) for metric in sorted(metrics)}
        self._asked: dict[int, Asked] = {}
        self._by_segment: dict[str, dict[int, Asked]] = {}

    def of(self, segment: str) -> Mapping[int, Asked]:
        """Return what is pivotal on deals of a segment, by type."""
        if segment not in self._by_segment:
            rows = in_force.holding(self._rows, segment)
            self._by_segment[segment] = {row.type_id: self._one(row) for row in rows}
        return self._by_segment[segment]

    def _one(self, row: Any) -> Asked:
        if row.pk not in self._asked:
            signed = self._signed[row.playbook.strategy.metric].get(row.type.key)
            self._asked[row.pk] = rules.asked(row, signed)
        return self._asked[row.pk]

    @property
    def stands_on(self) -> list[tuple[Any, ...]]:
        """What values stand on: with other pivotal agreements, rules or findings they are others."""
        return [
            (row.pk, row.needed_by, row.needed_stage, signed.pk if signed else None)
            for row in self._rows
            for signed in [self._signed[row.playbook.strategy.metric].get(row.type.key)]
        ]

    def most(self) -> float | None:
        """Return the most that any debt is worth as a share of its deal's amount; None where it is no share."""
        every = [self._one(row) for row in self._rows]
        if any(one.metric.kind == "money" for one in every):
            return None
        return max((one.most for one in every), default=0.0)


def owing(viewer: Any, today: dt.date) -> AgreementQuerySet:
    """Return the visible agreements that are owed today, as far as the database can tell: all but those that no playbook in
    force asks of their deal any more."""
    rows = Agreement.objects.on_open_deals(viewer).filter(required=True)
    overdue = Q(state__in=WAITING, late_after__lt=today)
    rows = rows.filter(overdue | Q(state__in=(AgreementState.SOFT, AgreementState.BROKEN)))
    return rows.select_related("type", "person", "asked_of", "deal__owner").only(*_READ)


def today_of(rows: Iterable[Agreement], books: Books, today: dt.date) -> Iterator[Owed]:
    """Yield what is owed among ``rows``, agreements with their deals, in their order."""
    for row in rows:
        deal = _deal([getattr(row.deal, name) for name in _DEAL])
        stand = _Stand(row.deal_id, row.type_id, row.state, row.needed_by, row.due_on, required=True)
        found = _owed(stand, deal, books, today)
        if found is not None:
            yield found


def then(day: dt.date, books: Books) -> Iterator[Owed]:
    """Yield what was owed on all deals at the end of ``day``, deal by deal, by what had happened by then, also where it was
    written down later.

    The deals are those that were open then, with their amount, stage and expected close of then. What is pivotal and by when it
    is needed is as the playbook said that was in force then (``books`` are those of the day); which findings are signed is
    as now, so that a line of such days shows debts at one price. Nothing is owed before its strategy starts or its first
    playbook is published. Reads the steps of what those deals were asked for.
    """
    as_of = AsOf(day, only_known=False)
    still_open = Q(status=DealStatus.OPEN) | Q(closed_at__gt=as_of.moment)
    deals = as_it_was(Deal.objects.filter(still_open), as_of).order_by("pk")
    was = [column_then(name, as_of) for name in _DEAL]
    needs, stands = Needs(day), _stands(as_of)
    for deal_id, *facts in deals.values_list("pk", *was).iterator(AT_ONCE):
        deal = _deal(facts)
        for type_id, needed_by, is_asked_alike in needs.of(deal):
            stand = stands.get((deal_id, type_id)) or _Stand(deal_id, type_id)
            if not (stand.required and is_asked_alike):
                stand = replace(stand, needed_by=needed_by)
            found = _owed(stand, deal, books, day)
            if found is not None:
                yield found


class Needs:
    """What the strategies that had started by a day needed of deals then, and by when. At most five SQL queries."""

    def __init__(self, day: dt.date) -> None:
        self._books = books_in_force(on=day)
        asks_now = {strategy.pk: _asks(rules) for strategy, rules in books_in_force()}
        self._alike = {one.pk: asks_now.get(one.pk, set()) & _asks(rules) for one, rules in self._books}
        stages = any(rule.needed_by == NeededBy.STAGE for _, rules in self._books for rule in rules)
        self._days_to_stage = usual_days_to_stage() if stages else {}

    def of(self, deal: DealThen) -> list[tuple[int, dt.date | None, bool]]:
        """Return the types that the first strategy which held for a deal needed of it, each with its day, and whether it is
        asked for by the same rule now: then the day that stands on record holds."""
        for strategy, asks in self._books:
            if strategy.segment in ("", deal.segment):
                found = required(deal.needs_by, asks, days_to_stage=self._days_to_stage)
                alike = {rule.type_id for rule in self._alike[strategy.pk]}
                return [(one.type_id, one.needed_by, one.type_id in alike) for one in found]
        return []


def _asks(rules: Iterable[Rule]) -> set[Rule]:
    """Return what rules ask for, whenever they began to."""
    return {replace(rule, asks_since=None, grace_days=0, recheck_days=None) for rule in rules}


@dataclass(frozen=True, slots=True)
class _Stand:
    """An agreement as it stands, or stood; without a step it is needed."""

    deal_id: int
    type_id: int
    state: str = AgreementState.NEEDED.value
    needed_by: dt.date | None = None
    due_on: dt.date | None = None
    required: bool = False


def _stands(as_of: AsOf) -> dict[tuple[int, int], _Stand]:
    """Return how pivotal agreements of the deals that were open stood, by deal and type: as their last step of then says."""
    still_open = Q(deal__status=DealStatus.OPEN) | Q(deal__closed_at__gt=as_of.moment)
    pivotal = PivotalAgreement.objects.filter(playbook__strategy__status=Status.IN_FORCE).values("type")
    rows = Agreement.objects.filter(that_count("deal"), still_open, type__in=pivotal)
    columns = ("pk", "deal_id", "type_id", "needed_by", "due_on", "required")
    steps = as_of.standing(AgreementEvent.objects.filter(agreement__in=rows))
    said: dict[int, tuple[str, dt.date | None]] = {}
    order = steps.order_by("occurred_at", "id").values_list("agreement_id", "state", "due_on")
    for pk, state, due_on in order.iterator(AT_ONCE):
        said[pk] = state, due_on or said.get(pk, (state, None))[1]
    found = {}
    for pk, deal_id, type_id, needed_by, due_on, asks in rows.values_list(*columns).iterator(AT_ONCE):
        state, promised = said.get(pk, (AgreementState.NEEDED.value, None))
        found[deal_id, type_id] = _Stand(deal_id, type_id, state, needed_by, promised or due_on, asks)
    return found


def _owed(stand: _Stand, deal: DealThen, books: Books, day: dt.date) -> Owed | None:
    asked = books.of(deal.segment).get(stand.type_id)
    late_after = rules.late_after(stand.state, stand.needed_by, stand.due_on)
    kind = rules.kind_of(stand.state, late_after, day)
    if asked is None or kind is None:
        return None
    since = rules.owed_since(kind, late_after, stand.needed_by, stand.due_on)
    return Owed(
        deal_id=stand.deal_id,
        asked=asked,
        kind=kind,
        state=stand.state,
        since=since if since is not None and since < day else None,
        deal=deal,
        worth=asked.worth(deal, day),
        payable=asked.can_be_paid(deal, day),
    )


def _deal(facts: list[Any]) -> DealThen:
    created_at, amount, currency, *others = facts
    own = currency or settings.ENVIRONMENT.currency  # an amount without one is in the company's
    return DealThen(created_at.date(), _number(amount), own, *others)


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
