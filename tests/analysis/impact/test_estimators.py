"""Estimators as weights: each equals the regression that the papers write down, and tells only what the data tell."""

import datetime as dt

import numpy as np
import pytest

from hingepoint.analysis.impact import errors, others, weights
from hingepoint.analysis.impact.panel import Panel
from impacts import balanced, months


@pytest.fixture
def ragged() -> Panel:
    """Nine teams in which cells differ in size and some are empty; teams 0 and 1 wait throughout."""
    panel = balanced(teams=9, periods=10, effect=1.0, seed=3, steps=3)
    rng = np.random.default_rng(4)
    deals = rng.integers(0, 6, panel.deals.shape).astype(float)
    starts = np.array([10, 10, 4, 4, 6, 6, 6, 8, 8])
    return Panel(panel.teams, panel.periods, panel.values * (deals > 0), deals, starts)


def dummies(teams: int, periods: int) -> np.ndarray:
    """Return cells x (teams + periods)."""
    by_team = np.repeat(np.eye(teams), periods, axis=0)
    return np.hstack([by_team, np.tile(np.eye(periods), (teams, 1))])


def regress(columns: np.ndarray, panel: Panel, rows: np.ndarray) -> np.ndarray:
    root = np.sqrt(panel.deals.ravel()[rows])
    design = columns[rows] * root[:, None]
    return np.linalg.lstsq(design, panel.values.ravel()[rows] * root, rcond=None)[0]


def estimate(found: np.ndarray, panel: Panel) -> float:
    return float((found * panel.values).sum())


def test_imputation_is_what_lived_cells_are_above_the_regression_on_waiting_ones(ragged):
    columns = dummies(*ragged.deals.shape)
    waits = (ragged.lived.ravel() == 0) & (ragged.deals.ravel() > 0)
    fitted = (columns @ regress(columns, ragged, waits)).reshape(ragged.deals.shape)
    lived = ragged.deals * ragged.lived * (np.arange(10) < 10)
    above = ((ragged.values - fitted) * lived).sum() / lived.sum()
    found = weights.imputation(ragged.starts[None], ragged.deals)[0, 0]
    assert estimate(found, ragged) == pytest.approx(above, abs=1e-8)


def test_imputation_weights_tell_an_effect_and_are_blind_to_teams_and_periods(ragged):
    found = weights.imputation(ragged.starts[None], ragged.deals)[0, 0]
    assert (found * ragged.lived).sum() == pytest.approx(1)
    assert found.sum(axis=0) == pytest.approx(np.zeros(10), abs=1e-8)
    assert found.sum(axis=1) == pytest.approx(np.zeros(9), abs=1e-8)
    assert not found[ragged.deals == 0].any()


def test_effects_by_distance_from_the_start_average_to_the_whole(ragged):
    """A deal counts as a deal, and the whole is the same as by weights."""
    whole, *parts = weights.by_age(ragged.starts[None], ragged.deals, ragged.values[None])[0, :, 0]
    age = weights.since_start(ragged.starts[None], 10)[0]
    size = [(ragged.deals * (age == one)).sum() for one in range(10)]
    assert whole == pytest.approx(np.average(parts, weights=size), abs=1e-9)
    assert whole == pytest.approx(
        estimate(weights.imputation(ragged.starts[None], ragged.deals), ragged), abs=1e-9
    )


def test_the_effect_at_a_distance_is_the_mean_of_its_cells(ragged):
    columns = dummies(*ragged.deals.shape)
    waits = (ragged.lived.ravel() == 0) & (ragged.deals.ravel() > 0)
    above = ragged.values - (columns @ regress(columns, ragged, waits)).reshape(ragged.deals.shape)
    age = weights.since_start(ragged.starts[None], 10)[0]
    found = weights.by_age(ragged.starts[None], ragged.deals, ragged.values[None])[0, 1:, 0]
    for one in range(6):
        assert found[one] == pytest.approx(
            np.average(above[age == one], weights=ragged.deals[age == one]), abs=1e-8
        )
    assert not found[6:].any(), "no team has lived it for so long"


