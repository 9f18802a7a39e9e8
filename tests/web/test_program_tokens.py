"""Making a token for a program, seeing it once, locking it out."""

from __future__ import annotations

import re

import pytest

from calling import Program
from hingepoint.domain.people.models import User
from hingepoint.domain.tokens.models import Token

FORM = {"name": "warehouse", "scopes": ["deals:read"], "days": "30"}


@pytest.fixture
def as_seller(client, cast):
    client.force_login(cast.seller)
    return client


def made(client, **more) -> str:
    page = client.post("/account/tokens/make", FORM | more).text
    return re.search(r'value="(hp[ps]_[^"]+)"', page)[1]


def test_a_token_is_shown_once_and_works(as_seller):
    secret = made(as_seller)
    assert [one["key"] for one in Program(secret).get("/deals").json()["items"]] == ["N-1"]
    page = as_seller.get("/account/tokens/").text
    assert secret not in page
    assert "warehouse" in page


def test_a_token_that_is_locked_out_opens_nothing(as_seller):
    secret = made(as_seller)
    answer = as_seller.post(f"/account/tokens/{Token.objects.get().pk}/revoke", follow=True)
    assert "warehouse is locked out" in answer.text
    assert Program(secret).get("/deals").status_code == 401


def test_an_analyst_makes_one_for_a_program_of_its_own(client, cast):
    client.force_login(cast.analyst)
    assert made(client, whose="service", role="analyst").startswith("hps_")
    assert User.objects.get(key="service:warehouse").title == "A program"
    assert "a program of its own" in client.get("/account/tokens/").text


def test_nobody_else_makes_one_for_a_program_of_its_own(as_seller):
    assert (
        as_seller.post("/account/tokens/make", FORM | {"whose": "service", "role": "sponsor"}).status_code
        == 404
    )
    assert not Token.objects.exists()


def test_nobody_sees_or_locks_out_the_token_of_somebody_else(as_seller, cast, client):
    made(as_seller)
    client.force_login(cast.analyst)
    assert "warehouse" not in client.get("/account/tokens/").text
    assert client.post(f"/account/tokens/{Token.objects.get().pk}/revoke").status_code == 404


def test_what_makes_no_sense_comes_back_with_what_was_typed(as_seller):
    answer = as_seller.post("/account/tokens/make", {"name": "warehouse", "days": "30"})
    assert answer.status_code == 422
    assert "Choose at least one thing" in answer.text
    assert 'value="warehouse"' in answer.text
