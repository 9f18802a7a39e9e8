"""Who calls, and which tokens there are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.people.models import User
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.tokens import rules
from hingepoint.domain.tokens.models import Token
from hingepoint.records.tokens import SCOPES


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token in a list. ``state``: works, over or revoked."""

    id: int
    name: str
    begins: str
    owner: str
    service: bool
    may: tuple[str, ...]
    made_by: str
    made_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None
    state: str

    @property
    def works(self) -> bool:
        return self.state == "works"


def tokens(viewer: User, *, at: dt.datetime) -> list[TokenLine]:
    """Return one's own tokens, and for those who keep people the ones of services; working ones first. One SQL
    query."""
    rows = Token.objects.visible_to(viewer).select_related("user", "made_by")
    lines = [_line(row, at) for row in rows[:200]]
    return sorted(lines, key=lambda one: not one.works)


def _line(row: Token, at: dt.datetime) -> TokenLine:
    over = "over" if row.expires_at <= at else "works"
    return TokenLine(
        id=row.pk,
        name=row.name,
        begins=row.begins,
        owner=row.user.name,
        service=row.service,
        may=tuple(SCOPES[one] for one in row.scopes if one in SCOPES),
        made_by=row.made_by.name if row.made_by else "",
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        state="revoked" if row.revoked_at else over,
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API: with whose rights, and what the token may be used for. ``token`` is for
    ``actions.note_use``."""

    user: User
    scopes: frozenset[str]
    token: Token


def caller(secret: str, *, at: dt.datetime) -> Caller | None:
    """Return who calls with a token that works at ``at``; None for any other. One SQL query."""
    if not secret.startswith((rules.OURS, rules.OF_A_SERVICE)):
        return None
    rows = Token.objects.working(at).select_related("user")
    token = rows.filter(digest=digest_of(secret)).first()
    return Caller(token.user, frozenset(token.scopes), token) if token else None
