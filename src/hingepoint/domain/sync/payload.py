"""Records of a CRM as canonical JSON and back: the same record gives the same text."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from hingepoint.domain.turns.actions import fingerprint
from hingepoint.records.crm import (
    CrmAccount,
    CrmActivity,
    CrmApproval,
    CrmChange,
    CrmContact,
    CrmDeal,
    CrmObject,
    CrmQuote,
    CrmRecord,
    CrmUser,
    Origin,
)

T = TypeVar("T")

KINDS: dict[CrmObject, type] = {
    CrmObject.USERS: CrmUser,
    CrmObject.ACCOUNTS: CrmAccount,
    CrmObject.CONTACTS: CrmContact,
    CrmObject.DEALS: CrmDeal,
    CrmObject.CHANGES: CrmChange,
    CrmObject.QUOTES: CrmQuote,
    CrmObject.APPROVALS: CrmApproval,
    CrmObject.ACTIVITIES: CrmActivity,
}


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return how records of a kind are written and read; to work that out takes a while, so it is kept."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def dump(record: CrmRecord) -> str:
    plain = _adapter(type(record)).dump_python(record, mode="json")
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def load(kind: type[T], text: str) -> T:
    return _adapter(kind).validate_json(text)


def plain(value: Any) -> Any:
    """Return a dataclass as JSON holds it."""
    return _adapter(type(value)).dump_python(value, mode="json")


def read(kind: type[T], value: Any) -> T:
    """Return a dataclass from what ``plain`` gave."""
    return _adapter(kind).validate_python(value)


def id_of(record: CrmRecord) -> str:
    """Return the identity of a record among its kind. Each form of a quote is a record of its own."""
    if isinstance(record, CrmQuote):
        return f"{record.id}@{record.at.isoformat()}"
    assert not isinstance(record, CrmChange)
    return record.id


def identity(change: CrmChange) -> int:
    """Return the identity of a change: the CRM's own where it has one. Of a field there is one first value."""
    if change.native_id:
        return fingerprint("native", change.native_id)
    what = f"{change.field.value} {change.name}" if change.name else change.field.value
    if change.origin == Origin.INFERRED:
        return fingerprint("inferred", change.deal_id, what, change.at.isoformat())
    return fingerprint("change", change.deal_id, what, change.new, change.at.isoformat())