def test_many_orders_at_once_are_each_order_alone(ragged):
    orders = np.random.default_rng(1).permuted(np.tile(ragged.starts, (5, 1)), axis=1)
    together = weights.by_age(orders, ragged.deals, ragged.values[None])
    alone = [weights.by_age(order[None], ragged.deals, ragged.values[None])[0] for order in orders]
    assert together == pytest.approx(np.array(alone), abs=1e-9)
    weighed = weights.imputation(orders, ragged.deals)
    assert together[:, 0, 0] == pytest.approx(np.einsum("oknt,nt->o", weighed, ragged.values), abs=1e-9)


def test_more_periods_than_teams_or_fewer_makes_no_difference(ragged):
    two = weights.TwoWay.of(ragged.deals[None])
    turned = weights.TwoWay.of(ragged.deals.T[None])
    assert two.turned != turned.turned
    left, other = two.left(ragged.values[None, None]), turned.left(ragged.values.T[None, None])
    assert left[0, 0] == pytest.approx(other[0, 0].T, abs=1e-9)


def test_a_team_that_never_waited_is_not_told(ragged):
    starts = np.where(np.arange(9) == 2, 0, ragged.starts)
    found = weights.imputation(starts[None], ragged.deals)[0, 0]
    assert not found[2].any()
    assert (found * (np.arange(10) >= starts[:, None])).sum() == pytest.approx(1)


def test_cells_that_hang_together_with_nobody_are_not_told():
    """Team 1 waited only in period 0, in which nobody else closed a deal: its level cannot be told."""
    deals = np.array([[0, 1, 1, 1], [1, 0, 1, 1], [0, 1, 1, 1]], dtype=float)
    starts = np.array([4, 1, 3])
    waits = deals * (np.arange(4) < starts[:, None])
    told = weights.TwoWay.of(waits[None]).told[0]
    assert told.tolist() == [
        [False, True, True, True],
        [True, False, False, False],
        [False, True, True, True],
    ]
    found = weights.imputation(starts[None], deals)[0, 0]
    assert not found[1].any()
    assert found[2, 3] == pytest.approx(1)


def test_what_shows_before_the_starts_is_the_regression_with_leads(ragged):
    leads = 2
    age = weights.since_start(ragged.starts[None], 10)[0].ravel()
    columns = np.column_stack([dummies(9, 10), *((age == -lead).astype(float) for lead in (2, 1))])
    fitted = regress(columns, ragged, (age < 0) & (ragged.deals.ravel() > 0))[-leads:]
    found = weights.before(ragged.starts[None], ragged.deals, leads=leads)[0]
    assert [estimate(one, ragged) for one in found[1:]] == pytest.approx(fitted, abs=1e-7)
    size = [(ragged.deals.ravel() * (age == -lead)).sum() for lead in (2, 1)]
    assert estimate(found[0], ragged) == pytest.approx(np.average(fitted, weights=size), abs=1e-7)


def test_a_group_is_held_against_those_not_yet_started():
    """Four teams, the first starts in period 1, the second in 2: 5 - 1 against the mean of 2 - 1 and 4 - 1."""
    values = np.array([[1.0, 5, 9], [1, 2, 7], [1, 4, 5]])
    starts, deals = np.array([[1, 2, 3]]), np.ones((3, 3))
    found, mass = weights.group_effect(starts, deals, group=1, period=1)
    assert (found[0] * values).sum() == pytest.approx(4 - (1 + 3) / 2)
    later, _ = weights.group_effect(starts, deals, group=1, period=2)
    assert (later[0] * values).sum() == pytest.approx(8 - 4)
    assert mass.tolist() == [3]
    simple = weights.group_time(starts, deals)
    # the second group in period 2: 7 - 2 against 5 - 4
    assert (simple * values).sum() == pytest.approx((2 + 4 + 4) / 3)


def test_a_team_without_deals_before_its_start_takes_no_part_in_that_comparison():
    deals = np.array([[0.0, 1, 1], [1, 1, 1], [1, 1, 1]])
    _, mass = weights.group_effect(np.array([[1, 1, 3]]), deals, group=1, period=1)
    assert mass.tolist() == [3]


