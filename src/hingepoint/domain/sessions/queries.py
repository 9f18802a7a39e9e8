"""Reading one's own sessions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY

from hingepoint.domain.people.models import User
from hingepoint.domain.sessions import rules
from hingepoint.domain.sessions.models import Session


@dataclass(frozen=True, slots=True)
class Place:
    """A browser in which somebody is signed in. ``handle`` names it to ``actions.end``, and opens nothing; ``here`` is
    the one that asks."""

    handle: str
    browser: str
    address: str
    began_at: dt.datetime | None
    seen_at: dt.datetime | None
    here: bool


def places(viewer: User, *, key: str | None, at: dt.datetime) -> list[Place]:
    """Return where ``viewer`` is signed in: this browser (``key``) first, then as they were last used."""
    rows = Session.objects.visible_to(viewer).filter(expire_date__gt=at)
    told = [(row, row.get_decoded()) for row in rows]
    valid = [
        (row, facts) for row, facts in told if facts.get(HASH_SESSION_KEY) == viewer.get_session_auth_hash()
    ]
    found = [_place(row, facts, here=row.session_key == key) for row, facts in valid]
    long_ago = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(found, key=lambda one: (one.here, one.seen_at or long_ago), reverse=True)


def _place(row: Session, facts: dict[str, str], *, here: bool) -> Place:
    began, seen = (
        dt.datetime.fromisoformat(facts[name]) if name in facts else None
        for name in (rules.BEGAN, rules.SEEN)
    )
    browser = facts.get(rules.BROWSER, "An unknown browser")
    return Place(rules.handle(row.session_key), browser, facts.get(rules.ADDRESS, ""), began, seen, here)
