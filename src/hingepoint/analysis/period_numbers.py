"""Months and weeks as numbers counted since 1970, for one day at a time."""

from __future__ import annotations

import datetime as dt

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
