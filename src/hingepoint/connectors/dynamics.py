"""Dynamics 365 Sales: Dataverse's Web API, by change tracking where a table has it, else by the time of the last change.

A table with change tracking gives a delta link that names what was changed and deleted since. The others are asked by
``modifiedon``. History is in the audit log, where that is on; each closing leaves an activity of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hingepoint.connectors import exchange, paging, values
from hingepoint.connectors.exchange import Answer, Exchange
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.source import Address, Connector, Described, SignIn, Wanted
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

VERSION = "9.2"
DATA = f"api/data/v{VERSION}"
LOGIN = "https://login.microsoftonline.com"
FORMATTED = "@OData.Community.Display.V1.FormattedValue"
TARGET = "@Microsoft.Dynamics.CRM.lookuplogicalname"
#: Ids that are named in one request.
NAMED = 40

#: The identity of a row and the logical name of the table, by its set.
TABLES = {
    "opportunities": ("opportunityid", "opportunity"),
    "accounts": ("accountid", "account"),
    "contacts": ("contactid", "contact"),
    "systemusers": ("systemuserid", "systemuser"),
    "connections": ("connectionid", "connection"),
    "quotes": ("quoteid", "quote"),
    "quotedetails": ("quotedetailid", "quotedetail"),
    "activitypointers": ("activityid", "activitypointer"),
}
SETS = {
    CrmObject.USERS: "systemusers",
    CrmObject.ACCOUNTS: "accounts",
    CrmObject.CONTACTS: "contacts",
    CrmObject.DEALS: "opportunities",
    CrmObject.CHANGES: "opportunities",
    CrmObject.QUOTES: "quotes",
    CrmObject.ACTIVITIES: "activitypointers",
}
DEAL = (
    "name", "_parentaccountid_value", "_parentcontactid_value", "_ownerid_value", "processid", "stageid", "stepname",
    "estimatedvalue", "actualvalue", "_transactioncurrencyid_value", "closeprobability", "estimatedclosedate",
    "actualclosedate", "statecode", "statuscode", "createdon",
)  # fmt: skip
BEGUN = (
    "stageid", "stepname", "estimatedvalue", "estimatedclosedate", "_ownerid_value", "closeprobability", "createdon",
    "_transactioncurrencyid_value",
)  # fmt: skip
USER = (
    "fullname",
    "internalemailaddress",
    "_businessunitid_value",
    "_parentsystemuserid_value",
    "isdisabled",
)
ACCOUNT = ("name", "address1_stateorprovince", "industrycode", "address1_country")
CONTACT = ("fullname", "jobtitle", "emailaddress1", "_parentcustomerid_value")
QUOTE = (
    "_opportunityid_value", "statecode", "totalamount", "totaltax", "discountamount", "discountpercentage",
    "_transactioncurrencyid_value", "modifiedon",
)  # fmt: skip
LINE = ("_quoteid_value", "productname", "quantity", "priceperunit", "extendedamount", "tax")
ACTIVITY = (
    "_regardingobjectid_value",
    "activitytypecode",
    "scheduledstart",
    "actualend",
    "createdon",
    "statecode",
    "_ownerid_value",
)
ACTIVITIES = {"phonecall": "call", "appointment": "meeting", "email": "mail", "task": "task"}
#: Columns as the audit log names them, with the column in which the row has its present value.
HISTORY = {
    "stageid": (DealField.STAGE, "stageid"),
    "stepname": (DealField.STAGE, "stepname"),
    "estimatedvalue": (DealField.AMOUNT, "estimatedvalue"),
    "estimatedclosedate": (DealField.EXPECTED_CLOSE, "estimatedclosedate"),
    "ownerid": (DealField.OWNER, "_ownerid_value"),
    "closeprobability": (DealField.PROBABILITY, "closeprobability"),
    "statecode": (DealField.STATUS, ""),
}
STATES = {"0": DealStatus.OPEN, "1": DealStatus.WON, "2": DealStatus.LOST}
#: Types of columns that name another row: the log writes them otherwise than the row.
LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
#: What columns hold by their type; all others are texts.
HOLDS = {
    **dict.fromkeys(("Integer", "BigInt", "Decimal", "Double", "Money"), Kind.NUMBER),
    **dict.fromkeys(("Picklist", "State", "Status"), Kind.CHOICE),
    "DateTime": Kind.DAY_OR_MOMENT,
    "Boolean": Kind.YES_NO,
    "Virtual": Kind.CHOICES,
}
#: The kinds of metadata that hold the words of choices.
CHOOSING = {
    "Picklist": "PicklistAttributeMetadata",
    "State": "StateAttributeMetadata",
    "Status": "StatusAttributeMetadata",
    "Virtual": "MultiSelectPicklistAttributeMetadata",
}
NEVER_WRITTEN = frozenset(
    {"stageid", "stepname", "salesstage", "estimatedvalue", "actualvalue", "statecode", "statuscode"}
)
#: Privileges of the application user to ask the administrator for.
RIGHTS = {
    Capability.DEALS: "Read on Opportunity",
    Capability.USERS: "Read on User",
    Capability.STAGE_HISTORY: "View Audit History",
    Capability.AMOUNT_HISTORY: "View Audit History",
    Capability.CLOSE_DATE_HISTORY: "View Audit History",
    Capability.OWNER_HISTORY: "View Audit History",
    Capability.CONTACT_ROLES: "Read on Connection",
    Capability.QUOTE_LINES: "Read on Quote",
    Capability.ACTIVITIES: "Read on Activity",
    Capability.DELETIONS: "Track changes on Opportunity",
    Capability.WRITE_BACK: "Write on Opportunity",
}
TRACKED_BY = {
    Capability.STAGE_HISTORY: "stageid",
    Capability.AMOUNT_HISTORY: "estimatedvalue",
    Capability.CLOSE_DATE_HISTORY: "estimatedclosedate",
    Capability.OWNER_HISTORY: "ownerid",
}
Row = Mapping[str, Any]


class Dynamics:
    """One environment of Dataverse, signed in as an application user."""

    objects = tuple(each for each in CrmObject if each in SETS)
    size = 500  # rows of a page
    history_size = 100  # deals of a page of which the history is asked

    def __init__(self, address: Address, link: Exchange, wanted: Wanted):
        self._address, self._link, self._wanted = address, link, wanted
        self._extra = {column: name for column, name in wanted.fields.items() if name}
        self.unread: Unread = set()

    # Signing in and asking

    def _sign_in(self) -> None:
        secrets = self._address.secrets
        login = self._address.options.get("login") or LOGIN
        form = {
            "grant_type": "client_credentials",
            "client_id": secrets["client_id"],
            "client_secret": secrets["client_secret"],
            "scope": f"{self._address.url.rstrip('/')}/.default",
        }
        there = Exchange(login, self._link.allowed, budget=self._link.budget, sleep=self._link.sleep)
        try:
            answer = there.ask(
                "POST", f"{secrets['tenant']}/oauth2/v2.0/token", form=form, understood=(400, 401)
            )
        finally:
            there.close()
        if answer.status != 200:
            said = values.shortened((answer.body or {}).get("error_description"))
            raise exchange.NotSignedIn(f"Microsoft does not take this sign-in: {said}")
        self._link.headers["Authorization"] = f"Bearer {answer.body['access_token']}"

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        if "Authorization" not in self._link.headers:
            self._sign_in()
        path = path if "://" in path else f"{DATA}/{path}"
        try:
            return self._link.ask(method, path, **more)
        except exchange.NotSignedIn:
            self._sign_in()
            return self._link.ask(method, path, **more)

    def _get(
        self, path: str, *, size: int = 0, track: bool = False, query: Mapping[str, str] | None = None
    ) -> Answer:
        prefer = ['odata.include-annotations="*"', f"odata.maxpagesize={size or self.size}"]
        prefer += ["odata.track-changes"] if track else []
        return self._ask("GET", path, query=query, headers={"Prefer": ", ".join(prefer)})

    def _all(self, set: str, select: Sequence[str], where: str = "") -> list[Any]:
        rows: list[Any] = []
        path, query = set, {"$select": ",".join(select), **({"$filter": where} if where else {})}
        while path:
            body = self._get(path, query=query if path == set else None).body
            rows += body["value"]
            path = body.get("@odata.nextLink", "")
        return rows

    def _of(self, set: str, select: Sequence[str], by: str, ids: Iterable[str], where: str = "") -> list[Any]:
        """Return the rows that hang on some others."""
        rows: list[Any] = []
        for some in values.chunks(sorted({*ids}), NAMED):
            named = ",".join(f"'{id}'" for id in some)
            among = f"Microsoft.Dynamics.CRM.In(PropertyName='{by}',PropertyValues=[{named}])"
            rows += self._all(set, select, f"{among} and {where}" if where else among)
        return rows

    # What is there

    @functools.cached_property
    def _tables(self) -> Mapping[str, Row]:
        """Tables by their logical name: whether they track changes and are audited."""
        select = ("LogicalName", "ChangeTrackingEnabled", "IsAuditEnabled")
        where = " or ".join(f"LogicalName eq '{name}'" for _, name in TABLES.values())
        return {each["LogicalName"]: each for each in self._all("EntityDefinitions", select, where)}

    @functools.cached_property
    def _columns(self) -> Mapping[str, Row]:
        path = "EntityDefinitions(LogicalName='opportunity')/Attributes"
        select = (
            "LogicalName", "AttributeType", "DisplayName", "IsCustomAttribute", "IsValidForUpdate", "IsAuditEnabled", "SourceType",
        )  # fmt: skip
        return {each["LogicalName"]: each for each in self._all(path, select)}

    @functools.cached_property
    def _organization(self) -> Row:
        found: Row = self._all("organizations", ("name", "isauditenabled", "_basecurrencyid_value"))[0]
        return found

    @functools.cached_property
    def _currencies(self) -> Mapping[str, str]:
        rows = self._all("transactioncurrencies", ("transactioncurrencyid", "isocurrencycode"))
        return {each["transactioncurrencyid"]: each["isocurrencycode"] for each in rows}

    @functools.cached_property
    def _stages(self) -> Mapping[str, CrmStage]:
        where = "primaryentitytypecode eq 'opportunity'"
        rows = self._all(
            "processstages", ("processstageid", "stagename", "_processid_value", "stagecategory"), where
        )
        return {each["processstageid"]: _stage(each) for each in rows}

    @property
    def _audited(self) -> bool:
        table = self._tables.get("opportunity", {}).get("IsAuditEnabled") or {}
        return bool(self._organization.get("isauditenabled") and table.get("Value"))

    def _is_audited(self, column: str) -> bool:
        said = self._columns.get(column, {}).get("IsAuditEnabled") or {}
        return self._audited and bool(said.get("Value"))

    def describe(self) -> Described:
        for known in ("_tables", "_columns", "_organization", "_currencies", "_stages", "_choices"):
            self.__dict__.pop(known, None)
        who = self._get("WhoAmI")
        return Described(
            instance=values.text(who.body["OrganizationId"]),
            version=VERSION,
            server_time=who.server_time,
            currency=self._currencies.get(self._organization["_basecurrencyid_value"], ""),
            stages=tuple(self._stages.values()),
            fields=tuple(
                _field(each, self._is_audited(each["LogicalName"])) for each in self._columns.values()
            ),
            user=values.text(who.body["UserId"]),
            kept=tuple(self._kept.values()),
        )

    @functools.cached_property
    def _choices(self) -> Mapping[str, Mapping[str, str]]:
        """Return the words of choices by their numbers, by the column: asked for where such a column comes over."""
        types = {self._columns.get(name, {}).get("AttributeType") for name in self._extra.values()}
        return {
            each["LogicalName"]: _words_of(each)
            for type, kind in CHOOSING.items()
            if type in types
            for each in self._columns_of(kind)
        }

    def _columns_of(self, kind: str) -> list[Any]:
        path = f"EntityDefinitions(LogicalName='opportunity')/Attributes/Microsoft.Dynamics.CRM.{kind}"
        query = {"$select": "LogicalName", "$expand": "OptionSet($select=Options)"}
        found: list[Any] = self._get(path, query=query).body["value"]
        return found

    def _own(self, name: str, ours: str) -> Own:
        kind = HOLDS.get(self._columns.get(name, {}).get("AttributeType", ""), Kind.TEXT)
        choices = self._choices.get(name, {}) if kind in (Kind.CHOICE, Kind.CHOICES) else {}
        return Own(ours, kind, choices, between=",", unread=self.unread)

    def _selected(self, name: str) -> str:
        """Return by what name a column is asked for: one that names another row has the row's identity alone."""
        return f"_{name}_value" if self._columns[name].get("AttributeType") in LOOKUPS else name

    def _now(self, row: Row, name: str, ours: str) -> str:
        """Return what a column holds, of one that names another row the name of that."""
        if self._columns.get(name, {}).get("AttributeType") not in LOOKUPS:
            return self._own(name, ours).value(row.get(name))
        linked = self._selected(name)
        return values.text(row.get(f"{linked}{FORMATTED}") or row.get(linked))

    @property
    def _kept(self) -> dict[str, str]:
        """Return the columns of the company's own that are audited, with what they are called here."""
        return {
            name: ours
            for ours, name in self._extra.items()
            if self._is_audited(name) and self._columns[name].get("AttributeType") not in LOOKUPS
        }

    def test(self) -> Iterator[CapabilityFound]:
        looks: dict[Capability, Callable[[], CapabilityFound]] = {
            Capability.DEALS: lambda: self._counted(Capability.DEALS, "opportunities"),
            Capability.USERS: lambda: self._counted(Capability.USERS, "systemusers"),
            **{each: functools.partial(self._test_history, each) for each in TRACKED_BY},
            Capability.CONTACT_ROLES: lambda: self._counted(Capability.CONTACT_ROLES, "connections"),
            Capability.QUOTE_LINES: lambda: self._counted(Capability.QUOTE_LINES, "quotes"),
            Capability.LINE_HISTORY: lambda: CapabilityFound(Capability.LINE_HISTORY, Found.NOT_TRACKED),
            Capability.APPROVALS: lambda: CapabilityFound(Capability.APPROVALS, Found.NOT_THERE),
            Capability.ACTIVITIES: lambda: self._counted(Capability.ACTIVITIES, "activitypointers"),
            Capability.DELETIONS: self._test_deletions,
            Capability.WRITE_BACK: self._test_writing,
        }
        for capability, look in looks.items():
            yield values.tried(capability, RIGHTS.get(capability, ""), look)

    def _counted(self, capability: Capability, set: str) -> CapabilityFound:
        body = self._get(set, size=1, query={"$select": TABLES[set][0], "$count": "true"}).body
        most = body["@odata.count"] >= 5000
        detail = "Dataverse counts to 5,000." if most else ""
        return CapabilityFound(capability, Found.TRACKED, body["@odata.count"], detail=detail, at_least=most)

    def _test_history(self, capability: Capability) -> CapabilityFound:
        if not self._is_audited(TRACKED_BY[capability]):
            ask_for = f"Auditing of {TRACKED_BY[capability]} on Opportunity"
            return CapabilityFound(capability, Found.NOT_TRACKED, ask_for=ask_for)
        query = {
            "$filter": "objecttypecode eq 'opportunity'",
            "$orderby": "createdon",
            "$select": "createdon",
        }
        rows = self._get("audits", size=1, query=query).body["value"]
        since = values.earliest(values.at(each["createdon"]) for each in rows[:1])
        return CapabilityFound(capability, Found.TRACKED_SINCE, since=since)

    def _test_deletions(self) -> CapabilityFound:
        if self._tracks("opportunities"):
            return CapabilityFound(Capability.DELETIONS, Found.TRACKED)
        detail = "Without change tracking only a sweep tells what is gone."
        ask_for = RIGHTS[Capability.DELETIONS]
        return CapabilityFound(Capability.DELETIONS, Found.NOT_TRACKED, ask_for=ask_for, detail=detail)

    def _tracks(self, set: str) -> bool:
        return bool(self._tables.get(TABLES[set][1], {}).get("ChangeTrackingEnabled"))

    def _test_writing(self) -> CapabilityFound:
        """Change nothing on a deal that is not there: without the right Dataverse says so first."""
        nobody = "opportunities(00000000-0000-0000-0000-000000000001)"
        self._ask("PATCH", nobody, json={}, headers={"If-Match": "*"}, understood=(400, 404))
        return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED)

    # Pages

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        pages: dict[CrmObject, Callable[[str], CrmPage]] = {
            CrmObject.USERS: lambda mark: self._changed(object, "systemusers", USER, mark, _users),
            CrmObject.ACCOUNTS: lambda mark: self._changed(object, "accounts", ACCOUNT, mark, _accounts),
            CrmObject.CONTACTS: lambda mark: self._changed(object, "contacts", CONTACT, mark, _contacts),
            CrmObject.DEALS: lambda mark: paging.pages_in_turn(
                mark, ("opportunities", "connections"), self._deals_page
            ),
            CrmObject.CHANGES: self._changes_page,
            CrmObject.QUOTES: lambda mark: paging.pages_in_turn(
                mark, ("quotes", "quotedetails"), self._quotes_page
            ),
            CrmObject.ACTIVITIES: self._activities_page,
        }
        return pages[object](mark)

    def _changed(
        self,
        object: CrmObject,
        set: str,
        select: Sequence[str],
        mark: str,
        made: Callable[[list[Any]], Iterable[CrmRecord]],
        *,
        size: int = 0,
    ) -> CrmPage:
        """Return the next page of what was changed and deleted. The mark holds the link by which to go on."""
        held = json.loads(mark) if mark else {}
        path, query = self._request(set, select, held)
        try:
            answer = self._get(path, query=query, size=size, track=bool(query) and self._tracks(set))
        except exchange.Rejected:
            if query:
                raise
            return CrmPage(
                object, (), "", True, self._get("WhoAmI").server_time
            )  # the link is too old: all again
        rows = answer.body["value"]
        live = [each for each in rows if each.get("reason") != "deleted" and self._is_wanted(set, each)]
        gone = tuple(
            CrmFate(object, each["id"], Fate.DELETED) for each in rows if each.get("reason") == "deleted"
        )
        following, more = _following(held, answer)
        return CrmPage(object, tuple(made(live)), following, more, answer.server_time, gone)

    def _request(self, set: str, select: Sequence[str], held: Row) -> tuple[str, dict[str, str] | None]:
        if held.get("link"):
            return held["link"], None
        id = TABLES[set][0]
        query = {"$select": ",".join(dict.fromkeys((id, "modifiedon", *select)))}
        if not self._tracks(set):
            query["$orderby"] = f"modifiedon,{id}"
            if since := paging.read(held.get("mark", "")).since:
                query["$filter"] = f"modifiedon ge {since.isoformat().replace('+00:00', 'Z')}"
        return set, query

    def _is_wanted(self, set: str, row: Row) -> bool:
        since = self._wanted.since
        return since is None or set != "opportunities" or values.at(row["createdon"]).date() >= since

    def _deals_page(self, set: str, mark: str) -> CrmPage:
        if set == "opportunities":
            return self._changed(CrmObject.DEALS, set, self._deal_columns, mark, self._deals)
        try:
            page = self._changed(
                CrmObject.DEALS, set, ("_record1id_value",), mark, self._deals_of_connections
            )
        except exchange.NoRight:  # the self-test says so; with the right, all of them are read
            return CrmPage(CrmObject.DEALS, (), mark, False, self._get("WhoAmI").server_time)
        return dataclasses.replace(page, fates=())

    @property
    def _deal_columns(self) -> tuple[str, ...]:
        extra = (self._selected(name) for name in self._extra.values() if name in self._columns)
        return tuple(dict.fromkeys((*DEAL, *extra)))

    def _deals_of_connections(self, rows: list[Any]) -> Iterator[CrmDeal]:
        return self._deals_by_id([each["_record1id_value"] for each in rows if each.get("_record1id_value")])

    def _deals_by_id(self, ids: Iterable[str]) -> Iterator[CrmDeal]:
        select = ("opportunityid", "modifiedon", *self._deal_columns)
        found = self._of("opportunities", select, "opportunityid", ids)
        return self._deals([each for each in found if self._is_wanted("opportunities", each)])

    def _deals(self, rows: list[Any]) -> Iterator[CrmDeal]:
        select = ("_record1id_value", "_record2id_value", "_record2roleid_value")
        ids = [each["opportunityid"] for each in rows]
        where = "record2objecttypecode eq 2"  # a contact
        rows_of = functools.partial(self._of, "connections", select, "record1id", ids, where)
        held = values.grouped(values.seen(rows_of, []), "_record1id_value")
        return (self._deal(each, _roles(each, held[each["opportunityid"]])) for each in rows)

    def _deal(self, row: Row, roles: tuple[CrmRole, ...]) -> CrmDeal:
        status = STATES.get(values.text(row.get("statecode")))
        won = row.get("actualvalue") if status is DealStatus.WON else None
        return CrmDeal(
            id=row["opportunityid"],
            name=values.text(row.get("name")),
            created_at=values.at(row["createdon"]),
            modified_at=values.at(row["modifiedon"]),
            account_id=values.text(row.get("_parentaccountid_value")),
            owner_id=values.text(row.get("_ownerid_value")),
            pipeline=values.text(row.get("processid")),
            stage_id=values.text(row.get(_stage_column(row))),
            status=status,
            amount=values.number(row.get("estimatedvalue") if won is None else won),
            currency=self._currency_of(row),
            probability=values.share(row.get("closeprobability"), 100),
            expected_close_on=values.day(row.get("estimatedclosedate")),
            closed_at=values.moment(row.get("actualclosedate")) if status is not DealStatus.OPEN else None,
            loss_reason=values.text(row.get(f"statuscode{FORMATTED}")) if status is DealStatus.LOST else "",
            roles=roles,
            link=f"{self._address.url.rstrip('/')}/main.aspx?pagetype=entityrecord&etn=opportunity&id={row['opportunityid']}",
            extra={ours: self._now(row, name, ours) for ours, name in self._extra.items()},
        )

    def _currency_of(self, row: Row) -> str:
        return self._currencies.get(values.text(row.get("_transactioncurrencyid_value")), "")

    # History

    def _changes_page(self, mark: str) -> CrmPage:
        size = self.history_size
        page = self._changed(CrmObject.CHANGES, "opportunities", self._begun, mark, self._changes, size=size)
        return dataclasses.replace(page, fates=())  # DEALS tells them

    @property
    def _begun(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*BEGUN, *self._kept)))

    def _changes(self, rows: list[Any]) -> Iterator[CrmChange]:
        ids = [each["opportunityid"] for each in rows]
        kept = values.grouped(self._audits(ids), "_objectid_value")
        closings = (
            {}
            if self._is_audited("statecode")
            else values.grouped(self._closings(ids), "_opportunityid_value")
        )
        for row in rows:
            by_name = values.grouped(kept[row["opportunityid"]], "name")
            for name, (field, present) in HISTORY.items():
                if field is not DealField.STAGE or name == _stage_column(row, by_name):
                    yield from self._of_field(row, field, present, by_name[name])
            for name, ours in self._kept.items():
                yield from self._of_own(row, name, ours, by_name[name])
            for each in closings.get(row["opportunityid"], ()):
                yield from _closing(each)

    def _audits(self, ids: list[str]) -> list[Any]:
        """Return each changed column of each audited change, in the order of time."""
        if not self._audited:
            return []
        select = ("auditid", "createdon", "changedata", "_objectid_value", "_userid_value")
        audits = self._of("audits", select, "objectid", ids, "operation eq 2")
        audits.sort(key=lambda each: (values.at(each["createdon"]), each["auditid"]))
        return [
            {**audit, "name": each["logicalName"], "old": each.get("oldValue"), "new": each.get("newValue")}
            for audit in audits
            for each in json.loads(audit["changedata"] or "{}").get("changedAttributes", ())
        ]

    def _closings(self, ids: list[str]) -> list[Any]:
        select = (
            "activityid",
            "_opportunityid_value",
            "actualend",
            "createdon",
            "opportunitystatecode",
            "_ownerid_value",
        )
        return self._of("opportunitycloses", select, "opportunityid", ids)

    def _of_field(self, row: Row, field: DealField, present: str, entries: list[Any]) -> Iterator[CrmChange]:
        """What a deal began with is its first old value, or its value of now where nothing was changed."""
        first = _value(field, entries[0]["old"] if entries else row.get(present))
        if first:
            created = values.at(row["createdon"])
            yield self._change(row, field, first, created, None, origin=Origin.INFERRED)
        for each in entries:
            new, old, at = (
                _value(field, each["new"]),
                _value(field, each["old"]),
                values.at(each["createdon"]),
            )
            actor, id = values.text(each.get("_userid_value")), f"{each['auditid']}/{field.value}"
            yield self._change(row, field, new, at, old, actor_id=actor, native_id=id)

    def _of_own(self, row: Row, name: str, ours: str, entries: list[Any]) -> Iterator[CrmChange]:
        own, created = self._own(name, ours), values.at(row["createdon"])
        first = own.value(_bare(entries[0]["old"]) if entries else row.get(name))
        if first:
            yield self._change(row, DealField.EXTRA, first, created, None, origin=Origin.INFERRED, name=ours)
        for each in entries:
            new, old, at = (
                own.value(_bare(each["new"])),
                own.value(_bare(each["old"])),
                values.at(each["createdon"]),
            )
            actor, id = values.text(each.get("_userid_value")), f"{each['auditid']}/{ours}"
            yield self._change(row, DealField.EXTRA, new, at, old, actor_id=actor, native_id=id, name=ours)

    def _change(
        self, row: Row, field: DealField, new: str, at: dt.datetime, old: str | None, **more: Any
    ) -> CrmChange:
        told = field is DealField.STAGE
        return CrmChange(
            row["opportunityid"],
            field,
            new,
            at,
            old=old,
            old_label=self._label(old or "") if told else "",
            new_label=self._label(new) if told else "",
            currency=self._currency_of(row) if field is DealField.AMOUNT else "",
            **more,
        )

    def _label(self, stage: str) -> str:
        return self._stages[stage].name if stage in self._stages else ""

    def _activities_page(self, mark: str) -> CrmPage:
        called_off: list[CrmFate] = []

        def made(rows: list[Any]) -> Iterator[CrmActivity]:
            off = (each["activityid"] for each in rows if values.text(each.get("statecode")) == "2")
            called_off.extend(CrmFate(CrmObject.ACTIVITIES, each, Fate.DELETED) for each in off)
            return _activities(rows)

        page = self._changed(CrmObject.ACTIVITIES, "activitypointers", ACTIVITY, mark, made)
        return dataclasses.replace(page, fates=(*page.fates, *called_off))

    # Quotes

    def _quotes_page(self, set: str, mark: str) -> CrmPage:
        if set == "quotes":
            return self._changed(CrmObject.QUOTES, set, QUOTE, mark, self._quotes)
        page = self._changed(CrmObject.QUOTES, set, ("_quoteid_value",), mark, self._quotes_of_lines)
        return dataclasses.replace(page, fates=())

    def _quotes_of_lines(self, rows: list[Any]) -> Iterator[CrmQuote]:
        return self._quotes_by_id([each["_quoteid_value"] for each in rows])

    def _quotes_by_id(self, ids: Iterable[str]) -> Iterator[CrmQuote]:
        return self._quotes(self._of("quotes", ("quoteid", *QUOTE), "quoteid", ids))

    def _quotes(self, rows: list[Any]) -> Iterator[CrmQuote]:
        select = ("quotedetailid", *LINE)
        lines = values.grouped(
            self._of("quotedetails", select, "quoteid", [each["quoteid"] for each in rows]), "_quoteid_value"
        )
        for row in rows:
            if row.get("_opportunityid_value"):
                yield self._quote(row, tuple(map(_line, lines[row["quoteid"]])))

    def _quote(self, row: Row, lines: tuple[CrmLine, ...]) -> CrmQuote:
        return CrmQuote(
            id=row["quoteid"],
            deal_id=row["_opportunityid_value"],
            at=values.at(row["modifiedon"]),
            state=values.text(row.get(f"statecode{FORMATTED}")),
            currency=self._currency_of(row),
            net_price=_net(row, lines),
            lines=lines,
            current=values.text(row.get("statecode")) != "3",  # closed: revised or lost
            origin=Origin.SNAPSHOT,
        )

    # What became of records

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        set, id = SETS[object], TABLES[SETS[object]][0]
        query = None if mark else {"$select": f"{id},createdon"}
        body = self._get(mark or set, query=query).body
        found = frozenset(each[id] for each in body["value"] if self._is_wanted(set, each))
        return found, body.get("@odata.nextLink", "")

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        """Dataverse keeps nothing of a deleted row; merged accounts and contacts stay and name their master."""
        set, id = SETS[object], TABLES[SETS[object]][0]
        merging = ("merged", "_masterid_value") if set in ("accounts", "contacts") else ()
        rows = {each[id]: each for each in self._of(set, (id, *merging), id, ids)}
        return tuple(_fate(object, each, rows.get(each)) for each in ids)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        read: dict[CrmObject, Callable[[Sequence[str]], Iterable[CrmRecord]]] = {
            CrmObject.DEALS: self._deals_by_id,
            CrmObject.CHANGES: self._changes_by_id,
            CrmObject.QUOTES: self._quotes_by_id,
        }
        clock = self._get("WhoAmI").server_time
        return CrmPage(object, tuple(read[object](ids)), "", False, clock)

    def _changes_by_id(self, ids: Iterable[str]) -> Iterator[CrmChange]:
        return self._changes(self._of("opportunities", ("opportunityid", *self._begun), "opportunityid", ids))

    # Writing back

    def write(self, deal_id: str, values_: Mapping[str, str]) -> WriteResult:
        if NEVER_WRITTEN & values_.keys():
            return WriteResult(Written.REFUSED, "Stage, amount and outcome are never written.")
        unknown = [name for name in values_ if name not in self._columns]
        if unknown:
            return WriteResult(Written.NO_FIELD, f"Opportunity has no column {unknown[0]}.")
        rows = self._of("opportunities", ("opportunityid", "statecode", *values_), "opportunityid", [deal_id])
        if not rows:
            return WriteResult(Written.GONE)
        try:
            typed = {name: _typed(self._columns[name], value) for name, value in values_.items()}
        except ValueError as problem:
            return WriteResult(Written.REFUSED, values.shortened(problem))
        if all(rows[0].get(name) == value for name, value in typed.items()):
            return WriteResult(Written.SAME)
        if values.text(rows[0]["statecode"]) != "0":
            return WriteResult(Written.LOCKED, "A closed opportunity takes no changes.")
        return self._sent("PATCH", f"opportunities({deal_id})", typed)

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        there = [name for name in names if name in self._columns]
        rows = self._of("opportunities", ("opportunityid", *there), "opportunityid", ids)
        return {row["opportunityid"]: row for row in rows}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        said = {"subject": subject, "scheduledend": f"{due_on.isoformat()}T00:00:00Z" if due_on else None}
        if task_id:
            done = self._sent("PATCH", f"tasks({task_id})", said, task=True)
            if done.written is not Written.GONE:
                return done
        regarding = {"regardingobjectid_opportunity@odata.bind": f"/opportunities({deal_id})"}
        return self._sent("POST", "tasks", {**said, **regarding}, task=True)

    def find_task(self, deal_id: str, subject: str) -> str:
        called = subject.replace("'", "''")
        where = f"_regardingobjectid_value eq {deal_id} and subject eq '{called}' and statecode eq 0"
        rows = self._all("tasks", ("activityid", "createdon"), where)
        return max(rows, key=lambda row: row["createdon"])["activityid"] if rows else ""

    def finish_task(self, task_id: str) -> WriteResult:
        return self._sent("PATCH", f"tasks({task_id})", {"statecode": 1}, task=True)

    def _sent(self, method: str, path: str, body: Any, *, task: bool = False) -> WriteResult:
        """Change a row that is there: without ``If-Match`` Dataverse makes one that is not."""
        headers = {"Prefer": "return=representation", **({"If-Match": "*"} if method == "PATCH" else {})}
        try:
            done = self._ask(method, path, json=body, headers=headers, again=method != "POST")
        except exchange.NotThere:
            return WriteResult(Written.GONE)
        except exchange.NoRight as refused:
            return WriteResult(Written.LOCKED, str(refused))
        except exchange.Rejected as refused:
            said = (
                (refused.said or {}).get("error", {}).get("message") if isinstance(refused.said, dict) else ""
            )
            return WriteResult(Written.REFUSED, values.shortened(said or refused))
        modified_at = values.moment(done.body.get("modifiedon"))
        return WriteResult(
            Written.DONE, modified_at=modified_at, task_id=done.body["activityid"] if task else ""
        )


