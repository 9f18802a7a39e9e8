"""Writing a conversation plan, from the deal's preparation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements import queries as agreements
from hingepoint.domain.deals.actions import Hidden
from hingepoint.domain.plans import actions

TEXTS = ("best", "minimum", "why_they_would")


@require_POST
def write_plan(request, deal_id: int):
    """Write or change the plan of a deal."""
    facts = {name: request.POST.get(name, "")[:4000] for name in TEXTS}
    questions = request.POST.get("questions", "")[:4000].splitlines()
    known = {str(type.id): type.key for type in agreements.type_choices(request.user)}
    key = known.get(request.POST.get("type", ""))
    if key is None:
        raise Http404
    try:
        actions.write_plan(
            by=request.user, at=timezone.now(), deal_id=deal_id, type_key=key, questions=questions, **facts
        )
    except Hidden as error:
        raise Http404 from error
    except actions.NothingAsked as error:
        messages.error(request, str(error))
    return redirect("deal-work", deal_id)
