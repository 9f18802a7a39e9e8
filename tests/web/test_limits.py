"""Nobody who is signed in, and no program, takes the server away from everybody else."""

from __future__ import annotations

import logging
import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.urls import get_resolver
from django.utils import timezone

from calling import secret_of
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.tokens import actions as tokens
from hingepoint.records.people import Role
from hingepoint.records.tokens import WRITE, Topic, scope
from hingepoint.web import limits
from hingepoint.web.limits import COSTLY, OUTSIDE, PAGES, TABLE, TOO_MANY, Turnstile

SELF_HOST = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "self-host.md"


@pytest.fixture
def clock(monkeypatch):
    """The clock of the limits, which stands until it is moved."""
    found = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


@pytest.fixture
def wider(settings, clock):
    """Return what sets how much wider the limits are; they count anew."""

    def be(factor: float) -> None:
        limits.forget()
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"limits_wider": factor})

    be(1)
    yield be
    limits.forget()


# ---- counting ----


@pytest.mark.parametrize("limit", TABLE, ids=lambda limit: limit.what)
def test_so_many_pass_at_once_and_as_many_again_one_after_the_other(wider, clock, limit):
    assert [limits.wait("ann", limit) for _ in range(limit.most)] == [0] * limit.most
    seconds = limits.wait("ann", limit)
    assert seconds == math.ceil(limit.seconds / limit.most)
    assert limits.wait("bo", limit) == 0
    clock.now += limit.seconds / limit.most
    assert limits.wait("ann", limit) == 0
    assert limits.wait("ann", limit) > 0
    clock.now += limit.seconds
    assert [limits.wait("ann", limit) for _ in range(limit.most)] == [0] * limit.most


def test_who_has_to_wait_under_one_limit_is_counted_under_none(wider):
    for _ in range(COSTLY.most):
        limits.wait("ann", PAGES, COSTLY)
    for _ in range(PAGES.most):
        assert limits.wait("ann", PAGES, COSTLY) > 0
    assert [limits.wait("ann", PAGES) for _ in range(PAGES.most - COSTLY.most)] == [0] * (
        PAGES.most - COSTLY.most
    )


def test_the_setting_makes_them_wider_or_lifts_them(wider):
    wider(2)
    assert [limits.wait("ann", OUTSIDE) for _ in range(2 * OUTSIDE.most)] == [0] * 2 * OUTSIDE.most
    assert limits.wait("ann", OUTSIDE) > 0
    wider(0)
    assert [limits.wait("ann", OUTSIDE) for _ in range(100)] == [0] * 100


def test_of_very_many_who_was_silent_longest_is_forgotten(clock):
    gate = Turnstile(most=1, seconds=60, remembered=2)
    for who in ("a", "b", "c"):
        gate.count(who)
    assert [gate.wait(who) > 0 for who in ("a", "b", "c")] == [False, True, True]


# ---- people ----


def test_a_program_in_a_browser_is_stopped_and_nobody_else_is(client, cast, wider, clock):
    wider(3 / PAGES.most)
    client.force_login(cast.seller)
    answers = [client.get("/account/") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert TOO_MANY in answers[-1].text
    client.force_login(cast.manager)
    assert client.get("/account/").status_code == 200
    client.force_login(cast.seller)
    clock.now += int(answers[-1]["Retry-After"])
    assert client.get("/account/").status_code == 200


def test_what_was_typed_waits_and_nothing_is_saved(client, cast, wider):
    wider(1 / limits.CHANGES.most)
    client.force_login(cast.seller)
    said = {"topic": "price", "words": "Ten percent, or nothing", "asked_by": "Bo Lind", "known": "stated"}
    address = f"/deals/{cast.deal.pk}/demands/new"
    assert client.post(address, said).status_code == 302
    before = AuditEvent.objects.count()
    answer = client.post(address, said)
    assert (answer.status_code, AuditEvent.objects.count()) == (429, before)
    assert "Ten percent, or nothing" in answer.text
    assert "Send it again" in answer.text


def test_files_are_fewer_than_pages(client, cast, wider):
    wider(1 / COSTLY.most)
    client.force_login(cast.seller)
    assert [client.get("/export/deals.csv").status_code for _ in range(2)] == [200, 429]
    assert client.get("/account/").status_code == 200


def test_a_stranger_is_not_counted_here(client, db, wider):
    wider(1 / PAGES.most)
    assert [client.get("/sign-in").status_code for _ in range(3)] == [200, 200, 200]


def test_who_asks_too_often_is_on_record(client, cast, wider, caplog):
    wider(1 / PAGES.most)
    client.force_login(cast.seller)
    with caplog.at_level(logging.WARNING, logger="hingepoint.security"):
        for _ in range(2):
            client.get(f"/deals/{cast.deal.pk}/")
    assert [one.getMessage() for one in caplog.records if one.name == "hingepoint.security"] == [
        f"too often GET page=deal deal_id={cast.deal.pk} person={cast.seller.pk} from=127.0.0.1"
    ]


# ---- programs ----


def of_the_directory(cast) -> str:
    named = {"name": "Directory", "role": Role.ANALYST, "scopes": [scope(Topic.DIRECTORY, WRITE)]}
    return tokens.make_for_service(by=cast.analyst, at=timezone.now(), **named)[1]


@pytest.mark.parametrize("address", ["/api/deals", "/scim/v2/Users"])
def test_a_program_waits_as_long_as_it_is_told(client, cast, wider, clock, address):
    wider(2 / limits.PROGRAMS.most)
    token = of_the_directory(cast) if "scim" in address else secret_of(cast.seller)
    ask = {"headers": {"Authorization": f"Bearer {token}"}}
    answers = [client.get(address, **ask) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "as many seconds as Retry-After says" in answers[-1].json()["detail"]
    clock.now += int(answers[-1]["Retry-After"])
    assert client.get(address, **ask).status_code == 200


# ---- the table ----

LISTS = (limits.COSTLY_TO_LOOK_AT, limits.COSTLY_TO_SEND_TO, limits.ASKING_OUTSIDE)


def routes() -> dict[str, str]:
    """Return the address of each route."""
    found = [one for one in get_resolver().url_patterns if getattr(one, "urlconf_name", None)]
    return {
        one.name: str(one.pattern)
        for part in found
        for one in part.url_patterns
        if getattr(one, "name", None)
    }


def test_what_it_names_is_there_once():
    assert set().union(*LISTS) <= set(routes())
    assert not limits.COSTLY_TO_LOOK_AT & limits.COSTLY_TO_SEND_TO


def test_every_page_that_hands_out_a_file_counts_as_one():
    """But what was made before, what somebody put there, and the calendar, which a program asks for by its own key."""
    file = re.compile(r"(\.(pdf|pptx|csv|txt|yaml)|<slug:format>|/export/<str:name>)$")
    handed_out = {name for name, address in routes().items() if file.search(address)}
    assert handed_out - limits.COSTLY_TO_LOOK_AT == {"security-txt"}


def test_the_manual_has_the_table():
    told = SELF_HOST.read_text(encoding="utf-8")
    for limit in TABLE:
        row = f"| {limit.what} | {limit.of} | {limit.most:,} | {limit.seconds // 60} | {limit.why} |"
        assert row in told, row
