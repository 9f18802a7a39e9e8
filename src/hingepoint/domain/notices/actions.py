"""Every change of what reaches a person outside these pages."""

from __future__ import annotations

import datetime as dt
import secrets
from zoneinfo import available_timezones

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from hingepoint.analysis.signals import SIGNALS
from hingepoint.connectors import outgoing
from hingepoint.domain.audit.actions import record
from hingepoint.domain.notices import chats, letters, queries, rules, vain
from hingepoint.domain.notices.chats import Post
from hingepoint.domain.notices.letters import Link
from hingepoint.domain.notices.models import (
    HOUR,
    WORKING_DAYS,
    CalendarAddress,
    Chat,
    Digest,
    MailChoice,
    NoticeAnswer,
    Quiet,
    SignalLeftOut,
)
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User
from hingepoint.domain.secrets.rules import WrongKey, seal, unseal
from hingepoint.domain.sign_on.rules import still_let_in
from hingepoint.domain.turns.actions import action, turn
from hingepoint.domain.webhooks.actions import allowed
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.languages import reason, say, speaking
from hingepoint.records.notices import ChatService, NoticeKind

#: A message that was not taken for so long is not tried again: the next day's tells what is new then.
_FRESH = dt.timedelta(hours=16)
_CHAT = str(Chat._meta.get_field("url"))

# ---- the calendar ----


@action
def renew_calendar(*, by: User, at: dt.datetime) -> str:
    """Make a secret address for one's calendar and return its token, which is not kept; the one before ends."""
    token = secrets.token_urlsafe(32)
    facts = {"digest": rules.digest_of(token), "made_at": at}
    CalendarAddress.objects.update_or_create(user=by, defaults=facts)
    record(by=by, at=at, action="renew address", subject="calendar", subject_id=by.pk)
    safety.tell(by, reason("A new address was made that opens your calendar."), by=by, at=at)
    return token


@action
def end_calendar(*, by: User, at: dt.datetime) -> None:
    """Let the address of one's calendar end. Raises Hidden where there is none."""
    ended, _ = CalendarAddress.objects.visible_to(by).delete()
    if not ended:
        raise Hidden("There is no address.")
    record(by=by, at=at, action="end address", subject="calendar", subject_id=by.pk)


# ---- how the mail comes ----


@action
def choose_mail(
    *,
    by: User,
    at: dt.datetime,
    wanted: bool,
    hour: int,
    version: int,
    zone: str = "",
    weekdays: str = WORKING_DAYS,
    both: bool = False,
) -> None:
    """Say whether and when the daily mail comes: from an hour on in a ``zone`` (empty: the company's), on ``weekdays`` (0 is Monday),
    and whether it comes beside a chat (``both``). Raises Refused for an hour, a zone or days that are none, Stale when it was chosen
    anew meanwhile."""
    if not 0 <= hour <= 23:
        raise Refused("Choose an hour from 0 to 23.", field="hour")
    if zone and zone not in available_timezones():
        raise Refused("Choose a time zone of the list.", field="zone")
    if not weekdays or not set(weekdays) <= set("0123456"):
        raise Refused("Choose at least one day of the week.", field="weekdays")
    row = turn(MailChoice.objects.visible_to(by)) or MailChoice(user=by, version=0, hour=HOUR)
    if row.version != version:
        raise Stale("You chose it anew in another window. Look at it again.")
    row.wanted, row.hour, row.version = wanted, hour, row.version + 1
    row.zone, row.weekdays, row.both = zone, "".join(sorted(set(weekdays))), both
    row.save()
    changes = {
        "wanted": wanted,
        "hour": hour,
        "zone": zone,
        "days a week": len(row.weekdays),
        "beside chat": both,
    }
    record(by=by, at=at, action="choose", subject="daily mail", subject_id=by.pk, changes=changes)


@action
def be_quiet(*, by: User, at: dt.datetime, kind: NoticeKind, for_good: bool) -> None:
    """Leave a kind of line out of one's mails, for ``rules.SNOOZE`` or for good."""
    until = None if for_good else queries.day_of(by, at) + rules.SNOOZE
    Quiet.objects.update_or_create(user=by, kind=kind, defaults={"until": until})
    changes = {"kind": kind.value, "until": until}
    record(by=by, at=at, action="be quiet", subject="daily mail", subject_id=by.pk, changes=changes)


@action
def tell_again(*, by: User, at: dt.datetime, kind: NoticeKind) -> None:
    """Let one's mails tell a kind of line again."""
    yesterday = queries.day_of(by, at) - dt.timedelta(days=1)
    Quiet.objects.visible_to(by).filter(kind=kind).update(until=yesterday)
    record(
        by=by,
        at=at,
        action="tell again",
        subject="daily mail",
        subject_id=by.pk,
        changes={"kind": kind.value},
    )


