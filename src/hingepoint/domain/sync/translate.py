"""From records of a CRM to the tables that files have (FORMATS): deals and events. Pure functions on plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from hingepoint.domain.sync import quotes as offers
from hingepoint.records.crm import (
    CrmActivity,
    CrmApproval,
    CrmChange,
    CrmDeal,
    CrmQuote,
    CrmStage,
    CrmUser,
    DealField,
    Origin,
)
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.links import may_be_linked
from hingepoint.records.sync import count

_MOMENT = pl.Datetime("us", "UTC")

DEAL_TYPES: dict[str, pl.DataType] = {
    "deal_id": pl.String(),
    "name": pl.String(),
    "created": _MOMENT,
    "closed": _MOMENT,
    "status": pl.String(),
    "stage": pl.String(),
    "amount": pl.Float64(),
    "currency": pl.String(),
    "initial_amount": pl.Float64(),
    "list_price": pl.Float64(),
    "net_price": pl.Float64(),
    "discount": pl.Float64(),
    "cost": pl.Float64(),
    "margin": pl.Float64(),
    "owner": pl.String(),
    "owner_email": pl.String(),
    "manager": pl.String(),
    "manager_email": pl.String(),
    "team": pl.String(),
    "region": pl.String(),
    "segment": pl.String(),
    "product": pl.String(),
    "source": pl.String(),
    "account": pl.String(),
    "expected_close": _MOMENT,
    "link": pl.String(),
}
EVENT_TYPES: dict[str, pl.DataType] = {
    "deal_id": pl.String(),
    "agreement": pl.String(),
    "at": _MOMENT,
    "kind": pl.String(),
    "state": pl.String(),
    "actor": pl.String(),
    "value": pl.Float64(),
    "currency": pl.String(),
    "note": pl.String(),
    "recorded_at": _MOMENT,
}
BULK = "mass update"
#: A close date is a day, and a day begins earlier elsewhere.
A_DAY = dt.timedelta(days=1)
#: Columns of every deal that a field of the company's own may fill; any other field is kept by its name, as of files.
OWN_COLUMNS = ("region", "segment", "product", "source")


@dataclass(frozen=True, slots=True)
class Words:
    """What ids of the CRM mean here. ``meanings`` say of a stage whether it is open, won or lost; ``accounts``
    and ``users`` are known by id; ``people`` is how a user is called here, with an address where there is one."""

    prefix: str
    address: str  # of the CRM, where a deal has no page of its own
    currency: str
    stages: Mapping[str, CrmStage]
    meanings: Mapping[str, DealStatus]
    users: Mapping[str, CrmUser]
    people: Mapping[str, tuple[str, str]]
    accounts: Mapping[str, Account]
    history_since: Mapping[DealField, dt.date]
    own: tuple[str, ...] = ()  # what fields of the company's own are called here

    def person(self, user_id: str) -> tuple[str, str]:
        """Return name and address. A user who is not listed is called by the id."""
        return self.people.get(user_id, (f"CRM user {user_id}" if user_id else "", ""))

    def stage(self, stage_id: str) -> str:
        known = self.stages.get(stage_id)
        return known.name if known else stage_id

    def status(self, deal: CrmDeal) -> DealStatus | None:
        return deal.status or self.meanings.get(deal.stage_id)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the register knows it: by its key here."""

    key: str
    region: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One deal with all that is known of it. ``new`` are what the register has not heard yet, with the moment at
    which we saw them."""

    deal: CrmDeal
    changes: Sequence[CrmChange] = ()
    quotes: Sequence[CrmQuote] = ()
    taken_back: frozenset[str] = (
        frozenset()
    )  # quotes that are gone in the CRM: what they gave stays, their price does not
    new_changes: Sequence[tuple[CrmChange, dt.datetime]] = ()
    new_quotes: Sequence[tuple[CrmQuote, dt.datetime]] = ()
    new_approvals: Sequence[CrmApproval] = ()
    new_activities: Sequence[CrmActivity] = ()


@dataclass(slots=True)
class Tables:
    """Rows of both tables, and how often each rule was met. ``held`` are deals that wait for an answer."""

    deals: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    rules: dict[str, int] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    own: tuple[str, ...] = ()  # columns of the company's own

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        own: dict[str, pl.DataType] = {name: pl.String() for name in self.own}
        return (
            pl.DataFrame(self.deals, schema=DEAL_TYPES | own),
            pl.DataFrame(self.events, schema=EVENT_TYPES),
        )


def tables(seen: Sequence[Seen], words: Words) -> Tables:
    """Return deals and what is new of them as rows of files."""
    made = Tables(own=tuple(name for name in words.own if name not in DEAL_TYPES))
    for one in seen:
        status = words.status(one.deal)
        if status is None:
            made.held.append(one.deal.id)
            count(made.rules, "stage_without_meaning")
            continue
        made.deals.append(_deal(one, status, words, made.rules))
        made.events.extend(_events(one, words))
        _count_history(one, words, made.rules)
    return made


# ---- deals ----


def _deal(one: Seen, status: DealStatus, words: Words, rules: dict[str, int]) -> dict[str, Any]:
    deal, owner = one.deal, words.users.get(one.deal.owner_id)
    name, address = words.person(deal.owner_id)
    chief, chiefs_address = words.person(owner.manager_id if owner else "")
    account = words.accounts.get(deal.account_id, Account(""))
    return {
        "deal_id": words.prefix + deal.id,
        "name": deal.name[:200],
        "created": deal.created_at,
        "closed": _closed_at(one, status, words, rules),
        "status": status.value,
        "stage": words.stage(deal.stage_id)[:100],
        "amount": _number(deal.amount),
        "currency": deal.currency or words.currency,
        "initial_amount": _first_amount(one.changes),
        **_prices(one, words),
        "owner": name,
        "owner_email": address,
        "manager": chief,
        "manager_email": chiefs_address,
        "team": deal.team or (owner.team if owner else ""),
        "region": account.region,
        "segment": account.segment,
        "product": deal.product[:100],
        "source": deal.source[:100],
        "account": account.key,
        "expected_close": _midnight(deal.expected_close_on),
        "link": deal.link if may_be_linked(deal.link) else words.address,
        **_own(deal, words),
    }


def _own(deal: CrmDeal, words: Words) -> dict[str, str | None]:
    """Return fields of the company's own: those that were read of this deal, by what they are called here."""
    told = {name: str(deal.extra[name]) for name in words.own if name in deal.extra}
    return {
        name: text[:100] if name in OWN_COLUMNS else text or None
        for name, text in told.items()
        if text or name not in OWN_COLUMNS
    }


