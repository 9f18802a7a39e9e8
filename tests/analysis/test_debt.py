"""What agreement debt comes to: planted values, worked out by hand, and an independent count in plain Python."""

from __future__ import annotations

import math
import random
from collections import Counter

import polars as pl
import pytest

from hingepoint.analysis import debt
from hingepoint.records.debts import Unvalued

USUAL = {
    "deal": 1,
    "agreement": "cust.data_access",
    "kind": "overdue",
    "amount": 100_000.0,
    "currency": "EUR",
    "gain": 0.08,
    "low": 0.05,
    "high": 0.11,
    "in_money": False,
    "counts_days": False,
    "days": 10,
    "payable": True,
}


def debts(*rows):
    return pl.DataFrame([USUAL | row for row in rows], schema=debt.COLUMNS, orient="row")


def test_a_debt_is_worth_the_amount_times_the_gain_and_so_are_the_ends_of_its_range():
    (told,) = debt.tell(debts({})).sums
    assert (told.value, told.low, told.high) == pytest.approx((8_000, 5_000, 11_000))


def test_the_sum_of_planted_debts_is_the_one_worked_out_by_hand():
    told = debt.tell(
        debts(
            {},  # 8,000, ten days
            {"deal": 2, "amount": 50_000.0, "kind": "soft", "days": None},  # 4,000, not due yet
            {
                "deal": 2,
                "agreement": "int.price_corridor",
                "amount": 50_000.0,
                "gain": 0.1,
                "days": 50,
            },  # 5,000
            {"deal": 3, "kind": "broken", "days": 100, "payable": False},  # 8,000 that left
        )
    )
    (euros,) = told.sums
    assert (told.debts, told.deals, told.gone, told.gone_deals) == (3, 2, 1, 1)
    assert told.by_kind == {"overdue": 2, "soft": 1}
    assert euros.value == pytest.approx(17_000)
    down, up = math.hypot(3_000 + 1_500, 2_500), math.hypot(3_000 + 1_500, 500)  # one error an agreement
    assert (euros.low, euros.high) == pytest.approx((17_000 - down, 17_000 + up))
    assert (euros.old, euros.gone, euros.gone_deals) == pytest.approx((5_000, 8_000, 1))
    assert {age.words: (age.debts, round(age.value)) for age in euros.ages} == {
        "Not due yet": (1, 4_000),
        "Up to two weeks": (1, 8_000),
        "Two to six weeks": (0, 0),
        "Six weeks to three months": (1, 5_000),
        "More than three months": (0, 0),
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"gain": None, "low": None, "high": None}, Unvalued.NOT_SIGNED),
        ({"gain": -0.02}, Unvalued.NO_HELP),
        ({"counts_days": True, "gain": 4.0}, Unvalued.NO_MONEY),
        ({"amount": None}, Unvalued.NO_AMOUNT),
    ],
)
def test_what_has_no_value_is_counted_and_says_why(row, why):
    told = debt.tell(debts(row, {"deal": 2}))
    assert (told.debts, told.valued, told.unvalued) == (2, 1, {why.value: 1})
    assert told.sums[0].value == pytest.approx(8_000)


def test_money_a_deal_is_worth_itself_whatever_the_amount():
    told = debt.tell(debts({"in_money": True, "gain": 700.0, "low": 300.0, "high": 1_100.0, "amount": None}))
    assert (told.sums[0].value, told.sums[0].low, told.sums[0].high) == (700.0, 300.0, 1_100.0)


def test_currencies_are_never_added_and_the_one_with_most_debts_comes_first():
    told = debt.tell(debts({"currency": "USD"}, {"deal": 2}, {"deal": 3}))
    assert [(one.currency, one.debts, round(one.value)) for one in told.sums] == [
        ("EUR", 2, 16_000),
        ("USD", 1, 8_000),
    ]


def test_a_range_may_reach_below_nothing():
    (told,) = debt.tell(debts({"low": -0.01})).sums
    assert told.low == pytest.approx(-1_000)


def test_the_range_of_a_sum_holds_the_truth_nineteen_times_in_twenty():
    rng, truth, spread = random.Random(4), (0.08, 0.05, 0.03), (0.02, 0.015, 0.03)
    held = 0
    for _ in range(400):
        seen = [rng.gauss(*each) for each in zip(truth, spread, strict=True)]
        rows = [
            {"deal": n, "agreement": str(n % 3), "amount": 1_000.0 * n, "gain": max(seen[n % 3], 1e-9),
             "low": seen[n % 3] - 1.96 * spread[n % 3], "high": seen[n % 3] + 1.96 * spread[n % 3]}
            for n in range(1, 31)
        ]  # fmt: skip
        (told,) = debt.tell(debts(*rows)).sums
        true = sum(1_000.0 * n * truth[n % 3] for n in range(1, 31))
        held += told.low <= true <= told.high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(("days", "band"), [(14, 0), (15, 1), (42, 1), (43, 2), (91, 2), (92, 3)])
def test_a_debt_is_in_one_band_of_ages(days, band):
    (told,) = debt.tell(debts({"days": days})).sums
    assert [age.debts for age in told.ages[1:]] == [int(place == band) for place in range(4)]


def test_without_a_debt_there_is_nothing():
    told = debt.tell(debts())
    assert (told.debts, told.deals, told.sums, told.gone) == (0, 0, (), 0)


def test_an_independent_count_agrees_on_many_random_debts():
    drawn = random.Random(284)
    rows = [
        {
            "deal": drawn.randrange(150),
            "amount": drawn.choice([None, drawn.uniform(1e3, 1e6)]),
            "currency": drawn.choice(["EUR", "USD", "CHF"]),
            "gain": drawn.choice([None, drawn.uniform(-0.05, 0.2)]),
            "days": drawn.choice([None, drawn.randrange(200)]),
            "payable": drawn.random() < 0.7,
        }
        for _ in range(500)
    ]
    told = debt.tell(debts(*rows))
    value, gone, owed = Counter(), Counter(), Counter()
    for row in rows:
        owed["debts"] += row["payable"]
        if row["amount"] is not None and row["gain"] is not None and row["gain"] > 0:
            (value if row["payable"] else gone)[row["currency"]] += row["amount"] * row["gain"]
    assert told.debts == owed["debts"]
    assert told.gone == len(rows) - owed["debts"]
    for one in told.sums:
        assert math.isclose(one.value, value[one.currency], rel_tol=1e-12)
        assert math.isclose(one.gone, gone[one.currency], rel_tol=1e-12)
        assert math.isclose(sum(age.value for age in one.ages), one.value, rel_tol=1e-12)
