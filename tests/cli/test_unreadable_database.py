"""Whatever is wrong with the database, a command says so in a sentence and ends with code 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from installation import PASSWORD


def rubbish(database) -> None:
    database.write_bytes(b"this is not a database, but long enough to be read as one" * 200)


def torn(database) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + bytes(len(whole) - 4096))


def folder(database) -> None:
    database.unlink()
    database.mkdir()


DAMAGES = {"rubbish": rubbish, "torn": torn, "folder": folder}
COMMANDS = {
    "export": ["export", "deals"],
    "import": ["import", "deals", "deals.csv"],
    "createuser": ["createuser", "bea@example.com", "--password", PASSWORD],
    "setpassword": ["setpassword", "ann@example.com", "--password", PASSWORD],
    "seed": ["seed", "world.yaml"],
    "backup": ["backup", "monday"],
    "restore": ["restore", "sound"],
    "serve": ["serve", "--port", "8999"],
    "doctor": ["doctor"],
    "sync": ["sync", "salesforce"],
    "webhook": ["webhook", "list"],
    "recount": ["recount"],
    "audit": ["audit", "verify"],
    "secrets": ["secrets", "check"],
}
#: On a database that is not there these make one, or say what there is.
MAKE_ONE = {"import", "createuser", "seed", "restore", "serve", "doctor", "sync"}


@pytest.fixture
def place(installation):
    """An installation with something beside it for each command to read."""
    shutil.copy(installation.database, installation.folder.parent / "sound")
    (installation.folder.parent / "deals.csv").write_text("deal_id,created,status\nA-1,2025-01-07,open\n")
    (installation.folder.parent / "world.yaml").write_text("world: 1\nname: W\nat: 2026-03-02T09:00:00\n")
    return installation


def assert_said_in_words(done) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Error: " in done.stderr or "broken" in done.stdout


def every(names, everyday):
    """Return parameters of which only ``everyday`` are part of the everyday run."""
    return [pytest.param(one, marks=[] if one in everyday else pytest.mark.slow) for one in names]


@pytest.mark.parametrize("damage", every(DAMAGES, {"rubbish", "torn", "folder"}))
@pytest.mark.parametrize("command", every(COMMANDS, {"export"}))
def test_on_a_damaged_database(place, command, damage):
    DAMAGES[damage](place.database)
    assert_said_in_words(place.run(*COMMANDS[command]))


@pytest.mark.parametrize("command", every([one for one in COMMANDS if one not in MAKE_ONE], {"export"}))
def test_on_a_machine_without_a_database_it_is_said_where_there_is_none(place, command):
    place.database.unlink()
    done = place.run(*COMMANDS[command])
    assert_said_in_words(done)
    assert f"There is no database at {place.database} yet" in done.stderr
    assert not place.database.exists()


@pytest.mark.parametrize("command", every(["import", "createuser", "setpassword", "seed"], {"createuser"}))
def test_on_a_database_that_may_only_be_read(place, command):
    for file in (place.database, place.folder):
        file.chmod(file.stat().st_mode & 0o555)
    try:
        done = run_without_roots_rights(place, *COMMANDS[command])
    finally:
        place.folder.chmod(0o755)
    assert_said_in_words(done)
    assert "readonly" in done.stderr or "unable to open" in done.stderr


def run_without_roots_rights(place, *arguments):
    """Run a command for which rights of files hold, also where the tests run as root."""
    command = [sys.executable, "-m", "hingepoint", *arguments]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may write everything, and setpriv is not installed")
        rights = "-dac_override,-dac_read_search,-fowner"
        command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command]
    return subprocess.run(
        command, env=place.environment, cwd=place.folder.parent, capture_output=True, text=True
    )
