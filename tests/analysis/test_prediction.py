"""Whether agreements in time still go with the result: on later deals, window by window, and when they stopped."""

import datetime as dt

import polars as pl
import pytest

from hingepoint.analysis import intervals, metrics, prediction
from hingepoint.analysis.prediction import Standard
from hingepoint.records.strategy import Predicts

WON = metrics.parse("won")
CHOSEN, TODAY = dt.date(2025, 1, 1), dt.date(2026, 3, 20)
KIND = Standard(type_id=1, days=30, chosen_on=CHOSEN)
DAY = dt.timedelta(days=1)


def at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


def world(*groups: tuple[dt.date, bool, int, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deals by group: the day they were closed, whether they had it in time, how many, and how many of them were won.
    Each was created sixty days before its close."""
    deals, gained = [], []
    for closed, had, count, won in groups:
        for n in range(count):
            deals.append((len(deals), at(closed - 60 * DAY), at(closed), "won" if n < won else "lost"))
            if had:
                gained.append((len(deals) - 1, 1, closed - 40 * DAY))
    types = {"id": pl.Int64, "type_id": pl.Int64, "on": pl.Date}
    table = pl.DataFrame(deals, schema=["id", "created", "closed", "status"], orient="row")
    return table, pl.DataFrame(gained, schema=types, orient="row")


def month(number: int) -> dt.date:
    return dt.date(2024 + (number - 1) // 12, (number - 1) % 12 + 1, 15)


def told(*groups: tuple[dt.date, bool, int, int], standard: Standard = KIND):
    deals, gained = world(*groups)
    marks = prediction.landmarks(deals, gained, [standard], today=TODAY)
    beside = prediction.results_beside(WON, deals, chosen_on=standard.chosen_on)
    return prediction.predicted(marks, beside, standard, today=TODAY)


def every(first: int, last: int, *, won: int, without: int):
    """In each month 20 deals with it, ``won`` of them won, and 20 without, of which ``without``."""
    return [
        group
        for number in range(first, last + 1)
        for group in ((month(number), True, 20, won), (month(number), False, 20, without))
    ]


def test_what_counts_is_what_was_there_on_the_day_it_was_needed():
    deals, _ = world((month(1), True, 3, 1))
    gained = pl.DataFrame(
        {
            "id": [0, 1],
            "type_id": [1, 1],
            "on": [month(1) - 30 * DAY, month(1) - 29 * DAY],  # the day itself, and the day after
        }
    )
    marks = prediction.landmarks(deals, gained, [KIND], today=TODAY)
    assert marks["there"].to_list() == [True, False, False]
    assert marks["day"].unique().to_list() == [month(1) - 30 * DAY]


def test_a_deal_closed_before_its_day_was_never_asked():
    deals, gained = world((month(1), True, 1, 1))
    marks = prediction.landmarks(
        deals, gained, [Standard(1, 61, CHOSEN), Standard(1, 60, CHOSEN)], today=TODAY
    )
    assert marks.height == 1


def test_a_day_that_has_not_come_counts_nowhere():
    deals, gained = world((month(1), True, 1, 1))
    assert prediction.landmarks(deals, gained, [KIND], today=month(1) - 31 * DAY).is_empty()


def test_a_standard_of_a_segment_or_an_amount_asks_no_other_deal():
    deals, gained = world((month(1), True, 4, 1))
    deals = deals.with_columns(
        segment=pl.Series(["a", "a", "b", None]), amount=pl.Series([1.0, 9.0, 9.0, None])
    )
    asked = [
        prediction.landmarks(deals, gained, [Standard(1, 30, CHOSEN, *wanted)], today=TODAY)["id"].to_list()
        for wanted in (((), None), (("a",), None), ((), 5.0), (("a", "b"), 5.0))
    ]
    assert asked == [[0, 1, 2, 3], [0, 1], [1, 2], [1, 2]]


def test_the_difference_is_that_of_deals_closed_since_it_was_chosen():
    found = told(*every(1, 12, won=10, without=5), *every(13, 26, won=12, without=6))
    assert found.learned.value == pytest.approx(0.25)
    assert found.later.value == pytest.approx(0.3)
    assert found.lately.value == pytest.approx(0.3)
    assert found.n == 14 * 40
    assert found.verdict == Predicts.STILL
    assert found.stopped is None


def test_what_stopped_is_told_with_the_month():
    """Until June 2025 half against a quarter, from July on no difference: windows of six months are surely less from
    the one on that holds enough of it."""
    found = told(
        *every(1, 12, won=18, without=4),
        *every(13, 18, won=18, without=4),
        *every(19, 26, won=10, without=10),
    )
    assert found.verdict == Predicts.STOPPED
    assert found.lately.value == 0
    assert dt.date(2025, 9, 1) <= found.stopped <= dt.date(2025, 12, 1)


def test_a_difference_that_is_smaller_and_still_there_is_weaker():
    found = told(*every(1, 12, won=19, without=2), *every(13, 26, won=13, without=7))
    assert found.verdict == Predicts.WEAKER
    assert found.stopped is None


def test_what_shows_nothing_and_showed_little_before_cannot_be_told():
    found = told(*every(1, 12, won=10, without=9), *every(13, 26, won=10, without=10))
    assert found.verdict == Predicts.UNKNOWN


def test_too_few_deals_are_not_compared():
    groups = [(month(n), had, 3, 1) for n in range(13, 27) for had in (True, False)]
    found = told(*every(1, 12, won=10, without=5), *groups)
    assert (found.verdict, found.lately) == (Predicts.UNKNOWN, None)  # 18 of each in six months
    assert found.later is not None


def test_less_than_six_months_after_it_was_chosen_nothing_is_told():
    late = Standard(1, 30, dt.date(2025, 11, 1))
    found = told(*every(1, 26, won=10, without=5), standard=late)
    assert (found.verdict, found.lately) == (Predicts.UNKNOWN, None)


def test_of_a_metric_of_which_less_is_better_a_lower_value_is_ahead():
    deals, gained = world(*every(1, 26, won=20, without=20))
    deals = deals.with_columns(
        discount=pl.Series([0.1 if n // 20 % 2 == 0 else 0.2 for n in range(deals.height)])
    )
    deals = deals.with_columns(discount=pl.col("discount") + (pl.col("id") % 2) * 0.01)
    marks = prediction.landmarks(deals, gained, [KIND], today=TODAY)
    beside = prediction.results_beside(metrics.parse("discount"), deals, chosen_on=CHOSEN)
    assert prediction.predicted(marks, beside, KIND, today=TODAY).later.value == pytest.approx(0.1)


def test_how_far_it_is_gained_is_told_of_deals_whose_day_came_then_asked_or_not():
    deals, gained = world(*every(1, 12, won=1, without=1), *[(month(n), True, 30, 1) for n in range(20, 27)])
    marks = prediction.landmarks(deals, gained, [KIND], today=TODAY)
    [found] = prediction.executed(marks, [1], start=dt.date(2025, 1, 1), today=TODAY)
    assert (found.before.value, found.before.n) == (0.5, 440)  # whose day came in 2024
    assert (found.lately.value, found.lately.n) == (1.0, 5 * 30)  # since September
    assert found.moved is True


def test_of_several_agreements_each_must_have_moved_more_surely():
    """44% to 54% of 200 deals: two standard errors, which is news of one and none of eight."""
    before, lately = intervals.share(88, 200), intervals.share(108, 200)
    assert prediction.Executed(1, before, lately).moved is True
    assert prediction.Executed(1, before, lately, asked=8).moved is None
    assert prediction.Executed(1, before, intervals.share(130, 200), asked=8).moved is True
    assert prediction.Executed(1, before, intervals.share(46, 200), asked=8).moved is False


def test_where_chance_may_have_done_it_nothing_moved():
    deals, gained = world(
        (month(12), True, 10, 1),
        (month(12), False, 10, 1),
        (month(26), True, 12, 1),
        (month(26), False, 8, 1),
    )
    marks = prediction.landmarks(deals, gained, [KIND], today=TODAY)
    [found] = prediction.executed(marks, [1], start=dt.date(2025, 1, 1), today=TODAY)
    assert (found.before.value, found.lately.value) == (0.5, 0.6)
    assert found.moved is None


def test_the_pace_is_the_slope_by_agreement_within_deals_asked_for_as_many():
    """One more in time goes with 30 points: 4 of 10 won without it, 7 of 10 with it."""
    deals, gained = world((month(14), True, 40, 28), (month(14), False, 40, 16))
    marks = prediction.landmarks(deals, gained, [KIND], today=TODAY)
    beside = prediction.results_beside(WON, deals, chosen_on=dt.date(2025, 12, 31))
    paces = prediction.paces(marks, beside, first_month=1, since=CHOSEN, today=TODAY)
    assert [one.begins for one in paces] == [dt.date(2025, 1 + 3 * q, 1) for q in range(4)] + [
        dt.date(2026, 1, 1)
    ]
    assert paces[0].slope.value == pytest.approx(0.3)
    assert paces[0].slope.low == pytest.approx(
        0.3 - 1.959964 * (0.7 * 0.3 / 40 + 0.4 * 0.6 / 40) ** 0.5 * (80 / 78) ** 0.5
    )
    assert (paces[1].slope.value, paces[1].slope.n) == (None, 0)
