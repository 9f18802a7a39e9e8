"""What the page of words offers: stages, users, fields and roles of a CRM, with what was said of each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.people.models import User
from hingepoint.domain.sync import payload
from hingepoint.domain.sync.models import Connection, Landed
from hingepoint.domain.sync.parties import buying_role, is_plain
from hingepoint.domain.sync.translate import DEAL_TYPES, OWN_COLUMNS
from hingepoint.records.crm import CrmField, CrmObject

#: So many of the newest deals are looked at for examples and roles.
LOOKED_AT = 300
#: So many fields and users are shown at a time; what was said already stands first.
MOST_FIELDS = 100
MOST_PEOPLE = 200
_EXAMPLES = 3
SEVERAL = "Several people here are called “{}”. Write the address of one."
NOBODY = "“{}” is nobody here. Write the address of somebody who is, or leave it empty."


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of deals; ``column`` is what it is called here, empty where it is not taken. ``tracked`` says in words whether
    the CRM keeps its changes; ``examples`` are values of deals that were read."""

    name: str
    label: str
    type: str
    tracked: str
    column: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A word of the CRM for a person's part in a sale, on how many deals it stands, and what it means here; ``plain``:
    by its own meaning, until somebody says otherwise."""

    word: str
    deals: int
    role: str
    plain: bool


def fields_of(connection: Connection) -> list[CrmField]:
    """Return the fields of deals that the CRM has, as found last."""
    found = [payload.read(CrmField, each) for each in connection.described.get("fields", ())]
    return [each for each in found if each.object == CrmObject.DEALS]


def field_lines(connection: Connection, wanted: str = "") -> tuple[list[FieldLine], int]:
    """Return the fields that can be taken, those that are first, then a company's own; and how many there are in all.
    ``wanted`` narrows them by their label or name. Fields that we write are ours, not the CRM's."""
    ours = set(connection.write_fields.values())
    columns = {name: column for column, name in connection.fields.items()}
    told = _newest(connection)
    known = [each for each in fields_of(connection) if each.name not in ours]
    chosen = [each for each in known if each.name in columns or _is_like(each, wanted)]
    chosen.sort(key=lambda each: (each.name not in columns, not each.custom, each.label.casefold()))
    lines = [_line(each, columns.get(each.name, ""), told) for each in chosen[:MOST_FIELDS]]
    return lines, len(chosen)


def _is_like(field: CrmField, wanted: str) -> bool:
    return wanted.strip().casefold() in f"{field.label} {field.name}".casefold()


def _line(field: CrmField, column: str, told: list[dict[str, Any]]) -> FieldLine:
    values = (str(deal["extra"].get(column) or "") for deal in told) if column else ()
    examples = list(dict.fromkeys(value[:60] for value in values if value))[:_EXAMPLES]
    return FieldLine(field.name, field.label, field.type, _tracked(field), column, tuple(examples))


def _tracked(field: CrmField) -> str:
    if field.formula:
        return "computed by the CRM, read anew each night"
    if field.tracked is None:
        return "the CRM does not say"
    return "kept by the CRM" if field.tracked else "not kept; we see them between two readings"


def _newest(connection: Connection) -> list[dict[str, Any]]:
    rows = Landed.objects.filter(connection=connection, object=CrmObject.DEALS).order_by("-pk")
    return [json.loads(text) for text in rows.values_list("payload", flat=True)[:LOOKED_AT]]


def role_lines(connection: Connection) -> list[RoleLine]:
    """Return the words for parts that the newest deals and earlier answers name, those that mean nothing yet first."""
    met = Counter(role["role"] for deal in _newest(connection) for role in deal["roles"] if role["role"])
    words = sorted({*met, *connection.roles})
    lines = [
        RoleLine(word, met[word], buying_role(connection, word).value if _is_known(connection, word) else "",
                 word not in connection.roles)
        for word in words
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (bool(line.role), -line.deals, line.word))


def _is_known(connection: Connection, word: str) -> bool:
    return word in connection.roles or is_plain(word)


# ---- what somebody says ----


def whom(texts: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """Return which person each text names, by address, key or name that only one has; and what is wrong with the others."""
    known: dict[str, set[int]] = {}
    for pk, *names in User.objects.values_list("pk", "email", "key", "name"):
        for name in names:
            if name:
                known.setdefault(name.casefold(), set()).add(pk)
    found, wrong = {}, {}
    for user, text in texts.items():
        people = known.get(text.strip().casefold(), set())
        if len(people) == 1:
            found[user] = min(people)
        elif text.strip():
            wrong[user] = (SEVERAL if people else NOBODY).format(text.strip())
    return found, wrong


def columns(named: Mapping[str, str], known: list[CrmField]) -> tuple[dict[str, str], dict[str, str]]:
    """Return ``column -> field`` for what each field is to be called here, and what is wrong with the others."""
    there = {each.name for each in known}
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field, text in named.items():
        column = " ".join(text.split())
        if not column:
            continue
        if problem := _problem(field, column, there, found):
            wrong[field] = problem
        else:
            found[column] = field
    return found, wrong


def _problem(field: str, column: str, there: set[str], found: Mapping[str, str]) -> str:
    if field not in there:
        return f"The CRM has no field “{field}” any more. Test again to see what it has."
    if len(column) > 60:
        return f"“{column[:20]}…” is longer than 60 characters. Shorten it."
    if column in DEAL_TYPES and column not in OWN_COLUMNS:
        return f"“{column}” is a column of every deal, which comes from the CRM already. Call it otherwise."
    if column.casefold() in {each.casefold() for each in found}:
        return f"Two fields are called “{column}”. Call one otherwise."
    return ""