def _closed_at(one: Seen, status: DealStatus, words: Words, rules: dict[str, int]) -> dt.datetime | None:
    """Return when a deal was won or lost: as the CRM says, else by its last change to that, else its last change."""
    if status == DealStatus.OPEN:
        return None
    at, last = one.deal.closed_at, one.deal.modified_at
    if at and at > last + A_DAY:
        count(rules, "close_lies_ahead")
        at = None
    changed = max((each.at for each in one.changes if _meaning(each, words) == status), default=None)
    if not (at or changed):
        count(rules, "closed_without_date")
    return max(at or changed or last, one.deal.created_at)


def _meaning(change: CrmChange, words: Words) -> DealStatus | None:
    """Return the outcome that a change brought; None where it brought none."""
    if change.field == DealField.STATUS:
        return DealStatus(change.new) if change.new in DealStatus.values else None
    return words.meanings.get(change.new) if change.field == DealField.STAGE else None


def _first_amount(changes: Sequence[CrmChange]) -> float | None:
    amounts = [each for each in changes if each.field == DealField.AMOUNT and each.new]
    return float(min(amounts, key=lambda each: each.at).new) if amounts else None


def _prices(one: Seen, words: Words) -> dict[str, float | None]:
    """Return prices by the offer that counts, where it is in the currency of the deal."""
    offer = offers.current([each for each in one.quotes if each.id not in one.taken_back])
    if offer is None or (offer.currency or words.currency) != (one.deal.currency or words.currency):
        return {}
    listed, net, cost = offers.list_price(offer), offers.net_price(offer), offers.cost(offer)
    return {
        "list_price": _number(listed),
        "net_price": _number(net),
        "discount": _share(1 - net / listed) if listed and net is not None else None,
        "cost": _number(cost),
        "margin": _share(1 - cost / net) if net and cost is not None else None,
    }