@action
def answer(*, by: User, at: dt.datetime, digest_id: int, kind: NoticeKind, led_to_something: bool) -> None:
    """Say whether the lines of a kind in a mail led to anything; the first answer counts. Raises Hidden, Refused."""
    row = turn(Digest.objects.visible_to(by), pk=digest_id)
    if row is None or kind not in {line.kind for line in queries.lines_in(row)}:
        raise Hidden("no such mail")
    _, first = NoticeAnswer.objects.get_or_create(
        digest=row, kind=kind, defaults={"led_to_something": led_to_something, "at": at}
    )
    if not first:
        raise Refused("You answered that already.")
    changes = {"kind": kind.value, "led to something": led_to_something}
    record(by=by, at=at, action="answer", subject="daily mail", subject_id=by.pk, changes=changes)


# ---- signals that led to nothing ----


@action
def leave_out_signal(*, by: User, at: dt.datetime, signal: str, for_all: bool) -> None:
    """Have mails and chats leave a signal out that led to nothing three times in a row: one's own, or those of everybody.
    The signal goes on. Raises Hidden unless that is offered to them."""
    if (signal, for_all) not in vain.offered(by):
        raise Hidden("This signal is not offered to be left out.")
    one = {"signal": signal, "user": None if for_all else by, "ended_at": None}
    _, first = SignalLeftOut.objects.get_or_create(**one, defaults={"by": by, "at": at})
    if not first:  # somebody pressed at the same moment
        raise Hidden("This signal is left out already.")
    changes = _of_signal(signal, for_all)
    record(by=by, at=at, action="leave out", subject="signal in mails", subject_id=by.pk, changes=changes)


@action
def tell_signal_again(*, by: User, at: dt.datetime, signal: str, for_all: bool) -> None:
    """Have mails and chats tell a signal again. Raises Hidden where it is not left out, or not theirs to say."""
    may = vain.may_for_all(by) or not for_all
    rows = SignalLeftOut.objects.filter(signal=signal, user=None if for_all else by, ended_at__isnull=True)
    if not may or not rows.update(ended_at=at):
        raise Hidden("This signal is not left out.")
    changes = _of_signal(signal, for_all)
    record(by=by, at=at, action="tell again", subject="signal in mails", subject_id=by.pk, changes=changes)


def _of_signal(signal: str, for_all: bool) -> dict[str, str]:
    return {"signal": SIGNALS[signal].name, "in the mails of": "everybody" if for_all else "themselves"}


# ---- the chat ----


@action
def choose_chat(*, by: User, at: dt.datetime, service: ChatService, url: str, version: int) -> None:
    """Let one's chat get what the mail of a day tells, at the secret address of a channel. Raises BadAddress, and Stale when it
    was chosen anew meanwhile."""
    chats.require_channel(service, url, allowed())
    row = turn(Chat.objects.visible_to(by)) or Chat(user=by, version=0)
    if row.version != version:
        raise Stale("You chose it anew in another window. Look at it again.")
    row.service, row.url = service, seal(url, purpose=_CHAT)
    row.made_at, row.version = at, row.version + 1
    row.save()
    record(
        by=by, at=at, action="choose", subject="chat", subject_id=by.pk, changes={"service": service.value}
    )
    safety.tell(
        by,
        reason(
            "What your mail of the day tells goes into a channel of {service} too.", service=service.label
        ),
        by=by,
        at=at,
    )


@action
def leave_chat(*, by: User, at: dt.datetime) -> None:
    """Let one's chat get nothing any more, and forget its address. Raises Hidden where there is none."""
    gone, _ = Chat.objects.visible_to(by).delete()
    if not gone:
        raise Hidden("There is no chat.")
    record(by=by, at=at, action="leave", subject="chat", subject_id=by.pk)


def try_chat(*, by: User, at: dt.datetime, link: Link, post: Post = outgoing.post) -> None:
    """Send a message that tells nothing to one's chat now. Raises Hidden where there is none, NotTaken."""
    row = _tried(by=by, at=at)
    service = ChatService(row.service)
    message = chats.message(service, say("Hingepoint reaches you here"), (), link)
    chats.tell(service, unseal(row.url, purpose=_CHAT), message, allowed=allowed(), post=post)


@action
def _tried(*, by: User, at: dt.datetime) -> Chat:
    row = Chat.objects.visible_to(by).first()
    if row is None:
        raise Hidden("There is no chat.")
    record(by=by, at=at, action="test", subject="chat", subject_id=by.pk)
    return row


# ---- what is new goes out ----


def send_digests(*, at: dt.datetime, link: Link, post: Post = outgoing.post) -> int:
    """Tell everybody whose hour has come what is new, by mail and in their chat; return how many messages went out.

    Nobody gets two a day, nor one on a day off, nor one that tells nothing new. A message is written down before it goes, and
    marked when it was taken: after a crash between the two it goes once more. Bears being run twice.
    """
    for user, today in _whose_hour_it_is(at):
        if still_let_in(user):
            _write(user, at=at, today=today)
    told = sum(_tell(row, at=at, link=link, post=post) for row in _to_be_told(at))
    return told + sum(_send(row, at=at, link=link) for row in _to_be_sent(at))