def _following(held: Row, answer: Answer) -> tuple[str, bool]:
    """Return the next mark, and whether more is to come now."""
    body, mark = answer.body, paging.read(held.get("mark", ""))
    if link := body.get("@odata.deltaLink"):
        return json.dumps({"link": link}), False
    times = [values.at(each["modifiedon"]) for each in body["value"] if "modifiedon" in each]
    if link := body.get("@odata.nextLink"):
        on = mark.on(mark.since, None, times, clock=answer.server_time)
        return json.dumps({"link": link, "mark": on.text()}), True
    return json.dumps({"mark": mark.ended(times, clock=answer.server_time).text()}), False


def _value(field: DealField, said: Any) -> str:
    """Return a value of the audit log or of a row; lookups stand there with their table before them."""
    if field is DealField.OWNER:
        return values.text(said).rpartition(",")[2]
    if field is DealField.STATUS:
        return STATES[values.text(said)].value if values.text(said) in STATES else ""
    if field is DealField.AMOUNT:
        return values.plain(said)
    if field is DealField.PROBABILITY:
        found = values.number(said)
        return "" if found is None else values.plain(found / 100)
    return _day(values.text(said)) if field is DealField.EXPECTED_CLOSE else values.text(said)


def _day(said: str) -> str:
    """Return a day as ISO; the audit log writes it the American way, with a time."""
    if "/" not in said:
        return said[:10]
    month, day, year = said.partition(" ")[0].split("/")
    return dt.date(int(year), int(month), int(day)).isoformat()


