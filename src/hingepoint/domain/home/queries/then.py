"""What the page of a strategy and the first page of its sponsor told of a day in the past, as the night after it kept them.

Nothing is counted here: what has been recorded since, or was decided since, is in none of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from hingepoint.domain.escalations.queries import waiting
from hingepoint.domain.home.queries import pictures as pictures_page
from hingepoint.domain.home.queries import sponsor
from hingepoint.domain.people.models import SEES_EVERYTHING, User, Viewer, sees_all
from hingepoint.domain.people.queries import the_system
from hingepoint.domain.plans.queries import reviews
from hingepoint.domain.routines.queries import kept as routines
from hingepoint.domain.sponsorship.queries import board
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries import over_years, strategy_page
from hingepoint.domain.strategy.queries.strategies import strategy_of
from hingepoint.domain.upkeep.kept import Question, Told
from hingepoint.records.errors import Hidden

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Routines:
    """How talks were prepared, exceptions answered and required routines kept, on the deals of a strategy."""

    talks: reviews.Routines
    answers: waiting.Answers
    kept: tuple[routines.Kept, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is kept day by day: of what (``about``), and a function that asks for it now."""

    question: Question[Any]
    ask: Callable[[], Any]
    about: str = ""


#: Of a strategy, by its number.
STRATEGY = Question[strategy_page.StrategyPage]("then: strategy", strategy_page.StrategyPage)
RESULTS = Question[over_years.Results]("then: results", over_years.Results)
AGREEMENTS = Question[over_years.Agreements]("then: agreements", over_years.Agreements)
ROUTINES = Question[Routines]("then: routines", Routines)
#: Of the company.
WEEK = Question[sponsor.SponsorWeek]("then: week", sponsor.SponsorWeek)
PICTURES = Question[pictures_page.Pictures]("then: pictures", pictures_page.Pictures)
SPONSORS = Question[list[board.SponsorLine]]("then: sponsors", list[board.SponsorLine])
#: Of a person, by the number.
PROMISES = Question[routines.Promises]("then: promises", routines.Promises)


def told(viewer: Viewer, question: Question[T], day: dt.date, *, about: str = "") -> Told[T] | None:
    """Return what a page of the company told of a day, to those who see every deal; None where nothing was kept until then.
    Raises Hidden for others. One SQL query."""
    if not sees_all(viewer):
        raise Hidden("A past day is told of every deal, to those who see every deal.")
    return question.on(day, about=about)


def of_strategy(viewer: Viewer, question: Question[T], strategy_id: int, day: dt.date) -> Told[T] | None:
    """Return what a page of a strategy told of a day, as ``told`` does. Two SQL queries."""
    return told(viewer, question, day, about=str(strategy_of(viewer, strategy_id).pk))


def promises(viewer: Viewer, day: dt.date) -> Told[routines.Promises] | None:
    """Return what the viewer had promised by a day, and had done. One SQL query."""
    return told(viewer, PROMISES, day, about=str(viewer.pk if sees_all(viewer) else ""))


def pages(*, today: dt.date, now: dt.datetime) -> Iterator[Page]:
    """Yield every page that is kept of a day, as one who sees everything reads it."""
    viewer = the_system()
    yield Page(WEEK, partial(sponsor.sponsor_week, viewer, today=today, now=now))
    yield Page(SPONSORS, partial(board.sponsors, viewer, today=today))
    for person in User.objects.active().filter(role__in=SEES_EVERYTHING):
        yield Page(PROMISES, partial(routines.promises, person, today=today), str(person.pk))
    strategies = list(Strategy.objects.in_force())
    if strategies:
        yield Page(PICTURES, partial(pictures_page.of_company, viewer, today=today))
    for strategy in strategies:
        yield from _of_strategy(viewer, strategy, today, now)


def _of_strategy(viewer: User, strategy: Strategy, today: dt.date, now: dt.datetime) -> Iterator[Page]:
    about = str(strategy.pk)
    yield Page(STRATEGY, partial(_strategy, viewer, strategy.pk, today), about)
    yield Page(RESULTS, partial(over_years.results_over_years, viewer, strategy.pk, today=today), about)
    yield Page(AGREEMENTS, partial(over_years.agreements_over_years, viewer, strategy.pk, today=today), about)
    yield Page(ROUTINES, partial(routines_of, viewer, strategy.segment, today=today, now=now), about)


def _strategy(viewer: User, strategy_id: int, today: dt.date) -> strategy_page.StrategyPage:
    """Return the page of a strategy without what one can do there: a past day is only read."""
    page = strategy_page.strategy_page(viewer, strategy_id, today=today)
    return replace(page, may_edit=False, draft=None, asking=False)


def routines_of(viewer: Any, segment: str, *, today: dt.date, now: dt.datetime) -> Routines:
    """Return how the routines on the deals of a segment are kept, as far as the viewer sees."""
    return Routines(
        reviews.routines(viewer, today=today, segment=segment),
        waiting.answers(viewer, now=now, segment=segment),
        tuple(routines.kept(viewer, today=today)),
    )
