"""What rules find on a batch of deals: read and decided here, holding no lock; written by ``actions``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Rule
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import frames
from hingepoint.domain.detection.models import Detection, DetectionRule, RuleVersion
from hingepoint.records.detection import Outcome

#: Deals whose traces are read at once, and deals on which what was found is written in one transaction.
BATCH, WRITTEN_AT_ONCE = 1_000, 50


@dataclass(frozen=True, slots=True)
class Reader:
    """A rule that is on, as its last version says it."""

    row: DetectionRule
    version: RuleVersion
    rule: Rule


def readers(rows: Iterable[DetectionRule]) -> list[Reader]:
    """Return rules (with their versions at hand) as what they read with."""
    versions = [(row, row.versions.all()[0]) for row in rows]
    return [Reader(row, version, detection.rule_of(version.definition)) for row, version in versions]


def next_deals(*, after: int) -> list[int]:
    """Return the next batch of deals by their number."""
    return list(Deal.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH])


def found_on(deal_ids: Collection[int], by: Sequence[Reader], *, at: dt.datetime) -> list[Detection]:
    """Return, unsaved, what each rule finds on these deals and has not found before. Four SQL queries."""
    numbers = dict(Deal.objects.filter(pk__in=deal_ids).values_list("key", "pk"))
    traces = frames.traces(None, {one.rule.trace for one in by}, among=deal_ids)
    deals = frames.lived(deal_ids)
    every = [
        _detection(one, hit, deal_id=numbers[hit["deal_id"]], at=at)
        for one in by
        for hit in detection.find(one.rule, traces=traces, deals=deals).iter_rows(named=True)
    ]
    return not_found_before(every) if every else []


def _detection(by: Reader, hit: Mapping[str, Any], *, deal_id: int, at: dt.datetime) -> Detection:
    return Detection(
        rule_id=by.row.pk,
        by_version=by.version,
        deal_id=deal_id,
        state=by.rule.state,
        evidence=by.rule.evidence,
        traced_at=timezone.make_aware(hit["at"]),
        words=detection.in_words(by.rule, hit),
        who=(hit["who"] or "")[:200],
        found_at=at,
        batch=hit["batch"],
    )


def not_found_before(found: Collection[Detection]) -> list[Detection]:
    """Leave out what the same rule found on the same deal before, and was not taken back. One SQL query."""
    known = Detection.objects.exclude(outcome=Outcome.TAKEN_BACK).filter(
        rule__in={one.rule_id for one in found}, deal__in={one.deal_id for one in found}
    )
    before = set(known.values_list("rule_id", "deal_id"))
    return [one for one in found if (one.rule_id, one.deal_id) not in before]


def deal_by_deal(found: Iterable[Detection]) -> Iterator[list[Detection]]:
    """Yield what is written together: all that was found on a few deals."""
    part: list[Detection] = []
    deals: set[int] = set()
    for one in sorted(found, key=lambda one: one.deal_id):
        if one.deal_id not in deals and len(deals) == WRITTEN_AT_ONCE:
            yield part
            part, deals = [], set()
        part.append(one)
        deals.add(one.deal_id)
    if part:
        yield part
