"""A whole server, its worker and an import, forked from a program that is warm, so that a kill costs a second or two: for ``faults.py``.

What runs is what ``hingepoint serve`` runs, with its lock, its start, its worker with the jobs of the night, its checkpoints. Only the
part that takes HTTP apart before it is the standard library's and not Granian: that one keeps nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import sys
from collections.abc import Callable, Iterator
from wsgiref import simple_server


class Front(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """Answers on a socket that is open already, each request on a thread of its own."""

    daemon_threads = True

    def __init__(self, door: socket.socket):
        simple_server.WSGIServer.__init__(self, ("127.0.0.1", 0), Quiet, bind_and_activate=False)
        self.socket.close()
        self.socket, self.server_name = door, "localhost"
        self.server_address = self.server_name, self.server_port = "localhost", door.getsockname()[1]
        self.setup_environ()


class Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told of a request."""


def warm(cookies: dict[str, str]) -> None:
    """Load what a server loads for its first pages, so that no fork does."""
    from django.db import connection
    from django.test import Client

    import hingepoint.cli.imports
    import hingepoint.config.wsgi
    import hingepoint.jobs.schedule
    import hingepoint.jobs.worker  # noqa: F401

    browser = Client(SERVER_NAME="localhost")
    for name, value in cookies.items():
        browser.cookies[name] = value
    for page in ("/sign-in", "/", "/deals/1/demands/new"):
        browser.get(page)
    connection.close()


@contextlib.contextmanager
def serving(file: str) -> Iterator[tuple[int, int]]:
    """Serve and import ``file`` in forks until the block ends; yield the port and the group of processes."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as door:
        port = door.getsockname()[1]
        server = _apart(lambda: _serve(door, file), leads=True)
    try:
        yield port, server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server, signal.SIGKILL)
        os.waitpid(server, 0)


def _apart(work: Callable[[], object], *, leads: bool = False) -> int:
    """Do ``work`` in a fork, which ``leads`` a group of its own or is of this one; return its number."""
    pid = os.fork()
    if leads:
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid or os.getpid())  # by both: whoever comes first
    if pid:
        return pid
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    try:
        work()
    finally:
        os._exit(0)


def _serve(door: socket.socket, file: str) -> None:
    from hingepoint.cli import in_use, main, serve
    from hingepoint.config.wsgi import application

    with in_use.held(in_use.sqlite_file(), otherwise=serve.ALREADY_SERVED):
        serve.bring_database_up_to_date()
        _close()
        _apart(_work)
        _apart(lambda: main(["import", "events", file], standalone_mode=False))
        front = Front(door)
        front.set_app(application)
        with serve._one_checkpointer():
            front.serve_forever()


def _close() -> None:
    """No connection that is open goes over into a fork."""
    from django.db import connection

    connection.close()


def _work() -> None:
    """Be the worker, until the server ends."""
    from hingepoint.jobs import worker

    reading, _ = os.pipe()  # its other end stays open as long as this process
    os.dup2(reading, 0)
    sys.stdin = os.fdopen(0)
    worker.main()
