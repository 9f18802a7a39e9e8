"""What a program needs for a moment does not outlive it for long, not even when it is killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hingepoint
from hingepoint.connectors import passing

#: Works in a folder, says so, and goes on until it is killed.
CHILD = """
import sys, time
from pathlib import Path
from hingepoint.connectors import passing
with passing.folder(beside=Path(sys.argv[1])) as folder:
    (folder / "opened backup").write_text("what nobody else may read")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def worker(tmp_path):
    """A program that works in a folder beside ``tmp_path``'s others."""
    source = str(Path(hingepoint.__file__).parents[1])
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source}
    )
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_a_folder_is_ours_alone_and_gone_afterwards(tmp_path):
    with passing.folder(beside=tmp_path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("deals")
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_it_is_made_nowhere_but_in_a_folder_that_is_there(tmp_path):
    with pytest.raises(FileNotFoundError), passing.folder(beside=tmp_path / "mistyped"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_an_error_too(tmp_path):
    with pytest.raises(ZeroDivisionError), passing.folder(beside=tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_goes_with_the_next_folder(worker, tmp_path):
    process, left = worker
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (left / "opened backup").exists()
    with passing.folder(beside=tmp_path) as folder:
        assert not left.exists()
        assert sorted(one.name for one in tmp_path.iterdir()) == [folder.name, f"{folder.name}.lock"]


def test_what_another_program_works_in_stays(worker, tmp_path):
    _, theirs = worker
    with passing.folder(beside=tmp_path):
        pass
    passing.sweep(tmp_path)
    assert (theirs / "opened backup").exists()


def test_a_lock_without_a_folder_is_kept_for_an_hour(tmp_path):
    young, old = (tmp_path / f"{passing.PREFIX}{name}.lock" for name in ("1", "2"))
    young.touch()
    old.touch()
    os.utime(old, (0, 0))
    passing.sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [young.name]


def test_nothing_else_is_swept_away(tmp_path):
    (tmp_path / ".hingepoint").mkdir()
    (tmp_path / "hingepoint-old").mkdir()
    passing.sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_no_program_of_ours_makes_such_folders_in_another_way():
    """But a file without a name: the system takes it away with its program."""
    outlives = re.compile(r"\b(TemporaryDirectory|NamedTemporaryFile|mkdtemp|mkstemp)\b")
    files = Path(hingepoint.__file__).parent.rglob("*.py")
    assert [one.name for one in files if outlives.search(one.read_text("utf-8"))] == []
