"""A disk without room: every command that writes says so and what to do, and nothing of what was there is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation import PASSWORD, Installation

#: What writes -> its words. What it reads lies on another disk.
COMMANDS = {
    "import": ["import", "deals", "{elsewhere}/deals.csv"],
    "createuser": ["createuser", "bea@example.com", "--password", PASSWORD],
    "setpassword": ["setpassword", "ann@example.com", "--password", PASSWORD],
    "seed": ["seed", "{elsewhere}/world.yaml"],
    "export": ["export", "deals", "--out", "deals.xlsx"],
    "backup": ["backup", "monday"],
    "restore": ["restore", "{elsewhere}/sound", "--force"],
    "serve": ["serve", "--port", "8999"],
}


@pytest.fixture
def elsewhere(installation, tmp_path) -> Path:
    shutil.copy(installation.database, tmp_path / "sound")
    rows = "".join(f"A-{number},2025-01-07,open\n" for number in range(20_000))
    (tmp_path / "deals.csv").write_text("deal_id,created,status\n" + rows)
    (tmp_path / "world.yaml").write_text("world: 1\nname: W\nat: 2026-03-02T09:00:00\n")
    return tmp_path


def assert_said_in_words(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Make room, then call this again." in done.stderr, done.stderr


# ---- a file that may not grow ----


def run_small(place: Installation, *words: str, most: int) -> subprocess.CompletedProcess[str]:
    """Run a command whose files may not grow beyond ``most`` bytes, which a full disk looks like from within."""
    return subprocess.run(
        [sys.executable, "-m", "hingepoint", *words],
        env=place.environment,
        cwd=place.folder.parent,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )


def test_an_archive_that_finds_no_room_is_said_and_the_old_backup_stays(installation, tmp_path):
    old = tmp_path / "monday"
    assert installation.run("backup", old).returncode == 0
    before = old.read_bytes()
    proof = installation.folder / "uploads" / "proof" / "mail.txt"
    proof.parent.mkdir(parents=True)
    proof.write_bytes(bytes(installation.database.stat().st_size * 2))
    done = run_small(installation, "backup", str(old), most=installation.database.stat().st_size * 2)
    assert_said_in_words(done)
    assert "There is no room to write" in done.stderr
    assert old.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if "hingepoint" in one.name] == []


# ---- a disk that is full ----


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 64 MB, in memory; where that is not allowed, the test is skipped."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("needs a small disk of its own, which root on Linux may mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    ballast.write(bytes(size))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_on_a_full_disk_a_command_says_so_and_the_database_stays_whole(
    installation, elsewhere, tmp_path, command
):
    with small_disk(tmp_path / "disk") as disk:
        place = installation.copy(disk / "data")
        fill(disk / "ballast")
        done = place.run(*[word.format(elsewhere=elsewhere) for word in COMMANDS[command]])
        assert_said_in_words(done)
        (disk / "ballast").unlink()
        with contextlib.closing(sqlite3.connect(place.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT email FROM domain_user").fetchall() == [("ann@example.com",)]
        assert place.run("doctor").returncode == 0
