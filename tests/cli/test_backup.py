"""``hingepoint backup`` and ``restore``: whole or not at all."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from installation import PASSWORD, Installation


def dump(path) -> list[str]:
    """Return everything in a SQLite database as SQL."""
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def people(path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM domain_user ORDER BY id")]


def test_a_backup_restored_on_an_empty_machine_is_the_same(installation, tmp_path):
    (installation.folder / "uploads").mkdir()
    (installation.folder / "uploads" / "mail.txt").write_text("They wrote it.")
    done = installation.run("backup", tmp_path / "monday")
    assert done.returncode == 0
    assert f"copy {installation.folder / 'uploads'} too" in done.stdout
    assert done.stdout.startswith(f"Wrote {tmp_path / 'monday'}")
    elsewhere = Installation(tmp_path / "elsewhere")
    assert elsewhere.run("restore", tmp_path / "monday").returncode == 0
    assert dump(elsewhere.database) == dump(installation.database)


def test_programs_read_what_was_written_and_put_back(installation, tmp_path):
    file = tmp_path / "monday"
    told = json.loads(installation.run("backup", file, "--format", "json").stdout)
    assert told["version"]
    assert (told["schema"], told["file"], told["copy_too"]) == (1, str(file), None)
    assert told["bytes"] == file.stat().st_size
    elsewhere = Installation(tmp_path / "elsewhere")
    told = json.loads(elsewhere.run("restore", file, "--format", "json").stdout)
    assert (told["file"], told["bytes"]) == (str(file), file.stat().st_size)
    refused = installation.run("restore", file, "--format", "json")
    assert (refused.returncode, refused.stdout) == (2, "")


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
    with sqlite3.connect(installation.database) as connection:
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
        with sqlite3.connect(installation.database) as connection:
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


def add_somebody(database) -> None:
    with sqlite3.connect(database) as connection:
        columns = "key, name, role, title, is_active, version, password"
        connection.execute(
            f"INSERT INTO domain_user ({columns}) VALUES ('some', 'Somebody', 'seller', '', 1, 1, '')"
        )


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
