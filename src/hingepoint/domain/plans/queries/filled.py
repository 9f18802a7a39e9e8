"""What every plan holds: its deal, its writings with what was said to them, its parts filled.

What was written is laid over what is offered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.parts import OFFER, TRADES, Line, Part, from_json, ranked
from hingepoint.domain.plans.rules import may_review
from hingepoint.records import conventions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say


@dataclass(frozen=True, slots=True)
class FilledPart:
    """One part of a plan with its lines; ``left`` was offered and does not stand in the plan."""

    key: str
    label: str
    hint: str
    lines: tuple[Line, ...]
    left: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the lines come from, with their numbers where they come from several places; one's own
        words come from nowhere."""
        found: dict[str, list[str]] = {}
        for number, line in enumerate(self.lines, 1):
            found.setdefault(line.source, []).append(str(number))
        if len(found) == 1:
            return tuple(source for source in found if source)
        return tuple(
            say("Line {numbers}: {source}", numbers=", ".join(numbers), source=source or say("your words"))
            for source, numbers in found.items()
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said to one writing of the plan; ``writing`` is its number."""

    verdict: str
    words: str
    by: str
    at: dt.datetime
    writing: int


@dataclass(frozen=True, slots=True)
class Writing:
    """One writing of a plan: who really wrote it when."""

    id: int
    number: int
    by: str
    at: dt.datetime
    talk_on: dt.date | None


@dataclass(frozen=True, slots=True)
class History:
    """The writings of a plan, newest first, and what was said to them, oldest first."""

    writings: tuple[Writing, ...] = ()
    said: tuple[Said, ...] = ()
    may_review: bool = False

    @property
    def newest(self) -> Writing | None:
        return self.writings[0] if self.writings else None

    @property
    def number(self) -> int:
        return self.newest.number if self.newest else 0

    @property
    def verdict(self) -> Said | None:
        """The last approval or return of the newest writing."""
        told = [one for one in self.said if one.writing == self.number and one.verdict != "comment"]
        return told[-1] if told else None


def visible_deal(viewer: Any, deal_id: int) -> Deal:
    found = Deal.every.visible_to(viewer).select_related("account", "owner", "team", "corridor__set_by")
    deal = found.filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    return deal


def register_of(deal: Deal) -> list[Agreement]:
    rows = Agreement.objects.filter(deal=deal).select_related("type", "person", "asked_of")
    return sorted(rows, key=lambda row: (row.late_after or dt.date.max, row.pk))


def history_of(
    viewer: Any, deal: Deal, row: Agreement | None, *, of_deal: bool = False
) -> tuple[History, dict[str, list[Line]]]:
    """Return the writings of a plan with what was said to them, and the lines of the newest."""
    if row is None and not of_deal:
        return History(), {}
    rows = _with_reviews(Plan.objects.filter(deal=deal, agreement=row))
    writings = list({one.number: one for one in rows}.values())
    if not writings:
        return History(), {}
    newest = writings[0]
    newest.deal = deal
    history = History(
        writings=tuple(_writing(one) for one in writings),
        said=tuple(_said(one) for one in sorted(rows, key=lambda one: one.number) if one.said_verdict),
        may_review=may_review(viewer, newest),
    )
    return history, from_json(newest.parts)


def _with_reviews(plans: QuerySet[Plan]) -> list[Any]:
    """Return writings, the newest first, each once for every review of it, oldest first, and at least once."""
    rows = plans.select_related("written_by").annotate(
        said_verdict=F("reviews__verdict"),
        said_words=F("reviews__words"),
        said_at=F("reviews__at"),
        said_by=F("reviews__by__name"),
    )
    return list(rows.order_by("-number", "said_at", "reviews__id"))


def _said(row: Any) -> Said:
    return Said(row.said_verdict, row.said_words, row.said_by or "", row.said_at, row.number)


def _writing(row: Plan) -> Writing:
    by = row.written_by.name if row.written_by else ""
    return Writing(row.pk, row.number, by, row.written_at, row.talk_on)


def filled(
    part: Part, written: Mapping[str, Sequence[Line]], offered: Mapping[str, Sequence[Line]]
) -> FilledPart:
    """Return a part as written; where no plan is written at all, as offered."""
    lines = written.get(part.key, ()) if written else offered.get(part.key, ())
    standing = {line.text for line in lines}
    left = [line for line in offered.get(part.key, ()) if line.text not in standing] if written else ()
    shown = ranked(lines, given=part == OFFER) if part in TRADES else lines
    return FilledPart(part.key, part.label, part.hint, tuple(shown), tuple(left))


def day_in_words(value: dt.date | None) -> str:
    return conventions.day(value) if value else ""
