"""What a company's directory says of its people and groups, and what we answer (SCIM 2.0)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """What the directory says of somebody. ``told`` is kept as it was sent, to be read again."""

    user_name: str
    name: str
    mail: str
    title: str
    active: bool
    external_id: str = ""
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonThere:
    """Somebody of the directory. ``groups``: number and name of each."""

    number: int
    user_name: str
    external_id: str
    active: bool
    told: dict[str, Any]
    groups: tuple[tuple[int, str], ...]
    made_at: dt.datetime
    changed_at: dt.datetime
    version: int


@dataclass(frozen=True, slots=True)
class GroupThere:
    """A group of the directory. ``members``: the number of each."""

    number: int
    name: str
    external_id: str
    members: tuple[int, ...]
    made_at: dt.datetime
    changed_at: dt.datetime
    version: int
