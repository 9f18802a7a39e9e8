"""How entries of the trail are chained: what is written and what is checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from hingepoint.domain.audit.models import AuditEvent


def digest_of(event: AuditEvent, *, after: str) -> str:
    """Return the SHA-256 that links ``event`` to the digest before it."""
    facts = [
        after,
        event.at.astimezone(dt.UTC).isoformat(),
        event.by_id_number,
        event.by_name,
        event.action,
        event.subject,
        event.subject_id,
        event.changes,
        event.reason,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
