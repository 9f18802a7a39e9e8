"""Whatever a file holds, it ends in one clear message; nothing else is raised and nothing is half read."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import hostile, papers
from examples import examples
from hingepoint.connectors import files


@pytest.mark.parametrize("what", sorted(hostile.FILES))
def test_a_hostile_file_is_refused_in_one_message(tmp_path, what):
    make, said = hostile.FILES[what]
    with pytest.raises(files.FileProblem) as refused:
        files.read(deals=make(tmp_path))
    message = str(refused.value)
    assert said in message
    assert len(message) < 600
    assert "\n" not in message
    assert str(tmp_path) not in message


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = papers.deals(tmp_path, "A,2024-01-01,,open")

    opened = Path.open

    def forbidden(one: Path, *how: object, **more: object) -> object:
        if one == path:
            raise PermissionError(13, "Permission denied")
        return opened(one, *how, **more)

    monkeypatch.setattr(Path, "open", forbidden)  # the tests may run as root, whom nothing is forbidden
    with pytest.raises(files.FileProblem, match="may not be read by this user"):
        files.read(deals=path)


def test_a_formula_in_a_workbook_is_not_evaluated(tmp_path):
    rows = [["deal_id", "created", "status", "note"], ["A", "2024-01-01", "open", "=HYPERLINK(1)"]]
    path = papers.file(tmp_path, hostile.workbook(("T", rows)), "d.xlsx")
    assert files.read(deals=path).deals["note"].to_list() == ["=HYPERLINK(1)"]


def test_a_formula_in_text_stays_text(tmp_path):
    path = papers.deals(
        tmp_path, "A,2024-01-01,open,=cmd|'/c calc'!A1", headings="deal_id,created,status,note"
    )
    assert files.read(deals=path).deals["note"].to_list() == ["=cmd|'/c calc'!A1"]


def test_an_error_of_excel_is_a_bad_cell_and_not_an_empty_one(tmp_path):
    import io

    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["deal_id", "created", "status", "amount"])
    sheet.write_row(1, 0, ["A", "2024-01-01", "open"])
    sheet.write_formula(1, 3, "=1/0", value="#DIV/0!")
    book.close()
    with pytest.raises(files.BadRows) as refused:
        files.read(deals=papers.file(tmp_path, out.getvalue(), "d.xlsx"))
    assert (refused.value.problems[0].row, refused.value.problems[0].value) == (2, "#DIV/0!")


def test_the_limits_can_be_set_lower(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,,open")
    with pytest.raises(files.FileProblem, match="is larger than"):
        files.read(deals=path, limits=files.Limits(size=10))


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path):
    path = papers.zipped(papers.deals(tmp_path, *(f"A{i},2024-01-01,,open" for i in range(1000))))
    with pytest.raises(files.FileProblem, match="unpacks to more than"):
        files.read(deals=path, limits=files.Limits(size=9_000))


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to see how much memory was used"
)
def test_memory_stays_bounded_whatever_a_small_file_claims(tmp_path):
    make, _ = hostile.FILES["a sheet of two far cells"]
    script = (
        "import re, sys; from pathlib import Path; from hingepoint.connectors import files\n"
        "try: files.read(deals=Path(sys.argv[1]))\n"
        "except files.FileProblem: print(re.search('VmHWM:\\s+([0-9]+)', Path('/proc/self/status').read_text())[1])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(make(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert int(done.stdout) < 300_000


GOOD = papers.delimited([papers.HEADINGS, *papers.DEALS]).encode()


@examples(100)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from(VICTIMS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b'"', b"\n", b"\r", b",", b"\xff", b"\0", b"=", b"NaN"]),
            )
        )
        content[at : at + data.draw(st.integers(0, 12))] = piece
        if not content:
            content = bytearray(b"x")
    path = tmp_path_factory.mktemp("mutant") / "deals.bin"
    path.write_bytes(bytes(content))
    for skip in (False, True):
        with contextlib.suppress(files.FileProblem):
            found = files.read(deals=path, skip_bad_rows=skip)
            assert found.deals["deal_id"].is_unique().all()


def victims() -> list[bytes]:
    import gzip
    import io
    import json

    import polars as pl

    parquet = io.BytesIO()
    frame = pl.DataFrame([dict(zip(papers.HEADINGS, deal, strict=True)) for deal in papers.DEALS])
    frame.write_parquet(parquet)
    lines = "\n".join(json.dumps(row) for row in frame.to_dicts()).encode()
    sheet = hostile.workbook(("T", [list(papers.HEADINGS), *map(list, papers.DEALS)]))
    return [GOOD, GOOD.decode().encode("utf-16"), gzip.compress(GOOD), parquet.getvalue(), lines, sheet]


VICTIMS = victims()
