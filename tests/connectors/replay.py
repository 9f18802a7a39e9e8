"""Recorded exchanges, replayed: servers on loopback that answer our connectors with what real ones answered.

A question that was recorded is answered byte for byte. Another one is answered from the rows that the recording shows,
each with the fields that it shows and no other; ``not_shown`` names what was asked of them in vain. Everything else is
refused, and stands in ``never_recorded``. Nothing is made up; where the recorder left something out, it says so below.
"""

from __future__ import annotations

import json
import urllib.parse
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.fakes.base import Fake, Reply, Request
from connectors.fakes.espocrm import meets
from connectors.fakes.odoo import LEAD, MESSAGE, compiled
from connectors.recorded import exchanges
from hingepoint.connectors.source import Address

Row = dict[str, Any]
#: What the recordings show of a secret.
HIDDEN = "***"
JSON = {"Content-Type": "application/json"}


class Replayed(Fake):
    """``until``: show the rows as they were before this exchange; a change that is replayed moves them on."""

    name = ""

    def __init__(self, until: int | None = None) -> None:
        super().__init__()
        self.recorded = exchanges(self.name)
        self.asked = [_request(each) for each in self.recorded]
        self.known: dict[str, list[int]] = defaultdict(list)
        for number, each in enumerate(self.asked):
            if self.recorded[number]["status"] != 401:  # of a sign-in the recording shows only the kind
                self.known[self.key(each)].append(number)
        self.tables: dict[str, dict[Any, Row]] = defaultdict(dict)
        self.never_recorded: list[str] = []
        self.not_shown: set[str] = set()
        self.shown = 0
        self._show(len(self.recorded) if until is None else until)

    def key(self, request: Request) -> str:
        """Return what makes two requests one question."""
        raise NotImplementedError

    def changes(self, request: Request) -> bool:
        """Return whether a request changed something there."""
        raise NotImplementedError

    def take(self, number: int, asked: Request, said: Any) -> None:
        """Take the rows that an answer shows."""
        raise NotImplementedError

    def worked_out(self, request: Request) -> Reply | None:
        """Return the answer to a question that was not recorded, from the rows; None where they do not say it."""
        raise NotImplementedError

    def name_of(self, request: Request) -> str:
        return f"{request.method} {request.path}"

    def _show(self, end: int) -> None:
        for number in range(self.shown, end):
            self.take(number, self.asked[number], _data(self.recorded[number]["resp_body"]))
        self.shown = max(self.shown, end)

    def _handled(self, request: Request) -> Reply:
        if numbers := self.usable(request, self.known.get(self.key(request), [])):
            before = [number for number in numbers if number < self.shown]
            return self.replayed(before[-1] if before else numbers[0])
        if (reply := self.worked_out(request)) is not None:
            return reply
        self.never_recorded.append(self.name_of(request))
        return Reply(404, {"message": "This was never recorded."})

    def usable(self, request: Request, numbers: list[int]) -> list[int]:
        """Return which of the recorded answers to a question hold for this request."""
        return numbers

    def replayed(self, number: int) -> Reply:
        if number >= self.shown and self.changes(self.asked[number]):
            later = range(number + 1, len(self.asked))
            self._show(next((n for n in later if self.changes(self.asked[n])), len(self.asked)))
        each = self.recorded[number]
        return Reply(each["status"], (each["resp_body"] or "").encode(), each["resp_headers"])

    def projected(self, table: str, row: Row, names: Iterable[str]) -> Row:
        wanted = list(dict.fromkeys(["id", *names]))
        self.not_shown |= {f"{table}.{name}" for name in wanted if name not in row}
        return {name: row[name] for name in wanted if name in row}


