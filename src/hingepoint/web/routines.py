"""Routines: what is required, what is due of oneself, what teams kept, and days on which nothing is asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.detection.actions import key_for
from hingepoint.domain.people import queries as people
from hingepoint.domain.premortems.queries import asked
from hingepoint.domain.routines import actions, rules
from hingepoint.domain.routines.queries import kept, mine, routine_pages
from hingepoint.records.deals import Stage
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.routines import WEEKDAYS, Cadence, Kind, Rule
from hingepoint.web import drafts
from hingepoint.web.requests import Request, WholeNumber, wants_piece
from hingepoint.web.sent import once

#: Of whom something can be required again and again.
ROLES = [(role.value, role.label) for role in (Role.SELLER, Role.MANAGER, Role.SPONSOR)]
DAYS = [(str(number), name) for number, name in enumerate(WEEKDAYS)]
MOST_DAYS = 365
#: Teams shown at once, of those that kept routines.
ON_A_PAGE = 60


class RoutineForm(forms.Form):
    """A routine as a person writes it."""

    name = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=Kind.choices, label="What counts as done")
    role = forms.ChoiceField(choices=ROLES, label="Of whom")
    cadence = forms.ChoiceField(choices=Cadence.choices, label="How often")
    weekday = forms.TypedChoiceField(choices=DAYS, coerce=int, label="Day of the week")
    required = forms.CharField(required=False, max_length=2000)
    team = forms.CharField(required=False, max_length=200)
    stage = forms.ChoiceField(required=False, choices=[("", ""), *Stage.choices])
    least_amount = forms.FloatField(required=False, min_value=0, label="Least value")
    days = WholeNumber(required=False, min_value=0, max_value=MOST_DAYS, label="Days")

    def rule(self) -> Rule:
        entered = dict(self.cleaned_data)
        days = entered.pop("days")
        kinds = {
            "kind": Kind(entered["kind"]),
            "role": Role(entered["role"]),
            "cadence": Cadence(entered["cadence"]),
        }
        told = entered | kinds | ({} if days is None else {"days": days})
        return Rule(key=key_for(entered["name"]), **told)


def _keeper(request: Request) -> None:
    if not rules.may_keep(request.user):
        raise Hidden("not theirs to keep")


def routines(request: Request) -> HttpResponse:
    """What is due of the viewer, what is required of whom, and what the teams they lead kept."""
    today = timezone.localdate()
    context = {
        "today": today,
        "mine": mine.due_of_me(request.user, today=today),
        "routines": routine_pages.routines(request.user),
        "kept": Paginator(kept.kept_by_team(request.user, today=today), ON_A_PAGE).get_page(
            request.GET.get("page")
        ),
        "least": kept.LEAST_PEOPLE,
        "weeks": kept.LATELY.days // 7,
        "keeps": rules.may_keep(request.user),
        "here": request.path,
    }
    return render(request, "routines/routines.html", context)


def my_routines(request: Request) -> HttpResponse:
    """What is due of the viewer now, a few lines: routines, and pre-mortems that wait for their answer. Home fetches them as a piece; by themselves they are a page."""
    today = timezone.localdate()
    found = mine.due_of_me(request.user, today=today)
    piece = wants_piece(request, "my-routines")
    shown = found[: mine.A_FEW] if piece else found
    ahead = asked.asked_of(request.user, today=today)
    shown_ahead = ahead[: asked.A_FEW] if piece else ahead
    context = {
        "today": today,
        "mine": shown,
        "more": len(found) - len(shown),
        "ahead": shown_ahead,
        "more_ahead": len(ahead) - len(shown_ahead),
        "here": "/" if piece else request.path,
    }
    return render(request, f"routines/{'_mine' if piece else 'mine'}.html", context)


@drafts.flashed("routines")
@require_POST
def do_routine(request: Request, due_id: int) -> HttpResponse:
    """Write down that what is due of the viewer is done."""
    done = actions.do(by=request.user, at=timezone.now(), due_id=due_id)
    messages.info(request, say("Done: {routine}.", routine=done.routine.name))
    return redirect(drafts.ours(request, request.POST.get("next", "")) or "routines")


# ---- what is required ----


def routine(request: Request, routine_id: int) -> HttpResponse:
    """One routine: what it says, whom it concerns, what it would have asked last month, its versions."""
    _keeper(request)
    today = timezone.localdate()
    context = {
        "page": routine_pages.routine_page(request.user, routine_id, today=today),
        "today": today,
        "draft": drafts.of(request),
        "when": routine_pages.when,
        "of_whom": routine_pages.of_whom,
    }
    return render(request, "routines/routine.html", context)


@drafts.kept()
@once()
def new_routine(request: Request) -> HttpResponse:
    """Write a routine; nothing is required before it is put in force."""
    _keeper(request)
    if request.method != "POST":
        return _form(request, _typed(Rule("", "")))
    form = RoutineForm(request.POST)
    drafts.read(form)
    row = actions.define(by=request.user, at=timezone.now(), rule=form.rule())
    return redirect("routine", row.pk)


@drafts.kept()
def edit_routine(request: Request, routine_id: int) -> HttpResponse:
    """Write a change of a routine; what is in force stays until the change is put in force."""
    _keeper(request)
    page = routine_pages.routine_page(request.user, routine_id, today=timezone.localdate())
    if request.method != "POST":
        return _form(request, _typed(page.draft or page.rule) | {"version": page.version}, page=page)
    form = RoutineForm(request.POST)
    drafts.read(form)
    actions.change(
        by=request.user,
        at=timezone.now(),
        routine_id=routine_id,
        rule=form.rule(),
        expected_version=drafts.version_of(request.POST),
    )
    return redirect("routine", routine_id)


def _typed(rule: Rule) -> dict[str, Any]:
    told = rules.plain(rule)
    amount = told["least_amount"]
    return told | {"least_amount": "" if amount is None else f"{amount:.0f}"}


def _form(request: Request, known: dict[str, Any], *, page: Any = None) -> HttpResponse:
    draft = drafts.of(request)
    context = {
        "draft": draft,
        "said": draft.over(drafts.blank(RoutineForm) | known),
        "problems": draft.problems,
        "page": page,
        "kinds": Kind.choices,
        "roles": ROLES,
        "cadences": Cadence.choices,
        "days": DAYS,
        "stages": Stage.choices,
        "teams": [(name, name) for name in routine_pages.teams(request.user)],
    }
    return render(request, "routines/form.html", context)


class ForceForm(forms.Form):
    since = forms.DateField(required=False, label="From which day on")


@drafts.kept("routine", "routine_id")
@require_POST
def put_routine_in_force(request: Request, routine_id: int) -> HttpResponse:
    """Require what was drafted, from a day on."""
    since = drafts.read(ForceForm(request.POST))["since"]
    row = actions.put_in_force(by=request.user, at=timezone.now(), routine_id=routine_id, since=since)
    messages.info(
        request,
        say(
            "In force: {row}. It is on the first page of everybody it concerns when it is due.", row=row.name
        ),
    )
    return redirect("routine", routine_id)


class EndForm(forms.Form):
    until = forms.DateField(label="From which day on not any more")


@drafts.kept("routine", "routine_id")
@require_POST
def end_routine(request: Request, routine_id: int) -> HttpResponse:
    """Require a routine no more from a day on."""
    until = drafts.read(EndForm(request.POST))["until"]
    row = actions.end(by=request.user, at=timezone.now(), routine_id=routine_id, until=until)
    messages.info(request, say("{row} ends. What was due before stays on record.", row=row.name))
    return redirect("routine", routine_id)


# ---- days off ----


class DaysOffForm(forms.Form):
    """Days off of a person, or of everybody (0)."""

    who = WholeNumber(label="Who")
    since = forms.DateField(label="First day")
    last = forms.DateField(label="Last day")


@drafts.kept()
@once()
def days_off(request: Request) -> HttpResponse:
    """Days on which nothing is asked, of the company and of people."""
    if request.method == "POST":
        return _take_days_off(request)
    draft = drafts.of(request)
    asked = [(str(pk), name) for pk, name in routine_pages.people_to_ask(request.user)]
    context = {
        "days": routine_pages.days_off(request.user, today=timezone.localdate()),
        "who": [("0", say("Everybody: a holiday of the company")), *asked]
        if rules.may_keep(request.user)
        else asked,
        "draft": draft,
        "said": draft.over(drafts.blank(DaysOffForm) | {"who": str(request.user.pk)}),
        "problems": draft.problems,
    }
    return render(request, "routines/days_off.html", context)


def _take_days_off(request: Request) -> HttpResponse:
    entered = drafts.read(DaysOffForm(request.POST))
    person = people.colleague(request.user, entered["who"]) if entered["who"] else None
    days: dict[str, dt.date] = {name: entered[name] for name in ("since", "last")}
    actions.take_days_off(by=request.user, at=timezone.now(), person=person, **days)
    messages.info(request, "Noted. From tonight on nothing is due on these days.")
    return redirect("days-off")


@drafts.flashed("days-off")
@require_POST
def drop_days_off(request: Request, days_id: int) -> HttpResponse:
    """Take days off back."""
    actions.drop_days_off(by=request.user, at=timezone.now(), days_id=days_id)
    messages.info(request, "Taken back. From tonight on these days are like others.")
    return redirect("days-off")