def _bare(said: Any) -> str:
    """Return a value of the audit log without the brackets and ends that stand about several choices there."""
    text = values.text(said)
    return text[1:-1].removeprefix("-1,").removesuffix(",-1") if text.startswith("[-1") else text


def _label_of(said: Any) -> str:
    """Return words in the language of our user, empty where there are none."""
    return values.text(((said or {}).get("UserLocalizedLabel") or {}).get("Label"))


def _words_of(column: Row) -> dict[str, str]:
    options = (column.get("OptionSet") or {}).get("Options") or ()
    return {str(each["Value"]): _label_of(each.get("Label")) or str(each["Value"]) for each in options}


def _closing(row: Row) -> Iterator[CrmChange]:
    """Yield the outcome that a closing activity says; one of which Dynamics does not say it says none."""
    status = STATES.get(values.text(row.get("opportunitystatecode")))
    if status is not None:
        at, actor = (
            values.at(row.get("actualend") or row["createdon"]),
            values.text(row.get("_ownerid_value")),
        )
        id, deal = f"{row['activityid']}/status", row["_opportunityid_value"]
        yield CrmChange(deal, DealField.STATUS, status.value, at, actor_id=actor, native_id=id)


def _fate(object: CrmObject, id: str, row: Row | None) -> CrmFate:
    if row is None:
        return CrmFate(object, id, Fate.VANISHED)
    into = values.text(row.get("_masterid_value")) if row.get("merged") else ""
    return CrmFate(object, id, Fate.MERGED if into else Fate.LIVE, into)


