"""The list of deals: what it is narrowed to, its order, its pages and its totals.

What concerns their agreements is answered one subject up, in ``agreements.queries.lists``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Sum, Value, When

from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.deals.queries import filters
from hingepoint.domain.deals.queries.looking_back import AsOf, as_it_was, column_then
from hingepoint.domain.people.models import Team
from hingepoint.domain.wording import in_any
from hingepoint.records.deals import place_of

PAGE_SIZE = 50
#: What a list can be sorted by -> columns of the table. The deal's id makes every order total.
SORTS: dict[str, tuple[str, ...]] = {
    "deal": ("name", "key"),
    "account": ("account__name",),
    "owner": ("owner__name",),
    "team": ("team__name",),
    "stage": ("stage",),
    "status": ("status",),
    "amount": ("amount",),
    "discount": ("discount",),
    "close": ("expected_close_on",),
    "created": ("created_at",),
    "closed": ("closed_at",),
}
DEFAULT_SORT = "-amount"
_LINE_COLUMNS = (
    "id", "key", "name", "account__name", "owner__name", "team__name", "status", "stage", "amount", "currency",
    "discount", "expected_close_on", "created_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; an empty value narrows nothing. Days and amounts are
    included at both ends. ``overdue`` is applied by ``agreements.queries.lists``. With ``as_of`` deals are narrowed,
    counted and shown as they were."""

    text: str = ""
    status: str = ""
    team: int | None = None
    owner: int | None = None
    stage: str = ""
    segment: str = ""
    region: str = ""
    product: str = ""
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    close_from: dt.date | None = None
    close_to: dt.date | None = None
    overdue: bool = False
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True)
class DealLine:
    """One deal in a list."""

    id: int
    key: str
    name: str
    account: str
    owner: str
    team: str
    status: str
    stage: str
    amount: Decimal | None
    currency: str
    discount: float | None
    expected_close_on: dt.date | None
    created_at: dt.datetime
    closed_at: dt.datetime | None

    @property
    def title(self) -> str:
        return self.name or self.key


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page stands in its list."""

    page: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class Total:
    """The value of a selection in one currency; amounts of different currencies are never added."""

    currency: str
    deals: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class DealList:
    """One page of deals, with honest counts of the whole selection."""

    lines: tuple[DealLine, ...]
    paging: Paging
    totals: tuple[Total, ...]


def selection(viewer: Any, wanted: DealFilter) -> DealQuerySet:
    """Return the deals that ``viewer`` may see and asked for, in no order. Other subjects narrow it further."""
    found = Deal.objects.visible_to(viewer)
    if wanted.as_of:
        found = as_it_was(found, wanted.as_of)
    plain = {
        column_then(name, wanted.as_of): getattr(wanted, name)
        for name in ("status", "owner", "stage", "segment", "region", "product")
    }
    found = found.filter(**{name: value for name, value in plain.items() if value not in ("", None)})
    if wanted.team is not None:
        found = found.filter(team__in=Team.objects.filter(path__contains=f"/{wanted.team}/"))
    return _narrow_by_text(_narrow_by_ranges(found, wanted), wanted.text.strip())


def _narrow_by_ranges(found: DealQuerySet, wanted: DealFilter) -> DealQuerySet:
    amount, close = (column_then(name, wanted.as_of) for name in ("amount", "expected_close_on"))
    ranges = {
        f"{amount}__gte": wanted.amount_from,
        f"{amount}__lte": wanted.amount_to,
        f"{close}__gte": wanted.close_from,
        f"{close}__lte": wanted.close_to,
    }
    return found.filter(**{name: value for name, value in ranges.items() if value is not None})


def _narrow_by_text(found: DealQuerySet, text: str) -> DealQuerySet:
    if not text:
        return found
    return found.filter(in_any(("name", "key", "account__name"), text))


def page_of(
    deals: DealQuerySet,
    *,
    sort: str = DEFAULT_SORT,
    page: int = 1,
    size: int = PAGE_SIZE,
    as_of: AsOf | None = None,
) -> DealList:
    """Return one page of ``deals`` (from ``selection``, as of the same day) and the totals of them all. Two
    SQL queries."""
    totals = _totals(deals, as_of)
    paging = paging_of(sum(total.deals for total in totals), page, size)
    start = (paging.page - 1) * size
    ordered = in_order(deals, sort, as_of)
    numbers = _numbers(ordered, start, min(size, paging.total - start), paging.total)
    return DealList(lines_of(ordered.filter(pk__in=numbers), as_of), paging, totals)


def lines_of(deals: DealQuerySet, as_of: AsOf | None = None) -> tuple[DealLine, ...]:
    """Return deals in their order as lines of a list. One SQL query."""
    rows = deals.values_list(*(column_then(name, as_of) for name in _LINE_COLUMNS))
    return tuple(_deal_line(row) for row in rows)


def _numbers(ordered: DealQuerySet, start: int, size: int, total: int) -> Any:
    """Return the deals of a page by their numbers, read from the nearer end: a database sorts all that it skips."""
    if start <= total // 2:
        return ordered.values("pk")[start : start + size]
    end = total - start
    return ordered.reverse().values("pk")[end - size : end]


def paging_of(total: int, page: int, size: int) -> Paging:
    """Return the page asked for, or the nearest there is."""
    last = max(1, -(-total // size))
    return Paging(page=min(max(page, 1), last), last=last, total=total)


def in_order(deals: DealQuerySet, sort: str, as_of: AsOf | None = None) -> DealQuerySet:
    """Order by a key of ``SORTS``, descending with a leading minus; what is not known comes last."""
    columns = SORTS.get(sort.removeprefix("-"))
    if columns is None:
        return in_order(deals, DEFAULT_SORT, as_of)
    columns = tuple(column_then(name, as_of) for name in columns)
    if sort.removeprefix("-") == "stage":
        return _in_order_of_the_sale(deals, columns[0], last_first=sort.startswith("-"))
    if sort.startswith("-"):
        return deals.order_by(*(F(name).desc(nulls_last=True) for name in columns), "id")
    return deals.order_by(*(F(name).asc(nulls_last=True) for name in columns), "id")


def _in_order_of_the_sale(deals: DealQuerySet, column: str, *, last_first: bool) -> DealQuerySet:
    """Order by a column of stages, as the sale goes. Asks for the stages in use: one SQL query."""
    stages = sorted(filters.words_in_use(("stage",))["stage"], key=place_of)
    known = [When(**{column: stage}, then=Value(place)) for place, stage in enumerate(stages)]
    if not known:
        return deals.order_by(column, "id")
    place = Case(*known, default=None, output_field=IntegerField())
    way = place.desc(nulls_last=True) if last_first else place.asc(nulls_last=True)
    return deals.order_by(way, column, "id")


def _totals(deals: DealQuerySet, as_of: AsOf | None) -> tuple[Total, ...]:
    amount = column_then("amount", as_of)
    rows = deals.order_by().values("currency").annotate(n=Count("id"), sum=Sum(amount))
    found = [Total(row["currency"], row["n"], row["sum"]) for row in rows]
    return tuple(sorted(found, key=lambda total: -total.deals))


def _deal_line(row: tuple) -> DealLine:
    return DealLine(*row[:3], *(name or "" for name in row[3:6]), *row[6:])
