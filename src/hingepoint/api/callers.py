"""Who calls, and what their token may be used for."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from hingepoint.domain.deals.actions import HAND
from hingepoint.domain.tokens import actions, queries
from hingepoint.records.tokens import Topic, allows

#: Where a fact comes from that a program noted, not a person through one.
ORIGIN = "api"


class Request(HttpRequest):
    """Only for annotations: a request whose caller is known."""

    auth: queries.Caller


class Bearer(HttpBearer):
    """A token in the Authorization header, whose scopes allow what is asked. Cookies open nothing here."""

    def __init__(self, topic: Topic | None, access: str):
        self.topic, self.access = topic, access
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> queries.Caller | None:
        found = queries.caller(token, at=timezone.now())
        if found is None:
            return None
        if self.topic and not allows(found.scopes, self.topic, self.access):
            raise AuthorizationError
        actions.note_use(at=timezone.now(), token=found.token)
        return found


def who(request: HttpRequest) -> queries.Caller | None:
    """Return who calls, whatever their token may be used for; None without one that works."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return queries.caller(token, at=timezone.now()) if scheme.lower() == "bearer" else None


def origin_of(request: Request) -> str:
    """Return where a fact comes from: a person's hand, or a program that acts for nobody."""
    return ORIGIN if request.auth.token.service else HAND
