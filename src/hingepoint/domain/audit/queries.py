"""Reading the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
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


def first_broken_link(anchors: Mapping[int, str] | None = None) -> int | None:
    """Return the id of the first event whose digest does not follow, or None when the chain holds.

    Reads the whole trail. A cut-off tail shows as the id after the last event. ``anchors``, kept elsewhere, map a length of
    the trail to the digest it ended with: a trail that was rewritten as a whole, each digest anew, breaks there.
    """
    after, length, last = "", 0, 0
    for event in AuditEvent.objects.order_by("id").iterator(chunk_size=5_000):
        after, length, last = digest_of(event, after=after), length + 1, event.pk
        if event.digest != after or (anchors or {}).get(length, after) != after:
            return event.pk
    if anchors and max(anchors) > length:
        return last + 1
    head = AuditHead.objects.filter(pk=1).first()
    holds = (head is None and length == 0) or (
        head is not None and (head.digest, head.length) == (after, length)
    )
    return None if holds else last + 1


def anchor(at: dt.datetime) -> str:
    """Return the line that anchors the trail as it is now: when, its length, the digest it ends with."""
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    return f"{at.astimezone(dt.UTC).isoformat(timespec='seconds')} {head.length} {head.digest}"


def length() -> int:
    """Return how many changes were ever recorded: 0 in an untouched installation."""
    return AuditHead.objects.filter(pk=1).values_list("length", flat=True).first() or 0


def last_line() -> tuple[int, str] | None:
    """Return the number and the digest of the trail's last line, None where there is none."""
    return AuditEvent.objects.order_by("-id").values_list("id", "digest").first()


def has_line(number: int, digest: str) -> bool:
    """Return whether the trail has this line, and so has gone on from it."""
    return AuditEvent.objects.filter(pk=number, digest=digest).exists()
