"""Pages of what was changed in Odoo, and what became of records that were read before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotThere
from hingepoint.connectors.odoo import reading
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.models import (
    DONE_ON_DEALS,
    EVENT,
    LEAD,
    LINE,
    LISTS,
    MESSAGE,
    ON_DEALS,
    ORDER,
)
from hingepoint.connectors.odoo.past import Past
from hingepoint.connectors.odoo.reading import changed_at, link, moment, text
from hingepoint.connectors.odoo.there import There
from hingepoint.connectors.paging import Part, Row, in_turn
from hingepoint.records.crm import CrmActivity, CrmFate, CrmObject, CrmPage, CrmRecord, Fate

IDS = 5000


@dataclass
class Pages:
    """Each object has a stream for each list of Odoo of which it is made."""

    asking: Asking
    there: There
    past: Past

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        parts, on, more = in_turn(mark, self._streams(object))
        return self._made(object, parts, on, more)

    def _made(self, object: CrmObject, parts: Sequence[tuple[str, Part]], mark: str, more: bool) -> CrmPage:
        records = tuple(record for name, part in parts for record in self._records(object, name, part.rows))
        moved = [row for name, part in parts for row in part.rows if name == "messages"]
        fates = tuple(_merged(moved)) if object == CrmObject.CHANGES else ()
        return CrmPage(object, records, mark, more, parts[-1][1].server_time, fates)

    def _streams(self, object: CrmObject) -> Mapping[str, Callable[[str], Part]]:
        if object == CrmObject.CHANGES:
            return {
                "messages": self.asking.stream(MESSAGE, [ON_DEALS]),
                "created": self.asking.stream(*self._listed(CrmObject.DEALS), by="create_date"),
            }
        if object == CrmObject.ACTIVITIES:
            return {
                "messages": self.asking.stream(MESSAGE, DONE_ON_DEALS),
                "meetings": self._of_deals(EVENT, EVENT, [["opportunity_id", "!=", False]]),
            }
        if object == CrmObject.QUOTES:
            return {
                "orders": self._of_deals(ORDER, *LISTS[object]),
                "lines": self._of_deals(ORDER, LINE, [["order_id.opportunity_id", "!=", False]]),
            }
        return {"records": self.asking.stream(*self._listed(object))}

    def _listed(self, object: CrmObject) -> tuple[str, list[Any]]:
        model, domain = LISTS[object]
        if object == CrmObject.DEALS and self.asking.wanted.since:
            domain = [*domain, ["create_date", ">=", f"{self.asking.wanted.since} 00:00:00"]]
        return model, domain

    def _of_deals(self, of: str, model: str, domain: list[Any]) -> Callable[[str], Part]:
        """Return the stream of a list that hangs on deals, where the app that links the two is there."""
        return self.asking.stream(model, domain, needs=(of, "opportunity_id"))

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
            return self.past.changes(rows) if stream == "messages" else self.past.beginnings(rows)
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
            rows = self.asking.rows("crm.team", [], ["user_id"])
        except (NoRight, NotThere):
            return {}
        return {str(row["id"]): link(row["user_id"]) for row in rows}

    def _deals(self, rows: Sequence[Row]) -> Iterator[CrmRecord]:
        partners = self.asking.by_ids("res.partner", (link(row.get("partner_id")) for row in rows))
        companies = {str(row["id"]): link(row.get("commercial_partner_id")) for row in partners}
        own = self.there.own()
        for row in self.there.with_names(rows):
            yield reading.deal(
                row,
                won=self.there.words.won,
                companies=companies,
                extra={each.own.name: each.now(row, name) for name, each in own.items()},
                link_to=f"{self.asking.exchange.base.rstrip('/')}/web#id={row['id']}&model={LEAD}&view_type=form",
            )

    def _quotes(self, ids: Iterable[str]) -> Iterator[CrmRecord]:
        orders = self.asking.by_ids(ORDER, ids, also=LISTS[CrmObject.QUOTES][1])
        lines = self.asking.by_ids(LINE, (str(row["id"]) for row in orders), by="order_id")
        products = self._products(link(row.get("product_id")) for row in lines)
        for order in orders:
            own = [row for row in lines if link(row["order_id"]) == str(order["id"])]
            yield reading.quote(order, own, products)

    def _products(self, ids: Iterable[str]) -> dict[str, Row]:
        if not (numbers := sorted({int(each) for each in ids if each})):
            return {}
        there = self.asking.fields("product.product")
        names = [name for name in ("lst_price", "standard_price") if name in there]
        if not names:
            return {}
        rows = self.asking.rows("product.product", [["id", "in", numbers]], names)
        return {str(row["id"]): row for row in rows}

    # -- what became of them --

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        if object not in LISTS or not self.asking.fields(LISTS[object][0]):
            return frozenset(), ""
        model, domain = self._listed(object)
        rows = self.asking.rows(model, [*domain, ["id", ">", int(mark or 0)]], ["id"], limit=IDS)
        return frozenset(str(row["id"]) for row in rows), str(rows[-1]["id"]) if len(rows) == IDS else ""

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        if object not in LISTS:
            return ()
        model = LISTS[object][0]
        there = {str(row["id"]): row for row in self.asking.by_ids(model, ids)}
        return tuple(self._fate(object, id, there.get(id)) for id in ids)

    def _fate(self, object: CrmObject, id: str, row: Row | None) -> CrmFate:
        if row is not None:
            archived = object == CrmObject.DEALS and reading.deal_is_archived(row, self.there.words.won)
            return CrmFate(object, id, Fate.ARCHIVED if archived else Fate.LIVE)
        if object == CrmObject.DEALS and id.isdigit():
            domain = [ON_DEALS, ["message_id", "like", f"-openerp-{id}-{LEAD}@"]]
            for moved in self.asking.rows(MESSAGE, domain, self.asking.names(MESSAGE), limit=1):
                return CrmFate(object, id, Fate.MERGED, str(moved["res_id"]), changed_at(moved))
        return CrmFate(object, id, Fate.VANISHED)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        now = self.asking.call("res.users", "search_count", domain=[]).server_time
        if object == CrmObject.QUOTES:
            return CrmPage(object, tuple(self._quotes(ids)), "", False, now)
        if object == CrmObject.CHANGES:
            messages = self.asking.by_ids(MESSAGE, ids, by="res_id", also=[ON_DEALS])
            leads = self.asking.by_ids(LEAD, ids, also=LISTS[CrmObject.DEALS][1])
            parts = [("messages", Part(messages, "", False, now)), ("created", Part(leads, "", False, now))]
            return self._made(object, parts, "", False)
        model, also = LISTS.get(object, ("", []))
        rows = self.asking.by_ids(model, ids, also=also) if model else []
        return self._made(object, [("records", Part(rows, "", False, now))], "", False)


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
