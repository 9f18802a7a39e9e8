"""What no person types, and what few programs send: drawn anew in every test that asks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

#: Each kind of oddity that broke something somewhere, by what it is.
HOSTILE = {
    "a number that no database holds": "9" * 20,
    "a number that no index holds": str(2**31),
    "a number below nothing": "-1",
    "a digit of no number": "²",
    "digits of another script": "٣",
    "a character that ends strings": "a\0b",
    "half a character": "\ud800",
    "a long text": "x" * 5_000,
    "no number at all": "NaN",
    "a number without end": "1e999",
    "a day that is none": "2026-02-31",
    "a day before days were counted": "0001-01-01",
    "the last day of all": "9999-12-31",
    "nothing": "",
}
_DIGITS = st.text(st.characters(categories=["Nd", "Nl", "No"]), min_size=1, max_size=25)
_DAYS = st.dates(dt.date.min, dt.date.max).map(dt.date.isoformat)
_NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats())
#: Texts as a browser sends them: any characters, whole ones only.
texts = st.one_of(
    st.sampled_from(sorted(HOSTILE.values())),
    st.text(max_size=60),
    _DIGITS,
    _DAYS,
    _NUMBERS.map(str),
).map(lambda text: text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    st.sampled_from(sorted(HOSTILE.values())),
    st.text(st.characters(), max_size=60),
    _DAYS,
)
#: Values as JSON may say them: half characters, numbers beyond any column, and shapes that nobody asked for.
values = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def replaced(told: Any, place: int, value: Any) -> Any:
    """Return what is told with one of its leaves, counted from ``place``, being ``value`` instead."""
    leaves = list(_places(told))
    if not leaves:
        return value
    return _with(told, leaves[place % len(leaves)], value)


def _places(told: Any, at: tuple[Any, ...] = ()) -> Any:
    parts = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for name, inner in parts:
        yield (*at, name)
        yield from _places(inner, (*at, name))


def _with(told: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    changed = dict(told) if isinstance(told, dict) else list(told)
    changed[at[0]] = _with(told[at[0]], at[1:], value)
    return changed
