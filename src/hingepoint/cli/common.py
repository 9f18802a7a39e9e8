"""What several commands share: starting Django, ``--format``, printing a result, and words for what cannot be used."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hingepoint import __version__
from hingepoint.cli import Unusable

if TYPE_CHECKING:
    from hingepoint.connectors.files import BadRows

#: ``--format table|json``, for every command that prints a result.
format_option = click.option(
    "--format",
    "as_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print the result: for people, or one JSON object for programs.",
)

#: ``--data-end DATE``, for commands that read dated files.
data_end_option = click.option(
    "--data-end",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day that the files cover. Default: the last day with data, without what lies far beyond the rest.",
)


def time_zone() -> str:
    """Return the company's time zone, for commands that do without settings."""
    return os.environ.get("HINGEPOINT_TIME_ZONE") or "UTC"


def today() -> dt.date:
    """Return the day that it is in the company's time zone. Raises Unusable where there is no such zone."""
    name = time_zone()
    try:
        return dt.datetime.now(zoneinfo.ZoneInfo(name)).date()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise Unusable(
            f"HINGEPOINT_TIME_ZONE: there is no time zone {name!r}. Use a name such as Europe/Paris."
        ) from None


def require_a_folder(option: str, path: Path | None) -> None:
    """Raise before anything is computed, where the result could not be written."""
    if path and path.exists() and not path.is_dir():
        raise Unusable(f"{option} {path}: is a file, not a folder")


@contextlib.contextmanager
def unreadable_said() -> Iterator[None]:
    """Say in words why files could not be read, or what has to be answered first. Raises Unusable."""
    from hingepoint.connectors import files

    try:
        yield
    except files.BadRows as error:
        raise Unusable(_bad_rows_in_words(error)) from error
    except files.OpenQuestions as error:
        raise Unusable(error.in_words()) from error
    except files.FileProblem as error:
        raise Unusable(str(error)) from error


def _bad_rows_in_words(error: BadRows) -> str:
    """Return which rows of the files cannot be read, each kind of problem once, and what to do."""
    kinds = {(one.file, one.column, one.value, one.expected): one for one in reversed(error.problems)}
    first = sorted(kinds.values(), key=lambda one: (one.file, one.row or 0))
    shown = [f"  {problem}" for problem in first[:20]]
    more = error.total - len(shown)
    return "\n".join(
        [
            f"{error.file}: {error.bad_rows:,} of {error.rows:,} rows cannot be read "
            f"({100 * error.bad_rows / max(error.rows, 1):.1f}%). Nothing was computed.",
            *shown,
            *([f"  and {more:,} more such places"] if more > 0 else []),
            "Correct them, say how to read them in a mapping, or leave them out with --skip-bad-rows.",
        ]
    )


def start_django() -> None:
    """Make tables usable for the rest of the command; safe to call twice."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
    import django

    django.setup()


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object with the schema and product version that every command's result carries."""
    click.echo(json.dumps({"schema": 1, "version": __version__, **result}, default=str, ensure_ascii=False))
