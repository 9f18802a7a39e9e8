"""Where one is signed in: listed, ended from elsewhere, ended by resting; and what of it is on record."""

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from budget import watched
from cast import PASSWORD
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people.models import SignInFailure, User
from hingepoint.domain.sessions import rules
from hingepoint.domain.sessions.models import Session

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1"


def signed_in(who="sanna", agent=FIREFOX, address="203.0.113.7") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    assert try_to(client, who).status_code == 302
    return client


def try_to(client, who="sanna", password=PASSWORD):
    return client.post("/sign-in", {"username": f"{who}@hinge.example", "password": password})


def on_record() -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.filter(subject__in=("session", "file")).order_by("id")
    return [(row.by_name, row.action, row.subject_id) for row in rows]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("<script>Linux", "A browser on Linux"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_told_in_known_words_alone(agent, words):
    assert rules.browser_in_words(agent) == words


def test_one_sees_where_one_is_signed_in_and_nobody_else_does(cast):
    here, _phone, _maud = signed_in(), signed_in(agent=PHONE, address="198.51.100.4"), signed_in("maud")
    page = here.get("/account/").text
    assert page.count("Firefox on Windows") == 1
    assert "Safari on iPhone" in page
    assert "198.51.100.4" in page
    assert page.count("this browser") == 1


def test_ending_the_other_browser_signs_it_out_at_its_next_page(cast):
    here, phone = signed_in(), signed_in(agent=PHONE)
    (handle,) = re.findall(r'name="place" value="(\w+)"', here.get("/account/").text)
    here.post("/account/sign-out-elsewhere", {"place": handle})
    assert phone.get("/").url.startswith("/sign-in")
    assert here.get("/").status_code == 200
    assert on_record()[-1] == ("Sanna", "end session", str(cast.seller.pk))


def test_nobody_ends_the_session_of_somebody_else(cast):
    here, maud = signed_in(), signed_in("maud")
    (row,) = Session.objects.filter(user=cast.manager)
    assert here.post("/account/sign-out-elsewhere", {"place": rules.handle(row.pk)}).status_code == 404
    assert maud.get("/").status_code == 200


def test_signing_out_everywhere_else_leaves_this_browser_and_other_people_alone(cast):
    here, phone, tablet, maud = signed_in(), signed_in(agent=PHONE), signed_in(), signed_in("maud")
    assert "2 browsers signed out" in here.post("/account/sign-out-elsewhere", follow=True).text
    assert [one.get("/").status_code for one in (here, phone, tablet, maud)] == [200, 302, 302, 200]


def test_a_new_password_leaves_one_browser_in_the_list(cast):
    here, phone = signed_in(), signed_in(agent=PHONE)
    new = "a hinge of another kind"
    here.post("/account/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert "Safari on iPhone" not in here.get("/account/").text
    assert phone.get("/").status_code == 302


def test_a_browser_that_rested_too_long_is_signed_out_and_what_was_typed_waits(cast, settings):
    here = signed_in()
    late = timezone.now() + settings.IDLE_TIME + dt.timedelta(minutes=1)
    with time_machine.travel(late):
        assert here.get("/deals/").url == "/sign-in?next=/deals/"
    assert on_record()[-1] == ("Sanna", "rest too long", str(cast.seller.pk))


def test_a_browser_in_use_stays_signed_in_and_use_is_noted_now_and_then(cast, settings):
    here = signed_in()
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        noted = set()
        for _ in range(8):
            clock.shift(settings.IDLE_TIME / 16)
            assert here.get("/account/").status_code == 200
            noted.add(here.session[rules.SEEN])
        assert len(noted) == 8
        clock.shift(rules.NOTED_EVERY / 2)
        here.get("/account/")
        assert here.session[rules.SEEN] == max(noted)


def test_after_its_days_everybody_signs_in_again_however_busy_the_browser_was(cast, settings):
    here, most = signed_in(), dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(most // settings.IDLE_TIME * 2 - 1):
            clock.shift(settings.IDLE_TIME / 2)
            assert here.get("/account/").status_code == 200
        clock.shift(settings.IDLE_TIME)
        assert here.get("/account/").url == "/sign-in?next=/account/"
    assert on_record()[-1] == ("Sanna", "last too long", str(cast.seller.pk))


def test_signing_in_and_out_is_on_record_with_from_where(cast):
    signed_in().post("/sign-out")
    sign_in, _ = AuditEvent.objects.filter(subject="session").order_by("id")
    assert sign_in.changes == {"address": [None, "203.0.113.7"], "browser": [None, "Firefox on Windows"]}
    number = str(cast.seller.pk)
    assert on_record() == [("Sanna", "sign in", number), ("Sanna", "sign out", number)]


def test_the_try_that_shuts_the_door_is_on_record_once_and_nothing_that_was_typed(cast):
    for _ in range(12):
        try_to(Client(), password="wrong")
        Client().post("/sign-in", {"username": "my secret by mistake", "password": "x"})
    assert on_record() == [
        ("system", "refuse sign-ins", str(cast.seller.pk)),
        ("system", "refuse sign-ins", "unknown"),
    ]
    assert "my secret" not in str(list(AuditEvent.objects.values()))


def test_who_guesses_from_everywhere_does_not_shut_out_a_browser_that_is_known(cast):
    known = signed_in()
    known.post("/sign-out")
    for number in range(60):
        SignInFailure.objects.create(
            account="sanna@hinge.example", address=f"198.51.100.{number}", at=timezone.now()
        )
    assert "Too many tries" in try_to(Client()).text
    assert try_to(known).status_code == 302


def test_a_known_browser_is_limited_too_and_knows_one_account_only(cast):
    known = signed_in()
    known.post("/sign-out")
    for _ in range(10):
        try_to(known, password="wrong")
    assert "Too many tries" in try_to(known).text
    for number in range(60):
        SignInFailure.objects.create(
            account="maud@hinge.example", address=f"198.51.100.{number}", at=timezone.now()
        )
    assert "Too many tries" in try_to(known, "maud").text


def test_a_file_taken_away_is_on_record_and_a_page_is_not(client, cast):
    client.force_login(cast.seller)
    client.get("/deals/")
    answer = client.get("/export/deals.csv")
    assert answer.status_code == 200
    row = AuditEvent.objects.get(subject="file")
    assert (row.by_name, row.subject_id) == ("Sanna", "export")
    assert row.changes["name"][1].startswith("deals-")


def test_the_trail_shows_sign_ins_to_who_asks_for_them(cast):
    reader = signed_in("ada")
    assert "signed in" not in reader.get("/trail/").text
    assert "signed in" in reader.get("/trail/?kind=doors").text


def test_the_session_and_its_person_are_found_by_one_statement(cast):
    here = signed_in()
    with watched() as asked:
        assert here.get("/docs/").status_code == 200
    first, *others = [sql for sql, _ in asked.found]
    assert "domain_session" in first
    assert "domain_user" in first
    assert not [sql for sql in others if "domain_session" in sql or 'FROM "domain_user"' in sql]


@pytest.mark.parametrize(
    "change",
    [
        lambda person: setattr(person, "is_active", False),
        lambda person: person.set_password("another one, of 29 letters"),
    ],
    ids=["left", "new password"],
)
def test_who_left_or_has_a_new_password_is_out_at_the_next_page(cast, change):
    here = signed_in()
    person = User.objects.get(pk=cast.seller.pk)
    change(person)
    person.save()
    assert here.get("/account/").status_code == 302


def test_a_session_over_by_its_date_opens_nothing(cast):
    here = signed_in()
    Session.objects.filter(user=cast.seller).update(expire_date=timezone.now())
    assert here.get("/account/").status_code == 302
