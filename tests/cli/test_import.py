"""``hingepoint import``, ``check`` and ``export``."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cast import NOW
from hingepoint import cli
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions
from importing import DEALS, EVENTS, write
from installation import Installation

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "first-hour.md"


@pytest.fixture
def files(tmp_path):
    return {"deals": write(tmp_path, "deals.csv", DEALS), "events": write(tmp_path, "events.csv", EVENTS)}


@pytest.fixture
def company(hingepoint, files):
    """The small deals and events, imported; gives the command to go on with."""
    for table, path in files.items():
        hingepoint("import", table, path)
    return hingepoint


@pytest.mark.slow
def test_deals_and_events_are_imported_into_a_fresh_installation(empty_installation, files):
    for table, created in (("deals", 3), ("events", 6)):
        answer = empty_installation.run("import", table, files[table], "--format", "json")
        assert answer.returncode == 0, answer.stderr
        told = json.loads(answer.stdout)
        assert (told["schema"], told["created"]) == (1, created)
    assert answer.stderr == ""


def test_the_same_file_again_says_that_nothing_changed(company, files):
    again = company("import", "deals", files["deals"])
    assert (again.exit_code, "nothing was changed" in again.stdout) == (0, True)
    assert "3  unchanged" in again.stdout


def test_a_dry_run_says_what_would_be(company, tmp_path):
    more = write(tmp_path, "more.csv", DEALS + "A-9,2025-03-01,,open,,,,,,,,,\n")
    told = company("import", "deals", more, "--dry-run")
    assert "1  would be created" in told.stdout
    told = json.loads(company("import", "deals", more, "--dry-run", "--format", "json").stdout)
    assert (told["dry_run"], told["created"], told["batch"]) == (True, 1, None)


def test_a_bad_row_is_named_and_nothing_imported(company, tmp_path):
    bad = write(tmp_path, "bad.csv", DEALS + "A-9,31.31.2025,,open,,,,,,,,,\n")
    refused = company("import", "deals", bad)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "bad.csv, row 5, column created: found '31.31.2025', expected" in refused.stderr
    assert "Nothing was imported." in refused.stderr


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
def test_a_mistake_ends_in_one_message(hingepoint, arguments):
    told = hingepoint(*arguments)
    assert told.exit_code == 2
    assert told.stderr.strip()


def test_check_reads_files_without_a_database(files, tmp_path):
    told = Installation(tmp_path / "nowhere").run("check", files["events"], files["deals"])
    assert told.returncode == 0, told.stderr
    assert "3 deals (1 won, 1 lost, 1 open), 4 agreement events, 2 other events" in told.stdout
    assert "Pivotal agreements" in told.stdout
    assert not (tmp_path / "nowhere" / "hingepoint.sqlite3").exists()


def test_check_prints_the_same_as_json(files):
    told = json.loads(CliRunner().invoke(cli.main, ["check", str(files["deals"]), "--format", "json"]).stdout)
    assert (told["facts"]["deals"], told["facts"]["filled"]["owner"]) == (3, 3)
    assert {line["feature"] for line in told["readiness"]} >= {"Pivotal agreements", "Discount and price"}


def test_check_says_what_was_understood_and_asks(tmp_path):
    path = write(
        tmp_path,
        "deals.csv",
        "deal_id,created,closed,stage,amount,currency\n"
        "A,2024-01-01,2024-02-01,Closed Won,10,USD\nB,2024-01-01,2024-02-03,Closed - No decision,5,USD\n",
    )
    told = json.loads(CliRunner().invoke(cli.main, ["check", str(path), "--format", "json"]).stdout)
    line = 'deals: {status: {lost: ["Closed - No decision"]}}'
    assert told["rows"] == {"deals.csv": 2}
    assert [(each["word"], each["read_as"], each["amount"]) for each in told["status"]] == [
        ("Closed - No decision", "asked", 5.0),
        ("Closed Won", "won", 10.0),
    ]
    assert [each["mapping"] for each in told["questions"]] == [line]
    assert told["understood"] == {key: told[key] for key in told["understood"]}
    told = CliRunner().invoke(cli.main, ["discover", "--deals", str(path)])
    assert told.exit_code == 2
    assert "“Closed - No decision” in column stage: 1 deal, USD 5" in told.stderr
    assert line in told.stderr


def test_an_import_asks_before_anything_is_kept(hingepoint, tmp_path):
    text = "deal_id,created,closed,status\nA,2024-01-01,2024-02-01,won\nB,2024-01-01,2024-02-01,Dead\n"
    told = hingepoint("import", "deals", write(tmp_path, "deals.csv", text))
    assert (told.exit_code, Deal.objects.count()) == (2, 0)
    assert "“Dead” in column status: 1 deal" in told.stderr
    mapping = write(tmp_path, "map.yaml", 'deals: {status: {lost: ["Dead"]}}\n')
    dry = json.loads(
        hingepoint(
            "import", "deals", tmp_path / "deals.csv", "--mapping", mapping, "--dry-run", "--format", "json"
        ).stdout
    )
    assert [(each["word"], each["read_as"]) for each in dry["status"]] == [("Dead", "lost"), ("won", "won")]
    assert dry["understood"]["rows"] == {"deals.csv": 2}


ASKING = (
    "deal_id,created,closed,status,amount\nA,2024-01-01,2024-02-01,won,3\nB,2024-01-01,2024-02-01,Dead,5\n"
)
LOG = """<log><trace><string key="concept:name" value="B"/><string key="status" value="Dead"/>
<date key="created" value="2024-01-01T00:00:00"/><date key="closed" value="2024-02-01T00:00:00"/>
<event><string key="concept:name" value="pilot"/><date key="time:timestamp" value="2024-01-05T00:00:00"/></event>
</trace></log>"""


@pytest.mark.parametrize(("table", "name", "text"), [("deals", "deals.csv", ASKING), ("log", "log.xes", LOG)])
def test_every_door_names_the_word_its_count_and_the_line_that_answers(
    hingepoint, tmp_path, table, name, text
):
    path = write(tmp_path, name, text)
    told = hingepoint("import", table, path)
    assert (told.exit_code, told.stdout, Deal.objects.count()) == (2, "", 0)
    assert "“Dead” in column status: 1 deal" in told.stderr
    assert 'in the mapping: deals: {status: {lost: ["Dead"]}}' in told.stderr
    assert told.stderr.rstrip().endswith("Nothing was imported.")
    mapping = write(tmp_path, "map.yaml", 'deals: {status: {lost: ["Dead"]}}\n')
    assert hingepoint("import", table, path, "--mapping", mapping).exit_code == 0
    assert Deal.objects.get(key="B").status == "lost"


def test_a_dry_run_tells_what_was_understood_with_its_questions(hingepoint, tmp_path):
    path = write(tmp_path, "deals.csv", ASKING)
    dry = hingepoint("import", "deals", path, "--dry-run")
    check = CliRunner().invoke(cli.main, ["check", str(path)])
    assert dry.exit_code == check.exit_code == 0
    told = dry.stdout[dry.stdout.index("deals.csv: 2 rows\n") :].rstrip().splitlines()
    assert told[-1] == '     in the mapping: deals: {status: {lost: ["Dead"]}}'
    assert "\n".join(told) in check.stdout


def test_a_file_in_which_every_deal_is_asked_about_is_asked_about_not_refused(hingepoint, tmp_path):
    path = write(tmp_path, "deals.csv", ASKING.replace(",won,", ",Signed,"))
    told = json.loads(hingepoint("import", "deals", path, "--dry-run", "--format", "json").stdout)
    assert (told["created"], len(told["questions"])) == (0, 2)
    refused = hingepoint("import", "deals", path)
    assert (refused.exit_code, "“Signed” in column status" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["deals.csv", "deals.xlsx", "deals.json"])
def test_what_is_exported_reads_back(company, tmp_path, name):
    out = tmp_path / name
    assert company("export", "deals", "--out", out).exit_code == 0
    again = json.loads(company("import", "deals", out, "--format", "json").stdout)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)


def test_an_export_goes_to_standard_output_when_no_file_is_said(company):
    assert "deal_id,agreement,at," in company("export", "events").stdout


def test_the_file_of_the_tutorial_is_refused_for_one_row_then_comes_in_and_is_taken_back(
    hingepoint, tmp_path
):
    text = re.search(r"^```text\n(deal_id,.*?)^```", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL)[1]
    told = hingepoint("import", "deals", write(tmp_path, "deals.csv", text))
    assert told.exit_code == 2
    assert "deals.csv, row 4, column closed: found '2026-04-31'" in told.stderr
    mended = write(tmp_path, "deals.csv", text.replace("2026-04-31", "2026-04-30"))
    batch = json.loads(hingepoint("import", "deals", mended, "--format", "json").stdout)["batch"]
    assert Deal.objects.count() == 3
    actions.undo_import(by=None, at=NOW, batch_id=batch)
    assert not Deal.objects.exists()
    assert AuditEvent.objects.filter(subject="import").exists()
