"""Each row of the ASVS table that says met names what shows it, and that is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "explanation" / "asvs.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]
NAMED = sorted(set(re.findall(r"`((?:tests|docs)/[^`]+)`", TABLE.read_text(encoding="utf-8"))))


def test_every_row_has_a_number_words_a_state_and_a_reason():
    assert len(ROWS) > 50
    assert [row for row in ROWS if len(row) != 4 or not all(row)] == []
    assert {row[2] for row in ROWS} == {"met", "not met", "not ours"}


def test_no_row_is_there_twice():
    numbers = [row[0] for row in ROWS]
    assert len(numbers) == len(set(numbers))


def test_what_is_met_names_a_test_a_page_or_a_decision():
    proof = re.compile(r"`(tests|docs)/|decision \d")
    assert [row[0] for row in ROWS if row[2] == "met" and not proof.search(row[3])] == []


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_there(name):
    path, _, test = name.partition("::")
    assert (ROOT / path).exists()
    if test:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert test in {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
