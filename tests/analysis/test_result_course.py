"""A result metric month by month: as if its deals were alike, when it changed, where it leads."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

from hingepoint.analysis import intervals, metrics, period, result_course
from hingepoint.analysis.result_course import Aim
from hingepoint.analysis.spc import run_lengths
from hingepoint.records.strategy import Reach

START, TODAY = dt.date(2025, 1, 1), dt.date(2026, 1, 15)
WON = metrics.parse("won")


def months(*wins: int, of: int = 20, first: tuple[int, int] = (2024, 1), kinds: str = "") -> pl.DataFrame:
    """A month with ``of`` deals for each number of ``wins``; each month's deals have the kind named by its letter."""
    rows = []
    for place, won in enumerate(wins):
        year, month = divmod(first[0] * 12 + first[1] - 1 + place, 12)
        at = dt.datetime(year, month + 1, 10, tzinfo=dt.UTC)
        kind = kinds[place] if kinds else "a"
        rows += [(at, "won" if n < won else "lost", kind) for n in range(of)]
    frame = pl.DataFrame(rows, schema=["closed", "status", "segment"], orient="row")
    return frame.with_row_index("id")


def seen(deals: pl.DataFrame, target: float = 0.5, target_on: dt.date = dt.date(2026, 12, 31)):
    return result_course.course(WON, deals, aim=Aim(START, target, target_on), today=TODAY)


def alternating(level: int, count: int) -> list[int]:
    return [level + (1 if n % 2 else -1) for n in range(count)]


def test_the_usual_level_is_that_of_the_year_before_as_every_page_tells_it():
    deals = months(*[2] * 12, *alternating(8, 12), *alternating(8, 12), first=(2023, 1))
    found = seen(deals)
    moved = period.movement(WON, deals.filter(pl.col("closed").dt.year() >= 2024), start=START)
    assert found.usual == moved.before.value == 0.4
    assert [month.begins for month in found.months[:2]] == [dt.date(2023, 1, 1), dt.date(2023, 2, 1)]


def test_each_whole_month_is_a_point_and_the_present_one_is_not():
    found = seen(months(*alternating(8, 12), 7, 9, 6, first=(2024, 1)))
    assert [round(month.value, 6) for month in found.months[12:15]] == [0.35, 0.45, 0.3]
    assert found.months[-1].begins == dt.date(2025, 12, 1)
    assert (found.months[-1].n, found.months[-1].value) == (0, None)
    assert found.months[11].line is None
    assert found.months[12].low < found.months[12].line < found.months[12].high


def test_a_lasting_change_is_dated_and_told_which_way():
    found = seen(months(*alternating(8, 12), *[8, 8, 9, 7], *[15] * 8))
    assert found.since.began == dt.date(2025, 5, 1)
    assert found.since.earliest <= found.since.began <= found.since.latest
    assert found.since.better
    assert next(month.begins for month in found.months if month.changed) == found.since.began


def test_less_is_better_of_a_discount():
    deals = months(*[20] * 24).with_columns(
        discount=pl.when(pl.col("closed").dt.year() == 2024)
        .then(0.2 + 0.02 * ((pl.col("id") % 5).cast(pl.Int64) - 2))
        .otherwise(0.1)
    )
    metric = metrics.parse("discount")
    found = result_course.course(metric, deals, aim=Aim(START, 0.1, dt.date(2026, 6, 30)), today=TODAY)
    assert found.since.better
    assert found.ahead.reach == Reach.REACHES


def test_where_nothing_changed_nothing_is_dated():
    assert seen(months(*alternating(8, 24))).since is None


def test_with_less_than_a_year_before_the_limits_are_for_trial_and_nothing_changed():
    found = seen(months(*alternating(4, 8), *[16] * 12, first=(2024, 5)))
    assert found.trial
    assert found.since is None


def test_without_a_deal_before_nothing_is_usual():
    found = seen(months(8, 8, 8, first=(2025, 1)))
    assert (found.usual, found.months) == (None, ())
    assert found.ahead.reach == Reach.UNKNOWN


def test_deals_of_another_kind_are_no_change():
    """Segment a wins 2 of 10 and b 8 of 10; only the mix moves from half and half to nearly all b."""
    before = [
        (dt.datetime(2024, month, 10, tzinfo=dt.UTC), kind, n < wins)
        for month in range(1, 13)
        for kind, wins in (("a", 2), ("b", 8))
        for n in range(10)
    ]
    since = [
        (dt.datetime(2025, month, 10, tzinfo=dt.UTC), kind, n < wins)
        for month in range(1, 13)
        for kind, wins, of in (("a", 1, 5), ("b", 16, 20))
        for n in range(of)
    ]
    deals = pl.DataFrame(before + since, schema=["closed", "segment", "won"], orient="row").with_row_index(
        "id"
    )
    deals = deals.with_columns(status=pl.when("won").then(pl.lit("won")).otherwise(pl.lit("lost")))
    moved = period.movement(WON, deals, start=START)
    assert (moved.before.value, moved.since.value) == (0.5, 0.68)
    assert moved.mix == pytest.approx(0.18, abs=0.005)
    assert moved.change.value == pytest.approx(moved.since.value - moved.before.value - moved.mix, abs=1e-12)
    assert moved.moved is None
    assert seen(deals).since is None


