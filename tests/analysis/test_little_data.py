"""The order of types in small data: what it borrows, how sure it says it is, and what would have been seen."""

import dataclasses

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import record, result
from hingepoint.analysis.discovery.judging import certificate, combining, decided, grading, shrinkage
from hingepoint.analysis.discovery.reading import history
from hingepoint.analysis.discovery.sums import study
from hingepoint.reports.findings import whole
from histories import closed, plain

WON = discovery.Settings(metric="won", min_events=10)


def read():
    return history.read(*plain(), WON)


def look_at(read_history):
    prepared = study.prepare(read_history, WON)
    return prepared, decided.look(prepared, np.ones(len(prepared.history.types), dtype=bool)).look


# ---- a look at decided deals ----


def test_decided_deals_show_what_helps():
    prepared, look = look_at(read())
    place = prepared.history.types.index("helps")
    assert look.effects[place] > 3 * look.errors[place]


def test_the_look_equals_least_squares_done_by_hand():
    """Within sellers, with the same columns; the units are those of the landmarks."""
    prepared, look = look_at(read())
    deals = np.nonzero(prepared.history.decided)[0]
    block = decided._rows(prepared, deals)
    seller = np.eye(prepared.sellers)[block.seller]
    columns, outcome = block.values[:, :-1], block.values[:, -1]
    by_hand = np.linalg.lstsq(np.hstack([columns, seller]), outcome, rcond=None)[0]
    times = outcome.var() / prepared.rows.outcome.var()
    types = len(prepared.history.types)
    mine = by_hand[columns.shape[1] - types : columns.shape[1]] / times
    known = np.isfinite(look.effects)
    assert known.any()
    assert look.effects[known] == pytest.approx(mine[known], abs=1e-6)


def test_a_step_that_comes_with_age_is_not_taken_for_one_that_helps():
    """Deals that will be won live longer, so more of them come to the step; among those of one age there is none."""
    rng = np.random.default_rng(5)
    deals, events = aged(rng)
    prepared, look = look_at(history.read(deals, events, WON))
    place = prepared.history.types.index("step")
    won = prepared.history.won
    has = np.isfinite(prepared.history.gained[:, place])
    assert won[has].mean() - won[~has].mean() > 0.2
    assert abs(look.effects[place]) < 2.5 * look.errors[place]


def test_no_look_is_taken_for_metrics_of_won_deals_only():
    settings = discovery.Settings(metric="cycle_days", min_events=10)
    prepared = study.prepare(history.read(*plain(), settings), settings)
    assert decided.look(prepared, np.ones(len(prepared.history.types), dtype=bool)) is None


def aged(rng, deals=3_000):
    """Return deals of which the long-lived are won more often, and a step at about ten weeks of age."""
    created = np.datetime64("2022-01-03", "us") + (rng.random(deals) * 700 * 86_400e6).astype(
        "timedelta64[us]"
    )
    weeks = rng.gamma(2.0, 6.0, deals)
    won = rng.random(deals) < 1 / (1 + np.exp(-(weeks - 12) / 6))
    step = 10 + rng.gamma(2.0, 2.0, deals)
    other = rng.random((deals, 3)) * 30

    def at(week):
        return created + (week * 7 * 86_400e6).astype("timedelta64[us]")

    keys = np.array([f"D{number:05d}" for number in range(deals)])
    frame = pl.DataFrame(
        {
            "deal_id": keys,
            "created": created,
            "closed": at(weeks),
            "status": np.where(won, "won", "lost"),
            "owner": [f"S{number % 50}" for number in range(deals)],
        }
    )
    gained = [("step", step), *((f"other {place}", other[:, place]) for place in range(3))]
    events = [
        pl.DataFrame({"deal_id": keys[week < weeks], "at": at(week)[week < weeks]}).with_columns(
            agreement=pl.lit(name), kind=pl.lit("agreement")
        )
        for name, week in gained
    ]
    return frame, pl.concat(events)


# ---- bias that goes with what a type is like ----


def looks(types, rng, slope):
    truth, trait = rng.normal(0, 0.03, types), rng.normal(0, 1, (types, 1))
    influence = np.zeros((2, types))
    first = combining.Look(truth + rng.normal(0, 0.01, types), np.full(types, 0.01), influence)
    strays = 0.02 + slope * trait[:, 0]
    second = combining.Look(truth + strays + rng.normal(0, 0.01, types), np.full(types, 0.01), influence)
    return truth, trait, first, second


def test_a_bias_that_goes_with_a_trait_of_types_is_learned_and_taken_out():
    truth, trait, first, second = looks(400, np.random.default_rng(2), slope=0.04)
    mended = combining.without_bias(second, first, trait)
    assert np.std(second.effects - truth) > 0.035
    assert np.std(mended.effects - truth) == pytest.approx(0.01, abs=0.002)
    assert abs(np.mean(mended.effects - truth)) < 0.002


def test_with_few_types_no_bias_is_learned():
    _, trait, first, second = looks(4, np.random.default_rng(2), slope=0.04)
    assert combining.without_bias(second, first, trait) is second


