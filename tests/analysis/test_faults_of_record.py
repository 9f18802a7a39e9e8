"""What discovery makes of records that were kept as real ones are: late, in bulk, by those who won."""

import functools

import numpy as np
import polars as pl
import pytest

import faults
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.judging import placebo, risk
from hingepoint.demo import worlds
from histories import found, world

WON = discovery.Settings(metric="won")
DEALS = 2_500


@functools.cache
def seen_through(fault):
    """Return what discovery says about the same world through a fault of record."""
    lived = world(DEALS, 31)
    return discovery.discover(fault(lived.deals()), lived.events(), settings=WON)


def excluded(result, keys):
    return [key for key in keys if result.finding(key).grade == "excluded"]


LATE = [faults.lost_closed_at_quarter_end, faults.lost_closed_late]


@pytest.mark.slow
@pytest.mark.parametrize("fault", LATE)
def test_lost_deals_closed_late_do_not_throw_levers_out(fault):
    lived, result = world(DEALS, 31), seen_through(fault)
    assert excluded(result, lived.of("lever", "harmful", "twin", "idle")) == []
    assert excluded(result, lived.of("mechanical")) == list(lived.of("mechanical"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", LATE)
def test_what_follows_the_decision_is_caught_where_lost_deals_are_closed_late(fault):
    lived, result = world(DEALS, 31), seen_through(fault)
    because = {result.finding(key).excluded_because for key in lived.of("leading")}
    assert because <= {"leading", "mechanical"}


def test_lost_deals_closed_late_are_told_with_the_weeks():
    (told,) = [
        text for text in seen_through(faults.lost_closed_late).warnings if "later than they died" in text
    ]
    weeks = int(told.split("about ")[1].split(" ")[0])
    assert 11 <= weeks <= 16, "1 to 26 weeks, so 13 or 14 at the median"


def test_a_clean_up_at_the_end_of_the_quarter_is_told():
    told = " ".join(seen_through(faults.lost_closed_at_quarter_end).warnings)
    assert "of them were closed in the last week of a quarter" in told


@pytest.mark.slow
def test_where_lost_deals_are_closed_in_time_nothing_is_said_about_it():
    assert not [text for text in found(DEALS, 31).warnings if "later than they died" in text]


@pytest.mark.slow
def test_late_steps_are_no_part_of_winning_where_losses_come_early():
    """Nine of ten deals that live long are won, so are nine of ten that gain what is gained late."""
    lived = world(4_000, 3)
    late = lived.of("idle")[:10]
    deals = faults.early_losses(lived.deals())
    events = faults.only_late(lived.events(), lived.deals(), late)
    result = discovery.discover(deals, events, settings=WON)
    assert excluded(result, late) == []
    assert excluded(result, lived.of("mechanical")) == list(lived.of("mechanical"))


def test_each_gain_is_held_against_deals_alive_at_its_age():
    closed = np.array([1.0, 1.0, 4.0, 6.0, 8.0, 9.0])
    won = np.array([False, False, True, False, True, True])
    week = np.array([np.inf, np.inf, 3.0, np.inf, 5.0, np.inf])
    peers = risk.Alive.of(closed, won).beside(week)
    assert (peers.with_it, peers.wins_with, peers.without, peers.rate) == (2, 2, 4, 1.0)
    at_3, at_5 = (
        2 / 3,
        1 / 2,
    )  # without it then: at 3 those closed at 6, 8 (gained later) and 9; at 5 those at 6 and 9
    assert peers.win_rate_alive == pytest.approx((at_3 + at_5) / 2)
    lived = np.array([0, 0, 0.5, 1, 1, 1])  # share of the gains at an age that the deal reached
    assert peers.wins_expected == pytest.approx(lived[[0, 1, 3, 5]].sum() * lived[won].sum() / lived.sum())


@functools.cache
def turned():
    lived = world(4_000, 3)
    key = lived.of("idle")[0]
    deals, middle = faults.turned(lived.deals(), lived.events(), key)
    return key, middle, discovery.discover(deals, lived.events(), settings=WON)


@pytest.mark.slow
def test_an_effect_that_turned_is_said_first_with_the_day():
    key, middle, result = turned()
    finding = result.finding(key)
    assert finding.details.turned.before > 0.05
    assert finding.details.turned.since < -0.05
    on = pl.Series([finding.details.turned.on]).str.to_date()[0]
    assert 0 <= (middle.date() - on).days <= 120, "the halves hold as many rows, and late deals have fewer"
    assert finding.in_words.startswith(
        f"“{key}” turned: it helped with deals created before {on.day} {on:%B %Y}"
    )
    assert finding.to_dict()["turned"]["on"] == finding.details.turned.on


@pytest.mark.slow
def test_an_effect_that_turned_is_not_proposed():
    key, _, result = turned()
    assert key not in [one.agreement for one in result.pivotal]
    assert [one.agreement for one in result.findings if one.details.turned] == [key]


@pytest.mark.slow
def test_an_effect_that_faded_is_said_first_and_no_other_is():
    lived = world(4_000, 3)
    key = lived.of("idle")[0]
    result = discovery.discover(
        faults.faded(lived.deals(), lived.events(), key), lived.events(), settings=WON
    )
    finding = result.finding(key)
    assert finding.in_words.startswith(f"“{key}” has faded: it helped with deals created before ")
    assert finding.details.faded.before > 0.1 > 0.05 > abs(finding.details.faded.since)
    assert [one.agreement for one in result.findings if one.details.faded] == [key]
    assert [one.agreement for one in result.findings if one.details.turned] == []


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 0.9])
def test_where_nothing_is_there_the_placebo_refuses_as_often_as_it_says(strength):
    """One in twenty at 5 %, with levers of no strength and with strong ones: they do not come back in it."""
    drawn = []
    for seed in (1, 2):
        lived = worlds.live(worlds.Rules(deals=1_500, seed=400 + seed, strength=strength))
        drawn += placebo.chances(_next_window(lived), np.random.default_rng(seed))
    chances = np.concatenate(drawn)
    chances = chances[np.isfinite(chances)]
    assert chances.size > 800
    assert 0.02 <= (chances < 0.05).mean() <= 0.065


def _next_window(lived):
    from hingepoint.analysis.discovery.reading import history
    from hingepoint.analysis.discovery.sums import study

    prepared = study.prepare(history.read(lived.deals(), lived.events(), WON), WON)
    judged = np.array([not key.startswith("mechanical") for key in prepared.history.types])
    sums = study.sum_up(prepared, WON)
    return study.estimate(prepared, sums, judged, ~judged, WON).next_window
