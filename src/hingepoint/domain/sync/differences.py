"""What changed between two readings of a deal, where the CRM itself does not keep it. Pure functions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import replace

from hingepoint.records.crm import Capability, CrmChange, CrmDeal, DealField, Found, Origin
from hingepoint.records.deals import DealStatus

#: Field -> the capability that says whether the CRM keeps its changes.
KEPT_BY = {
    DealField.STAGE: Capability.STAGE_HISTORY,
    DealField.STATUS: Capability.STAGE_HISTORY,
    DealField.AMOUNT: Capability.AMOUNT_HISTORY,
    DealField.EXPECTED_CLOSE: Capability.CLOSE_DATE_HISTORY,
    DealField.OWNER: Capability.OWNER_HISTORY,
}


def fields_without_history(tracked: Collection[tuple[str, str]]) -> frozenset[DealField]:
    """Return the fields whose changes we must see ourselves, by what the self-test found (capability, found)."""
    kept = {name for name, found in tracked if found in (Found.TRACKED, Found.TRACKED_SINCE)}
    return frozenset(name for name, capability in KEPT_BY.items() if capability.value not in kept)


def between(
    old: CrmDeal, new: CrmDeal, fields: Collection[DealField], *, first_seen_at: dt.datetime, known: bool
) -> Iterator[CrmChange]:
    """Yield what changed in ``fields``, dated when the CRM says that the deal was changed.

    ``known``: changes of the deal are on record already; else the value before stands first, dated when it was
    first seen.
    """
    for name in sorted(fields):
        was, now = value_of(old, name), value_of(new, name)
        if was == now:
            continue
        if not known and was:
            yield _change(old, name, was, min(first_seen_at, new.modified_at), None)
        yield _change(new, name, now, new.modified_at, was)


def of_own_fields(
    old: CrmDeal,
    new: CrmDeal,
    *,
    kept: Collection[str],
    first_seen_at: dt.datetime,
    known: Collection[str],
) -> Iterator[CrmChange]:
    """Yield what changed in fields of the company's own that both readings hold, as ``between`` does; ``known`` are those of
    which a change is on record. Of those that are ``kept`` the CRM tells the changes itself."""
    for name in sorted((old.extra.keys() & new.extra.keys()) - set(kept)):
        was, now = str(old.extra[name] or ""), str(new.extra[name] or "")
        if was == now:
            continue
        if name not in known and was:
            first = _change(old, DealField.EXTRA, was, min(first_seen_at, new.modified_at), None)
            yield replace(first, name=name)
        yield replace(_change(new, DealField.EXTRA, now, new.modified_at, was), name=name)


def value_of(deal: CrmDeal, name: DealField) -> str:
    """Return the value of a field as ``CrmChange`` says it; empty where there is none."""
    if name == DealField.AMOUNT:
        return "" if deal.amount is None else f"{deal.amount.normalize():f}"
    if name == DealField.EXPECTED_CLOSE:
        return deal.expected_close_on.isoformat() if deal.expected_close_on else ""
    if name == DealField.STATUS:
        return deal.status.value if isinstance(deal.status, DealStatus) else ""
    return deal.owner_id if name == DealField.OWNER else deal.stage_id


def _change(deal: CrmDeal, name: DealField, new: str, at: dt.datetime, old: str | None) -> CrmChange:
    currency = deal.currency if name == DealField.AMOUNT else ""
    return CrmChange(deal.id, name, new, at, old=old, currency=currency, origin=Origin.SNAPSHOT)
