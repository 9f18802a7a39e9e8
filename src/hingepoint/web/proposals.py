"""What one's assistant proposes: each is a form of ours, filled in, that only its person can send.

A proposal is read by the form of its page, and written by the action of that page: what holds there holds here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements.queries import agreement_page
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.proposals import actions, queries
from hingepoint.domain.proposals.queries import Proposed
from hingepoint.records.agreements import moves_from
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason, say, words_of
from hingepoint.records.proposals import OF_AN_AGREEMENT, ProposalKind
from hingepoint.web import agreements, drafts, negotiation, plans
from hingepoint.web.requests import Request
from hingepoint.web.sent import SECOND, sent

#: Whether something is known only to who was there: no assistant is asked for it, nor is it held against a proposal.
ASKED_OF_THE_PERSON = ("agreed", "agreed_on")
ANYWAY = "anyway"


class EventForm(negotiation.DayForm):
    """Something that happened on a deal and is noted by no form of its own."""

    kind = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (EventKind.ACTIVITY, EventKind.QUOTE, EventKind.DOCUMENT)]
    )
    name = forms.CharField(max_length=200)
    counterpart = forms.CharField(required=False, max_length=200)
    note = forms.CharField(required=False, max_length=5000)


# ---- what a form of each kind tells its action ----


def _step(request: Request, one: Proposed, form: agreements.StepForm) -> dict[str, Any]:
    page, typed = _page_to_step_on(request, one.deal_id, one.type_id), form.cleaned_data
    step = agreements.step_of(typed, whom=agreement_page.whom(request.user, page, typed["person"]))
    return {"step": step, **_on_which(request), "token": sent(request)["token"]}


def _debrief(request: Request, one: Proposed, form: plans.HeardForm) -> dict[str, Any]:
    page = _page_to_step_on(request, one.deal_id, one.type_id)
    heard = plans.heard_of(request, page, form.cleaned_data)
    return {"heard": heard, **_on_which(request), **sent(request)}


def _on_which(request: Request) -> dict[str, int]:
    """Return the version of the agreement that the person saw."""
    return {"expected_version": drafts.version_of(request.POST)}


def _demand(request: Request, one: Proposed, form: negotiation.DemandForm) -> dict[str, Any]:
    return {**negotiation.demand_of(form, timezone.now()), **sent(request)}


def _concession(request: Request, one: Proposed, form: negotiation.ConcessionForm) -> dict[str, Any]:
    typed, at = form.cleaned_data, timezone.now()
    doubts = negotiation.doubts(request, one.deal_id, typed, at)
    if doubts and not typed[ANYWAY]:
        raise Refused(" ".join([*doubts, say("Note it all the same if it was given already.")]), field=ANYWAY)
    return {**negotiation.concession_of(typed, at), **sent(request)}


def _event(request: Request, one: Proposed, form: EventForm) -> dict[str, Any]:
    typed = form.cleaned_data
    happened = negotiation.happened_on(typed["happened_on"], timezone.now())
    told = {name: typed[name] for name in ("kind", "name", "counterpart", "note")}
    return {**told, "occurred_at": happened, SECOND: sent(request)[SECOND]}


@dataclass(frozen=True, slots=True)
class Filled:
    """How a kind of proposal is read: by which form, with which label for each field that is shown."""

    form: type[forms.Form]
    told: Callable[[Request, Proposed, Any], dict[str, Any]]
    labels: Mapping[str, str]


_PROMISE = words_of(
    {
        "act": "What they will do",
        "person_name": "Who",
        "due_on": "By when",
        "evidence": "How we know",
    }
)
FILLED: dict[ProposalKind, Filled] = {
    ProposalKind.STEP: Filled(
        agreements.StepForm,
        _step,
        words_of(
            {
                "state": "What happened",
                "occurred_on": "On which day",
                **_PROMISE,
                "reason": "Why they would do it",
                "owed_in_return": "What we owe in return",
                "note": "Note",
                "agreed": "Was it agreed then?",
                "agreed_on": "Agreed on",
            }
        ),
    ),
    ProposalKind.DEBRIEF: Filled(
        plans.HeardForm,
        _debrief,
        words_of(
            {
                "outcome": "How it ended",
                "held_on": "On which day",
                **_PROMISE,
                "why_not": "Why not",
                "owed_in_return": "What we owe in return",
                "demand": "What they asked for",
                "reason": "Why they need it",
                "learned": "What we learned",
            }
        ),
    ),
    ProposalKind.DEMAND: Filled(
        negotiation.DemandForm,
        _demand,
        words_of(
            {
                "topic": "About",
                "words": "In their words",
                "asked_by": "Who asked",
                "value": "Worth about",
                "why": "Why they need it",
                "known": "How we know",
                "confirmed_by": "The second person who said it",
                "happened_on": "When they asked",
            }
        ),
    ),
    ProposalKind.CONCESSION: Filled(
        negotiation.ConcessionForm,
        _concession,
        words_of(
            {
                "topic": "About",
                "what": "What we gave",
                "value": "Worth about",
                "in_return": "What came back",
                "final": "We called it our last",
                "happened_on": "When we gave it",
                ANYWAY: "Note it all the same",
            }
        ),
    ),
    ProposalKind.EVENT: Filled(
        EventForm,
        _event,
        words_of(
            {
                "kind": "What it was",
                "name": "In a few words",
                "happened_on": "On which day",
                "counterpart": "With whom",
                "note": "Note",
            }
        ),
    ),
}


# ---- what an assistant fills in ----


def fill_in(
    request: HttpRequest, kind: ProposalKind, *, deal_id: int, type_id: int | None, given: Mapping[str, str]
) -> dict[str, Any]:
    """Return a form of ours with what an assistant says in it, as it would be sent: said, given and version. Raises Hidden
    where its person could not send it, Refused in the words of the form."""
    unknown = sorted(given.keys() - FILLED[kind].labels.keys())
    if unknown:
        raise Refused(reason("{field} is no field of this form.", field=unknown[0]))
    deal_page.deal_facts(request.user, deal_id)
    known, version = _on_record(request, kind, deal_id, type_id, given)
    said = {name: str(value) for name, value in known.items() if value not in (None, "")} | dict(given)
    _require_readable_form(FILLED[kind].form, said)
    return {"said": said, "given": list(given), "version": version}


def _on_record(
    request: Any, kind: ProposalKind, deal_id: int, type_id: int | None, given: Mapping[str, str]
) -> tuple[dict[str, Any], int]:
    """Return what the form shows before anybody types, and the version that it stands on."""
    if kind not in OF_AN_AGREEMENT:
        return {}, 0
    page = _page_to_step_on(request, deal_id, type_id)
    if kind == ProposalKind.DEBRIEF:
        known = plans.before_the_debrief(page)
    else:
        _require_move(page, given.get("state", ""))
        known = agreements.on_record(page)
    if "person_name" in given:
        known["person"] = ""
    return {name: known.get(name) for name in (*FILLED[kind].labels, "person")}, page.version


def _page_to_step_on(request: Any, deal_id: int, type_id: int | None) -> agreement_page.AgreementPage:
    page = agreement_page.agreement_page(request.user, deal_id, type_id or 0, today=timezone.localdate())
    if not page.may_step:
        raise Hidden("not theirs to change")
    return page


def _require_move(page: agreement_page.AgreementPage, state: str) -> None:
    possible = sorted(moves_from(page.line.state if page.line else None))
    if state not in possible:
        raise Refused(
            reason("{state} cannot follow here: {possible} can.", state=state, possible=", ".join(possible)),
            field="state",
        )


def _require_readable_form(form: type[forms.Form], said: Mapping[str, str]) -> None:
    typed = QueryDict(mutable=True)
    typed.update(dict(said))
    problems = drafts.problems_of(form(typed))
    wrong = {name: words for name, words in problems.items() if name not in ASKED_OF_THE_PERSON}
    if wrong:
        raise Refused(" ".join(wrong.values()), by_field=wrong)


# ---- what its person sees and says ----


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a proposal as the page shows it. ``look``: text, area, date, number, select or check; ``given``: whether the
    assistant filled it."""

    name: str
    label: str
    look: str
    options: list[tuple[Any, Any]]
    value: str
    words: str
    given: bool
    required: bool


