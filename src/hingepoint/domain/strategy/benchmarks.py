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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, NamedTuple

import polars as pl
from django.db.models import BooleanField, ExpressionWrapper, FilteredRelation, Q

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.rules import counted_quality, quality_of
from hingepoint.domain.deals.models import Deal, DealQuerySet, that_count
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import DealStatus

LEAST_SELLERS = 5
#: Wins of the last three years say how we sell now.
LOOKS_BACK = dt.timedelta(days=3 * 365)
GOOD_EXAMPLES = 2
_FACTS = tuple(results.COLUMNS.values())


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


#: What well-executed deals did about a type, in a strategy: kept in a large company.
DID = Question[Benchmark]("benchmark", Benchmark)


def which(strategy: Strategy, type_id: int) -> str:
    """Return what decides which deals count as well executed, and the type."""
    return f"{strategy.metric} in {strategy.segment}: {type_id}"


def benchmark_of(
    strategy: Strategy, type_id: int, *, today: dt.date, shelf: Shelf | None = None
) -> Benchmark:
    """Return how well-executed deals of a strategy gained an agreement type. At most five SQL queries."""
    return DID.told(
        lambda: benchmark(type_id, well_executed(strategy, today=today)),
        about=which(strategy, type_id),
        shelf=shelf,
    )


def well_executed(strategy: Strategy, *, today: dt.date) -> set[int]:
    """Return the ids of the well-executed deals. Reads the won deals of three years."""
    return _did_what_it_wants(strategy, results.read(_won(strategy, today)))


def _won(strategy: Strategy, today: dt.date) -> DealQuerySet:
    won = Deal.objects.filter(status=DealStatus.WON)
    return results.closed_since(won, since=today - LOOKS_BACK, segment=strategy.segment)


def _did_what_it_wants(strategy: Strategy, won: pl.DataFrame) -> set[int]:
    metric = metrics.parse(strategy.metric)
    try:
        found = metrics.values(metric, won)
    except metrics.MetricError:
        return set()
    if metrics.is_counted(metric):
        return set(found.filter(pl.col("value") == 1)["id"])
    middle = found["value"].median()
    better = pl.col("value") >= middle if metric.sign > 0 else pl.col("value") <= middle
    return set(found.filter(better)["id"])


class _Gained(NamedTuple):
    """One agreement gained on a won deal, or none of it (``pk`` is None)."""

    pk: int | None
    owner_id: int | None
    act: str
    evidence: int
    quality: int | None
    unconfirmed: bool


_GAINED = ("gained__pk", "owner_id", "gained__act", "gained__evidence", "counted", "unconfirmed")


def best_act(
    strategy: Strategy, type_id: int, *, today: dt.date, shelf: Shelf | None = None
) -> tuple[str, int]:
    """Return the act of the best example of an agreement type, without names, and on how many well-executed
    deals it was gained: what ``benchmark`` says of them. Empty below five sellers. At most three SQL queries."""
    kept = DID.kept(about=which(strategy, type_id), shelf=shelf)
    return _best_act_now(strategy, type_id, today=today) if kept is None else _best_of(kept)


def _best_of(told: Benchmark) -> tuple[str, int]:
    good = [one for one in told.examples if not one.poor]
    return (good[0].act, told.gained) if good else ("", 0)


def _best_act_now(strategy: Strategy, type_id: int, *, today: dt.date) -> tuple[str, int]:
    theirs = Q(agreements__type_id=type_id, agreements__gained_at__isnull=False)
    won = _won(strategy, today).annotate(
        gained=FilteredRelation("agreements", condition=theirs),
        unconfirmed=_unconfirmed("gained__pk"),
        counted=counted_quality("gained__"),
    )
    rows = list(won.values_list(*_FACTS, *_GAINED))
    executed = _did_what_it_wants(strategy, results.frame(row[: len(_FACTS)] for row in rows))
    told = [_Gained(*row[len(_FACTS) :]) for row in rows if row[0] in executed]
    found = [one for one in told if one.pk and not one.unconfirmed]
    best = _best_first(found)
    if not best or len({one.owner_id for one in found}) < LEAST_SELLERS:
        return "", 0
    return without_names(best[0].act, _names([best[0].pk])[best[0].pk]), len(found)


