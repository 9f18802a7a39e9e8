"""Files for the tests of imports: small, and made in two words."""

from __future__ import annotations

from pathlib import Path

from cast import NOW
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.deals.models import Account, Deal, DealEvent
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.engine import Files, Report
from hingepoint.domain.imports.models import ImportBatch, SavedMapping
from hingepoint.domain.people.models import Membership, Team, User

DEALS = """\
deal_id,created,closed,status,amount,currency,owner,manager,team,account,stage,expected_close,competitor
A-1,2025-01-07,2025-03-04,won,1000.50,EUR,Anna Berg,Maud,North,Acme Mills,Won,,Bolt
A-2,2025-01-09T10:00,,open,2000,EUR,Bo Lind,Maud,North,Crane & Co,Proposal,2025-06-30,
A-3,2025-02-01,2025-02-20,lost,300,EUR,Cy Ek,Max,South,Acme Mills,Lost,,Nut
"""

#: A further row of deals whose status only its owner can tell.
ASKED = "A-4,2025-02-02,2025-02-21,Dead,400,EUR,,,,,,,\n"

EVENTS = """\
deal_id,agreement,at,state,kind,evidence,counterpart,actor,value
A-1,cust.data_access,2025-01-10,,,2,Ed Moor,Anna Berg,
A-1,cust.data_access,2025-02-10,kept,,,,,
A-2,Cust.Data Access,2025-01-20,soft,,1,,,
A-2,budget talk,2025-01-21,,,3,,,
A-2,call,2025-01-20,,activity,,,Bo Lind,
A-3,extra rebate,2025-02-19,,concession,,,Cy Ek,40
"""

#: Every table an import writes to, but the import's own row.
TABLES = (Account, Agreement, AgreementEvent, AgreementType, Deal, DealEvent, Membership, Team, User)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def import_deals(folder: Path, text: str = DEALS, **options) -> Report:
    return run(Files(deals=write(folder, "deals.csv", text)), **options)


def import_events(folder: Path, text: str = EVENTS, **options) -> Report:
    return run(Files(events=write(folder, "events.csv", text)), **options)


def run(given: Files, *, by=None, at=NOW, **options) -> Report:
    return actions.import_files(by=by, at=at, given=given, **options)


def picture() -> dict[str, list]:
    """Return everything in the tables that imports write to, to compare before with after."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in TABLES}


def finished_import(cast) -> ImportBatch:
    """An import of nothing, for the pages about one."""
    facts = {"state": "done", "begun_at": NOW, "touched_at": NOW, "finished_at": NOW}
    return ImportBatch.objects.create(
        key="0", files=[{"table": "deals", "name": "d.csv"}], by=cast.analyst, **facts
    )


def kept_mapping(cast) -> SavedMapping:
    return SavedMapping.objects.create(name="CRM", by=cast.analyst, saved_at=NOW)
