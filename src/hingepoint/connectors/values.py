"""Values as CRMs write them in JSON, and tries of what a sign-in may see."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from hingepoint.connectors import exchange
from hingepoint.records.crm import Capability, CapabilityFound, CrmChange, Found

T = TypeVar("T")
#: The longest text of a refusal that is kept.
MOST_SAID = 300


def text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def moment(value: Any) -> dt.datetime | None:
    """Return a moment from ISO text or milliseconds since 1970; what has no zone is UTC."""
    said = text(value)
    if not said:
        return None
    if said.lstrip("-").isdigit():
        return dt.datetime.fromtimestamp(int(said) / 1000, dt.UTC)
    at = dt.datetime.fromisoformat(said.replace("+0000", "+00:00"))
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def at(value: Any) -> dt.datetime:
    """Return a moment that must be there. Raises NotUnderstood."""
    found = moment(value)
    if found is None:
        raise exchange.NotUnderstood("The CRM sent a record without its time.")
    return found


def day(value: Any) -> dt.date | None:
    said = text(value)
    return dt.date.fromisoformat(said[:10]) if said else None


def number(value: Any) -> Decimal | None:
    try:
        return Decimal(text(value)) if text(value) else None
    except InvalidOperation:
        return None


def times(price: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    """Return the money of a whole line; None where the CRM does not say its price or how many."""
    return None if price is None or quantity is None else price * quantity


def share(value: Any, whole: int = 1) -> float | None:
    """Return a probability between 0 and 1 from a number whose certainty is ``whole``."""
    found = number(value)
    return None if found is None else float(found / whole)


def plain(value: Any) -> str:
    """Return a number as text, the same for 1000, 1000.0 and 1000.00."""
    found = number(value)
    return "" if found is None else f"{found.normalize():f}"


_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


def yes_or_no(said: str) -> bool:
    """Return what a text says for a box. Raises ValueError: a text that is neither yes nor no is never a no."""
    if (found := _YES_OR_NO.get(said.strip().lower())) is None:
        raise ValueError(f"“{said}” is neither yes nor no.")
    return found


def means(now: Any, said: str) -> bool:
    """Return whether a text says what is there, a box or a number too."""
    if isinstance(now, bool):
        return _YES_OR_NO.get(said.strip().lower()) is now
    if isinstance(now, int | float | Decimal):
        return number(now) == number(said)
    return text(now) == said


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def grouped(rows: Iterable[Any], name: str) -> dict[str, list[Any]]:
    """Return rows by what they have under ``name``; nothing is an empty list."""
    found: dict[str, list[Any]] = defaultdict(list)
    for each in rows:
        found[each[name]].append(each)
    return found


def shortened(said: Any) -> str:
    return text(said)[:MOST_SAID]


def of_own(change: CrmChange, ours: str) -> CrmChange:
    """Return a change of a field that is called ``ours`` here, if it is the company's own: called otherwise one day, it is told anew."""
    if not ours:
        return change
    native_id = f"{change.native_id}/{ours.replace('-', '_')}" if change.native_id else ""
    return dataclasses.replace(change, name=ours, native_id=native_id)


def tried(capability: Capability, ask_for: str, look: Callable[[], CapabilityFound]) -> CapabilityFound:
    """Return what ``look`` finds; a missing right or object is a finding too."""
    try:
        return look()
    except exchange.NoRight:
        return CapabilityFound(capability, Found.NO_RIGHT, ask_for=ask_for)
    except exchange.NotThere:
        return CapabilityFound(capability, Found.NOT_THERE)


def seen(look: Callable[[], T], otherwise: T) -> T:
    """Return what ``look`` finds, ``otherwise`` where the sign-in may not see it: the self-test says so."""
    try:
        return look()
    except exchange.NoRight:
        return otherwise


def earliest(moments: Iterable[dt.datetime]) -> dt.date | None:
    return min((each.date() for each in moments), default=None)
