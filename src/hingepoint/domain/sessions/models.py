"""Browsers in which somebody is signed in.

| field | who reads | who writes |
|---|---|---|
| browser, address, when | whose it is | the program, at sign-in |
| the row itself | whose it is | ends with the sign-out, the idle time, or when its person ends it from elsewhere |
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

from hingepoint.domain.people.models import User, Viewer, works_here


class SessionManager(BaseSessionManager["Session"]):
    def visible_to(self, viewer: Viewer) -> models.QuerySet[Session]:
        """One's own."""
        return self.filter(user=viewer) if works_here(viewer) else self.none()


class Session(AbstractBaseSession):
    """What a browser's cookie stands for. ``user`` is who is signed in there, nobody before somebody is: with it the
    sessions of a person are found, which Django's own table does not tell."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")

    objects: ClassVar[SessionManager] = SessionManager()  # type: ignore[assignment]  # Django's own stands above it

    @classmethod
    def get_session_store_class(cls) -> type:
        from hingepoint.domain.sessions.store import SessionStore  # it reads this table

        return SessionStore
