"""``hingepoint backup`` and ``restore``: whole or not at all."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hingepoint.connectors import passing
from installation import PASSWORD, Installation


def dump(path) -> list[str]:
    """Return everything in a SQLite database as SQL, but for what SQLite keeps of it for itself."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if "sqlite_stat" not in line]


def left_in(folder: Path) -> list[str]:
    """Return what a program that was killed left in a folder of what it needed for a moment."""
    return [one.name for one in folder.glob(f"{passing.PREFIX}*")]


def people(path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM domain_user ORDER BY id")]


def known_of(path, table: str) -> int:
    """Return how many rows of a table SQLite counted last."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        told = connection.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = ?", [table]).fetchall()
    return max((int(stat.split()[0]) for (stat,) in told), default=0)


def test_a_backup_restored_on_an_empty_machine_is_the_same(installation, tmp_path):
    (installation.folder / "uploads" / "proof").mkdir(parents=True)
    (installation.folder / "uploads" / "proof" / "mail.txt").write_text("They wrote it.")
    done = installation.run("backup", tmp_path / "monday")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Wrote {tmp_path / 'monday'} (")
    assert "with 1 uploaded file)" in done.stdout
    elsewhere = Installation(tmp_path / "elsewhere")
    assert elsewhere.run("restore", tmp_path / "monday").returncode == 0
    assert dump(elsewhere.database) == dump(installation.database)
    assert known_of(elsewhere.database, "domain_user") == len(people(elsewhere.database))
    restored = elsewhere.folder / "uploads" / "proof" / "mail.txt"
    assert restored.read_text() == "They wrote it."
    assert restored.stat().st_mode & 0o777 == 0o600
    assert left_in(elsewhere.folder) == left_in(tmp_path) == []


@pytest.mark.slow
def test_programs_read_what_was_written_and_put_back(installation, tmp_path):
    file = tmp_path / "monday"
    told = json.loads(installation.run("backup", file, "--format", "json").stdout)
    assert told["version"]
    assert (told["schema"], told["file"], told["uploaded_files"]) == (1, str(file), 0)
    assert told["bytes"] == file.stat().st_size
    elsewhere = Installation(tmp_path / "elsewhere")
    told = json.loads(elsewhere.run("restore", file, "--format", "json").stdout)
    assert (told["file"], told["bytes"]) == (str(file), file.stat().st_size)
    refused = installation.run("restore", file, "--format", "json")
    assert (refused.returncode, refused.stdout) == (2, "")


@pytest.mark.slow
def test_restore_refuses_a_database_in_which_people_have_worked(installation, tmp_path):
    installation.run("backup", tmp_path / "monday")
    add_somebody(installation.database)
    refused = installation.run("restore", tmp_path / "monday")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert people(installation.database) == ["Ann Berg", "Somebody"]

    assert installation.run("restore", tmp_path / "monday", "--force").returncode == 0
    assert people(installation.database) == ["Ann Berg"]


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(4000)])
def test_restore_refuses_what_is_not_a_backup_and_changes_nothing(installation, tmp_path, content):
    (tmp_path / "odd").write_bytes(content)
    refused = installation.run("restore", tmp_path / "odd", "--force")
    assert refused.returncode == 2
    assert "is not a backup" in refused.stderr
    assert people(installation.database) == ["Ann Berg"]


@pytest.mark.slow
def test_restore_refuses_a_damaged_backup(installation, tmp_path):
    installation.run("backup", tmp_path / "monday")
    whole = (tmp_path / "monday").read_bytes()
    (tmp_path / "monday").write_bytes(whole[:8192] + bytes(4096) + whole[12288:])
    refused = installation.run("restore", tmp_path / "monday", "--force")
    assert refused.returncode == 2
    assert people(installation.database) == ["Ann Berg"]


@pytest.mark.slow
def test_a_backup_of_a_newer_version_is_refused_in_words(installation):
    with contextlib.closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('domain', '9999_later', '2030-01-01')"
        )
    refused = installation.run("createuser", "bea@example.com", "--password", PASSWORD)
    assert refused.returncode == 2
    assert "made by a newer Hingepoint" in refused.stderr


@pytest.mark.slow
def test_whenever_a_restore_is_killed_the_database_is_as_before_or_as_after(installation, tmp_path):
    installation.run("backup", tmp_path / "monday")
    add_somebody(installation.database)
    before, after = ["Ann Berg", "Somebody"], ["Ann Berg"]
    chance, seen = random.Random(1), set()
    for _ in range(16):
        killed = killed_after(
            chance.uniform(0.3, 2.5), installation, "restore", tmp_path / "monday", "--force"
        )
        found = people(installation.database)
        assert found in (before, after)
        with contextlib.closing(sqlite3.connect(installation.database)) as connection, connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        seen.add((killed, tuple(found)))
        if found == after:
            add_somebody(installation.database)
    assert (True, tuple(before)) in seen  # some were killed before the step


@pytest.mark.slow
def test_whenever_a_backup_is_killed_the_file_is_the_old_one_or_the_new_one(installation, tmp_path):
    file = tmp_path / "monday"
    installation.run("backup", file)
    add_somebody(installation.database)
    chance = random.Random(2)
    for _ in range(10):
        killed_after(chance.uniform(0.3, 2.5), installation, "backup", file)
        assert people(file) in (["Ann Berg"], ["Ann Berg", "Somebody"])


@pytest.fixture
def backup(installation, tmp_path) -> Path:
    assert installation.run("backup", tmp_path / "monday").returncode == 0
    return tmp_path / "monday"


def change(database, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["DROP TABLE domain_deal"], "is not whole: it lacks domain_deal"),
        (["DROP TABLE django_migrations"], "says nothing of how its tables were made"),
        (["DELETE FROM django_migrations WHERE app = 'domain'"], "says nothing of how its tables were made"),
        (
            [
                "INSERT INTO django_migrations (app, name, applied) VALUES ('domain', '9999_later', '2030-01-01')"
            ],
            "was made by a newer Hingepoint (it knows domain.9999_later)",
        ),
        (
            ["DELETE FROM django_migrations WHERE name = '0006_jobs_are_remembered'"],
            "cannot be brought up to date",  # the table is there already
        ),
    ],
)
def test_a_file_with_one_of_our_tables_alone_is_no_backup(installation, backup, statements, words):
    change(backup, *statements)
    before = dump(installation.database)
    refused = installation.run("restore", backup, "--force")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
    assert dump(installation.database) == before
    assert left_in(installation.folder) == []


@pytest.mark.slow
def test_a_copy_whose_log_lies_beside_it_is_no_backup(installation, backup):
    backup.with_name("monday-wal").write_bytes(b"some log")
    refused = installation.run("restore", backup, "--force")
    assert refused.returncode == 2
    assert "lies in" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["hingepoint.sqlite3", "hingepoint.sqlite3-wal", "hingepoint.sqlite3.lock", "link"]
)
def test_the_database_itself_is_neither_written_over_nor_restored(installation, name):
    (installation.folder / "link").symlink_to(installation.database)
    (installation.folder / "hingepoint.sqlite3.lock").touch()
    for command in (
        (["backup"], ["restore", "--force"]) if name != "hingepoint.sqlite3-wal" else (["backup"],)
    ):
        refused = installation.run(*command, installation.folder / name)
        assert refused.returncode == 2
        assert "belongs to the database itself" in refused.stderr
    assert people(installation.database) == ["Ann Berg"]


def torn(database) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + bytes(len(whole) - 4096))


DAMAGES = {
    "rubbish": lambda database: database.write_bytes(b"no database, but as long as one" * 400),
    "torn": torn,
    "another program's": lambda database: (database.unlink(), change(database, "CREATE TABLE theirs (a)")),
}
HARMLESS = {
    "missing": lambda database: database.unlink(),
    "empty": lambda database: database.write_bytes(b""),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_that_cannot_be_read_is_replaced_by_force_alone(installation, backup, damage):
    DAMAGES[damage](installation.database)
    damaged = installation.database.read_bytes()
    refused = installation.run("restore", backup)
    assert refused.returncode == 2
    assert "cannot be read" in refused.stderr
    assert "--force" in refused.stderr
    assert installation.database.read_bytes() == damaged
    done = installation.run("restore", backup, "--force")
    assert (done.returncode, done.stdout) == (0, f"Restored {backup}.\n"), done.stderr
    assert people(installation.database) == ["Ann Berg"]


@pytest.mark.slow
@pytest.mark.parametrize("state", HARMLESS)
def test_where_nothing_is_lost_no_force_is_needed(installation, backup, state):
    HARMLESS[state](installation.database)
    assert installation.run("restore", backup).returncode == 0
    assert people(installation.database) == ["Ann Berg"]


@pytest.mark.slow
def test_a_read_only_database_is_replaced_by_force_and_keeps_what_rights_it_had(installation, backup):
    add_somebody(installation.database)
    installation.database.chmod(0o440)
    done = installation.run("restore", backup, "--force")
    assert done.returncode == 0, done.stderr
    assert people(installation.database) == ["Ann Berg"]
    assert installation.database.stat().st_mode & 0o777 == 0o640


@pytest.mark.slow
def test_a_database_that_another_program_has_open_is_not_replaced(installation, backup):
    with contextlib.closing(sqlite3.connect(installation.database)) as other:
        assert other.execute("SELECT count(*) FROM domain_user").fetchone() == (1,)
        refused = installation.run("restore", backup, "--force")
    assert refused.stderr == "Error: Another program has the database open. Close it, then restore.\n"
    assert people(installation.database) == ["Ann Berg"]


def leave_a_log(database) -> None:
    """Add somebody who stands in the log alone, as a program does that is killed."""
    script = f"""
import os, sqlite3, sys
database = sqlite3.connect({str(database)!r})
database.execute("PRAGMA journal_mode=WAL")
database.execute({SOMEBODY!r})
database.commit()
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0


KILLED_AT = """
import os, signal, sys
from hingepoint import cli
from hingepoint.cli.backup import SQLite
name, when, file = sys.argv[1:]
step = SQLite.__dict__[name]
inner = step.__func__ if isinstance(step, staticmethod) else step
def dying(self, *given, **named):
    if when == "after":
        inner(*(() if isinstance(step, staticmethod) else (self,)), *given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(SQLite, name, dying)
cli.main(["restore", file, "--force"])
"""
STEPS = ("_copy", "_bring_up_to_date", "_settle", "_let_go_of_the_old", "_sync_folder")


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_old_database_is_whole_or_the_new_one_is(installation, backup, step, when):
    leave_a_log(installation.database)
    command = [sys.executable, "-c", KILLED_AT, step, when, str(backup)]
    killed = subprocess.run(command, env=installation.environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    replaced = step == "_sync_folder"
    assert people(installation.database) == (["Ann Berg"] if replaced else ["Ann Berg", "Somebody"])
    with contextlib.closing(sqlite3.connect(installation.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    again = installation.run("restore", backup, "--force")
    assert again.returncode == 0, again.stderr
    assert people(installation.database) == ["Ann Berg"]
    assert left_in(installation.folder) == []


@pytest.mark.slow
def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(installation, backup):
    before = backup.read_bytes()
    torn(installation.database)
    refused = installation.run("backup", backup)
    assert refused.returncode == 2
    assert f"The database at {installation.database} cannot be backed up" in refused.stderr
    assert backup.read_bytes() == before


SOMEBODY = (
    "INSERT INTO domain_user (key, name, role, title, is_active, version, password, language) "
    "VALUES ('some', 'Somebody', 'seller', '', 1, 1, '', '')"
)


def add_somebody(database) -> None:
    change(database, SOMEBODY)


def killed_after(seconds: float, installation, *arguments) -> bool:
    """Run a command and kill it after ``seconds``; return whether it was still running then."""
    command = [sys.executable, "-m", "hingepoint", *map(str, arguments)]
    process = subprocess.Popen(
        command, env=installation.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    code = process.wait()
    timer.cancel()
    return code == -signal.SIGKILL


@pytest.mark.slow
def test_what_is_made_is_of_its_account_alone(empty_installation, tmp_path):
    made = empty_installation.run(
        "createuser", "bea@example.com", "--role", "analyst", "--password", PASSWORD
    )
    assert made.returncode == 0, made.stderr
    assert empty_installation.run("backup", tmp_path / "monday").returncode == 0
    elsewhere = Installation(tmp_path / "elsewhere")
    assert elsewhere.run("restore", tmp_path / "monday").returncode == 0
    for file in (empty_installation.database, tmp_path / "monday", elsewhere.database):
        assert file.stat().st_mode & 0o777 == 0o600, file


@pytest.mark.slow
def test_doctor_says_that_a_file_is_damaged(installation):
    change(installation.database, *[SOMEBODY.replace("'some'", f"'some{i}'") for i in range(400)])
    change(installation.database, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole = installation.database.read_bytes()
    found = whole.rindex(b"Somebody") // 4096 * 4096
    installation.database.write_bytes(whole[:found] + bytes(4096) + whole[found + 4096 :])
    told = installation.run("doctor", "--format", "json")
    assert told.returncode == 2
    said = {one["check"]: one for one in json.loads(told.stdout)["checks"]}
    assert said["Damage"]["state"] == "broken"
    assert "Traceback" not in told.stderr
