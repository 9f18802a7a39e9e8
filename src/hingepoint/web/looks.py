"""Looking at a walk-away position: an act on record, after which this browser shows it for the rest of the day."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.negotiation import actions
from hingepoint.domain.negotiation.queries.corridor import CorridorCard
from hingepoint.records.languages import say
from hingepoint.web import drafts, formats
from hingepoint.web.requests import Request

#: Key of the session: the day and the deals whose walk-away was opened on it.
_LOOKED = "looked"


def is_open(request: HttpRequest, deal_id: int) -> bool:
    """Return whether the walk-away of a deal was opened in this browser today."""
    return deal_id in _opened_today(request)


def keep_open(request: HttpRequest, deal_id: int) -> None:
    """Show the walk-away of a deal in this browser until the day ends."""
    deals = [*_opened_today(request), deal_id]
    request.session[_LOOKED] = {"on": timezone.localdate().isoformat(), "deals": sorted(set(deals))}


def _opened_today(request: HttpRequest) -> list[int]:
    told = request.session.get(_LOOKED, {})
    return told.get("deals", []) if told.get("on") == timezone.localdate().isoformat() else []


def corridor_pairs(corridor: CorridorCard, currency: str, opened: bool) -> list[tuple[str, str]]:
    """Return label and amount of a corridor's figures, the walk-away only where it is ``opened``."""
    end = formats.money(corridor.walk_away, currency) if opened else say("not shown")
    return [
        (say("Opening"), formats.money(corridor.opening, currency)),
        (say("Target"), formats.money(corridor.target, currency)),
        (say("Walk-away"), end),
    ]


@require_POST
def look_at_walk_away(request: Request, deal_id: int):
    """Open the walk-away of a deal, and go back to where it was asked for."""
    actions.look_at_walk_away(by=request.user, at=timezone.now(), deal_id=deal_id)
    keep_open(request, deal_id)
    page = drafts.ours(request, request.POST.get("next", ""))
    return redirect(page or reverse("deal-work", args=[deal_id]))
