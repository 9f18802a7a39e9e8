"""Principles in plain values, who keeps them, and which apply where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from hingepoint.domain.people.models import sees_all
from hingepoint.records.languages import say, words_of
from hingepoint.records.principles import Check, Place, Principle


def may_keep(viewer: Any) -> bool:
    """Return whether ``viewer`` writes principles: sponsor and analyst."""
    return sees_all(viewer)


def plain(one: Principle) -> dict[str, Any]:
    """Return a principle as it is stored."""
    return asdict(one) | {"places": list(one.places), "agreements": list(one.agreements)}


def read(told: Mapping[str, Any]) -> Principle:
    """Return a stored principle."""
    places, agreements = tuple(map(Place, told["places"])), tuple(told["agreements"])
    return Principle(
        **dict(told) | {"places": places, "agreements": agreements, "check": Check(told["check"])}
    )


def read_all(told: Iterable[Mapping[str, Any]]) -> tuple[Principle, ...]:
    return tuple(map(read, told))


def applies(one: Principle, place: Place, types: Iterable[str] = ()) -> bool:
    """Return whether a principle applies at a place where these agreement types are spoken about. Where none is, what is only
    for some types does not apply."""
    return place in one.places and (not one.agreements or bool(set(one.agreements) & set(types)))


def changes(before: Iterable[Principle], after: Iterable[Principle]) -> list[tuple[str, str, str, str]]:
    """Return name, label, what was and what will be, for all in which two versions differ; the order last."""
    old, new = {one.key: one for one in before}, {one.key: one for one in after}
    found: list[tuple[str, str, str, str]] = []
    for key in [*new, *(key for key in old if key not in new)]:
        found += _differs(old.get(key), new.get(key))
    if list(old) != list(new) and set(old) == set(new):
        was, now = (", ".join(one.name for one in version.values()) for version in (old, new))
        found.append((say("All"), say("Order"), was, now))
    return found


_LABELS = words_of(
    {
        "name": "Name",
        "text": "What it says",
        "seen": "How one sees it",
        "places": "Where it applies",
        "agreements": "Only for",
        "check": "What the register sees",
    }
)


def _differs(old: Principle | None, new: Principle | None) -> list[tuple[str, str, str, str]]:
    if old is None or new is None:
        one = new or old
        assert one is not None
        return [(one.name, say("All of it"), old.text if old else "", new.text if new else "")]
    return [
        (new.name, label, said(old, field), said(new, field))
        for field, label in _LABELS.items()
        if getattr(old, field) != getattr(new, field)
    ]


def said(one: Principle, field: str) -> str:
    """Return a field of a principle in words."""
    value = getattr(one, field)
    if isinstance(value, tuple):
        return ", ".join(str(getattr(part, "label", part)) for part in value) or "any"
    return str(getattr(value, "label", value))
