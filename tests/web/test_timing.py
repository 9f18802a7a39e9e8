"""What the operator is told of how long answers take."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import RequestFactory

from hingepoint.web import timing

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(settings):
    """Ask once, with both told of unless a test says otherwise."""
    settings.SERVER_TIMING, settings.SLOW_QUERY_MS = True, 0

    def ask(answer):
        return timing.timing(answer)(RequestFactory().get("/"))

    return ask


def three_statements(request):
    from django.http import HttpResponse

    for _ in range(3):
        Session.objects.filter(session_key="a secret").exists()
    return HttpResponse("done")


def test_an_answer_says_how_long_it_took_and_how_many_statements_it_cost(asked):
    told = asked(three_statements).headers["Server-Timing"]
    app, db, number = re.fullmatch(
        r'app;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+) statements"', told
    ).groups()
    assert int(number) == 3
    assert 0 < float(db) <= float(app)


def test_a_slow_statement_is_logged_with_its_page_and_without_its_values(
    client, settings, caplog, monkeypatch, asked
):
    settings.SERVER_TIMING, settings.SLOW_QUERY_MS = False, 1
    ticks = iter(range(100))
    monkeypatch.setattr(
        timing.time, "perf_counter", lambda: float(next(ticks))
    )  # a second each time it is asked
    answer = asked(three_statements)
    assert "Server-Timing" not in answer.headers
    lines = [record.getMessage() for record in caplog.records if record.name == timing.__name__]
    assert len(lines) == 3
    assert lines[0].startswith("1000 ms on an unknown page: SELECT")
    assert "a secret" not in caplog.text


def test_a_quick_statement_is_not_logged(settings, caplog, asked):
    settings.SLOW_QUERY_MS = 60_000
    asked(three_statements)
    assert caplog.records == []


def test_without_the_settings_nothing_is_measured(client, settings):
    settings.SERVER_TIMING, settings.SLOW_QUERY_MS = False, 0
    meters = list(connection.execute_wrappers)  # of the tests themselves
    assert "Server-Timing" not in client.get("/sign-in").headers
    assert connection.execute_wrappers == meters


def test_the_page_of_a_slow_statement_is_named_by_its_pattern(client, settings, caplog):
    settings.SLOW_QUERY_MS = 1
    request = RequestFactory().get("/c/a-secret-link")
    request.resolver_match = type("Match", (), {"route": "c/<str:token>"})()
    assert timing._page(request) == "/c/<str:token>"
