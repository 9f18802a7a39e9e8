"""Requests to a CRM over HTTP: one thin layer that every source uses, with one list of what can go wrong.

Redirects are not followed, and addresses are checked (``outgoing``). An answer has a total time, a size, and must be
JSON. A short wait that the CRM asks for is waited here; longer ones are raised.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from hingepoint.connectors import outgoing

MOST_BYTES = 64_000_000
SECONDS = 60.0
#: Waits that are served here; the worker comes back for longer ones.
LONGEST_WAIT = 30.0
#: How often a request that failed for a moment is sent again, and after how many seconds.
PAUSES = (1.0, 4.0)


#: A cache between us and the server asks it anew (RFC 9111, 5.2.1.4).
_FROM_THE_SERVER = {"Cache-Control": "no-cache"}


class CrmProblem(Exception):
    """Something between us and the CRM; the message is for the person who looks after the connection."""


class AddressRefused(CrmProblem):
    """The address may not be asked: it is not globally routable, and nobody allowed it."""


class NotReachable(CrmProblem):
    """No answer, a cut answer, or a server that says that it fails: worth another try later.

    ``said`` is what a failing server answered, where that is data.
    """

    def __init__(self, message: str, said: Any = None):
        self.said = said
        super().__init__(message)


class NotSignedIn(CrmProblem):
    """The sign-in is not taken (any more)."""


class NoRight(CrmProblem):
    """The sign-in may not see or change this."""


class NotThere(CrmProblem):
    """No such record, object or field."""


class Busy(CrmProblem):
    """The CRM asks to wait ``seconds``, or the budget of requests is used up."""

    def __init__(self, message: str, seconds: float):
        self.seconds = seconds
        super().__init__(message)


class NotUnderstood(CrmProblem):
    """An answer that is not what the CRM's documentation says, such as a page of maintenance instead of JSON."""


