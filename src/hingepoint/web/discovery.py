"""The Discovery pages: is it ready, run it, read what it found, decide, compare, take it away."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import metric_words, metrics
from hingepoint.analysis.discovery import DiscoveryError, Settings, benchmark_pack, weeks
from hingepoint.analysis.discovery.record import Record
from hingepoint.domain.agreements.queries.catalogue import keeps_catalogue
from hingepoint.domain.discovery import actions
from hingepoint.domain.discovery.queries import comparison, runs
from hingepoint.domain.discovery.queries import findings as findings_page
from hingepoint.domain.discovery.queries import readiness as readiness_page
from hingepoint.domain.hindsight.queries import said as said_of_lost_deals
from hingepoint.domain.strategy.queries import own_metrics, still_holds
from hingepoint.domain.sync import dates as crm_dates
from hingepoint.domain.trials.queries import lines, trial
from hingepoint.domain.upkeep import kept
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.reports import discovery as report
from hingepoint.reports import discovery_pdf
from hingepoint.reports import trials as trial_words
from hingepoint.reports.findings import shapes, whole, words
from hingepoint.reports.pictures import Pictures
from hingepoint.reports.typesetting import NoTypesetter
from hingepoint.web import drafts
from hingepoint.web.requests import WholeNumber, whole_number
from hingepoint.web.sent import once

METRICS = words_of(
    [
        ("", "Choose for me", "Supportive sales where deals carry prices, else the win rate."),
        ("supportive", "Sales that serve the strategy", "Won, and on target below."),
        ("won", metric_words.TITLES["won"], "Won, at any price."),
        ("net", metric_words.TITLES["net"], "Price less cost, nothing when lost."),
        ("discount", metric_words.TITLES["discount"], "On won deals only."),
        ("margin", metric_words.TITLES["margin"], "On won deals only."),
        ("revenue", metric_words.TITLES["revenue"], "On won deals only."),
        ("cycle_days", metric_words.TITLES["cycle_days"], "On won deals only."),
        (
            "price_realisation",
            metric_words.TITLES["price_realisation"],
            "Net by list price, on won deals only.",
        ),
        (
            "contract_size",
            metric_words.TITLES["contract_size"],
            "What was sold before any discount, on won deals only.",
        ),
    ]
)
#: The groups of findings, short enough for tabs.
SHORT = words_of(
    {
        "lever": "Help",
        "harmful": "Harm",
        "weak": "Worth a test",
        "none": "Not enough evidence",
        "excluded": "Left out",
    }
)
TABLES = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.parquet,.json,.jsonl,.ndjson,.gz,.zip"


def offered(own: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return what a run can explain, with the company's ``own`` metrics that say what a won deal brings."""
    usable = [one for one in own if metrics.is_outcome(one)]
    return [
        *METRICS,
        *((one, metric_words.title(one), say("Your own, on won deals only.")) for one in usable),
    ]


