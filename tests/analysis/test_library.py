"""Frames of any make come in through one door, and give the same findings to the last digit."""

import functools

import polars as pl
import pytest

from hingepoint.analysis import discovery
from histories import plain

SETTINGS = discovery.Settings(metric="won", min_events=10)
MOMENTS = {"created", "closed", "at"}


@functools.cache
def expected():
    return discovery.discover(*plain(), settings=SETTINGS).findings_frame()


def of_pandas(change):
    """Return a maker that gives each frame to pandas and changes its columns, moments or texts."""

    def make(frame):
        made = frame.to_pandas()
        for name in made.columns:
            made[name] = change(name, made[name])
        return made

    return make


MAKERS = {
    "lazy": pl.DataFrame.lazy,
    "Arrow": pl.DataFrame.to_arrow,
    "ids as numbers": lambda frame: frame.with_columns(pl.col("deal_id").str.slice(1).cast(pl.Int64)),
    "pandas": of_pandas(lambda name, column: column),
    "pandas, categories": of_pandas(
        lambda name, column: column.astype("category") if name in ("owner", "segment") else column
    ),
    "pandas, texts of its own": of_pandas(
        lambda name, column: column.astype("string") if name in ("owner", "status") else column
    ),
    "pandas, moments with a zone": of_pandas(
        lambda name, column: column.dt.tz_localize("UTC") if name in MOMENTS else column
    ),
    "pandas, moments as texts": of_pandas(
        lambda name, column: column.astype(str) if name in MOMENTS else column
    ),
    "pandas, on Arrow": lambda frame: of_pandas(lambda name, column: column)(frame).convert_dtypes(
        dtype_backend="pyarrow"
    ),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_frame_of_any_make_gives_the_same_findings(make, oracle):
    oracle("pandas")
    oracle("pyarrow")
    deals, events = (make(frame) for frame in plain())
    assert discovery.discover(deals, events, settings=SETTINGS).findings_frame().equals(expected())


def test_what_is_no_frame_is_refused_by_name():
    deals, events = plain()
    with pytest.raises(discovery.DiscoveryError, match="must be data frames"):
        discovery.discover(deals.to_dict(as_series=False), events, settings=SETTINGS)


def test_a_result_cannot_be_changed():
    found = discovery.discover(*plain(), settings=SETTINGS)
    with pytest.raises(AttributeError):
        found.findings = ()
    with pytest.raises(AttributeError):
        found.findings[0].effect = 1.0
