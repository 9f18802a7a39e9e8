"""What nobody recorded about deals is taken out of the order of types, as far as what is recorded gives it away."""

import numpy as np
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.judging import combining, decided, selection_on_facts
from hingepoint.analysis.discovery.reading import history
from hingepoint.analysis.discovery.sums import study
from histories import closed

WON = discovery.Settings(metric="won", min_events=10)


def a_look(effects, error):
    size = effects.size
    return combining.Look(effects, np.full(size, error), np.zeros((2, size)))


def told(rng, times, types=70, levers=8, error=0.01):
    """Return what is true of types, what is seen of it, and what facts take off: the rest is ``times`` as much."""
    truth = np.zeros(types)
    truth[:levers] = 0.06
    gives_away = np.zeros(types)
    gives_away[-6:] = rng.uniform(0.005, 0.012, 6)
    seen = truth + times * gives_away + rng.normal(0, error, types)
    off = gives_away + rng.normal(0, 0.001, types)
    return truth, a_look(seen, error), selection_on_facts.Taken(off, np.full(types, 0.001))


@pytest.mark.parametrize("times", [2.0, 4.0])
def test_what_goes_with_what_the_facts_take_off_is_taken_out(times):
    rng = np.random.default_rng(1)
    before, after = [], []
    for _ in range(20):
        truth, look, taken = told(rng, times)
        mended = selection_on_facts.without_the_rest(look, taken)
        before.append((look.effects - truth)[-6:].mean())
        after.append((mended.effects - truth)[-6:].mean())
        assert (mended.effects - look.effects)[:8] == pytest.approx(0.0, abs=0.012)
        assert (mended.errors >= look.errors).all()
    assert np.mean(before) == pytest.approx(times * 0.0085, abs=0.003)
    assert abs(np.mean(after)) < 0.5 * np.mean(before)


def test_where_nothing_goes_with_it_next_to_nothing_is_taken_out():
    rng = np.random.default_rng(2)
    moved = []
    for _ in range(20):
        _, look, taken = told(rng, times=0.0)
        mended = selection_on_facts.without_the_rest(look, taken)
        moved.append(np.abs(mended.effects - look.effects).max())
    assert np.mean(moved) < 0.005


def test_it_never_makes_up_for_what_it_would_add():
    """A rest that leans the other way is not known to any theory: nothing is added to a type that facts speak for."""
    _, look, taken = told(np.random.default_rng(3), times=-4.0)
    mended = selection_on_facts.without_the_rest(look, taken)
    assert mended.effects == pytest.approx(look.effects)


@pytest.mark.parametrize(
    ("off", "errors"),
    [
        (np.full(70, np.nan), np.full(70, np.nan)),
        (np.random.default_rng(4).normal(0, 0.001, 70), np.full(70, 0.002)),
        (np.random.default_rng(4).normal(0, 0.01, 9), np.full(9, 0.001)),
    ],
    ids=["unknown", "all of it chance", "too few types"],
)
def test_what_facts_do_not_say_changes_nothing(off, errors):
    look = a_look(np.random.default_rng(5).normal(0, 0.02, off.size), 0.01)
    assert selection_on_facts.without_the_rest(look, selection_on_facts.Taken(off, errors)) is look


def test_types_nobody_knows_an_effect_of_stay_unknown():
    _, look, taken = told(np.random.default_rng(6), times=3.0)
    look.effects[3], taken.off[5] = np.nan, np.nan
    mended = selection_on_facts.without_the_rest(look, taken)
    assert np.isnan(mended.effects[3])
    assert np.isnan(mended.effects).sum() == 1
    assert mended.effects[5] == look.effects[5]


# ---- from deals ----


def good_deals(deals=4_000, types=16):
    """Return deals whose quality decides, and stands in their segment in part; ``type 00`` is gained on good ones."""
    rng = np.random.default_rng(12)
    day = np.timedelta64(86_400_000_000, "us")
    quality = rng.standard_normal(deals)
    seen = 0.6 * quality + 0.8 * rng.standard_normal(deals)
    created = np.datetime64("2022-01-03", "us") + rng.integers(0, 600, deals) * day
    length = rng.integers(30, 160, deals)
    odds = np.full((deals, types), -0.4)
    odds[:, 0] += 1.2 * quality
    has = rng.random((deals, types)) < 1 / (1 + np.exp(-odds))
    won = rng.random(deals) < 1 / (1 + np.exp(0.8 - 1.2 * quality - 0.5 * has[:, 1]))
    deal = np.nonzero(has)[0]
    when = (rng.random(deal.size) * 0.6 * length[deal]).astype(int)
    segment = np.array(["C", "B", "A"])[np.searchsorted([-0.5, 0.7], seen)]
    return closed(created, length, won, has, when, segment=segment)


def looked():
    prepared = study.prepare(history.read(*good_deals(), WON), WON)
    return prepared, decided.look(prepared, np.ones(len(prepared.history.types), dtype=bool))


def test_what_the_facts_take_off_equals_two_least_squares_done_by_hand():
    """What the facts let one expect, regressed on age and types; all within sellers."""
    prepared, found = looked()
    deals = np.nonzero(prepared.history.decided)[0]
    block = decided._rows(prepared, deals)
    facts, types = prepared.columns.fixed.shape[1], len(prepared.history.types)
    seller = np.eye(prepared.sellers)[block.seller]
    age = block.values[:, facts : -1 - types]
    known = np.hstack([block.values[:, :facts], age, seller])
    told = np.linalg.lstsq(known, block.values[:, -1], rcond=None)[0][:facts]
    others = np.hstack([block.values[:, -1 - types : -1], age, seller])
    expected = block.values[:, :facts] @ told
    off, left, *_ = np.linalg.lstsq(others, expected, rcond=None)
    times = block.values[:, -1].var() / prepared.rows.outcome.var()
    assert found.taken.off == pytest.approx(off[:types] / times, abs=1e-6)
    spare = expected.size - np.linalg.matrix_rank(others)
    own = np.diag(np.linalg.pinv(others.T @ others))[:types]
    assert found.taken.errors == pytest.approx(np.sqrt(left[0] / spare * own) / times, rel=1e-3)


def test_facts_give_away_the_type_that_is_gained_on_good_deals():
    prepared, found = looked()
    likely, _ = found.taken.likely()
    good = prepared.history.types.index("type 00")
    assert likely[good] == max(likely)
    assert likely[good] > 3 * np.abs(np.delete(likely, good)).max()
    mended = selection_on_facts.without_the_rest(found.look, found.taken)
    helps = prepared.history.types.index("type 01")
    taken_out = found.look.effects - mended.effects
    assert taken_out[good] > 0.2 * found.look.effects[good]
    assert abs(taken_out[helps]) < 0.1 * found.look.effects[helps]
