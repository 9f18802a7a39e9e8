"""A folder for what is needed for a moment, which does not outlive a program that is killed for long.

Whoever works in one holds the lock file beside it, and a lock ends with its program, however that ends. So the next program that wants such a
folder in the same place knows which ones nobody needs any more: what customers wrote, or a backup that was opened, is not left lying there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX, LOCK = ".hingepoint-", ".lock"
#: A lock file without a folder is being made, or was left, in seconds.
JUST_MADE = 3600


@contextlib.contextmanager
def folder(beside: Path | None = None) -> Iterator[Path]:
    """Yield a new folder of this account alone, in the folder ``beside`` or in the system's own for what passes; afterwards it is
    gone, and what killed programs left there is gone before. Raises OSError, also where ``beside`` is not there."""
    place = beside or Path(tempfile.gettempdir())
    sweep(place)
    made = place / f"{PREFIX}{secrets.token_hex(8)}"
    try:
        with _lock_of(made).open("xb") as held:
            lock(held.fileno())
            made.mkdir(mode=0o700)
            yield made
    finally:
        _lock_of(made).unlink(missing_ok=True)
        shutil.rmtree(made, ignore_errors=True)  # what is left now has no lock, and goes with the next sweep


def sweep(place: Path) -> None:
    """Remove from a folder what programs that were killed left there."""
    for one in place.glob(f"{PREFIX}*"):
        if one.suffix == LOCK:
            _drop_old(one)
        elif not _is_held(one):
            shutil.rmtree(one, ignore_errors=True)
            _lock_of(one).unlink(missing_ok=True)


def _lock_of(made: Path) -> Path:
    return made.with_name(made.name + LOCK)


def _is_held(made: Path) -> bool:
    """Return whether a program works in a folder. Its lock is there before it, for as long as it is needed."""
    try:
        with _lock_of(made).open("rb+") as held:
            lock(held.fileno())
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _drop_old(file: Path) -> None:
    """Remove a lock file whose program was killed before it had made its folder."""
    with contextlib.suppress(OSError):
        if not file.with_suffix("").exists() and time.time() - file.stat().st_mtime > JUST_MADE:
            file.unlink()


def lock(descriptor: int) -> None:
    """Lock a whole file for this program, at once. Raises OSError where another holds it."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
