"""The ten signals as kept readings told them: all on one page, one with its raises, and the deals behind.

``as_of`` is the day of the picture: the newest reading of that day or before, with what had happened to its raises by
then. Without a reading every signal is without data and says what it needs.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch, Q
from django.utils import timezone

from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import Place, Reading, Report, State, Told
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, sees_all, works_here
from hingepoint.domain.signals import record
from hingepoint.domain.signals.models import Raise, RaiseStep, SignalLimits, SignalReading
from hingepoint.domain.signals.rules import (
    Sight,
    accounts_in,
    may_answer,
    months_to_set,
    names_of,
    narrowed,
    sight,
    sight_of,
)
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.signals import ANSWERS, DECISIONS, StepKind

#: How long back raises are counted.
YEAR = dt.timedelta(days=365)
#: Ended raises told of one signal, the newest ones.
LATEST = 20


@dataclass(frozen=True, slots=True)
class StepShown:
    """Something that happened to a raise. ``by`` is empty where a reading did it, ``to`` where it was given to nobody;
    ``until``: the last day of a mute."""

    at: dt.datetime
    by: str
    kind: StepKind
    to: str
    until: dt.date | None
    words: str


@dataclass(frozen=True, slots=True)
class RaiseShown:
    """A raise as it stood on a day.

    ``where`` is what ``place`` is called. ``since`` with ``earliest`` to ``latest``, ``size`` and ``size_ci`` are those of
    the reading of the day; of one that ended, or is told with another place, those it had last, without a size.
    ``answered``: the last answer, ``decision``: whether it led to one, as far as that was said.
    """

    id: int
    signal: str
    place: Place
    where: str
    since: dt.date
    earliest: dt.date
    latest: dt.date
    seen: dt.date
    first_day: dt.date
    ended_on: dt.date | None
    size: float | None
    size_ci: tuple[float, float] | None
    owner: str
    owner_id: int | None
    answered: StepShown | None
    decision: StepKind | None
    muted_until: dt.date | None
    mute_reason: str
    may_answer: bool
    steps: tuple[StepShown, ...]

    @property
    def open_question(self) -> bool:
        """Whether it ended, and nobody said yet that it led to a decision or to none, as the viewer may."""
        unsaid = self.decision in (None, StepKind.NOT_YET)
        return self.may_answer and self.ended_on is not None and unsaid

    @property
    def in_hand(self) -> bool:
        """Whether somebody said what they make of it, or it is muted."""
        return self.answered is not None or self.muted_until is not None


def _all_in_hand(raises: Sequence[RaiseShown]) -> bool:
    """Return whether there are raises, and all of them are in hand."""
    return bool(raises) and all(one.in_hand for one in raises)


@dataclass(frozen=True, slots=True)
class Tile:
    """A signal as the viewer may see it, with its standing raises."""

    told: Told
    raises: tuple[RaiseShown, ...]

    @property
    def in_hand(self) -> bool:
        return _all_in_hand(self.raises)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the ten are where; ``in_hand`` are among the ``raised``."""

    raised: int
    in_hand: int
    watch: int
    calm: int
    stale: int
    no_data: int


