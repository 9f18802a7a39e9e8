"""Dynamics 365, played: pages by links, change tracking with what was deleted, an audit log, closings as activities."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import uuid
from typing import Any
from urllib.parse import quote

from connectors.fakes import base
from connectors.fakes.base import Reply, Request, route
from hingepoint.connectors.source import Address

DATA = "/api/data/v9.2"
IDS = {
    "opportunities": "opportunityid", "accounts": "accountid", "contacts": "contactid", "systemusers": "systemuserid",
    "connections": "connectionid", "quotes": "quoteid", "quotedetails": "quotedetailid", "tasks": "activityid",
    "activitypointers": "activityid", "audits": "auditid", "opportunitycloses": "activityid",
}  # fmt: skip
STAGES = ("stage-qualify", "stage-propose")
EUR = "currency-eur"
AUDITED = {
    "stageid": "stageid", "stepname": "stepname", "estimatedvalue": "estimatedvalue", "estimatedclosedate": "estimatedclosedate",
    "_ownerid_value": "ownerid", "closeprobability": "closeprobability", "statecode": "statecode",
}  # fmt: skip
COLUMNS = {
    "name": "String", "stageid": "Uniqueidentifier", "stepname": "String", "estimatedvalue": "Money", "statecode": "State",
    "estimatedclosedate": "DateTime", "ownerid": "Owner", "closeprobability": "Integer",
}  # fmt: skip


def iso(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Dynamics(base.Fake):
    edits = (
        "add", "move", "reprice", "postpone", "hand_over", "close", "reopen", "delete", "connect", "call", "requote", "late", "say_own",
    )  # fmt: skip
    own = "agx_region"

    def __init__(self) -> None:
        super().__init__()
        self.counter, self.versions = itertools.count(1), itertools.count(1)
        self.tokens: set[str] = set()
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.gone: dict[str, dict[str, int]] = {}
        self.tracking = {"opportunity", "account", "quote"}
        self.audit = True
        self.custom = {"agx_status": "String", "agx_count": "Integer", self.own: "String"}
        self.audited = AUDITED | {self.own: self.own}
        self.forbidden: set[str] = set()
        self.rule = ""
        self.oldest_token = 0
        self.ada = self.put(
            "systemusers", fullname="Ada Berg", internalemailaddress="ada@example.com", isdisabled=False
        )
        self.ben = self.put(
            "systemusers", fullname="Ben Cole", _parentsystemuserid_value=self.ada, isdisabled=True
        )
        self.account = self.put("accounts", name="Nordwerk", address1_country="DE")
        self.contact = self.put("contacts", fullname="Cleo Diaz", _parentcustomerid_value=self.account)

    def address(self) -> Address:
        secrets = {"tenant": "tenant-1", "client_id": "app", "client_secret": "secret-of-the-app"}
        return Address(self.url, secrets, {"login": self.url})

    # What people do

    def add(self, n: int = 0, **fields: Any) -> str:
        said = {
            "name": f"Deal {n}",
            "estimatedvalue": 1000.0,
            "stageid": STAGES[0],
            "statecode": 0,
            "closeprobability": 20,
        }
        day = self.now.date().isoformat()
        who = {"_ownerid_value": self.ada, "_parentaccountid_value": self.account, "estimatedclosedate": day}
        deal = {**said, **who, "_transactioncurrencyid_value": EUR, "processid": "process-1"}
        return self.put("opportunities", **{**deal, **fields})

    def move(self, n: int = 0) -> None:
        self.change(n, stageid=STAGES[n % 2])

    def reprice(self, n: int = 0) -> None:
        self.change(n, estimatedvalue=1000.0 + n)

    def postpone(self, n: int = 0) -> None:
        self.change(n, estimatedclosedate=(self.now.date() + dt.timedelta(days=n)).isoformat())

    def hand_over(self, n: int = 0) -> None:
        self.change(n, _ownerid_value=(self.ada, self.ben)[n % 2])

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self.change(n, **{self.own: f"Area {n}" if said is ... else said})

    def close(self, n: int = 0) -> None:
        """WinOpportunity or LoseOpportunity: an activity of its own for each closing."""
        deal = self.chosen(n)
        if deal and deal["statecode"] == 0:
            state = 1 + n % 2
            self.set(
                "opportunities", deal["opportunityid"], statecode=state, actualclosedate=iso(self.now)[:10]
            )
            closing = {"_opportunityid_value": deal["opportunityid"], "actualend": iso(self.now)}
            self.put("opportunitycloses", **closing, opportunitystatecode=state, _ownerid_value=self.ada)

    def reopen(self, n: int = 0) -> None:
        closed = [each for each in self.all("opportunities") if each["statecode"]]
        if closed:
            self.set(
                "opportunities", closed[n % len(closed)]["opportunityid"], statecode=0, actualclosedate=None
            )

    def delete(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            self.remove("opportunities", deal["opportunityid"])

    def connect(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            role = {"_record2roleid_value": f"role-{n}", "record2objecttypecode": 2}
            self.put(
                "connections", _record1id_value=deal["opportunityid"], _record2id_value=self.contact, **role
            )

    def call(self, n: int = 0) -> None:
        if deal := self.chosen(n):
            regarding = {"_regardingobjectid_value": deal["opportunityid"], "activitytypecode": "phonecall"}
            self.put(
                "activitypointers", **regarding, statecode=1, actualend=iso(self.now), _ownerid_value=self.ada
            )

    def quote(self, deal: str, price: float = 900.0) -> str:
        id = self.put(
            "quotes",
            _opportunityid_value=deal,
            statecode=0,
            totalamount=price,
            _transactioncurrencyid_value=EUR,
        )
        said = {"productname": "Press", "quantity": 2.0, "priceperunit": 500.0, "tax": 171.0}
        self.put("quotedetails", _quoteid_value=id, extendedamount=price + 171.0, **said)
        return id

    def requote(self, n: int = 0) -> None:
        lines = self.all("quotedetails")
        if lines:
            self.set("quotedetails", lines[n % len(lines)]["quotedetailid"], extendedamount=971.0 + n)
        elif deal := self.chosen(n):
            self.quote(deal["opportunityid"])

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        if deal := self.chosen(n):
            self.now -= dt.timedelta(minutes=4)
            self.set("opportunities", deal["opportunityid"], name=f"Late {n}")
            self.now += dt.timedelta(minutes=4)

    # How it is kept

    def all(self, set: str) -> list[dict[str, Any]]:
        return list(self.rows.get(set, {}).values())

    def chosen(self, n: int) -> dict[str, Any] | None:
        found = self.all("opportunities")
        return found[n % len(found)] if found else None

    def change(self, n: int, **fields: Any) -> None:
        deal = self.chosen(n)
        if deal and deal["statecode"] == 0:
            self.set("opportunities", deal["opportunityid"], **fields)

    def put(self, set: str, **fields: Any) -> str:
        id, at = str(uuid.UUID(int=next(self.counter))), iso(self.tick())
        row = {IDS[set]: id, "createdon": at, "modifiedon": at, "version": next(self.versions)}
        self.rows.setdefault(set, {})[id] = row | fields
        return id

    def set(self, set: str, id: str, **fields: Any) -> None:
        row, at = self.rows[set][id], iso(self.tick())
        if set == "opportunities" and self.audit:
            self.write_down(row, fields, at)
        row |= {**fields, "modifiedon": at, "version": next(self.versions)}

    def write_down(self, row: dict[str, Any], fields: dict[str, Any], at: str) -> None:
        changed = [
            {
                "logicalName": self.audited[name],
                "oldValue": logged(name, row.get(name)),
                "newValue": logged(name, value),
            }
            for name, value in fields.items()
            if name in self.audited and row.get(name) != value
        ]
        if changed:
            said = {
                "_objectid_value": row["opportunityid"],
                "_userid_value": self.ada,
                "operation": 2,
                "createdon": at,
            }
            self.put(
                "audits",
                **said,
                objecttypecode="opportunity",
                changedata=json.dumps({"changedAttributes": changed}),
            )

    def remove(self, set: str, id: str) -> None:
        self.tick()
        del self.rows[set][id]
        self.gone.setdefault(set, {})[id] = next(self.versions)

    # How it answers

    def sign_everybody_out(self) -> None:
        self.tokens.clear()

    def before(self, request: Request) -> Reply | None:
        if "/oauth2/" in request.path:
            return None
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refused(401, "unauthorized")
        if any(f"/{each}" in request.path for each in self.forbidden):
            return refused(403, "Principal user is missing a privilege")
        return None

    def listing(self, request: Request) -> str | None:
        if request.method != "GET" or "modifiedon" not in request.query.get("$select", ""):
            return None
        return request.path + request.query["$select"] + request.query.get("$filter", "")[:20]

    @route("POST", "/tenant-1/oauth2/v2.0/token")
    def token(self, request: Request) -> Any:
        form = request.form
        if form["client_secret"] != "secret-of-the-app" or form["scope"] != f"{self.url}/.default":
            return Reply(
                401, {"error": "invalid_client", "error_description": "AADSTS7000215: invalid client secret"}
            )
        token = f"token-{next(self.counter)}"
        self.tokens.add(token)
        return {"access_token": token, "expires_in": 3599}

    @route("GET", f"{DATA}/WhoAmI")
    def who_am_i(self, request: Request) -> Any:
        return {"UserId": self.ada, "OrganizationId": "organization-1"}

    @route("GET", f"{DATA}/EntityDefinitions")
    def tables(self, request: Request) -> Any:
        names = (
            "opportunity",
            "account",
            "contact",
            "systemuser",
            "connection",
            "quote",
            "quotedetail",
            "activitypointer",
        )
        audited = {"Value": self.audit}
        return {
            "value": [
                {
                    "LogicalName": name,
                    "ChangeTrackingEnabled": name in self.tracking,
                    "IsAuditEnabled": audited,
                }
                for name in names
            ]
        }

    @route("GET", rf"{DATA}/EntityDefinitions\(LogicalName='opportunity'\)/Attributes")
    def columns(self, request: Request) -> Any:
        return {
            "value": [
                {
                    "LogicalName": name,
                    "AttributeType": self.own_is.get("type", kind) if name == self.own else kind,
                    "IsCustomAttribute": name in self.custom,
                }
                | {
                    "IsAuditEnabled": {"Value": name in self.audited.values()},
                    "IsValidForUpdate": name != "statecode",
                }
                for name, kind in {**COLUMNS, **self.custom}.items()
            ]
        }

    @route(
        "GET", rf"{DATA}/EntityDefinitions\(LogicalName='opportunity'\)/Attributes/Microsoft.Dynamics.CRM.\w+"
    )
    def choices(self, request: Request) -> Any:
        return {
            "value": [{"LogicalName": self.own, "OptionSet": {"Options": self.own_is.get("options", [])}}]
        }

    @route("GET", f"{DATA}/organizations")
    def organizations(self, request: Request) -> Any:
        return {"value": [{"name": "Nordwerk", "isauditenabled": self.audit, "_basecurrencyid_value": EUR}]}

    @route("GET", f"{DATA}/transactioncurrencies")
    def currencies(self, request: Request) -> Any:
        return {"value": [{"transactioncurrencyid": EUR, "isocurrencycode": "EUR"}]}

    @route("GET", f"{DATA}/processstages")
    def stages(self, request: Request) -> Any:
        named = zip(STAGES, ("Qualify", "Propose"), strict=True)
        return {
            "value": [
                {"processstageid": id, "stagename": name, "_processid_value": "process-1", "stagecategory": n}
                for n, (id, name) in enumerate(named)
            ]
        }

    @route("GET", rf"{DATA}/({'|'.join(IDS)})")
    def list(self, request: Request, set: str) -> Any:
        query, prefer = request.query, request.headers.get("Prefer", "")
        size = int(re.search(r"maxpagesize=(\d+)", prefer)[1])
        if "$deltatoken" in query:
            return self.delta(set, query, size)
        begun = query.get("$begun") or ("track-changes" in prefer and str(next(self.versions))) or ""
        found = [row for row in self.all(set) if fits(row, query.get("$filter", ""))]
        order = [*(["modifiedon"] if "$orderby" in query else []), IDS[set]]
        found.sort(key=lambda row: [row[each] for each in order])
        after = json.loads(query.get("$skiptoken", "[]"))
        rest = [row for row in found if [row[each] for each in order] > after]
        body: dict[str, Any] = {"value": [self.shown(row, query) for row in rest[:size]]}
        if "$count" in query:
            body["@odata.count"] = len(found)
        if rest[size:]:
            last = json.dumps([rest[size - 1][each] for each in order])
            body["@odata.nextLink"] = self.link(set, {**query, "$skiptoken": last, "$begun": begun})
        elif begun:
            body["@odata.deltaLink"] = self.link(set, {"$select": query["$select"], "$deltatoken": begun})
        return body

    def delta(self, set: str, query: Any, size: int) -> Any:
        since = int(query["$deltatoken"])
        if since < self.oldest_token:
            return refused(400, "The delta token has expired.")
        told = [(row["version"], self.shown(row, query)) for row in self.all(set)]
        told += [
            (version, {"@odata.context": "#$deletedEntity", "id": id, "reason": "deleted"})
            for id, version in self.gone.get(set, {}).items()
        ]
        told = sorted((each for each in told if each[0] > since), key=lambda each: each[0])
        upto = str(told[:size][-1][0] if told else since)
        name = "@odata.nextLink" if told[size:] else "@odata.deltaLink"
        return {
            "value": [row for _, row in told[:size]],
            name: self.link(set, {**query, "$deltatoken": upto}),
        }

    def link(self, set: str, query: dict[str, str]) -> str:
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items() if value)
        return f"{self.url}{DATA}/{set}?{asked}"

    def shown(self, row: dict[str, Any], query: Any) -> dict[str, Any]:
        said = {name: row.get(name) for name in query["$select"].split(",")}
        if row.get("statecode") == 2:
            said["statuscode@OData.Community.Display.V1.FormattedValue"] = "Out-Sold"
        if "_record2roleid_value" in said:
            said["_record2roleid_value@OData.Community.Display.V1.FormattedValue"] = row[
                "_record2roleid_value"
            ].title()
        if "_regardingobjectid_value" in said:
            said["_regardingobjectid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] = "opportunity"
        return said

    @route("PATCH", rf"{DATA}/(\w+)\(([\w-]+)\)")
    def update(self, request: Request, set: str, id: str) -> Any:
        row = self.rows.get(set, {}).get(id)
        if row is None:
            assert request.headers.get("If-Match") == "*", "without it a row would be made"
            return refused(404, "Does Not Exist")
        if self.rule:
            return refused(400, self.rule)
        for name, value in request.json.items():
            if self.custom.get(name) == "Integer" and not isinstance(value, int):
                return refused(400, f"Cannot convert a value to type Edm.Int32 for {name}")
        self.set(set, id, **request.json)
        return row

    @route("POST", f"{DATA}/tasks")
    def create_task(self, request: Request) -> Any:
        deal = re.search(r"\((.+)\)", request.json["regardingobjectid_opportunity@odata.bind"])[1]
        made = self.put("tasks", **request.json, statecode=0, _regardingobjectid_value=deal)
        task = self.rows["tasks"][made]
        self.rows.setdefault("activitypointers", {})[made] = task  # one row under two names
        task["activitytypecode"] = "task"
        return Reply(201, task)


def logged(name: str, value: Any) -> str | None:
    """Return a value as the audit log writes it."""
    if value is None:
        return None
    if name == "_ownerid_value":
        return f"systemuser,{value}"
    if name == "estimatedclosedate":
        year, month, day = value.split("-")
        return f"{month}/{day}/{year} 00:00:00"
    return str(value)


def fits(row: dict[str, Any], where: str) -> bool:
    return all(_fits(row, each) for each in where.split(" and ")) if where else True


def _fits(row: dict[str, Any], one: str) -> bool:
    among = re.fullmatch(r"Microsoft.Dynamics.CRM.In\(PropertyName='(\w+)',PropertyValues=\[(.*)\]\)", one)
    if among:
        have = row.get(among[1], row.get(f"_{among[1]}_value"))
        return have in [each.strip("'") for each in among[2].split(",")]
    field, operator, wanted = one.split(" ", 2)
    have = str(row.get(field))
    if operator == "ge":
        return dt.datetime.fromisoformat(have) >= dt.datetime.fromisoformat(wanted)
    return have == wanted.strip("'").replace("''", "'")


def refused(status: int, message: str) -> Reply:
    return Reply(status, {"error": {"code": "0x80040265", "message": message}})
