"""Saved views: a list's address kept under a name, and the last one a person looked at.

The last view is kept in a cookie of the browser, with the person it belongs to: looking changes no table.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.people import actions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.web import cookies, drafts
from hingepoint.web.requests import Request
from hingepoint.web.sent import once

#: The lists that can be saved: name of the route, which is also the ``page`` of ``people.SavedView``.
PAGES = ("deals", "matrix")
#: A longer address is not remembered: cookies are small.
LONGEST = 1_500


class SaveViewForm(forms.Form):
    page = forms.ChoiceField(choices=[(page, page) for page in PAGES])
    name = forms.CharField(max_length=100, error_messages={"required": "Give the view a name."})
    query = forms.CharField(max_length=2000, required=False)
    shared = forms.BooleanField(required=False)
    pinned = forms.BooleanField(required=False)


def _list_page(request: HttpRequest, where: Any = None) -> str:
    page = request.POST.get("page", "")
    return address(page if page in PAGES else PAGES[0], request.POST.get("query", ""))


@drafts.kept(_list_page)
@require_POST
@once()
def save_view(request: Request):
    """Keep a list as it is, under a name."""
    kept = drafts.read(SaveViewForm(request.POST))
    kept["query"] = normal(kept["query"])
    actions.save_view(by=request.user, at=timezone.now(), **kept)
    who = say("Everybody finds it here.") if kept["shared"] else say("Only you see it.")
    messages.info(request, f"{say('View “{name}” is kept.', name=kept['name'])} {who}")
    return HttpResponseRedirect(address(kept["page"], kept["query"]))


@require_POST
def drop_view(request: Request, view_id: int):
    """Forget a saved list."""
    try:
        actions.drop_view(by=request.user, at=timezone.now(), view_id=view_id)
    except ObjectDoesNotExist:
        raise Hidden("no such view") from None
    messages.info(request, "The view is gone; the deals are where they were.")
    page = request.POST.get("page") if request.POST.get("page") in PAGES else PAGES[0]
    return HttpResponseRedirect(reverse(page))


def address(page: str, query: str) -> str:
    """Return the address of a list; without a query the list opens as it usually does."""
    return f"{reverse(page)}?{normal(query) or 'status=open'}"


def normal(query: str) -> str:
    """Return a query string with nothing but parameters in it, without the page number."""
    parameters = QueryDict(query.lstrip("?"), mutable=True)
    parameters.pop("page", None)
    for name in [name for name, values in parameters.lists() if not any(values)]:
        parameters.pop(name)
    return parameters.urlencode()


def without_page(request: Request) -> str:
    return normal(request.GET.urlencode())


def last_view(request: Request, page: str) -> str:
    """Return the address that this person last used of a list, when they ask for it without saying how."""
    if request.GET:
        return ""
    owner, _, query = unquote(request.COOKIES.get(cookies.named(f"last-{page}"), "")).partition(":")
    return f"{reverse(page)}?{normal(query)}" if owner == str(request.user.pk) and normal(query) else ""


def remember(request: Request, page: str, response: HttpResponse) -> HttpResponse:
    """Keep the address of a list for the next time, in the browser only."""
    query = without_page(request)
    if len(query) <= LONGEST:
        cookies.keep(
            response, f"last-{page}", quote(f"{request.user.pk}:{query}"), path=reverse(page), days=90
        )
    return response
