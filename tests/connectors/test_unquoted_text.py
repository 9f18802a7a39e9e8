"""Text without quotes is split block by block, into the same rows and the same problems as record by record."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import papers
from examples import examples
from hingepoint.connectors import files
from hingepoint.connectors.files.formats import delimited, unquoted

PIECES = ["a", "b1", "ä", "“", ",", ",", ",,", " ", "\t", "\x0b", "\x85", "\u2028", "\n", "\n", "\r\n", "\\"]


def table(path, **more):
    def judge(record):
        return sum(each in ("x", "y", "z") for each in record), record == ["x", "y", "z"]

    return delimited.open_delimited(path, name=path.name, judge=judge, limits=files.Limits(), **more)


def all_of(table, size):
    """Return rows, cells and problems of a table, or the words in which it is refused."""
    try:
        batches = list(table.batches(size))
    except files.FileProblem as error:
        return str(error)
    rows = [row for batch in batches for row in batch.rows.to_list()]
    cells = [cells for batch in batches for cells in batch.frame.iter_rows()]
    return rows, cells, [each for batch in batches for each in batch.problems]


@examples(300)
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    block=st.integers(1, 40),
    size=st.integers(1, 9),
)
@example(text="1,2,3\r\n4,5,6", block=7, size=5)
@example(text="1,2,3,\n4,5\n6,7,8", block=100, size=5)
@example(text="\n\n1,2,3\n\n,,\n", block=100, size=5)
def test_blocks_and_records_are_the_same(tmp_path_factory, text, block, size):
    path = papers.file(tmp_path_factory.mktemp("text"), "x,y,z\n" + text, "table.csv")
    with pytest.MonkeyPatch.context() as small:
        small.setattr(unquoted, "BLOCK", block)
        small.setattr(unquoted, "CHUNK", block)
        by_block = table(path, header_row=1)
        assert by_block.unquoted
        found = all_of(by_block, size)
    assert found == all_of(dataclasses.replace(by_block, unquoted=False), size)


@pytest.mark.parametrize(
    "text",
    ['1,"2",3\n', "1,2,3\r4,5,6\r", "1,2,3\r\r\n", "1,2,3\r"],
    ids=["a quote", "the line ends of an old Mac", "one of them", "one at the end"],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_other_text_is_read_record_by_record(tmp_path, monkeypatch, text, chunk):
    monkeypatch.setattr(unquoted, "CHUNK", chunk)
    assert not table(papers.file(tmp_path, "x,y,z\n" + text, "table.csv"), header_row=1).unquoted


@pytest.mark.parametrize(
    ("content", "encoding"),
    [("x,y,z\nä,b,c\n".encode("utf-16"), ""), ("x§y§z\n1§2§3\n".encode(), "utf-8")],
    ids=["another encoding", "a delimiter of two bytes"],
)
def test_what_is_not_of_single_bytes_is_read_record_by_record(tmp_path, content, encoding):
    path = papers.file(tmp_path, content, "table.csv")
    found = table(path, encoding=encoding, delimiter="§" if encoding else "")
    assert not found.unquoted
    assert all_of(found, 10)[1] == [("ä", "b", "c")] if not encoding else [("1", "2", "3")]


def test_a_cell_that_no_reader_takes_is_named_by_its_row(tmp_path):
    path = papers.file(tmp_path, f"x,y,z\n1,2,3\n4,{'a' * 140_000},6\n", "table.csv")
    found = all_of(table(path), 10)
    assert found == all_of(dataclasses.replace(table(path), unquoted=False), 10)
    assert "a cell of more than 131,072 characters at row 3." in found


def test_headings_may_stand_far_down(tmp_path):
    path = papers.file(tmp_path, "Report,,\n\nof May,,\nx,y,z\n1,2,3\n", "table.csv")
    found = table(path)
    assert (found.unquoted, found.header_row) == (True, 4)
    assert all_of(found, 10) == ([5], [("1", "2", "3")], [])
