"""The common part of the CRMs that are played here: a server on loopback that remembers what was done to it.

A fake is a class with handlers; ``@route`` says for which requests. Its clock moves only when a test moves it. What
goes wrong is asked for by the number of the request it happens to, counted from now (``fake.next(2, CUT)``).
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hingepoint.connectors.exchange import Exchange
from hingepoint.connectors.source import Address

BEGIN = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.raw.decode()))


@dataclass(frozen=True)
class Reply:
    """``body`` is sent as JSON, or as it is where it is bytes."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    def bytes(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


#: What can happen to a request: takes the fake, the request and what would answer it.
Fault = Callable[["Fake", Request, Callable[[], Reply]], Reply]


def busy(seconds: int = 1) -> Fault:
    """HTTP 429: wait so many seconds."""
    return lambda fake, request, go: Reply(429, {"message": "slow down"}, {"Retry-After": str(seconds)})


def FAILS(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """HTTP 500, and nothing was done."""
    return Reply(500, {"message": "internal error"})


def EXPIRED(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """HTTP 401: tokens given so far are not taken any more."""
    fake.sign_everybody_out()
    return Reply(401, {"message": "expired"})


def MAINTENANCE(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """A web page where data should be."""
    return Reply(200, b"<!doctype html><title>Back soon</title>", {"Content-Type": "text/html"})


def CUT(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """It is done, but the connection ends in the middle of the answer."""
    done = go()
    return Reply(done.status, done.body, done.headers, cut=True)


def TWICE(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """The page before comes once more (a cache between us); other requests are answered."""
    return fake.pages.get(fake.listing(request) or "") or go()


def AHEAD(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """The clock in the answer is three hours ahead."""
    done = go()
    return Reply(
        done.status, done.body, {**done.headers, "Date": http_date(fake.now + dt.timedelta(hours=3))}
    )


def BEHIND(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
    """The clock in the answer is three hours late."""
    done = go()
    return Reply(
        done.status, done.body, {**done.headers, "Date": http_date(fake.now - dt.timedelta(hours=3))}
    )


#: One of each, for tests that try them all.
FAULTS: tuple[Fault, ...] = (
    busy(1), busy(600), FAILS, EXPIRED, MAINTENANCE, CUT, TWICE, AHEAD, BEHIND,
)  # fmt: skip


def meanwhile(edit: Callable[[], object]) -> Fault:
    """Somebody changes something just before this request is answered."""

    def changed(fake: Fake, request: Request, go: Callable[[], Reply]) -> Reply:
        edit()
        return go()

    return changed


def route(method: str, path: str) -> Callable[[Callable], Callable]:
    """Answer ``method`` on ``path``, a regular expression whose groups are the further arguments."""

    def marked(handler: Callable) -> Callable:
        handler.route = (method, re.compile(path + r"\Z"))
        return handler

    return marked


def http_date(at: dt.datetime) -> str:
    return email.utils.format_datetime(at, usegmt=True)


class Fake:
    """A server of its own on a free port, from ``with`` to its end.

    ``edits`` names the methods that change something as people do, each with a number to choose what.
    """

    edits: tuple[str, ...] = ()
    #: A field that the company made itself; ``say_own`` changes it.
    own = ""

    def __init__(self) -> None:
        self.now = BEGIN
        self.own_is: dict[
            str, Any
        ] = {}  # how the field that the company made is described, in the CRM's words
        self.requests: list[Request] = []
        self.replies: list[Reply] = []  # one for each request
        self.pages: dict[str, Reply] = {}
        self._faults: dict[int, Fault] = {}
        self._lock = threading.RLock()
        found = (
            getattr(self, name) for name in dir(type(self)) if hasattr(getattr(type(self), name), "route")
        )
        self._routes = [(*each.route, each) for each in found]

    def __enter__(self) -> Fake:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def place(self) -> str:
        """Return HOST:PORT, as it is allowed to an ``Exchange``."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def address(self) -> Address:
        """Return where it is, with what it takes as a sign-in."""
        raise NotImplementedError

    def exchange(self) -> Exchange:
        return Exchange(self.url, allowed={self.place}, sleep=lambda seconds: None)

    def tick(self, seconds: float = 1) -> dt.datetime:
        """Move the clock and return what it says then."""
        self.now += dt.timedelta(seconds=seconds)
        return self.now

    def next(self, number: int, fault: Fault) -> None:
        """Let ``fault`` happen to the request of this number, the next one being 1."""
        self._faults[len(self.requests) + number] = fault

    def calm(self) -> None:
        """Forget what was still to go wrong."""
        self._faults.clear()

    def sign_everybody_out(self) -> None:
        """Take no token given so far (for fakes that give tokens)."""

    def listing(self, request: Request) -> str | None:
        """Return of which list the request asks for a page, which a cache could give twice."""
        return None

    def before(self, request: Request) -> Reply | None:
        """Refuse a request before it is answered, such as for a wrong token."""
        return None

    def headers(self) -> Mapping[str, str]:
        """Return what goes with each answer, such as the budget left."""
        return {}

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            fault = self._faults.pop(len(self.requests), None)
            reply = fault(self, request, lambda: self._handled(request)) if fault else self._handled(request)
            listing = self.listing(request)
            if listing and reply.status == 200 and not isinstance(reply.body, bytes):
                self.pages[listing] = reply
            self.replies.append(reply)
            return reply

    def _handled(self, request: Request) -> Reply:
        refused = self.before(request)
        if refused is not None:
            return refused
        for method, pattern, handler in self._routes:
            match = pattern.match(request.path)
            if match and method == request.method:
                done = handler(request, *match.groups())
                return done if isinstance(done, Reply) else Reply(200, done)
        return Reply(404, {"message": f"no such address: {request.method} {request.path}"})


class _Handler(BaseHTTPRequestHandler):
    fake: Fake
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: nobody waits for a late acknowledgement
    disable_nagle_algorithm = True

    def answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.unquote(parts.path)
        reply = self.fake.answer(Request(self.command, path, query, dict(self.headers.items()), raw))
        self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def _send(self, reply: Reply) -> None:
        raw = reply.bytes()
        headers = {
            "Content-Type": "application/json",
            "Date": http_date(self.fake.now),
            **self.fake.headers(),
            **reply.headers,
            "Content-Length": str(len(raw) + (10 if reply.cut else 0)),
        }
        self.send_response_only(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if reply.cut else raw)
        if reply.cut:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Stay silent."""
