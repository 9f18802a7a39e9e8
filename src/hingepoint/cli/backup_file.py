"""Is a file a backup that this version can restore? The same questions to a SQLite file and a PostgreSQL dump."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection
from pathlib import Path

from hingepoint.cli import Unusable

Migration = tuple[str, str]


def check_sqlite(file: Path) -> None:
    """Raise Unusable unless ``file`` is an undamaged backup of a Hingepoint of this version or an older one."""
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise Unusable(f"Part of {file} lies in {log}, so it is no backup. Make one with hingepoint backup.")
    try:
        with contextlib.closing(opened(file)) as database:
            damage = [row for (row,) in database.execute("PRAGMA integrity_check(1)")]
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            found = (
                "SELECT app, name FROM django_migrations"
                if "django_migrations" in tables
                else "SELECT 1, 1 LIMIT 0"
            )
            applied = {(app, name) for app, name in database.execute(found)}
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{file} is not a backup of a Hingepoint on SQLite ({error}).") from None
    if damage != ["ok"]:
        raise Unusable(f"{file} is damaged: it fails SQLite's integrity check. Use another backup.")
    check_history(file, applied=applied, tables=tables)


def opened(file: Path) -> sqlite3.Connection:
    """Return a connection that only reads, and makes no file beside ``file``."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def check_history(file: Path, *, applied: Collection[Migration], tables: Collection[str]) -> None:
    """Raise Unusable unless a database with these migrations and tables is ours, whole and not too new."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, replace_migrations=False)  # a history tells of single steps
    known = loader.disk_migrations
    ours = {app for app, _ in known}
    if ("domain", "0001_initial") not in applied:
        raise Unusable(
            f"{file} is not a backup of a Hingepoint: it says nothing of how its tables were made."
        )
    if newer := sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known):
        raise Unusable(
            f"{file} was made by a newer Hingepoint (it knows {', '.join(newer)}). "
            "Install that version or a later one, then restore."
        )
    steps = [one for one in applied if one in known and not known[one].replaces]
    if missing := sorted(_tables_after(loader, steps) - set(tables)):
        raise Unusable(f"{file} is not whole: it lacks {', '.join(missing[:3])}. Use another backup.")


def _tables_after(loader, applied: list[Migration]) -> set[str]:
    """Return the tables that migrations have made, once all of ``applied`` are."""
    state = loader.project_state(nodes=applied, at_end=True)
    kept = (model for model in state.models.values() if not {"proxy", "swappable"} & model.options.keys())
    return {model.options.get("db_table") or f"{model.app_label}_{model.name_lower}" for model in kept}
