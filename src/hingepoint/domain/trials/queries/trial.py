"""One trial with its lots and its result, or how far it is; the results of all."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.analysis.trials import lots
from hingepoint.analysis.trials import outcome as trials
from hingepoint.analysis.trials.balance import Line
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import work as discovery_work
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.people.models import User
from hingepoint.domain.trials import work
from hingepoint.domain.trials.models import Trial, TrialLook
from hingepoint.domain.trials.queries.lines import TrialLine, by_newest, line_of
from hingepoint.domain.trials.queries.lots import entered, last_entered
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden
from hingepoint.records.trials import Design

#: How many deals of a trial are listed.
DRAWN = 20


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
    row = by_newest(viewer).filter(pk=trial_id).select_related("drawn_by", "finding").first()
    if row is None:
        raise Hidden("There is no such trial.")
    looks = list(row.looks.select_related("by"))
    result = next((one for one in looks if not one.early), None)
    early = next(iter(looks), None) if viewer.sees_everything and not result else None
    seen, problem = (_of_look(result, viewer), "") if result else _so_far(viewer, row, at)
    length = dt.timedelta(days=row.step_days)
    return TrialPage(
        line=line_of(row),
        run_id=row.finding.run_id if row.finding and viewer.sees_everything else None,
        name=discovery_work.names().get(row.agreement, row.agreement),
        currency=row.currency,
        segment=row.segment,
        teams=tuple(row.teams),
        horizon_days=row.horizon_days,
        promised=row.promised,
        steps=tuple(Step(row.starts_on + n * length, tuple(teams)) for n, teams in enumerate(row.steps)),
        deals=_drawn(viewer, row) if row.design == Design.PROMPT and not row.ended else (),
        seen=seen,
        early=_of_look(early, viewer) if early else None,
        problem=problem,
        looks=tuple(_look(one) for one in looks if one.early),
        may_look=runs.may_run(viewer) and not row.ended,
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
    facts: dict[str, Any] = {**measures, **sides, **{name: record[name] for name in rest}}
    return trials.Outcome(**facts)


def results(viewer: User, keys: Iterable[str], *, metric: str) -> dict[str, tuple[TrialLine, Seen]]:
    """Return the newest result of a trial of each agreement type on a metric, by key. Two SQL queries."""
    ended = by_newest(viewer).filter(agreement__in=keys, metric=metric, ended=True).order_by("pk")
    newest = {row.agreement: row for row in ended}
    looks = TrialLook.objects.filter(trial__in=[row.pk for row in newest.values()], early=False)
    records = {one.trial_id: one for one in looks.select_related("by").order_by("pk")}
    return {key: (line_of(row), _of_look(records[row.pk], viewer)) for key, row in newest.items()}


def _drawn(viewer: User, trial: Trial) -> tuple[DrawnDeal, ...]:
    """Return the newest open deals that count and that the viewer may see, each with its lot."""
    rows = entered(Deal.objects.visible_to(viewer), trial).filter(status=DealStatus.OPEN)
    if last := last_entered(trial):
        rows = rows.filter(created_at__lte=last)
    return tuple(
        DrawnDeal(deal.pk, str(deal), deal.created_at.date(), lots.is_drawn(deal.key, seed=trial.seed))
        for deal in rows.order_by("-created_at")[:DRAWN]
    )
