"""Strategies: what we want to win by, the results it is judged by, and the agreements it hinges on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import metric_words, metrics
from hingepoint.analysis.period_numbers import parts_of_years
from hingepoint.domain.deals.queries import filters
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries import then
from hingepoint.domain.people import queries as people
from hingepoint.domain.routines.queries import kept as routine_answers
from hingepoint.domain.strategy import actions, asking, presets, rules
from hingepoint.domain.strategy.queries import advice, before_asking, over_years, own_metrics, strategy_page
from hingepoint.domain.strategy.queries import strategies as strategy_list
from hingepoint.domain.strategy.requirements import USUAL_GRACE
from hingepoint.records import conventions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.strategy import Status
from hingepoint.reports.findings import replayed
from hingepoint.reports.findings.metric import metric_of
from hingepoint.web import drafts, measures, past, strategy_pictures, strategy_words
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import once

#: Results that are drawn on a page of theirs, and on that of the strategy, which has two pictures more; others are told in words.
MOST_DRAWN, MOST_DRAWN_BESIDE = 8, 6

FACTS = ("name", "statement", "metric", "segment", "sponsor")


class StrategyForm(measures.MeasureForm):
    """A strategy's own words, and what it is judged by."""

    outcomes = True
    name = forms.CharField(max_length=120)
    statement = forms.CharField(max_length=3000)
    segment = forms.CharField(required=False, max_length=100)
    sponsor = WholeNumber(required=False)
    grace_days = WholeNumber(required=False, min_value=0, max_value=365, label="Days of grace")


class TargetForm(measures.MeasureForm):
    """A result metric with its target. Shares are typed in percent."""

    segment = forms.CharField(required=False, max_length=100)
    region = forms.CharField(required=False, max_length=100)
    product = forms.CharField(required=False, max_length=100)
    team = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    baseline = forms.FloatField(label="Where it stood")
    target = forms.FloatField(label="Where it shall be")
    target_on = forms.DateField(label="By when")

    def numbers(self) -> dict[str, Any]:
        """Return what was typed in the metric's own unit."""
        names = ("metric", "segment", "region", "product", "baseline", "target", "target_on")
        entered = {name: self.cleaned_data[name] for name in names}
        scale = 100 if metrics.parse(entered["metric"]).kind == "share" else 1
        return entered | {"baseline": entered["baseline"] / scale, "target": entered["target"] / scale}


def _choices(request: Request, metric: str, *, outcomes: bool = False) -> dict[str, Any]:
    """Return what the fields of a metric and its deals offer."""
    return {
        "measures": measures.offered(metric, own_metrics.names(request.user), outcomes=outcomes),
        "rows": measures.ROWS,
        "judged_on": measures.JUDGED_ON,
        "compares": measures.COMPARES,
        **_deals_offered(request),
    }


def _deals_offered(request: Request) -> dict[str, Any]:
    """Return the segments, regions, products and teams to choose from: those that deals have."""
    found = filters.offered(request.user)
    words = {name: getattr(found, name) for name in ("segments", "regions", "products")}
    return {name: [(one, one) for one in known] for name, known in words.items()} | {"teams": found.teams}


def keeper(request: Request) -> None:
    """Answer everybody else as if the page did not exist."""
    if not rules.may_keep(request.user):
        raise Hidden("not theirs to change")


@for_sellers_and_leaders
def strategies(request: Request) -> HttpResponse:
    """The strategies one knows."""
    context = {
        "strategies": strategy_list.strategies(request.user),
        "may_edit": rules.may_keep(request.user),
        "noun": metric_words.noun,
        "presets": presets.PRESETS,
    }
    return render(request, "strategy/strategies.html", context)


@for_sellers_and_leaders
def strategy(request: Request, strategy_id: int) -> HttpResponse:
    """One strategy as a chain: results, pivotal agreements, routines; for those who see every deal also as of a past day."""
    wanted = past.asked(request)
    if wanted.day:
        return _strategy_then(request, strategy_id, wanted, wanted.day)
    today = timezone.localdate()
    page = strategy_page.strategy_page(request.user, strategy_id, today=today)
    context = {
        "page": page,
        "asking": asking.unfinished() if page.asking else None,
        "counted_at": page.counted_at,
        "promises": _promises(request, today),
    }
    return _shown(request, wanted, today, context)


