"""The part of SOQL that is asked here: fields of one object, conditions, an order and a limit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<name>\w+)(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>[\w, ]+?))?(?: LIMIT (?P<limit>\d+))?$"
)
TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[\w.:+-]+|>=|<=|[()=<>,]")
Row = dict[str, Any]


def read(rows: dict[str, dict[str, Row]], soql: str) -> tuple[str, list[str], list[Row]]:
    """Return the object, the fields asked for, and the rows that fit, in order."""
    asked = QUERY.fullmatch(soql)
    assert asked, soql
    fits = _Conditions(asked["where"], rows).parsed() if asked["where"] else lambda row: True
    found = [row for row in rows.get(asked["name"], {}).values() if fits(row)]
    for field in reversed((asked["order"] or "Id").split(", ")):
        found.sort(key=lambda row: comparable(row[field]))
    return asked["name"], asked["fields"].split(", "), found[: int(asked["limit"] or 10_000)]


def comparable(said: Any) -> Any:
    if isinstance(said, str) and re.match(r"\d{4}-\d\d-\d\dT", said):
        return dt.datetime.fromisoformat(said.replace("+0000", "+00:00"))
    return said


class _Conditions:
    def __init__(self, text: str, rows: dict[str, dict[str, Row]]):
        self.tokens, self.rows = TOKEN.findall(text), rows

    def of(self, row: Row, field: str) -> Any:
        """Return what a row holds, or the row that it hangs on: ``Opportunity.CreatedDate``."""
        parent, _, name = field.partition(".")
        above = self.rows.get(parent, {}).get(row.get(f"{parent}Id", "")) if name else None
        return row.get(field) if above is None else above.get(name)

    def parsed(self) -> Callable[[Row], bool]:
        found = self.some()
        assert not self.tokens, self.tokens
        return found

    def some(self) -> Callable[[Row], bool]:
        parts = [self.all()]
        while self.tokens[:1] == ["OR"]:
            self.tokens.pop(0)
            parts.append(self.all())
        return lambda row: any(part(row) for part in parts)

    def all(self) -> Callable[[Row], bool]:
        parts = [self.one()]
        while self.tokens[:1] == ["AND"]:
            self.tokens.pop(0)
            parts.append(self.one())
        return lambda row: all(part(row) for part in parts)

    def one(self) -> Callable[[Row], bool]:
        if self.tokens[0] == "(":
            self.tokens.pop(0)
            found = self.some()
            assert self.tokens.pop(0) == ")"
            return found
        field, operator = self.tokens.pop(0), self.tokens.pop(0)
        if operator == "IN":
            end = self.tokens.index(")")
            among = {literal(each) for each in self.tokens[1:end] if each != ","}
            del self.tokens[: end + 1]
            return lambda row: row.get(field) in among
        wanted = literal(self.tokens.pop(0))
        tests: dict[str, Callable[[Any], bool]] = {
            "=": lambda have: have == wanted,
            ">": lambda have: have > wanted,
            ">=": lambda have: have >= wanted,
        }
        return lambda row: tests[operator](comparable(self.of(row, field)))


def literal(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("\\'", "'")
    return {"true": True, "false": False}.get(token, comparable(token))
