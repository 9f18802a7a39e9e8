"""The stream of a deal in EspoCRM as dated changes: notes of a stage or an owner say only the new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hingepoint.connectors.own import Own
from hingepoint.connectors.paging import Row
from hingepoint.connectors.values import at, of_own, plain, text
from hingepoint.records.crm import CrmChange, DealField, Origin
from hingepoint.records.deals import DealStatus

#: Kinds of notes that hold history.
KINDS = ("Create", "Status", "Update", "Assign")

FIELDS = {
    "stage": DealField.STAGE,
    "amount": DealField.AMOUNT,
    "closeDate": DealField.EXPECTED_CLOSE,
    "assignedUserId": DealField.OWNER,
    "probability": DealField.PROBABILITY,
}

StatusOf = Callable[[str], DealStatus]


def changes(
    notes: Iterable[Row], status_of: StatusOf, own: Mapping[str, Own] | None = None
) -> Iterator[CrmChange]:
    """Return the changes that all notes of one deal say, in order; ``own`` are fields of the company's own with what they are
    called here."""
    own = own or {}
    last: dict[str, str] = {}
    for note in sorted(notes, key=lambda each: int(each["number"])):
        for name, old, new, label in _said(note, own):
            before = last.get(name) if old is None else old
            yield of_own(_change(note, name, before, new, label), _called(own, name))
            if name == "stage":
                yield from _outcome(note, before or "", new, status_of)
            last[name] = new


def _said(note: Row, own: Mapping[str, Own]) -> Iterator[tuple[str, str | None, str, str]]:
    """Return the fields a note tells of: name, old value (None: not said), new value, its words."""
    data = note.get("data") or {}
    kind = note["type"]
    if kind == "Create" and data.get("statusValue"):
        yield "stage", "", text(data["statusValue"]), text(data["statusValue"])
    if kind == "Create" and data.get("assignedUserId"):
        yield "assignedUserId", "", text(data["assignedUserId"]), text(data.get("assignedUserName"))
    if kind == "Status" and data.get("field") == "stage":
        yield "stage", None, text(data.get("value")), text(data.get("value"))
    if kind == "Assign":
        yield "assignedUserId", None, text(data.get("assignedUserId")), text(data.get("assignedUserName"))
    if kind == "Update":
        was, became = _both(data)
        for name in became:
            if name in FIELDS or name in own:
                yield name, _as_ours(name, was.get(name), own), _as_ours(name, became[name], own), ""


def _called(own: Mapping[str, Own], name: str) -> str:
    return own[name].name if name in own else ""


def _as_ours(name: str, value: Any, own: Mapping[str, Own]) -> str:
    if name in own:
        return own[name].value(value)
    return plain(value) if name in ("amount", "probability") else text(value)


def _both(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    attributes = data.get("attributes") or {}
    return attributes.get("was") or {}, attributes.get("became") or {}


def _change(note: Row, name: str, old: str | None, new: str, label: str) -> CrmChange:
    data = note.get("data") or {}
    return CrmChange(
        deal_id=text(note["parentId"]),
        field=FIELDS.get(name, DealField.EXTRA),
        old=old,
        new=new,
        old_label=old or "" if name == "stage" else "",
        new_label=label,
        currency=text(_both(data)[1].get("amountCurrency")) if name == "amount" else "",
        at=at(note["createdAt"]),
        actor_id=text(note.get("createdById")),
        native_id=f"{note['id']}-{name}",
    )


def _outcome(note: Row, before: str, now: str, status_of: StatusOf) -> Iterator[CrmChange]:
    old, new = status_of(before) if before else None, status_of(now)
    if old != new:
        yield CrmChange(
            deal_id=text(note["parentId"]),
            field=DealField.STATUS,
            old=old or "",
            new=new,
            at=at(note["createdAt"]),
            actor_id=text(note.get("createdById")),
            native_id=f"{note['id']}-status",
        )


def beginnings(
    deal: Row, notes: Sequence[Row], status_of: StatusOf, own: Mapping[str, Own] | None = None
) -> Iterator[CrmChange]:
    """Return what a deal began with where no note says it: the first old value, or the value of now."""
    own = own or {}
    first: dict[str, str | None] = {}
    for note in sorted(notes, key=lambda each: int(each["number"])):
        for name, old, _, _ in _said(note, own):
            first.setdefault(name, old)
    began_at = at(deal["createdAt"])
    for name, of in [*FIELDS.items(), *((each, DealField.EXTRA) for each in own)]:
        new = first[name] if name in first else _as_ours(name, deal.get(name), own)
        if new and name != "probability":
            began = CrmChange(
                text(deal["id"]),
                of,
                new,
                began_at,
                old="",
                new_label=new if name == "stage" else "",
                currency=text(deal.get("amountCurrency")) if name == "amount" else "",
                origin=Origin.INFERRED,
                native_id=f"{deal['id']}-began-{name}",
            )
            yield of_own(began, _called(own, name))
            if name == "stage":
                yield CrmChange(
                    text(deal["id"]), DealField.STATUS, status_of(new), began_at,
                    old="", origin=Origin.INFERRED, native_id=f"{deal['id']}-began-status",
                )  # fmt: skip
