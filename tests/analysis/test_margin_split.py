"""A change of contribution split into volume, mix, price and cost: exact, and as others compute it."""

from pathlib import Path

import polars as pl
import pytest

from hingepoint.analysis import margin_split

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def sales(*rows: tuple[str, float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["product", "quantity", "revenue", "cost"], orient="row")


BEFORE = sales(("a", 10, 100, 60), ("b", 10, 200, 100))


def parts(found: margin_split.Split) -> tuple[float, ...]:
    return found.volume, found.mix, found.price, found.cost


@pytest.mark.parametrize(
    ("since", "wanted"),
    [
        (sales(("a", 20, 200, 120), ("b", 20, 400, 200)), (140, 0, 0, 0)),  # twice as much of everything
        (sales(("a", 15, 150, 90), ("b", 5, 100, 50)), (0, -30, 0, 0)),  # five pieces go from 10 to 4 apiece
        (sales(("a", 10, 90, 60), ("b", 10, 200, 100)), (0, 0, -10, 0)),  # a cheaper by one apiece
        (sales(("a", 10, 100, 60), ("b", 10, 200, 130)), (0, 0, 0, -30)),  # b dearer to make by three apiece
        (
            sales(("a", 10, 100, 60), ("c", 10, 200, 100)),
            (0, 0, 0, 0),
        ),  # as much of a new one, worth the same
    ],
    ids=["volume", "mix", "price", "cost", "new"],
)
def test_each_part_is_that_of_the_textbook(since, wanted):
    assert parts(margin_split.split(BEFORE, since, by=["product"])) == pytest.approx(wanted, abs=1e-9)


def test_the_parts_add_up_to_the_change():
    since = sales(("a", 13, 150, 70), ("c", 4, 90, 85), ("d", 2, 10, 1))
    found = margin_split.split(BEFORE, since, by=["product"])
    assert sum(parts(found)) == pytest.approx(found.since - found.before, abs=1e-9)
    assert (found.before, found.since) == (140, 94)


def test_nothing_sold_before_cannot_be_split():
    with pytest.raises(ValueError, match="quantity before"):
        margin_split.split(BEFORE.clear(), BEFORE, by=["product"])


@pytest.mark.skipif(not (SHARED / "packt_pvm").exists(), reason="the workbook is not beside this clone")
def test_a_split_agrees_with_the_arithmetic_of_a_published_workbook():
    """Quantities and gross sales of 2020 against 2021, product by product: price = (p1 - p0) q1, volume at the average
    price, mix the rest of (q1 - q0) p0; products of one year alone are mix."""
    import fastexcel

    sheet = fastexcel.read_excel(SHARED / "packt_pvm" / "pvm.xlsx").load_sheet("Transactions").to_polars()
    actual = sheet.filter(pl.col("Scenario") == "Actual").with_columns(pl.col("Amount").cast(pl.Float64))
    money = sorted(set(actual["DimSalesMeasures"]) - {"OrderQuantity"})[0]
    wide = (
        actual.group_by("Year", "DimProduct")
        .agg(
            quantity=pl.col("Amount").filter(pl.col("DimSalesMeasures") == "OrderQuantity").sum(),
            revenue=pl.col("Amount").filter(pl.col("DimSalesMeasures") == money).sum(),
        )
        .with_columns(cost=pl.lit(0.0))
    )
    years = sorted(wide["Year"].unique())[-2:]
    before, since = (wide.filter(pl.col("Year") == year) for year in years)
    found = margin_split.split(before, since, by=["DimProduct"])
    old, new = ({row["DimProduct"]: row for row in one.iter_rows(named=True)} for one in (before, since))
    price = sum(
        (one["revenue"] / one["quantity"] - old[name]["revenue"] / old[name]["quantity"]) * one["quantity"]
        for name, one in new.items()
        if one["quantity"] and name in old and old[name]["quantity"]
    )
    q0, q1 = (sum(one["quantity"] for one in rows.values()) for rows in (old, new))
    r0, r1 = (sum(one["revenue"] for one in rows.values()) for rows in (old, new))
    assert q0 > 100
    assert found.price == pytest.approx(price, rel=1e-9)
    assert found.volume == pytest.approx((q1 - q0) * r0 / q0, rel=1e-9)
    assert found.mix == pytest.approx(r1 - r0 - price - (q1 - q0) * r0 / q0, rel=1e-7)
    assert abs(price) > 1


@pytest.mark.skipif(
    not (SHARED / "ms_customer_profitability").exists(), reason="the data is not beside this clone"
)
def test_signal_one_runs_on_real_accounts_and_its_split_adds_up():
    """Each customer's month is one sale: revenue and five costs, 2013-08 to 2014-11."""
    import datetime as dt

    import numpy as np

    from hingepoint.analysis.signals import SIGNALS, engine
    from hingepoint.analysis.signals.engine import facts

    table = pl.read_csv(SHARED / "ms_customer_profitability" / "Fact.csv").filter(pl.col("Scenario Key") == 1)
    costs = ["Material Costs", "Labor Costs Variable", "Taxes", "Travel Expenses", "Cost Third Party"]
    earned = ["Revenue", "Rev for Exp Travel", "Subscription Revenue"]
    sums = (
        table.group_by("Customer Key", "Product Key", "YearPeriod")
        .agg(
            net_price=pl.sum_horizontal(pl.col(earned).fill_null(0).sum()),
            cost=pl.sum_horizontal(pl.col(costs).fill_null(0).sum()),
        )
        .filter(pl.col("net_price") > 0)
        .with_row_index("n")
    )
    month = pl.col("YearPeriod").cast(pl.String) + "15"
    deals = sums.select(
        "net_price",
        "cost",
        deal_id=pl.col("n").cast(pl.String),
        status=pl.lit("won"),
        created=month.str.to_datetime("%Y%m%d", time_unit="us"),
        closed=month.str.to_datetime("%Y%m%d", time_unit="us"),
        account=pl.col("Customer Key").cast(pl.String),
        product=pl.col("Product Key").cast(pl.String),
    ).filter(((pl.col("net_price") - pl.col("cost")) / pl.col("net_price")).is_between(-1, 1))
    known = facts.from_log(deals, as_of=dt.date(2014, 11, 30))
    report = engine.read(known, rng=np.random.default_rng(1), signals=[SIGNALS["account_margins"]])
    (told,) = report.signals
    accounts = [one for one in told.places if one.place.level == "account"]
    assert len(accounts) >= 12
    assert report.charts >= len(accounts)
    whole, *moved = (one.since - (one.before or 0.0) for one in told.drivers)
    assert sum(moved) == pytest.approx(whole, rel=1e-6)
