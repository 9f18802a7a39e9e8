"""The page of one's notices, and the calendar at a secret address."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

import duties
import playbooks
import reviewing
from cast import NOW, TODAY
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.notices import actions, queries, reading
from hingepoint.domain.notices.models import CalendarAddress, Digest
from hingepoint.domain.plans import actions as plans
from hingepoint.records.notices import Line, NoticeKind
from hingepoint.records.reviews import ReviewKind
from hingepoint.reports import calendars

pytestmark = pytest.mark.django_db


@pytest.fixture
def sanna(cast) -> Client:
    client = Client()
    client.force_login(cast.seller)
    return client


def address_in(text: str) -> str:
    return re.search(r"https?://[^<\s]+/(calendar/[\w-]+\.ics)", text).group(1)


def calendar(path: str) -> Calendar:
    answer = Client().get(f"/{path}")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.content)


def test_the_address_is_shown_once_and_opens_the_calendar_without_a_sign_in(sanna, cast):
    duties.falls_due(cast.seller, due_at=dt.datetime.now(dt.UTC))
    path = address_in(sanna.post("/account/calendar").text)
    assert ".ics" not in sanna.get("/account/notices").text
    (event,) = calendar(path).walk("VEVENT")
    assert event["SUMMARY"] == "Debrief"
    token = path.split("/")[1].removesuffix(".ics")
    assert token not in CalendarAddress.objects.get().digest


def test_a_new_address_ends_the_old_one_and_ending_ends_it(sanna):
    old = address_in(sanna.post("/account/calendar").text)
    new = address_in(sanna.post("/account/calendar").text)
    assert Client().get(f"/{old}").status_code == 404
    assert Client().get(f"/{new}").status_code == 200
    sanna.post("/account/calendar/end")
    assert Client().get(f"/{new}").status_code == 404


def test_who_left_has_no_calendar(sanna, cast):
    path = address_in(sanna.post("/account/calendar").text)
    cast.seller.is_active = False
    cast.seller.save()
    assert Client().get(f"/{path}").status_code == 404


def test_nothing_of_prices_or_plans_stands_in_a_calendar(cast, sanna):
    playbooks.in_force(cast)
    day = timezone.localdate() + dt.timedelta(days=3)
    plans.write_plan(
        by=cast.seller,
        at=NOW,
        deal_id=cast.deal.pk,
        type_key="cust.data_access",
        best="CANARY 4711",
        talk_on=day,
    )
    told = Client().get(f"/{address_in(sanna.post('/account/calendar').text)}").text
    assert "Talk" in told
    assert "CANARY" not in told
    assert "100" not in re.sub(r"DT\w+[^\n]*|UID[^\n]*|http\S+", "", told)


def test_a_calendar_holds_what_is_ones_own(cast):
    playbooks.in_force(cast)
    duties.falls_due(cast.seller, due_at=NOW)
    day = TODAY + dt.timedelta(days=3)
    said = {"deal_id": cast.deal.pk, "type_key": "cust.data_access", "best": "it", "talk_on": day}
    plans.write_plan(by=cast.seller, at=NOW, **said)
    mine = {entry.kind: entry for entry in reading.entries(cast.seller, today=TODAY)}
    assert mine["talk"].on == day
    assert mine["routine"].on == TODAY
    assert not reading.entries(cast.stranger, today=TODAY)
    (of_manager,) = reading.entries(cast.manager, today=TODAY)
    assert of_manager.kind == "plans"
    assert of_manager.on == day - dt.timedelta(days=1)


def test_a_review_ahead_and_what_was_promised_stand_in_the_calendars_of_who_is_in_the_room(cast):
    reviewing.held(cast)
    ahead = reviewing.planned(cast, on=TODAY + dt.timedelta(days=7))
    mine = {entry.kind: entry for entry in reading.entries(cast.seller, today=TODAY)}
    assert (mine["review"].on, mine["review"].title) == (ahead.on, f"{ReviewKind(ahead.kind).label}: North")
    assert mine["commitment"].on == TODAY + dt.timedelta(days=4)
    assert mine["commitment"].title == "Ask Bo for an act (Deal N-1)"
    of_others = {
        who: {entry.kind for entry in reading.entries(getattr(cast, who), today=TODAY)}
        for who in ("manager", "stranger", "other_manager")
    }
    assert "review" in of_others["manager"]
    assert "commitment" not in of_others["manager"]
    assert not (of_others["stranger"] | of_others["other_manager"]) & {"review", "commitment"}


def test_agreements_of_a_day_are_one_entry(cast):
    playbooks.in_force(cast)
    (first,) = rows = Agreement.objects.filter(deal=cast.deal, required=True)
    other = AgreementType.objects.exclude(pk=first.type_id).first()
    Agreement.objects.create(deal=cast.deal, type=other, required=True, changed_at=NOW)
    rows.update(needed_by=TODAY + dt.timedelta(days=9), due_on=None)
    due = [one for one in reading.entries(cast.seller, today=TODAY) if one.kind == "agreements"]
    assert [one.title for one in due] == [f"{rows.count()} agreements due"]
    assert due[0].words.count("\n") == rows.count() - 1


def test_whole_days_stay_where_they_are():
    entries = [
        reading.Entry(
            reading.EntryKind.TALK, "talk-1", dt.date(2026, 3, 29), "Talk; a, b", "ümlaut " * 30, "home"
        )
    ]
    raw = calendars.write(entries, name="N", at=NOW, host="h.example", link=lambda _: "https://h.example/")
    assert b"DTSTART;VALUE=DATE:20260329" in raw
    assert b"DTEND;VALUE=DATE:20260330" in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75  # RFC 5545, 3.1
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert event["SUMMARY"] == "Talk; a, b"
    assert event["UID"] == "talk-1@h.example"


def test_the_page_shows_what_a_mail_would_tell_and_what_it_told(sanna, cast):
    duties.falls_due(cast.seller, due_at=dt.datetime.now(dt.UTC))
    line = Line(NoticeKind.ROUTINES, "routine-7", "Write the minutes.", "home")
    row = Digest.objects.create(
        user=cast.seller, on=TODAY, lines=queries.plain([line]), new=[line.key], made_at=NOW
    )
    shown = sanna.get("/account/notices").text
    assert "No mail comes yet" in shown
    assert "Debrief: due" not in shown
    assert "Debrief: due" in sanna.get("/account/notices?now=1").text
    assert "Write the minutes." in shown
    sanna.post(f"/account/notices/{row.pk}/answer", {"kind": "routines", "led": "yes"})
    assert row.answers.get().led_to_something
    assert sanna.post(f"/account/notices/{row.pk}/answer", {"kind": "routines"}).status_code == 404


def test_a_kind_rests_and_is_told_again_on_the_page(sanna, cast):
    sanna.post("/account/notices/quiet", {"kind": "talks", "how": "good"})
    assert queries.quiet(cast.seller, timezone.localdate()) == {NoticeKind.TALKS}
    assert "left out" in sanna.get("/account/notices").text
    sanna.post("/account/notices/quiet", {"kind": "talks", "how": "again"})
    assert not queries.quiet(cast.seller, timezone.localdate())
    for wrong in ({"kind": "talks"}, {"kind": "weather", "how": "good"}):
        assert sanna.post("/account/notices/quiet", wrong).status_code == 404


def test_an_hour_is_chosen_on_the_page(sanna, cast):
    told = {"zone": "Asia/Dubai", "weekdays": [*"6012333333333"], "version": "0"}
    sanna.post("/account/notices/mail", {"wanted": "on", "hour": "9", **told})
    assert queries.choice_of(cast.seller) == queries.Choice(True, 9, 1, "Asia/Dubai", "01236", both=False)
    shown = sanna.get("/account/notices").text
    assert re.search(r'<option value="Asia/Dubai" selected>', shown)
    assert set(re.findall(r'name="weekdays" value="(\d)" checked', shown)) == set("01236")
    stale = sanna.post("/account/notices/mail", {"hour": "10", **told})
    assert stale.status_code == 409
    assert queries.choice_of(cast.seller).hour == 9
    for wrong, why in (
        ({"weekdays": []}, "at least one day"),
        ({"zone": "Mars/Base"}, "time zone of the list"),
    ):
        refused = sanna.post("/account/notices/mail", {"hour": "10", **told, "version": "1", **wrong})
        assert (refused.status_code, why in refused.text) == (422, True)
    actions.choose_mail(by=cast.seller, at=NOW, wanted=False, hour=9, version=1)
    assert "checked" not in re.search(
        r'<input[^>]*name="wanted"[^>]*>', sanna.get("/account/notices").text
    ).group(0)
