"""One deal: its facts, people and history, as they are or as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils import timezone

from hingepoint.domain.deals.models import Deal, DealContact, DealEvent
from hingepoint.domain.deals.queries.looking_back import DATED_COLUMNS, MONEY_COLUMNS, SETTLED_AT_CLOSE, AsOf
from hingepoint.records.deals import BuyingRole, DealStatus, EventKind
from hingepoint.records.errors import Hidden

_AS_STORED = (
    "id", "key", "name", "version", "owner_id", "status", "stage", "created_at", "closed_at", "expected_close_on",
    "amount", "currency", "initial_amount", "list_price", "net_price", "discount", "margin", "projected_amount",
    "segment", "region", "product", "source", "link",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What is known of one deal. ``pushes`` counts how often its expected close was moved later, first
    from ``first_expected_on``; ``stage_since`` is when it entered its stage, if that was recorded."""

    id: int
    key: str
    name: str
    version: int
    account: str
    owner: str
    owner_id: int | None
    team: str
    status: str
    stage: str
    stage_since: dt.datetime | None
    created_at: dt.datetime
    closed_at: dt.datetime | None
    expected_close_on: dt.date | None
    first_expected_on: dt.date | None
    pushes: int
    amount: Decimal | None
    currency: str
    initial_amount: Decimal | None
    list_price: Decimal | None
    net_price: Decimal | None
    discount: float | None
    margin: float | None
    projected_amount: Decimal | None
    segment: str
    region: str
    product: str
    source: str
    extra: tuple[tuple[str, str], ...]
    link: str

    @property
    def title(self) -> str:
        return self.name or self.key

    def age_days(self, today: dt.date) -> int:
        """Return the days from creation to the close, or to ``today`` while open."""
        end = timezone.localdate(self.closed_at) if self.closed_at else today
        return max(0, (end - timezone.localdate(self.created_at)).days)


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of the customer on a deal."""

    contact_id: int
    name: str
    title: str
    email: str
    role: str
    since: dt.date
    until: dt.date | None
    left_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact of a deal's history, ready to show. ``late_days``: recorded so many days afterwards."""

    at: dt.datetime
    recorded_at: dt.datetime
    kind: str
    name: str
    state: str
    actor: str
    counterpart: str
    value: Decimal | None
    currency: str
    evidence: int | None
    note: str
    origin: str

    @property
    def late_days(self) -> int:
        return max(0, (self.recorded_at - self.at).days)


_HAPPENING_COLUMNS = tuple(field.name for field in fields(Happening) if field.name != "at")


def deal_facts(viewer: Any, deal_id: int, *, as_of: AsOf | None = None) -> DealFacts:
    """Return one deal, as it is or as it was. Raises Hidden for a foreign deal as for an absent one.

    A look back undoes what stage and field events say happened later: events of kind ``stage`` are
    named by the stage reached; those of kind ``field`` by the column, and hold its new value in
    ``value`` (numbers) or ``note`` (text, ISO days). Columns without such events show as they are now.
    """
    deal = Deal.every.visible_to(viewer).select_related("account", "owner", "team").filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    return facts_of(deal, _moves(deal_id, as_of), as_of=as_of)


def facts_then(viewer: Any, deal_id: int, as_of: AsOf | None) -> DealFacts:
    """Return one deal as ``deal_facts`` does. Raises Hidden also where it did not exist yet."""
    facts = deal_facts(viewer, deal_id, as_of=as_of)
    if as_of and not as_of.existed(facts.created_at):
        raise Hidden("no such deal then")
    return facts


def facts_of(deal: Deal, moves: Sequence[DealEvent], *, as_of: AsOf | None = None) -> DealFacts:
    """Return what is known of a deal that was fetched with account, owner and team, by its stage and field events,
    oldest first."""
    facts = _present(deal) if as_of is None else _present(deal) | _past(deal, moves, as_of)
    return DealFacts(**facts, **_movement(facts["stage"], moves))


