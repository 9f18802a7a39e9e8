"""The background task that mails invitations; ``hingepoint serve`` runs it in its worker."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.people import actions, letters


@task()
def send_invitations() -> None:
    mail_invitations(at=timezone.now())


def mail_invitations(*, at: dt.datetime) -> int:
    """Mail the invitations that wait; return how many went out. Bears being run twice."""
    return actions.send_invitations(at=at, send=letters.send)


@task()
def mail_change(to: str, name: str, what: str, who: str, at: str) -> None:
    """Mail one person what changed of their account, or of what they look after."""
    letters.send_change(to=to, name=name, what=what, who=who, at=dt.datetime.fromisoformat(at))
