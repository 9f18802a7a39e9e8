"""One's own passkeys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people.models import User


@dataclass(frozen=True, slots=True)
class Line:
    """A passkey in the list of its person."""

    id: int
    name: str
    made_at: dt.datetime
    used_at: dt.datetime | None


def own(viewer: User) -> list[Line]:
    rows = Passkey.objects.visible_to(viewer)
    return [Line(row.pk, row.name, row.made_at, row.used_at) for row in rows]


def known_credentials(viewer: User) -> list[str]:
    """Return what names one's keys to a browser, so that no device makes a second one."""
    return list(Passkey.objects.visible_to(viewer).values_list("credential", flat=True))
