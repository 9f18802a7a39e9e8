"""Who is signed in: found together with the session, in one statement (setting SESSION_ENGINE and the middleware of authentication)."""

from __future__ import annotations

from typing import Any

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from hingepoint.domain.home.queries import rooms
from hingepoint.domain.people.queries import User
from hingepoint.domain.sessions import store
from hingepoint.web.sign_in import BACKEND


class SessionStore(store.SessionStore):
    """Brings the person along whose session it reads."""

    #: Who it was, with what the navigation shows them; None before it was read, and for nobody's.
    person: User | None = None

    def load(self) -> dict[str, Any]:
        today = timezone.localdate()
        self.person = (
            rooms.signed_in(self.session_key, at=timezone.now(), today=today) if self.session_key else None
        )
        if self.person is None:
            return super().load()
        return self.decode(self.person.session_data)  # type: ignore[attr-defined]  # beside the person's own columns


class KnowsWho(AuthenticationMiddleware):
    """Takes the person whom the session brought along. Whatever is unusual about one is left to Django."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _who(request))  # type: ignore[assignment]


def _who(request: HttpRequest) -> Any:
    """Return who is signed in; asked once a request."""
    kept = request.session.get(auth.SESSION_KEY)  # reads the session
    person = getattr(request.session, "person", None)
    if person is not None and kept == str(person.pk) and _still_signed_in(request, person):
        return person
    return auth.get_user(request)


def _still_signed_in(request: HttpRequest, person: User) -> bool:
    """Return whether Django would say so without a second look: by our own way in, active, the same password since."""
    known = request.session.get(auth.BACKEND_SESSION_KEY) == BACKEND and person.is_active
    proof = request.session.get(auth.HASH_SESSION_KEY, "")
    return known and constant_time_compare(proof, person.get_session_auth_hash())
