"""The server's log says who was refused, in lines that nobody else can write."""

from __future__ import annotations

import json
import logging
import re
import sys

import pytest
from django.urls import reverse

from calling import program
from hingepoint.config.log_lines import Json, Text
from routes import CHANGES, PAGES, address

NAME = "hingepoint.security"
PASSWORD = "correct horse battery staple"


def lines(caplog) -> list[str]:
    return [" ".join(one.getMessage().split()) for one in caplog.records if one.name == NAME]


def entry(words: str, *values, error=None) -> logging.LogRecord:
    return logging.LogRecord(NAME, logging.WARNING, "x.py", 1, words, values, error)


def test_a_foreign_deal_is_refused_on_record_with_who_and_what(client, cast, caplog):
    client.force_login(cast.stranger)
    client.get(reverse("deal", args=[cast.deal.pk]))
    client.post(reverse("set-corridor", args=[cast.deal.pk]), {"opening": "a secret"})
    who = f"deal_id={cast.deal.pk} person={cast.stranger.pk} from=127.0.0.1"
    assert lines(caplog) == [f"refused GET page=deal {who}", f"refused POST page=set-corridor {who}"]
    assert "a secret" not in caplog.text


def test_what_is_ones_own_leaves_no_line(client, cast, caplog):
    client.force_login(cast.seller)
    assert client.get(reverse("deal", args=[cast.deal.pk])).status_code == 200
    assert lines(caplog) == []


@pytest.mark.parametrize(
    "route", sorted(name for name, (_, named) in PAGES.items() if "token" in named or "key" in named)
)
def test_what_opens_something_is_in_no_line(client, cast, caplog, route):
    at = address(route, PAGES[route][1], cast)
    client.force_login(cast.stranger)
    client.get(at)
    assert [line for line in lines(caplog) if at.strip("/").rsplit("/", 1)[-1] in line.split()] == []


def test_a_program_is_refused_on_record(cast, caplog):
    called = program(cast.stranger, ["people:read"])
    called.get(f"/people/{cast.stranger.pk}")
    assert lines(caplog) == []
    called.get(f"/deals/{cast.deal.pk}")
    program(cast.stranger).get(f"/deals/{cast.deal.pk}")
    assert [line.split(" page=")[0] for line in lines(caplog)] == ["refused GET", "refused GET"]
    assert lines(caplog)[1].endswith(f"deal_id={cast.deal.pk} person={cast.stranger.pk} from=127.0.0.1")


def test_each_wrong_password_is_on_record_and_neither_account_nor_password_is(client, cast, caplog):
    for account in ("sanna@hinge.example", "sanna@hinge.example", "nobody@hinge.example"):
        client.post(reverse("sign-in"), {"username": account, "password": PASSWORD})
    found = [
        re.fullmatch(r"sign-in failed account=([0-9a-f]{12}) from=127\.0\.0\.1", one) for one in lines(caplog)
    ]
    marks = [one[1] for one in found]
    assert marks[0] == marks[1] != marks[2]
    assert "sanna@" not in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    "broken", ["\n2026-01-01T00:00:00.000Z INFO x it was Eva", "\r", "\u2028", "\x1b[2J", "\x85"]
)
def test_nobody_writes_a_line_of_their_own(broken):
    line = Text().format(entry("asked for %s", f"a{broken}b"))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    told = Json().format(entry("asked for %s", f"a{broken}b"))
    assert len(told.splitlines()) == 1
    assert json.loads(told)["message"] == f"asked for a{broken}b"


def test_a_traceback_stands_below_its_line_and_begins_none():
    try:
        raise ValueError("first\n2026-01-01T00:00:00.000Z INFO x second")
    except ValueError:
        line = Text().format(entry("it broke", error=sys.exc_info()))
    assert [one for one in line.splitlines()[1:] if not one.startswith("    ")] == []


@pytest.mark.parametrize("form", [Text(), Json()])
def test_times_are_in_utc(form):
    record = entry("done")
    record.created = 1_772_357_400.25
    assert "2026-03-01T09:30:00.250Z" in form.format(record)


def test_the_log_of_this_installation_is_of_these_lines(settings):
    assert settings.LOGGING["handlers"]["console"]["formatter"] == "text"
    assert settings.LOGGING["formatters"]["text"]["()"].endswith("log_lines.Text")


def test_each_page_and_change_may_be_refused_by_name():
    assert all(name and "=" not in name for name in (*PAGES, *CHANGES))
