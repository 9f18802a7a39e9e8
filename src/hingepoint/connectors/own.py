"""Fields of the company's own: one form for each value, whether a CRM shows it on the deal or in its history.

Days are ISO, moments ISO in UTC to the second, numbers have no noughts behind, yes and no are words, choices their words of
today, several of them in the order of the alphabet. What is not of its kind stays as it was written, and is told.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hingepoint.connectors import values

#: Names of fields with values that are not of their kind, each value once.
Unread = set[tuple[str, str]]


class Kind(enum.Enum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    DAY_OR_MOMENT = "day or moment"  # the CRM does not say which; midnight is a day
    YES_NO = "yes or no"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class Own:
    """A field of the company's own: ``name`` is what it is called here, ``choices`` are words by the CRM's keys.

    Where a CRM writes several choices as one text, ``between`` stands between them.
    """

    name: str
    kind: Kind = Kind.TEXT
    choices: Mapping[str, str] = field(default_factory=dict)
    between: str = ";"
    unread: Unread = field(default_factory=set, compare=False, repr=False)

    def value(self, said: Any) -> str:
        """Return a value in the form of its kind, empty for nothing; never raises."""
        text = self.between.join(map(values.text, said)) if isinstance(said, list) else values.text(said)
        if not text:
            return ""
        try:
            return _READ[self.kind](self, text)
        except (ValueError, ArithmeticError, KeyError):
            self.unread.add((self.name, text))
            return text


def _number(_: Own, text: str) -> str:
    if not Decimal(text).is_finite():
        raise ValueError(text)
    return values.plain(text)


def _moment_of(text: str) -> dt.datetime:
    """Return a moment; audit logs of Dynamics write it the American way, with or without half days."""
    if "/" not in text:
        return values.at(text)
    time = text.partition(" ")[2]
    form = "%I:%M:%S %p" if time.upper().endswith("M") else "%H:%M:%S"
    return dt.datetime.strptime(text, f"%m/%d/%Y {form}" if time else "%m/%d/%Y").replace(tzinfo=dt.UTC)


def _day(_: Own, text: str) -> str:
    if len(text) == 10 and "/" not in text and not text.isdigit():
        return dt.date.fromisoformat(text).isoformat()
    return _moment_of(text).date().isoformat()


def _moment(_: Own, text: str) -> str:
    return _moment_of(text).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day_or_moment(own: Own, text: str) -> str:
    shown = _moment(own, text)
    return shown.removesuffix("T00:00:00Z")


def _yes_no(_: Own, text: str) -> str:
    return {"true": "yes", "1": "yes", "yes": "yes", "false": "no", "0": "no", "no": "no"}[text.lower()]


def _choice(own: Own, text: str) -> str:
    known = not own.choices or text in own.choices.values()
    return own.choices.get(text, text) if known else own.choices[text]


def _several(own: Own, text: str) -> str:
    parts = (part.strip() for part in text.split(own.between))
    return ", ".join(sorted({_choice(own, part) for part in parts if part}))


_READ: Mapping[Kind, Callable[[Own, str], str]] = {
    Kind.TEXT: lambda _, text: text,
    Kind.NUMBER: _number,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.DAY_OR_MOMENT: _day_or_moment,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _several,
}
