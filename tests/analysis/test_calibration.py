"""Calibration recovers what was planted and agrees with independent computations."""

import numpy as np
import pytest

from hingepoint.analysis.discovery.judging import calibration, grading, shrinkage

#: Standard deviation of a sale that is won in two of five cases.
NOISE = 0.49


def shrink(effects, errors):
    return shrinkage.shrink(effects, errors, shrinkage.learn_prior(effects, errors, NOISE))


def invented(seed, types=100, real=8, mean=0.01, spread=0.02, error=0.02):
    rng = np.random.default_rng(seed)
    truth = np.zeros(types)
    truth[:real] = rng.uniform(0.08, 0.2, real)
    errors = error * rng.uniform(0.7, 1.5, types)
    effects = truth + mean + spread * rng.standard_normal(types) + errors * rng.standard_normal(types)
    return truth, effects, errors


@pytest.mark.slow
def test_the_empirical_null_recovers_bias_and_spread():
    found = [calibration.empirical_null(*invented(seed)[1:]) for seed in range(30)]
    assert np.mean([one.mean for one in found]) == pytest.approx(0.01, abs=0.004)
    assert np.mean([one.spread for one in found]) == pytest.approx(0.02, abs=0.006)


@pytest.mark.slow
def test_calibrated_intervals_cover_where_plain_ones_do_not():
    plain, calibrated = [], []
    for seed in range(30):
        truth, effects, errors = invented(seed)
        null = calibration.empirical_null(effects, errors)
        plain.append(np.abs(effects - truth) < 1.96 * errors)
        calibrated.append(np.abs(null.centred(effects) - truth) < 1.96 * null.widened(errors))
    assert np.mean(plain) < 0.85
    assert 0.92 < np.mean(calibrated) < 0.98


def test_with_few_types_the_spread_is_an_assumption():
    null = calibration.empirical_null(np.array([0.1, 0.0, -0.1]), np.full(3, 0.02))
    assert not null.learned
    assert (null.mean == 0).all()
    assert null.spread == pytest.approx(np.full(3, 0.01))


@pytest.mark.slow
def test_a_bias_that_only_one_side_shares_is_taken_from_that_side():
    customer = np.arange(120) < 80
    found = []
    for seed in range(20):
        _, effects, errors = invented(seed, types=120, mean=0.0, spread=0.0)
        null = calibration.empirical_null(effects + 0.03 * customer, errors, customer)
        found.append((null.mean[customer].mean(), null.mean[~customer].mean()))
    assert np.mean(found, axis=0) == pytest.approx([0.03, 0.0], abs=0.005)


def test_false_signs_are_as_rare_as_they_say():
    false = reported = 0
    for seed in range(40):
        truth, effects, errors = invented(seed, mean=0.0, spread=0.0)
        posterior = shrink(effects, errors)
        passed = posterior.false_sign < 0.05
        reported += passed.sum()
        false += (passed & (truth * effects <= 0)).sum()
    assert reported > 200
    assert false / reported < 0.05


def test_where_nothing_is_there_nothing_is_found():
    rng = np.random.default_rng(3)
    passed = 0
    for _ in range(40):
        errors = rng.uniform(0.01, 0.03, 100)
        passed += (shrink(errors * rng.standard_normal(100), errors).false_sign < 0.05).sum()
    assert passed <= 2


def test_adjusted_p_values_equal_those_of_statsmodels(oracle):
    multitest = oracle("statsmodels.stats.multitest")
    p_values = np.random.default_rng(1).random(50) ** 3
    assert np.allclose(calibration.adjusted(p_values), multitest.multipletests(p_values, method="fdr_bh")[1])


def test_adjusted_p_values_pass_over_what_was_not_tested():
    found = calibration.adjusted(np.array([0.01, np.nan, 0.04]))
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(found[1])


