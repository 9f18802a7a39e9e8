"""Messages of sponsors: those one got, one of them with how many read it, and what a new one begins with."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from hingepoint.analysis import metric_words
from hingepoint.domain.people.models import Membership, Team, managed_teams, sees_all, works_here
from hingepoint.domain.sponsorship import rules
from hingepoint.domain.sponsorship.models import MessageReader, SponsorMessage
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.records import conventions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role

MOST_SHOWN = 12
#: So long a message that was not read stands on the first page.
NEW = dt.timedelta(weeks=5)


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message, to how many it went, and how many read it."""

    id: int
    subject: str
    sender: str
    sent_at: dt.datetime
    to: int
    read: int


@dataclass(frozen=True, slots=True)
class ReadByTeam:
    team: str
    read: int
    of: int


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A message; ``mine``: whether the viewer is asked to read it (True), did (False), or it did not go to them (None)."""

    line: MessageLine
    text: str
    mine: bool | None
    teams: tuple[ReadByTeam, ...]


def messages(viewer: Any, *, by: int | None = None) -> list[MessageLine]:
    """Return the newest messages. One SQL query."""
    rows = SponsorMessage.objects.visible_to(viewer).select_related("sent_by")
    rows = rows.filter(sent_by=by) if by else rows
    return [_line(row) for row in _counted(rows)[:MOST_SHOWN]]


def _counted(rows: Any) -> Any:
    read = Count("readers", filter=Q(readers__read_at__isnull=False))
    return rows.annotate(to=Count("readers"), read=read).order_by("-sent_at", "-pk")


def _line(row: Any) -> MessageLine:
    return MessageLine(row.pk, row.subject, row.sent_by.name, row.sent_at, row.to, row.read)


def message_page(viewer: Any, message_id: int) -> MessagePage:
    """Return a message. Raises Hidden. At most six SQL queries."""
    rows = SponsorMessage.objects.visible_to(viewer).filter(pk=message_id).select_related("sent_by")
    row = _counted(rows).first()
    if row is None:
        raise Hidden("There is no such message.")
    mine = MessageReader.objects.filter(message=row, person=viewer).values_list("read_at", flat=True)
    asked = next((read_at is None for read_at in mine), None)
    return MessagePage(_line(row), row.text, asked, _by_team(viewer, message_id))


def _by_team(viewer: Any, message_id: int) -> tuple[ReadByTeam, ...]:
    """Return how many read it of each team that ``viewer`` leads, of all to who sees everybody; nobody is named."""
    if not (sees_all(viewer) or viewer.role == Role.MANAGER):
        return ()
    went = dict(MessageReader.objects.filter(message=message_id).values_list("person_id", "read_at"))
    rows = Membership.objects.filter(until__isnull=True, user__in=went)
    rows = rows if sees_all(viewer) else rows.filter(team__in=managed_teams(viewer))
    people = set(rows.order_by().values_list("team_id", "user_id"))
    of, read = Counter(team for team, _ in people), Counter(team for team, one in people if went[one])
    names = Team.objects.filter(pk__in=of).order_by("name").values_list("pk", "name")
    return tuple(ReadByTeam(name, read[pk], of[pk]) for pk, name in names)


def unread(viewer: Any, *, now: dt.datetime) -> MessagePage | None:
    """Return the newest message of the last weeks that ``viewer`` has not read; None where there is none. One SQL query."""
    if not works_here(viewer):
        return None
    rows = MessageReader.objects.filter(person=viewer, read_at__isnull=True, message__sent_at__gt=now - NEW)
    row = rows.select_related("message__sent_by").order_by("-message__sent_at", "-pk").first()
    if row is None:
        return None
    told = row.message
    line = MessageLine(told.pk, told.subject, told.sent_by.name, told.sent_at, 0, 0)
    return MessagePage(line, told.text, True, ())


# ---- what a new one begins with ----


@dataclass(frozen=True, slots=True)
class Template:
    """What a message begins with: filled with what is known, to be changed."""

    subject: str
    text: str


def template(viewer: Any, *, today: dt.date) -> Template:
    """Return what a message of a sponsor begins with. Raises Hidden for others. Reads the closed deals of the strategy's time
    where no answers are kept."""
    if not rules.may_write(viewer):
        raise Hidden("not theirs to write")
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    if strategy is None:
        return Template(
            say("What we win by"),
            say("To everybody who sells,\n\n{ask}\n\n{viewer}", ask=_ASK, viewer=viewer.name),
        )
    parts = [_changed(viewer, strategy, today), _counts(viewer, strategy, today), _ASK, _OFFER]
    lines = "\n\n".join(part for part in parts if part)
    return Template(
        say("{strategy}: where we stand", strategy=strategy.name),
        say("To everybody who sells,\n\n{lines}\n\n{viewer}", lines=lines, viewer=viewer.name),
    )


_ASK = words_of(
    "Before your next talk write down what you will ask for, of whom and by which day. Ten minutes are enough."
)
_OFFER = words_of(
    "If a door stays shut, ask me to join, with one sentence on what for. I take one part and leave the price to you."
)


def _changed(viewer: Any, strategy: Strategy, today: dt.date) -> str:
    """Return how the first result that has a number went, and that it did not where it did not."""
    for one in results.progress(viewer, strategy, today=today):
        since, before = one.since.value, one.before.value
        if one.problem or since is None or before is None:
            continue
        told = " against ".join(_value(one.kind, value) for value in (since, before))
        moved: dict[bool | None, str] = {
            True: say("That is better, like for like."),
            False: say("That is worse, like for like."),
        }
        return say(
            "Since {day} we stand at {told} in the year before: {metric}. {moved}",
            day=conventions.day_and_month(one.start),
            told=told,
            metric=metric_words.title(one.metric),
            moved=moved.get(one.moved, say("That may still be chance.")),
        )
    return ""


def _value(kind: str, value: float) -> str:
    return f"{value:.0%}" if kind == "share" else f"{value:,.0f}"


def _counts(viewer: Any, strategy: Strategy, today: dt.date) -> str:
    """Return which pivotal agreement is most often missing when it is needed."""
    newest = strategy.playbooks.published()[:1]
    chosen = PivotalAgreement.objects.filter(playbook=newest).select_related("type")
    counts = coverage.in_time(viewer, today=today, segment=strategy.segment)
    known = [(one, counts[one.type_id]) for one in chosen if one.type_id in counts]
    known = [(one, in_time) for one, in_time in known if in_time.needed]
    if not known:
        return ""
    one, in_time = min(known, key=lambda each: each[1].there / each[1].needed)
    return say(
        "One agreement counts most this quarter: {type}. It was there in time on {there} of the {needed} deals that needed it.",
        type=one.type,
        there=conventions.number(in_time.there),
        needed=conventions.number(in_time.needed),
    )
