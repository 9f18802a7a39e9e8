"""The mail of a day: what it tells, whom it reaches and when, and that it never comes twice."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.urls import resolve
from django.utils import timezone

import duties
import talks
from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.notices import actions, letters, queries, reading, rules
from hingepoint.domain.notices.models import Digest, Quiet
from hingepoint.domain.people import actions as people
from hingepoint.domain.premortems import actions as premortems
from hingepoint.domain.routines.models import DaysOff
from hingepoint.jobs.mails import link, send_digests
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.notices import Line, NoticeKind
from postbox import postbox

MONDAY = dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)  # half past nine in Paris
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def mails(settings):
    """A mail server and the address of this installation; what was sent."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reached = {"mail_server": "smtp+plain://localhost", "address": "https://hinge.example"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=reached)
    mail.outbox = []
    return mail.outbox


@pytest.fixture
def due(cast):
    """A required agreement of Sanna's deal that was due yesterday."""
    duties.falls_due(cast.seller, due_at=MONDAY)
    return cast


def to(who, outbox) -> list[str]:
    return [one.body for one in outbox if one.to == [who.email]]


def test_a_mail_tells_each_thing_with_its_page(due, mails):
    send_digests(at=MONDAY)
    (body,) = to(due.seller, mails)
    assert "Your routines" in body
    path = next(word for word in body.split() if word.startswith("https://hinge.example"))
    assert resolve(path.removeprefix("https://hinge.example")).url_name == "home"
    assert "none when nothing is new" in body
    assert f"{letters.LED} https://hinge.example/account/notices#mails" in body
    assert letters.VAIN not in body


def test_one_mail_a_day_at_most_and_none_when_nothing_is_new(due, mails):
    assert send_digests(at=MONDAY) == 1
    assert send_digests(at=MONDAY) == 0
    assert send_digests(at=MONDAY + DAY) == 0  # the same thing still waits
    duties.falls_due(due.seller, due_at=MONDAY + 2 * DAY)
    assert send_digests(at=MONDAY + 2 * DAY) == 1
    assert "1 new thing for you" in mails[-1].subject


def test_whom_nothing_waits_for_gets_nothing(due, mails):
    send_digests(at=MONDAY)
    assert not to(due.stranger, mails)
    assert not Digest.objects.exclude(user=due.seller).exists()


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (MONDAY - 3 * dt.timedelta(hours=1), "half past six"),
        (MONDAY - DAY, "a Sunday"),
    ],
)
def test_it_comes_on_working_days_from_ones_hour_on(due, mails, when, why):
    duties.falls_due(due.seller, due_at=when)
    assert send_digests(at=when) == 0, why


@pytest.mark.parametrize(
    ("zone", "weekdays", "when", "comes"),
    [
        ("Asia/Singapore", "01234", "2026-03-02 06:59", False),
        ("Asia/Singapore", "01234", "2026-03-02 07:00", True),
        ("America/Los_Angeles", "01234", "2026-03-02 06:59", False),
        ("America/Los_Angeles", "01234", "2026-03-02 23:30", True),
        ("Asia/Dubai", "01236", "2026-03-06 12:00", False),
        ("Asia/Dubai", "01236", "2026-03-08 12:00", True),
    ],
)
def test_it_comes_on_ones_own_clock_and_days_of_the_week(due, mails, zone, weekdays, when, comes):
    at = dt.datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone))
    facts = {"wanted": True, "hour": 7, "version": 0, "zone": zone, "weekdays": weekdays}
    actions.choose_mail(by=due.seller, at=MONDAY - 3 * DAY, **facts)
    duties.falls_due(due.seller, due_at=MONDAY - 2 * DAY)
    assert [send_digests(at=at), send_digests(at=at)] == [int(comes), 0]
    if comes:
        assert Digest.objects.get().on == at.date()


def test_a_day_off_is_one_of_ones_own_clock(due, mails):
    actions.choose_mail(by=due.seller, at=NOW, wanted=True, hour=1, version=0, zone="Pacific/Auckland")
    DaysOff.objects.create(
        person=due.seller, since=MONDAY.date() + DAY, until=MONDAY.date() + 2 * DAY, said_at=NOW
    )
    tuesday_there = MONDAY + 6 * HOUR  # Monday evening in Paris
    assert [send_digests(at=tuesday_there), send_digests(at=tuesday_there + DAY)] == [0, 1]


FIRST, LAST = "Pacific/Kiritimati", "Etc/GMT+12"  # 26 hours apart


@pytest.fixture(params=[(FIRST, LAST), (LAST, FIRST)], ids=["two days behind", "two days ahead"])
def far_away(request, settings, due):
    """Sanna, whose clock is two days from the company's; the moment and her day."""
    company, hers = request.param
    settings.TIME_ZONE = company
    timezone.get_default_timezone.cache_clear()
    zones = {"zone": hers, "weekdays": "0123456"}
    actions.choose_mail(by=due.seller, at=NOW, wanted=True, hour=0, version=0, **zones)
    at = dt.datetime(2026, 3, 3, 11, 30, tzinfo=dt.UTC)
    day = at.astimezone(ZoneInfo(hers)).date()
    assert abs(day - timezone.localdate(at)) == 2 * DAY
    duties.falls_due(due.seller, due_at=MONDAY - 2 * DAY)
    yield at, day
    timezone.get_default_timezone.cache_clear()


