"""The ten early-warning signals, their raises, and the five pressures."""

from __future__ import annotations

from typing import Any, Literal

from django.utils import timezone
from ninja import Query, Schema
from pydantic import Field

from hingepoint.analysis.signals.shape import Place
from hingepoint.api import shapes
from hingepoint.api.callers import Request
from hingepoint.api.routing import Subject
from hingepoint.domain.pressures import queries as pressures
from hingepoint.domain.signals import actions, queries
from hingepoint.records.pressures import Pressure
from hingepoint.records.signals import StepKind
from hingepoint.records.tokens import Topic

subject = Subject(Topic.SIGNALS, "Signals and pressures")

#: How somebody can answer a raise.
Found = Literal[StepKind.ANSWERED, StepKind.CONFIRMED, StepKind.FALSE]

Where = shapes.shape("Place", Place, "level name")
RaiseStep = shapes.shape("RaiseStep", queries.StepShown, "at by kind to until words")
Raise = shapes.shape(
    "Raise",
    queries.RaiseShown,
    "id signal place where since earliest latest seen first_day ended_on size size_ci owner owner_id decision "
    "muted_until mute_reason may_answer in_hand steps",
    place=Where,
    size_ci=shapes.RANGE,
    steps=shapes.each(RaiseStep),
)
DealBehind = shapes.shape("DealBehindSignal", queries.DealBehind, "id key name owner amount currency")
DealUnder = shapes.shape(
    "DealUnderPressure", pressures.DealUnder, "id key title owner status amount currency seen_at words by"
)


class Signal(Schema):
    """A signal as it stands on a day, as far as you may see it; ``question`` is what to ask of the deals behind."""

    key: str
    name: str
    state: str
    question: str
    raises: list[Raise]  # type: ignore[valid-type]


class Signals(Schema):
    """All signals on a day; ``day`` is empty before the first reading, ``facts_until`` says up to when facts came."""

    day: shapes.dt.date | None
    facts_until: shapes.dt.date | None
    signals: list[Signal]


class SignalPage(Signal):
    """One signal on a day, with the raises that ended and the deals behind."""

    day: shapes.dt.date | None
    facts_until: shapes.dt.date | None
    ended: list[Raise]  # type: ignore[valid-type]
    deals: list[DealBehind]  # type: ignore[valid-type]


class DayAsked(shapes.Sent):
    """The day of the picture, today unless said."""

    as_of: shapes.Day | None = None


class RaiseAnswer(shapes.Sent):
    """What you make of a raise, in a sentence, and whether it is so or a false alarm."""

    words: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
    found: Found = StepKind.ANSWERED


@subject.read("/signals", Signals)
def list_signals(request: Request, asked: Query[DayAsked]) -> Any:
    """List the early-warning signals on a day"""
    found = queries.overview(request.auth.user, asked.as_of)
    signals = [{**_signal(tile.told), "raises": tile.raises} for tile in found.tiles]
    return {"day": found.day, "facts_until": found.facts_until, "signals": signals}


@subject.read("/signals/{key}", SignalPage)
def get_signal(request: Request, key: shapes.Key, asked: Query[DayAsked]) -> Any:
    """Read one signal on a day"""
    return _page(request, key, asked.as_of)


@subject.write("/signals/{key}/raises/{raise_id}/answer", SignalPage)
def answer_raise(request: Request, key: shapes.Key, raise_id: shapes.Id, sent: RaiseAnswer) -> Any:
    """Answer a raise of a signal"""
    user = request.auth.user
    queries.require_answerable(user, key, raise_id)
    actions.answer(by=user, at=timezone.now(), raise_id=raise_id, words=sent.words, found=sent.found)
    return _page(request, key)


@subject.read("/pressures/{pressure}/deals", shapes.each(DealUnder))
def list_deals_under_pressure(request: Request, pressure: Pressure) -> Any:
    """List the deals under a pressure

    The newest evidence first.
    """
    return pressures.deals_under(request.auth.user, pressure)


def _page(request: Request, key: str, as_of: Any = None) -> dict[str, Any]:
    page = queries.signal(request.auth.user, key, as_of)
    same = {name: getattr(page, name) for name in ("day", "facts_until", "raises", "ended", "deals")}
    return {**_signal(page.told), **same}


def _signal(told: Any) -> dict[str, Any]:
    return {
        "key": told.signal.key,
        "name": told.signal.name,
        "state": told.state,
        "question": told.question,
    }
