"""The day in the past of which a page is asked, and how the page says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hingepoint.domain.upkeep.kept import Question, Told
from hingepoint.records.languages import say
from hingepoint.web.requests import Request


class DayForm(forms.Form):
    as_of = forms.DateField(required=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """The day that is asked for, None for today, with what is wrong with what was typed."""

    day: dt.date | None
    problem: str = ""
    may_ask: bool = True


def asked(request: Request, *, everybody: bool = False) -> Asked:
    """Return of which day in the past a page is asked, by those who see every deal or by ``everybody``."""
    may_ask = everybody or request.user.sees_everything
    day, problem = _read(request)
    if day and not may_ask:
        day, problem = None, say("A past day is told to those who see every deal. Below is today.")
    return Asked(day, problem, may_ask)


def _read(request: Request) -> tuple[dt.date | None, str]:
    form, today = DayForm(request.GET), timezone.localdate()
    if not form.is_valid():
        return None, say("This is no day: write it as 2026-03-31. Below is today.")
    day = form.cleaned_data["as_of"]
    if day and day > today:
        return None, say("This day has not come yet. Below is today.")
    return (day if day and day < today else None), ""


def shown(wanted: Asked, told: Told[Any] | None = None) -> dict[str, Any]:
    """Return what templates need that tell of today or of a day: ``past`` is what addresses end with that keep the day."""
    return {
        "as_of": wanted.day,
        "day_problem": wanted.problem,
        "may_look_back": wanted.may_ask,
        "told_on": told,
        "past": f"?as_of={wanted.day.isoformat()}" if wanted.day else "",
        "yesterday": timezone.localdate() - dt.timedelta(days=1),
    }


def nothing(request: Request, wanted: Asked, question: Question[Any], *, about: str = "") -> HttpResponse:
    """Answer that nothing is on record until the day that is asked for: as a piece where one is asked for, else as a page."""
    context = shown(wanted) | {"first_day": question.first_day(about=about), "piece": request.htmx.target}
    return render(request, f"home/{'_no_day' if request.htmx else 'no_day'}.html", context)
