"""Spark finds what this process finds."""

import importlib.util
import os
import shutil

import pytest

from analysis_same import assert_same
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.sums import kept, pieces, spark
from histories import enabling, plain

SETTINGS = discovery.Settings(metric="won", min_events=10)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None,
        reason="PySpark is missing: pip install 'hingepoint[spark]'",
    ),
    pytest.mark.skipif(
        not (shutil.which("java") or os.environ.get("JAVA_HOME")),
        reason="Java is missing: apt install default-jre-headless",
    ),
]


@pytest.fixture(scope="module")
def session():
    found = spark.session("2")
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_DEALS", 300)


def test_spark_and_this_process_find_the_same(session):
    deals, events = plain(900, 5)
    here = discovery.discover(deals, events, settings=SETTINGS)
    store = {}
    there = discovery.discover(
        deals,
        events,
        settings=SETTINGS,
        runner=spark.OnSpark(session),
        keep=kept.Kept(store),
    )
    assert_same(here, there)
    keep = kept.Kept(store)
    again = discovery.discover(deals, events, settings=SETTINGS, keep=keep)
    assert keep.made == 0, "what Spark summed is kept for this process too"
    assert_same(here, again)


def test_events_may_be_a_spark_table(session, tmp_path):
    deals, events = enabling(900)
    events.write_parquet(tmp_path / "events.parquet")
    table = session.read.parquet(str(tmp_path / "events.parquet"))
    there = discovery.discover(deals, table, settings=SETTINGS, runner=spark.OnSpark(session))
    assert there.finding("hinge").details.doses, "what gains say of their evidence comes along"
    assert_same(discovery.discover(deals, events, settings=SETTINGS), there)
