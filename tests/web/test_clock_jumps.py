"""A clock that jumps, by hours or by days, forward and back: nobody is let in who is not, and nobody is shut out when it is right again."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
import time_machine
from django.test import Client

from cast import PASSWORD
from hingepoint.domain.people import actions as people
from hingepoint.domain.second_factors import actions as factors
from hingepoint.domain.second_factors import rules as codes
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.second_factors.queries import secret_of
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.tokens import queries as programs
from hingepoint.domain.tokens.models import Token
from hingepoint.records.tokens import SCOPES

START = dt.datetime(2026, 3, 2, 9, 0, 10, tzinfo=dt.UTC)
HOUR, DAY = 3600, 86_400
FORWARD = (2 * HOUR, 3 * DAY, 40 * DAY)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as found:
        yield found


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def browser(password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/sign-in", {"username": "sanna@hinge.example", "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("jump", FORWARD)
def test_a_session_bears_a_jump_back_and_ends_by_a_jump_forward_alone(cast, clock, jump, settings):
    client = browser()
    clock.shift(-jump)
    assert is_in(client)
    clock.shift(jump)
    assert is_in(client)
    clock.shift(jump)
    assert is_in(client) == (jump <= settings.IDLE_TIME.total_seconds())
    clock.shift(-jump)
    assert is_in(browser())


@pytest.mark.parametrize("jump", FORWARD)
def test_wrong_passwords_of_a_clock_that_was_ahead_shut_nobody_out(cast, clock, jump):
    clock.shift(jump)
    for _ in range(11):
        browser("a guess")
    assert not is_in(browser())
    clock.shift(-jump)
    assert is_in(browser())


def code(user) -> str:
    return codes.code_at(
        base64.b32decode(secret_of(SecondFactor.objects.get(user=user))), codes.step_of(now())
    )


@pytest.mark.parametrize("jump", FORWARD)
def test_codes_of_a_clock_that_was_ahead_shut_nobody_out_and_still_count_once(cast, clock, jump):
    factors.begin(by=cast.seller, at=now())
    clock.shift(jump)
    factors.confirm(by=cast.seller, at=now(), code=code(cast.seller))
    clock.shift(-jump)
    assert factors.try_code(user=cast.seller, at=now(), code=code(cast.seller))
    assert not factors.try_code(user=cast.seller, at=now(), code=code(cast.seller))


def test_a_wait_longer_than_the_longest_was_said_by_a_clock_that_was_ahead(cast, clock):
    factors.begin(by=cast.seller, at=now())
    factors.confirm(by=cast.seller, at=now(), code=code(cast.seller))
    clock.shift(40 * DAY)
    for _ in range(codes.FREE_TRIES):
        factors.try_code(user=cast.seller, at=now(), code="no code")
    clock.shift(-40 * DAY + 90)
    assert factors.try_code(user=cast.seller, at=now(), code=code(cast.seller))


def test_a_token_ends_by_its_day_and_works_again_when_the_clock_is_right(cast, clock):
    _, secret = tokens.make(by=cast.seller, at=now(), name="x", scopes=[next(iter(SCOPES))], days=30)
    works = []
    for jump in (0, 31 * DAY, -62 * DAY, 31 * DAY):
        clock.shift(jump)
        works.append(programs.caller(secret, at=now()) is not None)
    assert works == [True, False, True, True]
    assert Token.objects.get().revoked_at is None


def test_an_invitation_ends_by_its_day_and_works_again_when_the_clock_is_right(cast, clock):
    token = people.invite(by=cast.analyst, at=now(), users=[cast.seller])[cast.seller.pk]
    clock.shift(15 * DAY)
    assert Client().get(f"/welcome/{token}").status_code == 404
    clock.shift(-15 * DAY)
    assert Client().get(f"/welcome/{token}").status_code == 200
