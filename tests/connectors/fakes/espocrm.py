"""EspoCRM, played: entities that are deleted softly, and a stream of notes. Built from what was recorded of 8.4.2."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections import defaultdict
from typing import Any

from connectors.fakes.base import Fake, Reply, Request, route
from hingepoint.connectors.source import Address

Row = dict[str, Any]

DEAL = "Opportunity"
ENTITIES = "User|Account|Contact|Opportunity|Note|Call|Meeting|Task|Email"
STAGES = {"Prospecting": 10, "Proposal": 50, "Negotiation": 80, "Closed Won": 100, "Closed Lost": 0}
FIELDS = {
    "name": {"type": "varchar"}, "amount": {"type": "currency", "audited": True},
    "stage": {"type": "enum", "audited": True, "options": list(STAGES), "probabilityMap": STAGES},
    "closeDate": {"type": "date", "audited": True}, "probability": {"type": "int"},
    "amountConverted": {"type": "currencyConverted", "readOnly": True, "notStorable": True},
    "cAgreements": {"type": "varchar", "isCustom": True}, "cGained": {"type": "int", "isCustom": True},
    "cRegion": {"type": "varchar", "isCustom": True, "audited": True},
}  # fmt: skip
KEYS = {"admin-key": ("u-admin", "admin"), "role-key": ("u-role", "api")}


class EspoCrm(Fake):
    """``admin-key`` signs in as administrator, ``role-key`` as an API user whose role opens the stream or not."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Row]] = defaultdict(dict)
        self.ids, self.numbers = itertools.count(1), itertools.count(1)
        self.counts = self.lists_people = True
        self.stream, self.fields = True, json.loads(json.dumps(FIELDS))
        self.insert("User", id="u-ida", name="Ida", userName="ida", isActive=True)

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    def insert(self, entity: str, /, **values: Any) -> str:
        id = values.pop("id", None) or f"{entity[0].lower()}{next(self.ids):06}"
        stamp = self.stamp()
        self.rows[entity][id] = {
            "id": id,
            "deleted": False,
            "createdAt": stamp,
            "modifiedAt": stamp,
            **values,
        }
        return id

    def note(self, deal: str, type: str, **data: Any) -> None:
        number = next(self.numbers)
        on = {"parentType": DEAL, "parentId": deal, "createdById": "u-ida"}
        self.insert("Note", number=number, type=type, data=data, **on)

    def deal(self, name: str, amount: float = 1000, stage: str = "Prospecting", **values: Any) -> str:
        known = {"assignedUserId": "u-ida", "amountCurrency": "EUR", "closeDate": "2026-12-31"}
        id = self.insert(
            DEAL, name=name, amount=amount, stage=stage, probability=STAGES[stage],
            **{**known, "contactsIds": [], "contactsColumns": {}, **values},
        )  # fmt: skip
        owner = self.rows[DEAL][id]["assignedUserId"]
        self.note(
            id,
            "Create",
            statusValue=stage,
            statusField="stage",
            **({"assignedUserId": owner} if owner else {}),
        )
        return id

    def change(self, deal: str, **values: Any) -> None:
        row = self.rows[DEAL][deal]
        was = {name: row.get(name) for name in values}
        row.update(values, modifiedAt=self.stamp())
        audited = [
            n
            for n in values
            if self.fields.get(n, {}).get("audited") and was[n] != values[n] and n != "stage"
        ]
        if "stage" in values and was["stage"] != values["stage"]:
            row["probability"] = STAGES[values["stage"]]
            self.note(deal, "Status", field="stage", value=values["stage"])
        if values.get("assignedUserId", was.get("assignedUserId")) != was.get("assignedUserId"):
            self.note(deal, "Assign", assignedUserId=values["assignedUserId"], assignedUserName="Somebody")
        if audited:
            both = {"was": {n: was[n] for n in audited}, "became": {n: values[n] for n in audited}}
            both["became"] |= {"amountCurrency": "EUR"} if "amount" in audited else {}
            self.note(deal, "Update", fields=audited, attributes=both)

    def delete(self, deal: str) -> None:
        self.rows[DEAL][deal].update(deleted=True, modifiedAt=self.stamp())

    # -- the same by number, for what is common to all CRMs ---------------------------------------------------------

    edits = ("add", "move", "reprice", "postpone", "hand_over", "reopen", "remove", "late", "say_own")
    own = "cRegion"

    def address(self) -> Address:
        return Address(self.url, {"key": "admin-key"})

    def add(self, n: int = 0) -> str:
        return self.deal(f"Deal {n}", 1000 + n)

    def _edit(self, n: int, **values: Any) -> None:
        there = sorted(id for id, row in self.rows[DEAL].items() if not row["deleted"])
        if there:
            self.tick()
            self.change(there[n % len(there)], **values)

    def move(self, n: int = 0) -> None:
        self._edit(n, stage=list(STAGES)[n % len(STAGES)])

    def reprice(self, n: int = 0) -> None:
        self._edit(n, amount=2000 + n)

    def postpone(self, n: int = 0) -> None:
        self._edit(n, closeDate=f"2027-01-{1 + n % 28:02}")

    def hand_over(self, n: int = 0) -> None:
        self._edit(n, assignedUserId=("u-ida", "u-admin")[n % 2])

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self._edit(n, **{self.own: f"Area {n}" if said is ... else said})

    def reopen(self, n: int = 0) -> None:
        self._edit(n, stage="Closed Lost")
        self._edit(n, stage="Proposal")

    def remove(self, n: int = 0) -> None:
        self._edit(n, deleted=True)

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        self.now -= dt.timedelta(minutes=4)
        self._edit(n, name=f"Late {n}")
        self.now += dt.timedelta(minutes=4)

    # -- what is asked -----------------------------------------------------------------------------------------

    def user(self, request: Request) -> tuple[str, str]:
        return KEYS[request.headers["X-Api-Key"]]

    def before(self, request: Request) -> Reply | None:
        signed = request.headers.get("X-Hmac-Authorization", "")
        return None if request.headers.get("X-Api-Key") in KEYS or signed else Reply(401, None)

    def listing(self, request: Request) -> str | None:
        by, among = request.query.get("orderBy"), "in" in request.query.values()
        return (
            f"{request.path} by {by}" if by in ("modifiedAt", "createdAt", "number") and not among else None
        )

    @route("GET", "/api/v1/App/user")
    def _me(self, request: Request) -> Any:
        id, kind = self.user(request)
        return {"user": {"id": id, "type": kind}, "acl": {"table": {DEAL: {"edit": "all", "read": "all"}}}}

    @route("GET", "/api/v1/Settings")
    def _settings(self, request: Request) -> Any:
        return {"applicationName": "EspoCRM", "version": "8.4.2", "baseCurrency": "EUR"}

    @route("GET", "/api/v1/Metadata")
    def _metadata(self, request: Request) -> Any:
        return self.fields if request.query["key"] == "entityDefs.Opportunity.fields" else {}

    @route("GET", "/api/v1/Opportunity/([a-z0-9]+)/stream")
    def _stream(self, request: Request, deal: str) -> Any:
        if not self.stream:
            return Reply(403, None)
        notes = [row for row in self.rows["Note"].values() if row["parentId"] == deal]
        return self._shown(sorted(notes, key=lambda row: -row["number"]), request)

    @route("GET", f"/api/v1/({ENTITIES})")
    def _listed(self, request: Request, entity: str) -> Any:
        if int(request.query.get("maxSize", 20)) > 200:
            return Reply(
                403, None, {"X-Status-Reason": "Max size should not exceed 200. Use offset and limit."}
            )
        if entity == "Note" and self.user(request)[1] != "admin":
            return {"total": 0, "list": []}
        rows = [row for row in self.rows[entity].values() if not row["deleted"] and meets(row, request.query)]
        by = request.query.get("orderBy", "createdAt")
        rows.sort(key=lambda row: (row[by], row["id"]), reverse=request.query.get("order", "desc") == "desc")
        return self._shown([self._listed_fields(row, request) for row in rows], request)

    def _listed_fields(self, row: Row, request: Request) -> Row:
        """Return what a list shows: all but the people, or what was selected, as the processor of lists in its source does."""
        asked = [*filter(None, request.query.get("select", "").split(","))]
        if not asked or "contactsIds" not in asked or not self.lists_people:
            return {
                name: value for name, value in row.items() if name not in ("contactsIds", "contactsColumns")
            }
        return {name: value for name, value in row.items() if name in ("id", *asked)}

    def _shown(self, rows: list[Row], request: Request) -> Any:
        offset, size = int(request.query.get("offset", 0)), int(request.query.get("maxSize", 20))
        total = len(rows) if self.counts else -1 if len(rows) > offset + size else -2
        return {"total": total, "list": rows[offset : offset + size]}

    @route("GET", f"/api/v1/({ENTITIES})/([a-z0-9-]+)")
    def _one(self, request: Request, entity: str, id: str) -> Any:
        row = self.rows[entity].get(id)
        if row is None or (row["deleted"] and self.user(request)[1] != "admin"):
            return Reply(404, None, {"X-Status-Reason": f"Record {id} does not exist."})
        return row

    @route("PUT", f"/api/v1/({ENTITIES})/([a-z0-9-]+)")
    def _put(self, request: Request, entity: str, id: str) -> Any:
        values = request.json
        if values.get("cAgreements") == "locked":
            return Reply(403, None, {"X-Status-Reason": "No edit access."})
        if values.get("cAgreements") == "twice":
            return Reply(409, [{"id": id, "name": "The same"}])
        if values.get("cAgreements") == "forbidden":
            return Reply(400, None, {"X-Status-Reason": "Field validation failure; field: cAgreements."})
        if entity == DEAL:
            self.change(id, **values)
        else:
            self.rows[entity][id].update(values, modifiedAt=self.stamp())
        return self.rows[entity][id]

    @route("POST", "/api/v1/Task")
    def _task(self, request: Request) -> Any:
        if not request.json.get("assignedUserId"):
            return Reply(
                400,
                None,
                {"X-Status-Reason": "Field validation failure; field: assignedUser, type: required."},
            )
        return self.rows["Task"][self.insert("Task", status="Not Started", **request.json)]


def meets(row: Row, query: Any) -> bool:
    return all(_meets_one(row, query, number) for number in range(10) if f"where[{number}][type]" in query)


def _meets_one(row: Row, query: Any, number: int) -> bool:
    kind, name = query[f"where[{number}][type]"], query[f"where[{number}][attribute]"]
    value, own = query.get(f"where[{number}][value]"), row.get(name)
    if kind == "in":
        among = re.compile(rf"where\[{number}\]\[value\]\[\d+\]")
        return own in {each for key, each in query.items() if among.fullmatch(key)}
    if isinstance(own, int):
        value = int(value)
    return own == value if kind == "equals" else own > value
