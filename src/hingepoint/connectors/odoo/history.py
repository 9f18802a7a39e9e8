"""What Odoo keeps of the past of a deal: tracking values of its messages, as dated changes.

The expected close and the probability are not tracked. Values at the beginning are the first old ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hingepoint.connectors.odoo.models import LEAD
from hingepoint.connectors.odoo.reading import link, moment, status, text, written_on
from hingepoint.connectors.own import Own
from hingepoint.connectors.paging import Row
from hingepoint.connectors.values import of_own, plain
from hingepoint.records.crm import CrmChange, DealField, Origin
from hingepoint.records.deals import DealStatus

#: Tracked fields of a deal and what they are to us.
TRACKED = {"stage_id": DealField.STAGE, "expected_revenue": DealField.AMOUNT, "user_id": DealField.OWNER}

#: Columns of values, each with an old and a new one; in which a type of field has its own, where that is not the first; and
#: what stands there for nothing, where that is a number.
KINDS = ("char", "integer", "float", "datetime")
COLUMN_OF = {
    "float": "float", "monetary": "float", "integer": "integer", "boolean": "integer",
    "date": "datetime", "datetime": "datetime",
}  # fmt: skip
NOTHING = {"integer": 0, "float": 0.0}

#: Kinds of messages (external identities in module ``crm``) that say an outcome.
OUTCOMES = {
    "mt_lead_won": DealStatus.WON,
    "mt_lead_lost": DealStatus.LOST,
    "mt_lead_restored": DealStatus.OPEN,
}
#: Their names before translation, where external identities may not be read.
NAMES = {
    "Opportunity Won": "mt_lead_won",
    "Opportunity Lost": "mt_lead_lost",
    "Opportunity Restored": "mt_lead_restored",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One tracked value of a message, of whichever way it was read."""

    id: str
    message_id: str
    field: str
    old: str
    new: str
    old_label: str = ""
    new_label: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field of the company's own and its type in Odoo. Several linked records are shown by their names (``There.with_names``)."""

    own: Own
    type: str

    @property
    def linked(self) -> bool:
        return self.type in ("many2many", "one2many")

    def now(self, row: Row, name: str) -> str:
        """Return what a deal holds; ``False`` is *no* for a box to tick, and nothing for all else."""
        said = row.get(name)
        if said is False and self.type != "boolean":
            return ""
        return self.own.value(said if self.linked or self.type == "boolean" else text(said))

    def then(self, row: Row, side: str) -> str:
        """Return a tracked value in the form of the deal: words of choices stand there as words."""
        kind = COLUMN_OF.get(self.type, "char")
        said = row.get(f"{side}_value_{kind}")
        if kind in NOTHING:
            return self.own.value(said or NOTHING[kind])
        words = {word: word for word in self.own.choices.values()}
        return replace(self.own, choices=words).value("" if said is False else said)


@dataclass(frozen=True, slots=True)
class Words:
    """What is needed to understand values: won stages, kinds of messages, words of outcomes, names of records, and fields of
    the company's own that are tracked."""

    won: frozenset[str] = frozenset()
    kinds: Mapping[str, DealStatus] = field(default_factory=dict)
    outcomes: Mapping[str, DealStatus] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by field: name -> id
    own: Mapping[str, OwnField] = field(default_factory=dict)

    def followed(self, name: str) -> tuple[DealField, str] | None:
        """Return as what a tracked field comes over, and what it is called here where it is the company's own."""
        if name in self.own:
            return DealField.EXTRA, self.own[name].own.name
        return (TRACKED[name], "") if name in TRACKED else None


def values_of(
    rows: Iterable[Row], fields: Mapping[str, str], own: Mapping[str, OwnField] | None = None
) -> Iterator[Value]:
    """Return rows of ``mail.tracking.value``; ``fields`` are names of fields by their identity."""
    own = own or {}
    for row in rows:
        name = fields.get(link(row["field_id"]), "")
        linked, mine = name.endswith("_id") and name not in own, own.get(name)
        yield Value(
            id=str(row["id"]),
            message_id=link(row["mail_message_id"]),
            field=name,
            old=mine.then(row, "old") if mine else _one(row, "old", name),
            new=mine.then(row, "new") if mine else _one(row, "new", name),
            old_label=text(row.get("old_value_char")) if linked else "",
            new_label=text(row.get("new_value_char")) if linked else "",
            currency=text(row.get("currency_id")),
        )


def _one(row: Row, side: str, name: str) -> str:
    if name.endswith("_id"):
        return str(row[f"{side}_value_integer"] or "")
    if name == "active":
        return str(row[f"{side}_value_integer"] or 0)
    if name in ("expected_revenue", "amount_untaxed"):
        return plain(row[f"{side}_value_float"])
    return text(row.get(f"{side}_value_char"))


