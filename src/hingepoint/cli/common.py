"""What several commands share: starting Django, ``--format`` and printing a result."""

from __future__ import annotations

import datetime as dt
import json
import os
import zoneinfo
from typing import Any

import click

from hingepoint import __version__
from hingepoint.cli import Unusable

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


def start_django() -> None:
    """Make tables usable for the rest of the command; safe to call twice."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
    import django

    django.setup()


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object with the schema and product version that every command's result carries."""
    click.echo(json.dumps({"schema": 1, "version": __version__, **result}, default=str, ensure_ascii=False))