class RunForm(forms.Form):
    """What a run is asked for; ``settings()`` is its answer, ``None`` while something is wrong."""

    metric = forms.ChoiceField(choices=[(key, label) for key, label, _ in METRICS], required=False)
    discount = forms.FloatField(required=False, label="Discount at most", min_value=-100, max_value=100)
    margin = forms.FloatField(required=False, label="Margin at least", min_value=-100, max_value=100)
    cycle_days = forms.FloatField(required=False, label="Closed within", min_value=1)
    segment = forms.CharField(required=False, max_length=100)
    landmarks = forms.CharField(required=False, max_length=100, label="Landmarks")
    horizon = forms.CharField(required=False, max_length=20, label="Result counted within")
    smallest_effect = forms.FloatField(required=False, min_value=0, max_value=100, label="Smallest effect")
    certificate = forms.FloatField(required=False, min_value=0.1, max_value=50, label="Levers to plant")
    replay = forms.BooleanField(required=False)
    most = WholeNumber(required=False, min_value=1, max_value=12, label="At most in the set")
    seed = WholeNumber(required=False, min_value=0)
    mechanical = forms.CharField(required=False, max_length=2000)
    not_mechanical = forms.CharField(required=False, max_length=2000)
    negative_controls = forms.CharField(required=False, max_length=2000)
    insist = forms.CharField(required=False, max_length=2000)
    covariates = forms.CharField(required=False, max_length=2000)
    agreement_columns = forms.CharField(required=False, max_length=4000)
    skip_bad_rows = forms.BooleanField(required=False)
    deals = forms.FileField(required=False)
    events = forms.FileField(required=False)
    mapping = forms.FileField(required=False)
    pack = forms.FileField(required=False)

    def __init__(self, *args: Any, from_files: bool, own: Sequence[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.from_files = from_files
        drafts.offer(self, "metric", [(key, label) for key, label, _ in offered(own)])

    def clean(self) -> dict[str, Any]:
        if self.from_files and not (self.cleaned_data.get("deals") or self.cleaned_data.get("events")):
            self.add_error("deals", "Choose a table of deals, or an event log below.")
        limit = django_settings.ENVIRONMENT.upload_limit_mb
        for name in ("deals", "events", "mapping", "pack"):
            found = self.cleaned_data.get(name)
            if found and found.size > limit * 1_000_000:
                words = say(
                    "Larger than {limit} MB. Use the command hingepoint discover instead.", limit=limit
                )
                self.add_error(name, words)
        if self.cleaned_data.get("metric") == "supportive" and not self._conditions():
            self.add_error("discount", "Say what “on target” means: fill in at least one of the three.")
        if not self.errors:
            self._build()
        return self.cleaned_data

    def _conditions(self) -> list[str]:
        said = self.cleaned_data
        found = []
        if said.get("discount") is not None:
            found.append(f"discount<={said['discount']}%")
        if said.get("margin") is not None:
            found.append(f"margin>={said['margin']}%")
        if said.get("cycle_days") is not None:
            found.append(f"cycle_days<={said['cycle_days']:g}")
        return found

    def _build(self) -> None:
        said = self.cleaned_data
        metric = said["metric"] or None
        if metric == "supportive":
            metric = f"supportive:{' and '.join(self._conditions())}"
        try:
            self.settings = Settings(
                metric=metric,
                covariates=_listed(said["covariates"]),
                landmarks=tuple(weeks(one) for one in _listed(said["landmarks"])) or None,
                horizon_weeks=weeks(said["horizon"]) if said["horizon"] else None,
                pivotal=(min(6, said["most"] or 8), said["most"] or 8),
                seed=1 if said["seed"] is None else said["seed"],
                smallest_effect=0.01 if said["smallest_effect"] is None else said["smallest_effect"] / 100,
                certificate=said["certificate"] / 100 if said["certificate"] else None,
                replay=said["replay"],
                mechanical=_listed(said["mechanical"]),
                not_mechanical=_listed(said["not_mechanical"]),
                negative_controls=_listed(said["negative_controls"]),
                insist=_listed(said["insist"]),
                agreement_columns=_listed(said["agreement_columns"]),
            )
            self._lean_on(said.get("pack"))
        except DiscoveryError as error:
            self.add_error(None, words.sentence(str(error)))

    def _lean_on(self, upload: Any) -> None:
        """Let the order lean on an uploaded pack; one that is none is refused at its field."""
        if not upload:
            return
        try:
            pack = benchmark_pack.read(upload.read().decode())
        except (UnicodeDecodeError, benchmark_pack.PackError) as error:
            self.add_error("pack", words.sentence(str(error)))
            return
        self.settings = benchmark_pack.leaning_on(self.settings, pack, PurePath(upload.name).stem)

    def made_from(self) -> actions.Input:
        said = self.cleaned_data
        files = {name: said[name] for name in ("deals", "events", "mapping") if said.get(name)}
        return actions.Input(
            files=files if self.from_files else {},
            segment="" if self.from_files else said["segment"],
            skip_bad_rows=said["skip_bad_rows"],
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def _require_reader(request) -> None:
    if request.user.role == Role.INSIDE_PARTNER:
        raise Hidden


def _require_analyst(request) -> None:
    if not runs.may_run(request.user):
        raise Hidden


def discovery(request):
    """The start: for analyst and sponsor the runs, for managers and sellers what was signed."""
    _require_reader(request)
    tried = lines.all_trials(request.user)
    context = {
        "may_run": runs.may_run(request.user),
        "has_deals": False,
        "signed": _signed(request.user),
        "trials": tried,
        "trial_names": lines.names(tried) if tried else {},
        "metric_title": metric_words.title,
        "ready": None,
        "runs": None,
        "still": None,
    }
    if request.user.sees_everything:
        shelf = kept.Shelf(readiness_page.READY)
        ready = readiness_page.readiness(request.user, shelf=shelf)
        context["ready"] = ready
        context["has_deals"] = ready.closed > 0 or readiness_page.has_deals(request.user)
        context["counted_at"] = shelf.counted_at
        context["runs"] = runs.runs(request.user, at=timezone.now())
        context["still"] = still_holds.still_holds(request.user, at=timezone.now())
    return render(request, "discovery/discovery.html", context)


def _signed(viewer) -> list[dict[str, Any]]:
    found = []
    for one in findings_page.signed(viewer):
        noun = metric_words.noun(one.metric)
        found.append({"one": one, "noun": noun, "url": reverse("finding", args=[one.run_id, one.key])})
    return found


def readiness(request):
    """What discovery needs, what there is, what it gives now, and how to get the rest."""
    _require_reader(request)
    shelf = kept.Shelf(readiness_page.READY, readiness_page.COUNTS, crm_dates.DATES)
    context = {
        "ready": readiness_page.readiness(request.user, shelf=shelf),
        "needs": readiness_page.needs(request.user, shelf=shelf),
        "dates": crm_dates.dates(shelf=shelf),
        "counted_at": shelf.counted_at,
        "may_run": runs.may_run(request.user),
    }
    return render(request, "discovery/readiness.html", context)


@drafts.kept()
@once()
def new_run(request):
    """Ask for a run: which metric, which deals."""
    _require_analyst(request)
    from_files = request.GET.get("from") == "files"
    own = own_metrics.names(request.user)
    if request.method == "POST":
        form = RunForm(request.POST, request.FILES, from_files=from_files, own=own)
        drafts.read(form)
        run = actions.ask_for_run(
            by=request.user, at=timezone.now(), settings=form.settings, made_from=form.made_from()
        )
        return redirect("run", run.pk)
    draft = drafts.of(request)
    form = RunForm(draft.typed or None, from_files=from_files, own=own)
    context = {
        "draft": draft,
        "form": form,
        "problems": draft.problems,
        "from_files": from_files,
        "metrics": offered(own),
        "segments": [] if from_files else readiness_page.segments(request.user),
        "ready": readiness_page.readiness(request.user),
        "tables": TABLES,
    }
    return render(request, "discovery/new.html", context)


def run(request, run_id: int):
    """One run: how far it is, what went wrong, or what it found."""
    page = runs.seen(runs.run(request.user, run_id, at=timezone.now()))
    context = {"page": page, "may_run": runs.may_run(request.user), "now": timezone.now()}
    if page.record is None:
        return render(request, "discovery/run_unfinished.html", context)
    shown = whole.read(page.record)
    wanted = request.GET.get("show", "")
    context |= {
        "shown": shown,
        "pictures": _pictures(page.line.id, shown),
        "short": SHORT,
        "wanted": wanted if wanted in (*words.GROUPS, "signed", "rejected", "open") else "",
        "rows": _filtered(shown, page, wanted),
        "everything": len(page.keys) == len(page.record.findings) and request.user.sees_everything,
        "tried": _tried(request.user, shown),
        "alike": _alike(page, shown) if page.from_database and keeps_catalogue(request.user) else (),
    }
    return render(request, "discovery/run.html", context)


def _alike(page: runs.RunPage, shown: shapes.Shown) -> list[tuple[str, str, str]]:
    """Return the pairs of types that look like one agreement: the name of each, and where they are made one."""
    assert page.record is not None  # a run with findings
    names = {one.key: one.name for one in shown.findings}
    pairs = [pair for check in page.record.audit for pair in check.alike if set(pair) <= names.keys()]
    return [
        (names[rarer], names[other], f"{reverse('words')}?{urlencode({'with': rarer, 'means': other})}")
        for rarer, other in pairs
    ]


def _tried(viewer, shown: shapes.Shown) -> list[trial_words.Tried]:
    """Return what trials on the run's metric showed, each beside the finding on the same agreement."""
    known = {one.key: one for one in shown.findings}
    results = trial.results(viewer, known, metric=shown.metric.name)
    return [
        trial_words.tried(line, found.outcome, shown.metric, known[key])
        for key, (line, found) in results.items()
        if found.outcome
    ]


def _pictures(run_id: int, shown: shapes.Shown) -> Pictures:
    return Pictures(shown, address=lambda finding: reverse("finding", args=[run_id, finding.key]))


def _filtered(shown: shapes.Shown, page: runs.RunPage, wanted: str) -> list[shapes.Finding]:
    """Return the findings of one group or verdict; without a wish, those with some evidence."""
    if wanted in ("signed", "rejected"):
        return [one for one in shown.findings if _verdict(page, one) == wanted]
    if wanted == "open":
        return [
            one for one in shown.findings if one.group in ("lever", "harmful") and not _verdict(page, one)
        ]
    groups = (wanted,) if wanted in words.GROUPS else ("lever", "harmful", "weak")
    return [one for group in groups for one in shown.of(group)]


def _verdict(page: runs.RunPage, finding: shapes.Finding) -> str:
    decided = page.decided.get(finding.key)
    return decided.verdict if decided else ""


def progress(request, run_id: int):
    """The piece of the run's page that asks every second; when the run is over, the whole page comes."""
    line = runs.state(request.user, run_id, at=timezone.now())
    if not line.unfinished:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "discovery/_progress.html", {"line": line})


@drafts.flashed("run", "run_id")
@require_POST
def cancel_run(request, run_id: int):
    """Stop a run that is under way."""
    return _change(request, run_id, actions.cancel_run, say("The run stops at its next step."))


@drafts.flashed("run", "run_id")
@require_POST
def continue_run(request, run_id: int):
    """Take up a run again whose worker was lost."""
    skip = request.POST.get("skip_bad_rows") == "on"
    return _change(request, run_id, actions.continue_run, "", skip_bad_rows=skip)


@drafts.flashed("run", "run_id")
@require_POST
@once()
def repeat_run(request, run_id: int):
    """Compute a run again, on the same data with the same settings, or with a word on one agreement."""
    said = {name: request.POST.get(name, "") for name in ("chosen", "closing")}
    asked = {name: request.POST.get(name) == "on" for name in ("refresh", "pack")}
    return _change(request, run_id, actions.repeat_run, "", **asked, **said)


def _change(request, run_id: int, action, said: str, **options: Any):
    _require_analyst(request)
    changed = action(by=request.user, at=timezone.now(), run_id=run_id, **options)
    if said:
        messages.info(request, said)
    return redirect("run", changed.pk)


def finding(request, run_id: int, key: str):
    """One finding: the sentence first, then each number with what it is and how sure."""
    page = findings_page.finding(request.user, run_id, key, at=timezone.now())
    seen = runs.seen(page.run)
    shown = whole.read(seen.found)
    one = shown.one(page.key)
    context = {
        "page": page,
        "shown": shown,
        "finding": one,
        "pictures": _pictures(page.run.line.id, shown),
        "may_decide": runs.may_run(request.user),
        "may_sign": one.group not in ("none", "excluded"),
        "draft": drafts.of(request, reverse("decide-finding", args=[run_id])),
        "deals_url": reverse("deals-behind", args=[page.run.line.id, page.key]),
        "tried": [tried for tried in _tried(request.user, shown) if tried.finding.key == page.key],
        "trials": lines.of_agreements(request.user, [page.key]).get(page.key, ()),
        "hindsight": said_of_lost_deals.said_missing(request.user, page.key, now=timezone.now()),
        "least_looked_back": said_of_lost_deals.LEAST_DEALS,
    }
    return render(request, "discovery/finding.html", context)


class DecisionForm(forms.Form):
    key = forms.CharField(max_length=200)
    verdict = forms.ChoiceField(
        choices=[("signed", "signed"), ("rejected", "rejected")],
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), words_of("Choose: sign it or reject it.")
        ),
    )
    note = forms.CharField(required=False, max_length=5000)