def _stage_column(row: Row, changed: Collection[str] = ()) -> str:
    """Return where a deal has its stage: the step of an older sales process where no stage of a process was ever set."""
    return "stageid" if row.get("stageid") or "stageid" in changed or not row.get("stepname") else "stepname"


def _stage(row: Row) -> CrmStage:
    order = int(row.get("stagecategory") or 0)
    return CrmStage(row["processstageid"], row["stagename"], values.text(row.get("_processid_value")), order)


def _field(said: Row, tracked: bool) -> CrmField:
    label = _label_of(said.get("DisplayName"))
    return CrmField(
        object=CrmObject.DEALS,
        name=said["LogicalName"],
        label=label or said["LogicalName"],
        type=values.text(said.get("AttributeType")),
        custom=bool(said.get("IsCustomAttribute")),
        tracked=tracked,
        formula=bool(said.get("SourceType")),
        writable=bool(said.get("IsValidForUpdate")),
        text=said.get("AttributeType") in ("String", "Memo"),
    )


def _roles(row: Row, connections: list[Any]) -> tuple[CrmRole, ...]:
    """Return the people a deal is connected with, and the contact that stands on the deal itself."""
    first = values.text(row.get("_parentcontactid_value"))
    roles = {
        each["_record2id_value"]: values.text(each.get(f"_record2roleid_value{FORMATTED}"))
        for each in connections
    }
    held = dict.fromkeys([*([first] if first else []), *sorted(roles)])
    return tuple(CrmRole(id, roles.get(id, ""), primary=id == first) for id in held)


