"""The playbook of a strategy: its versions, choosing and describing pivotal agreements, publishing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import metric_words
from hingepoint.domain.deals.queries import filters
from hingepoint.domain.hindsight.queries import said
from hingepoint.domain.strategy import actions, asking
from hingepoint.domain.strategy.queries import before_asking, drafting, strategies
from hingepoint.domain.strategy.queries import playbook as playbook_pages
from hingepoint.records.agreements import Evidence
from hingepoint.records.deals import Stage
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.strategy import NeededBy, Status
from hingepoint.web import drafts
from hingepoint.web.agreements import EVIDENCE
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, WholeNumber, whole_number
from hingepoint.web.strategy import asked_by_now, keeper

STAGES = [(stage.value, stage.value.capitalize()) for stage in Stage]
NOT_IN_FORCE = words_of("Nobody is asked yet: put the strategy in force when you are ready.")
#: A form offers this many demands.
DEMANDS = 4
_LISTS = ("checks", "questions", "principles")


class StandardForm(forms.Form):
    """What good looks like for one pivotal agreement. Lists are typed one a line."""

    needed_by = forms.ChoiceField(choices=NeededBy.choices)
    needed_days = WholeNumber(required=False, min_value=0, max_value=3650)
    needed_stage = forms.ChoiceField(required=False, choices=[("", ""), *STAGES])
    counterpart = forms.CharField(required=False, max_length=200)
    evidence_wanted = forms.TypedChoiceField(
        coerce=int, choices=[(level.value, level.name) for level in Evidence]
    )
    recheck_days = WholeNumber(min_value=1, max_value=3650)
    segments = forms.MultipleChoiceField(required=False)
    least_amount = forms.DecimalField(required=False, min_value=0, max_digits=19, decimal_places=4)
    checks = forms.CharField(required=False, max_length=4000)
    questions = forms.CharField(required=False, max_length=4000)
    principles = forms.CharField(required=False, max_length=4000)

    def __init__(self, *args: Any, segments: tuple[str, ...], **kwargs: Any):
        super().__init__(*args, **kwargs)
        drafts.offer(self, "segments", [(one, one) for one in segments])
        for n in range(DEMANDS):
            self.fields[f"demand_{n}"] = forms.CharField(required=False, max_length=300)
            self.fields[f"reasons_{n}"] = forms.CharField(required=False, max_length=4000)
            self.fields[f"trades_{n}"] = forms.CharField(required=False, max_length=4000)

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if entered.get("needed_by") == NeededBy.STAGE:
            if not entered.get("needed_stage"):
                self.add_error("needed_stage", "Say which stage.")
        elif entered.get("needed_days") is None and "needed_days" not in self.errors:
            self.add_error("needed_days", "Say how many days.")
        return entered

    def standard(self) -> dict[str, Any]:
        """Return the columns of ``PivotalAgreement``."""
        entered = {name: self.cleaned_data[name] for name in self.base_fields}
        demands = [_demand(self.data, n) for n in range(DEMANDS)]
        known = {"demands": [one for one in demands if one["demand"]]}
        return entered | {name: lines(entered[name]) for name in _LISTS} | known


def lines(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _demand(data: Any, n: int) -> dict[str, Any]:
    return {
        "demand": data.get(f"demand_{n}", "").strip(),
        "reasons": lines(data.get(f"reasons_{n}", "")),
        "trades": lines(data.get(f"trades_{n}", "")),
    }


def _number(request: Request, name: str = "version") -> int | None:
    found = whole_number(request.GET.get(name))
    return found if found is not None and found < 10_000 else None


@for_sellers_and_leaders
def playbook(request: Request, strategy_id: int) -> HttpResponse:
    """One version of a playbook; the published one unless asked."""
    page = playbook_pages.playbook_page(request.user, strategy_id, _number(request))
    if page is None:
        raise Hidden("nothing is published yet")
    context = {"page": page, "noun": metric_words.noun, "asking": asking.unfinished()}
    return render(request, "playbook/playbook.html", context)


@for_sellers_and_leaders
def pivotal(request: Request, strategy_id: int, key: str) -> HttpResponse:
    """One pivotal agreement: what good looks like, how well-executed deals did it, what to ask and trade."""
    page = _pivotal(request, strategy_id, key)
    return render(
        request,
        "playbook/pivotal.html",
        {
            "page": page,
            "line": page.line,
            "noun": metric_words.noun,
            "counted_at": page.counted_at,
            **looked_back(request, page.line.key),
        },
    )


def looked_back(request: Request, key: str) -> dict[str, Any]:
    """Return what ``hindsight/_said.html`` shows of an agreement."""
    found = said.said_missing(request.user, key, now=timezone.now())
    return {"hindsight": found, "least_looked_back": said.LEAST_DEALS}


def _pivotal(
    request: Request, strategy_id: int, key: str, number: int | None = None
) -> playbook_pages.PivotalPage:
    return playbook_pages.pivotal_page(
        request.user, strategy_id, key, today=timezone.localdate(), number=number or _number(request)
    )


@for_sellers_and_leaders
def compare_playbooks(request: Request, strategy_id: int) -> HttpResponse:
    """What changed between two versions."""
    older, newer = _number(request, "older"), _number(request, "newer")
    page = _written(request, strategy_id, newer)
    known = [one.number for one in page.versions if one.number < page.number]
    older = older or (known[0] if known else page.number)
    before = _written(request, strategy_id, older)
    context = {
        "page": page,
        "older": older,
        "newer": page.number,
        "differences": playbook_pages.compare(before, page),
    }
    return render(request, "playbook/compare.html", context)


def _written(request: Request, strategy_id: int, number: int | None) -> playbook_pages.PlaybookPage:
    """Return a version of the playbook, the last one by itself. Raises Hidden also before there is one."""
    page = playbook_pages.playbook_page(request.user, strategy_id, number)
    if page is None:
        raise Hidden("nothing is published yet")
    return page


@require_POST
def draft_playbook(request: Request, strategy_id: int) -> HttpResponse:
    """Begin the next version, or open the one begun."""
    keeper(request)
    row = strategies.editable(request.user, strategy_id)
    draft = actions.draft_playbook(by=request.user, at=timezone.now(), strategy=row)
    return redirect(_at(strategy_id, draft.number))


def _at(strategy_id: int, number: int) -> str:
    return f"{reverse('playbook', args=[strategy_id])}?version={number}"


class ChoiceForm(forms.Form):
    key = forms.CharField(max_length=200)
    judgement = forms.CharField(required=False, max_length=2000)


class PublishForm(forms.Form):
    note = forms.CharField(
        max_length=2000,
        error_messages={"required": "Say in a sentence what changes and why: sellers read it."},
    )


@drafts.kept()
def choose_pivotal(request: Request, strategy_id: int) -> HttpResponse:
    """Choose a pivotal agreement from signed findings, or by judgement."""
    keeper(request)
    draft = drafting.drafted(request.user, strategy_id)
    if request.method != "POST":
        return _choices(request, strategy_id, draft)
    chosen = _choose(request, draft, **drafts.read(ChoiceForm(request.POST)))
    return redirect("set-standard", strategy_id, chosen.type.key)


def _choose(request: Request, draft: Any, *, key: str, judgement: str) -> Any:
    kind, finding = drafting.choosable(request.user, draft, key)
    return actions.choose(
        by=request.user,
        at=timezone.now(),
        playbook=draft,
        type=kind,
        finding=None if judgement else finding,
        judgement=judgement,
        needed_days=30,
    )


def _choices(request: Request, strategy_id: int, draft: Any) -> HttpResponse:
    form = drafts.of(request)
    found = drafting.candidates(request.user, strategy_id)
    context = {
        "strategy_id": strategy_id,
        "name": draft.strategy.name,
        "number": draft.number,
        "signed": [one for one in found if one.behind],
        "suggested": [one for one in found if one.suggested and not one.behind],
        "others": [one for one in found if not one.suggested and not one.behind],
        "noun": metric_words.noun(draft.strategy.metric),
        "draft": form,
        "said": form.over(drafts.blank(ChoiceForm)),
        "problems": form.problems,
    }
    return render(request, "playbook/choose.html", context)


@drafts.kept()
def set_standard(request: Request, strategy_id: int, key: str) -> HttpResponse:
    """Say what good looks like for one pivotal agreement of the draft."""
    keeper(request)
    draft = drafting.drafted(request.user, strategy_id)
    page = _pivotal(request, strategy_id, key, draft.number)
    if request.method != "POST":
        return _standard(request, page)
    form = StandardForm(request.POST, segments=filters.offered(request.user).segments)
    drafts.read(form)
    actions.set_standard(
        by=request.user,
        at=timezone.now(),
        pivotal=drafting.chosen(request.user, strategy_id, key),
        expected_version=drafts.version_of(request.POST),
        **form.standard(),
    )
    return redirect(_at(strategy_id, draft.number))


def _on_record(page: playbook_pages.PivotalPage) -> dict[str, Any]:
    line = page.line
    same = ("needed_by", "needed_days", "needed_stage", "counterpart", "evidence_wanted", "recheck_days")
    known: dict[str, Any] = {name: getattr(line, name) for name in same}
    known |= {name: "\n".join(getattr(line, name)) for name in _LISTS}
    blank = {"demand": "", "reasons": [], "trades": []}
    demands = [*line.demands, *[blank] * DEMANDS][:DEMANDS]
    known |= {"segments": list(line.segments), "least_amount": line.least_amount, "demands": demands}
    return known | {"version": page.version}


def _standard(request: Request, page: playbook_pages.PivotalPage) -> HttpResponse:
    draft = drafts.of(request)
    demands = {"demands": [_demand(draft.typed, n) for n in range(DEMANDS)]} if draft else {}
    context = {
        "page": page,
        "line": page.line,
        "noun": metric_words.noun,
        "draft": draft,
        "said": draft.over(_on_record(page)) | demands,
        "problems": draft.problems,
        "rules": NeededBy.choices,
        "stages": STAGES,
        "evidence": [(value, label) for value, label, _ in EVIDENCE],
        "segments": filters.words_in_use(["segment"])["segment"],
        **looked_back(request, page.line.key),
    }
    return render(request, "playbook/standard.html", context)


@require_POST
def drop_pivotal(request: Request, strategy_id: int, key: str) -> HttpResponse:
    """Take a pivotal agreement out of the draft."""
    keeper(request)
    draft = drafting.drafted(request.user, strategy_id)
    chosen = drafting.chosen(request.user, strategy_id, key)
    actions.drop(by=request.user, at=timezone.now(), pivotal=chosen)
    return redirect(_at(strategy_id, draft.number))


@drafts.kept()
def publish_playbook(request: Request, strategy_id: int) -> HttpResponse:
    """See what publishing asks of open deals, and publish."""
    keeper(request)
    draft = drafting.drafted(request.user, strategy_id)
    if request.method == "POST":
        note = drafts.read(PublishForm(request.POST))["note"]
        actions.publish(by=request.user, at=timezone.now(), playbook=draft, note=note)
        asked = asked_by_now() if draft.strategy.status == Status.IN_FORCE else NOT_IN_FORCE
        messages.info(request, f"{say('Version {number} is published.', number=draft.number)} {asked}")
        return redirect("playbook", strategy_id)
    before = before_asking.of_draft(request.user, strategy_id, today=timezone.localdate())
    context = {"book": draft, "strategy": draft.strategy, "before": before}
    return render(request, "playbook/publish.html", context | {"draft": drafts.of(request)})