def _page_of_finding(request, where) -> str:
    return reverse("finding", args=[where["run_id"], request.POST.get("key") or "none"])


@drafts.kept(_page_of_finding)
@require_POST
def decide(request, run_id: int):
    """Sign or reject a finding, with a note."""
    _require_analyst(request)
    key = request.POST.get("key", "")
    findings_page.finding(request.user, run_id, key, at=timezone.now())
    entered = drafts.read(DecisionForm(request.POST))
    actions.decide(
        by=request.user,
        at=timezone.now(),
        run_id=run_id,
        key=key,
        verdict=entered["verdict"],
        note=entered["note"],
        expected_version=drafts.version_of(request.POST),
    )
    return redirect(reverse("finding", args=[run_id, key]) + "#decision")


def deals_behind(request, run_id: int, key: str):
    """The deals behind a finding that the viewer may see: gained it or not, and how each ended."""
    page = findings_page.finding(request.user, run_id, key, at=timezone.now())
    record = runs.seen(page.run).found
    shown = whole.read(record)
    labels = list(record.data.landmarks) or ["6w"]
    by = request.GET.get("by") or _landmark(record, key, labels)
    if by not in labels:
        raise Hidden
    context = {
        "run_id": run_id,
        "finding": shown.one(key),
        "behind": findings_page.deals_behind(request.user, run_id, key, by=by),
        "by": words.in_time(by),
        "served": metric_words.served(shown.metric.name),
        "among_won": shown.metric.among_won,
        "choices": [(label, words.in_time(label)) for label in labels],
        "chosen": by,
        "key": key,
    }
    return render(request, "discovery/deals.html", context)


