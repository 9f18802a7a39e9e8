"""Frozen results as plain JSON values, and back."""

from __future__ import annotations

import functools
import math
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

#: What stands for a value that an older version did not keep.
UNKNOWN: dict[Any, Any] = {float: math.nan, int: 0, str: "", bool: False}


def plain(value: float | None) -> float | None:
    """Return a number that JSON can hold, rounded to seven digits; None for not known."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.7g}")


def simple(value: Any) -> Any:
    """Return numbers, tuples and frozen results as plain JSON values; None for a number that is not known."""
    if isinstance(value, float):
        return plain(value)
    if isinstance(value, tuple):
        return [simple(one) for one in value]
    if is_dataclass(value):
        return {part.name: simple(getattr(value, part.name)) for part in fields(value)}
    return value


def read(kind: type[Result], stored: Mapping[str, Any]) -> Result:
    """Return the frozen result of ``kind`` that ``simple`` has made ``stored`` from.

    A part that is not there has the default of its field, otherwise it is not known; parts that ``kind``
    does not have are left out.
    """
    known = _kinds(typing.cast(Hashable, kind))
    parts = {name: _value(known[name], stored[name]) for name in known if stored.get(name) is not None}
    for part in fields(kind):  # type: ignore[arg-type]
        if part.name not in parts and part.default is MISSING and part.default_factory is MISSING:
            parts[part.name] = _unknown(known[part.name])
    return kind(**parts)


@functools.cache
def _kinds(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(kind: Any, stored: Any) -> Any:
    if kind is float:
        return math.nan if stored is None else float(stored)
    if isinstance(kind, types.UnionType):
        return None if stored is None else _value(_one_of(kind), stored)
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        kinds = inner[:1] * len(stored) if inner[-1] is Ellipsis else inner
        return tuple(_value(one, value) for one, value in zip(kinds, stored, strict=True))
    return read(kind, stored) if isinstance(kind, type) and is_dataclass(kind) else stored


def _one_of(kind: types.UnionType) -> Any:
    return next(one for one in typing.get_args(kind) if one is not type(None))


def _unknown(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        return None
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        return () if inner[-1] is Ellipsis else tuple(_unknown(one) for one in inner)
    return UNKNOWN.get(kind)
