"""The agreement debt: what it comes to with its course, what is most worth paying, and all that a viewer sees of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from hingepoint.analysis import debt
from hingepoint.analysis.debt import Debt, Sum
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.debts import record
from hingepoint.domain.debts.frames import debts_frame
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.debts.owed import AT_ONCE, Books, Owed, owing, today_of
from hingepoint.domain.people.models import Team, Viewer, sees_all, works_here
from hingepoint.records.agreements import AgreementState
from hingepoint.records.debts import DebtKind
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: A person is told of so many debts: as a list they are useless.
MOST = 3
#: A debt is held against what it was so many months before.
MONTHS_BACK = 3


@dataclass(frozen=True, slots=True)
class DayOf:
    """What was owed at the end of a day."""

    day: dt.date
    debt: Debt

    def sum_in(self, currency: str) -> Sum | None:
        return next((one for one in self.debt.sums if one.currency == currency), None)


@dataclass(frozen=True, slots=True)
class Paying:
    """A debt that is worth paying. ``value`` with ``low`` to ``high`` in the deal's currency, None where no signed finding
    says; ``others`` further debts of the deal can be paid too."""

    deal_id: int
    deal: str
    owner: str
    type_id: int
    name: str
    from_whom: str
    kind: DebtKind
    state: AgreementState
    since: dt.date | None
    amount: float | None
    currency: str
    value: float | None
    low: float | None
    high: float | None
    why: str
    others: int


@dataclass(frozen=True, slots=True)
class DebtPage:
    """``newest`` and ``course`` (ends of months and the newest day, in order) are of all deals, for those who see all; ``pay`` is
    what the viewer had best pay now. ``currencies``: in how many these are; they are ranked as written. ``days``: those that can
    be asked for, the newest first."""

    newest: DayOf | None
    course: tuple[DayOf, ...]
    pay: tuple[Paying, ...]
    whole: bool
    days: tuple[dt.date, ...] = ()

    @property
    def is_past(self) -> bool:
        """Whether a later day than this is on record."""
        return bool(self.days) and self.newest is not None and self.newest.day < self.days[0]

    @property
    def currencies(self) -> int:
        return len({one.currency for one in self.pay})

    def before(self, currency: str) -> DayOf | None:
        """Return what was owed at the last end of a month three months before the newest day or earlier."""
        if self.newest is None:
            return None
        last = self.newest.day - dt.timedelta(days=30 * MONTHS_BACK)
        found = [one for one in self.course if one.day <= last and one.sum_in(currency)]
        return found[-1] if found else None


def debt_page(viewer: Viewer, *, today: dt.date, as_of: dt.date | None = None) -> DebtPage:
    """Return the debt as a viewer may see it; ``as_of`` asks for the last reading until a day in the past, beside which nothing is
    to be paid. Raises Hidden for strangers
    and inside partners. At most six SQL queries, and one more for each metric that strategies in force are judged by."""
    whole = sees_all(_require(viewer))
    known = _course() if whole else ()
    course = tuple(one for one in known if as_of is None or one.day <= as_of)
    return DebtPage(
        newest=course[-1] if course else None,
        course=course,
        pay=() if as_of else tuple(worth_paying(viewer, today=today)),
        whole=whole,
        days=tuple(one.day for one in reversed(known)),
    )


def _require(viewer: Viewer) -> Viewer:
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        raise Hidden("The agreement debt is for those who sell and lead.")
    return viewer


def _course() -> tuple[DayOf, ...]:
    rows = DebtReading.objects.order_by("day")
    return tuple(DayOf(row.day, told) for row in rows if (told := record.opened(row.told)))


# ---- what is most worth paying ----


def worth_paying(
    viewer: Viewer, *, today: dt.date, most: int = MOST, team: Team | None = None
) -> list[Paying]:
    """Return the debts that are most worth paying among those the viewer sees, one a deal, the best first; those of unknown
    worth come last, those of the largest deals first. Only of the deals of ``team`` and the teams below it, where one is
    given. At most three SQL queries, and one for each metric.

    On a deal it is the one whose gaining is expected to help most: by the rule of the next best agreement.
    """
    books = Books()
    rows = owing(viewer, today)
    rows = rows.filter(deal__team__path__startswith=team.path) if team else rows
    rows = rows.order_by(F("deal__amount").desc(nulls_last=True), "deal_id", "pk")
    best = _best(rows.iterator(AT_ONCE), books, today, most)
    return [_paying(row, owed, others) for row, owed, others in best]


def _best(
    rows: Iterable[Agreement], books: Books, today: dt.date, most: int
) -> list[tuple[Agreement, Owed, int]]:
    """Return the best debt of each deal and how many others it has, the first ``most``. ``rows`` begin with those of the largest
    deals, and are read only until no later one can be among the first."""
    ceiling = books.most()
    first: list[tuple[Agreement, Owed, int]] = []
    for deal in _by_deal(rows, books, today):
        amount = deal[0][1].deal.amount or 0.0
        if len(first) == most and ceiling is not None and (first[-1][1].value or 0.0) >= amount * ceiling:
            break
        row, owed = min(deal, key=lambda one: _rank(one[1]))
        first = sorted([*first, (row, owed, len(deal) - 1)], key=lambda one: _rank(one[1]))[:most]
    return first


def _rank(owed: Owed) -> tuple[bool, float, float, int]:
    """Return what debts are ranked by, the best first: of no known value by the deal's amount, then in the playbook's order."""
    value, amount = owed.value, owed.deal.amount or 0.0
    return value is None, -(value or 0.0), -amount, owed.asked.line.position


def _by_deal(
    rows: Iterable[Agreement], books: Books, today: dt.date
) -> Iterator[list[tuple[Agreement, Owed]]]:
    """Yield the debts that can be paid, deal by deal, those of a deal together as ``rows`` have them."""
    together: list[tuple[Agreement, Owed]] = []
    for row in rows:
        for owed in today_of([row], books, today):
            if together and together[0][0].deal_id != row.deal_id:
                yield together
                together = []
            if owed.payable:
                together.append((row, owed))
    if together:
        yield together


def _paying(row: Agreement, owed: Owed, others: int) -> Paying:
    person = row.person or row.asked_of
    worth, value = owed.worth, owed.value
    scale = value / worth.gain if value is not None and worth else None
    return Paying(
        deal_id=row.deal_id,
        deal=str(row.deal),
        owner=row.deal.owner.name if row.deal.owner else "",
        type_id=row.type_id,
        name=str(row.type),
        from_whom=person.name if person else row.person_name or owed.asked.line.counterpart,
        kind=owed.kind,
        state=AgreementState(row.state),
        since=owed.since,
        amount=owed.deal.amount,
        currency=owed.deal.currency,
        value=value,
        low=worth.low * scale if worth and scale is not None else None,
        high=worth.high * scale if worth and scale is not None else None,
        why=worth.in_words if worth and value is not None else "",
        others=others,
    )


# ---- all of it, as a file ----

#: What a file of debts has, in order.
COLUMNS = (
    "deal_id",
    "deal",
    "owner",
    "agreement",
    "name",
    "kind",
    "since",
    "days",
    "amount",
    "currency",
    "value",
    "value_low",
    "value_high",
    "unvalued",
    "can_be_paid",
)


def all_debts(viewer: Viewer, *, today: dt.date) -> Iterator[dict[str, Any]]:
    """Yield every debt that the viewer sees today, by deal, also those that can no longer be paid, as rows of ``COLUMNS``.
    Raises Hidden for strangers and inside partners. Reads all that is owed: some seconds in a large company."""
    _require(viewer)
    rows = owing(viewer, today).order_by("deal__key", "pk")
    books = Books()
    found = [(row, owed) for row in rows.iterator(AT_ONCE) for owed in today_of([row], books, today)]
    valued = debt.valued(debts_frame((owed for _, owed in found), today)).iter_rows(named=True)
    for (row, owed), told in zip(found, valued, strict=True):
        yield {
            "deal_id": row.deal.key,
            "deal": row.deal.name,
            "owner": row.deal.owner.name if row.deal.owner else "",
            "agreement": row.type.key,
            "name": str(row.type),
            "since": owed.since,
            "can_be_paid": "yes" if owed.payable else "no",
            **{name: told[name] for name in COLUMNS if name in told},
        }
