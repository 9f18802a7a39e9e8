"""Histories in pieces: whoever sums them and whatever was kept, the findings are the same."""

import dataclasses
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis_same import assert_same
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.reading import gathering
from hingepoint.analysis.discovery.sums import kept, pieces
from hingepoint.domain.discovery.keeping import Folder
from histories import enabling, plain, world

SETTINGS = discovery.Settings(metric="won", min_events=10)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_DEALS", 150)


@pytest.fixture(scope="module")
def tables():
    return plain(900, 5)


@pytest.fixture(scope="module")
def whole(tables):
    return discovery.discover(*tables, settings=SETTINGS)


def test_one_piece_and_many_find_the_same(tables, whole, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_DEALS", 10_000)
    assert_same(discovery.discover(*tables, settings=SETTINGS), whole)


@pytest.mark.slow
def test_events_may_come_batch_by_batch_lazily_and_in_any_order(tables, whole, monkeypatch):
    deals, events = tables
    mixed = events.sample(fraction=1, shuffle=True, seed=3)
    for given in (mixed.lazy(), list(mixed.iter_slices(700)), (part for part in mixed.iter_slices(999))):
        assert_same(discovery.discover(deals, given, settings=SETTINGS), whole)


@pytest.mark.slow
def test_what_gains_say_of_themselves_is_heard_in_events_read_once(monkeypatch):
    deals, events = enabling(2000)
    whole = discovery.discover(deals, events, settings=SETTINGS)
    assert whole.finding("hinge").details.doses
    once = discovery.discover(deals, (part for part in events.iter_slices(999)), settings=SETTINGS)
    assert_same(once, whole)
    store = {}
    for _ in range(2):
        runner = Counting()
        kept_run = discovery.discover(deals, events, settings=SETTINGS, keep=kept.Kept(store), runner=runner)
        assert_same(kept_run, whole)
    assert runner.passes == []


@pytest.mark.slow
def test_gains_that_say_nothing_in_a_piece_are_not_taken_for_each_other():
    """Evidence and quality are on record in the later half only: in the earlier pieces both look alike."""
    deals, events = enabling(2000)
    late = pl.col("deal_id").is_in(deals.sort("created")["deal_id"][1000:].implode())
    quality = pl.col("at").dt.ordinal_day() % 8
    said = events.with_columns(
        evidence=pl.when(late).then("evidence"), quality=pl.when(late).then(quality).cast(pl.Int8)
    )
    whole = discovery.discover(deals, said, settings=SETTINGS)
    assert {one.by for one in whole.finding("hinge").details.doses} == {"evidence", "quality"}
    store = {}
    for _ in range(2):
        assert_same(discovery.discover(deals, said, settings=SETTINGS, keep=kept.Kept(store)), whole)


def test_what_batches_say_adds_up(tables):
    deals, events = tables
    index = deals.select("deal_id", "created", "closed").with_row_index("index")
    one = gathering.merged([gathering.gather(events, index, None)])
    two = gathering.merged(gathering.gather(part, index, None) for part in events.iter_slices(500))
    assert (one.events, one.rules, one.last) == (two.events, two.rules, two.last)
    assert sorted(one.steps) == sorted(two.steps)
    assert one.week.sum() == pytest.approx(two.week.sum())


@pytest.mark.slow
def test_kept_sums_are_found_again_and_give_the_same_findings(tables, whole):
    keep = kept.Kept({})
    first = discovery.discover(*tables, settings=SETTINGS, keep=keep)
    assert (keep.found, keep.made) == (0, 6)
    again = discovery.discover(*tables, settings=SETTINGS, keep=keep)
    assert (keep.found, keep.made) == (6, 0)
    assert_same(first, whole)
    assert_same(again, whole)


class Counting(pieces.Here):
    """This process, counting the pieces that each pass works on."""

    def __init__(self):
        self.passes = []

    def fold(self, groups, task, told):
        self.passes.append(sum(len(group) for group in groups))
        return super().fold(groups, task, told)


def refreshed(deals, events, settings, *, first):
    """Return a refresh of a run on the ``first`` deals, who did it, and a run from scratch with the same choices."""
    store = {}
    before = dataclasses.replace(settings, data_end=deals["created"].sort()[first])
    discovery.discover(deals, events, settings=before, keep=kept.Kept(store))
    scratch = kept.Kept({kept.CHOICES: store[kept.CHOICES]})
    keep, runner = kept.Kept(store), Counting()
    return (
        discovery.discover(deals, events, settings=settings, keep=keep, runner=runner),
        (keep, runner),
        discovery.discover(deals, events, settings=settings, keep=scratch),
    )


@pytest.mark.slow
def test_a_refresh_works_on_new_deals_only_and_finds_what_a_run_from_scratch_finds(tables):
    refresh, (keep, runner), scratch = refreshed(*tables, SETTINGS, first=880)
    assert keep.found >= 2
    assert runner.passes.count(keep.made) >= len(runner.passes) - 1, "but for a fit with a further column"
    effects = [[one.effect for one in run.findings] for run in (refresh, scratch)]
    assert effects[0] == pytest.approx(effects[1], rel=1e-9)
    assert_same(refresh, scratch, within=0.05)


@pytest.mark.slow
def test_errors_of_a_refresh_are_within_a_few_percent_of_those_from_scratch(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_DEALS", 400)
    lived = world(5000, 7)
    refresh, (keep, _), scratch = refreshed(
        lived.deals(), lived.events(), discovery.Settings(metric="won"), first=4300
    )
    assert keep.found >= 6
    widths = [
        {one.agreement: one.ci[1] - one.ci[0] for one in run.findings if one.ci and not one.excluded_because}
        for run in (refresh, scratch)
    ]
    ratios = np.array([widths[0][key] / widths[1][key] for key in widths[0]])
    assert ratios.size > 50
    assert np.any(ratios != 1), "coefficients of the first run were used"
    assert abs(np.median(ratios) - 1) < 0.01
    assert abs(ratios - 1).max() < 0.05


@pytest.mark.slow
def test_a_corrected_deal_is_summed_anew(tables):
    deals, events = tables
    store = {}
    discovery.discover(deals, events, settings=SETTINGS, keep=kept.Kept(store))
    first = deals.sort("created")["deal_id"][0]
    other = pl.when(pl.col("deal_id") == first).then(pl.lit("another owner")).otherwise("owner")
    keep = kept.Kept(store)
    changed = deals.with_columns(owner=other)
    result = discovery.discover(changed, events, settings=SETTINGS, keep=keep)
    assert (keep.found, keep.made) == (5, 1)
    choices = kept.Kept({kept.CHOICES: store[kept.CHOICES]})
    scratch = discovery.discover(changed, events, settings=SETTINGS, keep=choices)
    assert_same(result, scratch, within=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [dataclasses.replace(SETTINGS, metric="cycle_days"), dataclasses.replace(SETTINGS, landmarks=(2.0, 4.0))],
    ids=["another metric", "other landmarks"],
)
def test_other_settings_use_nothing_that_was_kept(tables, settings):
    store = {}
    discovery.discover(*tables, settings=SETTINGS, keep=kept.Kept(store))
    keep = kept.Kept(store)
    assert_same(
        discovery.discover(*tables, settings=settings, keep=keep),
        discovery.discover(*tables, settings=settings),
    )
    assert keep.found == 0


@pytest.mark.slow
def test_a_mechanical_agreement_named_later_costs_no_new_sums(tables):
    store = {}
    discovery.discover(*tables, settings=SETTINGS, keep=kept.Kept(store))
    keep = kept.Kept(store)
    named = dataclasses.replace(SETTINGS, mechanical=("idle",))
    discovery.discover(*tables, settings=named, keep=keep)
    assert keep.made == 0


@pytest.mark.slow
def test_a_history_that_outgrew_its_choices_makes_new_ones(tables):
    deals, events = tables
    early = deals.sort("created").head(500)
    store = {}
    discovery.discover(early, events, settings=SETTINGS, keep=kept.Kept(store))
    keep = kept.Kept(store)
    assert_same(
        discovery.discover(deals, events, settings=SETTINGS, keep=keep),
        discovery.discover(deals, events, settings=SETTINGS),
    )


def test_progress_grows_piece_by_piece_and_an_error_in_it_ends_the_run(tables):
    shares, threads = [], set()

    def tell(share, text):
        shares.append(share)
        threads.add(threading.get_ident())

    discovery.discover(*tables, settings=SETTINGS, progress=tell)
    assert threads == {threading.get_ident()}
    assert shares == sorted(shares)
    assert len(set(shares)) > 20

    def cancel(share, text):
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        discovery.discover(*tables, settings=SETTINGS, progress=cancel)


@pytest.mark.slow
def test_a_company_in_pieces_in_batches_and_refreshed_gives_the_same(monkeypatch):
    settings = discovery.Settings(metric="won")
    lived = world(2500, 5)
    deals, events = lived.deals(), lived.events()
    whole = discovery.discover(deals, events, settings=settings)
    monkeypatch.setattr(pieces, "PIECE_DEALS", 400)
    mixed = events.sample(fraction=1, shuffle=True, seed=3).iter_slices(999)
    store = {}
    # A window with few deals hangs on the last digit of its sums, which their order decides: 1e-8.
    first = discovery.discover(deals, mixed, settings=settings, keep=kept.Kept(store))
    assert_same(first, whole, within=1e-8)
    keep, runner = kept.Kept(store), Counting()
    again = discovery.discover(deals, events, settings=settings, keep=keep, runner=runner)
    assert_same(again, whole, within=1e-8)
    assert runner.passes == []


def test_a_run_that_was_killed_goes_on_where_it_was(tables, whole, tmp_path):
    deals, events = tables
    deals.write_parquet(tmp_path / "deals.parquet")
    events.write_parquet(tmp_path / "events.parquet")
    program = textwrap.dedent("""
        import os, pathlib, signal, sys
        import polars as pl
        from hingepoint.analysis import discovery
        from hingepoint.analysis.discovery.sums import kept, pieces
        from hingepoint.domain.discovery.keeping import Folder

        class Dies(Folder):
            def __setitem__(self, name, value):
                super().__setitem__(name, value)
                if len(self) == 4:
                    (self.path / "half.unfinished").write_bytes(b"torn")
                    os.kill(os.getpid(), signal.SIGKILL)

        pieces.PIECE_DEALS = 150
        folder = pathlib.Path(sys.argv[1])
        deals, events = (pl.read_parquet(folder / f"{name}.parquet") for name in ("deals", "events"))
        settings = discovery.Settings(metric="won", min_events=10)
        discovery.discover(deals, events, settings=settings, keep=kept.Kept(Dies(folder / "sums")))
    """)
    source = str(Path(discovery.__file__).parents[3])
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env={"PYTHONPATH": source})
    assert ended.returncode == -signal.SIGKILL
    keep = kept.Kept(Folder(tmp_path / "sums"))
    assert_same(discovery.discover(deals, events, settings=SETTINGS, keep=keep), whole)
    assert (keep.found, keep.made) == (3, 3)
    assert not list((tmp_path / "sums").glob("*.unfinished"))
