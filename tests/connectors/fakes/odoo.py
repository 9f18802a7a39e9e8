"""Odoo, played: models with records that log what is tracked, over JSON-RPC (18) or JSON-2 (19).

Times are kept to the microsecond and shown to the second. Built from what was recorded of Odoo 18 and 19.
"""

from __future__ import annotations

import datetime as dt
import itertools
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from connectors.fakes.base import Fake, Reply, Request, route
from hingepoint.connectors.source import Address

Row = dict[str, Any]

LEAD, MESSAGE, TRACKING = "crm.lead", "mail.message", "mail.tracking.value"
#: Fields by model: name and type; what is not given is False.
FIELDS = {
    LEAD: {
        "name": "char", "partner_id": "many2one", "user_id": "many2one", "team_id": "many2one",
        "stage_id": "many2one", "active": "boolean", "probability": "float", "expected_revenue": "monetary",
        "company_currency": "many2one", "date_deadline": "date", "date_closed": "datetime", "type": "selection",
        "lost_reason_id": "many2one", "source_id": "many2one", "function": "char", "create_date": "datetime",
        "write_date": "datetime", "x_agreements": "char", "x_gained": "integer", "x_region": "char",
    },
    "res.users": {"name": "char", "login": "char", "active": "boolean", "share": "boolean", "company_id": "many2one"},
    "res.company": {"name": "char", "currency_id": "many2one"},
    "res.partner": {
        "name": "char", "is_company": "boolean", "parent_id": "many2one", "commercial_partner_id": "many2one",
        "function": "char", "email": "char", "country_id": "many2one",
    },
    "crm.stage": {"name": "char", "sequence": "integer", "is_won": "boolean"},
    "crm.team": {"name": "char", "user_id": "many2one"},
    MESSAGE: {
        "model": "char", "res_id": "integer", "date": "datetime", "subtype_id": "many2one", "subject": "char",
        "message_type": "selection", "message_id": "char", "create_uid": "many2one",
        "mail_activity_type_id": "many2one", "tracking_value_ids": "one2many",
    },
    "mail.message.subtype": {"name": "char", "res_model": "char"},
    TRACKING: {
        "field_id": "many2one", "mail_message_id": "many2one", "currency_id": "many2one",
        **{f"{side}_value_{kind}": kind for side in ("old", "new") for kind in ("char", "integer", "float", "datetime")},
    },
    "ir.model.fields": {"name": "char", "model": "char", "tracking": "integer"},
    "mail.activity": {"res_model": "char", "res_id": "integer", "summary": "char", "date_deadline": "date"},
    "sale.order": {
        "name": "char", "opportunity_id": "many2one", "state": "selection", "currency_id": "many2one",
        "currency_rate": "float", "amount_untaxed": "monetary", "create_date": "datetime",
    },
    "sale.order.line": {
        "order_id": "many2one", "product_id": "many2one", "product_uom_qty": "float", "price_unit": "float",
        "discount": "float", "price_subtotal": "monetary",
    },
    "product.product": {"name": "char", "lst_price": "float", "standard_price": "float"},
    "calendar.event": {"name": "char", "start": "datetime", "opportunity_id": "many2one", "user_id": "many2one"},
}  # fmt: skip
TRACKED = ("stage_id", "expected_revenue", "user_id", "active", "lost_reason_id", "won_status")
SUBTYPES = {
    "Opportunity Created": 8, "Stage Changed": 9, "Opportunity Won": 10, "Opportunity Lost": 11,
    "Opportunity Restored": 12, "Note": 2,
}  # fmt: skip
OPERATORS = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "in": lambda value, among: value in among,
    "like": lambda value, part: bool(value) and part in value,
}  # fmt: skip


