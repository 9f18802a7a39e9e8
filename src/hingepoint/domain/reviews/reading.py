"""What the deals of a team tell a review: set-wise, in eight SQL statements whatever the team's size."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from pydantic import TypeAdapter

from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.agreements.queries.lines import lines_then
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.deals.queries.looking_back import AsOf, as_it_was
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.rules import asks_for
from hingepoint.domain.people.models import Team
from hingepoint.domain.reviews import rules
from hingepoint.domain.reviews.rules import Candidate, Change, OpenAgreement, Pressing, Told
from hingepoint.records import conventions
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import State
from hingepoint.records.languages import say, words_of

#: So many deals are looked at, those of the largest amounts with something to speak of.
LOOKED_AT = 60
#: Events that are news in a review, beside steps on agreements, stages and columns.
_NEWS = {
    EventKind.CONCESSION: words_of("We gave"),
    EventKind.DEMAND: words_of("They ask for"),
    EventKind.ESCALATION: words_of("Exception asked for"),
    EventKind.EXECUTIVE: words_of("Executive"),
}
#: States that are no news: what is asked of every deal, and what time did to something that nobody asks for.
_SILENT = frozenset({AgreementState.NEEDED, AgreementState.NOT_NEEDED})
_SILENT_OPTIONAL = _SILENT | {AgreementState.LAPSED}
_TOLD = TypeAdapter(Told)


def stored(told: Told) -> Any:
    """Return what is told of a deal as plain JSON."""
    return _TOLD.dump_python(told, mode="json")


def opened(told: Any) -> Told:
    """Return what was stored."""
    return _TOLD.validate_python(told)


def open_deals(team: Team) -> QuerySet[Deal]:
    """Return the open deals of a team and of every team below it."""
    return Deal.every.open().filter(team__path__startswith=team.path)


def candidates(team: Team, *, since: dt.date, today: dt.date, until: dt.date) -> list[Candidate]:
    """Return what can be reviewed of a team on ``today``: its open deals with news ``since`` a day or something due before
    ``until``, the ``LOOKED_AT`` largest."""
    moment = AsOf(since, only_known=False).moment
    steps = AgreementEvent.objects.filter(agreement__deal=OuterRef("pk"), occurred_at__gt=moment)
    events = DealEvent.objects.filter(deal=OuterRef("pk"), occurred_at__gt=moment)
    due = Agreement.objects.needed().filter(deal=OuterRef("pk"), late_after__lte=until)
    rows = open_deals(team).filter(Exists(due) | Exists(steps) | Exists(events))
    ids = rows.order_by(F("amount").desc(nulls_last=True), "pk").values_list("pk", flat=True)
    return told_of(list(ids[:LOOKED_AT]), since=since, today=today, until=until)


def told_of(ids: Sequence[int], *, since: dt.date, today: dt.date, until: dt.date) -> list[Candidate]:
    """Return what a review on ``today`` tells of some deals. Six SQL queries."""
    then = AsOf(since, only_known=False)
    was = {deal.pk: deal for deal in as_it_was(Deal.every.filter(pk__in=ids), then)}
    news, waits = _news(ids, then), _waits(ids)
    steps, pressing = _agreements(ids, then, today=today, until=until)
    deals = Deal.every.filter(pk__in=ids).select_related("owner", "account")
    found = []
    for deal in deals:
        told = Told(
            title=str(deal),
            amount=None if deal.amount is None else float(deal.amount),
            currency=deal.currency,
            stage=deal.stage,
            owner=deal.owner.name if deal.owner else "",
            expected_close_on=deal.expected_close_on,
            changes=(*_columns(deal, was.get(deal.pk)), *steps[deal.pk], *news[deal.pk]),
            open=tuple(pressing[deal.pk]),
            waits=waits.get(deal.pk, ""),
        )
        found.append(Candidate(deal.pk, deal.owner_id, told))
    return found


def _columns(now: Deal, then: Any) -> Iterable[Change]:
    """Yield what differs in the columns of a deal."""
    if then is None:
        yield Change(say("Deal"), say("not there"), "new")
        return
    if then.was_stage != now.stage and now.stage:
        yield Change(say("Stage"), then.was_stage or "none", now.stage)
    if then.was_expected_close_on != now.expected_close_on:
        was, on = then.was_expected_close_on, now.expected_close_on
        yield Change(say("Expected close"), _day(was), _day(on), back=bool(was and (on is None or on > was)))
    if then.was_amount != now.amount and now.amount is not None and then.was_amount is not None:
        yield Change(
            say("Amount"), _amount(then.was_amount), _amount(now.amount), back=now.amount < then.was_amount
        )


def _day(day: dt.date | None) -> str:
    return conventions.day(day) if day else say("no day")


def _amount(amount: Any) -> str:
    return f"{amount:,.0f}"


def _news(ids: Sequence[int], then: AsOf) -> dict[int, list[Change]]:
    rows = DealEvent.objects.standing().filter(deal_id__in=ids, kind__in=_NEWS, occurred_at__gt=then.moment)
    found: dict[int, list[Change]] = defaultdict(list)
    for event in rows.order_by("occurred_at", "id"):
        kind = EventKind(event.kind)
        what = event.note if kind is EventKind.ESCALATION and event.note else event.name
        found[event.deal_id].append(Change(_NEWS[kind], "", what, back=kind is EventKind.ESCALATION))
    return found


def _waits(ids: Sequence[int]) -> dict[int, str]:
    """Return what the exceptions ask for that nobody has answered yet, by deal."""
    rows = Escalation.objects.filter(deal_id__in=ids, state=State.OPEN).order_by("asked_at")
    return {row.deal_id: asks_for(row.kind, row.discount, row.wanted) for row in rows}


def _agreements(
    ids: Sequence[int], then: AsOf, *, today: dt.date, until: dt.date
) -> tuple[dict[int, list[Change]], dict[int, list[OpenAgreement]]]:
    """Return the agreements that moved, and the required ones that are on the table, by deal. Two SQL queries."""
    was = {line.id: AgreementState(line.state) for line in lines_then(ids, then)}
    rows = Agreement.objects.filter(deal_id__in=ids).filter(Q(required=True) | Q(changed_at__gt=then.moment))
    steps: dict[int, list[Change]] = defaultdict(list)
    table: dict[int, list[OpenAgreement]] = defaultdict(list)
    for row in rows.select_related("type").order_by("late_after", "pk"):
        state = AgreementState(row.state)
        before = was.get(row.pk)
        if state != before and state not in (_SILENT if row.required else _SILENT_OPTIONAL):
            steps[row.deal_id].append(rules.moved(str(row.type), before, state))
        why = rules.pressing(state, row.late_after, today=today, until=until) if row.required else None
        if why:
            table[row.deal_id].append(OpenAgreement(row.type_id, str(row.type), state, why, row.late_after))
    order = list(Pressing)
    for lines in table.values():
        lines.sort(key=lambda one: (order.index(one.pressing), one.due_on or dt.date.max, one.name))
    return steps, table
