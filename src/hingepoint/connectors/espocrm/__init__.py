"""EspoCRM, from version 8. Its history is the stream: one list of notes for an administrator, one a deal for others.

A user without the right sees an empty list of notes instead of an error. Deleted records are still shown by
identity to an administrator; who won a merge is not said.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hingepoint.connectors.espocrm import history, reading
from hingepoint.connectors.espocrm.reading import ACTIVITIES, changed_at
from hingepoint.connectors.exchange import Answer, Exchange, NoRight, NotThere, Rejected
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.paging import QUIET, Mark, Part, Row, in_turn, read_on
from hingepoint.connectors.source import OVERLAP, Address, Connector, Described, SignIn, Wanted
from hingepoint.connectors.values import at, chunks, shortened, text, yes_or_no
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmChange,
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

#: EspoCRM refuses more.
PAGE = 200
#: Identities in one condition, so that the address stays short enough for every web server.
IN_ONE = 50
DEAL, NOTE, TASK = "Opportunity", "Note", "Task"
#: What stands for the total of a list that is not counted, as large companies set it: there is more, there is no more.
HAS_MORE, HAS_NO_MORE = -1, -2
NEVER_WRITTEN = frozenset({"stage", "lastStage", "amount", "amountCurrency", "probability", "assignedUserId"})

LISTS: Mapping[CrmObject, str] = {
    CrmObject.USERS: "User",
    CrmObject.ACCOUNTS: "Account",
    CrmObject.CONTACTS: "Contact",
    CrmObject.DEALS: DEAL,
}
#: What rows of the plain lists become.
MADE: Mapping[CrmObject, Callable[[Row], CrmRecord]] = {
    CrmObject.USERS: reading.user,
    CrmObject.ACCOUNTS: reading.account,
    CrmObject.CONTACTS: reading.contact,
}
HISTORIES = {
    Capability.STAGE_HISTORY: "stage",
    Capability.AMOUNT_HISTORY: "amount",
    Capability.CLOSE_DATE_HISTORY: "closeDate",
    Capability.OWNER_HISTORY: "",
}
#: What to ask for, as it stands in a role.
RIGHTS = {
    DEAL: "Opportunities: Read",
    "User": "Users: Read",
    "Contact": "Contacts: Read",
    "stream": "Opportunities: Stream",
    "edit": "Opportunities: Edit",
    **{entity: f"{entity}s: Read" for entity in ACTIVITIES},
}
#: What fields hold by their type. Of all others notes and rows do not write the same.
HOLDS = {
    **dict.fromkeys(("varchar", "enum", "url"), Kind.TEXT),
    **dict.fromkeys(("int", "float", "currency"), Kind.NUMBER),
    **dict.fromkeys(("multiEnum", "array", "checklist"), Kind.CHOICES),
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
    "bool": Kind.YES_NO,
}
SALES_PACK = "Quotes are part of the Sales Pack, which is not read."

#: One condition of a list: kind, field and value.
Where = tuple[str, str, Any]


@dataclass
class EspoCrm:
    """A signed-in EspoCRM. Fields and stages are read anew by ``describe``."""

    address: Address
    exchange: Exchange
    wanted: Wanted
    objects: tuple[CrmObject, ...] = (*LISTS, CrmObject.CHANGES, CrmObject.ACTIVITIES)
    size: int = PAGE
    unread: Unread = field(default_factory=set, repr=False)
    _metadata: Mapping[str, Any] | None = field(default=None, repr=False)
    _user: Mapping[str, Any] | None = field(default=None, repr=False)

    # -- asking ------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = {**self._signed(method, path), **more.pop("headers", {})}
        return self.exchange.ask(method, f"api/v1/{path}", headers=headers, **more)

    def _signed(self, method: str, path: str) -> dict[str, str]:
        secrets = self.address.secrets
        if secrets.get("secret"):
            mark = hmac.new(
                secrets["secret"].encode(), f"{method} /{path}".encode(), hashlib.sha256
            ).hexdigest()
            return {"X-Hmac-Authorization": _encoded(f"{secrets['key']}:{mark}")}
        if secrets.get("key"):
            return {"X-Api-Key": secrets["key"]}
        return {
            "Authorization": "Basic " + _encoded(f"{secrets.get('login', '')}:{secrets.get('password', '')}")
        }

    def _list(self, path: str, where: Iterable[Where] = (), size: int = PAGE, **more: Any) -> Answer:
        query: dict[str, Any] = {"maxSize": size, **more}
        for number, (kind, name, value) in enumerate(where):
            query |= {f"where[{number}][type]": kind, f"where[{number}][attribute]": name}
            if isinstance(value, list):
                query |= {f"where[{number}][value][{n}]": each for n, each in enumerate(value)}
            else:
                query[f"where[{number}][value]"] = value
        return self._ask("GET", path, query=query)

    def _stream(
        self, entity: str, where: Sequence[Where] = (), by: str = "modifiedAt"
    ) -> Callable[[str], Part]:
        def ask(mark: Mark, size: int) -> tuple[Sequence[Row], dt.datetime]:
            order = by if mark.after is None else "id"
            within = [*where, *_within(mark, by)]
            answer = self._list(entity, within, size, orderBy=order, order="asc", **self._selected(entity))
            return answer.body["list"], answer.server_time

        return lambda mark: read_on(mark, ask, size=self.size, at=lambda row: at(row[by]))

    def _selected(self, entity: str) -> dict[str, Any]:
        """Return the fields asked of deals: only where a list is asked for the people on a deal does it name them."""
        if entity != DEAL:
            return {}
        return {"select": ",".join(dict.fromkeys([*reading.OF_DEALS, *self.wanted.fields.values()]))}

    # -- what is there -----------------------------------------------------------------------------------------

    @property
    def me(self) -> Mapping[str, Any]:
        if self._user is None:
            self._user = self._ask("GET", "App/user").body["user"]
        assert self._user is not None
        return self._user

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Fields of deals by their names as the server keeps them: ours get a ``c`` in front there."""
        if self._metadata is None:
            self._metadata = (
                self._ask("GET", "Metadata", query={"key": f"entityDefs.{DEAL}.fields"}).body or {}
            )
        return self._metadata

    def status_of(self, stage: str) -> DealStatus:
        """Return what a stage says of a deal; one that is not in the list any more was open."""
        found = {each.id: each.status for each in reading.stages(self.metadata.get("stage", {}))}
        return found.get(stage) or DealStatus.OPEN

    def describe(self) -> Described:
        self._metadata = self._user = None
        settings = self._ask("GET", "Settings")
        said = settings.body or {}
        return Described(
            instance=text(said.get("applicationName")) or "EspoCRM",
            version=text(said.get("version")),
            server_time=settings.server_time,
            currency=text(said.get("baseCurrency")) or text(said.get("defaultCurrency")),
            stages=tuple(reading.stages(self.metadata.get("stage", {}))),
            fields=tuple(_field(name, what) for name, what in sorted(self.metadata.items())),
            user=self.me["id"],
            kept=tuple(each.name for each in self._kept.values())
            if self._kept and self._notes_seen()[0]
            else (),
        )

    @property
    def _own(self) -> dict[str, Own]:
        """Return the fields that were asked for, by their names there."""
        asked = self.wanted.fields.items()
        return {
            name: Own(ours, HOLDS.get(self._type(name), Kind.TEXT), unread=self.unread)
            for ours, name in asked
        }

    def _type(self, name: str) -> str:
        return text(self.metadata.get(name, {}).get("type")) if self.wanted.fields else ""

    @property
    def _kept(self) -> dict[str, Own]:
        """Return the fields of the company's own that are audited."""
        return {
            name: own
            for name, own in self._own.items()
            if self.metadata.get(name, {}).get("audited")
            and self._type(name) in HOLDS
            and name not in history.FIELDS
        }

    # -- self-test ---------------------------------------------------------------------------------------------

    def test(self) -> Iterator[CapabilityFound]:
        yield self._counted(Capability.DEALS, DEAL)
        yield self._counted(Capability.USERS, "User")
        yield from self._history_found()
        yield self._counted(Capability.CONTACT_ROLES, "Contact")
        yield CapabilityFound(Capability.QUOTE_LINES, Found.NOT_THERE, detail=SALES_PACK)
        yield CapabilityFound(Capability.LINE_HISTORY, Found.NOT_THERE, detail=SALES_PACK)
        yield CapabilityFound(Capability.APPROVALS, Found.NOT_THERE, detail="EspoCRM has no approvals.")
        yield self._activities_found()
        yield CapabilityFound(Capability.DELETIONS, Found.TRACKED if self._all_notes else Found.NOT_TRACKED, detail=(
            "Deleted records are known; who won a merge is not." if self._all_notes else
            "Found by comparing lists: only an administrator sees what was deleted."
        ))  # fmt: skip
        yield self._may_write()

    def _counted(self, capability: Capability, entity: str, where: Sequence[Where] = ()) -> CapabilityFound:
        try:
            total = _total(self._list(entity, where, 1).body)
        except (NoRight, Rejected):
            return CapabilityFound(capability, Found.NO_RIGHT, ask_for=RIGHTS[entity])
        except NotThere:
            return CapabilityFound(capability, Found.NOT_THERE)
        return CapabilityFound(capability, Found.TRACKED, total)

    def _activities_found(self) -> CapabilityFound:
        lines = [self._counted(Capability.ACTIVITIES, entity, [_ON_DEALS]) for entity in ACTIVITIES]
        seen = [line for line in lines if line.found == Found.TRACKED]
        missing = ", ".join(line.ask_for for line in lines if line.ask_for)
        found = Found.TRACKED if len(seen) == len(lines) else Found.TRACKED_SINCE if seen else Found.NO_RIGHT
        return CapabilityFound(
            Capability.ACTIVITIES, found, sum(line.count or 0 for line in seen), ask_for=missing
        )

    @property
    def _all_notes(self) -> bool:
        """Whether the list of all notes may be trusted: others than administrators see it empty, without an error."""
        return self.me.get("type") in ("admin", "super-admin")

    def _history_found(self) -> Iterator[CapabilityFound]:
        count, detail = self._notes_seen()
        for capability, name in HISTORIES.items():
            audited = not name or bool(self.metadata.get(name, {}).get("audited"))
            if not count:
                yield CapabilityFound(capability, Found.NO_RIGHT, ask_for=RIGHTS["stream"])
            elif not audited:
                ask = f"Administration: Entity Manager: Opportunity: Fields: {name}: Audited"
                yield CapabilityFound(capability, Found.NOT_TRACKED, ask_for=ask)
            else:
                yield CapabilityFound(
                    capability, Found.TRACKED, count if self._all_notes else None, detail=detail
                )

    def _notes_seen(self) -> tuple[int, str]:
        """Count notes; for others than administrators those of the newest deal, as each deal has at least one."""
        if self._all_notes:
            return self._seen(NOTE, [_ON_DEALS]), ""
        try:
            deals = self._list(DEAL, size=1, orderBy="createdAt", order="desc").body["list"]
            seen = self._seen(f"{DEAL}/{deals[0]['id']}/stream") if deals else 0
        except (NoRight, NotThere):
            return 0, ""
        return seen, "Read from the stream of each deal, one request a deal."

    def _seen(self, path: str, where: Sequence[Where] = ()) -> int:
        """Return how many notes there are, at least one where EspoCRM counts none and shows one."""
        said = self._list(path, where, 1).body
        total = _total(said)
        return len(said["list"]) if total is None else total

    def _may_write(self) -> CapabilityFound:
        custom = sum(bool(what.get("isCustom")) for what in self.metadata.values())
        rights = (self._ask("GET", "App/user").body.get("acl") or {}).get("table") or {}
        edit = rights.get(DEAL, {}).get("edit") if isinstance(rights.get(DEAL), dict) else None
        if self._all_notes or edit in ("all", "yes"):
            return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED, custom)
        return CapabilityFound(Capability.WRITE_BACK, Found.NO_RIGHT, ask_for=RIGHTS["edit"])

    # -- pages -------------------------------------------------------------------------------------------------

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        parts, on, more = in_turn(mark, self._streams(object))
        records = tuple(record for name, part in parts for record in self._records(object, name, part.rows))
        return CrmPage(object, records, on, more, parts[-1][1].server_time)

    def _streams(self, object: CrmObject) -> Mapping[str, Callable[[str], Part]]:
        if object == CrmObject.ACTIVITIES:
            return {entity: self._permitted(entity) for entity in ACTIVITIES}
        if object != CrmObject.CHANGES:
            return {
                "records": self._stream(LISTS[object], self._since() if object == CrmObject.DEALS else ())
            }
        if self._all_notes:
            return {"notes": self._feed, "created": self._stream(DEAL, self._since(), by="createdAt")}
        return {"deals": self._stream(DEAL, self._since())}

    def _since(self) -> list[Where]:
        if self.wanted.since is None:
            return []
        day = dt.datetime.combine(self.wanted.since, dt.time(), dt.UTC)
        return [("after", "createdAt", _said(day - dt.timedelta(seconds=1)))]

    def _permitted(self, entity: str) -> Callable[[str], Part]:
        """Return the stream of a kind of activities; nothing where the role does not open it."""
        stream = self._stream(entity, [_ON_DEALS])

        def read(mark: str) -> Part:
            try:
                return stream(mark)
            except (NoRight, NotThere):
                return Part((), mark, False, self._ask("GET", "Settings").server_time)

        return read

    def _feed(self, mark: str) -> Part:
        """Return the next notes on deals by their number, which only grows; those of late commits are read again."""
        where = [_ON_DEALS, ("greaterThan", "number", int(mark or 0))]
        answer = self._list(NOTE, where, self.size, orderBy="number", order="asc")
        rows = answer.body["list"]
        if not rows:
            return Part((), mark, False, answer.server_time)
        last = str(rows[-1]["number"])
        if len(rows) >= self.size:
            return Part(rows, last, True, answer.server_time)
        newest = max(at(row["createdAt"]) for row in rows)
        late = [row["number"] for row in rows if at(row["createdAt"]) >= newest - OVERLAP]
        quiet = answer.server_time - newest > QUIET
        return Part(rows, last if quiet else str(min(late) - 1), False, answer.server_time)

    def _records(self, object: CrmObject, stream: str, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        if object == CrmObject.CHANGES:
            return self._changes(stream, rows)
        if object == CrmObject.DEALS:
            return map(self._deal, rows)
        if object == CrmObject.ACTIVITIES:
            return (each for row in rows if (each := reading.activity(stream, row)) is not None)
        return map(MADE[object], rows)

    def _deal(self, row: Row) -> CrmRecord:
        people = row if {"contactsIds", "contactsColumns"} <= row.keys() else self._one(row["id"]) or row
        return reading.deal(
            row,
            status_of=self.status_of,
            people=people,
            own=self._own,
            link=f"{self.exchange.base.rstrip('/')}/#{DEAL}/view/{row['id']}",
        )

    def _one(self, id: str) -> Row | None:
        try:
            return self._ask("GET", f"{DEAL}/{id}").body
        except (NotThere, NoRight):
            return None

    def _changes(self, stream: str, rows: Sequence[Row]) -> Iterator[CrmChange]:
        ids = [row["parentId"] if stream == "notes" else row["id"] for row in rows]
        notes = self._notes_by_deal(list(dict.fromkeys(ids)))
        if stream != "created":
            asked = {row["id"] for row in rows} if stream == "notes" else None
            for of_deal in notes.values():
                told = history.changes(of_deal, self.status_of, self._kept)
                yield from (c for c in told if asked is None or c.native_id.rpartition("-")[0] in asked)
        if stream != "notes":
            for row in rows:
                yield from history.beginnings(row, notes.get(row["id"], []), self.status_of, self._kept)

    def _notes_by_deal(self, ids: Sequence[str]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {id: [] for id in ids}
        notes = (
            self._notes_of(ids) if self._all_notes else (note for id in ids for note in self._stream_of(id))
        )
        for note in notes:
            if note["type"] in history.KINDS and note["parentId"] in found:
                found[note["parentId"]].append(note)
        return found

    def _notes_of(self, ids: Sequence[str]) -> Iterator[Row]:
        for some in chunks(ids, IN_ONE):
            where: list[Where] = [_ON_DEALS, ("in", "parentId", list(some))]
            number: Any = 0
            while number is not None:
                more = [*where, ("greaterThan", "number", number)]
                rows = self._list(NOTE, more, orderBy="number", order="asc").body["list"]
                yield from rows
                number = rows[-1]["number"] if len(rows) == PAGE else None

    def _stream_of(self, id: str) -> Iterator[Row]:
        """Return the notes of a deal, newest first; nothing where the role does not open its stream."""
        offset, more = 0, True
        while more:
            try:
                said = self._list(f"{DEAL}/{id}/stream", offset=offset).body
            except (NoRight, NotThere):
                return
            yield from said["list"]
            offset += len(said["list"])
            more = bool(said["list"]) and (said["total"] == HAS_MORE or offset < int(said["total"]))

    # -- what became of them -----------------------------------------------------------------------------------

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        if object not in LISTS:
            return frozenset(), ""
        where: list[Where] = [("greaterThan", "id", mark)] if mark else []
        where += self._since() if object == CrmObject.DEALS else []
        rows = self._list(LISTS[object], where, self.size, orderBy="id", order="asc", select="id").body[
            "list"
        ]
        return frozenset(row["id"] for row in rows), rows[-1]["id"] if len(rows) >= self.size else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        return tuple(self._fate(object, id) for id in ids) if object in LISTS else ()

    def _fate(self, object: CrmObject, id: str) -> CrmFate:
        try:
            row = self._ask("GET", f"{LISTS[object]}/{id}").body
        except (NotThere, NoRight):
            return CrmFate(object, id, Fate.VANISHED)
        if row.get("deleted"):
            return CrmFate(object, id, Fate.DELETED, at=changed_at(row))
        return CrmFate(object, id, Fate.LIVE)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        now = self._ask("GET", "Settings").server_time
        entity = DEAL if object == CrmObject.CHANGES else LISTS.get(object, "")
        rows: list[Row] = []
        for some in chunks(ids if entity else (), IN_ONE):
            rows += self._list(entity, [("in", "id", list(some))], **self._selected(entity)).body["list"]
        return CrmPage(object, tuple(self._records(object, "deals", rows)), "", False, now)

    # -- writing back ------------------------------------------------------------------------------------------

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        if refused := sorted(NEVER_WRITTEN & set(values)):
            return WriteResult(Written.REFUSED, f"{', '.join(refused)} is never written.")
        if missing := sorted(set(values) - set(self.metadata)):
            return WriteResult(Written.NO_FIELD, ", ".join(missing))
        try:
            typed = {name: _typed(self.metadata[name], value) for name, value in values.items()}
        except ValueError as error:
            return WriteResult(Written.REFUSED, shortened(error))
        before = self._one(deal_id)
        if before is None or before.get("deleted"):
            return WriteResult(Written.GONE)
        changed = {name: value for name, value in typed.items() if before.get(name) != value}
        if not changed:
            return WriteResult(Written.SAME, modified_at=changed_at(before))
        return self._put("PUT", f"{DEAL}/{deal_id}", changed)

    def _put(self, method: str, path: str, values: Mapping[str, Any], task: bool = False) -> WriteResult:
        answer = self._ask(
            method, path, json=dict(values), again=method == "PUT", understood=(400, 403, 404, 409)
        )
        if answer.status >= 400:
            reason = answer.headers.get("x-status-reason") or f"HTTP {answer.status}"
            return WriteResult(REFUSALS[answer.status], shortened(reason))
        row = answer.body
        return WriteResult(Written.DONE, modified_at=changed_at(row), task_id=row["id"] if task else "")

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        select = ",".join(["id", *(name for name in names if name in self.metadata)])
        found: dict[str, Mapping[str, Any]] = {}
        for some in chunks(ids, IN_ONE):
            rows = self._list(DEAL, [("in", "id", list(some))], select=select).body["list"]
            found |= {row["id"]: row for row in rows}
        return found

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        values = {"name": subject, "dateEndDate": due_on.isoformat() if due_on else None}
        before = self._task(task_id) if task_id else None
        if before is not None:
            if all(before.get(name) == value for name, value in values.items()):
                return WriteResult(Written.SAME, task_id=task_id)
            return self._put("PUT", f"{TASK}/{task_id}", values, task=True)
        deal = self._one(deal_id)
        if deal is None or deal.get("deleted"):
            return WriteResult(Written.GONE)
        on = {
            "parentType": DEAL,
            "parentId": deal_id,
            "assignedUserId": deal.get("assignedUserId") or self.me["id"],
        }
        return self._put("POST", TASK, {**values, **on}, task=True)

    def find_task(self, deal_id: str, subject: str) -> str:
        called: list[Where] = [_ON_DEALS, ("equals", "parentId", deal_id), ("equals", "name", subject)]
        rows = self._list(TASK, called, orderBy="createdAt", order="desc").body["list"]
        return next((row["id"] for row in rows if row.get("status") not in ENDED), "")

    def finish_task(self, task_id: str) -> WriteResult:
        """Cancel a task of ours: nobody says that it was done."""
        if self._task(task_id) is None:
            return WriteResult(Written.GONE)
        return self._put("PUT", f"{TASK}/{task_id}", {"status": "Canceled"}, task=True)

    def _task(self, id: str) -> Row | None:
        """Return a task of ours that is still to be done."""
        try:
            row = self._ask("GET", f"{TASK}/{id}").body
        except (NotThere, NoRight):
            return None
        return None if row.get("deleted") or row.get("status") in ENDED else row


#: States of a task that is not to be done any more.
ENDED = ("Completed", "Canceled")
REFUSALS = {400: Written.REFUSED, 403: Written.LOCKED, 404: Written.GONE, 409: Written.REFUSED}
_ON_DEALS: Where = ("equals", "parentType", DEAL)


def _within(mark: Mark, by: str) -> list[Where]:
    """Return the conditions of a mark; *after* leaves out its own second, so it begins one before."""
    if mark.since is None:
        return []
    if mark.after is None:
        return [("after", by, _said(mark.since - dt.timedelta(seconds=1)))]
    within: list[Where] = [("equals", by, _said(mark.since))]
    return [*within, ("greaterThan", "id", mark.after)] if mark.after else within


def _total(said: Mapping[str, Any]) -> int | None:
    """Return how many records a list has; None where EspoCRM was told not to count them."""
    total = int(said["total"])
    return None if total in (HAS_MORE, HAS_NO_MORE) else total


def _said(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _field(name: str, what: Mapping[str, Any]) -> CrmField:
    stored = not what.get("notStorable")
    return CrmField(
        object=CrmObject.DEALS,
        name=name,
        label=text(what.get("label")) or name,
        type=text(what.get("type")),
        custom=bool(what.get("isCustom")),
        tracked=bool(what.get("audited")),
        formula=not stored,
        writable=stored and not what.get("readOnly") and name not in NEVER_WRITTEN,
        text=what.get("type") in ("varchar", "text", "url"),
    )


def _typed(what: Mapping[str, Any], value: str) -> Any:
    kind = what.get("type")
    if kind in ("bool",):
        return yes_or_no(value)
    if not value:
        return None
    return int(value) if kind == "int" else float(value) if kind in ("float", "currency") else value


def _encoded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


CONNECTOR = Connector(
    key="espocrm",
    label="EspoCRM",
    sign_ins=(
        SignIn("key", "API user with a key", {"key": "API key"}),
        SignIn("hmac", "API user with a signature", {"key": "API key", "secret": "Secret key"}),
        SignIn("password", "User and password", {"login": "Name of the user", "password": "Password"}),
    ),
    open=EspoCrm,
)
