"""``hingepoint benchmark-pack``: a file that may leave the house, and one that came from another."""

import json

import pytest
from click.testing import CliRunner

from hingepoint import cli
from histories import CATALOGUED, catalogued, plain


def run(*arguments):
    return CliRunner().invoke(cli.main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Deals and events of types that every company knows, as files."""
    folder = tmp_path_factory.mktemp("company")
    deals, events = catalogued(700, sellers=12)
    deals.write_csv(folder / "deals.csv")
    events.write_csv(folder / "events.csv")
    return ["--deals", folder / "deals.csv", "--events", folder / "events.csv"]


@pytest.fixture(scope="module")
def pack(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "northwind.json"
    answer = run("benchmark-pack", "export", path, *files)
    assert answer.exit_code == 0, answer.output
    return path


def test_a_pack_is_written_and_shown(pack):
    told = json.loads(pack.read_text())
    assert "cust.data_access" in {cell["agreement"] for cell in told["cells"]} <= set(CATALOGUED.values())
    shown = run("benchmark-pack", "show", pack).output
    assert "cust.data_access: +" in shown
    assert "at least" in shown
    assert json.loads(run("benchmark-pack", "show", pack, "--format", "json").output)["pack"] == told


def test_types_of_ones_own_do_not_leave(files, tmp_path):
    deals, events = plain(300)
    deals.write_csv(tmp_path / "deals.csv")
    events.write_csv(tmp_path / "events.csv")
    out = tmp_path / "pack.json"
    mine = ["--deals", tmp_path / "deals.csv", "--events", tmp_path / "events.csv"]
    answer = run("benchmark-pack", "export", out, *mine)
    assert answer.exit_code == 3
    assert not out.exists()


def test_a_metric_of_amounts_is_refused(files, tmp_path):
    answer = run("benchmark-pack", "export", tmp_path / "pack.json", *files, "--metric", "net")
    assert answer.exit_code == 2
    assert "a pack tells of shares" in answer.output


def test_discover_leans_its_order_on_a_pack(files, pack, tmp_path):
    answer = run("discover", *files, "--metric", "won", "--pack", pack, "--format", "json", "--quiet")
    told = json.loads(answer.stdout)
    assert told["settings"]["lean_on_name"] == "northwind"
    one = next(one for one in told["findings"] if one["agreement"] == "cust.data_access")
    assert "leans on the pack of northwind" in one["leans"]


def test_what_is_no_pack_is_said_in_one_sentence(files, tmp_path):
    (tmp_path / "no.json").write_text("{}")
    for path in (tmp_path / "no.json", tmp_path / "missing.json", files[1]):
        answer = run("discover", *files, "--pack", path)
        assert answer.exit_code == 2
        assert answer.output.startswith("Error:")


@pytest.mark.slow
def test_discover_replays_past_days_in_the_table_and_the_report(files, tmp_path):
    answer = run("discover", *files, "--metric", "won", "--replay", "--out", tmp_path, "--quiet")
    assert "How our advice has held" in answer.output
    assert "How our advice has held" in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "run.json").read_text())
