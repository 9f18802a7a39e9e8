"""Demands with their reasons, concessions with their checks, and the corridor of a deal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from hingepoint.analysis.talks.concessions import Given
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.escalations.queries import limits
from hingepoint.domain.negotiation import actions
from hingepoint.domain.negotiation.queries import corridor, library
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.domain.plans.queries import lines as plan_lines
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.talks import ReasonState, Topic
from hingepoint.reports.charts.numbers import share
from hingepoint.web import drafts, looks
from hingepoint.web.requests import Request, WholeNumber, whole_number
from hingepoint.web.sent import sent, token_of

TOPICS = Topic.choices
KNOWN = words_of(
    [
        (ReasonState.HYPOTHESISED.value, ReasonState.HYPOTHESISED.label, "Ask it at the next talk"),
        (ReasonState.STATED.value, ReasonState.STATED.label, "One of them, by name"),
        (ReasonState.CONFIRMED.value, ReasonState.CONFIRMED.label, "Name the second one too"),
    ]
)
WORTH = words_of([("1", "Little"), ("2", "Something"), ("3", "A lot")])


class CorridorForm(forms.Form):
    opening = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    target = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    walk_away = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)


@drafts.kept("deal-work", "deal_id")
@require_POST
def set_corridor(request, deal_id: int):
    """Set what the deal may be sold for: opening, target and walk-away."""
    if not corridor.may_set_corridor(request.user, deal_id):
        raise Hidden("not theirs to set")
    typed = drafts.read(CorridorForm(request.POST))
    actions.set_corridor(
        by=request.user,
        at=timezone.now(),
        deal_id=deal_id,
        **typed,
        expected_version=drafts.version_of(request.POST),
    )
    looks.keep_open(request, deal_id)  # who set it knows it
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
        typed = self.cleaned_data
        if not typed["why"].strip():
            return None
        state = ReasonState(typed["known"] or ReasonState.HYPOTHESISED)
        named = typed["said_by"] or ("" if state == ReasonState.HYPOTHESISED else asked_by)
        return actions.Why(typed["why"], state, named, typed["confirmed_by"])


def happened_on(day: dt.date | None, now: dt.datetime) -> dt.datetime:
    """Return the moment of something said to have happened on a day: now when that is today, else noon."""
    if day is None or day == timezone.localdate(now):
        return now
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


class DayForm(forms.Form):
    happened_on = forms.DateField(required=False)

    def clean_happened_on(self) -> dt.date | None:
        day = self.cleaned_data["happened_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("This day has not come yet.")
        return day


class DemandForm(WhyForm, DayForm):
    topic = forms.ChoiceField(choices=TOPICS)
    words = forms.CharField(required=False, max_length=1000)
    asked_by = forms.CharField(required=False, max_length=200)
    value = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)


@drafts.kept(fields={"said_by": "asked_by"})
def log_demand(request: Request, deal_id: int):
    """Log what the customer asks for: a few taps, on a phone, right after the talk."""
    if request.method != "POST":
        return _demand_form(request, deal_id)
    form, at = DemandForm(request.POST), timezone.now()
    drafts.read(form)
    event = actions.log_demand(
        by=request.user,
        at=at,
        deal_id=deal_id,
        **demand_of(form, at),
        **sent(request),
    )
    return redirect("demand", deal_id, event.pk)


def demand_of(form: DemandForm, at: dt.datetime) -> dict[str, Any]:
    """Return what a form that was read tells of a demand, as the action takes it."""
    typed = form.cleaned_data
    return {
        "topic": Topic(typed["topic"]),
        "words": typed["words"],
        "asked_by": typed["asked_by"],
        "value": typed["value"],
        "occurred_at": happened_on(typed["happened_on"], at),
        "why": form.reason(typed["asked_by"]),
    }


def _demand_form(request: Request, deal_id: int) -> HttpResponse:
    context = {
        "facts": deal_page.deal_facts(request.user, deal_id),
        "draft": drafts.of(request),
        "topics": TOPICS,
        "known": KNOWN,
        "people": [one.name for one in deal_page.participants(deal_id)],
    }
    return render(request, "negotiation/log_demand.html", context)


@drafts.kept()
def demand(request: Request, deal_id: int, demand_id: int):
    """One demand: why they ask, what was given for it, and what others traded for the like."""
    log = _log(request, deal_id)
    asked = log.demand(demand_id)
    if asked is None:
        raise Hidden("no such demand")
    if request.method == "POST":
        return _give_reason(request, deal_id, asked)
    why = asked.why.text if asked.reason_known and asked.why else ""
    context = {
        "facts": deal_page.deal_facts(request.user, deal_id),
        "demand": asked,
        "answers": [one for one in log.concessions if one.demand_id == demand_id],
        "library": library.library(request.user, deal_id, topic=asked.topic, reason=why),
        "draft": drafts.of(request),
        "known": KNOWN,
        "topics": dict(TOPICS),
    }
    return render(request, "negotiation/demand.html", context)


def _give_reason(request: Request, deal_id: int, asked: log_page.Demand) -> HttpResponse:
    form = WhyForm(request.POST)
    drafts.read(form)
    actions.give_reason(
        by=request.user,
        at=timezone.now(),
        demand_id=asked.id,
        why=form.reason(asked.who) or actions.Why(""),
        token=token_of(request),
    )
    return redirect("demand", deal_id, asked.id)


class ConcessionForm(DayForm):
    topic = forms.ChoiceField(choices=TOPICS)
    what = forms.CharField(required=False, max_length=200)
    value = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)
    in_return = forms.CharField(required=False, max_length=1000)
    demand = WholeNumber(required=False)
    worth = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, choices=WORTH)
    final = forms.BooleanField(required=False)
    anyway = forms.BooleanField(required=False)
    ask = forms.BooleanField(required=False)  # for an exception, in place of giving it


@drafts.kept()
def concede(request: Request, deal_id: int):
    """Note what we gave, and what came back; what is unwise about it, and what needs somebody's yes, is said before
    it is kept."""
    if request.method != "POST":
        return _concession_form(request, deal_id, drafts.of(request))
    typed, at = drafts.read(ConcessionForm(request.POST)), timezone.now()
    beyond = _beyond(request, deal_id, typed)
    if typed["ask"]:
        return redirect(_as_a_wish(deal_id, typed, beyond))
    checks = _noticed(request, deal_id, typed, at)
    if (checks or beyond) and not typed["anyway"]:
        draft = drafts.Draft(request.path, request.POST)
        return _concession_form(request, deal_id, draft, checks=checks, beyond=beyond)
    actions.concede(by=request.user, at=at, deal_id=deal_id, **concession_of(typed, at), **sent(request))
    messages.info(request, "Noted. Wrong? Take it back in the list of concessions.")
    return redirect("deal-talks", deal_id)


def concession_of(typed: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Return what a form that was read tells of a concession, as the action takes it."""
    return {
        "occurred_at": happened_on(typed["happened_on"], at),
        "topic": Topic(typed["topic"]),
        "demand_id": typed["demand"],
        **{name: typed[name] for name in ("what", "value", "in_return", "worth", "final")},
    }


