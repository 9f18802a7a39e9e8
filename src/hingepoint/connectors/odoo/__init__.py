"""Odoo, from version 17: JSON-2 from 19 on, JSON-RPC before.

Lost deals are inactive and are asked for with ``active_test`` off. Deletions leave nothing behind; the loser of a
merge is deleted too, but its messages move to the survivor and still carry the address they were written under.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hingepoint.connectors.exchange import Exchange, NoRight, NotSignedIn, NotThere, Rejected
from hingepoint.connectors.odoo import history, reading
from hingepoint.connectors.odoo.history import LEAD, Value, Words
from hingepoint.connectors.odoo.reading import changed_at, link, moment, text
from hingepoint.connectors.odoo.rpc import Rpc, Told, sign_in, told
from hingepoint.connectors.paging import Part, Row, Slice, State, next_parts, read_on
from hingepoint.connectors.source import Address, Connector, Described, SignIn, Wanted
from hingepoint.connectors.values import shortened
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmActivity,
    CrmFate,
    CrmField,
    CrmObject,
    CrmPage,
    CrmRecord,
    Fate,
    Found,
    WriteResult,
    Written,
)
from hingepoint.records.deals import DealStatus

PAGE = 500
IDS = 5000
#: Fields that are never written, whoever asks.
NEVER_WRITTEN = frozenset(
    {
        "stage_id",
        "expected_revenue",
        "recurring_revenue",
        "active",
        "type",
        "lost_reason_id",
        "user_id",
        "team_id",
    }
)
MESSAGE, TRACKING, ORDER, LINE = "mail.message", "mail.tracking.value", "sale.order", "sale.order.line"

#: Fields asked of each model, as far as this Odoo has them and this user may see them.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "res.users": ("name", "login", "email", "active", "sale_team_id"),
    "res.partner": (
        "name",
        "commercial_partner_id",
        "function",
        "email",
        "state_id",
        "industry_id",
        "country_id",
    ),
    LEAD: (
        *("name", "partner_id", "user_id", "team_id", "stage_id", "active", "won_status", "probability"),
        *(
            "expected_revenue",
            "company_currency",
            "date_deadline",
            "date_closed",
            "lost_reason_id",
            "source_id",
        ),
        *("function", "create_date", "type"),
    ),
    MESSAGE: (
        *(
            "res_id",
            "date",
            "subtype_id",
            "message_type",
            "message_id",
            "create_uid",
            "mail_activity_type_id",
        ),
        *("tracking_value_ids",),
    ),
    ORDER: (
        "name",
        "opportunity_id",
        "state",
        "currency_id",
        "currency_rate",
        "amount_untaxed",
        "create_date",
    ),
    LINE: ("order_id", "product_id", "product_uom_qty", "price_subtotal", "purchase_price"),
    "calendar.event": ("start", "opportunity_id", "user_id"),
}
#: What each object lists: the model, and which of its records.
LISTS: Mapping[CrmObject, tuple[str, list[Any]]] = {
    CrmObject.USERS: ("res.users", [["share", "=", False]]),
    CrmObject.ACCOUNTS: ("res.partner", ["|", ["is_company", "=", True], ["parent_id", "=", False]]),
    CrmObject.CONTACTS: ("res.partner", [["is_company", "=", False]]),
    CrmObject.DEALS: (LEAD, [["type", "=", "opportunity"]]),
    CrmObject.QUOTES: (ORDER, [["opportunity_id", "!=", False]]),
}
ON_DEALS = ["model", "=", LEAD]
DONE_ON_DEALS = [
    *(ON_DEALS, "|", ["mail_activity_type_id", "!=", False]),
    ["message_type", "in", ["email", "email_outgoing"]],
]


@dataclass
class Odoo:
    """A signed-in Odoo. Fields, stages and words are read anew by ``describe``."""

    address: Address
    exchange: Exchange
    wanted: Wanted
    objects: tuple[CrmObject, ...] = (
        *(CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.CONTACTS, CrmObject.DEALS, CrmObject.CHANGES),
        *(CrmObject.QUOTES, CrmObject.ACTIVITIES),
    )
    size: int = PAGE
    _rpc: Rpc | None = field(default=None, repr=False)
    _fields: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    _words: Words | None = field(default=None, repr=False)
    _session: str = field(default="", repr=False)

    # -- asking ------------------------------------------------------------------------------------------------

    @property
    def rpc(self) -> Rpc:
        if self._rpc is None:
            self._rpc = sign_in(self.address, self.exchange)
        return self._rpc

    def _call(self, model: str, method: str, **named: Any) -> Told:
        return self.rpc.call(model, method, **named)

    def fields(self, model: str) -> Mapping[str, Any]:
        """Return the fields of a model that this user may see; none where the model is not there."""
        if model not in self._fields:
            attributes = ["string", "type", "store", "readonly", "selection"]
            try:
                self._fields[model] = self._call(model, "fields_get", attributes=attributes).result or {}
            except (NotThere, NoRight):
                self._fields[model] = {}
        return self._fields[model]

    def _names(self, model: str) -> list[str]:
        wanted = self.wanted.fields.values() if model == LEAD else ()
        there = self.fields(model)
        return [
            "id",
            "write_date",
            *(name for name in dict.fromkeys([*FIELDS[model], *wanted]) if name in there),
        ]

    def _search(
        self, model: str, domain: list[Any], names: Sequence[str], order: str = "id", **more: Any
    ) -> Told:
        sent = {"fields": list(names), "order": order, "context": {"active_test": False}, **more}
        return self._call(model, "search_read", domain=domain, **sent)

    def _by_ids(self, model: str, ids: Iterable[str], by: str = "id", also: Sequence[Any] = ()) -> list[Row]:
        numbers = sorted({int(each) for each in ids if each.isdigit()})
        if not (numbers and self.fields(model)):
            return []
        return self._search(model, [[by, "in", numbers], *also], self._names(model)).result or []

    def _stream(self, model: str, domain: list[Any], by: str = "write_date") -> Callable[[State], Part]:
        def ask(slice: Slice, size: int) -> tuple[Sequence[Row], dt.datetime]:
            order = f"{by},id" if slice.after is None else "id"
            said = self._search(model, [*domain, *_within(slice, by)], self._names(model), order, limit=size)
            return said.result or [], said.server_time

        return lambda state: read_on(state, ask, size=self.size, at=lambda row: moment(row[by]))

    # -- what is there -----------------------------------------------------------------------------------------

    def describe(self) -> Described:
        self._fields.clear()
        self._words = None
        stages = self._stages()
        me = self._call("res.users", "read", ids=[self.rpc.uid], fields=["company_id"])
        company = me.result[0]["company_id"] if me.result else [1, ""]
        money = self._call("res.company", "read", ids=[company[0]], fields=["currency_id"]).result
        return Described(
            instance=text(company),
            version=self.rpc.version,
            server_time=me.server_time,
            currency=text(money[0]["currency_id"]) if money else "",
            stages=tuple(map(reading.stage, stages)),
            fields=tuple(self._described_fields()),
            user=str(self.rpc.uid),
        )

    def _stages(self) -> list[Row]:
        there = self.fields("crm.stage")
        names = [name for name in ("name", "sequence", "is_won", "team_id") if name in there]
        return self._search("crm.stage", [], names, "sequence,id").result or []

    def _described_fields(self) -> Iterator[CrmField]:
        tracked = self._tracked_names()
        for name, what in sorted(self.fields(LEAD).items()):
            yield CrmField(
                object=CrmObject.DEALS,
                name=name,
                label=str(what.get("string") or name),
                type=str(what.get("type") or ""),
                custom=name.startswith("x_"),
                tracked=None if tracked is None else name in tracked,
                formula=what.get("store") is False,
                writable=not what.get("readonly") and name not in NEVER_WRITTEN,
            )

    def _tracked_names(self) -> frozenset[str] | None:
        domain = [["model", "=", LEAD], ["tracking", "!=", False]]
        try:
            rows = self._search("ir.model.fields", domain, ["name"]).result
        except (NoRight, NotThere, Rejected):
            return None
        return frozenset(row["name"] for row in rows or [])

    @property
    def words(self) -> Words:
        """What is needed to understand the history, asked once until the next ``describe``."""
        if self._words is None:
            stages = self._stages()
            outcomes = self.fields(LEAD).get("won_status", {}).get("selection") or []
            said = {"won": DealStatus.WON, "lost": DealStatus.LOST, "pending": DealStatus.OPEN}
            self._words = Words(
                won=frozenset(str(row["id"]) for row in stages if row.get("is_won")),
                kinds=self._kinds(),
                outcomes={label: said[value] for value, label in outcomes if value in said},
                names={"stage_id": {text(row.get("name")): str(row["id"]) for row in stages}},
            )
        return self._words

    def _kinds(self) -> dict[str, DealStatus]:
        try:
            rows = self._search("mail.message.subtype", [["res_model", "=", LEAD]], ["name"]).result or []
        except (NoRight, NotThere, Rejected):
            return {}
        known = ((str(row["id"]), history.NAMES.get(row["name"])) for row in rows)
        return {id: history.OUTCOMES[name] for id, name in known if name}

    # -- self-test ---------------------------------------------------------------------------------------------

    def test(self) -> Iterator[CapabilityFound]:
        deals = self._counted(Capability.DEALS, LEAD, LISTS[CrmObject.DEALS][1])
        yield deals
        yield self._counted(Capability.USERS, "res.users", LISTS[CrmObject.USERS][1])
        yield from self._history_found()
        yield CapabilityFound(Capability.CLOSE_DATE_HISTORY, Found.NOT_TRACKED, detail=NOT_TRACKED)
        yield CapabilityFound(
            Capability.CONTACT_ROLES, Found.NOT_TRACKED, detail="A deal has one person, without a role."
        )
        yield self._counted(Capability.QUOTE_LINES, LINE, [["order_id.opportunity_id", "!=", False]])
        yield CapabilityFound(
            Capability.LINE_HISTORY,
            Found.NOT_TRACKED if self.fields(LINE) else Found.NOT_THERE,
            detail="Odoo keeps changes of the amount of an order, not of its lines.",
        )
        yield CapabilityFound(
            Capability.APPROVALS, Found.NOT_THERE, detail="Odoo Community has no approvals."
        )
        yield self._counted(Capability.ACTIVITIES, MESSAGE, DONE_ON_DEALS)
        yield CapabilityFound(
            Capability.DELETIONS,
            Found.NOT_TRACKED,
            detail="Found by comparing lists; merges by their messages.",
        )
        yield self._may_write()

    def _counted(self, capability: Capability, model: str, domain: list[Any]) -> CapabilityFound:
        try:
            said = self._call(model, "search_count", domain=domain, context={"active_test": False})
        except (NotThere, Rejected):
            return CapabilityFound(capability, Found.NOT_THERE)
        except NoRight:
            return CapabilityFound(capability, Found.NO_RIGHT, ask_for=RIGHTS.get(model, ""))
        return CapabilityFound(capability, Found.TRACKED, int(said.result or 0))

    def _history_found(self) -> Iterator[CapabilityFound]:
        if self._may_read_tracking():
            for capability, name in HISTORIES.items():
                domain = [["field_id.model", "=", LEAD], ["field_id.name", "=", name]]
                yield self._counted(capability, TRACKING, domain)
            return
        shown = self._threads_open()
        for capability in HISTORIES:
            yield CapabilityFound(
                capability,
                Found.TRACKED if shown else Found.NO_RIGHT,
                ask_for="" if shown else RIGHTS[TRACKING],
                detail="Read from the thread of each deal, one request a deal." if shown else AS_A_PERSON,
            )

    def _may_write(self) -> CapabilityFound:
        model, context = LEAD, {"active_test": False}
        for method in ("has_access", "check_access_rights"):
            named = {"ids": [], "operation": "write"} if method == "has_access" else {"operation": "write"}
            try:
                if self._call(model, method, **named, context=context).result:
                    custom = sum(name.startswith("x_") for name in self.fields(LEAD))
                    return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED, custom)
                break
            except NoRight:
                break
            except (NotThere, Rejected):
                continue
        return CapabilityFound(Capability.WRITE_BACK, Found.NO_RIGHT, ask_for=RIGHTS[LEAD])

    # -- pages -------------------------------------------------------------------------------------------------

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        parts, on, more = next_parts(mark, self._streams(object))
        return self._made(object, parts, on, more)

    def _made(self, object: CrmObject, parts: Sequence[tuple[str, Part]], mark: str, more: bool) -> CrmPage:
        records = tuple(record for name, part in parts for record in self._records(object, name, part.rows))
        moved = [row for name, part in parts for row in part.rows if name == "messages"]
        fates = tuple(_merged(moved)) if object == CrmObject.CHANGES else ()
        return CrmPage(object, records, mark, more, parts[-1][1].server_time, fates)

    def _streams(self, object: CrmObject) -> Mapping[str, Callable[[State], Part]]:
        if object == CrmObject.CHANGES:
            return {
                "messages": self._stream(MESSAGE, [ON_DEALS]),
                "created": self._stream(*self._listed(CrmObject.DEALS), by="create_date"),
            }
        if object == CrmObject.ACTIVITIES:
            streams = {"messages": self._stream(MESSAGE, DONE_ON_DEALS)}
            if "opportunity_id" in self.fields("calendar.event"):
                streams["meetings"] = self._stream("calendar.event", [["opportunity_id", "!=", False]])
            return streams
        if object == CrmObject.QUOTES:
            if "opportunity_id" not in self.fields(ORDER):
                return {"orders": self._nothing}
            return {
                "orders": self._stream(*LISTS[object]),
                "lines": self._stream(LINE, [["order_id.opportunity_id", "!=", False]]),
            }
        return {"records": self._stream(*self._listed(object))}

    def _listed(self, object: CrmObject) -> tuple[str, list[Any]]:
        model, domain = LISTS[object]
        if object == CrmObject.DEALS and self.wanted.since:
            domain = [*domain, ["create_date", ">=", f"{self.wanted.since} 00:00:00"]]
        return model, domain

    def _nothing(self, state: State) -> Part:
        return Part((), state, False, self._call("res.users", "search_count", domain=[]).server_time)

    def _records(self, object: CrmObject, stream: str, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        if object == CrmObject.USERS:
            leaders = self._leaders() if rows else {}
            return (reading.user(row, leaders) for row in rows)
        if object == CrmObject.ACCOUNTS:
            return map(reading.account, rows)
        if object == CrmObject.CONTACTS:
            return (
                reading.contact(row)
                for row in rows
                if link(row.get("commercial_partner_id")) != str(row["id"])
            )
        if object == CrmObject.DEALS:
            return self._deals(rows)
        if object == CrmObject.CHANGES:
            return self._changes(rows) if stream == "messages" else self._beginnings(rows)
        if object == CrmObject.QUOTES:
            ids = (
                (link(row["order_id"]) for row in rows)
                if stream == "lines"
                else (str(row["id"]) for row in rows)
            )
            return self._quotes(ids)
        return map(_meeting if stream == "meetings" else _done, rows)

    def _leaders(self) -> dict[str, str]:
        try:
            rows = self._search("crm.team", [], ["user_id"]).result or []
        except (NoRight, NotThere):
            return {}
        return {str(row["id"]): link(row["user_id"]) for row in rows}

    def _deals(self, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        partners = self._by_ids("res.partner", (link(row.get("partner_id")) for row in rows))
        companies = {str(row["id"]): link(row.get("commercial_partner_id")) for row in partners}
        for row in rows:
            yield reading.deal(
                row,
                won=self.words.won,
                companies=companies,
                wanted=self.wanted.fields,
                link_to=f"{self.exchange.base.rstrip('/')}/web#id={row['id']}&model={LEAD}&view_type=form",
            )

    def _quotes(self, ids: Iterable[str]) -> Iterator[CrmRecord]:
        orders = self._by_ids(ORDER, ids, also=LISTS[CrmObject.QUOTES][1])
        lines = self._by_ids(LINE, (str(row["id"]) for row in orders), by="order_id")
        products = self._products(link(row.get("product_id")) for row in lines)
        for order in orders:
            own = [row for row in lines if link(row["order_id"]) == str(order["id"])]
            yield reading.quote(order, own, products)

    def _products(self, ids: Iterable[str]) -> dict[str, Row]:
        there, numbers = self.fields("product.product"), sorted({int(each) for each in ids if each})
        names = [name for name in ("lst_price", "standard_price") if name in there]
        if not (numbers and names):
            return {}
        rows = self._search("product.product", [["id", "in", numbers]], names).result or []
        return {str(row["id"]): row for row in rows}

    # -- history -----------------------------------------------------------------------------------------------

    def _may_read_tracking(self) -> bool:
        return bool(self.fields(TRACKING)) and "tracking_value_ids" in self.fields(MESSAGE)

    def _changes(self, messages: Sequence[Row]) -> Iterator[CrmRecord]:
        values = list(self._values(messages))
        yield from history.changes(messages, values, self.words)
        became = {value.message_id for value in values if value.field == "type"}
        leads = {str(row["res_id"]) for row in messages if str(row["id"]) in became}
        yield from self._beginnings(self._by_ids(LEAD, leads, also=LISTS[CrmObject.DEALS][1]))

    def _beginnings(self, leads: Sequence[Row]) -> Iterator[CrmRecord]:
        ids = [row["id"] for row in leads]
        if not ids:
            return
        names = self._names(MESSAGE)
        messages = self._search(MESSAGE, [ON_DEALS, ["res_id", "in", ids]], names).result or []
        deals = {str(row["id"]): history.written_on(row, LEAD) for row in messages}
        by_deal: dict[str, list[Value]] = {}
        for value in self._values(messages):
            by_deal.setdefault(deals.get(value.message_id, ""), []).append(value)
        for lead in leads:
            yield from history.beginnings(lead, by_deal.get(str(lead["id"]), ()), self.words)

    def _values(self, messages: Sequence[Row]) -> Iterator[Value]:
        if not self._may_read_tracking():
            yield from self._values_of_threads(messages)
            return
        ids = [row["id"] for row in messages if row.get("tracking_value_ids")]
        if ids:
            rows = (
                self._search(TRACKING, [["mail_message_id", "in", ids]], self._tracking_names()).result or []
            )
            yield from history.values_of(rows, self._field_names(rows))

    def _tracking_names(self) -> list[str]:
        kinds = ("char", "integer", "float")
        names = [f"{side}_value_{kind}" for side in ("old", "new") for kind in kinds]
        return ["id", "field_id", "mail_message_id", "currency_id", *names]

    def _field_names(self, rows: Sequence[Row]) -> dict[str, str]:
        ids = sorted({int(link(row["field_id"])) for row in rows if row["field_id"]})
        found = self._search("ir.model.fields", [["id", "in", ids]], ["name"]).result or [] if ids else []
        return {str(row["id"]): row["name"] for row in found}

    def _values_of_threads(self, messages: Sequence[Row]) -> Iterator[Value]:
        if not self._threads_open():
            return
        asked = {str(row["id"]) for row in messages}
        for deal_id in sorted({str(row["res_id"]) for row in messages}, key=int):
            values = history.values_of_thread(self._thread(deal_id), self._words_with_users())
            yield from (value for value in values if value.message_id in asked)

    def _words_with_users(self) -> Words:
        words = self.words
        if "user_id" not in words.names:
            rows = self._search("res.users", [], ["name"]).result or []
            users = {text(row["name"]): str(row["id"]) for row in rows}
            words = Words(words.won, words.kinds, words.outcomes, {**words.names, "user_id": users})
            self._words = words
        return words

    def _threads_open(self) -> bool:
        """Return whether the page of a record can be asked as a person would: only with a password."""
        if self._session or not self.address.secrets.get("password"):
            return bool(self._session)
        params = {
            "db": self.address.options.get("database", ""),
            "login": self.address.secrets.get("login", ""),
            "password": self.address.secrets["password"],
        }
        try:
            answer = self.exchange.ask("POST", "/web/session/authenticate", json=_web(params))
            told(answer)
        except (NotThere, NotSignedIn, NoRight, Rejected):
            return False
        self._session = _cookie(answer.headers.get("set-cookie") or "")
        return bool(self._session)

    def _thread(self, deal_id: str) -> list[Mapping[str, Any]]:
        """Return the messages of a deal as its page shows them, newest first."""
        found: list[Mapping[str, Any]] = []
        params: dict[str, Any] = {"thread_model": LEAD, "thread_id": int(deal_id), "limit": 100}
        while True:
            headers = {"Cookie": f"session_id={self._session}"}
            said = told(
                self.exchange.ask("POST", "/mail/thread/messages", json=_web(params), headers=headers)
            )
            rows = (said.result or {}).get("data", {}).get("mail.message", [])
            found.extend(rows)
            if len(rows) < params["limit"]:
                return found
            params = {**params, "before": min(row["id"] for row in rows)}

    # -- what became of them -----------------------------------------------------------------------------------

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        if object not in LISTS or not self.fields(LISTS[object][0]):
            return frozenset(), ""
        model, domain = self._listed(object)
        rows = self._search(model, [*domain, ["id", ">", int(mark or 0)]], ["id"], limit=IDS).result or []
        return frozenset(str(row["id"]) for row in rows), str(rows[-1]["id"]) if len(rows) == IDS else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        if object not in LISTS:
            return ()
        model = LISTS[object][0]
        there = {str(row["id"]): row for row in self._by_ids(model, ids)}
        return tuple(self._fate(object, id, there.get(id)) for id in ids)

    def _fate(self, object: CrmObject, id: str, row: Row | None) -> CrmFate:
        if row is not None:
            archived = object == CrmObject.DEALS and reading.deal_is_archived(row, self.words.won)
            return CrmFate(object, id, Fate.ARCHIVED if archived else Fate.LIVE)
        if object == CrmObject.DEALS and id.isdigit():
            domain = [ON_DEALS, ["message_id", "like", f"-openerp-{id}-{LEAD}@"]]
            for moved in self._search(MESSAGE, domain, self._names(MESSAGE), limit=1).result or []:
                return CrmFate(object, id, Fate.MERGED, str(moved["res_id"]), changed_at(moved))
        return CrmFate(object, id, Fate.VANISHED)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        now = self._call("res.users", "search_count", domain=[]).server_time
        if object == CrmObject.QUOTES:
            return CrmPage(object, tuple(self._quotes(ids)), "", False, now)
        if object == CrmObject.CHANGES:
            messages = self._by_ids(MESSAGE, ids, by="res_id", also=[ON_DEALS])
            leads = self._by_ids(LEAD, ids, also=LISTS[CrmObject.DEALS][1])
            parts = [("messages", Part(messages, {}, False, now)), ("created", Part(leads, {}, False, now))]
            return self._made(object, parts, "", False)
        model, also = LISTS.get(object, ("", []))
        rows = self._by_ids(model, ids, also=also) if model else []
        return self._made(object, [("records", Part(rows, {}, False, now))], "", False)

    # -- writing back ------------------------------------------------------------------------------------------

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        if refused := sorted(NEVER_WRITTEN & set(values)):
            return WriteResult(Written.REFUSED, f"{', '.join(refused)} is never written.")
        there = self.fields(LEAD)
        if missing := sorted(set(values) - set(there)):
            return WriteResult(Written.NO_FIELD, ", ".join(missing))
        try:
            return self._written(
                deal_id, {name: _typed(there[name], value) for name, value in values.items()}
            )
        except (NoRight, NotThere, Rejected, ValueError) as problem:
            return WriteResult(_refusal(problem), shortened(problem))

    def _written(self, deal_id: str, values: Mapping[str, Any]) -> WriteResult:
        names = [*values, "write_date"]
        before = self._search(LEAD, [["id", "=", int(deal_id)]], names).result
        if not before:
            return WriteResult(Written.GONE)
        changed = {name: value for name, value in values.items() if before[0].get(name) != value}
        if not changed:
            return WriteResult(Written.SAME, modified_at=changed_at(before[0]))
        self._call(LEAD, "write", ids=[int(deal_id)], vals=changed)
        after = self._search(LEAD, [["id", "=", int(deal_id)]], names).result
        return WriteResult(Written.DONE, modified_at=changed_at(after[0]) if after else None)

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        values = {"summary": subject, **({"date_deadline": due_on.isoformat()} if due_on else {})}
        try:
            return self._task_written(deal_id, task_id, values)
        except (NoRight, NotThere, Rejected) as problem:
            return WriteResult(_refusal(problem), shortened(problem))

    def _task_written(self, deal_id: str, task_id: str, values: Mapping[str, Any]) -> WriteResult:
        open_tasks = [["res_model", "=", LEAD], ["res_id", "=", int(deal_id)]]
        if task_id:
            known = [*open_tasks, ["id", "=", int(task_id)]]
            before = self._search("mail.activity", known, list(values)).result
            if before and all(before[0].get(name) == value for name, value in values.items()):
                return WriteResult(Written.SAME, task_id=task_id)
            if before:
                self._call("mail.activity", "write", ids=[int(task_id)], vals=dict(values))
                return WriteResult(Written.DONE, task_id=task_id)
        lead = self._search(LEAD, [["id", "=", int(deal_id)]], ["user_id"]).result
        if not lead:
            return WriteResult(Written.GONE)
        owner = {"user_id": int(link(lead[0]["user_id"]))} if lead[0]["user_id"] else {}
        kind = {"act_type_xmlid": "mail.mail_activity_data_todo"}
        self._call(LEAD, "activity_schedule", ids=[int(deal_id)], **kind, **values, **owner)
        made = self._search(
            "mail.activity", [*open_tasks, ["summary", "=", values["summary"]]], ["id"], "id desc", limit=1
        ).result
        return WriteResult(Written.DONE, task_id=str(made[0]["id"]) if made else "")


AS_A_PERSON = "Or sign in with user and password: then it is read as a person sees it, deal by deal."
NOT_TRACKED = "Odoo keeps no history of it: we compare what we read with what we read before."
HISTORIES = {
    Capability.STAGE_HISTORY: "stage_id",
    Capability.AMOUNT_HISTORY: "expected_revenue",
    Capability.OWNER_HISTORY: "user_id",
}
#: The right to ask for, in the words of Odoo's settings of a user.
RIGHTS = {
    LEAD: "Sales / User: All Documents",
    LINE: "Sales / User: All Documents",
    TRACKING: "Administration / Settings",
    MESSAGE: "Sales / User: All Documents",
}


def _within(slice: Slice, by: str) -> list[Any]:
    if slice.since is None:
        return []
    since = [by, ">=", _said(slice.since)]
    if slice.after is None:
        return [since]
    return [
        since,
        [by, "<", _said(slice.since + dt.timedelta(seconds=1))],
        ["id", ">", int(slice.after or 0)],
    ]


def _said(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _merged(messages: Sequence[Row]) -> Iterator[CrmFate]:
    """Return the deals whose messages stand on another deal now: they were merged into it and deleted."""
    moves = {(reading.written_on(row, LEAD), str(row["res_id"])): changed_at(row) for row in messages}
    for (was, now), at in moves.items():
        if was != now:
            yield CrmFate(CrmObject.DEALS, was, Fate.MERGED, now, at)


def _done(message: Row) -> CrmActivity:
    kind = text(message.get("mail_activity_type_id")).lower()
    return CrmActivity(
        id=f"message-{message['id']}",
        deal_id=reading.written_on(message, LEAD),
        kind=kind or "email",
        at=moment(message["date"]),
        actor_id=link(message.get("create_uid")),
    )


def _meeting(event: Row) -> CrmActivity:
    return CrmActivity(
        id=f"meeting-{event['id']}",
        deal_id=link(event["opportunity_id"]),
        kind="meeting",
        at=moment(event["start"]),
        actor_id=link(event.get("user_id")),
    )


def _typed(what: Mapping[str, Any], value: str) -> Any:
    """Return a value as the field holds it; empty is False but for numbers."""
    kind = what.get("type")
    if kind == "integer":
        return int(value or 0)
    if kind in ("float", "monetary"):
        return float(value or 0)
    if kind == "boolean":
        return value.lower() in ("1", "true", "yes")
    return value or False


def _refusal(problem: Exception) -> Written:
    if isinstance(problem, NoRight):
        return Written.LOCKED
    return Written.GONE if isinstance(problem, NotThere) else Written.REFUSED


def _web(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "call", "params": dict(params)}


def _cookie(header: str) -> str:
    for part in header.replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "session_id":
            return value
    return ""


CONNECTOR = Connector(
    key="odoo",
    label="Odoo",
    sign_ins=(
        SignIn("json2", "API key of a user (version 19 and later)", {"key": "API key"}),
        SignIn(
            "jsonrpc",
            "User and API key (before version 19)",
            {"login": "Name of the user", "key": "API key"},
            ends=dt.date(2028, 9, 1),
            ends_source="Odoo documentation: JSON-RPC is removed in version 22 (autumn 2028)",
        ),
        SignIn(
            "password",
            "User and password (before version 19; shows the history without the administrator's right)",
            {"login": "Name of the user", "password": "Password"},
            ends=dt.date(2028, 9, 1),
            ends_source="Odoo documentation: JSON-RPC is removed in version 22 (autumn 2028)",
        ),
    ),
    open=Odoo,
    options={"database": "Name of the database"},
)
