"""A rollout measured from its deals: planted effects are recovered, and what cannot be shown is said."""

import dataclasses
import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import impact, metrics
from hingepoint.analysis.impact import conclusion
from hingepoint.analysis.impact import value as values
from hingepoint.analysis.impact.panel import Panel, panel
from impacts import months, rolled_out

WON = metrics.parse("won")
END = dt.date(2025, 12, 31)


def measure(deals, starts, **options) -> impact.Impact:
    said = {"metric": WON, "rollout": starts, "data_end": END, "lot": impact.Lot(seed=1)}
    return impact.measure(deals, **said | options)


@pytest.fixture(scope="module")
def worked() -> impact.Impact:
    return measure(*rolled_out(effect=0.25))


@pytest.fixture(scope="module")
def nothing() -> impact.Impact:
    return measure(*rolled_out(effect=0.0, seed=3))


def test_a_planted_effect_is_recovered_and_shown(worked):
    assert worked.inference == "lottery"
    assert worked.headline.low < 0.25 < worked.headline.high
    assert worked.headline.effect == pytest.approx(0.25, abs=0.06)
    assert worked.second.low < 0.25 < worked.second.high
    assert worked.headline.p < 0.01
    assert worked.conclusion.verdict == impact.SHOWN
    assert worked.conclusion.before is None


def test_all_orders_are_gone_through_where_they_are_few(worked):
    assert (worked.orders, worked.every) == (2520, True)


@pytest.mark.slow
def test_the_same_deals_give_the_same_numbers():
    first, second = (measure(*rolled_out(teams=12, effect=0.1)) for _ in range(2))
    assert not first.every
    assert impact.to_dict(first) == impact.to_dict(second)


def test_nothing_is_not_shown(nothing):
    assert nothing.headline.low < 0 < nothing.headline.high
    assert nothing.conclusion.verdict != impact.SHOWN
    assert nothing.placebo.mean.low < 0 < nothing.placebo.mean.high


def test_an_effect_that_matters_and_is_ruled_out_is_not_shown(nothing):
    found = measure(*rolled_out(effect=0.0, seed=3), smallest_effect=0.3)
    assert -0.3 < found.headline.low < found.headline.high < 0.3
    assert found.conclusion.verdict == impact.NOT_SHOWN
    assert "an effect of 30.0 points, which would matter, is ruled out" in impact.in_words(found)


def test_an_effect_that_would_have_been_seen_is_not_shown():
    reading = impact.Reading(0.02, -0.01, 0.05, 0.2)
    ahead = conclusion.Ahead(None, None, {}, END, "month", 0.01)
    found = conclusion.conclude(reading, smallest=0.04, worth=0.045, ahead=ahead)
    assert found.verdict == impact.NOT_SHOWN


def test_where_no_team_waits_any_more_later_deals_are_not_used(worked):
    """The last two teams start in month 21 of 24: until then they wait."""
    assert len(worked.whole.periods) == 24
    assert worked.panel.periods[-1] == dt.date(2025, 9, 1)
    assert worked.nobody_waits_from == dt.date(2025, 10, 1)
    assert any("Since 1 October 2025 no team waits any more" in note for note in worked.notes)
    deals, starts = rolled_out(effect=0.25)
    upside_down = deals.with_columns(
        status=pl.when(pl.col("closed") >= dt.datetime(2025, 10, 1)).then(pl.lit("lost")).otherwise("status")  # noqa: DTZ001
    )
    assert measure(upside_down, starts).headline == worked.headline


def test_while_somebody_waits_all_deals_are_used():
    found = measure(*rolled_out(effect=0.25, waiting=2))
    assert found.nobody_waits_from is None
    assert len(found.panel.periods) == 24
    assert impact.to_dict(found)["nobody_waits_from"] is None


def test_waiting_that_cannot_help_promises_no_day(nothing):
    found = measure(*rolled_out(effect=0.0, seed=3), smallest_effect=0.01)
    assert found.conclusion.verdict == impact.NOT_YET
    assert found.conclusion.before is None
    assert "more teams that wait would" in impact.in_words(found)


