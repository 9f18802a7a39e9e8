"""Discovery on histories of known truth: what it finds, and what does not fool it."""

import json

import numpy as np
import polars as pl
import pytest
import scipy.special

from hingepoint.analysis import discovery, frames
from hingepoint.analysis.discovery.sums import pieces
from hingepoint.records.agreements import AgreementType, Side
from hingepoint.records.findings import Grade
from histories import found, plain, world


def confirmed(result):
    return {one.agreement for one in result.findings if one.confirmed and not one.harmful}


def test_it_finds_planted_agreements_and_nothing_else():
    result = found()
    planted = set(world().levers)
    assert len(confirmed(result) & planted) >= 4
    assert confirmed(result) <= planted


def test_what_only_looks_pivotal_is_not_confirmed():
    fooling = set(world().of("twin", "skill", "stage", "mechanical", "leading", "size", "idle"))
    assert not confirmed(found()) & fooling


def test_part_of_signing_is_excluded_as_mechanical():
    for key in world().of("mechanical"):
        assert found().finding(key).excluded_because == "mechanical"


def test_harmful_agreements_come_out_against_the_metric():
    harmful = {one.agreement for one in found().findings if one.harmful}
    assert harmful
    assert harmful <= set(world().of("harmful"))
    assert all(found().finding(key).effect < 0 for key in harmful)


def test_every_type_of_the_input_appears_exactly_once_in_order_of_evidence():
    result = found()
    assert sorted(one.agreement for one in result.findings) == sorted(world().events()["agreement"].unique())
    ranks = [list(Grade).index(one.grade) for one in result.findings]
    assert ranks == sorted(ranks)


def test_the_pivotal_set_holds_confirmed_agreements_and_is_never_filled_up():
    result = found()
    chosen = [one.agreement for one in result.pivotal]
    assert set(chosen) <= confirmed(result)
    assert len(chosen) == min(len(confirmed(result)), 8)
    assert all(0 <= one.p_top <= 1 and 0 <= one.selected_share <= 1 for one in result.pivotal)


@pytest.mark.slow
def test_shuffled_outcomes_confirm_nothing():
    lived = world()
    deals = lived.deals()
    mixed = deals.select("status", "closed", "created").sample(fraction=1, shuffle=True, seed=5)
    length = mixed["closed"] - mixed["created"]
    deals = deals.with_columns(status=mixed["status"], closed=deals["created"] + length)
    result = discovery.discover(deals, lived.events(), settings=discovery.Settings(metric="won"))
    assert not [one for one in result.findings if one.confirmed]


@pytest.mark.slow
def test_the_placebo_shown_is_clean():
    assert found().placebo.tested > 300
    assert found().placebo.rejected <= 0.02 * found().placebo.tested


@pytest.mark.slow
def test_too_little_data_says_so_instead_of_finding():
    lived = world(600, 4)
    result = discovery.discover(lived.deals(), lived.events(), settings=discovery.Settings(metric="won"))
    assert not result.pivotal or len(result.pivotal) <= 2
    assert sum(one.confirmed for one in result.findings) <= 3
    assert any("deals" in warning for warning in result.warnings)


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes_in_any_order_of_rows():
    lived = world(1500, 3)
    settings = discovery.Settings(metric="won")
    one = discovery.discover(lived.deals(), lived.events(), settings=settings)
    two = discovery.discover(
        lived.deals().sample(fraction=1, shuffle=True, seed=1),
        lived.events().sample(fraction=1, shuffle=True, seed=2),
        settings=settings,
    )
    assert one.findings_frame().write_csv() == two.findings_frame().write_csv()


def test_the_json_object_is_that_of_the_contract():
    shown = found().to_dict()
    assert list(shown) == [
        "schema",
        "version",
        "metric",
        "data",
        "settings",
        "placebo",
        "controls",
        "warnings",
        "audit",
        "findings",
        "pivotal",
    ]
    assert list(shown["findings"][0]) == [
        "agreement", "grade", "excluded_because", "effect", "ci", "p_adjusted", "gained", "not_gained", "coverage",
        "worth", "worth_ci", "robustness", "best_by", "timing", "segments", "same_as", "in_words",
        "p_top", "place", "place_between", "ten_points", "ten_points_ci", "joint", "paths", "doses", "levels", "turned", "faded", "doubts",
        "repairs", "breaks", "leans",
    ]  # fmt: skip
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown


def test_a_finding_reads_as_one_sentence_with_its_interval_and_its_deals():
    first = found().findings[0]
    assert first.confirmed
    assert first.in_words.count(". ") == 0
    assert f"{first.gained:,} deals gained it" in first.in_words
    assert "95% interval" in first.in_words


def test_an_agreement_gained_after_the_landmark_does_not_count_for_it():
    deals, events = plain()
    late = events.with_columns(at=pl.col("at") + pl.duration(days=5000))
    result = discovery.discover(deals, late, settings=discovery.Settings(metric="won", min_events=5))
    assert all(one.gained == 0 for one in result.findings)
    assert result.data.rules["event_after_close"] == events.height


