"""Every answer about trials: what a plan is made from, the lots, how far a trial is, and what it showed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db import models
from django.utils import timezone

from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.analysis.trials import evidence, lots
from hingepoint.analysis.trials import outcome as trials
from hingepoint.analysis.trials.balance import Line
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.deals.queries import DealFacts
from hingepoint.domain.discovery import queries as discovery
from hingepoint.domain.discovery import work as discovery_work
from hingepoint.domain.discovery.queries import RunPage
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.trials import work
from hingepoint.domain.trials.models import Trial, TrialLook
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden

#: How many deals of a trial are listed.
DRAWN = 20


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial whose lots are drawn. ``ended``: its result is shown."""

    id: int
    agreement: str
    metric: str
    design: str
    design_words: str
    starts_on: dt.date
    seed: int
    by: str
    at: dt.datetime
    ended: bool


@dataclass(frozen=True, slots=True)
class PlannerPage:
    """What a plan to get evidence on an agreement type is made from, and the trials planned so far.

    ``basis`` is None of a run by an older version, which did not keep it. ``weeks``: after how many weeks from
    its creation the outcome of a deal is told.
    """

    run: RunPage
    key: str
    name: str
    basis: evidence.Basis | None
    weeks: int
    teams: tuple[str, ...]
    trials: tuple[TrialLine, ...]


def planner(viewer: User, run_id: int, key: str, *, at: dt.datetime) -> PlannerPage:
    """Return what the planner of a finding needs. Raises Hidden for those who do not see all findings."""
    page = discovery.run(viewer, run_id, at=at)
    if page.record is None or key not in page.keys or not viewer.sees_everything:
        raise Hidden("There is no such finding.")
    teams = Team.objects.filter(deals__isnull=False).order_by("name").values_list("name", flat=True)
    return PlannerPage(
        run=page,
        key=key,
        name=page.record.finding(key).name,
        basis=page.record.basis(key) if page.record.can_plan else None,
        weeks=page.record.outcome_weeks,
        teams=tuple(teams.distinct()),
        trials=of_agreements(viewer, [key]).get(key, ()),
    )


def of_agreements(viewer: User, keys: Iterable[str]) -> dict[str, tuple[TrialLine, ...]]:
    """Return the trials of agreement types, by key, the newest first. One SQL query."""
    found: dict[str, list[TrialLine]] = {}
    for row in _lines(viewer).filter(agreement__in=keys):
        found.setdefault(row.agreement, []).append(_line(row))
    return {key: tuple(rows) for key, rows in found.items()}


def all_trials(viewer: User) -> tuple[TrialLine, ...]:
    """Return every trial, the newest first. One SQL query."""
    return tuple(map(_line, _lines(viewer)))


def names(lines: Iterable[TrialLine]) -> dict[str, str]:
    """Return the names of the agreement types of trials, by key."""
    known = discovery_work.names()
    return {line.agreement: known.get(line.agreement, line.agreement) for line in lines}


def _lines(viewer: User):
    ended = TrialLook.objects.filter(trial=models.OuterRef("pk"), early=False)
    rows = Trial.objects.visible_to(viewer).select_related("drawn_by")
    return rows.annotate(ended=models.Exists(ended))


