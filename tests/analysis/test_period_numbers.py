"""Quarters and half-years of a fiscal year cut the days, each into one part."""

import datetime as dt

import pytest

from hingepoint.analysis.period_numbers import parts_of_years
from hingepoint.web.strategy_words import part_of_year


@pytest.mark.parametrize("months", [3, 6])
@pytest.mark.parametrize("first_month", range(1, 13))
def test_every_day_lies_in_one_part_that_begins_so_many_months_after_the_year(first_month, months):
    since, until = dt.date(2024, 1, 20), dt.date(2026, 2, 28)
    found = parts_of_years(since, until, first_month=first_month, months=months)
    days = [since + dt.timedelta(days=n) for n in range((until - since).days + 1)]
    held = [sum(begins <= day < ends for begins, ends in found) for day in days]
    assert held == [1] * len(days)
    assert found[0][0] <= since < found[0][1]
    assert found[-1][0] <= until < found[-1][1]
    assert {((begins.month - first_month) % months, begins.day) for begins, _ in found} == {(0, 1)}
    assert all((ends - begins).days in range(30 * months - 2, 31 * months + 1) for begins, ends in found)


@pytest.mark.parametrize(
    ("begins", "first_month", "months", "called"),
    [
        ("2026-04-01", 1, 3, "Q2 26"),
        ("2026-04-01", 4, 3, "Q1 27"),  # the year that ends in March 2027
        ("2026-01-01", 4, 3, "Q4 26"),
        ("2025-12-01", 9, 3, "Q2 26"),
        ("2026-07-01", 1, 6, "H2 26"),
        ("2026-04-01", 4, 6, "H1 27"),
        ("2026-03-01", 9, 6, "H2 26"),
    ],
)
def test_a_part_is_named_by_the_year_in_which_its_fiscal_year_ends(begins, first_month, months, called):
    assert part_of_year(dt.date.fromisoformat(begins), first_month, months) == called
