"""The five market pressures: all on one page, a page each, the tags of a deal, and the rules that tag."""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.detection import Trace, plain
from hingepoint.analysis.pressures.rules import TRACES, Rule
from hingepoint.analysis.pressures.shape import Month, Told
from hingepoint.connectors import files
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.detection.actions import key_for
from hingepoint.domain.detection.queries import rules as detection_rules
from hingepoint.domain.pressures import actions, queries
from hingepoint.domain.pressures.rules import may_keep, rule_row
from hingepoint.records import conventions
from hingepoint.records.deals import BuyingRole
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.pressures import ABOUT, BY_SLUG, SHOWS, Pressure, Verdict
from hingepoint.reports.charts import trend
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import detection, drafts, exports, past, pressure_words
from hingepoint.web.home_pictures import Picture
from hingepoint.web.playbook import lines
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import once, token_of

#: What a rule may read, as people call it.
CHOICES = [
    words_of(
        (Trace.FACT.value, "Column of the deal", "A column of the file or field of the CRM says something")
    ),
    *(one for one in detection.TRACES if one[0] in TRACES),
]
#: A page of its own has room for three years of months.
WIDE = 920
_LISTS = ("names", "values", "words", "without")


def shown(**more: Any) -> dict[str, Any]:
    """Return what templates of pressures need besides their data."""
    return {
        "say": pressure_words,
        "about": ABOUT,
        "shows": SHOWS,
        "metrics": pressure_words.METRICS,
        "tones": pressure_words.VERDICT_TONES,
        **more,
    }


def _pressure(slug: str) -> Pressure:
    if slug not in BY_SLUG:
        raise Hidden("There is no such pressure.")
    return BY_SLUG[slug]


# ---- all five, and one ----


def pressures(request: Request) -> HttpResponse:
    """The five market pressures on one page: share now, trend, what each goes with, what answers it; today or as of a day."""
    wanted = past.asked(request, everybody=True)
    page = queries.overview(request.user, wanted.day)
    told = page.report.pressures if page.report else ()
    drawn = [(one, _drawn(one, small=True)) for one in told]
    context = shown(page=page, drawn=drawn, every=list(Pressure), **past.shown(wanted))
    return render(request, "pressures/pressures.html", context)


def pressure(request: Request, slug: str) -> HttpResponse:
    """One pressure: its share month by month, what it goes with, what answers it, its indicators and the deals; today or as
    of a day."""
    wanted = past.asked(request, everybody=True)
    page = queries.pressure_page(request.user, _pressure(slug), wanted.day)
    told = page.told
    context = shown(
        page=page,
        picture=_drawn(told) if told else None,
        told_answers=[one for one in told.answers if one.difference] if told else [],
        few=[one for one in told.answers if one.verdict is Verdict.TOO_FEW] if told else [],
        **past.shown(wanted),
    )
    return render(request, "pressures/pressure.html", context)


def _drawn(told: Told, *, small: bool = False) -> Picture | None:
    """Return the share by month for the desk and the phone with its table; None where there is nothing to draw."""
    points = [_point(one) for one in told.months]
    if not any(point.value is not None for point in points):
        return None
    title = say("{pressure}, share of new deals", pressure=told.pressure.label)
    desk, phone = (
        trend.draw(points, metric=title, width=width)
        for width in (trend.NARROW if small else WIDE, trend.NARROW)
    )
    return Picture(desk, phone, trend.table(points))


def _point(month: Month) -> trend.Point:
    found = month.share
    return trend.Point(
        period=conventions.month_and_year(month.begins),
        value=found.value,
        low=found.low,
        high=found.high,
        deals=month.deals,
        going=not month.complete,
    )


