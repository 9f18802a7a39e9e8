"""Every change of the channels of teams, and telling them."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from hingepoint.connectors import outgoing
from hingepoint.domain.audit.actions import record
from hingepoint.domain.notices import chats
from hingepoint.domain.notices import queries as notices
from hingepoint.domain.notices.chats import Post
from hingepoint.domain.notices.letters import Link
from hingepoint.domain.notices.rules import CHAT_DAYS, TRIES, Group, is_time
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User
from hingepoint.domain.secrets.rules import WrongKey, seal, unseal
from hingepoint.domain.team_chats import queries
from hingepoint.domain.team_chats.models import TeamChat, leads
from hingepoint.domain.team_chats.rules import counted
from hingepoint.domain.turns.actions import action, turn
from hingepoint.domain.webhooks.actions import allowed
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.notices import ChatService

_PURPOSE = str(TeamChat._meta.get_field("url"))
#: The end of each message.
WHERE = "At most one message a day comes, and none when nothing is new. Who leads the team chooses it:"


class HasOne(Refused):
    """A team has one channel."""


@action
def choose(*, by: User, at: dt.datetime, team_id: int, service: ChatService, url: str) -> None:
    """Let a channel of a team, at its secret address, be told each day how much waits for the people of the team. Raises Hidden
    for who does not lead it, BadAddress, HasOne."""
    if (team := leads(by, team_id=team_id).get(team_id)) is None:
        raise Hidden("no such team")
    chats.require_channel(service, url, allowed())
    facts = {"service": service, "url": seal(url, purpose=_PURPOSE), "made_by": by, "made_at": at}
    _, first = TeamChat.objects.get_or_create(team_id=team_id, defaults=facts)
    if not first:
        raise HasOne(reason("{team} has a channel already. Leave it first.", team=team), field="team")
    changes = {"service": service.value}
    record(by=by, at=at, action="choose", subject="team chat", subject_id=team_id, changes=changes)
    what = reason(
        "A channel of {service} is told each day how much waits for the people of {team}.",
        service=service.label,
        team=team,
    )
    safety.tell(by, what, by=by, at=at)


@action
def leave(*, by: User, at: dt.datetime, team_id: int) -> None:
    """Let the channel of a team be told nothing any more, and forget its address. Raises Hidden."""
    _of(by, team_id).delete()
    record(by=by, at=at, action="leave", subject="team chat", subject_id=team_id)


def _of(by: User, team_id: int) -> TeamChat:
    """Return the channel of a team in this action's turn. Raises Hidden."""
    if (row := turn(TeamChat.objects.visible_to(by), team_id=team_id)) is None:
        raise Hidden("no such channel")
    return row


def try_now(*, by: User, at: dt.datetime, team_id: int, link: Link, post: Post = outgoing.post) -> None:
    """Send a message that tells nothing to the channel of a team now. Raises Hidden, NotTaken."""
    _hand_over(_tried(by=by, at=at, team_id=team_id), "Hingepoint reaches your team here", (), link, post)


@action
def _tried(*, by: User, at: dt.datetime, team_id: int) -> TeamChat:
    row = _of(by, team_id)
    record(by=by, at=at, action="test", subject="team chat", subject_id=team_id)
    return row


def _hand_over(row: TeamChat, title: str, groups: tuple[Group, ...], link: Link, post: Post) -> None:
    service = ChatService(row.service)
    message = chats.message(service, title, groups, link, where=WHERE, led=False)
    chats.tell(service, unseal(row.url, purpose=_PURPOSE), message, allowed=allowed(), post=post)


# ---- each day ----


def tell_teams(*, at: dt.datetime, link: Link, post: Post = outgoing.post) -> int:
    """Tell the channel of each team how much waits for its people, where some of it is new; return how many messages were taken.

    It is counted once a day, from the hour of who named the channel, on their days of the week, not while everybody is away.
    Bears being run twice.
    """
    if not notices.chats_are_told():
        return 0
    choices, away = notices.choices(), notices.away_around(at.date())
    told = 0
    for row in TeamChat.objects.select_related("team", "made_by"):
        choice = choices.get(row.made_by_id, notices.USUAL)
        now = choice.now(at)
        off = away.of_all(now.date())
        if is_time(now, choice.hour, choice.weekdays, off=off) and queries.stands(row):
            told += _tell(row, at=at, today=now.date(), link=link, post=post)
    return told


def _tell(row: TeamChat, *, at: dt.datetime, today: dt.date, link: Link, post: Post) -> bool:
    """Count what waits for a team unless that was done today, and hand it over where some is new; return whether it was taken."""
    if row.on != today:
        _count(row, today)
    mine = TeamChat.objects.filter(pk=row.pk, on=today, tries=row.tries)
    if not row.waits or not mine.update(tries=row.tries + 1):  # or another worker is at it
        return False
    company = settings.ENVIRONMENT.company
    title = f"What waits in {row.team.name}{f' at {company}' if company else ''}"
    try:
        _hand_over(row, title, counted(row.found, row.told), link, post)
    except (chats.NotTaken, WrongKey) as problem:
        _failed(at=at, chat_id=row.pk, problem=str(problem)[:300])
        return False
    told = [key for keys in row.found.values() for key in keys]
    facts = {"told": told, "told_at": at, "problem": "", "failed_days": 0}
    return bool(TeamChat.objects.filter(pk=row.pk).update(**facts))


def _count(row: TeamChat, today: dt.date) -> None:
    """Note what waits for the people of a team on a day; what is gone is forgotten, so that it is new when it comes back."""
    row.found, row.on, row.tries = queries.waiting_in(row.team, today=today), today, 0
    now = {key for keys in row.found.values() for key in keys}
    row.told = [key for key in row.told if key in now]
    row.save(update_fields=["found", "on", "tries", "told"])


@action
def _failed(*, at: dt.datetime, chat_id: int, problem: str) -> None:
    """Note that a channel did not take a message. One that took nothing on ``CHAT_DAYS`` days in a row is left, and who named it
    is told so by mail."""
    row = turn(TeamChat.objects.all(), pk=chat_id)
    if row is None:
        return
    row.problem, row.failed_days = problem, row.failed_days + (row.tries >= TRIES)
    if row.failed_days < CHAT_DAYS:
        row.save(update_fields=["problem", "failed_days"])
        return
    row.delete()
    record(by=None, at=at, action="give up", subject="team chat", subject_id=row.team_id)
    what = reason(
        "The channel of {team} took nothing on {chat_days} days, so it is told nothing any more. Choose one anew on the page of your notices.",
        team=row.team.name,
        chat_days=CHAT_DAYS,
    )
    safety.tell(row.made_by, what, by=None, at=at, who=safety.PROGRAM)
