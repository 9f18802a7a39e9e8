"""The estimators give the published numbers of minimum wages and teen employment (Callaway & Sant'Anna 2021).

The published effects by group and year say how each group's mean moved against counties that never raised theirs.
From those twelve numbers and the sizes of the groups follow all others.
"""

import numpy as np
import pytest

from hingepoint.analysis.impact import weights

YEARS = (2003, 2004, 2005, 2006, 2007)
COUNTIES = np.array([20, 40, 131, 309])
STARTS = np.array([[1, 3, 4, 5]])
PUBLISHED = {
    2004: (-0.010503, -0.070423, -0.137259, -0.100811),
    2006: (0.006520, -0.002751, -0.004595, -0.041224),
    2007: (0.030507, -0.002726, -0.031087, -0.026054),
}
#: Each group against never: levels, one a year. Before its start an effect is told against the year before.
AGAINST_NEVER = np.array(
    [
        [0, -0.010503, -0.070423, -0.137259, -0.100811],
        [0, 0.006520, 0.006520 - 0.002751, 0.003769 - 0.004595, 0.003769 - 0.041224],
        [0, 0.030507, 0.027781, 0.027781 - 0.031087, -0.003306 - 0.026054],
        [0, 0, 0, 0, 0],
    ]
)
DEALS = np.tile(COUNTIES[:, None], len(YEARS)).astype(float)


def estimate(found: np.ndarray) -> float:
    return float((found * AGAINST_NEVER).sum())


@pytest.mark.parametrize("group", PUBLISHED)
def test_effects_by_group_and_year(group):
    place = YEARS.index(group)
    found = [
        weights.group_effect(STARTS, DEALS, group=place, period=period, controls="never")[0]
        for period in range(1, len(YEARS))
    ]
    assert [estimate(one) for one in found] == pytest.approx(PUBLISHED[group], abs=2e-6)


def test_the_simple_mean_of_them():
    assert estimate(weights.group_time(STARTS, DEALS, controls="never")) == pytest.approx(
        -0.0399513, abs=1e-6
    )


def test_the_dynamic_mean_of_them():
    found = weights.group_time(STARTS, DEALS, controls="never", dynamic=True)
    assert estimate(found) == pytest.approx(-0.0772398, abs=1e-6)


def test_the_imputation_estimate():
    """As diff-diff 3.13 gives it for the 500 counties."""
    assert estimate(weights.imputation(STARTS, DEALS)) == pytest.approx(-0.0477099, abs=1e-6)
