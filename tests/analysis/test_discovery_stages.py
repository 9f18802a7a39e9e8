"""Landmarks on entry into stages: deals are looked at where they stand, not when."""

import datetime

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.reading import history as histories_read
from hingepoint.analysis.discovery.settings import landmarks
from hingepoint.analysis.discovery.sums import study
from histories import plain

SETTINGS = discovery.Settings(metric="won", min_events=10, landmarks_at=("Qualified", "Proposal"))


def staged(deals=500):
    """Return the plain history with two stages, entered after 3 and 5 weeks on average."""
    table, events = plain(deals)
    rng = np.random.default_rng(7)
    weeks = np.cumsum(rng.exponential([3.0, 2.0], (deals, 2)), axis=1)
    entries = pl.concat(
        [
            table.select(
                "deal_id",
                "closed",
                agreement=pl.lit(name),
                at=pl.col("created")
                + pl.Series(weeks[:, place] * 7 * 86_400_000_000).cast(pl.Duration("us")),
                kind=pl.lit("stage"),
            )
            for place, name in enumerate(("Qualified", "Proposal"))
        ]
    ).filter(pl.col("at") < pl.col("closed"))
    return table, pl.concat(
        [events.with_columns(kind=pl.lit("agreement")), entries.drop("closed")], how="diagonal_relaxed"
    )


@pytest.fixture(scope="module")
def found():
    return discovery.discover(*staged(), settings=SETTINGS)


def test_effects_are_told_by_the_stage_a_deal_enters(found):
    assert found.data.landmarks == ("Qualified", "Proposal")
    assert {point.landmark for one in found.findings for point in one.timing} <= {"Qualified", "Proposal"}
    assert found.finding("helps").effect > 0.1
    assert found.finding("helps").best_by is None
    assert {one.agreement for one in found.findings} == {"helps", "idle", "other"}


def test_what_is_gained_after_the_entry_does_not_count_for_it():
    read = histories_read.read(*staged(), SETTINGS)
    prepared = study.prepare(read, SETTINGS)
    before, now = design.standing(read, prepared.rows, prepared.grid)
    entry = read.entries[prepared.rows.deal, prepared.rows.landmark]
    assert np.isfinite(entry).all()
    assert (read.closed[prepared.rows.deal] > entry).all()
    assert np.array_equal(before | now, read.gained[prepared.rows.deal] <= entry[:, None])
    first = read.entries[prepared.rows.deal, 0]
    second = prepared.rows.landmark == 1
    assert np.array_equal(before[second], read.gained[prepared.rows.deal][second] <= first[second][:, None])


def test_a_stage_that_no_deal_enters_is_refused_by_name():
    with pytest.raises(discovery.DiscoveryError, match="'Contract'"):
        discovery.discover(*staged(), settings=discovery.Settings(metric="won", landmarks_at=("Contract",)))


def test_a_deal_that_goes_back_is_looked_at_once():
    table, events = plain(60)
    early = datetime.timedelta(days=3)
    back = [
        {"deal_id": "D1", "agreement": name, "at": table["created"][1] + early * times, "kind": "stage"}
        for name, times in (("proposal", 1), ("qualified", 2), ("Proposal", 3))
    ]
    both = pl.concat([events.with_columns(kind=pl.lit("agreement")), pl.DataFrame(back)])
    read = histories_read.read(table, both, SETTINGS)
    place = read.deals["deal_id"].to_list().index("D1")
    assert read.entries[place] == pytest.approx([6 / 7, 3 / 7])
    grid = design.Grid((1.0, 2.0), 1.0, (0.0, 0.5, 1.0), 4.0, SETTINGS.landmarks_at)
    rows = design.make_rows(read, grid)
    assert rows.landmark[rows.deal == place].tolist() == [0]


def test_a_deal_is_explained_without_weeks(found):
    explained = discovery.explain_deal(found, "helps", age_weeks=4)
    assert explained.ci[0] < explained.effect < explained.ci[1]


def stage_like(deals=2500, seed=11):
    """Return a history in which a stage tips deals, and ``presented`` does nothing but come with it."""
    table, events = plain(deals, seed)
    rng = np.random.default_rng(seed)
    days = (table["closed"] - table["created"]).dt.total_days().to_numpy()
    entry = rng.exponential(45.0, deals)
    entered = entry < days - 3
    won = rng.random(deals) < 0.2 + 0.4 * entered
    table = table.with_columns(status=np.where(won, "won", "lost"))
    at = pl.col("created") + pl.Series(entry * 86_400_000_000).cast(pl.Duration("us"))
    stage = table.select("deal_id", agreement=pl.lit("Proposal"), at=at, kind=pl.lit("stage")).filter(entered)
    shown = stage.filter(pl.Series(rng.random(stage.height) < 0.6)).with_columns(
        agreement=pl.lit("presented"), kind=pl.lit("agreement"), at=pl.col("at") + pl.duration(hours=5)
    )
    idle = events.with_columns(kind=pl.lit("agreement"))
    return table, pl.concat([idle, stage.select(idle.columns), shown.select(idle.columns)])


def test_what_only_comes_with_a_stage_takes_no_credit_for_it():
    table, events = stage_like()
    settings = discovery.Settings(metric="won")
    unseen = discovery.discover(table, events.filter(pl.col("kind") == "agreement"), settings=settings)
    seen = discovery.discover(table, events, settings=settings)
    assert unseen.finding("presented").confirmed
    assert not seen.finding("presented").confirmed
    assert abs(seen.finding("presented").effect) < unseen.finding("presented").effect / 3
    assert {one.agreement for one in seen.findings} == {"helps", "idle", "other", "presented"}
    assert seen.data.types == 4


def test_a_stage_and_an_agreement_of_the_same_name_are_two_things():
    table, events = stage_like(600)
    named = events.with_columns(agreement=pl.col("agreement").replace("presented", "Proposal"))
    found = discovery.discover(table, named, settings=discovery.Settings(metric="won"))
    assert sorted(one.agreement for one in found.findings) == ["Proposal", "helps", "idle", "other"]
    asked = named.filter((pl.col("kind") == "agreement") & (pl.col("agreement") == "Proposal"))
    assert found.finding("Proposal").gained <= asked["deal_id"].n_unique()


@pytest.mark.parametrize(
    ("parts", "settings"),
    [
        ((), {"landmarks": None}),
        (("2w", "1m"), {"landmarks": (2.0, 30.4375 / 7)}),
        (("stage:Qualified", "Stage: Proposal"), {"landmarks_at": ("Qualified", "Proposal")}),
    ],
)
def test_landmarks_are_read_as_lengths_or_stages(parts, settings):
    assert landmarks(parts) == settings


@pytest.mark.parametrize(
    "wrong",
    [{"landmarks": (2.0,), "landmarks_at": ("A",)}, {"landmarks_at": ("A", "a")}, {"landmarks_at": (" ",)}],
)
def test_landmarks_that_make_no_sense_are_refused(wrong):
    with pytest.raises(discovery.DiscoveryError):
        discovery.Settings(**wrong)
    with pytest.raises(discovery.DiscoveryError, match="not both"):
        landmarks(("2w", "stage:A"))