def _share(value: Decimal) -> float | None:
    """Return a share, None where it cannot be one."""
    return float(value) if -1 <= value <= 1 else None


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _midnight(day: dt.date | None) -> dt.datetime | None:
    """A day has no zone: noon in UTC is that day wherever a company is."""
    return dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC) if day else None


# ---- events ----


def _events(one: Seen, words: Words) -> Iterator[dict[str, Any]]:
    key = words.prefix + one.deal.id
    for change, seen_at in one.new_changes:
        if row := _change(change, seen_at, one.deal, words):
            yield row
    yield from _outcomes(one, words)
    yield from _offered(one, key)
    for approval in one.new_approvals:
        yield from _approval(key, approval, words)
    for each in one.new_activities:
        yield _row(key, EventKind.ACTIVITY, each.kind, each.at, actor=words.person(each.actor_id)[0])


def _offered(one: Seen, key: str) -> Iterator[dict[str, Any]]:
    """Yield each new form of an offer, and what it gave. Where the CRM keeps none but the last, the first that we saw stood
    there, and the others were written down when we saw them."""
    told = {}
    for quote, seen_at in one.new_quotes:
        told[quote.id, quote.at] = seen_at if _seen_by_us(quote, one) else quote.at
        yield _row(
            key,
            EventKind.QUOTE,
            "quote",
            quote.at,
            note=quote.state,
            value=offers.net_price(quote),
            currency=quote.currency,
            recorded_at=told[quote.id, quote.at],
        )
    for given in offers.concessions(one.quotes):
        if recorded_at := told.get((given.quote_id, given.at)):
            more: dict[str, Any] = {"value": given.amount, "currency": given.currency}
            yield _row(key, EventKind.CONCESSION, "price", given.at, recorded_at=recorded_at, **more)


def _seen_by_us(quote: CrmQuote, one: Seen) -> bool:
    """Return whether a form of an offer is known only since we saw that it differs from one before."""
    before = (each.id == quote.id and each.at < quote.at for each in one.quotes)
    return quote.origin == Origin.SNAPSHOT and any(before)


def _row(
    key: str,
    kind: EventKind,
    name: str,
    at: dt.datetime,
    *,
    state: str = "",
    actor: str = "",
    value: Decimal | None = None,
    currency: str = "",
    note: str = "",
    recorded_at: dt.datetime | None = None,
) -> dict[str, Any]:
    return {
        "deal_id": key,
        "kind": kind.value,
        "agreement": name[:200],
        "at": at,
        "state": state[:40],
        "actor": actor[:200],
        "value": _number(value),
        "currency": currency,
        "note": note,
        "recorded_at": recorded_at or at,
    }