def test_the_posterior_of_a_type_that_was_not_estimated_is_the_prior():
    _, effects, errors = invented(1)
    effects[3] = np.nan
    posterior = shrink(effects, errors)
    prior = posterior.prior
    assert posterior.mean[3] == pytest.approx(prior.weights @ (prior.shares * prior.centres), abs=1e-6)
    assert posterior.draws(np.random.default_rng(1), 5).shape == (5, 100)


def test_chances_to_be_on_top_add_up_to_no_more_than_the_places():
    draws = np.random.default_rng(2).standard_normal((2000, 30))
    chances = shrinkage.top_chances(draws, 8)
    assert chances.sum() <= 8 + 1e-9
    assert shrinkage.top_chances(np.abs(draws), 8).sum() == pytest.approx(8)


def test_chances_to_be_on_top_are_as_good_as_they_say_where_data_are_few():
    chances, on_top = [], []
    for seed in range(120):
        rng = np.random.default_rng([seed, 1])
        truth = np.where(
            rng.random(100) < rng.choice([0.02, 0.08, 0.14]), 0.07 * rng.standard_normal(100), 0.0
        )
        errors = 0.03 * rng.uniform(0.7, 1.5, 100)
        draws = shrink(truth + errors * rng.standard_normal(100), errors).draws(rng, 1000)
        chances.append(shrinkage.top_chances(draws, 8))
        on_top.append((truth > 0) & (truth >= np.sort(truth)[-8]))
    chances, on_top = np.concatenate(chances), np.concatenate(on_top)
    for low, high in ((0.1, 0.4), (0.4, 0.9)):
        some = (chances > low) & (chances < high)
        assert some.sum() > 80
        assert on_top[some].mean() == pytest.approx(chances[some].mean(), abs=0.12)


def test_thinned_possibilities_say_what_all_of_them_say():
    _, effects, errors = invented(2, mean=0.0, spread=0.0)
    prior = shrinkage.learn_prior(effects, errors, NOISE)
    few = shrinkage.shrink(effects, errors, prior.thinned(24))
    assert few.mean == pytest.approx(shrinkage.shrink(effects, errors, prior).mean, abs=0.01)


def test_a_learned_spread_is_added_to_the_error_in_squares():
    null = calibration.Null(np.array([0.01, 0.0]), np.array([0.03, 0.05]), 0.1, learned=True)
    assert null.widened(np.array([0.04, 0.12])) == pytest.approx([0.05, 0.13])
    assert null.centred(np.array([0.04, 0.12])) == pytest.approx([0.03, 0.12])


@pytest.mark.parametrize(
    ("effect", "smallest", "expected"),
    [
        (1.959964, 0.0, 0.05),
        (-2.575829, 0.0, 0.01),
        (2.644854, 1.0, 0.05 + 0.0001335),  # 1.644854 beyond the smallest, and 3.644854 on the other side
        (0.0, 1.0, 1.0),
    ],
)
def test_p_values_beyond_the_smallest_effect_are_those_of_the_normal_tables(effect, smallest, expected):
    found = calibration.interval_p_values(np.array([effect]), np.array([1.0]), smallest)
    assert found[0] == pytest.approx(expected, rel=1e-4)


def test_what_is_exceeded_with_80_percent_chance_is_the_lower_fifth_of_the_posterior():
    """One possibility that something is there for sure, and a normal posterior of mean .10 and deviation .02."""
    one = np.ones(1)
    prior = shrinkage.Prior(one, one, 0 * one, one, 0 * one, np.zeros(3))
    posterior = shrinkage.Posterior(prior, np.ones((1, 3)), np.full((1, 3), 0.10), np.full((1, 3), 0.02))
    order = grading._order(posterior, np.ones(3, dtype=bool), np.random.default_rng(1))
    assert order.low == pytest.approx(np.full(3, 0.10 - 0.8416 * 0.02), abs=0.0015)
    assert order.expected == pytest.approx(np.full(3, 0.10))
    assert posterior.false_sign == pytest.approx(np.full(3, 2.867e-7), rel=1e-3)
