"""Two looks at one effect, put together: better than either, and least squares done another way."""

import numpy as np
import pytest

from hingepoint.analysis.discovery.judging import combining


def looks(types=20_000, shared=0.6, deviation=0.0, seed=3):
    """Return the true effects, and both estimates with their errors and the correlation of those."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.05, types)
    errors = np.column_stack([rng.uniform(0.01, 0.04, types), rng.uniform(0.01, 0.04, types)])
    common = rng.standard_normal(types)
    own = rng.standard_normal((types, 2))
    noise = errors * (np.sqrt(shared) * common[:, None] + np.sqrt(1 - shared) * own)
    noise[:, 1] += deviation * rng.standard_normal(types)
    return truth, truth[:, None] + noise, errors, np.full(types, shared)


def put(estimates, errors, shared):
    return combining.together(estimates[:, 0], errors[:, 0], estimates[:, 1], errors[:, 1], shared)


@pytest.mark.parametrize("deviation", [0.0, 0.03])
def test_both_looks_are_nearer_the_truth_than_either_and_say_how_near(deviation):
    truth, estimates, errors, shared = looks(deviation=deviation)
    effects, error = put(estimates, errors, shared)
    missed = (effects - truth) / error
    assert np.std(missed) == pytest.approx(1, abs=0.03)
    assert np.std(effects - truth) < 0.97 * np.std(estimates - truth[:, None], axis=0).min()


def test_a_second_look_that_strays_counts_for_less():
    _, estimates, errors, shared = looks(deviation=0.2)
    effects, error = put(estimates, errors, shared)
    assert np.abs(effects - estimates[:, 0]).mean() < 0.1 * np.abs(estimates[:, 1] - estimates[:, 0]).mean()
    assert error == pytest.approx(errors[:, 0], rel=0.1)


def test_it_equals_generalised_least_squares(oracle):
    statsmodels = oracle("statsmodels.api")
    _, estimates, errors, shared = looks(types=40)
    effects, error = put(estimates, errors, shared)
    apart = errors[:, 0] ** 2 + errors[:, 1] ** 2 - 2 * shared * errors[:, 0] * errors[:, 1]
    strays = combining.beside_chance(estimates[:, 1] - estimates[:, 0], apart)
    for place in range(40):
        covariance = np.diag(errors[place] ** 2 + [0.0, strays**2])
        covariance[0, 1] = covariance[1, 0] = shared[place] * errors[place].prod()
        theirs = statsmodels.GLS(estimates[place], np.ones(2), sigma=covariance).fit(cov_type="fixed scale")
        assert effects[place] == pytest.approx(theirs.params[0])
        assert error[place] == pytest.approx(theirs.bse[0])


def test_where_one_look_is_missing_the_first_stands_alone():
    _, estimates, errors, shared = looks(types=50)
    estimates[7, 1] = errors[7, 1] = np.nan
    estimates[9, 0] = errors[9, 0] = np.nan
    effects, error = put(estimates, errors, shared)
    assert (effects[7], error[7]) == (estimates[7, 0], errors[7, 0])
    assert np.isnan(effects[9])
    assert np.isnan(error[9])
