"""Mails whose lines carry addresses of pages."""

import datetime as dt

from django.conf import settings
from django.urls import reverse

from hingepoint.domain.notices import actions
from hingepoint.domain.team_chats import actions as team_chats


def send_digests(*, at: dt.datetime) -> int:
    """Mail what is new to everybody whose hour has come; return how many mails went out."""
    return actions.send_digests(at=at, link=link)


def tell_teams(*, at: dt.datetime) -> int:
    """Tell the channels of teams how much waits for their people; return how many messages were taken."""
    return team_chats.tell_teams(at=at, link=link)


def link(page: str, about: tuple[int | str, ...]) -> str:
    """Return the whole address of a page."""
    return settings.ENVIRONMENT.address + reverse(page, args=about)
