"""Intervals of shares, means and differences against published numbers: one narrower or wider is seen."""

import pytest

from hingepoint.analysis import intervals


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares_have_the_score_intervals_that_newcombe_printed(hits, n, low, high):
    """Newcombe 1998, Statistics in Medicine 17: 857-872, table I, method 3 (Wilson without correction)."""
    found = intervals.share(hits, n)
    assert (found.value, found.n) == (hits / n, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


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


def test_a_mean_reaches_1_96_standard_errors_either_way():
    found = intervals.mean([2, 4, 4, 4, 5, 5, 7, 9])
    assert (found.value, found.n) == (5, 8)
    assert (found.low, found.high) == pytest.approx((5 - 1.4815935, 5 + 1.4815935), abs=1e-6)


def test_the_difference_of_two_means_adds_the_squares_of_their_errors():
    found = intervals.difference(
        intervals.Estimate(10.0, 7.0, 13.0, 30), intervals.Estimate(4.0, 0.0, 8.0, 20)
    )
    assert (found.value, found.low, found.high) == (6.0, 1.0, 11.0)


def test_nothing_counted_says_nothing():
    assert intervals.share(0, 0) == intervals.Estimate(None, None, None, 0)
    assert intervals.mean([]) == intervals.Estimate(None, None, None, 0)
    assert intervals.mean([3.0]) == intervals.Estimate(3.0, None, None, 1)
    assert intervals.difference(intervals.mean([3.0]), intervals.share(1, 2)) is None


def test_the_interval_of_none_or_all_ends_at_them():
    assert intervals.share(0, 3).low == pytest.approx(0.0, abs=1e-12)
    assert intervals.share(3, 3).high == pytest.approx(1.0, abs=1e-12)
