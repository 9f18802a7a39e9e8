"""Plans: of a talk and of a deal, to read, write, print and review; debriefs; and the list of talks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements.queries import agreement_page
from hingepoint.domain.plans import actions
from hingepoint.domain.plans.parts import (
    ON,
    RISKS,
    STEP,
    TALK_PARTS,
    TRADES,
    WHO,
    Line,
    about,
    from_json,
    to_json,
)
from hingepoint.domain.plans.queries import deal_sheet, reviews, talk_sheet
from hingepoint.domain.plans.queries import talks as talks_page
from hingepoint.domain.strategy.queries import next_best
from hingepoint.records import conventions
from hingepoint.records.agreements import Evidence
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.records.plans import Outcome, Verdict
from hingepoint.records.principles import Place
from hingepoint.reports import plan_sheets
from hingepoint.web import drafts, looks, onward, pdf
from hingepoint.web.agreements import EVIDENCE, moment_of
from hingepoint.web.asking import asks
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.principles import cited_at
from hingepoint.web.register import back
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import sent

LONGEST = 8_000
TRADE_KEYS = tuple(part.key for part in TRADES)
TEXT_KEYS = tuple(part.key for part in TALK_PARTS if part.key not in TRADE_KEYS)
#: Empty rows that a form offers for further trades.
SPARE_ROWS, LEAST_ROWS = 1, 3
RATINGS = words_of([("1", "1 little"), ("2", "2 some"), ("3", "3 a lot")])
OUTCOMES = words_of(
    [
        (Outcome.GAINED, Outcome.GAINED.label, "A named person will do something by a day"),
        (Outcome.SOFT, Outcome.SOFT.label, "They are for it; nobody promised an act"),
        (Outcome.DECLINED, Outcome.DECLINED.label, "They said no"),
        (
            Outcome.CONTINUATION,
            Outcome.CONTINUATION.label,
            "“Good talk, we stay in touch” is not an agreement",
        ),
    ]
)


class _ManyTexts(forms.Textarea):
    """All that was typed under one name, a line each."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return "\n".join(data.getlist(name))


class WritingForm(forms.Form):
    """What every plan's form carries beside its lines. What was offered is sealed for the page's own address."""

    offered = forms.CharField()
    talk_on = forms.DateField(required=False)

    def __init__(self, request: Request, texts: Iterable[str]) -> None:
        """``texts`` names the fields of the plan's own lines; one that is typed several times is read as one."""
        super().__init__(request.POST)
        self.place = request.path
        for key in texts:
            self.fields[key] = forms.CharField(
                required=False, strip=False, max_length=LONGEST, widget=_ManyTexts
            )

    def clean_offered(self) -> dict[str, list[Line]]:
        try:
            return from_json(signing.loads(self.cleaned_data["offered"], salt=self.place))
        except signing.BadSignature:
            raise forms.ValidationError("Open the page again: this one was changed on its way.") from None


def sealed(
    request: Request, offered: Mapping[str, Sequence[Line]], standing: Mapping[str, Sequence[Line]]
) -> str:
    """Return what a form was filled with, sealed: only lines we offered on this page may keep our source.
    What stands in the plan already counts before what is offered."""
    known = {key: [*offered.get(key, ()), *standing.get(key, ())] for key in {*offered, *standing}}
    return signing.dumps(to_json(known), salt=request.path, compress=True)


# ---- the plan of a talk ----


def talk_plan(request: Request, deal_id: int, type_id: int):
    """The plan for one talk on one page: what we ask, power, information, trades, and what was said to it."""
    sheet = talk_sheet.talk_sheet(request.user, deal_id, type_id, today=timezone.localdate())
    context = {"sheet": sheet, "today": timezone.localdate()}
    return render(request, "plans/talk.html", context | cited_at(request, Place.PLAN, sheet.key))


@drafts.kept()
def prepare_talk(request: Request, deal_id: int, type_id: int):
    """Write the plan for a talk: filled with what is known, changed in a few words."""
    sheet = talk_sheet.talk_sheet(request.user, deal_id, type_id, today=timezone.localdate(), offer=True)
    if request.method == "POST":
        return _write_talk_plan(request, sheet)
    return _show_talk_form(request, sheet, _filled(request, sheet))


def _filled(request: Request, sheet: talk_sheet.TalkSheet) -> dict[str, Any]:
    """Return what the form shows before anybody types. Nothing is offered for a question that is not asked any more."""
    written = sheet.history.newest is not None
    shown = {key for key in TEXT_KEYS if written or asks(request, f"plan.{key}")}
    texts = {key: sheet.part(key).text if key in shown else "" for key in TEXT_KEYS}
    trades = {key: list(sheet.part(key).lines) for key in TRADE_KEYS}
    return {**texts, **trades, "talk_on": sheet.talk_on, "number": sheet.history.number}


