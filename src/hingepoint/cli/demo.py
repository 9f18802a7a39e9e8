"""``hingepoint demo``: a simulated company in the browser, kept apart from any real data."""

from __future__ import annotations

import datetime as dt
import os
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    from hingepoint.demo import seed

    now = timezone.now()
    try:
        with _progress() as tell:
            seeded = seed.seed_company(at=now, ends_on=_today(now), small=small, progress=tell)
    except seed.NotEmpty as error:
        raise Unusable(str(error)) from error
    if not seeded.already:
        _ask_for_findings(now)
        click.echo(
            f"{seeded.people:,} people, {seeded.deals:,} deals, {seeded.agreements:,} agreements.", err=True
        )


def _ask_for_findings(now: dt.datetime) -> None:
    """Queue a first run of discovery, so that its pages have something to show in a minute."""
    from hingepoint.analysis.discovery import Settings
    from hingepoint.demo.planted import SUPPORTIVE
    from hingepoint.domain.discovery import actions as discovery
    from hingepoint.domain.people import queries as people
    from hingepoint.records.people import Role

    analyst = people.persona(Role.ANALYST)
    asked, made_from = Settings(metric=SUPPORTIVE), discovery.Input(files={})
    discovery.ask_for_run(by=analyst, at=now, settings=asked, made_from=made_from)


def _today(now: dt.datetime) -> dt.date:
    from django.utils import timezone

    return timezone.localtime(now).date()


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """Show a bar on a terminal; say nothing when piped. It appears with the first thing done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("Building the demo company", total=1.0)
        yield lambda doing, share: bar.update(task, description=doing, completed=share)
