"""Entries of the audit trail -> what is said of them: ids and where to read more, nothing that was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.signals.models import Raise
from hingepoint.domain.webhooks.rules import TOLD
from hingepoint.records.webhooks import HookKind

Ids = dict[str, Any]


def told(entries: Sequence[AuditEvent], *, address: str) -> list[tuple[AuditEvent, HookKind, Ids]]:
    """Return what is told of each entry, with ``what`` was done, the ids and under ``read`` where the API has it. Three
    SQL queries at most."""
    places, asked = _agreements(entries) | _raises(entries), _exceptions(entries)
    found = []
    for entry in entries:
        if kind := TOLD.get((entry.subject, entry.action)):
            ids, path = places.get((entry.subject, entry.subject_id)) or _named(entry, kind)
            if kind == HookKind.EXCEPTION and (number := asked.get(entry.pk)):
                ids, path = {**ids, "exception_id": number}, f"/exceptions/{number}"
            read = {"read": f"{address}/api{path}"} if path else {}
            found.append((entry, kind, {"what": entry.action or "reopened", **ids, **read}))
    return found


def _numbers(entries: Iterable[AuditEvent], subject: str) -> set[int]:
    return {int(one.subject_id) for one in entries if one.subject == subject and one.subject_id.isdigit()}


def _agreements(entries: Sequence[AuditEvent]) -> dict[tuple[str, str], tuple[Ids, str]]:
    if not (wanted := _numbers(entries, "agreement")):
        return {}
    rows = Agreement.objects.filter(pk__in=wanted).values_list("pk", "deal_id", "type_id")
    return {
        ("agreement", str(pk)): (
            {"agreement_id": pk, "deal_id": deal, "type_id": type_},
            f"/deals/{deal}/agreements/{type_}",
        )
        for pk, deal, type_ in rows
    }


def _raises(entries: Sequence[AuditEvent]) -> dict[tuple[str, str], tuple[Ids, str]]:
    if not (wanted := _numbers(entries, "signal")):
        return {}
    rows = Raise.objects.filter(pk__in=wanted).values_list("pk", "signal")
    return {
        ("signal", str(pk)): ({"raise_id": pk, "signal": signal}, f"/signals/{signal}") for pk, signal in rows
    }


def _exceptions(entries: Sequence[AuditEvent]) -> dict[int, int]:
    """Return the number of the exception that an entry is about, by the entry's: it says so, or names the event that asked."""
    of = [one for one in entries if TOLD.get((one.subject, one.action)) == HookKind.EXCEPTION]
    events = {one.changes["event"] for one in of if "event" in one.changes}
    by_event = (
        dict(Escalation.objects.filter(event__in=events).values_list("event_id", "pk")) if events else {}
    )
    found = {one.pk: one.changes.get("exception") or by_event.get(one.changes.get("event")) for one in of}
    return {entry: number for entry, number in found.items() if number}


#: Of which part of a deal something is read, by the kind of what is told.
_PARTS = {HookKind.DEAL: "", HookKind.PLAN: "/plans", HookKind.EXCEPTION: "/exceptions"}


def _named(entry: AuditEvent, kind: HookKind) -> tuple[Ids, str]:
    """Return the ids and the path of what its entry names alone; what is gone meanwhile keeps its number."""
    number = int(entry.subject_id) if entry.subject_id.isdigit() else None
    match entry.subject:
        case "deal":
            return {"deal_id": number}, f"/deals/{number}{_PARTS[kind]}"
        case "finding":
            run, _, key = entry.subject_id.partition("/")
            if not run.isdigit():  # told all the same: one entry holds no others up
                return {}, ""
            return {"run_id": int(run), "finding": key}, f"/runs/{run}/findings/{quote(key)}"
        case "import" | "agreements" | "deals" | "detection rule" | "requirements":
            return ({"import_id": number} if entry.subject == "import" else {}), "/events"
        case _:
            return {f"{entry.subject}_id": number}, ""
