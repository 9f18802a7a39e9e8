"""Intervals, to the digit: one that is narrower or wider than it should be is seen here.

Shares: Newcombe 1998, table I and II (the 81 of 263 of its example), and computed by hand.
"""

import math

import pytest

from hingepoint.analysis import intervals
from hingepoint.analysis.intervals import Difference, Estimate


def test_the_quantile_leaves_two_and_a_half_percent_on_either_side():
    beyond = 0.5 * math.erfc(intervals.Z / math.sqrt(2))
    assert beyond == pytest.approx(0.025, abs=1e-8)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_has_the_published_score_interval(hits, n, low, high):
    found = intervals.share(hits, n)
    assert (found.value, found.n) == (hits / n, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_share_solves_the_equation_of_the_score_test_at_both_ends():
    found = intervals.share(7, 31)
    for end in (found.low, found.high):
        assert abs(7 / 31 - end) == pytest.approx(intervals.Z * math.sqrt(end * (1 - end) / 31), rel=1e-12)
    assert found.low < 7 / 31 < found.high


@pytest.mark.parametrize("n", [1, 20, 29])
def test_none_and_all_end_at_the_edge_and_not_beyond(n):
    none, every = intervals.share(0, n), intervals.share(n, n)
    reach = intervals.Z**2 / (n + intervals.Z**2)
    assert (none.value, none.low, none.n) == (0.0, 0.0, n)
    assert none.high == pytest.approx(reach, rel=1e-12)
    assert (every.value, every.high) == (1.0, pytest.approx(1.0, rel=1e-12))
    assert every.low == pytest.approx(1 - reach, rel=1e-12)


def test_a_share_of_nothing_says_nothing():
    assert intervals.share(0, 0) == Estimate(None, None, None, 0)


def test_a_mean_reaches_two_standard_errors_either_way():
    found = intervals.mean([2.0, 4.0, 9.0])
    error = math.sqrt(13) / math.sqrt(3)  # squares from the mean of 5: 9 + 1 + 16 = 26, of two degrees
    assert (found.value, found.n) == (5.0, 3)
    assert found.low == pytest.approx(5.0 - intervals.Z * error, rel=1e-12)
    assert found.high == pytest.approx(5.0 + intervals.Z * error, rel=1e-12)


def test_two_values_have_an_interval_and_one_has_none():
    two = intervals.mean([1.0, 3.0])
    assert (two.value, two.n) == (2.0, 2)
    assert (two.low, two.high) == pytest.approx((2 - intervals.Z, 2 + intervals.Z), rel=1e-12)
    assert intervals.mean([4.0]) == Estimate(4.0, None, None, 1)
    assert intervals.mean([]) == Estimate(None, None, None, 0)


def test_a_difference_of_shares_has_the_published_interval():
    """Newcombe 1998b, table II, case (a) by method 10: 56 of 70 against 48 of 80."""
    found = intervals.difference(intervals.share(56, 70), intervals.share(48, 80))
    assert found.value == pytest.approx(0.2, rel=1e-12)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_the_other_way_round_is_the_same_with_the_signs_turned():
    one, other = intervals.share(9, 10), intervals.share(3, 10)
    there, back = intervals.difference(one, other), intervals.difference(other, one)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
    assert (round(there.low, 4), round(there.high, 4)) == (0.1705, 0.8090)  # case (b) of the same table


def test_a_difference_puts_each_reach_on_its_own_side():
    one, other = Estimate(0.5, 0.4, 0.9, 10), Estimate(0.3, 0.27, 0.37, 10)
    found = intervals.difference(one, other)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - math.hypot(0.1, 0.07))
    assert found.high == pytest.approx(0.2 + math.hypot(0.4, 0.03))


def test_a_difference_of_equal_numbers_is_a_difference():
    same = Estimate(0.0, -0.3, 0.4, 5)
    assert intervals.difference(same, same) == Difference(0.0, pytest.approx(-0.5), pytest.approx(0.5))


@pytest.mark.parametrize("lacking", [(None, 0.1, 0.2), (0.1, None, 0.2), (0.1, 0.0, None)])
def test_there_is_no_difference_from_what_has_no_interval(lacking):
    whole, part = intervals.share(3, 10), Estimate(*lacking, 10)
    assert intervals.difference(whole, part) is None
    assert intervals.difference(part, whole) is None


@pytest.mark.parametrize(
    ("one", "other", "value", "low", "high"),
    [
        ((56, 70), (48, 80), 0.2000, 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.6000, 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.5714, 0.0582, 0.8062),
        ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
        ((0, 10), (0, 20), 0.0000, -0.1611, 0.2775),
        ((10, 10), (0, 20), 1.0000, 0.6791, 1.0000),
    ],
)
def test_differences_of_shares_have_the_intervals_that_newcombe_printed(one, other, value, low, high):
    """Newcombe 1998, Statistics in Medicine 17: 873-890, table II, method 10."""
    found = intervals.difference(intervals.share(*one), intervals.share(*other))
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (value, low, high)


def test_a_quotient_of_sums_has_the_interval_of_a_ratio_and_with_equal_weights_is_the_mean():
    found = intervals.quotient([0.9, 0.7, 0.8], [100.0, 300.0, 100.0])
    assert found.value == pytest.approx(380 / 500)
    beside = [(14.0) ** 2, (-18.0) ** 2, (4.0) ** 2]
    assert found.high - found.value == pytest.approx(intervals.Z * (sum(beside) * 3 / 2) ** 0.5 / 500)
    same, mean = intervals.quotient([1.0, 2.0, 4.0], [5.0] * 3), intervals.mean([1.0, 2.0, 4.0])
    assert (same.value, same.low, same.high) == pytest.approx((mean.value, mean.low, mean.high))
