"""Sorting out what was due before anybody asked for it: keep, not needed, or gained already."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from hingepoint.domain.agreements import actions
from hingepoint.domain.home.queries import old
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Refused
from hingepoint.records.languages import say
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import drafts
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, whole_number

KEEP, NOT_NEEDED, GAINED = "keep", "not_needed", "gained"
#: What an answer is about: the name of its field, and the number of the agreement.
PARTS = ("what", "reason", "on", "evidence", "person", "act", "due_on")
PROOF = [(level.value, level.label) for level in Evidence if level >= Evidence.TOLD]


class OldForm(forms.Form):
    """What is said of one old agreement."""

    what = forms.ChoiceField(
        choices=[(one, one) for one in (KEEP, NOT_NEEDED, GAINED)],
        error_messages={"required": "Say what becomes of it: keep it, not needed, or gained already."},
    )
    reason = forms.CharField(required=False, max_length=5000)
    on = forms.DateField(required=False, label="The day")
    evidence = forms.TypedChoiceField(
        required=False, coerce=int, choices=[("", ""), *PROOF], empty_value=None
    )
    person = forms.CharField(required=False, max_length=200)
    act = forms.CharField(required=False, max_length=500)
    due_on = forms.DateField(required=False, label="By when")

    def clean_on(self) -> dt.date | None:
        day = self.cleaned_data["on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("That day is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if entered.get("what") == GAINED and not entered.get("on") and "on" not in self.errors:
            self.add_error("on", "Say on which day it was gained.")
        return entered

    def step(self) -> actions.Step | None:
        """Return the step it means, None for keeping it. What they did already is kept, what they will do gained."""
        said = self.cleaned_data
        if said["what"] == KEEP:
            return None
        if said["what"] == NOT_NEEDED:
            reason = said["reason"].strip()
            return actions.Step(AgreementState.NOT_NEEDED, occurred_at=timezone.now(), reason=reason or None)
        done = said["evidence"] == Evidence.ACTED and not said["due_on"]
        return actions.Step(
            AgreementState.KEPT if done else AgreementState.GAINED,
            occurred_at=timezone.make_aware(dt.datetime.combine(said["on"], dt.time(12))),
            act=said["act"].strip() or None,
            person_name=said["person"].strip() or None,
            due_on=said["due_on"],
            evidence=None if said["evidence"] is None else Evidence(said["evidence"]),
        )


@drafts.kept()
@for_sellers_and_leaders
def sort_out(request: Request) -> HttpResponse:
    """The old agreements of a seller, one answer each; what is left open stays in the list."""
    of = request.GET.get("of", "") or request.POST.get("of", "")
    seller = whole_number(of)
    page = old.sorting_page(request.user, today=timezone.localdate(), seller_id=seller)
    if request.method != "POST":
        context = {
            "page": page,
            "draft": drafts.of(request),
            "of": of,
            "proof": PROOF,
            "today": timezone.localdate(),
        }
        return render(request, "home/sort_out.html", context)
    answers = _answers(request, [work.line.id for work in page.lines])
    try:
        done = actions.sort_out(by=request.user, at=timezone.now(), answers=answers)
    except actions.NotSorted as wrong:
        raise _at_their_fields(wrong.by_agreement) from None
    left = page.total - done
    messages.info(
        request,
        f"{say('{n} sorted out.', n=plural(done, 'agreement'))} {say('{n} to go.', n=left) if left else say('That was all.')}",
    )
    return redirect(f"{reverse('sort-out')}{f'?of={of}' if of else ''}" if left else "home")


def _answers(request: Request, numbers: list[int]) -> dict[int, actions.Step | None]:
    """Return the answers that were given; with the button that keeps the rest, of every line. Raises Refused."""
    found: dict[int, actions.Step | None] = {}
    wrong: dict[int, dict[str, str]] = {}
    for number in numbers:
        said = {part: request.POST.get(f"{part}-{number}", "") for part in PARTS}
        if not any(said.values()):
            if request.POST.get("rest") == KEEP:
                found[number] = None
            continue
        form = OldForm(said)
        if form.is_valid():
            found[number] = form.step()
        else:
            wrong[number] = drafts.problems_of(form)
    if wrong:
        raise _at_their_fields(wrong)
    if not found:
        raise Refused("Choose an answer for at least one.")
    return found


def _at_their_fields(wrong: Any) -> Refused:
    by_field = {f"{name}-{number}": words for number, one in wrong.items() for name, words in one.items()}
    return Refused(next(iter(by_field.values())), by_field=by_field)