def _request(each: Mapping[str, Any]) -> Request:
    """Return a recorded request; of its sign-in the recording says only the kind."""
    parts = urllib.parse.urlsplit(each["path"])
    signed = {"X-Api-Key": {"X-Api-Key": HIDDEN}, "Basic": {"Authorization": "Basic"}}
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    headers = {**each["req_headers"], **signed.get(each["auth"], {})}
    raw = (each["req_body"] or "").encode()
    return Request(each["method"], urllib.parse.unquote(parts.path), query, headers, raw)


def _data(raw: str | None) -> Any:
    try:
        return json.loads(raw or "null")
    except ValueError:
        return None


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# -- Odoo ----------------------------------------------------------------------------------------------------------

#: Methods that change nothing.
READS = frozenset({"search_read", "read", "search", "search_count", "fields_get"})
SUBTYPE = "mail.message.subtype"
SIGNED_IN = "/web/session/authenticate"


class Odoo(Replayed):
    """Odoo 18 as its administrator (``admin``) or as a salesperson (``sync@example.com``) saw it, by JSON-RPC."""

    name = "odoo18"

    def __init__(self, until: int | None = None) -> None:
        self.described: Row = {}  # the fields of deals, as Odoo describes them
        self.fields: dict[str, dict[str, str]] = defaultdict(dict)  # their names and types, by model
        self.lists: dict[str, list[int]] = {}  # which rows were shown to a question without a limit
        self.refusals: dict[tuple[int, str], int] = {}  # by user and model
        self.signed: set[tuple[int, str]] = set()
        super().__init__(until)

    def address(self) -> Address:
        return Address(self.url, {"login": "admin", "password": "admin"}, {"database": "demo"})

    def salesperson(self) -> Address:
        return Address(self.url, {"login": "sync@example.com", "password": HIDDEN}, {"database": "demo"})

    def key(self, request: Request) -> str:
        return _as_text([request.method, request.path, (request.json or {}).get("params")])

    def name_of(self, request: Request) -> str:
        call = _call(request)
        return f"{call[2]}.{call[3]}" if call else super().name_of(request)

    def changes(self, request: Request) -> bool:
        call = _call(request)
        return call is not None and call[3] not in READS

    def take(self, number: int, asked: Request, said: Any) -> None:
        if asked.path == "/mail/thread/messages":
            self._take_thread(said["result"]["data"]["mail.message"])
        elif asked.path == SIGNED_IN:
            company = next(iter(said["result"]["user_companies"]["allowed_companies"].values()))
            who = {"id": said["result"]["uid"], "name": said["result"]["name"]}
            self._shown_row("res.users", {**who, "company_id": [company["id"], company["name"]]})
        elif call := _call(asked):
            uid, secret, model, method, args, named = call
            self.signed.add((uid, secret))
            if "error" in said and said["error"]["data"]["name"].endswith("AccessError"):
                self.refusals[uid, model] = number
            taker = getattr(self, f"take_{method}", None)
            if taker and "result" in said:
                taker(model, args, named, said["result"])

    def _take_thread(self, messages: Iterable[Row]) -> None:
        for each in messages:
            names = ("id", "date", "create_date", "write_date", "message_type", "model", "res_id")
            self._shown_row(MESSAGE, {name: each[name] for name in names})

    def take_search_read(self, model: str, args: list[Any], named: Row, rows: list[Row]) -> None:
        """A question that asks for a value says it of all that it finds."""
        said = {name: value for name, sign, value in args[0] if sign == "="}
        for row in rows:
            self._shown_row(model, {**said, **row})
        if "limit" not in named:
            self.lists[_as_text([model, args[0]])] = [row["id"] for row in rows]

    def take_read(self, model: str, args: list[Any], named: Row, rows: list[Row]) -> None:
        for row in rows:
            self._shown_row(model, row)

    def take_create(self, model: str, args: list[Any], named: Row, id: int) -> None:
        self._shown_row(model, {"id": id, **args[0]})

    def take_write(self, model: str, args: list[Any], named: Row, done: bool) -> None:
        for id in args[0]:
            self._shown_row(model, {"id": id, **args[1]})

    def take_unlink(self, model: str, args: list[Any], named: Row, done: bool) -> None:
        for id in args[0]:
            self.tables[model].pop(id, None)

    def take_merge_opportunity(self, model: str, args: list[Any], named: Row, survivor: str) -> None:
        for id in args[0]:
            if survivor != f"{model}({id},)":
                self.tables[model].pop(id, None)

    def take_fields_get(self, model: str, args: list[Any], named: Row, said: Row) -> None:
        for name, what in said.items():
            self.described.setdefault(name, {}).update(what)
            self.fields[model][name] = what["type"]

    def _shown_row(self, model: str, row: Row) -> None:
        self.tables[model].setdefault(row["id"], {}).update(row)
        for name, value in row.items():
            linked = isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)
            self.fields[model].setdefault(name, "many2one" if linked else "")
            relation = SUBTYPE if name == "subtype_id" else self.described.get(name, {}).get("relation")
            if linked and relation and model in (LEAD, MESSAGE):
                of_deals = {"res_model": LEAD} if relation == SUBTYPE else {}
                there = self.tables[relation].setdefault(value[0], {"id": value[0], **of_deals})
                there.setdefault("name", value[1])
                self.fields[relation].setdefault("name", "")

    def replayed(self, number: int) -> Reply:
        reply = super().replayed(number)
        if self.asked[number].path == SIGNED_IN:  # the recorder left the cookie out
            return Reply(reply.status, reply.body, {**reply.headers, "Set-Cookie": "session_id=x; Path=/"})
        return reply

    def worked_out(self, request: Request) -> Reply | None:
        if (
            request.path == "/web/version"
        ):  # Odoo 18 has it not, and answers as it did to the address of JSON-2
            return self.replayed(next(n for n, each in enumerate(self.asked) if "/json/2/" in each.path))
        call = _call(request)
        if call is None or call[:2] not in self.signed:
            return None
        uid, _, model, method, args, named = call
        if (uid, model) in self.refusals:  # what refused a question refuses every other
            return self.replayed(self.refusals[uid, model])
        found = self._result(model, method, args, named)
        return None if found is None else Reply(200, {"jsonrpc": "2.0", "id": 1, "result": found})

    def _result(self, model: str, method: str, args: list[Any], named: Row) -> Any:
        if model not in self.tables:
            return None
        if method == "fields_get":
            names = self.fields[model]
            return self.described if model == LEAD else {name: {"type": kind} for name, kind in names.items()}
        if method == "search_count":
            return len(self._found(model, args[0], []))
        if method not in ("search_read", "read"):
            return None
        domain = args[0] if method == "search_read" else [["id", "in", args[0]]]
        order = [name for name in named.get("order", "id").split(",") if " " not in name]
        rows = self._found(model, domain, order)
        rows.sort(key=lambda row: [row[name] for name in order])
        return [self._projected(model, row, named["fields"]) for row in rows[: named.get("limit")]]

    def _found(self, model: str, domain: list[Any], order: Sequence[str]) -> list[Row]:
        """Return the rows of which the recording shows that they meet a domain, or that it showed when it was asked the same."""
        listed, table = self.lists.get(_as_text([model, domain])), self.tables[model]
        if listed is not None:
            return [table[id] for id in listed if id in table]
        names = [*(each[0].partition(".")[0] for each in domain if isinstance(each, list)), *order]
        known = [row for row in table.values() if all(name in row for name in names)]
        meets_it = compiled(self, model, domain)
        return [row for row in known if meets_it(row)]

    def _projected(self, model: str, row: Row, names: Iterable[str]) -> Row:
        return {name: self._linked(model, name, v) for name, v in self.projected(model, row, names).items()}

    def _linked(self, model: str, name: str, value: Any) -> Any:
        """Return a link with its name, where the recording shows only that its number was written."""
        if self.fields[model].get(name) != "many2one" or type(value) is not int:
            return value
        relation = self.described.get(name, {}).get("relation", "")
        return [value, self.tables[relation].get(value, {}).get("name", "")]


