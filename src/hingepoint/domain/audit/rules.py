"""How entries of the trail are chained: what is written and what is checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re

from hingepoint.domain.audit.models import AuditEvent


def read_anchors(text: str) -> dict[int, str]:
    """Return the digest by length of the trail, from lines of ``queries.anchor``; of two for one length the first, which was
    written before the trail could be altered to the second. Raises ValueError with the line."""
    found: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 3 or not parts[1].isdecimal() or not re.fullmatch("[0-9a-f]{64}", parts[2]):
            raise ValueError(f"Line {number} is no anchor; expected a time, a length and a digest.")
        found.setdefault(int(parts[1]), parts[2])
    return found


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
