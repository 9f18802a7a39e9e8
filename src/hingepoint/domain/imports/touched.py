"""Which deals an import touched, for whoever reads on from there."""

from __future__ import annotations

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports.models import ImportChange


def deals_of_import(batch_id: int) -> set[int]:
    """Return the deals that an import made or changed. Two SQL queries."""
    made = Deal.objects.filter(batch=batch_id).values_list("pk", flat=True)
    changed = ImportChange.objects.filter(batch_id=batch_id, table="deal", before__isnull=False)
    return {*made, *changed.values_list("row_id", flat=True)}