@pytest.mark.slow
def test_where_teams_start_later_the_day_is_told_from_which_it_can_be_shown():
    deals, starts = rolled_out(effect=0.0, seed=3, waiting=2)
    early = dt.date(2025, 3, 31)
    today = measure(deals, starts, data_end=early)
    found = measure(deals, starts, data_end=early, smallest_effect=today.smallest * 0.7)
    assert found.conclusion.verdict == impact.NOT_YET
    assert found.conclusion.before == dt.date(2025, 8, 1)
    assert "with these starts not before 1 August 2025" in impact.in_words(found)
    more = measure(deals, starts, data_end=early, smallest_effect=today.smallest * 0.6)
    assert more.conclusion.before > found.conclusion.before
    next_month = measure(deals, starts, data_end=early, smallest_effect=today.smallest * 0.87)
    assert next_month.conclusion.before == dt.date(2025, 5, 1)
    then = measure(deals, starts, data_end=dt.date(2025, 7, 31))
    assert then.smallest == pytest.approx(today.smallest * 0.7, rel=0.25)


def test_fewer_than_six_teams_are_a_picture_without_a_test():
    found = measure(*rolled_out(teams=5, effect=0.4))
    told = impact.to_dict(found)
    assert told["inference"] == "none"
    assert told["ci"] == [None, None]
    assert told["p"] is None
    assert told["effect"] == pytest.approx(0.4, abs=0.15)
    assert told["conclusion"] == "cannot be shown yet"
    assert told["value"] is None
    assert "5 teams are fewer than the 6 that a test needs" in told["in_words"]


def test_six_teams_in_one_wave_are_too_few_orders():
    """One of six starts: 6 orders, none rarer than one in six."""
    found = measure(*rolled_out(teams=1, waves=1, apart=12, waiting=5, effect=0.4))
    assert (found.inference, found.orders) == ("none", 6)
    assert "only 6 orders could have been drawn" in impact.in_words(found)


def test_without_a_lottery_it_is_as_if_random():
    deals, starts = rolled_out(effect=0.25)
    found = measure(deals, starts, lot=None)
    assert found.inference == "as if random"
    assert "as if the order had been drawn by lot" in impact.in_words(found)
    assert any("not drawn by lot" in note for note in found.notes)


def test_orders_from_a_file_are_the_only_ones_compared_with():
    deals, starts = rolled_out(effect=0.25)
    names, days = list(starts), list(starts.values())
    orders = [dict(zip(names, days[turn:] + days[:turn], strict=True)) for turn in range(8)] * 3
    found = measure(deals, starts, lot=impact.Lot(orders=tuple(orders)))
    assert (found.orders, found.every) == (24, True)
    assert found.headline.p in [n / 24 for n in range(3, 25)]


def test_a_rollout_that_could_not_have_been_drawn_is_refused():
    deals, starts = rolled_out()
    other = dict.fromkeys(starts, months(12)[-1])
    with pytest.raises(impact.ImpactError, match="none of the orders that could have been drawn"):
        measure(deals, starts, lot=impact.Lot(orders=(other,)))
    with pytest.raises(impact.ImpactError, match="order 1 and the rollout name different teams: 'Team A'"):
        measure(deals, starts, lot=impact.Lot(orders=({k: v for k, v in other.items() if k != "Team A"},)))


def test_before_anybody_started_nothing_can_be_shown():
    deals, starts = rolled_out()
    later = {team: dt.date(2026, 3 + 2 * place, 1) for place, team in enumerate(sorted(starts)[:4])}
    found = measure(deals, dict.fromkeys(starts) | later)
    assert math.isnan(found.headline.effect)
    assert found.conclusion.verdict == impact.NOT_YET
    assert impact.to_dict(found)["effect"] is None
    assert "no team that began can be held against one that waits" in impact.in_words(found)


