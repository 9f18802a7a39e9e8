"""Matched deals: the nearest by what was known, held against each other; a planted truth is found and an own count agrees."""

import random

import numpy as np
import pytest

from hingepoint.analysis import matched


def case(number, *, words=("a", "b", "", ""), size=100.0, days=50.0, won=False, discount=None):
    return matched.Case(number, words, size, days, won, discount)


@pytest.mark.parametrize(
    ("other", "far"),
    [
        (case(1), 0.0),
        (case(1, words=("a", "c", "", "")), 1 / 3),
        (case(1, words=("x", "c", "", "")), 2 / 3),
        (case(1, size=800.0), 1 / 3),
        (case(1, size=1e9), 1 / 3),
        (case(1, size=None), 0.0),
        (case(1, words=("", "", "", ""), size=None), 1.0),
    ],
)
def test_distance_is_the_mean_over_what_is_known_of_both(other, far):
    assert matched.distance(case(0), other) == pytest.approx(far)
    assert matched.distance(other, case(0)) == pytest.approx(far)


def test_the_nearest_come_first_and_the_far_not_at_all():
    pool = [case(0), case(1, words=("x", "y", "", "")), case(2, size=200.0), case(3), case(4, days=10.0)]
    ranked = matched.nearest(case(0), pool)
    assert [one.id for one in ranked] == [3, 4, 2]
    assert [one.id for one in matched.open_at(ranked, 10)] == [3, 2]


def test_few_on_one_side_tell_nothing():
    cases = [case(n, won=n % 2 == 0) for n in range(40)]
    assert matched.compared(cases, having=range(matched.LEAST - 1)).won is None
    assert matched.compared(cases, having=range(matched.LEAST)).won is not None


def planted(seed):
    """Deals of which those in segment "hard" are won less and gain it less; having it wins 15 of 100 more."""
    rng = random.Random(seed)
    had, cases = set(), []
    for number in range(1, 6001):
        hard = rng.random() < 0.5
        if rng.random() < (0.2 if hard else 0.8):
            had.add(number)
        won = rng.random() < (0.2 if hard else 0.6) + (0.15 if number in had else 0)
        cases.append(case(number, words=("hard" if hard else "easy", "", "", ""), won=won))
    return cases, had


def test_a_planted_difference_is_recovered_where_all_deals_together_would_show_more():
    found = []
    for seed in range(5):
        cases, had = planted(seed)
        assert matched.compared(cases, having=had).won.value == pytest.approx(0.15 + 0.4 * 0.6, abs=0.04)
        for word in ("hard", "easy"):
            one = case(0, words=(word, "", "", ""))
            for start in range(0, 6000, 500):
                alike = matched.open_at(matched.nearest(one, cases[start:]), 1)
                found.append(matched.compared(alike, having=had).won)
    assert np.mean([one.value for one in found]) == pytest.approx(0.15, abs=0.03)
    assert np.mean([one.low <= 0.15 <= one.high for one in found]) > 0.9


def test_the_discount_of_won_deals_agrees_with_an_own_computation():
    rng = np.random.default_rng(1)
    cases = [case(n, won=n % 3 != 0, discount=float(rng.uniform(0, 0.3))) for n in range(90)]
    found = matched.compared(cases, having=range(45))
    mine = [one.discount for one in cases[:45] if one.won]
    theirs = [one.discount for one in cases[45:] if one.won]
    assert found.discount.value == pytest.approx(np.mean(mine) - np.mean(theirs))
    error = np.sqrt(np.var(mine, ddof=1) / len(mine) + np.var(theirs, ddof=1) / len(theirs))
    assert found.discount.high - found.discount.value == pytest.approx(1.959964 * error)