def _show_talk_form(request: Request, sheet: talk_sheet.TalkSheet, known: dict[str, Any]) -> HttpResponse:
    draft = drafts.of(request)
    said = draft.over(known) | (_trades(draft.typed) if draft else {})
    standing = {key: sheet.part(key).lines for key in (*TEXT_KEYS, *TRADE_KEYS)}
    context = {
        "sheet": sheet,
        "draft": draft,
        "said": said,
        "problems": draft.problems,
        "rows": {key: _with_spare_rows(said[key]) for key in TRADE_KEYS},
        "ratings": RATINGS,
        "offered": sealed(request, sheet.offered, standing),
        "today": timezone.localdate(),
        "current": draft.current,
        "differing": _differing(from_json(draft.current.parts), said) if draft.current else (),
    }
    return render(request, "plans/prepare.html", context)


def _with_spare_rows(trades: list[Line]) -> list[Line]:
    return [*trades, *[Line("")] * max(SPARE_ROWS, LEAST_ROWS - len(trades))]


def _write_talk_plan(request: Request, sheet: talk_sheet.TalkSheet) -> HttpResponse:
    entered = drafts.read(WritingForm(request, (*TEXT_KEYS, *(f"{key}-text" for key in TRADE_KEYS))))
    plan = actions.write_plan(
        by=request.user,
        at=timezone.now(),
        deal_id=sheet.facts.pk,
        type_key=sheet.key,
        talk_on=entered["talk_on"],
        offered=entered["offered"],
        expected_number=drafts.version_of(request.POST, "number"),
        **{key: entered[key] for key in TEXT_KEYS},
        **_trades(request.POST),
    )
    messages.info(request, _kept(plan.talk_on, plan.parts))
    return redirect("talk-plan", deal_id=sheet.facts.pk, type_id=sheet.type_id)


def _kept(talk_on: dt.date | None, parts: dict[str, Any]) -> str:
    own = sum(line.own for lines in from_json(parts).values() for line in lines)
    kept = say("The plan is kept, {own} of its lines in your words.", own=own)
    return f"{kept} {say('Talk on {day}.', day=conventions.day_short(talk_on))}" if talk_on else kept


def _trades(typed: QueryDict) -> dict[str, list[Line]]:
    """Return the trades that were typed, by the key of their part."""
    return {key: _trades_of(typed, key) for key in TRADE_KEYS}


def _trades_of(typed: QueryDict, key: str) -> list[Line]:
    columns = (typed.getlist(f"{key}-{name}") for name in ("text", "cost", "worth"))
    return [
        Line(" ".join(text.split()), "", _rating(cost), _rating(worth))
        for text, cost, worth in zip(*columns, strict=False)
        if text.strip()
    ]


def _rating(value: str) -> int | None:
    return int(value) if value in ("1", "2", "3") else None