def test_before_anybody_started_the_day_follows_from_how_teams_differ_today():
    """The first wave starts on 1 January 2025; the deals end the day before."""
    deals, starts = rolled_out(effect=0.0, seed=3, a_month=40, waiting=2)
    today = {"data_end": dt.date(2024, 12, 31)}
    assert measure(deals, starts, smallest_effect=0.15, **today).conclusion.before == dt.date(2025, 6, 1)
    assert measure(deals, starts, smallest_effect=0.10, **today).conclusion.before is None


def test_the_noise_of_a_deal_is_told_from_what_teams_and_months_leave():
    """240 cells of 40 deals each: teams win a quarter to two fifths, so a deal's own spread is near .47."""
    deals, starts = rolled_out(effect=0.0, seed=3, a_month=40, waiting=2)
    end = dt.date(2025, 12, 31)
    whole = panel(deals, metric=WON, starts=starts, period="month", data_end=end)
    nothing = whole.between(0, 0)
    ahead = conclusion.Ahead(nothing, whole, starts, end, "month", math.nan)
    left = (
        whole.values
        - whole.values.mean(axis=1, keepdims=True)
        - whole.values.mean(axis=0)
        + whole.values.mean()
    )
    exact = math.sqrt(40 * (left**2).sum() / (9 * 23))
    assert conclusion._scale(ahead) == pytest.approx(exact, rel=1e-6)
    assert exact == pytest.approx(0.47, abs=0.05)


def test_what_would_matter_is_three_points_or_a_tenth_of_what_was_usual_before():
    cells = Panel(
        ("A", "B"),
        months(2),
        np.array([[100.0, 900], [200, 300]]),
        np.array([[1.0, 5], [1, 2]]),
        np.array([1, 2]),
    )
    assert conclusion.worth_showing(WON, cells) == 0.03
    usual = (100 + 200 + 2 * 300) / 4
    assert conclusion.worth_showing(metrics.parse("net"), cells) == pytest.approx(usual / 10)


def test_teams_that_had_started_before_the_data_begin_are_named():
    deals, starts = rolled_out(teams=9)
    first = sorted(starts)[0]
    found = measure(deals, starts | {first: dt.date(2020, 1, 1)})
    assert any(note.startswith("1 teams had started before the data begin") for note in found.notes)


def test_deals_and_teams_outside_the_rollout_are_left_out_and_counted():
    deals, starts = rolled_out(teams=9)
    silent = {"Nobody": None}
    inside = {team: day for team, day in starts.items() if team != "Team A"}
    found = measure(deals, inside | silent)
    assert "Team A" not in found.panel.teams
    assert "1 of the teams closed no deal that counts: Nobody." in found.notes
    assert "288 deals are of no team in the rollout and were left out." in found.notes


def test_a_seed_that_draws_this_order_is_said_so():
    deals, starts = rolled_out()
    drawn = impact.plan(deals, teams=tuple(starts), metric=WON, data_end=dt.date(2024, 12, 31), seed=5)
    same = {one.team: one.on for one in drawn.starts}
    found = measure(deals, same, lot=impact.Lot(seed=5))
    assert "Drawn again with seed 5: the same order." in found.notes
    assert not any("Drawn again" in note for note in measure(deals, same, lot=impact.Lot(seed=6)).notes)


def test_open_deals_do_not_count_as_lost():
    deals, starts = rolled_out(effect=0.25)
    waiting = deals.head(500).with_columns(
        deal_id=pl.col("deal_id") + "-open",
        status=pl.lit("open"),
        closed=pl.lit(None, dtype=pl.Datetime("us")),
    )
    assert measure(pl.concat([deals, waiting]), starts).headline == measure(deals, starts).headline


