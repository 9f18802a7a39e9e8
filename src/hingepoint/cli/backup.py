"""``hingepoint backup`` and ``restore``: the whole database to one file and back.

Both end in one step that happens or does not, whenever they are interrupted: a backup is renamed into place
when it is complete and was read again; so is a SQLite database that is restored. On PostgreSQL a restore is
one transaction.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from hingepoint.cli import Unusable, backup_archive, backup_file, backup_seal, in_use, with_advice
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import bring_database_up_to_date
from hingepoint.connectors import passing
from hingepoint.reports.charts.numbers import plural

#: What SQLite keeps beside a database file.
BESIDE = ("-wal", "-shm", "-journal")


#: ``--key-file``, of both commands.
key_option = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File that holds the key of the backup. Without it, HINGEPOINT_BACKUP_KEY.",
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@key_option
@format_option
def backup(file: Path, key_file: Path | None, as_format: str) -> None:
    """Write the whole database and all uploaded files to FILE, while people go on working.

    FILE is replaced only when the new backup is complete and could be read again. The secret key, which lies in the data
    folder, is not part of it: whoever has the backup alone signs nobody in. Keep it elsewhere.

    With a key (HINGEPOINT_BACKUP_KEY or --key-file) FILE is encrypted; without that key nobody reads it again, you neither.

    \b
    Example:
      hingepoint backup /backups/hingepoint-monday
    """
    start_django()
    from django.conf import settings

    store, key = _store(), backup_seal.key_of(key_file)
    store.refuse_itself(file)
    with _complete_or_absent(file) as unfinished:
        store.write(unfinished)
        files = backup_archive.add_files(unfinished, Path(settings.MEDIA_ROOT).absolute())
        if key:
            backup_seal.seal(unfinished, key)
    size = file.stat().st_size
    if as_format == "json":
        print_json({"file": file, "bytes": size, "uploaded_files": files, "encrypted": bool(key)})
        return
    held = f", with {plural(files, 'uploaded file')}" if files else ""
    click.echo(f"Wrote {file} ({size / 1e6:,.1f} MB{held}{', encrypted' if key else ''}).")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database in which people have worked.")
@key_option
@format_option
def restore(file: Path, force: bool, key_file: Path | None, as_format: str) -> None:
    """Put the backup FILE in place of the whole database, brought up to date, and its uploaded files with it.

    Stop the server first. FILE is checked before anything is changed; a file that is damaged, no backup or
    of a newer version is refused. A database in which people have worked, or one that cannot be read, is
    replaced only with --force.

    \b
    Example:
      hingepoint restore /backups/hingepoint-monday
    """
    start_django()
    from django.conf import settings

    uploads, key = Path(settings.MEDIA_ROOT).absolute(), backup_seal.key_of(key_file)
    with (
        backup_seal.opened(file, key, beside=uploads.parent) as plain,
        backup_archive.opened(plain, uploads) as archive,
    ):
        _store().put_back(archive.database, force=force, first=archive.put_files)
    if as_format == "json":
        print_json({"file": file, "bytes": file.stat().st_size})
    else:
        click.echo(f"Restored {file}.")


@contextlib.contextmanager
def _complete_or_absent(file: Path) -> Iterator[Path]:
    """Yield a path on the disk of ``file`` to write to; rename it to ``file`` once it is safely there."""
    with passing.folder(beside=file.parent) as place:
        unfinished = place / file.name
        in_use.make_private(unfinished)
        yield unfinished
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)


def _store() -> SQLite | PostgreSQL:
    from django.db import connection

    named = connection.settings_dict
    return SQLite(Path(named["NAME"]).resolve()) if connection.vendor == "sqlite" else PostgreSQL(named)


IN_USE = "The database is in use. Back it up first, then restore with --force."


class SQLite:
    """The database is one file."""

    def __init__(self, path: Path):
        self.path = path

    def refuse_itself(self, file: Path) -> None:
        """Raise Unusable when ``file`` is the database or one of the files beside it."""
        own = [self.path, in_use.lock_of(self.path), *self._beside(self.path)]
        if file.resolve() in own or any(one.exists() and file.exists() and file.samefile(one) for one in own):
            raise Unusable(f"{file} belongs to the database itself. Name another file.")

    def write(self, file: Path) -> None:
        if not self.path.exists():
            raise Unusable(f"There is no database at {self.path} yet: nothing to back up.")
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
                database.execute("VACUUM INTO ?", [str(file)])
            backup_file.check_sqlite(file)
        except sqlite3.DatabaseError as error:
            raise Unusable(f"The database at {self.path} cannot be backed up: {with_advice(error)}") from None
        except Unusable as error:
            said = str(error.message).replace(str(file), "what it wrote")
            raise Unusable(f"The database at {self.path} cannot be backed up: {said}") from None

    def put_back(self, file: Path, *, force: bool, first: Callable[[], None]) -> None:
        """Make a new file of the backup on the disk of the old one, bring it up to date, rename it into place.

        Until that last step nothing of the old file is changed; ``first`` is called before it. Raises Unusable.
        """
        self.refuse_itself(file)
        backup_file.check_sqlite(file)
        running = "A server runs on this database. Stop it first, then restore."
        with in_use.held(self.path, otherwise=running), passing.folder(beside=self.path.parent) as place:
            new = place / self.path.name
            if not force and (reason := self._reason_to_keep()):
                raise Unusable(reason)
            self._copy(file, new)
            self._bring_up_to_date(new, of=file)
            self._settle(new)
            first()
            self._let_go_of_the_old()
            new.replace(self.path)
            self._sync_folder()

    def _reason_to_keep(self) -> str:
        """Return why the present file is not replaced without --force; empty when nothing is lost with it."""
        if not self.path.exists() or not self.path.stat().st_size:
            return ""
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
                tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
                if not tables:
                    return ""
                worked = database.execute("SELECT 1 FROM domain_audithead WHERE length > 0").fetchone()
        except sqlite3.DatabaseError as error:
            return f"The database at {self.path} cannot be read ({error}). With --force it is replaced."
        return IN_USE if worked else ""

    def _copy(self, file: Path, new: Path) -> None:
        in_use.make_private(new)
        with (
            contextlib.closing(backup_file.opened(file)) as source,
            contextlib.closing(sqlite3.connect(new)) as target,
        ):
            source.backup(target)
        self._hand_over(new)

    def _hand_over(self, new: Path) -> None:
        """Let the new file belong to whom the old one, or else the folder, belongs, with the old one's rights."""
        old = self.path if self.path.exists() else self.path.parent
        if old == self.path:
            new.chmod(old.stat().st_mode & 0o777 | 0o600)
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(new, old.stat().st_uid, old.stat().st_gid)

    @staticmethod
    def _bring_up_to_date(new: Path, *, of: Path) -> None:
        from django.db import connection

        from hingepoint.domain.upkeep import actions as upkeep

        live = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = str(new)
        try:
            bring_database_up_to_date()
            upkeep.refresh_statistics()
        except Exception as error:  # whatever it is, it lies in the file
            said = f"{type(error).__name__}: {error}"
            raise Unusable(f"{of} cannot be brought up to date ({said}). Nothing was changed.") from error
        finally:
            connection.close()
            connection.settings_dict["NAME"] = live

    @staticmethod
    def _settle(new: Path) -> None:
        """Leave everything in the one file, and the file on the disk."""
        with contextlib.closing(sqlite3.connect(new, timeout=60)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
        with new.open("rb+") as written:
            os.fsync(written.fileno())

    def _let_go_of_the_old(self) -> None:
        """Bring the old file's log into it, whole as it is: a log that is left would be taken for the new
        file's. Raises Unusable while another program has the file open."""
        if self.path.exists():
            with contextlib.suppress(PermissionError):
                self.path.chmod(self.path.stat().st_mode | 0o200)
            try:
                with contextlib.closing(sqlite3.connect(self.path, timeout=5)) as database:
                    database.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.DatabaseError as error:  # damaged: its log is of no use either
                if "locked" in str(error):
                    raise Unusable("Another program has the database open. Close it, then restore.") from None
        for file in self._beside(self.path):
            file.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        if os.name != "nt":
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    @staticmethod
    def _beside(database: Path) -> list[Path]:
        return [database.with_name(database.name + ending) for ending in BESIDE]


class PostgreSQL:
    """The database is elsewhere; PostgreSQL's own tools speak to it."""

    def __init__(self, settings: dict):
        wanted = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "NAME": "PGDATABASE"}
        given = {variable: str(settings[key]) for key, variable in wanted.items() if settings.get(key)}
        self.environment = {**os.environ, **given, "PGPASSWORD": settings.get("PASSWORD", "")}
        if mode := settings.get("OPTIONS", {}).get("sslmode"):
            self.environment["PGSSLMODE"] = mode

    def refuse_itself(self, file: Path) -> None:
        """No file is the database itself."""

    def write(self, file: Path) -> None:
        from hingepoint.domain.imports import sql_views

        views = f"--exclude-schema={sql_views.SCHEMA}"  # made anew afterwards; others' rights to them stay
        self._run("pg_dump", "--format=custom", views, f"--file={file}")
        self.check(file)

    def check(self, file: Path) -> None:
        """Raise Unusable unless ``file`` is a complete backup of a Hingepoint of this version or an older one."""
        listed = self._run("pg_restore", "--list", str(file))
        tables = set(re.findall(r" TABLE \S+ (\S+) ", listed))
        rows = self._run("pg_restore", "--data-only", "--table=django_migrations", "--file=-", str(file))
        applied = re.findall(r"^\d+\t(\w+)\t(\w+)\t", rows, re.MULTILINE)
        backup_file.check_history(file, applied=applied, tables=tables)

    def put_back(self, file: Path, *, force: bool, first: Callable[[], None]) -> None:
        """Call ``first``, drop our tables and replay the backup, in one transaction; then bring it up to date."""
        from hingepoint.domain.upkeep import actions as upkeep

        self.check(file)
        self._refuse_while_a_server_runs()
        if not force and self._somebody_has_worked():
            raise Unusable(IN_USE)
        first()
        self._replay(file)
        bring_database_up_to_date()
        upkeep.refresh_statistics()

    def _replay(self, file: Path) -> None:
        from django.db import connection

        tables = ", ".join(map(connection.ops.quote_name, connection.introspection.table_names()))
        ours = self._functions()
        connection.close()
        with passing.folder() as folder:
            script = folder / "restore.sql"
            self._run("pg_restore", "--no-owner", f"--file={script}", str(file))
            drop = [f"DROP TABLE IF EXISTS {tables} CASCADE"] if tables else []
            drop += [f"DROP FUNCTION {one}" for one in ours]
            first = [part for one in drop for part in ("-c", one)]
            self._run("psql", "-qX1", "-v", "ON_ERROR_STOP=1", *first, "-f", str(script))

    @staticmethod
    def _functions() -> list[str]:
        """Return the functions that our migrations made, which no table takes with it."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
                "AND proname LIKE %s",
                [r"hingepoint\_%"],
            )
            return [name for (name,) in cursor.fetchall()]

    @staticmethod
    def _somebody_has_worked() -> bool:
        from django.db import connection

        from hingepoint.domain.audit import queries

        return "domain_audithead" in connection.introspection.table_names() and queries.length() > 0

    @staticmethod
    def _refuse_while_a_server_runs() -> None:
        """Raise Unusable while another program of ours is connected: a server's worker always is."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
            )
            (others,) = cursor.fetchone()
        if others:
            raise Unusable("A server runs on this database. Stop it first, then restore.")

    def _run(self, tool: str, *arguments: str) -> str:
        if not shutil.which(tool):
            raise Unusable(
                f"{tool} is missing. Install PostgreSQL's client tools (Debian: postgresql-client)."
            )
        ran = subprocess.run([tool, *arguments], env=self.environment, capture_output=True, text=True)
        if ran.returncode:
            raise Unusable(f"{tool} failed: {ran.stderr.strip()}")
        return ran.stdout
