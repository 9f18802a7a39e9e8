"""Whether a rollout was lived: deals on which people wrote after their team's day, never told of fewer than five."""

import datetime as dt
from dataclasses import replace

import pytest

from cast import NOW, TODAY, deal, person
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.impact.adoption import adopted
from hingepoint.domain.impact.record import Adopted, Told
from hingepoint.domain.people import actions as people
from hingepoint.domain.plans import actions as plans
from hingepoint.records.people import Role

DAY = dt.timedelta(days=1)


@pytest.fixture
def five(cast):
    """A deal of each of five sellers of North, the first of them Sanna's."""
    sellers = [cast.seller, *(person(f"Nils{n}", Role.SELLER) for n in range(4))]
    for seller in sellers[1:]:
        people.join_team(by=None, at=NOW, user=seller, team=cast.north, since=TODAY, manages=False)
    others = [deal(f"A-{n}", owner=one, team=cast.north) for n, one in enumerate(sellers[1:])]
    return [cast.deal, *others]


def plan(row, by, *, at=NOW):
    plans.write_plan(by=by, at=at, deal_id=row.pk, type_key="cust.data_access", best="Bo sends the log")


def told(starts, *, until=TODAY + 30 * DAY):
    return {one["name"]: (one["people"], one["deals"], one["kept"]) for one in adopted(starts, until=until)}


def test_a_deal_is_kept_when_somebody_wrote_on_it_after_the_day(cast, five):
    plan(five[0], cast.seller, at=NOW - 2 * DAY)  # before the day
    plan(five[1], cast.manager, at=NOW + DAY)
    plan(five[2], None, at=NOW + DAY)  # a file wrote it
    plan(five[3], cast.manager, at=NOW + 40 * DAY)  # after the data end
    assert told({"North": TODAY}) == {"Wave 1: North": (5, 5, 1), "All that started": (5, 5, 1)}


def test_deals_that_ended_before_the_day_do_not_count_and_teams_that_wait_are_left_out(cast, five):

    deals.change_deal(by=None, at=NOW, deal_id=five[4].pk, status="lost", closed_at=NOW - 5 * DAY)
    assert told({"North": TODAY - 20 * DAY, "South": None})["All that started"] == (5, 5, 0)
    assert told({"North": TODAY, "South": TODAY + 60 * DAY}) == {
        "Wave 1: North": (4, None, None),
        "All that started": (4, None, None),
    }


def test_fewer_than_five_people_are_told_only_with_others(cast, five):
    plan(five[1], cast.manager, at=NOW + DAY)
    assert told({"North": TODAY, "South": TODAY}) == {
        "Wave 1: North, South": (6, 6, 1),
        "North": (5, 5, 1),
        "South": (1, None, None),
        "All that started": (6, 6, 1),
    }


@pytest.mark.parametrize(
    ("conclusion", "kept", "a_kept_deal"),
    [("shown", 4, 0.25), ("cannot be shown yet", 4, None), ("shown", 0, None)],
)
def test_the_effect_a_kept_deal_divides_a_shown_effect_by_the_share(conclusion, kept, a_kept_deal):
    known = {"conclusion": conclusion, "effect": 0.1, "adopted": (Adopted("All", 9, 10, kept),)}
    reading = Told(**dict.fromkeys(Told.__dataclass_fields__) | known)
    assert reading.effect_a_kept_deal == a_kept_deal
    assert replace(reading, adopted=()).adoption is None
