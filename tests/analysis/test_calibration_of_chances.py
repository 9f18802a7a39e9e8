"""Brier's score adds up from its parts, agrees with others, and shows who is too sure."""

import numpy as np
import pytest

from hingepoint.analysis import calibration


def stated(n, *, sure=1.0, seed=1):
    """Chances and outcomes; ``sure`` above 1 says chances farther from a half than they are."""
    rng = np.random.default_rng(seed)
    true = rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], n)
    happened = (rng.random(n) < true).tolist()
    return np.clip(0.5 + (true - 0.5) * sure, 0.01, 0.99).tolist(), happened


@pytest.mark.parametrize("n", [1, 2, 37, 4000])
def test_the_score_is_the_sum_of_its_parts(n):
    found = calibration.score(*stated(n))
    assert found.brier == pytest.approx(
        found.reliability - found.resolution + found.uncertainty, abs=1e-12, rel=0
    )


def test_it_agrees_with_scikit_learn(oracle):
    chances, happened = stated(500, sure=1.2)
    metrics = oracle("sklearn.metrics")
    assert calibration.score(chances, happened).brier == pytest.approx(
        metrics.brier_score_loss(happened, chances), abs=1e-12
    )


def test_honest_chances_are_reliable_and_too_sure_ones_are_shown_as_such():
    honest, sure = (calibration.score(*stated(20_000, sure=how)) for how in (1.0, 1.25))
    assert honest.reliability < 0.001
    assert honest.resolution == pytest.approx(0.08, abs=0.005)  # the variance of the chances
    assert sure.reliability == pytest.approx(0.25**2 * 0.08, abs=0.002)
    assert honest.brier < sure.brier < sure.usual


def test_bands_hold_every_chance_once_and_say_which_are_off():
    chances, happened = stated(20_000, sure=1.2)
    found = calibration.bands(chances, happened)
    assert sum(one.happened.n for one in found) == 20_000
    assert [(one.low, one.said) for one in found] == [
        (0.0, pytest.approx(0.02)),
        (0.2, pytest.approx(0.26)),
        (0.4, pytest.approx(0.5)),
        (0.6, pytest.approx(0.74)),
        (0.8, pytest.approx(0.98)),
    ]
    assert [one.off for one in found] == [True, True, False, True, True]
    assert sum(one.happened.n for one in calibration.bands([0.0, 0.2, 1.0], [False, True, True])) == 3


def test_without_a_chance_there_is_no_score():
    with pytest.raises(ValueError, match="pairs"):
        calibration.score([], [])
