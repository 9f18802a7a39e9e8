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
