"""Every change to principles: writing the next version, putting it in force, agreeing to it, and what the register says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import User
from hingepoint.domain.principles import rules
from hingepoint.domain.principles.models import PrinciplesAgreed, PrinciplesReading, PrinciplesVersion
from hingepoint.domain.principles.record import stored
from hingepoint.domain.turns.actions import action, take_turn, turn, turns
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.principles import STARTERS, Principle

#: More than these nobody remembers.
MOST = 12


class PrinciplesNotYours(Hidden):
    """Only sponsors and analysts write principles."""


class TooMany(Refused):
    """Nobody remembers so many."""


class WrongPrinciple(Refused):
    """A principle has a name and says something."""


class PrincipleKnown(Refused):
    """Two principles of one name cannot be told apart."""

    field = "name"


class NothingNew(Refused):
    """The draft says what is in force."""


class AgreedBefore(Refused):
    """One agrees to a version once."""


# ---- writing ----


@action
def draft(*, by: User | None, at: dt.datetime) -> PrinciplesVersion:
    """Return the draft of the next version: the one there is, else one that begins with what is in force, the first with the
    starter set. Raises PrinciplesNotYours."""
    _require_right(by)
    return _draft(by=by, at=at)


def _draft(*, by: User | None, at: dt.datetime) -> PrinciplesVersion:
    versions = turns(PrinciplesVersion.objects.all())
    newest = max(versions, key=lambda one: one.number, default=None)
    if newest and newest.published_at is None:
        return newest
    texts = newest.texts if newest else [rules.plain(one) for one in STARTERS]
    row = PrinciplesVersion.objects.create(number=newest.number + 1 if newest else 1, texts=texts, version=0)
    record(by=by, at=at, action="draft", subject="principles", subject_id=row.number)
    return row


@action
def put(
    *,
    by: User | None,
    at: dt.datetime,
    principles: Iterable[Principle],
    expected_version: int | None = None,
) -> PrinciplesVersion:
    """Write principles into the draft: those it has by their keys, new ones at its end. Raises PrinciplesNotYours,
    WrongPrinciple, PrincipleKnown, TooMany and Stale."""
    _require_right(by)
    row = _draft(by=by, at=at)
    found = {one.key: one for one in rules.read_all(row.texts)}
    for one in principles:
        found[one.key] = replace(one, name=one.name.strip(), text=one.text.strip(), seen=one.seen.strip())
    return _keep(row, list(found.values()), by=by, at=at, expected_version=expected_version)


@action
def leave_out(
    *, by: User | None, at: dt.datetime, key: str, expected_version: int | None = None
) -> PrinciplesVersion:
    """Leave a principle out of the next version. Raises PrinciplesNotYours, Hidden and Stale."""
    _require_right(by)
    row = _draft(by=by, at=at)
    every = rules.read_all(row.texts)
    if all(one.key != key for one in every):
        raise Hidden("There is no such principle.")
    rest = [one for one in every if one.key != key]
    return _keep(row, rest, by=by, at=at, expected_version=expected_version)


@action
def move_up(*, by: User | None, at: dt.datetime, key: str) -> PrinciplesVersion:
    """Let a principle stand one place earlier in the next version. Raises PrinciplesNotYours and Hidden."""
    _require_right(by)
    row = _draft(by=by, at=at)
    every = list(rules.read_all(row.texts))
    place = next((n for n, one in enumerate(every) if one.key == key), None)
    if place is None:
        raise Hidden("There is no such principle.")
    every.insert(max(place - 1, 0), every.pop(place))
    return _keep(row, every, by=by, at=at, expected_version=None)


def _keep(
    row: PrinciplesVersion,
    every: list[Principle],
    *,
    by: User | None,
    at: dt.datetime,
    expected_version: int | None,
) -> PrinciplesVersion:
    _require_sense(every)
    take_turn(row, expected_version=expected_version)
    row.texts = [rules.plain(one) for one in every]
    row.save(update_fields=["texts"])
    record(by=by, at=at, action="change", subject="principles", subject_id=row.number)
    return row


def _require_sense(every: list[Principle]) -> None:
    """Raise for what nobody could keep apart or in mind."""
    for one in every:
        if not one.name or not one.text:
            raise WrongPrinciple(
                "Give it a name and say it in a sentence.", field="text" if one.name else "name"
            )
        if not one.places:
            raise WrongPrinciple("Choose at least one place where it applies.", field="places")
    names = [one.name.casefold() for one in every]
    if len(set(names)) < len(names):
        raise PrincipleKnown("There is a principle of this name already.")
    if len(every) > MOST:
        raise TooMany(reason("Nobody keeps more than {most} in mind. Leave one out first.", most=MOST))


@action
def drop_draft(*, by: User | None, at: dt.datetime) -> None:
    """Throw the draft away; what is in force stays. Raises PrinciplesNotYours and Hidden."""
    _require_right(by)
    row = turn(PrinciplesVersion.objects.filter(published_at__isnull=True))
    if row is None:
        raise Hidden("There is no draft.")
    number = row.number
    row.delete()
    record(by=by, at=at, action="drop draft", subject="principles", subject_id=number)


# ---- in force ----


@action
def publish(*, by: User | None, at: dt.datetime, expected_version: int | None = None) -> PrinciplesVersion:
    """Put the draft in force; the version before is archived, and everybody is asked to agree anew. Raises
    PrinciplesNotYours, Hidden, NothingNew and Stale."""
    _require_right(by)
    versions = turns(PrinciplesVersion.objects.all())
    row = next((one for one in versions if one.published_at is None), None)
    if row is None:
        raise Hidden("There is no draft.")
    now = [one for one in versions if one.published_at and one.ended_at is None]
    if not row.texts or any(one.texts == row.texts for one in now):
        raise NothingNew("The draft says nothing that is not in force.")
    take_turn(row, expected_version=expected_version)
    for one in now:
        one.ended_at = at
        one.save(update_fields=["ended_at"])
    row.published_by, row.published_at = by, at
    row.save(update_fields=["published_by", "published_at"])
    record(by=by, at=at, action="publish", subject="principles", subject_id=row.number)
    return row


@action
def archive(*, by: User | None, at: dt.datetime) -> PrinciplesVersion:
    """Put the version in force out of use, with none in its place: nothing is cited any more. Raises PrinciplesNotYours and
    Hidden."""
    _require_right(by)
    row = turn(PrinciplesVersion.objects.in_force())
    if row is None:
        raise Hidden("No principles are in force.")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    record(by=by, at=at, action="archive", subject="principles", subject_id=row.number)
    return row


@action
def agree(*, by: User, at: dt.datetime, number: int) -> PrinciplesAgreed:
    """Agree to the version in force. Raises Hidden where ``number`` is not in force any more, and AgreedBefore."""
    row = turn(PrinciplesVersion.objects.visible_to(by).in_force(), number=number)
    if row is None:
        raise Hidden("This version is not in force any more.")
    agreed, is_new = PrinciplesAgreed.objects.get_or_create(
        version=row, person=by, defaults={"agreed_at": at}
    )
    if not is_new:
        raise AgreedBefore(reason("You agreed to version {number} before.", number=number))
    record(by=by, at=at, action="agree", subject="principles", subject_id=number)
    return agreed


def _require_right(by: User | None) -> None:
    if by is not None and not rules.may_keep(by):
        raise PrinciplesNotYours("Only sponsors and analysts write principles.")


# ---- what the register says ----


def read_principles(*, at: dt.datetime) -> PrinciplesReading | None:
    """Keep what the register says of the principles in force that it can see, at the end of yesterday; None where it sees
    none. A day read twice is kept once.

    Reads everything, outside any transaction: some seconds per 100,000 deals.
    """
    from hingepoint.analysis.principles import reading  # with its statistics, which no page needs
    from hingepoint.domain.principles import frames

    row = PrinciplesVersion.objects.in_force().first()
    checks = {one.check for one in rules.read_all(row.texts) if one.check} if row else set()
    if not checks:
        return None
    day = timezone.localdate(at) - dt.timedelta(days=1)
    report = reading.read(frames.log(), checks, as_of=day)
    return _keep_reading(day, stored(report), at=at)


@action
def _keep_reading(day: dt.date, report: Any, *, at: dt.datetime) -> PrinciplesReading:
    """Keep a reading in the place of those before it."""
    row, _ = PrinciplesReading.objects.update_or_create(day=day, defaults={"report": report, "made_at": at})
    PrinciplesReading.objects.exclude(pk=row.pk).delete()
    return row
