"""What an agreement needs in order to count: what pages and actions decide by."""

from __future__ import annotations

from hingepoint.domain.agreements.models import Agreement
from hingepoint.records.agreements import Evidence


def missing_to_gain(agreement: Agreement) -> tuple[str, ...]:
    """Return which of act, person, date and evidence an agreement lacks to count as gained."""
    present = {
        "what they will do": agreement.act,
        "who": agreement.person_id or agreement.person_name or agreement.asked_of_id,
        "by when": agreement.due_on,
        "evidence that they said, wrote or did it": agreement.evidence >= Evidence.TOLD,
    }
    return tuple(name for name, value in present.items() if not value)
