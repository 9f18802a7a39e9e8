"""Salesforce, played: SOQL, a recycle bin, histories of its own, tokens that end, a limit of bytes a request."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

from connectors.fakes import base, soql
from connectors.fakes.base import Reply, Request, route
from hingepoint.connectors.source import Address

DATA = "/services/data/v65.0"
PREFIX = {
    "User": "005", "Account": "001", "Contact": "003", "Opportunity": "006", "OpportunityContactRole": "00K",
    "OpportunityHistory": "008", "OpportunityFieldHistory": "017", "Quote": "0Q0", "QuoteLineItem": "0QL",
    "ProcessInstance": "04g", "Task": "00T", "Event": "00U", "TaskStatus": "01T",
}  # fmt: skip
STAGES = {
    "New": (False, False), "Talks": (False, False), "Closed Won": (True, True), "Closed Lost": (True, False),
}  # fmt: skip
FOLLOWED = ("StageName", "Amount", "CloseDate", "Probability")


def iso(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Salesforce(base.Fake):
    edits = (
        "add", "move", "reprice", "postpone", "hand_over", "reopen", "delete", "undelete", "purge", "role", "call",
        "requote", "late", "say_own",
    )  # fmt: skip
    own = "Region__c"

    def __init__(self) -> None:
        super().__init__()
        self.counter = itertools.count(1)
        self.tokens: set[str] = set()
        self.assertions: list[str] = []
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.batch = 2
        self.pages_kept: dict[str, tuple] = {}
        self.hidden: set[str] = set()  # objects the user does not see
        self.custom = {"Hingepoint__c": "string", self.own: "string"}
        self.own_tracked = True
        self.formulas: dict[str, Any] = {}
        self.locked: set[str] = set()
        self.rule = ""
        self.used = 0
        self.owner_tracked = True
        self.ada = self.put("User", Name="Ada Berg", Email="ada@example.com", IsActive=True)
        self.ben = self.put("User", Name="Ben Cole", ManagerId=self.ada, IsActive=False)
        self.account = self.put("Account", Name="Nordwerk", BillingCountry="DE", Industry="Machinery")
        self.contact = self.put("Contact", Name="Cleo Diaz", AccountId=self.account)
        self.put("TaskStatus", ApiName="Done with", IsClosed=True)

    def address(self) -> Address:
        return Address(self.url, {"client_id": "app", "client_secret": "secret-of-the-app"})

    # What people do

    def add(self, n: int = 0, **fields: Any) -> str:
        said = {"Name": f"Deal {n}", "StageName": "New", "Amount": 1000.0, "Probability": 20.0}
        day = self.now.date().isoformat()
        where = {"AccountId": self.account, "OwnerId": self.ada, "CloseDate": day}
        deal = self.put("Opportunity", **{**said, **where, **fields})
        self.put(
            "OpportunityContactRole",
            OpportunityId=deal,
            ContactId=self.contact,
            Role="Decision Maker",
            IsPrimary=True,
        )
        return deal

    def move(self, n: int = 0) -> None:
        self.change(n, StageName=list(STAGES)[n % 4])

    def reprice(self, n: int = 0) -> None:
        self.change(n, Amount=1000.0 + n)

    def postpone(self, n: int = 0) -> None:
        self.change(n, CloseDate=(self.now.date() + dt.timedelta(days=n)).isoformat())

    def hand_over(self, n: int = 0) -> None:
        self.change(n, OwnerId=(self.ada, self.ben)[n % 2])

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self.change(n, **{self.own: f"Area {n}" if said is ... else said})

    def reopen(self, n: int = 0) -> None:
        self.change(n, StageName="Closed Won")
        self.change(n, StageName="Talks")

    def delete(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            self.set("Opportunity", deal["Id"], IsDeleted=True)

    def undelete(self, n: int = 0) -> None:
        if deal := self.chosen(n, deleted=True):
            self.set("Opportunity", deal["Id"], IsDeleted=False)

    def purge(self, n: int = 0) -> None:
        """The recycle bin is emptied."""
        if deal := self.chosen(n, deleted=True):
            del self.rows["Opportunity"][deal["Id"]]

    def role(self, n: int = 0) -> None:
        """A role changes or goes; the deal is not touched."""
        roles = [each for each in self.all("OpportunityContactRole") if not each["IsDeleted"]]
        if roles:
            one = roles[n % len(roles)]["Id"]
            self.set(
                "OpportunityContactRole",
                one,
                **({"IsDeleted": True} if n % 3 == 0 else {"Role": f"Role {n}"}),
            )

    def call(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            said = {"TaskSubtype": "Call", "ActivityDate": self.now.date().isoformat(), "OwnerId": self.ada}
            self.put("Task", WhatId=deal["Id"], Status="Done with", **said)

    def quote(self, deal: str, price: float = 900.0) -> str:
        quote = self.put("Quote", OpportunityId=deal, Status="Draft", TotalPrice=price, IsSyncing=True)
        said = {"Quantity": 2.0, "ListPrice": 500.0, "UnitPrice": price / 2, "TotalPrice": price}
        self.put("QuoteLineItem", QuoteId=quote, Product2={"Name": "Press"}, **said)
        return quote

    def requote(self, n: int = 0) -> None:
        lines = self.all("QuoteLineItem")
        if lines:
            self.set("QuoteLineItem", lines[n % len(lines)]["Id"], TotalPrice=800.0 + n)
        elif deal := self.chosen(n):
            self.quote(deal["Id"])

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        if deal := self.chosen(n):
            self.now -= dt.timedelta(minutes=4)
            self.set("Opportunity", deal["Id"], Name=f"Late {n}")
            self.now += dt.timedelta(minutes=4)

    # How it is kept

    def all(self, name: str) -> list[dict[str, Any]]:
        return list(self.rows.get(name, {}).values())

    def chosen(self, n: int, deleted: bool = False) -> dict[str, Any] | None:
        found = [each for each in self.all("Opportunity") if each["IsDeleted"] == deleted]
        return found[n % len(found)] if found else None

    def change(self, n: int, **fields: Any) -> None:
        if deal := self.chosen(n):
            self.set("Opportunity", deal["Id"], **fields)

    def put(self, name: str, **fields: Any) -> str:
        id = f"{PREFIX[name]}{next(self.counter):012d}AAA"
        at = iso(self.tick())
        row = {
            "Id": id,
            "CreatedDate": at,
            "SystemModstamp": at,
            "IsDeleted": False,
            "CreatedById": getattr(self, "ada", ""),
        }
        self.rows.setdefault(name, {})[id] = row | fields
        if name == "Opportunity":
            self.rows[name][id] |= outcome(fields["StageName"])
            self.remember(id)
        elif name == "Task":
            self.rows[name][id] |= self.standing(fields.get("Status"))
        return id

    def standing(self, status: str | None) -> dict[str, Any]:
        """Return what follows from the status of a task."""
        closed = status in [each["ApiName"] for each in self.all("TaskStatus") if each["IsClosed"]]
        ended = iso(self.now) if closed else None
        return {"IsClosed": closed, "CompletedDateTime": ended, "What.Type": "Opportunity"}

    def set(self, name: str, id: str, **fields: Any) -> None:
        row = self.rows[name][id]
        before, row["SystemModstamp"] = dict(row), iso(self.tick())
        row |= fields
        if name == "Task":
            row |= self.standing(row.get("Status"))
        if name != "Opportunity":
            return
        row |= outcome(row["StageName"])
        if any(before[each] != row[each] for each in FOLLOWED):
            self.remember(id)
        was, now = before.get(self.own), row.get(self.own)
        if was != now and self.own_tracked:
            self.history("OpportunityFieldHistory", id, Field=self.own, OldValue=was, NewValue=now)
        if before["OwnerId"] != row["OwnerId"] and self.owner_tracked:
            names = [self.rows["User"][owner]["Name"] for owner in (before["OwnerId"], row["OwnerId"])]
            for old, new in (names, (before["OwnerId"], row["OwnerId"])):
                self.history("OpportunityFieldHistory", id, Field="Owner", OldValue=old, NewValue=new)

    def remember(self, id: str) -> None:
        row = self.rows["Opportunity"][id]
        self.history("OpportunityHistory", id, **{each: row.get(each) for each in FOLLOWED})

    def history(self, name: str, deal: str, **fields: Any) -> None:
        id = f"{PREFIX[name]}{next(self.counter):012d}AAA"
        row = {"Id": id, "OpportunityId": deal, "CreatedDate": iso(self.now), "CreatedById": self.ada}
        self.rows.setdefault(name, {})[id] = row | fields

    # How it answers

    def sign_everybody_out(self) -> None:
        self.tokens.clear()

    def before(self, request: Request) -> Reply | None:
        if len(request.headers.get("Target", "")) + sum(map(len, request.headers.values())) > 16_384:
            return Reply(431, [{"errorCode": "HEADERS_TOO_LARGE", "message": "too long"}])
        if request.path in ("/services/oauth2/token", "/services/data"):
            return None
        self.used += 1
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used > 100_000:
            return refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return None

    def headers(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self.used}/100000"}

    def listing(self, request: Request) -> str | None:
        asked = request.query.get("q", "")
        if "ORDER BY SystemModstamp" not in asked:
            return None
        return asked.partition(" WHERE ")[0].partition(" ORDER ")[0] + asked.rpartition(" LIMIT ")[2]

    @route("POST", "/services/oauth2/token")
    def token(self, request: Request) -> Any:
        form = request.form
        if form["grant_type"] == "client_credentials":
            if form["client_secret"] != "secret-of-the-app":
                said = {"error": "invalid_client", "error_description": "invalid client credentials"}
                return Reply(400, said)
        else:
            self.assertions.append(form["assertion"])
        token = f"00D{next(self.counter)}!token"
        self.tokens.add(token)
        who = f"https://login.salesforce.com/id/00D000000000001AAA/{self.ada}"
        return {"access_token": token, "instance_url": self.url, "id": who}

    @route("GET", "/services/data")
    def versions(self, request: Request) -> Any:
        return [{"version": "65.0", "url": DATA}]

    @route("GET", f"{DATA}/connect/organization")
    def organization(self, request: Request) -> Any:
        return {"features": {"defaultCurrencyIsoCode": "EUR", "multiCurrency": False}}

    @route("GET", f"{DATA}/limits")
    def limits(self, request: Request) -> Any:
        return {"DailyApiRequests": {"Max": 100_000, "Remaining": 100_000 - self.used}}

    @route("GET", f"{DATA}/sobjects")
    def sobjects(self, request: Request) -> Any:
        return {"sobjects": [{"name": name} for name in PREFIX if name not in self.hidden]}

    @route("GET", f"{DATA}/sobjects/Opportunity/describe")
    def describe(self, request: Request) -> Any:
        own = (
            "Name",
            "AccountId",
            "OwnerId",
            "StageName",
            "Amount",
            "Probability",
            "CloseDate",
            "IsClosed",
            "IsWon",
        )
        fields = [described(name) for name in (*own, "LeadSource", "CreatedDate", "SystemModstamp")]
        known = {self.own: self.own_is}
        fields += [described(name, custom=True) | known.get(name, {}) for name in self.custom]
        return {"fields": fields + [described(name, custom=True, calculated=True) for name in self.formulas]}

    @route("GET", f"{DATA}/(query|queryAll)")
    def query(self, request: Request, verb: str) -> Any:
        asked = request.query["q"]
        if asked.startswith("SELECT COUNT() FROM "):
            _, _, found = soql.read(self.tables(), asked.replace("COUNT()", "Id"))
            return {"totalSize": len([each for each in found if not each.get("IsDeleted")]), "done": True}
        line = len(request.path) + sum(len(json.dumps(each)) for each in request.query.items())
        if line > 15_000:
            return Reply(414, [{"errorCode": "URI_TOO_LONG", "message": "too long"}])
        tables = self.tables() if verb == "queryAll" else self.tables(deleted=False)
        _, fields, found = soql.read(tables, asked)
        return self.page(
            [{field.split(".")[0]: self.cell(row, field) for field in fields} for row in found], len(found)
        )

    def cell(self, row: dict[str, Any], field: str) -> Any:
        if field in self.formulas:
            return self.formulas[field]
        return row.get(field.split(".")[0])

    def tables(self, deleted: bool = True) -> dict[str, dict[str, dict[str, Any]]]:
        stages = {
            name: {
                "Id": name,
                "ApiName": name,
                "MasterLabel": name,
                "IsClosed": c,
                "IsWon": w,
                "SortOrder": n,
            }
            for n, (name, (c, w)) in enumerate(STAGES.items())
        }
        tracked = {
            name: {"Id": name, "QualifiedApiName": name, "IsFieldHistoryTracked": on}
            | {"EntityDefinition.QualifiedApiName": "Opportunity"}
            for name, on in (
                ("OwnerId", self.owner_tracked),
                ("Name", False),
                (self.own, self.own_tracked),
            )
        }
        kept = {
            name: {id: row for id, row in rows.items() if deleted or not row.get("IsDeleted")}
            for name, rows in self.rows.items()
        }
        return {**kept, "OpportunityStage": stages, "FieldDefinition": tracked}

    def page(self, rows: list[Any], total: int) -> Any:
        more = {}
        if rows[self.batch :]:
            locator = f"01g{next(self.counter)}-{self.batch}"
            self.pages_kept[locator] = rows[self.batch :], total
            more = {"nextRecordsUrl": f"{DATA}/query/{locator}"}
        return {"totalSize": total, "done": not more, "records": rows[: self.batch], **more}

    @route("GET", rf"{DATA}/query/(01g[\d-]+)")
    def next_records(self, request: Request, locator: str) -> Any:
        return self.page(*self.pages_kept[locator])

    @route("GET", rf"{DATA}/sobjects/(\w+)/deleted/")
    def deleted(self, request: Request, name: str) -> Any:
        return {"deletedRecords": []}

    @route("PATCH", rf"{DATA}/sobjects/(\w+)/(\w+)")
    def update(self, request: Request, name: str, id: str) -> Any:
        if id not in self.rows.get(name, {}) or self.rows[name][id]["IsDeleted"]:
            return refused(404, "NOT_FOUND", "The requested resource does not exist")
        if id in self.locked:
            return refused(400, "ENTITY_IS_LOCKED", "the entity is locked for editing")
        if self.rule:
            return refused(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", self.rule)
        self.set(name, id, **request.json)
        return Reply(204)

    @route("POST", rf"{DATA}/sobjects/(\w+)")
    def create(self, request: Request, name: str) -> Any:
        return Reply(201, {"id": self.put(name, **request.json), "success": True})


def outcome(stage: str) -> dict[str, bool]:
    closed, won = STAGES[stage]
    return {"IsClosed": closed, "IsWon": won}


def described(name: str, custom: bool = False, calculated: bool = False) -> dict[str, Any]:
    writable = not calculated
    return {
        "name": name,
        "label": name,
        "type": "string",
        "custom": custom,
        "calculated": calculated,
        "updateable": writable,
    }


def refused(status: int, code: str, message: str) -> Reply:
    return Reply(status, [{"errorCode": code, "message": message}])
