"""Reading the channels of teams, and what waits for the people of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.notices import queries as notices
from hingepoint.domain.people.models import Team, User, Viewer, works_here
from hingepoint.domain.sign_on.rules import still_let_in
from hingepoint.domain.team_chats.models import TeamChat, leads
from hingepoint.domain.team_chats.rules import keys_by_kind
from hingepoint.records.errors import Hidden
from hingepoint.records.notices import ChatService


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel of a team. ``stands``: who named it may still do so, so that it is told."""

    team_id: int
    team: str
    service: str
    made_by: str
    since: dt.datetime
    told_at: dt.datetime | None
    problem: str
    stands: bool


@dataclass(frozen=True, slots=True)
class TeamChannels:
    """The channels of the teams that somebody leads, and the teams without one (id, name)."""

    channels: tuple[Channel, ...]
    without: tuple[tuple[int, str], ...]


def channels(viewer: Viewer) -> TeamChannels:
    """Return the channels of the teams whose leader ``viewer`` is, of all for who keeps people. Two SQL queries, two more for each
    channel."""
    if not works_here(viewer):
        return TeamChannels((), ())
    rows = TeamChat.objects.visible_to(viewer).select_related("team", "made_by")
    shown = tuple(map(_channel, rows))
    with_one = {one.team_id for one in shown}
    without = tuple(team for team in leads(viewer).items() if team[0] not in with_one)
    return TeamChannels(shown, without)


def require_leader(viewer: Viewer) -> None:
    """Raises Hidden for who leads no team."""
    if not works_here(viewer) or not leads(viewer):
        raise Hidden("Who leads no team names no channel for one.")


def _channel(row: TeamChat) -> Channel:
    return Channel(
        row.team_id,
        row.team.name,
        ChatService(row.service).label,
        row.made_by.name,
        row.made_at,
        row.told_at,
        row.problem,
        stands(row),
    )


def stands(row: TeamChat) -> bool:
    """Return whether who named a channel still works here and leads the team, or keeps people."""
    by = row.made_by
    return by.is_active and still_let_in(by) and bool(leads(by, team_id=row.team_id))


def waiting_in(team: Team, *, today: dt.date) -> dict[str, list[str]]:
    """Return the keys of what waits for the people of a team and of those below it, by kind. About twenty SQL queries a person."""
    here = {"memberships__team__path__startswith": team.path, "memberships__until__isnull": True}
    people = User.objects.active().filter(**here, memberships__since__lte=today).distinct()
    return keys_by_kind(line for user in people for line in notices.wanted(user, today=today))
