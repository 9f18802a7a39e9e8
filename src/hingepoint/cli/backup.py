"""``hingepoint backup`` and ``restore``: the whole database to one file and back.

Both end in one step that happens or does not, whenever they are interrupted: a backup is renamed
into place when it is complete, a restore is one transaction of the database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import bring_database_up_to_date


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@format_option
def backup(file: Path, as_format: str) -> None:
    """Write the whole database to FILE, while people go on working.

    FILE is replaced only when the new backup is complete. Uploaded files and the secret key lie in
    the data folder and are not part of it: copy that folder too.

    \b
    Example:
      hingepoint backup /backups/hingepoint-monday
    """
    start_django()
    from django.conf import settings

    with _complete_or_absent(file) as unfinished:
        _store().write(unfinished)
    size, folder = file.stat().st_size, Path(settings.MEDIA_ROOT).absolute()
    left = folder if _has_files(folder) else None
    if as_format == "json":
        print_json({"file": file, "bytes": size, "copy_too": left})
        return
    click.echo(f"Wrote {file} ({size / 1e6:,.1f} MB).")
    if left:
        click.echo(f"Uploaded files are not part of it: copy {left} too.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database in which people have worked.")
@format_option
def restore(file: Path, force: bool, as_format: str) -> None:
    """Put the backup FILE in place of the whole database, then bring it up to date.

    Stop the server first. A database in which people have worked is replaced only with --force.

    \b
    Example:
      hingepoint restore /backups/hingepoint-monday
    """
    start_django()
    store = _store()
    store.check(file)
    if not force and _somebody_has_worked():
        raise Unusable("The database is in use. Back it up first, then restore with --force.")
    store.put_back(file)
    bring_database_up_to_date()
    if as_format == "json":
        print_json({"file": file, "bytes": file.stat().st_size})
    else:
        click.echo(f"Restored {file}.")


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


@contextlib.contextmanager
def _complete_or_absent(file: Path) -> Iterator[Path]:
    """Yield a path beside ``file`` to write to; rename it to ``file`` once it is safely on disk."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)  # of a backup that was killed
    try:
        yield unfinished
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _somebody_has_worked() -> bool:
    from django.db import connection

    from hingepoint.domain.audit import queries

    return "domain_audithead" in connection.introspection.table_names() and queries.length() > 0


def _store() -> SQLite | PostgreSQL:
    from django.conf import settings

    database = settings.DATABASES["default"]
    return SQLite(Path(database["NAME"])) if "sqlite" in database["ENGINE"] else PostgreSQL(database)


class SQLite:
    """The database is one file."""

    def __init__(self, path: Path):
        self.path = path

    def write(self, file: Path) -> None:
        if not self.path.exists():
            raise Unusable(f"There is no database at {self.path} yet: nothing to back up.")
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
            database.execute("VACUUM INTO ?", [str(file)])

    def check(self, file: Path) -> None:
        """Raise Unusable unless ``file`` is an undamaged backup of Hingepoint."""
        try:
            with contextlib.closing(self._opened(file)) as opened:
                sound = opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                opened.execute("SELECT 1 FROM domain_audithead")
        except sqlite3.DatabaseError as error:
            raise Unusable(f"{file} is not a backup of a Hingepoint on SQLite ({error}).") from None
        if not sound:
            raise Unusable(f"{file} is damaged: it fails SQLite's integrity check. Use another backup.")

    def put_back(self, file: Path) -> None:
        """Replace all pages in one transaction; open connections see it from their next one on."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            contextlib.closing(self._opened(file)) as source,
            contextlib.closing(sqlite3.connect(self.path, timeout=60)) as target,
        ):
            target.execute("PRAGMA journal_mode=WAL")
            source.backup(target)

    @staticmethod
    def _opened(file: Path) -> sqlite3.Connection:
        return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


class PostgreSQL:
    """The database is elsewhere; PostgreSQL's own tools speak to it."""

    def __init__(self, settings: dict):
        wanted = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "NAME": "PGDATABASE"}
        given = {variable: str(settings[key]) for key, variable in wanted.items() if settings.get(key)}
        self.environment = {**os.environ, **given, "PGPASSWORD": settings.get("PASSWORD", "")}
        if mode := settings.get("OPTIONS", {}).get("sslmode"):
            self.environment["PGSSLMODE"] = mode

    def write(self, file: Path) -> None:
        self._run("pg_dump", "--format=custom", f"--file={file}")

    def check(self, file: Path) -> None:
        """Raise Unusable unless ``file`` is a complete backup of Hingepoint."""
        if "domain_audithead" not in self._run("pg_restore", "--list", str(file)):
            raise Unusable(f"{file} is not a backup of a Hingepoint on PostgreSQL.")

    def put_back(self, file: Path) -> None:
        """Drop our tables and replay the backup, in one transaction."""
        from django.db import connection

        tables = ", ".join(map(connection.ops.quote_name, connection.introspection.table_names()))
        connection.close()
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "restore.sql"
            self._run("pg_restore", "--no-owner", f"--file={script}", str(file))
            drop = f"DROP TABLE IF EXISTS {tables} CASCADE" if tables else "SELECT 1"
            self._run("psql", "-qX1", "-v", "ON_ERROR_STOP=1", "-c", drop, "-f", str(script))

    def _run(self, tool: str, *arguments: str) -> str:
        if not shutil.which(tool):
            raise Unusable(
                f"{tool} is missing. Install PostgreSQL's client tools (Debian: postgresql-client)."
            )
        ran = subprocess.run([tool, *arguments], env=self.environment, capture_output=True, text=True)
        if ran.returncode:
            raise Unusable(f"{tool} failed: {ran.stderr.strip()}")
        return ran.stdout
