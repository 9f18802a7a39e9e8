"""``hingepoint discover``: files in, an honest answer out, and the exit code says which."""

import html
import json
import sys

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from hingepoint import cli

FORMATS_KEYS = [
    "schema",
    "version",
    "metric",
    "data",
    "settings",
    "placebo",
    "controls",
    "warnings",
    "audit",
    "findings",
    "pivotal",
]
FINDING_KEYS = [
    "agreement",
    "grade",
    "excluded_because",
    "effect",
    "ci",
    "p_adjusted",
    "gained",
    "not_gained",
    "coverage",
    "worth",
    "worth_ci",
    "robustness",
    "best_by",
    "timing",
    "segments",
    "same_as",
    "in_words",
]
#: What stands behind a finding comes after what the format has had from the start.
BEHIND_KEYS = [
    "p_top",
    "place",
    "place_between",
    "ten_points",
    "ten_points_ci",
    "joint",
    "paths",
    "doses",
    "levels",
    "turned",
    "faded",
    "doubts",
    "repairs",
    "breaks",
    "leans",
]


def discover(*arguments):
    return CliRunner().invoke(cli.main, ["discover", *map(str, arguments)])


@pytest.fixture(scope="session")
def history(tmp_path_factory):
    """2,400 deals of 40 sellers in which one agreement adds 25 points, 11 do nothing, and one is the order."""
    folder = tmp_path_factory.mktemp("history")
    draw = np.random.default_rng(7)
    number = 2_400
    gained = draw.random((number, 12)) < 0.35
    won = draw.random(number) < 0.25 + 0.25 * gained[:, 0]
    start = np.datetime64("2024-01-01") + draw.integers(0, 600, number)
    length = draw.integers(60, 140, number)
    deals = pl.DataFrame(
        {
            "deal_id": [f"D{n}" for n in range(number)],
            "created": start,
            "closed": start + length,
            "status": np.where(won, "won", "lost"),
            "owner": [f"S{n % 40}" for n in range(number)],
        }
    )
    events = [
        (f"D{n}", f"a{k:02}", str(start[n] + int(draw.integers(2, 50))))
        for n in range(number)
        for k in range(12)
        if gained[n, k]
    ]
    events += [(f"D{n}", "order", str(start[n] + length[n])) for n in range(number) if won[n]]
    deals.write_csv(folder / "deals.csv")
    pl.DataFrame(events, schema=["deal_id", "agreement", "at"], orient="row").write_csv(folder / "events.csv")
    return folder


@pytest.fixture
def files(history):
    return "--deals", history / "deals.csv", "--events", history / "events.csv"


def test_the_table_says_what_was_found_and_what_was_left_out(files):
    answer = discover(*files)
    assert answer.exit_code == 0, answer.output
    for words in (
        "Win rate",
        "a00",
        "Evidence",
        "95%",
        "├",
        "●",
        "The proposed set",
        "Part of closing",
        "“order”",
    ):
        assert words in answer.stdout
    assert answer.stderr == ""


def test_json_is_one_object_as_formats_describes_it(files):
    answer = discover(*files, "--format", "json")
    found = json.loads(answer.stdout)
    assert list(found) == [*FORMATS_KEYS, "understood"]
    assert {tuple(finding) for finding in found["findings"]} == {(*FINDING_KEYS, *BEHIND_KEYS)}
    assert sorted(finding["agreement"] for finding in found["findings"]) == [
        *(f"a{k:02}" for k in range(12)),
        "order",
    ]
    assert found["findings"][0]["agreement"] == "a00"


@pytest.mark.slow
def test_the_same_files_seed_and_version_give_the_same_bytes(files, tmp_path):
    for name in ("one", "two"):
        assert discover(*files, "--out", tmp_path / name, "--quiet").exit_code == 0
    one, two = ((tmp_path / name / "findings.csv").read_bytes() for name in ("one", "two"))
    assert one == two
    assert {path.name for path in (tmp_path / "one").iterdir()} == {
        "report.html",
        "findings.csv",
        "findings.parquet",
        "run.json",
    }


def test_controls_and_columns_insisted_on_are_taken_and_on_record(files):
    asked = ("--negative-controls", "a03", "--insist", "segment")
    shown = json.loads(discover(*files, "--metric", "won", *asked, "--format", "json", "--quiet").stdout)
    assert (shown["settings"]["negative_controls"], shown["settings"]["insist"]) == (["a03"], ["segment"])
    assert (shown["controls"]["named"], shown["controls"]["tested"]) == (1, 1)


