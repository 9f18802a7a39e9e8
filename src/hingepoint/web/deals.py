"""The list of deals, and the matrix of deals and agreements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone

from hingepoint.domain.agreements.queries import catalogue, lists
from hingepoint.domain.agreements.queries import matrix as deal_matrix
from hingepoint.domain.deals.queries import filters
from hingepoint.domain.deals.queries import lists as deal_lists
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.people import queries as people
from hingepoint.domain.strategy.queries import in_force
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import told_again, words_of
from hingepoint.records.people import Role
from hingepoint.web import saved_views
from hingepoint.web.requests import Request, WholeNumber

ANY_STATUS = "all"
STATUSES = words_of([("open", "Open"), ("won", "Won"), ("lost", "Lost"), (ANY_STATUS, "Open and closed")])
#: The formats in which a list is handed out.
EXPORTS = [("csv", "CSV"), ("xlsx", "Excel"), ("json", "JSON lines")]


class DealFilterForm(forms.Form):
    """The filters of an address, read leniently: what cannot be understood is named and left out."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.CharField(required=False)
    team = WholeNumber(required=False)
    owner = WholeNumber(required=False)
    stage = forms.CharField(required=False)
    segment = forms.CharField(required=False)
    region = forms.CharField(required=False)
    product = forms.CharField(required=False)
    amount_from = forms.DecimalField(required=False, label="Amount from", max_digits=19)
    amount_to = forms.DecimalField(required=False, label="Amount to", max_digits=19)
    close_from = forms.DateField(required=False, label="Closes from")
    close_to = forms.DateField(required=False, label="Closes until")
    overdue = forms.BooleanField(required=False)
    as_of = forms.DateField(required=False, label="As it was on")
    known = forms.ChoiceField(required=False, choices=[("then", "then"), ("now", "now")])
    page = WholeNumber(required=False, min_value=1)


def asked(
    request: Request, *, usual_status: str = "open"
) -> tuple[deal_lists.DealFilter, dict[str, Any], list[str]]:
    """Return the filter that an address asks for, its cleaned values, and which it could not read."""
    form = DealFilterForm(request.GET)
    form.is_valid()
    values = dict.fromkeys(form.fields) | form.cleaned_data
    status = values.get("status") or usual_status
    known = {
        name: value for name, value in values.items() if name not in ("q", "page", "status", "as_of", "known")
    }
    wanted = deal_lists.DealFilter(
        text=values.get("q") or "",
        status="" if status == ANY_STATUS else status,
        as_of=looking_back(values.get("as_of"), only_known=values.get("known") != "now"),
        **{name: value for name, value in known.items() if value not in (None, "")},
    )
    unread = [told_again(str(form.fields[name].label or name.capitalize())) for name in form.errors]
    return wanted, {**values, "status": status, "page": values.get("page") or 1}, unread


def looking_back(day: dt.date | None, *, only_known: bool = True) -> AsOf | None:
    """Return the look back to a day; None for no day, today, and days to come."""
    return AsOf(day, only_known) if day and day < timezone.localdate() else None


def _of_the_day(as_of: AsOf | None) -> str:
    """Return what an address needs for its page to look back to the same day."""
    if as_of is None:
        return ""
    return f"?as_of={as_of.day.isoformat()}" + ("" if as_of.only_known else "&known=now")


def _shared(request: Request, page: str) -> dict[str, Any]:
    """Return what the list and the matrix both show around their rows."""
    wanted, values, unread = asked(request)
    return {
        "wanted": wanted,
        "values": values,
        "unread": unread,
        "statuses": STATUSES,
        "offered": filters.offered(request.user),
        "views": people.saved_views(request.user, page=page),
        "here": saved_views.without_page(request),
        "page_name": page,
        "today": wanted.as_of.day if wanted.as_of else timezone.localdate(),
        "past": _of_the_day(wanted.as_of),
        "sort": request.GET.get("sort") or deal_lists.DEFAULT_SORT,
        "exports": EXPORTS,
        "narrowed": narrowed_by(values),
    }


#: Filters that hide behind "More filters".
_MORE = ("segment", "region", "product", "amount_from", "amount_to", "close_from", "close_to", "as_of")


def narrowed_by(values: dict[str, Any]) -> int:
    """Return how many of the filters behind "More filters" are in use."""
    return sum(values.get(name) not in (None, "", False) for name in _MORE)


def for_sellers_and_leaders(view: Callable) -> Callable:
    """Answer an inside partner as if the page did not exist: they see what is asked of them, not deals."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any):
        if request.user.role == Role.INSIDE_PARTNER:
            raise Hidden("not theirs to see")
        return view(request, *args, **kwargs)

    return guarded


@for_sellers_and_leaders
def deals(request: Request):
    """The list of deals: filters, saved views, sorting, pages."""
    if again := saved_views.last_view(request, "deals"):
        return HttpResponseRedirect(again)
    context = _shared(request, "deals")
    context["list"] = lists.deal_list(
        request.user,
        context["wanted"],
        today=context["today"],
        sort=context["sort"],
        page=context["values"]["page"],
    )
    return saved_views.remember(request, "deals", render(request, "deals/deals.html", context))


@for_sellers_and_leaders
def matrix(request: Request):
    """Deals against agreements, one line a deal."""
    if again := saved_views.last_view(request, "matrix"):
        return HttpResponseRedirect(again)
    if request.htmx.target == "matrix-summary":
        return _summary(request)
    context = _shared(request, "matrix")
    columns, context["strategy"] = _columns(request, context["wanted"])
    context["matrix"] = deal_matrix.matrix(
        request.user,
        context["wanted"],
        today=context["today"],
        columns=columns,
        sort=context["sort"],
        page=context["values"]["page"],
    )
    return saved_views.remember(request, "matrix", render(request, "deals/matrix.html", context))


def _columns(
    request: Request, wanted: deal_lists.DealFilter
) -> tuple[Sequence[str], in_force.InForce | None]:
    """Return the columns that the address names, else the pivotal agreements of the strategy that holds."""
    if chosen := request.GET.getlist("show"):
        return chosen, None
    strategy = in_force.in_force(request.user, segment=wanted.segment)
    return (strategy.pivotal, strategy) if strategy else ((), None)


def _summary(request: Request):
    wanted, _, _ = asked(request)
    keys, _ = _columns(request, wanted)
    columns, total = deal_matrix.summary(request.user, wanted, today=timezone.localdate(), columns=keys)
    return render(request, "deals/_summary.html", {"columns": columns, "total": total, "counted": True})


@for_sellers_and_leaders
def matrix_columns(request: Request):
    """Choose the columns of the matrix; the address of the matrix keeps the choice."""
    choices = catalogue.type_choices(request.user)
    wanted, _, _ = asked(request)
    shown = _columns(request, wanted)[0] or deal_matrix.usual_columns(choices)
    here = QueryDict(saved_views.without_page(request), mutable=True)
    here.setdefault("status", "open")
    context = {
        "by_stage": [(stage, list(types)) for stage, types in groupby(choices, key=lambda one: one.stage)],
        "shown": shown,
        "here": here.urlencode(),
        "kept": [(name, values) for name, values in here.lists() if name != "show"],
    }
    return render(request, "deals/columns.html", context)