@pytest.mark.slow
def test_the_analysts_lists_win_over_every_screen():
    settings = discovery.Settings(metric="won", mechanical=("lever.02",), not_mechanical=("mechanical.32",))
    result = discovery.discover(world().deals(), world().events(), settings=settings)
    assert result.finding("lever.02").excluded_because == "mechanical"
    assert result.finding("mechanical.32").excluded_because != "mechanical"


def test_a_late_step_of_the_catalogue_is_not_judged_on_winning():
    catalogue = [AgreementType("helps", "Early help", Side.CUSTOMER, proximity="late")]
    deals, events = plain()
    result = discovery.discover(deals, events, settings=discovery.Settings(metric="won"), catalogue=catalogue)
    assert result.finding("helps").excluded_because == "mechanical"
    assert result.finding("helps").name == "Early help"


@pytest.mark.slow
def test_a_supportive_sale_counts_only_sales_on_target():
    result = found(metric="supportive:discount<=0.15")
    assert result.metric.name == "supportive:discount<=0.15"
    assert confirmed(result) <= set(world().levers)
    assert confirmed(result)


@pytest.mark.slow
def test_a_metric_where_less_is_better_calls_less_a_help():
    result = found(metric="discount")
    assert result.metric.better == "lower"
    helping = [one for one in result.findings if one.confirmed and not one.harmful]
    assert all(one.effect < 0 for one in helping)
    assert any("won deals only" in warning for warning in result.warnings)


def test_without_prices_the_metric_is_won_and_the_reason_is_given():
    result = discovery.discover(*plain(), settings=discovery.Settings())
    assert result.metric.name == "won"
    assert any(warning.startswith("Metric won") for warning in result.warnings)


def test_pandas_frames_come_in_through_the_same_door(oracle):
    oracle("pandas")
    deals, events = plain()
    settings = discovery.Settings(metric="won")
    ours = discovery.discover(deals, events, settings=settings)
    theirs = discovery.discover(deals.to_pandas(), events.to_pandas(), settings=settings)
    assert theirs.to_dict() == ours.to_dict()


def test_progress_is_told_and_never_goes_back():
    told = []
    discovery.discover(
        *plain(), settings=discovery.Settings(metric="won"), progress=lambda share, text: told.append(share)
    )
    assert told == sorted(told)
    assert told[0] < 0.1


def test_empty_optional_columns_change_nothing():
    deals, events = plain()
    empty = {
        name: pl.lit(None, dtype=dtype).alias(name)
        for name, (dtype, _) in frames.DEALS.items()
        if name not in deals.columns
    }
    settings = discovery.Settings(metric="won")
    one = discovery.discover(deals, events, settings=settings)
    two = discovery.discover(deals.with_columns(empty.values()), events, settings=settings)
    assert one.findings_frame().equals(two.findings_frame())


def test_every_number_of_a_confirmed_finding_is_there():
    for one in found().findings:
        if one.confirmed:
            numbers = [
                one.effect,
                *one.ci,
                one.p_adjusted,
                one.worth,
                *one.worth_ci,
                one.robustness,
                one.coverage,
            ]
            assert np.isfinite(numbers).all()
            assert one.timing
            assert one.details.lags


@pytest.mark.slow
def test_before_an_agreement_was_recorded_its_status_is_unknown_not_absent():
    lived = world(1500)
    key = lived.levers[3]
    start = lived.deals()["created"].quantile(0.4)
    early = lived.deals().filter(pl.col("created") < start)["deal_id"]
    dropped = (pl.col("agreement") == key) & pl.col("deal_id").is_in(early.implode())
    result = discovery.discover(
        lived.deals(), lived.events().filter(~dropped), settings=discovery.Settings(metric="won")
    )
    whole, part = found(1500).finding(key), result.finding(key)
    assert any("unknown before" in warning and key in warning for warning in result.warnings)
    assert part.gained + part.not_gained < 0.75 * (whole.gained + whole.not_gained)
    assert part.coverage == pytest.approx(whole.coverage, abs=0.05)


def test_blocks_of_any_size_kept_or_made_anew_give_the_same_findings(monkeypatch):
    settings = discovery.Settings(metric="won", min_events=10)
    whole = discovery.discover(*plain(), settings=settings)
    monkeypatch.setattr(pieces, "BLOCK_ROWS", 64)
    monkeypatch.setattr(pieces, "KEPT_BYTES", 0)
    assert discovery.discover(*plain(), settings=settings).findings_frame().equals(whole.findings_frame())


def test_an_interval_ends_at_nothing_exactly_where_the_effect_is_significant_at_5_percent():
    """With one type nothing is adjusted, so its p-value says the error that the interval is made of."""
    deals, events = plain()
    alone = events.filter(pl.col("agreement") == "helps")
    settings = discovery.Settings(metric="won", min_events=10, smallest_effect=0.0)
    one = discovery.discover(deals, alone, settings=settings).finding("helps")
    error = abs(one.effect) / -scipy.special.ndtri(one.p_adjusted / 2)
    assert 1e-6 < one.p_adjusted < 0.5
    assert one.ci == pytest.approx((one.effect - 1.959964 * error, one.effect + 1.959964 * error), rel=1e-4)
