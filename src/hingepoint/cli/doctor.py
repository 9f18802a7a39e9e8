"""``hingepoint doctor``: is the installation sound, and what does the data allow?

A check is a function that returns one ``Finding``; ``CHECKS`` lists them in the order they are shown,
``TABLE_CHECKS`` those that follow once the tables are there.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hingepoint import __version__
from hingepoint.cli import UNUSABLE, in_use, is_a_mistake
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import migration_state
from hingepoint.reports.charts.numbers import plural

if TYPE_CHECKING:
    from hingepoint.domain.upkeep.queries import JobLine

GOOD, WARNING, BROKEN = "good", "warning", "broken"

#: Up to this version two connections that empty the write-ahead log at once can lose it.
LAST_SQLITE_WITH_THE_LOG_BUG = (3, 51, 2)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``do`` says how to mend it, empty when there is nothing to do."""

    state: str
    says: str
    do: str = ""


@click.command()
@click.option(
    "--ask-again",
    is_flag=True,
    help="First ask every open deal for what the playbooks want, and forget kept counts.",
)
@format_option
@click.pass_context
def doctor(ctx: click.Context, as_format: str, ask_again: bool) -> None:
    """Check the installation, the database and what the data allows.

    Ends with exit code 2 when something is broken.

    \b
    Example:
      hingepoint doctor
    """
    start_django()
    found = {name: _examined(check) for name, check in CHECKS.items()}
    if found["Migrations"].state == GOOD:
        if ask_again:
            _ask_again()
        found |= {name: _examined(check) for name, check in TABLE_CHECKS.items()}
    if as_format == "json":
        checks = [{"check": name, **asdict(finding)} for name, finding in found.items()]
        jobs = [asdict(job) for job in _jobs()] if found["Migrations"].state == GOOD else []
        print_json({"checks": checks, "jobs": jobs})
    else:
        _print_table(found)
    if any(finding.state == BROKEN for finding in found.values()):
        ctx.exit(UNUSABLE)


def _ask_again() -> None:
    """Ask every open deal, in batches that hold nobody up, and forget the kept answers."""
    from django.utils import timezone

    from hingepoint.domain.strategy import actions as strategy
    from hingepoint.domain.upkeep import actions as upkeep

    strategy.ask_anew(by=None, at=timezone.now())
    strategy.ask_open_deals(at=timezone.now())
    upkeep.forget_answers()  # the worker counts them anew within a minute


def _examined(check: Callable[[], Finding]) -> Finding:
    """Return what ``check`` finds; what it cannot read is itself a finding."""
    from django.db import DatabaseError

    try:
        return check()
    except DatabaseError as error:
        return Finding(BROKEN, f"Cannot be read: {str(error).splitlines()[0]}.")
    except Exception as error:
        if not is_a_mistake(error):
            raise
        return Finding(BROKEN, str(error))


def _print_table(found: dict[str, Finding]) -> None:
    colours = {GOOD: "green", WARNING: "yellow", BROKEN: "red"}
    width = max(map(len, found))
    for name, finding in found.items():
        state = click.style(f"{finding.state:<8}", fg=colours[finding.state])
        click.echo(f"{name:<{width}}  {state} {finding.says}")
        if finding.do:
            click.echo(f"{'':<{width}}           {finding.do}")


def programs() -> Finding:
    return Finding(
        GOOD, f"Hingepoint {__version__} on Python {platform.python_version()}, {platform.system()}."
    )


def data_folder() -> Finding:
    from django.conf import settings

    from hingepoint.domain.upkeep import queries

    folder = Path(settings.ENVIRONMENT.data_dir).absolute()
    if not os.access(folder, os.W_OK):
        return Finding(BROKEN, f"{folder} cannot be written.", "Set HINGEPOINT_DATA_DIR, or mend its rights.")
    room = queries.standing_of_disk(folder)
    says = f"{folder}. {room.says}"
    return (
        Finding(GOOD, says) if room.ok else Finding(WARNING, says, "Make room before the database has none.")
    )


