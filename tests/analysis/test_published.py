"""The one-pass regression gives the published numbers of well-known data (skipped where they are absent)."""

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis.discovery import gram
from histories import SHARED, needs_shared

pytestmark = needs_shared

#: Those of Dehejia and Wahba (1999), with age squared.
COVARIATES = ("age", "age2", "education", "black", "hispanic", "married", "nodegree", "re74", "re75")


def regress(outcome, treatment, covariates):
    """Return (effect, HC1 error) of a treatment through the cube, each row its own cluster."""
    rows = outcome.size
    adjust = (
        np.column_stack([covariates, np.zeros((rows, 0))]) if covariates is not None else np.zeros((rows, 0))
    )
    values = np.column_stack([adjust, treatment, np.zeros(rows), outcome])
    block = gram.Block(values, np.zeros(rows, dtype=int), np.zeros(rows, dtype=int), np.arange(rows))
    layout = gram.Layout(adjust.shape[1], 1)
    within = gram.accumulate([block], 1, 1, layout.width).within(np.ones(1, dtype=bool))
    one = gram.fit(within, layout.by_landmark(), np.array([adjust.shape[1]]))
    estimate = gram.estimate(one, gram.influences([block], {"one": one}, np.arange(rows), rows)["one"])
    return estimate.effects[0], estimate.errors[0] / np.sqrt(gram.widening(rows))


@pytest.fixture(scope="module")
def lalonde():
    pandas = pytest.importorskip("pandas")
    names = ("nsw_dw", "cps_controls", "psid_controls")
    return {name: pandas.read_stata(SHARED / "lalonde" / f"{name}.dta") for name in names}


def columns(frame, names):
    return frame[list(names)].to_numpy(dtype=float)


def test_the_experiment_of_lalonde(lalonde):
    experiment = lalonde["nsw_dw"]
    effect, _ = regress(*(experiment[name].to_numpy(dtype=float) for name in ("re78", "treat")), None)
    assert effect == pytest.approx(1794.34, abs=0.01)


def test_the_experiment_of_lalonde_with_covariates(lalonde):
    experiment = lalonde["nsw_dw"]
    covariates = columns(experiment.assign(age2=experiment["age"] ** 2), COVARIATES)
    effect, error = regress(
        experiment["re78"].to_numpy(dtype=float), experiment["treat"].to_numpy(dtype=float), covariates
    )
    assert effect == pytest.approx(1675.86, abs=0.01)
    assert error == pytest.approx(676.89, abs=0.01)


def test_eligibility_for_a_401k_by_least_squares():
    households = pl.read_csv(SHARED / "causal_econ" / "401k.csv")
    assert households.height == 9915
    raw, _ = regress(households["net_tfa"].to_numpy(), households["e401"].to_numpy(), None)
    assert raw == pytest.approx(19559.34, abs=0.01)
    named = ["age", "inc", "educ", "fsize", "marr", "twoearn", "db", "pira", "hown"]
    effect, error = regress(
        households["net_tfa"].to_numpy(), households["e401"].to_numpy(), households[named].to_numpy()
    )
    assert effect == pytest.approx(5896.198, abs=0.01)
    assert error == pytest.approx(1524.03, abs=0.01)
