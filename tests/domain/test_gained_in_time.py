"""Gained in time: by the day it was needed, in the company's own calendar, and standing still.

Each case is read where it is shown: on the strategy's page and on the sponsor's home.
"""

import datetime as dt

import pytest

from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.home.queries import sponsor
from hingepoint.domain.strategy.queries import strategy_page
from hingepoint.records.agreements import AgreementState, Evidence
from playbooks import in_force

KEY = "cust.data_access"
DUE = dt.date(2026, 2, 20)  # of every deal here: needed 18 days after 2 Feb
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def book(cast):
    return in_force(cast, KEY, needed_days=18)


def at(day: dt.date, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def step(found, state, occurred_at, **facts) -> Agreement:
    told = {"act": "open the logs", "person_name": "Bo", "due_on": TODAY, "evidence": Evidence.TOLD} | facts
    said = agreements.Step(state=state, occurred_at=occurred_at, **told)
    return agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key=KEY, step=said)


def counted(cast, book) -> tuple[int, int]:
    """Return in time and of how many, and require that both pages say the same."""
    [covered] = strategy_page.strategy_page(cast.sponsor, book.strategy_id, today=TODAY).pivotal
    [line] = sponsor.sponsor_week(cast.sponsor, today=TODAY, now=NOW).pivotal
    assert covered.in_time == line.in_time
    return line.in_time.there, line.in_time.needed


def test_nothing_gained_is_nothing_in_time(cast, book):
    assert set(Agreement.objects.values_list("needed_by", flat=True)) == {DUE}
    assert counted(cast, book) == (0, 2)


@pytest.mark.parametrize(
    ("gained_at", "in_time"),
    [
        (at(DUE - dt.timedelta(days=1)), 1),
        (at(DUE), 1),
        (at(DUE, hour=22), 1),  # eleven at night in Paris
        (at(DUE, hour=23), 0),  # after midnight in Paris
        (at(DUE + dt.timedelta(days=1)), 0),
        (at(DUE + dt.timedelta(days=7)), 0),
    ],
    ids=["a day before", "on the day", "late that evening", "after midnight", "a day late", "a week late"],
)
def test_a_late_gain_does_not_count_as_in_time(cast, book, gained_at, in_time):
    step(cast.deal, AgreementState.GAINED, gained_at)
    assert counted(cast, book) == (in_time, 2)
    [covered] = strategy_page.strategy_page(cast.sponsor, book.strategy_id, today=TODAY).pivotal
    assert covered.in_time.standing == 1  # it stands, in time or late


def test_only_those_in_time_count_of_several(cast, book):
    step(cast.deal, AgreementState.GAINED, at(DUE - dt.timedelta(days=3)))
    step(cast.foreign_deal, AgreementState.GAINED, at(DUE + dt.timedelta(days=3)))
    assert counted(cast, book) == (1, 2)


def test_kept_in_time_counts(cast, book):
    step(cast.deal, AgreementState.GAINED, at(DUE))
    step(cast.deal, AgreementState.KEPT, LATER)
    assert counted(cast, book) == (1, 2)


@pytest.mark.parametrize(
    "lost", [AgreementState.BROKEN, AgreementState.LAPSED, AgreementState.DECLINED, AgreementState.SOFT]
)
def test_gained_in_time_and_lost_since_does_not_count(cast, book, lost):
    step(cast.deal, AgreementState.GAINED, at(DUE))
    step(cast.deal, lost, LATER, reason="their plant stands still")
    assert counted(cast, book) == (0, 2)


def test_a_deal_that_does_not_need_it_is_not_counted(cast, book):
    step(cast.deal, AgreementState.NOT_NEEDED, NOW, reason="they have no logs")
    assert counted(cast, book) == (0, 1)


def test_a_deal_on_which_the_day_has_not_come_is_not_counted(cast, book):
    Agreement.objects.filter(deal=cast.deal).update(needed_by=TODAY + dt.timedelta(days=1))
    assert counted(cast, book) == (0, 1)
    Agreement.objects.filter(deal=cast.deal).update(needed_by=TODAY)
    assert counted(cast, book) == (0, 2)


def test_what_nobody_requires_is_not_counted(cast, book):
    other = deal("X-1", owner=cast.seller, team=cast.north)  # no night has asked it yet
    step(other, AgreementState.GAINED, at(DUE))
    assert counted(cast, book) == (0, 2)
