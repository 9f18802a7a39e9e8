"""Writing the audit trail. Every action of every subject ends here, inside its own transaction."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.audit.rules import digest_of


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
    """Append one change to the trail.

    ``by`` is the user, or None for the system. ``changes`` maps a field to ``[from, to]``, or says
    in counts what a bulk change did. Must run inside the transaction of the change itself.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.actions.record belongs inside the transaction of the change")
    head, _ = AuditHead.objects.select_for_update().get_or_create(id=1)
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
    event.digest = digest_of(event, after=head.digest)
    event.save(force_insert=True)
    head.digest, head.length = event.digest, head.length + 1
    head.save(update_fields=["digest", "length"])
    return event
