"""What a source knows of demands, concessions, exceptions and executives beyond their events, in bulk.

Each row names its event by deal (key), name and moment; rows whose event is not on record are left out.
Each of these actions changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation.models import Corridor, CorridorWriting, Reason, Trade
from hingepoint.domain.people.models import User
from hingepoint.records.deals import EventKind

_AT_ONCE = 1_000

M = TypeVar("M", bound=Model)

#: How a row names its event.
Named = tuple[str, str, dt.datetime]
Row = dict[str, Any]


def _zoned(moment: dt.datetime) -> dt.datetime:
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _events(kind: EventKind) -> dict[Named, int]:
    rows = DealEvent.objects.filter(kind=kind).values_list("deal__key", "name", "occurred_at", "pk")
    return {(deal, name, at): pk for deal, name, at, pk in rows}


def _named(row: Row) -> Named:
    return row.pop("deal"), row.pop("name"), _zoned(row.pop("happened_at"))


def _keep(model: type[M], made: Sequence[M]) -> int:
    rows = model._default_manager
    before = rows.count()
    rows.bulk_create(made, batch_size=_AT_ONCE, ignore_conflicts=True)
    return rows.count() - before


def _users() -> dict[str, int]:
    return dict(User.objects.values_list("key", "pk"))


@transaction.atomic
def know_reasons(*, by: User | None, at: dt.datetime, reasons: Iterable[Row]) -> int:
    """Write down why customers asked. A row also has text, state, said_by, confirmed_by, written_by (a
    user's key) and written_at."""
    events, users = _events(EventKind.DEMAND), _users()
    known = set(Reason.objects.values_list("event_id", "text", "written_by"))
    made = []
    for row in map(dict, reasons):
        event, writer = events.get(_named(row)), users.get(row.pop("written_by"))
        if event is not None and (event, row["text"], writer) not in known:
            row["written_at"] = _zoned(row["written_at"])
            made.append(Reason(event_id=event, written_by_id=writer, **row))
    kept = _keep(Reason, made)
    record(by=by, at=at, action="give reasons", subject="deals", subject_id="", changes={"reasons": kept})
    return kept


@transaction.atomic
def know_trades(*, by: User | None, at: dt.datetime, trades: Iterable[Row]) -> int:
    """Say of concessions what they answer. A row also has topic, worth, final and demand (a ``Named`` or None)."""
    events, demands = _events(EventKind.CONCESSION), _events(EventKind.DEMAND)
    made = []
    for row in map(dict, trades):
        event = events.get(_named(row))
        answered = row.pop("demand")
        if event is not None:
            demand = demands.get((*answered[:2], _zoned(answered[2]))) if answered else None
            made.append(Trade(event_id=event, demand_id=demand, **row))
    kept = _keep(Trade, made)
    record(by=by, at=at, action="describe", subject="concessions", subject_id="", changes={"trades": kept})
    return kept


@transaction.atomic
def know_corridors(*, by: User | None, at: dt.datetime, corridors: Iterable[Row]) -> int:
    """Write corridors with the moment at which they were really set, each writing of its own; the last one of a
    deal is its corridor. A row has deal (key), opening, target, walk_away, set_by (a user's key) and set_at.

    Deals that have a corridor are left alone. Return how many deals got one.
    """
    deals, users = dict(Deal.every.values_list("key", "pk")), _users()
    known = set(Corridor.objects.values_list("deal_id", flat=True))
    rows = []
    for row in map(dict, corridors):
        deal, writer = deals.get(row.pop("deal")), users.get(row.pop("set_by"))
        if deal is not None and deal not in known:
            rows.append(row | {"deal_id": deal, "set_by_id": writer, "set_at": _zoned(row["set_at"])})
    rows.sort(key=lambda row: row["set_at"])
    last = {row["deal_id"]: row for row in rows}
    kept = _keep(Corridor, [Corridor(**row) for row in last.values()])
    _keep(CorridorWriting, [CorridorWriting(**row) for row in rows])
    record(by=by, at=at, action="set corridors", subject="deals", subject_id="", changes={"corridors": kept})
    return kept


@transaction.atomic
def know_exceptions(*, by: User | None, at: dt.datetime, exceptions: Iterable[Row]) -> int:
    """Write the details of requests. A row also has the columns of Escalation, asked_by (a user's key),
    ``approvals`` and ``pulses``: rows of Approval and Pulse with approver or partner as a user's key."""
    events, users = _events(EventKind.ESCALATION), _users()
    deals = dict(DealEvent.objects.filter(kind=EventKind.ESCALATION).values_list("pk", "deal_id"))
    known = set(Escalation.objects.values_list("event_id", flat=True))
    parts: dict[int, tuple[list[Row], list[Row]]] = {}
    made = []
    for row in map(dict, exceptions):
        event = events.get(_named(row))
        answers, pulses = row.pop("approvals"), row.pop("pulses")
        if event is None or event in known or event in parts:
            continue
        parts[event] = (answers, pulses)
        row |= {"asked_by_id": users.get(row.pop("asked_by")), "asked_at": _zoned(row["asked_at"])}
        row["decided_at"] = row["decided_at"] and _zoned(row["decided_at"])
        made.append(Escalation(event_id=event, deal_id=deals[event], **row))
    kept = _keep(Escalation, made)
    ids = dict(Escalation.objects.filter(event__in=parts).values_list("event_id", "pk"))
    _keep_answers({ids[event]: both for event, both in parts.items()}, users)
    record(by=by, at=at, action="describe", subject="exceptions", subject_id="", changes={"exceptions": kept})
    return kept


def _keep_answers(parts: dict[int, tuple[list[Row], list[Row]]], users: dict[str, int]) -> None:
    answers, pulses = [], []
    for pk, (said, felt) in parts.items():
        for row in map(dict, said):
            row |= {"approver_id": users[row.pop("approver")], "asked_at": _zoned(row["asked_at"])}
            row |= {
                name: row[name] and _zoned(row[name]) for name in ("answered_at", "came_at") if name in row
            }
            row["came_by_id"] = users.get(row.pop("came_by", ""))
            answers.append(Approval(escalation_id=pk, **row))
        for row in map(dict, felt):
            row |= {"partner_id": users[row.pop("partner")], "at": _zoned(row["at"])}
            pulses.append(Pulse(escalation_id=pk, **row))
    _keep(Approval, answers)
    _keep(Pulse, pulses)


@transaction.atomic
def know_roles(*, by: User | None, at: dt.datetime, roles: Iterable[Row]) -> int:
    """Write roles of executives with the moment at which they were really agreed. A row has deal (key),
    executive and agreed_by (users' keys), agreed_at, ended_at and the columns of Involvement."""
    deals, users = dict(Deal.every.values_list("key", "pk")), _users()
    known = set(Involvement.objects.values_list("deal_id", "executive_id", "agreed_at"))
    made = []
    for row in map(dict, roles):
        row |= {"deal_id": deals[row.pop("deal")], "executive_id": users[row.pop("executive")]}
        row |= {"agreed_by_id": users.get(row.pop("agreed_by")), "agreed_at": _zoned(row["agreed_at"])}
        row["ended_at"] = row["ended_at"] and _zoned(row["ended_at"])
        if (row["deal_id"], row["executive_id"], row["agreed_at"]) not in known:
            made.append(Involvement(**row))
    kept = _keep(Involvement, made)
    record(by=by, at=at, action="agree roles", subject="deals", subject_id="", changes={"roles": kept})
    return kept
