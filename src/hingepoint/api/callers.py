"""Who calls, and what their token may be used for."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from hingepoint.domain.deals.actions import HAND
from hingepoint.domain.tokens import actions, queries
from hingepoint.records.errors import TooOften
from hingepoint.records.tokens import Topic, allows
from hingepoint.web import limits

#: Where a fact comes from that a program noted, not a person through one.
ORIGIN = "api"


class Request(HttpRequest):
    """Only for annotations: a request whose caller is known."""

    auth: queries.Caller


class AsksTooOften(TooOften):
    """A program asks for more than one may. ``who`` is the number of the person whose token it carries; it may go on in
    ``seconds``."""

    def __init__(self, who: int, seconds: int):
        self.who, self.seconds = who, seconds
        super().__init__(
            "That is more than one program may ask for at once. Nothing was saved: wait as many seconds as Retry-After says."
        )


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
        let_pass(found, limits.PROGRAMS)
        return found


def let_pass(caller: queries.Caller, limit: limits.Limit) -> None:
    """Count a request of a token and note that the token is used. Raises AsksTooOften."""
    if seconds := limits.wait(caller.token.pk, limit):
        raise AsksTooOften(caller.user.pk, seconds)
    actions.note_use(at=timezone.now(), token=caller.token)


def who(request: HttpRequest) -> queries.Caller | None:
    """Return who calls, whatever their token may be used for; None without one that works."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return queries.caller(token, at=timezone.now()) if scheme.lower() == "bearer" else None


def origin_of(request: Request) -> str:
    """Return where a fact comes from: a person's hand, or a program that acts for nobody."""
    return ORIGIN if request.auth.token.service else HAND
