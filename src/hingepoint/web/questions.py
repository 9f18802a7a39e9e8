"""The questions that Hingepoint asks: what they cost, what followed, and which are not asked any more."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.question_budget import LEAST
from hingepoint.domain.home.queries import question_budget
from hingepoint.domain.home.queries.effort import BUDGET_MINUTES
from hingepoint.domain.questions import actions
from hingepoint.records.languages import say
from hingepoint.web import drafts
from hingepoint.web.requests import Request
from hingepoint.web.sent import once


def questions(request: Request) -> HttpResponse:
    """The questions that we ask people: how often they are answered, what they cost, and whether any decision followed."""
    found = question_budget.budget(request.user, now=timezone.now())
    context = {
        "page": found,
        "least": LEAST,
        "budget": BUDGET_MINUTES,
        "counted_at": found.counted_at,
    }
    return render(request, "questions/questions.html", context)


class RetireForm(forms.Form):
    why = forms.CharField(required=False, max_length=2000, label="Why")


@drafts.kept()
@once()
def question(request: Request, key: str) -> HttpResponse:
    """One question: what was counted of it, what changes when it is retired, and the form that retires it."""
    line = question_budget.question(request.user, key, now=timezone.now())
    if request.method != "POST":
        context = {"line": line, "draft": drafts.of(request), "least": LEAST}
        return render(request, "questions/question.html", context)
    why = drafts.read(RetireForm(request.POST))["why"]
    actions.retire(by=request.user, at=timezone.now(), key=key, why=why)
    messages.info(
        request, say("Not asked any more: {asks}. What was answered stays.", asks=line.question.asks)
    )
    return redirect("questions")


@drafts.flashed("questions")
@require_POST
def ask_again(request: Request, key: str) -> HttpResponse:
    """Ask a question again that was retired."""
    actions.ask_again(by=request.user, at=timezone.now(), key=key)
    return redirect("questions")
