"""One agreement of one deal: what good looks like, where it stands, and taking the next step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements import actions, rules
from hingepoint.domain.agreements.queries import agreement_page
from hingepoint.domain.detection.queries import to_confirm
from hingepoint.domain.proof.actions import take_step_with_proof
from hingepoint.domain.strategy.queries import next_best
from hingepoint.records.agreements import QUALITY_POINTS, AgreementState, Evidence, moves_from
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.web import drafts, proof
from hingepoint.web.cockpit import looked_back
from hingepoint.web.formats import STATES, day
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import token_of

#: What a person can say about an agreement, in the words of a conversation.
STEPS = words_of(
    [
        (AgreementState.PLANNED, "We plan to ask", "You know how, and from whom"),
        (AgreementState.ASKED, "We asked", "No answer yet"),
        (AgreementState.SOFT, AgreementState.SOFT.label, "They like it; nobody promised an act"),
        (AgreementState.GAINED, AgreementState.GAINED.label, "A named person will do something by a date"),
        (AgreementState.KEPT, AgreementState.KEPT.label, "They did what they had agreed"),
        (AgreementState.BROKEN, AgreementState.BROKEN.label, "They agreed and did not do it"),
        (AgreementState.DECLINED, AgreementState.DECLINED.label, "They said no"),
        (AgreementState.RENEGOTIATED, "New terms", "It stands, changed"),
        (AgreementState.LAPSED, AgreementState.LAPSED.label, "Too old to rely on"),
        (AgreementState.NEEDED, AgreementState.NEEDED.label, "Still to do"),
        (AgreementState.NOT_NEEDED, AgreementState.NOT_NEEDED.label, "This deal does without it"),
    ]
)
#: One key a step, on the form.
STEP_KEYS = {
    "p": "planned",
    "a": "asked",
    "s": "soft",
    "g": "gained",
    "k": "kept",
    "b": "broken",
    "d": "declined",
    "r": "renegotiated",
    "l": "lapsed",
    "n": "needed",
    "x": "not_needed",
}
EVIDENCE = words_of(
    [
        (Evidence.NONE.value, "None yet", ""),
        (Evidence.CLAIMED.value, Evidence.CLAIMED.label, "Our own impression"),
        (Evidence.TOLD.value, Evidence.TOLD.label, "In a meeting or a call"),
        (Evidence.WRITTEN.value, Evidence.WRITTEN.label, "Mail, minutes, contract"),
        (Evidence.ACTED.value, Evidence.ACTED.label, "The thing was done"),
    ]
)
POINTS = words_of(
    {
        "act": "We know what they will do",
        "person": "A named person with the authority",
        "date": "There is a date",
        "reason": "We know why they would do it",
        "voluntary_and_mutual": "Freely given, and we know what we owe",
        "evidence": "They said, wrote or did it",
        "tested": "We tested it: they repeated it in their words",
    }
)

#: What is on record of the seven points counts by itself; only this must be said by somebody who was there.
ASKED_POINTS = ("voluntary_and_mutual", "tested")
#: How a point that is not known yet is added.
ADDED = words_of(
    {
        "act": "write what they will do",
        "person": "name who commits",
        "date": "say by when",
        "reason": "write why they would",
        "voluntary_and_mutual": "tick it under How good is it",
        "evidence": "say what the evidence is, or ask the customer to confirm",
        "tested": "tick it under How good is it, or ask the customer to confirm",
    }
)

#: What somebody says of a promise that names a past day.
THEN, TODAY = "then", "today"
AGREED = words_of(
    [
        (THEN, "It was agreed then", "You write it late: both days are kept"),
        (TODAY, "It was agreed today", "The past day is another one"),
    ]
)


class StepForm(forms.Form):
    state = forms.ChoiceField(choices=[(state.value, label) for state, label, _ in STEPS])
    occurred_on = forms.DateField(required=False)
    act = forms.CharField(required=False, max_length=500)
    person = WholeNumber(required=False)
    person_name = forms.CharField(required=False, max_length=200)
    due_on = forms.DateField(required=False)
    evidence = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(value, label) for value, label, _ in EVIDENCE]
    )
    needed_by = forms.DateField(required=False)
    reason = forms.CharField(required=False, max_length=5000)
    owed_in_return = forms.CharField(required=False, max_length=5000)
    note = forms.CharField(required=False, max_length=5000)
    agreed = forms.ChoiceField(required=False, choices=[(value, label) for value, label, _ in AGREED])
    agreed_on = forms.DateField(required=False)
    judged = forms.BooleanField(required=False)  # the points and checks were on the form
    points = forms.MultipleChoiceField(required=False, choices=[(point, point) for point in QUALITY_POINTS])
    checks = forms.TypedMultipleChoiceField(required=False, coerce=int, choices=[(n, n) for n in range(4)])

    def clean_occurred_on(self) -> dt.date | None:
        return self._not_to_come("occurred_on")

    def _not_to_come(self, name: str) -> dt.date | None:
        named: dt.date | None = self.cleaned_data[name]
        if named and named > timezone.localdate():
            raise forms.ValidationError(
                "This day has not come yet. Say what happened; use By when for the future."
            )
        return named

    def clean(self) -> dict[str, Any]:
        """Ask of a promise that names a past day whether it was agreed then; the answer says when it happened."""
        said, today = self.cleaned_data, timezone.localdate()
        named = {name: said.get(name) for name in ("occurred_on", "due_on")}
        past = rules.past_day(said.get("state", ""), **named, today=today)
        if past is None:
            return said
        if not said.get("agreed"):
            self.add_error(
                "agreed",
                say(
                    "Was it agreed on {past}, or is it agreed today and the day another one?", past=day(past)
                ),
            )
        elif said["agreed"] == THEN:
            said["occurred_on"] = said.get("agreed_on") or past
        else:
            said["occurred_on"] = today
            if said.get("due_on") and said["due_on"] < today:
                self.add_error(
                    "due_on", "Nobody promises today for a day that has passed. By when will they do it?"
                )
        return said

    def clean_agreed_on(self) -> dt.date | None:
        return self._not_to_come("agreed_on")


@drafts.kept(fields={"link": "proof_link", "words": "proof_words", "file": "proof_file"})
def agreement(request: Request, deal_id: int, type_id: int):
    """One agreement on one deal: where it stands, what a good one looks like, the next step."""
    as_of = looked_back(request)[0] if request.method != "POST" else None
    today = timezone.localdate()
    page = agreement_page.agreement_page(request.user, deal_id, type_id, today=today, as_of=as_of)
    if request.method == "POST":
        return _take_step(request, page)
    if as_of:
        context = {
            "page": page,
            "line": page.line,
            "today": as_of.day,
            "as_of": as_of,
            "expected": None,
            "points": POINTS,
            "unknown": _unknown(page),
            "wanted": None,
            "found": None,
        }
        return render(request, "agreements/agreement.html", context)
    asked = request.GET.get("state", "")
    known = on_record(page) | {"state": asked if asked in STATES else ""}
    found = to_confirm.on_deal(request.user, page.deal_id).get(page.type_id)
    return _show(request, page, found, known | _found_before(found, asked))


def _show(
    request: Request,
    page: agreement_page.AgreementPage,
    found: to_confirm.Waiting | None,
    known: dict[str, Any],
) -> HttpResponse:
    standard = next_best.standard_of(request.user, page.deal_id, page.type_id, today=timezone.localdate())
    draft = drafts.of(request)
    said = draft.over(known)
    possible = _possible(page, said["state"])
    context = {
        "page": page,
        "line": page.line,
        "draft": draft,
        "said": said,
        "today": timezone.localdate(),
        "as_of": None,
        "steps": [step for step in STEPS if step[0] in possible],
        "step_keys": {key: state for key, state in STEP_KEYS.items() if state in possible},
        "evidence_choices": EVIDENCE,
        "agreed": AGREED,
        "points": POINTS,
        "asked_points": {key: POINTS[key] for key in POINTS if key in ASKED_POINTS or key in page.points_met},
        "unknown": _unknown(page),
        "problems": draft.problems,
        "expected": standard.expected,
        **proof.behind(request, page),
        "wanted": standard.wanted if _required(page) else None,
        "found": found,
    }
    template = (
        "agreements/_dialog.html"
        if request.htmx.target == "agreement-dialog"
        else "agreements/agreement.html"
    )
    return render(request, template, context)


def _possible(page: agreement_page.AgreementPage, said: str) -> frozenset[str]:
    """Return the states that the form offers: those that can follow now, and what was said already."""
    return frozenset({*moves_from(page.line.state if page.line else None), said})


def _unknown(page: agreement_page.AgreementPage) -> list[tuple[str, str]]:
    """Return the points of quality that are not known of what was agreed, each with how it is added."""
    if page.line is None or page.line.quality is None:
        return []
    return [(POINTS[point], ADDED[point]) for point in QUALITY_POINTS if point not in page.line.known]


def _required(page: agreement_page.AgreementPage) -> bool:
    return page.line is not None and page.line.required


def on_record(page: agreement_page.AgreementPage) -> dict[str, Any]:
    """Return what the form shows before anybody types: what is known already."""
    line = page.line
    return {
        "state": "",
        "version": page.version,
        "occurred_on": timezone.localdate(),
        "act": line.act if line else "",
        "person": page.person_id or page.asked_of_id or "",
        "person_name": page.person_name,
        "due_on": line.due_on if line else None,
        "evidence": line.evidence if line else "",
        "needed_by": line.needed_by if line else None,
        "reason": line.reason if line else "",
        "owed_in_return": line.owed_in_return if line else "",
        "note": "",
        "agreed": "",
        "agreed_on": "",
        "points": page.points_met,
        "checks": page.checks_met,
        "proof_words": "",
        "proof_link": "",
    }


def _found_before(found: to_confirm.Waiting | None, asked: str) -> dict[str, Any]:
    """Return what a rule knows of the state that is asked for and could not write: the act, evidence, words."""
    if found is None or not found.proposed or found.state != asked:
        return {}
    known = {"act": found.act, "evidence": found.evidence, "note": found.words, "person_name": found.who}
    return known | {"occurred_on": timezone.localdate(found.on)}


def _take_step(request: Request, page: agreement_page.AgreementPage) -> HttpResponse:
    if not page.may_step:
        raise Hidden("not theirs to change")
    form, proven = StepForm(request.POST), proof.ProofForm(request.POST, request.FILES)
    entered = drafts.read(form, proven)
    take_step_with_proof(
        by=request.user,
        at=timezone.now(),
        deal_id=page.deal_id,
        type_key=page.standard.key,
        step=step_of(entered, whom=agreement_page.whom(request.user, page, entered["person"])),
        proof=proven.given(),
        expected_version=drafts.version_of(request.POST),
        token=token_of(request),
    )
    state = STATES[entered["state"]].label.lower()
    messages.info(
        request,
        say(
            "{standard}: {state}. Wrong? Take it back on its page.", standard=page.standard.name, state=state
        ),
    )
    return _on(request, page)


def _on(request: Request, page: agreement_page.AgreementPage) -> HttpResponse:
    """Go back to the list the dialog was opened from, or to the deal."""
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return redirect("deal", deal_id=page.deal_id)


def step_of(entered: dict[str, Any], *, whom: agreement_page.Whom) -> actions.Step:
    """Return the step that the form tells. An emptied text empties it; an emptied day leaves what is known."""
    return actions.Step(
        state=AgreementState(entered["state"]),
        occurred_at=moment_of(entered["occurred_on"]),
        act=entered["act"],
        person=whom.contact,
        asked_of=whom.colleague,
        person_name=entered["person_name"],
        due_on=entered["due_on"],
        evidence=None if entered["evidence"] is None else Evidence(entered["evidence"]),
        needed_by=entered["needed_by"],
        reason=entered["reason"],
        owed_in_return=entered["owed_in_return"],
        points_met=entered["points"] if entered["judged"] else None,
        checks_met=entered["checks"] if entered["judged"] else None,
        note=entered["note"],
    )


def moment_of(day: dt.date | None) -> dt.datetime:
    """Return now for today, and noon of an earlier day, whose hour nobody remembers."""
    now = timezone.now()
    if day is None or day == timezone.localdate():
        return now
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


@drafts.flashed("agreement", "deal_id", "type_id")
@require_POST
def undo_step(request: Request, deal_id: int, type_id: int):
    """Take back the last step of an agreement."""
    page = agreement_page.agreement_page(request.user, deal_id, type_id, today=timezone.localdate())
    if page.line is None or not page.may_step:
        raise Hidden("nothing to take back")
    actions.undo_step(
        by=request.user,
        at=timezone.now(),
        agreement_id=page.line.id,
        expected_version=drafts.version_of(request.POST),
    )
    messages.info(
        request,
        say(
            "{standard}: the last step is taken back. Both lines stay in its history.",
            standard=page.standard.name,
        ),
    )
    return redirect("agreement", deal_id=deal_id, type_id=type_id)
