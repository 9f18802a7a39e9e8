"""Reading one's own notices: how the mail comes, what it told, and the calendar."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from hingepoint.domain.notices import reading, rules
from hingepoint.domain.notices.models import (
    HOUR,
    WORKING_DAYS,
    CalendarAddress,
    Chat,
    Digest,
    MailChoice,
    NoticeAnswer,
    Quiet,
)
from hingepoint.domain.notices.rules import Away, Group
from hingepoint.domain.notices.vain import SignalInMails, signals_in_mails
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.domain.routines.models import DaysOff
from hingepoint.records.errors import Hidden
from hingepoint.records.notices import ChatService, Entry, Line, NoticeKind

#: Mails shown on the page.
LATEST = 10
#: Clocks are up to 26 hours apart: what day it is for one person is at most so far from what it is for another.
DAYS_APART = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Choice:
    """How the daily mail comes. ``version`` 0: never chosen. ``zone`` empty: the company's."""

    wanted: bool
    hour: int
    version: int
    zone: str = ""
    weekdays: str = WORKING_DAYS
    both: bool = False

    def now(self, at: dt.datetime) -> dt.datetime:
        """Return a moment as their clock shows it."""
        return timezone.localtime(at, ZoneInfo(self.zone) if self.zone else None)


@dataclass(frozen=True, slots=True)
class ChatShown:
    """The chat that is told, without its address. ``version`` 0: none."""

    service: str
    since: dt.datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class KindShown:
    """A kind of line: ``quiet`` as long as it is not wanted (``until`` a day, None for good), ``in_vain``: the last answers
    say that it led to nothing, so quiet is offered."""

    kind: NoticeKind
    quiet: bool
    until: dt.date | None
    in_vain: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of a day with its lines. ``answers``: what was said of its kinds."""

    id: int
    on: dt.date
    sent: bool
    problem: str
    groups: tuple[Group, ...]
    answers: dict[str, bool]


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """One's own notices."""

    choice: Choice
    chat: ChatShown
    kinds: tuple[KindShown, ...]
    signals: tuple[SignalInMails, ...]
    mails: tuple[Mail, ...]
    calendar_since: dt.datetime | None


def notices_page(viewer: Viewer, *, at: dt.datetime) -> NoticesPage:
    """Return what reaches ``viewer`` outside these pages, on their own clock. Raises Hidden for strangers."""
    if not works_here(viewer):
        raise Hidden("Notices are for those who work here.")
    mails = list(Digest.objects.visible_to(viewer).prefetch_related("answers")[:LATEST])
    address = CalendarAddress.objects.visible_to(viewer).first()
    choice = choice_of(viewer)
    return NoticesPage(
        choice=choice,
        chat=_chat(viewer),
        kinds=_kinds(viewer, choice.now(at).date()),
        signals=signals_in_mails(viewer) if reading.answers_signals(viewer) else (),
        mails=tuple(map(_mail, mails)),
        calendar_since=address.made_at if address else None,
    )


def now(viewer: User, *, at: dt.datetime) -> tuple[Group, ...]:
    """Return what a mail would tell ``viewer`` now."""
    return rules.grouped(wanted(viewer, today=day_of(viewer, at)), ())


def wanted(user: User, *, today: dt.date) -> list[Line]:
    """Return what waits for ``user`` of the kinds that they want to be told."""
    left_out = quiet(user, today)
    return [line for line in reading.lines(user, today=today) if line.kind not in left_out]


def mails_go_out() -> bool:
    """Return whether this installation can send the mail of a day: it needs a mail server, and its own address for links."""
    return bool(settings.ENVIRONMENT.mail_server and settings.ENVIRONMENT.address)


def chats_are_told() -> bool:
    """Return whether this installation can tell chats anything: it needs its own address for links."""
    return bool(settings.ENVIRONMENT.address)


