"""What is there in an Odoo: its version, stages and fields, and the words in which it tells the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotThere, Rejected
from hingepoint.connectors.odoo import history, reading
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.history import Own, Words
from hingepoint.connectors.odoo.models import LEAD, NEVER_WRITTEN
from hingepoint.connectors.odoo.reading import text
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
            kept=tuple(each.name for each in self._own().values()),
        )

    def _own(self) -> dict[str, Own]:
        """Return the fields of the company's own whose changes are tracked, where this user may read them."""
        wanted = self.asking.wanted.fields
        if not wanted or not self.asking.may_read_tracking():
            return {}
        tracked, there = self._tracked_names() or (), self.asking.fields(LEAD)
        return {
            name: Own(ours, str(there[name].get("type")), _choices(there[name]))
            for ours, name in wanted.items()
            if name in tracked and name in there and name not in history.TRACKED
        }

    def _stages(self) -> list[Row]:
        there = self.asking.fields("crm.stage")
        names = [name for name in ("name", "sequence", "is_won", "team_id") if name in there]
        return self.asking.rows("crm.stage", [], names, "sequence,id")

    def _described_fields(self) -> Iterator[CrmField]:
        tracked = self._tracked_names()
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
            )

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
                own=self._own(),
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


def _choices(field: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys of a selection by their words: history keeps the words."""
    return {str(label): str(key) for key, label in field.get("selection") or ()}