def values_of_thread(messages: Iterable[Mapping[str, Any]], words: Words) -> Iterator[Value]:
    """Return the values that the thread of a record shows to a user who may not read tracking values."""
    for message in messages:
        for each in message.get("trackingValues") or ():
            name = each.get("fieldName") or ""
            old, new = (each.get(side, {}).get("value") for side in ("oldValue", "newValue"))
            yield Value(
                id=str(each["id"]),
                message_id=str(message["id"]),
                field=name,
                old=_shown(old, name, words),
                new=_shown(new, name, words),
                old_label=text(old) if name.endswith("_id") else "",
                new_label=text(new) if name.endswith("_id") else "",
            )


def _shown(value: Any, name: str, words: Words) -> str:
    if name.endswith("_id"):
        return words.names.get(name, {}).get(text(value), text(value))
    if name == "active":
        return str(int(bool(value)))
    return plain(value) if isinstance(value, (int, float)) and value is not False else text(value)


def changes(messages: Sequence[Row], values: Iterable[Value], words: Words) -> Iterator[CrmChange]:
    """Return the changes that messages with their values say, on the deals on which they were written."""
    by_message: dict[str, list[Value]] = {}
    for value in values:
        by_message.setdefault(value.message_id, []).append(value)
    for message in messages:
        tracked = by_message.get(str(message["id"]), [])
        deal_id, at, actor = (
            written_on(message, LEAD),
            moment(message["date"]),
            link(message.get("create_uid")),
        )
        for value in tracked:
            if (followed := words.followed(value.field)) is not None:
                of, ours = followed
                yield of_own(_change(value, of, deal_id, at, actor), ours)
        if (outcome := outcome_of(message, tracked, words)) is not None:
            yield CrmChange(
                deal_id, DealField.STATUS, outcome, at, actor_id=actor, native_id=f"message-{message['id']}"
            )


def _change(value: Value, of: DealField, deal_id: str, at: dt.datetime, actor: str) -> CrmChange:
    return CrmChange(
        deal_id=deal_id,
        field=of,
        old=value.old,
        new=value.new,
        old_label=value.old_label,
        new_label=value.new_label,
        currency=value.currency,
        at=at,
        actor_id=actor,
        native_id=f"value-{value.id}",
    )


def outcome_of(message: Row, tracked: Sequence[Value], words: Words) -> DealStatus | None:
    """Return the outcome that a message says: by the field of 19, by its kind, or by a won stage reached or left."""
    for value in tracked:
        if value.field == "won_status":
            return words.outcomes.get(value.new)
    if (kind := words.kinds.get(link(message.get("subtype_id")))) is not None:
        return kind
    for value in tracked:
        if value.field == "stage_id" and (value.old in words.won) != (value.new in words.won):
            return DealStatus.WON if value.new in words.won else DealStatus.OPEN
    return None


def beginnings(lead: Row, values: Iterable[Value], words: Words) -> Iterator[CrmChange]:
    """Return what a deal began with: the first old value of a field, or its value now where it never changed."""
    first: dict[str, Value] = {}
    for value in sorted(values, key=lambda each: int(each.id)):
        first.setdefault(value.field, value)
    at, deal_id = moment(lead["create_date"]), str(lead["id"])
    for name in (*TRACKED, *words.own):
        of, ours = words.followed(name) or (DealField.EXTRA, "")
        new, label = _began(lead, name, first.get(name), words.own.get(name))
        if new:
            began = CrmChange(
                deal_id,
                of,
                new,
                at,
                old="",
                new_label=label,
                currency=text(lead.get("company_currency")) if of == DealField.AMOUNT else "",
                origin=Origin.INFERRED,
                native_id=f"began-{name}-{deal_id}",
            )
            yield of_own(began, ours)
    status_then, native_id = _began_as(lead, first, words), f"began-status-{deal_id}"
    yield CrmChange(
        deal_id, DealField.STATUS, status_then, at, old="", origin=Origin.INFERRED, native_id=native_id
    )


def _began_as(lead: Row, first: Mapping[str, Value], words: Words) -> DealStatus:
    if "stage_id" in first:
        return DealStatus.WON if first["stage_id"].old in words.won else DealStatus.OPEN
    return DealStatus.OPEN if set(first) & {"active", "won_status"} else status(lead, words.won)


def _began(lead: Row, name: str, first: Value | None, own: OwnField | None) -> tuple[str, str]:
    if first is not None:
        return first.old, first.old_label
    if own:
        return own.now(lead, name), ""
    now = lead.get(name)
    if name.endswith("_id"):
        return link(now), text(now)
    return plain(now or 0), ""
