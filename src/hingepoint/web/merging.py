"""The same person twice: who looks so, what merging them does, merging them, telling them apart."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.merging import actions, queries
from hingepoint.domain.people.queries import people, user_to_change
from hingepoint.records.languages import say
from hingepoint.web import drafts
from hingepoint.web.requests import Request, whole_number


def same_people(request: Request) -> HttpResponse:
    """Pairs who look like one person; or, for one person, whom to merge them with."""
    pairs = queries.same_people(request.user)
    number, search = whole_number(request.GET.get("with")), request.GET.get("search", "").strip()
    person = user_to_change(request.user, number) if number is not None else None
    if person:
        pairs = [pair for pair in pairs if person.pk in (pair.kept.id, pair.gone.id)]
    context: dict[str, Any] = {"pairs": pairs, "person": person, "search": search, "others": ()}
    if person and search:
        found = people(request.user, at=timezone.now(), search=search).people
        context["others"] = [one for one in found if one.id != person.pk]
    return render(request, "people/same.html", context)


@drafts.kept()
def merge_people(request: Request, kept_id: int, gone_id: int) -> HttpResponse:
    """See what merging two people does, and do it."""
    page = queries.merge_page(request.user, kept_id, gone_id)
    if request.method != "POST":
        return render(request, "people/merge.html", {"page": page, "draft": drafts.of(request)})
    actions.merge(
        by=request.user,
        at=timezone.now(),
        kept=user_to_change(request.user, kept_id),
        gone=user_to_change(request.user, gone_id),
        wider=request.POST.get("wider") == "on",
        expected_version=drafts.version_of(request.POST),
    )
    gone, kept = page.gone.name, page.kept.name
    said = (
        say("{gone} is one person.", gone=gone)
        if kept == gone
        else say("{gone} is {kept} now.", gone=gone, kept=kept)
    )
    messages.info(request, f"{said} {say('Files that name either of the two mean this one.')}")
    return redirect("person", kept_id)


@require_POST
def tell_apart(request: Request, one_id: int, other_id: int) -> HttpResponse:
    """Say that two who look like one person are two."""
    one, other = user_to_change(request.user, one_id), user_to_change(request.user, other_id)
    actions.tell_apart(by=request.user, at=timezone.now(), one=one, other=other)
    messages.info(
        request,
        say(
            "{name} and {other} stay two people, and are not offered again.", name=one.name, other=other.name
        ),
    )
    return redirect("same-people")
