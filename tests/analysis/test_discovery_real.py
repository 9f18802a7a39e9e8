"""Discovery on real input: a real event log, a pipeline of noise, a real undated table (skipped where absent)."""

import gzip
import re

import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.records.findings import Grade
from histories import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.slow]

FIELD = re.compile(r'<(?:string|date|int|float|boolean) key="([^"]+)" value="([^"]*)"')
WON, LOST = "A_APPROVED", ("A_DECLINED", "A_CANCELLED")


@pytest.fixture(scope="module")
def log():
    """Deals and completed events of the BPI Challenge 2012, with second to fifth calls as steps of their own."""
    deals, events = [], []
    with gzip.open(SHARED / "bpic2012" / "bpic2012.xes.gz", "rt", encoding="utf-8") as lines:
        trace, event = None, None
        for line in lines:
            if "<trace>" in line:
                trace, event = {}, None
            elif "<event>" in line:
                event = {}
            elif "</event>" in line:
                if event.get("lifecycle:transition") == "COMPLETE":
                    events.append((trace["concept:name"], event["concept:name"], event["time:timestamp"]))
                event = None
            elif "</trace>" in line:
                deals.append((trace["concept:name"], trace["REG_DATE"], float(trace["AMOUNT_REQ"])))
                trace = None
            elif trace is not None and (found := FIELD.search(line)):
                (trace if event is None else event).update([found.groups()])
    table = pl.DataFrame(events, schema=["deal_id", "agreement", "at"], orient="row")
    table = table.with_columns(pl.col("at").str.slice(0, 19).str.to_datetime(time_unit="us"))
    ends = (
        table.filter(pl.col("agreement").is_in([WON, *LOST]))
        .group_by("deal_id")
        .agg(pl.all().sort_by("at").first())
    )
    won = (
        pl.when(pl.col("agreement") == WON)
        .then(pl.lit("won"))
        .when(pl.col("agreement").is_in(LOST))
        .then(pl.lit("lost"))
    )
    cases = pl.DataFrame(deals, schema=["deal_id", "created", "initial_amount"], orient="row")
    cases = cases.with_columns(pl.col("created").str.slice(0, 19).str.to_datetime(time_unit="us"))
    cases = cases.join(ends, on="deal_id", how="left").with_columns(
        closed=pl.col("at"), status=won.otherwise(pl.lit("open"))
    )
    calls = table.filter(pl.col("agreement") == "W_Nabellen offertes").sort("deal_id", "at")
    calls = calls.with_columns(number=pl.int_range(pl.len()).over("deal_id") + 1).filter(
        pl.col("number").is_between(2, 5)
    )
    more = calls.select("deal_id", pl.format("call {}", "number").alias("agreement"), "at")
    return cases.drop("agreement", "at"), pl.concat([table, more])


def test_the_log_has_the_published_counts(log):
    deals, _ = log
    assert dict(deals["status"].value_counts().iter_rows()) == {"won": 2246, "lost": 10442, "open": 399}


def test_the_log_has_the_published_shares(log):
    deals, events = log
    sent, back = (
        events.filter(pl.col("agreement") == name)["deal_id"].unique() for name in ("O_SENT", "O_SENT_BACK")
    )
    offered = deals.filter(pl.col("deal_id").is_in(sent.implode()))
    decided = offered.filter(pl.col("status") != "open")
    assert (offered.height, decided.height) == (5015, 4688)
    assert (decided["status"] == "won").mean() == pytest.approx(0.479, abs=0.0005)
    without = decided.filter(~pl.col("deal_id").is_in(back.implode()))
    assert (without.height, (without["status"] == "won").sum()) == (1530, 0)


@pytest.fixture(scope="module")
def of_log(log):
    return discovery.discover(*log, settings=discovery.Settings(metric="won"))


def test_a_step_without_which_nobody_is_approved_is_mechanical(of_log):
    step = of_log.finding("O_SENT_BACK")
    assert step.excluded_because == "mechanical"
    assert "step that every win contains" in step.in_words


def test_more_calls_are_not_harmful_merely_because_long_cases_have_more(of_log):
    calls = [one for one in of_log.findings if one.agreement.startswith("call")]
    assert len(calls) == 4
    assert not [one for one in calls if one.harmful]


