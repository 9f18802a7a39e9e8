"""Tryton as it really is: a server process of its own, two years laid down in it, read and compared with its database.

It is never imported here. Install it into an environment of its own and name that in HINGEPOINT_TRYTON:

    python3 -m venv DIR && DIR/bin/pip install "trytond==8.2.*" "trytond-sale-opportunity==8.2.*" \
        "trytond-sale-history==8.2.*" "trytond-sale-discount==8.2.*" time-machine
"""

from __future__ import annotations

import datetime as dt
import os
import random
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.reading import read
from hingepoint.connectors import tryton
from hingepoint.connectors.exchange import Exchange
from hingepoint.connectors.source import Wanted
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import Landed
from hingepoint.records.crm import CrmObject, Written

HOME = Path(os.environ.get("HINGEPOINT_TRYTON", "/nowhere"))
WHY = (
    "Tryton is not installed: make an environment for it and name it in HINGEPOINT_TRYTON (see this module)."
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (HOME / "bin/trytond-admin").exists(), reason=WHY)]

PASSWORD = "a hinge in the door"
MODULES = ("sale_opportunity", "sale_history", "sale_discount")
BEGIN = dt.datetime(2024, 1, 8, 9, tzinfo=dt.UTC)


@dataclass
class Server:
    """A Tryton server with a company, two sellers and a product; ``call`` acts in it at a given time."""

    folder: Path
    port: int
    client: tryton.Tryton
    facts: dict[str, Any] = field(default_factory=dict)

    def at(self, moment: dt.datetime | None) -> None:
        headers = self.client.exchange.headers
        headers.clear()
        if moment:
            headers["X-Test-Clock"] = moment.isoformat()

    def call(self, method: str, *params: Any) -> Any:
        return self.client.call(method, *params)

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "crm.sqlite")) as database:
            return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tryton")
    conf = folder / "trytond.conf"
    conf.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
    (folder / "crm.sqlite").touch()
    (folder / "pass").write_text(PASSWORD)
    environment = {**os.environ, "TRYTONPASSFILE": str(folder / "pass"), "PYTHONPATH": ""}
    admin = [HOME / "bin/trytond-admin", "-c", conf, "-d", "crm", "-u", *MODULES]
    subprocess.run(
        [*admin, "--activate-dependencies", "--email", "a@hinge.example"],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("tryton_with_clock.py")
    process = subprocess.Popen(
        [HOME / "bin/python", script, conf, str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        place = f"127.0.0.1:{port}"
        exchange = Exchange(f"http://{place}", allowed={place}, sleep=lambda seconds: None)
        made = Server(folder, port, tryton.Tryton(exchange, "crm", "admin", PASSWORD))
        lay_company(made)
        yield made
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("Tryton does not answer.")


def lay_company(server: Server) -> None:
    server.at(BEGIN - dt.timedelta(days=1))
    call = server.call
    euro = {"name": "Euro", "code": "EUR", "symbol": "E", "rounding": Decimal("0.01"), "digits": 2}
    currency = call("currency.currency.create", [euro])[0]
    names = ["Hinge Ltd", "Sanna Sol", "Stig Sand", "Nordwerk", "Sydwerk"]
    own, *people = call("party.party.create", [{"name": name} for name in names])
    company = call("company.company.create", [{"party": own, "currency": currency}])[0]
    sellers = call("company.employee.create", [{"party": one, "company": company} for one in people[:2]])
    add = {"companies": [["add", [company]]], "employees": [["add", sellers]]}
    call("res.user.write", [server.client.uid], add | {"company": company, "employee": sellers[0]})
    server.at(BEGIN - dt.timedelta(days=1))  # signed in anew, for the company
    unit = call("product.uom.search", [["symbol", "=", "u"]], 0, 1, None)[0]
    template = {
        "name": "Press", "default_uom": unit, "type": "goods", "salable": True, "sale_uom": unit,
        "list_price": Decimal(1000), "products": [["create", [{}]]],
    }  # fmt: skip
    call("product.template.create", [template])
    product = call("product.product.search", [], 0, 1, None)[0]
    server.facts = {
        "company": company, "currency": currency, "sellers": sellers, "accounts": people[2:],
        "unit": unit, "product": product,
    }  # fmt: skip


def open_deal(server: Server, name: str, amount: int, seller: int, account: int, at: dt.datetime) -> int:
    facts = server.facts
    server.at(at)
    deal = {
        "description": name, "party": facts["accounts"][account], "employee": facts["sellers"][seller],
        "amount": Decimal(amount), "end_date": at.date() + dt.timedelta(days=90),
        "currency": facts["currency"], "company": facts["company"],
    }  # fmt: skip
    return server.call("sale.opportunity.create", [deal])[0]


def two_years(server: Server) -> list[int]:
    """Lay down deals over two years: moved, repriced, handed over, won as lost, some opened again."""
    rng, deals = random.Random(7), []
    for number in range(24):
        at = BEGIN + dt.timedelta(days=30 * number)
        deal = open_deal(server, f"Press {number}", 1000 + 10 * number, number % 2, number % 2, at)
        deals.append(deal)
        server.at(at + dt.timedelta(days=7))
        server.call("sale.opportunity.opportunity", [deal])
        server.at(at + dt.timedelta(days=14))
        later = at.date() + dt.timedelta(days=rng.randrange(91, 200))
        server.call("sale.opportunity.write", [deal], {"amount": Decimal(900 + number), "end_date": later})
        if number % 3 == 0:
            server.at(at + dt.timedelta(days=20))
            other = server.facts["sellers"][1 - number % 2]
            server.call("sale.opportunity.write", [deal], {"employee": other})
        if number % 4 == 1:
            server.at(at + dt.timedelta(days=40))
            server.call("sale.opportunity.lost", [deal])
        if number % 8 == 1:
            server.at(at + dt.timedelta(days=50))
            server.call("sale.opportunity.lead", [deal])
    server.at(None)
    return deals


def quote(server: Server, deal: int, prices: list[int], at: dt.datetime) -> int:
    facts = server.facts
    server.at(at)
    line = {
        "type": "line", "product": facts["product"], "quantity": 2, "unit": facts["unit"],
        "base_price": Decimal(1000), "unit_price": Decimal(prices[0]),
    }  # fmt: skip
    sale = {
        "party": facts["accounts"][0], "company": facts["company"], "currency": facts["currency"],
        "origin": f"sale.opportunity,{deal}", "lines": [["create", [line]]],
    }  # fmt: skip
    made = server.call("sale.sale.create", [sale])[0]
    reprice(server, made, prices[1:], at)
    return made


def reprice(server: Server, sale: int, prices: list[int], at: dt.datetime) -> None:
    for number, price in enumerate(prices, 1):
        server.at(at + dt.timedelta(days=number))
        lines = server.call("sale.sale.read", [sale], ["lines"])[0]["lines"]
        server.call("sale.line.write", lines, {"unit_price": Decimal(price)})
    server.at(None)


@pytest.fixture
def connection(db, server):
    place = f"127.0.0.1:{server.port}"
    return actions.connect(
        by=None, at=BEGIN, crm="tryton", url=f"http://{place}", allowed=[place],
        given={"user": "admin", "password": PASSWORD}, options={"database": "crm"},
    )  # fmt: skip


def synced(connection, **how) -> actions.Told:
    told = actions.sync(at=dt.datetime.now(dt.UTC), connection_id=connection.pk, **how)
    assert (told.problem, told.problems) == ("", [])
    return told


#: Revisions of Tryton's own table of history in which a column took another value, the first one too.
MOVED = """
SELECT id, {column}, moment FROM (
  SELECT id, {column}, COALESCE(write_date, create_date) AS moment,
    LAG({column}) OVER (PARTITION BY id ORDER BY COALESCE(write_date, create_date), __id) AS before,
    ROW_NUMBER() OVER (PARTITION BY id ORDER BY COALESCE(write_date, create_date), __id) AS place
  FROM sale_opportunity__history WHERE create_date IS NOT NULL)
WHERE place = 1 OR {column} IS NOT before ORDER BY id, moment"""


def test_two_years_come_over_as_tryton_itself_keeps_them(server, connection):
    deals = two_years(server)
    sale = quote(server, deals[0], [1000, 950, 800], BEGIN + dt.timedelta(days=60))
    synced(connection)
    _same_as_there(server)
    given = DealEvent.objects.filter(kind="concession", deal__key=str(deals[0]))
    assert sorted(given.values_list("value", flat=True)) == [100, 300]
    assert Deal.objects.get(key=str(deals[0])).discount == pytest.approx(0.2)

    # life goes on: edits, a line alone, another outcome, a deletion
    now = dt.datetime.now(dt.UTC)
    server.at(None)
    server.call("sale.opportunity.write", [deals[2]], {"amount": Decimal(5)})
    reprice(server, sale, [700], now - dt.timedelta(days=1))
    server.call("sale.opportunity.lost", [deals[3]])
    gone = open_deal(server, "A mistake", 1, 0, 0, now - dt.timedelta(minutes=1))
    server.at(None)
    synced(connection, sweep=False)
    assert Deal.objects.filter(key=str(gone)).exists()
    server.call("sale.opportunity.cancel", [gone])
    server.call("sale.opportunity.delete", [gone])
    told = synced(connection, sweep=True)
    _same_as_there(server)
    assert told.rules["deleted"] == 1
    assert Landed.objects.get(object="deals", external_id=str(gone)).fate == "deleted"
    assert not Deal.objects.filter(key=str(gone)).exists()
    assert Deal.every.get(key=str(gone)).status == "open"  # deleted is not lost
    assert given.count() == 3
    quiet = synced(connection, sweep=False)
    assert quiet.brought == {}


def test_fields_of_ones_own_come_with_their_history_and_deals_made_before_a_day_stay_out(server):
    old = open_deal(server, "Too old", 700, 0, 0, BEGIN)
    made = dt.datetime(2025, 3, 3, 9, tzinfo=dt.UTC)
    deal = open_deal(server, "Line 12", 700, 0, 0, made)
    for days, said in ((1, "North"), (2, "South")):
        server.at(made + dt.timedelta(days=days))
        server.call("sale.opportunity.write", [deal], {"reference": said})
    server.at(None)
    wanted = Wanted({"area": "reference", "starts": "start_date"}, since=dt.date(2025, 3, 1))
    source = tryton.Tryton(server.client.exchange, "crm", "admin", PASSWORD, wanted)
    assert set(source.describe().kept) == {"area", "starts"}
    found = {each.id: each for each in read(source, CrmObject.DEALS)[CrmObject.DEALS]}
    assert str(old) not in found
    assert found[str(deal)].extra == {"area": "South", "starts": made.date().isoformat()}
    told = [each for each in read(source, CrmObject.CHANGES)[CrmObject.CHANGES] if each.name == "area"]
    mine = [(each.old, each.new, each.at.date()) for each in told if each.deal_id == str(deal)]
    assert mine == [("", "North", dt.date(2025, 3, 4)), ("North", "South", dt.date(2025, 3, 5))]
    assert str(old) not in source.ids(CrmObject.DEALS, "")[0]
    assert [each.id for each in source.again(CrmObject.DEALS, [str(old), str(deal)]).records] == [str(deal)]


def _same_as_there(server: Server) -> None:
    there = server.rows("SELECT id, state, description FROM sale_opportunity ORDER BY id")
    here = dict(Deal.objects.values_list("key", "name"))
    assert {str(number): name for number, _, name in there}.items() <= here.items()
    status = {"lost": "lost", "cancelled": "lost", "won": "won"}
    for number, state, _ in there:
        assert Deal.objects.get(key=str(number)).status == status.get(state, "open")
    live = {str(number) for number, *_ in there}
    stages = [row for row in server.rows(MOVED.format(column="state")) if str(row[0]) in live]
    told = DealEvent.objects.filter(kind="stage", deal__key__in=live)
    named = [
        (row.deal.key, row.name.lower(), f"{row.occurred_at:%Y-%m-%d %H:%M:%S.%f}")
        for row in told.select_related("deal")
    ]
    assert sorted(named) == sorted((str(number), state, f"{moment:.26}") for number, state, moment in stages)
    amounts = [row for row in server.rows(MOVED.format(column="amount")) if str(row[0]) in live]
    values = DealEvent.objects.filter(kind="field", name="amount", deal__key__in=live)
    assert sorted((key, float(value)) for key, value in values.values_list("deal__key", "value")) == sorted(
        (str(number), float(amount)) for number, amount, _ in amounts
    )


def test_the_next_agreement_becomes_one_note_that_is_no_news_and_the_newest_takes_its_place(
    server, connection
):
    deal = open_deal(server, "Line 9", 700, 0, 0, dt.datetime.now(dt.UTC) - dt.timedelta(days=3))
    server.at(None)
    synced(connection)
    budget = AgreementType.objects.create(key="budget", name="Budget", side="customer", origin="imported")
    agreement = Agreement.objects.create(
        deal=Deal.objects.get(key=str(deal)), type=budget, state="needed", required=True,
        needed_by=dt.date(2031, 4, 1), changed_at=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    actions.set_writing_back(
        by=None, at=dt.datetime.now(dt.UTC), connection_id=connection.pk, parts=["task"], fields={}
    )
    assert synced(connection, sweep=False).written == {"done": 1}
    assert notes_of(server, deal) == ["Budget (2031-04-01)"]

    echo = synced(connection, sweep=False)
    assert (echo.brought, echo.written) == ({}, {})

    moved_to(agreement, dt.date(2031, 5, 1))
    # a new note for the old one, which Tryton keeps as it is
    assert synced(connection, sweep=False).written == {"done": 1}
    assert notes_of(server, deal) == ["Budget (2031-05-01)"]

    server.call("sale.opportunity.lost", [deal])
    assert synced(connection, sweep=False).written == {"done": 1}
    assert notes_of(server, deal) == []
    assert Deal.objects.get(key=str(deal)).status == "lost"

    server.call("sale.opportunity.lead", [deal])
    assert synced(connection, sweep=False).written == {"done": 1}
    assert notes_of(server, deal) == ["Budget (2031-05-01)"]
    assert Deal.objects.get(key=str(deal)).status == "open"
    outcomes = DealEvent.objects.filter(deal__key=str(deal), kind="field", name="status")
    assert list(outcomes.order_by("occurred_at").values_list("note", flat=True)) == ["lost", "open"]


def test_what_tryton_cannot_take_is_said_and_never_raised(server):
    deal = open_deal(server, "Line 10", 700, 0, 0, dt.datetime.now(dt.UTC))
    assert server.client.write(str(deal), {"agreements": "1 of 2"}).written is Written.NO_FIELD
    assert server.client.write_task("999999", "", "Budget", None).written is not Written.DONE
    made = server.client.write_task(str(deal), "", "Budget", None)
    found = [server.client.find_task(str(deal), called) for called in ("Budget", "Timeline")]
    assert found == [made.task_id, ""]


def notes_of(server: Server, deal: int) -> list[str]:
    found = server.rows(f"SELECT message FROM ir_note WHERE resource = 'sale.opportunity,{deal}'")
    return [message for (message,) in found]


def moved_to(agreement: Agreement, day: dt.date) -> None:
    agreement.needed_by, agreement.changed_at = day, dt.datetime.now(dt.UTC)
    agreement.save()
