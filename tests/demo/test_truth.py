"""The truth: the same company lived twice."""

import math

import pytest

from hingepoint.demo import planted, truth
from hingepoint.demo.weeks import KEYS


def test_the_seven_pivotal_agreements_are_worth_five_to_twelve_points():
    assert len(planted.PIVOTAL) == 7
    for lever in planted.PIVOTAL:
        effect = truth.truth(lever.key, "supportive")
        assert 0.05 <= effect.effect <= 0.12, lever.key
        assert effect.error < 0.005


def test_an_opening_discount_harms():
    assert truth.truth(planted.OPENING_DISCOUNT).effect < -0.05
    assert truth.truth(planted.OPENING_DISCOUNT, "net").effect < 0


def test_pivotal_agreements_lower_the_discount_of_deals_won_either_way():
    for lever in planted.PIVOTAL:
        assert truth.truth(lever.key, "discount").effect < -0.01


@pytest.mark.slow
@pytest.mark.parametrize("key", [*planted.SKILL_PROXIES[:1], *planted.TWINS, *planted.MECHANICAL][:5])
def test_decoys_do_exactly_nothing(key):
    for effect in truth.measure([key], seeds=(3,), sellers=10):
        assert effect.effect == 0.0
        assert truth.truth(key, effect.metric).effect == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("key", ["cust.data_access", "int.price_corridor", planted.OPENING_DISCOUNT])
def test_the_table_is_what_a_new_measurement_says(key):
    for fresh in truth.measure([key], seeds=(11,), sellers=60):
        kept = truth.truth(key, fresh.metric)
        assert abs(fresh.effect - kept.effect) <= 4 * math.hypot(fresh.error, kept.error), fresh


def test_agreements_that_were_not_planted_have_no_effect_and_unknown_ones_no_truth():
    assert {key for key, _ in truth.table()} == {*planted.LEVERS, planted.OPENING_DISCOUNT}
    assert truth.truth("cust.nda").effect == 0.0
    assert not planted.DECOYS - set(KEYS)
    with pytest.raises(KeyError):
        truth.truth("cust.no_such_type")
    with pytest.raises(KeyError):
        truth.truth("cust.nda", "luck")


@pytest.mark.slow
def test_the_trials_of_the_company_are_what_a_new_measurement_says():
    for prompt in planted.PROMPTS:
        kept = truth.trials()[prompt.key]
        fresh = truth.measure_trial(prompt, seeds=(11,), sellers=60)
        assert abs(fresh.difference - kept.difference) <= 4 * math.hypot(fresh.error, kept.error), fresh
        assert fresh.take_up == pytest.approx(kept.take_up, abs=0.06)


def test_the_trial_that_has_ended_asked_for_something_that_matters_and_the_other_does_not():
    ended, running = (truth.trials()[prompt.key] for prompt in planted.PROMPTS)
    assert ended.difference > 10 * ended.error
    assert ended.effect == pytest.approx(truth.truth(ended.key).effect, abs=0.04)
    assert running.difference == 0.0
