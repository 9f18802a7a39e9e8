"""``hingepoint demo``: a simulated company in the browser, kept apart from any real data."""

from __future__ import annotations

import datetime as dt
import os
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import click

from hingepoint.cli import Unusable, in_use
from hingepoint.cli.common import start_django
from hingepoint.cli.serve import ALREADY_SERVED, bring_database_up_to_date, run_server


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@click.option("--small", is_flag=True, help="20 sellers instead of 140: ready in a few seconds.")
def demo(host: str, port: int, no_browser: bool, small: bool) -> None:
    """Run the demo company in your browser.

    Makes a company of 140 sellers with three years of sales on first use (it takes about a minute), then
    serves it until you stop it with Ctrl-C. It lives in its own folder inside the data folder: delete
    that folder to begin anew.

    \b
    Example:
      hingepoint demo --port 8000 --no-browser
    """
    _set_apart(small)
    start_django()
    with in_use.held(in_use.sqlite_file(), otherwise=ALREADY_SERVED):
        bring_database_up_to_date()
        _fill(small)
        run_server(host=host, port=port, when_ready=None if no_browser else webbrowser.open)


def _set_apart(small: bool) -> None:
    """Point the settings at the demo's own folder and SQLite database."""
    from hingepoint.demo.people import COMPANY

    folder = Path(os.environ.get("HINGEPOINT_DATA_DIR", "data")) / ("demo-small" if small else "demo")
    os.environ |= {
        "HINGEPOINT_DATA_DIR": str(folder),
        "HINGEPOINT_DATABASE_URL": "",
        "HINGEPOINT_DEMO": "true",
        "HINGEPOINT_COMPANY": COMPANY,
    }


def _fill(small: bool) -> None:
    from django.utils import timezone

    from hingepoint.demo import findings, readings, seed

    now = timezone.now()
    try:
        with _progress() as tell:
            seeded = seed.seed_company(at=now, ends_on=_today(now), small=small, progress=tell)
    except seed.NotEmpty as error:
        raise Unusable(str(error)) from error
    if not seeded.already:
        readings.ask()
        findings.ask(at=now)
        click.echo(
            f"{seeded.people:,} people, {seeded.deals:,} deals, {seeded.agreements:,} agreements.", err=True
        )


def _today(now: dt.datetime) -> dt.date:
    from django.utils import timezone

    return timezone.localdate(now)


#: Without a terminal a line is written for each such part of the whole.
EVERY = 0.04


def _progress() -> AbstractContextManager[Callable[[str, float], None]]:
    """Show a bar on a terminal, else a line every few per cent. It appears with the first thing done."""
    return _bar() if sys.stderr.isatty() else nullcontext(_Lines())


class _Lines:
    """Writes a line whenever ``EVERY`` more is done, and at the end."""

    def __init__(self) -> None:
        self.told = -1.0

    def __call__(self, doing: str, share: float) -> None:
        if share >= self.told + EVERY or share >= 1:
            self.told = share
            click.echo(f"{share:4.0%}  {doing}", err=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), console=Console(stderr=True), transient=True
    )
    with bar:
        task = bar.add_task("Building the demo company", total=1.0)
        yield lambda doing, share: bar.update(task, description=doing, completed=share)