def _call(request: Request) -> tuple[int, str, str, str, list[Any], Row] | None:
    """Return a call of a model's method: user, secret, model, method, arguments in place and by name."""
    params = (request.json or {}).get("params") if request.path == "/jsonrpc" else None
    if not params or params["method"] != "execute_kw":
        return None
    _, uid, secret, model, method, args, *named = params["args"]
    return uid, secret, model, method, args, (named[0] if named else {})


# -- EspoCRM -------------------------------------------------------------------------------------------------------

#: Parts of an address that say how much of a list is shown, and not of which.
HOW_MUCH = frozenset({"maxSize", "select", "offset", "orderBy", "order"})
MOST = 200
#: What is the same for everybody who is signed in.
FOR_ALL = ("/Metadata", "/Settings")


class EspoCrm(Replayed):
    """EspoCRM 8.4.2 as its administrator (``admin`` with a password) or as an API user with a role saw it."""

    name = "espocrm842"

    def address(self) -> Address:
        return Address(self.url, {"login": "admin", "password": HIDDEN})

    def with_a_role(self) -> Address:
        return Address(self.url, {"key": HIDDEN})

    def stranger(self) -> Address:
        return Address(self.url, {"key": "another"})

    def key(self, request: Request) -> str:
        query = {name: value for name, value in request.query.items() if name not in HOW_MUCH}
        signed = "" if request.path.endswith(FOR_ALL) else _signed(request)
        return _as_text([request.method, signed, request.path, query, request.json])

    def changes(self, request: Request) -> bool:
        return request.method != "GET"

    def take(self, number: int, asked: Request, said: Any) -> None:
        entity, id = _entity(asked.path)
        if asked.method == "DELETE" and said is True:
            self.tables[entity][id]["deleted"] = True
        elif asked.path.endswith("App/user"):
            self.tables["User"].setdefault(said["user"]["id"], {}).update(said["user"])
        elif isinstance(said, dict) and self.recorded[number]["status"] < 300:
            of = "Note" if asked.path.endswith("/stream") else entity
            for row in said.get("list") or ([said] if "id" in said else []):
                self.tables[of].setdefault(row["id"], {}).update(row)

    def usable(self, request: Request, numbers: list[int]) -> list[int]:
        """Of a list, only the answer that shows all of it, in the order that is asked for."""
        return [number for number in numbers if self._is_whole(request, number)]

    def _is_whole(self, request: Request, number: int) -> bool:
        said, asked = _data(self.recorded[number]["resp_body"]), self.asked[number].query
        if self.recorded[number]["status"] == 403:  # of a page that is too large
            return asked.get("maxSize") == request.query.get("maxSize")
        if not isinstance(said, dict) or "list" not in said:
            return True
        alike = all(asked.get(name) == request.query.get(name) for name in ("orderBy", "order"))
        return len(said["list"]) >= said["total"] and (alike or len(said["list"]) < 2)

    def worked_out(self, request: Request) -> Reply | None:
        if request.headers.get("X-Api-Key", HIDDEN) != HIDDEN:
            return self._refusal(401)
        if int(request.query.get("maxSize", 0)) > MOST:
            return self._refusal(403)
        if request.method != "GET" or not request.path.startswith("/api/v1/"):
            return None
        if request.path.endswith("App/user"):  # whose key it is was shown when the user was made
            return Reply(200, {"user": next(u for u in self.tables["User"].values() if u["type"] == "api")})
        return self._shown(request)

    def _refusal(self, status: int) -> Reply:
        return self.replayed(next(n for n, each in enumerate(self.recorded) if each["status"] == status))

    def _shown(self, request: Request) -> Reply | None:
        entity, id = _entity(request.path)
        if request.path.endswith("/stream"):
            notes = [each for each in self.tables["Note"].values() if each["parentId"] == id]
            return self._list("Note", sorted(notes, key=lambda each: -each["number"]), request)
        if not id:
            return self._found(entity, request)
        row = self.tables[entity].get(id)
        return None if row is None else Reply(200, row)

    def _found(self, entity: str, request: Request) -> Reply | None:
        if entity not in self.tables:
            return None
        by = request.query.get("orderBy", "createdAt")
        names = [by, *(value for name, value in request.query.items() if name.endswith("[attribute]"))]
        known = [row for row in self.tables[entity].values() if all(name in row for name in names)]
        rows = [row for row in known if not row["deleted"] and meets(row, request.query)]
        rows.sort(key=lambda row: (row[by], row["id"]), reverse=request.query.get("order") != "asc")
        return self._list(entity, rows, request)

    def _list(self, entity: str, rows: list[Row], request: Request) -> Reply:
        offset, size = int(request.query.get("offset", 0)), int(request.query.get("maxSize", 20))
        return Reply(200, {"total": len(rows), "list": rows[offset : offset + size]})


