"""Detection: the rules and their editor, a test on history, and what waits to be confirmed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.detection import Rule, Trace, plain
from hingepoint.domain.agreements.actions import NotYetGained
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.detection import actions
from hingepoint.domain.detection.queries import rules as rules_page
from hingepoint.domain.detection.queries import to_confirm as to_confirm_page
from hingepoint.domain.detection.starters import starters
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import BuyingRole
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import drafts, onward
from hingepoint.web.agreements import EVIDENCE
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.playbook import lines
from hingepoint.web.requests import Request, WholeNumber, whole_number
from hingepoint.web.sent import once

TRACES = words_of(
    [
        (Trace.DOCUMENT.value, "Document", "A file of theirs was received"),
        (Trace.TEXT.value, "Activity or e-mail", "Its subject or text says something"),
        (Trace.FIELD.value, "Field", "Changed, or set to a value"),
        (Trace.STAGE.value, "Stage", "The deal reached it"),
        (Trace.ROLE.value, "Contact role", "Somebody was added in a part"),
        (Trace.QUOTE.value, "Quote", "Sent, accepted or another status"),
        (Trace.APPROVAL.value, "Approval", "Asked for, granted or another status"),
    ]
)
#: What a rule may say of an agreement.
REACHED = words_of(
    [
        (AgreementState.GAINED.value, "Gained", "Somebody committed to an act"),
        (AgreementState.KEPT.value, "Kept", "They did it already"),
        (AgreementState.ASKED.value, "Asked", "We asked; no answer yet"),
        (AgreementState.SOFT.value, AgreementState.SOFT.label, "They like it; nobody promised an act"),
    ]
)
_LISTS = ("names", "values", "words", "without")


class RuleForm(forms.Form):
    """A rule as a person writes it. Lists are typed one a line; ``rule`` is its answer."""

    name = forms.CharField(max_length=120)
    agreement = forms.CharField(max_length=200)
    trace = forms.ChoiceField(choices=[(key, label) for key, label, _ in TRACES])
    names = forms.CharField(required=False, max_length=4000)
    values = forms.CharField(required=False, max_length=4000)
    words = forms.CharField(required=False, max_length=4000)
    without = forms.CharField(required=False, max_length=4000)
    pattern = forms.CharField(required=False, max_length=1000, strip=False)
    state = forms.ChoiceField(choices=[(key, label) for key, label, _ in REACHED])
    evidence = forms.TypedChoiceField(coerce=int, choices=[(level.value, level.name) for level in Evidence])
    confidence = WholeNumber(min_value=1, max_value=100)
    act = forms.CharField(required=False, max_length=400)
    only_open = forms.BooleanField(required=False)

    def rule(self, key: str = "") -> Rule:
        entered = dict(self.cleaned_data)
        entered |= {name: tuple(lines(entered[name])) for name in _LISTS}
        entered["confidence"] = entered["confidence"] / 100
        return Rule(key=key or actions.key_for(entered["name"]), **entered)


def _on_record(rule: Rule) -> dict[str, Any]:
    """Return what the form shows of a rule."""
    parts = plain(rule)
    lists = {name: "\n".join(parts[name]) for name in _LISTS}
    return parts | lists | {"confidence": round(100 * rule.confidence)}


def _keeper(request: Request) -> None:
    if not rules_page.may_keep(request.user):
        raise Hidden("not theirs to keep")


# ---- rules ----


def rules(request: Request) -> HttpResponse:
    """The detection rules: what each waits for, whether it is on, how often it was right."""
    _keeper(request)
    context = {
        "rules": rules_page.rules(request.user),
        "starters": rules_page.starters_left(request.user),
        "waiting": to_confirm_page.waiting_count(request.user),
    }
    return render(request, "detection/rules.html", context)


def rule(request: Request, rule_id: int) -> HttpResponse:
    """One rule: its words, its test on history, what it found, its versions."""
    page = rules_page.rule_page(request.user, rule_id)
    return render(request, "detection/rule.html", {"page": page, "line": page.line})


@drafts.kept()
@once()
def new_rule(request: Request) -> HttpResponse:
    """Write a rule, from nothing or from a starter."""
    _keeper(request)
    starter = starters().get(request.GET.get("from", ""))
    if request.method != "POST":
        begin = {
            "trace": Trace.DOCUMENT,
            "state": "gained",
            "evidence": 3,
            "confidence": 80,
            "only_open": False,
        }
        return _form(request, _on_record(starter) if starter else begin)
    form = RuleForm(request.POST)
    drafts.read(form)
    row = actions.write_rule(by=request.user, at=timezone.now(), rule=form.rule())
    messages.info(request, "The rule is written and off. Test it on history, then switch it on.")
    return redirect("rule", row.pk)


@drafts.kept()
def edit_rule(request: Request, rule_id: int) -> HttpResponse:
    """Change a rule: the next version, to be tested again."""
    page = rules_page.rule_page(request.user, rule_id)
    if request.method != "POST":
        return _form(request, _on_record(page.rule) | {"version": page.version}, page=page)
    form = RuleForm(request.POST)
    drafts.read(form)
    actions.change_rule(
        by=request.user,
        at=timezone.now(),
        row=rules_page.rule_row(request.user, rule_id),
        rule=form.rule(page.line.key),
        expected_version=drafts.version_of(request.POST),
    )
    return redirect("rule", rule_id)


def _form(
    request: Request, known: dict[str, Any], *, page: rules_page.RulePage | None = None
) -> HttpResponse:
    draft = drafts.of(request)
    context = {
        "draft": draft,
        "said": draft.over(drafts.blank(RuleForm) | known),
        "problems": draft.problems,
        "offered": rules_page.offered(request.user),
        "traces": TRACES,
        "reached": REACHED,
        "evidence_choices": EVIDENCE,
        "roles": BuyingRole.values,
        "page": page,
    }
    return render(request, "detection/form.html", context)


@require_POST
def test_rule(request: Request, rule_id: int) -> HttpResponse:
    """Try a rule on all of history."""
    row = rules_page.rule_row(request.user, rule_id)
    actions.test_rule(by=request.user, at=timezone.now(), row=row)
    return redirect("rule", rule_id)


@drafts.flashed("rule", "rule_id")
@require_POST
def switch_rule(request: Request, rule_id: int) -> HttpResponse:
    """Let a rule fill the register, or stop it."""
    row = rules_page.rule_row(request.user, rule_id)
    if request.POST.get("to") == "on":
        ran = actions.switch_on(by=request.user, at=timezone.now(), row=row)
        said = say("On. It found {found} now; sellers confirm theirs.", found=plural(ran.found, "agreement"))
        rest = say("The other deals are read in the background.")
        messages.info(request, f"{said} {rest}" if ran.left else said)
    else:
        actions.switch_off(by=request.user, at=timezone.now(), row=row)
        messages.info(request, "Off. What it found stays.")
    return redirect("rule", rule_id)


@require_POST
def take_back_rule(request: Request, rule_id: int) -> HttpResponse:
    """Take back, as one, what a rule found and nobody judged."""
    row = rules_page.rule_row(request.user, rule_id)
    number = actions.take_back(by=request.user, at=timezone.now(), row=row)
    messages.info(
        request,
        say("Taken back: {n}. The rule is off; what people judged stays.", n=plural(number, "agreement")),
    )
    return redirect("rule", rule_id)


# ---- to confirm ----


@for_sellers_and_leaders
def to_confirm(request: Request) -> HttpResponse:
    """What rules found on the viewer's open deals and nobody confirmed, by rule; of one type or one seller."""
    wanted = {name: request.GET.get(name, "") for name in ("type", "seller")}
    owner = whole_number(wanted["seller"])
    tallied = to_confirm_page.tallies(request.user)
    found = to_confirm_page.to_confirm(request.user, type_key=wanted["type"], owner_id=owner, tallied=tallied)
    context = {
        "batches": found.batches,
        "total": found.total,
        "wanted": wanted,
        "here": request.get_full_path(),
        "kinds": to_confirm_page.by_type(tallied),
        "sellers": to_confirm_page.sellers(tallied) if request.user.role != Role.SELLER else (),
    }
    return render(request, "detection/to_confirm.html", context)


