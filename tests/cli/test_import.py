"""``hingepoint import``, ``check`` and ``export``, each a program of its own."""

import json

import pytest

from importing import DEALS, EVENTS, write
from installation import Installation


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """An installation that has imported the small deals and events; and where their files are."""
    folder = tmp_path_factory.mktemp("company")
    files = {"deals": write(folder, "deals.csv", DEALS), "events": write(folder, "events.csv", EVENTS)}
    place = Installation(folder / "data")
    answers = {table: place.run("import", table, path, "--format", "json") for table, path in files.items()}
    return place, files, answers


@pytest.fixture
def place(company):
    return company[0]


@pytest.fixture
def files(company):
    return company[1]


def test_deals_and_events_are_imported_into_a_fresh_installation(company):
    _, _, answers = company
    told = {table: json.loads(answer.stdout) for table, answer in answers.items()}
    assert [told[table]["created"] for table in ("deals", "events")] == [3, 6]
    assert told["deals"]["schema"] == 1
    assert answers["events"].stderr == ""


def test_the_same_file_again_says_that_nothing_changed(place, files):
    again = place.run("import", "deals", files["deals"])
    assert (again.returncode, "nothing was changed" in again.stdout) == (0, True)
    assert "3  unchanged" in again.stdout


def test_a_dry_run_says_what_would_be(place, tmp_path):
    more = write(tmp_path, "more.csv", DEALS + "A-9,2025-03-01,,open,,,,,,,,,\n")
    told = place.run("import", "deals", more, "--dry-run")
    assert "1  would be created" in told.stdout
    told = json.loads(place.run("import", "deals", more, "--dry-run", "--format", "json").stdout)
    assert (told["dry_run"], told["created"], told["batch"]) == (True, 1, None)


def test_a_bad_row_is_named_and_nothing_imported(place, tmp_path):
    bad = write(tmp_path, "bad.csv", DEALS + "A-9,31.31.2025,,open,,,,,,,,,\n")
    refused = place.run("import", "deals", bad)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "bad.csv, row 5, column created: found '31.31.2025', expected" in refused.stderr
    assert "Nothing was imported." in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "deals", "absent.csv"),
        ("import", "friends", "deals.csv"),
        ("import", "deals"),
        ("import", "deals", "absent.csv", "--mapping", "absent.yaml"),
        ("check", "absent.csv"),
        ("check",),
        ("export", "friends"),
    ],
)
def test_a_mistake_ends_in_one_message(place, arguments):
    told = place.run(*arguments)
    assert told.returncode == 2
    assert told.stderr.strip()
    assert "Traceback" not in told.stderr


def test_check_reads_files_without_a_database(files, tmp_path):
    told = Installation(tmp_path / "nowhere").run("check", files["events"], files["deals"])
    assert told.returncode == 0, told.stderr
    assert "3 deals (1 won, 1 lost, 1 open), 4 agreement events, 2 other events" in told.stdout
    assert "Pivotal agreements" in told.stdout
    assert not (tmp_path / "nowhere" / "hingepoint.sqlite3").exists()


def test_check_prints_the_same_as_json(files, tmp_path):
    told = json.loads(
        Installation(tmp_path / "nowhere").run("check", files["deals"], "--format", "json").stdout
    )
    assert (told["facts"]["deals"], told["facts"]["filled"]["owner"]) == (3, 3)
    assert {line["feature"] for line in told["readiness"]} >= {"Pivotal agreements", "Discount and price"}


@pytest.mark.parametrize("name", ["deals.csv", "deals.xlsx", "deals.json"])
def test_what_is_exported_reads_back(place, tmp_path, name):
    out = tmp_path / name
    assert place.run("export", "deals", "--out", out).returncode == 0
    again = json.loads(place.run("import", "deals", out, "--format", "json").stdout)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)


def test_an_export_goes_to_standard_output_when_no_file_is_said(place):
    assert "deal_id,agreement,at," in place.run("export", "events").stdout
