"""Odoo, from version 17: JSON-2 from 19 on, JSON-RPC before.

Lost deals are inactive and are asked for with ``active_test`` off. Deletions leave nothing behind; the loser of a
merge is deleted too, but its messages move to the survivor and still carry the address they were written under.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.models import NEVER_WRITTEN
from hingepoint.connectors.odoo.pages import Pages
from hingepoint.connectors.odoo.past import Past
from hingepoint.connectors.odoo.selftest import RIGHTS, SelfTest
from hingepoint.connectors.odoo.there import There
from hingepoint.connectors.odoo.writing import Writing
from hingepoint.connectors.source import Connector, Described, SignIn
from hingepoint.records.crm import (
    CapabilityFound,
    CrmFate,
    CrmObject,
    CrmPage,
    WriteResult,
)

__all__ = ["CONNECTOR", "NEVER_WRITTEN", "RIGHTS", "Odoo"]


@dataclass
class Odoo(Asking):
    """A signed-in Odoo. Fields, stages and words are read anew by ``describe``."""

    objects: tuple[CrmObject, ...] = (
        *(CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.CONTACTS, CrmObject.DEALS, CrmObject.CHANGES),
        *(CrmObject.QUOTES, CrmObject.ACTIVITIES),
    )
    _there: There = field(init=False, repr=False)
    _past: Past = field(init=False, repr=False)
    _pages: Pages = field(init=False, repr=False)
    _writing: Writing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._there = There(self)
        self._past = Past(self, self._there)
        self._pages = Pages(self, self._there, self._past)
        self._writing = Writing(self)

    def describe(self) -> Described:
        return self._there.describe()

    def test(self) -> Iterator[CapabilityFound]:
        return SelfTest(self, self._past).found()

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        return self._pages.page(object, mark)

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        return self._pages.ids(object, mark)

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        return self._pages.fates(object, ids)

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        return self._pages.again(object, ids)

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        return self._writing.write(deal_id, values)

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        return self._writing.held(ids, names)

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        return self._writing.write_task(deal_id, task_id, subject, due_on)

    def find_task(self, deal_id: str, subject: str) -> str:
        return self._writing.find_task(deal_id, subject)

    def finish_task(self, task_id: str) -> WriteResult:
        return self._writing.finish_task(task_id)


SAID = "Odoo documentation: JSON-RPC is removed in version 22 (autumn 2028), on Odoo Online in 21.1 (winter 2027)"
JSON_RPC_ENDS, JSON_RPC_ENDS_ONLINE = dt.date(2028, 9, 1), dt.date(2027, 12, 1)

CONNECTOR = Connector(
    key="odoo",
    label="Odoo",
    sign_ins=(
        SignIn("json2", "API key of a user (version 19 and later)", {"key": "API key"}),
        SignIn(
            "jsonrpc",
            "User and API key (before version 19)",
            {"login": "Name of the user", "key": "API key"},
            ends=JSON_RPC_ENDS,
            ends_source=SAID,
            ends_hosted=(".odoo.com", JSON_RPC_ENDS_ONLINE),
        ),
        SignIn(
            "password",
            "User and password (before version 19; shows the history without the administrator's right)",
            {"login": "Name of the user", "password": "Password"},
            ends=JSON_RPC_ENDS,
            ends_source=SAID,
            ends_hosted=(".odoo.com", JSON_RPC_ENDS_ONLINE),
        ),
    ),
    open=Odoo,
    options={"database": "Name of the database"},
)