def _strategy_then(request: Request, strategy_id: int, wanted: past.Asked, day: dt.date) -> HttpResponse:
    told = then.of_strategy(request.user, then.STRATEGY, strategy_id, day)
    if told is None:
        return past.nothing(request, wanted, then.STRATEGY, about=str(strategy_id))
    promised = then.promises(request.user, told.day)
    context = {
        "page": told.answer,
        "asking": None,
        "promises": promised.answer if promised else None,
        "promises_on": promised.day if promised else None,
    }
    return _shown(request, wanted, told.day, context, told=told)


def _shown(
    request: Request, wanted: past.Asked, day: dt.date, context: dict[str, Any], told: Any = None
) -> HttpResponse:
    """Show the page of a strategy as of ``day``."""
    context |= {
        "line": context["page"].line,
        "title": metric_words.title,
        "noun": metric_words.noun,
        "today": day,
        "say": strategy_words,
        **past.shown(wanted, told),
    }
    return render(request, "strategy/strategy.html", context)


def _promises(request: Request, today: dt.date) -> routine_answers.Promises | None:
    """Return what the reader promised as a leader of the whole; None for others."""
    return routine_answers.promises(request.user, today=today) if request.user.sees_everything else None


@for_sellers_and_leaders
def results_over_years(request: Request, strategy_id: int) -> HttpResponse:
    """The results of a strategy month by month, each with its picture, today or as of a past day. Its page fetches it as a piece;
    by itself it is a page."""
    wanted, today = past.asked(request), timezone.localdate()
    if wanted.day is None:
        found = over_years.results_over_years(request.user, strategy_id, today=today)
        return _results(request, found, today, past.shown(wanted))
    told = then.of_strategy(request.user, then.RESULTS, strategy_id, wanted.day)
    if told is None:
        return past.nothing(request, wanted, then.RESULTS, about=str(strategy_id))
    return _results(request, told.answer, told.day, past.shown(wanted, told))


def _results(
    request: Request, found: over_years.Results, day: dt.date, context: dict[str, Any]
) -> HttpResponse:
    piece = request.htmx.target == "results-seen"
    most = MOST_DRAWN_BESIDE if piece else MOST_DRAWN
    begins, _ = parts_of_years(day, day, first_month=settings.FISCAL_YEAR_BEGINS)[0]
    context |= {
        "found": found,
        "undrawn": piece and len(found.told) > most,
        "panels": [
            strategy_pictures.panel(one, went, is_drawn=place < most)
            for place, (one, went) in enumerate(found.told)
        ],
        "quarter": strategy_words.part_of_year(begins, settings.FISCAL_YEAR_BEGINS),
        "week": strategy_words.week_of_quarter(day, begins),
        "anew": {} if context["as_of"] else own_metrics.defined_anew(one.metric for one, _ in found.told),
        "say": strategy_words,
        "title": metric_words.title,
    }
    return render(request, "strategy/_results.html" if piece else "strategy/results.html", context)


@for_sellers_and_leaders
def agreements_over_years(request: Request, strategy_id: int) -> HttpResponse:
    """How far the pivotal agreements of a strategy are gained on every deal, and whether they still predict, today or as of a past
    day. Its page fetches it as a piece, the sponsor's home how many still predict; by itself it is a page."""
    wanted, today = past.asked(request), timezone.localdate()
    if wanted.day is None:
        found = over_years.agreements_over_years(request.user, strategy_id, today=today)
        return _agreements(request, found, past.shown(wanted))
    told = then.of_strategy(request.user, then.AGREEMENTS, strategy_id, wanted.day)
    if told is None:
        return past.nothing(request, wanted, then.AGREEMENTS, about=str(strategy_id))
    return _agreements(request, told.answer, past.shown(wanted, told))


def _agreements(request: Request, found: over_years.Agreements, context: dict[str, Any]) -> HttpResponse:
    if request.htmx.target == "still-predicts":
        verdicts = strategy_words.verdicts(found.told.agreements)
        return render(request, "strategy/_still.html", context | {"found": found, "verdicts": verdicts})
    kind, told = metrics.parse(found.metric).kind, found.told
    then_only = context["as_of"] is not None  # the page of an agreement tells of today
    context |= {
        "found": found,
        "kind": kind,
        "executed": strategy_pictures.executed(
            told.agreements, link=lambda key: "" if then_only else reverse("pivotal", args=[found.id, key])
        ),
        "paces": strategy_pictures.paces(told.paces, kind=kind, first_month=settings.FISCAL_YEAR_BEGINS),
        "say": strategy_words,
        "noun": metric_words.noun,
    }
    piece = request.htmx.target == "agreements-seen"
    return render(request, "strategy/_predicts.html" if piece else "strategy/predicts.html", context)


