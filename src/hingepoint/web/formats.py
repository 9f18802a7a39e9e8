"""How facts read on a page: days, due dates, and the words and glyphs of states and grades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from hingepoint.records import conventions
from hingepoint.records.agreements import AgreementState, Evidence, Side
from hingepoint.records.findings import HARMFUL, Grade
from hingepoint.records.languages import say, say_many, words_of
from hingepoint.records.plans import Outcome
from hingepoint.records.strategy import Status
from hingepoint.records.talks import ReasonState
from hingepoint.reports.charts import numbers


@dataclass(frozen=True, slots=True)
class Wording:
    """The word for a state or grade, its colour ``tone`` and the ``glyph`` that tells it apart
    without colour; ``meaning`` is the sentence shown on request."""

    english: str
    tone: str
    glyph: str
    in_full: str = ""

    @property
    def label(self) -> str:
        return say(self.english)

    @property
    def meaning(self) -> str:
        return say(self.in_full)


STATES: dict[str, Wording] = {
    AgreementState.NOT_NEEDED: Wording(AgreementState.NOT_NEEDED.label, "quiet", "not_needed", words_of("This deal does without it, for a reason on record.")),
    AgreementState.NEEDED: Wording(AgreementState.NEEDED.label, "quiet", "needed", words_of("Required on this deal and not started.")),
    AgreementState.PLANNED: Wording(AgreementState.PLANNED.label, "info", "planned", words_of("There is a plan for how and from whom to get it.")),
    AgreementState.ASKED: Wording(AgreementState.ASKED.label, "info", "asked", words_of("We asked; no answer yet.")),
    AgreementState.SOFT: Wording(AgreementState.SOFT.label, "warn", "soft", words_of("They like it; nobody promised an act.")),
    AgreementState.GAINED: Wording(AgreementState.GAINED.label, "good", "gained", words_of("A named person committed to an act by a date.")),
    AgreementState.KEPT: Wording(AgreementState.KEPT.label, "good", "kept", words_of("They did what they had agreed.")),
    AgreementState.BROKEN: Wording(AgreementState.BROKEN.label, "bad", "broken", words_of("They agreed and did not do it.")),
    AgreementState.LAPSED: Wording(AgreementState.LAPSED.label, "warn", "lapsed", words_of("Too old to rely on; check it again.")),
    AgreementState.DECLINED: Wording(AgreementState.DECLINED.label, "bad", "declined", words_of("They said no.")),
    AgreementState.RENEGOTIATED: Wording(AgreementState.RENEGOTIATED.label, "plum", "renegotiated", words_of("It stands, on new terms.")),
}  # fmt: skip

EVIDENCE: dict[int, str] = {one: one.label for one in Evidence}

REASONS: dict[str, str] = dict(ReasonState.choices)

OUTCOMES: dict[str, str] = dict(Outcome.choices)

STRATEGIES: dict[str, str] = dict(Status.choices)

GRADES: dict[str, Wording] = {
    Grade.STRONG: Wording(Grade.STRONG.label, "good", "grade-3", words_of("Clear, robust and stable over time.")),
    Grade.MODERATE: Wording(Grade.MODERATE.label, "info", "grade-2", words_of("Clear, but one of our checks is weaker.")),
    Grade.WEAK: Wording(Grade.WEAK.label, "warn", "grade-1", words_of("Worth a test; not proven.")),
    Grade.NONE: Wording(Grade.NONE.label, "quiet", "grade-0", words_of("These deals cannot tell yet.")),
    Grade.EXCLUDED: Wording(Grade.EXCLUDED.label, "quiet", "not_needed", words_of("Left out of the comparison, with the reason.")),
    "harmful": Wording(HARMFUL, "bad", "harmful", words_of("Deals that have it do worse.")),
}  # fmt: skip

SIDES: dict[str, tuple[str, str]] = {
    Side.CUSTOMER: (Side.CUSTOMER.label, "building"),
    Side.INTERNAL: (Side.INTERNAL.label, "home"),
    Side.SUPPLIER: (Side.SUPPLIER.label, "route"),
    Side.PARTNER: (Side.PARTNER.label, "heart-handshake"),
}


def day(value: dt.date | dt.datetime | None) -> str:
    """Return ``3 Mar 2026``."""
    return conventions.day(value) if value else numbers.MISSING


def last_day(end: dt.datetime) -> str:
    """Return the last day before a moment at which something ends: that of midnight is the day before."""
    return day(timezone.localtime(end - dt.timedelta(microseconds=1)))


def day_short(value: dt.date | dt.datetime | None) -> str:
    """Return ``3 Mar``, where the year is plain from its surroundings."""
    return conventions.day_short(value) if value else numbers.MISSING


def moment(value: dt.datetime | None) -> str:
    """Return ``3 Mar 2026, 14:05``."""
    return f"{day(value)}, {value:%H:%M}" if value else numbers.MISSING


def due(value: dt.date | dt.datetime | None, today: dt.date | dt.datetime) -> str:
    """Return how far off a due day is: ``due in 4 days``, ``due today``, ``5 days late``."""
    if value is None:
        return say("no date")
    days = (_date(value) - _date(today)).days
    if days < 0:
        return say_many("{n} day late", "{n} days late", -days, n=numbers.number(-days))
    if days < 2:
        return say("due tomorrow") if days else say("due today")
    return say_many("due in {n} day", "due in {n} days", days, n=numbers.number(days))


def is_late(value: dt.date | dt.datetime | None, today: dt.date | dt.datetime) -> bool:
    return value is not None and _date(value) < _date(today)


def ago(value: dt.date | dt.datetime | None, today: dt.date | dt.datetime) -> str:
    """Return ``today``, ``yesterday``, ``12 days ago``, or the day itself beyond eight weeks."""
    if value is None:
        return say("never")
    days = (_date(today) - _date(value)).days
    if days < 0 or days > 56:
        return day(value)
    if days < 2:
        return say("yesterday") if days else say("today")
    return say_many("{n} day ago", "{n} days ago", days, n=days)


def money(value: Any, currency: str = "", digits: int = 0) -> str:
    """Return money from an amount and its currency, or from an object that has both."""
    return numbers.money(*_amount_and_currency(value, currency), digits=digits)


def one_currency(amounts: Iterable[str]) -> str | None:
    """Return the currency of money on a page from those of the deals behind it, blank ones in the company's; None where
    they have several: then money was added as written."""
    own = settings.ENVIRONMENT.currency
    found = {one or own for one in amounts} or {own}
    return found.pop() if len(found) == 1 else None


def money_short(value: Any, currency: str = "") -> str:
    return numbers.money_short(*_amount_and_currency(value, currency))


def state(value: str) -> Wording:
    return STATES[str(value)]


def grade(value: str, effect: float | None = None, better: str = "higher") -> Wording:
    """Return the wording of a grade; strong or moderate against the metric reads *harmful*."""
    harms = effect is not None and (effect < 0 if better == "higher" else effect > 0)
    return GRADES["harmful" if harms and value in (Grade.STRONG, Grade.MODERATE) else str(value)]


def evidence(value: int | None) -> str:
    return EVIDENCE[int(value or 0)]


def initials(name: str) -> str:
    """Return up to two initials for a person's mark: ``Maria de Souza`` is ``MS``."""
    words = [word for word in name.split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def words(value: Any) -> str:
    """Return a key as words: ``inside_partner`` is ``Inside partner``."""
    text = str(value).replace("_", " ").replace("-", " ").strip()
    return say(text[:1].upper() + text[1:])


def _date(value: dt.date | dt.datetime) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _amount_and_currency(value: Any, currency: str) -> tuple[int | float | Decimal | None, str]:
    if hasattr(value, "amount"):
        return value.amount, currency or str(getattr(value, "currency", ""))
    return value, currency