def _landmark(record: Record, key: str, labels: list[str]) -> str:
    """Return the landmark at which the deals behind a finding are looked at unless another is asked for:
    the finding's best, or the middle one."""
    best = record.finding(key).best_by
    return best if best in labels else labels[len(labels) // 2]


def compare(request, run_id: int):
    """What moved since an earlier run with the same metric, and why."""
    page = runs.run(request.user, run_id, at=timezone.now())
    asked = whole_number(request.GET.get("with"))
    previous = page.previous if asked is None else asked
    if previous is None or page.record is None or not request.user.sees_everything:
        raise Hidden
    then = runs.run(request.user, previous, at=timezone.now())
    context = {
        "page": page,
        "previous": then.line,
        "found": comparison.comparison(page, then),
        "metric": whole.read(page.record).metric,
    }
    return render(request, "discovery/compare.html", context)


def pack(request, run_id: int):
    """What of a run may be told to other companies: to be worked out, to be read, to be taken away."""
    _require_analyst(request)
    page = runs.run(request.user, run_id, at=timezone.now())
    shown = whole.read(page.found)
    names = {one.key: one.name for one in shown.findings}
    cells = sorted(page.pack.cells, key=lambda one: -one.effect) if page.pack else []
    context = {
        "page": page,
        "line": page.line,
        "cells": [(one, names.get(one.agreement, one.agreement)) for one in cells],
        "metric": shown.metric,
        "least": (benchmark_pack.LEAST_DEALS, benchmark_pack.LEAST_SELLERS),
    }
    return render(request, "discovery/pack.html", context)


def export(request, run_id: int, name: str):
    """report.html, report.pdf, findings.csv, findings.parquet or run.json, of the findings one may see; pack.json, which
    other companies may read."""
    page = runs.seen(runs.run(request.user, run_id, at=timezone.now()))
    if page.record is None or name not in _EXPORTS:
        raise Hidden
    if name == "run.json" and not request.user.sees_everything:
        raise Hidden
    if name == "pack.json" and not (page.pack and page.pack.cells):
        raise Hidden
    kind, make = _EXPORTS[name]
    stem, _, suffix = name.partition(".")
    file_name = f"{stem}-{run_id}.{suffix}"
    disposition = f'attachment; filename="{file_name}"'
    try:
        made = make(request, page)
    except NoTypesetter as error:
        messages.warning(request, str(error))
        return redirect("run", run_id)
    return HttpResponse(made, content_type=kind, headers={"Content-Disposition": disposition})


def _inputs(page: runs.RunPage) -> tuple[report.Input, ...]:
    kept = tuple(report.Input(one["name"], one["sha256"]) for one in page.inputs)
    return (
        (*kept, report.Input(say("data as read"), page.snapshot, page.line.deals)) if page.snapshot else kept
    )


def _html(request, page: runs.RunPage) -> str:
    return report.html(page.found, **_shown_in_reports(page))


def _pdf(request, page: runs.RunPage) -> bytes:
    return discovery_pdf.pdf(page.found, **_shown_in_reports(page))


def _shown_in_reports(page: runs.RunPage) -> dict[str, Any]:
    signatures = {
        key: report.Signature(one.verdict, one.note, one.by, timezone.localdate(one.at))
        for key, one in page.decided.items()
    }
    company = django_settings.ENVIRONMENT.company
    return {"title": company, "inputs": _inputs(page), "signatures": signatures}


def _csv(request, page: runs.RunPage) -> str:
    return runs.export_csv(request.user, page.line.id, at=timezone.now())


def _parquet(request, page: runs.RunPage) -> bytes:
    buffer = io.BytesIO()
    runs.export_table(request.user, page.line.id, at=timezone.now()).write_parquet(buffer)
    return buffer.getvalue()


def _json(request, page: runs.RunPage) -> str:
    facts = report.run_facts(page.found, inputs=_inputs(page), code_version=page.code_version)
    return json.dumps(facts, ensure_ascii=False, indent=1)


def _pack(request, page: runs.RunPage) -> str:
    assert page.pack is not None  # asked before
    return page.pack.text()


_EXPORTS = {
    "report.html": ("text/html; charset=utf-8", _html),
    "report.pdf": ("application/pdf", _pdf),
    "findings.csv": ("text/csv; charset=utf-8", _csv),
    "findings.parquet": ("application/vnd.apache.parquet", _parquet),
    "run.json": ("application/json", _json),
    "pack.json": ("application/json", _pack),
}