def _whose_hour_it_is(at: dt.datetime) -> list[tuple[User, dt.date]]:
    """Return who is told something at this time and was told nothing on this day of theirs, with that day. Five SQL queries."""
    day = timezone.localdate(at)
    away, choices = queries.away_around(day), queries.choices()
    has_one = set(Digest.objects.filter(on__gte=day - queries.DAYS_APART).values_list("user_id", "on"))
    chatting = set(Chat.objects.values_list("user_id", flat=True)) if queries.chats_are_told() else set()
    mails = queries.mails_go_out()
    found = []
    for user in User.objects.who_come_in() if mails or chatting else ():
        choice = choices.get(user.pk, queries.USUAL)
        now = choice.now(at)
        off = away.holds(user.pk, now.date()) or (user.pk, now.date()) in has_one
        reached = user.pk in chatting or (mails and choice.wanted)
        if reached and rules.is_time(now, choice.hour, choice.weekdays, off=off):
            found.append((user, now.date()))
    return found


def _write(user: User, *, at: dt.datetime, today: dt.date) -> None:
    """Write the mail of a person and day down, unless it tells nothing new."""
    with speaking(user.reads):
        lines = queries.wanted(user, today=today)
    before = Digest.objects.filter(user=user, on__gt=today - rules.TOLD_FOR).values_list("lines", flat=True)
    new = rules.new_keys(lines, (key for told in before for _, key, *_ in told))
    if not new:
        return
    try:
        Digest.objects.create(user=user, on=today, lines=queries.plain(lines), new=new, made_at=at)
    except IntegrityError:
        return  # another worker wrote it


def _fresh(at: dt.datetime) -> QuerySet[Digest]:
    return Digest.objects.filter(on__gte=timezone.localdate(at) - queries.DAYS_APART, made_at__gt=at - _FRESH)


def _to_be_sent(at: dt.datetime) -> list[Digest]:
    """Return the mails that wait: none for who wants none, or reads it in their chat and did not ask for both."""
    if not queries.mails_go_out():
        return []
    rows = _fresh(at).filter(sent_at__isnull=True, tries__lt=rules.TRIES)
    rows = rows.exclude(user__in=MailChoice.objects.filter(wanted=False).values("user"))
    beside = MailChoice.objects.filter(both=True).values("user")
    rows = rows.exclude(user__in=Chat.objects.exclude(user__in=beside).values("user"))
    return list(rows.exclude(user__email="").exclude(user__email=None).select_related("user"))


def _to_be_told(at: dt.datetime) -> list[Digest]:
    if not queries.chats_are_told():
        return []
    rows = _fresh(at).filter(chat_at__isnull=True, chat_tries__lt=rules.TRIES)
    return list(rows.filter(user__in=Chat.objects.values("user")).select_related("user"))


def _tell(row: Digest, *, at: dt.datetime, link: Link, post: Post) -> bool:
    """Hand what is new to somebody's chat; return whether it was taken."""
    mine = Digest.objects.filter(pk=row.pk, chat_at__isnull=True, chat_tries=row.chat_tries)
    chat = Chat.objects.filter(user=row.user_id).first()
    if chat is None or not mine.update(
        chat_tries=row.chat_tries + 1
    ):  # left meanwhile, or another worker is at it
        return False
    service = ChatService(chat.service)
    try:
        url = unseal(chat.url, purpose=_CHAT)
        with speaking(row.user.reads):
            message = chats.message(service, letters.subject_of(row), queries.told(row), link)
        chats.tell(service, url, message, allowed=allowed(), post=post)
    except (chats.NotTaken, WrongKey) as problem:
        Digest.objects.filter(pk=row.pk).update(chat_problem=str(problem)[:300])
        _give_up_chat(at=at, user=row.user)
        return False
    return bool(Digest.objects.filter(pk=row.pk).update(chat_at=at, chat_problem=""))


@action
def _give_up_chat(*, at: dt.datetime, user: User) -> None:
    """Leave the chat of somebody that took nothing on ``rules.CHAT_DAYS`` days of messages in a row, and tell them by mail."""
    chat = turn(Chat.objects.filter(user=user))
    if chat is None:
        return
    days = Digest.objects.filter(user=user, made_at__gte=chat.made_at)[: rules.CHAT_DAYS]
    in_vain = [one.chat_at is None and one.chat_tries >= rules.TRIES for one in days]
    if len(in_vain) < rules.CHAT_DAYS or not all(in_vain):
        return
    chat.delete()
    record(by=None, at=at, action="give up", subject="chat", subject_id=user.pk)
    safety.tell(
        user,
        reason(
            "Your chat took nothing on {rules_chat_days} days, so it is told nothing any more. Choose a channel anew on the page of your notices.",
            rules_chat_days=rules.CHAT_DAYS,
        ),
        by=None,
        at=at,
        who=safety.PROGRAM,
    )


def _send(row: Digest, *, at: dt.datetime, link: Link) -> bool:
    """Hand one mail over; return whether it was taken."""
    mine = Digest.objects.filter(pk=row.pk, sent_at__isnull=True, tries=row.tries)
    if not mine.update(tries=row.tries + 1):  # another worker is at it
        return False
    try:
        letters.send(row, link)
    except OSError as error:
        Digest.objects.filter(pk=row.pk).update(problem=str(error)[:300])
        return False
    return bool(Digest.objects.filter(pk=row.pk).update(sent_at=at, problem=""))
