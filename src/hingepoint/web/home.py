"""The first page of the day, for each of the five personas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from hingepoint.analysis import metric_words
from hingepoint.domain.detection.queries import to_confirm
from hingepoint.domain.escalations.queries import waiting
from hingepoint.domain.home.queries import (
    analyst,
    first_steps,
    manager,
    pages,
    partner,
    seller,
    sponsor,
    then,
)
from hingepoint.domain.home.queries import pictures as pictures_page
from hingepoint.web import (
    handovers,
    home_pictures,
    involvement,
    past,
    principles,
    reviews,
    routines,
    sponsorship,
)
from hingepoint.web.requests import Request, as_pieces, wants_piece


def home(request: Request):
    """The first page of the day: what to do, until nothing is left to do; for sponsors also as of a past day."""
    wanted = past.asked(request)
    if wanted.day:
        return _sponsor_then(request, wanted, wanted.day)
    page = pages.page_for(request.user)
    if wanted.problem and page != "sponsor":
        messages.warning(request, wanted.problem)
    today, now = timezone.localdate(), timezone.now()
    found = {
        "seller": lambda: seller.seller_day(request.user, today=today),
        "manager": lambda: manager.manager_week(request.user, today=today, now=now),
        "sponsor": lambda: sponsor.sponsor_week(request.user, today=today, now=now),
        "analyst": lambda: analyst.analyst_day(request.user, now=now),
        "partner": lambda: partner.partner_day(request.user, today=today, now=now),
    }[page]()
    context = {"day": found, "today": today, "noun": metric_words.noun, "title": metric_words.title}
    context |= past.shown(wanted)
    context["counted_at"] = getattr(found, "counted_at", None)
    if page in ("sponsor", "analyst"):
        demo = settings.ENVIRONMENT.demo  # in which everybody comes in by a click, and all is done
        context["begin"] = None if demo else first_steps.first_steps(request.user, at=now)
    if page in ("manager", "sponsor", "partner"):
        context |= _asked(request, now)
    if page == "seller":
        context["found"] = to_confirm.to_confirm(request.user, most=to_confirm.A_HANDFUL)
    if page == "manager":
        context["kinds"] = to_confirm.by_type(to_confirm.tallies(request.user))
    return render(request, f"home/{page}.html", context)


def _sponsor_then(request: Request, wanted: past.Asked, day: dt.date) -> HttpResponse:
    """The first page of a sponsor as of a past day."""
    told = then.told(request.user, then.WEEK, day)
    if told is None:
        return past.nothing(request, wanted, then.WEEK)
    context = {
        "day": told.answer,
        "today": told.day,
        "noun": metric_words.noun,
        "title": metric_words.title,
        "begin": None,
        **past.shown(wanted, told),
    }
    return render(request, "home/sponsor.html", context)


#: What the first page fetches together, by page: each is mostly little or nothing.
_FOR_ALL = (sponsorship.unread, principles.asked)
DUE: dict[str, tuple[Callable[..., HttpResponse], ...]] = {
    "seller": (routines.my_routines, handovers.my_handovers, reviews.asked_before, *_FOR_ALL),
    "manager": (routines.my_routines, involvement.my_roles, *_FOR_ALL),
    "sponsor": (routines.my_routines, involvement.my_roles, *_FOR_ALL),
    "analyst": _FOR_ALL,
    "partner": _FOR_ALL,
}


def due(request: Request):
    """What is due of the viewer beside deals: routines, roles, handovers, messages, principles. Home fetches it as a piece;
    by itself it is a page."""
    piece = wants_piece(request, "home-due")
    shown = as_pieces(request, DUE[pages.page_for(request.user)])
    return render(request, f"home/{'_due' if piece else 'due'}.html", {"pieces": shown})


def pictures(request: Request):
    """The course of the result and the coverage of its agreements as pictures, today or as of a past day. Home fetches them as a
    piece; by themselves they are a page."""
    wanted, today = past.asked(request), timezone.localdate()
    if wanted.day is None:
        return _pictures(
            request, pictures_page.pictures(request.user, today=today), today, past.shown(wanted)
        )
    told = then.told(request.user, then.PICTURES, wanted.day)
    if told is None:
        return past.nothing(request, wanted, then.PICTURES)
    return _pictures(request, told.answer, told.day, past.shown(wanted, told))


def _pictures(
    request: Request, found: pictures_page.Pictures | None, day: dt.date, context: dict[str, Any]
) -> HttpResponse:
    context |= {
        "pictures": found,
        "trend": home_pictures.trend_of(found.course, today=day) if found else None,
        "coverage": home_pictures.coverage_of(found, link=_pivotal_of(found)) if found else None,
        "title": metric_words.title,
    }
    piece = request.htmx.target == "home-pictures"
    return render(request, f"home/{'_pictures' if piece else 'pictures'}.html", context)


def _pivotal_of(found: pictures_page.Pictures) -> Callable[[str], str]:
    return lambda key: reverse("pivotal", args=[found.strategy_id, key]) if key else ""


def _asked(request: Request, now: dt.datetime) -> dict[str, Any]:
    """Return what others ask of the viewer: exceptions to answer, two taps about them."""
    return {
        "exceptions": waiting.waiting_for(request.user),
        "pulses": waiting.pulses_wanted(request.user, now=now),
    }
