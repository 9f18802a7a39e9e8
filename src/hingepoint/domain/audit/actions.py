"""Writing the audit trail. Every action of every subject ends here, inside its own transaction."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.audit.rules import digest_of

_thread = threading.local()


@contextmanager
def written_last() -> Iterator[None]:
    """Let what is recorded inside be written when it is left: the chain's head, for which all writers wait in
    turn, is then held only for the end of a transaction, and nobody waits for another lock while holding it.

    Inside another one, the outer writes; what an inner one recorded before it failed is forgotten.
    """
    lines: list[AuditEvent] | None = getattr(_thread, "lines", None)
    if lines is not None:
        known = len(lines)
        try:
            yield
        except BaseException:
            del lines[known:]
            raise
        return
    _thread.lines = lines = []
    try:
        yield
    finally:
        _thread.lines = None
    if lines and not transaction.get_rollback():  # a dry run leaves no trail either
        _write(lines)


def record(
    *,
    by: Any,
    at: dt.datetime,
    action: str,
    subject: str,
    subject_id: object,
    changes: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one change to the trail; inside ``written_last``, at its end.

    ``by`` is the user, or None for the system. ``changes`` maps a field to ``[from, to]``, or says
    in counts what a bulk change did. Must run inside the transaction of the change itself.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.actions.record belongs inside the transaction of the change")
    event = AuditEvent(
        at=at,
        by_id_number=getattr(by, "pk", None),
        by_name=getattr(by, "name", "") or "system",
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        changes=json.loads(json.dumps(changes or {}, cls=DjangoJSONEncoder)),
        reason=reason,
    )
    lines = getattr(_thread, "lines", None)
    if lines is None:
        _write([event])
    else:
        lines.append(event)
    return event


def _write(lines: list[AuditEvent]) -> None:
    """Link lines to the end of the chain, in their order."""
    head, _ = AuditHead.objects.select_for_update().get_or_create(id=1)
    for event in lines:
        event.digest = digest_of(event, after=head.digest)
        event.save(force_insert=True)
        head.digest, head.length = event.digest, head.length + 1
    head.save(update_fields=["digest", "length"])
