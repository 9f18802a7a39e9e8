"""``hingepoint serve``: the web server and the background worker, as one program."""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import click

from hingepoint.cli import Unusable, in_use
from hingepoint.cli.common import start_django
from hingepoint.reports.charts.numbers import plural

#: Requests answered at the same time. SQLite wants one process with threads; so does a small team.
THREADS = 16

#: Where to reach a server that listens everywhere.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}

ALREADY_SERVED = (
    "A server runs on this database already, or a backup is being restored. Stop it first, or use PostgreSQL, "
    "which several servers may share."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option(
    "--allow-outbound",
    multiple=True,
    metavar="HOST:PORT",
    help="Let outgoing requests, such as webhooks, reach this address of your own network. Can be repeated.",
)
def serve(host: str, port: int, allow_outbound: tuple[str, ...]) -> None:
    """Run Hingepoint for your company.

    Brings the database up to date, then answers in the browser and works off background jobs until
    you stop it with Ctrl-C. Settings come from the environment: see the settings page of the manual.

    \b
    Example:
      hingepoint createuser ann@example.com --role analyst
      hingepoint serve --port 8000
    """
    if allow_outbound:
        os.environ["HINGEPOINT_ALLOW_OUTBOUND"] = json.dumps(allow_outbound)
    start_django()
    with in_use.held(in_use.sqlite_file(), otherwise=ALREADY_SERVED):
        bring_database_up_to_date()
        run_server(host=host, port=port)


def bring_database_up_to_date() -> None:
    """Apply the migrations that are missing and say so; refuse a database of a newer Hingepoint. The SQL views are away
    meanwhile, and are this version's afterwards. Where no step is missing and an upgrade was cut off after its last one, what comes
    after the steps is done again."""
    from hingepoint.domain.imports import sql_views
    from hingepoint.domain.upkeep import actions as upkeep
    from hingepoint.domain.upkeep import migrating

    missing, unknown = migration_state()
    if unknown:
        raise Unusable(_newer(unknown))
    if missing or not migrating.is_ended():
        what = plural(len(missing), "step") if missing else "what an upgrade that was cut off left"
        click.echo(f"Bringing the database up to date ({what}).", err=True)
        sql_views.drop()
        migrating.migrate()
        upkeep.refresh_statistics()
        upkeep.forget_answers()  # made by another version: the worker makes them anew within a minute
    sql_views.make()


def require_database() -> None:
    """Raise Unusable unless the database is there and as this version left it: for commands that only read."""
    file = in_use.sqlite_file()
    if file and not file.exists():
        raise Unusable(f"There is no database at {file} yet. hingepoint serve makes one.")
    missing, unknown = migration_state()
    if unknown:
        raise Unusable(_newer(unknown))
    if missing:
        behind = plural(len(missing), "step")
        raise Unusable(f"The database is {behind} behind. hingepoint serve brings it up to date.")


def _newer(unknown: list[str]) -> str:
    return (
        f"The database was made by a newer Hingepoint (it knows {', '.join(unknown)}). "
        "Install that version or a later one, or restore a backup made before."
    )


def migration_state() -> tuple[list[str], list[str]]:
    """Return the names of migrations that are missing in the database, and of those only it knows."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    in_use.make_private(in_use.sqlite_file())
    loader = MigrationLoader(connection)
    known, applied = set(loader.disk_migrations), set(loader.applied_migrations)
    ours = {app for app, _ in known}
    return (
        sorted(".".join(key) for key in set(loader.graph.nodes) - applied),
        sorted(".".join(key) for key in applied - known if key[0] in ours),
    )


def run_server(*, host: str, port: int, when_ready: Callable[[str], object] | None = None) -> None:
    """Serve until interrupted. ``when_ready`` is called with the address once it answers."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    near = LOOPBACK.get(host, host)
    address = f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"
    _refuse_a_taken_port(host, port)
    multiprocessing.set_start_method("spawn", force=True)  # an open SQLite connection must not be forked
    server = Granian(
        "hingepoint.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    announcer = threading.Thread(target=_announce, args=(host, port, address, when_ready), daemon=True)
    server.on_startup(announcer.start)
    with _background_worker(), _one_checkpointer():
        server.serve()


def _refuse_a_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unusable(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port."
            ) from None


def _announce(host: str, port: int, address: str, when_ready: Callable[[str], object] | None) -> None:
    """Wait until the server answers, whatever it answers, then say where it is."""
    unanswered = threading.Event()
    while not unanswered.wait(0.1):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(LOOPBACK.get(host, host), port, timeout=30)
            connection.request("GET", "/healthz")
            connection.getresponse()
            break
    click.echo(f"Hingepoint runs at {address}  (Ctrl-C stops it)")
    if when_ready:
        when_ready(address)


@contextlib.contextmanager
def _background_worker() -> Iterator[None]:
    """Keep one worker process running, and begin another should it die."""
    stopping = threading.Event()
    current: list[subprocess.Popen] = []

    def keep_running() -> None:
        command = [sys.executable, "-m", "hingepoint.jobs.worker"]
        while not stopping.is_set():
            current[:] = [subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)]
            current[0].wait()
            stopping.wait(2)

    keeper = threading.Thread(target=keep_running, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for worker in current:
            assert worker.stdin is not None
            worker.stdin.close()  # the worker's sign to end
        keeper.join(10)


@contextlib.contextmanager
def _one_checkpointer() -> Iterator[None]:
    """On SQLite, empty the write-ahead log from one connection that stays open (decision 0004)."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if "sqlite" not in database["ENGINE"]:
        yield
        return
    stopping = threading.Event()

    def checkpoint_now_and_then() -> None:
        with contextlib.closing(sqlite3.connect(database["NAME"], timeout=1)) as connection:
            while not stopping.wait(30):
                with contextlib.suppress(sqlite3.OperationalError):  # busy: the next round will do
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    keeper = threading.Thread(target=checkpoint_now_and_then, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join(10)