def test_one_mail_a_day_comes_wherever_the_company_is(due, mails, far_away):
    at, day = far_away
    assert [send_digests(at=at), send_digests(at=at)] == [1, 0]
    assert Digest.objects.get().on == day
    assert Digest.objects.get().sent_at


def test_who_had_the_mail_is_not_asked_for_lines_again(due, mails, far_away, monkeypatch):
    at, _ = far_away
    send_digests(at=at)
    asked: list[str] = []
    monkeypatch.setattr(queries, "wanted", lambda user, *, today: asked.append(user.name) or [])
    send_digests(at=at)
    assert due.seller.name not in asked


def test_a_day_off_of_ones_own_counts_wherever_the_company_is(due, mails, far_away):
    at, day = far_away
    DaysOff.objects.create(person=due.seller, since=day, until=day + DAY, said_at=NOW)
    assert send_digests(at=at) == 0
    assert not Digest.objects.exists()


def test_a_kind_that_is_told_again_is_told_wherever_the_company_is(due, mails, far_away):
    at, _ = far_away
    for kind in NoticeKind:
        actions.be_quiet(by=due.seller, at=at, kind=kind, for_good=False)
    assert send_digests(at=at) == 0
    for kind in NoticeKind:
        actions.tell_again(by=due.seller, at=at, kind=kind)
    assert send_digests(at=at) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"zone": "Mars/Base"}, "zone"), ({"weekdays": ""}, "weekdays"), ({"hour": 24}, "hour")],
)
def test_no_hour_zone_or_day_that_is_none(cast, wrong, field):
    with pytest.raises(Refused) as refused:
        actions.choose_mail(by=cast.seller, at=NOW, **{"wanted": True, "hour": 7, "version": 0} | wrong)
    assert refused.value.field == field


@pytest.mark.parametrize("of_whom", ["seller", None])
def test_days_off_are_respected(due, mails, of_whom):
    person = getattr(due, of_whom) if of_whom else None
    DaysOff.objects.create(person=person, since=MONDAY.date(), until=MONDAY.date() + DAY, said_at=NOW)
    assert send_digests(at=MONDAY) == 0
    assert send_digests(at=MONDAY + DAY) == 1


def test_who_cannot_sign_in_or_wants_none_gets_none(due, mails):
    actions.choose_mail(by=due.seller, at=NOW, wanted=False, hour=7, version=0)
    assert send_digests(at=MONDAY) == 0
    actions.choose_mail(by=due.seller, at=NOW, wanted=True, hour=7, version=1)
    due.seller.set_unusable_password()
    due.seller.save()
    assert send_digests(at=MONDAY) == 0


def test_without_mail_server_or_address_none_is_sent(due, settings, mails):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"address": ""})
    assert send_digests(at=MONDAY) == 0
    assert not Digest.objects.exists()


def test_a_mail_that_the_server_refuses_is_tried_again_and_not_for_ever(due, mails, monkeypatch):
    def refuse(*_):
        raise OSError("the server is down")

    with monkeypatch.context() as broken:
        broken.setattr("hingepoint.domain.notices.letters.send", refuse)
        for _ in range(rules.TRIES + 3):
            assert send_digests(at=MONDAY) == 0
    row = Digest.objects.get()
    assert (row.tries, row.problem, row.sent_at) == (rules.TRIES, "the server is down", None)
    assert send_digests(at=MONDAY) == 0  # tried often enough
    Digest.objects.update(tries=1)
    assert send_digests(at=MONDAY) == 1
    assert Digest.objects.get().problem == ""


def test_a_mail_server_takes_it_letter_by_letter_and_one_refusal_holds_up_nobody(due, settings, mails):
    people.rename(by=None, at=NOW, user=due.seller, name="Jürgen Größe", title="")
    duties.falls_due(due.manager, due_at=MONDAY)
    with postbox(settings) as box:
        box.refused.add(due.manager.email)
        assert send_digests(at=MONDAY) == 1
        (taken,) = box.mails
        assert (taken["to"], taken["from"]) == (due.seller.email, "hp@hinge.example")
        assert "Hello Jürgen Größe," in taken.get_content()
        refused = Digest.objects.get(user=due.manager)
        assert (refused.sent_at, "did not take the mail" in refused.problem) == (None, True)
        box.refused.clear()
        assert send_digests(at=MONDAY) == 1
        assert [one["to"] for one in box.mails] == [due.seller.email, due.manager.email]


