"""What a Parquet file types is read without text, and the same is read as from text."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import papers
from examples import examples
from hingepoint.connectors import files
from hingepoint.connectors.files.cells import moments, numbers

MOMENTS = [
    "2024-03-31T02:30:00",  # skipped in Amsterdam
    "2024-10-27T02:30:00",  # comes twice there
    "2024-03-10T02:30:00",  # skipped in New York
    "2024-02-29T00:00:00",
    "2024-02-28T23:59:59.999999",
    "1899-12-31T23:59:59",
    "1900-01-01T00:00:00",
    "2199-12-31T23:30:00",
    "2200-01-01T00:00:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59",
]
NUMBERS = [
    0.0,
    -0.0,
    0.1,
    -1.0,
    1.0,
    1.0000001,
    3.0,
    7.0,
    15.0,
    1e15,
    1e16,
    123456789.123,
    1e-7,
    5e-324,
    1e300,
]
ODD = [math.nan, math.inf, -math.inf, None]


def naive(unit: str) -> pl.Series:
    read = pl.Series([*MOMENTS, None]).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us")
    if unit == "ns":  # which ends in 2262 and begins in 1677
        read = pl.Series([*(each if "1800" < each < "2262" else None for each in MOMENTS), None])
        return read.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ns") + pl.duration(nanoseconds=1)
    return read.dt.cast_time_unit(unit)


COLUMNS = {
    "microseconds": naive("us"),
    "thousandths": naive("ms"),
    "with a zone": naive("us").dt.replace_time_zone("UTC"),
    "with another zone": naive("us").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"),
    "days": naive("us").dt.date(),
    "a category": pl.Series([" soon ", "2024-01-01", "", None]).cast(pl.Categorical),
    "floats": pl.Series([*NUMBERS, *ODD]),
    "short floats": pl.Series([*NUMBERS[:-2], *ODD], dtype=pl.Float32),
    "whole numbers": pl.Series([0, 4, 5, 7, 8, -1, 2**53 + 1, 2**63 - 1, -(2**63), None], dtype=pl.Int64),
    "positive numbers": pl.Series([0, 2**64 - 1, 1_700_000_000, 1_700_000_000_000, None], dtype=pl.UInt64),
    "small numbers": pl.Series([0, 1, 100, -128, None], dtype=pl.Int8),
    "decimals": pl.Series(["0.10", "1.00", "7.00", "-0.05", None]).cast(pl.Decimal(10, 2)),
    "truth": pl.Series([True, False, None]),
    "nothing": pl.Series([None, None]),
}


def told(path, role, **more):
    """Return all that is read of a table and said about it."""
    other = {"events": path, "deals": papers.deals(path.parent, "D,1990-01-01,,open")}
    given = {"deals": path} if role == "deals" else other
    found = files.read(**given, skip_bad_rows=True, **more)
    frame = found.deals if role == "deals" else found.events
    return frame, found.problems, found.total_problems, found.bad_rows, found.rows, found.rules


def write(folder, column, values, role):
    number = len(values)
    if role == "deals":
        must = {"deal_id": [f"D{n}" for n in range(number)], "created": ["2020-01-01"] * number}
        must["status"] = ["open"] * number
    else:
        must = {"deal_id": ["D"] * number, "agreement": [f"a{n}" for n in range(number)]}
        must["at"] = ["2020-01-01"] * number
    path = folder / f"{role}.parquet"
    pl.DataFrame(must | {column: values}).write_parquet(path)
    return path


def as_text_too(monkeypatch, read):
    """Return what ``read`` gives, and what it gives when no column is taken as the file types it."""
    typed = read()
    with monkeypatch.context() as without:
        without.setattr(moments, "is_typed", lambda column: False)
        without.setattr(numbers, "is_typed", lambda column: False)
        return typed, read()


def assert_the_same(one, two):
    assert one[1:] == two[1:]
    assert one[0].equals(two[0])
    assert [dtype for _, dtype in one[0].schema.items()] == [dtype for _, dtype in two[0].schema.items()]


@pytest.mark.parametrize("what", sorted(COLUMNS))
@pytest.mark.parametrize(
    ("role", "column"),
    [
        *(("deals", name) for name in ("created", "amount")),
        *(("events", name) for name in ("at", "quality")),
        *(
            pytest.param(role, name, marks=pytest.mark.slow)
            for role, names in (
                ("deals", ("expected_close", "discount", "owner", "extra")),
                ("events", ("evidence", "value", "note", "extra")),
            )
            for name in names
        ),
    ],
)
def test_a_typed_column_is_read_as_its_text_is(tmp_path, monkeypatch, what, role, column):
    path = write(tmp_path, column, COLUMNS[what], role)

    def read():
        try:
            return told(path, role, zone="Europe/Amsterdam")
        except files.FileProblem as error:
            return pl.DataFrame(), str(error)

    assert_the_same(*as_text_too(monkeypatch, read))


@pytest.mark.parametrize("what", ["microseconds", "thousandths", "with a zone", "days"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", ""])
def test_a_zone_of_the_mapping_holds_for_typed_moments_too(tmp_path, monkeypatch, what, zone):
    path = write(tmp_path, "created", COLUMNS[what], "deals")
    mapping = files.parse_mapping(f"zone: {zone}" if zone else "")
    assert_the_same(
        *as_text_too(monkeypatch, lambda: told(path, "deals", zone="Europe/Amsterdam", mapping=mapping))
    )


@pytest.mark.slow
@examples(60)
@given(
    created=st.lists(st.datetimes(), min_size=1, max_size=12),
    amounts=st.lists(st.floats(), min_size=12, max_size=12),
)
def test_any_typed_values_are_read_as_a_table_of_text_is(tmp_path_factory, created, amounts):
    folder = tmp_path_factory.mktemp("typed")
    number = len(created)
    frame = pl.DataFrame(
        {
            "deal_id": [f"D{n}" for n in range(number)],
            "created": pl.Series(created, dtype=pl.Datetime("us")),
            "status": ["open"] * number,
            "amount": pl.Series(amounts[:number], dtype=pl.Float64),
        }
    )
    frame.write_parquet(folder / "deals.parquet")
    # a text that Python writes: whole numbers with a point prove that the point is the decimal sign
    rows = [
        f"D{n},{created[n].isoformat(timespec='microseconds')},open,{amounts[n]!r}" for n in range(number)
    ]
    text = papers.deals(folder, *rows, "last,2020-01-01,open,0.5", headings="deal_id,created,status,amount")
    typed, same = (
        files.read(deals=folder / "deals.parquet", skip_bad_rows=True),
        files.read(deals=text, skip_bad_rows=True),
    )
    assert typed.deals.equals(same.deals.filter(pl.col("deal_id") != "last"))
    assert typed.bad_rows == same.bad_rows
    assert [each.row + 1 for each in typed.problems] == [each.row for each in same.problems]


def test_moments_that_no_calendar_has_are_refused(tmp_path):
    for column in (
        pl.Series([0, 2**63 - 1]).cast(pl.Datetime("us")),
        pl.Series([0, -(2**63) + 1]).cast(pl.Datetime("ms")),
        pl.Series([0, 2**31 - 1], dtype=pl.Int32).cast(pl.Date),
    ):
        with pytest.raises(files.FileProblem, match="damaged or foreign"):
            files.read(deals=write(tmp_path, "created", column, "deals"))


def test_what_the_file_types_is_not_read_twice(tmp_path, monkeypatch):
    number = 20
    path = write(tmp_path, "value", pl.Series([float(n) for n in range(number)]), "events")
    typed = pl.read_parquet(path).with_columns(at=pl.lit(dt.datetime.fromisoformat("2020-01-01T10:00")))
    typed.write_parquet(path)
    told_so = []
    files.read(
        deals=papers.deals(tmp_path, "D,1990-01-01,,open"),
        events=path,
        progress=lambda name, rows: told_so.append((name, rows)),
    )
    assert [rows for name, rows in told_so if name == "events.parquet"] == [number]
    assert files.understand(path, "events").rows == number
    assert len(files.understand(path, "events").samples) == 5


@pytest.mark.parametrize("gap", [" ", "T"])
@pytest.mark.parametrize("fraction", ["", ".{:06}"])
def test_moments_of_the_usual_forms_are_read_as_any_others(gap, fraction):
    draw = np.random.default_rng(1)
    most = (2300, 15, 34, 27, 63, 60, 1_000_000)  # so that many of them are no moments
    form = "{:04}-{:02}-{:02}" + gap + "{:02}:{:02}:{:02}" + fraction
    texts = [form.format(*(int(draw.integers(0, each)) for each in most)) for _ in range(2000)]
    how = {"style": "", "day_first": True, "file_zone": "Asia/Kolkata", "zone": "Europe/Amsterdam"}
    usual = moments.read_moments(pl.Series(texts), **how)
    mixed = moments.read_moments(pl.Series([*texts, "31.12.2024"]), **how)  # so none of the usual forms
    for one, other in zip(usual, mixed, strict=True):
        assert one.equals(other.head(2000))
    assert 100 < usual[1].sum() < 1999
