"""Pipedrive, played: lists of v2 by cursor, archived deals in a list of their own, deleted ones for 30 days, changelogs."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from connectors.fakes.base import Fake, Reply, Request, route
from hingepoint.connectors.source import Address

Row = dict[str, Any]

TOKEN = "pd-token"
OWN = "a" * 40
KEPT = dt.timedelta(days=30)


class Pipedrive(Fake):
    edits = (
        "add", "move", "reprice", "postpone", "hand_over", "reopen", "archive", "restore", "delete", "merge", "sell",
        "late", "say_own",
    )  # fmt: skip
    own = OWN

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self.numbers = itertools.count(1)
        self.lists: dict[str, dict[int, Row]] = {
            name: {} for name in ("deals", "organizations", "persons", "products", "activities", "lines")
        }
        self.logs: dict[int, list[Row]] = {}
        self.discounts: dict[int, list[Row]] = {}
        self.tokens_left, self.refused, self.stale = 20_000, "", set()
        self.company = self.insert("organizations", name="Nordwerk")
        self.person = self.insert(
            "persons", name="Cleo", org_id=self.company, emails=[{"value": "c@x.example"}]
        )
        self.product = self.insert(
            "products", name="Press", prices=[{"currency": "EUR", "price": 500, "cost": 300}]
        )

    def address(self) -> Address:
        return Address(self.url, {"token": TOKEN})

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def insert(self, kind: str, /, **values: Any) -> int:
        id = next(self.numbers)
        self.lists[kind][id] = {"id": id, "add_time": self.stamp(), "update_time": self.stamp(), **values}
        return id

    # -- what people do ----------------------------------------------------------------------------------------

    def add(self, n: int = 0, **values: Any) -> str:
        known = {
            "title": f"Deal {n}",
            "value": 1000,
            "currency": "EUR",
            "status": "open",
            "stage_id": 1,
            "owner_id": 71,
        }
        on = {"org_id": self.company, "person_id": self.person, "is_deleted": False, "is_archived": False}
        id = self.insert(
            "deals", **{**known, **on, "expected_close_date": "2026-12-31", "custom_fields": {}, **values}
        )
        self.logs[id] = []
        return str(id)

    def there(self) -> list[Row]:
        return [row for row in self.lists["deals"].values() if not row["is_deleted"]]

    def chosen(self, n: int) -> Row | None:
        rows = [row for row in self.there() if not row["is_archived"]]
        return rows[n % len(rows)] if rows else None

    def change(self, row: Row | None, bulk: bool = False, **values: Any) -> None:
        if row is None:
            return
        for name, new in values.items():
            if row.get(name) != new and name != "custom_fields":
                self.log(row, "user_id" if name == "owner_id" else name, row.get(name), new, bulk)
        row.update(values, update_time=self.stamp())

    def log(self, row: Row, key: str, old: Any, new: Any, bulk: bool = False) -> None:
        said = {"field_key": key, "old_value": _text(old), "new_value": _text(new)}
        time = self.stamp().replace("T", " ").rstrip("Z")
        self.logs[row["id"]].append({**said, "time": time, "actor_user_id": 71, "is_bulk_update_flag": bulk})

    def say_own(self, n: int = 0, said: Any = ...) -> None:
        self.tick()
        if row := self.chosen(n):
            said = f"Area {n}" if said is ... else said
            self.log(row, OWN, row["custom_fields"].get(OWN), said)
            self.change(row, custom_fields={**row["custom_fields"], OWN: said})

    def move(self, n: int = 0) -> None:
        self.tick()
        self.change(self.chosen(n), stage_id=1 + n % 3)

    def reprice(self, n: int = 0) -> None:
        self.tick()
        self.change(self.chosen(n), value=1000 + n)

    def postpone(self, n: int = 0) -> None:
        self.tick()
        self.change(
            self.chosen(n), expected_close_date=(dt.date(2027, 1, 1) + dt.timedelta(days=n)).isoformat()
        )

    def hand_over(self, n: int = 0) -> None:
        self.tick()
        self.change(self.chosen(n), owner_id=71 + n % 2)

    def reopen(self, n: int = 0) -> None:
        for status in ("lost", "open"):
            self.tick()
            self.change(self.chosen(n), status=status)

    def archive(self, n: int = 0) -> None:
        if row := self.chosen(n):
            self.tick()
            row.update(is_archived=True, update_time=self.stamp())

    def restore(self, n: int = 0) -> None:
        if archived := [row for row in self.there() if row["is_archived"]]:
            self.tick()
            archived[n % len(archived)].update(is_archived=False, update_time=self.stamp())

    def delete(self, n: int = 0) -> None:
        if row := self.chosen(n):
            self.tick()
            row.update(is_deleted=True, status="deleted", update_time=self.stamp())

    def merge(self, n: int = 0) -> None:
        """The loser is deleted; nothing says into which."""
        if len(self.there()) > 1:
            self.delete(n)

    def sell(self, n: int = 0) -> None:
        if row := self.chosen(n):
            self.tick()
            self.insert(
                "lines", deal_id=row["id"], product_id=self.product, name="Press", item_price=450, quantity=2,
                discount=10, discount_type="percentage", is_enabled=True,
            )  # fmt: skip
            self.change(row, value=row["value"] + 810)

    def late(self, n: int = 0) -> None:
        """A change that was begun four minutes ago is committed now."""
        if row := self.chosen(n):
            self.now -= dt.timedelta(minutes=4)
            row.update(title=f"Late {n}", update_time=self.stamp())
            self.now += dt.timedelta(minutes=4)

    # -- what is asked -----------------------------------------------------------------------------------------

    def before(self, request: Request) -> Reply | None:
        given = {name.lower(): value for name, value in request.headers.items()}.get("x-api-token")
        return None if given == TOKEN else Reply(401, {"success": False, "error": "unauthorized access"})

    def headers(self) -> dict[str, str]:
        self.tokens_left -= 10
        return {"x-daily-requests-left": str(self.tokens_left)}

    def listing(self, request: Request) -> str | None:
        """A page is known by its cursor there, so the one before comes again only within the same reading."""
        if request.path != "/api/v2/deals" or "ids" in request.query:
            return None
        if "cursor" not in request.query:
            self.readings += 1
        return f"{request.path} {self.readings}"

    @route("GET", "/api/v1/users/me")
    def _me(self, request: Request) -> Any:
        return _one({"id": 71, "company_name": "Workshop", "default_currency": "EUR"})

    @route("GET", "/api/v1/users")
    def _users(self, request: Request) -> Any:
        return _one([{"id": 71, "name": "Ada", "email": "a@x.example", "active_flag": True}])

    @route("GET", "/api/v2/pipelines")
    def _pipelines(self, request: Request) -> Any:
        return _one([{"id": 5, "name": "Sales"}])

    @route("GET", "/api/v2/stages")
    def _stages(self, request: Request) -> Any:
        return _one([{"id": n, "name": f"Stage {n}", "pipeline_id": 5, "order_nr": n} for n in (1, 2, 3)])

    @route("GET", "/api/v2/dealFields")
    def _fields(self, request: Request) -> Any:
        own = {
            "field_code": OWN,
            "field_name": "Agreements",
            "field_type": "varchar",
            "is_custom_field": True,
            **self.own_is,
        }
        number = {
            "field_code": "b" * 40,
            "field_name": "Gained",
            "field_type": "int",
            "is_custom_field": True,
        }
        stage = {
            "field_code": "stage_id",
            "field_name": "Stage",
            "field_type": "stage",
            "is_custom_field": False,
        }
        return _one([own, number, stage])

    @route("GET", r"/api/v1/deals/(\d+)/changelog")
    def _changelog(self, request: Request, id: str) -> Any:
        if int(id) not in self.logs or self.lists["deals"][int(id)]["is_deleted"]:
            return Reply(404, {"success": False, "error": "Deal not found"})
        return self._by_cursor(list(reversed(self.logs[int(id)])), request)

    @route("GET", "/api/v2/deals/products")
    def _products(self, request: Request) -> Any:
        ids = request.query["deal_ids"].split(",")
        assert len(ids) <= 100
        return self._by_cursor(
            [row for row in self.lists["lines"].values() if str(row["deal_id"]) in ids], request
        )

    @route("GET", r"/api/v2/deals/(\d+)/discounts")
    def _discounts(self, request: Request, id: str) -> Any:
        return _one(self.discounts.get(int(id), []))

    @route("GET", "/api/v2/(deals|deals/archived|organizations|persons|products|activities)")
    def _listed(self, request: Request, kind: str) -> Any:
        rows, query = list(self.lists[kind.partition("/")[0]].values()), request.query
        if kind.startswith("deals"):
            rows = [row for row in rows if self._in_list(row, kind, query.get("status"))]
        if "ids" in query:
            rows = [row for row in rows if str(row["id"]) in query["ids"].split(",")]
        if "done" in query:
            rows = [row for row in rows if bool(row.get("done")) == (query["done"] == "true")]
        if "deal_id" in query:
            rows = [row for row in rows if str(row["deal_id"]) == query["deal_id"]]
        if "updated_since" in query:
            rows = [row for row in rows if row["update_time"] >= query["updated_since"]]
        rows.sort(key=lambda row: (row[query.get("sort_by", "id")], row["id"]))
        return self._by_cursor(rows, request)

    def _in_list(self, row: Row, kind: str, status: str | None) -> bool:
        if status and row["status"] not in status.split(","):
            return False
        if row["is_deleted"]:
            changed = dt.datetime.fromisoformat(row["update_time"].replace("Z", "+00:00"))
            return bool(status) and self.now - changed <= KEPT
        return row["is_archived"] == kind.endswith("archived")

    def _by_cursor(self, rows: list[Row], request: Request) -> Any:
        """Go on behind the record that a cursor names, wherever it stands by now."""
        by, cursor = request.query.get("sort_by", "id"), request.query.get("cursor")
        if cursor in self.stale:
            return Reply(400, {"success": False, "error": "Invalid cursor"})
        keys = [(str(row.get(by, "")), row.get("id", number)) for number, row in enumerate(rows)]
        if cursor:
            value, _, id = cursor.rpartition("~")
            behind = (
                [key > (value, int(id)) for key in keys]
                if by == "update_time"
                else [k[1] > int(id) for k in keys]
            )
            rows, keys = (
                [r for r, b in zip(rows, behind, strict=True) if b],
                [k for k, b in zip(keys, behind, strict=True) if b],
            )
        size = int(request.query.get("limit", 100))
        more = f"{keys[size - 1][0]}~{keys[size - 1][1]}" if len(rows) > size else None
        return {"success": True, "data": rows[:size], "additional_data": {"next_cursor": more}}

    @route("GET", r"/api/v2/(deals|activities)/(\d+)")
    def _single(self, request: Request, kind: str, id: str) -> Any:
        row = self.lists[kind].get(int(id))
        return _one(row) if row else Reply(404, {"success": False, "error": "not found"})

    @route("PATCH", r"/api/v2/(deals|activities)/(\d+)")
    def _patch(self, request: Request, kind: str, id: str) -> Any:
        row = self.lists[kind][int(id)]
        if row.get("is_archived"):
            return Reply(400, {"success": False, "error": "Archived deals can not be edited"})
        if self.refused:
            return Reply(400, {"success": False, "error": self.refused})
        own = {**row.get("custom_fields", {}), **request.json.get("custom_fields", {})}
        row.update({**request.json, "custom_fields": own, "update_time": self.stamp()})
        return _one(row)

    @route("POST", "/api/v2/activities")
    def _task(self, request: Request) -> Any:
        return _one(self.lists["activities"][self.insert("activities", done=False, **request.json)])


def _one(data: Any) -> Any:
    return {"success": True, "data": data}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
