"""The agreement debt: what it comes to, what is most worth paying, and all of it as a file."""

from __future__ import annotations

import datetime as dt
import tempfile

from django import forms
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hingepoint.connectors import files
from hingepoint.domain.debts import queries
from hingepoint.domain.debts.queries import COLUMNS, DayOf, DebtPage
from hingepoint.records import conventions
from hingepoint.records.agreements import AgreementState
from hingepoint.records.debts import DebtKind, Unvalued
from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, tables, trend
from hingepoint.web import exports
from hingepoint.web.home_pictures import Picture
from hingepoint.web.requests import Request

#: What its seller does next about a debt in a state, and where.
ACTS = words_of(
    {
        AgreementState.NEEDED: ("Plan the talk", "prepare-talk"),
        AgreementState.PLANNED: ("Open the plan", "talk-plan"),
        AgreementState.ASKED: ("Say what came of it", "debrief"),
        AgreementState.SOFT: ("Plan the next talk", "prepare-talk"),
        AgreementState.BROKEN: ("Plan the next talk", "prepare-talk"),
    }
)
STANDS = words_of(
    {
        DebtKind.SOFT: "Kind words, nobody promised an act",
        DebtKind.BROKEN: "They agreed and did not do it",
        DebtKind.OVERDUE: "Not gained by the day it was needed",
    }
)


class DayForm(forms.Form):
    as_of = forms.DateField(required=False)


def debt(request: Request) -> HttpResponse:
    """What deals owe in pivotal agreements: the sum with its course for who sees all, as of a day on record, and for everybody
    the three that are most worth paying. Home fetches it as a piece."""
    today, form = timezone.localdate(), DayForm(request.GET)
    as_of = form.cleaned_data["as_of"] if form.is_valid() else None
    page = queries.debt_page(request.user, today=today, as_of=as_of)
    context = {
        "page": page,
        "today": today,
        "as_of": as_of,
        "days": [(day.isoformat(), _day(day)) for day in page.days],
        "sums": page.newest.debt.sums if page.newest else (),
        "picture": course_of(page) if page.newest else None,
        "unvalued": unvalued_in(page),
        "acts": ACTS,
        "stands": STANDS,
        "is_seller": request.user.role == "seller",
    }
    piece = request.htmx.target == "agreement-debt"
    return render(request, f"debts/{'_debt' if piece else 'debt'}.html", context)


def unvalued_in(page: DebtPage) -> list[tuple[int, str]]:
    """Return how many debts have no value, and why."""
    if page.newest is None:
        return []
    return [(count, Unvalued(why).label) for why, count in page.newest.debt.unvalued.items()]


def course_of(page: DebtPage) -> Picture | None:
    """Return the course of the debt in the currency of most debts; None before there are two readings."""
    points = course_points(page)
    if not points:
        return None
    assert page.newest is not None
    currency = page.newest.debt.sums[0].currency
    desk, phone = (
        trend.draw(points, metric=say("Agreement debt"), unit=currency, width=width)
        for width in (trend.WIDE, trend.NARROW)
    )
    return Picture(desk, phone, _table(page.course, currency))


def course_points(page: DebtPage) -> list[trend.Point]:
    """Return the readings of the debt in the currency of most debts; none before there are two."""
    if page.newest is None or not page.newest.debt.sums or len(page.course) < 2:
        return []
    currency = page.newest.debt.sums[0].currency
    return [_point(one, currency, last=one is page.newest) for one in page.course]


def _point(one: DayOf, currency: str, *, last: bool) -> trend.Point:
    found = one.sum_in(currency)
    return trend.Point(
        period=conventions.day_short(one.day) if last else conventions.month_and_year(one.day),
        value=found.value if found else 0.0,
        low=found.low if found else None,
        high=found.high if found else None,
        deals=found.deals if found else 0,
        going=last,
    )


def _table(course: tuple[DayOf, ...], currency: str) -> tables.Table:
    money = lambda amount: numbers.money_short(amount, currency)  # noqa: E731
    rows = []
    for one in course:
        found = one.sum_in(currency)
        told = (
            (
                money(found.value),
                say("{low} to {high}", low=money(found.low), high=money(found.high)),
                numbers.number(found.deals),
            )
            if found
            else (money(0), numbers.MISSING, "0")
        )
        rows.append((_day(one.day), *told))
    return tables.build(
        [(say("At the end of"), False), (say("Debt"), True), (say("Range"), True), (say("Deals"), True)], rows
    )


def _day(day: dt.date) -> str:
    return conventions.day(day)


def debts_file(request: Request) -> FileResponse:
    """Hand out every debt the viewer may see, also those that can no longer be paid, as CSV."""
    today = timezone.localdate()
    rows = ([row[name] for name in COLUMNS] for row in queries.all_debts(request.user, today=today))
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    files.write_table((list(COLUMNS), rows), file, "csv")
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"agreement-debt-{today.isoformat()}.csv",
        content_type=exports.TYPES["csv"],
    )