def benchmark(type_id: int, deals: set[int]) -> Benchmark:
    """Return how ``deals`` (from ``well_executed``) gained an agreement type. Three SQL queries."""
    rows = Agreement.objects.filter(
        that_count("deal"), type_id=type_id, deal__status=DealStatus.WON, gained_at__isnull=False
    )
    rows = rows.annotate(unconfirmed=_unconfirmed()).select_related("deal", "person", "asked_of")
    theirs = [row for row in rows if row.deal_id in deals]
    found = [row for row in theirs if not row.unconfirmed]
    left_out = len(theirs) - len(found)
    sellers = len({row.deal.owner_id for row in found})
    if sellers < LEAST_SELLERS:
        return Benchmark(len(deals), len(found), sellers, told=False, left_out=left_out)
    early, middle, late = _quartiles([_day(row) for row in found])
    judged = [count for row in found if (count := quality_of(row)) is not None]
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


def _unconfirmed(agreement: str = "pk") -> ExpressionWrapper:
    return ExpressionWrapper(Q(**{f"{agreement}__in": unconfirmed_agreements()}), output_field=BooleanField())


def _quartiles(days: list[int]) -> tuple[int, int, int]:
    if len(days) < 2:
        return (days[0],) * 3
    early, middle, late = quantiles(days, n=4, method="inclusive")
    return round(early), round(middle), round(late)


def _day(row: Agreement) -> int:
    assert row.gained_at is not None
    return max(0, (row.gained_at - row.deal.created_at).days)


def _role(row: Agreement) -> str:
    person = row.person or row.asked_of
    return (person.title if person else "").strip()


def _examples(gained: Sequence[Agreement], type_id: int) -> tuple[Example, ...]:
    """Return two good examples and a poor one: kind words on a lost deal, without an act."""
    poor = Agreement.objects.filter(
        that_count("deal"), type_id=type_id, deal__status=DealStatus.LOST, evidence__lte=Evidence.CLAIMED
    )
    poor = poor.filter(state__in=(AgreementState.SOFT, AgreementState.ASKED, AgreementState.BROKEN))
    weak = list(poor.select_related("deal", "person", "asked_of").order_by("-changed_at")[:1])
    shown = [*_best_first(gained)[:GOOD_EXAMPLES], *weak]
    names = _names([row.pk for row in shown])
    return tuple(_example(row, names[row.pk]) for row in shown)


def _best_first(gained: Sequence[Any]) -> list[Any]:
    """Return those that say an act and have it in writing, the best first."""
    told = [row for row in gained if row.act and row.evidence >= Evidence.WRITTEN]
    return sorted(told, key=lambda row: (_counted(row) or 0, row.evidence, -row.pk), reverse=True)


def _counted(row: _Gained | Agreement) -> int | None:
    return quality_of(row) if isinstance(row, Agreement) else row.quality


def _example(row: Agreement, names: Iterable[str]) -> Example:
    return Example(
        act=without_names(row.act, names),
        day=_day(row) if row.gained_at else None,
        evidence=row.evidence,
        quality=quality_of(row),
        role=_role(row),
        segment=row.deal.segment,
        poor=row.deal.status == DealStatus.LOST,
    )


#: Where the names stand that an example must not tell.
_NAMES = (
    "person_name", "asked_of__name", "deal__name", "deal__key", "deal__owner__name", "deal__account__name",
    "deal__account__contacts__name",
)  # fmt: skip


def _names(agreements: Sequence[int]) -> dict[int, set[str]]:
    """Return, per agreement, the names that an example of it must not tell. One SQL query."""
    found: dict[int, set[str]] = {pk: set() for pk in agreements}
    for pk, *names in Agreement.objects.filter(pk__in=agreements).values_list("pk", *_NAMES):
        found[pk].update(name for name in names if name)
    return found


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
