"""What a deal counts for."""

import datetime

import polars as pl
import pytest

from hingepoint.analysis import metrics

START = datetime.datetime.fromisoformat("2024-01-01")

DEALS = metrics.with_derived(
    pl.DataFrame(
        {
            "deal_id": ["a", "b", "c"],
            "created": [START] * 3,
            "closed": [START + datetime.timedelta(days=days) for days in (60, 100, 30)],
            "status": ["won", "won", "lost"],
            "list_price": [100.0, 200.0, 100.0],
            "net_price": [90.0, 150.0, None],
            "cost": [45.0, 120.0, None],
        }
    )
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("won", [1, 1, 1]),
        ("supportive:discount<=0.15", [1, 0, None]),
        ("supportive:discount<=15%", [1, 0, None]),
        ("supportive:margin>=0.4 and cycle_days<=90", [1, 0, None]),
        ("net", [45, 30, None]),
        ("discount", [0.1, 0.25, None]),
        ("margin", [0.5, 0.2, None]),
        ("revenue", [90, 150, None]),
        ("cycle_days", [60, 100, 30]),
        ("price_realisation", [0.9, 0.75, None]),
        ("contract_size", [100, 200, 100]),
    ],
)
def test_what_a_deal_counts_for_if_it_is_won(name, values):
    found = metrics.value_if_won(metrics.parse(name), DEALS).to_list()
    assert found == [None if value is None else pytest.approx(value) for value in values]


@pytest.mark.parametrize(
    "name", ["profit", "supportive:discount~0.1", "supportive:status<=1", "supportive:", ""]
)
def test_a_metric_that_is_not_known_is_refused_with_the_possible_ones(name):
    with pytest.raises(metrics.MetricError):
        metrics.parse(name)


def test_a_given_discount_is_kept_and_only_gaps_are_computed():
    deals = metrics.with_derived(DEALS.with_columns(discount=pl.Series([0.11, None, None])))
    assert deals["discount"].to_list() == [0.11, pytest.approx(0.25), None]


def test_less_discount_and_fewer_days_are_better():
    assert metrics.parse("discount").sign == metrics.parse("cycle_days").sign == -1
    assert metrics.parse("supportive:discount<=0.15").sign == 1


def test_the_default_with_prices_is_the_discount_that_half_the_won_deals_keep():
    discount = [number / 400 for number in range(100)]
    deals = pl.DataFrame({"created": [START] * 100, "status": ["won"] * 100, "discount": discount})
    metric, why = metrics.default(deals)
    assert metric.name == "supportive:discount<=0.12"
    assert "half the won deals" in why


def test_the_default_without_prices_is_won():
    metric, why = metrics.default(pl.DataFrame({"created": [START], "status": ["won"]}))
    assert metric.name == "won"
    assert "no prices" in why


def test_the_days_to_a_sale_are_discovered_but_no_strategy_is_judged_by_them():
    assert metrics.parse("sale_days").kind == "days"
    with pytest.raises(metrics.MetricError, match="no strategy be judged"):
        metrics.parse_target("sale_days")
    assert metrics.parse_target("cycle_days") == metrics.parse("cycle_days")


def course_of(**columns) -> pl.DataFrame:
    """Three deals won and two lost, closed on 2, 3, 4, 5 and 6 March 2024."""
    days = [START + datetime.timedelta(days=61 + n) for n in range(5)]
    facts = {"id": range(5), "created": [START] * 5, "closed": days, "status": ["won"] * 3 + ["lost"] * 2}
    return metrics.with_derived(pl.DataFrame(facts | columns))


def told(name: str, deals: pl.DataFrame):
    metric = metrics.parse(name)
    return metrics.estimate(metric, metrics.values(metric, deals))


def test_price_realisation_is_all_net_by_all_list_price_not_the_mean_of_deals():
    deals = course_of(list_price=[100.0, 300.0, 0.0, 50.0, 50.0], net_price=[90.0, 210.0, 5.0, None, None])
    found = told("price_realisation", deals)
    assert (found.value, found.n) == (300 / 400, 2)
    assert told("revenue", deals.head(2)).value == pytest.approx(
        told("contract_size", deals.head(2)).value * found.value
    )


def test_contract_size_is_at_list_prices_or_the_amount_where_no_deal_has_one():
    assert told("contract_size", course_of(list_price=[100.0] * 5, amount=[80.0] * 5)).value == 100
    assert told("contract_size", course_of(amount=[80.0] * 5)).value == 80


def test_deals_are_escalated_whether_they_were_won_or_lost():
    found = told("escalation_rate", course_of(escalated=[True, False, False, True, False]))
    assert (found.value, found.n) == (2 / 5, 5)


def test_a_deal_ends_without_a_decision_by_the_reason_of_its_loss():
    found = told("no_decision", course_of(loss_reason=["no decision", None, "", "price", "Project on hold"]))
    assert (found.value, found.n) == (1 / 5, 5)


def test_without_reasons_on_most_losses_nobody_knows_how_many_ended_without_a_decision():
    with pytest.raises(metrics.MetricError, match="1 of 2 have one"):
        told("no_decision", course_of(loss_reason=[None, None, None, "no decision", ""]))


def test_slippage_is_the_days_behind_the_close_first_expected_and_early_ones_count_against_it():
    expected = ["2024-03-02", "2024-02-22", "2024-03-07", None, None]
    found = told("slippage", course_of(first_expected=expected))
    assert (found.value, found.n) == (pytest.approx((0 + 10 - 3) / 3), 3)


@pytest.mark.parametrize("name", ["escalation_rate", "no_decision", "slippage"])
def test_what_is_not_on_record_is_said_and_not_counted_as_nothing(name):
    with pytest.raises(metrics.MetricError):
        told(name, course_of())
    with pytest.raises(metrics.MetricError, match="cannot be judged by"):
        metrics.parse_outcome(name)


def test_open_deals_count_in_no_metric_of_closed_ones():
    deals = course_of().with_columns(status=pl.Series(["won", "open", "open", "lost", "lost"]))
    assert told("won", deals).n == 3