def _entity(path: str) -> tuple[str, str]:
    """Return the entity and the identity of ``/api/v1/Opportunity/ID/...``; the latter is empty for a list."""
    entity, _, rest = path.removeprefix("/api/v1/").partition("/")
    return entity, rest.partition("/")[0]


def _signed(request: Request) -> str:
    if "X-Api-Key" in request.headers:
        return f"key {request.headers['X-Api-Key']}"
    return request.headers.get("Authorization", "").partition(" ")[0]


# -- Tryton --------------------------------------------------------------------------------------------------------


class Tryton(Replayed):
    """Tryton 8.2 as ``admin`` saw it."""

    name = "tryton82"

    def address(self) -> Address:
        return Address(self.url, {"user": "admin", "password": HIDDEN}, {"database": "crm"})

    def key(self, request: Request) -> str:
        sent = request.json or {}
        return _as_text([request.path, sent.get("method"), sent.get("params")])

    def name_of(self, request: Request) -> str:
        return str(request.json["method"])

    def changes(self, request: Request) -> bool:
        return str((request.json or {}).get("method")).endswith((".create", ".write", ".delete", ".cancel"))

    def take(self, number: int, asked: Request, said: Any) -> None:
        sent = asked.json or {}
        if str(sent.get("method")).endswith(".read") and "result" in said:
            ids, _, context = sent["params"]
            self.tables[sent["method"]][_as_text([ids, context])] = {"rows": said["result"]}
        if str(sent.get("method")).endswith(".search_read") and sent["params"][0] == []:
            self.tables[sent["method"].removesuffix("_read")] = {row["id"]: row for row in said["result"]}

    def worked_out(self, request: Request) -> Reply | None:
        method, params = request.json["method"], request.json["params"]
        if (
            method == "model.res.user.get_preferences"
        ):  # not recorded; without them a call is as it was recorded
            return Reply(200, {"id": 1, "result": {}})
        if method.endswith(".search") and params[0] and params[0][0][:2] == ["id", "in"]:
            there = self.tables.get(method, {})
            return Reply(200, {"id": 1, "result": [id for id in params[0][0][2] if id in there]})
        if method.endswith(".read"):
            return self._read(method, *params)
        return None

    def _read(self, method: str, ids: list[int], names: list[str], context: Row) -> Reply | None:
        """Return what was shown of these records as of the same moment; without a moment, what the list of all shows."""
        as_of = self.tables[method].get(_as_text([ids, context]))
        listed = self.tables.get(method.removesuffix("read") + "search", {})
        rows = as_of["rows"] if as_of else [listed[id] for id in ids if id in listed and not context]
        model = method.removeprefix("model.").removesuffix(".read")
        return (
            Reply(200, {"id": 1, "result": [self.projected(model, row, names) for row in rows]})
            if rows
            else None
        )