def _differing(theirs: Mapping[str, Sequence[Line]], said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return label, theirs and yours of each part in which the two writings differ."""
    found = []
    for part in TALK_PARTS:
        yours = (
            said[part.key]
            if isinstance(said[part.key], str)
            else "\n".join(one.text for one in said[part.key])
        )
        now = "\n".join(line.text for line in theirs.get(part.key, ()))
        if now.split() != yours.split():
            found.append((part.label, now, yours))
    return found


def talk_plan_pdf(request: Request, deal_id: int, type_id: int):
    """The plan for a talk as a PDF of one page."""
    sheet = talk_sheet.talk_sheet(request.user, deal_id, type_id, today=timezone.localdate())
    try:
        body = plan_sheets.talk_pdf(sheet, at=timezone.localtime(), walk_away=looks.is_open(request, deal_id))
    except plan_sheets.NoTypst as missing:
        messages.warning(request, str(missing))
        return redirect("talk-plan", deal_id=deal_id, type_id=type_id)
    return pdf.answer(body, say("plan {name} {deal}", name=sheet.name, deal=sheet.facts))


# ---- the plan of a deal ----


def deal_plan(request: Request, deal_id: int):
    """The plan of a deal: the pivotal agreements ahead, the next step on each, and the risks."""
    today = timezone.localdate()
    sheet = deal_sheet.deal_sheet(request.user, deal_id, today=today)
    keys = [row.line.key for row in sheet.ahead]
    context = {"sheet": sheet, "today": today} | cited_at(request, Place.PLAN, *keys)
    return render(request, "plans/deal.html", context)


@drafts.kept()
def write_deal_plan(request: Request, deal_id: int):
    """Complete the plan of a deal: a next step and a day per agreement, and the risks."""
    sheet = deal_sheet.deal_sheet(request.user, deal_id, today=timezone.localdate())
    if request.method == "POST":
        return _write_deal_plan(request, sheet)
    return _show_deal_form(request, sheet)


def _show_deal_form(request: Request, sheet: deal_sheet.DealSheet) -> HttpResponse:
    draft = drafts.of(request)
    filled = [part for row in sheet.ahead for part in (row.step, row.who, row.on)] + [sheet.risks]
    known = {part.key: part.text for part in filled} | {"number": sheet.history.number}
    context = {
        "sheet": sheet,
        "draft": draft,
        "said": draft.over(known),
        "problems": draft.problems,
        "offered": sealed(request, sheet.offered, {part.key: part.lines for part in filled}),
        "today": timezone.localdate(),
        "current": draft.current,
    }
    return render(request, "plans/write_deal.html", context)


def _write_deal_plan(request: Request, sheet: deal_sheet.DealSheet) -> HttpResponse:
    keys = (RISKS.key, *(about(what, row.line.key) for row in sheet.ahead for what in (STEP, WHO, ON)))
    entered = drafts.read(WritingForm(request, keys))
    actions.write_deal_plan(
        by=request.user,
        at=timezone.now(),
        deal_id=sheet.facts.id,
        parts={key: entered[key] for key in keys},
        offered=entered["offered"],
        expected_number=drafts.version_of(request.POST, "number"),
    )
    messages.info(request, "The plan of the deal is kept. Your manager sees it from now on.")
    return redirect("deal-plan", deal_id=sheet.facts.id)


def deal_plan_pdf(request: Request, deal_id: int):
    """The plan of a deal as a PDF of one page."""
    sheet = deal_sheet.deal_sheet(request.user, deal_id, today=timezone.localdate())
    try:
        body = plan_sheets.deal_pdf(sheet, at=timezone.localtime())
    except plan_sheets.NoTypst as missing:
        messages.warning(request, str(missing))
        return redirect("deal-plan", deal_id=deal_id)
    return pdf.answer(body, say("plan {title}", title=sheet.facts.title))


# ---- review ----


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict.choices)
    words = forms.CharField(required=False, max_length=4_000)


@drafts.kept("talks")
@require_POST
def review_plan(request: Request, plan_id: int):
    """Comment a plan, approve it, or return it with the reason."""
    form = ReviewForm(request.POST)
    if "verdict" in form.errors:
        raise Hidden("no such verdict")
    entered = drafts.read(form)
    review = actions.review_plan(
        by=request.user,
        at=timezone.now(),
        plan_id=plan_id,
        verdict=Verdict(entered["verdict"]),
        words=entered["words"],
        **sent(request),
    )
    plan = review.plan
    said = _what_was_said(review.verdict, plan.agreement, plan.deal)
    if review.verdict == Verdict.COMMENT:
        messages.info(request, said)
        return back(request)
    type_id = plan.agreement.type_id if plan.agreement else None
    return onward.onward(request, said, kind=onward.Kind.PLAN, page=onward.plan_page(plan.deal_id, type_id))


def _what_was_said(verdict: str, agreement: Any, deal: object) -> str:
    said = {
        "comment": say("Your comment is with the plan"),
        "approved": say("Approved"),
        "returned": say("Returned"),
    }
    about = str(agreement.type) if agreement else say("plan of the deal")
    return f"{said[verdict]}: {about}, {deal}."


# ---- debrief ----


class HeardForm(forms.Form):
    """What came out of a talk."""

    outcome = forms.ChoiceField(choices=Outcome.choices, error_messages={"required": "Say how it ended."})
    held_on = forms.DateField(required=False)
    act = forms.CharField(required=False, max_length=500)
    person = WholeNumber(required=False)
    person_name = forms.CharField(required=False, max_length=200)
    due_on = forms.DateField(required=False)
    evidence = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=Evidence.TOLD,  # type: ignore[arg-type]  # the stubs know only text
        choices=[(v, label) for v, label, _ in EVIDENCE],
    )
    why_not = forms.CharField(required=False, max_length=5_000)
    owed_in_return = forms.CharField(required=False, max_length=5_000)
    demand = forms.CharField(required=False, max_length=1_000)
    reason = forms.CharField(required=False, max_length=2_000)
    learned = forms.CharField(required=False, max_length=5_000)

    def clean_held_on(self):
        day = self.cleaned_data["held_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("A talk is debriefed after it was held. Change the day in its plan.")
        return day


@drafts.kept(fields={"reason": "why_not"})
def debrief(request: Request, deal_id: int, type_id: int):
    """Debrief a talk in half a minute: who committed to what by when, what they asked, what we learned."""
    today = timezone.localdate()
    page = agreement_page.agreement_page(request.user, deal_id, type_id, today=today)
    if not page.may_step:
        raise Hidden("not theirs to say")
    if request.method == "POST":
        return _keep_debrief(request, page)
    if request.GET.get("kept") in Outcome.values:
        return _show_what_follows(request, page, request.GET["kept"])
    return _show_debrief(request, page, before_the_debrief(page))


def before_the_debrief(page: agreement_page.AgreementPage) -> dict[str, Any]:
    """Return what the form shows: who and what were asked, as far as it is on record."""
    line = page.line
    return {
        "outcome": "",
        "version": page.version,
        "held_on": timezone.localdate(),
        "act": line.act if line else "",
        "person": page.person_id or page.asked_of_id or "",
        "person_name": "" if page.person_id or page.asked_of_id else page.person_name,
        "due_on": line.due_on if line else None,
        "evidence": Evidence.TOLD.value,
    }


def _show_debrief(
    request: Request, page: agreement_page.AgreementPage, known: dict[str, Any]
) -> HttpResponse:
    draft = drafts.of(request)
    context = {
        "page": page,
        "line": page.line,
        "draft": draft,
        "said": draft.over(drafts.blank(HeardForm) | known),
        "outcomes": OUTCOMES,
        "evidence_choices": [(value, label) for value, label, _ in EVIDENCE if value >= Evidence.TOLD],
        "today": timezone.localdate(),
        "problems": draft.problems,
    }
    return render(request, "plans/debrief.html", context)


def _keep_debrief(request: Request, page: agreement_page.AgreementPage) -> HttpResponse:
    entered = drafts.read(HeardForm(request.POST))
    actions.debrief(
        by=request.user,
        at=timezone.now(),
        deal_id=page.deal_id,
        type_key=page.standard.key,
        heard=heard_of(request, page, entered),
        expected_version=drafts.version_of(request.POST),
        **sent(request),
    )
    address = redirect("debrief", deal_id=page.deal_id, type_id=page.type_id)
    address["Location"] += f"?kept={entered['outcome']}"
    return address


def heard_of(request: Request, page: agreement_page.AgreementPage, entered: dict[str, Any]) -> actions.Heard:
    """Return what the form tells. An act is kept only where somebody promised it."""
    whom = agreement_page.whom(request.user, page, entered["person"])
    gained = entered["outcome"] == Outcome.GAINED
    return actions.Heard(
        outcome=Outcome(entered["outcome"]),
        held_at=moment_of(entered["held_on"]),
        act=entered["act"] if gained else "",
        person=whom.contact,
        asked_of=whom.colleague,
        person_name=entered["person_name"],
        due_on=entered["due_on"] if gained else None,
        evidence=Evidence(entered["evidence"]),
        why_not=entered["why_not"],
        owed_in_return=entered["owed_in_return"] if gained else "",
        demand=entered["demand"],
        reason=entered["reason"],
        learned=entered["learned"],
    )


def _show_what_follows(request: Request, page: agreement_page.AgreementPage, outcome: str) -> HttpResponse:
    """Show what was recorded and offer the follow-up."""
    today = timezone.localdate()
    context = {
        "page": page,
        "line": page.line,
        "outcome": next(one for one in OUTCOMES if one[0] == outcome),
        "best": next_best.next_best(request.user, page.deal_id, today=today),
        "waiting": talks_page.to_debrief(request.user, today=today),
        "today": today,
    }
    return render(request, "plans/debriefed.html", context)


# ---- talks ----


@for_sellers_and_leaders
def talks(request: Request):
    """Talks that wait for a plan, for a manager's word or for a debrief, and those ahead."""
    today, viewer = timezone.localdate(), request.user
    waiting = talks_page.waiting(viewer, today=today)
    context = {
        "debriefs": waiting.debrief,
        "prepare": waiting.prepare,
        "review": reviews.to_review(viewer, today=today) if viewer.role == Role.MANAGER else [],
        "ahead": talks_page.ahead(viewer, today=today),
        "today": today,
    }
    return render(request, "plans/talks.html", context)
