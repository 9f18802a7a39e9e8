"""Bad or thin input to discovery: one clear message, or an honest result; never a traceback or a NaN."""

import datetime

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.reading import history
from hingepoint.analysis.discovery.sums import study
from histories import plain

WON = discovery.Settings(metric="won", min_events=10)


def run(deals, events, settings=WON):
    return discovery.discover(deals, events, settings=settings)


def honest(result, types):
    """Every type once, JSON without NaN, and a sentence for each."""
    shown = result.to_dict()
    assert sorted(one["agreement"] for one in shown["findings"]) == sorted(types)
    assert all(one["in_words"] for one in shown["findings"])
    numbers = [one["effect"] for one in shown["findings"]]
    assert all(number is None or np.isfinite(number) for number in numbers)
    return result


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, e: (d.drop("created"), e), "no column created"),
        (lambda d, e: (d, e.drop("at")), "no column at"),
        (lambda d, e: (d.head(0), e), "no deal with"),
        (lambda d, e: (d, e.head(0)), "no agreement type"),
        (lambda d, e: (d.with_columns(closed=pl.col("created")), e), "at the moment they are created"),
        (lambda d, e: (d.with_columns(status=pl.lit("perhaps")), e), "a status of open, won or lost"),
    ],
)
def test_input_that_cannot_be_used_is_refused_in_one_sentence(change, message):
    with pytest.raises(discovery.DiscoveryError, match=message) as refused:
        run(*change(*plain()))
    assert "\n" not in str(refused.value)


def only(status):
    """Return the deals of which each has this status."""
    deals, _ = plain()
    closed = pl.lit(None, dtype=pl.Datetime("us")) if status == "open" else pl.col("closed")
    return deals.with_columns(status=pl.lit(status), closed=closed)


def priced(**columns):
    deals, _ = plain()
    return deals.with_columns(**columns)


#: Deals and a metric with which every deal ends alike, and what is said of it.
ALIKE = {
    "all won": (only("won"), "won", "Every closed deal is won"),
    "all won, on target or not": (only("won"), "supportive:cycle_days<=60", "Every closed deal is won"),
    "none won": (only("lost"), "won", "No deal is won"),
    "none won, of sold ones only": (only("lost"), "cycle_days", "No deal is won"),
    "none closed": (only("open"), "won", "No deal is closed yet"),
    "none on target": (priced(), "supportive:cycle_days<=3", "No won deal meets cycle_days<=3"),
    "each worth nothing": (priced(net_price=pl.lit(60.0), cost=pl.lit(60.0)), "net", "net is the same"),
    "each at one discount": (priced(discount=pl.lit(0.1)), "discount", "discount is the same"),
    "each at its seller's": (
        priced(discount=pl.col("owner").str.slice(1).cast(pl.Float64) / 100),
        "discount",
        "discount is the same in all deals of each seller",
    ),
}


@pytest.mark.parametrize("case", ALIKE)
def test_where_every_deal_ends_alike_it_says_so_and_counts_each_type_once(case):
    deals, metric, words = ALIKE[case]
    result = run(deals, plain()[1], discovery.Settings(metric=metric, min_events=10))
    honest(result, ["helps", "idle", "other"])
    assert not result.enough
    assert result.placebo == discovery.Placebo(0, 0)
    (said,) = (one for one in result.warnings if "Only counts are shown." in one)
    assert said.startswith(words)
    nobody_to_count = result.metric.among_won and not result.data.won
    assert (result.finding("helps").gained == 0) == nobody_to_count


@pytest.mark.parametrize("status", ["won", "lost", "open"])
def test_a_table_without_dates_in_which_every_deal_ends_alike_is_counted_too(status):
    table = only(status).with_columns(scope=pl.lit("yes"), budget=pl.lit("no"))
    settings = discovery.Settings(metric="won", agreement_columns=("scope", "budget"))
    result = honest(discovery.discover(table, settings=settings), ["scope", "budget"])
    assert not result.enough
    assert any(one.startswith("Too little data for any finding") for one in result.warnings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "happiness"}, "not known"),
        ({"metric": "supportive:mood<=3"}, "cannot be judged on"),
        ({"metric": "supportive:discount"}, "not a condition"),
        ({"metric": "supportive:discount<=0.1"}, "needs discount"),
        ({"metric": "margin"}, "needs margin"),
        ({"metric": "won", "covariates": ("colour",)}, "not a column"),
        ({"metric": "won", "covariates": ("status",)}, "outcome of the sale"),
        ({"landmarks": (4, 2)}, "increasing"),
        ({"landmarks": ()}, "increasing"),
        ({"horizon_weeks": 0}, "horizon"),
        ({"pivotal": (8, 6)}, "pivotal set"),
        ({"mechanical": ("a",), "not_mechanical": ("a",)}, "both mechanical"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings, message):
    with pytest.raises(discovery.DiscoveryError, match=message):
        run(*plain(), discovery.Settings(**settings))


