"""Days, due dates and words read as people say them."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.utils import timezone

from hingepoint.web import formats, jinja

TODAY = dt.date(2026, 3, 12)


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "due today"), (1, "due tomorrow"), (4, "due in 4 days"), (-1, "1 day late"), (-5, "5 days late")],
)
def test_a_due_day_reads_from_today(days, said):
    assert formats.due(TODAY + dt.timedelta(days=days), TODAY) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "today"), (1, "yesterday"), (12, "12 days ago"), (80, "22 Dec 2025"), (-3, "15 Mar 2026")],
)
def test_a_past_day_reads_from_today(days, said):
    assert formats.ago(TODAY - dt.timedelta(days=days), TODAY) == said


def test_days_and_moments():
    assert formats.day(dt.date(2026, 3, 3)) == "3 Mar 2026"
    assert formats.moment(dt.datetime(2026, 3, 3, 14, 5, tzinfo=dt.UTC)) == "3 Mar 2026, 14:05"
    assert formats.day(None) == "–"
    assert formats.due(None, TODAY) == "no date"


def test_the_last_day_before_midnight_is_the_day_before():
    midnight = timezone.make_aware(dt.datetime(2026, 12, 14))  # noqa: DTZ001
    assert formats.last_day(midnight) == "13 Dec 2026"
    assert formats.last_day(midnight + dt.timedelta(hours=10)) == "14 Dec 2026"


def test_money_comes_from_an_amount_or_from_an_object_with_a_currency():
    assert formats.money(12400, "EUR") == "€12,400"
    assert formats.money(SimpleNamespace(amount=12400, currency="USD")) == "$12,400"


@pytest.mark.parametrize(
    ("name", "said"), [("Maria de Souza", "MS"), ("Cher", "C"), ("", "?"), ("Åsa Öberg (SE)", "ÅÖ")]
)
def test_initials(name, said):
    assert formats.initials(name) == said


def test_a_sure_finding_against_the_metric_is_harmful():
    assert formats.grade("strong", -0.1).label == "Harmful"
    assert formats.grade("strong", -0.1, better="lower").label == "Strong"
    assert formats.grade("weak", -0.1).label == "Weak"


@pytest.mark.parametrize(
    ("current", "last", "shown"),
    [(1, 1, [1]), (1, 3, [1, 2, 3]), (5, 24, [1, None, 4, 5, 6, None, 24]), (24, 24, [1, None, 23, 24])],
)
def test_pages_worth_offering(current, last, shown):
    assert list(jinja.page_numbers(current, last)) == shown


def test_a_query_keeps_the_filters_and_changes_the_page():
    request = RequestFactory().get("/deals/?team=north&team=south&page=3")
    assert jinja.query(request, page=4) == "?team=north&team=south&page=4"
    assert jinja.query(request, page=None, team=None) == "?"
