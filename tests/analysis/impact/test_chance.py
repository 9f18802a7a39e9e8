"""Chance is what the lot's own orders do: a true nothing is taken for something no more often than said."""

import math

import numpy as np
import pytest

from hingepoint.analysis.impact import chance, measuring, weights
from hingepoint.analysis.impact.panel import Panel
from hingepoint.analysis.trials import redraws
from impacts import balanced, months, noise


@pytest.fixture(scope="module")
def design():
    """Eight teams in four waves: 2,520 orders, and the weights of all of them."""
    starts = np.repeat([3, 5, 7, 9], 2)
    orders, every = redraws.orders(starts, rng=np.random.default_rng(1))
    assert every
    return orders, weights.imputation(orders, np.ones((8, 9)))[:, 0]


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.95])
def test_whichever_order_is_drawn_nothing_is_seen_in_one_of_twenty_at_most(design, alike):
    """Exactly, not on average: for given values every order in turn is the one that was drawn."""
    _, weighed = design
    values = noise((8, 9), alike, np.random.default_rng(11))
    read = np.abs(np.einsum("ont,nt->o", weighed, values))
    chances = np.array([redraws.chance(one, read) for one in read])
    assert (chances <= 0.05).mean() <= 0.05
    assert (chances <= 0.05).mean() > 0.045


def test_the_interval_holds_the_effects_that_the_lot_does_not_refuse():
    panel = balanced(teams=8, periods=10, effect=1.0, seed=9).between(0, 10)
    orders, _ = redraws.orders(panel.starts, rng=np.random.default_rng(1))
    found = measuring.estimates(panel, orders=orders).headline

    def refused(effect: float) -> bool:
        weighed = weights.imputation(orders, panel.deals)[:, 0]
        read = np.einsum("ont,nt->o", weighed, panel.values - effect * panel.lived)
        real = weights.imputation(panel.starts[None], panel.deals)[0, 0]
        return redraws.chance(float((real * (panel.values - effect * panel.lived)).sum()), read) <= 0.05

    assert found.low < found.effect < found.high
    step = 0.001
    assert not refused(found.low + step)
    assert refused(found.low - step)
    assert not refused(found.high - step)
    assert refused(found.high + step)


def test_with_too_few_orders_nothing_is_tested():
    found = chance.reading(np.array([2.0, 1.0]), np.ones((19, 2)))
    assert found.effect == 2.0
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert math.isnan(found.p)
    assert not found.seen


def test_several_effects_together_are_held_against_their_own_spread():
    drawn = np.random.default_rng(1).standard_normal((999, 2)) * [1, 100]
    far, near = np.array([4.0, 0.0]), np.array([0.5, 50.0])
    assert chance.joint(far, np.vstack([drawn, far])) < 0.01
    assert chance.joint(near, np.vstack([drawn, near])) > 0.5


def power(teams: int, alike: float, effect: float, *, runs: int = 150) -> tuple[float, float]:
    """Return how often imputation and group-time effects see ``effect`` in 24 months with four waves, by the
    design of METHOD.md; all runs share the order, its weights are made once."""
    panel = balanced(teams=teams, periods=24, effect=0, seed=teams)
    starts = np.where(panel.starts == 24, 18, panel.starts)
    part = Panel(panel.teams, months(24), panel.values, panel.deals, starts).between(0, 18)
    drawn, _ = redraws.orders(part.starts, rng=np.random.default_rng(2))
    orders = np.vstack([part.starts, drawn[:400]])
    rng = np.random.default_rng([teams, 5])
    values = np.array([noise((teams, 18), alike, rng) + effect * part.lived for _ in range(runs)])
    seen = []
    for weighed in (weights.imputation(orders, part.deals), weights.group_time(orders, part.deals)):
        read = np.einsum("ont,rnt->ro", weighed[:, 0], values)
        seen.append(np.mean([redraws.chance(one[0], one) <= 0.05 for one in read]))
    return seen[0], seen[1]


def test_imputation_sees_an_effect_of_one_standard_deviation_with_eight_teams():
    """METHOD.md: imputation .80, group-time effects .33; 150 runs have an error of .035."""
    imputed, grouped = power(8, 0.0, 1.0)
    assert imputed == pytest.approx(0.80, abs=0.10)
    assert grouped == pytest.approx(0.33, abs=0.12)


def test_levels_that_last_make_it_harder_to_see():
    """METHOD.md: .46 where neighbouring months correlate by .5."""
    assert power(8, 0.5, 1.0)[0] == pytest.approx(0.46, abs=0.12)


def test_nothing_is_seen_in_nothing():
    imputed, grouped = power(8, 0.5, 0.0)
    assert imputed <= 0.10
    assert grouped <= 0.10
