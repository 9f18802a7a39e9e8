"""Every answer about pressures: the five on one page, one with the deals behind it, those of a deal, and the rules.

What is told of the whole company comes from the newest kept reading; which deals are named, and their number, follow the
rights of the viewer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from hingepoint.analysis import detection, intervals
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.analysis.pressures.shape import Report, Told
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.detection.queries.rules import Example
from hingepoint.domain.people.models import Viewer
from hingepoint.domain.pressures import record
from hingepoint.domain.pressures.models import PressureReading, PressureRule, PressureTag, PressureTagQuerySet
from hingepoint.domain.pressures.rules import may_keep, require_seller_or_leader, rule_of, rule_row
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.pressures import Pressure

#: Deals that a page names, the newest tags first; the file has all.
MOST_DEALS = 20
#: Events that are offered as evidence, the newest first.
MOST_EVENTS = 6
#: What happens on a deal that may show a pressure.
EVIDENCE = (EventKind.DEMAND, EventKind.ACTIVITY, EventKind.QUOTE, EventKind.DOCUMENT, EventKind.FIELD)


@dataclass(frozen=True, slots=True)
class Overview:
    """The five as they were read on ``day``; ``report`` is None where nothing was read yet. ``names`` says what agreements
    are called, ``visible`` on how many deals the viewer sees each tag."""

    day: dt.date | None
    report: Report | None
    names: Mapping[str, str]
    visible: Mapping[Pressure, int]
    may_keep: bool
    rules_on: int


@dataclass(frozen=True, slots=True)
class DealUnder:
    """A deal under a pressure as the viewer sees it, with the newest evidence."""

    id: int
    key: str
    title: str
    owner: str
    status: str
    amount: Decimal | None
    currency: str
    seen_at: dt.datetime
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class PressurePage:
    """One pressure: what was read of it, None where nothing was, and the deals under it that the viewer sees."""

    pressure: Pressure
    day: dt.date | None
    report: Report | None
    told: Told | None
    names: Mapping[str, str]
    deals: tuple[DealUnder, ...]
    total: int


def overview(viewer: Viewer, as_of: dt.date | None = None) -> Overview:
    """Return the five, today or as of a day. Raises Hidden. At most six SQL queries."""
    require_seller_or_leader(viewer)
    row, report = _newest(as_of)
    tags = _tags(viewer, as_of).order_by()
    counts = dict(tags.values_list("pressure").annotate(n=Count("deal", distinct=True)))
    return Overview(
        day=row.day if row else None,
        report=report,
        names=_names(report),
        visible={one: counts.get(one.value, 0) for one in Pressure},
        may_keep=may_keep(viewer),
        rules_on=PressureRule.objects.filter(on=True).count() if may_keep(viewer) else 0,
    )


def _tags(viewer: Viewer, as_of: dt.date | None) -> PressureTagQuerySet:
    """Return the visible tags that stand, or stood at the end of a day."""
    tags = PressureTag.objects.visible_to(viewer)
    return tags.standing_at(AsOf(as_of).moment) if as_of else tags.standing()


def _newest(as_of: dt.date | None) -> tuple[PressureReading | None, Report | None]:
    row = PressureReading.objects.until(as_of).first()
    report = record.opened(row.report) if row else None
    return (row, report) if report else (None, None)


def _names(report: Report | None) -> dict[str, str]:
    """Return what the agreements of a report are called. One SQL query."""
    keys = {answer.key for told in report.pressures for answer in told.answers} if report else set()
    rows = AgreementType.objects.effective().filter(key__in=keys)
    return dict(rows.values_list("key", "shown_name"))


def pressure_page(viewer: Viewer, pressure: Pressure, as_of: dt.date | None = None) -> PressurePage:
    """Return one pressure, today or as of a day. Raises Hidden. At most seven SQL queries."""
    require_seller_or_leader(viewer)
    row, report = _newest(as_of)
    under = _under(viewer, pressure, as_of)
    return PressurePage(
        pressure=pressure,
        day=row.day if row else None,
        report=report,
        told=report.of(pressure) if report else None,
        names=_names(report),
        deals=_deals(viewer, pressure, under[:MOST_DEALS], as_of),
        total=under.count(),
    )


def deals_under(viewer: Viewer, pressure: Pressure) -> tuple[DealUnder, ...]:
    """Return all visible deals under a pressure, the newest tags first. Raises Hidden. Three SQL queries."""
    require_seller_or_leader(viewer)
    return _deals(viewer, pressure, _under(viewer, pressure))


def _under(viewer: Viewer, pressure: Pressure, as_of: dt.date | None = None) -> QuerySet[Any, Any]:
    """Return the deals under a pressure by their numbers, each with its newest tag, the newest first."""
    tags = _tags(viewer, as_of).filter(pressure=pressure).order_by()
    newest = tags.values("deal_id").annotate(last=Max("seen_at"))
    return newest.order_by("-last", "-deal_id").values_list("deal_id", flat=True)


def _deals(
    viewer: Viewer, pressure: Pressure, wanted: Any, as_of: dt.date | None = None
) -> tuple[DealUnder, ...]:
    numbers = list(wanted)
    rows = _tags(viewer, as_of).filter(pressure=pressure)
    if len(numbers) <= MOST_DEALS:
        rows = rows.filter(deal__in=numbers)
    tags = rows.select_related("deal__owner", "noted_by", "rule")
    newest = {tag.deal_id: tag for tag in tags.order_by("seen_at", "id")}
    return tuple(_deal(newest[number]) for number in numbers if number in newest)


def _deal(tag: PressureTag) -> DealUnder:
    deal = tag.deal
    return DealUnder(
        id=deal.pk,
        key=deal.key,
        title=str(deal),
        owner=deal.owner.name if deal.owner else "",
        status=deal.status,
        amount=deal.amount,
        currency=deal.currency,
        seen_at=tag.seen_at,
        words=tag.words,
        by=_by(tag),
    )


def _by(tag: PressureTag) -> str:
    if tag.rule is not None:
        return f"rule “{rule_of(tag.rule).name}”"
    return tag.noted_by.name if tag.noted_by else say("the system")


# ---- on one deal ----


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag on a deal, with who says so; ``by_rule`` if a rule does. ``taken_back``: by whom and when, if it was."""

    id: int
    pressure: Pressure
    words: str
    seen_at: dt.datetime
    by: str
    by_rule: bool
    noted_at: dt.datetime
    taken_back_at: dt.datetime | None
    taken_back_by: str