def test_the_outcome_itself_is_never_a_finding(of_log):
    for name in (WON, *LOST, "A_ACTIVATED", "A_REGISTERED", "O_ACCEPTED", "O_DECLINED"):
        assert of_log.finding(name).grade == Grade.EXCLUDED


@pytest.fixture(scope="module")
def pipeline():
    """The Maven pipeline with its stage dates as events, and invented agreements that have nothing to do with it."""
    folder = SHARED / "maven_crm"
    sales = pl.read_csv(folder / "sales_pipeline.csv", try_parse_dates=True)
    prices = pl.read_csv(folder / "products.csv").select("product", list_price="sales_price")
    sales = sales.with_columns(pl.col("product").replace("GTXPro", "GTX Pro")).join(prices, on="product")
    status = pl.col("deal_stage").replace_strict({"Won": "won", "Lost": "lost"}, default="open")
    net = pl.when(pl.col("close_value") > 0).then(pl.col("close_value")).cast(pl.Float64)
    deals = sales.select(
        "product",
        "account",
        pl.col("list_price").cast(pl.Float64),
        net_price=net,
        amount=net,
        deal_id="opportunity_id",
        created=pl.col("engage_date").cast(pl.Datetime("us")),
        closed=pl.col("close_date").cast(pl.Datetime("us")),
        status=status,
        owner="sales_agent",
    )
    stages = [
        sales.select(
            deal_id="opportunity_id", agreement=name, at=pl.col(date).cast(pl.Datetime("us"))
        ).drop_nulls()
        for name, date in ((pl.lit("Engaging"), "engage_date"), (pl.col("deal_stage"), "close_date"))
    ]
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    invented = [
        deals.filter((place * (7 + 2 * number)) % 10 < 4).select(
            "deal_id",
            agreement=pl.lit(f"invented {number:02d}"),
            at=pl.col("created") + pl.duration(days=(place * 13 + number) % 30),
        )
        for number in range(24)
    ]
    return deals, pl.concat([*stages, *invented]).drop_nulls()


@pytest.mark.parametrize("metric", ["won", "supportive:discount<=0.1", "revenue", "discount", "cycle_days"])
def test_nothing_is_confirmed_on_a_pipeline_of_noise(pipeline, metric):
    result = discovery.discover(*pipeline, settings=discovery.Settings(metric=metric))
    assert not [one.agreement for one in result.findings if one.confirmed]
    assert not result.pivotal


def test_a_real_undated_table_is_association_only():
    table = pl.read_csv(SHARED / "salvirt_b2b" / "Salvirt_B2B_ML_dataset.csv", separator=";", quote_char='"')
    deals = table.with_row_index("deal_id").with_columns(
        pl.col("deal_id").cast(pl.String), status=pl.col("Status").str.to_lowercase()
    )
    names = ("Budgt_alloc", "Purch_dept", "Needs_def", "Partnership", "Forml_tend", "RFI", "RFP")
    result = discovery.discover(
        deals,
        settings=discovery.Settings(agreement_columns=names, covariates=("Product", "Seller", "Source")),
    )
    assert {one.agreement for one in result.findings} == set(names)
    assert {one.grade for one in result.findings} <= {
        Grade.WEAK,
        Grade.NONE,
        Grade.EXCLUDED,
    }
    assert all(one.gained + one.not_gained <= 448 for one in result.findings)


def test_the_published_facts_of_the_undated_table_come_out():
    table = pl.read_csv(SHARED / "salvirt_b2b" / "Salvirt_B2B_ML_dataset.csv", separator=";", quote_char='"')
    deals = table.with_row_index("deal_id").with_columns(
        pl.col("deal_id").cast(pl.String), status=pl.col("Status").str.to_lowercase()
    )
    names = ("Budgt_alloc", "Authority", "Cross_sale", "Scope", "Needs_def")
    chosen = tuple(name for name in names if name in table.columns)
    result = discovery.discover(deals, settings=discovery.Settings(agreement_columns=chosen))
    levels = {one.level: round(one.mean, 2) for one in result.finding("Budgt_alloc").details.levels}
    assert levels == {"yes": 0.54, "no": 0.53, "unknown": 0.14}
    assert any("Budgt_alloc is unknown" in warning for warning in result.warnings)
    nulls = {
        one.agreement: one.grade for one in result.findings if one.agreement in ("Authority", "Cross_sale")
    }
    assert set(nulls.values()) <= {Grade.NONE, Grade.EXCLUDED}
