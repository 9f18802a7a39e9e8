"""A first load holds pages, never all deals of a CRM: four times as many need no more memory."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from dataclasses import dataclass
from decimal import Decimal

import pytest

from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import actions, register
from hingepoint.domain.sync.models import LandedChange
from hingepoint.records.crm import CrmChange, CrmDeal, CrmObject, CrmPage, CrmRecord, DealField, Origin

CHANGES = 20
DAY = dt.timedelta(days=1)


@dataclass
class Endless(FakeCrm):
    """A CRM that makes each page when it is asked for it, and holds none."""

    deals: int = 0

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        first = int(mark or 0)
        last = min(first + self.page_size, self.deals)
        records: list[CrmRecord] = []
        for number in range(first, last):
            records += _of(number, object)
        return CrmPage(object, tuple(records), str(last), last < self.deals, self.now)


def _of(number: int, object: CrmObject) -> list[CrmRecord]:
    deal = f"d{number}"
    if object == CrmObject.DEALS:
        return [CrmDeal(deal, f"Deal {number}", BEGIN, BEGIN + 40 * DAY, stage_id="s1", amount=Decimal(1000))]
    if object != CrmObject.CHANGES:
        return []
    return [
        CrmChange(
            deal, DealField.AMOUNT, str(1000 - n), BEGIN + n * DAY, old=str(1001 - n), origin=Origin.NATIVE
        )
        for n in range(CHANGES)
    ]


def most_held(monkeypatch, deals: int) -> int:
    """Return the most bytes that Python held at once in a first load of so many deals."""
    (key,) = plug_in(monkeypatch, Endless(page_size=50, deals=deals))
    given = {"by": None, "at": BEGIN, "crm": key, "given": {"token": "t"}, "name": f"{deals} deals"}
    connection = actions.connect(url="https://crm.example", **given)
    tracemalloc.start()
    try:
        told = actions.sync(at=BEGIN + 60 * DAY, connection_id=connection.pk)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert (told.problem, told.problems) == ("", [])


@pytest.mark.slow
@pytest.mark.django_db
def test_a_first_load_of_four_times_as_many_deals_holds_no_more_at_once(monkeypatch):
    monkeypatch.setattr(register, "PAGE", 50)
    most_held(monkeypatch, 50)  # whatever is made once and kept
    few, many = most_held(monkeypatch, 150), most_held(monkeypatch, 600)
    assert (Deal.objects.count(), LandedChange.objects.count()) == (800, 800 * CHANGES)
    assert many < 1.25 * few, (few, many)
