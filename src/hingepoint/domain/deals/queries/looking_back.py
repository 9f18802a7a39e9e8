"""Looking back: the deals as they were on a day, from what was on record by then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, DateField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Substr
from django.utils import timezone

from hingepoint.domain.deals.models import DealEvent, DealQuerySet
from hingepoint.records.deals import DealStatus, EventKind

#: What only the close of a deal settles: unknown while it was open.
SETTLED_AT_CLOSE = ("discount", "margin", "net_price")
DATED_COLUMNS = {"expected_close": "expected_close_on", "expected_close_on": "expected_close_on"}
MONEY_COLUMNS = ("amount", "list_price", "net_price", "projected_amount")
#: What ``as_it_was`` rebuilds.
_REBUILT = ("status", "closed_at", "stage", "expected_close_on", "discount", "margin", *MONEY_COLUMNS)
#: A day that exists in every year, which each database can read: a 29 February is passed over.
ISO_DAY = r"^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"


@dataclass(frozen=True, slots=True)
class AsOf:
    """A look back. ``moment`` is the last instant of the day; ``only_known`` leaves out what was
    recorded later."""

    day: dt.date
    only_known: bool = True

    @property
    def moment(self) -> dt.datetime:
        midnight = dt.datetime.combine(self.day + dt.timedelta(days=1), dt.time.min)
        return timezone.make_aware(midnight) - dt.timedelta(microseconds=1)

    def existed(self, created_at: dt.datetime) -> bool:
        """Return whether a deal that was created at a moment was there by then."""
        return created_at <= self.moment

    def of(self, traces: Any) -> Any:
        """Return the facts of ``traces`` that this look back shows."""
        return traces.as_of(self.moment) if self.only_known else traces.filter(occurred_at__lte=self.moment)

    def standing(self, traces: Any) -> Any:
        """Return those of them that were not taken back by then."""
        undone = self.of(traces.model.objects.filter(undoes__isnull=False)).values("undoes_id")
        return self.of(traces).filter(undoes__isnull=True).exclude(pk__in=undone)


def column_then(name: str, as_of: AsOf | None) -> str:
    """Return where a column of a list is read: of a look back, from what ``as_it_was`` rebuilt."""
    return f"was_{name}" if as_of and name in _REBUILT else name


def as_it_was(deals: DealQuerySet, as_of: AsOf) -> DealQuerySet:
    """Return the deals that existed at ``as_of``, with their columns of then as ``was_…``.

    As ``deal_facts`` looks back on one deal. Other columns are as they are now.
    """
    closed_later = Q(closed_at__gt=as_of.moment)

    def open_then(column: str, value: Any = None) -> Case:
        return Case(When(closed_later, then=value), default=F(column))

    stages = _events_then(as_of, kind=EventKind.STAGE)
    days = _events_then(as_of, kind=EventKind.FIELD, name__in=list(DATED_COLUMNS), note__regex=ISO_DAY)
    day = Cast(Substr(Subquery(days.values("note")[:1]), 1, 10), DateField())
    past = {
        "status": open_then("status", Value(DealStatus.OPEN.value)),
        "closed_at": open_then("closed_at"),
        "stage": Coalesce(Subquery(stages.values("name")[:1]), open_then("stage", Value(""))),
        "expected_close_on": Coalesce(day, F("expected_close_on")),
        "amount": open_then("amount", F("initial_amount")),
        **{name: open_then(name) for name in SETTLED_AT_CLOSE},
    }
    for name in MONEY_COLUMNS:
        told = _events_then(as_of, kind=EventKind.FIELD, name=name, value__isnull=False)
        past[name] = Coalesce(Subquery(told.values("value")[:1]), past.get(name, F(name)))
    return deals.filter(created_at__lte=as_of.moment).annotate(
        **{f"was_{name}": past[name] for name in _REBUILT}
    )


def _events_then(as_of: AsOf, **what: Any) -> QuerySet:
    """Return what a deal's events said by then, last first, for a subquery of one deal."""
    events = as_of.of(DealEvent.objects.filter(deal=OuterRef("pk"), **what))
    return events.order_by("-occurred_at", "-id")
