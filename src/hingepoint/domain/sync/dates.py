"""How the dates of what CRMs tell are known: kept by the CRM, seen between two of our readings, or concluded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from hingepoint.domain.sync.models import LandedChange
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.crm import DealField, Origin


@dataclass(frozen=True, slots=True)
class DatesOf:
    """Changes of one field of deals, by how their dates are known."""

    what: str
    kept: int
    seen: int
    concluded: int

    @property
    def all(self) -> int:
        return self.kept + self.seen + self.concluded


#: Over all connections; kept in a large company, since it reads every change.
DATES = Question[list[DatesOf]]("dates of changes", list[DatesOf])


def dates(*, shelf: Shelf | None = None) -> list[DatesOf]:
    """Return how the dates of changes are known, by field; nothing without a CRM. One SQL query."""
    return DATES.told(dates_now, shelf=shelf)


def dates_now() -> list[DatesOf]:
    """Return the same, asked at this moment."""
    rows = LandedChange.objects.order_by().values_list("field", "origin").annotate(n=Count("pk"))
    counts = {(field, origin): n for field, origin, n in rows}
    found = [
        DatesOf(field.label, *(counts.get((field.value, origin.value), 0) for origin in _ORDER))
        for field in DealField
    ]
    return [each for each in found if each.all]


_ORDER = (Origin.NATIVE, Origin.SNAPSHOT, Origin.INFERRED)
