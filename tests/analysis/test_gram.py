"""The one-pass joint regression agrees with independent computations."""

import numpy as np
import pytest

from hingepoint.analysis.discovery.sums import gram

CELLS, SELLERS, COVARIATES, TYPES, DEALS = 3, 8, 4, 5, 240


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    deal = np.repeat(np.arange(DEALS), 2)
    seller = (deal * 7) % SELLERS
    covariates = rng.standard_normal((deal.size, COVARIATES)) + seller[:, None] / 4
    before = (rng.random((deal.size, TYPES)) < 0.2).astype(float)
    now = (rng.random((deal.size, TYPES)) < 0.3) * (1 - before)
    outcome = covariates @ [0.3, 0, -0.2, 0.1] + (before + now) @ [0.5, 0, 0, -0.4, 0.2]
    outcome = outcome + 0.3 * seller + rng.standard_normal(deal.size) + rng.standard_normal(DEALS)[deal]
    values = np.column_stack([covariates, before, now, outcome])
    return gram.Block(values, rng.integers(CELLS, size=deal.size), seller, deal)


def fitted(block, expand, targets):
    layout = gram.Layout(COVARIATES, TYPES)
    cube = gram.accumulate([block], CELLS, SELLERS, layout.width)
    return gram.fit(cube.within(np.ones(CELLS, dtype=bool)), expand(layout), targets)


def by_landmark(block):
    return fitted(block, gram.Layout.by_landmark, np.arange(COVARIATES, COVARIATES + TYPES))


def next_window(block):
    start = COVARIATES + TYPES
    return fitted(block, gram.Layout.next_window, np.arange(start, start + TYPES))


def estimated(block, one):
    influence = gram.influences([block], {"one": one}, np.arange(DEALS), DEALS)["one"]
    return gram.estimate(one, influence)


def dummies(seller):
    return (seller[:, None] == np.arange(SELLERS)).astype(float)


@pytest.mark.parametrize("estimand", ["by_landmark", "next_window"])
def test_each_effect_equals_its_own_statsmodels_regression(rows, estimand, oracle):
    sm = oracle("statsmodels.api")
    p, k = COVARIATES, TYPES
    covariates, before, now = rows.values[:, :p], rows.values[:, p : p + k], rows.values[:, p + k : -1]
    if estimand == "by_landmark":
        one, columns, place = by_landmark(rows), np.column_stack([covariates, before + now]), p
    else:
        one, columns, place = next_window(rows), np.column_stack([covariates, before, now]), p + k
    model = sm.OLS(rows.values[:, -1], np.column_stack([columns, dummies(rows.seller)]))
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": rows.deal})
    ours = estimated(rows, one)
    theirs = clustered.bse[place : place + k] * np.sqrt(gram.widening(DEALS))
    assert np.abs(ours.effects - clustered.params[place : place + k]).max() < 1e-7
    assert np.abs(ours.errors - theirs).max() < 1e-7


def test_each_effect_equals_residuals_on_residuals(rows):
    one = by_landmark(rows)
    p, k = COVARIATES, TYPES
    stands = rows.values[:, p : p + k] + rows.values[:, p + k : -1]
    outcome = rows.values[:, -1]
    for place in range(k):
        others = np.column_stack([rows.values[:, :p], np.delete(stands, place, axis=1), dummies(rows.seller)])
        left = [x - others @ np.linalg.lstsq(others, x, rcond=None)[0] for x in (stands[:, place], outcome)]
        assert one.effects[place] == pytest.approx(left[0] @ left[1] / (left[0] @ left[0]), abs=1e-7)


def test_sums_of_parts_are_the_sums_of_the_whole(rows):
    layout = gram.Layout(COVARIATES, TYPES)
    half = rows.deal < DEALS // 2
    parts = [
        gram.Block(rows.values[side], rows.cell[side], rows.seller[side], rows.deal[side])
        for side in (half, ~half)
    ]
    whole = gram.accumulate([rows], CELLS, SELLERS, layout.width)
    apart = [gram.accumulate([part], CELLS, SELLERS, layout.width) for part in parts]
    together = apart[0].merge(apart[1])
    assert np.allclose(whole.products, together.products, atol=1e-10)
    assert np.allclose(whole.sums, together.sums, atol=1e-10)
    one = whole.within(np.array([True, False, True]))
    two = together.within(np.array([True, False, True]))
    assert np.allclose(one.products, two.products, atol=1e-9)


def test_a_column_that_never_varies_and_its_copy_are_named_not_estimated(rows):
    values = rows.values.copy()
    values[:, COVARIATES] = values[:, COVARIATES + TYPES] = 0.0
    values[:, COVARIATES + 1] = values[:, COVARIATES + 2]
    values[:, COVARIATES + TYPES + 1] = values[:, COVARIATES + TYPES + 2]
    one = by_landmark(gram.Block(values, rows.cell, rows.seller, rows.deal))
    assert np.isnan(one.effects[:3]).all()
    assert np.isfinite(one.effects[3:]).all()


def test_the_error_of_a_difference_counts_what_both_share(rows):
    one = estimated(rows, by_landmark(rows))
    assert gram.difference_errors(one, one) == pytest.approx(np.zeros(TYPES))


def test_partial_correlations_equal_those_of_residuals(rows):
    one = by_landmark(rows)
    p, k = COVARIATES, TYPES
    stands = rows.values[:, p : p + k] + rows.values[:, p + k : -1]
    others = np.column_stack([rows.values[:, :p], stands[:, 2:], dummies(rows.seller)])
    left = [x - others @ np.linalg.lstsq(others, x, rcond=None)[0] for x in (stands[:, 0], stands[:, 1])]
    assert gram.correlations(one)[0, 1] == pytest.approx(np.corrcoef(left)[0, 1], abs=1e-6)
