"""The questions whose answers are kept for the pages of a large company, each with how it is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.queries import catalogue
from hingepoint.domain.agreements.touched import APART
from hingepoint.domain.coaching.queries import sessions
from hingepoint.domain.detection.queries import rules
from hingepoint.domain.discovery.queries import readiness
from hingepoint.domain.hindsight import rules as hindsight
from hingepoint.domain.home.queries import question_budget, sponsor
from hingepoint.domain.home.queries.worklist import WEEK, changes_counted
from hingepoint.domain.imports import health
from hingepoint.domain.people.queries import the_system
from hingepoint.domain.routines.queries import kept as routines
from hingepoint.domain.sponsorship.queries import board
from hingepoint.domain.strategy import benchmarks, forecasts, results, seen
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.sync import dates
from hingepoint.domain.upkeep.kept import Question
from hingepoint.domain.upkeep.writes import WRITES


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question about something, and a function that answers it by reading everything; what the trail tells of the subjects
    ``apart`` changes nothing in the answer. ``reads``: the tables of the company's record that it reads; None: any."""

    question: Question[Any]
    ask: Callable[[], Any]
    about: str = ""
    apart: frozenset[str] = APART
    reads: frozenset[str] | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Where the answer is kept: its name, and what it is about."""
        return self.question.name, self.about

    def heeds(self, subject: str, action: str) -> bool:
        """Return whether what a line of the trail tells can change the answer."""
        if subject in self.apart:
            return False
        wrote = WRITES.get((subject, action))
        return wrote is None or self.reads is None or bool(wrote & self.reads)


_REGISTER = frozenset({"agreement", "deal"})
_CONFIRMED = frozenset({"agreement", "agreementevent", "agreementtype", "deal", "detection", "detectionrule"})
_ON_RECORD = _REGISTER | {"agreementevent", "agreementtype", "dealevent", "importbatch", "membership"}
_EXAMPLES = _CONFIRMED | {"account", "contact", "user"}
#: What a result is computed from: some metrics look at what happened on a deal.
_RESULTS = frozenset({"deal", "dealevent", "team"})
_SEEN = _RESULTS | {"agreement", "agreementevent", "pivotalagreement", "playbook"}


def wanted(*, today: dt.date, now: dt.datetime) -> Iterator[Wanted]:
    """Yield every question that is kept, as one who sees everything asks it."""
    viewer = the_system()
    yield Wanted(readiness.READY, partial(readiness.ready, viewer), reads=_REGISTER)
    yield Wanted(readiness.COUNTS, readiness.counts, reads=_REGISTER | {"dealevent"})
    yield Wanted(health.ON_RECORD, health.facts, reads=_ON_RECORD)
    yield Wanted(dates.DATES, dates.dates_now)
    yield Wanted(rules.NAMES, rules.names_in_traces, reads=frozenset({"dealevent"}))
    yield Wanted(catalogue.USED, lambda: catalogue.usages(Agreement.objects.all()), reads=_REGISTER)
    yield Wanted(sponsor.CHANGES, partial(changes_counted, viewer, since=now - WEEK))
    counted = partial(question_budget.counted_now, now=now)
    yield Wanted(question_budget.COUNTED, counted, apart=frozenset())  # it reads the trail itself
    yield Wanted(sessions.COACHED, partial(sessions.upward_now, today=today))
    yield Wanted(routines.KEPT, partial(routines.kept_now, today=today))
    yield Wanted(routines.TEAMS, partial(routines.kept_by_team_now, today=today))
    yield Wanted(board.FOLLOWED, partial(board.followed_now, today=today))
    yield Wanted(hindsight.USUAL, partial(hindsight.usual_now, now=now), reads=frozenset({"deal"}))
    yield Wanted(coverage.ON_OPEN, coverage.on_open_deals_now, reads=_CONFIRMED)
    segments = set()
    for strategy in Strategy.objects.in_force().prefetch_related("result_metrics", "playbooks"):
        yield from _of_strategy(viewer, strategy, today)
        if strategy.segment not in segments:
            segments.add(strategy.segment)
            yield from _of_segment(strategy.segment, today)


def _of_strategy(viewer: Any, strategy: Strategy, today: dt.date) -> Iterator[Wanted]:
    targets = list(strategy.result_metrics.all())
    went = partial(results.progress_now, viewer, strategy, targets, today=today)
    yield Wanted(results.WENT, went, results.what_it_wants(strategy, targets), reads=_RESULTS)
    target = results.target_on_all(strategy)
    course = partial(results.course_now, viewer, strategy, target, today=today)
    yield Wanted(results.COURSE, course, results.what_its_course_wants(strategy, target), reads=_RESULTS)
    months = partial(seen.results_now, viewer, strategy, targets, today=today)
    yield Wanted(seen.RESULTS, months, results.what_it_wants(strategy, targets), reads=_RESULTS)
    chosen = seen.chosen_of(strategy)
    over_years = partial(seen.agreements_now, viewer, strategy, chosen, today=today)
    yield Wanted(seen.AGREEMENTS, over_years, seen.what_it_asks(strategy, chosen), reads=_SEEN)
    ahead = partial(forecasts.forecast_now, viewer, strategy, chosen, today=today)
    yield Wanted(forecasts.FORECAST, ahead, seen.what_it_asks(strategy, chosen), reads=_SEEN)
    executed = cache(partial(benchmarks.well_executed, strategy, today=today))
    types = (
        PivotalAgreement.objects.filter(playbook__strategy=strategy).order_by().values_list("type", flat=True)
    )
    for kind in types.distinct():
        about = benchmarks.which(strategy, kind)
        yield Wanted(benchmarks.DID, partial(_benchmark, kind, executed), about, reads=_EXAMPLES)


def _benchmark(kind: int, executed: Callable[[], set[int]]) -> benchmarks.Benchmark:
    return benchmarks.benchmark(kind, executed())


def _of_segment(segment: str, today: dt.date) -> Iterator[Wanted]:
    yield Wanted(
        coverage.IN_TIME,
        partial(coverage.in_time_now, today=today, segment=segment),
        segment,
        reads=_CONFIRMED,
    )
    yield Wanted(coverage.ASKED, partial(coverage.deals_asked_now, segment=segment), segment, reads=_REGISTER)
