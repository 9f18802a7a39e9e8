"""The worlds that discovery is judged on do what they say."""

from dataclasses import replace

import numpy as np
import pytest

from hingepoint.demo import worlds

LANDMARKS, HORIZON = (3.0, 6.0, 9.0, 12.0), 25.0


def lived(name="first", deals=1500, **rules):
    return worlds.live(replace(worlds.NAMED[name], deals=deals, **rules))


@pytest.mark.parametrize("name", worlds.NAMED)
def test_every_world_has_its_levers_and_deals_of_every_ending(name):
    world = lived(name)
    assert (len(world.levers), len(world.of("harmful")), len(world.keys)) == (8, 3, 100)
    counts = dict(world.deals()["status"].value_counts().iter_rows())
    assert min(counts[status] for status in ("open", "won", "lost")) > 100


def test_the_same_rules_live_the_same_history():
    assert lived(deals=300).events().equals(lived(deals=300).events())
    assert not lived(deals=300).events().equals(lived(deals=300, seed=2).events())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first", "winning and losing race"])
def test_levers_help_harmful_ones_harm_and_the_others_do_nothing(name):
    world = lived(name)
    effects = {key: world.truth(key, LANDMARKS, HORIZON) for key in world.keys[:46:3]}
    assert min(effect for key, effect in effects.items() if key in world.levers) > 0.01
    assert max(effect for key, effect in effects.items() if key.startswith("harmful")) < -0.005
    others = [effect for key, effect in effects.items() if not key.startswith(("lever", "harmful"))]
    assert len(others) > 10
    assert set(others) == {0.0}


def wins_by_account(world):
    """Return how much more the shares won of accounts spread than chance would let them."""
    wins = np.bincount(world.facts.account, world.won)
    deals = np.bincount(world.facts.account)
    share = world.won.mean()
    several = deals >= 2
    chance = share * (1 - share) / deals[several]
    return float(np.mean((wins[several] / deals[several] - share) ** 2 / chance))


def test_accounts_that_wish_to_buy_do_it_again():
    assert wins_by_account(lived("accounts that wish to buy", deals=4000)) > 1.1
    assert wins_by_account(lived("first", deals=4000)) < 1.1


def test_a_wish_to_buy_moves_what_customers_agree_to_and_nothing_else():
    world = lived("unmeasured wish to buy", deals=4000)
    eager = world.facts.wish > np.median(world.facts.wish)
    at_once = world.gained <= 4
    idle = np.array([role == "idle" for role in world.roles])
    gap = at_once[eager].mean(axis=0) - at_once[~eager].mean(axis=0)
    assert gap[idle & world.with_customer].mean() > 0.01
    assert gap[idle & ~world.with_customer].mean() == pytest.approx(0.0, abs=0.005)
    assert world.won[eager].mean() > world.won[~eager].mean() + 0.1


def test_shuffled_outcomes_are_the_same_ones_on_other_deals():
    deals = lived(deals=400).deals()
    mixed = worlds.shuffled(deals, seed=1)
    assert mixed["status"].value_counts(sort=True).equals(deals["status"].value_counts(sort=True))
    assert not mixed["status"].equals(deals["status"])
    closed = mixed.drop_nulls("closed")
    assert (closed["closed"] >= closed["created"]).all()
    assert (mixed["closed"].is_null() == (mixed["status"] == "open")).all()
