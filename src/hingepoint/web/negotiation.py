"""Setting the corridor of a deal, from its preparation."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.deals.actions import Stale
from hingepoint.domain.negotiation import actions, queries


class CorridorForm(forms.Form):
    opening = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    target = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    walk_away = forms.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


@require_POST
def set_corridor(request, deal_id: int):
    """Set what the deal may be sold for: opening, target and walk-away."""
    if not queries.may_set_corridor(request.user, deal_id):
        raise Http404
    form = CorridorForm(request.POST)
    if form.is_valid():
        figures = {name: form.cleaned_data[name] for name in ("opening", "target", "walk_away")}
        _set(request, deal_id, figures, form.cleaned_data["version"])
    else:
        messages.error(request, "The corridor needs three amounts: opening, target and walk-away.")
    return redirect("deal-work", deal_id)


def _set(request, deal_id: int, figures: dict, version: int | None) -> None:
    who = {"by": request.user, "at": timezone.now(), "deal_id": deal_id}
    try:
        actions.set_corridor(**who, **figures, expected_version=version)
    except actions.CorridorUpsideDown as error:
        messages.error(request, str(error))
    except Stale as error:
        yours = ", ".join(f"{figures[name]:,.0f}" for name in ("opening", "target", "walk_away"))
        now = error.current.set_by.name if error.current.set_by else "somebody"
        messages.warning(request, f"{now} moved the corridor a moment ago; theirs stands. Yours was {yours}.")
