"""Tryton 8: deals with every change of every field, asked as of each revision of a record.

Its server keeps all versions of a sale opportunity, and with the module sale_history of quotes. ``read`` with a
moment in the context gives a record as it was, so that the difference of two revisions is a change with its date.
A record that was never written has no write date; its creation stands for it.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hingepoint.connectors import values
from hingepoint.connectors.exchange import (
    CrmProblem,
    Exchange,
    NoRight,
    NotSignedIn,
    NotThere,
    NotUnderstood,
    Rejected,
)
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.source import OVERLAP, Address, Connector, Described, SignIn, Wanted
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmAccount,
    CrmChange,
    CrmDeal,
    CrmFate,
    CrmField,
    CrmLine,
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

PAGE = 100
DEALS, SALES, LINES = "sale.opportunity", "sale.sale", "sale.line"

#: Tryton's states of an opportunity are fixed: they are its stages.
STAGES = (
    CrmStage("lead", "Lead", order=1, status=DealStatus.OPEN),
    CrmStage("opportunity", "Opportunity", order=2, status=DealStatus.OPEN),
    CrmStage("converted", "Converted", order=3, status=DealStatus.OPEN),
    CrmStage("won", "Won", order=4, status=DealStatus.WON),
    CrmStage("lost", "Lost", order=5, status=DealStatus.LOST),
    CrmStage("cancelled", "Cancelled", order=6, status=DealStatus.LOST),
)
_STATUS = {stage.id: stage.status for stage in STAGES}

_DEAL_FIELDS = (
    "number", "description", "party", "employee", "state", "amount", "currency", "conversion_probability",
    "end_date", "lost_reason",
)  # fmt: skip
#: What is compared between two revisions.
_HISTORY = {
    DealField.STAGE: "state",
    DealField.AMOUNT: "amount",
    DealField.OWNER: "employee",
    DealField.EXPECTED_CLOSE: "end_date",
    DealField.PROBABILITY: "conversion_probability",
}
_SALE_FIELDS = ("state", "origin", "currency", "lines")
_FIELDS: dict[str, tuple[str, ...]] = {
    "company.employee": ("rec_name",),
    "party.party": ("name", "code"),
    DEALS: _DEAL_FIELDS,
    SALES: _SALE_FIELDS,
    LINES: ("sale",),
}
#: Where each kind of records is read from.
_MODELS: dict[CrmObject, tuple[str, ...]] = {
    CrmObject.USERS: ("company.employee",),
    CrmObject.ACCOUNTS: ("party.party",),
    CrmObject.DEALS: (DEALS,),
    CrmObject.CHANGES: (DEALS,),
    CrmObject.QUOTES: (SALES, LINES),
}
#: What fields hold by their type; all others are texts, and of another record its number.
_HOLDS = {
    "integer": Kind.NUMBER, "biginteger": Kind.NUMBER, "float": Kind.NUMBER, "numeric": Kind.NUMBER, "date": Kind.DAY,
    "datetime": Kind.MOMENT, "timestamp": Kind.MOMENT, "boolean": Kind.YES_NO, "selection": Kind.CHOICE,
    "multiselection": Kind.CHOICES,
}  # fmt: skip
_LINE_FIELDS = ("type", "product", "quantity", "base_price", "unit_price", "create_date")


@dataclass
class Tryton:
    """A database of a Tryton server, signed in to as one of its users."""

    exchange: Exchange
    database: str
    user: str
    secret: str = field(repr=False)
    wanted: Wanted = field(default_factory=Wanted)
    context: dict[str, Any] = field(default_factory=dict)
    clock: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    currencies: dict[int, str] = field(default_factory=dict)
    uid: int = 0
    objects: tuple[CrmObject, ...] = (
        CrmObject.USERS,
        CrmObject.ACCOUNTS,
        CrmObject.DEALS,
        CrmObject.CHANGES,
        CrmObject.QUOTES,
    )
    unread: Unread = field(default_factory=set, repr=False)

    # ---- the wire ----

    def call(self, method: str, *params: Any, again: bool = True) -> Any:
        """Call a method of a model, signed in; a session that ended in the middle is begun anew, once."""
        if "Authorization" not in self.exchange.headers:
            self._sign_in()
        try:
            return self._send(f"model.{method}", [*params, self.context], again=again)
        except NotSignedIn:
            self._sign_in()
            return self._send(f"model.{method}", [*params, self.context], again=again)

    def _sign_in(self) -> None:
        self.exchange.headers.pop("Authorization", None)
        answer = self._send("common.db.login", [self.user, {"password": self.secret}], again=False)
        if not answer:
            raise NotSignedIn("Tryton does not take this name and password.")
        uid, token = answer[0], answer[1]
        self.uid = uid
        session = base64.b64encode(f"{self.user}:{uid}:{token}".encode()).decode()
        self.exchange.headers["Authorization"] = f"Session {session}"
        self.context = self._send("model.res.user.get_preferences", [True, {}], again=True) or {}

    def _send(self, method: str, params: list[Any], *, again: bool) -> Any:
        body = {"id": 1, "method": method, "params": _wrapped(params)}
        answer = self.exchange.ask("POST", f"/{self.database}/rpc/", json=body, again=again)
        self.clock = answer.server_time
        if isinstance(answer.body, list):
            return _plain(answer.body)
        if not isinstance(answer.body, dict):
            raise NotUnderstood("Tryton answered with something that is no answer.")
        if error := answer.body.get("error"):
            raise _problem(error)
        return _plain(answer.body.get("result"))

    # ---- what is there ----

    def describe(self) -> Described:
        for known in ("_fields", "_own"):
            self.__dict__.pop(known, None)
        fields = tuple(
            CrmField(
                CrmObject.DEALS, name, str(each.get("string") or name), str(each.get("type")), tracked=True
            )
            for name, each in sorted(self._fields.items())
        )
        return Described(
            instance=self.database,
            version="",
            server_time=self.clock,
            currency=self._company_currency(),
            stages=STAGES,
            fields=fields,
            user=str(self.uid),
            kept=tuple(own.name for own in self._own.values()),
        )

    @functools.cached_property
    def _fields(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.call(f"{DEALS}.fields_get", [])
        return found

    @functools.cached_property
    def _own(self) -> dict[str, Own]:
        """Return the fields that were asked for and are there, by Tryton's names."""
        there = self._fields if self.wanted.fields else {}
        return {
            name: _own(ours, there[name], self.unread)
            for ours, name in self.wanted.fields.items()
            if name in there
        }

    def _company_currency(self) -> str:
        company = self.context.get("company")
        rows = self.call("company.company.read", [company], ["currency"]) if company else []
        return self._currency(rows[0]["currency"]) if rows else ""

    def _currency(self, number: int | None) -> str:
        if number is None:
            return ""
        if number not in self.currencies:
            rows = self.call("currency.currency.search_read", [], 0, None, None, ["code"])
            self.currencies = {row["id"]: row["code"] for row in rows}
        return self.currencies.get(number, "")

    def test(self) -> Iterator[CapabilityFound]:
        deals = self._count(DEALS)
        yield _found(Capability.DEALS, deals, "read access to Sale Opportunity")
        yield _found(Capability.USERS, self._count("company.employee"), "read access to Employee")
        history = deals if deals is None else deals and self._revisions()
        for each in (
            Capability.STAGE_HISTORY,
            Capability.AMOUNT_HISTORY,
            Capability.CLOSE_DATE_HISTORY,
            Capability.OWNER_HISTORY,
        ):
            yield _found(each, history, "read access to Sale Opportunity")
        sales = self._count(SALES)
        yield _found(Capability.QUOTE_LINES, sales, "read access to Sale, and the module sale_discount")
        yield self._line_history(sales)
        for each, why in (
            (Capability.CONTACT_ROLES, "Tryton has no roles of people on an opportunity"),
            (Capability.APPROVALS, "Tryton has no approvals of prices"),
            (Capability.ACTIVITIES, "Tryton has no calls and meetings"),
        ):
            yield CapabilityFound(each, Found.NOT_THERE, detail=why)
        yield CapabilityFound(Capability.DELETIONS, Found.TRACKED, detail="revisions of deleted records stay")
        why = "Tryton takes notes on records; it has no fields of your own over its interface"
        yield CapabilityFound(Capability.WRITE_BACK, Found.TRACKED_SINCE, detail=why)

    def _count(self, model: str) -> int | None:
        """Return how many records there are, None where there is no right, -1 where there is no such model."""
        try:
            return self.call(f"{model}.search_count", [])
        except NoRight:
            return None
        except (NotThere, Rejected):
            return -1

    def _revisions(self) -> int:
        ids = self.call(f"{DEALS}.search", [], 0, PAGE, [["id", "ASC"]])
        return len(self.call(f"{DEALS}.history_revisions", ids)) if ids else 0

    def _line_history(self, sales: int | None) -> CapabilityFound:
        kind, ask = Capability.LINE_HISTORY, "the module sale_history"
        if not sales or sales < 0:
            return _found(kind, sales, ask)
        ids = self.call(f"{SALES}.search", [], 0, 1, [["id", "ASC"]])
        try:
            return CapabilityFound(
                kind, Found.TRACKED, count=len(self.call(f"{SALES}.history_revisions", ids))
            )
        except (NotThere, Rejected, NotUnderstood):
            return CapabilityFound(kind, Found.NOT_TRACKED, ask_for=ask)

    # ---- pages ----

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        rows, mark, more = self._rows(_MODELS[object], _Mark.of(mark))
        return CrmPage(object, tuple(self._records(object, rows)), mark, more, self.clock)

    def _rows(self, models: Sequence[str], mark: _Mark) -> tuple[list[dict[str, Any]], str, bool]:
        """Return rows from a mark on, by the time that they were changed; the next mark, and whether more is there.

        Of each model two passes: those that were written since, then those that were made since and never written.
        Lines of a quote are passes of their own, for a changed line does not touch its quote. Where all is read, the
        next reading begins before the clock that the server had at the beginning, by the overlap.
        """
        begun = mark.begun or self._now()
        model, date = models[mark.step // 2], "create_date" if mark.step % 2 else "write_date"
        which = [*_after(mark, date), *self._since(model)]
        ids = self.call(f"{model}.search", which, 0, PAGE, [[date, "ASC"], ["id", "ASC"]])
        rows = self._read(model, ids)
        if len(ids) == PAGE:
            last = max(rows, key=lambda row: (row[date], row["id"]))
            mark = replace(mark, last=last[date], id=last["id"], begun=begun)
        else:
            mark = _Mark(mark.since, mark.step + 1, begun=begun)
        more = mark.step < 2 * len(models)
        whole = rows if model != LINES else self._read(SALES, sorted({row["sale"] for row in rows}))
        return whole, (mark if more else _Mark(begun - OVERLAP)).text(), more

    def _since(self, model: str) -> list[Any]:
        """Return what leaves out deals that were made before the wished day."""
        day = self.wanted.since
        if day is None or model != DEALS:
            return []
        return [["create_date", ">=", dt.datetime.combine(day, dt.time())]]

    def _now(self) -> dt.datetime:
        """Return the clock of the server: what is written later is read by the next reading."""
        self.call("res.user.get_preferences", True)
        return self.clock.replace(tzinfo=None)

    def _read(self, model: str, ids: Sequence[int]) -> list[dict[str, Any]]:
        own = self._own if model == DEALS else ()
        wanted = [*dict.fromkeys((*_FIELDS[model], *own, "create_date", "write_date"))]
        return self.call(f"{model}.read", list(ids), wanted) if ids else []

    def _records(self, object: CrmObject, rows: list[dict[str, Any]]) -> Iterator[CrmRecord]:
        if object == CrmObject.USERS:
            yield from (CrmUser(str(row["id"]), row["rec_name"]) for row in rows)
        elif object == CrmObject.ACCOUNTS:
            yield from (
                CrmAccount(str(row["id"]), row["name"] or row["code"] or str(row["id"])) for row in rows
            )
        elif object == CrmObject.DEALS:
            yield from (self._deal(row) for row in rows)
        elif object == CrmObject.CHANGES:
            for row in rows:
                yield from self._changes(row)
        else:
            yield from self._quotes(rows)

    def _deal(self, row: dict[str, Any]) -> CrmDeal:
        status = _STATUS.get(row["state"], DealStatus.OPEN)
        modified = row["write_date"] or row["create_date"]
        name = row["description"] or row["number"] or str(row["id"])
        probability = row["conversion_probability"]
        return CrmDeal(
            id=str(row["id"]),
            name=name,
            created_at=_utc(row["create_date"]),
            modified_at=_utc(modified),
            account_id=_text(row["party"]),
            owner_id=_text(row["employee"]),
            stage_id=row["state"] or "",
            status=status,
            amount=row["amount"],
            currency=self._currency(row["currency"]),
            probability=None if probability is None else float(probability),
            expected_close_on=row["end_date"] if status == DealStatus.OPEN else None,
            loss_reason=row["lost_reason"] or "",
            link=f"{self.exchange.base}/#{self.database}/model/{DEALS}/{row['id']}",
            extra={own.name: own.value(row[name]) for name, own in self._own.items()},
        )

    # ---- history ----

    def _changes(self, row: dict[str, Any]) -> Iterator[CrmChange]:
        """Yield what changed from each revision of a deal to the next, beginning with its first values."""
        before: dict[str, Any] = {}
        names = [*dict.fromkeys(("currency", *_HISTORY.values(), *self._own))]
        for moment, who, now in self._versions(DEALS, row["id"], names):
            closed = _STATUS.get(now["state"]) != DealStatus.OPEN  # then its end is no expectation any more
            for name, theirs in _HISTORY.items():
                if closed and name == DealField.EXPECTED_CLOSE:
                    continue
                was, new = _said(before.get(theirs)), _said(now.get(theirs))
                if was != new:
                    yield CrmChange(
                        deal_id=str(row["id"]),
                        field=name,
                        new=new,
                        at=_utc(moment),
                        old=was if before else None,
                        currency=self._currency(now.get("currency")) if name == DealField.AMOUNT else "",
                        actor_id=str(who or ""),
                        native_id=f"{DEALS},{row['id']},{moment.isoformat()},{theirs}",
                    )
            yield from self._of_own(row["id"], moment, who, before, now)
            yield from self._outcome(row["id"], moment, before, now)
            before = now

    def _of_own(
        self, number: int, moment: dt.datetime, who: int | None, before: dict[str, Any], now: dict[str, Any]
    ) -> Iterator[CrmChange]:
        for theirs, own in self._own.items():
            was, new = own.value(before.get(theirs)), own.value(now.get(theirs))
            if was != new:
                identity = f"{DEALS},{number},{moment.isoformat()},{theirs}"
                change = CrmChange(
                    str(number), DealField.EXTRA, new, _utc(moment), old=was if before else None,
                    actor_id=str(who or ""), native_id=identity,
                )  # fmt: skip
                yield values.of_own(change, own.name)

    def _outcome(
        self, number: int, moment: dt.datetime, before: dict[str, Any], now: dict[str, Any]
    ) -> Iterator[CrmChange]:
        was = _STATUS.get(before.get("state", ""), DealStatus.OPEN)
        new = _STATUS.get(now.get("state") or "", DealStatus.OPEN)
        if before and was and new and was != new:
            identity = f"{DEALS},{number},{moment.isoformat()},status"
            yield CrmChange(
                str(number), DealField.STATUS, new.value, _utc(moment), old=was.value,
                origin=Origin.INFERRED, native_id=identity,
            )  # fmt: skip

    def _versions(
        self, model: str, number: int, names: Sequence[str]
    ) -> Iterator[tuple[dt.datetime, int | None, dict[str, Any]]]:
        """Yield each revision of a record with its moment and who made it, oldest first."""
        revisions = self.call(f"{model}.history_revisions", [number])
        for moment, _, who in sorted(revisions, key=lambda each: each[0]):
            rows = self._as_of(model, [number], names, moment)
            if rows:
                yield moment, who, rows[0]

    def _as_of(
        self, model: str, ids: Sequence[int], names: Sequence[str], moment: dt.datetime
    ) -> list[dict[str, Any]]:
        """Read records as they were; those that were not there then are left out."""
        then = {**self.context, "_datetime": moment}
        try:
            return self._send(f"model.{model}.read", [list(ids), list(names), then], again=True)
        except (NotThere, Rejected, NoRight):
            return []

    # ---- quotes ----

    def _quotes(self, rows: list[dict[str, Any]]) -> Iterator[CrmQuote]:
        """Yield every form of the quotes that came from an opportunity."""
        for row in rows:
            origin = str(row.get("origin") or "")
            if origin.startswith(f"{DEALS},"):
                yield from self._forms(row, origin.partition(",")[2])

    def _forms(self, row: dict[str, Any], deal: str) -> Iterator[CrmQuote]:
        moments = self._moments(row)
        last: tuple[Any, ...] | None = None
        for moment in moments:
            found = self._as_of(SALES, [row["id"]], _SALE_FIELDS, moment) if moment else [row]
            for then in found:
                lines = tuple(self._lines(then["lines"], moment))
                form = (then["state"], lines)
                if form != last and lines:
                    last = form
                    at = moment or row["write_date"] or row["create_date"]
                    yield CrmQuote(
                        str(row["id"]), deal, _utc(at), state=then["state"] or "",
                        currency=self._currency(then["currency"]), lines=lines,
                        current=then["state"] != "cancelled",
                        origin=Origin.NATIVE if moment else Origin.SNAPSHOT,
                    )  # fmt: skip

    def _moments(self, row: dict[str, Any]) -> list[dt.datetime | None]:
        """Return when a quote or one of its lines was changed; without sale_history only today's form is known."""
        try:
            told = self.call(f"{SALES}.history_revisions", [row["id"]])
            if row["lines"]:
                told = [*told, *self.call(f"{LINES}.history_revisions", list(row["lines"]))]
        except (NotThere, Rejected, NotUnderstood):
            return [None]
        return sorted({moment for moment, *_ in told}) or [None]

    def _lines(self, ids: Sequence[int], moment: dt.datetime | None) -> Iterator[CrmLine]:
        if not ids:
            return
        rows = (
            self._as_of(LINES, ids, _LINE_FIELDS, moment)
            if moment
            else self.call(f"{LINES}.read", list(ids), list(_LINE_FIELDS))
        )
        for row in sorted(rows, key=lambda each: each["id"]):
            if row["type"] == "line":
                quantity = Decimal(str(row["quantity"] or 0))
                yield CrmLine(
                    str(row["id"]), _text(row["product"]), quantity,
                    _times(row["base_price"], quantity), _times(row["unit_price"], quantity),
                )  # fmt: skip

    # ---- what is not listed any more ----

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        model = {CrmObject.DEALS: DEALS, CrmObject.ACCOUNTS: "party.party", CrmObject.QUOTES: SALES}.get(
            object
        )
        if model is None:
            return frozenset(), ""
        domain = [["id", ">", int(mark or 0)], *self._since(model)]
        found = self.call(f"{model}.search", domain, 0, 1000, [["id", "ASC"]])
        return frozenset(map(str, found)), str(found[-1]) if len(found) == 1000 else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        """A deleted opportunity has left its revisions; what has none vanished."""
        if object != CrmObject.DEALS:
            return tuple(CrmFate(object, each, Fate.VANISHED) for each in ids)
        return tuple(self._fate(each) for each in ids)

    def _fate(self, number: str) -> CrmFate:
        revisions = self.call(f"{DEALS}.history_revisions", [int(number)])
        if not revisions:
            return CrmFate(CrmObject.DEALS, number, Fate.VANISHED)
        last = max(moment for moment, *_ in revisions)
        return CrmFate(CrmObject.DEALS, number, Fate.DELETED, at=_utc(last))

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        model = _MODELS[object][0]
        named = [["id", "in", [int(each) for each in ids]], *self._since(model)]
        there = self.call(f"{model}.search", named, 0, None, None)
        rows = self._read(model, there)
        return CrmPage(object, tuple(self._records(object, rows)), "", False, self.clock)

    # ---- writing back ----

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        """Tryton has no fields of ours: say so for each."""
        return WriteResult(Written.NO_FIELD, "Tryton has no fields of your own over its interface.")

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        return {}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        """Keep the next agreement as a note on the opportunity: one note, the newest. What a note says is never changed
        (Tryton refuses that), so a new one takes its place."""
        text = f"{subject} ({due_on.isoformat()})" if due_on else subject
        try:
            old = task_id and self.call("ir.note.search", [["id", "=", int(task_id)]], 0, 1, None)
            resource = f"{DEALS},{int(deal_id)}"
            made = self.call("ir.note.create", [{"resource": resource, "message": text}], again=False)
            if old:
                with suppress(
                    NoRight, Rejected, NotThere
                ):  # the new one is there, whatever becomes of the old one
                    self.call("ir.note.delete", old)
            return WriteResult(Written.DONE, task_id=str(made[0]))
        except NoRight as problem:
            return WriteResult(Written.REFUSED, str(problem)[:200])
        except Rejected as problem:
            return WriteResult(Written.LOCKED, str(problem)[:200])
        except NotThere:
            return WriteResult(Written.GONE)

    def find_task(self, deal_id: str, subject: str) -> str:
        on_deal = [["resource", "=", f"{DEALS},{int(deal_id)}"], ["message", "like", f"{subject}%"]]
        found: list[int] = self.call("ir.note.search", on_deal, 0, 1, [["id", "DESC"]])
        return str(found[0]) if found else ""

    def finish_task(self, task_id: str) -> WriteResult:
        try:
            if not (old := self.call("ir.note.search", [["id", "=", int(task_id)]], 0, 1, None)):
                return WriteResult(Written.GONE)
            self.call("ir.note.delete", old)
        except NotThere:
            return WriteResult(Written.GONE)
        except (NoRight, Rejected) as problem:
            return WriteResult(Written.REFUSED, str(problem)[:200])
        return WriteResult(Written.DONE, task_id=task_id)


# ---- marks ----


@dataclass(frozen=True, slots=True)
class _Mark:
    """From when on is read, which pass, the last row of it that is behind us, and when this reading began."""

    since: dt.datetime | None = None
    step: int = 0
    last: dt.datetime | None = None
    id: int = 0
    begun: dt.datetime | None = None

    @classmethod
    def of(cls, text: str) -> _Mark:
        if not text:
            return cls()
        since, step, last, number, begun = json.loads(text)
        return cls(_moment(since), step, _moment(last), number, _moment(begun))

    def text(self) -> str:
        since, last, begun = (each and each.isoformat() for each in (self.since, self.last, self.begun))
        return json.dumps([since, self.step, last, self.id, begun])


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _after(mark: _Mark, date: str) -> list[Any]:
    """Return the rows of a pass that are still to come, in the order of their time and number."""
    which: list[Any] = [["write_date", "!=" if date == "write_date" else "=", None]]
    if mark.last:
        later, same = [[date, ">", mark.last]], [[date, "=", mark.last], ["id", ">", mark.id]]
        return [*which, ["OR", later, same]]
    return [*which, [date, ">=", mark.since]] if mark.since else which


# ---- values ----


def _found(capability: Capability, count: int | None, ask_for: str) -> CapabilityFound:
    if count is None:
        return CapabilityFound(capability, Found.NO_RIGHT, ask_for=ask_for)
    if count < 0:
        return CapabilityFound(capability, Found.NOT_THERE, ask_for=ask_for)
    return CapabilityFound(capability, Found.TRACKED, count=count)


def _own(ours: str, said: Mapping[str, Any], unread: Unread) -> Own:
    """Return how a field is read; where its choices are worked out by a method, they stand as they are kept."""
    listed = said.get("selection")
    choices = {str(key): str(word) for key, word in listed if key} if isinstance(listed, list) else {}
    return Own(ours, _HOLDS.get(str(said.get("type")), Kind.TEXT), choices, unread=unread)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _said(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, dt.date) else _text(value)


def _times(price: Decimal | None, quantity: Decimal) -> Decimal | None:
    return None if price is None else (price * quantity).quantize(Decimal("0.01"))


def _wrapped(value: Any) -> Any:
    """Return a value as Tryton's JSON has it: what JSON cannot say is an object with its class."""
    if isinstance(value, dt.datetime):
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(value, name) for name in names}}
    if isinstance(value, dt.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, dict):
        return {name: _wrapped(each) for name, each in value.items()}
    return [_wrapped(each) for each in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind is None:
        return {name: _plain(each) for name, each in value.items()}
    facts = {name: each for name, each in value.items() if name != "__class__"}
    if kind == "Decimal":
        return Decimal(facts["decimal"])
    if kind == "datetime":
        return dt.datetime(**facts)  # noqa: DTZ001  (Tryton's moments are UTC and carry no zone)
    if kind == "date":
        return dt.date(**facts)
    return facts


def _problem(error: Any) -> CrmProblem:
    """Return what Tryton's error means: [name, ...], in words."""
    name = str(error[0]) if isinstance(error, list) and error else str(error)
    words = (
        str(error[1][0] if isinstance(error[1], list) and error[1] else error[1])[:300]
        if len(error) > 1
        else ""
    )
    if name in ("AccessError", "AccessButtonError", "AccessDenied"):
        return NoRight(f"Tryton: {words or 'no right.'}")
    if name in ("LoginException", "401"):
        return NotSignedIn("Tryton does not take this sign-in.")
    if name in ("UserError", "UserWarning", "ConcurrencyException") or "Error" in name:
        return Rejected(f"Tryton refused: {words or name}", 200, error)
    return (
        NotThere(f"Tryton: {name[:200]}")
        if "object has no" in name or "KeyError" in name
        else NotUnderstood(f"Tryton answered with an error that is not understood: {name[:200]}")
    )


def _open(address: Address, exchange: Exchange, wanted: Wanted) -> Tryton:
    user, password = address.secrets["user"], address.secrets["password"]
    return Tryton(exchange, address.options.get("database", ""), user, password, wanted)


CONNECTOR = Connector(
    key="tryton",
    label="Tryton",
    sign_ins=(SignIn("password", "Name and password", {"user": "User", "password": "Password"}),),
    open=_open,
    options={"database": "Name of the database"},
)