def _chat(viewer: User) -> ChatShown:
    row = Chat.objects.visible_to(viewer).first()
    return (
        ChatShown(ChatService(row.service).label, row.made_at, row.version) if row else ChatShown("", None, 0)
    )


def choice_of(user: User) -> Choice:
    row = MailChoice.objects.visible_to(user).first()
    return _choice(row) if row else USUAL


def day_of(user: User, at: dt.datetime) -> dt.date:
    """Return what day it is on the clock by which somebody is told things."""
    return choice_of(user).now(at).date()


#: Of who never chose.
USUAL = Choice(True, HOUR, 0)


def _choice(row: MailChoice) -> Choice:
    return Choice(row.wanted, row.hour, row.version, row.zone, row.weekdays, row.both)


def choices() -> dict[int, Choice]:
    """Return how the mail comes by person, of those who chose."""
    return {row.user_id: _choice(row) for row in MailChoice.objects.all()}


def away_around(day: dt.date) -> Away:
    """Return who is away on any day that it is somewhere while it is ``day`` here."""
    rows = DaysOff.objects.filter(since__lte=day + DAYS_APART, until__gt=day - DAYS_APART)
    spans: dict[int | None, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for person, since, until in rows.values_list("person_id", "since", "until"):
        spans[person].append((since, until))
    return Away(spans)


def quiet(user: User, today: dt.date) -> set[NoticeKind]:
    """Return the kinds that ``user`` does not want on a day."""
    rows = Quiet.objects.visible_to(user)
    return {NoticeKind(row.kind) for row in rows if row.holds(today)}


def _kinds(viewer: User, today: dt.date) -> tuple[KindShown, ...]:
    rows = {row.kind: row for row in Quiet.objects.visible_to(viewer) if row.holds(today)}
    vain = vain_kinds(viewer)
    return tuple(
        KindShown(
            kind,
            kind in rows,
            rows[kind].until if kind in rows else None,
            kind not in rows and kind in vain,
        )
        for kind in NoticeKind
        if reading.concerns(kind, viewer)
    )


def vain_kinds(user: User) -> set[str]:
    """Return the kinds whose last answers all say that they led to nothing. What was answered to mails of before a kind was told
    again counts no more. Two SQL queries."""
    began = {row.kind: row.until for row in Quiet.objects.filter(user=user) if row.until}
    said = defaultdict(list)
    answers = NoticeAnswer.objects.filter(digest__user=user)
    for kind, on, led in answers.values_list("kind", "digest__on", "led_to_something"):
        if kind not in began or on > began[kind]:
            said[kind].append(led)
    return {kind for kind, answers in said.items() if rules.in_vain(answers)}


def _mail(row: Digest) -> Mail:
    answers = {one.kind: one.led_to_something for one in row.answers.all()}
    groups = rules.grouped(lines_in(row), row.new)
    sent, problem = bool(row.sent_at or row.chat_at), row.problem or row.chat_problem
    return Mail(row.pk, row.on, sent, problem, groups, answers)


def told(row: Digest) -> tuple[Group, ...]:
    """Return what a mail tells, kind by kind, as it goes out. Two SQL queries."""
    return rules.grouped(lines_in(row), row.new, vain_kinds(row.user))


def lines_in(row: Digest) -> list[Line]:
    """Return the lines that a mail keeps in plain values."""
    return [
        Line(NoticeKind(kind), key, words, page, tuple(about)) for kind, key, words, page, about in row.lines
    ]


def plain(lines: Sequence[Line]) -> list[list[object]]:
    """Return lines in the plain values that a mail keeps."""
    return [[line.kind.value, line.key, line.words, line.page, list(line.about)] for line in lines]


def calendar(token: str, *, today: dt.date) -> list[Entry]:
    """Return the entries of the calendar at a secret address. Raises Hidden where there is none, or its person left."""
    row = CalendarAddress.objects.filter(digest=rules.digest_of(token)).select_related("user").first()
    if row is None or not works_here(row.user):
        raise Hidden("no such calendar")
    return reading.entries(row.user, today=today)
