"""Rollouts: planned with what they can prove, sealed, and read: what they were worth."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import metric_words, metrics
from hingepoint.connectors import files
from hingepoint.domain.impact import actions, queries
from hingepoint.domain.impact.queries import RolloutPage
from hingepoint.domain.impact.rules import may_plan, require_planner
from hingepoint.records.errors import Refused
from hingepoint.records.impact import CostKind
from hingepoint.records.languages import reason, words_of
from hingepoint.reports.charts import event_study, waves
from hingepoint.web import drafts, exports, impact_words, measures
from hingepoint.web.home_pictures import Picture
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import once, token_of

PERIODS = words_of([("month", "Months"), ("week", "Weeks"), ("quarter", "Calendar quarters")])
#: Seeds are drawn by the machine among so many, so that nobody picks an order.
SEEDS = 10**9
#: A rehearsal begins with coverage of each agreement up by so many percent of deals.
RISE = 15


class RolloutForm(measures.MeasureForm):
    """What a rollout asks. A share that matters is typed in points."""

    name = forms.CharField(max_length=120)
    what = forms.CharField(max_length=2000, label="What teams start")
    strategy = WholeNumber(required=False)
    period = forms.ChoiceField(choices=PERIODS)
    worth = forms.FloatField(required=False, min_value=0, label="Smallest effect that matters")

    def asked(self) -> actions.Asked:
        said = self.cleaned_data
        share = metrics.parse(said["metric"]).kind == "share"
        worth = said["worth"] / 100 if said["worth"] and share else said["worth"]
        return actions.Asked(
            name=said["name"],
            what=said["what"],
            metric=said["metric"],
            period=said["period"],
            worth=worth or None,
            strategy_id=said["strategy"],
        )


class PlanForm(RolloutForm):
    """A rollout whose order is drawn here."""

    teams = forms.MultipleChoiceField(error_messages={"required": "Choose the teams that are to start."})
    steps = WholeNumber(min_value=2, max_value=50, label="Waves")
    periods = WholeNumber(min_value=1, max_value=120, label="Time from the first wave to the last")


class EnterForm(RolloutForm):
    """A rollout whose days are known: a team a line, with its day."""

    starts = forms.CharField(max_length=20_000, label="Teams and their days")
    drawn = forms.BooleanField(required=False)

    def days(self) -> dict[str, dt.date | None]:
        """Return the day of each team. Raises Refused with the line that cannot be read."""
        return dict(_team(line) for line in self.cleaned_data["starts"].splitlines() if line.strip())


def _team(line: str) -> tuple[str, dt.date | None]:
    team, _, day = (part.strip() for part in line.rpartition(","))
    if not team:
        return line.strip(), None
    try:
        return team, dt.date.fromisoformat(day) if day else None
    except ValueError:
        words = reason(
            "“{line}” has no day. Write it as North, 2026-03-01; without a day the team waits.",
            line=line.strip(),
        )
        raise Refused(words, field="starts") from None


# ---- all of them, and a new one ----


def rollouts(request: Request) -> HttpResponse:
    """Every rollout, with the newest sentence on what it was worth."""
    context = {
        "lines": queries.rollouts(request.user, today=timezone.localdate()),
        "may_plan": may_plan(request.user),
        "title": metric_words.title,
        "tones": impact_words.TONES,
    }
    return render(request, "impact/rollouts.html", context)


@drafts.kept()
@once()
def plan_rollout(request: Request) -> HttpResponse:
    """Plan a rollout: its lot is drawn here, when it is sealed."""
    offered = queries.offered(request.user)
    if request.method != "POST":
        known = {"teams": list(offered.teams), "steps": 4, "periods": 12}
        return _form(request, PlanForm, offered, known, entering=False)
    form = PlanForm(request.POST, now=offered.metric)
    drafts.offer(form, "teams", [(name, name) for name in offered.teams])
    said = drafts.read(form)
    row = actions.plan(
        by=request.user,
        at=timezone.now(),
        asked=form.asked(),
        teams=said["teams"],
        steps=said["steps"],
        periods=said["periods"],
        seed=secrets.randbelow(SEEDS) + 1,
    )
    return redirect("rollout", row.pk)


@drafts.kept()
@once()
def enter_rollout(request: Request) -> HttpResponse:
    """Enter a rollout whose days are known, and seal its card."""
    offered = queries.offered(request.user)
    if request.method != "POST":
        return _form(request, EnterForm, offered, {"drawn": False}, entering=True)
    form = EnterForm(request.POST, now=offered.metric)
    drafts.read(form)
    row = actions.enter(
        by=request.user,
        at=timezone.now(),
        asked=form.asked(),
        starts=form.days(),
        drawn=form.cleaned_data["drawn"],
    )
    return redirect("rollout", row.pk)


def _form(
    request: Request,
    form: type[RolloutForm],
    offered: queries.Offered,
    known: dict[str, Any],
    *,
    entering: bool,
) -> HttpResponse:
    draft = drafts.of(request)
    first = offered.strategies[0][0] if offered.strategies else ""
    begin = drafts.blank(form) | measures.chosen(offered.metric) | {"period": "month", "strategy": first}
    context = {
        "draft": draft,
        "said": draft.over(begin | known),
        "problems": draft.problems,
        "offered": offered,
        "periods": PERIODS,
        "entering": entering,
        "choices": {
            "measures": measures.offered(offered.metric),
            "rows": measures.ROWS,
            "judged_on": measures.JUDGED_ON,
            "compares": measures.COMPARES,
        },
    }
    return render(request, "impact/form.html", context)


# ---- one ----


class RehearseForm(forms.Form):
    rise = forms.FloatField(min_value=1, max_value=100)


class CostForm(forms.Form):
    kind = forms.ChoiceField(choices=CostKind.choices)
    spent_on = forms.CharField(max_length=200, label="What for")
    amount = forms.DecimalField(min_value=0, max_digits=14, decimal_places=2)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$", error_messages={"invalid": "Write three letters, such as EUR."}
    )
    minutes = WholeNumber(required=False, min_value=1, max_value=10_000)


class WithdrawForm(forms.Form):
    because = forms.CharField(required=False, max_length=2000)


def rollout(request: Request, rollout_id: int) -> HttpResponse:
    """One rollout: what it can prove, its sealed card, and what it was worth."""
    page = queries.rollout(request.user, rollout_id, today=timezone.localdate())
    rise = _rise(request)
    rehearses = page.may_plan and page.planned is not None and page.sealed is None
    context = {
        "page": page,
        "say": impact_words,
        "tone": impact_words.TONES[page.stage],
        "noun": metric_words.noun(page.metric.name),
        "waves": _waves(page) if page.order else None,
        "study": _study(page) if page.told and page.told.event_study else None,
        "rise": rise,
        "rehearsal": queries.rehearse(request.user, page, rise=rise / 100) if rehearses else None,
        "draft": drafts.of(request, reverse("note-rollout-cost", args=[rollout_id])),
        "withdrawing": drafts.of(request, reverse("withdraw-rollout", args=[rollout_id])),
        "kinds": CostKind.choices,
    }
    return render(request, "impact/rollout.html", context)


def _rise(request: Request) -> float:
    form = RehearseForm(request.GET)
    return form.cleaned_data["rise"] if form.is_valid() else RISE


def _waves(page: RolloutPage) -> Picture:
    teams = [waves.Team(one.name, one.on) for one in page.order]
    since = page.told.nobody_waits_from if page.told else None
    today = timezone.localdate()
    desk, phone = (
        waves.draw(teams, name=page.name, today=today, nobody_waits_from=since, width=width)
        for width in (waves.WIDE, waves.NARROW)
    )
    return Picture(desk, phone, waves.table(teams))


def _study(page: RolloutPage) -> Picture:
    assert page.told is not None
    points = [
        event_study.Point(one.period, one.effect, *one.ci)
        for one in page.told.event_study
        if one.effect is not None
    ]
    unit, metric = impact_words.UNITS[page.metric.kind], metric_words.noun(page.metric.name)
    desk, phone = (
        event_study.draw(points, metric=metric, period=page.period, unit=unit, width=width)
        for width in (event_study.WIDE, event_study.NARROW)
    )
    return Picture(desk, phone, event_study.table(points, period=page.period, unit=unit))


@drafts.flashed("rollout", "rollout_id")
@require_POST
def seal_rollout(request: Request, rollout_id: int) -> HttpResponse:
    """Seal the card and draw the order."""
    require_planner(request.user)
    actions.seal(by=request.user, at=timezone.now(), rollout_id=rollout_id)
    messages.info(request, "Sealed. Send its SHA-256 today to somebody who does not depend on the result.")
    return redirect("rollout", rollout_id)


@drafts.kept("rollout", "rollout_id")
@require_POST
def withdraw_rollout(request: Request, rollout_id: int) -> HttpResponse:
    """Withdraw a rollout with the reason."""
    require_planner(request.user)
    because = drafts.read(WithdrawForm(request.POST))["because"]
    actions.withdraw(by=request.user, at=timezone.now(), rollout_id=rollout_id, because=because)
    return redirect("rollout", rollout_id)


@drafts.kept("rollout", "rollout_id", fields={"what": "spent_on"})
@require_POST
def note_rollout_cost(request: Request, rollout_id: int) -> HttpResponse:
    """Note what a rollout costs."""
    require_planner(request.user)
    said = drafts.read(CostForm(request.POST))
    spent = actions.Spent(
        CostKind(said["kind"]), said["spent_on"], said["amount"], said["currency"], said["minutes"]
    )
    actions.note_cost(
        by=request.user, at=timezone.now(), rollout_id=rollout_id, spent=spent, token=token_of(request)
    )
    return redirect("rollout", rollout_id)


@drafts.flashed("rollout", "rollout_id")
@require_POST
def take_back_rollout_cost(request: Request, rollout_id: int, cost_id: int) -> HttpResponse:
    """Take a cost back that was noted wrongly."""
    require_planner(request.user)
    actions.take_back_cost(by=request.user, at=timezone.now(), rollout_id=rollout_id, cost_id=cost_id)
    return redirect("rollout", rollout_id)


def rollout_card(request: Request, rollout_id: int) -> HttpResponse:
    """Hand out the sealed card as the very bytes whose SHA-256 is shown."""
    text = queries.card_of(request.user, rollout_id)
    response = HttpResponse(text.encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="card.txt"'
    return response


def rollout_starts(request: Request, rollout_id: int) -> FileResponse:
    """Hand out who starts when, as ``hingepoint impact --rollout`` reads it."""
    rows = queries.starts_of(request.user, rollout_id)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    files.write_table((["team", "starts"], iter(rows)), file, "csv")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename="rollout.csv", content_type=exports.TYPES["csv"])
