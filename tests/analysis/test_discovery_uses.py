"""What is done with findings: comparing runs, explaining a deal, planning for evidence, undated tables."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.judging import selection
from hingepoint.analysis.discovery.telling import timing
from hingepoint.records.findings import Grade
from histories import found, plain


def changed(run, agreement, **fields):
    findings = tuple(replace(one, **fields) if one.agreement == agreement else one for one in run.findings)
    return replace(run, findings=findings)


@pytest.mark.parametrize(
    ("fields", "move"),
    [
        ({}, discovery.Move.HOLDS),
        ({"effect": 0.001, "ci": (-0.001, 0.003)}, discovery.Move.WEAKER),
        ({"grade": Grade.WEAK}, discovery.Move.WEAKER),
        ({"grade": Grade.NONE}, discovery.Move.WEAKER),
        ({"grade": Grade.NONE, "effect": 0.01}, discovery.Move.GONE),
        ({"effect": -0.05}, discovery.Move.GONE),
        ({"grade": Grade.EXCLUDED, "effect": np.nan}, discovery.Move.GONE),
    ],
)
def test_a_confirmed_finding_holds_is_weaker_or_gone(fields, move):
    first = found().pivotal[0].agreement
    assert discovery.compare(found(), changed(found(), first, **fields)).change(first).move == move


def test_a_finding_confirmed_only_now_is_new_and_the_set_says_who_joined():
    first = found().pivotal[0].agreement
    before = replace(changed(found(), first, grade=Grade.NONE), pivotal=found().pivotal[1:])
    compared = discovery.compare(before, found())
    assert compared.change(first).move == discovery.Move.NEW
    assert compared.joined == (first,)
    assert compared.left == ()


@pytest.mark.slow
def test_runs_of_different_metrics_are_not_compared():
    with pytest.raises(discovery.DiscoveryError, match="nothing to compare"):
        discovery.compare(found(), found(metric="discount"))


def test_what_the_earlier_deals_teach_is_checked_on_the_later_ones():
    compared = discovery.out_of_time(*plain(2000), settings=discovery.Settings(metric="won"))
    assert compared.change("helps").move == discovery.Move.HOLDS
    assert compared.change("idle").move == discovery.Move.UNCONFIRMED


def test_a_deal_is_told_what_gaining_the_agreement_now_may_change():
    best = found().finding(found().pivotal[0].agreement)
    explained = discovery.explain_deal(found(), best.agreement, age_weeks=5, facts={"segment": "ENT"})
    assert explained.ci[0] < explained.effect < explained.ci[1]
    assert explained.effect == pytest.approx(best.effect, abs=0.1)
    assert 0 < explained.similar < best.gained
    assert f"{explained.similar:,} similar deals" in explained.in_words


def test_a_deal_is_told_nothing_about_an_excluded_agreement():
    explained = discovery.explain_deal(found(), "mechanical.32", age_weeks=5)
    assert np.isnan(explained.effect)
    assert "not judged" in explained.in_words


def test_a_plan_for_evidence_needs_fewer_deals_for_larger_effects():
    weak = next(one.agreement for one in found().findings if one.grade == Grade.NONE)
    small = discovery.plan_evidence(found(), weak, effect=0.02)
    large = discovery.plan_evidence(found(), weak, effect=0.08, teams=8)
    assert small.prompt_deals == pytest.approx(16 * large.prompt_deals, rel=0.01)
    assert small.wedge is None
    assert 0 < large.wedge.power < 1
    assert f"{large.prompt_deals:,} deals" in large.in_words


def test_the_planned_prompt_has_the_power_it_promises():
    plan = discovery.plan_evidence(found(), found().findings[0].agreement, effect=0.1, take_up=0.5)
    rng = np.random.default_rng(4)
    noise, detected = found().data.noise, 0
    for _ in range(400):
        asked = rng.permutation(plan.prompt_deals) % 2 == 0
        gained = rng.random(plan.prompt_deals) < 0.2 + 0.5 * asked
        outcome = 0.1 * gained + noise * rng.standard_normal(plan.prompt_deals)
        error = np.sqrt(outcome[asked].var() / asked.sum() + outcome[~asked].var() / (~asked).sum())
        detected += abs(outcome[asked].mean() - outcome[~asked].mean()) > 1.96 * error
    assert 0.72 < detected / 400 < 0.88


def test_plans_that_make_no_sense_are_refused():
    with pytest.raises(discovery.DiscoveryError):
        discovery.plan_evidence(found(), "lever.00", take_up=0)
    with pytest.raises(discovery.DiscoveryError):
        discovery.plan_evidence(found(), "lever.00", effect=0)


def test_best_by_is_the_last_landmark_with_half_the_early_effect():
    weeks = (2.0, 4.0, 6.0, 8.0)
    errors = np.full(4, 0.01)
    assert timing.best_by(weeks, np.array([0.12, 0.09, 0.05, 0.01]), errors) == 4.0
    assert timing.best_by(weeks, np.array([0.10, 0.10, 0.11, 0.09]), errors) is None
    assert timing.best_by(weeks, np.array([0.12, 0.09, 0.05, 0.01]), 20 * errors) is None
    assert timing.best_by(weeks, np.array([0.12, np.nan, np.nan, 0.01]), errors) is None


def test_the_set_is_never_filled_up_and_takes_one_of_a_bundle():
    leverage = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    eligible = np.array([True, True, True, False, True])
    assert selection.choose(eligible, leverage, 8) == [0, 1, 2, 4]
    assert selection.choose(eligible, leverage, 8, bundles=[(0, 1)]) == [0, 2, 4]
    assert selection.choose(eligible, leverage, 2) == [0, 1]


def test_a_refresh_keeps_its_members_and_lets_newcomers_in_only_when_sure():
    leverage = np.array([5.0, 4.0, 3.0])
    eligible = np.ones(3, dtype=bool)
    doubtful = np.array([0.5, 0.5, 0.5])
    assert selection.choose(eligible, leverage, 8, previous=[2], p_top=doubtful) == [2]
    sure = np.array([0.9, 0.5, 0.2])
    assert selection.choose(eligible, leverage, 8, previous=[2], p_top=sure) == [0]


def undated(deals=600, seed=2):
    rng = np.random.default_rng(seed)
    has = rng.choice(["Yes", "No", "unknown"], deals, p=[0.4, 0.4, 0.2])
    won = rng.random(deals) < np.where(has == "Yes", 0.7, np.where(has == "No", 0.4, 0.1))
    return pl.DataFrame(
        {
            "deal_id": [f"D{number}" for number in range(deals)],
            "status": np.where(won, "Won", "Lost"),
            "budget": has,
            "idle": rng.choice(["yes", "no"], deals),
            "rare": np.where(np.arange(deals) < 5, "yes", "no"),
            "value": np.round(rng.random(deals), 6),
        }
    )


def test_an_undated_table_shows_association_only():
    settings = discovery.Settings(agreement_columns=("budget", "idle", "rare"))
    result = discovery.discover(undated(), settings=settings)
    grades = {one.agreement: one.grade for one in result.findings}
    assert grades == {"budget": "weak", "idle": "none", "rare": "excluded"}
    assert "Association only" in result.finding("budget").in_words
    assert result.finding("budget").effect == pytest.approx(0.3, abs=0.1)
    assert not result.pivotal
    assert any("no dates" in warning for warning in result.warnings)
    assert any("budget (2" in warning for warning in result.warnings)


def test_not_knowing_is_a_level_of_its_own():
    result = discovery.discover(undated(), settings=discovery.Settings(agreement_columns=("budget", "idle")))
    levels = {one.level: one for one in result.finding("budget").details.levels}
    assert sum(one.deals for one in levels.values()) == 600
    assert levels["unknown"].mean == pytest.approx(0.1, abs=0.06)
    assert any("budget is unknown" in warning and "itself a sign" in warning for warning in result.warnings)
    assert not any("idle is unknown" in warning for warning in result.warnings)


def test_identical_rows_of_an_undated_table_are_one_observation():
    settings = discovery.Settings(agreement_columns=("budget", "idle"))
    once = discovery.discover(undated(), settings=settings).finding("budget")
    table = pl.concat([undated(), undated().with_columns(deal_id=pl.col("deal_id") + "x")])
    twice = discovery.discover(table, settings=settings).finding("budget")
    assert twice.ci[1] - twice.ci[0] == pytest.approx(once.ci[1] - once.ci[0], rel=0.05)


def test_an_undated_table_without_the_columns_is_refused():
    with pytest.raises(discovery.DiscoveryError, match="no column champion"):
        discovery.discover(undated(), settings=discovery.Settings(agreement_columns=("champion",)))


def test_without_events_or_agreement_columns_there_is_nothing_to_do():
    with pytest.raises(discovery.DiscoveryError, match="needs the events"):
        discovery.discover(plain()[0], settings=discovery.Settings())


def test_the_smallest_effect_a_trial_shows_is_the_one_that_has_the_wanted_chance():
    agreement = found().findings[0].agreement
    plan = discovery.plan_evidence(found(), agreement, effect=0.05, teams=8, weeks=30)
    again = discovery.plan_evidence(found(), agreement, effect=plan.wedge.shows, teams=8, weeks=30)
    assert again.wedge.power == pytest.approx(0.8)
    longer = discovery.plan_evidence(found(), agreement, effect=plan.prompt_shows)
    assert longer.prompt_weeks == pytest.approx(30, rel=0.02)
