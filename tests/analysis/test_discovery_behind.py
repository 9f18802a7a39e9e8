"""What stands behind a finding: the paths it opens, gaining it well, whole bundles, feasible policies."""

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.reading import history as histories_read
from hingepoint.analysis.discovery.sums import study
from hingepoint.analysis.discovery.telling import doses, paths, timing
from histories import enabling

SETTINGS = discovery.Settings(metric="won")


@pytest.fixture(scope="module")
def run():
    return discovery.discover(*enabling(), settings=SETTINGS)


@pytest.fixture(scope="module")
def summed():
    """Return the study, its sums and its next-window estimate, made once."""
    prepared = study.prepare(histories_read.read(*enabling(1000), SETTINGS), SETTINGS)
    sums = study.sum_up(prepared, SETTINGS)
    everyone = np.ones(len(prepared.history.types), dtype=bool)
    return prepared, sums, study.estimate(prepared, sums, everyone, ~everyone, SETTINGS).next_window


def test_an_enabler_is_told_by_what_it_prepares(run):
    assert [one.agreement for one in run.pivotal] == ["hinge"]
    (path,) = run.finding("opener").details.paths
    assert path.to == "hinge"
    assert path.raises_ci[0] > 0.05
    assert path.through == pytest.approx(path.raises * run.finding("hinge").effect)
    assert path.direct == pytest.approx(path.total - path.through)
    assert run.finding("hinge").details.prepared_by == ("opener",)
    assert "“opener” prepares “hinge”" in path.in_words


def test_what_prepares_nothing_opens_no_path(run):
    assert not [one for one in run.findings if one.agreement != "opener" and one.details.paths]


def test_what_goes_with_more_of_everything_prepares_nothing():
    """Thorough deals gain the notes, and then more of everything; the opener opens the hinge all the same."""
    found = discovery.discover(*enabling(thorough=0.5), settings=SETTINGS)
    assert [one.agreement for one in found.pivotal] == ["hinge"]
    assert [one.agreement for one in found.findings if one.details.paths] == ["opener"]


def test_an_agreement_that_helps_only_with_good_evidence_says_so(run):
    (dose,) = run.finding("hinge").details.doses
    assert (dose.by, dose.level, dose.clear) == ("evidence", 3, True)
    assert abs(dose.low) < 0.08
    assert 0.15 < dose.high < 0.4
    assert dose.difference_ci[0] > 0.1
    assert "their writing or more" in dose.in_words


def test_ten_points_more_are_worth_what_the_deals_at_risk_would_gain(run):
    finding = run.finding("hinge")
    per_deal = 0.1 * run.data.at_risk_a_quarter
    assert finding.details.ten_points == pytest.approx(finding.effect * per_deal)
    assert finding.details.ten_points_ci == pytest.approx(tuple(bound * per_deal for bound in finding.ci))


def test_a_finding_stands_against_each_observed_covariate_by_name(run):
    rivals = run.finding("hinge").details.against
    assert rivals[0].covariate == run.finding("hinge").details.benchmark
    assert [one.bias for one in rivals] == sorted((one.bias for one in rivals), reverse=True)


def designed(prepared, sums):
    """Return columns with seller dummies, the seller demeaned ones left out, and the cluster of each row."""
    blocks = list(sums.blocks)
    values = np.vstack([block.values for block in blocks])
    seller = np.concatenate([block.seller for block in blocks])
    dummies = (seller[:, None] == np.arange(prepared.sellers)).astype(float)
    deal = np.concatenate([block.deal for block in blocks])
    return values[:, :-1], dummies, prepared.cluster[deal], values[:, -1]


@pytest.mark.slow
def test_a_path_equals_the_same_regression_in_statsmodels(summed, oracle):
    api = oracle("statsmodels.api")
    prepared, sums, main = summed
    types = prepared.history.types
    target, source = types.index("hinge"), types.index("opener")
    after = paths.gained_after(prepared, target)
    columns, dummies, cluster, _ = designed(prepared, sums)
    theirs = api.OLS(after, np.hstack([columns, dummies])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}
    )
    one = next(link for link in paths.links(prepared, sums, main, [target]) if link.source == source)
    place = prepared.layout.covariates + len(types) + source
    others = [
        theirs.params[prepared.layout.covariates + len(types) + other]
        for other in range(len(types))
        if other not in (target, source)
    ]
    assert one.raises == pytest.approx(theirs.params[place], abs=3 * np.std(others))
    assert one.error >= theirs.bse[place] * 0.95


