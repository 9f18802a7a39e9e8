"""HubSpot: its dated API, read through search by the time of the last change, with the history of its properties.

Search gives 10,000 rows at most and sorts by one property: pages go on by the time of the last record, and by the
id where a page holds one time only. A merge of two deals makes a third; asking for one of the two gives the third.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
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

VERSION = "2026-09"
HOST = "https://api.hubapi.com"
#: With fewer entries of history of one property, the first is the first ever. HubSpot's documentation names no number of
#: entries for deals; this is a careful one.
MOST_ENTRIES = 20

MODIFIED = {"contacts": "lastmodifieddate"}
DEAL = (
    "dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "closedate", "createdate",
    "hubspot_owner_id", "hubspot_team_id", "hs_deal_stage_probability", "hs_is_closed", "hs_is_closed_won",
    "closed_lost_reason", "hs_analytics_source", "hs_merged_object_ids", "hs_lastmodifieddate",
)  # fmt: skip
COMPANY = ("name", "country", "state", "industry", "hs_lastmodifieddate")
CONTACT = ("firstname", "lastname", "jobtitle", "email", "associatedcompanyid", "lastmodifieddate")
QUOTE = ("hs_status", "hs_currency", "hs_quote_amount", "hs_createdate", "hs_lastmodifieddate")
LINE = (
    "name", "quantity", "price", "amount", "hs_cost_of_goods_sold", "hs_lastmodifieddate",
)  # fmt: skip
#: Properties that say whether an activity took place, and when.
TOOK_PLACE = {"tasks": ("hs_task_status", "hs_task_completion_date"), "meetings": ("hs_meeting_outcome",)}
ACTIVITIES = {"calls": "call", "meetings": "meeting", "tasks": "task", "emails": "mail", "notes": "note"}
HISTORY = {
    "dealstage": DealField.STAGE,
    "amount": DealField.AMOUNT,
    "closedate": DealField.EXPECTED_CLOSE,
    "hubspot_owner_id": DealField.OWNER,
    "hs_deal_stage_probability": DealField.PROBABILITY,
}
#: What properties hold by their type; all others are texts. Of choices, boxes to tick are several.
HOLDS = {
    "number": Kind.NUMBER, "date": Kind.DAY, "datetime": Kind.MOMENT, "bool": Kind.YES_NO, "enumeration": Kind.CHOICE,
}  # fmt: skip
NEVER_WRITTEN = frozenset({"dealstage", "pipeline", "amount"})
BULK = frozenset({"IMPORT", "MIGRATION", "CRM_UI_BULK_ACTION", "BATCH_UPDATE", "MERGE_OBJECTS"})
PRIMARY_COMPANY = 5  # the type of a deal's association with its primary company
TASK_OF_DEAL = 216  # the type of a task's association with its deal

#: Scopes to ask the administrator for.
RIGHTS = {
    Capability.DEALS: "crm.objects.deals.read",
    Capability.USERS: "crm.objects.owners.read",
    Capability.STAGE_HISTORY: "crm.objects.deals.read",
    Capability.AMOUNT_HISTORY: "crm.objects.deals.read",
    Capability.CLOSE_DATE_HISTORY: "crm.objects.deals.read",
    Capability.OWNER_HISTORY: "crm.objects.deals.read",
    Capability.CONTACT_ROLES: "crm.objects.contacts.read",
    Capability.QUOTE_LINES: "crm.objects.quotes.read and crm.objects.line_items.read",
    Capability.APPROVALS: "crm.objects.quotes.read",
    Capability.ACTIVITIES: "crm.objects.contacts.read",
    Capability.DELETIONS: "crm.objects.deals.read",
    Capability.WRITE_BACK: "crm.objects.deals.write",
}
TRACKED_BY = {
    Capability.STAGE_HISTORY: "dealstage",
    Capability.AMOUNT_HISTORY: "amount",
    Capability.CLOSE_DATE_HISTORY: "closedate",
    Capability.OWNER_HISTORY: "hubspot_owner_id",
}


class HubSpot:
    """One HubSpot account, signed in with a service key."""

    objects = tuple(CrmObject)
    size = 100  # records of a page
    history_size = 50  # records of a page of which the history is asked

    def __init__(self, address: Address, link: Exchange, wanted: Wanted):
        self._link, self._wanted = link, wanted
        self._link.headers["Authorization"] = f"Bearer {address.secrets['key']}"
        self._extra = {column: name for column, name in wanted.fields.items() if name}
        self.unread: Unread = set()

    # What is there

    def describe(self) -> Described:
        for known in (
            "_account",
            "_stages",
            "_everyone",
            "_owner_of_user",
            "_team_names",
            "_properties",
            "_own",
        ):
            self.__dict__.pop(known, None)
        fields = self._properties
        return Described(
            instance=str(self._account["portalId"]),
            version=VERSION,
            server_time=fields.server_time,
            currency=values.text(self._account.get("companyCurrency")),
            stages=tuple(self._stages.values()),
            fields=tuple(map(_field, fields.body["results"])),
            kept=tuple(self._kept),
        )

    @functools.cached_property
    def _properties(self) -> Answer:
        return self._ask("GET", f"crm/properties/{VERSION}/0-3")

    @property
    def _kept(self) -> dict[str, str]:
        """Return the properties of the company's own by what they are called here, but for those that HubSpot works out."""
        said = {each["name"] for each in self._properties.body["results"] if not each.get("calculated")}
        return {ours: name for ours, name in self._extra.items() if name in said}

    @functools.cached_property
    def _own(self) -> dict[str, Own]:
        """Return the properties that were asked for, by what they are called here."""
        said = {each["name"]: each for each in self._properties.body["results"]} if self._extra else {}
        return {ours: _own(ours, said.get(name, {}), self.unread) for ours, name in self._extra.items()}

    @functools.cached_property
    def _account(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._ask("GET", f"account-info/{VERSION}/details").body
        return found

    @functools.cached_property
    def _stages(self) -> Mapping[str, CrmStage]:
        pipelines = self._ask("GET", f"crm/pipelines/{VERSION}/deals").body["results"]
        return {
            stage["id"]: _stage(stage, pipeline) for pipeline in pipelines for stage in pipeline["stages"]
        }

    @functools.cached_property
    def _owner_of_user(self) -> Mapping[str, str]:
        """Owners by the id of their user, which is what history names."""
        return {str(each["userId"]): each["id"] for each in self._everyone if each.get("userId")}

    @functools.cached_property
    def _team_names(self) -> Mapping[str, str]:
        """Names of teams by their ids: a deal says the id only, an owner says both."""
        return {str(team["id"]): team["name"] for each in self._everyone for team in each.get("teams") or ()}

    @functools.cached_property
    def _everyone(self) -> tuple[Mapping[str, Any], ...]:
        return values.seen(lambda: tuple(self._owners()), ())

    def _owners(self) -> Iterator[Mapping[str, Any]]:
        for archived in ("false", "true"):
            after: str | None = ""
            while after is not None:
                body = self._owner_page(archived, after).body
                yield from body["results"]
                after = _after(body)

    def _owner_page(self, archived: str, after: str) -> Answer:
        query = {"limit": self.size, "archived": archived, **({"after": after} if after else {})}
        return self._ask("GET", f"crm/owners/{VERSION}", query=query)

    def test(self) -> Iterator[CapabilityFound]:
        looks: dict[Capability, Callable[[], CapabilityFound]] = {
            Capability.DEALS: lambda: self._counted(Capability.DEALS, "0-3"),
            Capability.USERS: self._test_users,
            **{each: functools.partial(self._test_history, each) for each in TRACKED_BY},
            Capability.CONTACT_ROLES: self._test_roles,
            Capability.QUOTE_LINES: self._test_quotes,
            Capability.LINE_HISTORY: lambda: CapabilityFound(Capability.LINE_HISTORY, Found.NOT_TRACKED),
            Capability.APPROVALS: lambda: self._counted(Capability.APPROVALS, "quotes"),
            Capability.ACTIVITIES: self._test_activities,
            Capability.DELETIONS: self._test_deletions,
            Capability.WRITE_BACK: self._test_writing,
        }
        for capability, look in looks.items():
            yield values.tried(capability, RIGHTS.get(capability, ""), look)

    def _counted(self, capability: Capability, kind: str) -> CapabilityFound:
        return CapabilityFound(
            capability, Found.TRACKED, count=self._search(kind, (), [], limit=1).body["total"]
        )

    def _test_users(self) -> CapabilityFound:
        return CapabilityFound(Capability.USERS, Found.TRACKED, count=sum(1 for _ in self._owners()))

    def _test_history(self, capability: Capability) -> CapabilityFound:
        first = self._search("0-3", (), [], limit=self.history_size).body["results"]
        deals = self._with_history([each["id"] for each in first], "0-3", [TRACKED_BY[capability]])
        entries = [entry for deal in deals for entry in _entries(deal, TRACKED_BY[capability])]
        since = values.earliest(values.at(entry["timestamp"]) for entry in entries)
        detail = f"Seen in the first {len(deals)} deals."
        return CapabilityFound(capability, Found.TRACKED, len(entries), since, detail=detail)

    def _test_roles(self) -> CapabilityFound:
        self._search("contacts", (), [], limit=1)
        first = self._search("0-3", (), [], limit=self.size).body["results"]
        roles = self._associated("0-3", "contacts", [each["id"] for each in first])
        return CapabilityFound(Capability.CONTACT_ROLES, Found.TRACKED, count=sum(map(len, roles.values())))

    def _test_quotes(self) -> CapabilityFound:
        self._search("line_items", (), [], limit=1)
        return self._counted(Capability.QUOTE_LINES, "quotes")

    def _test_activities(self) -> CapabilityFound:
        counts = [self._search(kind, (), [], limit=1).body["total"] for kind in ACTIVITIES]
        return CapabilityFound(Capability.ACTIVITIES, Found.TRACKED, count=sum(counts))

    def _test_deletions(self) -> CapabilityFound:
        self._list("0-3", "", archived=True)
        detail = "HubSpot keeps deleted deals for 90 days; merged ones are named by the deal they became."
        return CapabilityFound(Capability.DELETIONS, Found.TRACKED, detail=detail)

    def _test_writing(self) -> CapabilityFound:
        """Change nothing on a deal that is not there: without the right HubSpot says so first."""
        self._ask("PATCH", _path("0-3", "0"), json={"properties": {}}, understood=(400, 404))
        return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED)

    # Pages

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        pages = {
            CrmObject.USERS: self._users,
            CrmObject.ACCOUNTS: lambda mark: self._changed(
                object, "companies", COMPANY, mark, self._accounts
            ),
            CrmObject.CONTACTS: lambda mark: self._changed(object, "contacts", CONTACT, mark, self._contacts),
            CrmObject.DEALS: self._deals_page,
            CrmObject.CHANGES: lambda mark: self._changed(
                object, "0-3", (), mark, self._changes, limit=self.history_size
            ),
            CrmObject.QUOTES: lambda mark: paging.pages_in_turn(
                mark, ("quotes", "line_items"), self._quotes_page
            ),
            CrmObject.APPROVALS: lambda mark: self._changed(
                object, "quotes", (), mark, self._approvals, limit=self.history_size
            ),
            CrmObject.ACTIVITIES: lambda mark: paging.pages_in_turn(mark, ACTIVITIES, self._activities_page),
        }
        return pages[object](mark)

    def _users(self, mark: str) -> CrmPage:
        archived, _, after = mark.partition("/") if "/" in mark else ("false", "", "")
        answer = self._owner_page(archived, after)
        records = tuple(_user(each, active=archived == "false") for each in answer.body["results"])
        following = _after(answer.body)
        if following is not None:
            archived, after = archived, following
        else:
            archived, after = ("true", "") if archived == "false" else ("", "")
        mark = f"{archived}/{after}" if archived else ""
        return CrmPage(CrmObject.USERS, records, mark, archived != "", answer.server_time)

    def _changed(
        self, object: CrmObject, kind: str, properties: Sequence[str], mark: str, made: Any, limit: int = 0
    ) -> CrmPage:
        """Return the next page of what was changed, its records ``made`` from HubSpot's."""
        modified = MODIFIED.get(kind, "hs_lastmodifieddate")

        def ask(held: paging.Mark, size: int) -> tuple[Sequence[paging.Row], dt.datetime]:
            filters, ties = self._filters(kind, modified, held), held.after is not None
            answer = self._search(kind, properties, filters, ties=ties, limit=size)
            return answer.body["results"], answer.server_time

        def at(row: paging.Row) -> dt.datetime:
            return values.at(row["properties"][modified])

        part = paging.read_on(mark, ask, size=limit or self.size, at=at, step=paging.MILLISECOND)
        return CrmPage(object, tuple(made(part.rows)), part.mark, part.more, part.server_time)

    def _filters(self, kind: str, modified: str, held: paging.Mark) -> list[dict[str, str]]:
        filters = []
        if held.after is not None:
            since, after = _millis(held.since), held.after or "0"
            filters += [_filter(modified, "EQ", since), _filter("hs_object_id", "GT", after)]
        elif held.since:
            filters += [_filter(modified, "GTE", _millis(held.since))]
        if kind == "0-3" and self._wanted.since:
            filters += [_filter("createdate", "GTE", _millis(_midnight(self._wanted.since)))]
        return filters

    def _search(
        self,
        kind: str,
        properties: Sequence[str],
        filters: list[dict[str, str]],
        *,
        ties: bool = False,
        limit: int = 0,
    ) -> Answer:
        modified = MODIFIED.get(kind, "hs_lastmodifieddate")
        sort = "hs_object_id" if ties else modified
        asked = {
            "filterGroups": [{"filters": filters}] if filters else [],
            "sorts": [json.dumps({"propertyName": sort, "direction": "ASCENDING"})],
            "properties": sorted({*properties, modified}),
            "limit": limit or self.size,
            "after": "0",
        }
        return self._ask("POST", _path(kind, "search"), json=asked)

    def _deals_page(self, mark: str) -> CrmPage:
        page = self._changed(CrmObject.DEALS, "0-3", (*DEAL, *self._extra.values()), mark, self._deals)
        return _with_merges(page)

    def _deals(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmDeal]:
        ids = [each["id"] for each in found]
        companies, contacts = self._of_deals("companies", ids), self._of_deals("contacts", ids)
        return (self._deal(each, companies[each["id"]], contacts[each["id"]]) for each in found)

    def _of_deals(self, kind: str, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """Return who is associated with each deal, nobody without the scope."""
        return values.seen(lambda: self._associated("0-3", kind, ids), defaultdict(list))

    def _team(self, said: Mapping[str, Any]) -> str:
        """Return the name of a deal's team; empty where no owner is in it: then that of its owner counts."""
        team = values.text(said.get("hubspot_team_id"))
        return self._team_names.get(team, "") if team else ""

    def _deal(self, found: Mapping[str, Any], companies: list[Any], contacts: list[Any]) -> CrmDeal:
        said = found["properties"]
        closed_at = values.moment(said.get("closedate"))
        status = _status(said)
        return CrmDeal(
            id=found["id"],
            name=values.text(said.get("dealname")),
            created_at=values.at(found["createdAt"]),
            modified_at=values.at(said.get("hs_lastmodifieddate") or found["updatedAt"]),
            account_id=_company(companies),
            owner_id=values.text(said.get("hubspot_owner_id")),
            team=self._team(said),
            pipeline=values.text(said.get("pipeline")),
            stage_id=values.text(said.get("dealstage")),
            status=status,
            amount=values.number(said.get("amount")),
            currency=self._currency(said),
            probability=values.share(said.get("hs_deal_stage_probability")),
            expected_close_on=closed_at.astimezone(self._zone).date() if closed_at else None,
            closed_at=closed_at if status in (DealStatus.WON, DealStatus.LOST) else None,
            loss_reason=values.text(said.get("closed_lost_reason")),
            source=values.text(said.get("hs_analytics_source")),
            merged_from=_merged(said),
            roles=tuple(map(_role, contacts)),
            link=self._web(found["id"]),
            extra={ours: self._own[ours].value(said.get(name)) for ours, name in self._extra.items()},
        )

    def _currency(self, said: Mapping[str, Any]) -> str:
        return values.text(said.get("deal_currency_code") or self._account.get("companyCurrency"))

    @property
    def _zone(self) -> dt.tzinfo:
        """Return the account's zone, in which a close date was meant as a day."""
        try:
            return zoneinfo.ZoneInfo(values.text(self._account.get("timeZone")) or "UTC")
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return dt.UTC

    def _web(self, id: str) -> str:
        host = values.text(self._account.get("uiDomain")) or "app.hubspot.com"
        return f"https://{host}/contacts/{self._account['portalId']}/record/0-3/{id}"

    def _accounts(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmAccount]:
        for each in found:
            said = each["properties"]
            yield CrmAccount(
                each["id"],
                values.text(said.get("name")),
                values.text(said.get("state")),
                values.text(said.get("industry")),
                values.text(said.get("country")),
            )

    def _contacts(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmContact]:
        for each in found:
            said = each["properties"]
            name = " ".join(filter(None, (said.get("firstname"), said.get("lastname"))))
            yield CrmContact(
                each["id"],
                values.text(said.get("associatedcompanyid")),
                name,
                values.text(said.get("jobtitle")),
                values.text(said.get("email")),
            )

    # History

    def _changes(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmChange]:
        names = list(dict.fromkeys((*HISTORY, *self._kept.values())))
        for deal in self._with_history([each["id"] for each in found], "0-3", names):
            for name, kept in HISTORY.items():
                yield from self._changes_of(deal, name, kept)
            for ours, name in self._kept.items():
                yield from self._changes_of(deal, name, DealField.EXTRA, ours)

    def _changes_of(
        self, deal: Mapping[str, Any], name: str, kept: DealField, ours: str = ""
    ) -> Iterator[CrmChange]:
        entries = sorted(_entries(deal, name), key=lambda entry: values.at(entry["timestamp"]))
        present = values.text(deal["properties"].get(name))
        if not entries and present:
            first, created = self._value(kept, present, ours), values.at(deal["createdAt"])
            yield CrmChange(deal["id"], kept, first, created, origin=Origin.INFERRED, name=ours)
        whole = len(entries) < MOST_ENTRIES
        before: Mapping[str, Any] | None = None
        for entry in entries:
            old = self._value(kept, before["value"], ours) if before else ("" if whole else None)
            before = entry
            new = self._value(kept, entry["value"], ours)
            change = values.of_own(self._change(deal, name, kept, entry, old, new), ours)
            yield change
            if kept is DealField.STAGE:
                yield from self._outcome(change)

    def _change(
        self,
        deal: Mapping[str, Any],
        name: str,
        kept: DealField,
        entry: Mapping[str, Any],
        old: str | None,
        new: str,
    ) -> CrmChange:
        return CrmChange(
            deal_id=deal["id"],
            field=kept,
            new=new,
            at=values.at(entry["timestamp"]),
            old=old,
            old_label=self._label(kept, old),
            new_label=self._label(kept, new),
            currency=self._currency(deal["properties"]) if kept is DealField.AMOUNT else "",
            actor_id=self._actor(entry),
            native_id=f"{deal['id']}/{name}/{entry['timestamp']}",
            bulk=entry.get("sourceType") in BULK,
        )

    def _value(self, kept: DealField, said: Any, ours: str = "") -> str:
        if ours:
            return self._own[ours].value(said)
        if kept in (DealField.AMOUNT, DealField.PROBABILITY):
            return values.plain(said)
        if kept is DealField.EXPECTED_CLOSE:
            at = values.moment(said)
            return at.astimezone(self._zone).date().isoformat() if at else ""
        return values.text(said)

    def _label(self, kept: DealField, value: str | None) -> str:
        stage = self._stages.get(value or "") if kept is DealField.STAGE else None
        return stage.name if stage else ""

    def _actor(self, entry: Mapping[str, Any]) -> str:
        user = values.text(entry.get("updatedByUserId"))
        return self._owner_of_user.get(user, user) if user else ""

    def _outcome(self, change: CrmChange) -> Iterator[CrmChange]:
        """Conclude from a change of stage that the deal was won, lost or opened again."""
        then, now = self._status_of(change.old or ""), self._status_of(change.new)
        if now is not None and now is not then:
            yield CrmChange(
                change.deal_id,
                DealField.STATUS,
                now.value,
                change.at,
                old=then.value if then else None,
                actor_id=change.actor_id,
                origin=Origin.INFERRED,
                native_id=f"{change.native_id}/status",
                bulk=change.bulk,
            )

    def _status_of(self, stage: str) -> DealStatus | None:
        return self._stages[stage].status if stage in self._stages else None

    def _with_history(self, ids: Sequence[str], kind: str, names: list[str]) -> list[Mapping[str, Any]]:
        return self._batch(kind, ids, ["createdate", "deal_currency_code", *names], history=names)

    def _batch(
        self,
        kind: str,
        ids: Sequence[str],
        properties: Iterable[str],
        *,
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> list[Mapping[str, Any]]:
        """Return the records that are there; one that was merged comes with the id it has now."""
        found: dict[str, Mapping[str, Any]] = {}
        for some in values.chunks(ids, self.history_size if history else self.size):
            asked = {
                "inputs": [{"id": each} for each in some],
                "properties": list(properties),
                "propertiesWithHistory": list(history),
            }
            query = {"archived": "true"} if archived else None
            answer = self._ask("POST", _path(kind, "batch/read"), json=asked, query=query)
            found |= {each["id"]: each for each in answer.body["results"]}
        return list(found.values())

    def _associated(self, kind: str, to: str, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """Return what is associated with each record, over as many pages as one record has."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        asked = [{"id": each} for each in ids]
        while asked:
            path = f"crm/associations/{VERSION}/{kind}/{to}/batch/read"
            results = self._ask("POST", path, json={"inputs": asked}).body["results"]
            for each in results:
                found[str(each["from"]["id"])] += each["to"]
            asked = [
                {"id": str(each["from"]["id"]), "after": after}
                for each in results
                if (after := _after(each)) is not None
            ]
        return found

    # Quotes, approvals, activities

    def _quotes_page(self, kind: str, mark: str) -> CrmPage:
        made = self._quotes if kind == "quotes" else self._quotes_of_lines
        return self._changed(CrmObject.QUOTES, kind, QUOTE if kind == "quotes" else (), mark, made)

    def _quotes_of_lines(self, lines: Sequence[Mapping[str, Any]]) -> Iterator[CrmQuote]:
        """A line that is changed does not touch its quote."""
        held = self._associated("line_items", "quotes", [each["id"] for each in lines])
        ids = sorted({str(to["toObjectId"]) for tos in held.values() for to in tos})
        return self._quotes(self._batch("quotes", ids, QUOTE))

    def _quotes(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmQuote]:
        ids = [each["id"] for each in found]
        deals = self._associated("quotes", "0-3", ids)
        items = self._associated("quotes", "line_items", ids)
        of_quote = {id: [str(to["toObjectId"]) for to in items[id]] for id in ids}
        wanted = sorted({line for lines in of_quote.values() for line in lines})
        lines = {each["id"]: _line(each) for each in self._batch("line_items", wanted, LINE)}
        for quote in found:
            for deal in deals[quote["id"]][:1]:
                mine = tuple(lines[id] for id in of_quote[quote["id"]] if id in lines)
                yield self._quote(quote, str(deal["toObjectId"]), mine)

    def _quote(self, found: Mapping[str, Any], deal_id: str, lines: tuple[CrmLine, ...]) -> CrmQuote:
        said = found["properties"]
        return CrmQuote(
            id=found["id"],
            deal_id=deal_id,
            at=values.at(said.get("hs_lastmodifieddate")),
            state=values.text(said.get("hs_status")),
            currency=values.text(said.get("hs_currency") or self._account.get("companyCurrency")),
            net_price=values.number(said.get("hs_quote_amount")),
            lines=lines,
            current=said.get("hs_status") != "REJECTED",
            origin=Origin.SNAPSHOT,
        )

    def _approvals(self, found: Sequence[Mapping[str, Any]]) -> Iterator[CrmApproval]:
        ids = [each["id"] for each in found]
        deals = self._associated("quotes", "0-3", ids)
        for quote in self._with_history(ids, "quotes", ["hs_status"]):
            for deal in deals[quote["id"]][:1]:
                yield from self._approvals_of(quote, str(deal["toObjectId"]))

    def _approvals_of(self, quote: Mapping[str, Any], deal_id: str) -> Iterator[CrmApproval]:
        entries = sorted(_entries(quote, "hs_status"), key=lambda entry: values.at(entry["timestamp"]))
        for asked, then in pairwise([*entries, None]):
            if asked and asked["value"] == "PENDING_APPROVAL":
                decided = then if then and then["value"] in ("APPROVED", "REJECTED") else None
                yield CrmApproval(
                    id=f"{quote['id']}/{asked['timestamp']}",
                    deal_id=deal_id,
                    asked_at=values.at(asked["timestamp"]),
                    asked_by=self._actor(asked),
                    decided_at=values.at(decided["timestamp"]) if decided else None,
                    decided_by=self._actor(decided) if decided else "",
                    approved=decided["value"] == "APPROVED" if decided else None,
                )

    def _activities_page(self, kind: str, mark: str) -> CrmPage:
        called_off: list[CrmFate] = []

        def made(found: Sequence[Mapping[str, Any]]) -> Iterator[CrmActivity]:
            took_place = [each for each in found if _took_place(each["properties"], kind)]
            if kind == "meetings":
                off = (f"{kind}/{each['id']}" for each in found if each not in took_place)
                called_off.extend(CrmFate(CrmObject.ACTIVITIES, each, Fate.DELETED) for each in off)
            deals = self._associated(kind, "0-3", [each["id"] for each in took_place])
            for each in took_place:
                for deal in deals[each["id"]]:
                    yield _activity(each, kind, str(deal["toObjectId"]))

        properties = ("hs_timestamp", "hubspot_owner_id", *TOOK_PLACE.get(kind, ()))
        page = self._changed(CrmObject.ACTIVITIES, kind, properties, mark, made)
        return dataclasses.replace(page, fates=tuple(called_off))

    # What became of records

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        if object is CrmObject.USERS:
            page = self._users(mark)
            return frozenset(each.id for each in page.records if isinstance(each, CrmUser)), page.mark
        body = self._list(KINDS[object], mark).body
        found = frozenset(each["id"] for each in body["results"] if self._is_wanted(object, each))
        return found, _after(body) or ""

    def _is_wanted(self, object: CrmObject, row: Mapping[str, Any]) -> bool:
        since = self._wanted.since
        return since is None or object is not CrmObject.DEALS or values.at(row["createdAt"]).date() >= since

    def _list(self, kind: str, after: str, *, archived: bool = False) -> Answer:
        query = {"limit": self.size, "archived": str(archived).lower(), **({"after": after} if after else {})}
        return self._ask("GET", _path(kind), query=query)

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        kind = KINDS[object]
        there = self._batch(kind, ids, [MERGED_IDS[object]] if object in MERGED_IDS else [])
        found = {each["id"]: CrmFate(object, each["id"], Fate.LIVE) for each in there}
        for each in there:
            for gone in _merged(each["properties"], MERGED_IDS.get(object, "")):
                found[gone] = CrmFate(object, gone, Fate.MERGED, into=each["id"])
        missing = [id for id in ids if id not in found]
        for each in self._batch(kind, missing, [], archived=True):
            at = values.moment(each.get("archivedAt"))
            found[each["id"]] = CrmFate(object, each["id"], Fate.DELETED, at=at)
        return tuple(found.get(id) or CrmFate(object, id, Fate.VANISHED) for id in ids)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        made: dict[CrmObject, tuple[Sequence[str], Any]] = {
            CrmObject.ACCOUNTS: (COMPANY, self._accounts),
            CrmObject.CONTACTS: (CONTACT, self._contacts),
            CrmObject.DEALS: ((*DEAL, *self._extra.values()), self._deals),
            CrmObject.CHANGES: ((), self._changes),
            CrmObject.QUOTES: (QUOTE, self._quotes),
        }
        properties, make = made[object]
        found = self._batch(KINDS[object], ids, properties)
        records: tuple[CrmRecord, ...] = tuple(make(found))
        clock = self._ask("GET", f"account-info/{VERSION}/details").server_time
        return _with_merges(CrmPage(object, records, "", False, clock))

    # Writing back

    def write(self, deal_id: str, values_: Mapping[str, str]) -> WriteResult:
        if NEVER_WRITTEN & values_.keys():
            return WriteResult(Written.REFUSED, "Stage, pipeline and amount are never written.")
        there = self._batch("0-3", [deal_id], [*values_])
        now = next((each for each in there if each["id"] == deal_id), None)
        if now is None:
            into = f"It is deal {there[0]['id']} now." if there else ""
            return WriteResult(Written.GONE, into)
        if all(values.means(self._typed(name, now["properties"]), value) for name, value in values_.items()):
            return WriteResult(Written.SAME)
        return self._sent("PATCH", _path("0-3", deal_id), {"properties": dict(values_)})

    def _typed(self, name: str, said: Mapping[str, Any]) -> Any:
        """Return a value in the type of its property: HubSpot says all of them as texts."""
        kinds = {each["name"]: each.get("type") for each in self._properties.body["results"]}
        typed = {"number": values.number, "bool": lambda said: said and said == "true"}
        return typed.get(kinds.get(name, ""), values.text)(said.get(name))

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        return {each["id"]: each["properties"] for each in self._batch("0-3", ids, names)}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        properties = {
            "hs_task_subject": subject,
            "hs_timestamp": _millis(_midnight(due_on)) if due_on else "",
        }
        if task_id:
            done = self._sent("PATCH", _path("tasks", task_id), {"properties": properties}, task=True)
            if done.written is not Written.GONE:
                return done
        to = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_OF_DEAL}
        body = {"properties": properties, "associations": [{"to": {"id": deal_id}, "types": [to]}]}
        return self._sent("POST", _path("tasks"), body, task=True)

    def find_task(self, deal_id: str, subject: str) -> str:
        linked = self._associated("0-3", "tasks", [deal_id])[deal_id]
        there = self._batch(
            "tasks", [str(each["toObjectId"]) for each in linked], ["hs_task_subject", "hs_task_status"]
        )
        found = [
            each["id"]
            for each in there
            if each["properties"].get("hs_task_subject") == subject
            and each["properties"].get("hs_task_status") != "COMPLETED"
        ]
        return max(found, key=int, default="")

    def finish_task(self, task_id: str) -> WriteResult:
        done = {"properties": {"hs_task_status": "COMPLETED"}}
        return self._sent("PATCH", _path("tasks", task_id), done, task=True)

    def _sent(self, method: str, path: str, body: Any, *, task: bool = False) -> WriteResult:
        try:
            done = self._ask(method, path, json=body, again=method != "POST")
        except exchange.NotThere:
            return WriteResult(Written.GONE)
        except exchange.NoRight as refused:
            return WriteResult(Written.LOCKED, str(refused))
        except exchange.Rejected as refused:
            return _refused(refused)
        made = values.moment(done.body.get("updatedAt"))
        return WriteResult(Written.DONE, modified_at=made, task_id=done.body["id"] if task else "")

    def _ask(self, method: str, path: str, **more: Any) -> Answer:
        answer = self._link.ask(method, path, **more)
        self._note_budget(answer.headers)
        return answer

    def _note_budget(self, headers: Mapping[str, str]) -> None:
        allowed, left = (headers.get(f"x-hubspot-ratelimit-daily{each}") for each in ("", "-remaining"))
        if allowed and left:
            self._link.budget.allowed, self._link.budget.left = int(allowed), int(left)


KINDS = {
    CrmObject.ACCOUNTS: "companies",
    CrmObject.CONTACTS: "contacts",
    CrmObject.DEALS: "0-3",
    CrmObject.CHANGES: "0-3",
    CrmObject.QUOTES: "quotes",
}
MERGED_IDS = {
    CrmObject.ACCOUNTS: "hs_merged_object_ids",
    CrmObject.CONTACTS: "hs_calculated_merged_vids",
    CrmObject.DEALS: "hs_merged_object_ids",
}


def _path(kind: str, more: str = "") -> str:
    return f"crm/objects/{VERSION}/{kind}" + (f"/{more}" if more else "")


def _after(body: Mapping[str, Any]) -> str | None:
    following = (body.get("paging") or {}).get("next") or {}
    return following.get("after")


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _millis(at: dt.datetime | None) -> str:
    return str(round(at.timestamp() * 1000)) if at else ""


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _stage(stage: Mapping[str, Any], pipeline: Mapping[str, Any]) -> CrmStage:
    said = stage.get("metadata") or {}
    status = DealStatus.OPEN
    if said.get("isClosed") == "true":
        status = DealStatus.WON if values.share(said.get("probability")) == 1 else DealStatus.LOST
    return CrmStage(stage["id"], stage["label"], pipeline["id"], int(stage.get("displayOrder") or 0), status)


def _own(ours: str, said: Mapping[str, Any], unread: Unread) -> Own:
    kind = HOLDS.get(said.get("type", ""), Kind.TEXT)
    if kind is Kind.CHOICE:
        shown = said.get("fieldType")
        kind = {"checkbox": Kind.CHOICES, "booleancheckbox": Kind.YES_NO}.get(shown or "", kind)
    choices = {each["value"]: each["label"] for each in said.get("options") or ()}
    return Own(ours, kind, choices, unread=unread)


def _field(said: Mapping[str, Any]) -> CrmField:
    calculated = bool(said.get("calculated"))
    return CrmField(
        object=CrmObject.DEALS,
        name=said["name"],
        label=values.text(said.get("label")),
        type=values.text(said.get("type")),
        custom=not said.get("hubspotDefined", False),
        tracked=True,
        formula=calculated,
        writable=not calculated and not (said.get("modificationMetadata") or {}).get("readOnlyValue", False),
        text=said.get("type") == "string",
    )


def _user(said: Mapping[str, Any], *, active: bool) -> CrmUser:
    teams = sorted(said.get("teams") or [], key=lambda team: not team.get("primary"))
    return CrmUser(
        id=said["id"],
        name=" ".join(filter(None, (said.get("firstName"), said.get("lastName")))),
        email=values.text(said.get("email")),
        team=teams[0]["name"] if teams else "",
        active=active,
    )


def _status(said: Mapping[str, Any]) -> DealStatus | None:
    if said.get("hs_is_closed_won") == "true":
        return DealStatus.WON
    return {"true": DealStatus.LOST, "false": DealStatus.OPEN}.get(values.text(said.get("hs_is_closed")))


def _company(found: list[Mapping[str, Any]]) -> str:
    """Return the primary company, else the first."""
    primary = [
        each for each in found if any(kind["typeId"] == PRIMARY_COMPANY for kind in each["associationTypes"])
    ]
    return next((str(each["toObjectId"]) for each in (*primary, *found)), "")


def _role(found: Mapping[str, Any]) -> CrmRole:
    labels = [kind["label"] for kind in found["associationTypes"] if kind.get("label")]
    return CrmRole(str(found["toObjectId"]), ", ".join(sorted(labels)))


def _merged(said: Mapping[str, Any], name: str = "hs_merged_object_ids") -> tuple[str, ...]:
    """Return the ids that went into a record; a contact's have the time of the merge behind a colon."""
    return tuple(each.partition(":")[0] for each in values.text(said.get(name)).split(";") if each)


def _with_merges(page: CrmPage) -> CrmPage:
    fates = tuple(
        CrmFate(CrmObject.DEALS, gone, Fate.MERGED, into=deal.id)
        for deal in page.records
        if isinstance(deal, CrmDeal)
        for gone in deal.merged_from
    )
    return CrmPage(page.object, page.records, page.mark, page.more, page.server_time, fates)


def _entries(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return (record.get("propertiesWithHistory") or {}).get(name) or []


def _line(found: Mapping[str, Any]) -> CrmLine:
    said = found["properties"]
    quantity = values.number(said.get("quantity"))
    price, cost = values.number(said.get("price")), values.number(said.get("hs_cost_of_goods_sold"))
    return CrmLine(
        id=found["id"],
        product=values.text(said.get("name")),
        quantity=quantity,
        list_price=values.times(price, quantity),
        net_price=values.number(said.get("amount")),
        cost=values.times(cost, quantity),
    )


def _took_place(said: Mapping[str, Any], kind: str) -> bool:
    """Return whether a task is done, and a meeting not called off; when it took place its time says."""
    if kind == "tasks":
        return said.get("hs_task_status") == "COMPLETED"
    return said.get("hs_meeting_outcome") not in ("CANCELED", "NO_SHOW", "RESCHEDULED")


def _activity(found: Mapping[str, Any], kind: str, deal_id: str) -> CrmActivity:
    """Return an activity; the time of a task is the day by which it was to be done, so that of its end comes first."""
    said = found["properties"]
    at = values.at(said.get("hs_task_completion_date") or said.get("hs_timestamp") or found["createdAt"])
    return CrmActivity(
        f"{kind}/{found['id']}", deal_id, ACTIVITIES[kind], at, values.text(said.get("hubspot_owner_id"))
    )


def _refused(refused: exchange.Rejected) -> WriteResult:
    said = refused.said if isinstance(refused.said, dict) else {}
    codes = {each.get("code") for each in said.get("errors") or ()}
    written = Written.NO_FIELD if "PROPERTY_DOESNT_EXIST" in codes else Written.REFUSED
    return WriteResult(written, values.shortened(said.get("message") or refused))


CONNECTOR = Connector(
    key="hubspot",
    label="HubSpot",
    sign_ins=(SignIn("service_key", "Service key", {"key": "Service key"}),),
    open=HubSpot,
    daily_budget=250_000,
)
