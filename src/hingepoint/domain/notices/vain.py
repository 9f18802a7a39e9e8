"""Signals that led to nothing three times in a row: what mails and chats leave out of them, and what is offered to be left out.

A signal itself is never stopped: it is read every night, stands on its page, and asks there. Only a person leaves one out.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from hingepoint.analysis.signals import SIGNALS
from hingepoint.domain.notices import rules
from hingepoint.domain.notices.models import SignalLeftOut
from hingepoint.domain.notices.rules import Decided
from hingepoint.domain.people.models import User
from hingepoint.domain.signals.models import RaiseStep
from hingepoint.records.people import Role
from hingepoint.records.signals import DECISIONS, StepKind

#: Whose mails: (key of a signal, whether of everybody).
Whose = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class SignalInMails:
    """A signal that mails leave out since ``since``, because ``by`` said so; without these two, one whose last raises led to
    nothing, so that it is offered. ``for_all``: in everybody's mails, not one's own; ``may``: the viewer can change it."""

    key: str
    name: str
    for_all: bool
    since: dt.datetime | None
    by: str
    may: bool


def signals_in_mails(viewer: User) -> tuple[SignalInMails, ...]:
    """Return the signals that mails to ``viewer`` leave out, and those offered to be left out: to each by what they answered
    themselves, to sponsors also by what everybody did. Two SQL queries."""
    rows = list(_of(viewer).select_related("by").order_by("id"))
    left = {(row.signal, row.user_id is None): row for row in rows if row.ended_at is None}
    offered = {one for one in _led_to_nothing(viewer, rows) if (one[0], True) not in left}
    found = [(key, for_all) for key in SIGNALS for for_all in (False, True)]
    return tuple(_shown(one, left.get(one), viewer) for one in found if one in left or one in offered)


def offered(viewer: User) -> set[Whose]:
    """Return which signals ``viewer`` is offered to leave out of whose mails. Two SQL queries."""
    return {(one.key, one.for_all) for one in signals_in_mails(viewer) if one.since is None}


def left_out(user: User) -> frozenset[str]:
    """Return the signals that the mails of ``user`` leave out. One SQL query."""
    return frozenset(_of(user).filter(ended_at__isnull=True).values_list("signal", flat=True))


def may_for_all(viewer: User) -> bool:
    """Return whether somebody decides what everybody's mails leave out: sponsors do."""
    return viewer.role == Role.SPONSOR


def _of(user: User) -> QuerySet[SignalLeftOut]:
    return SignalLeftOut.objects.filter(Q(user=user) | Q(user__isnull=True))


def _shown(whose: Whose, row: SignalLeftOut | None, viewer: User) -> SignalInMails:
    key, for_all = whose
    may = may_for_all(viewer) or not for_all
    return SignalInMails(
        key, SIGNALS[key].name, for_all, row.at if row else None, row.by.name if row else "", may
    )


def _led_to_nothing(viewer: User, rows: Iterable[SignalLeftOut]) -> set[Whose]:
    """Return what led to nothing in the last answers since it was told again."""
    again = {(row.signal, row.user_id is None): row.ended_at for row in rows if row.ended_at}
    said: dict[Whose, list[Decided]] = defaultdict(list)
    for whose, one in _decided(viewer):
        if whose not in again or one.at > again[whose]:
            said[whose].append(one)
    return {whose for whose, ones in said.items() if rules.in_vain(rules.last_words(ones))}


def _decided(viewer: User) -> Iterator[tuple[Whose, Decided]]:
    """Give whose answers count for what, the newest first. One SQL query."""
    steps = RaiseStep.objects.filter(kind__in=DECISIONS).order_by("-id")
    rows = steps if may_for_all(viewer) else steps.filter(by=viewer)
    for key, by, raise_id, kind, at in rows.values_list("of__signal", "by", "of", "kind", "at"):
        one = Decided(raise_id, StepKind(kind), at)
        if by == viewer.pk:
            yield (key, False), one
        if may_for_all(viewer):
            yield (key, True), one