def proposals(request: Request) -> HttpResponse:
    """What your assistant proposes: read it, correct it, and confirm or refuse it. Nothing is written before."""
    found = queries.proposals(request.user, at=timezone.now())
    context = {
        "shown": [_shown(request, one) for one in found.waiting],
        "answered": found.answered,
        "asked_then": (*ASKED_OF_THE_PERSON, ANYWAY),
    }
    return render(request, "proposals/proposals.html", context)


def _shown(request: Request, one: Proposed) -> tuple[Proposed, list[Field], drafts.Draft, list[Any]]:
    """Return a proposal, its fields, what was typed over them, and what differs from what somebody else wrote meanwhile."""
    draft = drafts.of(request, reverse("confirm-proposal", args=[one.id]))
    form, labels, now = FILLED[one.kind].form, FILLED[one.kind].labels, draft.current
    fields = [_field(one, name, label, form.base_fields[name]) for name, label in labels.items()]
    both = draft.both({name: getattr(now, name, "") for name in labels}, labels) if now else []
    return one, fields, draft, both


def _field(one: Proposed, name: str, label: str, asked: forms.Field) -> Field:
    value, given = one.said.get(name, ""), name in one.given
    options = [(key, words) for key, words in getattr(asked, "choices", ()) if key != ""]
    words = next((words for key, words in options if str(key) == value), value)
    return Field(name, label, _look(asked), options, value, str(words), given, asked.required)


def _look(asked: forms.Field) -> str:
    kinds: tuple[tuple[type[forms.Field], str], ...] = (
        (forms.ChoiceField, "select"),
        (forms.DateField, "date"),
        (forms.DecimalField, "number"),
        (forms.BooleanField, "check"),
    )
    long = (getattr(asked, "max_length", None) or 0) > 500
    return next((look for kind, look in kinds if isinstance(asked, kind)), "area" if long else "text")


@drafts.kept("proposals")
@require_POST
def confirm_proposal(request: Request, proposal_id: int) -> HttpResponse:
    """Write what was proposed, as it stands in the form now."""
    at = timezone.now()
    one = queries.one(request.user, proposal_id, at=at)
    filled = FILLED[one.kind]
    form = filled.form(request.POST)
    drafts.read(form)
    actions.confirm(by=request.user, at=at, proposal_id=proposal_id, told=filled.told(request, one, form))
    messages.info(
        request, say("Confirmed and written: {what} on {deal}.", what=one.kind.label.lower(), deal=one.deal)
    )
    return redirect("proposals")


@drafts.flashed("proposals")
@require_POST
def refuse_proposal(request: Request, proposal_id: int) -> HttpResponse:
    """Say no to what was proposed."""
    actions.refuse(by=request.user, at=timezone.now(), proposal_id=proposal_id)
    messages.info(request, "Refused: nothing was written.")
    return redirect("proposals")
