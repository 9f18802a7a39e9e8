"""What the mail of a day tells, in somebody's chat: in the shape of the chat, once a day, quiet when calm."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core import mail

import chatting
import duties
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.notices import actions, chats, queries
from hingepoint.domain.notices.models import Chat, Digest
from hingepoint.domain.notices.rules import TRIES, grouped
from hingepoint.domain.routines.models import DaysOff
from hingepoint.domain.webhooks.rules import BadAddress
from hingepoint.jobs.mails import link
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.notices import ChatService, Line, NoticeKind

MONDAY = dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)  # half past nine in Paris
DAY = dt.timedelta(days=1)
TWELVE_HOURS = dt.timedelta(hours=12)
HOSTILE = 'Mills <!channel> <https://evil.example|open> *now* [here](https://evil.example) "}],"x'
pytestmark = pytest.mark.django_db


@pytest.fixture(params=list(ChatService), ids=str)
def told(request, cast, settings):
    """Sanna's chat, with something of hers due; and what it took."""
    with chatting.chat(request.param) as (place, took):
        chatting.reached(settings, place)
        url = f"http://{place}/T0/B0/secret"
        actions.choose_chat(by=cast.seller, at=MONDAY, service=request.param, url=url, version=0)
        duties.falls_due(cast.seller, due_at=MONDAY)
        yield took


def test_it_is_told_what_the_mail_tells_each_thing_with_its_page(told):
    assert actions.send_digests(at=MONDAY, link=link) == 1
    (message,) = told
    text = json.dumps(message)
    assert "Your routines" in text
    assert "Debrief" in text
    assert "https://hinge.example/" in text
    assert Digest.objects.get().chat_at == MONDAY


def test_once_a_day_and_nothing_when_nothing_is_new(told, cast):
    for at in (MONDAY, MONDAY + dt.timedelta(hours=1), MONDAY + DAY):
        actions.send_digests(at=at, link=link)
    assert len(told) == 1
    duties.falls_due(cast.seller, due_at=MONDAY + 2 * DAY)
    actions.send_digests(at=MONDAY + 2 * DAY, link=link)
    assert len(told) == 2


def test_hour_weekend_days_off_and_what_is_left_out_hold_as_for_the_mail(told, cast):
    actions.send_digests(at=MONDAY - dt.timedelta(hours=3), link=link)
    actions.send_digests(at=MONDAY - DAY, link=link)
    DaysOff.objects.create(person=cast.seller, since=MONDAY.date(), until=MONDAY.date() + DAY, said_at=MONDAY)
    actions.send_digests(at=MONDAY, link=link)
    actions.be_quiet(by=cast.seller, at=MONDAY, kind=NoticeKind.ROUTINES, for_good=False)
    actions.send_digests(at=MONDAY + DAY, link=link)
    assert told == []


