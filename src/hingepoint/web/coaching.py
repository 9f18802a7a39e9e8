"""Writing a coaching note, from the deal's preparation: between a seller and their manager."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.coaching import actions, queries
from hingepoint.records.errors import Hidden
from hingepoint.web.sent import sent


@require_POST
def write_note(request, deal_id: int):
    """Write a coaching note on a deal, for the seller and the manager only."""
    to = queries.other_of_the_two(request.user, deal_id)
    if to is None:
        raise Http404
    try:
        note = request.POST.get("note", "")[:4000]
        who = {"by": request.user, "at": timezone.now(), "to": to}
        actions.write_note(**who, deal_id=deal_id, note=note, **sent(request))
    except Hidden as error:
        raise Http404 from error
    except (actions.NothingSaid, actions.NotCoaching) as error:
        messages.error(request, str(error))
    return redirect("deal-work", deal_id)
