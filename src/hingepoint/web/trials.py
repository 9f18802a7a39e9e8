"""Trials: what it takes to learn what an agreement does, the lots, the plan to print, and what it showed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.analysis.trials import evidence
from hingepoint.domain.discovery.queries import findings as findings_page
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.trials import actions
from hingepoint.domain.trials.queries import lines, planner
from hingepoint.domain.trials.queries import trial as trial_page
from hingepoint.records.errors import Hidden, Refused
from hingepoint.reports import trials as words
from hingepoint.reports.findings import shapes, whole
from hingepoint.reports.findings import words as finding_words
from hingepoint.web import drafts
from hingepoint.web.requests import WholeNumber
from hingepoint.web.sent import once


class PlanForm(forms.Form):
    """What a trial shall find, and how long it may take. Shares are written in percent."""

    effect = forms.FloatField(required=False, min_value=0)
    take_up = forms.FloatField(required=False, min_value=1, max_value=100)
    power = forms.FloatField(required=False, min_value=50, max_value=99)
    weeks = forms.FloatField(required=False, min_value=4, max_value=260)
    outcome_weeks = forms.FloatField(required=False, min_value=1, max_value=260)
    team = forms.MultipleChoiceField(required=False)
    seed = WholeNumber(required=False, min_value=0, max_value=10**12)
    starts_on = forms.DateField(required=False)

    def __init__(self, data: Any, page: planner.PlannerPage):
        super().__init__(data)
        assert page.basis is not None
        self.page, self.basis = page, page.basis
        self.percent = page.run.found.metric.kind == "share"
        drafts.offer(self, "team", [(name, name) for name in page.teams])

    @property
    def begin(self) -> dict[str, Any]:
        """The numbers to plan with unless others are asked for, as a person reads them."""
        wanted = self.basis.wanted
        return {
            "effect": round(wanted * 100, 1) if self.percent else round(wanted, 1),
            "take_up": 40,
            "power": 80,
            "weeks": 26,
            "outcome_weeks": self.page.weeks,
            "seed": 1,
            "starts_on": timezone.localdate(),
            "team": self.page.teams,
        }

    def said(self) -> dict[str, Any]:
        """Return the numbers asked for, each empty one as it begins."""
        clean = self.cleaned_data if self.is_valid() else {}
        asked = {name: value for name, value in clean.items() if value not in (None, "", [])}
        return self.begin | asked

    def plan(self) -> evidence.EvidencePlan | None:
        """Return the plan; None, with an error on the form, for numbers that make none."""
        said = self.said()
        try:
            return evidence.plan(
                self.basis,
                effect=said["effect"] / 100 if self.percent else said["effect"],
                take_up=said["take_up"] / 100,
                power=said["power"] / 100,
                weeks=said["weeks"],
                teams=len(said["team"]),
            )
        except DiscoveryError as error:
            self.add_error("effect", finding_words.sentence(str(error)))
            return None


def evidence_needed(request, run_id: int):
    """The types without enough evidence: how many deals they need, or how long a trial would take."""
    page = runs.run(request.user, run_id, at=timezone.now())
    if page.record is None or not request.user.sees_everything:
        raise Hidden
    shown = whole.read(page.record)
    plans = page.record.plans
    rows = [(one, plans[one.key]) for one in shown.findings if one.key in plans and one.group != "lever"]
    rows.sort(key=lambda row: row[1].prompt_weeks)
    context = {
        "line": page.line,
        "shown": shown,
        "rows": rows,
        "rounded": finding_words.rounded,
        "trials": lines.of_agreements(request.user, [one.key for one, _ in rows]),
        "too_old": not page.record.can_plan,
        "can_repeat": page.can_repeat,
    }
    return render(request, "discovery/evidence.html", context)


def plan_evidence(request, run_id: int, key: str):
    """Plan a trial: change effect, take-up, teams, weeks and power, and see what it takes."""
    page = planner.planner(request.user, run_id, key, at=timezone.now())
    if page.basis is None:
        return _too_old(request, page)
    draft = drafts.of(request, reverse("draw-lots", args=[run_id, key]))
    return _planner(request, page, PlanForm(draft.typed if draft else request.GET, page), draft)


def _too_old(request, page: planner.PlannerPage, *, status: int = 200):
    """Say why there is no plan: an earlier version did not keep what plans are made from."""
    return render(request, "discovery/plan_too_old.html", {"page": page}, status=status)


def _planner(request, page: planner.PlannerPage, form: PlanForm, draft: drafts.Draft):
    plan = form.plan()
    context = {
        "page": page,
        "shown": whole.read(page.run.found),
        "name": page.name,
        "form": form,
        "said": form.said(),
        "plan": plan,
        "draft": draft,
        "rounded": finding_words.rounded,
        "may_draw": runs.may_run(request.user),
        "least_teams": evidence.LEAST_TEAMS,
    }
    return render(request, "discovery/plan.html", context, status=422 if form.errors else 200)


@drafts.kept("plan-evidence", "run_id", "key")
@require_POST
@once()
def draw_lots(request, run_id: int, key: str):
    """Draw the lots of a trial and keep them."""
    if not runs.may_run(request.user):
        raise Hidden
    page = planner.planner(request.user, run_id, key, at=timezone.now())
    if page.basis is None:
        return _too_old(request, page, status=422)
    form = PlanForm(request.POST, page)
    plan = form.plan()
    design = request.POST.get("design", "")
    if plan is None or not form.is_valid() or design not in ("prompt", "wedge"):
        raise Refused("No lots were drawn: the numbers make no plan.", by_field=drafts.problems_of(form))
    lots = _lots(design, form.said(), plan, every=page.teams)
    trial = actions.draw_lots(by=request.user, at=timezone.now(), run_id=run_id, key=key, lots=lots)
    return redirect("trial", trial.pk)


def _lots(
    design: str, said: dict[str, Any], plan: evidence.EvidencePlan, *, every: tuple[str, ...]
) -> actions.Lots:
    """Return the lots to draw; a prompt in ``every`` team is one in whatever teams there will be."""
    wedge = plan.wedge if design == "wedge" else None
    promised = {
        "effect": plan.effect,
        "take_up": said["take_up"] / 100,
        "power": wedge.power if wedge else said["power"] / 100,
        "deals": None if wedge else plan.prompt_deals,
        "weeks": said["weeks"] if wedge else plan.prompt_weeks,
    }
    everybody = design == "prompt" and set(said["team"]) == set(every)
    return actions.Lots(
        design=design,
        seed=said["seed"],
        starts_on=said["starts_on"],
        teams=() if everybody else tuple(said["team"]),
        steps=wedge.steps if wedge else 0,
        step_days=max(round(wedge.weeks_a_step * 7), 1) if wedge else 0,
        promised=promised,
        horizon_days=round(said["outcome_weeks"] * 7),
    )


class LookForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000)


def trial(request, trial_id: int):
    """A trial: its lots to print and to follow, how far it is, and what it showed."""
    page = trial_page.trial(request.user, trial_id, at=timezone.now())
    question = words.question(page.name, page.line, page.promised, page.currency)
    context = {
        "page": page,
        "question": question,
        "metric": question.metric,
        "words": words,
        "history": _history(request.user, page),
        "problem": finding_words.sentence(page.problem) if page.problem else "",
        "draft": drafts.of(request, reverse("look-at-trial", args=[trial_id])),
    }
    return render(request, "discovery/trial.html", context)


def _history(viewer, page: trial_page.TrialPage) -> tuple[int, shapes.Finding] | None:
    """Return the newest run on the same metric and what it says, once the trial may be read."""
    if not any(seen and seen.outcome for seen in (page.seen, page.early)):
        return None
    found = findings_page.newest_finding(
        viewer, page.line.agreement, metric=page.line.metric, at=timezone.now()
    )
    if found is None or found.record is None:
        return None
    return found.line.id, whole.read(found.record).one(page.line.agreement)


@drafts.kept("trial", "trial_id")
@require_POST
@once()
def look_at_trial(request, trial_id: int):
    """Show a trial's result, or take a look before its end, which says why and stays on record."""
    if not runs.may_run(request.user):
        raise Hidden
    reason = drafts.read(LookForm(request.POST))["reason"]
    actions.look(by=request.user, at=timezone.now(), trial_id=trial_id, reason=reason)
    return redirect("trial", trial_id)