@for_sellers_and_leaders
def advice_held(request: Request, strategy_id: int) -> HttpResponse:
    """How the findings that past days would have given held on later deals. The strategy's page fetches it as a piece; by
    itself it is a page."""
    found = advice.advice_held(request.user, strategy_id)
    record = found.record
    context = {
        "found": found,
        "told": replayed.replayed(record.replay) if record else None,
        "unit": metric_of(record.metric, record.currency).unit if record else "",
        "may_run": runs.may_run(request.user),
    }
    piece = request.htmx.target == "advice-held"
    return render(request, "strategy/_advice.html" if piece else "strategy/advice.html", context)


@for_sellers_and_leaders
def routines(request: Request, strategy_id: int) -> HttpResponse:
    """How talks were prepared and debriefed, and how exceptions were answered, on the deals of a strategy, today or as of a past
    day. Its page fetches it as a piece; by itself it is a page."""
    line = next((one for one in strategy_list.strategies(request.user) if one.id == strategy_id), None)
    if line is None:
        raise Hidden("no such strategy")
    wanted, today = past.asked(request), timezone.localdate()
    if wanted.day is None:
        found = then.routines_of(request.user, line.segment, today=today, now=timezone.now())
        return _routines(request, line, found, past.shown(wanted))
    told = then.of_strategy(request.user, then.ROUTINES, strategy_id, wanted.day)
    if told is None:
        return past.nothing(request, wanted, then.ROUTINES, about=str(strategy_id))
    return _routines(request, line, told.answer, past.shown(wanted, told))


def _routines(
    request: Request, line: strategy_list.StrategyLine, found: then.Routines, context: dict[str, Any]
) -> HttpResponse:
    context |= {
        "line": line,
        "routines": found.talks,
        "answers": found.answers,
        "kept": found.kept,
        "say": strategy_words,
    }
    piece = request.htmx.target == "routines"
    return render(request, "strategy/_routines.html" if piece else "strategy/routines.html", context)


@drafts.kept()
@once()
def new_strategy(request: Request) -> HttpResponse:
    """Write a strategy, from a preset or from nothing."""
    keeper(request)
    if request.method != "POST":
        preset = presets.by_key(request.GET.get("from", ""))
        known = {name: getattr(preset, name, "") for name in ("name", "statement")}
        known |= measures.chosen(preset.metric if preset else "") | {"grace_days": USUAL_GRACE}
        return _form(request, known)
    facts = _facts(request, drafts.read(StrategyForm(request.POST, own=own_metrics.names(request.user))))
    made = actions.write_strategy(by=request.user, at=timezone.now(), **facts)
    return redirect("strategy", made.pk)


@drafts.kept()
def edit_strategy(request: Request, strategy_id: int) -> HttpResponse:
    """Change a strategy's words, metric, segment or sponsor."""
    keeper(request)
    row = strategy_list.editable(request.user, strategy_id)
    if request.method != "POST":
        same = ("name", "statement", "segment", "grace_days", "version")
        known = {name: getattr(row, name) for name in same} | measures.chosen(
            row.metric, own_metrics.names(request.user)
        )
        return _form(request, known | {"sponsor": row.sponsor_id or ""}, now=row)
    entered = drafts.read(StrategyForm(request.POST, now=row.metric, own=own_metrics.names(request.user)))
    actions.change_strategy(
        by=request.user,
        at=timezone.now(),
        strategy=row,
        expected_version=drafts.version_of(request.POST),
        **_facts(request, entered),
    )
    return redirect("strategy", strategy_id)


def _facts(request: Request, entered: dict[str, Any]) -> dict[str, Any]:
    grace = {} if entered["grace_days"] is None else {"grace_days": entered["grace_days"]}
    sponsor = strategy_list.sponsor(request.user, entered["sponsor"])
    return {name: entered[name] for name in FACTS} | {"sponsor": sponsor} | grace


def _form(request: Request, known: dict[str, Any], *, now: Any = None) -> HttpResponse:
    draft = drafts.of(request)
    labels = {
        "name": say("Name"),
        "statement": say("Statement"),
        "measure": say("Judged by"),
        "segment": say("For which deals"),
    }
    context = {
        "now": now,
        "draft": draft,
        "both": draft.both(known, labels),
        "said": draft.over(drafts.blank(StrategyForm) | known),
        "problems": draft.problems,
        "sponsors": strategy_list.sponsors(request.user),
        "choices": _choices(request, now.metric if now else "", outcomes=True),
    }
    return render(request, "strategy/form.html", context)


