"""Gained in time: by the day it was needed, standing still, on deals whose day came while they were open."""

import datetime as dt

import pytest

import rules
from cast import NOW, TODAY, deal
from hingepoint.analysis.coverage import Coverage
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.agreements.rules import is_late
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.strategy.queries import coverage
from hingepoint.records.agreements import AgreementState, Evidence

KEY = "cust.data_access"
NEEDED_ON = TODAY - dt.timedelta(days=10)
IN_FULL = {"act": "send it", "person_name": "Bo", "due_on": TODAY, "evidence": Evidence.WRITTEN}


def say(found, state, day: dt.date, *, hour: int = 12, **facts):
    at = dt.datetime.combine(day, dt.time(hour), dt.UTC)
    facts = (IN_FULL if state == AgreementState.GAINED else {}) | facts
    step = actions.Step(state=state, occurred_at=at, **facts)
    actions.take_step(by=None, at=NOW, deal_id=found.pk, type_key=KEY, step=step)


def needs_it(found, on: dt.date = NEEDED_ON) -> None:
    """Let the playbook ask ``found`` for the agreement by a day."""
    row = Agreement.objects.filter(deal=found, type__key=KEY).first()
    if row is None:
        say(found, AgreementState.NEEDED, TODAY)
    Agreement.objects.filter(deal=found, type__key=KEY).update(required=True, needed_by=on)


def counted(viewer, **narrowed) -> Coverage | None:
    kind = AgreementType.objects.get(key=KEY)
    return coverage.in_time(viewer, today=TODAY, **narrowed).get(kind.pk)


@pytest.mark.parametrize(
    ("days_after", "there"),
    [(-5, 1), (0, 1), (1, 0), (5, 0)],
    ids=["before its day", "on its day", "a day late", "late"],
)
def test_a_late_gain_does_not_count_as_in_time(cast, days_after, there):
    say(cast.deal, AgreementState.GAINED, NEEDED_ON + dt.timedelta(days=days_after))
    needs_it(cast.deal)
    assert counted(cast.seller) == Coverage(needed=1, there=there, standing=1)


@pytest.mark.parametrize(
    ("state", "facts", "there"),
    [
        (AgreementState.KEPT, {}, 1),
        (AgreementState.RENEGOTIATED, {}, 1),
        (AgreementState.BROKEN, {}, 0),
        (AgreementState.LAPSED, {}, 0),
        (AgreementState.DECLINED, {"reason": "they may not"}, 0),
        (AgreementState.SOFT, {}, 0),
    ],
)
def test_what_was_gained_in_time_counts_while_it_stands(cast, state, facts, there):
    say(cast.deal, AgreementState.GAINED, NEEDED_ON)
    say(cast.deal, state, TODAY, **facts)
    needs_it(cast.deal)
    assert counted(cast.seller) == Coverage(needed=1, there=there, standing=there)


def test_what_a_deal_does_without_and_what_is_needed_later_are_not_counted(cast):
    say(cast.deal, AgreementState.NOT_NEEDED, TODAY, reason="no plant")
    needs_it(cast.deal)
    needs_it(cast.foreign_deal, TODAY + dt.timedelta(days=1))
    assert counted(cast.sponsor) is None
    needs_it(cast.foreign_deal, TODAY)
    assert counted(cast.sponsor) == Coverage(needed=1)


def test_what_nobody_requires_is_not_counted(cast):
    say(cast.deal, AgreementState.GAINED, NEEDED_ON)
    Agreement.objects.filter(deal=cast.deal).update(needed_by=NEEDED_ON)
    assert counted(cast.seller) is None


@pytest.mark.parametrize(("days_after", "needed"), [(-1, 0), (0, 1), (5, 1)])
def test_a_deal_that_closed_before_the_day_never_needed_it(cast, days_after, needed):
    needs_it(cast.deal)
    at = dt.datetime.combine(NEEDED_ON + dt.timedelta(days=days_after), dt.time(12), dt.UTC)
    deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, status="lost", closed_at=at)
    assert (counted(cast.seller) or Coverage()).needed == needed


def test_coverage_is_of_the_viewers_deals_and_the_segment(cast):
    large = deal("L-1", owner=cast.seller, team=cast.north, segment="Large")
    for found in (large, cast.deal, cast.foreign_deal):
        needs_it(found)
    assert counted(cast.seller).needed == 2
    assert counted(cast.sponsor).needed == 3
    assert counted(cast.sponsor, segment="Large").needed == 1


def test_what_a_rule_found_in_time_counts_and_is_told(cast):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    Agreement.objects.filter(deal=cast.deal).update(required=True, needed_by=TODAY)
    assert counted(cast.seller) == Coverage(needed=1, there=1, unconfirmed=1, standing=1)


def test_of_fewer_than_five_deals_no_share_is_told():
    assert (Coverage(needed=4, there=4).told, Coverage(needed=4, there=4).share.value) == (None, 1.0)
    assert Coverage(needed=5, there=4).told == 0.8


def test_open_deals_are_counted_whether_or_not_the_day_has_come(cast):
    needs_it(cast.deal, TODAY + dt.timedelta(days=30))
    say(cast.foreign_deal, AgreementState.GAINED, TODAY)
    needs_it(cast.foreign_deal, NEEDED_ON)
    [row] = coverage.on_open_deals(cast.sponsor)
    assert (row.key, row.coverage) == (KEY, Coverage(needed=2, there=1, standing=1))
    deals.change_deal(by=None, at=NOW, deal_id=cast.foreign_deal.pk, status="won", closed_at=NOW)
    [row] = coverage.on_open_deals(cast.sponsor)
    assert row.coverage == Coverage(needed=1)


@pytest.mark.parametrize(("days", "late"), [(-1, True), (0, False), (1, False)])
def test_it_is_late_from_the_day_after_and_the_database_agrees(cast, days, late):
    day = TODAY + dt.timedelta(days=days)
    say(cast.deal, AgreementState.ASKED, TODAY, needed_by=day)
    assert is_late(day, TODAY) is late
    assert Agreement.objects.overdue(TODAY).exists() is late
