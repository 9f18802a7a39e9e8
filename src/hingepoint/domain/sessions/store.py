"""Where Django keeps sessions: in a table that knows whose they are (setting SESSION_ENGINE)."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from hingepoint.domain.sessions.models import Session


class SessionStore(db.SessionStore):
    """Django's own, with the person beside what it keeps."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None  # type: ignore[attr-defined]  # mypy sees no key beside an abstract row
        return row
