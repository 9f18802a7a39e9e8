"""How well-executed deals of the past gained an agreement: when, with whom, how good.

A deal was well executed if it was won and did what the strategy wants: a supportive sale where the
metric says which, else at least as good as the middle won deal. Numbers and examples are of the whole
company, so nothing is told that comes from fewer than ``LEAST_SELLERS`` sellers, and examples name
nobody. What a rule found and nobody confirmed is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import polars as pl
from django.db.models import BooleanField, ExpressionWrapper, Q

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Contact
from hingepoint.domain.detection.queries import unconfirmed_agreements
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.records import AgreementState, DealStatus, Evidence

LEAST_SELLERS = 5
#: Wins of the last three years say how we sell now.
LOOKS_BACK = dt.timedelta(days=3 * 365)
GOOD_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Example:
    """What one deal had agreed, without names. ``day`` counts from the deal's creation."""

    act: str
    day: int | None
    evidence: int
    quality: int | None
    role: str
    segment: str
    poor: bool


@dataclass(frozen=True, slots=True)
class Benchmark:
    """``gained`` of ``deals`` well-executed deals gained it, on the days ``early``, ``middle`` and ``late``
    (quartiles, from creation); ``whom`` and ``evidence`` count them. ``told`` is False below five sellers.
    ``left_out`` more rest on a rule's word that nobody confirmed."""

    deals: int
    gained: int
    sellers: int
    told: bool
    left_out: int
    early: int | None = None
    middle: int | None = None
    late: int | None = None
    quality: float | None = None
    whom: tuple[tuple[str, int], ...] = ()
    evidence: tuple[tuple[int, int], ...] = ()
    examples: tuple[Example, ...] = ()


def well_executed(strategy: Strategy, *, today: dt.date) -> set[int]:
    """Return the ids of the well-executed deals. Reads the won deals of three years."""
    metric = metrics.parse(strategy.metric)
    won = results.closed_deals(
        None, since=today - LOOKS_BACK, segment=strategy.segment, status=DealStatus.WON
    )
    try:
        found = results.values(metric, won)
    except metrics.MetricError:
        return set()
    if metric.kind == "share" and not metric.among_won:
        return set(found.filter(pl.col("value") == 1)["id"])
    middle = found["value"].median()
    better = pl.col("value") >= middle if metric.sign > 0 else pl.col("value") <= middle
    return set(found.filter(better)["id"])


def benchmark(type_id: int, deals: set[int]) -> Benchmark:
    """Return how ``deals`` (from ``well_executed``) gained an agreement type. Two SQL queries."""
    rows = Agreement.objects.filter(type_id=type_id, deal__status=DealStatus.WON, gained_at__isnull=False)
    rows = rows.annotate(unconfirmed=_unconfirmed()).select_related("deal", "person", "asked_of")
    theirs = [row for row in rows if row.deal_id in deals]
    found = [row for row in theirs if not row.unconfirmed]
    left_out = len(theirs) - len(found)
    sellers = len({row.deal.owner_id for row in found})
    if sellers < LEAST_SELLERS:
        return Benchmark(len(deals), len(found), sellers, told=False, left_out=left_out)
    early, middle, late = _quartiles([_day(row) for row in found])
    judged = [row.quality for row in found if row.quality is not None]
    return Benchmark(
        deals=len(deals),
        gained=len(found),
        sellers=sellers,
        told=True,
        left_out=left_out,
        early=early,
        middle=middle,
        late=late,
        quality=median(judged) if judged else None,
        whom=tuple(Counter(_role(row) for row in found if _role(row)).most_common(4)),
        evidence=tuple(sorted(Counter(row.evidence for row in found).items(), reverse=True)),
        examples=_examples(found, type_id),
    )


def _unconfirmed() -> ExpressionWrapper:
    return ExpressionWrapper(Q(pk__in=unconfirmed_agreements()), output_field=BooleanField())


def _quartiles(days: list[int]) -> tuple[int, int, int]:
    if len(days) < 2:
        return (days[0],) * 3
    early, middle, late = quantiles(days, n=4, method="inclusive")
    return round(early), round(middle), round(late)


def _day(row: Agreement) -> int:
    return max(0, (row.gained_at - row.deal.created_at).days)


def _role(row: Agreement) -> str:
    person = row.person or row.asked_of
    return (person.title if person else "").strip()


def _examples(gained: list[Agreement], type_id: int) -> tuple[Example, ...]:
    """Return two good examples and a poor one: kind words on a lost deal, without an act."""
    told = [row for row in gained if row.act and row.evidence >= Evidence.WRITTEN]
    told.sort(key=lambda row: (row.quality or 0, row.evidence, -row.pk), reverse=True)
    poor = Agreement.objects.filter(
        type_id=type_id, deal__status=DealStatus.LOST, evidence__lte=Evidence.CLAIMED
    )
    poor = poor.filter(state__in=(AgreementState.SOFT, AgreementState.ASKED, AgreementState.BROKEN))
    weak = list(poor.select_related("deal", "person", "asked_of").order_by("-changed_at")[:1])
    return tuple(_example(row) for row in [*told[:GOOD_EXAMPLES], *weak])


def _example(row: Agreement) -> Example:
    return Example(
        act=without_names(row.act, _names(row)),
        day=_day(row) if row.gained_at else None,
        evidence=row.evidence,
        quality=row.quality,
        role=_role(row),
        segment=row.deal.segment,
        poor=row.deal.status == DealStatus.LOST,
    )


def _names(row: Agreement) -> list[str]:
    """Return the names that an example of ``row`` must not tell."""
    deal = row.deal
    people = Contact.objects.filter(account_id=deal.account_id).values_list("name", flat=True)
    own: list[Any] = [deal.name, deal.key, deal.account, deal.owner, row.asked_of, row.person_name]
    return [str(getattr(one, "name", one)) for one in own if one] + list(people)


def without_names(text: str, names: Iterable[str]) -> str:
    """Return ``text`` with dots in place of every word that begins a name or is part of one.

    Words without a capital or a digit, such as "for" in a deal's name, say nothing and stay.
    """
    words = {word for name in names for word in re.findall(r"[\w-]+", name)}
    hidden = sorted(
        (word for word in words if word != word.lower() or word[0].isdigit()), key=len, reverse=True
    )
    pattern = "|".join(re.escape(word) for word in hidden)
    return re.sub(rf"\b(?:{pattern})\b", "…", text) if hidden else text
