"""Robustness values agree with the published ones."""

import numpy as np
import pytest

from hingepoint.analysis.discovery.judging import robustness

#: Darfur example of sensemakr: direct harm on attitudes towards peace (Cinelli & Hazlett 2020, section 5).
ESTIMATE, ERROR, FREEDOM = 0.09731582, 0.02325654, 783


def test_the_robustness_value_of_darfur():
    t = ESTIMATE / ERROR
    assert robustness.robustness_value(t, FREEDOM) == pytest.approx(0.1387764, abs=1e-6)
    assert robustness.robustness_value(t, FREEDOM, alpha=0.05) == pytest.approx(0.07625797, abs=1e-6)


def test_a_confounder_as_strong_as_the_robustness_value_takes_the_effect_away():
    strength = robustness.robustness_value(ESTIMATE / ERROR, FREEDOM)
    moved = robustness.bias(np.asarray(ERROR), FREEDOM, strength, strength)
    assert moved == pytest.approx(ESTIMATE, abs=1e-7)


def test_the_bounds_of_a_confounder_like_female_in_darfur():
    """sensemakr's summary: once, twice and three times as strong as ``female``."""
    outcome, agreement = 0.10903391, 0.00908106
    for times, of_agreement, of_outcome in (
        (1, 0.009164287, 0.1246409),
        (2, 0.018328573, 0.2493240),
        (3, 0.027492860, 0.3740503),
    ):
        found = robustness.confounder_like(np.asarray(outcome), np.asarray(agreement), times)
        assert found[1] == pytest.approx(of_agreement, rel=0.005)
        assert found[0] == pytest.approx(of_outcome, rel=0.005)


def test_no_effect_is_explained_by_nothing():
    assert robustness.robustness_value(0.0, 500) == 0.0
