"""What is sent and answered, typed once: texts, numbers and moments within bounds, and answers cut from what queries return."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_type_hints

from django.utils import timezone
from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
)
from pydantic.config import JsonDict

from hingepoint.web.requests import MOST

LINES, MOST_LINES = 100, 1000
_NO_NUL = r"^[^\x00]*$"
#: No fact of a sale is older or lies further ahead, and every database can hold it.
FIRST_YEAR, LAST_YEAR = 1970, 2199
_YEARS: JsonDict = {"pattern": r"^(19[7-9][0-9]|2[01][0-9][0-9])-"}


def _as_documented(sent: Any) -> Any:
    """Refuse what would be read as seconds since 1970: a number is no day."""
    if not isinstance(sent, dt.date) and not re.match(r"\d{4}-", str(sent)):
        raise ValueError("must be written as year, month and day, such as 2026-04-30")
    return sent


def _within(moment: Any) -> Any:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


Id = Annotated[int, Field(ge=1, le=MOST)]
Version = Annotated[int, Field(ge=0, le=2_000_000_000)]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Words = Annotated[str, Field(max_length=200, pattern=_NO_NUL)]
LongWords = Annotated[str, Field(max_length=5000, pattern=_NO_NUL)]
Currency = Annotated[str, Field(max_length=3, pattern=r"^([A-Z]{3})?$")]
_MOST_MONEY = 10**12
_MONEY_SENT = {
    "anyOf": [
        {"type": "number", "minimum": -_MOST_MONEY, "maximum": _MOST_MONEY},
        {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"},
    ]
}
#: An amount as a number or, so that no cent is lost, as a text; kept in cents.
Money = Annotated[
    Decimal,
    Field(ge=-_MOST_MONEY, le=_MOST_MONEY),
    AfterValidator(lambda amount: round(amount, 2)),
    WithJsonSchema(_MONEY_SENT),
]
#: Names with their values, and a range from low to high: lists, as not every reader of a document knows a list of fixed length.
PAIRS, RANGE = list[list[str]], list[float] | None
Share = Annotated[float, Field(ge=0, le=1)]
_IN_TIME = (BeforeValidator(_as_documented), AfterValidator(_within), Field(json_schema_extra=_YEARS))
Moment = Annotated[AwareDatetime, *_IN_TIME]
Day = Annotated[dt.date, *_IN_TIME]


def _has_come(day: dt.date) -> dt.date:
    if day > timezone.localdate():
        raise ValueError("has not come yet")
    return day


#: A day to look back to, today at the latest.
PastDay = Annotated[Day, AfterValidator(_has_come)]


class Sent(Schema):
    """What a program sends: a name that is not documented is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


def shape(name: str, source: type, fields: str, **parts: Any) -> type[Schema]:
    """Return an answer cut from a frozen dataclass: the named fields and properties with the types they have there,
    and ``parts`` with the shapes they are given here. What is not named does not leave."""
    hints = get_type_hints(source)
    types = {one: parts.get(one) or hints.get(one) or _of_property(source, one) for one in fields.split()}
    told: dict[str, Any] = {one: (kind, ...) for one, kind in types.items()}
    summary = (source.__doc__ or "").split("\n\n")[0].strip()
    return create_model(name, __base__=Schema, __doc__=summary, **told)


def _of_property(source: type, name: str) -> Any:
    return get_type_hints(getattr(source, name).fget)["return"]


def each(line: type[Schema]) -> Any:
    """Return the type of a list of such lines."""
    return list[line]  # type: ignore[valid-type]


def several(line: type[Schema]) -> type[Schema]:
    """Return a part of a list: its lines, and by which cursor the next part is asked for (None: there is no more)."""
    name = f"{line.__name__}s"
    return create_model(name, __base__=Schema, items=(each(line), ...), next=(str | None, ...))


# ---- cursors ----

#: Where a list goes on; what ``next`` said, sent back as it is.
Cursor = Annotated[str, Field(pattern=r"^c[0-9]{1,15}$")]

Line = TypeVar("Line")


def after(cursor: str | None) -> int:
    """Return behind which number a cursor goes on."""
    return int(cursor.removeprefix("c")) if cursor else 0


def before(cursor: str | None) -> int | None:
    """Return before which number a cursor of what is newest first goes on; None from the beginning."""
    return after(cursor) or None


def cursor_of(number: int) -> str:
    return f"c{number}"


def part(lines: Sequence[Line], size: int, number: Callable[[Line], int]) -> dict[str, Any]:
    """Return a part of a list of which one line more than ``size`` was asked for."""
    shown = lines[:size]
    return {"items": shown, "next": cursor_of(number(shown[-1])) if len(lines) > size else None}


class Part(Sent):
    """Which part of a list is asked for."""

    cursor: Cursor | None = None
    size: Annotated[int, Field(ge=1, le=MOST_LINES)] = LINES
