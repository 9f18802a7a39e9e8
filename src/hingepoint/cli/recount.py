"""``hingepoint recount``: read what the nights keep anew."""

from __future__ import annotations

import datetime as dt

import click

from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import require_database
from hingepoint.reports.charts.numbers import plural

_CALLED = {"signals": "The signals", "debt": "The agreement debt"}


@click.command(short_help="Read the signals and the agreement debt anew.")
@click.option("--only", type=click.Choice(["signals", "debt"]), help="Only one of the two.")
@format_option
def recount(only: str | None, as_format: str) -> None:
    """Read the ten signals of every day that is kept, and the agreement debt of twelve months, anew from what is on record.

    Nights do this for the newest day. After an import that brings years of history, or a restore, read all of it at once:
    pages and the worker go on meanwhile.

    \b
    Example:
        hingepoint recount --only debt
    """
    start_django()
    require_database()
    from django.conf import settings
    from django.utils import timezone

    from hingepoint.domain.debts import actions as debts
    from hingepoint.domain.signals import actions as signals

    at = timezone.now()
    done: dict[str, list[dt.date]] = {}
    if only != "debt":
        kept = settings.KEPT_ROWS
        anew = signals.read_anew(at=at, kept=kept, told=_day_read)
        done["signals"] = anew or signals.read_signals(at=at, kept=kept)
    if only != "signals":
        done["debt"] = debts.read_debts(at=at, anew=True)
    if as_format == "json":
        print_json({"read": done})
        return
    for name, days in done.items():
        click.echo(f"{_CALLED[name]}: {plural(len(days), 'day')} read anew.")


def _day_read(day: dt.date, number: int, of: int) -> None:
    click.echo(f"Signals as of {day}: {number} of {of}", err=True)
