"""Strategies: what we want to win by, the results it is judged by, and the agreements it hinges on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import metric_words, metrics
from hingepoint.domain.deals.queries import filters
from hingepoint.domain.plans.queries import reviews
from hingepoint.domain.strategy import actions, asking, presets, rules
from hingepoint.domain.strategy.queries import still_holds, strategy_page
from hingepoint.domain.strategy.queries import strategies as strategy_list
from hingepoint.records.errors import Stale
from hingepoint.reports.findings import words as finding_words
from hingepoint.web.deals import for_sellers_and_leaders

FACTS = ("name", "statement", "metric", "segment", "sponsor")


class StrategyForm(forms.Form):
    """A strategy's own words. ``metric`` is written as for discovery."""

    name = forms.CharField(max_length=120)
    statement = forms.CharField(max_length=3000)
    metric = forms.CharField(max_length=200)
    segment = forms.CharField(required=False, max_length=100)
    sponsor = forms.IntegerField(required=False)
    version = forms.IntegerField(required=False)

    def clean_metric(self) -> str:
        return _metric(self.cleaned_data["metric"])


class TargetForm(forms.Form):
    """A result metric with its target. Shares are typed in percent."""

    metric = forms.CharField(max_length=200)
    segment = forms.CharField(required=False, max_length=100)
    baseline = forms.FloatField()
    target = forms.FloatField()
    target_on = forms.DateField()

    def clean_metric(self) -> str:
        return _metric(self.cleaned_data["metric"])

    def numbers(self) -> dict[str, Any]:
        """Return what was typed in the metric's own unit."""
        told = dict(self.cleaned_data)
        scale = 100 if metrics.parse(told["metric"]).kind == "share" else 1
        return told | {"baseline": told["baseline"] / scale, "target": told["target"] / scale}


def _metric(text: str) -> str:
    try:
        return metrics.parse_target(text).name
    except metrics.MetricError as error:
        raise forms.ValidationError(finding_words.sentence(str(error))) from None


def keeper(request: HttpRequest) -> None:
    """Answer everybody else as if the page did not exist."""
    if not rules.may_keep(request.user):
        raise Http404("not theirs to change")


@for_sellers_and_leaders
def strategies(request: HttpRequest) -> HttpResponse:
    """The strategies one knows."""
    context = {
        "strategies": strategy_list.strategies(request.user),
        "may_edit": rules.may_keep(request.user),
        "noun": metric_words.noun,
        "presets": presets.PRESETS,
    }
    return render(request, "strategy/strategies.html", context)


@for_sellers_and_leaders
def strategy(request: HttpRequest, strategy_id: int) -> HttpResponse:
    """One strategy as a chain: results, pivotal agreements, routines."""
    return _page(request, strategy_id)


def _page(request: HttpRequest, strategy_id: int, *, status: int = 200, **more: Any) -> HttpResponse:
    page = strategy_page.strategy_page(request.user, strategy_id, today=timezone.localdate())
    context = {
        "page": page,
        "line": page.line,
        "title": metric_words.title,
        "noun": metric_words.noun,
        "today": timezone.localdate(),
        "said": {"metric": page.line.metric},
        "problems": {},
        "routines": reviews.routines(request.user, today=timezone.localdate(), segment=page.line.segment),
        "asking": asking.unfinished() if page.asking else None,
        "still": still_holds.still_holds(request.user, at=timezone.now(), strategy_id=strategy_id),
        **more,
    }
    return render(request, "strategy/strategy.html", context, status=status)


def new_strategy(request: HttpRequest) -> HttpResponse:
    """Write a strategy, from a preset or from nothing."""
    keeper(request)
    form = StrategyForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        try:
            made = actions.write_strategy(by=request.user, at=timezone.now(), **_facts(request, form))
        except actions.NameTaken as error:
            return _form(request, problems={"name": str(error)}, status=422)
        return redirect("strategy", made.pk)
    return _form(request, problems=problems_of(form), status=422 if form else 200)


