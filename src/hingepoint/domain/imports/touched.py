"""Which deals an import touched, for whoever reads on from there."""

from __future__ import annotations

from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports.models import ImportChange


def deals_of_import(batch_id: int) -> set[int]:
    """Return the deals that an import made or changed. Two SQL queries."""
    made = Deal.every.filter(batch=batch_id).values_list("pk", flat=True)
    changed = ImportChange.objects.filter(batch_id=batch_id, table="deal", before__isnull=False)
    return {*made, *changed.values_list("row_id", flat=True)}


def deals_with_news_of_import(batch_id: int) -> set[int]:
    """Return the deals that an import made or changed, and those whose agreements or events it did. Six SQL
    queries."""
    found = deals_of_import(batch_id)
    for model, deal in (
        (Agreement, "deal_id"),
        (DealEvent, "deal_id"),
        (AgreementEvent, "agreement__deal_id"),
    ):
        rows = model.objects.filter(batch=batch_id).order_by()
        found |= set(rows.values_list(deal, flat=True).distinct())
    changed = ImportChange.objects.filter(batch_id=batch_id, table="agreement")
    moved = Agreement.objects.filter(pk__in=changed.values("row_id"))
    return found | set(moved.values_list("deal_id", flat=True))