def _change(change: CrmChange, seen_at: dt.datetime, deal: CrmDeal, words: Words) -> dict[str, Any] | None:
    """Return a change as an event. What the CRM keeps was written down when it happened; what only we saw, then."""
    more: dict[str, Any] = {
        "actor": BULK if change.bulk else words.person(change.actor_id)[0],
        "recorded_at": seen_at if change.origin == Origin.SNAPSHOT else change.at,
    }
    key = words.prefix + deal.id
    if change.field == DealField.STAGE:
        name = change.new_label or words.stage(change.new)
        return _row(key, EventKind.STAGE, name, change.at, **more) if name else None
    if change.field == DealField.AMOUNT:
        value = Decimal(change.new) if change.new else None
        return _row(key, EventKind.FIELD, "amount", change.at, value=value, currency=change.currency, **more)
    said = change.new_label or change.new
    if change.field == DealField.OWNER:
        said = change.new_label or words.person(change.new)[0]
    return _row(key, EventKind.FIELD, change.name or change.field.value, change.at, note=said, **more)


def _outcomes(one: Seen, words: Words) -> Iterator[dict[str, Any]]:
    """Yield each outcome reached or taken back, where the CRM tells of stages only."""
    if any(each.field == DealField.STATUS for each in one.changes):
        return
    new = {(each.at, each.new) for each, _ in one.new_changes if each.field == DealField.STAGE}
    for change, status in _spells(one, words):
        if (change.at, change.new) in new:
            key = words.prefix + one.deal.id
            yield _row(key, EventKind.FIELD, "status", change.at, note=status.value)


def _spells(one: Seen, words: Words) -> Iterator[tuple[CrmChange, DealStatus]]:
    """Yield the changes that brought another outcome, in their order."""
    now = DealStatus.OPEN
    for change in sorted(one.changes, key=lambda each: each.at):
        then = _meaning(change, words)
        if then is not None and then != now:
            now = then
            yield change, then


def _approval(key: str, approval: CrmApproval, words: Words) -> Iterator[dict[str, Any]]:
    """Yield that an exception was asked for, and what became of it."""
    why = approval.reason
    asked_by, decided_by = words.person(approval.asked_by)[0], words.person(approval.decided_by)[0]
    yield _row(key, EventKind.ESCALATION, "price", approval.asked_at, state="asked", actor=asked_by, note=why)
    if approval.decided_at and approval.approved is not None:
        state = "approved" if approval.approved else "declined"
        at = approval.decided_at
        yield _row(key, EventKind.ESCALATION, "price", at, state=state, actor=decided_by, note=why)


# ---- what CRMs do to records ----


def _count_history(one: Seen, words: Words, rules: dict[str, int]) -> None:
    """Count what is new of a deal by the rule that it is an example of."""
    new = [change for change, _ in one.new_changes]
    count(rules, "bulk_update", sum(each.bulk for each in new))
    forms = sum(_seen_by_us(quote, one) for quote, _ in one.new_quotes)
    count(rules, "seen_by_us", forms + sum(each.origin == Origin.SNAPSHOT for each in new))
    count(rules, "owner_changed", sum(each.field == DealField.OWNER and bool(each.old) for each in new))
    count(rules, "stage_renamed", sum(_renamed(each, words) for each in new))
    ours = one.deal.currency or words.currency
    count(rules, "other_currency", sum(_elsewhere(each, ours) for each in new))
    count(rules, "reopened", _reopened(one, words) if new else 0)
    count(rules, "left_truncated", int(bool(new) and _left_truncated(one.deal, words)))


def _elsewhere(change: CrmChange, currency: str) -> bool:
    return change.field == DealField.AMOUNT and (change.currency or currency) != currency


def _renamed(change: CrmChange, words: Words) -> bool:
    known = words.stages.get(change.new)
    return bool(
        change.field == DealField.STAGE and change.new_label and known and known.name != change.new_label
    )


def _reopened(one: Seen, words: Words) -> int:
    """Return how often the deal was open again, counting only what is new."""
    new = {change.at for change, _ in one.new_changes}
    return sum(status == DealStatus.OPEN and change.at in new for change, status in _spells(one, words))


def _left_truncated(deal: CrmDeal, words: Words) -> bool:
    return any(deal.created_at.date() < since for since in words.history_since.values())
