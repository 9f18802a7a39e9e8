"""``hingepoint impact``: files in, an honest answer out, and the exit code says which."""

import csv
import hashlib
import json
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from hingepoint import cli
from hingepoint.connectors.files import write_table
from impacts import rolled_out

#: As FORMATS says, in its order; further keys come after.
KEYS = [
    "schema",
    "version",
    "metric",
    "teams",
    "periods",
    "effect",
    "ci",
    "p",
    "inference",
    "second_reading",
    "event_study",
    "placebo",
    "smallest_provable",
    "conclusion",
    "cannot_be_shown_before",
    "value",
    "in_words",
]


def impact(*arguments):
    return CliRunner().invoke(cli.main, ["impact", *map(str, arguments)])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Deals of eight teams in which starting adds 25 points, who started when, and the teams alone."""
    folder = tmp_path_factory.mktemp("impact")
    deals, starts = rolled_out(effect=0.25)
    deals.write_csv(folder / "deals.csv")
    write_table((("team", "starts"), list(starts.items())), folder / "rollout.csv", "csv")
    write_table((("team",), [(team,) for team in starts]), folder / "teams.csv", "csv")
    return folder


def told(result) -> dict:
    assert result.exit_code in (0, 3), result.output
    return json.loads(result.stdout)


def measured(files, *more) -> dict:
    given = ("--deals", files / "deals.csv", "--rollout", files / "rollout.csv", "--metric", "won")
    return told(impact(*given, "--format", "json", *more))


@pytest.fixture(scope="module")
def answer(files) -> dict:
    return measured(files, "--lottery", 2024)


def test_the_json_has_the_keys_of_the_format_in_their_order(answer):
    assert list(answer)[: len(KEYS)] == KEYS
    assert answer["schema"] == 1
    assert answer["metric"] == {"name": "won", "unit": "share of deals", "better": "higher"}
    assert (answer["teams"], answer["periods"]) == (8, 21)
    assert set(answer["event_study"][0]) == {"period", "effect", "ci"}
    assert {"method", "effect", "ci"} <= set(answer["second_reading"])
    assert answer["second_reading"]["method"] == "callaway-santanna"


def test_a_planted_effect_is_shown(answer):
    low, high = answer["ci"]
    assert low < 0.25 < high
    assert answer["conclusion"] == "shown"
    assert answer["inference"] == "lottery"
    assert answer["cannot_be_shown_before"] is None
    assert answer["nobody_waits_from"] == "2025-10-01"
    assert [one["period"] for one in answer["event_study"]] == [*range(-6, 9)]


def test_value_is_in_the_currency_of_the_deals(answer):
    assert answer["value"]["currency"] == "EUR"
    low, high = answer["value"]["ci"]
    assert 0 < low < answer["value"]["a_year"] < high


def test_without_a_lottery_the_label_is_as_if_random(files):
    assert measured(files)["inference"] == "as if random"


def test_orders_can_come_from_a_file(files, tmp_path):
    with (files / "rollout.csv").open(encoding="utf-8-sig") as opened:
        starts = [(row["team"], row["starts"]) for row in csv.DictReader(opened)]
    teams, days = zip(*starts, strict=True)
    turned = [list(zip(teams, days[turn:] + days[:turn], strict=True)) for turn in range(8)]
    rows = [
        (copy * 8 + number, *one) for copy in range(3) for number, order in enumerate(turned) for one in order
    ]
    write_table((("order", "team", "starts"), rows), tmp_path / "orders.csv", "csv")
    found = measured(files, "--lottery", tmp_path / "orders.csv")
    assert (found["inference"], found["orders"], found["all_orders"]) == ("lottery", 24, True)


def test_the_table_says_it_in_words(files):
    result = impact(
        "--deals",
        files / "deals.csv",
        "--rollout",
        files / "rollout.csv",
        "--metric",
        "won",
        "--lottery",
        "1",
    )
    assert result.exit_code == 0
    assert "The rollout works: deals of teams that had started were won" in result.output
    assert "What others would run: two-way fixed effects" in result.output
    assert "In money: €" in result.output


def test_files_are_written_where_asked(files, tmp_path):
    folder = tmp_path / "new" / "answer"
    found = measured(files, "--lottery", 1, "--out", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["event_study.csv", "impact.json", "panel.csv"]
    assert json.loads((folder / "impact.json").read_text("utf-8")) == found
    with (folder / "panel.csv").open(encoding="utf-8-sig") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 8 * 21
    assert sum(int(row["deals"]) for row in rows) == 8 * 21 * 12


def test_five_teams_end_with_3_and_say_so(files, tmp_path):
    lines = (files / "rollout.csv").read_text("utf-8-sig").splitlines()
    (tmp_path / "few.csv").write_text("\n".join(lines[:6]) + "\n")
    result = impact(
        "--deals",
        files / "deals.csv",
        "--rollout",
        tmp_path / "few.csv",
        "--metric",
        "won",
        "--format",
        "json",
    )
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert (found["inference"], found["conclusion"], found["ci"]) == (
        "none",
        "cannot be shown yet",
        [None, None],
    )


def test_a_plan_for_five_teams_ends_with_3_and_says_so(files, tmp_path):
    lines = (files / "teams.csv").read_text("utf-8-sig").splitlines()
    (tmp_path / "few.csv").write_text("\n".join(lines[:6]) + "\n")
    result = impact("--plan", tmp_path / "few.csv", "--deals", files / "deals.csv", "--metric", "won")
    assert result.exit_code == 3
    assert "this rollout can only be looked at" in " ".join(result.output.split())
    assert "Smallest provable effect" not in result.output


def test_a_plan_is_printed_for_people(files):
    result = impact("--plan", files / "teams.csv", "--deals", files / "deals.csv", "--metric", "won")
    assert result.exit_code == 0
    assert "Order drawn by lot with seed 1" in result.output
    assert "80% of it a month later" in result.output
    assert "Hingepoint sealed card, version 1" in result.output


@pytest.fixture(scope="module")
def planned(files):
    """The folder that a plan wrote."""
    folder = files / "plan"
    result = impact(
        "--plan", files / "teams.csv", "--deals", files / "deals.csv", "--metric", "won", "--lottery", "11",
        "--data-end", "2024-12-31", "--steps", "4", "--periods", "9", "--out", folder, "--format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (folder / "stdout.json").write_text(result.stdout)
    return folder


def test_a_plan_is_an_order_by_lot_with_what_it_can_prove(planned):
    found = json.loads((planned / "stdout.json").read_text())
    assert [found[key] for key in ("teams", "steps", "periods", "seed")] == [8, 4, 9, 11]
    assert [one["step"] for one in found["order"]] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert found["order"][0]["starts"] == "2025-01-01"
    assert found["order"][-1]["starts"] == "2025-10-01"
    assert {(one["within"], one["between"]) for one in found["power"]} >= {(0.02, 0.8), (0.1, 1.0)}
    assert found["smallest_provable"] > 0


def test_the_card_is_written_with_its_seal(planned):
    text = (planned / "card.txt").read_bytes()
    seal = (planned / "card.sha256").read_text().split()[0]
    assert seal == hashlib.sha256(text).hexdigest()
    assert json.loads((planned / "stdout.json").read_text())["card"]["sha256"] == seal
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("no sha256sum here")
    checked = subprocess.run(
        [program, "-c", "card.sha256"], cwd=planned, capture_output=True, text=True, check=True
    )
    assert checked.stdout == "card.txt: OK\n"


def test_the_rollout_of_a_plan_keeps_its_card(files, planned):
    seal = (planned / "card.sha256").read_text().split()[0]
    given = ("--deals", files / "deals.csv", "--rollout", planned / "rollout.csv", "--metric", "won")
    found = told(
        impact(*given, "--lottery", 11, "--card", planned / "card.txt", "--sha256", seal, "--format", "json")
    )
    assert found["card"]["kept"]
    assert found["card"]["sha256"] == seal
    assert found["card"]["decided"] in ("it worked", "it did not", "not decided")
    assert "Drawn again with seed 11: the same order." in found["notes"]


def test_a_rollout_that_is_not_the_sealed_one_says_where(files, planned):
    found = measured(files, "--card", planned / "card.txt")
    assert not found["card"]["kept"]
    assert found["card"]["decided"] == "not decided"
    assert any("sealed 2025-" in one for one in found["card"]["differs"])


def refused(*arguments) -> str:
    result = impact(*arguments)
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_another_card_than_the_sealed_one_is_refused(files, planned):
    given = ("--deals", files / "deals.csv", "--rollout", planned / "rollout.csv", "--metric", "won")
    said = refused(*given, "--card", planned / "card.txt", "--sha256", "0" * 64)
    assert "this is not the card that was sealed" in said
    changed = planned / "changed.txt"
    changed.write_text((planned / "card.txt").read_text().replace("under +3.0", "under +1.0"))
    assert "changed after it was written" in refused(*given, "--card", changed)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Give --rollout for a rollout that has begun, or --plan for one that has not."),
        (("--rollout", "rollout.csv", "--plan", "teams.csv"), "Give --rollout for a rollout"),
        (("--rollout", "rollout.csv", "--steps", "3"), "--steps goes with --plan"),
        (("--rollout", "rollout.csv", "--sha256", "ab"), "--sha256 goes with --card"),
        (("--plan", "teams.csv", "--card", "teams.csv"), "--card goes with --rollout"),
        (("--rollout", "rollout.csv", "--out", "deals.csv"), "--out deals.csv: is a file, not a folder"),
        (("--plan", "teams.csv", "--steps", "9"), "8 teams can start in 2 to 8 steps, not in 9"),
        (("--plan", "teams.csv", "--lottery", "dice"), "expected the seed of the lot"),
        (("--rollout", "missing.csv"), "missing.csv: does not exist"),
        (("--rollout", "teams.csv"), "teams.csv: has no column starts"),
        (("--rollout", "rollout.csv", "--lottery", "rollout.csv"), "rollout.csv: has no column order"),
        (
            ("--rollout", "rollout.csv", "--card", "rollout.csv"),
            "not one that hingepoint impact --plan wrote",
        ),
        (("--rollout", "rollout.csv", "--metric", "luck"), "the metric 'luck' is not known"),
        (("--rollout", "rollout.csv", "--metric", "sale_days"), "the days to a sale"),
        (("--rollout", "rollout.csv", "--metric", "discount"), "the metric discount needs discount"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_one_clear_message(files, arguments, says, monkeypatch):
    monkeypatch.chdir(files)
    said = refused(
        "--deals", "deals.csv", *([] if "--metric" in arguments else ["--metric", "won"]), *arguments
    )
    assert says in " ".join(said.split())


def test_deals_without_teams_end_with_2(files, tmp_path):
    deals, _ = rolled_out()
    deals.drop("team").write_csv(tmp_path / "deals.csv")
    said = refused("--deals", tmp_path / "deals.csv", "--rollout", files / "rollout.csv", "--metric", "won")
    assert "they need a column team" in said


def test_a_bad_day_is_named_with_its_row(files, tmp_path):
    (tmp_path / "bad.csv").write_text("team,starts\nTeam A,soon\n")
    said = refused("--deals", files / "deals.csv", "--rollout", tmp_path / "bad.csv", "--metric", "won")
    assert "bad.csv, row 2, column starts: found 'soon'" in said


def test_teams_are_known_however_they_are_written(files, tmp_path):
    text = (files / "rollout.csv").read_text("utf-8-sig").replace("Team ", "TEAM_")
    (tmp_path / "rollout.csv").write_text(text)
    given = ("--deals", files / "deals.csv", "--rollout", tmp_path / "rollout.csv", "--metric", "won")
    assert told(impact(*given, "--format", "json"))["teams"] == 8