@dataclass(frozen=True, slots=True)
class OnDeal:
    """The pressures of a deal: what stands, what was taken back, what can still be tagged by hand, and the events that may
    show it."""

    standing: tuple[TagShown, ...]
    taken_back: tuple[TagShown, ...]
    left: tuple[Pressure, ...]
    events: tuple[tuple[int, str, dt.datetime], ...]


def on_deal(viewer: Viewer, deal_id: int) -> OnDeal:
    """Return the pressures of a deal. Raises Hidden. Three SQL queries."""
    require_seller_or_leader(viewer)
    if not Deal.every.visible_to(viewer).filter(pk=deal_id).exists():
        raise Hidden("no such deal")
    rows = PressureTag.objects.filter(deal_id=deal_id).select_related("noted_by", "taken_back_by", "rule")
    shown = [_shown(row) for row in rows.order_by("seen_at", "id")]
    standing = tuple(one for one in shown if one.taken_back_at is None)
    by_hand = {one.pressure for one in standing if not one.by_rule}
    events = (
        DealEvent.objects.standing()
        .filter(deal_id=deal_id, kind__in=EVIDENCE)
        .order_by("-occurred_at", "-id")
    )
    return OnDeal(
        standing=standing,
        taken_back=tuple(one for one in shown if one.taken_back_at is not None),
        left=tuple(one for one in Pressure if one not in by_hand),
        events=tuple((one.pk, _said(one), one.occurred_at) for one in events[:MOST_EVENTS]),
    )


