"""Columns that give the outcome away are refused; those that may are warned of."""

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.reading import leaks
from histories import SHARED, needs_shared, plain


def with_score(distance, deals=2_000):
    """Return deals with a score of which the mean of won and of lost ones lie so many deviations apart."""
    table, events = plain(deals)
    rng = np.random.default_rng(7)
    won = (table["status"] == "won").to_numpy()
    return table.with_columns(score=distance * won + rng.standard_normal(table.height)), events


#: Areas under the curve of normals so far apart: the normal distribution at distance / sqrt(2).
@pytest.mark.parametrize(("distance", "area"), [(0.0, 0.5), (1.19, 0.8), (2.326, 0.95)])
def test_the_area_under_the_curve_is_that_of_two_normals(distance, area):
    deals, _ = with_score(distance, deals=20_000)
    known = deals.select(won=pl.col("status") == "won", value="score")
    assert leaks.area_under_curve(known) == pytest.approx(area, abs=0.01)


@pytest.mark.parametrize("distance", [2.6, -2.6])
def test_a_column_above_95_is_refused(distance):
    deals, _ = with_score(distance)
    assert "almost perfectly" in leaks.refused(deals, "score", ())


@pytest.mark.parametrize(("distance", "words"), [(1.4, 1), (0.9, 0)])
def test_a_column_above_80_is_warned_of_and_used(distance, words):
    deals, events = with_score(distance)
    settings = discovery.Settings(metric="won", covariates=("score",))
    found = discovery.discover(deals, events, settings=settings)
    assert sum("The column score may not have been known" in one for one in found.warnings) == words


def test_who_insists_has_a_refused_column_used_and_it_is_on_record():
    deals, events = with_score(2.6)
    settings = discovery.Settings(metric="won", covariates=("score",), insist=("score",))
    found = discovery.discover(deals, events, settings=settings)
    assert any("The column score is used because you insist on it" in one for one in found.warnings)
    assert found.to_dict()["settings"]["insist"] == ["score"]


def test_that_only_one_outcome_has_a_value_is_an_area_too():
    deals, _ = plain(2_000)
    luck = pl.Series(np.random.default_rng(3).random(deals.height))
    filled = deals.with_columns(
        reason=pl.when((pl.col("status") == "lost") & (luck < 0.75)).then(pl.lit("x"))
    )
    assert leaks.refused(filled, "reason", ()) == ""
    assert "area under the curve 0.8" in leaks.doubted(filled, "reason", ())


def opened(deals, share=0.2):
    luck = pl.Series(np.random.default_rng(5).random(deals.height)) < share
    return deals.with_columns(
        status=pl.when(luck).then(pl.lit("open")).otherwise("status"),
        closed=pl.when(~luck).then("closed"),
    )


@pytest.mark.parametrize(("still", "told"), [("none yet", True), (None, False)])
def test_what_stands_still_while_deals_are_open_is_filled_at_the_close(still, told):
    """Whatever the outcome: half of the closed deals say a."""
    deals = opened(plain(2_000)[0])
    either = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    filled = pl.when(pl.col("status") == "open").then(pl.lit(still or "a")).otherwise(either)
    noise = filled if told else either
    said = leaks.doubted(deals.with_columns(colour=noise), "colour", ())
    assert ("it is none yet in 100% of open deals and in 0% of closed ones" in said) == told


@pytest.mark.parametrize(
    "name",
    [
        "Tags", "Lead Quality", "Last Activity", "last_notable_activity", "CallDuration", "duration", "days_to_close",
        "Sales Stage Change Count", "Elapsed Days In Sales Stage", "Next Step", "Probability", "ForecastCategory",
        "Win_Loss", "is_won", "Lost Reason", "Abschluss", "Verlustgrund", "Wahrscheinlichkeit", "Nächster Schritt",
        "probabilité", "Raison perdue", "Probabilidad", "Última actividad", "data_chiusura", "Próximo passo",
        "Datum gesloten", "Prognose",
    ],
)  # fmt: skip
def test_names_of_columns_that_change_while_a_deal_runs_are_warned_of(name):
    assert "by its name" in leaks.doubted(plain()[0].with_columns(pl.lit("x").alias(name)), name, ())


@pytest.mark.parametrize(
    "name",
    [
        "industry",
        "Employees",
        "lead_source",
        "country",
        "Winery",
        "closest_office",
        "vintage",
        "campaign",
        "Wonder",
    ],
)
def test_names_of_facts_are_not(name):
    assert leaks.doubted(plain()[0].with_columns(pl.lit("x").alias(name)), name, ()) == ""


@needs_shared
def test_no_column_of_a_real_table_of_facts_is_refused():
    """Published accuracy from all of them together is an area of .85: none alone tells so much."""
    table = pl.read_csv(next((SHARED / "salvirt_b2b").glob("*.csv")), separator=";")
    deals = table.rename({"Status": "status"}).with_columns(pl.col("status").str.to_lowercase())
    assert [name for name in deals.columns if name != "status" and leaks.refused(deals, name, ())] == []