class Rejected(CrmProblem):
    """The CRM refuses what was sent: ``status`` of HTTP and ``said``, what it answered (parsed, maybe None)."""

    def __init__(self, message: str, status: int, said: Any = None):
        self.status, self.said = status, said
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is parsed JSON, None for an empty answer; ``server_time`` is the clock of the server."""

    status: int
    body: Any
    headers: Mapping[str, str]
    server_time: dt.datetime


@dataclass(slots=True)
class Budget:
    """Requests made and allowed. ``left`` is what the CRM said last; ``share`` is how much of a day we take."""

    made: int = 0
    allowed: int | None = None
    left: int | None = None
    share: float = 0.5

    def take(self) -> None:
        """Count one request. Raises Busy when that part of the day is used up at which we stop, by us or by others."""
        if self.allowed is not None and (used := self._used()) >= self.allowed * self.share:
            raise Busy(
                f"{used:,} of the {self.allowed:,} requests that the CRM allows a day are used, by us and by other programs. "
                f"We stop at {self.share:.0%} until tomorrow, unless more is allowed on the page of the connection.",
                3600,
            )
        self.made += 1

    def _used(self) -> int:
        assert self.allowed is not None
        by_others = self.allowed - self.left if self.left is not None else 0
        return max(self.made, by_others)


@dataclass(slots=True)
class Exchange:
    """Sends requests to one CRM. ``headers`` go with each, and a source adds its sign-in to them."""

    base: str
    allowed: Collection[str] = ()  # HOST:PORT that may be asked although not globally routable
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    budget: Budget = field(default_factory=Budget)
    sleep: Callable[[float], None] = time.sleep
    _client: httpx2.Client | None = field(default=None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool = True,
        understood: Iterable[int] = (),
    ) -> Answer:
        """Send one request and return the answer, whose status is below 400 or stands in ``understood``.

        ``path`` is joined to the base, or is a whole address on the same host. ``again`` is False where the
        same request twice would change more than once. Raises the errors of this module.
        """
        pauses = [*(PAUSES if again else ()), None]
        for pause in pauses:
            self.budget.take()
            try:
                return self._once(method, path, query, json, form, headers or {}, frozenset(understood))
            except NotReachable:
                if pause is None:
                    raise
                self.sleep(pause)
            except Busy as busy:
                if pause is None or busy.seconds > LONGEST_WAIT:
                    raise
                self.sleep(busy.seconds)
        raise AssertionError  # the last pause is None

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        understood: frozenset[int],
    ) -> Answer:
        sent = {"params": query, "headers": {**_FROM_THE_SERVER, **self.headers, **headers}}
        if form is not None:
            sent["data"] = form
        elif body is not None:
            sent["json"] = body
        try:
            with self._open().stream(method, self._url(path), **sent) as response:  # type: ignore[arg-type]
                raw = _limited(response)
        except outgoing.AddressRefused as refused:
            raise AddressRefused(str(refused)) from None
        except httpx2.TransportError as error:
            raise NotReachable(f"The CRM did not answer: {type(error).__name__}.") from None
        return _answer(response, raw, understood)

    def _url(self, path: str) -> str:
        url = httpx2.URL(self.base.rstrip("/") + "/").join(path.lstrip("/") if "://" not in path else path)
        if (url.scheme, url.host, url.port) != _place(self.base):
            raise NotUnderstood("The CRM sent us to another address, which is not followed.")
        return str(url)

    def _open(self) -> httpx2.Client:
        if self._client is None:
            self._client = outgoing.client(self.allowed, seconds=SECONDS)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _place(url: str) -> tuple[str, str, int | None]:
    parsed = httpx2.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def _limited(response: httpx2.Response) -> bytes:
    end, parts, size = time.monotonic() + SECONDS, [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise NotUnderstood(f"The CRM answered with more than {MOST_BYTES // 1_000_000} MB at once.")
        if time.monotonic() > end:
            raise NotReachable(f"The CRM did not finish its answer in {SECONDS:.0f} seconds.")
    return b"".join(parts)


def _answer(response: httpx2.Response, raw: bytes, understood: frozenset[int]) -> Answer:
    status, headers = response.status_code, response.headers
    if status == 429 or (status == 503 and "retry-after" in headers):
        raise Busy("The CRM asks to wait.", wait_of(headers.get("retry-after")))
    if status >= 500 and status not in understood:
        raise NotReachable(f"The CRM says that it fails (HTTP {status}).", _data(raw))
    if 300 <= status < 400:
        raise NotUnderstood(f"The CRM sent us elsewhere (HTTP {status}), which is not followed.")
    body = _json(raw, headers.get("content-type", ""), status)
    if status >= 400 and status not in understood:
        raise _refusal(status, body)
    return Answer(status, body, headers, _clock(headers.get("date")))


def _json(raw: bytes, kind: str, status: int) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        if status in (401, 403, 404):
            return None
        what = "a web page" if "html" in kind or raw.lstrip()[:1] == b"<" else "something"
        raise NotUnderstood(f"The CRM answered with {what} instead of data (HTTP {status}).") from None


def _data(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _refusal(status: int, body: Any) -> CrmProblem:
    if status == 401:
        return NotSignedIn("The CRM does not take this sign-in.")
    if status == 403:
        return NoRight("The CRM says that this sign-in has no right to it.")
    if status in (404, 410):
        return NotThere("The CRM has no such record or address.")
    return Rejected(f"The CRM refused the request (HTTP {status}).", status, body)


def wait_of(said: str | None, default: float = 10.0) -> float:
    """Return the seconds of a Retry-After header: a number, or a date (RFC 9110, 10.2.3)."""
    if not said:
        return default
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        then = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return default
    return max(0.0, (then - dt.datetime.now(dt.UTC)).total_seconds())


def _clock(said: str | None) -> dt.datetime:
    try:
        return email.utils.parsedate_to_datetime(said or "").astimezone(dt.UTC)
    except ValueError:
        return dt.datetime.now(dt.UTC)
