"""Passkeys: added, signed in by, taken away; and whoever tries with a false page, a copied key or an old answer."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from cast import NOW, PASSWORD
from devices import PRESENT, Device
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.passkeys import actions, rules
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people import actions as people
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.sign_on.models import SignOn
from hingepoint.records.people import Role

OWN = "/account/passkeys"


def add(client, device: Device, name="work laptop", **differing):
    answer = device.makes(client.post(f"{OWN}/begin").json(), **differing)
    return client.post(f"{OWN}/add", {"name": name, "answer": answer})


def sign_in(device: Device, **differing) -> Client:
    client = Client()
    answer = device.answers(client.post("/sign-in/passkey/begin").json(), **differing)
    client.post("/sign-in/passkey", {"answer": answer})
    return client


def is_in(client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def device(cast, client) -> Device:
    """Sanna's, with her passkey in it."""
    client.force_login(cast.seller)
    made = Device()
    assert add(client, made).status_code == 302
    return made


# ---- it works ----


def test_one_adds_a_passkey_and_signs_in_by_it(cast, client, device):
    assert "work laptop" in client.get(OWN).text
    there = sign_in(device)
    assert is_in(there)
    assert there.get("/account/").context["page"].person.name == "Sanna"
    assert Passkey.objects.get().used_at is not None
    rows = AuditEvent.objects.filter(subject="passkey").order_by("id")
    assert list(rows.values_list("by_name", "action")) == [("Sanna", "add"), ("Sanna", "use")]


def test_it_counts_as_two_factors(cast, device, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"second_factor_for": [Role.SELLER]})
    SecondFactor.objects.create(user=cast.seller, secret="x", begun_at=NOW, confirmed_at=NOW)
    assert is_in(sign_in(device))


def test_the_password_goes_on_working_beside_it(cast, device):
    client = Client()
    client.post("/sign-in", {"username": "sanna@hinge.example", "password": PASSWORD})
    assert is_in(client)


def test_one_that_is_taken_away_opens_nothing(cast, client, device):
    client.post(f"{OWN}/{Passkey.objects.get().pk}/remove")
    assert not is_in(sign_in(device))
    assert AuditEvent.objects.filter(action="remove", subject="passkey").exists()


def test_a_page_that_was_wanted_is_opened_and_none_elsewhere(cast, device):
    for wanted, opened in (("/deals/", "/deals/"), ("https://evil.example/", "/")):
        client = Client()
        answer = device.answers(client.post("/sign-in/passkey/begin").json())
        assert client.post("/sign-in/passkey", {"answer": answer, "next": wanted}).url == opened


# ---- who tries is not let in ----


@pytest.mark.parametrize(
    "differing",
    [
        {"origin": "https://hingepo1nt.example"},
        {"origin": "http://testserver:8000"},
        {"host": "hingepo1nt.example"},
        {"challenge": "b2YgYW5vdGhlciBxdWVzdGlvbg"},
        {"kind": "webauthn.create"},
    ],
    ids=str,
)
def test_what_was_answered_elsewhere_or_to_something_else_opens_nothing(cast, device, differing):
    client = sign_in(device, **differing)
    assert not is_in(client)
    assert "does not open Hingepoint" in client.get("/sign-in").text


def test_a_key_that_was_not_opened_by_its_person_opens_nothing(cast, device):
    device.flags = PRESENT
    assert not is_in(sign_in(device))


def test_another_key_under_the_same_number_opens_nothing(cast, device):
    assert not is_in(sign_in(Device(number=device.number)))


def test_a_key_nobody_added_opens_nothing(cast, device):
    assert not is_in(sign_in(Device(number=b"key two")))


def test_an_answer_opens_once(cast, device):
    client = Client()
    answer = device.answers(client.post("/sign-in/passkey/begin").json())
    client.post("/sign-in/passkey", {"answer": answer})
    client.post("/sign-out")
    client.post("/sign-in/passkey", {"answer": answer})
    assert not is_in(client)


def test_an_answer_of_another_browser_opens_nothing(cast, device):
    asked = Client().post("/sign-in/passkey/begin").json()
    there = Client()
    there.post("/sign-in/passkey/begin")
    there.post("/sign-in/passkey", {"answer": device.answers(asked)})
    assert not is_in(there)


def test_a_copied_key_is_known_by_its_count(cast, device):
    copied = Device(key=device.key, number=device.number)
    sign_in(device)
    assert is_in(sign_in(device))
    assert not is_in(sign_in(copied))


def test_a_question_is_answered_within_minutes(cast, device):
    with time_machine.travel(NOW, tick=False) as clock:
        client = Client()
        answer = device.answers(client.post("/sign-in/passkey/begin").json())
        clock.shift(rules.WAITS + dt.timedelta(seconds=1))
        client.post("/sign-in/passkey", {"answer": answer})
        assert "took too long" in client.get("/sign-in").text


def test_who_is_disabled_is_not_let_in(cast, device):
    people.set_active(by=None, at=NOW, user=cast.seller, active=False)
    assert not is_in(sign_in(device))


def test_where_the_companys_account_alone_counts_a_passkey_does_not(cast, device):
    SignOn.objects.create(pk=1, issuer="https://login.example", only=True, way_out=cast.sponsor)
    assert not is_in(sign_in(device))


@pytest.mark.parametrize(
    "answer", ["", "{", "{}", "[]", '"x"', '{"id": "x"}', '{"rawId": 1, "response": {}}']
)
def test_an_answer_that_is_none_is_refused(cast, device, answer):
    client = Client()
    client.post("/sign-in/passkey/begin")
    assert client.post("/sign-in/passkey", {"answer": answer}).status_code == 302
    assert not is_in(client)


@pytest.mark.parametrize(
    "differing", [{"origin": "https://evil.example"}, {"challenge": "b2Y"}, {"host": "evil.example"}], ids=str
)
def test_a_key_that_was_made_elsewhere_is_not_kept(cast, client, differing):
    client.force_login(cast.seller)
    assert add(client, Device(), **differing).status_code == 422
    assert not Passkey.objects.exists()


def test_a_key_that_asks_nobody_who_they_are_is_not_kept(cast, client):
    client.force_login(cast.seller)
    assert add(client, Device(flags=PRESENT)).status_code == 422


def test_a_passkey_is_one_persons(cast, client, device):
    client.force_login(cast.manager)
    assert add(client, device).status_code == 422
    with pytest.raises(actions.Hidden):
        actions.remove(by=cast.sponsor, at=NOW, passkey_id=Passkey.objects.get().pk)
    assert "work laptop" not in client.get(OWN).text
