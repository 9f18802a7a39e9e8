"""The background task that mails invitations; ``hingepoint serve`` runs it in its worker."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.people import actions, letters
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.records.languages import ENGLISH, speaking


@task()
def send_invitations() -> None:
    mail_invitations(at=timezone.now())


def mail_invitations(*, at: dt.datetime) -> int:
    """Mail the invitations that wait; return how many went out. Bears being run twice."""
    return actions.send_invitations(at=at, send=letters.send)


def mail_changes_again(*, at: dt.datetime) -> int:
    """Have the mails about changes that did not go out tried once more, for a day as any mail; return how many."""
    refused = f"{actions.NotDelivered.__module__}.{actions.NotDelivered.__qualname__}"
    return upkeep.try_again(
        at=at, task=mail_change.module_path, since=at - actions.TRIED_FOR, refused=refused
    )


@task()
def mail_change(
    to: str, name: str, what: str, who: str, at: str, language: str = ENGLISH, by_itself: bool = False
) -> None:
    """Mail one person what changed of their account, or of what they look after."""
    with speaking(language):
        letters.send_change(
            to=to, name=name, what=what, who=who, at=dt.datetime.fromisoformat(at), by_itself=by_itself
        )
