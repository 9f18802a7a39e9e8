"""A rollout before it begins: an order by lot, what it can prove, and a card that cannot be changed unseen."""

import dataclasses
import datetime as dt
import hashlib
import math

import pytest

from hingepoint.analysis import impact, metrics
from hingepoint.analysis.impact import card
from hingepoint.analysis.trials import lots
from impacts import rolled_out

WON = metrics.parse("won")
END = dt.date(2025, 12, 31)


@pytest.fixture(scope="module")
def deals():
    return rolled_out(effect=0.0)[0]


@pytest.fixture(scope="module")
def teams(deals):
    return tuple(deals["team"].unique().sort().to_list())


@pytest.fixture(scope="module")
def made(deals, teams) -> impact.Plan:
    return impact.plan(deals, teams=teams, metric=WON, data_end=END, seed=7)


def test_the_order_is_that_of_the_lot_and_of_nobody_else(made, teams):
    assert tuple(one.team for one in made.starts) == lots.order(teams, seed=7)
    assert [one.wave for one in made.starts] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_the_first_wave_starts_in_the_next_month_and_the_last_after_a_year(made):
    assert [made.starts[place].on for place in (0, 2, 4, 6)] == [
        dt.date(2026, 1, 1),
        dt.date(2026, 5, 1),
        dt.date(2026, 9, 1),
        dt.date(2027, 1, 1),
    ]


def test_steps_and_periods_are_as_asked(deals, teams):
    found = impact.plan(deals, teams=teams, metric=WON, data_end=END, steps=2, periods=3, period="quarter")
    assert {one.on for one in found.starts} == {dt.date(2026, 1, 1), dt.date(2026, 10, 1)}
    assert found.waves == 2


def test_teams_that_move_together_more_prove_less(made):
    at = {(one.within, one.between): one.smallest for one in made.power}
    assert len(at) == 12
    assert at[0.01, 0.8] < at[0.02, 0.8] < at[0.05, 0.8] < at[0.10, 0.8]
    assert at[0.10, 1.0] < at[0.01, 1.0], "what lasts for good is no error, and leaves less for chance"


def test_the_promise_of_a_plan_is_kept_by_what_is_measured_later():
    """96 planned months and teams: the error seen in another world without an effect is about the one planned."""
    deals, _ = rolled_out(teams=8, effect=0.0, seed=21, before=24, waves=4, apart=3)
    teams = tuple(deals["team"].unique().sort().to_list())
    made = impact.plan(deals, teams=teams, metric=WON, data_end=dt.date(2025, 12, 31), periods=9, seed=2)
    later, _ = rolled_out(teams=8, effect=0.0, seed=21, before=36, waves=4, apart=3)
    starts = {one.team: one.on for one in made.starts}
    found = impact.measure(
        later, metric=WON, rollout=starts, data_end=dt.date(2026, 9, 30), lot=impact.Lot(seed=2)
    )
    assert {(one.within, one.between): one.smallest for one in made.power}[0.01, 1.0] == pytest.approx(
        found.smallest, rel=0.3
    )


def test_a_history_that_is_long_enough_says_what_the_rollout_can_prove(made):
    assert math.isfinite(made.measured)
    assert made.smallest == made.measured
    least, most = min(one.smallest for one in made.power), max(one.smallest for one in made.power)
    assert least * 0.7 < made.measured < most


def test_a_short_history_leaves_the_usual_correlations(deals, teams):
    found = impact.plan(deals, teams=teams, metric=WON, data_end=END, periods=23, seed=7)
    assert math.isnan(found.measured)
    assert found.smallest == next(
        one.smallest for one in found.power if (one.within, one.between) == (0.02, 0.8)
    )
    assert "with the usual correlations" in impact.plan_in_words(found)


