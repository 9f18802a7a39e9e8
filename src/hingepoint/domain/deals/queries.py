"""Every answer about deals: the list and its filters, one deal's facts, people and history.

What concerns their agreements is answered one subject up, in ``agreements.queries``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Substr
from django.utils import timezone

from hingepoint.domain.deals.models import Deal, DealContact, DealEvent, DealQuerySet
from hingepoint.domain.people.models import Team, User, managed_team_ids, works_here
from hingepoint.records.deals import BuyingRole, DealStatus, EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

PAGE_SIZE = 50
#: More owners than this are not offered as a list of names.
MOST_OWNERS = 400


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

    def of(self, traces: Any) -> Any:
        """Return the facts of ``traces`` that this look back shows."""
        return traces.as_of(self.moment) if self.only_known else traces.filter(occurred_at__lte=self.moment)

    def standing(self, traces: Any) -> Any:
        """Return those of them that were not taken back by then."""
        undone = self.of(traces.model.objects.filter(undoes__isnull=False)).values("undoes_id")
        return self.of(traces).filter(undoes__isnull=True).exclude(pk__in=undone)


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to; an empty value narrows nothing. Days and amounts are
    included at both ends. ``overdue`` is applied by ``agreements.queries``. With ``as_of`` deals are narrowed,
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


_LINE = (
    "id", "key", "name", "account__name", "owner__name", "team__name", "status", "stage", "amount", "currency",
    "discount", "expected_close_on", "created_at", "closed_at",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Offered:
    """What the filters of a list offer to one viewer, as (value, words)."""

    teams: tuple[tuple[int, str], ...]
    owners: tuple[tuple[int, str], ...]
    stages: tuple[str, ...]
    segments: tuple[str, ...]
    regions: tuple[str, ...]
    products: tuple[str, ...]


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
    return found.filter(Q(name__icontains=text) | Q(key__icontains=text) | Q(account__name__icontains=text))


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
    columns = (column_then(name, as_of) for name in _LINE)
    rows = in_order(deals, sort, as_of).values_list(*columns)[start : start + size]
    return DealList(tuple(_line(row) for row in rows), paging, totals)


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
    if sort.startswith("-"):
        return deals.order_by(*(F(name).desc(nulls_last=True) for name in columns), "id")
    return deals.order_by(*(F(name).asc(nulls_last=True) for name in columns), "id")


def _totals(deals: DealQuerySet, as_of: AsOf | None) -> tuple[Total, ...]:
    amount = column_then("amount", as_of)
    rows = deals.order_by().values("currency").annotate(n=Count("id"), sum=Sum(amount))
    found = [Total(row["currency"], row["n"], row["sum"]) for row in rows]
    return tuple(sorted(found, key=lambda total: -total.deals))


def _line(row: tuple) -> DealLine:
    return DealLine(*row[:3], *(name or "" for name in row[3:6]), *row[6:])


# ---- the list as it was ----


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

    stages = _said_then(as_of, kind=EventKind.STAGE)
    days = _said_then(as_of, kind=EventKind.FIELD, name__in=list(_DATED_COLUMNS), note__regex=_ISO_DAY)
    day = Cast(Substr(Subquery(days.values("note")[:1]), 1, 10), DateField())
    past = {
        "status": open_then("status", Value(DealStatus.OPEN.value)),
        "closed_at": open_then("closed_at"),
        "stage": Coalesce(Subquery(stages.values("name")[:1]), open_then("stage", Value(""))),
        "expected_close_on": Coalesce(day, F("expected_close_on")),
        "amount": open_then("amount", F("initial_amount")),
        **{name: open_then(name) for name in _SETTLED_AT_CLOSE},
    }
    for name in _MONEY_COLUMNS:
        told = _said_then(as_of, kind=EventKind.FIELD, name=name, value__isnull=False)
        past[name] = Coalesce(Subquery(told.values("value")[:1]), past.get(name, F(name)))
    return deals.filter(created_at__lte=as_of.moment).annotate(
        **{f"was_{name}": past[name] for name in _REBUILT}
    )


def _said_then(as_of: AsOf, **what: Any) -> QuerySet:
    """Return what a deal's events said by then, last first, for a subquery of one deal."""
    events = as_of.of(DealEvent.objects.filter(deal=OuterRef("pk"), **what))
    return events.order_by("-occurred_at", "-id")


def offered(viewer: Any) -> Offered:
    """Return what the filters offer: the viewer's teams and people, and the company's own words.

    Causes at most three SQL queries whatever the number of deals.
    """
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        return Offered((), (), (), (), (), ())
    words = _words_in_use(("stage", "segment", "region", "product"))
    teams, owners = _teams_and_owners(viewer)
    return Offered(tuple(teams), tuple(owners), **{f"{name}s": words[name] for name in words})