def _users(rows: list[Any]) -> Iterator[CrmUser]:
    for row in rows:
        unit, manager = (
            values.text(row.get(f"_businessunitid_value{FORMATTED}")),
            row.get("_parentsystemuserid_value"),
        )
        mail = values.text(row.get("internalemailaddress"))
        active = not row.get("isdisabled")
        yield CrmUser(row["systemuserid"], row["fullname"], mail, unit, values.text(manager), active)


def _accounts(rows: list[Any]) -> Iterator[CrmAccount]:
    for row in rows:
        names = ("name", "address1_stateorprovince", f"industrycode{FORMATTED}", "address1_country")
        yield CrmAccount(row["accountid"], *(values.text(row.get(each)) for each in names))


def _contacts(rows: list[Any]) -> Iterator[CrmContact]:
    for row in rows:
        names = ("_parentcustomerid_value", "fullname", "jobtitle", "emailaddress1")
        yield CrmContact(row["contactid"], *(values.text(row.get(each)) for each in names))


def _line(row: Row) -> CrmLine:
    quantity, price = values.number(row.get("quantity")), values.number(row.get("priceperunit"))
    extended, tax = values.number(row.get("extendedamount")), values.number(row.get("tax")) or Decimal(0)
    return CrmLine(
        id=row["quotedetailid"],
        product=values.text(row.get("productname")),
        quantity=quantity,
        list_price=values.times(price, quantity),
        net_price=None if extended is None else extended - tax,
    )