def test_fewer_than_six_teams_can_prove_nothing(deals, teams):
    found = impact.plan(deals, teams=teams[:5], metric=WON, data_end=END)
    assert math.isinf(found.smallest)
    assert found.power == ()
    assert impact.plan_to_dict(found)["smallest_provable"] is None
    assert "this rollout can only be looked at" in impact.plan_in_words(found)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"steps": 1}, "8 teams can start in 2 to 8 steps, not in 1"),
        ({"steps": 9}, "8 teams can start in 2 to 8 steps, not in 9"),
        ({"steps": 5, "periods": 3}, "5 steps need at least 4 periods, not 3"),
    ],
)
def test_a_rollout_that_makes_no_sense_is_refused(deals, teams, options, why):
    with pytest.raises(impact.ImpactError, match=why):
        impact.plan(deals, teams=teams, metric=WON, data_end=END, **options)


def test_a_team_without_a_history_gets_that_of_an_average_one(deals, teams):
    found = impact.plan(deals, teams=(*teams, "New"), metric=WON, data_end=END)
    assert found.deals == pytest.approx(12)
    assert math.isnan(found.measured)


def test_the_card_holds_hypothesis_measure_rule_and_order(made):
    lines = made.card.text.splitlines()
    assert lines[0] == "Hingepoint sealed card, version 1"
    assert "hypothesis: the win rate rises where a team has started" in lines
    assert (
        "decision: it worked if the interval lies above 0 on 2027-01-01; it did not if it lies under +3.0 points"
        in lines
    )
    assert "seed of the lot: 7" in lines
    assert lines[-1] == f"start 2027-01-01: {made.starts[-1].team}"


def test_the_seal_is_the_sha_256_of_the_text(made):
    assert made.card.sha256 == hashlib.sha256(made.card.text.encode()).hexdigest()


def test_a_card_reads_back_and_any_change_is_seen(made):
    assert card.read(made.card.text) == made.card
    with pytest.raises(impact.ImpactError, match="changed after it was written"):
        card.read(made.card.text.replace("under +3.0", "under +1.0"))
    with pytest.raises(impact.ImpactError, match="not one that"):
        card.read("something else")
    other = card.read(made.card.text.replace("seed of the lot: 7", "seed of the lot: 8"))
    assert other.sha256 != made.card.sha256


def test_where_less_is_better_the_rule_is_turned_round(deals, teams):
    found = impact.plan(
        deals, teams=teams, metric=metrics.parse("cycle_days"), data_end=END, smallest_effect=5.0
    )
    assert "falls where a team has started" in found.card.text
    assert "the interval lies below 0" in found.card.text
    assert "it lies over -5.0 days" in found.card.text
    assert card.read(found.card.text) == found.card


def test_what_differs_from_the_card_is_named(made):
    kept = {one.team: one.on for one in made.starts}
    assert card.differences(made.card, metric=WON, period="month", rollout=kept) == ()
    late = kept | {made.starts[0].team: dt.date(2026, 2, 1)}
    assert card.differences(made.card, metric=metrics.parse("net"), period="week", rollout=late) == (
        "The card measures won, not net.",
        "The card looks at every month, not every week.",
        f"{made.starts[0].team}: sealed 2026-01-01, here 2026-02-01.",
    )


@pytest.mark.parametrize(
    ("low", "high", "day", "says"),
    [
        (0.01, 0.08, dt.date(2026, 12, 30), "too early"),
        (0.01, 0.08, dt.date(2026, 12, 31), "it worked"),
        (-0.01, 0.02, dt.date(2027, 3, 1), "it did not"),
        (-0.09, -0.01, dt.date(2027, 3, 1), "it did not"),
        (-0.01, 0.08, dt.date(2027, 3, 1), "not decided"),
    ],
)
def test_the_sealed_rule_decides(made, low, high, day, says):
    reading = impact.Reading((low + high) / 2, low, high, 0.04)
    assert card.decided(made.card, reading, data_end=day) == says
    less = dataclasses.replace(made.card, metric="discount")
    assert card.decided(less, impact.Reading(-0.01, -high, -low, 0.04), data_end=day) == says