def pressure_deals(request: Request, slug: str) -> FileResponse:
    """Hand out the deals under a pressure that the viewer sees, as CSV with the evidence."""
    found = queries.deals_under(request.user, _pressure(slug))
    names = ["deal_id", "name", "owner", "status", "amount", "currency", "seen_on", "evidence", "said_by"]
    rows = (
        (one.key, one.title, one.owner, one.status, one.amount, one.currency, _on(one), one.words, one.by)
        for one in found
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    files.write_table((names, rows), file, "csv")
    file.seek(0)
    name = f"{slug}-{timezone.localdate().isoformat()}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type=exports.TYPES["csv"])


def _on(one: queries.DealUnder) -> str:
    return timezone.localdate(one.seen_at).isoformat()


# ---- on a deal ----


def deal_pressures(request: Request, deal_id: int) -> HttpResponse:
    """The market pressures of one deal. The deal's page fetches them as a piece; by themselves they are a page."""
    facts = deal_page.deal_facts(request.user, deal_id)
    draft = drafts.of(request, reverse("tag-pressure", args=[deal_id]))
    context = shown(
        facts=facts,
        found=queries.on_deal(request.user, deal_id),
        draft=draft,
        typed=draft.said("pressure", ""),
        words=draft.said("words", ""),
        problems=draft.problems,
    )
    piece = request.htmx.target == "deal-pressures"
    return render(request, f"pressures/{'_on_deal' if piece else 'deal'}.html", context)


class TagForm(forms.Form):
    pressure = forms.ChoiceField(choices=[(one.value, one.label) for one in Pressure])
    words = forms.CharField(required=False, max_length=1000)
    event = WholeNumber(required=False)


@drafts.kept("deal-pressures", "deal_id")
@require_POST
def tag_pressure(request: Request, deal_id: int) -> HttpResponse:
    """Say that a deal is under a pressure, with what shows it."""
    deal_page.deal_facts(request.user, deal_id)
    entered = drafts.read(TagForm(request.POST))
    pressure = Pressure(entered["pressure"])
    actions.tag(
        by=request.user,
        at=timezone.now(),
        deal_id=deal_id,
        pressure=pressure,
        words=entered["words"],
        event_id=entered["event"],
        token=token_of(request),
    )
    messages.info(
        request,
        say("Tagged: {pressure}. It counts in the numbers from tonight.", pressure=pressure.label.lower()),
    )
    return redirect("deal", deal_id)


@drafts.flashed("deal-pressures", "deal_id")
@require_POST
def take_back_pressure(request: Request, deal_id: int, tag_id: int) -> HttpResponse:
    """Take back what somebody or a rule said of a deal."""
    if tag_id not in {one.id for one in _of_deal(request, deal_id)}:
        raise Hidden("no such tag")
    row = actions.take_back(by=request.user, at=timezone.now(), tag_id=tag_id)
    messages.info(
        request,
        say("Taken back: {pressure}. It stays on record.", pressure=Pressure(row.pressure).label.lower()),
    )
    return redirect("deal", deal_id)


def _of_deal(request: Request, deal_id: int) -> list[queries.TagShown]:
    found = queries.on_deal(request.user, deal_id)
    return [*found.standing, *found.taken_back]


# ---- rules ----


class PressureRuleForm(forms.Form):
    """A rule as a person writes it. Lists are typed one a line."""

    name = forms.CharField(max_length=120)
    pressure = forms.ChoiceField(choices=[(one.value, one.label) for one in Pressure])
    trace = forms.ChoiceField(choices=[(key, label) for key, label, _ in CHOICES])
    names = forms.CharField(required=False, max_length=4000)
    values = forms.CharField(required=False, max_length=4000)
    words = forms.CharField(required=False, max_length=4000)
    without = forms.CharField(required=False, max_length=4000)
    pattern = forms.CharField(required=False, max_length=1000, strip=False)
    only_open = forms.BooleanField(required=False)

    def rule(self, key: str = "") -> Rule:
        entered = dict(self.cleaned_data)
        entered |= {name: tuple(lines(entered[name])) for name in _LISTS}
        return Rule(key=key or key_for(entered["name"]), **entered)


def _keeper(request: Request) -> None:
    if not may_keep(request.user):
        raise Hidden("not theirs to keep")


def pressure_rules(request: Request) -> HttpResponse:
    """The rules that tag deals with pressures: what each waits for, whether it is on, how many deals it tags."""
    _keeper(request)
    return render(request, "pressures/rules.html", shown(rules=queries.rules(request.user)))


def pressure_rule(request: Request, rule_id: int) -> HttpResponse:
    """One rule: its words and its preview on the record."""
    page = queries.rule_page(request.user, rule_id)
    return render(request, "pressures/rule.html", shown(page=page, line=page.line))


@drafts.kept()
@once()
def new_pressure_rule(request: Request) -> HttpResponse:
    """Write a rule that tags deals with a pressure."""
    _keeper(request)
    if request.method != "POST":
        return _form(request, {"trace": Trace.FACT.value, "only_open": False})
    form = PressureRuleForm(request.POST)
    drafts.read(form)
    row = actions.write_rule(by=request.user, at=timezone.now(), rule=form.rule())
    messages.info(request, "The rule is written and off. Preview it, then switch it on.")
    return redirect("pressure-rule", row.pk)


@drafts.kept()
def edit_pressure_rule(request: Request, rule_id: int) -> HttpResponse:
    """Change a rule: the next version, to be previewed again."""
    page = queries.rule_page(request.user, rule_id)
    if request.method != "POST":
        return _form(request, _on_record(page.rule) | {"version": page.version}, page=page)
    form = PressureRuleForm(request.POST)
    drafts.read(form)
    actions.change_rule(
        by=request.user,
        at=timezone.now(),
        row=rule_row(request.user, rule_id),
        rule=form.rule(page.line.key),
        expected_version=drafts.version_of(request.POST),
    )
    return redirect("pressure-rule", rule_id)


def _on_record(rule: Rule) -> dict[str, Any]:
    parts = plain(rule)
    return parts | {name: "\n".join(parts[name]) for name in _LISTS}


def _form(request: Request, known: dict[str, Any], *, page: queries.RulePage | None = None) -> HttpResponse:
    draft = drafts.of(request)
    context = shown(
        draft=draft,
        said=draft.over(drafts.blank(PressureRuleForm) | known),
        problems=draft.problems,
        offered=detection_rules.offered(request.user),
        traces=CHOICES,
        five=[(one.value, one.label, ABOUT[one]) for one in Pressure],
        roles=BuyingRole.values,
        page=page,
    )
    return render(request, "pressures/form.html", context)


@drafts.flashed("pressure-rule", "rule_id")
@require_POST
def preview_pressure_rule(request: Request, rule_id: int) -> HttpResponse:
    """Try a rule on the whole record; nothing is tagged by a preview."""
    actions.preview_rule(by=request.user, at=timezone.now(), row=rule_row(request.user, rule_id))
    return redirect("pressure-rule", rule_id)


@drafts.flashed("pressure-rule", "rule_id")
@require_POST
def switch_pressure_rule(request: Request, rule_id: int) -> HttpResponse:
    """Let a rule tag deals, or stop it."""
    row = rule_row(request.user, rule_id)
    if request.POST.get("to") == "on":
        ran = actions.switch_on(by=request.user, at=timezone.now(), row=row)
        words = say("On. It tagged {deals} now.", deals=plural(ran.tagged, "deal"))
        rest = say("The other deals are read in the background.") if ran.left else ""
        messages.info(request, f"{words} {rest}".rstrip())
    else:
        actions.switch_off(by=request.user, at=timezone.now(), row=row)
        messages.info(request, "Off. What it tagged stays.")
    return redirect("pressure-rule", rule_id)


@drafts.flashed("pressure-rule", "rule_id")
@require_POST
def take_back_pressure_rule(request: Request, rule_id: int) -> HttpResponse:
    """Take back, as one, every tag of a rule."""
    number = actions.take_back_rule(by=request.user, at=timezone.now(), row=rule_row(request.user, rule_id))
    messages.info(
        request,
        say("Taken back: {tags}. The rule is off; what people tagged stays.", tags=plural(number, "tag")),
    )
    return redirect("pressure-rule", rule_id)
