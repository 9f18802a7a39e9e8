"""The product as somebody outside sees it: programs, files and addresses, and nothing of its insides."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from hingepoint import __version__, cli
from hingepoint.demo.world import example
from importing import DEALS, EVENTS, write
from installation import Browser, free_port

#: Mistakes that anybody makes, and what the one message says.
MISTAKES = [
    ("discover", "Give --deals and --events"),
    ("discover --deals absent.csv", "absent.csv: does not exist"),
    ("discover --deals deals.csv --events events.csv --metric mood", "'mood' is not known"),
    ("discover --deals deals.csv --events events.csv --metric supportive:discount", "is not a condition"),
    ("discover --deals deals.csv --events events.csv --landmarks soon", "'soon' is not a length of time"),
    ("discover --deals deals.csv --events events.csv --horizon 0w", "longer than nothing"),
    ("discover --deals deals.csv --events events.csv --pivotal 9-2", "smallest first"),
    ("discover --deals deals.csv --events events.csv --pivotal few", "expected a size such as 6-8"),
    ("discover --deals deals.csv --events events.csv --covariates mood", "has no column 'mood'"),
    ("discover --deals deals.csv --events events.csv --agreement-columns mood", "has no column 'mood'"),
    ("discover --deals deals.csv --events events.csv --seed -1", "not in the range"),
    ("discover --deals deals.csv --events events.csv --out deals.csv", "is a file, not a folder"),
    ("discover --deals deals.csv --log log.xes", "Give --log alone"),
    ("discover --deals deals.csv --events deals.csv", "no column for"),
    ("discover --deals deals.csv --mapping absent.yaml", "absent.yaml: cannot be read"),
    ("check deals.csv events.csv deals.csv", "takes one or two files"),
    ("check deals.csv --mapping deals.csv", "deals.csv"),
    ("import deals events.csv", "no column for"),
    ("import log deals.csv", "which deals are won and lost"),
    ("export deals --out absent/deals.csv", "No such file"),
    ("export deals --format pdf", "is not one of"),
    ("seed deals.csv", "deals.csv"),
    ("seed absent.yaml", "does not exist"),
    ("createuser nobody --password 123456789012345", "valid email address"),
    ("createuser ann@example.com --role boss", "is not one of"),
    ("restore absent", "does not exist"),
    ("restore deals.csv --force", "is not a backup"),
    ("serve --port 70000", "not in the range"),
    ("serve --allow-outbound", "requires an argument"),
]


@pytest.mark.parametrize(("line", "said"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_ends_in_one_message_and_exit_code_2(db, tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "deals.csv", DEALS)
    write(tmp_path, "events.csv", EVENTS)
    answer = CliRunner().invoke(cli.main, line.split())
    assert (answer.exit_code, answer.stdout) == (cli.UNUSABLE, "")
    assert isinstance(answer.exception, SystemExit)  # it said so itself, and did not break
    assert said in answer.stderr
    assert answer.stderr.count("Error: ") == 1


@pytest.fixture
def company(installation):
    """The address of a served company, which a world file filled; and the installation behind it."""
    seeded = installation.run("seed", example(), "--reset", "--format", "json")
    assert seeded.returncode == 0, seeded.stderr
    assert json.loads(seeded.stdout)["deals"] == 4
    port = free_port()
    with installation.serving(port):
        yield installation, f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_what_the_pages_export_reads_back_to_the_same_state(company, tmp_path):
    installation, server = company
    assert json.loads(Browser(server).get("/healthz"))["version"] == __version__
    analyst = Browser(server)
    analyst.sign_in("ada@hinge.example", "a hinge in the door")
    for table in ("deals", "agreements", "events"):
        for format in ("csv", "xlsx", "json"):
            file = tmp_path / f"{table}.{format}"
            file.write_bytes(analyst.get(f"/export/{table}.{format}"))
            read = installation.run("import", table, file, "--format", "json")
            assert (read.returncode, read.stderr) == (0, "")
            told = json.loads(read.stdout)
            assert (told["created"], told["updated"], told["rejected"]) == (0, 0, 0), file.name
            assert told["unchanged"] > 0


@pytest.mark.slow
def test_exports_hold_what_their_reader_may_see_and_nobody_reads_them_unsigned(company):
    _, server = company
    seller = Browser(server)
    seller.sign_in("sanna@hinge.example", "a hinge in the door")
    everything = Browser(server)
    everything.sign_in("ada@hinge.example", "a hinge in the door")
    assert 1 < len(rows(seller)) < len(rows(everything)) == 5
    assert b"Sign in" in Browser(server).get("/export/deals.csv")


def rows(reader: Browser) -> list[bytes]:
    return reader.get("/export/deals.csv").splitlines()
