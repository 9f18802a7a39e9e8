"""Small tables of a rollout are read as they are written, and say row and column where they cannot be."""

import datetime as dt

import polars as pl
import pytest

from hingepoint.connectors.files import BadRows, FileProblem, rollouts, write_table


@pytest.fixture
def file(tmp_path):
    def write(text: str, name: str = "rollout.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_an_empty_start_is_never(file):
    found = rollouts.read_rollout(file("team,starts\nNorth,2026-01-05\nSouth,\n"))
    assert found == {"North": dt.date(2026, 1, 5), "South": None}


@pytest.mark.parametrize(
    "text",
    [
        "Starts on;Team name\n2026-01-05;North\n",
        "\ufeffTEAM\tStart date\nNorth\t2026-01-05 00:00:00\n",
        'team,starts,who\n"North",2026-01-05,Ann\n,,\n',
    ],
)
def test_columns_are_known_by_usual_headings_in_any_order(file, text):
    assert rollouts.read_rollout(file(text)) == {"North": dt.date(2026, 1, 5)}


def test_a_workbook_is_read_too(tmp_path):
    path = tmp_path / "rollout.xlsx"
    write_table((("team", "starts"), [("North", dt.date(2026, 1, 5)), ("South", None)]), path, "xlsx")
    assert rollouts.read_rollout(path) == {"North": dt.date(2026, 1, 5), "South": None}
    parquet = tmp_path / "rollout.parquet"
    pl.DataFrame({"team": ["North"], "starts": [dt.date(2026, 1, 5)]}).write_parquet(parquet)
    assert rollouts.read_rollout(parquet) == {"North": dt.date(2026, 1, 5)}


def test_what_we_write_reads_back_as_it_was(tmp_path):
    path = tmp_path / "rollout.csv"
    write_table((("team", "starts"), [("=North", dt.date(2026, 1, 5))]), path, "csv")
    assert "'=North" in path.read_text("utf-8-sig")
    assert rollouts.read_rollout(path) == {"=North": dt.date(2026, 1, 5)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "team,starts\nNorth,05/01/2026\n",
            "rollout.csv, row 2, column starts: found '05/01/2026', "
            "expected a day such as 2026-01-31, or nothing for never",
        ),
        ("team,starts\nNorth,2026-02-30\n", "row 2, column starts: found '2026-02-30'"),
        ("team,starts\nNorth,\nnorth ,\n", "row 3, column team: found 'north', expected each team once"),
        ("team,starts\n,2026-01-05\n", "row 2, column team: expected a name"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(file, text, problem):
    with pytest.raises(BadRows) as refused:
        rollouts.read_rollout(file(text))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("team,when\nNorth,2026-01-05\n", "has no column starts; it has: team, when."),
        ("team,starts\n", "has no rows."),
    ],
)
def test_a_table_that_is_none_says_what_is_needed(file, text, problem):
    with pytest.raises(FileProblem, match=r"Give a table with the columns team, starts\.") as refused:
        rollouts.read_rollout(file(text))
    assert problem in str(refused.value)


def test_teams_come_in_order_and_once(file):
    assert rollouts.read_teams(file("team\nSouth\nNorth\n")) == ("South", "North")
    with pytest.raises(BadRows, match="expected each team once"):
        rollouts.read_teams(file("team\nSouth\nSOUTH\n"))


def test_orders_are_told_apart_by_their_number(file):
    found = rollouts.read_orders(file("order,team,starts\n1,A,2026-01-05\n1,B,\n2,B,2026-01-05\n2,A,\n"))
    day = dt.date(2026, 1, 5)
    assert found == ({"A": day, "B": None}, {"B": day, "A": None})


def test_a_team_twice_in_one_order_is_refused(file):
    with pytest.raises(BadRows, match="row 4, column team: found 'A', expected each team once"):
        rollouts.read_orders(file("order,team,starts\n1,A,\n2,A,\n2,A,\n"))