def test_a_covariate_filled_at_the_close_is_refused_by_name():
    deals, events = plain()
    deals = deals.with_columns(reason=pl.when(pl.col("status") == "lost").then(pl.lit("price")))
    with pytest.raises(discovery.DiscoveryError, match=r"'reason' leaks"):
        run(deals, events, discovery.Settings(metric="won", covariates=("reason",)))


def test_a_covariate_that_foretells_the_outcome_is_refused_by_name():
    deals, events = plain()
    deals = deals.with_columns(score=pl.when(pl.col("status") == "won").then(0.9).otherwise(0.1))
    with pytest.raises(discovery.DiscoveryError, match=r"'score' leaks"):
        run(deals, events, discovery.Settings(metric="won", covariates=("score",)))


def test_a_usual_column_that_leaks_is_left_out_with_a_warning():
    deals, events = plain()
    result = run(deals.with_columns(source="status"), events)
    assert any("source was left out" in warning for warning in result.warnings)


def test_one_seller_is_said():
    deals, events = plain()
    result = honest(run(deals.with_columns(owner=pl.lit("Ann")), events), ["helps", "idle", "other"])
    assert any("only one owner" in warning for warning in result.warnings)


def test_a_seller_per_deal_is_said():
    deals, events = plain()
    result = honest(run(deals.with_columns(owner="deal_id"), events), ["helps", "idle", "other"])
    assert any("fewer than five deals" in warning for warning in result.warnings)


def test_a_duplicate_agreement_is_named_as_the_same():
    deals, events = plain(1500)
    copy = events.filter(pl.col("agreement") == "helps").with_columns(agreement=pl.lit("copy"))
    result = honest(run(deals, pl.concat([events, copy])), ["helps", "copy", "idle", "other"])
    assert {result.finding("helps").grade, result.finding("copy").grade} <= {"moderate", "weak", "none"}
    assert result.finding("helps").same_as == ("copy",)
    assert result.finding("copy").same_as == ("helps",)


def test_an_agreement_that_every_deal_has_cannot_be_judged():
    deals, events = plain()
    everyone = deals.select("deal_id", at="created").with_columns(agreement=pl.lit("always"))
    result = honest(
        run(deals, pl.concat([events, everyone.select(events.columns)])), ["helps", "idle", "other", "always"]
    )
    assert result.finding("always").excluded_because == "too_few"


def rare(deals, types, each=3):
    """Return events of many types, each gained by so few deals."""
    rng = np.random.default_rng(4)
    return pl.DataFrame(
        {
            "deal_id": deals["deal_id"][int(deal)],
            "agreement": f"rare {kind}",
            "at": deals["created"][int(deal)] + datetime.timedelta(days=float(rng.uniform(1, 20))),
        }
        for kind in range(types)
        for deal in rng.choice(deals.height, each, replace=False)
    )


def test_types_that_cannot_be_judged_are_told_of_once_and_change_nothing_for_the_others():
    deals, events = plain(600)
    alone = run(deals, events)
    beside = run(deals, pl.concat([events, rare(deals, 300)]))
    honest(beside, ["helps", "idle", "other", *(f"rare {kind}" for kind in range(300))])
    assert beside.data.types == 303
    for key in ("helps", "idle", "other"):
        assert beside.finding(key) == alone.finding(key)
    few = beside.finding("rare 7")
    assert (few.excluded_because, few.gained, few.not_gained, few.coverage) == ("too_few", 3, 597, 0.005)
    assert few.in_words.startswith("“rare 7” cannot be judged: 3 deals gained it in time and 597 did not")


def test_nothing_is_made_by_type_of_types_that_cannot_be_judged():
    deals, events = plain(600)
    alone, beside = (
        study.prepare(history.read(deals, told, WON), WON)
        for told in (events, pl.concat([events, rare(deals, 300)]))
    )
    assert beside.layout == alone.layout
    assert beside.layout.types == 3
    assert beside.columns.groups == alone.columns.groups
    assert [piece.history.gained.shape for piece in beside.pieces.parts] == [(600, 3)]
    assert len(beside.too_few) == 300