def _beyond(request: Request, deal_id: int, typed: dict) -> limits.Beyond | None:
    if typed["topic"] != Topic.PRICE:
        return None
    return limits.beyond_own_limit(request.user, deal_id, typed["value"])


def _as_a_wish(deal_id: int, typed: dict, beyond: limits.Beyond | None) -> str:
    """Return the address of the form of an exception that says already what was typed about a concession."""
    price = typed["topic"] == Topic.PRICE
    said = {
        "kind": "price" if price else "terms",
        "discount": f"{100 * beyond.discount:.4g}" if beyond else "",
        "wanted": typed["what"] or ("" if price else Topic(typed["topic"]).label),
        "return_asked": typed["in_return"],
        "demand": typed["demand"] or "",
    }
    return f"{reverse('ask-exception', args=[deal_id])}?{urlencode({k: v for k, v in said.items() if v})}"


def doubts(request: Request, deal_id: int, typed: dict, at: dt.datetime) -> list[str]:
    """Return what speaks against giving a concession as it was typed, in words: somebody else's yes, and what is unwise."""
    beyond = _beyond(request, deal_id, typed)
    limit = (
        [say("You give up to {limit} of the list price alone.", limit=share(beyond.limit))] if beyond else []
    )
    return limit + [check.words for check in _noticed(request, deal_id, typed, at)]


def _noticed(request: Request, deal_id: int, typed: dict, at: dt.datetime):
    candidate = Given(
        id=0,
        at=happened_on(typed["happened_on"], at),
        topic=Topic(typed["topic"]),
        value=float(typed["value"]) if typed["value"] is not None else None,
        in_return=typed["in_return"],
        demand=typed["demand"],
        final=typed["final"],
    )
    plans_at = plan_lines.written_at(request.user, deal_id)
    return log_page.noticed(request.user, deal_id, candidate, plans_at=plans_at)


def _concession_form(
    request: Request,
    deal_id: int,
    draft: drafts.Draft,
    *,
    checks: Any = (),
    beyond: limits.Beyond | None = None,
) -> HttpResponse:
    log = _log(request, deal_id)
    context = {
        "facts": deal_page.deal_facts(request.user, deal_id),
        "log": log,
        "asked": log.demand(whole_number(request.GET.get("demand"))),
        "draft": draft,
        "checks": checks,
        "beyond": beyond,
        "topics": TOPICS,
        "worth": WORTH,
        "corridor": corridor.corridor(request.user, deal_id),
    }
    return render(request, "negotiation/concede.html", context)


@drafts.flashed("deal-talks", "deal_id")
@require_POST
def take_back_talk(request: Request, deal_id: int, event_id: int):
    """Take back a demand or a concession that was noted in error; both lines stay in the history."""
    known = log_page.log(request.user, deal_id)
    if event_id not in {*(one.id for one in known.demands), *(one.id for one in known.concessions)}:
        raise Hidden("nothing of the kind on this deal")
    actions.take_back(by=request.user, at=timezone.now(), event_id=event_id)
    messages.info(request, "Taken back. The history keeps both lines.")
    return redirect("deal-talks", deal_id)