@pytest.mark.slow
def test_beyond_everything_else_equals_the_regression_of_that_outcome_in_statsmodels(summed, oracle):
    api = oracle("statsmodels.api")
    prepared, sums, main = summed
    target = prepared.history.types.index("hinge")
    every = np.arange(len(prepared.history.types))
    after, anything = paths.gained_after(prepared, target), paths.counted_after(prepared, every)
    assert anything == pytest.approx(sum(paths.gained_after(prepared, place) for place in every))
    one = paths._estimates(prepared, sums, main, {target: after, paths.ANYTHING: anything})
    beyond = paths._beyond(one[target], one[paths.ANYTHING], 0.07)
    columns, dummies, cluster, _ = designed(prepared, sums)
    theirs = api.OLS(after - 0.07 * (anything - after), np.hstack([columns, dummies])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}
    )
    now = slice(prepared.layout.covariates + every.size, prepared.layout.covariates + 2 * every.size)
    assert beyond.effects == pytest.approx(theirs.params[now], abs=1e-5)
    assert beyond.errors == pytest.approx(theirs.bse[now], rel=0.1)


@pytest.mark.slow
def test_a_dose_equals_one_more_column_in_statsmodels(summed, oracle):
    api = oracle("statsmodels.api")
    prepared, sums, main = summed
    place = prepared.history.types.index("hinge")
    (one,) = doses.responses(prepared, sums, main, [place], 30)
    now = doses._gained_now(prepared, place)
    level = prepared.history.levels["evidence"][prepared.rows.deal, place]
    high = (level >= one.level) & now
    columns, dummies, cluster, outcome = designed(prepared, sums)
    extra = np.where(now, high - high[now].mean(), 0.0)
    theirs = api.OLS(outcome, np.column_stack([extra, columns, dummies])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}
    )
    assert one.difference == pytest.approx(theirs.params[0], abs=1e-6)
    assert one.difference_error == pytest.approx(theirs.bse[0], rel=0.08)


def test_until_when_it_matters_comes_with_its_doubt():
    weeks = (2.0, 4.0, 6.0, 8.0)
    effects = np.array([0.12, 0.09, 0.05, 0.01])
    sure = timing.best_by_between(weeks, effects, np.full(4, 0.004))
    unsure = timing.best_by_between(weeks, effects, np.full(4, 0.06))
    assert sure == (4.0, 4.0)
    assert unsure[0] <= 4.0 < unsure[1]
    assert timing.best_by_between(weeks, np.array([0.1, np.nan, np.nan, 0.1]), np.full(4, 0.01)) is None


def test_a_bundle_says_what_gaining_all_of_it_does():
    deals, events = enabling(2000)
    hinges = events.filter(pl.col("agreement") == "hinge")
    twins = hinges.filter(pl.int_range(pl.len()) % 12 != 0).with_columns(agreement=pl.lit("twin"))
    found = discovery.discover(deals, pl.concat([events, twins]), settings=SETTINGS)
    joint = found.finding("hinge").details.joint
    assert joint is not None
    assert set(joint.members) == {"hinge", "twin"}
    assert joint.ci[0] > 0
    assert joint == found.finding("twin").details.joint


def test_the_days_to_a_sale_count_every_deal():
    found = discovery.discover(*enabling(1500), settings=discovery.Settings(metric="sale_days"))
    hinge = found.finding("hinge")
    assert found.metric.better == "lower"
    assert hinge.effect < 0
    assert not hinge.harmful
    assert "days less to a sale" in hinge.in_words
    assert found.data.noise < 7 * discovery.weeks(found.data.horizon)


def test_the_days_to_a_sale_are_the_restricted_mean_time():
    settings = discovery.Settings(metric="sale_days", landmarks=(4.0,), horizon_weeks=10.0)
    read = histories_read.read(*enabling(300), settings)
    rows = study.prepare(read, settings).rows
    weeks = read.closed[rows.deal] - 4.0
    expected = [
        7 * min(week, 10.0) if won else 70.0 for week, won in zip(weeks, read.won[rows.deal], strict=True)
    ]
    assert rows.outcome == pytest.approx(np.array(expected), rel=1e-5)
