"""Every change to what the signals told: readings are kept, raises begin and end with them, and people answer.

A reading is made outside any transaction, for it reads everything, and kept in a short one.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import JSONField, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import Facts, Place, Reading, Report
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import kept_rows
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.signals.models import Raise, RaiseStep, SignalLimits, SignalReading
from hingepoint.domain.signals.record import opened, stored
from hingepoint.domain.signals.rules import (
    ENDS_AFTER,
    MUTED_AT_MOST,
    has_ended,
    may_answer,
    months_to_set,
    owner_of,
    raised_in,
    require_setting,
    sight_of,
)
from hingepoint.domain.turns.actions import action, turn, turns
from hingepoint.domain.upkeep.rules import EVERY_DAY_FOR
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.signals import ANSWERS, DECISIONS, StepKind

#: Of the draws behind "would have shown": the same facts give the same reading.
SEED = 1

#: Hears of a day that was read, its number, and how many there are.
Progress = Callable[[dt.date, int, int], None]

log = logging.getLogger(__name__)


class WordsMissing(Refused):
    """An answer, a decision and a mute say what or why in a few words."""

    field = "words"


class NoSuchAnswer(Refused):
    """What was chosen is none of the answers."""


class NotTheirs(Refused):
    """A raise is given to somebody who works here, may see its place, and does not have it already."""

    field = "to"


class NoMute(Refused):
    """A mute has an end, not before tomorrow and not for ever."""

    field = "until"


class NoSuchMonth(Refused):
    """Limits are set anew from the first of a month that charts draw, once."""

    field = "since"


class TakenBack(Refused):
    """Limits are taken back once."""

    field = ""


class OverAlready(Refused):
    """The raise has ended: only whether it led to a decision is still open."""


# ---- reading ----


def read_signals(
    *,
    at: dt.datetime,
    as_of: dt.date | None = None,
    facts: Callable[[dt.date], Facts] | None = None,
    kept: Path | None = None,
) -> list[dt.date]:
    """Keep how the ten stand at the end of ``as_of`` (yesterday, where it is not said), and at the ends of the months that
    were missed since the last reading; return the days read, in order.

    Of the days missed only the ends of months are read: a point of a chart is a month, so that no other day has one that
    they have not. ``facts`` gives what was known on a day. A day read twice is kept once. ``kept`` is the folder of the rows that
    were read before, so that only those are read which changed since.
    """
    until = as_of or timezone.localdate(at) - dt.timedelta(days=1)
    days = [*_missed(until), until]
    _read_days(days, facts, kept, at=at)
    return days


def read_anew(*, at: dt.datetime, kept: Path | None = None, told: Progress | None = None) -> list[dt.date]:
    """Read every day anew whose reading is kept, in order, as it is on record now to have been known then; return the days.
    Raises follow the newest. Of the rows in the folder ``kept`` none is believed: all are read again. ``told`` hears of each day
    that was read, its number and how many there are."""
    days = list(SignalReading.objects.order_by("day").values_list("day", flat=True))
    if kept:
        kept_rows.forget(kept)
    _read_days(days, None, kept, at=at, told=told)
    return days


def _read_days(
    days: Sequence[dt.date],
    facts: Callable[[dt.date], Facts] | None,
    kept: Path | None,
    *,
    at: dt.datetime,
    told: Progress | None = None,
) -> None:
    with kept_rows.kept_in(kept) if kept and days else nullcontext() as shelf:
        for number, day in enumerate(days, 1):
            _read(day, facts or partial(_from_tables, shelf=shelf), at=at)
            if told:
                told(day, number, len(days))


def _from_tables(day: dt.date, *, shelf: kept_rows.Shelf | None) -> Facts:
    from hingepoint.domain.signals import frames  # with the engine and its statistics, which no page needs

    return frames.facts(day, shelf=shelf)


def _missed(until: dt.date) -> list[dt.date]:
    """Return the ends of months between the last reading and ``until``; none before the first reading."""
    last = SignalReading.objects.until(None).values_list("day", flat=True).first()
    if last is None:
        return []
    days = (last + dt.timedelta(days=number) for number in range(1, (until - last).days))
    return [day for day in days if _ends_month(day)]


def _ends_month(day: dt.date) -> bool:
    return (day + dt.timedelta(days=1)).day == 1


def _read(day: dt.date, facts: Callable[[dt.date], Facts], *, at: dt.datetime) -> None:
    from hingepoint.analysis.signals import engine  # with its statistics, which no page needs

    known = facts(day)
    report = engine.read(known, rng=np.random.default_rng(SEED))
    before = SignalReading.objects.filter(day__lt=day).order_by("-day")[: ENDS_AFTER - 1]
    newest = [report, *(opened(row.report) for row in before)]
    kept = {"report": _as_json(report), "made_at": at, "facts_until": _newest(known)}
    _keep(day=day, at=at, kept=kept, newest=newest)
    _thin_out(day)
    log.info("Read the signals as of %s: %d places are raised.", day, len(raised_in(report)))


def _as_json(report: Report) -> Cast:
    """Return a report as the database takes it: megabytes in a large company, made into text before anybody waits for it."""
    text = json.dumps(stored(report), allow_nan=False, separators=(",", ":"))
    return Cast(Value(text, output_field=TextField()), JSONField())


def _newest(facts: Facts) -> dt.date | None:
    """Return the last day on which anything happened that a signal reads."""
    sources = {source for signal in SIGNALS.values() for source in signal.news}
    days = [facts.news(source).max() for source in sorted(sources)]
    return max((day.date() for day in days if isinstance(day, dt.datetime)), default=None)


@action
def _keep(*, day: dt.date, at: dt.datetime, kept: dict[str, Any], newest: Sequence[Report]) -> None:
    """Keep a reading in place of one of the same day, whose row is its turn, and let the raises follow the newest one."""
    _, is_new = SignalReading.objects.only("day").get_or_create(day=day, defaults=kept)
    if not is_new:
        SignalReading.objects.filter(day=day).update(**kept)
    if SignalReading.objects.filter(day__gt=day).exists():
        return
    _follow(newest, day=day, at=at)


def _thin_out(day: dt.date) -> None:
    """Forget the readings more than two months before the newest of ``day``, but the last of each month."""
    if SignalReading.objects.filter(day__gt=day).exists():
        return
    old = SignalReading.objects.filter(day__lt=day - EVERY_DAY_FOR)
    days = list(old.order_by("day").values_list("day", flat=True))
    last = {(one.year, one.month): one for one in days}
    if gone := set(days) - set(last.values()):
        _forget(gone)


@action
def _forget(days: set[dt.date]) -> None:
    SignalReading.objects.filter(day__in=days).delete()


# ---- raises begin, go on and end ----


def _follow(newest: Sequence[Report], *, day: dt.date, at: dt.datetime) -> None:
    """Let raises begin and end as the newest reading of ``day`` says; one that ended by a reading of the same day goes on."""
    rows = turns(Raise.objects.filter(Q(ended_on__isnull=True) | Q(ended_on=day)).select_related("owner"))
    known = {(row.signal, Place(row.level, row.place)): row for row in rows}
    raised = raised_in(newest[0])
    for (signal, place), reading in raised.items():
        if row := known.get((signal, place)):
            _go_on(row, reading, at=at)
        else:
            _begin(signal, reading, day=day, at=at)
    for key, row in known.items():
        if key not in raised and row.ended_on is None and has_ended(newest, *key):
            _end(row, day=day, at=at)


def _dates(reading: Reading) -> dict[str, dt.date]:
    """Return when a raised place changed and was seen."""
    found = {name: getattr(reading, name) for name in ("since", "earliest", "latest", "seen")}
    assert all(found.values())  # of every raised place
    return found


def _begin(signal: str, reading: Reading, *, day: dt.date, at: dt.datetime) -> None:
    place = reading.place
    row = Raise.objects.create(
        signal=signal, level=place.level, place=place.name, first_day=day, **_dates(reading)
    )
    _step(row, StepKind.RAISED, by=None, at=at)
    _give_to_leader(row, at=at)
    record(by=None, at=at, action="raise", subject="signal", subject_id=row.pk)


def _go_on(row: Raise, reading: Reading, *, at: dt.datetime) -> None:
    """Keep how the newest reading dates a raise; give it to somebody else where its owner left."""
    if row.ended_on is not None:
        _step(row, StepKind.RAISED, by=None, at=at)
    row.ended_on = None
    for name, day in _dates(reading).items():
        setattr(row, name, day)
    row.save()
    if row.owner is None or not row.owner.is_active:
        _give_to_leader(row, at=at)


def _end(row: Raise, *, day: dt.date, at: dt.datetime) -> None:
    row.ended_on = day
    row.save(update_fields=["ended_on"])
    _step(row, StepKind.ENDED, by=None, at=at)
    record(by=None, at=at, action="end", subject="signal", subject_id=row.pk)


def _give_to_leader(row: Raise, *, at: dt.datetime) -> None:
    """Give a raise to who leads its place; leave it where nobody else does."""
    owner = owner_of(Place(row.level, row.place))
    if owner is not None and owner.pk != row.owner_id:
        row.owner = owner
        row.save(update_fields=["owner"])
        _step(row, StepKind.GIVEN, by=None, at=at, to=owner)


def _step(row: Raise, kind: StepKind, *, by: User | None, at: dt.datetime, **said: Any) -> None:
    RaiseStep.objects.create(of=row, kind=kind, by=by, at=at, **said)


# ---- limits are set anew ----


@action
def set_limits(
    *, by: User | None, at: dt.datetime, signal: str, since: dt.date | None, reason: str
) -> SignalLimits:
    """Let the series of a signal begin anew on ``since``, the first of a month, from the next reading on. For sponsors and analysts.
    Raises Hidden, NoSuchMonth and WordsMissing."""
    user = require_setting(by, signal)
    if since is None or since not in months_to_set(timezone.localdate(at)):
        raise NoSuchMonth("Choose one of the months.")
    if not reason.strip():
        raise WordsMissing(
            "Say what changed, so that the time before is no measure any more.", field="reason"
        )
    said = {"reason": reason.strip(), "set_by": user, "set_at": at}
    row, is_new = SignalLimits.objects.get_or_create(
        signal=signal, since=since, undone_at=None, defaults=said
    )
    if not is_new:
        raise NoSuchMonth("The limits are set anew from this month already.")
    moved = {"from": [None, since]}
    record(
        by=by, at=at, action="set anew", subject="limits", subject_id=signal, changes=moved, reason=row.reason
    )
    return row


@action
def undo_limits(
    *, by: User | None, at: dt.datetime, signal: str, limits_id: int, reason: str
) -> SignalLimits:
    """Take back that limits of a signal were set anew, from the next reading on. For sponsors and analysts. Raises Hidden,
    TakenBack and WordsMissing."""
    user = require_setting(by, signal)
    row = turn(SignalLimits.objects.all(), pk=limits_id, signal=signal)
    if row is None:
        raise Hidden("There are no such limits.")
    if row.undone_at is not None:
        raise TakenBack("They were taken back already.")
    if not reason.strip():
        raise WordsMissing("Say why the earlier limits are right after all.", field="reason")
    row.undone_by, row.undone_at, row.undone_reason = user, at, reason.strip()
    row.save(update_fields=["undone_by", "undone_at", "undone_reason"])
    moved, why = {"from": [row.since, None]}, row.undone_reason
    record(by=by, at=at, action="take back", subject="limits", subject_id=signal, changes=moved, reason=why)
    return row


# ---- people answer ----


@action
def answer(
    *, by: User | None, at: dt.datetime, raise_id: int, words: str, found: StepKind = StepKind.ANSWERED
) -> Raise:
    """Say what one makes of a raise, and with ``found`` whether it is so or a false alarm. Raises Hidden, NoSuchAnswer and
    WordsMissing."""
    row = _theirs(by, raise_id)
    if found not in ANSWERS:
        raise NoSuchAnswer("Choose whether it is so, or a false alarm.", field="found")
    if not words.strip():
        raise WordsMissing("Say in a sentence what you found in the deals behind it.")
    row.answered_at = row.answered_at or at
    row.save(update_fields=["answered_at"])
    _note(row, found, "answer", by=by, at=at, words=words)
    return row


@action
def give(*, by: User | None, at: dt.datetime, raise_id: int, to: int) -> Raise:
    """Make a raise the task of somebody else, the person numbered ``to``. Raises Hidden, NotTheirs and OverAlready."""
    row = _standing(_theirs(by, raise_id))
    owner = User.objects.active().filter(pk=to).first()
    if owner is None:
        raise NotTheirs("Choose somebody who works here.")
    if owner.pk == row.owner_id:
        raise NotTheirs(reason("{owner} has it already.", owner=owner.name))
    if not _sees(owner, row):
        raise NotTheirs(
            reason("{owner} may not see this place. Give it to somebody who leads it.", owner=owner.name)
        )
    before, row.owner = row.owner, owner
    row.save(update_fields=["owner"])
    changes = {"owner": [before.name if before else "", owner.name]}
    _note(row, StepKind.GIVEN, "give", by=by, at=at, to=owner, changes=changes)
    return row


@action
def decide(*, by: User | None, at: dt.datetime, raise_id: int, led: StepKind, words: str = "") -> Raise:
    """Say whether a raise led to a decision, also after it ended; the last word counts. A yes says which decision.
    Raises Hidden, NoSuchAnswer and WordsMissing."""
    row = _theirs(by, raise_id)
    if led not in DECISIONS:
        raise NoSuchAnswer("Choose yes, no or not yet.", field="led")
    if led == StepKind.LED and not words.strip():
        raise WordsMissing("Say in a sentence what was decided.")
    changes = {"led to a decision": [None, StepKind(led).label.lower()]}
    _note(row, led, "decide", by=by, at=at, words=words, changes=changes)
    return row


@action
def mute(*, by: User | None, at: dt.datetime, raise_id: int, until: dt.date | None, reason: str) -> Raise:
    """Ask no more about a raise up to and with the day ``until``. Raises Hidden, WordsMissing, NoMute and OverAlready."""
    row = _standing(_theirs(by, raise_id))
    today = timezone.localdate(at)
    if not reason.strip():
        raise WordsMissing("Say in a sentence why nothing is to be done until then.", field="reason")
    if until is None or not today < until <= today + MUTED_AT_MOST:
        raise NoMute("Choose a day from tomorrow on, within a year.")
    row.muted_until, row.mute_reason = until, reason.strip()
    row.save(update_fields=["muted_until", "mute_reason"])
    changes = {"muted until": [None, until]}
    _note(row, StepKind.MUTED, "mute", by=by, at=at, words=reason, until=until, changes=changes)
    return row


@action
def unmute(*, by: User | None, at: dt.datetime, raise_id: int) -> Raise:
    """Ask about a raise again. Raises Hidden, NoMute and OverAlready."""
    row = _standing(_theirs(by, raise_id))
    if row.muted_until is None:
        raise NoMute("It is not muted.", field="")
    row.muted_until, row.mute_reason = None, ""
    row.save(update_fields=["muted_until", "mute_reason"])
    _note(row, StepKind.UNMUTED, "unmute", by=by, at=at)
    return row


def _theirs(by: User | None, raise_id: int) -> Raise:
    """Return a raise that ``by`` answers for, in its turn. Raises Hidden."""
    row = turn(Raise.objects.all(), pk=raise_id)
    if row is None or not works_here(by) or not may_answer(sight_of(by, row), row, by):
        raise Hidden("There is no such raise.")
    return row


def _standing(row: Raise) -> Raise:
    if row.ended_on is not None:
        raise OverAlready("This raise has ended. Say whether it led to a decision.")
    return row


def _sees(user: User, row: Raise) -> bool:
    try:
        return sight_of(user, row).sees(Place(row.level, row.place))
    except Hidden:
        return False


def _note(
    row: Raise,
    kind: StepKind,
    doing: str,
    *,
    by: User | None,
    at: dt.datetime,
    words: str = "",
    changes: dict[str, Any] | None = None,
    **said: Any,
) -> None:
    """Add a step to a raise, and a line to the trail: of a manager's deals without words, for they are between that
    manager and who leads them."""
    words = words.strip()
    _step(row, kind, by=by, at=at, words=words, **said)
    reason = "" if row.level == "manager" else words
    record(by=by, at=at, action=doing, subject="signal", subject_id=row.pk, changes=changes, reason=reason)
