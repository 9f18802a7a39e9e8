"""The ASVS table holds each row of levels 1 and 2 once; what says met names what shows it, and that is there."""

import ast
import re
from collections import Counter
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


#: Section -> how many rows of levels 1 and 2 the standard 5.0.0 has in it, from 1 on.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6,
    "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12,
    "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2,
    "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2,
    "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1,
    "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5,
    "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
#: Rows of level 3 that we hold ourselves to.
BEYOND = {"1.2.10", "6.3.7"}


def test_each_row_of_levels_1_and_2_is_there_once():
    asked = [f"{section}.{place}" for section, most in SECTIONS.items() for place in range(1, most + 1)]
    assert len(asked) == 253
    assert sorted(row[0] for row in ROWS) == sorted([*asked, *BEYOND])


def test_the_head_counts_as_the_table_does():
    told = Counter(row[2] for row in ROWS if row[0] not in BEYOND)
    said = (
        f"Of the 253, {told['met']} are met, {told['not met']} are not, and\n{told['not ours']} are not ours."
    )
    assert said in TABLE.read_text(encoding="utf-8")


def test_every_row_has_a_number_words_a_state_and_a_reason():
    assert [row for row in ROWS if len(row) != 4 or not all(row)] == []
    assert {row[2] for row in ROWS} == {"met", "not met", "not ours"}


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
