"""Asking for what Odoo keeps of the past: tracking values of messages, or the threads of deals where those are closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotSignedIn, NotThere, Rejected
from hingepoint.connectors.odoo import history
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.history import Value
from hingepoint.connectors.odoo.models import LEAD, LISTS, MESSAGE, ON_DEALS, TRACKING
from hingepoint.connectors.odoo.reading import link
from hingepoint.connectors.odoo.rpc import told
from hingepoint.connectors.odoo.there import There
from hingepoint.connectors.paging import Row
from hingepoint.records.crm import CrmObject, CrmRecord


@dataclass
class Past:
    """The history of deals. ``_session`` is that of a person whose pages may be asked for."""

    asking: Asking
    there: There
    _session: str = field(default="", repr=False)

    def changes(self, messages: Sequence[Row]) -> Iterator[CrmRecord]:
        if not messages:
            return
        values = list(self._values(messages))
        yield from history.changes(messages, values, self.there.words)
        became = {value.message_id for value in values if value.field == "type"}
        leads = {str(row["res_id"]) for row in messages if str(row["id"]) in became}
        yield from self.beginnings(self.asking.by_ids(LEAD, leads, also=LISTS[CrmObject.DEALS][1]))

    def beginnings(self, leads: Sequence[Row]) -> Iterator[CrmRecord]:
        ids = [row["id"] for row in leads]
        if not ids:
            return
        names = self.asking.names(MESSAGE)
        messages = self.asking.rows(MESSAGE, [ON_DEALS, ["res_id", "in", ids]], names)
        deals = {str(row["id"]): history.written_on(row, LEAD) for row in messages}
        by_deal: dict[str, list[Value]] = {}
        for value in self._values(messages):
            by_deal.setdefault(deals.get(value.message_id, ""), []).append(value)
        for lead in self.there.with_names(leads):
            yield from history.beginnings(lead, by_deal.get(str(lead["id"]), ()), self.there.words)

    def _values(self, messages: Sequence[Row]) -> Iterator[Value]:
        if not self.asking.may_read_tracking():
            yield from self._values_of_threads(messages)
            return
        ids = [row["id"] for row in messages if row.get("tracking_value_ids")]
        if ids:
            rows = self.asking.rows(TRACKING, [["mail_message_id", "in", ids]], self._tracking_names())
            yield from history.values_of(rows, self._field_names(rows), self.there.words.own)

    def _tracking_names(self) -> list[str]:
        there = self.asking.fields(TRACKING)
        columns = [f"{side}_value_{kind}" for side in ("old", "new") for kind in history.KINDS]
        return [
            "id",
            *(name for name in ("field_id", "mail_message_id", "currency_id", *columns) if name in there),
        ]

    def _field_names(self, rows: Sequence[Row]) -> dict[str, str]:
        ids = sorted({int(link(row["field_id"])) for row in rows if row["field_id"]})
        found = self.asking.rows("ir.model.fields", [["id", "in", ids]], ["name"]) if ids else []
        return {str(row["id"]): row["name"] for row in found}

    def _values_of_threads(self, messages: Sequence[Row]) -> Iterator[Value]:
        if not self.threads_open():
            return
        asked = {str(row["id"]) for row in messages}
        for deal_id in sorted({str(row["res_id"]) for row in messages}, key=int):
            values = history.values_of_thread(self._thread(deal_id), self.there.words_with_users())
            yield from (value for value in values if value.message_id in asked)

    def threads_open(self) -> bool:
        """Return whether the page of a record can be asked as a person would: only with a password."""
        if self._session or not self.asking.address.secrets.get("password"):
            return bool(self._session)
        params = {
            "db": self.asking.address.options.get("database", ""),
            "login": self.asking.address.secrets.get("login", ""),
            "password": self.asking.address.secrets["password"],
        }
        try:
            answer = self.asking.exchange.ask("POST", "/web/session/authenticate", json=_web(params))
            told(answer)
        except (NotThere, NotSignedIn, NoRight, Rejected):
            return False
        self._session = _cookie(answer.headers.get("set-cookie") or "")
        return bool(self._session)

    def _thread(self, deal_id: str) -> list[Mapping[str, Any]]:
        """Return the messages of a deal as its page shows them, newest first."""
        found: list[Mapping[str, Any]] = []
        params: dict[str, Any] = {"thread_model": LEAD, "thread_id": int(deal_id), "limit": 100}
        while True:
            headers = {"Cookie": f"session_id={self._session}"}
            said = told(
                self.asking.exchange.ask("POST", "/mail/thread/messages", json=_web(params), headers=headers)
            )
            rows = (said.result or {}).get("data", {}).get("mail.message", [])
            found.extend(rows)
            if len(rows) < params["limit"]:
                return found
            params = {**params, "before": min(row["id"] for row in rows)}


def _web(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "call", "params": dict(params)}


def _cookie(header: str) -> str:
    for part in header.replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "session_id":
            return value
    return ""