def test_like_for_like_and_mix_are_what_is_seen_exactly():
    deals = months(*alternating(8, 12), *alternating(12, 12), kinds="ab" * 12)
    moved = period.movement(WON, deals, start=START)
    assert moved.change.value + moved.mix == pytest.approx(moved.since.value - moved.before.value, abs=1e-12)


def test_the_line_ahead_is_the_weighted_line_of_least_squares():
    wins = [6, 8, 7, 9, 8, 10, 9, 11, 10, 12, 11, 13]
    found = seen(months(*alternating(8, 12), *wins), target_on=dt.date(2026, 3, 31)).ahead
    x, y = np.arange(12.0), np.array(wins) / 20
    fit = stats.linregress(x, y)
    error = np.sqrt(
        ((y - fit.intercept - fit.slope * x) ** 2).sum()
        / 10
        * (1 / 12 + (14 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    )
    value, half = fit.intercept + 14 * fit.slope, stats.t.ppf(0.975, 10) * error
    assert found.at_day.value == pytest.approx(value, abs=1e-9)
    assert found.at_day.low == pytest.approx(value - half, rel=1e-4)
    assert (found.months, found.at_day.n) == (12, 240)


@pytest.mark.parametrize(("target", "reach"), [(0.5, Reach.REACHES), (0.7, Reach.OPEN), (0.9, Reach.SHORT)])
def test_a_target_is_reached_or_not_only_where_the_whole_interval_says_so(target, reach):
    wins = [6, 8, 7, 9, 8, 10, 9, 11, 10, 12, 11, 13]
    found = seen(months(*alternating(8, 12), *wins), target, dt.date(2026, 3, 31)).ahead
    assert found.at_day.low == pytest.approx(0.6314, abs=1e-4)
    assert found.reach == reach


def test_through_fewer_than_six_months_no_line_is_drawn():
    found = seen(months(*alternating(8, 12), *[9] * 5)).ahead
    assert (found.reach, found.months, found.at_day.value) == (Reach.UNKNOWN, 5, None)


def test_a_share_is_led_nowhere_beyond_all():
    rising = [2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
    found = seen(months(*alternating(8, 12), *rising), target_on=dt.date(2027, 12, 31)).ahead
    assert found.at_day.value == found.at_day.high == 1.0


def test_the_limit_is_the_one_for_a_false_raise_in_120_months():
    assert pytest.approx(run_lengths.limit_for(120), abs=1e-4) == result_course.LIMIT


@pytest.mark.parametrize("freedom", [4, 5, 8, 11, 30])
def test_the_quantile_of_pages_is_that_of_the_library(freedom):
    for confidence in (0.9, 0.95, 0.99):
        wanted = stats.t.ppf((1 + confidence) / 2, freedom)
        assert intervals.t_quantile(freedom, confidence=confidence) == pytest.approx(wanted, rel=3e-3)


def test_below_four_degrees_of_freedom_no_quantile_is_told():
    with pytest.raises(ValueError, match="four degrees"):
        intervals.t_quantile(3)


@pytest.mark.slow
def test_calm_courses_raise_as_rarely_as_promised():
    """A chart of 12 usual months and 12 after: with the run length of 120 about one in ten may raise within a year."""
    rng, raised = np.random.default_rng(7), 0
    for _ in range(300):
        raised += seen(months(*rng.binomial(20, 0.4, 24))).since is not None
    assert raised / 300 < 0.14


def test_a_quotient_is_told_by_its_sums_in_the_course_as_in_the_movement():
    large = pl.col("id") % 4 == 0
    deals = months(*[20] * 24).with_columns(
        list_price=pl.when(large).then(300.0).otherwise(100.0),
        net_price=pl.when(large).then(pl.when(pl.col("closed").dt.year() == 2024).then(210.0).otherwise(240.0)).otherwise(90.0),
        created=pl.col("closed"),
    )  # fmt: skip
    deals, metric = metrics.with_derived(deals), metrics.parse("price_realisation")
    found = result_course.course(metric, deals, aim=Aim(START, 0.9, dt.date(2026, 12, 31)), today=TODAY)
    moved = period.movement(metric, deals, start=START)
    assert found.usual == pytest.approx(moved.before.value) == pytest.approx((210 + 270) / 600)
    assert found.months[12].value == pytest.approx(moved.since.value) == pytest.approx((240 + 270) / 600)
    assert (moved.mix, moved.moved) == (pytest.approx(0), True)