def deal_found(request: Request, deal_id: int) -> HttpResponse:
    """What rules found on one deal. The deal's page fetches it as a piece; by itself it is a page."""
    facts = deal_page.deal_facts(request.user, deal_id)
    context = {"facts": facts, "found": to_confirm_page.on_deal(request.user, deal_id)}
    piece = request.htmx.target == "deal-found"
    return render(request, f"detection/{'_on_deal' if piece else 'deal'}.html", context)


@require_POST
@for_sellers_and_leaders
def judge_found(request: Request, detection_id: int) -> HttpResponse:
    """Say whether what a rule found is right; where it is not known who committed, the form asks."""
    try:
        said = _judged(request, detection_id)
    except actions.AlreadyJudged as refused:
        said = str(refused)
    except NotYetGained:
        waiting = to_confirm_page.waiting(request.user, detection_id)
        response = redirect("agreement", waiting.deal_id, waiting.type_id)
        response.headers["Location"] += f"?state={waiting.state}"
        return response
    return onward.onward(request, said, kind=onward.Kind.FOUND)


def _judged(request: Request, detection_id: int) -> str:
    """Keep the answer to what a rule found; return what was done, in a sentence. Raises AlreadyJudged, NotYetGained."""
    by, at = request.user, timezone.now()
    if request.POST.get("answer") == "right":
        judged = actions.confirm(by=by, at=at, detection_id=detection_id)
        return say("{deal}: {type} is confirmed.", deal=judged.deal, type=judged.rule.type)
    note = request.POST.get("note", "")[:2000]
    judged = actions.reject(by=by, at=at, detection_id=detection_id, note=note)
    return say(
        "{deal}: {type} is taken back. The rule learns from it.", deal=judged.deal, type=judged.rule.type
    )


@require_POST
@for_sellers_and_leaders
def confirm_found(request: Request) -> HttpResponse:
    """Confirm the chosen ones of a batch together."""
    found = map(whole_number, request.POST.getlist("found"))
    chosen = [one for one in found if one is not None][: to_confirm_page.MOST_IN_A_BATCH]
    done, left = actions.confirm_all(by=request.user, at=timezone.now(), detection_ids=chosen)
    said = say("{n} confirmed.", n=done)
    still = say("{n} still need a name: open them.", n=left)
    return onward.onward(request, f"{said} {still}" if left else said, kind=onward.Kind.FOUND)