def test_a_kind_that_rests_is_left_out_and_comes_back(due, mails):
    with time_machine.travel(MONDAY, tick=False):
        actions.be_quiet(by=due.seller, at=MONDAY, kind=NoticeKind.ROUTINES, for_good=False)
    assert send_digests(at=MONDAY) == 0
    assert send_digests(at=MONDAY + rules.SNOOZE) == 0
    duties.falls_due(due.seller, due_at=MONDAY + rules.SNOOZE + DAY)
    assert send_digests(at=MONDAY + rules.SNOOZE + DAY) == 1
    assert Quiet.objects.get().until == MONDAY.date() + rules.SNOOZE


def led_to_nothing(user, day: int) -> dict:
    """Have a mail of a day told of a routine, and answered that it led to nothing; return what was said."""
    line = Line(NoticeKind.ROUTINES, f"routine-{day}", "Write it.", "home")
    told = {"lines": queries.plain([line]), "new": [line.key], "made_at": NOW}
    row = Digest.objects.create(user=user, on=MONDAY.date() + day * DAY, **told)
    said = {"digest_id": row.pk, "kind": NoticeKind.ROUTINES, "led_to_something": False}
    actions.answer(by=user, at=MONDAY + day * DAY, **said)
    return said


def test_three_answers_in_a_row_that_it_led_to_nothing_offer_quiet(due):
    for n in range(rules.IN_VAIN):
        assert not offered(due.seller), n
        said = led_to_nothing(due.seller, n)
    assert offered(due.seller)
    with pytest.raises(Refused):
        actions.answer(by=due.seller, at=MONDAY, **said)
    with pytest.raises(Hidden):
        actions.answer(by=due.manager, at=MONDAY, **said)


def offered(user, day: int = 0) -> bool:
    page = queries.notices_page(user, at=MONDAY + day * DAY)
    return next(one.in_vain for one in page.kinds if one.kind == NoticeKind.ROUTINES)


def test_the_mail_itself_offers_to_leave_out_what_led_to_nothing(due, mails):
    for n in range(rules.IN_VAIN):
        led_to_nothing(due.seller, -7 + n)
    send_digests(at=MONDAY)
    (body,) = to(due.seller, mails)
    assert f"{letters.VAIN} https://hinge.example/account/notices#kinds" in body


def test_a_kind_that_is_told_again_is_offered_to_be_left_out_after_three_new_answers_only(due):
    for n in range(rules.IN_VAIN):
        led_to_nothing(due.seller, n)
    kind = {"by": due.seller, "kind": NoticeKind.ROUTINES}
    actions.be_quiet(at=MONDAY + 2 * DAY, for_good=True, **kind)
    actions.tell_again(at=MONDAY + 3 * DAY, **kind)
    for n in range(3, 3 + rules.IN_VAIN):
        assert not offered(due.seller, n)
        led_to_nothing(due.seller, n)
    assert offered(due.seller, 6)


def test_an_hour_chosen_in_another_window_is_not_lost(cast):
    actions.choose_mail(by=cast.seller, at=NOW, wanted=True, hour=9, version=0)
    with pytest.raises(Stale):
        actions.choose_mail(by=cast.seller, at=NOW, wanted=True, hour=12, version=0)
    assert queries.choice_of(cast.seller).hour == 9
    with pytest.raises(Refused):
        actions.choose_mail(by=cast.seller, at=NOW, wanted=True, hour=24, version=1)


def test_a_request_for_an_exception_reaches_whom_it_waits_for(cast, mails):
    talks.an_exception(cast)
    send_digests(at=MONDAY)
    (body,) = to(cast.inside_partner, mails)
    assert "Requests that wait for your word" in body
    assert "/exceptions/" in body


def test_a_pre_mortem_reaches_whose_answer_it_waits_for_until_they_gave_it(cast, mails):
    row = premortems.begin(by=cast.manager, at=NOW, deal_id=cast.deal.pk, until=MONDAY.date() + 2 * DAY)
    premortems.answer(by=cast.manager, at=NOW, premortem_id=row.pk, words="Their board was never asked.")
    send_digests(at=MONDAY)
    (body,) = to(cast.seller, mails)
    assert "Say what went wrong, by Wednesday, 4 March." in body
    assert f"https://hinge.example/deals/{cast.deal.pk}/pre-mortem" in body
    assert len(to(cast.sponsor, mails)) == 1  # the one more, where no executive has a part in the deal
    assert not to(cast.manager, mails)


def test_every_line_names_a_page_that_exists(cast, mails):
    talks.an_exception(cast)
    premortems.begin(by=cast.manager, at=NOW, deal_id=cast.deal.pk, until=MONDAY.date() + DAY)
    duties.falls_due(cast.seller, due_at=MONDAY)
    for who in (one for one in cast.everybody().values() if one and one.is_active):
        for line in reading.lines(who, today=MONDAY.date()):
            assert resolve(link(line.page, line.about).removeprefix("https://hinge.example"))


def test_the_trail_tells_of_choices_and_not_of_mails(due, mails):
    actions.choose_mail(by=due.seller, at=NOW, wanted=True, hour=9, version=0)
    send_digests(at=MONDAY)
    told = AuditEvent.objects.filter(subject="daily mail").values_list("action", flat=True)
    assert list(told) == ["choose"]
