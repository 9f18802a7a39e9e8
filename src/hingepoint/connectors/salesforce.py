"""Salesforce: asked in SOQL through an External Client App, described anew each time, its deleted rows too.

Rows come in the order of ``SystemModstamp`` and id. Formula fields do not move it, nor do rows that hang on others:
contact roles and quote lines have marks of their own. A request line with its headers has 16,384 bytes at most, so
long lists of fields are asked for in parts and joined by id.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import functools
import json
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hingepoint.connectors import exchange, paging, values
from hingepoint.connectors.exchange import Answer, Exchange
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.source import Address, Connector, Described, SignIn, Wanted
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

VERSION = "v65.0"
DATA = f"services/data/{VERSION}"
#: Bytes of a query that leave room for the address and for headers with a long token.
MOST_QUERY = 10_000
#: How long changes of fields are kept (of stage, amount and close date: for ever).
FIELD_HISTORY = dt.timedelta(days=548)
#: How far back deleted rows are listed when they are not in the recycle bin any more.
DELETED_LISTED = dt.timedelta(days=29)

DEAL = (
    "Name", "AccountId", "OwnerId", "RecordTypeId", "StageName", "Amount", "CurrencyIsoCode", "Probability",
    "CloseDate", "IsClosed", "IsWon", "LeadSource", "Type", "CreatedDate",
)  # fmt: skip
USER = ("Name", "Email", "UserRole.Name", "ManagerId", "IsActive")
ACCOUNT = ("Name", "BillingState", "Industry", "BillingCountry")
CONTACT = ("AccountId", "Name", "Title", "Email")
QUOTE = ("OpportunityId", "Status", "TotalPrice", "CurrencyIsoCode", "IsSyncing")
LINE = ("QuoteId", "Product2.Name", "Quantity", "ListPrice", "UnitPrice", "TotalPrice")
APPROVAL = ("TargetObjectId", "Status", "SubmittedById", "CreatedDate", "CompletedDate", "LastActorId")
TASK = ("WhatId", "IsClosed", "TaskSubtype", "ActivityDate", "CompletedDateTime", "CreatedDate", "OwnerId")
EVENT = ("WhatId", "StartDateTime", "CreatedDate", "OwnerId")
HISTORY = {
    "StageName": DealField.STAGE,
    "Amount": DealField.AMOUNT,
    "CloseDate": DealField.EXPECTED_CLOSE,
    "Probability": DealField.PROBABILITY,
}
#: Types of fields of which Salesforce keeps that they changed, but not into what, or two rows a change (by name and by id).
NO_HISTORY = frozenset({"textarea", "multipicklist", "encryptedstring", "reference"})
#: What fields hold by their type; all others are texts.
HOLDS = {
    **dict.fromkeys(("int", "double", "currency", "percent", "long"), Kind.NUMBER),
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
    "boolean": Kind.YES_NO,
    "picklist": Kind.CHOICE,
    "multipicklist": Kind.CHOICES,
}
NEVER_WRITTEN = frozenset({"StageName", "Amount", "ForecastCategoryName"})
OBJECTS = {
    CrmObject.USERS: "User",
    CrmObject.ACCOUNTS: "Account",
    CrmObject.CONTACTS: "Contact",
    CrmObject.DEALS: "Opportunity",
    CrmObject.CHANGES: "Opportunity",
    CrmObject.QUOTES: "Quote",
    CrmObject.APPROVALS: "ProcessInstance",
}
#: Rights of the integration user to ask the administrator for.
RIGHTS = {
    Capability.DEALS: "View All Records on Opportunities",
    Capability.USERS: "View All Users",
    Capability.STAGE_HISTORY: "View All Records on Opportunities",
    Capability.AMOUNT_HISTORY: "View All Records on Opportunities",
    Capability.CLOSE_DATE_HISTORY: "View All Records on Opportunities",
    Capability.OWNER_HISTORY: "Set History Tracking for Opportunity Owner",
    Capability.CONTACT_ROLES: "View All Records on Accounts, Contacts",
    Capability.QUOTE_LINES: "View All Records on Quotes",
    Capability.APPROVALS: "View All Records on Opportunities",
    Capability.ACTIVITIES: "View All Records on Opportunities",
    Capability.DELETIONS: "View All Records on Opportunities",
    Capability.WRITE_BACK: "Edit on Opportunities",
}


class Salesforce:
    """One Salesforce org, signed in as its integration user."""

    objects = tuple(CrmObject)
    size = 200  # rows of a page
    history_size = 100  # deals of a page of which the history is asked

    def __init__(self, address: Address, link: Exchange, wanted: Wanted):
        self._address, self._link, self._wanted = address, link, wanted
        self._extra = {column: name for column, name in wanted.fields.items() if name}
        self.unread: Unread = set()
        self._organization = self._user = ""  # whose data it is, and as whom we are signed in

    # Signing in

    def _sign_in(self) -> None:
        secrets = self._address.secrets
        if "private_key" in secrets:
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(),
            }
        else:
            form = {
                "grant_type": "client_credentials",
                "client_id": secrets["client_id"],
                "client_secret": secrets["client_secret"],
            }
        self._link.headers.pop("Authorization", None)
        answer = self._link.ask("POST", "services/oauth2/token", form=form, understood=(400,))
        if answer.status == 400:
            said = values.shortened((answer.body or {}).get("error_description"))
            raise exchange.NotSignedIn(f"Salesforce does not take this sign-in: {said}")
        self._link.headers["Authorization"] = f"Bearer {answer.body['access_token']}"
        self._organization, self._user = ("", "", *values.text(answer.body.get("id")).split("/"))[-2:]

    def _assertion(self) -> str:
        """Return a JWT for the app and its user (RFC 7523), good for three minutes of Salesforce's clock."""
        secrets = self._address.secrets
        now = self._link.ask("GET", "services/data").server_time
        claims = {
            "iss": secrets["client_id"],
            "sub": secrets["user"],
            "aud": self._address.url,
            "exp": int(now.timestamp()) + 180,
        }
        signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims))
        try:
            key = serialization.load_pem_private_key(secrets["private_key"].encode(), None)
        except ValueError:
            raise exchange.NotSignedIn("The private key cannot be read: a PEM file is needed.") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise exchange.NotSignedIn("The private key is not an RSA key.")
        return f"{signed}.{_base64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        if "Authorization" not in self._link.headers:
            self._sign_in()
        try:
            return self._once(method, path, **more)
        except exchange.NotSignedIn:
            self._sign_in()
            return self._once(method, path, **more)

    def _once(self, method: str, path: str, **more: Any) -> Answer:
        answer = self._link.ask(method, path, understood=(403,), **more)
        self._now = answer.server_time
        used = re.search(r"api-usage=(\d+)/(\d+)", answer.headers.get("sforce-limit-info", ""))
        if used:
            self._link.budget.allowed = int(used[2])
            self._link.budget.left = int(used[2]) - int(used[1])
        if answer.status == 403:
            if "REQUEST_LIMIT_EXCEEDED" in _codes(answer.body):
                raise exchange.Busy("Salesforce's requests of 24 hours are used up.", 3600)
            raise exchange.NoRight("Salesforce says that this user has no right to it.")
        return answer

    def _query(self, soql: str, *, deleted: bool = False) -> tuple[list[Mapping[str, Any]], dt.datetime]:
        """Return all rows of a query, and Salesforce's clock when it began."""
        answer = self._ask("GET", f"{DATA}/{'queryAll' if deleted else 'query'}", query={"q": soql})
        rows, clock = list(answer.body["records"]), answer.server_time
        while not answer.body["done"]:
            answer = self._ask("GET", answer.body["nextRecordsUrl"])
            rows += answer.body["records"]
        return rows, clock

    def _count(self, name: str, where: str = "") -> int:
        total: int = self._ask("GET", f"{DATA}/query", query={"q": _soql(["COUNT()"], name, where)}).body[
            "totalSize"
        ]
        return total

    def _of(
        self, name: str, fields: Sequence[str], by: str, ids: Iterable[str], order: str = "Id"
    ) -> list[Any]:
        """Return the rows that hang on some others."""
        rows: list[Any] = []
        for some in values.chunks(sorted(set(ids)), self.size):
            rows += self._query(_soql(("Id", *fields), name, _among(by, some), order))[0]
        return rows

    # What is there

    @functools.cached_property
    def _there(self) -> frozenset[str]:
        return frozenset(each["name"] for each in self._ask("GET", f"{DATA}/sobjects").body["sobjects"])

    @functools.cached_property
    def _fields(self) -> Mapping[str, Mapping[str, Any]]:
        described = self._ask("GET", f"{DATA}/sobjects/Opportunity/describe").body["fields"]
        return {each["name"]: each for each in described}

    @functools.cached_property
    def _stages(self) -> Mapping[str, CrmStage]:
        fields = ("ApiName", "MasterLabel", "IsClosed", "IsWon", "SortOrder")
        return {each["ApiName"]: _stage(each) for each in self._query(_soql(fields, "OpportunityStage"))[0]}

    @functools.cached_property
    def _currency(self) -> str:
        found = self._ask("GET", f"{DATA}/connect/organization").body
        return values.text(found["features"].get("defaultCurrencyIsoCode"))

    @functools.cached_property
    def _tracked(self) -> frozenset[str]:
        """Names of fields with history tracking switched on."""
        fields, where = (
            ("QualifiedApiName", "IsFieldHistoryTracked"),
            "EntityDefinition.QualifiedApiName = 'Opportunity'",
        )
        rows = self._query(_soql(fields, "FieldDefinition", where))[0]
        return frozenset(each["QualifiedApiName"] for each in rows if each["IsFieldHistoryTracked"])

    def describe(self) -> Described:
        for known in ("_there", "_fields", "_stages", "_tracked"):
            self.__dict__.pop(known, None)
        fields = tuple(_field(each, each["name"] in self._tracked) for each in self._fields.values())
        return Described(
            instance=self._organization,
            version=VERSION,
            server_time=self._now,
            currency=self._currency,
            stages=tuple(self._stages.values()),
            fields=fields,
            user=self._user,
            kept=tuple(self._kept.values()),
        )

    def _own(self, name: str, ours: str) -> Own:
        said = self._fields.get(name, {})
        choices = {each["value"]: each["label"] or each["value"] for each in said.get("picklistValues") or ()}
        return Own(ours, HOLDS.get(said.get("type", ""), Kind.TEXT), choices, unread=self.unread)

    @property
    def _kept(self) -> dict[str, str]:
        """Return the fields of the company's own whose changes Salesforce keeps, with what they are called here."""
        return {
            name: ours
            for ours, name in self._extra.items()
            if name in self._tracked and self._fields.get(name, {}).get("type") not in NO_HISTORY
        }

    def test(self) -> Iterator[CapabilityFound]:
        looks: dict[Capability, Callable[[], CapabilityFound]] = {
            Capability.DEALS: lambda: self._counted(Capability.DEALS, "Opportunity"),
            Capability.USERS: lambda: self._counted(Capability.USERS, "User"),
            Capability.STAGE_HISTORY: lambda: self._test_history(Capability.STAGE_HISTORY),
            Capability.AMOUNT_HISTORY: lambda: self._test_history(Capability.AMOUNT_HISTORY),
            Capability.CLOSE_DATE_HISTORY: lambda: self._test_history(Capability.CLOSE_DATE_HISTORY),
            Capability.OWNER_HISTORY: self._test_owners,
            Capability.CONTACT_ROLES: lambda: self._counted(
                Capability.CONTACT_ROLES, "OpportunityContactRole"
            ),
            Capability.QUOTE_LINES: self._test_quotes,
            Capability.LINE_HISTORY: lambda: CapabilityFound(Capability.LINE_HISTORY, Found.NOT_TRACKED),
            Capability.APPROVALS: lambda: self._counted(Capability.APPROVALS, "ProcessInstance"),
            Capability.ACTIVITIES: self._test_activities,
            Capability.DELETIONS: self._test_deletions,
            Capability.WRITE_BACK: self._test_writing,
        }
        for capability, look in looks.items():
            yield values.tried(capability, RIGHTS.get(capability, ""), look)

    def _counted(self, capability: Capability, name: str) -> CapabilityFound:
        self._need(name)
        return CapabilityFound(capability, Found.TRACKED, count=self._count(name))

    def _need(self, name: str) -> None:
        """Salesforce does not list what a user may not see."""
        if name not in self._there:
            raise exchange.NoRight(f"This user does not see {name}.")

    def _test_history(self, capability: Capability) -> CapabilityFound:
        self._need("OpportunityHistory")
        count = self._count("OpportunityHistory")
        return CapabilityFound(capability, Found.TRACKED, count, self._first("OpportunityHistory"))

    def _test_owners(self) -> CapabilityFound:
        if "Owner" not in self._tracked and "OwnerId" not in self._tracked:
            ask_for = RIGHTS[Capability.OWNER_HISTORY]
            return CapabilityFound(Capability.OWNER_HISTORY, Found.NOT_TRACKED, ask_for=ask_for)
        where = "Field = 'Owner'"
        count, since = (
            self._count("OpportunityFieldHistory", where),
            self._first("OpportunityFieldHistory", where),
        )
        detail = "Salesforce keeps these changes for 18 months."
        return CapabilityFound(Capability.OWNER_HISTORY, Found.TRACKED_SINCE, count, since, detail=detail)

    def _first(self, name: str, where: str = "") -> dt.date | None:
        rows = self._query(_soql(["CreatedDate"], name, where, "CreatedDate", 1))[0]
        return values.earliest(values.at(each["CreatedDate"]) for each in rows)

    def _test_quotes(self) -> CapabilityFound:
        if "Quote" not in self._there:
            detail = "Quotes are switched off, or this user may not see them."
            return CapabilityFound(Capability.QUOTE_LINES, Found.NOT_THERE, detail=detail)
        return self._counted(Capability.QUOTE_LINES, "Quote")

    def _test_activities(self) -> CapabilityFound:
        count = sum(self._count(each, "What.Type = 'Opportunity'") for each in ("Task", "Event"))
        return CapabilityFound(Capability.ACTIVITIES, Found.TRACKED, count=count)

    def _test_deletions(self) -> CapabilityFound:
        rows, _ = self._query(_soql(["Id"], "Opportunity", "IsDeleted = true"), deleted=True)
        detail = "The recycle bin keeps them for 15 days; a sweep finds the others."
        return CapabilityFound(Capability.DELETIONS, Found.TRACKED, count=len(rows), detail=detail)

    def _test_writing(self) -> CapabilityFound:
        if not any(each["updateable"] and each["custom"] for each in self._fields.values()):
            raise exchange.NoRight("No field of our own can be changed.")
        return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED)

    # Pages

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        pages: dict[CrmObject, Callable[[str], CrmPage]] = {
            CrmObject.USERS: lambda mark: self._changed(object, "User", USER, mark, _users),
            CrmObject.ACCOUNTS: lambda mark: self._changed(object, "Account", ACCOUNT, mark, _accounts),
            CrmObject.CONTACTS: lambda mark: self._changed(object, "Contact", CONTACT, mark, _contacts),
            CrmObject.DEALS: lambda mark: paging.pages_in_turn(
                mark, ("Opportunity", "OpportunityContactRole"), self._deals_page
            ),
            CrmObject.CHANGES: self._changes_page,
            CrmObject.QUOTES: lambda mark: paging.pages_in_turn(
                mark, ("Quote", "QuoteLineItem"), self._quotes_page
            ),
            CrmObject.APPROVALS: lambda mark: self._changed(
                object, "ProcessInstance", APPROVAL, mark, self._approvals
            ),
            CrmObject.ACTIVITIES: lambda mark: paging.pages_in_turn(
                mark, ("Task", "Event"), self._activities_page
            ),
        }
        return pages[object](mark)

    def _changed(
        self,
        object: CrmObject,
        name: str,
        fields: Sequence[str],
        mark: str,
        made: Callable[[list[Any]], Iterable[CrmRecord]],
        *,
        where: str = "",
        size: int = 0,
        hung: bool = False,
    ) -> CrmPage:
        """Return the next page of what was changed, and of deleted rows what became of them.

        ``hung`` rows hang on the records that are made of them: a deleted one changes its record too.
        """
        held, size = paging.read(mark), size or self.size
        if name not in self._there:
            return CrmPage(object, (), mark, False, self._clock())
        rows, clock = self._rows(name, fields, [each for each in (_after(held), where) if each], size)
        live = [each for each in rows if hung or not each.get("IsDeleted")]
        fates = [] if hung else [_deleted(object, each) for each in rows if each.get("IsDeleted")]
        times = [values.at(each["SystemModstamp"]) for each in rows]
        if more := len(rows) >= size:
            following = held.on(times[-1], rows[-1]["Id"], times, clock=clock)
        else:
            following = held.ended(times, clock=clock)
        return CrmPage(object, tuple(made(live)), following.text(), more, clock, tuple(fates))

    def _rows(
        self, name: str, fields: Sequence[str], conditions: list[str], size: int
    ) -> tuple[list[Any], dt.datetime]:
        first, *further = _in_parts(fields)
        head = ("Id", "SystemModstamp") if name == "User" else ("Id", "SystemModstamp", "IsDeleted")
        where, order = " AND ".join(conditions), "SystemModstamp, Id"
        rows, clock = self._query(_soql((*head, *first), name, where, order, size), deleted=True)
        for part in further:
            rows = _joined(rows, self._of(name, part, "Id", [each["Id"] for each in rows]))
        return rows, clock

    def _clock(self) -> dt.datetime:
        return self._ask("GET", f"{DATA}/limits").server_time

    def _deals_page(self, name: str, mark: str) -> CrmPage:
        if name == "Opportunity":
            return self._changed(
                CrmObject.DEALS, name, self._deal_fields, mark, self._deals, where=self._since("CreatedDate")
            )
        made = functools.partial(self._hung, "OpportunityId", self._deals_by_id)
        where = self._since("Opportunity.CreatedDate")
        return self._changed(CrmObject.DEALS, name, ("OpportunityId",), mark, made, where=where, hung=True)

    def _since(self, field: str) -> str:
        day = self._wanted.since
        return f"{field} >= {_literal(dt.datetime.combine(day, dt.time(), dt.UTC))}" if day else ""

    @staticmethod
    def _hung(
        by: str, read: Callable[[list[str]], Iterable[CrmRecord]], rows: list[Any]
    ) -> Iterable[CrmRecord]:
        """Read anew what the rows hang on: they do not touch it when they change."""
        return read(sorted({each[by] for each in rows if each.get(by)}))

    @property
    def _deal_fields(self) -> tuple[str, ...]:
        return tuple(name for name in dict.fromkeys((*DEAL, *self._extra.values())) if name in self._fields)

    def _deals_by_id(self, ids: list[str]) -> Iterable[CrmDeal]:
        rows: list[Any] = [{"Id": id} for id in ids]
        for part in _in_parts(("SystemModstamp", *self._deal_fields)):
            rows = _joined(rows, self._of("Opportunity", part, "Id", ids))
        return self._deals([each for each in rows if "SystemModstamp" in each])

    def _deals(self, rows: list[Any]) -> Iterator[CrmDeal]:
        roles: dict[str, list[CrmRole]] = defaultdict(list)
        if "OpportunityContactRole" in self._there:
            fields = ("OpportunityId", "ContactId", "Role", "IsPrimary")
            for each in self._of(
                "OpportunityContactRole", fields, "OpportunityId", (row["Id"] for row in rows)
            ):
                role = CrmRole(each["ContactId"], values.text(each.get("Role")), bool(each.get("IsPrimary")))
                roles[each["OpportunityId"]].append(role)
        return (self._deal(each, tuple(roles[each["Id"]])) for each in rows)

    def _deal(self, row: Mapping[str, Any], roles: tuple[CrmRole, ...]) -> CrmDeal:
        close, closed = values.day(row.get("CloseDate")), bool(row.get("IsClosed"))
        return CrmDeal(
            id=row["Id"],
            name=values.text(row.get("Name")),
            created_at=values.at(row["CreatedDate"]),
            modified_at=values.at(row["SystemModstamp"]),
            account_id=values.text(row.get("AccountId")),
            owner_id=values.text(row.get("OwnerId")),
            pipeline=values.text(row.get("RecordTypeId")),
            stage_id=values.text(row.get("StageName")),
            status=_outcome(row) if "IsClosed" in row else None,
            amount=values.number(row.get("Amount")),
            currency=self._currency_of(row),
            probability=values.share(row.get("Probability"), 100),
            expected_close_on=close,
            closed_at=dt.datetime.combine(close, dt.time(), dt.UTC) if closed and close else None,
            loss_reason="",
            source=values.text(row.get("LeadSource")),
            roles=roles,
            link=f"{self._address.url.rstrip('/')}/lightning/r/Opportunity/{row['Id']}/view",
            extra={ours: self._own(name, ours).value(row.get(name)) for ours, name in self._extra.items()},
        )

    def _currency_of(self, row: Mapping[str, Any]) -> str:
        return values.text(row.get("CurrencyIsoCode")) or self._currency

    # History

    def _changes_page(self, mark: str) -> CrmPage:
        where, size = self._since("CreatedDate"), self.history_size
        page = self._changed(
            CrmObject.CHANGES, "Opportunity", self._begun_fields, mark, self._changes, where=where, size=size
        )
        return dataclasses.replace(page, fates=())  # DEALS tells them

    @property
    def _begun_fields(self) -> list[str]:
        names = ("OwnerId", "CreatedDate", "CurrencyIsoCode", *self._kept)
        return [each for each in names if each in self._fields]

    def _changes(self, rows: list[Any]) -> Iterator[CrmChange]:
        ids = [each["Id"] for each in rows]
        fields = ("OpportunityId", *HISTORY, "CreatedById", "CreatedDate")
        order = "OpportunityId, CreatedDate, Id"
        kept = values.grouped(
            self._of("OpportunityHistory", fields, "OpportunityId", ids, order), "OpportunityId"
        )
        followed = values.grouped(self._followed(ids), "OpportunityId")
        for row in rows:
            yield from self._of_history(row, kept[row["Id"]])
            by_field = values.grouped(followed[row["Id"]], "Field")
            yield from self._of_owner(row, by_field["Owner"])
            for name, ours in self._kept.items():
                yield from self._of_own(row, name, ours, by_field[name])

    def _followed(self, ids: list[str]) -> list[Any]:
        """Return the changes of fields whose history is switched on."""
        if "OpportunityFieldHistory" not in self._there:
            return []
        fields = ("OpportunityId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
        order = "OpportunityId, CreatedDate, Id"
        return self._of("OpportunityFieldHistory", fields, "OpportunityId", ids, order)

    def _of_history(self, deal: Mapping[str, Any], rows: list[Any]) -> Iterator[CrmChange]:
        """Each row has all values after a change: what differs from the row before was changed."""
        for before, row in pairwise([None, *rows]):
            assert row is not None
            for name, kept in HISTORY.items():
                old, new = _value(kept, (before or {}).get(name)), _value(kept, row.get(name))
                if old != new:
                    yield from self._change(deal, row, kept, old, new)

    def _change(
        self, deal: Mapping[str, Any], row: Mapping[str, Any], kept: DealField, old: str, new: str
    ) -> Iterator[CrmChange]:
        at, actor = values.at(row["CreatedDate"]), values.text(row.get("CreatedById"))
        is_stage = kept is DealField.STAGE
        yield CrmChange(
            deal["Id"],
            kept,
            new,
            at,
            old=old,
            old_label=self._label(old) if is_stage else "",
            new_label=self._label(new) if is_stage else "",
            currency=self._currency_of(deal) if kept is DealField.AMOUNT else "",
            actor_id=actor,
            native_id=f"{row['Id']}/{kept.value}",
        )
        then, now = self._stages.get(old), self._stages.get(new)
        if is_stage and now and now.status and (then is None or then.status is not now.status):
            was = then.status.value if then and then.status else None
            yield CrmChange(
                deal["Id"],
                DealField.STATUS,
                now.status.value,
                at,
                old=was,
                actor_id=actor,
                origin=Origin.INFERRED,
                native_id=f"{row['Id']}/status",
            )

    def _label(self, stage: str) -> str:
        return self._stages[stage].name if stage in self._stages else stage

    def _of_owner(self, deal: Mapping[str, Any], rows: list[Any]) -> Iterator[CrmChange]:
        """Salesforce keeps a change of owner twice, once with names and once with ids."""
        changes = [each for each in rows if _is_id(each["NewValue"])]
        labels = {each["CreatedDate"]: each for each in rows if not _is_id(each["NewValue"])}
        created = values.at(deal["CreatedDate"])
        first = changes[0]["OldValue"] if changes else deal.get("OwnerId")
        if first and self._reaches_back(created):
            yield CrmChange(deal["Id"], DealField.OWNER, first, created, origin=Origin.INFERRED)
        for each in changes:
            words = labels.get(each["CreatedDate"], {})
            yield CrmChange(
                deal["Id"],
                DealField.OWNER,
                each["NewValue"],
                values.at(each["CreatedDate"]),
                old=values.text(each["OldValue"]),
                old_label=values.text(words.get("OldValue")),
                new_label=values.text(words.get("NewValue")),
                actor_id=values.text(each.get("CreatedById")),
                native_id=f"{each['Id']}/owner",
            )

    def _of_own(self, deal: Mapping[str, Any], name: str, ours: str, rows: list[Any]) -> Iterator[CrmChange]:
        created, id, own = values.at(deal["CreatedDate"]), deal["Id"], self._own(name, ours)
        first = own.value(rows[0]["OldValue"] if rows else deal.get(name))
        if first and self._now - created < FIELD_HISTORY:
            yield CrmChange(id, DealField.EXTRA, first, created, origin=Origin.INFERRED, name=ours)
        for each in rows:
            yield CrmChange(
                id,
                DealField.EXTRA,
                own.value(each["NewValue"]),
                values.at(each["CreatedDate"]),
                old=own.value(each["OldValue"]),
                actor_id=values.text(each.get("CreatedById")),
                native_id=f"{each['Id']}/{ours}",
                name=ours,
            )

    def _reaches_back(self, created: dt.datetime) -> bool:
        """Return whether changes of owner are known from the beginning: older ones are not kept."""
        return not self._tracked & {"Owner", "OwnerId"} or self._now - created < FIELD_HISTORY

    # Quotes, approvals, activities

    def _quotes_page(self, name: str, mark: str) -> CrmPage:
        if name == "Quote":
            return self._changed(CrmObject.QUOTES, name, self._quote_fields, mark, self._quotes)
        made = functools.partial(self._hung, "QuoteId", self._quotes_by_id)
        return self._changed(CrmObject.QUOTES, name, ("QuoteId",), mark, made, hung=True)

    @property
    def _quote_fields(self) -> list[str]:
        return [each for each in QUOTE if each != "CurrencyIsoCode" or each in self._fields]

    def _quotes_by_id(self, ids: list[str]) -> Iterable[CrmQuote]:
        return self._quotes(self._of("Quote", ("SystemModstamp", *self._quote_fields), "Id", ids))

    def _quotes(self, rows: list[Any]) -> Iterator[CrmQuote]:
        ids = [each["Id"] for each in rows]
        lines = values.grouped(self._of("QuoteLineItem", LINE, "QuoteId", ids), "QuoteId")
        for row in rows:
            if row.get("OpportunityId"):
                yield self._quote(row, tuple(map(_line, lines[row["Id"]])))

    def _quote(self, row: Mapping[str, Any], lines: tuple[CrmLine, ...]) -> CrmQuote:
        return CrmQuote(
            id=row["Id"],
            deal_id=row["OpportunityId"],
            at=values.at(row["SystemModstamp"]),
            state=values.text(row.get("Status")),
            currency=self._currency_of(row),
            net_price=values.number(row.get("TotalPrice")),
            lines=lines,
            current=bool(row.get("IsSyncing")),
            origin=Origin.SNAPSHOT,
        )

    def _approvals(self, rows: list[Any]) -> Iterator[CrmApproval]:
        targets = [each["TargetObjectId"] for each in rows]
        quotes = [id for id in targets if id.startswith("0Q0")] if "Quote" in self._there else []
        deal_of = {
            each["Id"]: each["OpportunityId"] for each in self._of("Quote", ("OpportunityId",), "Id", quotes)
        }
        for row in rows:
            target = row["TargetObjectId"]
            deal = target if target.startswith("006") else deal_of.get(target)
            if deal:
                yield _approval(row, deal)

    def _activities_page(self, name: str, mark: str) -> CrmPage:
        """Return what took place: a task that is to be done comes when it is closed."""

        def made(rows: list[Any]) -> Iterator[CrmActivity]:
            return (_activity(name, each) for each in rows if name == "Event" or each["IsClosed"])

        where, fields = "What.Type = 'Opportunity'", TASK if name == "Task" else EVENT
        return self._changed(CrmObject.ACTIVITIES, name, fields, mark, made, where=where)

    # What became of records

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        conditions = [f"Id > {_quoted(mark)}"] if mark else []
        if object is CrmObject.DEALS and self._wanted.since:
            conditions.append(self._since("CreatedDate"))
        where, most = " AND ".join(conditions), self.size * 10
        rows, _ = self._query(_soql(["Id"], OBJECTS[object], where, "Id", most))
        found = [each["Id"] for each in rows]
        return frozenset(found), found[-1] if len(found) >= most else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        name, clock = OBJECTS[object], None
        found: dict[str, CrmFate] = {}
        merged = ("MasterRecordId",) if name in ("Account", "Contact") else ()
        for some in values.chunks(ids, self.size):
            soql = _soql(("Id", "SystemModstamp", "IsDeleted", *merged), name, _among("Id", some))
            rows, clock = self._query(soql, deleted=True)
            found |= {each["Id"]: _deleted(object, each) for each in rows}
        if clock and any(id not in found for id in ids):
            found = self._listed_deleted(object, clock) | found
        return tuple(found.get(id) or CrmFate(object, id, Fate.VANISHED) for id in ids)

    def _listed_deleted(self, object: CrmObject, clock: dt.datetime) -> dict[str, CrmFate]:
        """Return what was deleted of late, also where the recycle bin was emptied."""
        span = {"start": _literal(clock - DELETED_LISTED), "end": _literal(clock)}
        said = self._ask("GET", f"{DATA}/sobjects/{OBJECTS[object]}/deleted/", query=span).body
        return {
            each["id"]: CrmFate(object, each["id"], Fate.DELETED, at=values.moment(each["deletedDate"]))
            for each in said["deletedRecords"]
        }

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        read: dict[CrmObject, Callable[[list[str]], Iterable[CrmRecord]]] = {
            CrmObject.DEALS: self._deals_by_id,
            CrmObject.QUOTES: self._quotes_by_id,
            CrmObject.CHANGES: self._changes_by_id,
        }
        clock = self._clock()
        return CrmPage(object, tuple(read[object](list(ids))), "", False, clock)

    def _changes_by_id(self, ids: list[str]) -> Iterable[CrmChange]:
        return self._changes(self._of("Opportunity", self._begun_fields, "Id", ids))

    # Writing back

    def write(self, deal_id: str, values_: Mapping[str, str]) -> WriteResult:
        if NEVER_WRITTEN & values_.keys():
            return WriteResult(Written.REFUSED, "Stage and amount are never written.")
        unknown = [name for name in values_ if name not in self._fields]
        if unknown:
            return WriteResult(
                Written.NO_FIELD, f"Opportunity has no field {unknown[0]}, or it is not visible."
            )
        rows = self._of("Opportunity", tuple(values_), "Id", [deal_id])
        if not rows:
            return WriteResult(Written.GONE)
        if all(values.means(rows[0].get(name), value) for name, value in values_.items()):
            return WriteResult(Written.SAME)
        done = self._sent("PATCH", f"Opportunity/{deal_id}", dict(values_))
        if done.written is not Written.DONE:
            return done
        now = self._of("Opportunity", ("SystemModstamp",), "Id", [deal_id])
        return WriteResult(Written.DONE, modified_at=values.at(now[0]["SystemModstamp"]) if now else None)

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        there = [name for name in names if name in self._fields]
        return {row["Id"]: row for row in self._of("Opportunity", there, "Id", ids)}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        said = {"Subject": subject, "ActivityDate": due_on.isoformat() if due_on else None}
        if task_id:
            done = self._sent("PATCH", f"Task/{task_id}", said)
            if done.written is not Written.GONE:
                return WriteResult(done.written, done.detail, task_id=task_id)
        return self._sent("POST", "Task", {**said, "WhatId": deal_id})

    def find_task(self, deal_id: str, subject: str) -> str:
        on_deal = f"WhatId = {_quoted(deal_id)} AND Subject = {_quoted(subject)} AND IsClosed = false"
        rows, _ = self._query(_soql(("Id",), "Task", on_deal, "CreatedDate"))
        return rows[-1]["Id"] if rows else ""

    def finish_task(self, task_id: str) -> WriteResult:
        rows, _ = self._query(_soql(("ApiName",), "TaskStatus", "IsClosed = true", "ApiName", 1))
        closed = rows[0]["ApiName"] if rows else "Completed"
        return self._sent("PATCH", f"Task/{task_id}", {"Status": closed})

    def _sent(self, method: str, path: str, body: Any) -> WriteResult:
        try:
            done = self._ask(method, f"{DATA}/sobjects/{path}", json=body, again=method != "POST")
        except exchange.NotThere:
            return WriteResult(Written.GONE)
        except exchange.NoRight as refused:
            return WriteResult(Written.LOCKED, str(refused))
        except exchange.Rejected as refused:
            return _refused(refused)
        return WriteResult(Written.DONE, task_id=(done.body or {}).get("id", ""))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _codes(body: Any) -> set[str]:
    return (
        {each.get("errorCode", "") for each in body if isinstance(each, dict)}
        if isinstance(body, list)
        else set()
    )


def _literal(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _soql(fields: Sequence[str], name: str, where: str = "", order: str = "", limit: int = 0) -> str:
    """Return a query; what comes from outside is quoted by whoever makes ``where``."""
    parts = (
        f"WHERE {where}" * bool(where),
        f"ORDER BY {order}" * bool(order),
        f"LIMIT {limit}" * bool(limit),
    )
    return " ".join(filter(None, (f"SELECT {', '.join(fields)} FROM {name}", *parts)))  # noqa: S608


def _among(by: str, ids: Sequence[str]) -> str:
    return f"{by} IN ({', '.join(map(_quoted, ids))})"


def _quoted(said: str) -> str:
    return "'" + said.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _after(held: paging.Mark) -> str:
    if held.since is None:
        return ""
    since = _literal(held.since)
    if held.after is None:
        return f"SystemModstamp >= {since}"
    return f"(SystemModstamp > {since} OR (SystemModstamp = {since} AND Id > {_quoted(held.after)}))"


def _in_parts(fields: Sequence[str]) -> list[list[str]]:
    """Return the fields in lists that fit into one request line each."""
    parts: list[list[str]] = [[]]
    size = 0
    for name in fields:
        longer = len(urllib.parse.quote(f", {name}"))
        if size + longer > MOST_QUERY // 2:
            parts.append([])
            size = 0
        parts[-1].append(name)
        size += longer
    return parts


def _joined(rows: list[Any], more: list[Any]) -> list[Any]:
    by_id = {each["Id"]: each for each in more}
    return [{**each, **by_id.get(each["Id"], {})} for each in rows]


def _is_id(said: Any) -> bool:
    return bool(re.fullmatch(r"00[5G][A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", values.text(said)))


def _value(kept: DealField, said: Any) -> str:
    if kept is DealField.PROBABILITY:
        found = values.number(said)
        return "" if found is None else values.plain(found / 100)
    return values.plain(said) if kept is DealField.AMOUNT else values.text(said)


def _outcome(row: Mapping[str, Any]) -> DealStatus:
    if not row.get("IsClosed"):
        return DealStatus.OPEN
    return DealStatus.WON if row.get("IsWon") else DealStatus.LOST


def _stage(row: Mapping[str, Any]) -> CrmStage:
    return CrmStage(
        row["ApiName"], row["MasterLabel"], order=int(row.get("SortOrder") or 0), status=_outcome(row)
    )


def _field(said: Mapping[str, Any], tracked: bool) -> CrmField:
    return CrmField(
        object=CrmObject.DEALS,
        name=said["name"],
        label=said["label"],
        type=said["type"],
        custom=said["custom"],
        tracked=tracked or said["name"] in HISTORY,
        formula=said["calculated"],
        writable=said["updateable"],
        text=said["type"] in ("string", "textarea", "url"),
    )


def _deleted(object: CrmObject, row: Mapping[str, Any]) -> CrmFate:
    if not row["IsDeleted"]:
        return CrmFate(object, row["Id"], Fate.LIVE)
    into, at = values.text(row.get("MasterRecordId")), values.moment(row["SystemModstamp"])
    return CrmFate(object, row["Id"], Fate.MERGED if into else Fate.DELETED, into, at)


def _users(rows: list[Any]) -> Iterator[CrmUser]:
    for row in rows:
        role = (row.get("UserRole") or {}).get("Name")
        manager = values.text(row.get("ManagerId"))
        yield CrmUser(
            row["Id"], row["Name"], values.text(row.get("Email")), values.text(role), manager, row["IsActive"]
        )


def _accounts(rows: list[Any]) -> Iterator[CrmAccount]:
    for row in rows:
        said = (values.text(row.get(name)) for name in ("Name", "BillingState", "Industry", "BillingCountry"))
        yield CrmAccount(row["Id"], *said)


def _contacts(rows: list[Any]) -> Iterator[CrmContact]:
    for row in rows:
        yield CrmContact(
            row["Id"], *(values.text(row.get(name)) for name in ("AccountId", "Name", "Title", "Email"))
        )


def _line(row: Mapping[str, Any]) -> CrmLine:
    quantity, price = values.number(row.get("Quantity")), values.number(row.get("ListPrice"))
    product = values.text((row.get("Product2") or {}).get("Name"))
    return CrmLine(
        row["Id"], product, quantity, values.times(price, quantity), values.number(row.get("TotalPrice"))
    )


def _approval(row: Mapping[str, Any], deal: str) -> CrmApproval:
    approved = {"Approved": True, "Rejected": False}.get(row["Status"])
    decided = approved is not None
    return CrmApproval(
        id=row["Id"],
        deal_id=deal,
        asked_at=values.at(row["CreatedDate"]),
        asked_by=values.text(row.get("SubmittedById")),
        decided_at=values.moment(row.get("CompletedDate")) if decided else None,
        decided_by=values.text(row.get("LastActorId")) if decided else "",
        approved=approved,
    )


def _activity(name: str, row: Mapping[str, Any]) -> CrmActivity:
    kind = (
        "meeting"
        if name == "Event"
        else {"Email": "mail", "Call": "call"}.get(row.get("TaskSubtype") or "", "task")
    )
    said = (
        row.get("StartDateTime")
        or row.get("CompletedDateTime")
        or row.get("ActivityDate")
        or row["CreatedDate"]
    )
    return CrmActivity(row["Id"], row["WhatId"], kind, values.at(said), values.text(row.get("OwnerId")))


def _refused(refused: exchange.Rejected) -> WriteResult:
    codes = _codes(refused.said)
    said = "; ".join(each.get("message", "") for each in refused.said) if codes else str(refused)
    written = Written.REFUSED
    if codes & {"ENTITY_IS_LOCKED", "UNABLE_TO_LOCK_ROW", "INSUFFICIENT_ACCESS_OR_READONLY"}:
        written = Written.LOCKED
    elif codes & {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"}:
        written = Written.NO_FIELD
    elif codes & {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}:
        written = Written.GONE
    return WriteResult(written, values.shortened(said))


CONNECTOR = Connector(
    key="salesforce",
    label="Salesforce",
    sign_ins=(
        SignIn(
            "client_credentials",
            "External Client App with client credentials",
            {"client_id": "Consumer key", "client_secret": "Consumer secret"},
        ),
        SignIn(
            "jwt",
            "External Client App with a certificate (JWT bearer)",
            {"client_id": "Consumer key", "user": "User name", "private_key": "Private key (PEM)"},
        ),
    ),
    open=Salesforce,
    daily_budget=100_000,
)
