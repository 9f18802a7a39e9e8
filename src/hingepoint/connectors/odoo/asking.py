"""Asking Odoo: methods of its models by name, rows of them, and reading on in order of change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hingepoint.connectors.exchange import Exchange, NoRight, NotThere, Rejected
from hingepoint.connectors.odoo.models import FIELDS, LEAD, MESSAGE, TRACKING
from hingepoint.connectors.odoo.reading import moment
from hingepoint.connectors.odoo.rpc import Rpc, Told, sign_in
from hingepoint.connectors.own import Unread
from hingepoint.connectors.paging import Mark, Part, Row, read_on
from hingepoint.connectors.source import Address, Wanted

PAGE = 500


@dataclass
class Asking:
    """A signed-in user of an Odoo: signs in at the first question, and asks once for the fields of a model."""

    address: Address
    exchange: Exchange
    wanted: Wanted
    size: int = PAGE
    unread: Unread = field(default_factory=set, repr=False)
    _rpc: Rpc | None = field(default=None, repr=False)
    _fields: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    _told_at: dt.datetime | None = field(default=None, repr=False)

    @property
    def rpc(self) -> Rpc:
        if self._rpc is None:
            self._rpc = sign_in(self.address, self.exchange)
        return self._rpc

    def call(self, model: str, method: str, **named: Any) -> Told:
        told = self.rpc.call(model, method, **named)
        self._told_at = told.server_time
        return told

    @property
    def now(self) -> dt.datetime:
        """The clock of Odoo at its last answer."""
        return self._told_at or self.call("res.users", "search_count", domain=[]).server_time

    def fields(self, model: str) -> Mapping[str, Any]:
        """Return the fields of a model that this user may see; none where the model is not there."""
        if model not in self._fields:
            attributes = ["string", "type", "store", "readonly", "selection", "relation"]
            try:
                self._fields[model] = self.call(model, "fields_get", attributes=attributes).result or {}
            except (NotThere, NoRight):
                self._fields[model] = {}
        return self._fields[model]

    def forget_fields(self) -> None:
        self._fields.clear()

    def names(self, model: str) -> list[str]:
        wanted = self.wanted.fields.values() if model == LEAD else ()
        there = self.fields(model)
        return [
            "id",
            "write_date",
            *(name for name in dict.fromkeys([*FIELDS[model], *wanted]) if name in there),
        ]

    def may_read_tracking(self) -> bool:
        return bool(self.fields(TRACKING)) and "tracking_value_ids" in self.fields(MESSAGE)

    def search(
        self, model: str, domain: list[Any], names: Sequence[str], order: str = "id", **more: Any
    ) -> Told:
        sent = {"fields": list(names), "order": order, "context": {"active_test": False}, **more}
        return self.call(model, "search_read", domain=domain, **sent)

    def rows(
        self, model: str, domain: list[Any], names: Sequence[str], order: str = "id", **more: Any
    ) -> list[Row]:
        return self.search(model, domain, names, order, **more).result or []

    def by_ids(self, model: str, ids: Iterable[str], by: str = "id", also: Sequence[Any] = ()) -> list[Row]:
        numbers = sorted({int(each) for each in ids if each.isdigit()})
        if not (numbers and self.fields(model)):
            return []
        return self.rows(model, [[by, "in", numbers], *also], self.names(model))

    def stream(
        self, model: str, domain: list[Any], by: str = "write_date", *, needs: tuple[str, str] = ("", "")
    ) -> Callable[[str], Part]:
        """Return the stream of a list, an empty one where a model has not the field that it ``needs``."""

        def ask(mark: Mark, size: int) -> tuple[Sequence[Row], dt.datetime]:
            within, (of, name) = [*domain, *_within(mark, by)], needs
            if self._is_quiet(model, within) or (name and name not in self.fields(of)):
                return (), self.now
            order = f"{by},id" if mark.after is None else "id"
            said = self.search(model, within, self.names(model), order, limit=size)
            return said.result or [], said.server_time

        return lambda mark: read_on(mark, ask, size=self.size, at=lambda row: moment(row[by]))

    def _is_quiet(self, model: str, within: list[Any]) -> bool:
        """Ask whether anything is new before the fields of a model are asked for. Where Odoo does not say it, something may be."""
        if model in self._fields:
            return False
        try:
            return not self.rows(model, within, ["id"], limit=1)
        except (NotThere, NoRight, Rejected):
            return False


def _within(mark: Mark, by: str) -> list[Any]:
    if mark.since is None:
        return []
    since = [by, ">=", _said(mark.since)]
    if mark.after is None:
        return [since]
    return [
        since,
        [by, "<", _said(mark.since + dt.timedelta(seconds=1))],
        ["id", ">", int(mark.after or 0)],
    ]


def _said(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
