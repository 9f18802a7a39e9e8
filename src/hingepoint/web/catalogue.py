"""The catalogue of agreement types, and the company's own words over it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.queries import catalogue as agreement_types
from hingepoint.domain.bridge import queries as words
from hingepoint.records.agreements import Side
from hingepoint.records.deals import Stage
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.web import drafts
from hingepoint.web.requests import Request, WholeNumber

SIDES = Side.choices
STAGES = Stage.choices
#: Letters of the catalogue's column ``metrics``.
METRICS = words_of(
    {
        "D": "discount",
        "M": "margin",
        "V": "deal value",
        "C": "cycle time",
        "W": "win rate",
        "R": "delivery risk",
    }
)


class OverlayForm(forms.Form):
    """The company's own words; an empty field keeps the shipped ones."""

    own_name = forms.CharField(required=False, max_length=200)
    own_stage = forms.ChoiceField(required=False, choices=[("", ""), *STAGES])
    own_description = forms.CharField(required=False, max_length=2000)
    own_recheck_days = WholeNumber(required=False, min_value=1, max_value=3650)

    def overlay(self) -> dict[str, Any]:
        return {name: value or None for name, value in self.cleaned_data.items()}


class TypeForm(forms.Form):
    """A type of the company's own."""

    name = forms.CharField(max_length=200)
    side = forms.ChoiceField(choices=SIDES)
    stage = forms.ChoiceField(choices=STAGES)
    counterpart = forms.CharField(required=False, max_length=200)
    description = forms.CharField(required=False, max_length=2000)
    good_1 = forms.CharField(required=False, max_length=300)
    good_2 = forms.CharField(required=False, max_length=300)
    good_3 = forms.CharField(required=False, max_length=300)
    good_4 = forms.CharField(required=False, max_length=300)

    def facts(self) -> dict[str, Any]:
        entered = dict(self.cleaned_data)
        good = [check for n in range(1, 5) if (check := entered.pop(f"good_{n}"))]
        return entered | {"good": good}


def catalogue(request: Request):
    """All types of agreement, by stage of the sale."""
    wanted = {name: request.GET.get(name, "") for name in ("q", "side", "stage", "only")}
    found = agreement_types.catalogue(
        request.user,
        text=wanted["q"],
        side=wanted["side"],
        stage=wanted["stage"],
        starter=wanted["only"] == "starter",
        hidden=wanted["only"] == "hidden",
    )
    by_stage = [(stage, [line for line in found if line.stage == stage]) for stage, _ in [*STAGES, ("", "")]]
    context = {
        "found": found,
        "by_stage": [(stage, lines) for stage, lines in by_stage if lines],
        "wanted": wanted,
        "narrowed": any(wanted.values()),
        "everything": request.GET.get("open") == "all",
        "sides": SIDES,
        "stages": STAGES,
        "keeps": agreement_types.keeps_catalogue(request.user),
        "in_question": words.unsettled(request.user),
    }
    return render(request, "catalogue/catalogue.html", context)


@drafts.kept()
def agreement_type(request: Request, key: str):
    """One type of agreement: what a good one looks like, where it is used, how to change it."""
    page = agreement_types.type_page(request.user, key)
    if request.method == "POST":
        return _change(request, page)
    return _show(request, page)


def _show(request: Request, page: agreement_types.TypePage):
    draft = drafts.of(request)
    own = ("own_name", "own_stage", "own_description", "own_recheck_days")
    known = {name: getattr(page, name) or "" for name in own}
    labels = {
        "own_name": say("Name"),
        "own_description": say("Description"),
        "own_recheck_days": say("Check again after days"),
    }
    context = {
        "page": page,
        "draft": draft,
        "both": draft.both(known, labels),
        "said": draft.over(known | {"version": page.version}),
        "problems": draft.problems,
        "stages": STAGES,
        "keeps": agreement_types.keeps_catalogue(request.user),
        "metrics": [METRICS.get(letter, letter) for letter in page.metrics],
    }
    return render(request, "catalogue/type.html", context)


#: What the hide, show and reset buttons write.
_BUTTONS: dict[str, dict[str, Any]] = {
    "hide": {"hidden": True},
    "show": {"hidden": False},
    "reset": {"own_name": None, "own_stage": None, "own_description": None, "own_recheck_days": None},
}


def _change(request: Request, page: agreement_types.TypePage):
    if not page.may_change:
        raise Hidden("not theirs to change")
    button = _BUTTONS.get(request.POST.get("do", ""))
    form = OverlayForm(request.POST)
    drafts.read(form)
    actions.overlay_type(
        by=request.user,
        at=timezone.now(),
        key=page.line.key,
        expected_version=drafts.version_of(request.POST),
        **(form.overlay() if button is None else button),
    )
    messages.info(request, "Saved. An upgrade of Hingepoint leaves your words as they are.")
    return redirect("agreement-type", key=page.line.key)


@drafts.kept()
def add_type(request: Request):
    """Add a type of agreement of one's own."""
    if not agreement_types.keeps_catalogue(request.user):
        raise Hidden("not theirs to change")
    if request.method == "POST":
        return _add(request, TypeForm(request.POST))
    draft = drafts.of(request)
    begin = drafts.blank(TypeForm) | {"side": "customer", "stage": "discover"}
    context = {"draft": draft, "said": draft.over(begin), "problems": draft.problems}
    return render(request, "catalogue/add.html", context | {"sides": SIDES, "stages": STAGES})


def _add(request: Request, form: TypeForm):
    drafts.read(form)
    added = actions.add_own_type(by=request.user, at=timezone.now(), **form.facts())
    messages.info(
        request,
        say("{added} is in the catalogue. It can be planned on every deal from now on.", added=added.name),
    )
    return redirect("agreement-type", key=added.key)