def test_two_looks_pooled_pull_as_their_weights_say():
    rng = np.random.default_rng(3)
    pulls = rng.normal(0, 0.002, (2, 25, 30))
    errors = np.sqrt((pulls**2).sum(axis=1))
    first, second = (combining.Look(rng.normal(0, 0.01, 30), errors[n], pulls[n]) for n in range(2))
    put = combining.pooled(first, second)
    assert (put.errors <= first.errors + 1e-12).all()
    weight = (put.effects - first.effects) / (second.effects - first.effects)
    assert put.influence == pytest.approx((1 - weight) * first.influence + weight * second.influence)


# ---- places ----


def test_places_follow_what_to_expect_and_say_how_sure_they_are():
    """A type far above all others is first for sure; those that do nothing share the other places."""
    effects = np.append([0.5, np.nan], np.zeros(30))
    judged = grading.judge(effects, np.full(32, 0.01), 0.01, 0.4, np.random.default_rng(1))
    assert judged.order.place[0] == 1
    assert judged.order.between[0].tolist() == [1, 1]
    assert (judged.order.place[1], judged.order.between[1].tolist()) == (0, [0, 0])
    assert sorted(judged.order.place[2:]) == list(range(2, 32))
    first, last = judged.order.between[2:].T
    assert (first <= 6).all()
    assert (last >= 27).all()


def test_findings_that_show_nothing_stand_in_the_order_of_their_places():
    found = discovery.discover(*plain(), settings=WON)
    places = [one.details.place for one in found.findings if one.grade == "none" and one.details.place]
    assert len(places) > 1
    assert places == sorted(places)


# ---- the certificate ----


def test_levers_are_planted_by_turning_lost_deals_that_gained_them():
    before = read()
    rng = np.random.default_rng(1)
    lived, made = certificate.planted_into(before, ["helps"], 0.05, 1_000.0, rng)
    assert made == ["helps"]
    has = before.gained[:, before.types.index("helps")] < before.closed
    turned = lived.won & ~before.won
    assert turned.sum() == round(0.05 * has.sum())
    assert has[turned].all()
    assert before.decided[turned].all()
    assert (lived.value[turned] == 1).all()
    assert (lived.won[~turned] == before.won[~turned]).all()


def test_a_lever_larger_than_the_lost_deals_allow_is_not_planted():
    lived, made = certificate.planted_into(read(), ["helps"], 1.0, 1_000.0, np.random.default_rng(1))
    assert made == []
    assert (lived.won == read().won).all()


def test_deals_drawn_anew_keep_their_own_history():
    before = read()
    drawn = certificate.drawn_anew(before, np.random.default_rng(4))
    place = {key: number for number, key in enumerate(before.deals["deal_id"])}
    old = np.array([place[key] for key in drawn.deals["deal_id"]])
    assert drawn.size == before.size
    assert np.unique(old).size < before.size
    assert (drawn.gained == before.gained[old]).all()
    until = np.full(drawn.size, 1e3)
    counted = drawn.activity.count_by(np.arange(drawn.size), until)
    assert (counted == before.activity.count_by(old, until)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("size", "least", "most"), [(0.3, 0.7, 1.0), (0.004, 0.0, 0.35)])
def test_large_levers_would_have_been_seen_and_small_ones_not(size, least, most):
    settings = discovery.Settings(metric="won", min_events=10, certificate=size)
    made = discovery.discover(*many(), settings=settings).certificate
    assert made.effect == size
    assert made.planted >= 8
    assert least <= made.shown / made.planted <= most


def test_without_being_asked_nothing_is_planted():
    assert discovery.discover(*plain(), settings=WON).certificate is None


def many(deals=1_200, types=24):
    """Return deals with so many types that do nothing."""
    rng = np.random.default_rng(8)
    day = np.timedelta64(86_400_000_000, "us")
    created = np.datetime64("2022-01-03", "us") + rng.integers(0, 600, deals) * day
    length = rng.integers(30, 160, deals)
    won, has = rng.random(deals) < 0.35, rng.random((deals, types)) < 0.4
    deal = np.nonzero(has)[0]
    when = (rng.random(deal.size) * length[deal]).astype(int)
    return closed(created, length, won, has, when)


def test_draws_of_a_posterior_give_each_place_once():
    held = grading._places(np.array([[0.1, 0.3, 0.2], [0.0, 0.0, 0.5]]))
    assert held.tolist() == [[3, 1, 2], [2, 3, 1]]
    assert shrinkage.top_chances(np.array([[0.1, 0.3, 0.2]]), 2).tolist() == [0, 1, 1]


@pytest.mark.slow
def test_no_more_than_one_type_in_nine_is_made_a_lever_at_once():
    settings = discovery.Settings(metric="won", min_events=10, certificate=0.1)
    made = discovery.discover(*many(), settings=settings).certificate
    assert (made.histories, made.planted) == (10, 20)


def test_a_certificate_is_told_in_words_and_kept():
    made = result.Certificate(0.05, planted=40, shown=25, on_top=0, histories=5)
    words = whole.certificate_in_words(made)
    assert words.startswith(
        "With these data, five of eight levers of 5 points would have been shown as strong or"
    )
    assert "(95% interval 3.8 to 6.1), and none would have stood among the first eight" in words
    assert whole.certificate_in_words(None) == ""
    found = dataclasses.replace(discovery.discover(*plain(), settings=WON), certificate=made)
    assert found.to_dict()["certificate"]["shown"] == 25
    assert record.of(found).certificate == made
