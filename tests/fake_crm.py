"""A CRM in memory, with a clock of its own: what any source must do, in its simplest form.

It is asked like any CRM of the list; ``plug_in`` puts it there. Everything that happens to its deals is a method.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hingepoint import connectors
from hingepoint.connectors.exchange import NoRight, NotReachable
from hingepoint.connectors.source import Connector, Described, SignIn
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmAccount,
    CrmActivity,
    CrmApproval,
    CrmChange,
    CrmContact,
    CrmDeal,
    CrmFate,
    CrmField,
    CrmObject,
    CrmPage,
    CrmQuote,
    CrmRecord,
    CrmStage,
    CrmUser,
    DealField,
    Fate,
    Found,
    Origin,
    WriteResult,
    Written,
)
from hingepoint.records.deals import DealStatus

BEGIN = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)

STAGES = (
    CrmStage("s1", "Qualified", order=1, status=DealStatus.OPEN),
    CrmStage("s2", "Proposal", order=2, status=DealStatus.OPEN),
    CrmStage("s3", "Closed Won", order=3, status=DealStatus.WON),
    CrmStage("s4", "Closed Lost", order=4, status=DealStatus.LOST),
)
FIELDS = (
    *(
        CrmField(CrmObject.DEALS, name, label, "text", custom=True, writable=True, text=True)
        for name, label in (
            ("hp_status", "Agreements"),
            ("hp_next", "Next agreement"),
            ("hp_coverage", "Coverage"),
            ("hp_link", "Hingepoint"),
        )
    ),
    CrmField(CrmObject.DEALS, "hp_count", "Count", "integer", custom=True, writable=True),
    CrmField(CrmObject.DEALS, "stage", "Stage", "text", writable=True),
)
TRACKED = tuple(CapabilityFound(each, Found.TRACKED, count=1) for each in Capability)


@dataclass
class FakeCrm:
    """What the CRM holds. ``tracked`` are the fields whose changes it keeps itself."""

    page_size: int = 3
    now: dt.datetime = BEGIN
    stages: tuple[CrmStage, ...] = STAGES
    fields: tuple[CrmField, ...] = FIELDS
    currency: str = "EUR"
    tracked: frozenset[DealField] = frozenset(DealField)
    found: tuple[CapabilityFound, ...] = TRACKED
    rows: dict[CrmObject, dict[str, tuple[dt.datetime, CrmRecord]]] = field(default_factory=dict)
    fates_known: dict[str, CrmFate] = field(default_factory=dict)
    fates_told: list[CrmFate] = field(default_factory=list)  # on every page of their kind
    written: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tasks: dict[str, tuple[str, str, dt.date | None]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    fields_held: dict[str, dict[str, str]] = field(default_factory=dict)  # what stands in fields of our own
    failing: set[str] = field(default_factory=set)
    unseen: set[CrmObject] = field(default_factory=set)  # kinds that the sign-in has no right to
    cuts: int = 0  # answers to tasks that are cut off, though the task is made
    asked: list[str] = field(default_factory=list)
    before_page: Callable[[int], None] = lambda number: None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    # ---- what people do in it ----

    def pass_time(self, **span: float) -> None:
        self.now += dt.timedelta(**span)

    def put(self, kind: CrmObject, record: Any, *, at: dt.datetime | None = None) -> None:
        identity = f"{record.id}@{record.at}" if isinstance(record, CrmQuote) else record.id
        self.rows.setdefault(kind, {})[identity] = (at or self.now, record)

    def user(self, identity: str, name: str, **facts: Any) -> None:
        self.put(CrmObject.USERS, CrmUser(identity, name, **facts))

    def account(self, identity: str, name: str, **facts: Any) -> None:
        self.put(CrmObject.ACCOUNTS, CrmAccount(identity, name, **facts))

    def contact(self, identity: str, account: str, name: str, **facts: Any) -> None:
        self.put(CrmObject.CONTACTS, CrmContact(identity, account, name, **facts))

    def open_deal(self, identity: str, **facts: Any) -> CrmDeal:
        given = {
            "stage_id": "s1",
            "amount": Decimal(1000),
            "currency": self.currency,
            "owner_id": "u1",
        } | facts
        deal = CrmDeal(identity, given.pop("name", f"Deal {identity}"), self.now, self.now, **given)
        self.put(CrmObject.DEALS, deal)
        for name in (DealField.STAGE, DealField.AMOUNT, DealField.OWNER):
            self._tell(deal, name, None, Origin.INFERRED)
        return deal

    def deal(self, identity: str) -> CrmDeal:
        return self.rows[CrmObject.DEALS][identity][1]

    def change(self, identity: str, *, bulk: bool = False, **facts: Any) -> None:
        old = self.deal(identity)
        new = replace(old, modified_at=self.now, **facts)
        self.put(CrmObject.DEALS, new)
        for name in (DealField.STAGE, DealField.AMOUNT, DealField.OWNER, DealField.EXPECTED_CLOSE):
            if _said(old, name) != _said(new, name):
                self._tell(new, name, _said(old, name), Origin.NATIVE, bulk)

    def _tell(
        self, deal: CrmDeal, name: DealField, old: str | None, origin: Origin, bulk: bool = False
    ) -> None:
        if name not in self.tracked or not _said(deal, name):
            return
        number = next(self.numbers)
        native = f"h{number}" if origin == Origin.NATIVE else ""
        change = CrmChange(
            deal.id, name, _said(deal, name), self.now, old=old, currency=deal.currency,
            actor_id="u1", origin=origin, native_id=native, bulk=bulk,
        )  # fmt: skip
        self.rows.setdefault(CrmObject.CHANGES, {})[f"h{number}"] = (self.now, change)

    def quote(self, identity: str, deal: str, **facts: Any) -> None:
        self.put(CrmObject.QUOTES, CrmQuote(identity, deal, self.now, currency=self.currency, **facts))

    def approval(self, identity: str, deal: str, **facts: Any) -> None:
        self.put(CrmObject.APPROVALS, CrmApproval(identity, deal, self.now, **facts))

    def activity(self, identity: str, deal: str, kind: str, *, on: dt.datetime | None = None) -> None:
        self.put(CrmObject.ACTIVITIES, CrmActivity(identity, deal, kind, on or self.now, "u1"))

    def delete(self, identity: str, *, silently: bool = False) -> None:
        del self.rows[CrmObject.DEALS][identity]
        fate = Fate.VANISHED if silently else Fate.DELETED
        self.fates_known[identity] = CrmFate(CrmObject.DEALS, identity, fate, at=self.now)

    def take_back(self, quote: str) -> None:
        """Delete an offer with all its forms."""
        held = self.rows[CrmObject.QUOTES]
        for key in [key for key, (_, each) in held.items() if each.id == quote]:
            del held[key]
        self.fates_known[quote] = CrmFate(CrmObject.QUOTES, quote, Fate.DELETED, at=self.now)

    def merge(self, gone: Sequence[str], into: str) -> None:
        """Make one deal of several; a third one where ``into`` is new."""
        if into not in self.rows[CrmObject.DEALS]:
            self.open_deal(into)
        for each in gone:
            del self.rows[CrmObject.DEALS][each]
            self.fates_known[each] = CrmFate(CrmObject.DEALS, each, Fate.MERGED, into, self.now)
        deal = self.deal(into)
        self.put(CrmObject.DEALS, replace(deal, modified_at=self.now, merged_from=(*deal.merged_from, *gone)))

    # ---- what a source does ----

    objects = tuple(CrmObject)
    unread: frozenset = frozenset()

    def describe(self) -> Described:
        return Described("fake", "1", self.now, self.currency, self.stages, self.fields, user="api")

    def test(self) -> Iterator[CapabilityFound]:
        yield from self.found

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        """Give records from the mark on, that of the mark again; the mark is the time and id of the last."""
        self.asked.append(object.value)
        self.before_page(len(self.asked))
        self._need(object)
        ordered = sorted((at.isoformat(), key, record) for key, (at, record) in self._of(object).items())
        left = [row for row in ordered if f"{row[0]}|{row[1]}" >= mark]
        some = left[: self.page_size + bool(mark)]
        last = f"{some[-1][0]}|{some[-1][1]}" if some else mark
        told = tuple(each for each in self.fates_told if each.object == object)
        return CrmPage(object, tuple(row[2] for row in some), last, len(left) > len(some), self.now, told)

    def _need(self, kind: CrmObject) -> None:
        if kind in self.unseen:
            raise NoRight("The CRM says that this sign-in has no right to it.")

    def _of(self, kind: CrmObject) -> Mapping[str, tuple[dt.datetime, CrmRecord]]:
        return self.rows.get(kind, {})

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        self._need(object)
        called = {record.id for _, record in self._of(object).values()}
        ordered = sorted(each for each in called if each > mark)
        some = ordered[: self.page_size]
        return frozenset(some), some[-1] if len(ordered) > len(some) else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        gone = CrmFate(object, "", Fate.VANISHED)
        return tuple(self.fates_known.get(each, replace(gone, id=each)) for each in ids)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        rows = self._of(object)
        if object == CrmObject.CHANGES:
            found = tuple(change for _, change in rows.values() if change.deal_id in ids)
        else:
            found = tuple(rows[each][1] for each in ids if each in rows)
        return CrmPage(object, found, "", False, self.now)

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        if deal_id in self.failing:
            raise NotReachable("The CRM says that it fails (HTTP 500).")
        if deal_id in self.locked:
            return WriteResult(Written.LOCKED, "The record is locked.")
        if deal_id not in self._of(CrmObject.DEALS):
            return WriteResult(Written.GONE)
        self.written.append((deal_id, dict(values)))
        self.fields_held.setdefault(deal_id, {}).update(values)
        self.put(CrmObject.DEALS, replace(self.deal(deal_id), modified_at=self.now))
        return WriteResult(Written.DONE, modified_at=self.now)

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        here = self._of(CrmObject.DEALS)
        return {
            each: {name: self.fields_held.get(each, {}).get(name) for name in names}
            for each in ids
            if each in here
        }

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        task_id = task_id or f"t{next(self.numbers)}"
        self.tasks[task_id] = (deal_id, subject, due_on)
        if self.cuts:
            self.cuts -= 1
            raise NotReachable("The CRM did not answer: ReadError.")
        return WriteResult(Written.DONE, task_id=task_id)

    def find_task(self, deal_id: str, subject: str) -> str:
        found = [key for key, task in self.tasks.items() if task[:2] == (deal_id, subject)]
        return max(found, default="")

    def finish_task(self, task_id: str) -> WriteResult:
        return WriteResult(Written.DONE if self.tasks.pop(task_id, None) else Written.GONE)


def _said(deal: CrmDeal, name: DealField) -> str:
    if name == DealField.AMOUNT:
        return "" if deal.amount is None else str(deal.amount)
    if name == DealField.EXPECTED_CLOSE:
        return str(deal.expected_close_on or "")
    return deal.owner_id if name == DealField.OWNER else deal.stage_id


def plug_in(monkeypatch, *crms: FakeCrm) -> list[str]:
    """Put CRMs into the list, each under a key of its own; return the keys."""
    keys = [f"fake{number}" for number in range(1, len(crms) + 1)]
    sign_ins = (SignIn("token", "Token", {"token": "Token"}),)
    made = {
        key: Connector(key, f"Fake {key[-1]}", sign_ins, lambda address, exchange, wanted, crm=crm: crm)
        for key, crm in zip(keys, crms, strict=True)
    }
    real = connectors.crm
    monkeypatch.setattr(connectors, "crm", lambda key: made[key] if key in made else real(key))
    monkeypatch.setattr(connectors, "CRMS", (*connectors.CRMS, *keys))
    return keys
