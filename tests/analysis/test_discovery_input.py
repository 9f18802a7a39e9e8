"""Bad or thin input to discovery: one clear message, or an honest result; never a traceback or a NaN."""

import datetime

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
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
        (lambda d, e: (d.with_columns(status=pl.lit("won")), e), "every closed deal is won"),
        (lambda d, e: (d.with_columns(status=pl.lit("lost")), e), "no deal is won"),
        (lambda d, e: (d.with_columns(status=pl.lit("open"), closed=None), e), "no deal is closed"),
        (lambda d, e: (d.with_columns(closed=pl.col("created")), e), "at the moment they are created"),
        (lambda d, e: (d.with_columns(status=pl.lit("perhaps")), e), "a status of open, won or lost"),
    ],
)
def test_input_that_cannot_be_used_is_refused_in_one_sentence(change, message):
    with pytest.raises(discovery.DiscoveryError, match=message) as refused:
        run(*change(*plain()))
    assert "\n" not in str(refused.value)


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
