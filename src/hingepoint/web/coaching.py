"""Writing a coaching note, from the deal's preparation: between a seller and their manager."""

from __future__ import annotations

from django import forms
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.coaching import actions, queries
from hingepoint.records.errors import Hidden
from hingepoint.web import drafts
from hingepoint.web.sent import sent


class NoteForm(forms.Form):
    note = forms.CharField(required=False, max_length=4000)


@drafts.kept("deal-work", "deal_id")
@require_POST
def write_note(request, deal_id: int):
    """Write a coaching note on a deal, for the seller and the manager only."""
    to = queries.other_of_the_two(request.user, deal_id)
    if to is None:
        raise Hidden("not between the two")
    note = drafts.read(NoteForm(request.POST))["note"]
    actions.write_note(by=request.user, at=timezone.now(), deal_id=deal_id, to=to, note=note, **sent(request))
    return redirect("deal-work", deal_id)
