"""Months and weeks as numbers counted since 1970, for one day at a time; and the parts of a fiscal year."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import polars as pl

MONDAY = dt.date(1970, 1, 5)


def start_of(number: int, period: str) -> dt.date:
    """Return the first day of a period."""
    if period == "month":
        return dt.date(1970 + number // 12, number % 12 + 1, 1)
    return MONDAY + dt.timedelta(weeks=number)


def number_of(day: dt.date, period: str) -> int:
    """Return the number of the period that holds a day."""
    if period == "month":
        return day.year * 12 + day.month - 1 - 1970 * 12
    return (day - MONDAY).days // 7


def months_of(moments: pl.Series) -> pl.Series:
    """Return the number of the month that holds each moment or day."""
    return moments.dt.year().cast(pl.Int64) * 12 + moments.dt.month() - 1 - 1970 * 12


def parts_of_years(
    since: dt.date, until: dt.date, *, first_month: int, months: int = 3
) -> list[tuple[dt.date, dt.date]]:
    """Return the quarters (``months`` 3) or half-years (6) from that of ``since`` to that of ``until``, each as its first day and
    that of the next. ``first_month`` of the fiscal year: 1 to 12."""
    shift = (first_month - 1) % months
    first, last = ((number_of(day, "month") - shift) // months for day in (since, until))
    return list(pairwise(start_of(months * number + shift, "month") for number in range(first, last + 2)))