def _said(event: DealEvent) -> str:
    return " ".join(f"{event.name}: {event.note}".split()).strip(": ")[:120]


def _shown(row: PressureTag) -> TagShown:
    return TagShown(
        id=row.pk,
        pressure=Pressure(row.pressure),
        words=row.words,
        seen_at=row.seen_at,
        by=_by(row),
        by_rule=row.rule_id is not None,
        noted_at=row.noted_at,
        taken_back_at=row.taken_back_at,
        taken_back_by=row.taken_back_by.name if row.taken_back_by else "",
    )


# ---- rules ----


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: what it waits for, and on how many deals its tags stand. ``denied``: people took back so many."""

    id: int
    key: str
    name: str
    pressure: Pressure
    condition: str
    on: bool
    number: int
    previewed: bool
    tagged: int
    denied: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would tag: see ``analysis.detection.Tested``. ``also_by_hand``: of its hits, those that people tagged too;
    ``found``: of those that people tagged, what it finds."""

    at: dt.datetime
    hits: int
    deals: int
    share: intervals.Estimate
    also_by_hand: intervals.Estimate
    found: intervals.Estimate
    only_at_the_end: bool
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class RulePage:
    line: RuleLine
    rule: Rule
    preview: Preview | None
    version: int


def rules(viewer: Viewer) -> list[RuleLine]:
    """Return the rules, those that are on first; nothing for who does not keep them. One SQL query."""
    if not may_keep(viewer):
        return []
    lines = [_line(row) for row in _counted(PressureRule.objects.all())]
    order = list(Pressure)
    return sorted(lines, key=lambda line: (not line.on, order.index(line.pressure), line.name))


def _counted(rows: QuerySet[PressureRule]) -> QuerySet[Any, Any]:
    standing = Count("tags", filter=Q(tags__taken_back_at__isnull=True))
    denied = Count("tags", filter=Q(tags__taken_back_at__isnull=False, tags__with_rule=False))
    return rows.annotate(tagged=standing, denied=denied)


def _line(row: Any) -> RuleLine:
    rule = rule_of(row)
    return RuleLine(
        id=row.pk,
        key=row.key,
        name=rule.name,
        pressure=Pressure(row.pressure),
        condition=detection.condition_in_words(rule),
        on=row.on,
        number=row.number,
        previewed=row.test is not None,
        tagged=row.tagged,
        denied=row.denied,
    )


def rule_page(viewer: Viewer, rule_id: int) -> RulePage:
    """Return one rule. Raises Hidden. Three SQL queries."""
    row = rule_row(viewer, rule_id)
    counted = _counted(PressureRule.objects.filter(pk=row.pk)).get()
    return RulePage(_line(counted), rule_of(row), _preview(row), row.version)


def _preview(row: PressureRule) -> Preview | None:
    told = row.test
    if told is None or row.tested_at is None:
        return None
    known = {deal.key: deal for deal in Deal.every.filter(key__in=[one["deal"] for one in told["examples"]])}
    return Preview(
        at=row.tested_at,
        hits=told["hits"],
        deals=told["deals"],
        share=intervals.Estimate(**told["share"]),
        also_by_hand=intervals.Estimate(**told["also_recorded"]),
        found=intervals.Estimate(**told["found"]),
        only_at_the_end=told["only_at_the_end"],
        examples=tuple(_example(one, known.get(one["deal"])) for one in told["examples"]),
    )


def _example(told: Mapping[str, str], deal: Deal | None) -> Example:
    return Example(
        deal_id=deal.pk if deal else None,
        title=str(deal) if deal else told["deal"],
        on=dt.date.fromisoformat(told["on"]),
        words=told["words"],
    )
