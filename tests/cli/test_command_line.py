"""What every command promises: quick help with an example, exit codes, no traceback for a mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hingepoint import cli
from hingepoint.cli import common
from installation import Installation

SOURCE = Path(__file__).resolve().parents[2] / "src"
HEAVY = ("django", "polars", "scipy", "numpy", "sklearn", "statsmodels")


def loaded_by(*arguments: str) -> set[str]:
    """Return which heavy libraries ``hingepoint ARGUMENTS`` has loaded when it ends."""
    script = f"""
import sys
from hingepoint.cli import main
try:
    main({list(arguments)!r})
finally:
    print("LOADED", *({HEAVY!r} & sys.modules.keys()))
""".replace(repr(HEAVY), repr(set(HEAVY)))
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert "LOADED" in ran.stdout, ran.stderr
    return set(ran.stdout.rpartition("LOADED")[2].split())


def test_help_and_version_load_no_heavy_library():
    assert loaded_by("--help") == set()
    assert loaded_by("--version") == set()


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_help_of_a_command_starts_no_django_and_shows_an_example(name):
    assert loaded_by(name, "--help") == set()
    shown = CliRunner().invoke(cli.main, [name, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert f"hingepoint {name}" in shown.output.partition("Example")[2]


@pytest.mark.parametrize("name", sorted(cli.COMMANDS.keys() - {"demo", "serve", "export"}))
def test_every_command_that_ends_with_a_result_prints_it_for_programs_too(name):
    """The others go on running, or write a table in the format that was asked for."""
    command = cli.main.get_command(click.Context(cli.main), name)
    (asked,) = [one for one in command.params if "--format" in one.opts]
    assert asked.type.choices == ("table", "json")


def test_help_lists_the_commands_in_the_order_of_the_list():
    listed = CliRunner().invoke(cli.main, ["--help"]).output.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.strip().splitlines()] == list(cli.COMMANDS)


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant():
    answered = CliRunner().invoke(cli.main, ["discovr"])
    assert answered.exit_code == cli.UNUSABLE
    assert "Did you mean 'discover'?" in answered.output


class OurProblem(ValueError):
    """Stands for FileProblem, DiscoveryError and the like."""

    __module__ = "hingepoint.somewhere"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OurProblem("deals.csv, row 3: expected a date"), "deals.csv, row 3: expected a date"),
        (
            FileNotFoundError(2, "No such file or directory", "deals.csv"),
            "deals.csv: No such file or directory",
        ),
        (click.ClickException("no such table"), "no such table"),
        (click.BadParameter("not a number"), "not a number"),
    ],
)
def test_a_persons_mistake_ends_in_one_message_and_exit_code_2(error, message):
    answered = CliRunner().invoke(command_raising(error), ["go"])
    assert answered.exit_code == cli.UNUSABLE
    assert message in answered.output
    assert "Traceback" not in answered.output


def test_a_bug_is_not_hidden():
    answered = CliRunner().invoke(command_raising(KeyError("a bug")), ["go"])
    assert isinstance(answered.exception, KeyError)


def command_raising(error: Exception) -> click.Group:
    """Return a command line whose only command, ``go``, raises ``error``."""

    class OneCommand(cli.CommandLine):
        def resolve_command(self, ctx, args):
            return "go", go, []

    @click.command()
    def go():
        raise error

    return OneCommand("hingepoint")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HINGEPOINT_TIME_ZONE", "Mars/Olympus", "is not a known time zone"),
        ("HINGEPOINT_ALLOW_OUTBOUND", '["crm.local"]', "'crm.local' is not an address; expected HOST:PORT"),
    ],
)
def test_a_wrong_setting_is_named_as_it_is_written_in_the_environment(empty_installation, name, value, said):
    environment = empty_installation.environment | {name: value}
    ran = subprocess.run(
        [sys.executable, "-m", "hingepoint", "doctor"], env=environment, capture_output=True, text=True
    )
    assert ran.returncode == cli.UNUSABLE
    assert ran.stderr.startswith(f"Error: {name}: {said}")
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("url", [False, True], ids=["in the data folder", "named by its address"])
def test_every_sqlite_database_keeps_a_log_and_waits_for_its_turn(tmp_path, url):
    looks = (
        "import django; django.setup()\n"
        "from django.db import connection as one\n"
        "asked = [one.cursor().execute(f'PRAGMA {name}').fetchone()[0] "
        "for name in ('journal_mode', 'synchronous', 'busy_timeout')]\n"
        "print(*asked, one.transaction_mode)"
    )
    place = Installation(tmp_path)
    named = {"HINGEPOINT_DATABASE_URL": f"sqlite:///{tmp_path / 'own.sqlite3'}"} if url else {}
    settings = {"DJANGO_SETTINGS_MODULE": "hingepoint.config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", looks],
        env=place.environment | settings | named,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["wal", "2", "20000", "IMMEDIATE"]
    assert (tmp_path / "own.sqlite3").exists() is url


@pytest.mark.parametrize(("zone", "day"), [("", "2026-11-28"), ("Europe/Paris", "2026-11-29")])
def test_the_day_is_that_of_the_companys_time_zone(monkeypatch, time_machine, zone, day):
    time_machine.move_to("2026-11-28T23:30:00Z")
    monkeypatch.setenv("HINGEPOINT_TIME_ZONE", zone)
    assert str(common.today()) == day


def test_a_time_zone_that_is_none_is_said_in_words(monkeypatch):
    monkeypatch.setenv("HINGEPOINT_TIME_ZONE", "Paris")
    with pytest.raises(cli.Unusable, match="no time zone 'Paris'"):
        common.today()