@drafts.kept()
def set_target(request: Request, strategy_id: int) -> HttpResponse:
    """State a result metric with baseline, target and day."""
    keeper(request)
    row = strategy_list.editable(request.user, strategy_id)
    if request.method != "POST":
        draft = drafts.of(request)
        context = {
            "strategy": row,
            "draft": draft,
            "said": draft.over(
                drafts.blank(TargetForm) | measures.chosen(row.metric, own_metrics.names(request.user))
            ),
            "problems": draft.problems,
            "choices": _choices(request, row.metric),
        }
        return render(request, "strategy/target.html", context)
    form = TargetForm(request.POST, now=row.metric, own=own_metrics.names(request.user))
    drafts.offer(form, "team", [(str(pk), name) for pk, name in filters.offered(request.user).teams])
    team = drafts.read(form)["team"]
    deals_of = people.team_to_change(request.user, team) if team else None
    actions.set_target(by=request.user, at=timezone.now(), strategy=row, team=deals_of, **form.numbers())
    return redirect("strategy", strategy_id)


NOTHING_PUBLISHED = words_of("It asks nothing of anybody until its playbook is published.")


class StartForm(forms.Form):
    """For how many days what was due before is not due; empty leaves what the strategy has."""

    grace_days = WholeNumber(required=False, min_value=0, max_value=365, label="Days of grace")


@drafts.kept()
def put_in_force(request: Request, strategy_id: int) -> HttpResponse:
    """See what putting a strategy in force asks of whom, and let it hold from today."""
    keeper(request)
    row, today = strategy_list.editable(request.user, strategy_id), timezone.localdate()
    if request.method != "POST":
        context = {
            "strategy": row,
            "before": before_asking.of_start(request.user, strategy_id, today=today),
            "draft": drafts.of(request),
            "today": today,
        }
        return render(request, "strategy/start.html", context)
    grace = drafts.read(StartForm(request.POST))["grace_days"]
    known = {"strategy": row, "starts_on": starting_on(row, today), "grace_days": grace}
    actions.put_in_force(by=request.user, at=timezone.now(), **known)
    asked = asked_by_now() if before_asking.has_playbook(row) else NOTHING_PUBLISHED
    messages.info(request, f"{say('{name} holds.', name=row.name)} {asked}")
    return redirect("strategy", strategy_id)


def starting_on(row: Any, today: dt.date) -> dt.date:
    """Return from when a strategy holds that is put in force today: one that was retired begins anew."""
    return today if row.status == Status.RETIRED or not row.starts_on else row.starts_on


@require_POST
def retire_strategy(request: Request, strategy_id: int) -> HttpResponse:
    """Ask nothing more for a strategy."""
    keeper(request)
    row, now = strategy_list.editable(request.user, strategy_id), timezone.now()
    actions.retire(by=request.user, at=now, strategy=row)
    messages.info(
        request,
        f"{say('{name} is retired; what was gained stays.', name=row.name)} {asked_by_now()}",
    )
    return redirect("strategy", strategy_id)


def asked_by_now() -> str:
    """Ask the first open deals at once, which are all of them in a small company; say how far that is."""
    found = actions.ask_open_deals(at=timezone.now(), batches=1)
    return asked_words(found) if found and found.finished else say("Open deals are asked in the background.")


def asked_words(found: asking.Progress) -> str:
    """Return what a round changed, in a sentence."""
    if not found.changes:
        return say("No open deal is asked for anything else.")
    parts = [
        (found.changes.added, words_of("{n} asked for anew")),
        (found.changes.changed, words_of("{n} with another day")),
        (found.changes.released, words_of("{n} no longer asked")),
    ]
    told = ", ".join(say(words, n=conventions.number(n)) for n, words in parts if n)
    return say("Agreements on open deals: {told}.", told=told)


@for_sellers_and_leaders
def asking_progress(request: Request) -> HttpResponse:
    """The bar on the page, alone: how far open deals are asked; its last word once they are, or nobody was."""
    found = asking.progress() or asking.Progress(0, 0, True, asking.Refreshed())
    return render(request, "strategy/_asking.html", {"asking": found, "asked": asked_words(found)})
