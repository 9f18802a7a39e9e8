"""What rules find on a batch of deals: read and decided here, holding no lock; written by ``actions``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils import timezone

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Trace
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import frames
from hingepoint.domain.pressures.models import PressureRule, PressureTag
from hingepoint.domain.pressures.rules import rule_of


@dataclass(frozen=True, slots=True)
class Reader:
    """A rule that is on, as it says now."""

    row: PressureRule
    rule: Rule


def readers(rows: Iterable[PressureRule]) -> list[Reader]:
    return [Reader(row, rule_of(row)) for row in rows]


def traces(rules: Sequence[Rule], *, among: Collection[int] | None = None) -> pl.DataFrame:
    """Return the traces that these rules read, for the system: of the deals ``among``, else of all."""
    columns = {name for rule in rules if rule.trace == Trace.FACT for name in rule.names}
    dated = {rule.trace for rule in rules} - {Trace.FACT}
    return pl.concat([frames.facts(columns, among=among), frames.traces(None, dated, among=among)])


def found_on(deal_ids: Collection[int], by: Sequence[Reader], *, at: dt.datetime) -> list[PressureTag]:
    """Return, unsaved, what each rule finds on these deals and has not found before. At most six SQL queries."""
    if not by:
        return []
    numbers = dict(Deal.objects.filter(pk__in=deal_ids).values_list("key", "pk"))
    seen, deals = traces([one.rule for one in by], among=deal_ids), frames.lived(deal_ids)
    every = [
        _tag(one, hit, deal_id=numbers[hit["deal_id"]], at=at)
        for one in by
        for hit in detection.find(one.rule, traces=seen, deals=deals).iter_rows(named=True)
    ]
    return not_denied(every)


def _tag(by: Reader, hit: Mapping[str, Any], *, deal_id: int, at: dt.datetime) -> PressureTag:
    """Return a tag. A column has no day: what stands in it when a rule first reads a deal counts as known at its creation,
    what comes later as seen when it is read."""
    filled_in_later = by.rule.trace == Trace.FACT and deal_id <= by.row.known
    return PressureTag(
        deal_id=deal_id,
        pressure=by.rule.pressure,
        seen_at=at if filled_in_later else timezone.make_aware(hit["at"]),
        words=detection.in_words(by.rule, hit),
        rule_id=by.row.pk,
        rule_number=by.row.number,
        noted_at=at,
        batch=hit["batch"],
    )


def not_denied(found: Collection[PressureTag]) -> list[PressureTag]:
    """Leave out what the same rule found on the same deal before, and where a person took back what any rule said of the
    pressure. Two SQL queries, none where nothing was found."""
    if not found:
        return []
    deals = {one.deal_id for one in found}
    rows = PressureTag.objects.filter(deal__in=deals, rule__isnull=False)
    before = set(rows.standing().values_list("rule_id", "deal_id"))
    denied = set(rows.filter(taken_back_at__isnull=False, with_rule=False).values_list("pressure", "deal_id"))
    return [
        one
        for one in found
        if (one.rule_id, one.deal_id) not in before and (one.pressure, one.deal_id) not in denied
    ]
