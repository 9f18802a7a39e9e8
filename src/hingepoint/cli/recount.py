"""``hingepoint recount``: read what the nights keep anew."""

from __future__ import annotations

import click

from hingepoint.cli.common import start_django
from hingepoint.cli.serve import require_database


@click.command(short_help="Read the signals and the agreement debt anew.")
@click.option("--only", type=click.Choice(["signals", "debt"]), help="Only one of the two.")
def recount(only: str | None) -> None:
    """Read the ten signals of every day that is kept, and the agreement debt of twelve months, anew from what is on record.

    Nights do this for the newest day. After an import that brings years of history, or a restore, read all of it at once:
    pages and the worker go on meanwhile.

    \b
    Example:
        hingepoint recount --only debt
    """
    start_django()
    require_database()
    from django.utils import timezone

    from hingepoint.domain.debts import actions as debts
    from hingepoint.domain.signals import actions as signals

    at = timezone.now()
    if only != "debt":
        days = signals.read_anew(at=at) or signals.read_signals(at=at)
        click.echo(f"The signals: {_days(len(days))} read anew.")
    if only != "signals":
        days = debts.read_debts(at=at, anew=True)
        click.echo(f"The agreement debt: {_days(len(days))} read anew.")


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