def _net(row: Row, lines: Sequence[CrmLine]) -> Decimal | None:
    """Return what a quote costs before tax and freight: its lines less the discount on the whole; where a line says nothing, or
    there is none, its total."""
    said = [each.net_price for each in lines if each.net_price is not None]
    if not said or len(said) < len(lines):
        total = values.number(row.get("totalamount"))
        return None if not total else total - (values.number(row.get("totaltax")) or 0)
    off, share = (values.number(row.get(each)) or 0 for each in ("discountamount", "discountpercentage"))
    return sum(said, Decimal(0)) * (1 - Decimal(share) / 100) - off


def _took_place(kind: str, row: Row) -> bool:
    """Return whether an activity was completed; a meeting need not be, when its time is over, unless it was called off."""
    state = values.text(row.get("statecode"))
    return state == "1" or (kind == "meeting" and state != "2")


def _activities(rows: list[Any]) -> Iterator[CrmActivity]:
    for row in rows:
        kind = ACTIVITIES.get(row.get("activitytypecode", ""))
        if kind and _took_place(kind, row) and row.get(f"_regardingobjectid_value{TARGET}") == "opportunity":
            at = values.at(row.get("actualend") or row.get("scheduledstart") or row["createdon"])
            owner, deal = values.text(row.get("_ownerid_value")), row["_regardingobjectid_value"]
            yield CrmActivity(row["activityid"], deal, kind, at, owner)


def _typed(column: Row, value: str) -> Any:
    """Return a value in the type of its column: Dataverse takes no texts for numbers."""
    kind = column.get("AttributeType")
    if value == "":
        return None
    if kind in ("Integer", "Picklist", "BigInt"):
        return int(value)
    if kind == "Boolean":
        return values.yes_or_no(value)
    return float(value) if kind in ("Decimal", "Double", "Money") else value


CONNECTOR = Connector(
    key="dynamics",
    label="Dynamics 365 Sales",
    sign_ins=(
        SignIn(
            "client_credentials",
            "App registration with an application user",
            {
                "tenant": "Directory (tenant) ID",
                "client_id": "Application (client) ID",
                "client_secret": "Client secret",
            },
        ),
    ),
    open=Dynamics,
    options={"login": "Sign-in address, if not login.microsoftonline.com"},
    daily_budget=40_000,
)