def _line(row: Trial) -> TrialLine:
    return TrialLine(
        id=row.pk,
        agreement=row.agreement,
        metric=row.metric,
        design=row.design,
        design_words=row.get_design_display(),
        starts_on=row.starts_on,
        seed=row.seed,
        by=row.drawn_by.name,
        at=row.drawn_at,
        ended=row.ended,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The teams that begin together, and when."""

    starts_on: dt.date
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnDeal:
    """An open deal of a trial and what its lot says: ask for the agreement, or go on as usual."""

    id: int
    name: str
    created_on: dt.date
    asked: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at what a trial shows, or its end did (``by`` is empty then)."""

    at: dt.datetime
    by: str
    early: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trial shows on a day. ``evenly``: the chance that lots alone part deals as far over all facts of the
    ``balance``, None of a stepped start. ``outcome`` is None while it may not be seen, or with too few deals.
    ``teams`` only for those who see all of them."""

    progress: trials.Progress
    sides: tuple[trials.Side, trials.Side]
    balance: tuple[Line, ...]
    evenly: float | None
    teams: tuple[trials.TeamLine, ...]
    outcome: trials.Outcome | None
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class TrialPage:
    """A trial to print, to follow and to read.

    ``seen`` is its result, or how far it is; None with ``problem`` where its metric cannot be told. ``early`` is
    what the last early look showed, for those who may see it while the trial runs; ``looks`` are the early ones. ``deals``: the newest open ones since its first day that the viewer may see, of a trial
    that asks in every second deal.
    """

    line: TrialLine
    run_id: int | None
    name: str
    currency: str
    segment: str
    teams: tuple[str, ...]
    horizon_days: int
    promised: dict[str, Any]
    steps: tuple[Step, ...]
    deals: tuple[DrawnDeal, ...]
    seen: Seen | None
    early: Seen | None
    problem: str
    looks: tuple[Look, ...]
    may_look: bool


def trial(viewer: User, trial_id: int, *, at: dt.datetime) -> TrialPage:
    """Return a trial with its lots and its result, or how far it is, computed now. Raises Hidden."""
    row = _lines(viewer).filter(pk=trial_id).select_related("drawn_by", "finding").first()
    if row is None:
        raise Hidden("There is no such trial.")
    looks = list(row.looks.select_related("by"))
    result = next((one for one in looks if not one.early), None)
    early = next(iter(looks), None) if viewer.sees_everything and not result else None
    seen, problem = (_of_look(result, viewer), "") if result else _so_far(viewer, row, at)
    length = dt.timedelta(days=row.step_days)
    return TrialPage(
        line=_line(row),
        run_id=row.finding.run_id if row.finding and viewer.sees_everything else None,
        name=discovery_work.names().get(row.agreement, row.agreement),
        currency=row.currency,
        segment=row.segment,
        teams=tuple(row.teams),
        horizon_days=row.horizon_days,
        promised=row.promised,
        steps=tuple(Step(row.starts_on + n * length, tuple(teams)) for n, teams in enumerate(row.steps)),
        deals=_drawn(viewer, row) if row.design == Trial.Design.PROMPT and not row.ended else (),
        seen=seen,
        early=_of_look(early, viewer) if early else None,
        problem=problem,
        looks=tuple(_look(one) for one in looks if one.early),
        may_look=discovery.may_run(viewer) and not row.ended,
    )


def _so_far(viewer: User, row: Trial, at: dt.datetime) -> tuple[Seen | None, str]:
    """Return how far a trial is, computed now, or None and why it cannot be told."""
    try:
        record = work.seen(row, work.counted(row, at=at), at=at, effect=False)
    except DiscoveryError as error:
        return None, str(error)
    return _of_record(record, viewer, None), ""


def _of_look(row: TrialLook, viewer: User) -> Seen:
    return _of_record(row.record, viewer, _look(row))


def _look(row: TrialLook) -> Look:
    return Look(row.at, row.by.name if row.by else "", row.early, row.reason)


def _of_record(record: Mapping[str, Any], viewer: User, look: Look | None) -> Seen:
    """Return what ``work.seen`` made, as it was; a manager is told nothing of single teams."""
    asked, usual = (_side(one) for one in record["sides"])
    progress = record["progress"]
    known_on = progress["known_on"] and dt.datetime.fromisoformat(progress["known_on"])
    lines = [Line(**one) for one in record["balance"]]
    teams = record["teams"] if viewer.sees_everything else ()
    return Seen(
        progress=trials.Progress(**progress | {"known_on": known_on}),
        sides=(asked, usual),
        balance=tuple(line for line in lines if viewer.sees_everything or line.column != "team"),
        evenly=record["evenly"],
        teams=tuple(
            trials.TeamLine(one["team"], one["step"], _side(one["before"]), _side(one["since"]))
            for one in teams
        ),
        outcome=_outcome(record["outcome"]) if record["outcome"] else None,
        look=look,
    )


def _side(one: Mapping[str, Any]) -> trials.Side:
    means = {name: _number(one[name], math.nan) for name in ("gained", "outcome", "error")}
    return trials.Side(one["deals"], **means)


def _number(value: float | None, unknown: float) -> float:
    return unknown if value is None else value


def _outcome(record: Mapping[str, Any]) -> trials.Outcome:
    measures = {
        name: trials.Measure(
            _number(record[name]["value"], math.nan),
            _number(record[name]["low"], -math.inf),
            _number(record[name]["high"], math.inf),
            _number(record[name]["chance"], math.nan),
        )
        for name in ("difference", "take_up", "effect")
    }
    sides = {name: _side(record[name]) for name in ("asked", "usual")}
    rest = {field.name for field in fields(trials.Outcome)} - measures.keys() - sides.keys()
    return trials.Outcome(**measures, **sides, **{name: record[name] for name in rest})


def results(viewer: User, keys: Iterable[str], *, metric: str) -> dict[str, tuple[TrialLine, Seen]]:
    """Return the newest result of a trial of each agreement type on a metric, by key. Two SQL queries."""
    ended = _lines(viewer).filter(agreement__in=keys, metric=metric, ended=True).order_by("pk")
    newest = {row.agreement: row for row in ended}
    looks = TrialLook.objects.filter(trial__in=[row.pk for row in newest.values()], early=False)
    records = {one.trial_id: one for one in looks.select_related("by").order_by("pk")}
    return {key: (_line(row), _of_look(records[row.pk], viewer)) for key, row in newest.items()}


def _drawn(viewer: User, trial: Trial) -> tuple[DrawnDeal, ...]:
    """Return the newest open deals that count and that the viewer may see, each with its lot."""
    rows = _entered(Deal.objects.visible_to(viewer), trial).filter(status=DealStatus.OPEN)
    if last := _last_entered(trial):
        rows = rows.filter(created_at__lte=last)
    return tuple(
        DrawnDeal(deal.pk, str(deal), deal.created_at.date(), lots.is_drawn(deal.key, seed=trial.seed))
        for deal in rows.order_by("-created_at")[:DRAWN]
    )


def asked_of(deal: DealFacts) -> frozenset[str]:
    """Return the keys of the agreement types that trials under way ask for on a deal, by its lot.

    Whoever calls has already fetched the deal through its own ``visible_to``. One SQL query, and one more for
    each prompt that asks.
    """
    running = Trial.objects.running().filter(drawn_at__lte=deal.created_at)
    return frozenset(trial.agreement for trial in running if _asks(trial, deal))


def _asks(trial: Trial, deal: DealFacts) -> bool:
    created_on = timezone.localtime(deal.created_at).date()
    if created_on < trial.starts_on or (trial.segment and deal.segment != trial.segment):
        return False
    if trial.design == Trial.Design.WEDGE:
        return _began(trial, deal.team, created_on)
    if (trial.teams and deal.team not in trial.teams) or not lots.is_drawn(deal.key, seed=trial.seed):
        return False
    last = _last_entered(trial)
    return last is None or deal.created_at <= last


def _began(trial: Trial, team: str, on: dt.date) -> bool:
    """Return whether a team of a stepped start had begun on a day of it."""
    step = next((number for number, names in enumerate(trial.steps) if team in names), None)
    length = dt.timedelta(days=trial.step_days)
    if step is None or on >= trial.starts_on + len(trial.steps) * length:
        return False
    return on >= trial.starts_on + step * length


def _entered(deals: DealQuerySet, trial: Trial) -> DealQuerySet:
    """Return the deals of a trial that had a lot when they were created."""
    deals = deals.filter(created_at__date__gte=trial.starts_on, created_at__gte=trial.drawn_at)
    deals = deals.filter(segment=trial.segment) if trial.segment else deals
    return deals.filter(team__name__in=trial.teams) if trial.teams else deals


def _last_entered(trial: Trial) -> dt.datetime | None:
    """Return when the last of the planned deals was created; None while some are still missing."""
    wanted = trial.promised.get("deals") or 0
    moments = (
        _entered(Deal.objects.all(), trial).order_by("created_at", "key").values_list("created_at", flat=True)
    )
    return moments[wanted - 1 : wanted].first() if wanted else None