@dataclass(frozen=True, slots=True)
class YearCount:
    """The raises that charts saw in the last twelve months, also where a first reading found them later: how many were said to
    be so or false, and led to a decision or to none."""

    raised: int
    confirmed: int
    false: int
    led: int
    not_led: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All signals on a day, in the paper's order. ``charts`` can raise, at ``limit``; ``period`` is what a point of them lasts.

    ``day`` is None, with ``made_at``, where nothing was read yet. ``names``: what places are called that readings know by a key.
    """

    day: dt.date | None
    made_at: dt.datetime | None
    facts_until: dt.date | None
    period: str
    charts: int
    limit: float
    tiles: tuple[Tile, ...]
    counts: Counts
    year: YearCount
    names: dict[Place, str]


@dataclass(frozen=True, slots=True)
class DealBehind:
    """A deal behind a raise, as far as the viewer sees it."""

    id: int
    key: str
    name: str
    owner: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class LimitsShown:
    """That limits were set anew from ``since`` on. ``undone_on`` is None while they stand; ``read``: whether the picture's
    reading has them, or the next one will."""

    id: int
    since: dt.date
    reason: str
    set_by: str
    set_on: dt.date
    undone_by: str
    undone_on: dt.date | None
    undone_reason: str
    read: bool


@dataclass(frozen=True, slots=True)
class SignalPage:
    """One signal on a day: its raises that stand, those that ended (the newest first), the deals behind, and the ``days`` that
    can be asked for, the newest first. ``may_answer``: whether the viewer may answer one of its raises. ``limits``: those that people
    set anew, the newest month first; ``months``: from when on the viewer can set them, none for whom may not.
    ``agreement_names``: what the company calls the agreements that its deals lacked, by key."""

    day: dt.date | None
    made_at: dt.datetime | None
    facts_until: dt.date | None
    period: str
    told: Told
    raises: tuple[RaiseShown, ...]
    ended: tuple[RaiseShown, ...]
    deals: tuple[DealBehind, ...]
    days: tuple[dt.date, ...]
    may_answer: bool
    names: dict[Place, str]
    limits: tuple[LimitsShown, ...]
    months: tuple[dt.date, ...]
    agreement_names: dict[str, str]

    @property
    def in_hand(self) -> bool:
        return _all_in_hand(self.raises)


def overview(viewer: Viewer, as_of: dt.date | None = None) -> Overview:
    """Return all signals on a day. Raises Hidden for strangers and inside partners. At most twelve SQL queries."""
    picture = _picture(viewer, as_of)
    raises = _raises(picture)
    tiles = tuple(Tile(told, _standing(raises, told)) for told in picture.told)
    row, report = picture.row, picture.report
    return Overview(
        day=row.day if row else None,
        made_at=row.made_at if row else None,
        facts_until=row.facts_until if row else None,
        period=picture.period,
        charts=report.charts if report else 0,
        limit=report.limit if report else 0.0,
        tiles=tiles,
        counts=_counts(tiles),
        year=_year([one for one in raises if row and one.seen > row.day - YEAR]),
        names=picture.names,
    )


def signal(viewer: Viewer, key: str, as_of: dt.date | None = None) -> SignalPage:
    """Return one signal on a day. Raises Hidden, also for a key that no signal has. At most sixteen SQL queries."""
    if key not in SIGNALS:
        raise Hidden("There is no such signal.")
    picture = _picture(viewer, as_of, key)
    (told,) = picture.told
    raises = _raises(picture)
    row = picture.row
    return SignalPage(
        day=row.day if row else None,
        made_at=row.made_at if row else None,
        facts_until=row.facts_until if row else None,
        period=picture.period,
        told=told,
        raises=_standing(raises, told),
        ended=tuple(one for one in raises if one.ended_on is not None)[:LATEST],
        deals=picture.behind(told.deals),
        days=tuple(SignalReading.objects.until(None).values_list("day", flat=True)),
        may_answer=any(one.may_answer for one in raises),
        names=picture.names,
        limits=_limits(picture),
        months=tuple(months_to_set(timezone.localdate())) if sees_all(viewer) else (),
        agreement_names=AgreementType.objects.shown_names({one.agreement for one in told.lacked}),
    )


def states(viewer: Viewer) -> dict[str, State]:
    """Return where each signal stands by the newest reading; empty before the first. For those who see the whole company, to
    others all are hidden. One SQL query."""
    if not sees_all(viewer):
        raise Hidden("They see places, and not the whole.")
    row = SignalReading.objects.until(None).as_text().first()
    return {one.signal.key: one.state for one in record.opened_text(row.text).signals} if row else {}


def deals_behind(
    viewer: Viewer, key: str, place: Place | None = None, as_of: dt.date | None = None
) -> tuple[DealBehind, ...]:
    """Return the visible deals behind a signal at a place, or at all its raised places, the plainest first. Raises Hidden,
    also for a place that is not theirs to see. At most eight SQL queries."""
    if key not in SIGNALS:
        raise Hidden("There is no such signal.")
    picture = _picture(viewer, as_of, key)
    (told,) = picture.told
    if place is None:
        return picture.behind(told.deals)
    reading = next((one for one in told.places if one.place == place), None)
    if reading is None:
        raise Hidden("There is no such place.")
    return picture.behind(reading.deals)


# ---- whom a raise can be given to, and who answers for it ----


def leaders(viewer: Viewer) -> list[tuple[int, str]]:
    """Return whom a raise can be given to, by name: those who lead. One SQL query, none for whom does not work here."""
    if not works_here(viewer):
        return []
    rows = User.objects.active().filter(role__in=(Role.SPONSOR, Role.MANAGER))
    return list(rows.order_by("name", "pk").values_list("pk", "name"))


def require_answerable(viewer: Viewer, key: str, raise_id: int) -> None:
    """Raise Hidden unless ``raise_id`` is a raise of the signal that the viewer answers for."""
    row = Raise.objects.filter(pk=raise_id, signal=key).first()
    if row is None or not works_here(viewer) or not may_answer(sight_of(viewer, row), row, viewer):
        raise Hidden("There is no such raise.")


# ---- the picture of a day ----


@dataclass(frozen=True, slots=True)
class _Picture:
    """The reading of a day as a viewer may see it, of one signal where ``key`` names it: then with the visible ``deals``
    behind it. What people did after ``as_of`` is not known."""

    viewer: User
    seen: Sight
    key: str
    as_of: dt.date | None
    row: SignalReading | None
    report: Report | None
    told: tuple[Told, ...]
    names: dict[Place, str]
    deals: dict[str, DealBehind]

    @property
    def period(self) -> str:
        return self.report.period if self.report else "month"

    def behind(self, keys: Sequence[str]) -> tuple[DealBehind, ...]:
        """Return those of the visible deals that ``keys`` name, in their order."""
        return tuple(self.deals[key] for key in keys if key in self.deals)


def _picture(viewer: Viewer, as_of: dt.date | None, key: str = "") -> _Picture:
    row = SignalReading.objects.until(as_of).as_text().first() if works_here(viewer) else None
    report = record.opened_text(row.text, only=key) if row else None
    seen = sight(viewer, accounts=accounts_in(report))
    assert works_here(viewer)  # to everybody else it is hidden
    known = {one.signal.key: one for one in report.signals} if report else {}
    wanted = [SIGNALS[key]] if key else list(SIGNALS.values())
    whole = tuple(known.get(one.key) or Told(one, State.NO_DATA, needs=one.needs) for one in wanted)
    names = names_of(place for told in whole for place in told.every_place if seen.sees(place))
    found = _deals(viewer, {deal for one in whole for deal in one.deals}) if key else {}
    deals = found.keys() if key else _visible_keys(viewer, whole)
    told = tuple(narrowed(one, seen, deals=deals, names=names) for one in whole)
    return _Picture(viewer, seen, key, as_of, row, report, told, names, found)


def _visible_keys(viewer: User, told: Sequence[Told]) -> Collection[str]:
    """Return which of the deals behind raises the viewer sees. One SQL query, none for whom sees all."""
    keys = {key for one in told for key in one.deals}
    if sees_all(viewer) or not keys:
        return keys
    return set(Deal.objects.visible_to(viewer).filter(key__in=keys).values_list("key", flat=True))


def _deals(viewer: User, keys: Collection[str]) -> dict[str, DealBehind]:
    """Return the visible deals of ``keys``. One SQL query, none without a key."""
    if not keys:
        return {}
    rows = Deal.objects.visible_to(viewer).filter(key__in=keys).select_related("owner")
    return {
        row.key: DealBehind(
            row.pk,
            row.key,
            row.name or row.key,
            row.owner.name if row.owner else "",
            row.amount,
            row.currency,
        )
        for row in rows
    }


def _limits(picture: _Picture) -> tuple[LimitsShown, ...]:
    """Return the limits that people had set anew by the day of a picture. One SQL query."""
    rows = SignalLimits.objects.filter(signal=picture.key).select_related("set_by", "undone_by")
    known = rows.filter(set_at__date__lte=picture.as_of) if picture.as_of else rows
    read = {(one.since, one.reason) for told in picture.told for one in told.rules}
    return tuple(_limits_shown(row, picture.as_of, read) for row in known)


def _limits_shown(
    row: SignalLimits, as_of: dt.date | None, read: Collection[tuple[dt.date, str]]
) -> LimitsShown:
    undone = timezone.localdate(row.undone_at) if row.undone_at else None
    is_undone = undone is not None and (as_of is None or undone <= as_of)
    return LimitsShown(
        id=row.pk,
        since=row.since,
        reason=row.reason,
        set_by=row.set_by.name,
        set_on=timezone.localdate(row.set_at),
        undone_by=row.undone_by.name if is_undone and row.undone_by else "",
        undone_on=undone if is_undone else None,
        undone_reason=row.undone_reason if is_undone else "",
        read=(row.since, row.reason) in read,
    )


# ---- tiles and counts ----


def _standing(raises: Iterable[RaiseShown], told: Told) -> tuple[RaiseShown, ...]:
    """Return the raises of a signal that stand, in the order of its places: the one its numbers are of comes first."""
    order = {reading.place: number for number, reading in enumerate(told.places)}
    found = [one for one in raises if one.signal == told.signal.key and one.ended_on is None]
    return tuple(sorted(found, key=lambda one: order.get(one.place, len(order))))


def _counts(tiles: Sequence[Tile]) -> Counts:
    states = Counter(str(one.told.state) for one in tiles)
    in_hand = sum(one.in_hand and one.told.state is State.RAISED for one in tiles)
    return Counts(in_hand=in_hand, **{str(state): states[state] for state in State})


def _year(raises: Sequence[RaiseShown]) -> YearCount:
    answers = Counter(one.answered.kind for one in raises if one.answered)
    decisions = Counter(one.decision for one in raises if one.decision)
    return YearCount(
        raised=len(raises),
        confirmed=answers[StepKind.CONFIRMED],
        false=answers[StepKind.FALSE],
        led=decisions[StepKind.LED],
        not_led=decisions[StepKind.NOT_LED],
    )


# ---- raises ----


def _raises(picture: _Picture) -> tuple[RaiseShown, ...]:
    """Return the raises on record on the day of a picture that its viewer sees: of one signal all, of all signals those that
    stand and those of the last twelve months. Two SQL queries and two for names."""
    if picture.row is None:
        return ()
    day = picture.row.day
    steps = RaiseStep.objects.select_related("by", "to")
    rows = Raise.objects.on(day).prefetch_related(Prefetch("steps", steps))
    lately = Q(first_day__gt=day - YEAR) | Q(ended_on__isnull=True) | Q(ended_on__gt=day)
    rows = rows.filter(signal=picture.key) if picture.key else rows.filter(lately)
    seen = [(row, place) for row in rows if picture.seen.sees(place := Place(row.level, row.place))]
    names = picture.names | names_of({place for _, place in seen} - picture.names.keys())
    return tuple(_shown(row, place, picture, names) for row, place in seen)


def _shown(row: Raise, place: Place, picture: _Picture, names: dict[Place, str]) -> RaiseShown:
    assert picture.row is not None
    day = picture.row.day
    ended = row.ended_on if row.ended_on and row.ended_on <= day else None
    steps = [step for step in row.steps.all() if _happened(step, row, day, picture.as_of)]
    owner = _last(steps, (StepKind.GIVEN,))
    answered, decided = _last(steps, ANSWERS), _last(steps, DECISIONS)
    mute = _last(steps, (StepKind.MUTED, StepKind.UNMUTED))
    muted = mute if mute and mute.until and mute.until > day else None
    reading = _reading(picture, row.signal, place)
    dated = reading or row
    return RaiseShown(
        id=row.pk,
        signal=row.signal,
        place=place,
        where=names.get(place, place.name),
        since=dated.since or row.since,
        earliest=dated.earliest or row.earliest,
        latest=dated.latest or row.latest,
        seen=dated.seen or row.seen,
        first_day=row.first_day,
        ended_on=ended,
        size=reading.size if reading else None,
        size_ci=reading.size_ci if reading else None,
        owner=owner.to.name if owner and owner.to else "",
        owner_id=owner.to_id if owner else None,
        answered=_step(answered) if answered else None,
        decision=StepKind(decided.kind) if decided else None,
        muted_until=muted.until if muted else None,
        mute_reason=muted.words if muted else "",
        may_answer=may_answer(picture.seen, row, picture.viewer),
        steps=tuple(map(_step, steps)),
    )


def _reading(picture: _Picture, signal: str, place: Place) -> Reading | None:
    """Return what the reading of the day says of a place that is raised there."""
    told = next((one for one in picture.told if one.signal.key == signal), None)
    places = told.places if told else ()
    return next((one for one in places if one.place == place and one.state is State.RAISED), None)


def _happened(step: RaiseStep, row: Raise, day: dt.date, as_of: dt.date | None) -> bool:
    """Return whether a step was done by the day of a picture: what a reading did belongs to the day of that reading."""
    if step.kind == StepKind.ENDED:
        return row.ended_on is not None and row.ended_on <= day
    return step.by_id is None or as_of is None or timezone.localdate(step.at) <= as_of


def _last(steps: Sequence[RaiseStep], kinds: Collection[StepKind]) -> RaiseStep | None:
    return next((one for one in reversed(steps) if one.kind in kinds), None)


def _step(step: RaiseStep) -> StepShown:
    return StepShown(
        at=step.at,
        by=step.by.name if step.by else "",
        kind=StepKind(step.kind),
        to=step.to.name if step.to else "",
        until=step.until,
        words=step.words,
    )
