"""The ten early-warning signals, their raises, and the five pressures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.utils import timezone
from ninja import Query, Schema
from pydantic import Field

from hingepoint.analysis.signals.shape import Lacked, Place, Reading, Told, Unjudged
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
At = shapes.shape(
    "SignalReading",
    Reading,
    "place state reading baseline ci since earliest latest seen size size_ci trial_until",
    place=Where,
    ci=shapes.RANGE,
    size_ci=shapes.RANGE,
)
WithoutReading = shapes.shape("PlaceWithoutReading", Unjudged, "place units periods", place=Where)
LackedAgreement = shapes.shape(
    "LackedAgreement",
    Lacked,
    "agreement behind kept more ci surely",
    behind=list[int],
    kept=list[int],
    ci=shapes.RANGE,
)
if TYPE_CHECKING:
    OneAt: TypeAlias = Any  # a checker takes no union of what is made when the program runs
else:
    OneAt = At | None
DealBehind = shapes.shape("DealBehindSignal", queries.DealBehind, "id key name owner amount currency")
DealUnder = shapes.shape(
    "DealUnderPressure", pressures.DealUnder, "id key title owner status amount currency seen_at words by"
)


class Signal(Schema):
    """A signal as it stands on a day, as far as you may see it; ``question`` is what to ask of the deals behind. ``reading`` is of
    the place of which its numbers are: the recent level with its 95% interval, and the usual one. Without data, ``needs`` says
    what to record; ``silent_since`` since when facts no longer come."""

    key: str
    name: str
    state: str
    question: str
    reading: OneAt
    needs: str
    silent_since: shapes.dt.date | None
    raises: list[Raise]  # type: ignore[valid-type]


class Signals(Schema):
    """All signals on a day; ``day`` is empty before the first reading, ``facts_until`` says up to when facts came."""

    day: shapes.dt.date | None
    facts_until: shapes.dt.date | None
    signals: list[Signal]


class SignalPage(Signal):
    """One signal on a day at every place, with the raises that ended and the deals behind. ``unjudged``: places with too few
    cases, or for too short a time, to be told from chance. ``lacked``: the agreements (by key) that were missing or weak more often
    on the deals that fell short than on those that ``kept`` to what is usual; each pair is how many of how many deals."""

    places: list[At]  # type: ignore[valid-type]
    unjudged: list[WithoutReading]  # type: ignore[valid-type]
    lacked: list[LackedAgreement]  # type: ignore[valid-type]
    day: shapes.dt.date | None
    facts_until: shapes.dt.date | None
    ended: list[Raise]  # type: ignore[valid-type]
    deals: list[DealBehind]  # type: ignore[valid-type]


class DayAsked(shapes.Sent):
    """The day of the picture, today unless said."""

    as_of: shapes.PastDay | None = None


class RaiseAnswer(shapes.Sent):
    """What you make of a raise, in a sentence, and whether it is so or a false alarm."""

    words: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
    found: Found = StepKind.ANSWERED


class RaiseDecision(shapes.Sent):
    """Whether a raise led to a decision; a yes says which, in a sentence."""

    led: Literal[StepKind.LED, StepKind.NOT_LED, StepKind.NOT_YET]
    words: str = Field("", max_length=2000, pattern=r"^[^\x00]*$")


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


@subject.write("/signals/{key}/raises/{raise_id}/decision", SignalPage)
def decide_raise(request: Request, key: shapes.Key, raise_id: shapes.Id, sent: RaiseDecision) -> Any:
    """Say whether a raise of a signal led to a decision

    Also after it ended; the last word counts.
    """
    user = request.auth.user
    queries.require_answerable(user, key, raise_id)
    actions.decide(by=user, at=timezone.now(), raise_id=raise_id, led=sent.led, words=sent.words)
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
    of_it = {name: getattr(page.told, name) for name in ("places", "unjudged", "lacked")}
    return {**_signal(page.told), **same, **of_it}


def _signal(told: Told) -> dict[str, Any]:
    return {
        "key": told.signal.key,
        "name": told.signal.name,
        "state": told.state,
        "question": told.question,
        "reading": told.leading,
        "needs": told.needs,
        "silent_since": told.silent_since,
    }
