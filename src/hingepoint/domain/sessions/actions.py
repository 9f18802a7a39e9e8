"""Signing in and out, on record, and ending one's sessions from elsewhere."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.backends.base import SessionBase

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import User
from hingepoint.domain.sessions import rules
from hingepoint.domain.sessions.models import Session
from hingepoint.domain.turns.actions import action
from hingepoint.records.errors import Hidden


@action
def note_sign_in(*, by: User, at: dt.datetime, session: SessionBase, address: str, agent: str) -> None:
    """Put a sign-in on record, and let its session remember from where and in which browser."""
    browser = rules.browser_in_words(agent)
    told = {
        rules.BEGAN: at.isoformat(),
        rules.SEEN: at.isoformat(),
        rules.PROVEN: at.isoformat(),
        rules.ADDRESS: address,
        rules.BROWSER: browser,
    }
    for name, value in told.items():
        session[name] = value
    changes = {"address": [None, address], "browser": [None, browser]}
    record(by=by, at=at, action="sign in", subject="session", subject_id=by.pk, changes=changes)


@action
def note_sign_out(*, by: User, at: dt.datetime) -> None:
    """Put on record that somebody signed out."""
    record(by=by, at=at, action="sign out", subject="session", subject_id=by.pk)


@action
def note_proof(*, by: User, at: dt.datetime) -> None:
    """Put on record that somebody showed once more, before something sensitive, that it is they."""
    record(by=by, at=at, action="prove again", subject="session", subject_id=by.pk)


@action
def note_rest(*, by: User, at: dt.datetime) -> None:
    """Put on record that somebody is signed out in a browser in which nothing happened for long."""
    record(by=by, at=at, action="rest too long", subject="session", subject_id=by.pk)


@action
def note_end(*, by: User, at: dt.datetime) -> None:
    """Put on record that somebody is signed out in a browser because they signed in there long ago."""
    record(by=by, at=at, action="last too long", subject="session", subject_id=by.pk)


@action
def end(*, by: User, at: dt.datetime, handle: str) -> None:
    """Sign ``by`` out in another of their browsers, from its next request on. Raises Hidden when it is none of theirs."""
    rows = Session.objects.visible_to(by)
    key = next((one for one in rows.values_list("pk", flat=True) if rules.handle(one) == handle), None)
    if key is None:
        raise Hidden("It is signed out already.")
    Session.objects.filter(pk=key).delete()
    record(by=by, at=at, action="end session", subject="session", subject_id=by.pk)


@action
def end_others(*, by: User, at: dt.datetime, key: str | None) -> int:
    """Sign ``by`` out everywhere but in the browser of ``key``; return in how many."""
    ended, _ = Session.objects.visible_to(by).exclude(pk=key).delete()
    if ended:
        changes = {"browsers": ended}
        record(
            by=by, at=at, action="end other sessions", subject="session", subject_id=by.pk, changes=changes
        )
    return ended


@action
def end_all(*, at: dt.datetime, user: User) -> int:
    """Sign somebody out in every browser, as the company's directory does not let them in any more; return in how many."""
    ended, _ = Session.objects.filter(user=user).delete()
    if ended:
        changes = {"browsers": ended}
        record(
            by=None, at=at, action="end all sessions", subject="session", subject_id=user.pk, changes=changes
        )
    return ended