def test_more_types_than_deals_is_too_little_not_a_crash():
    deals, _ = plain(120)
    rng = np.random.default_rng(3)
    rows = [
        {
            "deal_id": f"D{deal}",
            "agreement": f"type {kind}",
            "at": deals["created"][deal] + datetime.timedelta(days=3),
        }
        for deal in range(120)
        for kind in np.nonzero(rng.random(200) < 0.5)[0].tolist()
    ]
    result = honest(run(deals, pl.DataFrame(rows)), [f"type {kind}" for kind in range(200)])
    assert not result.enough
    assert any("Too little data" in warning for warning in result.warnings)


def test_all_deals_too_young_for_the_horizon_is_too_little_data():
    deals, events = plain()
    result = honest(
        run(deals, events, discovery.Settings(metric="won", horizon_weeks=500)), ["helps", "idle", "other"]
    )
    assert not result.enough


def test_a_handful_of_deals_shows_counts_only():
    deals, events = plain(30)
    result = honest(run(deals, events), ["helps", "idle", "other"])
    assert not result.enough
    assert not result.pivotal


def test_infinite_and_missing_amounts_are_lived_with():
    deals, events = plain()
    odd = [float("inf"), float("nan"), -5.0, 0.0, None]
    amounts = [
        odd[place % 5] if place < 100 else value for place, value in enumerate(deals["initial_amount"])
    ]
    honest(run(deals.with_columns(initial_amount=pl.Series(amounts)), events), ["helps", "idle", "other"])


def test_rows_that_cannot_be_placed_are_counted_by_rule():
    deals, events = plain()
    stray = pl.DataFrame(
        {
            "deal_id": ["nobody", "D1", "D2", None],
            "agreement": ["helps"] * 4,
            "at": [
                *(datetime.datetime.fromisoformat(day) for day in ("2023-05-01", "2001-01-01", "2023-12-01")),
                None,
            ],
        }
    )
    doubled = pl.concat([deals, deals.head(3)])
    result = run(doubled, pl.concat([events, stray.select(events.columns)], how="vertical_relaxed"))
    assert result.data.rules["duplicate_deal"] == 3
    assert result.data.rules["event_of_unknown_deal"] == 1
    assert result.data.rules["event_before_creation"] == 1
    assert result.data.rules["unreadable_event"] == 1


def test_a_declined_agreement_is_not_a_gained_one():
    deals, events = plain()
    result = run(deals, events.with_columns(state=pl.lit("declined")))
    assert all(one.gained == 0 for one in result.findings)


@pytest.mark.parametrize("said", [["high"] * 3, [None] * 3, [99, -4, 2], [float("nan"), 3.0, 1.5]])
def test_evidence_that_makes_no_sense_is_unknown_evidence(said):
    deals, events = plain(600)
    told = pl.Series("evidence", said * (events.height // 3 + 1), strict=False).head(events.height)
    honest(run(deals, events.with_columns(told)), ["helps", "idle", "other"])


def test_stages_without_events_of_stages_are_refused():
    with pytest.raises(discovery.DiscoveryError, match="kind stage"):
        run(*plain(), discovery.Settings(metric="won", landmarks_at=("Proposal",)))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), None, 1.0])
def test_covariates_that_are_constant_or_not_numbers_are_lived_with(value):
    deals, events = plain()
    odd = deals.with_columns(odd=pl.lit(value, dtype=pl.Float64), same=pl.lit("x"))
    settings = discovery.Settings(metric="won", min_events=10, covariates=("odd", "same"))
    honest(run(odd, events, settings), ["helps", "idle", "other"])


def test_a_win_of_infinite_value_is_set_aside_and_counted():
    deals, events = plain()
    priced = deals.with_columns(net_price=pl.lit(100.0), cost=pl.lit(60.0)).with_columns(
        cost=pl.when(pl.int_range(pl.len()) < 3).then(float("-inf")).otherwise(pl.col("cost")),
        status=pl.col("status"),
    )
    won = int((priced["status"].head(3) == "won").sum())
    result = honest(
        run(priced, events, discovery.Settings(metric="net", min_events=10)), ["helps", "idle", "other"]
    )
    assert result.data.rules.get("won_without_figures", 0) == won


def test_an_undated_table_has_no_days_to_a_sale():
    settings = discovery.Settings(metric="sale_days", agreement_columns=("segment",))
    with pytest.raises(discovery.DiscoveryError, match="needs the dates"):
        discovery.discover(plain()[0], settings=settings)