def test_two_way_fixed_effects_are_that_regression(ragged):
    columns = np.column_stack([dummies(9, 10), ragged.lived.ravel()])
    fitted = regress(columns, ragged, ragged.deals.ravel() > 0)[-1]
    found = others.two_way(ragged, rng=np.random.default_rng(1))
    assert found.effect == pytest.approx(fitted, abs=1e-8)
    assert found.low < found.effect < found.high


def test_the_wild_bootstrap_is_that_of_the_textbook(ragged):
    """Cameron, Gelbach & Miller: refit on values made from the restricted residuals with signs changed by team."""
    columns = dummies(9, 10)
    there = ragged.deals.ravel() > 0

    def studentised(values: np.ndarray) -> float:
        root = np.sqrt(ragged.deals.ravel()[there])
        design = np.column_stack([columns, ragged.lived.ravel()])[there] * root[:, None]
        beta = np.linalg.lstsq(design, values[there] * root, rcond=None)[0]
        left = values[there] * root - design @ beta
        lived = (
            design[:, -1]
            - columns[there]
            * root[:, None]
            @ np.linalg.lstsq(columns[there] * root[:, None], design[:, -1], rcond=None)[0]
        )
        team = np.repeat(np.arange(9), 10)[there]
        scores = np.bincount(team, lived * left)
        return beta[-1] * (lived**2).sum() / np.sqrt((scores**2).sum())

    restricted = columns @ regress(columns, ragged, there)
    residual = ragged.values.ravel() - restricted
    real = abs(studentised(ragged.values.ravel()))
    signs = np.array(np.meshgrid(*[[1, -1]] * 9)).reshape(9, -1).T
    drawn = [abs(studentised(restricted + residual * np.repeat(sign, 10))) for sign in signs]
    found = others.two_way(ragged, rng=np.random.default_rng(1))
    assert found.p == pytest.approx(np.mean([one >= real * (1 - 1e-9) for one in drawn]), abs=1e-12)


def test_the_error_before_there_is_data_is_that_of_simulated_values():
    panel = balanced(teams=6, periods=8, effect=0, seed=2)
    deals = np.full(panel.deals.shape, 5.0)
    found = weights.imputation(panel.starts[None], deals)[0, 0]
    within, between, sigma = 0.2, 0.6, 2.0
    apart = np.abs(np.arange(8)[:, None] - np.arange(8))
    root = np.linalg.cholesky(within * between**apart)
    rng = np.random.default_rng(8)
    levels = rng.standard_normal((20_000, 6, 8)) @ root.T
    means = levels + np.sqrt((1 - within) / 5) * rng.standard_normal(levels.shape)
    simulated = sigma * np.einsum("rnt,nt->r", means, found).std()
    exact = errors.exact(found, deals, noise=sigma, within=within, between=between)
    assert exact == pytest.approx(simulated, rel=0.02)


def test_teams_that_differ_for_good_cost_nothing():
    panel = balanced(teams=6, periods=8, effect=0, seed=2)
    found = weights.imputation(panel.starts[None], panel.deals)[0, 0]
    alone = errors.exact(found, panel.deals, noise=1, within=0, between=0)
    for_good = errors.exact(found, panel.deals, noise=1, within=0.5, between=1)
    assert for_good == pytest.approx(alone * np.sqrt(0.5))


def test_the_smallest_provable_effect_is_seen_four_times_in_five():
    """With 10 teams Student's t has 9 degrees of freedom: 2.262 + a little more than 0.883 errors."""
    assert errors.smallest_provable(1.0, teams=10) == pytest.approx(3.149, abs=0.005)
    assert errors.smallest_provable(float("inf"), teams=10) == float("inf")


def test_a_panel_is_cut_where_nobody_waits():
    panel = balanced(teams=4, periods=9, effect=0, seed=1)
    panel = Panel(panel.teams, panel.periods, panel.values, panel.deals, np.array([2, 4, 4, 6]))
    part = panel.between(1, 6)
    assert part.periods == (dt.date(2024, 2, 1), *months(9)[2:6])
    assert part.starts.tolist() == [1, 3, 3, 5]
    assert part.values.shape == (4, 5)
