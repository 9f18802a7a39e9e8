"""From one decision straight to the next: what was done is said with what is left, and the next one opens."""

from __future__ import annotations

from enum import Enum

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from hingepoint.domain.home.queries import to_decide
from hingepoint.records.languages import counted, say, say_many, words_of
from hingepoint.records.people import Role
from hingepoint.reports.charts.numbers import number
from hingepoint.web import drafts, register
from hingepoint.web.requests import Request

#: Who decides one thing after the other; sellers and inside partners go back to where they came from.
DECIDES = frozenset({Role.MANAGER, Role.SPONSOR})
LISTS = ("home", "exceptions", "talks", "to-confirm")
NOTHING_LEFT = words_of("Nothing is left for you to decide.")


class Kind(Enum):
    """What a leader decides on."""

    EXCEPTION = "exception"
    PLAN = "plan"
    FOUND = "found"


def onward(request: Request, said: str, *, kind: Kind, page: str = "") -> HttpResponse:
    """Say what was done and what is left, and open the next that waits: of the same ``kind`` first.

    A list that the form names in ``next`` shows the next one by itself, and stays open until nothing of this kind is
    left; another page stays open anyway. ``page`` is the address of what was decided on: nobody goes back there.
    """
    if request.user.role not in DECIDES:
        messages.info(request, said)
        return register.back(request)
    left = to_decide.to_decide(request.user, today=timezone.localdate())
    messages.info(request, f"{said} {words(left)}")
    named = drafts.ours(request, request.POST.get("next", ""))
    if _stays(named, page=page, more=_has(left, kind)):
        return redirect(named)
    return redirect(address(left, first=kind) or "home")


def _stays(named: str, *, page: str, more: bool) -> bool:
    """Return whether the page that a form names stays open, where ``more`` of the same kind may be left."""
    path = named.partition("#")[0].partition("?")[0]
    is_list = path in {reverse(name) for name in LISTS}
    return bool(named) and path != page and (more or not is_list)


def words(left: to_decide.ToDecide) -> str:
    """Return what is left, in a sentence: ``3 left: 2 exceptions, 1 plan.``"""
    if not left.total:
        return NOTHING_LEFT
    counts = len(left.exceptions), len(left.plans), left.found
    told = ", ".join(say_many(*nouns, n, n=number(n)) for nouns, n in zip(_NOUNS, counts, strict=True) if n)
    return say("{total} left: {told}.", total=number(left.total), told=told)


_NOUNS = (
    counted("{n} exception", "{n} exceptions"),
    counted("{n} plan", "{n} plans"),
    counted("{n} agreement to confirm", "{n} agreements to confirm"),
)


def _has(left: to_decide.ToDecide, kind: Kind) -> bool:
    return bool({Kind.EXCEPTION: left.exceptions, Kind.PLAN: left.plans, Kind.FOUND: left.found}[kind])


def address(left: to_decide.ToDecide, *, first: Kind) -> str:
    """Return where the next decision is made, with the answer in focus; nothing where none waits."""
    kinds = [first, *(kind for kind in Kind if kind is not first)]
    kind = next((kind for kind in kinds if _has(left, kind)), None)
    if kind is None:
        return ""
    if kind is Kind.EXCEPTION:
        return reverse("exception", args=[left.exceptions[0].id]) + "#answer"
    return (
        reverse("to-confirm")
        if kind is Kind.FOUND
        else plan_page(left.plans[0].deal_id, left.plans[0].type_id) + "#review"
    )


def plan_page(deal_id: int, type_id: int | None) -> str:
    """Return the address of the page of a plan: of a talk about an agreement, else of the deal."""
    if type_id is None:
        return reverse("deal-plan", args=[deal_id])
    return reverse("talk-plan", args=[deal_id, type_id])