def test_run_json_names_the_files_by_hash_and_the_settings(files, tmp_path):
    discover(*files, "--out", tmp_path, "--seed", "5", "--landmarks", "2w,4w", "--horizon", "20w", "--quiet")
    run = json.loads((tmp_path / "run.json").read_text())
    assert [one["name"] for one in run["inputs"]] == ["deals.csv", "events.csv"]
    assert all(len(one["sha256"]) == 64 for one in run["inputs"])
    assert (run["settings"]["seed"], run["landmarks"], run["horizon"]) == (5, ["2w", "4w"], "20w")


def test_a_pdf_is_written_when_asked_for(files, tmp_path):
    pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    answer = discover(*files, "--out", tmp_path / "out", "--pdf", "--quiet")
    assert answer.exit_code in (0, 3), answer.output
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "--pdf needs --out" in discover(*files, "--pdf").output


def test_without_the_typesetter_the_command_says_what_to_install(files, tmp_path, monkeypatch):
    from hingepoint.reports import typesetting

    monkeypatch.setattr(typesetting, "available", lambda: False)
    answer = discover(*files, "--out", tmp_path, "--pdf")
    assert answer.exit_code == 2
    assert "pip install 'hingepoint[reports]'" in answer.output


def test_too_little_data_is_an_answer_with_a_report_and_code_3(history, tmp_path):
    few = pl.read_csv(history / "deals.csv").head(60)
    few.write_csv(tmp_path / "deals.csv")
    answer = discover(
        "--deals", tmp_path / "deals.csv", "--events", history / "events.csv", "--out", tmp_path / "out"
    )
    assert answer.exit_code == 3
    assert "Too little data" in answer.stdout
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give --deals and --events, or --log"),
        (("--deals", "absent.csv"), "absent.csv: does not exist"),
        (("--metric", "happiness"), "the metric 'happiness' is not known"),
        (("--metric", "supportive:mood>1"), "a sale cannot be judged on 'mood'"),
        (("--metric", "margin"), "needs margin"),
        (("--landmarks", "soon"), "is not a length of time"),
        (("--pivotal", "many"), "expected a size such as 6-8"),
        (("--covariates", "mood"), "mood"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_message(files, arguments, said):
    with_files = arguments if arguments in ((),) or arguments[0] == "--deals" else (*files, *arguments)
    answer = discover(*with_files)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.output
    assert answer.stdout == ""


def test_spark_that_is_not_there_says_what_to_install(files, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    answer = discover(*files, "--engine", "spark")
    assert answer.exit_code == 2
    assert "pip install 'hingepoint[spark]'" in answer.stderr


def test_sums_that_were_kept_are_used_by_the_next_run(files, tmp_path):
    first = discover(*files, "--keep", tmp_path / "sums", "--format", "json")
    again = discover(*files, "--keep", tmp_path / "sums", "--format", "json")
    assert "Parts of the deals: 0 as before, 1 summed anew." in first.stderr
    assert "Parts of the deals: 1 as before, 0 summed anew." in again.stderr
    assert json.loads(again.stdout) == json.loads(first.stdout)


def test_sums_are_not_kept_in_a_file(files, tmp_path):
    (tmp_path / "sums").write_text("mine")
    answer = discover(*files, "--keep", tmp_path / "sums")
    assert answer.exit_code == 2
    assert "is a file, not a folder" in answer.stderr


def test_bad_rows_stop_everything_until_they_may_be_skipped(history, tmp_path):
    bad = tmp_path / "deals.csv"
    bad.write_text((history / "deals.csv").read_text() + "Z1,soon,,open,S1\n")
    files = ("--deals", bad, "--events", history / "events.csv")
    refused = discover(*files)
    assert refused.exit_code == 2
    assert "row 2402, column created: found 'soon'" in refused.stderr
    assert "--skip-bad-rows" in refused.stderr
    skipped = discover(*files, "--skip-bad-rows", "--format", "json")
    assert skipped.exit_code == 0
    assert json.loads(skipped.stdout)["data"]["bad_rows"] == 1


#: What is changed of the deals, the metric, and what is said.
ALIKE = {
    "all won": ({"status": pl.lit("won")}, "won", "Every closed deal is won"),
    "none won": ({"status": pl.lit("lost")}, "won", "No deal is won"),
    "none closed": ({"status": pl.lit("open"), "closed": pl.lit("")}, "won", "No deal is closed yet"),
    "none on target": ({}, "supportive:cycle_days<=30", "No won deal meets cycle_days<=30"),
}


@pytest.mark.parametrize("case", ALIKE)
def test_deals_that_all_end_alike_give_a_report_and_exit_code_3(history, tmp_path, case):
    columns, metric, words = ALIKE[case]
    deals = tmp_path / "deals.csv"
    pl.read_csv(history / "deals.csv").with_columns(**columns).write_csv(deals)
    files = ("--deals", deals, "--events", history / "events.csv", "--metric", metric)
    answer = discover(*files, "--out", tmp_path / "out", "--format", "json", "--quiet")
    assert (answer.exit_code, answer.stderr) == (3, "")
    found = json.loads(answer.stdout)
    assert list(found) == [*FORMATS_KEYS, "understood"]
    assert sorted(one["agreement"] for one in found["findings"]) == [
        *(f"a{k:02}" for k in range(12)),
        "order",
    ]
    assert [one for one in found["warnings"] if one.startswith(words)]
    assert words in html.unescape((tmp_path / "out" / "report.html").read_text())
    table = discover(*files)
    assert (table.exit_code, words in " ".join(table.stdout.split())) == (3, True)


def test_a_metric_that_no_deal_meets_ends_in_a_sentence(shared_data):
    folder = shared_data / "cases" / "constant_metric"
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    files = ("--deals", folder / "deals.csv", "--events", folder / "events.csv")
    answer = discover(*files, "--metric", "supportive:cycle_days<=30", "--format", "json")
    assert answer.exit_code == 3
    assert json.loads(answer.stdout)["warnings"][-1].startswith("No won deal meets cycle_days<=30")


def test_undated_agreements_are_association_only(tmp_path):
    draw = np.random.default_rng(3)
    scope = draw.random(600) < 0.5
    won = draw.random(600) < 0.3 + 0.4 * scope
    pl.DataFrame(
        {
            "deal_id": [f"D{n}" for n in range(600)],
            "status": np.where(won, "won", "lost"),
            "scope": np.where(scope, "yes", "no"),
            "budget": np.where(draw.random(600) < 0.5, "yes", "unknown"),
        }
    ).write_csv(tmp_path / "deals.csv")
    answer = discover(
        "--deals", tmp_path / "deals.csv", "--agreement-columns", "scope,budget", "--format", "json"
    )
    found = json.loads(answer.stdout)
    assert {finding["grade"] for finding in found["findings"]} <= {"weak", "none", "excluded"}
    assert any("association only" in warning for warning in found["warnings"])


def test_a_log_given_as_deals_is_read_as_the_log(tmp_path):
    log = tmp_path / "log.xes"
    log.write_text('<log xes.version="1.0"><trace><string key="concept:name" value="1"/></trace></log>')
    as_deals, as_log = discover("--deals", log), discover("--log", log)
    assert (as_deals.exit_code, as_deals.stderr) == (2, as_log.stderr)


def test_the_log_stands_alone(files, history):
    answer = discover(*files, "--log", history / "events.csv")
    assert (answer.exit_code, "Give --log alone" in answer.stderr) == (2, True)


@pytest.mark.slow
def test_the_shares_are_those_of_the_published_log(shared_data):
    """BPI Challenge 2012: what every win contains is named mechanical, and calls are no lever."""
    log = shared_data / "bpic2012" / "bpic2012.xes.gz"
    answer = discover("--log", log, "--mapping", "docs/how-to/examples/bpic2012.yaml", "--format", "json")
    found = json.loads(answer.stdout)
    assert (found["data"]["won"], found["data"]["open"]) == (2_246, 399)
    reasons = {finding["agreement"]: finding["excluded_because"] for finding in found["findings"]}
    assert reasons["O_SENT_BACK"] == "mechanical"
    calls = next(one for one in found["findings"] if one["agreement"] == "W_Nabellen offertes")
    assert calls["grade"] not in ("strong", "moderate")


@pytest.mark.slow
def test_nothing_is_confirmed_where_outcomes_are_noise(shared_data):
    table = shared_data / "maven_crm" / "sales_pipeline.csv"
    answer = discover(
        "--deals", table, "--mapping", "docs/how-to/examples/maven_crm.yaml", "--format", "json"
    )
    assert answer.exit_code in (0, 3)
    grades = {finding["grade"] for finding in json.loads(answer.stdout)["findings"]}
    assert not grades & {"strong", "moderate"}
