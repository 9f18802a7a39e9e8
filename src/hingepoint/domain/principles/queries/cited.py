"""Which principles apply where somebody is working: a quiet line on pages of other subjects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.principles import rules
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.records.principles import Place, Principle

#: A line names no more.
MOST_CITED = 3


@dataclass(frozen=True, slots=True)
class Cited:
    """A principle as it is cited: its key, its name, and what it says."""

    key: str
    name: str
    text: str


def cited(
    viewer: Any, place: Place, *, types: Iterable[str] = (), most: int = MOST_CITED
) -> tuple[Cited, ...]:
    """Return which principles in force apply at a place where agreements of these types are spoken about: those for these
    types first. One SQL query."""
    found = [one for one in in_force(viewer) if rules.applies(one, place, types)]
    found.sort(key=lambda one: not one.agreements)
    return tuple(Cited(one.key, one.name, one.text) for one in found[:most])


def in_force(viewer: Any) -> tuple[Principle, ...]:
    """Return the principles in force, none where none are. One SQL query."""
    texts = PrinciplesVersion.objects.visible_to(viewer).in_force().values_list("texts", flat=True).first()
    return rules.read_all(texts or ())
