"""The self-assessment: rounds are opened and sent by a link, people answer without an account, and one page says where we stand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hingepoint.domain.home.queries import first_steps
from hingepoint.domain.proof import actions as tries
from hingepoint.domain.self_assessment import actions, queries, rules
from hingepoint.records import conventions
from hingepoint.records.languages import say, words_of
from hingepoint.records.self_assessment import ANCHORS, QUESTIONS, Group, HowOften, Kind
from hingepoint.reports import plan_sheets
from hingepoint.reports import self_assessment as report
from hingepoint.reports.charts import spans
from hingepoint.web import clients, cookies, drafts, let_in, pdf
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import token_of

#: Answers that one address may send in a quarter of an hour: a whole room answers from one.
MOST_TRIES = 100
GROUPS = words_of(
    [
        (Group.LEADER.value, "I lead", "Others sell or support, and I answer for what comes of it"),
        (Group.FIELD.value, "I am in the field", "I sell, or help to sell, and lead nobody"),
    ]
)
ANSWERS = [(one.value, one.label, ANCHORS[one]) for one in HowOften]


# ---- rounds ----


class RoundForm(forms.Form):
    name = forms.CharField(max_length=100)
    asked = WholeNumber(min_value=actions.LEAST_ASKED, max_value=rules.MOST_ASKED, label="How many people")
    closes_on = forms.DateField(label="The last day")
    by_code = forms.BooleanField(required=False)


def end_of(day: dt.date) -> dt.datetime:
    """Return the moment a day ends."""
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


@drafts.kept()
@require_http_methods(["GET", "HEAD", "POST"])
def self_assessments(request: Request) -> HttpResponse:
    """All rounds, and the form that opens another one."""
    if request.method == "POST":
        return _open(request)
    now = timezone.now()
    known = {
        "name": conventions.month_in_full(timezone.localdate()),
        "closes_on": rules.usual_close(now).date(),
        "asked": "",
    }
    known["by_code"] = False
    draft = drafts.of(request)
    context = {
        "rounds": queries.rounds(request.user, at=now),
        "draft": draft,
        "said": draft.over(known),
        "problems": draft.problems,
        "days": rules.MOST_DAYS,
        "least": actions.LEAST_ASKED,
    }
    return render(request, "self_assessment/rounds.html", context)


def _open(request: Request) -> HttpResponse:
    queries.rounds(request.user, at=timezone.now())  # to others there is no such form
    told = drafts.read(RoundForm(request.POST))
    made = actions.open_round(
        by=request.user,
        at=timezone.now(),
        name=told["name"],
        asked=told["asked"],
        closes_at=end_of(told["closes_on"]),
        by_code=told["by_code"],
        token=token_of(request),
    )
    return redirect("self-assessment", made.pk)


@require_GET
def self_assessment(request: Request, round_id: int) -> HttpResponse:
    """A round: its link while it is open, where the company stands once it is over."""
    now = timezone.now()
    line = queries.one_round(request.user, round_id, at=now)
    if line.over_at is None:
        host = f"{request.scheme}://{request.get_host()}"
        context = {"round": line, "host": host}
        return let_in.private(render(request, "self_assessment/open.html", context))
    found = queries.result(request.user, round_id, at=now)
    context = {
        "result": found,
        "report": report,
        "kinds": [(kind, _pictures(found, kind), report.table(found, kind)) for kind in Kind],
        "begin": first_steps.first_steps(request.user, at=now),
    }
    return render(request, "self_assessment/result.html", context)


def _pictures(found: queries.Result, kind: Kind) -> tuple[str, str]:
    """Return the picture for a desk and the one for a phone."""
    return report.picture(found, kind), report.picture(found, kind, size=spans.NARROW)


@require_GET
def self_assessment_pdf(request: Request, round_id: int) -> HttpResponse:
    """Where the company stands as a PDF of one page."""
    now = timezone.now()
    found = queries.result(request.user, round_id, at=now)
    begin = first_steps.first_steps(request.user, at=now)
    step = begin.next.title if begin and begin.next else ""
    try:
        body = report.pdf(found, next_step=step, at=timezone.localtime(now))
    except plan_sheets.NoTypst as missing:
        messages.warning(request, str(missing))
        return redirect("self-assessment", round_id)
    return pdf.answer(body, f"self-assessment {found.round.name}")


@require_GET
def self_assessment_codes(request: Request, round_id: int) -> HttpResponse:
    """Hand out the codes of an open round, one a person asked, as CSV."""
    found = queries.codes(request.user, round_id, at=timezone.now())
    answer = HttpResponse("\r\n".join(["code", *found, ""]), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="codes-{round_id}.csv"'
    return let_in.private(answer)


@drafts.flashed("self-assessment", "round_id")
@require_POST
def close_self_assessment(request: Request, round_id: int) -> HttpResponse:
    """Take no more answers and show the result."""
    actions.close_round(by=request.user, at=timezone.now(), round_id=round_id)
    return redirect("self-assessment", round_id)


@drafts.flashed("self-assessment", "round_id")
@require_POST
def renew_self_assessment(request: Request, round_id: int) -> HttpResponse:
    """Make a new link; the one before does not open any more."""
    actions.renew_link(by=request.user, at=timezone.now(), round_id=round_id)
    messages.info(
        request, "This is a new link. The one before does not open any more; answers that came stay."
    )
    return redirect("self-assessment", round_id)


# ---- answering without an account ----


class AnswerForm(forms.Form):
    """From where somebody looks, and an answer to each question."""

    group = forms.ChoiceField(choices=Group.choices, error_messages={"required": "Say from where you look."})

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for one in QUESTIONS:
            missing = {"required": say("{name}: choose an answer, or “cannot say”.", name=one.name)}
            self.fields[one.key] = forms.ChoiceField(choices=HowOften.choices, error_messages=missing)


def _told(request: HttpRequest) -> dict[str, Any]:
    """Return the group and the answers of a form, within the limit of its address. Raises Refused or TooOften."""
    address, at = clients.counted_address(request), timezone.now()
    tries.note_try(address=address, at=at, most=MOST_TRIES)
    told = drafts.read(AnswerForm(request.POST))
    said = {one.key: HowOften(told[one.key]) for one in QUESTIONS}
    return {"at": at, "group": Group(told["group"]), "said": said}


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer_self_assessment(request: HttpRequest, token: str) -> HttpResponse:
    """What the link of a round opens: the questions. Each use of it is one answer, under a key that only this browser is told. A
    browser from which somebody answered is asked first whether this is somebody else."""
    try:
        asked = queries.asked(token, at=timezone.now())
        if request.method == "POST":
            key, code = request.POST.get("key", ""), request.POST.get("code", "")
            actions.give_answer(token=token, key=key, code=code[:40], **_told(request))
            return _remembered(redirect("own-self-assessment", key), asked)
    except rules.LinkOver:
        return _over(request)
    draft = drafts.of(request)
    answered = cookies.named(_cookie(asked)) in request.COOKIES and "another" not in request.GET and not draft
    context = _questions(draft, {}) | {"asked": asked, "key": draft.said("key") or rules.new_key()}
    context |= {"answered": answered, "code": draft.said("code")}
    return let_in.private(render(request, "self_assessment/answer.html", context))


def _cookie(asked: queries.AskedRound) -> str:
    return f"answered-{asked.id}"


def _remembered(answer: HttpResponse, asked: queries.AskedRound) -> HttpResponse:
    """Let this browser know that somebody answered in it, and not what or who: devices are shared."""
    cookies.keep(answer, _cookie(asked), "yes", path="/ask/", days=rules.MOST_DAYS)
    return let_in.private(answer)


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_self_assessment(request: HttpRequest, key: str) -> HttpResponse:
    """What somebody said, by the address that only they were told: they change it until the round is closed."""
    try:
        own = queries.own_answer(key, at=timezone.now())
        if request.method == "POST":
            actions.change_answer(key=key, **_told(request))
            messages.info(request, "Changed. This is what counts now.")
            return let_in.private(redirect("own-self-assessment", key))
    except rules.LinkOver:
        return _over(request)
    known = {"group": own.group.value} | {name: answer.value for name, answer in own.said.items()}
    context = _questions(drafts.of(request), known) | {"own": own}
    return let_in.private(render(request, "self_assessment/own.html", context))


def _questions(draft: drafts.Draft, known: dict[str, str]) -> dict[str, Any]:
    blank = {"group": "", **{one.key: "" for one in QUESTIONS}}
    return {
        "draft": draft,
        "said": draft.over(blank | known),
        "problems": draft.problems,
        "questions": QUESTIONS,
        "kinds": Kind,
        "groups": GROUPS,
        "answers": ANSWERS,
    }


def _over(request: HttpRequest) -> HttpResponse:
    return let_in.private(render(request, "self_assessment/over.html", status=404))