class FakeOdoo(Fake):
    """``administrator`` is False for a salesperson: no tracking values, no fields of models."""

    def __init__(self, version: int = 18, administrator: bool = True) -> None:
        super().__init__()
        self.version, self.administrator = version, administrator
        self.tracked = [*TRACKED, self.own]
        self.tables: dict[str, dict[int, Row]] = defaultdict(dict)
        self.numbers: dict[str, Iterable[int]] = defaultdict(lambda: itertools.count(1))
        self.lead_ids = itertools.count(1)
        self._ticks = itertools.count(1)
        self.fields = {model: dict(fields) for model, fields in FIELDS.items()}
        if version >= 19:
            self.fields[LEAD]["won_status"] = "selection"
        self._begin()

    def _begin(self) -> None:
        self.insert("res.company", name="Workshop", currency_id=[1, "EUR"])
        self.insert("res.users", name="Administrator", login="admin", active=True, company_id=[1, "Workshop"])
        self.insert("res.users", name="Ida", login="ida@example.com", active=True, company_id=[1, "Workshop"])
        for order, name in enumerate(["New", "Qualified", "Proposition", "Won"]):
            self.insert("crm.stage", name=name, sequence=order, is_won=name == "Won")
        for name, id in SUBTYPES.items():
            self.tables["mail.message.subtype"][id] = {"id": id, "name": name, "res_model": LEAD}
        for name in self.tracked:
            self.insert("ir.model.fields", name=name, model=LEAD, tracking=1)

    # -- what people do ----------------------------------------------------------------------------------------

    def stamp(self) -> str:
        """Return the moment, a little later than the one before, as it is kept."""
        at = self.now + dt.timedelta(microseconds=next(self._ticks))
        return at.strftime("%Y-%m-%d %H:%M:%S.%f")

    def insert(self, model: str, /, **values: Any) -> int:
        id = next(self.numbers[model])
        stamp = self.stamp()
        self.tables[model][id] = {"id": id, "create_date": stamp, "write_date": stamp, **values}
        return id

    def stage(self, id: int) -> list[Any]:
        return [id, self.tables["crm.stage"][id]["name"]]

    def deal(self, name: str, amount: float = 1000.0, stage: int = 1, user: int = 2, **values: Any) -> int:
        """Make a deal, with the message that says so."""
        owner = [user, self.tables["res.users"][user]["name"]]
        known = {"type": "opportunity", "active": True, "probability": 10.0, "company_currency": [1, "EUR"]}
        if self.version >= 19:
            known["won_status"] = "pending"
        began = {"expected_revenue": amount, "stage_id": self.stage(stage), "user_id": owner}
        id = self.insert(LEAD, name=name, **{**known, **began, **values})
        self.say(id, "Opportunity Created")
        return id

    def say(self, deal: int, subtype: str, **values: Any) -> int:
        stamp = self.stamp()
        said = {
            "model": LEAD, "res_id": deal, "date": stamp[:19], "subtype_id": [SUBTYPES[subtype], subtype],
            "message_type": "notification", "create_uid": [1, "Administrator"], "tracking_value_ids": [],
            "message_id": f"<1.{stamp[-6:]}-openerp-{deal}-crm.lead@example>",
        }  # fmt: skip
        return self.insert(MESSAGE, **{**said, **values})

    def change(self, deal: int, subtype: str = "Note", **values: Any) -> None:
        """Write values of a deal as its page would, and log what is tracked."""
        row = self.tables[LEAD][deal]
        logged = {name: (row.get(name), new) for name, new in values.items() if name in self.tracked}
        logged = {name: pair for name, pair in logged.items() if pair[0] != pair[1]}
        row.update(values, write_date=self.stamp())
        if logged:
            message = self.say(
                deal, "Stage Changed" if "stage_id" in logged and subtype == "Note" else subtype
            )
            ids = [self._log(message, name, *pair) for name, pair in logged.items()]
            self.tables[MESSAGE][message]["tracking_value_ids"] = ids

    def _log(self, message: int, name: str, old: Any, new: Any) -> int:
        fields = {row["name"]: row["id"] for row in self.tables["ir.model.fields"].values()}
        values: Row = {
            "field_id": [fields[name], f"{name} (Lead/Opportunity)"],
            "mail_message_id": [message, ""],
        }
        for side, value in (("old", old), ("new", new)):
            linked, numeric = isinstance(value, list), isinstance(value, float)
            values[f"{side}_value_integer"] = (
                value[0] if linked else int(value) if isinstance(value, bool) else 0
            )
            values[f"{side}_value_char"] = (
                value[1] if linked else value.title() if isinstance(value, str) else False
            )
            values[f"{side}_value_float"] = value if numeric else 0.0
        return self.insert(TRACKING, **values)

    def win(self, deal: int) -> None:
        said = {"won_status": "won"} if self.version >= 19 else {}
        closed = {"probability": 100.0, "date_closed": self.stamp()[:19]}
        self.change(deal, "Opportunity Won", stage_id=self.stage(4), **closed, **said)

    def lose(self, deal: int, reason: str = "Too expensive") -> None:
        said = {"won_status": "lost"} if self.version >= 19 else {}
        lost = {"active": False, "probability": 0.0, "date_closed": self.stamp()[:19]}
        self.change(deal, "Opportunity Lost", lost_reason_id=[1, reason], **lost, **said)

    def restore(self, deal: int) -> None:
        said = {"won_status": "pending"} if self.version >= 19 else {}
        self.change(deal, "Opportunity Restored", active=True, lost_reason_id=False, probability=10.0, **said)

    def archive(self, deal: int) -> None:
        self.change(deal, active=False)

    def delete(self, deal: int) -> None:
        """Unlink: nothing is left, messages go too."""
        del self.tables[LEAD][deal]
        for id in [id for id, row in self.tables[MESSAGE].items() if row["res_id"] == deal]:
            del self.tables[MESSAGE][id]

    def merge(self, survivor: int, loser: int) -> None:
        name = self.tables[LEAD].pop(loser)["name"]
        for row in self.tables[MESSAGE].values():
            if row["res_id"] == loser:
                row.update(res_id=survivor, subject=f"From {name}", write_date=self.stamp())
        self.say(survivor, "Note", body=f"Merged the Lead/Opportunity {name} into this one.")
        self.tables[LEAD][survivor]["write_date"] = self.stamp()

    # -- the same by number, for what is common to all CRMs ---------------------------------------------------------

    edits = (
        "add", "move", "reprice", "hand_over", "reopen", "close", "put_away", "unlink", "join", "late", "say_own",
    )  # fmt: skip
    own = "x_region"

    def address(self) -> Address:
        signed = {"key": "secret"} if self.version >= 19 else {"login": "admin", "password": "secret"}
        return Address(self.url, signed, {"database": "demo"})

    def add(self, n: int = 0) -> str:
        return str(self.deal(f"Deal {n}", 1000.0 + n))

    def chosen(self, n: int) -> int:
        return sorted(self.tables[LEAD])[n % len(self.tables[LEAD])] if self.tables[LEAD] else 0

    def _edit(self, n: int, do: Callable[[int], object]) -> None:
        if deal := self.chosen(n):
            self.tick()
            do(deal)

    def move(self, n: int = 0) -> None:
        self._edit(n, lambda deal: self.change(deal, stage_id=self.stage(1 + n % 3)))

    def reprice(self, n: int = 0) -> None:
        self._edit(n, lambda deal: self.change(deal, expected_revenue=2000.0 + n))

    def hand_over(self, n: int = 0) -> None:
        self._edit(n, lambda deal: self.change(deal, user_id=([1, "Administrator"], [2, "Ida"])[n % 2]))

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self._edit(n, lambda deal: self.change(deal, **{self.own: f"Area {n}" if said is ... else said}))

    def reopen(self, n: int = 0) -> None:
        self._edit(n, self.lose)
        self._edit(n, self.restore)

    def close(self, n: int = 0) -> None:
        self._edit(n, self.win if n % 2 else self.lose)

    def put_away(self, n: int = 0) -> None:
        self._edit(n, self.archive)

    def unlink(self, n: int = 0) -> None:
        self._edit(n, self.delete)

    def join(self, n: int = 0) -> None:
        if self.chosen(n) != self.chosen(n + 1):
            self._edit(n, lambda deal: self.merge(deal, self.chosen(n + 1)))

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        if deal := self.chosen(n):
            self.now -= dt.timedelta(minutes=4)
            self.change(deal, name=f"Late {n}")
            self.now += dt.timedelta(minutes=4)

    # -- what is asked -----------------------------------------------------------------------------------------

    def listing(self, request: Request) -> str | None:
        raw = request.raw
        for_deals = b'"crm.lead"' in raw or request.path.endswith("/crm.lead/search_read")
        return "deals" if for_deals and b'"write_date,id"' in raw and b'"stage_id"' in raw else None

    @route("GET", "/web/version")
    def _version(self, request: Request) -> Any:
        if self.version < 19:
            return Reply(404, b"<!doctype html><title>404</title>", {"Content-Type": "text/html"})
        return {"version": f"{self.version}.0", "version_info": [self.version, 0, 0, "final", 0, ""]}

    @route("POST", "/jsonrpc")
    def _jsonrpc(self, request: Request) -> Any:
        params = request.json["params"]
        if params["method"] == "version":
            return {"jsonrpc": "2.0", "id": 1, "result": {"server_serie": f"{self.version}.0"}}
        if params["method"] == "authenticate":
            good = params["args"][:3] in (["demo", "admin", "secret"], ["demo", "ida@example.com", "secret"])
            return {"jsonrpc": "2.0", "id": 1, "result": 1 if good else False}
        _, _, _, model, method, args, named = params["args"]
        try:
            result = self._do(model, method, [*args], dict(named))
        except Refused as refused:
            data = {"name": refused.name, "message": str(refused)}
            return {
                "jsonrpc": "2.0",
                "id": 1,
                "error": {"code": 200, "message": "Odoo Server Error", "data": data},
            }
        return {"jsonrpc": "2.0", "id": 1, **({} if result is None else {"result": result})}

    @route("POST", r"/json/2/([a-z_.]+)/([a-z_]+)")
    def _json2(self, request: Request, model: str, method: str) -> Any:
        if request.headers.get("Authorization") != "bearer secret":
            return Reply(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"})
        try:
            return self._do(model, method, [], request.json)
        except Refused as refused:
            return Reply(refused.status, {"name": refused.name, "message": str(refused)})

    @route("POST", "/web/session/authenticate")
    def _session(self, request: Request) -> Any:
        return Reply(200, {"jsonrpc": "2.0", "result": {"uid": 2}}, {"Set-Cookie": "session_id=abc; Path=/"})

    @route("POST", "/mail/thread/messages")
    def _thread(self, request: Request) -> Any:
        assert "session_id=abc" in request.headers["Cookie"]
        params = request.json["params"]
        rows = [row for row in self.tables[MESSAGE].values() if row["res_id"] == params["thread_id"]]
        rows = sorted((r for r in rows if r["id"] < params.get("before", 10**9)), key=lambda r: -r["id"])
        shown = [{"id": row["id"], "trackingValues": self._shown(row)} for row in rows[: params["limit"]]]
        return {"jsonrpc": "2.0", "result": {"data": {"mail.message": shown}}}

    def _shown(self, message: Row) -> list[Row]:
        found = []
        names = {row["id"]: row["name"] for row in self.tables["ir.model.fields"].values()}
        for id in message["tracking_value_ids"]:
            row = self.tables[TRACKING][id]
            name = names[row["field_id"][0]]
            kind = "float" if name == "expected_revenue" else "integer" if name == "active" else "char"
            old, new = (
                {"value": row[f"{side}_value_{kind}"], "currencyId": False} for side in ("old", "new")
            )
            found.append({"id": id, "fieldName": name, "oldValue": old, "newValue": new})
        return found

    def _do(self, model: str, method: str, args: list[Any], named: Row) -> Any:
        if model not in self.fields:
            raise Refused("odoo.exceptions.UserError", f"Object {model} doesn't exist", 404)
        if not self.administrator and model in (TRACKING, "ir.model.fields"):
            raise Refused(
                "odoo.exceptions.AccessError", f"You are not allowed to access '{model}' records.", 403
            )
        return getattr(self, f"do_{method}")(model, *args, **named)

    def do_context_get(self, model: str) -> Any:
        return {"lang": "en_US", "uid": 1}

    def do_fields_get(self, model: str, attributes: list[str]) -> Any:
        hidden = () if self.administrator else ("tracking_value_ids",)
        selection = [["won", "Won"], ["lost", "Lost"], ["pending", "Pending"]]
        extra = {"id": "integer", "write_date": "datetime"}
        return {
            name: {"string": name, "type": kind, "store": True, "readonly": False}
            | ({"selection": selection} if name == "won_status" else {})
            | (self.own_is if name == self.own else {})
            for name, kind in {**extra, **self.fields[model]}.items()
            if name not in hidden
        }

    def do_search_count(self, model: str, domain: list[Any], context: Row | None = None) -> Any:
        return len(self._found(model, domain, context or {}))

    def do_search_read(
        self,
        model: str,
        domain: list[Any],
        fields: list[str],
        order: str = "id",
        limit: int = 0,
        context: Row | None = None,
    ) -> Any:
        rows = self._found(model, domain, context or {})
        by = [part.split() for part in order.split(",")]
        for name, *way in reversed(by):
            rows.sort(key=lambda row: row.get(name) or 0, reverse=bool(way))
        return [self._row(model, row, fields) for row in rows[: limit or None]]

    def do_read(self, model: str, ids: list[int], fields: list[str]) -> Any:
        return [self._row(model, self.tables[model][id], fields) for id in ids if id in self.tables[model]]

    def do_write(self, model: str, ids: list[int], vals: Row) -> Any:
        if model == LEAD and vals.get("x_agreements") == "forbidden":
            raise Refused("odoo.exceptions.ValidationError", "Agreements must not say that.", 422)
        for id in ids:
            if model == LEAD:
                self.change(id, **vals)
            else:
                self.tables[model][id].update(vals)
        return True

    def do_unlink(self, model: str, ids: list[int]) -> Any:
        for id in ids:
            del self.tables[model][id]
        return True

    def do_has_access(self, model: str, ids: list[int], operation: str, context: Row | None = None) -> Any:
        return True

    def do_activity_schedule(self, model: str, ids: list[int], act_type_xmlid: str, **values: Any) -> Any:
        return f"mail.activity({self.insert('mail.activity', res_model=model, res_id=ids[0], **values)},)"

    def _row(self, model: str, row: Row, fields: list[str]) -> Row:
        unknown = [name for name in fields if name not in row and name not in self.fields[model]]
        if unknown:
            raise Refused("builtins.ValueError", f"Invalid field {unknown} on {model}", 500)
        shown = {name: row.get(name, False) for name in dict.fromkeys(["id", *fields])}
        return {
            name: v[:19] if isinstance(v, str) and name.endswith("_date") else v for name, v in shown.items()
        }

    def _found(self, model: str, domain: list[Any], context: Row) -> list[Row]:
        test = compiled(self, model, domain)
        rows = [row for row in self.tables[model].values() if test(row)]
        hides = context.get("active_test", True) and "active" in self.fields[model]
        return [row for row in rows if row.get("active", True)] if hides else rows


class Refused(Exception):
    def __init__(self, name: str, message: str, status: int):
        self.name, self.status = name, status
        super().__init__(message)


def compiled(fake: FakeOdoo, model: str, domain: list[Any]) -> Any:
    """Return a test of rows for a domain in prefix notation."""
    terms = list(domain)

    def term() -> Any:
        head = terms.pop(0)
        if head == "|":
            left, right = term(), term()
            return lambda row: left(row) or right(row)
        name, sign, value = head
        return lambda row: OPERATORS[sign](_value(fake, model, row, name), value)

    tests = []
    while terms:
        tests.append(term())
    return lambda row: all(test(row) for test in tests)


LINKED = {"order_id": "sale.order", "field_id": "ir.model.fields"}


def _value(fake: FakeOdoo, model: str, row: Row, name: str) -> Any:
    head, _, rest = name.partition(".")
    value = row.get(head, False)
    if rest:
        number = value[0] if isinstance(value, list) else value
        return _value(fake, LINKED[head], fake.tables[LINKED[head]][number], rest)
    if isinstance(value, list) and fake.fields.get(model, {}).get(head) == "many2one":
        return value[0]
    return value
