"""Two ways of calling Odoo: JSON-2 from version 19 on, JSON-RPC before. Both raise the errors of ``exchange``.

JSON-RPC answers errors with HTTP 200, and a method without a result without ``result``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hingepoint.connectors.exchange import (
    Answer,
    CrmProblem,
    Exchange,
    NoRight,
    NotReachable,
    NotSignedIn,
    NotThere,
    NotUnderstood,
    Rejected,
)
from hingepoint.connectors.source import Address

#: Named errors of Odoo, and what they are to us; every other is a refusal.
ERRORS: Mapping[str, tuple[type[CrmProblem], str]] = {
    "odoo.exceptions.AccessDenied": (NotSignedIn, "Odoo does not take this sign-in."),
    "odoo.http.SessionExpiredException": (NotSignedIn, "The session with Odoo has ended."),
    "odoo.exceptions.AccessError": (NoRight, "This user of Odoo has no right to it."),
    "odoo.exceptions.MissingError": (NotThere, "Odoo has no such record."),
    "werkzeug.exceptions.NotFound": (NotThere, "Odoo has no such model or method."),
    "psycopg2.OperationalError": (NotReachable, "Odoo does not reach its database."),
}

#: What a status alone says where the error has no name that we know.
STATUSES = {403: ERRORS["odoo.exceptions.AccessError"], 404: ERRORS["werkzeug.exceptions.NotFound"]}

#: Positional arguments of the methods that are called here: JSON-RPC of older versions wants them in place.
POSITIONAL = {
    "search_read": ("domain",),
    "search_count": ("domain",),
    "create": ("vals_list",),
    "write": ("ids", "vals"),
    "read": ("ids",),
    "activity_schedule": ("ids",),
    "has_access": ("ids",),
}

#: Methods that must not be sent twice.
ONCE = ("create", "activity_schedule")


@dataclass(frozen=True, slots=True)
class Told:
    """What a method returned, and the clock of the server."""

    result: Any
    server_time: dt.datetime


class Rpc(Protocol):
    """A signed-in way of calling methods of models, with arguments by name."""

    version: str
    uid: int

    def call(self, model: str, method: str, **named: Any) -> Told: ...


@dataclass(slots=True)
class Json2:
    """``POST /json/2/MODEL/METHOD`` with a key of the user; one transaction a request."""

    exchange: Exchange
    version: str
    uid: int = 0

    def call(self, model: str, method: str, **named: Any) -> Told:
        try:
            answer = self.exchange.ask(
                "POST",
                f"/json/2/{model}/{method}",
                json=named,
                again=method not in ONCE,
                understood=(403, 404, 422),
            )
        except NotReachable as failed:
            raise _about_the_question(failed) from None
        if answer.status >= 400:
            raise problem(answer.body if isinstance(answer.body, dict) else {}, answer.status)
        return Told(answer.body, answer.server_time)


@dataclass(slots=True)
class JsonRpc:
    """``POST /jsonrpc`` with database, user and password (or a key in its place)."""

    exchange: Exchange
    version: str
    database: str
    secret: str
    uid: int = 0

    def call(self, model: str, method: str, **named: Any) -> Told:
        args = [named.pop(name) for name in POSITIONAL.get(method, ()) if name in named]
        return json_rpc(
            self.exchange,
            "object",
            "execute_kw",
            [self.database, self.uid, self.secret, model, method, args, named],
            again=method not in ONCE,
        )


def json_rpc(exchange: Exchange, service: str, method: str, args: list[Any], again: bool = True) -> Told:
    """Call a service of JSON-RPC."""
    params = {"service": service, "method": method, "args": args}
    sent = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
    return told(exchange.ask("POST", "/jsonrpc", json=sent, again=again))


def told(answer: Answer) -> Told:
    """Return what stands in an answer of JSON-RPC, or raise what it says."""
    if not isinstance(answer.body, dict):
        raise NotUnderstood("Odoo answered with something else than JSON-RPC.")
    if error := answer.body.get("error"):
        raise problem(error.get("data") or error, 422)
    return Told(answer.body.get("result"), answer.server_time)


def _about_the_question(failed: NotReachable) -> CrmProblem:
    """Return what is wrong with the question: JSON-2 answers 500 also where it knows a field or an argument not."""
    said = failed.said if isinstance(failed.said, dict) else {}
    return problem(said, 500) if str(said.get("name")).startswith("builtins.") else failed


def problem(said: Mapping[str, Any], status: int) -> CrmProblem:
    """Return the error that Odoo names in ``said``."""
    kind, words = ERRORS.get(str(said.get("name")), (None, ""))
    if kind is None:
        kind, words = STATUSES.get(status, (None, ""))
    if kind is not None:
        return kind(words)
    message = str(said.get("message") or "without a reason").strip()
    if "doesn't exist" in message:
        return NotThere("Odoo has no such model.")
    return Rejected(f"Odoo refused: {message[:200]}", status, dict(said))


def sign_in(address: Address, exchange: Exchange) -> Rpc:
    """Sign in by the way that this version takes."""
    version = _version(exchange)
    if series(version) >= 19 and address.secrets.get("key"):
        return _json2(address, exchange, version)
    return _json_rpc(address, exchange, version)


def series(version: str) -> int:
    """Return 19 of "19.0", of "19.0+e" and of "saas~19.1"."""
    found = re.match(r"(?:saas~)?(\d+)", version)
    return int(found[1]) if found else 0


def _version(exchange: Exchange) -> str:
    try:
        said = exchange.ask("GET", "/web/version").body
        if isinstance(said, dict) and said.get("version"):
            return str(said["version"])
    except (NotThere, NotUnderstood, Rejected, NoRight, NotSignedIn):
        pass  # before 19 there is no such address, and what stands there instead differs
    said = json_rpc(exchange, "common", "version", []).result
    return str((said or {}).get("server_serie") or "")


def _json2(address: Address, exchange: Exchange, version: str) -> Rpc:
    exchange.headers["Authorization"] = f"bearer {address.secrets['key']}"
    if database := address.options.get("database"):
        exchange.headers["X-Odoo-Database"] = database
    rpc = Json2(exchange, version)
    rpc.uid = int((rpc.call("res.users", "context_get").result or {}).get("uid") or 0)
    return rpc


def _json_rpc(address: Address, exchange: Exchange, version: str) -> Rpc:
    secret = address.secrets.get("key") or address.secrets.get("password") or ""
    login, database = address.secrets.get("login", ""), address.options.get("database", "")
    if not (login and database):
        raise NotSignedIn("This version of Odoo wants the name of the database and of the user.")
    uid = json_rpc(exchange, "common", "authenticate", [database, login, secret, {}]).result
    if not uid:
        raise NotSignedIn("Odoo does not take this sign-in.")
    return JsonRpc(exchange, version, database, secret, int(uid))
