"""Coaching: the queue, sessions that start from it, what became of them; and notes from a deal's preparation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.coaching import actions, rules
from hingepoint.domain.coaching.queries import managers, notes, ratings, sessions
from hingepoint.domain.home.queries import coaching_time, manager
from hingepoint.records.coaching import BEHAVIOURS
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.principles import Rating
from hingepoint.web import drafts
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, whole_number
from hingepoint.web.sent import sent, token_of

#: A next step is offered for so many days later.
NEXT_IN = dt.timedelta(days=7)
#: Units shown at once, of those whose people are coached.
ON_A_PAGE = 60


@for_sellers_and_leaders
def coaching(request: Request) -> HttpResponse:
    """Who to coach next, one's own sessions and what became of them, and what goes up of others'."""
    today = timezone.localdate()
    with_id = whole_number(request.GET.get("with", ""))
    leads = request.user.role == Role.MANAGER
    held = sessions.sessions(request.user, today=today, with_id=with_id)
    units = sessions.upward(request.user, today=today) if with_id is None else []
    context = {
        "today": today,
        "leads": leads,
        "queue": manager.conversations(request.user, today=today) if leads and with_id is None else (),
        "sessions": held,
        "with": next((one.other for one in held if one.other_id == with_id), "") if with_id else "",
        "spent": sessions.spent(request.user, today=today) if with_id is None else [],
        "upward": Paginator(units, ON_A_PAGE).get_page(request.GET.get("page")),
        "rated": ratings.upward(request.user, today=today) if with_id is None else [],
        "least": rules.LEAST_PEOPLE,
        "weeks": rules.LATELY.days // 7,
    }
    return render(request, "coaching/coaching.html", context)


def coaching_managers(request: Request) -> HttpResponse:
    """Who coaches the managers, and where talks go against where they would help. Coaching fetches it as a piece; by itself it is a
    page."""
    today = timezone.localdate()
    found = managers.managers_coached(request.user, today=today)
    if found is None and not request.user.sees_everything:
        raise Hidden("not theirs to read")
    context = {
        "today": today,
        "managers": found,
        "time": coaching_time.coaching_time(request.user, today=today),
        "least": rules.LEAST_PEOPLE,
        "weeks": rules.LATELY.days // 7,
    }
    piece = request.htmx.target == "coaching-managers"
    return render(request, f"coaching/{'_up' if piece else 'managers'}.html", context)


class SessionForm(forms.Form):
    behaviour = forms.CharField(max_length=300, label="The one behaviour")
    evidence = forms.CharField(required=False, max_length=4000)
    next_step = forms.CharField(max_length=2000, label="The next step")
    next_on = forms.DateField(label="The day")


class RatingsForm(forms.Form):
    """How far each principle was kept; none needs an answer."""

    def __init__(self, data: QueryDict, *, keys: Iterable[str]) -> None:
        super().__init__(data)
        for key in keys:
            self.fields[f"rating-{key}"] = forms.ChoiceField(required=False, choices=Rating.choices)


@drafts.kept()
def coach(request: Request, deal_id: int, type_id: int) -> HttpResponse:
    """A coaching session: one agreement, one behaviour, what was seen, one next step with its day."""
    to_manager = request.GET.get("whom") == "manager"
    today = timezone.localdate()
    page = sessions.session_page(request.user, deal_id, type_id, today=today, manager=to_manager)
    if request.method != "POST":
        return _session_form(request, page, today=today)
    keys = [one.key for one in page.principles]
    told = drafts.read(SessionForm(request.POST), RatingsForm(request.POST, keys=keys))
    rated = {key: Rating(value) for key in keys if (value := told.pop(f"rating-{key}"))}
    actions.hold_session(
        by=request.user,
        at=timezone.now(),
        deal_id=deal_id,
        type_key=page.type_key,
        said=actions.Said(**told, ratings=rated),
        to_manager=to_manager,
        token=token_of(request),
    )
    messages.info(
        request,
        say(
            "Kept. Only you and {coached} read it; the register will show whether it happened.",
            coached=page.coached,
        ),
    )
    return redirect("coaching")


def _session_form(request: Request, page: sessions.SessionPage, *, today: dt.date) -> HttpResponse:
    draft = drafts.of(request)
    begin = {
        "behaviour": page.behaviour,
        "evidence": "\n".join(page.seen),
        "next_on": (today + NEXT_IN).isoformat(),
        **{f"rating-{one.key}": "" for one in page.principles},
    }
    context = {
        "page": page,
        "today": today,
        "draft": draft,
        "said": draft.over(drafts.blank(SessionForm) | begin),
        "problems": draft.problems,
        "behaviours": BEHAVIOURS,
        "ratings": Rating.choices,
    }
    return render(request, "coaching/session.html", context)


class NoteForm(forms.Form):
    note = forms.CharField(required=False, max_length=4000)


@drafts.kept("deal-work", "deal_id")
@require_POST
def write_note(request, deal_id: int):
    """Write a coaching note on a deal, for the seller and the manager only."""
    to = notes.other_of_the_two(request.user, deal_id)
    if to is None:
        raise Hidden("not between the two")
    note = drafts.read(NoteForm(request.POST))["note"]
    actions.write_note(by=request.user, at=timezone.now(), deal_id=deal_id, to=to, note=note, **sent(request))
    return redirect("deal-work", deal_id)
