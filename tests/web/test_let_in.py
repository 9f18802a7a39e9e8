"""Letting people in: first it works, then who may, then what is refused, and what a link never tells."""

from __future__ import annotations

import datetime as dt
import re
import smtplib

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from cast import PASSWORD, deal
from hingepoint.cli import in_words
from hingepoint.config.environment import Environment, MailServer, read_mail_server
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import letters, queries
from hingepoint.domain.people.models import Invitation, User
from hingepoint.domain.people.tasks import mail_invitations
from hingepoint.records.people import SignIn
from letting_in import link_of, newcomer

CHOSEN = "three doors and a hinge"


@pytest.fixture
def as_analyst(client, cast):
    client.force_login(cast.analyst)
    return client


@pytest.fixture
def mail_server(settings):
    """A mail server that keeps what it is given."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"mail_server": "smtp+plain://localhost"})
    settings.DEFAULT_FROM_EMAIL = "hingepoint@hinge.example"


def links_on(answer) -> list[str]:
    return re.findall(r"http://testserver(/welcome/[\w-]+)", answer.text)


def invite(client, *users, **more):
    return client.post("/people/invite", {"who": [user.pk for user in users], "way": "link"} | more)


def choose(client, link, password=CHOSEN, again=None):
    return client.post(link, {"password": password, "again": again or password})


# ---- it works ----


def test_an_owner_from_a_file_gets_an_address_a_link_and_goes_in(as_analyst, client, cast):
    nils = newcomer("Nils Berg", email=None)
    deal("N-9", owner=nils, team=cast.north)
    as_analyst.post("/people/addresses", {f"address-{nils.pk}": " Nils@Hinge.example "})
    (link,) = links_on(invite(as_analyst, nils))
    client.logout()
    assert "Welcome, Nils Berg" in client.get(link).text
    answer = choose(client, link)
    assert answer.url == "/"
    assert "Deal N-9" in client.get("/deals/").text
    client.logout()
    signed_in = client.post("/sign-in", {"username": "nils@hinge.example", "password": CHOSEN})
    assert signed_in.url == "/"


def test_all_who_cannot_sign_in_are_invited_at_once_and_the_page_prints_every_link(as_analyst):
    both = [newcomer("Nils"), newcomer("Nora")]
    page = as_analyst.get("/people/let-in")
    assert [line.person.name for line in page.context["ready"]] == ["Nils", "Nora"]
    answer = invite(as_analyst, *both)
    assert len(set(links_on(answer))) == 2
    assert "nora@hinge.example" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_those_with_most_deals_come_first(as_analyst, cast):
    nils, nora = newcomer("Nils"), newcomer("Nora")
    deal("N-9", owner=nora, team=cast.north)
    found = queries.to_let_in(cast.analyst, at=timezone.now())
    assert [(line.person.id, line.deals) for line in found] == [(nora.pk, 1), (nils.pk, 0)]


def test_with_a_mail_server_each_is_mailed_a_link_of_their_own(as_analyst, cast, mail_server, client):
    nils, nora = newcomer("Nils"), newcomer("Nora")
    invite(as_analyst, nils, nora, way="mail")
    assert mail_invitations(at=timezone.now()) == 2
    to = {one.to[0]: re.search(r"http://testserver(/welcome/\S+)", one.body)[1] for one in mail.outbox}
    assert set(to) == {"nils@hinge.example", "nora@hinge.example"}
    assert mail.outbox[0].subject == "Ada invites you to Hingepoint"
    client.logout()
    assert "Welcome, Nora" in client.get(to["nora@hinge.example"]).text


def test_what_is_mailed_is_mailed_once(as_analyst, mail_server):
    invite(as_analyst, newcomer("Nils"), way="mail")
    assert [mail_invitations(at=timezone.now()) for _ in range(2)] == [1, 0]


def test_without_a_mail_server_nothing_is_mailed_and_links_are_shown(as_analyst):
    answer = invite(as_analyst, newcomer("Nils"), way="mail")
    assert len(links_on(answer)) == 1
    assert mail_invitations(at=timezone.now()) == 0


def state_of(cast, user) -> tuple[SignIn, str]:
    (found,) = [one for one in queries.to_let_in(cast.analyst, at=timezone.now()) if one.person.id == user.pk]
    return found.person.sign_in, found.problem


def test_an_address_that_the_server_refuses_is_told_and_the_others_go_out(
    as_analyst, cast, mail_server, monkeypatch
):
    nils, nora = newcomer("Nils"), newcomer("Nora")
    invite(as_analyst, nils, nora, way="mail")
    send = letters.EmailMessage.send

    def refuse_nils(message):
        if message.to == ["nils@hinge.example"]:
            raise smtplib.SMTPRecipientsRefused({"nils@hinge.example": (550, b"no such user")})
        return send(message)

    monkeypatch.setattr(letters.EmailMessage, "send", refuse_nils)
    assert mail_invitations(at=timezone.now()) == 1
    assert state_of(cast, nora) == (SignIn.INVITED, "")
    assert state_of(cast, nils) == (
        SignIn.NOT_SENT,
        "The mail server does not take mail for nils@hinge.example.",
    )
    assert "does not take mail for nils" in as_analyst.get("/people/let-in").text


def test_a_server_that_is_away_is_asked_once_and_tried_again_for_a_day(
    as_analyst, cast, mail_server, monkeypatch
):
    nils, nora = newcomer("Nils"), newcomer("Nora")
    invite(as_analyst, nils, nora, way="mail")
    asked = []

    def away(message):
        asked.append(message.to)
        raise ConnectionRefusedError("the mail server is away")

    monkeypatch.setattr(letters.EmailMessage, "send", away)
    mail_invitations(at=timezone.now())
    assert len(asked) == 1
    monkeypatch.undo()
    assert mail_invitations(at=timezone.now() + dt.timedelta(hours=25)) == 0


def test_a_day_of_trying_sends_what_waited(as_analyst, cast, mail_server):
    nils = newcomer("Nils")
    invite(as_analyst, nils, way="mail")
    assert state_of(cast, nils)[0] == SignIn.WAITING
    assert mail_invitations(at=timezone.now() + dt.timedelta(hours=23)) == 1


# ---- what a link is good for ----


def test_a_link_opens_once(as_analyst, client, cast):
    link = f"/welcome/{link_of(newcomer('Nils'), by=cast.analyst)}"
    client.logout()
    choose(client, link)
    client.logout()
    assert choose(client, link, password="another tin roof").status_code == 404
    assert User.objects.get(name="Nils").check_password(CHOSEN)


def test_looking_at_a_link_does_not_use_it(client, cast):
    link = f"/welcome/{link_of(newcomer('Nils'), by=cast.analyst)}"
    for _ in range(3):
        assert client.get(link).status_code == 200


def test_a_link_is_over_after_its_days(client, cast):
    long_ago = timezone.now() - dt.timedelta(days=14, minutes=1)
    assert (
        client.get(f"/welcome/{link_of(newcomer('Nils'), by=cast.analyst, at=long_ago)}").status_code == 404
    )
    nearly = timezone.now() - dt.timedelta(days=13, hours=23)
    assert client.get(f"/welcome/{link_of(newcomer('Nora'), by=cast.analyst, at=nearly)}").status_code == 200


def revoke(client, nils):
    client.post(f"/people/{nils.pk}/invitation/revoke")


def disable(client, nils):
    client.post(f"/people/{nils.pk}/active", {"active": "no"})


def enable_again(client, nils):
    disable(client, nils)
    client.post(f"/people/{nils.pk}/active", {"active": "yes"})


def invite_again(client, nils):
    invite(client, nils)


def change_address(client, nils):
    client.post(f"/people/{nils.pk}/address", {"email": "other@hinge.example"})


def set_password(client, nils):
    people.set_password(by=None, at=timezone.now(), user=nils, password="another tin roof")


@pytest.mark.parametrize(
    "happens", [revoke, disable, enable_again, invite_again, change_address, set_password]
)
def test_a_link_stops_when(happens, as_analyst, cast):
    nils = newcomer("Nils")
    token = link_of(nils, by=cast.analyst)
    happens(as_analyst, nils)
    assert queries.invited_by(token, at=timezone.now()) is None
    with pytest.raises(people.LinkOver):
        people.choose_password(at=timezone.now(), token=token, password=CHOSEN)


def test_a_link_for_somebody_who_forgot_their_password_leaves_the_old_one_until_it_is_used(
    as_analyst, client, cast
):
    (link,) = links_on(invite(as_analyst, cast.seller))
    cast.seller.refresh_from_db()
    assert cast.seller.check_password(PASSWORD)
    client.logout()
    choose(client, link)
    cast.seller.refresh_from_db()
    assert cast.seller.check_password(CHOSEN)


def test_every_other_session_ends_when_a_link_is_used(as_analyst, client, cast):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(cast.seller)
    (link,) = links_on(invite(as_analyst, cast.seller))
    client.logout()
    choose(client, link)
    assert elsewhere.get("/deals/").url.startswith("/sign-in")


# ---- what is never told ----


def test_nothing_in_the_database_opens_a_link(cast):
    token = link_of(newcomer("Nils"), by=cast.analyst)
    row = Invitation.objects.get()
    assert token not in str({field.name: getattr(row, field.attname) for field in row._meta.concrete_fields})
    assert len(row.digest) == 64
    assert token not in str(list(AuditEvent.objects.values()))


def test_used_revoked_late_and_made_up_links_look_the_same(as_analyst, client, cast):
    used = link_of(newcomer("Nils"), by=cast.analyst)
    people.choose_password(at=timezone.now(), token=used, password=CHOSEN)
    late = link_of(newcomer("Nora"), by=cast.analyst, at=timezone.now() - dt.timedelta(days=30))
    client.logout()
    pages = [client.get(f"/welcome/{token}") for token in (used, late, "made-up", "x" * 43)]
    assert {answer.status_code for answer in pages} == {404}
    assert len({re.sub(r"[A-Za-z0-9]{64}", "", answer.text) for answer in pages}) == 1
    assert "hinge.example" not in pages[0].text


def test_a_stranger_who_asks_to_sign_in_learns_no_address(client, cast):
    newcomer("Nils")
    said = [
        client.post("/sign-in", {"username": who, "password": "wrong"}).text
        for who in ("nils@hinge.example", "nobody@hinge.example")
    ]
    for text in said:
        assert "do not belong together" in text


def test_a_page_with_a_link_in_its_address_tells_it_to_no_other_site(client, cast):
    answer = client.get(f"/welcome/{link_of(newcomer('Nils'), by=cast.analyst)}")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


# ---- what is refused ----


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "too short"),
        (CHOSEN, "three doors", "The two are not the same."),
        ("", "", "Password is needed."),
    ],
)
def test_a_password_that_cannot_be_taken_is_told_and_the_link_goes_on(client, cast, password, again, said):
    link = f"/welcome/{link_of(newcomer('Nils'), by=cast.analyst)}"
    answer = client.post(link, {"password": password, "again": again})
    assert answer.status_code == 422
    assert said in answer.text
    assert CHOSEN not in answer.text
    assert client.get(link).status_code == 200


def test_nobody_without_address_is_invited_and_then_nobody_is(as_analyst):
    nils, nora = newcomer("Nils"), newcomer("Nora", email=None)
    answer = invite(as_analyst, nils, nora)
    assert "Nora has no address yet." in answer.text
    assert not Invitation.objects.exists()


def test_nobody_who_is_disabled_is_invited(as_analyst, cast):
    assert "Dora is disabled." in invite(as_analyst, cast.disabled).text
    assert not Invitation.objects.exists()


def test_without_a_choice_nobody_is_invited(as_analyst):
    newcomer("Nils")
    answer = invite(as_analyst)
    assert (answer.status_code, "Choose at least one person." in answer.text) == (422, True)


def test_addresses_are_taken_all_or_none_with_words_at_each(as_analyst, cast):
    nils, nora, nina = (newcomer(name, email=None) for name in ("Nils", "Nora", "Nina"))
    typed = {
        f"address-{nils.pk}": "nils@hinge.example",
        f"address-{nora.pk}": "SANNA@hinge.example",
        f"address-{nina.pk}": "no address",
    }
    answer = as_analyst.post("/people/addresses", typed)
    assert answer.status_code == 422
    problems = answer.context["typing"].problems
    assert problems[f"address-{nora.pk}"].startswith("Sanna is here under this address.")
    assert problems[f"address-{nina.pk}"].startswith("no address is no e-mail address.")
    assert not User.objects.filter(pk__in=[nils.pk, nora.pk, nina.pk], email__isnull=False).exists()


def test_two_do_not_get_one_address(as_analyst):
    nils, nora = newcomer("Nils", email=None), newcomer("Nora", email=None)
    typed = {f"address-{nils.pk}": "n@hinge.example", f"address-{nora.pk}": "n@hinge.example"}
    assert as_analyst.post("/people/addresses", typed).status_code == 422
    assert not User.objects.filter(email="n@hinge.example").exists()


def test_who_may_not_invite_makes_no_link(client, cast):
    nils = newcomer("Nils")
    for who in (cast.seller, cast.manager, cast.inside_partner):
        client.force_login(who)
        assert invite(client, nils).status_code == 404
        assert client.post(f"/people/{nils.pk}/address", {"email": "a@b.example"}).status_code == 404
    assert not Invitation.objects.exists()
    nils.refresh_from_db()
    assert nils.email == "nils@hinge.example"


def test_the_trail_says_who_invited_whom_and_that_they_came(as_analyst, client, cast):
    nils = newcomer("Nils")
    (link,) = links_on(invite(as_analyst, nils))
    client.logout()
    choose(client, link)
    told = AuditEvent.objects.filter(subject="user", subject_id=nils.pk).order_by("id")
    assert list(told.values_list("by_name", "action"))[1:] == [("Ada", "invite"), ("Nils", "choose password")]


def test_the_list_tells_who_cannot_sign_in_yet(as_analyst):
    newcomer("Nils")
    assert [one.name for one in as_analyst.get("/people/?sign_in=out").context["found"].people] == [
        "Dora",
        "Nils",
    ]
    assert "Nils" not in as_analyst.get("/people/?sign_in=in").text


def test_somebody_who_owns_deals_is_offered_before_a_second_one_is_made(as_analyst, cast):
    nils = newcomer("Nils Berg", email=None)
    deal("N-9", owner=nils, team=cast.north)
    new = {"name": "Berg, Nils", "role": "seller", "email": "nb@hinge.example"}
    answer = as_analyst.post("/people/new", new)
    assert answer.status_code == 422
    assert "Nils Berg is here already, owns 1 deal and cannot sign in yet." in answer.text
    as_analyst.post("/people/new", new | {"somebody_else": "on"})
    assert User.objects.filter(email="nb@hinge.example").exists()


# ---- the mail server of the settings ----


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtp://u%40x:p%2Fw@mail.example:2525", MailServer("mail.example", 2525, "u@x", "p/w", True, False)),
        ("smtp://mail.example", MailServer("mail.example", 587, "", "", True, False)),
        ("smtps://u:p@mail.example", MailServer("mail.example", 465, "u", "p", False, True)),
        ("smtp+plain://localhost", MailServer("localhost", 25, "", "", False, False)),
    ],
)
def test_a_mail_server_is_one_address(address, server):
    assert read_mail_server(address) == server
    assert Environment(mail_server=address, mail_from="Hingepoint <h@x.example>").mail_server == address


@pytest.mark.parametrize(
    "address", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x"]
)
def test_what_is_no_mail_server_is_refused_in_words(address):
    with pytest.raises(ValueError, match=r"mail server|Port"):
        Environment(mail_server=address, mail_from="h@x.example")


def test_a_mail_server_needs_a_sender():
    with pytest.raises(ValueError, match="needs HINGEPOINT_MAIL_FROM"):
        Environment(mail_server="smtp://mail.example")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"mail_server": "smtp://u:pass-word@"},
            "HINGEPOINT_MAIL_SERVER: is no mail server; expected such as smtp",
        ),
        (
            {"mail_server": "smtp://u:pass-word@x.example"},
            "HINGEPOINT_MAIL_SERVER needs HINGEPOINT_MAIL_FROM",
        ),
    ],
)
def test_a_password_of_the_mail_server_is_shown_nowhere(settings, said):
    with pytest.raises(ValueError) as wrong:  # noqa: PT011 - its words are looked at below
        Environment(**settings)
    assert in_words(wrong.value).startswith(said)
    assert "pass-word" not in in_words(wrong.value) + str(wrong.value)
    assert "pass-word" not in repr(read_mail_server("smtp://u:pass-word@mail.example"))


# ---- forgotten passwords ----


def ask(client, email, **more):
    return client.post("/sign-in/forgotten", {"email": email}, **more)


def test_who_forgot_their_password_is_mailed_a_link_that_works_for_an_hour(client, cast, mail_server):
    ask(client, " Sanna@Hinge.Example")
    assert mail_invitations(at=timezone.now()) == 1
    (letter,) = mail.outbox
    assert (letter.subject, letter.to) == ("A new password for Hingepoint", ["sanna@hinge.example"])
    link = re.search(r"http://testserver(/welcome/\S+)", letter.body)[1]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
        assert client.get(link).status_code == 404
    assert client.login(username="sanna@hinge.example", password=PASSWORD)
    client.logout()
    choose(client, link)
    assert client.get("/").wsgi_request.user == cast.seller


@pytest.mark.parametrize("email", ["sanna@hinge.example", "nobody@hinge.example", "dora@hinge.example"])
def test_asking_for_a_new_password_says_the_same_of_everybody(client, cast, mail_server, email):
    page = ask(client, email, follow=True).text
    assert f"If {email} signs in here, a link is on its way." in page


def test_only_who_signs_in_here_is_mailed_and_once_in_a_quarter_of_an_hour(client, cast, mail_server):
    nils = newcomer("Nils")
    for email in ("sanna@hinge.example", "sanna@hinge.example", "dora@hinge.example", nils.email):
        ask(client, email)
    assert mail_invitations(at=timezone.now()) == 1


def test_who_asks_for_many_new_passwords_is_stopped(client, cast, mail_server):
    for number in range(10):
        assert ask(client, f"p{number}@hinge.example").status_code == 302
    assert ask(client, "sanna@hinge.example").status_code == 429
    assert mail_invitations(at=timezone.now()) == 0


def test_where_no_mail_is_sent_there_is_no_such_page(client, cast):
    assert client.get("/sign-in/forgotten").url == "/sign-in"
    assert "Forgotten your password, or none yet?" in client.get("/sign-in").text
