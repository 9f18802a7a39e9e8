"""Pipedrive: lists of v2, and what only v1 has (users, changelogs).

A list begins at a time of change and goes on by a cursor. Archived deals stand in a list of their own and cannot be
changed; deleted ones are told for 30 days. The history of a deal is asked for each deal that changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hingepoint.connectors import paging, values
from hingepoint.connectors.exchange import Answer, Exchange, NotThere, NotUnderstood, Rejected
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.paging import Part, Row, in_turn
from hingepoint.connectors.source import Address, Connector, Described, SignIn, Wanted
from hingepoint.connectors.values import at, chunks, day, moment, number, of_own, plain, share, text
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmAccount,
    CrmActivity,
    CrmChange,
    CrmContact,
    CrmDeal,
    CrmFate,
    CrmField,
    CrmLine,
    CrmObject,
    CrmPage,
    CrmQuote,
    CrmRecord,
    CrmRole,
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

#: The most of a page, and how many deals are read with their history at once.
PAGE, HISTORY_PAGE = 500, 50
#: Identities that one request may name.
IN_ONE = 100
NEVER_WRITTEN = frozenset(
    {"stage_id", "pipeline_id", "value", "currency", "status", "owner_id", "probability"}
)

#: Keys of the changelog and what they are to us.
TRACKED = {
    "stage_id": DealField.STAGE,
    "value": DealField.AMOUNT,
    "expected_close_date": DealField.EXPECTED_CLOSE,
    "user_id": DealField.OWNER,
    "owner_id": DealField.OWNER,
    "status": DealField.STATUS,
    "probability": DealField.PROBABILITY,
}
#: With what a deal began, by the key of the changelog and the field of the deal now.
BEGAN = {
    "stage_id": "stage_id",
    "value": "value",
    "expected_close_date": "expected_close_date",
    "user_id": "owner_id",
    "status": "status",
}
#: What fields hold by their type; all others are texts. An amount is a number in the currency of its deal.
HOLDS = {
    **dict.fromkeys(("int", "double", "monetary"), Kind.NUMBER),
    "date": Kind.DAY,
    "boolean": Kind.YES_NO,
    "enum": Kind.CHOICE,
    "set": Kind.CHOICES,
}
RIGHTS = {
    "deals": "View all deals",
    "people": "View all organizations and View all people",
    "products": "View all products",
    "activities": "View all activities",
    "write": "Edit deals owned by other users",
}
STATUSES = {"open": DealStatus.OPEN, "won": DealStatus.WON, "lost": DealStatus.LOST}
REFUSALS = {
    400: Written.REFUSED,
    403: Written.LOCKED,
    404: Written.GONE,
    409: Written.REFUSED,
    410: Written.GONE,
}


@dataclass
class Pipedrive:
    """A signed-in Pipedrive."""

    address: Address
    exchange: Exchange
    wanted: Wanted
    objects: tuple[CrmObject, ...] = (
        *(CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.CONTACTS, CrmObject.DEALS, CrmObject.CHANGES),
        *(CrmObject.QUOTES, CrmObject.ACTIVITIES),
    )
    size: int = PAGE
    history_size: int = HISTORY_PAGE
    unread: Unread = field(default_factory=set, repr=False)
    _rows: list[Row] | None = field(default=None, repr=False)

    # -- asking ------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        answer = self.exchange.ask(method, path, headers=self._signed(), **more)
        self._note_budget(answer.headers)
        if answer.status < 400 and not isinstance(answer.body, dict):
            raise NotUnderstood("Pipedrive answered with something else than its documentation says.")
        return answer

    def _signed(self) -> dict[str, str]:
        if bearer := self.address.secrets.get("bearer"):
            return {"Authorization": f"Bearer {bearer}"}
        return {"x-api-token": self.address.secrets.get("token", "")}

    def _note_budget(self, headers: Mapping[str, str]) -> None:
        """Keep what is said of the day's tokens; names of the headers differ between plans."""
        for name, value in headers.items():
            said = name.lower()
            if said.startswith("x-daily") and value.isdigit():
                if said.endswith("limit"):
                    self.exchange.budget.allowed = int(value)
                elif said.endswith(("left", "remaining")):
                    self.exchange.budget.left = int(value)

    def _get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query=query).body.get("data")

    def _stream(self, path: str, size: int | None = None, **fixed: Any) -> Callable[[str], Part]:
        """Return a stream of records since a time of change, on by a cursor within a reading."""

        def read(text: str) -> Part:
            mark = paging.read(text)
            query = {"limit": size or self.size, "sort_by": "update_time", "sort_direction": "asc", **fixed}
            query |= {"updated_since": _said(mark.since)} if mark.since else {}
            query |= {"cursor": mark.after} if mark.after else {}
            try:
                answer = self._ask("GET", path, query=query)
            except Rejected:
                if not mark.after:
                    raise
                return read(paging.Mark(mark.since).text())  # the cursor is too old
            return _part(answer, mark)

        return read

    def _all(self, path: str, **query: Any) -> Iterator[Row]:
        """Return a whole list by its cursor."""
        while True:
            answer = self._ask("GET", path, query={"limit": self.size, **query})
            yield from answer.body.get("data") or ()
            if not (cursor := _cursor(answer.body)):
                return
            query["cursor"] = cursor

    # -- what is there -----------------------------------------------------------------------------------------

    @property
    def fields(self) -> Mapping[str, CrmField]:
        """Fields of deals by their keys; those made by the company have keys of 40 characters."""
        return {each.name: each for each in map(_field, self._described())}

    def _described(self) -> list[Row]:
        if self._rows is None:
            try:
                self._rows = list(self._all("api/v2/dealFields"))
            except NotThere:
                self._rows = self._get("api/v1/dealFields", limit=500) or []
        return self._rows

    def _own(self) -> dict[str, Own]:
        """Return the fields that were asked for, by what they are called here."""
        if not self.wanted.fields:
            return {}
        said = {_key(row): row for row in self._described()}
        return {ours: _own(ours, said.get(key, {}), self.unread) for ours, key in self.wanted.fields.items()}

    def describe(self) -> Described:
        self._rows = None
        answer = self._ask("GET", "api/v1/users/me")
        me = answer.body.get("data") or {}
        pipelines = {row["id"]: text(row.get("name")) for row in self._all("api/v2/pipelines")}
        return Described(
            instance=text(me.get("company_name")) or "Pipedrive",
            version="v2",
            server_time=answer.server_time,
            currency=text(me.get("default_currency")),
            stages=tuple(_stage(row, pipelines) for row in self._all("api/v2/stages")),
            fields=tuple(self.fields.values()),
            user=text(me.get("id")),
            kept=tuple(self._kept.values()),
        )

    @property
    def _kept(self) -> dict[str, str]:
        """Return the fields of the company's own, with what they are called here: the changelog has all of them."""
        return {key: ours for ours, key in self.wanted.fields.items() if key not in TRACKED}

    # -- self-test ---------------------------------------------------------------------------------------------

    def test(self) -> Iterator[CapabilityFound]:
        deals = values.tried(Capability.DEALS, RIGHTS["deals"], self._deals_found)
        yield deals
        yield self._seen(Capability.USERS, "api/v1/users", "")
        yield from self._history_found(deals)
        yield CapabilityFound(
            Capability.CONTACT_ROLES,
            Found.NOT_TRACKED,
            detail="A deal has one main person; parts are not kept.",
        )
        yield self._seen(Capability.QUOTE_LINES, "api/v2/products", RIGHTS["products"])
        yield CapabilityFound(Capability.LINE_HISTORY, Found.NOT_TRACKED, detail="Products keep no history.")
        yield CapabilityFound(Capability.APPROVALS, Found.NOT_THERE, detail="Pipedrive has no approvals.")
        yield self._seen(Capability.ACTIVITIES, "api/v2/activities", RIGHTS["activities"])
        yield CapabilityFound(
            Capability.DELETIONS,
            Found.TRACKED_SINCE,
            detail="Deletions of the last 30 days; merged deals are deleted ones.",
        )
        custom = sum(each.custom for each in self.fields.values())
        yield CapabilityFound(Capability.WRITE_BACK, Found.TRACKED, custom, ask_for=RIGHTS["write"])

    def _deals_found(self) -> CapabilityFound:
        rows = self._get("api/v2/deals", limit=self.size) or []
        whole = len(rows) < self.size
        detail = "" if whole else f"{self.size} or more"
        return CapabilityFound(Capability.DEALS, Found.TRACKED, len(rows) if whole else None, detail=detail)

    def _seen(self, capability: Capability, path: str, right: str) -> CapabilityFound:
        def look() -> CapabilityFound:
            rows = self._get(path, limit=self.size) or []
            return CapabilityFound(capability, Found.TRACKED, len(rows) if len(rows) < self.size else None)

        return values.tried(capability, right, look)

    def _history_found(self, deals: CapabilityFound) -> Iterator[CapabilityFound]:
        """Try the changelog of one deal: all fields have a history or none."""

        def look() -> CapabilityFound:
            for row in self._get("api/v2/deals", limit=1) or ():
                list(self._changelog(row["id"]))
            return CapabilityFound(
                Capability.STAGE_HISTORY, Found.TRACKED, detail="One request a deal that changed."
            )

        found = (
            values.tried(Capability.STAGE_HISTORY, RIGHTS["deals"], look)
            if deals.found == Found.TRACKED
            else deals
        )
        for capability in (
            Capability.STAGE_HISTORY,
            Capability.AMOUNT_HISTORY,
            Capability.CLOSE_DATE_HISTORY,
            Capability.OWNER_HISTORY,
        ):
            yield CapabilityFound(capability, found.found, ask_for=found.ask_for, detail=found.detail)

    # -- pages -------------------------------------------------------------------------------------------------

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        parts, on, more = in_turn(mark, self._streams(object))
        records: list[CrmRecord] = []
        fates: list[CrmFate] = []
        for _, part in parts:
            records += self._records(object, [row for row in part.rows if not _is_deleted(row)])
            fates += (_deleted(row) for row in part.rows if object == CrmObject.DEALS and _is_deleted(row))
        return CrmPage(object, tuple(records), on, more, parts[-1][1].server_time, tuple(fates))

    def _streams(self, object: CrmObject) -> Mapping[str, Callable[[str], Part]]:
        if object == CrmObject.USERS:
            return {"users": self._users}
        if object in (CrmObject.CHANGES, CrmObject.QUOTES):
            size = self.history_size
            return {"deals": self._stream(DEALS, size), "archived": self._stream(ARCHIVED, size)}
        if object == CrmObject.DEALS:
            return {"deals": self._stream(DEALS, status=STATES), "archived": self._stream(ARCHIVED)}
        if object == CrmObject.ACTIVITIES:
            return {"activities": self._stream("api/v2/activities", done="true")}
        return {"records": self._stream(PATHS[object])}

    def _users(self, mark: str) -> Part:
        answer = self._ask("GET", "api/v1/users")
        return Part(answer.body.get("data") or (), "", False, answer.server_time)

    def _records(self, object: CrmObject, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        if object == CrmObject.CHANGES:
            return (change for row in self._asked_for(rows) for change in self._changes(row))
        if object == CrmObject.QUOTES:
            return self._quotes(self._asked_for(rows))
        if object == CrmObject.DEALS:
            return map(self._deal, self._asked_for(rows))
        if object == CrmObject.ACTIVITIES:
            return (_activity(row) for row in rows if row.get("deal_id"))
        return map(MADE[object], rows)

    def _asked_for(self, rows: Sequence[Row]) -> list[Row]:
        since = self.wanted.since
        return [row for row in rows if since is None or at(row["add_time"]).date() >= since]

    def _deal(self, row: Row) -> CrmDeal:
        person, closed = text(row.get("person_id")), row.get("won_time") or row.get("lost_time")
        status, own = STATUSES.get(text(row.get("status")), DealStatus.OPEN), self._own()
        return CrmDeal(
            id=str(row["id"]),
            name=text(row.get("title")),
            created_at=at(row["add_time"]),
            modified_at=_changed(row),
            account_id=text(row.get("org_id")),
            owner_id=text(row.get("owner_id")),
            pipeline=text(row.get("pipeline_id")),
            stage_id=text(row.get("stage_id")),
            status=status,
            amount=number(row.get("value")),
            currency=text(row.get("currency")),
            probability=share(row.get("probability"), 100),
            expected_close_on=day(row.get("expected_close_date")),
            closed_at=moment(row.get("close_time") or closed) if status != DealStatus.OPEN else None,
            loss_reason=text(row.get("lost_reason")),
            archived=bool(row.get("is_archived")),
            roles=(CrmRole(person, primary=True),) if person else (),
            link=f"{self.exchange.base.rstrip('/')}/deal/{row['id']}",
            extra={
                ours: own[ours].value(_bare(_value(row, key))) for ours, key in self.wanted.fields.items()
            },
        )

    # -- history -----------------------------------------------------------------------------------------------

    def _changelog(self, deal_id: Any) -> Iterator[Row]:
        return self._all(f"api/v1/deals/{deal_id}/changelog")

    def _changes(self, row: Row) -> Iterator[CrmChange]:
        """Return the history of a deal: its changelog, and what it began with."""
        try:
            followed = {*TRACKED, *self._kept}
            log = [each for each in self._changelog(row["id"]) if each.get("field_key") in followed]
        except NotThere:
            return  # deleted since the list was read
        log.sort(key=lambda each: at(each["time"]))
        own = self._own()
        yield from (self._change(row, each, own) for each in log)
        yield from _beginnings(row, [each for each in log if each["field_key"] in TRACKED])
        yield from self._own_beginnings(row, log, own)

    def _change(self, deal: Row, entry: Row, own: Mapping[str, Own]) -> CrmChange:
        ours, change = self._kept.get(entry["field_key"], ""), _change(str(deal["id"]), entry)
        if not ours:
            return change
        old, new = (own[ours].value(entry.get(name)) for name in ("old_value", "new_value"))
        return of_own(replace(change, old=old, new=new), ours)

    def _own_beginnings(self, row: Row, log: Sequence[Row], own: Mapping[str, Own]) -> Iterator[CrmChange]:
        for key, ours in self._kept.items():
            olds = [each.get("old_value") for each in log if each["field_key"] == key]
            if first := own[ours].value(olds[0] if olds else _bare(_value(row, key))):
                began, id = at(row["add_time"]), str(row["id"])
                yield CrmChange(id, DealField.EXTRA, first, began, old="", origin=Origin.INFERRED, name=ours)

    # -- products of a deal ------------------------------------------------------------------------------------

    def _quotes(self, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        lines: dict[Any, list[Row]] = {}
        for some in chunks([str(row["id"]) for row in rows], IN_ONE):
            for line in self._all("api/v2/deals/products", deal_ids=",".join(some)):
                lines.setdefault(line["deal_id"], []).append(line)
        products = self._products({line["product_id"] for of in lines.values() for line in of})
        for row in rows:
            if own := lines.get(row["id"]):
                discounts = self._get(f"api/v2/deals/{row['id']}/discounts") or ()
                yield _quote(row, own, products, discounts)

    def _products(self, ids: set[Any]) -> dict[Any, Row]:
        found: dict[Any, Row] = {}
        for some in chunks([str(id) for id in sorted(ids)], IN_ONE):
            found |= {row["id"]: row for row in self._all("api/v2/products", ids=",".join(some))}
        return found

    # -- what became of them -----------------------------------------------------------------------------------

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        if object == CrmObject.USERS:
            return frozenset(str(row["id"]) for row in self._get("api/v1/users") or ()), ""
        if object not in PATHS:
            return frozenset(), ""
        streams = {"records": self._listed(PATHS[object])}
        if object == CrmObject.DEALS:
            streams["archived"] = self._listed(ARCHIVED)
        parts, on, more = in_turn(mark, streams)
        rows = [row for _, part in parts for row in part.rows]
        kept = self._asked_for(rows) if object == CrmObject.DEALS else rows
        return frozenset(str(row["id"]) for row in kept), on if more else ""

    def _listed(self, path: str) -> Callable[[str], Part]:
        def read(cursor: str) -> Part:
            query = {"limit": self.size, "sort_by": "id", **({"cursor": cursor} if cursor else {})}
            answer = self._ask("GET", path, query=query)
            following = _cursor(answer.body)
            return Part(answer.body.get("data") or (), following, bool(following), answer.server_time)

        return read

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        if object not in PATHS:
            return ()
        looks: list[tuple[Fate, str, dict[str, str]]] = [(Fate.LIVE, PATHS[object], {})]
        if object == CrmObject.DEALS:
            looks += [(Fate.ARCHIVED, ARCHIVED, {}), (Fate.DELETED, DEALS, {"status": "deleted"})]
        found: dict[str, CrmFate] = {}
        for fate, path, more in looks:
            for row in self._named(path, [id for id in ids if id not in found], **more):
                when = _changed(row) if fate == Fate.DELETED else None
                found[str(row["id"])] = CrmFate(object, str(row["id"]), fate, at=when)
        return tuple(found.get(id) or CrmFate(object, id, Fate.VANISHED) for id in ids)

    def _named(self, path: str, ids: Sequence[str], **more: Any) -> Iterator[Row]:
        """Return the records of some identities that stand in a list."""
        for some in chunks([id for id in ids if id.isdigit()], IN_ONE):
            rows = self._all(path, ids=",".join(some), **more)
            yield from (row for row in rows if str(row["id"]) in some)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        now = self._ask("GET", "api/v1/users/me").server_time
        of = DEALS if object in (CrmObject.CHANGES, CrmObject.QUOTES) else PATHS.get(object)
        rows = list(self._named(of, ids)) if of else []
        if of == DEALS:
            rows += self._named(ARCHIVED, ids)
        return CrmPage(object, tuple(self._records(object, rows)), "", False, now)

    # -- writing back ------------------------------------------------------------------------------------------

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        if refused := sorted(NEVER_WRITTEN & set(values)):
            return WriteResult(Written.REFUSED, f"{', '.join(refused)} is never written.")
        custom = {name: each for name, each in self.fields.items() if each.custom}
        if missing := sorted(set(values) - set(custom)):
            return WriteResult(Written.NO_FIELD, ", ".join(missing))
        before = self._one(f"{DEALS}/{deal_id}")
        if before is None:
            return WriteResult(Written.GONE)
        changed = {name: value for name, value in values.items() if _shown(_value(before, name)) != value}
        if not changed:
            return WriteResult(Written.SAME, modified_at=_changed(before))
        try:
            typed = {name: _typed(custom[name].type, value) for name, value in changed.items()}
        except ValueError as error:
            return WriteResult(Written.REFUSED, str(error)[:200])
        return self._sent("PATCH", f"{DEALS}/{deal_id}", {"custom_fields": typed})

    def _one(self, path: str) -> Row | None:
        try:
            row = self._get(path)
        except NotThere:
            return None
        return None if not row or row.get("is_deleted") else row

    def _sent(self, method: str, path: str, body: Mapping[str, Any], task: bool = False) -> WriteResult:
        answer = self._ask(method, path, json=dict(body), again=method != "POST", understood=tuple(REFUSALS))
        if answer.status >= 400:
            said = answer.body if isinstance(answer.body, dict) else {}
            why = values.shortened(said.get("error") or f"HTTP {answer.status}")
            locked = "archived" in why.lower()
            return WriteResult(Written.LOCKED if locked else REFUSALS[answer.status], why)
        row = answer.body.get("data") or {}
        return WriteResult(
            Written.DONE, modified_at=moment(row.get("update_time")), task_id=str(row["id"]) if task else ""
        )

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        rows = self._named(DEALS, ids)
        return {str(row["id"]): {name: _shown(_value(row, name)) for name in names} for row in rows}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        said = {"subject": subject, "due_date": due_on.isoformat() if due_on else None}
        before = self._one(f"{TASKS}/{task_id}") if task_id else None
        if before and not before.get("done"):
            if all(before.get(name) == value for name, value in said.items()):
                return WriteResult(Written.SAME, task_id=task_id)
            return self._sent("PATCH", f"{TASKS}/{task_id}", said, task=True)
        deal = self._one(f"{DEALS}/{deal_id}")
        if deal is None:
            return WriteResult(Written.GONE)
        owner = {"owner_id": deal["owner_id"]} if deal.get("owner_id") else {}
        on = {"type": "task", "deal_id": int(deal_id), **owner}
        return self._sent("POST", TASKS, {**said, **on}, task=True)

    def find_task(self, deal_id: str, subject: str) -> str:
        rows = self._all(TASKS, deal_id=deal_id, done="false")
        return str(max((row["id"] for row in rows if row.get("subject") == subject), default=""))

    def finish_task(self, task_id: str) -> WriteResult:
        before = self._one(f"{TASKS}/{task_id}")
        if before is None:
            return WriteResult(Written.GONE)
        if before.get("done"):
            return WriteResult(Written.SAME, task_id=task_id)
        return self._sent("PATCH", f"{TASKS}/{task_id}", {"done": True}, task=True)


#: Of what state deals are asked for. Deleted ones are named for 30 days, and only where all others are named too.
STATES = "open,won,lost,deleted"
DEALS, ARCHIVED, TASKS = "api/v2/deals", "api/v2/deals/archived", "api/v2/activities"
PATHS: Mapping[CrmObject, str] = {
    CrmObject.ACCOUNTS: "api/v2/organizations",
    CrmObject.CONTACTS: "api/v2/persons",
    CrmObject.DEALS: DEALS,
}


def _said(since: dt.datetime) -> str:
    return since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cursor(body: Mapping[str, Any]) -> str:
    return text((body.get("additional_data") or {}).get("next_cursor"))


def _changed(row: Row) -> dt.datetime:
    return at(row.get("update_time") or row["add_time"])


def _is_deleted(row: Row) -> bool:
    return bool(row.get("is_deleted")) or row.get("status") == "deleted"


def _deleted(row: Row) -> CrmFate:
    return CrmFate(CrmObject.DEALS, str(row["id"]), Fate.DELETED, at=_changed(row))


def _part(answer: Answer, mark: paging.Mark) -> Part:
    """Return a page of a list, which goes on by its cursor."""
    rows, cursor = answer.body.get("data") or (), _cursor(answer.body)
    clock, moments = answer.server_time, [*map(_changed, rows)]
    on = mark.on(mark.since, cursor, moments, clock=clock) if cursor else mark.ended(moments, clock=clock)
    return Part(rows, on.text(), bool(cursor), clock)


def _user(row: Row) -> CrmUser:
    return CrmUser(
        id=str(row["id"]),
        name=text(row.get("name")),
        email=text(row.get("email")),
        active=bool(row.get("active_flag", True)),
    )


def _account(row: Row) -> CrmAccount:
    said = row.get("address")
    where: Mapping[str, Any] = said if isinstance(said, dict) else {}
    country, region = text(where.get("country")), text(where.get("admin_area_level_1"))
    return CrmAccount(id=str(row["id"]), name=text(row.get("name")), country=country, region=region)


def _contact(row: Row) -> CrmContact:
    mails = sorted(row.get("emails") or (), key=lambda each: not each.get("primary"))
    return CrmContact(
        id=str(row["id"]),
        account_id=text(row.get("org_id")),
        name=text(row.get("name")),
        title=text(row.get("job_title")),
        email=text(mails[0].get("value")) if mails else "",
    )


#: What rows of the plain lists become.
MADE: Mapping[CrmObject, Callable[[Row], CrmRecord]] = {
    CrmObject.USERS: _user,
    CrmObject.ACCOUNTS: _account,
    CrmObject.CONTACTS: _contact,
}


def _activity(row: Row) -> CrmActivity:
    return CrmActivity(
        id=str(row["id"]),
        deal_id=str(row["deal_id"]),
        kind=text(row.get("type")),
        at=at(row.get("marked_as_done_time") or row.get("update_time") or row["add_time"]),
        actor_id=text(row.get("owner_id")),
    )


def _stage(row: Row, pipelines: Mapping[Any, str]) -> CrmStage:
    """Return a stage; none of them is an outcome, which is a field of its own here."""
    return CrmStage(
        id=str(row["id"]),
        name=text(row.get("name")),
        pipeline=pipelines.get(row.get("pipeline_id"), ""),
        order=int(row.get("order_nr") or 0),
        status=DealStatus.OPEN,
    )


def _key(row: Row) -> str:
    return text(row.get("field_code") or row.get("key"))


def _own(ours: str, said: Row, unread: Unread) -> Own:
    kind = HOLDS.get(text(said.get("field_type")), Kind.TEXT)
    choices = {text(each["id"]): text(each["label"]) for each in said.get("options") or ()}
    return Own(ours, kind, choices, between=",", unread=unread)


def _field(row: Row) -> CrmField:
    """Return a field as v2 (``field_code``) or v1 (``key``) names it; a key of 40 characters is the company's."""
    name = _key(row)
    custom = bool(row["is_custom_field"]) if "is_custom_field" in row else len(name) == 40
    return CrmField(
        object=CrmObject.DEALS,
        name=name,
        label=text(row.get("field_name") or row.get("name")) or name,
        type=text(row.get("field_type")),
        custom=custom,
        tracked=True,
        writable=custom,
        text=text(row.get("field_type")) in ("varchar", "varchar_auto", "text"),
    )


def _value(row: Row, name: str) -> Any:
    return row[name] if name in row else (row.get("custom_fields") or {}).get(name)


def _bare(value: Any) -> Any:
    """Return a value without what stands about it: the currency of an amount, the name of a linked record."""
    return value.get("value", value.get("id")) if isinstance(value, dict) else value


def _shown(value: Any) -> str:
    """Return a value of a field as text: an amount, a choice by its identity, or what it is."""
    value = _bare(value)
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return plain(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else text(value)


def _typed(kind: str, value: str) -> Any:
    if not value:
        return None
    return int(value) if kind == "int" else float(value) if kind == "double" else value


def _as_ours(name: str, value: Any) -> str:
    return plain(value) if name in ("value", "probability") else text(value)


def _change(deal_id: str, row: Row) -> CrmChange:
    name, new = row["field_key"], _as_ours(row["field_key"], row.get("new_value"))
    return CrmChange(
        deal_id=deal_id,
        field=TRACKED.get(name, DealField.EXTRA),
        old=_as_ours(name, row.get("old_value")),
        new=new,
        at=at(row["time"]),
        actor_id=text(row.get("actor_user_id")),
        native_id=f"{deal_id}-{name}-{row['time']}-{new}",
        bulk=bool(row.get("is_bulk_update_flag")),
    )


def _beginnings(deal: Row, log: Sequence[Row]) -> Iterator[CrmChange]:
    """Return what a deal began with: the first old value, or the value of now where nothing changed it."""
    first: dict[DealField, str] = {}
    for row in log:
        first.setdefault(TRACKED[row["field_key"]], _as_ours(row["field_key"], row.get("old_value")))
    for name, own in BEGAN.items():
        of = TRACKED[name]
        if new := first.get(of, _as_ours(own, deal.get(own))):
            yield CrmChange(
                deal_id=str(deal["id"]),
                field=of,
                old="",
                new=new,
                at=at(deal["add_time"]),
                currency=text(deal.get("currency")) if of == DealField.AMOUNT else "",
                origin=Origin.INFERRED,
                native_id=f"{deal['id']}-began-{of}",
            )


def _quote(
    deal: Row, lines: Sequence[Row], products: Mapping[Any, Row], discounts: Sequence[Row]
) -> CrmQuote:
    """Return the products of a deal as its offer; discounts on the deal are shared out to its lines."""
    kept = [line for line in lines if line.get("is_enabled", True)]
    nets = [_net(line) for line in kept]
    total = sum(nets, Decimal(0))
    net = total - sum((_off(total, row.get("type"), row.get("amount")) for row in discounts), Decimal(0))
    scale = net / total if total else Decimal(1)
    return CrmQuote(
        id=f"products-{deal['id']}",
        deal_id=str(deal["id"]),
        at=_changed(deal),
        state=text(deal.get("status")),
        currency=text(deal.get("currency")),
        net_price=net,
        lines=tuple(
            _line(line, own * scale, products.get(line["product_id"], {}), text(deal.get("currency")))
            for line, own in zip(kept, nets, strict=True)
        ),
        origin=Origin.SNAPSHOT,
    )


def _net(line: Row) -> Decimal:
    price = _amount(line.get("item_price")) * _amount(line.get("quantity"))
    return price - _off(price, line.get("discount_type"), line.get("discount"))


def _off(price: Decimal, kind: Any, discount: Any) -> Decimal:
    said = _amount(discount)
    return price * said / 100 if kind == "percentage" else said


def _amount(value: Any) -> Decimal:
    return number(value) or Decimal(0)


def _line(line: Row, net: Decimal, product: Row, currency: str) -> CrmLine:
    """Return a line: its list price is the product's in this currency, as the price on the line may be written over."""
    prices: dict[str, Row] = {each["currency"]: each for each in product.get("prices") or ()}
    price = prices.get(currency, {})
    quantity, cost = _amount(line.get("quantity")), number(price.get("cost"))
    listed = _amount(price.get("price")) or _amount(line.get("item_price"))
    return CrmLine(
        id=str(line["id"]),
        product=text(line.get("name")) or text(line.get("product_id")),
        quantity=quantity,
        list_price=listed * quantity if listed else None,
        net_price=net,
        cost=cost * quantity if cost else None,
    )


CONNECTOR = Connector(
    key="pipedrive",
    label="Pipedrive",
    sign_ins=(
        SignIn("token", "Personal API token", {"token": "API token"}),
        SignIn("oauth", "Access token of an app", {"bearer": "Access token"}),
    ),
    open=Pipedrive,
    daily_budget=3_000,  # the smallest plan: 30,000 tokens a day, a page of a list costs 10 of them
)
