"""Signing somebody in without the form, in one statement where Django's own way takes nine: hardly a test of pages
does without it. Tests of signing in go through the form."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils import timezone
from django.utils.crypto import get_random_string

djangos_own = Client.force_login
#: When a browser was last used in which nobody is ever signed out for resting, so that tests may travel in time.
STAYS = "9999-01-01T00:00:00+00:00"


def sign_in(client: Client, user, backend: str | None = None) -> None:
    """Stand in for ``Client.force_login``. Where somebody is signed in already, it is Django's own, which keeps or
    drops what the session holds."""
    from hingepoint.domain.sessions import rules  # known once Django is set up
    from hingepoint.domain.sessions.models import Session
    from hingepoint.domain.sessions.store import SessionStore

    if settings.SESSION_COOKIE_NAME in client.cookies:
        djangos_own(client, user, backend)
        session = client.session
        session[rules.SEEN] = STAYS
        session[rules.PROVEN] = timezone.now().isoformat()
        session.save()
        return
    user.backend = backend or settings.AUTHENTICATION_BACKENDS[0]
    facts = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: user.backend}
    facts[HASH_SESSION_KEY] = user.get_session_auth_hash()
    key, until = get_random_string(32, "abcdefgh01234567"), timezone.now() + dt.timedelta(days=14)
    facts[rules.SEEN] = STAYS
    facts[rules.PROVEN] = timezone.now().isoformat()
    row = {"session_data": SessionStore().encode(facts), "expire_date": until, "user": user}
    Session.objects.create(session_key=key, **row)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
