"""Who changed what: of a deal, for whoever sees it, and of the whole company, for sponsors and analysts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.shortcuts import render

from hingepoint.domain.trail import queries
from hingepoint.records.languages import told_again
from hingepoint.web.requests import Request, WholeNumber, whole_number

#: What was changed -> the page that shows it.
PAGES = {
    "deal": "deal",
    "agreement": "agreement",
    "user": "person",
    "strategy": "strategy",
    "playbook": "playbook",
    "rollout": "rollout",
    "agreement type": "agreement-type",
    "detection rule": "rule",
    "run": "run",
    "finding": "finding",
    "signal": "signal",
    "limits": "signal",
    "self-assessment": "self-assessment",
    "review": "review",
    "import": "import",
}
KINDS = [(key, label) for key, (label, _) in queries.KINDS.items()]


class WantedForm(forms.Form):
    """What the address narrows the trail to; what cannot be read narrows nothing and is said."""

    person = forms.CharField(required=False, max_length=200)
    deal = forms.CharField(required=False, max_length=300)
    kind = forms.ChoiceField(required=False, choices=KINDS)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    page = WholeNumber(required=False, min_value=1)

    def told(self) -> dict[str, Any]:
        """Return what could be read, without the page."""
        return {name: value for name, value in self.cleaned_data.items() if value and name != "page"}


def trail(request: Request):
    """Who changed what in the whole company, by person, deal, kind and day."""
    form = WantedForm(request.GET)
    form.is_valid()
    told = form.told()
    context = {
        "trail": queries.trail(request.user, queries.Wanted(**told), page=form.cleaned_data.get("page") or 1),
        "wanted": {name: request.GET.get(name, "") for name in form.fields},
        "narrowed": bool(told),
        "unread": [told_again(name) for name in form.errors if name != "page"],
        "kinds": KINDS,
        "pages": PAGES,
    }
    return render(request, "trail/trail.html", context)


def deal_trail(request: Request, deal_id: int):
    """Who changed what on a deal, when and why."""
    page = request.GET.get("page", "")
    wanted = {name: request.GET.get(name, "") for name in ("person", "about")}
    found = queries.deal_trail(request.user, deal_id, **wanted, page=whole_number(page) or 1)
    context = {"found": found, "facts": found.facts, "trail": found.trail, "wanted": wanted, "pages": PAGES}
    return render(request, "trail/deal.html", context)
