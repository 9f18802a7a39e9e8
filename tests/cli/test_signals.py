"""``hingepoint signals``: files in, the ten in the paper's order out, and the exit code says which."""

import csv
import datetime as dt
import json
import re

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from hingepoint import cli
from hingepoint.demo import calm

SIGNAL_KEYS = {
    "signal", "key", "state", "reading", "unit", "baseline", "ci", "since", "size", "size_ci", "places", "unjudged", "deals", "lacked",
    "question", "needs", "would_have_shown",
}  # fmt: skip
PLACE_KEYS = {"level", "name", "state", "reading", "since", "deals"}
SINCE = dt.date(2025, 7, 1)


def signals(*arguments):
    return CliRunner().invoke(cli.main, ["signals", *map(str, arguments)])


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A company whose Team 3 stops planning its concessions in July 2025, as files."""
    folder = tmp_path_factory.mktemp("company")
    drift = calm.Drift(3, "Team 3", SINCE, 0.5)
    made = calm.company(np.random.default_rng(2), sellers=60, years=3, drift=drift)
    for name in ("deals", "events", "routines"):
        getattr(made, name).write_csv(folder / f"{name}.csv")
    return folder


def given(folder):
    return [
        part for name in ("deals", "events", "routines") for part in (f"--{name}", folder / f"{name}.csv")
    ]


@pytest.fixture(scope="session")
def found(folder):
    result = signals(*given(folder), "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_all_ten_appear_in_the_papers_order(found):
    assert [one["signal"] for one in found["signals"]] == list(range(1, 11))
    assert (found["schema"], found["as_of"]) == (1, "2026-06-30")
    assert found["budget"]["false_raises_a_quarter"] == 1
    assert found["budget"]["charts"] > 60
    for one in found["signals"]:
        assert one.keys() >= SIGNAL_KEYS
        assert all(place.keys() >= PLACE_KEYS for place in one["places"])
        assert one["state"] in ("calm", "watch", "raised")


def test_what_was_planted_is_raised_with_its_place_date_size_and_deals(found):
    third = found["signals"][2]
    assert third["state"] == "raised"
    (team,) = (one for one in third["places"] if one["name"] == "Team 3")
    assert (team["level"], team["state"]) == ("team", "raised")
    assert "2025-06-01" <= team["since"] <= "2025-09-01"
    assert 0.3 < team["size"] < 0.7
    assert team["deals"] > 5
    assert third["deals"]
    assert third["question"].endswith("?")


def test_people_read_where_since_when_how_much_and_what_to_ask(folder):
    result = signals(*given(folder))
    assert result.exit_code == 0
    assert "Costly concessions without plan" in result.stdout
    assert re.search(
        r"Team 3: up by \d\d points \(\d\d to \d\d\) from \d\d?%, since (June|July|August) 2025",
        result.stdout,
    )
    assert "What stood in the way of planning before these talks" in result.stdout
    assert "this page would have raised it with a chance of" in result.stdout


@pytest.mark.slow
def test_files_are_written_and_agree_with_what_is_printed(folder, found, tmp_path):
    assert signals(*given(folder), "--out", tmp_path / "answer", "--quiet").exit_code == 0
    assert json.loads((tmp_path / "answer" / "signals.json").read_text())["signals"] == found["signals"]
    places = pl.read_csv(tmp_path / "answer" / "places.csv")
    assert places.height == sum(len(one["places"]) for one in found["signals"])
    deals = list(csv.DictReader((tmp_path / "answer" / "deals.csv").open()))
    assert {row["deal_id"] for row in deals if row["signal"] == "3"} == set(found["signals"][2]["deals"])
    points = pl.read_csv(tmp_path / "answer" / "points.csv", infer_schema_length=None)
    assert points.filter(pl.col("signal") == 9, pl.col("count") < 5).is_empty()


@pytest.mark.slow
def test_files_cut_on_a_day_say_the_same_as_the_whole_as_of_it(folder, tmp_path):
    day = dt.date(2026, 3, 31)
    tables = {
        name: pl.read_csv(folder / f"{name}.csv", try_parse_dates=True)
        for name in ("deals", "events", "routines")
    }
    later = pl.col("closed").dt.date() > day
    tables["deals"] = (
        tables["deals"]
        .filter(pl.col("created").dt.date() <= day)
        .with_columns(
            status=pl.when(later.fill_null(False)).then(pl.lit("open")).otherwise("status"),
            closed=pl.when(~later).then("closed"),
        )
    )
    tables["events"] = tables["events"].filter(pl.col("at").dt.date() <= day)
    tables["routines"] = tables["routines"].filter(pl.col("due").dt.date() <= day)
    for name, table in tables.items():
        table.write_csv(tmp_path / f"{name}.csv")
    whole = signals(*given(folder), "--as-of", day, "--format", "json")
    cut = signals(*given(tmp_path), "--as-of", day, "--format", "json")
    assert (whole.exit_code, cut.exit_code) == (0, 0)
    assert json.loads(whole.stdout) == json.loads(cut.stdout)


def test_deals_alone_say_what_is_missing(folder):
    result = signals("--deals", folder / "deals.csv", "--format", "json")
    assert result.exit_code == 0
    states = {one["signal"]: one["state"] for one in json.loads(result.stdout)["signals"]}
    assert {number for number, state in states.items() if state == "no_data"} == {2, 3, 4, 5, 6, 7, 8, 9}


def test_nothing_for_any_signal_ends_with_3(tmp_path):
    (tmp_path / "deals.csv").write_text("deal_id,created,closed,status\nD1,2026-01-05,,open\n")
    result = signals("--deals", tmp_path / "deals.csv")
    assert result.exit_code == 3
    assert "What is missing" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "nowhere.csv"], "nowhere.csv"),
        (["--as-of", "last week"], "--as-of"),
        (["--baseline-until", "2027-01-01"], "is not before"),
        (["--period", "day"], "--period"),
    ],
    ids=["no file", "no day", "baseline after the picture", "no period"],
)
def test_a_mistake_ends_in_one_message(folder, arguments, words):
    result = signals("--deals", folder / "deals.csv", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_bad_cell_names_its_row_and_column(folder, tmp_path):
    (tmp_path / "events.csv").write_text(
        "deal_id,kind,agreement,at,state\nD1,escalation,price,2026-01-05,perhaps\n"
    )
    result = signals("--deals", folder / "deals.csv", "--events", tmp_path / "events.csv")
    assert result.exit_code == 2
    assert "perhaps" in result.output
    assert "attended" in result.output  # what is expected
    assert signals(
        "--deals", folder / "deals.csv", "--events", tmp_path / "events.csv", "--skip-bad-rows"
    ).exit_code in (0, 3)


def test_other_headings_are_read_through_a_mapping(folder, tmp_path):
    text = (
        (folder / "routines.csv")
        .read_text()
        .replace("person,team,routine,due,done", "who,squad,ritual,until,ready")
    )
    (tmp_path / "routines.csv").write_text(text)
    (tmp_path / "map.yaml").write_text(
        "routines:\n  columns: {team: squad, routine: ritual, due: until, done: ready}\n"
    )
    arguments = ("--deals", folder / "deals.csv", "--routines", tmp_path / "routines.csv", "--format", "json")
    mapped = signals(*arguments, "--mapping", tmp_path / "map.yaml")
    assert mapped.exit_code == 0, mapped.output
    assert json.loads(mapped.stdout)["signals"][3]["reading"] == pytest.approx(0.14, abs=0.05)
    assert signals(*arguments).exit_code == 2


def test_a_policy_names_no_deal_and_everything_else_must(folder, tmp_path):
    rows = "deal_id,kind,agreement,at\n,policy,,2026-01-05\n,demand,price,2026-01-05\nD1,concession,,2026-01-05\n"
    (tmp_path / "events.csv").write_text(rows)
    result = signals("--deals", folder / "deals.csv", "--events", tmp_path / "events.csv")
    assert result.exit_code == 2
    assert "1 of 3 rows" in result.output
