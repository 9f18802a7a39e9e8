"""Signing in: who gets in, who does not, and how often one may try."""

import re

import pytest
import time_machine

from cast import NOW, PASSWORD, deal
from hingepoint.domain.people import actions
from hingepoint.domain.people.models import User


def sign_in(client, email="sanna@hinge.example", password=PASSWORD, **headers):
    return client.post("/sign-in", {"username": email, "password": password}, **headers)


def test_the_right_password_opens_the_home_page(client, cast):
    assert sign_in(client, email=" Sanna@Hinge.Example ").url == "/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("sanna@hinge.example", "wrong"),
        ("nobody@hinge.example", PASSWORD),
        ("dora@hinge.example", PASSWORD),
    ],
)
def test_wrong_unknown_and_disabled_get_the_same_answer(client, cast, email, password):
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert "do not belong together" in answer.content.decode()


def test_the_eleventh_try_is_refused_even_with_the_right_password(client, cast):
    for _ in range(10):
        sign_in(client, password="wrong")
    answer = sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert "Too many tries" in answer.content.decode()
    with time_machine.travel(NOW.replace(year=2100)):
        assert sign_in(client).status_code == 302


def test_a_guess_at_one_account_does_not_lock_another(client, cast):
    for _ in range(10):
        sign_in(client, password="wrong")
    assert sign_in(client, email="maud@hinge.example").status_code == 302


def test_a_disabled_person_is_out_on_the_next_request(client, cast):
    client.force_login(cast.seller)
    actions.set_active(by=cast.analyst, at=NOW, user=cast.seller, active=False)
    assert client.get("/").url.startswith("/sign-in")


def test_a_new_password_ends_other_sessions(client, cast):
    client.force_login(cast.seller)
    actions.set_password(by=cast.analyst, at=NOW, user=cast.seller, password="another hinge entirely")
    assert client.get("/").status_code == 302


def test_nobody_becomes_a_persona_outside_the_demo(client, cast):
    User.objects.filter(pk=cast.sponsor.pk).update(key="demo-sponsor")
    assert client.post("/demo/as/sponsor").status_code == 404


def test_the_demos_front_page_leads_to_the_tour_deal(client, cast, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    User.objects.filter(pk=cast.seller.pk).update(key="demo-seller")
    assert "Or begin with one deal" not in client.get("/sign-in").text
    deal("D-TOUR", name="Alder Mill: everything", owner=cast.seller, team=cast.north)
    page = client.get("/sign-in").text
    opens = re.search(r'name="next" value="(/deals/\d+/)"><span><b>(.*?)</b>', page)
    assert opens[2] == "Alder Mill: everything"
    assert client.post("/demo/as/seller", {"next": opens[1]}).url == opens[1]
    assert client.get(opens[1]).status_code == 200


def test_the_demo_leads_to_no_foreign_page(client, cast, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    User.objects.filter(pk=cast.seller.pk).update(key="demo-seller")
    assert client.post("/demo/as/seller", {"next": "https://elsewhere.example/"}).url == "/"


def test_in_the_demo_a_click_signs_in(client, cast, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    User.objects.filter(pk=cast.sponsor.pk).update(key="demo-sponsor")
    assert "Look around as" in client.get("/sign-in").content.decode()
    assert client.post("/demo/as/sponsor").url == "/"
    assert client.get("/").wsgi_request.user == cast.sponsor


def test_every_answer_forbids_foreign_scripts(client, db):
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_sign_in_gives_a_new_session_and_ends_the_one_before(client, cast):
    session = client.session
    session["left"] = "by somebody who knows this key"
    session.save()
    client.post("/sign-in", {"username": cast.seller.email, "password": PASSWORD})
    assert client.get("/").status_code == 200
    assert client.session.session_key != session.session_key
    assert not session.exists(session.session_key)


@pytest.mark.parametrize("typed", [PASSWORD.upper(), PASSWORD[:-1], f"{PASSWORD} ", f" {PASSWORD}"])
def test_a_password_is_taken_as_it_is_typed(client, cast, typed):
    client.post("/sign-in", {"username": cast.seller.email, "password": typed})
    assert client.get("/").status_code == 302