def edit_strategy(request: HttpRequest, strategy_id: int) -> HttpResponse:
    """Change a strategy's words, metric, segment or sponsor."""
    keeper(request)
    row = strategy_list.editable(request.user, strategy_id)
    form = StrategyForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        try:
            actions.change_strategy(
                by=request.user,
                at=timezone.now(),
                strategy=row,
                expected_version=form.cleaned_data["version"],
                **_facts(request, form),
            )
        except Stale:
            return _form(
                request, now=strategy_list.editable(request.user, strategy_id), stale=True, status=409
            )
        except actions.NameTaken as error:
            return _form(request, now=row, problems={"name": str(error)}, status=422)
        return redirect("strategy", strategy_id)
    return _form(request, now=row, problems=problems_of(form), status=422 if form else 200)


def problems_of(form: forms.Form | None) -> dict[str, str]:
    """Return the first thing wrong with each field."""
    return {name: errors[0] for name, errors in form.errors.items()} if form else {}


def _facts(request: HttpRequest, form: StrategyForm) -> dict[str, Any]:
    told = {name: form.cleaned_data[name] for name in FACTS}
    return told | {"sponsor": strategy_list.sponsor(request.user, told["sponsor"])}


def _form(
    request: HttpRequest, *, now: Any = None, problems: Any = None, stale: bool = False, status: int = 200
) -> HttpResponse:
    preset = presets.by_key(request.GET.get("from", ""))
    source = now or preset
    said = {name: getattr(source, name, "") for name in ("name", "statement", "metric", "segment")}
    said["sponsor"] = getattr(now, "sponsor_id", None) or ""
    version = now.version if now else ""
    said |= {name: request.POST[name] for name in FACTS if name in request.POST}
    context = {
        "now": now,
        "said": said | {"version": version if stale or not request.POST else request.POST.get("version", "")},
        "problems": problems or {},
        "stale": stale,
        "sponsors": strategy_list.sponsors(request.user),
        "segments": [(one, one) for one in filters.offered(request.user).segments],
    }
    return render(request, "strategy/form.html", context, status=status)


@require_POST
def set_target(request: HttpRequest, strategy_id: int) -> HttpResponse:
    """State a result metric with baseline, target and day."""
    keeper(request)
    row = strategy_list.editable(request.user, strategy_id)
    form = TargetForm(request.POST)
    if not form.is_valid():
        return _page(request, strategy_id, status=422, said=request.POST, problems=problems_of(form))
    actions.set_target(by=request.user, at=timezone.now(), strategy=row, **form.numbers())
    return redirect("strategy", strategy_id)


@require_POST
def put_in_force(request: HttpRequest, strategy_id: int) -> HttpResponse:
    """Let a strategy hold from today."""
    keeper(request)
    row, now = strategy_list.editable(request.user, strategy_id), timezone.now()
    starts_on = row.starts_on or timezone.localdate()
    actions.put_in_force(by=request.user, at=now, strategy=row, starts_on=starts_on)
    messages.info(request, f"{row.name} holds. {asked_by_now()}")
    return redirect("strategy", strategy_id)


@require_POST
def retire_strategy(request: HttpRequest, strategy_id: int) -> HttpResponse:
    """Ask nothing more for a strategy."""
    keeper(request)
    row, now = strategy_list.editable(request.user, strategy_id), timezone.now()
    actions.retire(by=request.user, at=now, strategy=row)
    messages.info(request, f"{row.name} is retired; what was gained stays. {asked_by_now()}")
    return redirect("strategy", strategy_id)


def asked_by_now() -> str:
    """Ask the first open deals at once, which are all of them in a small company; say how far that is."""
    found = actions.ask_open_deals(at=timezone.now(), batches=1)
    return asked_words(found) if found and found.finished else "Open deals are asked in the background."


def asked_words(found: asking.Progress) -> str:
    """Return what a round changed, in a sentence."""
    if not found.changes:
        return "No open deal is asked for anything else."
    parts = [
        (found.changes.added, "asked for anew"),
        (found.changes.changed, "with another day"),
        (found.changes.released, "no longer asked"),
    ]
    told = ", ".join(f"{n:,} {words}" for n, words in parts if n)
    return f"Agreements on open deals: {told}."


@for_sellers_and_leaders
def asking_progress(request: HttpRequest) -> HttpResponse:
    """The bar on the page, alone: how far open deals are asked; its last word once they are, or nobody was."""
    found = asking.progress() or asking.Progress(0, 0, True, asking.Refreshed())
    return render(request, "strategy/_asking.html", {"asking": found, "asked": asked_words(found)})