def _teams_and_owners(viewer: User) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    if viewer.role == Role.SELLER:
        return [], []
    if viewer.sees_everything:
        owners = User.objects.filter(role__in=(Role.SELLER, Role.MANAGER)).order_by("name")
        named = list(owners.values_list("pk", "name")[: MOST_OWNERS + 1])
        return list(Team.objects.order_by("name").values_list("pk", "name")), _few(named)
    rows = Team.objects.filter(pk__in=managed_team_ids(viewer))
    members = rows.values_list("pk", "name", "memberships__user_id", "memberships__user__name")
    teams = {pk: name for pk, name, _, _ in members}
    owners = {pk: name for _, _, pk, name in members if pk}
    return _by_name(teams), _few(_by_name(owners))


def _by_name(named: dict[int, str]) -> list[tuple[int, str]]:
    return sorted(named.items(), key=lambda one: one[1])


def _few(named: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the names, or none when they are too many to choose from."""
    return named if len(named) <= MOST_OWNERS else []


def _words_in_use(columns: Sequence[str], most: int = 200) -> dict[str, tuple[str, ...]]:
    """Return the distinct values of indexed text columns of all deals, by jumping through each index:
    a millisecond where ``SELECT DISTINCT`` would read every deal. They are the company's vocabulary,
    not facts of a deal."""
    walk = """
        SELECT * FROM (WITH RECURSIVE word(w) AS (
            SELECT min({c}) FROM {t} WHERE {c} > ''
            UNION ALL SELECT (SELECT min({c}) FROM {t} WHERE {c} > word.w) FROM word WHERE word.w IS NOT NULL
        ) SELECT '{c}', w FROM word WHERE w IS NOT NULL LIMIT {most}) AS {c}_words"""
    table = Deal._meta.db_table
    parts = [walk.format(c=column, t=table, most=most) for column in columns]  # our own names only
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        rows = cursor.fetchall()
    return {column: tuple(word for name, word in rows if name == column) for column in columns}


# ---- one deal ----


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What is known of one deal. ``pushes`` counts how often its expected close was moved later, first
    from ``first_expected_on``; ``stage_since`` is when it entered its stage, if that was recorded."""

    id: int
    key: str
    name: str
    version: int
    account: str
    owner: str
    owner_id: int | None
    team: str
    status: str
    stage: str
    stage_since: dt.datetime | None
    created_at: dt.datetime
    closed_at: dt.datetime | None
    expected_close_on: dt.date | None
    first_expected_on: dt.date | None
    pushes: int
    amount: Decimal | None
    currency: str
    initial_amount: Decimal | None
    list_price: Decimal | None
    net_price: Decimal | None
    discount: float | None
    margin: float | None
    projected_amount: Decimal | None
    segment: str
    region: str
    product: str
    source: str
    extra: tuple[tuple[str, str], ...]
    link: str

    @property
    def title(self) -> str:
        return self.name or self.key

    def age_days(self, today: dt.date) -> int:
        """Return the days from creation to the close, or to ``today`` while open."""
        end = timezone.localtime(self.closed_at).date() if self.closed_at else today
        return max(0, (end - timezone.localtime(self.created_at).date()).days)


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of the customer on a deal."""

    contact_id: int
    name: str
    title: str
    email: str
    role: str
    since: dt.date
    until: dt.date | None
    left_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact of a deal's history, ready to show. ``late_days``: recorded so many days afterwards."""

    at: dt.datetime
    recorded_at: dt.datetime
    kind: str
    name: str
    state: str
    actor: str
    counterpart: str
    value: Decimal | None
    currency: str
    evidence: int | None
    note: str
    origin: str

    @property
    def late_days(self) -> int:
        return max(0, (self.recorded_at - self.at).days)


_TOLD = tuple(field.name for field in fields(Happening) if field.name != "at")


def deal_facts(viewer: Any, deal_id: int, *, as_of: AsOf | None = None) -> DealFacts:
    """Return one deal, as it is or as it was. Raises Hidden for a foreign deal as for an absent one.

    A look back undoes what stage and field events say happened later: events of kind ``stage`` are
    named by the stage reached; those of kind ``field`` by the column, and hold its new value in
    ``value`` (numbers) or ``note`` (text, ISO days). Columns without such events show as they are now.
    """
    deal = (
        Deal.objects.visible_to(viewer).select_related("account", "owner", "team").filter(pk=deal_id).first()
    )
    if deal is None:
        raise Hidden("no such deal")
    moves = _moves(deal_id, as_of)
    facts = _present(deal) if as_of is None else _present(deal) | _past(deal, moves, as_of)
    return DealFacts(**facts, **_movement(facts["stage"], moves))


def _moves(deal_id: int, as_of: AsOf | None) -> list[DealEvent]:
    moves = DealEvent.objects.filter(deal_id=deal_id, kind__in=(EventKind.STAGE, EventKind.FIELD))
    moves = as_of.of(moves) if as_of else moves
    return list(moves.only("kind", "name", "value", "note", "occurred_at").order_by("occurred_at", "id"))


_AS_STORED = (
    "id", "key", "name", "version", "owner_id", "status", "stage", "created_at", "closed_at", "expected_close_on",
    "amount", "currency", "initial_amount", "list_price", "net_price", "discount", "margin", "projected_amount",
    "segment", "region", "product", "source", "link",
)  # fmt: skip


def _present(deal: Deal) -> dict[str, Any]:
    return {
        **{name: getattr(deal, name) for name in _AS_STORED},
        "account": deal.account.name if deal.account else "",
        "owner": deal.owner.name if deal.owner else "",
        "team": deal.team.name if deal.team else "",
        "extra": tuple((name, str(value)) for name, value in deal.extra.items() if value not in (None, "")),
    }


#: What only the close of a deal settles: unknown while it was open.
_SETTLED_AT_CLOSE = ("discount", "margin", "net_price")
_DATED_COLUMNS = {"expected_close": "expected_close_on", "expected_close_on": "expected_close_on"}
_MONEY_COLUMNS = ("amount", "list_price", "net_price", "projected_amount")
#: What ``as_it_was`` rebuilds.
_REBUILT = ("status", "closed_at", "stage", "expected_close_on", "discount", "margin", *_MONEY_COLUMNS)
#: A day that exists in every year, which each database can read: a 29 February is passed over.
_ISO_DAY = r"^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"


def _past(deal: Deal, moves: Iterable[DealEvent], as_of: AsOf) -> dict[str, Any]:
    """Return the columns that were different at ``as_of``."""
    past: dict[str, Any] = {}
    if deal.closed_at and deal.closed_at > as_of.moment:
        past |= {
            "status": DealStatus.OPEN.value,
            "closed_at": None,
            "amount": deal.initial_amount,
            "stage": "",
        }
        past |= dict.fromkeys(_SETTLED_AT_CLOSE)
    for move in moves:
        past |= _column_of(move)
    return past


def _column_of(move: DealEvent) -> dict[str, Any]:
    """Return ``{column: value}`` that a stage or field event set; empty when it is none we show."""
    if move.kind == EventKind.STAGE:
        return {"stage": move.name}
    if column := _DATED_COLUMNS.get(move.name):
        day = _day(move.note)
        return {column: day} if day else {}
    if move.name in _MONEY_COLUMNS and move.value is not None:
        return {move.name: move.value}
    return {}


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _movement(stage: str, moves: Iterable[DealEvent]) -> dict[str, Any]:
    """Return since when the deal is in its stage, and how often its expected close moved later."""
    entered = [move.occurred_at for move in moves if move.kind == EventKind.STAGE and move.name == stage]
    days = [day for move in moves if (day := _column_of(move).get("expected_close_on"))]
    later = sum(after > before for before, after in pairwise(days))
    return {
        "stage_since": entered[-1] if entered else None,
        "first_expected_on": days[0] if days else None,
        "pushes": later,
    }


def participants(deal_id: int, *, on: dt.date | None = None) -> list[Participant]:
    """Return who takes part for the customer, most senior role first. The caller has fetched the deal."""
    rows = DealContact.objects.filter(deal_id=deal_id).select_related("contact")
    if on:
        rows = rows.filter(Q(until__isnull=True) | Q(until__gt=on), since__lte=on)
    order = {role: place for place, role in enumerate(BuyingRole.values)}
    found = sorted(rows, key=lambda row: (order.get(row.role, 99), row.contact.name))
    return [
        Participant(
            row.contact_id,
            row.contact.name,
            row.contact.title,
            row.contact.email,
            row.get_role_display(),
            row.since,
            row.until,
            row.contact.left_on,
        )
        for row in found
    ]


def happenings(
    deal_id: int, *, kinds: Sequence[str] = (), as_of: AsOf | None = None, most: int
) -> list[Happening]:
    """Return the newest ``most`` events of a deal. The caller has fetched the deal."""
    events = DealEvent.objects.standing().filter(deal_id=deal_id)
    events = events.filter(kind__in=kinds) if kinds else events
    events = as_of.of(events) if as_of else events
    rows = events.order_by("-occurred_at", "-id").values_list("occurred_at", *_TOLD)[:most]
    return [Happening(*row) for row in rows]


def left_out(deal_id: int, as_of: AsOf) -> int:
    """Return how many events happened by then but were recorded only later."""
    events = DealEvent.objects.filter(deal_id=deal_id, occurred_at__lte=as_of.moment)
    return events.filter(recorded_at__gt=as_of.moment).count()