def who_can_read() -> Finding:
    """The database and what people uploaded are for the account that serves them alone."""
    from django.conf import settings

    kept = [in_use.sqlite_file(), Path(settings.MEDIA_ROOT)]
    if open_to_others := [path for path in kept if path and path.exists() and path.stat().st_mode & 0o077]:
        names = " and ".join(map(str, open_to_others))
        mend = " && ".join(f"chmod {700 if path.is_dir() else 600} {path}" for path in open_to_others)
        return Finding(WARNING, f"Others on this machine can read {names}.", mend)
    return Finding(GOOD, "Only the account that runs Hingepoint.")


def damage() -> Finding:
    from django.db import connection

    from hingepoint.domain.upkeep import queries

    if found := queries.damage():
        do = "Stop the server, keep a copy of the file, and restore a backup: hingepoint restore FILE --force"
        return Finding(BROKEN, f"The database is damaged: {found}.", do)
    says = "PostgreSQL looks after that itself." if connection.vendor != "sqlite" else "None is found."
    return Finding(GOOD, says)


def secret_key() -> Finding:
    from django.conf import settings

    kept = Path(settings.ENVIRONMENT.data_dir) / "secret.key"
    if settings.ENVIRONMENT.secret_key:
        return Finding(GOOD, "Set by HINGEPOINT_SECRET_KEY.")
    if sys.platform != "win32" and kept.stat().st_mode & 0o077:
        return Finding(WARNING, f"Others on this machine can read {kept}.", f"chmod 600 {kept}")
    return Finding(GOOD, f"Kept in {kept}.")


def exposure() -> Finding:
    from django.conf import settings

    if settings.DEBUG:
        return Finding(
            WARNING, "Errors are shown in the browser.", "Unset HINGEPOINT_DEBUG on a shared machine."
        )
    if settings.ENVIRONMENT.demo:
        return Finding(
            WARNING, "Demo: everybody signs in without a password.", "Unset HINGEPOINT_DEMO for real use."
        )
    if not settings.ENVIRONMENT.https:
        return Finding(WARNING, "Cookies also travel over http.", "Behind https, set HINGEPOINT_HTTPS=true.")
    if settings.ENVIRONMENT.behind_proxy and not settings.ENVIRONMENT.trusted_proxies:
        return Finding(
            WARNING,
            "All who come by the proxy count as one visitor: a stranger's wrong passwords lock out everybody.",
            "Set HINGEPOINT_TRUSTED_PROXIES to the proxy's address.",
        )
    return Finding(GOOD, "Served by https only.")


def database() -> Finding:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if connection.vendor != "sqlite":
        version = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's connection has it
        return Finding(GOOD, f"PostgreSQL {version // 10_000}, {connection.settings_dict['NAME']}.")
    says = f"SQLite {sqlite3.sqlite_version}, {connection.settings_dict['NAME']}"
    if sqlite3.sqlite_version_info <= LAST_SQLITE_WITH_THE_LOG_BUG:
        return Finding(
            WARNING,
            f"{says}. This version can lose its write-ahead log; one connection empties it, which avoids that.",
            "Open the file only with Hingepoint while it runs. Best: a Python with SQLite 3.51.3 or newer.",
        )
    return Finding(GOOD, f"{says}.")


def migrations() -> Finding:
    missing, unknown = migration_state()
    if unknown:
        return Finding(BROKEN, "Made by a newer Hingepoint.", "Install that version or a later one.")
    if missing:
        return Finding(
            WARNING, f"{plural(len(missing), 'step')} behind.", "hingepoint serve brings it up to date."
        )
    return Finding(GOOD, "Up to date.")


def audit_trail() -> Finding:
    from hingepoint.domain.audit import queries

    broken = queries.first_broken_link()
    if broken is not None:
        return Finding(
            BROKEN, f"Altered or cut at entry {broken}.", "Compare with a backup; find out who had access."
        )
    return Finding(GOOD, f"{queries.length():,} changes, the chain holds.")


