"""The channel of a team: how much waits for its people, counted once a day, and never what."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

import chatting
import duties
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.notices import actions as notices
from hingepoint.domain.notices import queries as own
from hingepoint.domain.notices.rules import CHAT_DAYS, TRIES
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Membership
from hingepoint.domain.routines.models import DaysOff
from hingepoint.domain.team_chats import actions, queries, rules
from hingepoint.domain.team_chats.models import TeamChat
from hingepoint.domain.webhooks.rules import BadAddress
from hingepoint.jobs.mails import link
from hingepoint.records.errors import Hidden
from hingepoint.records.notices import ChatService, Line, NoticeKind

MONDAY = dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)  # half past nine in Paris
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
SLACK = "https://hooks.slack.com/services/T0/B0/x"
pytestmark = pytest.mark.django_db


@pytest.fixture(params=list(ChatService), ids=str)
def told(request, cast, settings):
    """The channel of North, which Maud leads, with something of Sanna's due; and what it took."""
    with chatting.chat(request.param) as (place, took):
        chatting.reached(settings, place)
        url = f"http://{place}/T0/B0/secret"
        actions.choose(by=cast.manager, at=MONDAY, team_id=cast.north.pk, service=request.param, url=url)
        duties.falls_due(cast.seller, due_at=MONDAY)
        yield took


def tell(at: dt.datetime = MONDAY) -> int:
    return actions.tell_teams(at=at, link=link)


def test_it_is_told_how_much_waits_and_where_and_nothing_else(told, cast):
    assert tell() == 1
    text = json.dumps(told)
    assert "1 in the team, 1 of them new" in text
    assert NoticeKind.ROUTINES.label in text
    assert "https://hinge.example/" in text
    for hidden in ("Debrief", cast.seller.name, cast.deal.name, cast.account.name, "lead to anything"):
        assert hidden not in text
    assert TeamChat.objects.get().told_at == MONDAY


def test_what_is_counted_is_what_their_own_mails_tell(told, cast):
    duties.falls_due(cast.seller, due_at=MONDAY - DAY)
    mine = [
        line
        for user in (cast.seller, cast.manager)
        for line in own.wanted(user, today=MONDAY.date())
        if line.kind in rules.PAGES
    ]
    tell()
    found = TeamChat.objects.get().found
    assert sorted(key for keys in found.values() for key in keys) == sorted({line.key for line in mine})
    assert len(found["routines"]) == 2


def test_once_a_day_and_nothing_when_nothing_is_new(told, cast):
    assert [tell(at) for at in (MONDAY, MONDAY + HOUR, MONDAY + DAY)] == [1, 0, 0]
    duties.falls_due(cast.seller, due_at=MONDAY + 2 * DAY)
    assert tell(MONDAY + 2 * DAY) == 1
    assert "2 in the team, 1 of them new" in json.dumps(told[-1])


def test_hour_days_and_zone_are_those_of_who_named_it_and_days_off_of_everybody(told, cast):
    early, sunday = MONDAY - 3 * HOUR, MONDAY - DAY
    assert [tell(early), tell(sunday)] == [0, 0]
    notices.choose_mail(
        by=cast.manager, at=MONDAY, wanted=True, hour=9, version=0, zone="Asia/Singapore", weekdays="56"
    )
    saturday = dt.datetime(2026, 3, 7, 9, 0, tzinfo=ZoneInfo("Asia/Singapore"))
    off = DaysOff.objects.create(since=saturday.date(), until=saturday.date() + DAY, said_at=MONDAY)
    assert [tell(MONDAY), tell(saturday)] == [0, 0]
    off.delete()
    assert [tell(saturday - HOUR), tell(saturday)] == [0, 1]