def _moves(deal_id: int, as_of: AsOf | None) -> list[DealEvent]:
    moves = DealEvent.objects.filter(deal_id=deal_id, kind__in=(EventKind.STAGE, EventKind.FIELD))
    moves = as_of.of(moves) if as_of else moves
    return list(moves.only("kind", "name", "value", "note", "occurred_at").order_by("occurred_at", "id"))


def _present(deal: Deal) -> dict[str, Any]:
    return {
        **{name: getattr(deal, name) for name in _AS_STORED},
        "account": deal.account.name if deal.account else "",
        "owner": deal.owner.name if deal.owner else "",
        "team": deal.team.name if deal.team else "",
        "extra": tuple((name, str(value)) for name, value in deal.extra.items() if value not in (None, "")),
    }


def _past(deal: Deal, moves: Iterable[DealEvent], as_of: AsOf) -> dict[str, Any]:
    """Return the columns that were different at ``as_of``."""
    past: dict[str, Any] = {}
    if deal.closed_at and deal.closed_at > as_of.moment:
        past |= {
            "status": DealStatus.OPEN.value,
            "closed_at": None,
            "amount": deal.initial_amount,
            "stage": "",
        }
        past |= dict.fromkeys(SETTLED_AT_CLOSE)
    for move in moves:
        past |= _column_of(move)
    return past


def _column_of(move: DealEvent) -> dict[str, Any]:
    """Return ``{column: value}`` that a stage or field event set; empty when it is none we show."""
    if move.kind == EventKind.STAGE:
        return {"stage": move.name}
    if column := DATED_COLUMNS.get(move.name):
        day = _day(move.note)
        return {column: day} if day else {}
    if move.name in MONEY_COLUMNS and move.value is not None:
        return {move.name: move.value}
    return {}


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _movement(stage: str, moves: Iterable[DealEvent]) -> dict[str, Any]:
    """Return since when the deal is in its stage, and how often its expected close moved later."""
    entered = [move.occurred_at for move in moves if move.kind == EventKind.STAGE and move.name == stage]
    days = [day for move in moves if (day := _column_of(move).get("expected_close_on"))]
    later = sum(after > before for before, after in pairwise(days))
    return {
        "stage_since": entered[-1] if entered else None,
        "first_expected_on": days[0] if days else None,
        "pushes": later,
    }


def participants(deal_id: int, *, on: dt.date | None = None) -> list[Participant]:
    """Return who takes part for the customer, most senior role first. The caller has fetched the deal."""
    rows = DealContact.objects.filter(deal_id=deal_id).select_related("contact")
    if on:
        rows = rows.filter(Q(until__isnull=True) | Q(until__gt=on), since__lte=on)
    order = {role: place for place, role in enumerate(BuyingRole.values)}
    found = sorted(rows, key=lambda row: (order.get(row.role, 99), row.contact.name))
    return [
        Participant(
            row.contact_id,
            row.contact.name,
            row.contact.title,
            row.contact.email,
            row.get_role_display(),
            row.since,
            row.until,
            row.contact.left_on,
        )
        for row in found
    ]


def happenings(
    deal_id: int, *, kinds: Sequence[str] = (), as_of: AsOf | None = None, most: int
) -> list[Happening]:
    """Return the newest ``most`` events of a deal. The caller has fetched the deal."""
    events = DealEvent.objects.standing().filter(deal_id=deal_id)
    events = events.filter(kind__in=kinds) if kinds else events
    events = as_of.of(events) if as_of else events
    rows = events.order_by("-occurred_at", "-id").values_list("occurred_at", *_HAPPENING_COLUMNS)[:most]
    return [Happening(*row) for row in rows]


def left_out(deal_id: int, as_of: AsOf) -> int:
    """Return how many events happened by then but were recorded only later."""
    events = DealEvent.objects.filter(deal_id=deal_id, occurred_at__lte=as_of.moment)
    return events.filter(recorded_at__gt=as_of.moment).count()
