"""The first page of the day, for each of the five personas."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.shortcuts import render
from django.utils import timezone

from hingepoint.analysis import metric_words
from hingepoint.domain.detection.queries import to_confirm
from hingepoint.domain.escalations.queries import waiting
from hingepoint.domain.home.queries import analyst, manager, pages, partner, seller, sponsor
from hingepoint.web.requests import Request


def home(request: Request):
    """The first page of the day: what to do, until nothing is left to do."""
    page = pages.page_for(request.user)
    today, now = timezone.localdate(), timezone.now()
    found = {
        "seller": lambda: seller.seller_day(request.user, today=today),
        "manager": lambda: manager.manager_week(request.user, today=today, now=now),
        "sponsor": lambda: sponsor.sponsor_week(request.user, today=today, now=now),
        "analyst": lambda: analyst.analyst_day(request.user, now=now),
        "partner": lambda: partner.partner_day(request.user, today=today, now=now),
    }[page]()
    context = {"day": found, "today": today, "noun": metric_words.noun, "title": metric_words.title}
    context["counted_at"] = getattr(found, "counted_at", None)
    if page in ("manager", "sponsor", "partner"):
        context |= _asked(request, now)
    if page == "seller":
        context["found"] = to_confirm.to_confirm(request.user, most=to_confirm.A_HANDFUL)
    if page == "manager":
        context["kinds"] = to_confirm.to_confirm_by_type(request.user)
    return render(request, f"home/{page}.html", context)


def _asked(request: Request, now: dt.datetime) -> dict[str, Any]:
    """Return what others ask of the viewer: exceptions to answer, two taps about them."""
    return {
        "exceptions": waiting.waiting_for(request.user),
        "pulses": waiting.pulses_wanted(request.user, now=now),
    }
