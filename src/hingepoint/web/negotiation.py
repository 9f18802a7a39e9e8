"""Demands with their reasons, concessions with their checks, and the corridor of a deal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.talks.concessions import Given
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.negotiation import actions
from hingepoint.domain.negotiation.queries import corridor, library
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.domain.plans.queries import lines as plan_lines
from hingepoint.records.errors import Hidden
from hingepoint.records.talks import ReasonState, Topic
from hingepoint.web import drafts
from hingepoint.web.requests import Request
from hingepoint.web.sent import sent, token_of

TOPICS = Topic.choices
KNOWN = [
    (ReasonState.HYPOTHESISED.value, ReasonState.HYPOTHESISED.label, "Ask it at the next talk"),
    (ReasonState.STATED.value, ReasonState.STATED.label, "One of them, by name"),
    (ReasonState.CONFIRMED.value, ReasonState.CONFIRMED.label, "Name the second one too"),
]
WORTH = [("1", "Little"), ("2", "Something"), ("3", "A lot")]


class CorridorForm(forms.Form):
    opening = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    target = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    walk_away = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


@drafts.kept("deal-work", "deal_id")
@require_POST
def set_corridor(request, deal_id: int):
    """Set what the deal may be sold for: opening, target and walk-away."""
    if not corridor.may_set_corridor(request.user, deal_id):
        raise Http404
    told = drafts.read(CorridorForm(request.POST))
    actions.set_corridor(
        by=request.user,
        at=timezone.now(),
        deal_id=deal_id,
        **{name: told[name] for name in ("opening", "target", "walk_away")},
        expected_version=told["version"] or 0,
    )
    return redirect("deal-work", deal_id)


# ---- what was asked and given ----


def deal_talks(request: Request, deal_id: int):
    """What the customer asked for and why, and what we gave for it. The deal's page fetches it as a piece;
    by itself it is a page."""
    context = {
        "facts": deal_page.deal_facts(request.user, deal_id),
        "log": _log(request, deal_id),
        "topics": dict(TOPICS),
    }
    piece = request.htmx.target == "deal-talks"
    return render(request, "negotiation/_talks.html" if piece else "negotiation/talks.html", context)


def _log(request: Request, deal_id: int) -> log_page.Log:
    return log_page.log(request.user, deal_id, plans_at=plan_lines.written_at(request.user, deal_id))


class WhyForm(forms.Form):
    """Why they ask. Who said it is whoever asked, unless somebody else is named."""

    why = forms.CharField(required=False, max_length=5000)
    known = forms.ChoiceField(
        required=False,
        choices=[(value, label) for value, label, _ in KNOWN],
        initial=ReasonState.HYPOTHESISED,
    )
    said_by = forms.CharField(required=False, max_length=200)
    confirmed_by = forms.CharField(required=False, max_length=200)

    def reason(self, asked_by: str = "") -> actions.Why | None:
        """Return what was written of the reason, or None when nothing was."""
        told = self.cleaned_data
        if not told["why"].strip():
            return None
        state = ReasonState(told["known"] or ReasonState.HYPOTHESISED)
        named = told["said_by"] or ("" if state == ReasonState.HYPOTHESISED else asked_by)
        return actions.Why(told["why"], state, named, told["confirmed_by"])


def _happened_on(day: dt.date | None, now: dt.datetime) -> dt.datetime:
    """Return the moment of something said to have happened on a day: now when that is today, else noon."""
    if day is None or day == timezone.localdate(now):
        return now
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


class _DayForm(forms.Form):
    happened_on = forms.DateField(required=False)

    def clean_happened_on(self) -> dt.date | None:
        day = self.cleaned_data["happened_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("This day has not come yet.")
        return day


class DemandForm(WhyForm, _DayForm):
    topic = forms.ChoiceField(choices=TOPICS)
    words = forms.CharField(required=False, max_length=1000)
    asked_by = forms.CharField(required=False, max_length=200)
    value = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)


def log_demand(request: Request, deal_id: int):
    """Log what the customer asks for: a few taps, on a phone, right after the talk."""
    facts = deal_page.deal_facts(request.user, deal_id)
    if request.method != "POST":
        return _demand_form(request, facts, {"topic": "price", "known": ReasonState.HYPOTHESISED.value})
    form = DemandForm(request.POST)
    problems = {name: errors[0] for name, errors in form.errors.items()}
    if not problems:
        told, at = form.cleaned_data, timezone.now()
        try:
            event = actions.log_demand(
                by=request.user,
                at=at,
                deal_id=deal_id,
                topic=Topic(told["topic"]),
                words=told["words"],
                asked_by=told["asked_by"],
                value=told["value"],
                occurred_at=_happened_on(told["happened_on"], at),
                why=form.reason(told["asked_by"]),
                **sent(request),
            )
        except actions.NothingSaid as refused:
            problems["words"] = str(refused)
        except actions.NotConfirmed as refused:
            problems["confirmed_by" if told["known"] == ReasonState.CONFIRMED else "asked_by"] = str(refused)
        else:
            return redirect("demand", deal_id, event.pk)
    return _demand_form(request, facts, request.POST, problems, status=422)


def _demand_form(
    request: Request,
    facts: deal_page.DealFacts,
    said: Any,
    problems: dict | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "facts": facts,
        "said": said,
        "problems": problems or {},
        "topics": TOPICS,
        "known": KNOWN,
        "people": [one.name for one in deal_page.participants(facts.id)],
    }
    return render(request, "negotiation/log_demand.html", context, status=status)


def demand(request: Request, deal_id: int, demand_id: int):
    """One demand: why they ask, what was given for it, and what others traded for the like."""
    log = _log(request, deal_id)
    found = log.demand(demand_id)
    if found is None:
        raise Http404("no such demand")
    problems: dict[str, str] = {}
    if request.method == "POST" and not (problems := _give_reason(request, found)):
        return redirect("demand", deal_id, demand_id)
    why = found.why.text if found.reason_known and found.why else ""
    context = {
        "facts": deal_page.deal_facts(request.user, deal_id),
        "demand": found,
        "answers": [one for one in log.concessions if one.demand_id == demand_id],
        "library": library.library(request.user, deal_id, topic=found.topic, reason=why),
        "said": request.POST or {"known": ReasonState.STATED.value, "said_by": found.who},
        "problems": problems,
        "known": KNOWN,
        "topics": dict(TOPICS),
    }
    return render(request, "negotiation/demand.html", context, status=422 if problems else 200)


def _give_reason(request: Request, demand: log_page.Demand) -> dict[str, str]:
    """Keep the reason of the form; return what is missing, by field."""
    form = WhyForm(request.POST)
    if not form.is_valid():
        return {name: str(errors[0]) for name, errors in form.errors.items()}
    why = form.reason(demand.who) or actions.Why("")
    try:
        actions.give_reason(
            by=request.user, at=timezone.now(), demand_id=demand.id, why=why, token=token_of(request)
        )
    except actions.NothingSaid as refused:
        return {"why": str(refused)}
    except actions.NotConfirmed as refused:
        return {
            "confirmed_by" if why.state == ReasonState.CONFIRMED and why.said_by else "said_by": str(refused)
        }
    return {}


class ConcessionForm(_DayForm):
    topic = forms.ChoiceField(choices=TOPICS)
    what = forms.CharField(required=False, max_length=200)
    value = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)
    in_return = forms.CharField(required=False, max_length=1000)
    demand = forms.IntegerField(required=False)
    worth = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, choices=WORTH)
    final = forms.BooleanField(required=False)
    anyway = forms.BooleanField(required=False)


def concede(request: Request, deal_id: int):
    """Note what we gave, and what came back; what is unwise about it is said before it is kept."""
    facts, log = deal_page.deal_facts(request.user, deal_id), _log(request, deal_id)
    if request.method != "POST":
        asked = log.demand(_number(request.GET.get("demand")))
        said = {"topic": asked.topic.value if asked else "price", "demand": asked.id if asked else ""}
        return _concession_form(request, facts, log, said)
    form = ConcessionForm(request.POST)
    problems = {name: errors[0] for name, errors in form.errors.items()}
    if problems:
        return _concession_form(request, facts, log, request.POST, problems=problems)
    told, at = form.cleaned_data, timezone.now()
    happened = _happened_on(told["happened_on"], at)
    checks = _noticed(request, deal_id, told, happened)
    if checks and not told["anyway"]:
        return _concession_form(request, facts, log, request.POST, checks=checks)
    try:
        actions.concede(
            by=request.user,
            at=at,
            deal_id=deal_id,
            occurred_at=happened,
            topic=Topic(told["topic"]),
            demand_id=told["demand"],
            **{name: told[name] for name in ("what", "value", "in_return", "worth", "final")},
            **sent(request),
        )
    except actions.NothingSaid as refused:
        return _concession_form(request, facts, log, request.POST, problems={"what": str(refused)})
    except Hidden:
        raise Http404("no such demand") from None
    messages.info(request, "Noted. Wrong? Take it back in the list of concessions.")
    return redirect("deal-talks", deal_id)


def _noticed(request: Request, deal_id: int, told: dict, at: dt.datetime):
    candidate = Given(
        id=0,
        at=at,
        topic=Topic(told["topic"]),
        value=float(told["value"]) if told["value"] is not None else None,
        in_return=told["in_return"],
        demand=told["demand"],
        final=told["final"],
    )
    plans_at = plan_lines.written_at(request.user, deal_id)
    return log_page.noticed(request.user, deal_id, candidate, plans_at=plans_at)


def _concession_form(
    request: Request,
    facts: deal_page.DealFacts,
    log: log_page.Log,
    said: Any,
    *,
    problems: dict | None = None,
    checks: Any = (),
) -> HttpResponse:
    context = {
        "facts": facts,
        "log": log,
        "said": said,
        "problems": problems or {},
        "checks": checks,
        "topics": TOPICS,
        "worth": WORTH,
        "corridor": corridor.corridor(request.user, facts.id),
    }
    return render(request, "negotiation/concede.html", context, status=422 if problems else 200)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


@drafts.flashed("deal-talks", "deal_id")
@require_POST
def take_back_talk(request: Request, deal_id: int, event_id: int):
    """Take back a demand or a concession that was noted in error; both lines stay in the history."""
    known = log_page.log(request.user, deal_id)
    if event_id not in {*(one.id for one in known.demands), *(one.id for one in known.concessions)}:
        raise Http404("nothing of the kind on this deal")
    actions.take_back(by=request.user, at=timezone.now(), event_id=event_id)
    messages.info(request, "Taken back. The history keeps both lines.")
    return redirect("deal-talks", deal_id)