def secrets() -> Finding:
    from hingepoint.domain.secrets import queries

    found = queries.readable()
    if found.locked:
        says = f"{found.locked} of {plural(found.secrets, 'secret')} were encrypted with another key."
        return Finding(
            BROKEN, says, "Put that key into HINGEPOINT_SECRETS_KEY, after a comma, or back into secrets.key."
        )
    return Finding(
        GOOD, f"{plural(found.secrets, 'secret')} in the database, each opens with the key at hand."
    )


def background_jobs() -> Finding:
    from hingepoint.domain.upkeep import queries

    work = queries.background_work(at=dt.datetime.now(dt.UTC))
    if not work.taken:
        return Finding(WARNING, work.says, "hingepoint serve works them off; is it running?")
    return Finding(WARNING if work.failed else GOOD, work.says)


def _jobs() -> list[JobLine]:
    from hingepoint.domain.upkeep import queries

    return queries.jobs(at=dt.datetime.now(dt.UTC))


def scheduled_jobs() -> Finding:
    jobs = _jobs()
    if failed := [job for job in jobs if job.failed]:
        says = "; ".join(f"{job.job} failed on {_told(job.ended_at)} ({job.error})" for job in failed)
        return Finding(
            BROKEN, f"{says}.", "It is tried again every hour. The log of hingepoint serve has more."
        )
    if not jobs:
        return Finding(WARNING, "None was done yet.", "hingepoint serve does them, also what was missed.")
    if overdue := [job for job in jobs if job.overdue]:
        says = ", ".join(f"{job.job} (last begun {_told(job.begun_at)})" for job in overdue)
        return Finding(
            WARNING,
            f"{len(overdue)} of {len(jobs)} are overdue: {says}.",
            "hingepoint serve does them, also what was missed; is it running?",
        )
    return Finding(GOOD, f"{len(jobs)}, none overdue.")


def _told(moment: dt.datetime | None) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "never"


def readiness() -> Finding:
    from hingepoint.domain.discovery.queries import readiness as readiness_page
    from hingepoint.domain.people import queries as people

    found = readiness_page.readiness(people.the_system())
    says = f"{found.have}. Now: {found.now}."
    return Finding(GOOD, says) if found.ready else Finding(WARNING, says, f"Needed: {found.need}.")


def what_deals_need() -> Finding:
    from django.utils import timezone

    from hingepoint.domain.strategy import asking

    if unfinished := asking.unfinished():
        return Finding(GOOD, f"Being asked: {unfinished.done:,} of {unfinished.total:,} open deals.")
    if wrong := asking.differing(today=timezone.localdate()):
        deals = "1 open deal is" if wrong == 1 else f"{wrong:,} open deals are"
        says = f"{deals} not asked for what the playbooks want."
        return Finding(WARNING, says, "hingepoint doctor --ask-again")
    return Finding(GOOD, "Every open deal is asked for what the playbooks want.")


def kept_counts() -> Finding:
    """What pages of a large company read instead of counting: some of it is counted again."""
    from django.utils import timezone

    from hingepoint.domain.home import standing

    found = standing.compared(today=timezone.localdate())
    if found.wrong:
        names = ", ".join(f"“{name}”" for name in found.wrong)
        return Finding(WARNING, f"Kept otherwise than counted now: {names}.", "hingepoint doctor --ask-again")
    if not found.kept:
        return Finding(GOOD, "None stands: pages count at once, or the worker counts within the hour.")
    return Finding(GOOD, f"{found.again} of {found.kept} were counted again and are the same.")


CHECKS: dict[str, Callable[[], Finding]] = {
    "Programs": programs,
    "Data folder": data_folder,
    "Secret key": secret_key,
    "Exposure": exposure,
    "Who can read": who_can_read,
    "Database": database,
    "Damage": damage,
    "Migrations": migrations,
}

TABLE_CHECKS: dict[str, Callable[[], Finding]] = {
    "Audit trail": audit_trail,
    "Secrets": secrets,
    "Background jobs": background_jobs,
    "What deals need": what_deals_need,
    "Kept counts": kept_counts,
    "Scheduled jobs": scheduled_jobs,
    "Discovery": readiness,
}
