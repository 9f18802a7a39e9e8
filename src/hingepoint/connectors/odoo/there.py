"""What is there in an Odoo: its version, stages and fields, and the words in which it tells the history."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotThere, Rejected
from hingepoint.connectors.odoo import history, reading
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.history import OwnField, Words
from hingepoint.connectors.odoo.models import LEAD, NEVER_WRITTEN
from hingepoint.connectors.odoo.reading import text
from hingepoint.connectors.own import Kind, Own, Unread
from hingepoint.connectors.paging import Row
from hingepoint.connectors.source import Described
from hingepoint.records.crm import CrmField, CrmObject
from hingepoint.records.deals import DealStatus


@dataclass
class There:
    """What ``describe`` reads anew. ``words`` are asked for once until then."""

    asking: Asking
    _words: Words | None = field(default=None, repr=False)

    def describe(self) -> Described:
        self.asking.forget_fields()
        self._words = None
        self.__dict__.pop("_tracked_names", None)
        stages = self._stages()
        me = self.asking.call("res.users", "read", ids=[self.asking.rpc.uid], fields=["company_id"])
        company = me.result[0]["company_id"] if me.result else [1, ""]
        money = self.asking.call("res.company", "read", ids=[company[0]], fields=["currency_id"]).result
        return Described(
            instance=text(company),
            version=self.asking.rpc.version,
            server_time=me.server_time,
            currency=text(money[0]["currency_id"]) if money else "",
            stages=tuple(map(reading.stage, stages)),
            fields=tuple(self._described_fields()),
            user=str(self.asking.rpc.uid),
            kept=tuple(each.own.name for each in self._kept().values()),
        )

    def own(self) -> dict[str, OwnField]:
        """Return the fields that were asked for, by their names in Odoo."""
        wanted = self.asking.wanted.fields
        there = self.asking.fields(LEAD) if wanted else {}
        return {name: _own(ours, there.get(name, {}), self.asking.unread) for ours, name in wanted.items()}

    def _kept(self) -> dict[str, OwnField]:
        """Return those of them whose changes are tracked, where this user may read them."""
        own = self.own()
        if not own or not self.asking.may_read_tracking():
            return {}
        tracked = (self._tracked_names or frozenset()) & self.asking.fields(LEAD).keys()
        return {name: own[name] for name in own if name in tracked and name not in history.TRACKED}

    def with_names(self, deals: Sequence[Row]) -> list[Row]:
        """Return deals with the names of the records that a field links, of which Odoo gives the numbers."""
        found = [*deals]
        for name, each in self.own().items():
            if each.linked:
                names = self._names_of(name, {id for row in found for id in row.get(name) or ()})
                found = [{**row, name: [names.get(id, id) for id in row.get(name) or ()]} for row in found]
        return found

    def _names_of(self, name: str, ids: set[int]) -> dict[int, str]:
        model = str(self.asking.fields(LEAD).get(name, {}).get("relation") or "")
        if not (ids and model):
            return {}
        try:
            rows = self.asking.rows(model, [["id", "in", sorted(ids)]], ["display_name"])
        except (NoRight, NotThere, Rejected):
            return {}
        return {row["id"]: text(row["display_name"]) for row in rows}

    def _stages(self) -> list[Row]:
        there = self.asking.fields("crm.stage")
        names = [name for name in ("name", "sequence", "is_won", "team_id") if name in there]
        return self.asking.rows("crm.stage", [], names, "sequence,id")

    def _described_fields(self) -> Iterator[CrmField]:
        tracked = self._tracked_names
        for name, what in sorted(self.asking.fields(LEAD).items()):
            yield CrmField(
                object=CrmObject.DEALS,
                name=name,
                label=str(what.get("string") or name),
                type=str(what.get("type") or ""),
                custom=name.startswith("x_"),
                tracked=None if tracked is None else name in tracked,
                formula=what.get("store") is False,
                writable=not what.get("readonly") and name not in NEVER_WRITTEN,
                text=what.get("type") in ("char", "text"),
            )

    @functools.cached_property
    def _tracked_names(self) -> frozenset[str] | None:
        domain = [["model", "=", LEAD], ["tracking", "!=", False]]
        try:
            rows = self.asking.rows("ir.model.fields", domain, ["name"])
        except (NoRight, NotThere, Rejected):
            return None
        return frozenset(row["name"] for row in rows)

    @property
    def words(self) -> Words:
        """What is needed to understand the history, asked once until the next ``describe``."""
        if self._words is None:
            stages = self._stages()
            outcomes = self.asking.fields(LEAD).get("won_status", {}).get("selection") or []
            said = {"won": DealStatus.WON, "lost": DealStatus.LOST, "pending": DealStatus.OPEN}
            self._words = Words(
                won=frozenset(str(row["id"]) for row in stages if row.get("is_won")),
                kinds=self._kinds(),
                outcomes={label: said[value] for value, label in outcomes if value in said},
                names={"stage_id": {text(row.get("name")): str(row["id"]) for row in stages}},
                own=self._kept(),
            )
        return self._words

    def _kinds(self) -> dict[str, DealStatus]:
        try:
            rows = self.asking.rows("mail.message.subtype", [["res_model", "=", LEAD]], ["name"])
        except (NoRight, NotThere, Rejected):
            return {}
        known = ((str(row["id"]), history.NAMES.get(row["name"])) for row in rows)
        return {id: history.OUTCOMES[name] for id, name in known if name}

    def words_with_users(self) -> Words:
        words = self.words
        if "user_id" not in words.names:
            rows = self.asking.rows("res.users", [], ["name"])
            users = {text(row["name"]): str(row["id"]) for row in rows}
            words = replace(words, names={**words.names, "user_id": users})
            self._words = words
        return words


#: What fields hold by their type; all others are texts.
HOLDS = {
    **dict.fromkeys(("integer", "float", "monetary"), Kind.NUMBER),
    **dict.fromkeys(("many2many", "one2many"), Kind.CHOICES),
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
    "boolean": Kind.YES_NO,
    "selection": Kind.CHOICE,
}


def _own(ours: str, field: Mapping[str, Any], unread: Unread) -> OwnField:
    type = str(field.get("type"))
    choices = {str(key): str(word) for key, word in field.get("selection") or ()}
    return OwnField(Own(ours, HOLDS.get(type, Kind.TEXT), choices, between=", ", unread=unread), type)
