"""Reading the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from hingepoint.domain.audit import words
from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.audit.rules import digest_of


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a subject's history, ready to show: ``by`` did ``what``."""

    at: dt.datetime
    by: str
    what: str
    changes: tuple[words.Moved, ...]
    reason: str


def history(
    *, subject: str, subject_id: object, also: Iterable[object] = (), limit: int = 100
) -> list[Change]:
    """Return the newest ``limit`` changes of one subject, ``also`` by further ids where two became one.

    Whoever calls has already fetched the subject through its own ``visible_to``.
    """
    ids = [str(one) for one in (subject_id, *also)]
    rows = AuditEvent.objects.filter(subject=subject, subject_id__in=ids).order_by("-id")[:limit]
    return [
        Change(
            at=row.at,
            by=row.by_name,
            what=words.sentence(subject, row.action),
            changes=words.moved(row.action, row.changes),
            reason=row.reason,
        )
        for row in rows
    ]


def first_broken_link() -> int | None:
    """Return the id of the first event whose digest does not follow, or None when the chain holds.

    Reads the whole trail. A cut-off tail shows as the id after the last event.
    """
    after, length, last = "", 0, 0
    for event in AuditEvent.objects.order_by("id").iterator(chunk_size=5_000):
        if event.digest != digest_of(event, after=after):
            return event.pk
        after, length, last = event.digest, length + 1, event.pk
    head = AuditHead.objects.filter(pk=1).first()
    holds = (head is None and length == 0) or (
        head is not None and (head.digest, head.length) == (after, length)
    )
    return None if holds else last + 1


def length() -> int:
    """Return how many changes were ever recorded: 0 in an untouched installation."""
    return AuditHead.objects.filter(pk=1).values_list("length", flat=True).first() or 0
