"""HubSpot, played: properties with their history, search that lists what is not archived, merges that make a third deal."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

from connectors.fakes import base
from connectors.fakes.base import Reply, Request, route
from hingepoint.connectors.source import Address

VERSION = "2026-09"
KEY = "service-key-of-the-test"
STAGES = {"new": ("false", "0.2"), "talks": ("false", "0.5"), "won": ("true", "1.0"), "lost": ("true", "0.0")}
CALCULATED = ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability")
OBJECTS = rf"/crm/objects/{VERSION}/([^/]+)"


def iso(at: dt.datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class HubSpot(base.Fake):
    edits = (
        "add", "move", "reprice", "postpone", "hand_over", "reopen", "archive", "restore", "merge", "call", "requote",
        "late", "say_own",
    )  # fmt: skip
    own = "hingepoint_region"

    def __init__(self) -> None:
        super().__init__()
        self.ids = itertools.count(1001)
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.links: dict[tuple[str, str], dict[str, dict[str, list]]] = {}
        self.became: dict[str, str] = {}
        self.owners = [owner("71", 501, "Ada", "Berg"), owner("72", 502, "Ben", "Cole", archived=True)]
        self.custom = ["hingepoint_status", "hingepoint_link", self.own]
        self.scopes_missing: set[str] = set()
        self.required: str = ""
        self.truncate_to = 20
        self.calculated = list(CALCULATED)
        self.company = self.put("companies", {"name": "Nordwerk", "country": "DE", "industry": "MACHINERY"})
        contact = {"firstname": "Cleo", "lastname": "Diaz", "associatedcompanyid": self.company}
        self.contact = self.put("contacts", contact)

    def address(self) -> Address:
        return Address(self.url, {"key": KEY})

    # What people do

    def add(self, n: int = 0, **properties: str) -> str:
        said = {"dealname": f"Deal {n}", "amount": "1000", "dealstage": "new", "pipeline": "sales"}
        id = self.put("0-3", {**said, "hubspot_owner_id": "71", "closedate": iso(self.now), **properties})
        self.link("0-3", id, "companies", self.company, typeId=5, label="Primary")
        self.link("0-3", id, "contacts", self.contact, typeId=40, label="Decision maker")
        return id

    def move(self, n: int = 0) -> None:
        self.change(n, dealstage=list(STAGES)[n % 4])

    def reprice(self, n: int = 0) -> None:
        self.change(n, amount=str(1000 + n))

    def postpone(self, n: int = 0) -> None:
        self.change(n, closedate=iso(self.now + dt.timedelta(days=n)))

    def hand_over(self, n: int = 0) -> None:
        self.change(n, hubspot_owner_id=("71", "72")[n % 2])

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self.change(n, **{self.own: f"Area {n}" if said is ... else said})

    def reopen(self, n: int = 0) -> None:
        self.change(n, dealstage="won")
        self.change(n, dealstage="talks")

    def archive(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            self.tick()
            deal |= {"archived": True, "archivedAt": iso(self.now)}

    def restore(self, n: int = 0) -> None:
        archived = [each for each in self.all("0-3") if each["archived"] and each["id"] not in self.became]
        if archived:
            archived[n % len(archived)]["archived"] = False  # its time of change stays

    def merge(self, n: int = 0) -> str:
        one, other = self.chosen(n), self.chosen(n + 1)
        if not one or not other or one is other:
            return ""
        third = self.add(n, dealname=one["properties"]["dealname"])
        before = [*one["merged"], one["id"], *other["merged"], other["id"]]
        self.records["0-3"][third]["merged"] = before
        self.records["0-3"][third]["properties"]["hs_merged_object_ids"] = ";".join(before)
        for gone in (one, other):
            gone["archived"] = True
            self.became |= dict.fromkeys([gone["id"], *gone["merged"]], third)
            for (kind, _), held in self.links.items():
                if kind == "0-3":
                    held.pop(gone["id"], None)
        return third

    def call(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            id = self.put("calls", {"hs_timestamp": iso(self.now), "hubspot_owner_id": "71"})
            self.link("calls", id, "0-3", deal["id"])

    def quote(self, deal: str, price: str = "900") -> str:
        id = self.put("quotes", {"hs_status": "DRAFT", "hs_currency": "EUR", "hs_quote_amount": price})
        line = {
            "name": "Press",
            "quantity": "2",
            "price": "500",
            "amount": price,
            "hs_cost_of_goods_sold": "300",
        }
        item = self.put("line_items", line)
        self.link("quotes", id, "0-3", deal)
        self.link("quotes", id, "line_items", item)
        return id

    def requote(self, n: int = 0) -> None:
        """The first time a quote is made, then a line of it changes, which does not touch the quote."""
        lines = list(self.all("line_items"))
        if lines:
            self.set("line_items", lines[n % len(lines)]["id"], {"amount": str(800 + n)})
        elif deal := self.chosen(n):
            self.quote(deal["id"])

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        if deal := self.chosen(n):
            self.now -= dt.timedelta(minutes=4)
            self.set("0-3", deal["id"], {"dealname": f"Late {n}"})
            self.now += dt.timedelta(minutes=4)

    # How it is kept

    def all(self, kind: str) -> list[dict[str, Any]]:
        return list(self.records.get(kind, {}).values())

    def chosen(self, n: int) -> dict[str, Any] | None:
        live = [each for each in self.all("0-3") if not each["archived"]]
        return live[n % len(live)] if live else None

    def change(self, n: int, **properties: str) -> None:
        if deal := self.chosen(n):
            self.set("0-3", deal["id"], properties)

    def put(self, kind: str, properties: dict[str, str]) -> str:
        id, at = str(next(self.ids)), iso(self.now)
        record = {"id": id, "createdAt": at, "archived": False, "merged": [], "properties": {}, "history": {}}
        self.records.setdefault(kind, {})[id] = record
        self.set(kind, id, {"createdate": at, "hs_object_id": id, **properties})
        return id

    def set(self, kind: str, id: str, properties: dict[str, str], source: str = "CRM_UI") -> None:
        record, at = self.records[kind][id], iso(self.tick())
        for name, value in {**properties, **calculated(properties)}.items():
            if record["properties"].get(name) != value:
                record["properties"][name] = value
                entry = {"value": value, "timestamp": at, "sourceType": source, "updatedByUserId": 501}
                record["history"].setdefault(name, []).insert(0, entry)
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        record["updatedAt"] = record["properties"][modified] = at

    def link(
        self, kind: str, id: str, to: str, other: str, typeId: int = 1, label: str | None = None
    ) -> None:
        for a, b, x, y in ((kind, to, id, other), (to, kind, other, id)):
            types = [
                {"category": "USER_DEFINED" if label else "HUBSPOT_DEFINED", "typeId": typeId, "label": label}
            ]
            self.links.setdefault((a, b), {}).setdefault(x, {})[y] = types

    # How it answers

    def before(self, request: Request) -> Reply | None:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return error(401, "INVALID_AUTHENTICATION", "The key is not valid.")
        if any(part in request.path for part in self.scopes_missing):
            return error(403, "MISSING_SCOPES", "This key lacks a scope.")
        return None

    def headers(self) -> dict[str, str]:
        left = 250_000 - len(self.requests)
        return {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": str(left)}

    def listing(self, request: Request) -> str | None:
        if request.path.endswith("/search"):
            return request.path + json.dumps([request.json["properties"], request.json["limit"]])
        return None

    @route("GET", f"/account-info/{VERSION}/details")
    def account(self, request: Request) -> Any:
        return {
            "portalId": 4711,
            "companyCurrency": "EUR",
            "timeZone": "Europe/Berlin",
            "uiDomain": "app.hubspot.com",
        }

    @route("GET", f"/crm/owners/{VERSION}")
    def owner_page(self, request: Request) -> Any:
        archived = request.query["archived"] == "true"
        return {"results": [each for each in self.owners if each["archived"] == archived]}

    @route("GET", f"/crm/pipelines/{VERSION}/deals")
    def pipelines(self, request: Request) -> Any:
        stages = [
            {"id": id, "label": id.title(), "displayOrder": n, "metadata": {"isClosed": c, "probability": p}}
            for n, (id, (c, p)) in enumerate(STAGES.items())
        ]
        return {"results": [{"id": "sales", "label": "Sales", "stages": stages}]}

    @route("GET", f"/crm/properties/{VERSION}/0-3")
    def properties(self, request: Request) -> Any:
        own = [
            definition(name, calculated=name in CALCULATED) for name in ("dealname", "amount", *CALCULATED)
        ]
        worked_out = self.calculated
        made = [definition(name, calculated=name in worked_out, hubspotDefined=False) for name in self.custom]
        made = [each | (self.own_is if each["name"] == self.own else {}) for each in made]
        return {"results": [*own, *made]}

    @route("POST", OBJECTS + "/search")
    def search(self, request: Request, kind: str) -> Any:
        asked = request.json
        filters = [each for group in asked["filterGroups"] for each in group["filters"]]
        found = [r for r in self.all(kind) if not r["archived"] and all(fits(r, each) for each in filters)]
        sort = json.loads(asked["sorts"][0])["propertyName"]
        found.sort(key=lambda record: (number(record["properties"][sort]), -int(record["id"])))
        if int(asked["after"]) + asked["limit"] > 10_000:
            return error(400, "VALIDATION_ERROR", "Paging stops at 10,000.")
        page = found[int(asked["after"]) : int(asked["after"]) + asked["limit"]]
        return {
            "total": len(found),
            "results": [self.shown(kind, each, asked["properties"]) for each in page],
        }

    @route("GET", OBJECTS)
    def list(self, request: Request, kind: str) -> Any:
        archived, after = request.query["archived"] == "true", int(request.query.get("after", 0))
        found = [r for r in self.all(kind) if r["archived"] == archived and r["id"] not in self.became]
        rest = [each for each in found if int(each["id"]) >= after]
        limit = int(request.query["limit"])
        more = {"paging": {"next": {"after": rest[limit]["id"]}}} if len(rest) > limit else {}
        return {"results": [self.shown(kind, each, []) for each in rest[:limit]], **more}

    @route("POST", OBJECTS + "/batch/read")
    def batch_read(self, request: Request, kind: str) -> Any:
        asked, archived = request.json, request.query.get("archived") == "true"
        if asked["propertiesWithHistory"] and len(asked["inputs"]) > 50:
            return error(400, "VALIDATION_ERROR", "At most 50 with history.")
        ids = dict.fromkeys(self.became.get(each["id"], each["id"]) for each in asked["inputs"])
        kept = self.records.get(kind, {})
        found = [kept[id] for id in ids if id in kept and kept[id]["archived"] == archived]
        shown = [
            self.shown(kind, each, asked["properties"], asked["propertiesWithHistory"]) for each in found
        ]
        at = iso(self.now)
        return {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": shown}

    @route("POST", rf"/crm/associations/{VERSION}/([^/]+)/([^/]+)/batch/read")
    def associations(self, request: Request, kind: str, to: str) -> Any:
        held, results = self.links.get((kind, to), {}), []
        for each in request.json["inputs"]:
            tos, after = sorted(held.get(each["id"], {}).items()), int(each.get("after", 0))
            if tos[after:]:
                shown = [
                    {"toObjectId": id, "associationTypes": types} for id, types in tos[after : after + 2]
                ]
                more = {"paging": {"next": {"after": str(after + 2)}}} if tos[after + 2 :] else {}
                results.append({"from": {"id": each["id"]}, "to": shown, **more})
        return {"status": "COMPLETE", "results": results}

    @route("POST", OBJECTS)
    def create(self, request: Request, kind: str) -> Any:
        id = self.put(kind, request.json["properties"])
        for each in request.json["associations"]:
            self.link(kind, id, "0-3", each["to"]["id"], typeId=each["types"][0]["associationTypeId"])
        return Reply(201, self.shown(kind, self.records[kind][id], []))

    @route("PATCH", OBJECTS + r"/(\d+)")
    def update(self, request: Request, kind: str, id: str) -> Any:
        record, given = self.records.get(kind, {}).get(id), request.json["properties"]
        if record is None or record["archived"]:
            return error(404, "OBJECT_NOT_FOUND", "No such record.")
        unknown = [name for name in given if kind == "0-3" and name not in self.custom]
        if unknown:
            return error(400, "VALIDATION_ERROR", f"No property {unknown[0]}.", "PROPERTY_DOESNT_EXIST")
        if self.required and not record["properties"].get(self.required):
            return error(400, "VALIDATION_ERROR", f"{self.required} is required.", "REQUIRED")
        self.set(kind, id, given, source="INTEGRATION")
        return self.shown(kind, record, list(given))

    def shown(
        self, kind: str, record: dict, names: list[str], history: list[str] | None = None
    ) -> dict[str, Any]:
        always = ("createdate", "hs_lastmodifieddate", "hs_object_id")
        said = record["properties"]
        shown = {name: said.get(name) for name in (*always, *names) if name in said or name in names}
        answer = {name: record[name] for name in ("id", "createdAt", "updatedAt", "archived")}
        if record["archived"]:
            answer["archivedAt"] = record["archivedAt"]
        if history:
            kept = {name: record["history"].get(name, [])[: self.truncate_to] for name in history}
            answer["propertiesWithHistory"] = kept
        return {**answer, "properties": shown}


def owner(id: str, user: int, first: str, last: str, archived: bool = False) -> dict[str, Any]:
    team = [{"id": "9", "name": "North", "primary": True}]
    named = {"firstName": first, "lastName": last, "email": f"{first.lower()}@example.com"}
    return {"id": id, "userId": user, "archived": archived, "teams": team, **named}


def definition(name: str, calculated: bool = False, hubspotDefined: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "string",
        "calculated": calculated,
        "hubspotDefined": hubspotDefined,
    }


def calculated(properties: dict[str, str]) -> dict[str, str]:
    if "dealstage" not in properties:
        return {}
    closed, probability = STAGES[properties["dealstage"]]
    won = "true" if probability == "1.0" else "false"
    return {"hs_is_closed": closed, "hs_is_closed_won": won, "hs_deal_stage_probability": probability}


def number(value: str) -> float:
    return float(value) if value.isdigit() else dt.datetime.fromisoformat(value).timestamp() * 1000


def fits(record: dict[str, Any], asked: dict[str, str]) -> bool:
    have, want = round(number(record["properties"][asked["propertyName"]])), round(number(asked["value"]))
    return {"EQ": have == want, "GT": have > want, "GTE": have >= want}[asked["operator"]]


def error(status: int, category: str, message: str, code: str = "") -> Reply:
    detail = {"errors": [{"message": message, "code": code}]} if code else {}
    correlation = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
    return Reply(
        status,
        {"category": category, "message": message, "correlationId": correlation, **detail},
    )