def test_a_team_is_told_of_the_teams_below_and_of_no_other(cast, settings):
    duties.falls_due(cast.seller, due_at=MONDAY)
    duties.falls_due(cast.stranger, due_at=MONDAY, team="South")
    sales, north = cast.north.parent, cast.north
    counted = {team: queries.waiting_in(team, today=MONDAY.date())["routines"] for team in (sales, north)}
    assert [len(counted[sales]), len(counted[north])] == [2, 1]
    left = Membership.objects.get(user=cast.seller)
    people.leave_team(by=None, at=MONDAY, membership=left, until=MONDAY.date() + DAY)
    assert "routines" not in queries.waiting_in(north, today=MONDAY.date())


def test_what_not_everybody_may_know_is_not_counted():
    lines = [Line(kind, f"{kind}-1", "words", "home") for kind in NoticeKind]
    kinds = set(rules.keys_by_kind(lines + lines))
    assert kinds == {kind.value for kind in NoticeKind} - {"signals", "premortems", "webhooks"}
    assert rules.keys_by_kind(lines + lines)["routines"] == ["routines-1"]


@pytest.mark.parametrize("who", ["seller", "other_manager", "inside_partner", "stranger"])
def test_who_does_not_lead_the_team_names_tries_and_leaves_no_channel(cast, who):
    facts = {"at": MONDAY, "team_id": cast.north.pk}
    actions.choose(by=cast.sponsor, service=ChatService.SLACK, url=SLACK, **facts)
    by = getattr(cast, who)
    assert cast.north.pk not in {one.team_id for one in queries.channels(by).channels}
    with pytest.raises(Hidden):
        actions.choose(by=by, service=ChatService.SLACK, url=SLACK, **facts)
    with pytest.raises(Hidden):
        actions.try_now(by=by, link=link, **facts)
    with pytest.raises(Hidden):
        actions.leave(by=by, **facts)


def test_a_team_has_one_channel_and_its_address_is_kept_sealed(cast):
    facts = {"by": cast.manager, "at": MONDAY, "team_id": cast.north.pk, "service": ChatService.SLACK}
    actions.choose(url=SLACK, **facts)
    with pytest.raises(actions.HasOne, match="North has a channel already"):
        actions.choose(url=SLACK, **facts)
    with pytest.raises(BadAddress):
        actions.choose(url="https://slack.example/x", **facts)
    assert "hooks.slack.com" not in TeamChat.objects.get().url
    assert not any("hooks.slack" in json.dumps(one.changes) for one in AuditEvent.objects.all())
    (shown,) = queries.channels(cast.manager).channels
    assert (shown.team, shown.service, shown.stands) == ("North", "Slack", True)
    assert queries.channels(cast.manager).without == ()
    assert {name for _, name in queries.channels(cast.sponsor).without} == {"Sales", "South"}


def test_who_leads_the_team_no_more_has_it_told_no_more(told, cast):
    leading = Membership.objects.get(user=cast.manager)
    people.leave_team(by=None, at=MONDAY, membership=leading, until=MONDAY.date() + DAY)
    assert tell() == 0
    (shown,) = queries.channels(cast.sponsor).channels
    assert not shown.stands
    actions.leave(by=cast.sponsor, at=MONDAY, team_id=cast.north.pk)
    assert not TeamChat.objects.exists()


def test_a_channel_that_takes_nothing_is_tried_again_each_day_and_left_after_three(cast, settings):
    with chatting.chat(ChatService.SLACK, refuse=404) as (place, _):
        chatting.reached(settings, place)
        facts = {"team_id": cast.north.pk, "service": ChatService.SLACK, "url": f"http://{place}/T0/B0/x"}
        actions.choose(by=cast.manager, at=MONDAY - DAY, **facts)
        duties.falls_due(cast.seller, due_at=MONDAY)
        for day in range(CHAT_DAYS):
            row = TeamChat.objects.get()
            assert (row.failed_days, row.told) == (day, [])
            assert not any(tell(MONDAY + day * DAY + hour * HOUR) for hour in range(TRIES + 2))
    assert not TeamChat.objects.exists()
    assert "404" in row.problem
    assert AuditEvent.objects.filter(subject="team chat", action="give up").count() == 1


def test_without_an_address_for_links_no_team_is_told(told, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"address": ""})
    assert tell() == 0
