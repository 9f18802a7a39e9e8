"""However one table is written, the same deals are read."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from connectors import hostile, papers
from examples import examples
from hingepoint.connectors import files

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "windows-1252")
HEADINGS = {
    "deal_id": ("deal_id", "Opportunity ID", "case:concept:name"),
    "created": ("created", "Created Date", "CREATEDON"),
    "closed": ("closed", "Close Date"),
    "status": ("status", "Deal Status"),
    "amount": ("amount", "Deal value"),
    "owner": ("owner", "Opportunity Owner", "sales_agent"),
}
DATES = {
    "iso": "%Y-%m-%d",
    "slash": "%d/%m/%Y",
    "american": "%m/%d/%Y",
    "dots": "%d.%m.%Y",
    "named": "%d %b %Y",
    "time": "%Y-%m-%dT%H:%M:%S",
}
WON = {
    "won": ("won", "Closed Won", "WON"),
    "open": ("open", "In Progress"),
    "lost": ("lost", "Closed - Lost"),
}


def expected() -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        text = papers.delimited([papers.HEADINGS, *papers.DEALS])
        return files.read(deals=papers.file(Path(folder), text)).deals


def dated(text: str, style: str) -> str:
    return dt.date.fromisoformat(text).strftime(DATES[style]) if text else ""


def amount(text: str, decimal: str, thousands: str) -> str:
    return f"{float(text):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)


@st.composite
def dialects(draw: st.DrawFn) -> tuple[bytes, str]:
    """A file that holds the deals of ``papers`` in some dialect, and how it is packed."""
    style = draw(st.sampled_from(sorted(DATES)))
    decimal = draw(st.sampled_from(".,"))
    thousands = draw(st.sampled_from(["", " ", "." if decimal == "," else ",", "'"]))
    order = draw(st.permutations(range(len(papers.HEADINGS))))
    headings = [draw(st.sampled_from(HEADINGS[papers.HEADINGS[i]])) for i in order]
    rows = []
    for deal in papers.DEALS:
        status = draw(st.sampled_from(WON[deal[3]]))
        cells = (
            deal[0],
            dated(deal[1], style),
            dated(deal[2], style),
            status,
            amount(deal[4], decimal, thousands),
            deal[5],
        )
        rows.append([cells[i] for i in order])
    line = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    delimiter = draw(st.sampled_from(",;\t|"))
    text = papers.delimited(
        [headings, *rows],
        delimiter=delimiter,
        quote=draw(st.sampled_from("\"'")),
        quote_all=draw(st.booleans()),
        backslash=draw(st.booleans()),
        line=line,
    )
    text = draw(st.sampled_from(["", f"sep={delimiter}{line}", f"Deals of the quarter{line}{line}"])) + text
    text += draw(st.sampled_from(["", line, line * 3]))
    return text.encode(draw(st.sampled_from(ENCODINGS))), draw(st.sampled_from(["", "gz", "zip"]))


@examples(100)
@given(dialects())
def test_all_dialects_of_one_table_read_to_the_same_deals(dialect):
    content, packed = dialect
    with TemporaryDirectory() as folder:
        path = papers.file(Path(folder), content)
        path = {"gz": papers.gzipped, "zip": papers.zipped}.get(packed, lambda same: same)(path)
        assert_frame_equal(files.read(deals=path).deals, EXPECTED)


EXPECTED = expected()


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet", "xlsx"])
def test_all_formats_of_one_table_read_to_the_same_deals(tmp_path, suffix):
    path = tmp_path / f"deals.{suffix}"
    WRITERS[suffix](path)
    assert_frame_equal(files.read(deals=path).deals, EXPECTED)


def test_the_format_is_taken_from_the_content_and_not_from_the_name(tmp_path):
    path = tmp_path / "deals.csv"
    write_xlsx(path)
    assert files.understand(path, "deals").format == "xlsx"


def as_objects() -> list[dict]:
    return [
        dict(zip(papers.HEADINGS, [*deal[:4], float(deal[4]), deal[5]], strict=True)) for deal in papers.DEALS
    ]


def write_xlsx(path: Path) -> None:
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("Read me").write_string(0, 0, "Made by hand")
    sheet = book.add_worksheet("Deals")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for column, heading in enumerate(papers.HEADINGS):
        sheet.write_string(2, column, heading)
    for row, deal in enumerate(papers.DEALS, start=3):
        for column, value in enumerate(deal):
            if column in (1, 2) and value:
                sheet.write_datetime(row, column, dt.datetime.fromisoformat(value), day)
            elif column == 4:
                sheet.write_number(row, column, float(value))
            else:
                sheet.write_string(row, column, value)
    book.close()


def write_parquet(path: Path) -> None:
    frame = pl.DataFrame(as_objects())
    dates = pl.col("created", "closed").replace("", None).str.to_date()
    frame.with_columns(dates).write_parquet(path)


WRITERS = {
    "jsonl": lambda path: path.write_text("\n".join(map(json.dumps, as_objects()))),
    "json": lambda path: path.write_text(json.dumps(as_objects(), indent=1)),
    "parquet": write_parquet,
    "xlsx": write_xlsx,
}


@pytest.mark.parametrize(
    ("encoding", "owner"),
    [
        ("windows-1252", "Müller & Söhne – 5 €"),
        ("windows-1251", "Пётр Ильич Чайковский"),
        ("windows-1250", "Žižka Přemysl Dvořák Nováková Šťastný Čapek řeřicha žluťoučký kůň"),
        ("shift_jis", "株式会社日立製作所 営業部 田中さん"),
        ("gb18030", "中国石油天然气股份有限公司 销售经理"),
        ("utf-16-be", "Ωmega"),
    ],
)
def test_letters_of_other_encodings_are_read(tmp_path, encoding, owner):
    text = f"deal_id,created,status,owner\nA,2024-01-01,open,{owner}\n"
    found = files.read(deals=papers.file(tmp_path, text.encode(encoding)))
    assert found.deals["owner"].to_list() == [owner]


def test_an_encoding_that_was_guessed_is_said_to_be_guessed(tmp_path):
    text = "deal_id,created,status,owner\nA,2024-01-01,open,Müller\n"
    told = files.understand(papers.file(tmp_path, text.encode("windows-1252")), "deals")
    assert told.dialect["encoding"].startswith("windows-1252 (guessed")


def test_a_file_that_two_delimiters_split_equally_well_is_refused(tmp_path):
    text = "deal_id;created;status,deal_id;created;status\n"
    with pytest.raises(files.FileProblem):
        files.read(deals=papers.file(tmp_path, text))


def test_numbers_of_days_are_dates_in_a_workbook_and_a_puzzle_in_text(tmp_path):
    path = tmp_path / "deals.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for row, cells in enumerate([["deal_id", "created", "status"], ["A", 45292, "open"]]):
        sheet.write_row(row, 0, cells)
    book.close()
    assert files.read(deals=path).deals["created"].to_list() == [dt.datetime(2024, 1, 1)]  # noqa: DTZ001
    text = papers.deals(tmp_path, "A,45292,open", headings="deal_id,created,status")
    with pytest.raises(files.BadRows):
        files.read(deals=text)
    mapping = files.parse_mapping("deals: {date_format: excel}")
    assert files.read(deals=text, mapping=mapping).deals["created"].to_list() == [dt.datetime(2024, 1, 1)]  # noqa: DTZ001


def test_keys_that_became_decimals_are_whole_again(tmp_path):
    created = dt.date(2024, 1, 1)
    frame = pl.DataFrame(
        {"deal_id": [7.0, 8.0], "created": [created] * 2, "status": ["open"] * 2, "amount": [1.25, -3.0]}
    )
    frame.write_parquet(tmp_path / "deals.parquet")
    found = files.read(deals=tmp_path / "deals.parquet").deals
    assert found.select("deal_id", "amount").rows() == [("7", 1.25), ("8", -3.0)]


def test_a_table_in_an_open_document_is_read(tmp_path):
    def row(*cells: str) -> str:
        texts = (
            f'<table:table-cell office:value-type="string"><text:p>{each}</text:p></table:table-cell>'
            for each in cells
        )
        return f"<table:table-row>{''.join(texts)}</table:table-row>"

    path = hostile.open_document(row(*papers.HEADINGS) + "".join(row(*deal) for deal in papers.DEALS))(
        tmp_path
    )
    assert_frame_equal(files.read(deals=path).deals, EXPECTED)


def test_the_sheet_can_be_named(tmp_path):
    sheets = ((name, [["deal_id", "created", "status"], [name, "2024-01-01", "open"]]) for name in ("X", "Y"))
    path = papers.file(tmp_path, hostile.workbook(*sheets), "deals.xlsx")
    found = files.read(deals=path, mapping=files.parse_mapping("deals: {sheet: Y}"))
    assert found.deals["deal_id"].to_list() == ["Y"]
    with pytest.raises(files.FileProblem, match="has no sheet 'Z', but X, Y"):
        files.read(deals=path, mapping=files.parse_mapping("deals: {sheet: Z}"))
