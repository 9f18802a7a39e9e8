"""A change of contribution split into volume, mix, price and cost: exact, and as others compute it."""

import random
from pathlib import Path

import polars as pl
import pytest

from hingepoint.analysis import margin_split
from hingepoint.analysis.period_numbers import number_of

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


def by_hand(before: dict, since: dict) -> dict[str, float]:
    """The parts of a change, each by its own formula with loops over (quantity, revenue, cost) by group: none is the rest of
    the others."""
    before, since = ({name: one for name, one in told.items() if any(one)} for told in (before, since))
    q0, q1 = (sum(one[0] for one in told.values()) for told in (before, since))
    sold = {
        name: (name in before and before[name][0] != 0, name in since and since[name][0] != 0)
        for name in {*before, *since}
    }
    found = {
        "volume": (q1 / q0 - 1) * sum(r - c for _, r, c in before.values()),
        "mix": 0.0,
        "price": 0.0,
        "cost": 0.0,
    }
    for name, in_both in sold.items():
        was, now = (told.get(name, (0.0, 0.0, 0.0)) for told in (before, since))
        if all(in_both):
            found["price"] += now[0] * (now[1] / now[0] - was[1] / was[0])
            found["cost"] -= now[0] * (now[2] / now[0] - was[2] / was[0])
            found["mix"] += (now[0] - was[0] * q1 / q0) * (was[1] - was[2]) / was[0]
        else:
            found["mix"] += now[1] - now[2] - (was[1] - was[2]) * q1 / q0
    return found


@pytest.mark.parametrize("seed", range(5))
def test_each_part_is_what_its_own_formula_says(seed):
    rng = random.Random(seed)
    told = [
        {name: tuple(rng.uniform(1, 100) for _ in range(3)) for name in rng.sample("abcdefgh", 6)}
        for _ in range(2)
    ]
    found = margin_split.split(
        *(sales(*((name, *one) for name, one in each.items())) for each in told), by=["product"]
    )
    assert {name: getattr(found, name) for name in ("volume", "mix", "price", "cost")} == pytest.approx(
        by_hand(*told)
    )


@pytest.mark.skipif(not (SHARED / "packt_pvm").exists(), reason="the workbook is not beside this clone")
def test_a_split_agrees_with_the_arithmetic_of_a_published_workbook():
    """Quantities and gross sales of the workbook's last two years, product by product: price = (p1 - p0) q1, volume at the average
    price, mix the rest of (q1 - q0) p0; products of one year alone are mix. It holds no cost: ours is six tenths of the price
    in the first year and a tenth dearer apiece in the second."""
    import fastexcel

    sheet = fastexcel.read_excel(SHARED / "packt_pvm" / "pvm.xlsx").load_sheet("Transactions").to_polars()
    actual = sheet.filter(pl.col("Scenario") == "Actual").with_columns(pl.col("Amount").cast(pl.Float64))
    money = sorted(set(actual["DimSalesMeasures"]) - {"OrderQuantity"})[0]
    wide = actual.group_by("Year", "DimProduct").agg(
        quantity=pl.col("Amount").filter(pl.col("DimSalesMeasures") == "OrderQuantity").sum(),
        revenue=pl.col("Amount").filter(pl.col("DimSalesMeasures") == money).sum(),
    )
    years = sorted(wide["Year"].unique())[-2:]
    before, since = (wide.filter(pl.col("Year") == year) for year in years)
    apiece = before.select("DimProduct", apiece=0.6 * pl.col("revenue") / pl.col("quantity"))
    before = before.with_columns(cost=0.6 * pl.col("revenue"))
    since = since.join(apiece, on="DimProduct", how="left").with_columns(
        cost=1.1 * pl.col("quantity") * pl.col("apiece").fill_null(0.0)
    )
    found = margin_split.split(before, since, by=["DimProduct"])
    told = [
        {
            name: (q, r, c)
            for name, q, r, c in one.select("DimProduct", "quantity", "revenue", "cost").iter_rows()
        }
        for one in (before, since)
    ]
    wanted = by_hand(*told)
    assert sum(one[0] for one in told[0].values()) > 100
    assert {name: getattr(found, name) for name in wanted} == pytest.approx(wanted, rel=1e-7)
    both = since.filter(pl.col("apiece").is_not_null() & (pl.col("quantity") > 0))
    assert found.cost == pytest.approx(-0.1 * (both["quantity"] * both["apiece"]).sum(), rel=1e-9)
    assert min(abs(one) for one in wanted.values()) > 1


@pytest.mark.skipif(
    not (SHARED / "ms_customer_profitability").exists(), reason="the data is not beside this clone"
)
def test_signal_one_runs_on_real_accounts_and_its_split_is_that_of_a_recount():
    """Each customer's month is one sale: revenue and five costs, 2013-08 to 2014-11."""
    import datetime as dt

    import numpy as np

    from hingepoint.analysis.signals import SIGNALS, engine
    from hingepoint.analysis.signals.engine import facts
    from hingepoint.analysis.signals.engine.telling import RECENT

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
    leading = told.leading
    begins = leading.series.first + leading.series.baseline
    since = (
        number_of(leading.since, "month")
        if leading.since
        else number_of(known.as_of, "month") - RECENT // 2 + 1
    )
    rows = [
        (number_of(row["closed"].date(), "month"), row["product"], row["net_price"], row["cost"])
        for row in deals.iter_rows(named=True)
        if leading.place.level == "company" or row["account"] == leading.place.name
    ]
    times = [[one for one in rows if one[0] < begins], [one for one in rows if one[0] >= since]]
    wanted = by_hand(*map(a_month_by_hand, times))
    whole, *parts = told.drivers
    assert [one.words.rpartition(" ")[2] for one in parts] == list(wanted)
    assert [one.since for one in parts] == pytest.approx(list(wanted.values()), rel=1e-6, abs=1e-6)
    assert whole.since - whole.before == pytest.approx(sum(wanted.values()), rel=1e-6)
    assert abs(whole.since - whole.before) > 1


def a_month_by_hand(rows: list[tuple]) -> dict[str, tuple[float, float, float]]:
    """What each product sold a month: the quantity is the net price, for these have no list price."""
    months = len({month for month, *_ in rows})
    found: dict[str, tuple[float, float, float]] = {}
    for _, product, price, cost in rows:
        quantity, revenue, costs = found.get(product, (0.0, 0.0, 0.0))
        found[product] = (quantity + price / months, revenue + price / months, costs + cost / months)
    return found
