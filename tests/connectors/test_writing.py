"""What is exported is safe to open in a spreadsheet and reads back to the same values."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from connectors import papers
from examples import examples
from hingepoint.connectors import files

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|'/c calc'!A1",
    "'=1+1",
    "''=x",
    "|x",
    "%x",
    "＝1+1",
    "-5 apples",
)


def written(frame: pl.DataFrame, format: str) -> bytes:
    out = io.BytesIO()
    files.write_table(frame, out, format)
    return out.getvalue()


def deal(**more: object) -> pl.DataFrame:
    base = {"deal_id": "A", "created": dt.datetime(2024, 1, 15, 9, 30), "status": "open"}  # noqa: DTZ001
    return pl.DataFrame([{**base, **more}])


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(text):
    [cell] = csv.reader(
        io.StringIO(written(pl.DataFrame({"note": [text]}), "csv").decode("utf-8-sig").split("\r\n")[1])
    ).__next__()
    assert cell[0] == "'"


@pytest.mark.parametrize(
    "text", [*FORMULAS, "=1\r\n=2", "tab\tin", "bare\rreturn", 'quote "x"', "a,b;c", "it's", "'quoted'"]
)
@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_a_text_reads_back_as_it_was(tmp_path, text, format):
    path = papers.file(tmp_path, written(deal(note=text), format), f"deals.{format}")
    found = files.read(deals=path).deals["note"].to_list()
    assert found == [text]


#: Texts in which a spreadsheet sees a formula, or that an apostrophe begins.
TEXTS = [*FORMULAS, "'00123", "'t Hooft", "it's"]


def events(text: str) -> pl.DataFrame:
    """An event whose texts are all ``text``."""
    told = dict.fromkeys(("agreement", "counterpart", "actor", "note", "act"), text)
    return pl.DataFrame([{"deal_id": text, "at": dt.datetime(2024, 1, 15, 9, 30), **told}])  # noqa: DTZ001


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_a_text_of_an_event_reads_back_as_it_was(tmp_path, text, format):
    path = tmp_path / f"events.{format}"
    files.write_table(events(text), path, format)
    with files.open_events(path) as stream:
        found = pl.concat(list(stream))
    assert found.drop_nulls(["note"]).select(events(text).columns).equals(events(text))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_a_log_in_a_table_reads_back_as_it_was(tmp_path, text):
    path = tmp_path / "log.csv"
    files.write_table(events(text), path, "csv")
    mapping = files.Mapping.model_validate({"outcome": {"won": [text]}})
    found = files.read(log=path, mapping=mapping)
    assert found.events.select(events(text).columns).equals(events(text))
    assert found.deals.select("deal_id", "status").rows() == [(text, "won")]


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_a_negative_number_stays_a_number(tmp_path, format):
    content = written(deal(amount=-12.5), format)
    assert files.read(deals=papers.file(tmp_path, content, f"deals.{format}")).deals["amount"].to_list() == [
        -12.5
    ]
    if format == "csv":
        assert content.decode("utf-8-sig").split("\r\n")[1].endswith(",-12.5")


def test_a_workbook_holds_texts_and_no_formulas():
    content = written(
        pl.DataFrame({"note": list(FORMULAS), "=head": ["http://x.example"] * len(FORMULAS)}), "xlsx"
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet
        assert sheet.count(b't="inlineStr"') == 2 * len(FORMULAS) + 2


def test_what_is_not_a_number_is_an_empty_cell():
    frame = pl.DataFrame({"a": [float("nan"), float("inf"), 1.0]})
    assert written(frame, "csv").decode("utf-8-sig") == "a\r\n\r\n\r\n1.0\r\n"
    assert json.loads(written(frame, "json")) == [{"a": None}, {"a": None}, {"a": 1.0}]


def test_rows_are_written_without_a_frame(tmp_path):
    path = tmp_path / "out.csv"
    files.write_table((["a", "b"], ([i, None] for i in range(2))), path, "csv")
    assert path.read_text(encoding="utf-8-sig").splitlines() == ["a,b", "0,", "1,"]


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="'pdf' is not one of csv, xlsx, json"):
        files.write_table(pl.DataFrame(), io.BytesIO(), "pdf")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30).map(str.strip)
plain = st.one_of(
    texts, st.sampled_from(FORMULAS), texts.map(lambda text: "=" + text), texts.map(lambda text: "'" + text)
)
moments = st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2199, 12, 30)).filter(  # noqa: DTZ001
    lambda moment: moment.strftime("%m-%d") not in ("12-31", "01-01")  # some of these stand for no date
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "created": moments,
            "status": st.just("open"),
            "expected_close": st.none() | moments,
            "amount": st.none() | st.floats(-9e14, 9e14),
            "discount": st.none() | st.floats(-1, 1),
            "owner": st.none() | plain.filter(bool),
            "account": st.none() | plain.filter(bool),
            "note": st.none() | plain.filter(bool),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@examples(100)
@given(rows, st.sampled_from(["csv", "json"]))
def test_export_then_import_is_the_identity(found, format):
    types = {"created": pl.Datetime("us"), "status": pl.String, "amount": pl.Float64, "discount": pl.Float64}
    types |= {
        "owner": pl.String,
        "account": pl.String,
        "expected_close": pl.Datetime("us"),
        "note": pl.String,
    }
    # texts are stripped as polars strips them, which knows a few spaces less than Python
    frame = pl.DataFrame(found, schema=types).with_columns(
        pl.col(pl.String).str.strip_chars().replace("", None)
    )
    frame = frame.select(pl.format("D-{}", pl.int_range(pl.len())).alias("deal_id"), pl.all())
    with TemporaryDirectory() as folder:
        path = papers.file(Path(folder), written(frame, format), f"deals.{format}")
        assert_frame_equal(files.read(deals=path).deals, frame, check_exact=True)


#: Texts on which Python and Rust might not agree, beside any text.
ODD = [
    "'1",
    "'12.5\n",
    "''7 \n",
    "x\x1c",
    "\x1fx",
    "x\x85",
    "\u2028",
    "a'b",
    "\u00a0x",
    "'1\n\n",
    "",
    " ",
    "\n",
    "\r",
    "%a",
]
MOMENTS = st.datetimes(min_value=dt.datetime(1900, 1, 1), max_value=dt.datetime(2200, 1, 1))  # noqa: DTZ001
CELLS = {
    "text": (pl.String, st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"])))),
    "number": (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "share": (pl.Float64, st.floats()),
    "money": (pl.Decimal(20, 2), st.decimals(min_value=-(10**9), max_value=10**9, places=2)),
    "thousandth": (pl.Decimal(20, 3), st.decimals(min_value=-2000, max_value=2000, places=3)),
    "fine": (pl.Decimal(20, 9), st.decimals(min_value=-1, max_value=1, places=9)),
    "like_thousands": (pl.Float64, st.sampled_from([54.917, -1.25, 1000.125, 0.125, 12.3456, 1e-9, 1e22])),
    "so": (pl.Boolean, st.booleans()),
    "day": (pl.Date, st.dates(min_value=dt.date(1900, 1, 1))),
    "moment": (pl.Datetime("us"), MOMENTS),
    "moment_utc": (pl.Datetime("us", "UTC"), MOMENTS.map(lambda one: one.replace(tzinfo=dt.UTC))),
}


@examples(300)
@given(
    st.lists(st.fixed_dictionaries({name: st.none() | cell for name, (_, cell) in CELLS.items()}), max_size=4)
)
def test_a_table_written_by_columns_is_the_one_written_by_rows(rows):
    frame = pl.DataFrame(rows, schema={name: dtype for name, (dtype, _) in CELLS.items()})
    by_rows = io.BytesIO()
    files.write_table((frame.columns, list(frame.iter_rows())), by_rows, "csv")
    assert written(frame, "csv") == by_rows.getvalue()


def test_parts_are_written_one_after_the_other():
    parts = [
        pl.DataFrame({"a": [1, 2]}),
        pl.DataFrame({"a": []}, schema={"a": pl.Int64}),
        pl.DataFrame({"a": [3]}),
    ]
    out = io.BytesIO()
    files.write_table(iter(parts), out, "csv")
    assert out.getvalue().decode("utf-8-sig") == "a\r\n1\r\n2\r\n3\r\n"
