"""Numbers in addresses and forms: digits are read, and what only looks like a digit breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

import hingepoint.web
from hingepoint.web.requests import MOST, whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("٣", 3), ("", None), (None, None), ("²", None), ("-1", None), ("1.0", None), ("x", None), ("9" * 20, None), ("9" * 5000, None), (str(MOST), MOST)],
)  # fmt: skip
def test_digits_are_a_number_and_nothing_else_is(text, number):
    assert whole_number(text) == number


def test_every_number_of_a_form_is_one_that_a_database_bears():
    web = Path(hingepoint.web.__file__).parent
    own = web / "requests.py"
    bare = [
        path.name
        for path in web.glob("*.py")
        if path != own and "forms.IntegerField" in path.read_text("utf-8")
    ]
    assert bare == []


@pytest.mark.parametrize(
    "address", ["/people/?team=²", "/people/?page=²", "/people/same?with=²", "/old/?of=²", "/words/?with=²"]
)
def test_a_page_asked_for_by_no_number_is_the_page_itself(client, cast, address):
    client.force_login(cast.sponsor)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("route", "said", "status"),
    [
        ("confirm-found", {"found": "²"}, 302),
        ("take-steps", {"deal": "²", "agreement": "cust.data_access", "state": "asked"}, 422),
    ],
)
def test_a_form_that_chooses_no_number_chooses_nothing(client, cast, route, said, status):
    client.force_login(cast.manager)
    assert client.post(reverse(route), said).status_code == status


def test_the_way_of_a_request_is_told_whatever_the_address_names(client, cast):
    client.force_login(cast.seller)
    address = reverse("exception-way", args=[cast.deal.pk]) + "?of=²"
    answer = client.post(address, {"kind": "price", "discount": "12"})
    assert answer.status_code == 200
    assert "If you send it now" in answer.content.decode()
