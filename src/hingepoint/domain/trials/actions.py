"""Every change to trials: their lots are drawn, somebody looks at what they show, they end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.analysis.trials import evidence
from hingepoint.analysis.trials import lots as lottery
from hingepoint.analysis.trials import outcome as trials
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.discovery.queries.runs import may_run
from hingepoint.domain.people.models import User
from hingepoint.domain.trials import work
from hingepoint.domain.trials.models import Trial, TrialLook
from hingepoint.domain.turns.actions import action
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.trials import Design


class NotAllowed(Hidden):
    """Only an analyst draws lots and looks early."""


class NotPossible(Refused):
    """The trial cannot be drawn so, or does not show anything yet; the message says why."""


class ReasonMissing(Refused):
    """Who looks early says why."""

    field = "reason"


@dataclass(frozen=True, slots=True)
class Question:
    """What a trial asks: what ``agreement`` (the key of a type) does to ``metric``, and on which deals."""

    agreement: str
    metric: str
    currency: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Lots:
    """How the lots of a trial are drawn: the design, the seed, the first day, and who takes part (everybody
    where ``teams`` is empty); ``steps`` and ``step_days`` of a stepped start, ``promised`` the numbers of the
    plan, ``horizon_days`` after how long a deal's outcome is told."""

    design: str
    seed: int
    starts_on: dt.date
    teams: Sequence[str] = ()
    steps: int = 0
    step_days: int = 0
    promised: Mapping[str, Any] | None = None
    horizon_days: int = 182


def _require_analyst(by: User | None) -> None:
    if by is not None and not may_run(by):
        raise NotAllowed("Only an analyst draws lots and looks early.")


@action
def draw_lots(*, by: User, at: dt.datetime, run_id: int, key: str, lots: Lots) -> Trial:
    """Draw the lots of a trial of a run's finding, by the run's metric. Raises NotAllowed, Hidden, NotPossible
    as ``draw`` does."""
    _require_analyst(by)
    finding = Finding.objects.filter(run_id=run_id, key=key).select_related("run").first()
    if finding is None:
        raise Hidden("There is no such finding.")
    run = finding.run
    currency = (run.record or {}).get("currency", "")
    meant = AgreementType.objects.meanings().get(key, key)
    question = Question(meant, run.metric, currency, run.options.get("segment") or "")
    return draw(by=by, at=at, question=question, lots=lots, finding=finding)


@action
def draw(
    *, by: User, at: dt.datetime, question: Question, lots: Lots, finding: Finding | None = None
) -> Trial:
    """Draw the lots of a trial and keep them for good, with what decides its outcome. Raises NotAllowed, or
    NotPossible with too few teams, too few deals, or a stepped start whose first day has passed."""
    _require_analyst(by)
    _require_possible(lots, today=timezone.localdate(at))
    stepped = lots.design == Design.WEDGE
    drawn = lottery.steps(lottery.order(lots.teams, seed=lots.seed), lots.steps) if stepped else ()
    trial = Trial.objects.create(
        finding=finding,
        agreement=question.agreement,
        metric=question.metric,
        currency=question.currency,
        segment=question.segment,
        teams=sorted(lots.teams),
        horizon_days=lots.horizon_days,
        design=lots.design,
        seed=lots.seed,
        starts_on=lots.starts_on,
        step_days=lots.step_days if stepped else 0,
        steps=[list(step) for step in drawn],
        promised=dict(lots.promised or {}),
        drawn_by=by,
        drawn_at=at,
    )
    said = {"agreement": question.agreement, "metric": question.metric, "horizon_days": lots.horizon_days}
    said |= {"seed": lots.seed, "design": lots.design, "steps": trial.steps}
    said |= {f"promised {name}": value for name, value in trial.promised.items()}
    changes = {name: [None, value] for name, value in said.items()}
    record(by=by, at=at, action="draw lots", subject="trial", subject_id=trial.pk, changes=changes)
    return trial


def _require_possible(lots: Lots, *, today: dt.date) -> None:
    if lots.design == Design.PROMPT:
        if (dict(lots.promised or {}).get("deals") or 0) < 2 * trials.LEAST:
            raise NotPossible(f"A trial needs {2 * trials.LEAST} deals or more. Look for a smaller effect.")
        return
    if len(set(lots.teams)) < evidence.LEAST_TEAMS:
        raise NotPossible(f"A stepped start needs {evidence.LEAST_TEAMS} teams or more.")
    if lots.starts_on < today:
        raise NotPossible("The first day has passed: nobody could start by lot then. Choose today or later.")


@action
def look(*, by: User | None, at: dt.datetime, trial_id: int, reason: str = "") -> TrialLook:
    """Compute what a trial shows and keep that somebody looked: the result when every planned deal has its
    outcome, an early look otherwise, which only an analyst takes and says why.

    Raises NotAllowed, Hidden, NotPossible, or ReasonMissing.
    """
    _require_analyst(by)
    trial = Trial.objects.select_for_update().filter(pk=trial_id).first()
    if trial is None:
        raise Hidden("There is no such trial.")
    if trial.looks.filter(early=False).exists():
        raise NotPossible("Its result is on record already.")
    seen = _seen(trial, at)
    early = not seen["progress"]["complete"]
    if early:
        _require_early(by, reason, seen)
    kept = TrialLook.objects.create(
        trial=trial, by=by, at=at, early=early, reason=reason.strip(), record=seen
    )
    counts = {name: seen["progress"][name] for name in ("wanted", "entered", "known")}
    record(
        by=by,
        at=at,
        action="look early" if early else "show result",
        subject="trial",
        subject_id=trial.pk,
        changes=counts,
        reason=kept.reason,
    )
    return kept


def _seen(trial: Trial, at: dt.datetime) -> dict[str, Any]:
    try:
        return work.seen(trial, work.counted(trial, at=at), at=at, effect=True)
    except DiscoveryError as error:
        text = str(error)
        raise NotPossible(f"{text[:1].upper()}{text[1:]}.") from error


def _require_early(by: User | None, reason: str, seen: dict[str, Any]) -> None:
    if by is None:
        raise NotPossible("Not every planned deal has its outcome yet.")
    if seen["outcome"] is None:
        raise NotPossible(
            f"There is nothing to see yet: fewer than {trials.LEAST} deals on one side have their outcome."
        )
    if not reason.strip():
        raise ReasonMissing("Say in a sentence why it cannot wait: it is shown with the result for good.")


def conclude(*, at: dt.datetime) -> int:
    """Keep the results of trials whose planned deals have all their outcome; return how many.

    Reads the deals of every running trial. One whose metric cannot be told stays open: its page says why.
    """
    concluded = 0
    for trial_id in Trial.objects.running().values_list("pk", flat=True):
        try:
            look(by=None, at=at, trial_id=trial_id)
        except NotPossible:
            continue
        concluded += 1
    return concluded
