"""The file of a SQLite database: whose it is, and that it has one server, or one restore, at a time, whoever holds the
lock file beside it.

The lock ends with its program, however that ends; the file itself stays and means nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hingepoint.cli import Unusable
from hingepoint.connectors import passing


def sqlite_file() -> Path | None:
    """Return the file of the database, behind any link; None on PostgreSQL, or where it lives in memory."""
    from django.db import connection

    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite has it
        return None
    return Path(connection.settings_dict["NAME"]).resolve()


def make_private(file: Path | None) -> None:
    """Let a file that is to come, of a database or a backup, be of the account that runs this alone: what SQLite
    keeps beside it gets the same rights. One that is there already keeps its own."""
    if file is not None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)


def lock_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")


@contextlib.contextmanager
def held(database: Path | None, *, otherwise: str) -> Iterator[None]:
    """Hold the lock of a SQLite file until the block ends. Raises Unusable with the words ``otherwise`` when
    another program holds it. Several servers may share a PostgreSQL (None)."""
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with lock_of(database).open("ab") as file:
        try:
            passing.lock(file.fileno())
        except OSError:
            raise Unusable(otherwise) from None
        yield
