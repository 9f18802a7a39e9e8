"""Others compute the same from the same panel: diff-diff the imputation estimate and the group-time effects.

It is only in the lock for comparisons (requirements/proof.txt), never at run time.
"""

import itertools

import numpy as np
import pytest

from hingepoint.analysis.impact import others, weights
from impacts import balanced

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def panel():
    return balanced(teams=24, periods=12, effect=0.8, seed=5)


@pytest.fixture(scope="module")
def rows(panel, oracle):
    """The panel as a long pandas table; 0 stands for teams that wait throughout."""
    pandas = oracle("pandas")
    last = len(panel.periods)
    cells = itertools.product(range(len(panel.teams)), range(last))
    return pandas.DataFrame(
        [
            {
                "team": team + 1,
                "period": period + 1,
                "value": panel.values[team, period],
                "first": 0 if panel.starts[team] == last else int(panel.starts[team]) + 1,
            }
            for team, period in cells
        ]
    )


def estimate(panel, found) -> float:
    return float((found * panel.values).sum())


def test_diff_diff_imputes_the_same(panel, rows, oracle):
    diff_diff = oracle("diff_diff")
    found = diff_diff.ImputationDiD().fit(
        rows, outcome="value", unit="team", time="period", first_treat="first"
    )
    ours = weights.imputation(panel.starts[None], panel.deals)
    assert estimate(panel, ours) == pytest.approx(found.overall_att, abs=1e-9)


def test_diff_diff_gives_the_same_effects_by_group_and_time(panel, rows, oracle):
    diff_diff = oracle("diff_diff")
    fitted = diff_diff.CallawaySantAnna(control_group="not_yet_treated", estimation_method="reg").fit(
        rows, outcome="value", unit="team", time="period", first_treat="first"
    )
    theirs = {
        (int(group) - 1, int(period) - 1): found["effect"]
        for (group, period), found in fitted.group_time_effects.items()
    }
    ours = {
        (group, period): estimate(
            panel, weights.group_effect(panel.starts[None], panel.deals, group=group, period=period)[0]
        )
        for group, period in theirs
    }
    assert len(theirs) == 33
    assert ours == pytest.approx(theirs, abs=1e-9)
    group_time = weights.group_time(panel.starts[None], panel.deals)
    assert estimate(panel, group_time) == pytest.approx(fitted.overall_att, abs=1e-9)


def test_statsmodels_gives_the_same_two_way_coefficient(panel, rows, oracle):
    formula = oracle("statsmodels.formula.api")
    rows = rows.assign(lived=(rows["first"] > 0) & (rows["period"] >= rows["first"]))
    rows["lived"] = rows["lived"].astype(float)
    found = formula.ols("value ~ lived + C(team) + C(period)", rows).fit()
    ours = others.two_way(panel, rng=np.random.default_rng(1))
    assert ours.effect == pytest.approx(found.params["lived"], abs=1e-9)