def test_what_moved_before_the_starts_is_said():
    """Teams get better three months before they start: not what a rollout does."""
    deals, starts = rolled_out(effect=0.0, a_month=40)
    earlier = {team: day - dt.timedelta(days=90) for team, day in starts.items()}
    begins = pl.col("team").replace_strict(earlier, return_dtype=pl.Date)
    raised = deals.with_columns(
        status=pl.when((pl.col("closed").dt.date() >= begins) & (pl.col("closed").dt.day() <= 12))
        .then(pl.lit("won"))
        .otherwise("status")
    )
    found = measure(raised, starts)
    assert found.placebo.mean.p <= 0.05 or found.placebo.together <= 0.05
    assert any("shows before the starts already" in note for note in found.notes)


def test_an_effect_that_harms_is_shown_as_harm():
    found = measure(*rolled_out(effect=-0.25, seed=2))
    assert found.conclusion.verdict == impact.SHOWN
    assert impact.in_words(found).startswith("The rollout harms: deals of teams that had started were won")


def test_an_effect_of_won_deals_becomes_money_at_what_won_deals_bring(worked):
    """Every won deal brings 10,000; 8 teams close 12 deals in each of the 12 months that end on 31 December."""
    assert worked.value.deals == 8 * 12 * 12
    assert worked.value.a_year == pytest.approx(worked.headline.effect * 1152 * 10_000)
    assert (worked.value.currency, worked.value.kind) == ("EUR", "net price")
    assert worked.value.low == pytest.approx(worked.headline.low * 1152 * 10_000)


@pytest.mark.parametrize(
    ("name", "rate", "kind"),
    [
        ("discount", -125_000.0, "net price"),
        ("margin", 100_000.0, "contribution"),
        ("net", 20.0, "contribution"),
        ("revenue", 10.0, "net price"),
        ("supportive:discount<=0.2", 20 * (4_000 - 0.0), "contribution"),
    ],
)
def test_each_metric_becomes_money_in_its_own_way(name, rate, kind):
    """10 won deals at 10,000 after 20% discount with 6,000 cost, and 10 lost ones."""
    deals = pl.DataFrame(
        {
            "deal_id": [str(number) for number in range(20)],
            "team": "A",
            "created": dt.datetime(2025, 1, 1),  # noqa: DTZ001
            "closed": dt.datetime(2025, 6, 1),  # noqa: DTZ001
            "status": ["won"] * 10 + ["lost"] * 10,
            "list_price": 12_500.0,
            "net_price": 10_000.0,
            "cost": 6_000.0,
        }
    )
    found = value(deals, name)
    assert (found.a_year, found.kind) == (pytest.approx(rate), kind)
    assert found.currency == ""


def value(deals, name):
    reading = impact.Reading(1.0, 0.5, 1.5, 0.01)
    return values.value_of(reading, metric=metrics.parse(name), deals=deals, teams=["A"], data_end=END)


def test_days_and_several_currencies_are_not_turned_into_money():
    deals, _ = rolled_out(teams=6)
    assert value(deals.with_columns(team=pl.lit("A")), "cycle_days") is None
    mixed = deals.with_columns(
        team=pl.lit("A"),
        currency=pl.when(pl.col("status") == "won").then(pl.lit("USD")).otherwise("currency"),
    )
    assert value(mixed, "won") is None
    assert value(deals.drop("net_price").with_columns(team=pl.lit("A")), "won") is None


def test_deals_without_teams_are_refused():
    deals, starts = rolled_out()
    with pytest.raises(impact.ImpactError, match="need a column team"):
        measure(deals.drop("team"), starts)
    with pytest.raises(impact.ImpactError, match="no team of the rollout closed a deal"):
        measure(deals, {"Somebody else": None})


@pytest.mark.parametrize(("period", "count"), [("week", 92), ("month", 21), ("quarter", 7)])
def test_time_is_cut_as_asked(period, count):
    found = measure(*rolled_out(effect=0.25), period=period)
    assert found.headline.low < 0.25 < found.headline.high
    assert len(found.panel.periods) == pytest.approx(count, abs=1)


def test_a_result_cannot_be_changed_by_accident(worked):
    with pytest.raises(dataclasses.FrozenInstanceError):
        worked.orders = 1
