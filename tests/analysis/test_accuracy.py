"""How right discovery is on every world of known truth, asserted in small.

`python benchmarks/discovery.py` measures the same with more seeds and sizes, beside other methods.
"""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest

from hingepoint.analysis import discovery
from hingepoint.demo import worlds

pytestmark = pytest.mark.slow

WON = discovery.Settings(metric="won")
UNMEASURED = "unmeasured wish to buy"


@functools.cache
def run(name, deals, seed=0):
    """Return (world, what discovery says about it)."""
    rules = worlds.NAMED[name]
    world = worlds.live(replace(rules, deals=deals, seed=rules.seed + 100 + seed))
    return world, discovery.discover(world.deals(), world.events(), settings=WON)


def runs(deals, seeds=1):
    return [run(name, deals, seed) for name in worlds.NAMED for seed in range(seeds)]


def works(finding):
    """Return which way an agreement type of a world really works; its key begins with its role."""
    return {"lever": 1, "harmful": -1}.get(finding.agreement.partition(".")[0], 0)


def judged(found):
    return [one for one in found.findings if math.isfinite(one.effect)]


def is_false(finding):
    return works(finding) != (-1 if finding.harmful else 1)


def precision(found):
    best = sorted(judged(found), key=lambda one: -one.details.expected)[:8]
    return sum(works(one) == 1 for one in best) / 8


def test_the_best_eight_at_5000_deals_are_mostly_levers():
    assert np.mean([precision(found) for _, found in runs(5_000)]) >= 0.85


def test_the_best_eight_at_20000_deals_are_the_levers():
    _, found = run("first", 20_000)
    assert precision(found) >= 0.95
    assert sum(one.confirmed and works(one) == 1 for one in found.findings) >= 7


def test_hardly_anything_confirmed_is_false():
    confirmed = [one for _, found in runs(5_000) for one in found.findings if one.confirmed]
    assert len(confirmed) > 25
    assert sum(is_false(one) for one in confirmed) <= 0.05 * len(confirmed)
    assert not [one.agreement for one in confirmed if one.grade == "strong" and is_false(one)]


@pytest.mark.parametrize("deals", [1_000, 5_000])
def test_intervals_of_agreements_that_do_nothing_hold_nothing(deals):
    covered = [
        one.ci[0] <= 0 <= one.ci[1] for _, found in runs(deals) for one in judged(found) if not works(one)
    ]
    assert len(covered) > 450
    assert 0.93 <= np.mean(covered) <= 0.98


def test_intervals_of_levers_hold_what_forcing_and_withholding_shows():
    """What is true is looked up among more deals, so that its own error does not count."""
    covered = []
    for name in ("first", "winning and losing race"):
        world, found = run(name, 5_000)
        landmarks = tuple(discovery.weeks(label) for label in found.data.landmarks)
        horizon = discovery.weeks(found.data.horizon)
        large = worlds.live(replace(world.rules, deals=10_000))
        for key in world.levers:
            truth = large.truth(key, landmarks, horizon)
            low, high = found.finding(key).ci
            covered.append(low <= truth <= high)
    assert len(covered) == 16
    assert sum(covered) >= 14


@pytest.mark.parametrize("deals", [1_000, 5_000])
def test_what_only_looks_pivotal_is_not_reported(deals):
    for world, found in runs(deals):
        assert all(not found.finding(key).confirmed for key in world.of("mechanical", "stage", "leading"))
        assert all(found.finding(key).grade == "excluded" for key in world.of("mechanical"))


def test_what_follows_the_decision_is_caught():
    caught = [
        found.finding(key).grade == "excluded"
        for world, found in runs(1_000) + runs(5_000)
        for key in world.of("leading")
    ]
    assert np.mean(caught) >= 0.95


def test_with_1000_deals_the_answer_is_mostly_not_enough_evidence():
    for _, found in runs(1_000):
        assert sum(one.confirmed for one in found.findings) <= 4
        assert sum(one.grade == "none" for one in found.findings) >= 60


def test_a_wish_to_buy_that_nobody_measured_makes_little_false_and_each_finding_warns_of_it():
    """What is confirmed says how strong such a wish must be, beside the strongest thing measured."""
    confirmed = [
        one for seed in range(5) for one in run(UNMEASURED, 5_000, seed)[1].findings if one.confirmed
    ]
    assert len(confirmed) > 20
    assert sum(is_false(one) for one in confirmed) <= 0.1 * len(confirmed)
    for one in confirmed:
        assert one.robustness > 0
        assert one.details.benchmark
        assert one.details.benchmark_times > 0


def test_a_high_chance_to_be_among_the_best_is_no_idle_promise():
    said = [
        one for _, found in runs(1_000) + runs(5_000) for one in judged(found) if one.details.p_top >= 0.8
    ]
    assert len(said) > 20
    assert np.mean([works(one) == 1 for one in said]) >= 0.9


def test_shuffled_outcomes_confirm_nothing_over_many_histories():
    tested = confirmed = 0
    for seed in range(15):
        world = worlds.live(worlds.Rules(deals=1_500, seed=300 + seed))
        found = discovery.discover(worlds.shuffled(world.deals(), seed), world.events(), settings=WON)
        tested += len(judged(found))
        confirmed += sum(one.confirmed for one in found.findings)
    assert tested > 1_000
    assert confirmed <= 1