def test_mail_and_chat_are_told_the_same_and_each_once(told, cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    chatting.reached(settings, *settings.ENVIRONMENT.allow_outbound, mail_server="smtp+plain://localhost")
    actions.choose_mail(by=cast.seller, at=MONDAY, wanted=True, hour=7, version=0, both=True)
    assert [actions.send_digests(at=MONDAY, link=link) for _ in range(2)] == [2, 0]
    assert (len(told), len(mail.outbox)) == (1, 1)
    actions.choose_mail(by=cast.seller, at=MONDAY, wanted=True, hour=7, version=1)
    duties.falls_due(cast.seller, due_at=MONDAY + DAY)
    actions.send_digests(at=MONDAY + DAY, link=link)
    assert (len(told), len(mail.outbox)) == (2, 1)


def test_without_an_address_for_links_nothing_is_told(told, settings):
    chatting.reached(settings, *settings.ENVIRONMENT.allow_outbound, address="")
    assert actions.send_digests(at=MONDAY, link=link) == 0
    assert not Digest.objects.exists()


def test_who_left_the_chat_is_told_nothing_there(told, cast):
    actions.leave_chat(by=cast.seller, at=MONDAY)
    assert actions.send_digests(at=MONDAY, link=link) == 0
    with pytest.raises(Hidden):
        actions.leave_chat(by=cast.seller, at=MONDAY)
    with pytest.raises(Hidden):
        actions.try_chat(by=cast.seller, at=MONDAY, link=link)


def test_a_test_arrives_and_tells_nothing(told, cast):
    actions.try_chat(by=cast.seller, at=MONDAY, link=link)
    assert "Hingepoint reaches you here" in json.dumps(told)
    assert "Debrief" not in json.dumps(told)


@pytest.mark.parametrize("service", ChatService)
def test_what_is_refused_is_said_tried_again_and_not_for_ever(cast, settings, service):
    with chatting.chat(service, refuse=410) as (place, took):
        chatting.reached(settings, place)
        url = f"http://{place}/T0/B0/secret"
        actions.choose_chat(by=cast.seller, at=MONDAY, service=service, url=url, version=0)
        duties.falls_due(cast.seller, due_at=MONDAY)
        for hour in range(8):
            assert actions.send_digests(at=MONDAY + dt.timedelta(hours=hour), link=link) == 0
        with pytest.raises(chats.NotTaken, match="answered 410: channel_is_archived"):
            actions.try_chat(by=cast.seller, at=MONDAY, link=link)
    row = Digest.objects.get()
    assert (row.chat_tries, "410" in row.chat_problem, took) == (6, True, [])
    (shown,) = queries.notices_page(cast.seller, at=MONDAY).mails
    assert "answered 410" in shown.problem
    assert "secret" not in shown.problem


def days_in_vain(user, days: int, since: int = 0) -> None:
    """Have a chat told something new on some days, as often as it is tried."""
    for day in range(since, since + days):
        duties.falls_due(user, due_at=MONDAY + day * DAY)
        for hour in range(TRIES):
            actions.send_digests(at=MONDAY + day * DAY + dt.timedelta(hours=hour), link=link)


def test_a_chat_that_took_nothing_on_three_days_is_left_and_its_person_told_by_mail(
    cast, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    facts = {"by": cast.seller, "at": MONDAY - DAY}
    actions.choose_mail(**facts, wanted=False, hour=7, version=0)
    with chatting.chat(ChatService.SLACK, refuse=404) as (place, _):
        chatting.reached(settings, place, mail_server="smtp+plain://localhost")
        told = {"service": ChatService.SLACK, "url": f"http://{place}/T0/B0/secret"}
        actions.choose_chat(**facts, **told, version=0)
        days_in_vain(cast.seller, 2)
        assert Chat.objects.exists()
        with django_capture_on_commit_callbacks(execute=True):
            days_in_vain(cast.seller, 1, since=2)
        assert not Chat.objects.exists()
        assert AuditEvent.objects.filter(subject="chat", action="give up").count() == 1
        (letter,) = mail.outbox
        assert "Your chat took nothing on 3 days" in letter.body
        assert "Hingepoint did so by itself on" in letter.body
        assert "administrator" not in letter.body
        actions.choose_chat(by=cast.seller, at=MONDAY + 2 * DAY + TWELVE_HOURS, **told, version=0)
        days_in_vain(cast.seller, 1, since=3)
    assert Chat.objects.exists()  # a new one has three days of its own


def test_what_led_to_nothing_is_offered_to_be_left_out_in_the_chat_too():
    line = Line(NoticeKind.TALKS, "k", "Prepare the talk.", "home")
    for vain in ([], [NoticeKind.TALKS]):
        for service in ChatService:
            groups = grouped([line], ["k"], vain)
            made = chats.message(service, "1 new thing", groups, lambda page, about: f"https://x/{page}")
            chatting.SHAPES[service].model_validate(made)
            assert ("https://x/notices#kinds" in json.dumps(made)) == bool(vain)
            assert "https://x/notices#mails" in json.dumps(made)


@pytest.mark.parametrize("service", ChatService)
def test_what_customers_wrote_becomes_no_link_no_mention_and_no_markup(service):
    line = Line(NoticeKind.TALKS, "k", HOSTILE, "home")
    made = chats.message(
        service, HOSTILE, grouped([line] * 8, ["k"]), lambda page, about: f"https://x/{page}"
    )
    chatting.SHAPES[service].model_validate(made)
    if service == ChatService.SLACK:
        section = made["blocks"][1]["text"]["text"]
        assert "<!" not in section
        assert "<https://evil" not in section
        assert section.count("<") == section.count("<https://x/") == 6
        assert section.count("*") == 2  # around the name of the kind
    else:
        runs = [run for block in made["attachments"][0]["content"]["body"] for run in block["inlines"]]
        ours = {"https://x/home", "https://x/notices#mails"}
        assert {run["selectAction"]["url"] for run in runs if "selectAction" in run} == ours
        assert any(run["text"] == HOSTILE for run in runs)  # a run of text knows no markup


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("slack", "https://hooks.slack.com.evil.example/services/x"),
        ("slack", "https://evil.example/hooks.slack.com"),
        ("slack", "http://hooks.slack.com/services/x"),
        ("slack", "https://prod-1.westeurope.logic.azure.com/workflows/x"),
        ("teams", "https://evillogic.azure.com/workflows/x"),
        ("teams", "https://hooks.slack.com/services/x"),
        ("teams", "https://user:password@a.logic.azure.com/x"),
        ("teams", "https://127.0.0.1/x"),
        ("slack", "no address"),
    ],
)
def test_an_address_of_somebody_else_is_refused(cast, service, url):
    with pytest.raises(BadAddress):
        actions.choose_chat(by=cast.seller, at=MONDAY, service=ChatService(service), url=url, version=0)
    assert not Chat.objects.exists()


def test_the_address_is_sealed_and_in_no_trail(cast):
    url = "https://hooks.slack.com/services/T0/B0/very-secret"
    actions.choose_chat(by=cast.seller, at=MONDAY, service=ChatService.SLACK, url=url, version=0)
    assert "secret" not in Chat.objects.get().url
    assert not any("secret" in json.dumps(one.changes) for one in AuditEvent.objects.filter(subject="chat"))
    with pytest.raises(Stale):
        actions.choose_chat(by=cast.seller, at=MONDAY, service=ChatService.SLACK, url=url, version=0)
