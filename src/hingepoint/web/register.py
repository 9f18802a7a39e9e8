"""One click on the register: from a worklist, for many deals at once, and an inside partner's answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.queries import agreement_page, catalogue
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.web import drafts
from hingepoint.web.formats import STATES
from hingepoint.web.requests import Request, whole_number
from hingepoint.web.sent import once

#: What one click may say; everything else needs the form.
QUICK = (
    AgreementState.PLANNED,
    AgreementState.ASKED,
    AgreementState.SOFT,
    AgreementState.KEPT,
    AgreementState.BROKEN,
    AgreementState.LAPSED,
    AgreementState.NOT_NEEDED,
)
AGAIN = "again"  # checked, and it still holds
TOGETHER = (AgreementState.PLANNED, AgreementState.ASKED, AgreementState.NOT_NEEDED)
MOST_TOGETHER = 200


class QuickForm(forms.Form):
    step = forms.ChoiceField(choices=[(state.value, state.value) for state in QUICK] + [(AGAIN, AGAIN)])
    reason = forms.CharField(required=False, max_length=5000)


@drafts.flashed("agreement", "deal_id", "type_id")
@require_POST
def quick_step(request: Request, deal_id: int, type_id: int):
    """Take a step that needs no more than a click, and go back to where it was made."""
    page = agreement_page.agreement_page(request.user, deal_id, type_id, today=timezone.localdate())
    form = QuickForm(request.POST)
    if not page.may_step or not form.is_valid():
        raise Hidden("no such step")
    entered = form.cleaned_data
    _take(request, page, entered)
    said = say("checked, it holds") if entered["step"] == AGAIN else STATES[entered["step"]].label.lower()
    messages.info(
        request,
        say(
            "{deal_title}: {standard}: {said}. Wrong? Take it back on its page.",
            deal_title=page.deal_title,
            standard=page.standard.name,
            said=said,
        ),
    )
    return back(request)


def _take(request: Request, page: agreement_page.AgreementPage, entered: dict) -> None:
    who: dict[str, Any] = {
        "by": request.user,
        "at": timezone.now(),
        "expected_version": drafts.version_of(request.POST),
    }
    if entered["step"] == AGAIN:
        actions.check_again(agreement_id=page.line.id if page.line else 0, **who)
        return
    step = actions.Step(
        state=AgreementState(entered["step"]), occurred_at=who["at"], reason=entered["reason"].strip() or None
    )
    actions.take_step(deal_id=page.deal_id, type_key=page.standard.key, step=step, **who)


def back(request: Request) -> HttpResponse:
    """Go back to the page a form names, if it is one of ours; else home."""
    return redirect(drafts.ours(request, request.POST.get("next", "")) or "home")


class TogetherForm(forms.Form):
    type = forms.CharField(max_length=200, error_messages={"required": "Choose an agreement."})
    step = forms.ChoiceField(
        choices=[(state.value, state.value) for state in TOGETHER],
        error_messages={"required": "Say what happened."},
    )
    reason = forms.CharField(required=False, max_length=5000)


@drafts.kept("matrix")
@require_POST
def take_steps(request: Request):
    """Plan, ask or set aside one agreement on the deals that were chosen in the matrix."""
    if request.user.role == Role.INSIDE_PARTNER:
        raise Hidden("not theirs to change")
    found = map(whole_number, request.POST.getlist("deal"))
    chosen = [one for one in found if one is not None][:MOST_TOGETHER]
    entered = drafts.read(TogetherForm(request.POST))
    if not chosen:
        raise Refused("Choose deals in the table. Nothing was changed.")
    known = {choice.key: choice.name for choice in catalogue.type_choices(request.user)}
    if entered["type"] not in known:
        raise Hidden("no such agreement")
    at = timezone.now()
    step = actions.Step(
        state=AgreementState(entered["step"]), occurred_at=at, reason=entered["reason"].strip() or None
    )
    done = actions.take_steps(by=request.user, at=at, deal_ids=chosen, type_key=entered["type"], step=step)
    messages.info(request, _what_was_done(known[entered["type"]], entered["step"], done))
    return back(request)


def _what_was_done(name: str, state: str, done: actions.ManySteps) -> str:
    """Say on how many deals a step was taken, and which were left as they are."""
    text = say(
        "{name}: {state} on {taken} of {total} deals.",
        name=name,
        state=STATES[state].label.lower(),
        taken=done.taken,
        total=done.taken + len(done.left),
    )
    left = ", ".join(f"{deal} ({STATES[state].label.lower()})" for deal, state in done.left[:3])
    if len(done.left) > 3:
        left = say("{deals} and {n} more", deals=left, n=len(done.left) - 3)
    return f"{text} {say('Left as they are: {deals}.', deals=left)}" if left else text


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    words = forms.CharField(required=False, max_length=5000)


@drafts.kept("home")
@require_POST
@once()
def answer_request(request: Request, agreement_id: int):
    """An inside partner says yes or no to what was asked of them."""
    form = AnswerForm(request.POST)
    if "answer" in form.errors:
        raise Hidden("no such answer")
    entered = drafts.read(form)
    answered = actions.answer_request(
        by=request.user,
        at=timezone.now(),
        agreement_id=agreement_id,
        accept=entered["answer"] == "yes",
        words=entered["words"],
    )
    messages.info(
        request,
        say(
            "{type}: {state}. The seller sees it now.",
            type=answered.type,
            state=STATES[answered.state].label.lower(),
        ),
    )
    return redirect("home")
