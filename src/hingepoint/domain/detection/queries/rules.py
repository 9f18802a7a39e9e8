"""The rules of detection: their list, one with its test, and what a new one can be about."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from hingepoint.analysis import detection, intervals
from hingepoint.analysis.detection import Rule, Trace
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.models import Detection, DetectionRule, RuleVersion
from hingepoint.domain.detection.starters import starters
from hingepoint.domain.detection.sureness import Sureness, outcomes, sureness
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.deals import EventKind
from hingepoint.records.detection import Outcome
from hingepoint.records.errors import Hidden


def may_keep(viewer: Any) -> bool:
    """Return whether ``viewer`` keeps detection rules."""
    return sees_all(viewer)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: what it waits for, what it says then, and how it did. ``waiting``: not confirmed yet."""

    id: int
    key: str
    name: str
    type_name: str
    condition: str
    state: str
    evidence: int
    on: bool
    number: int
    tested: bool
    waiting: int
    confirmed: int
    wrong: int
    sureness: Sureness


def rules(viewer: Any) -> list[RuleLine]:
    """Return the rules, those that are on first; nothing for who does not keep them. Three SQL queries."""
    if not may_keep(viewer):
        return []
    rows = list(DetectionRule.objects.select_related("type").prefetch_related("versions"))
    counts = outcomes([row.pk for row in rows])
    lines = [_line(row, row.versions.all()[0], counts[row.pk]) for row in rows]
    return sorted(lines, key=lambda line: (not line.on, line.type_name, line.name))


def _line(row: DetectionRule, version: RuleVersion, counts: Mapping[str, int]) -> RuleLine:
    rule = detection.rule_of(version.definition)
    return RuleLine(
        id=row.pk,
        key=row.key,
        name=rule.name,
        type_name=str(row.type),
        condition=detection.condition_in_words(rule),
        state=rule.state,
        evidence=rule.evidence,
        on=row.on,
        number=version.number,
        tested=version.tested_at is not None,
        waiting=counts.get(Outcome.OPEN, 0),
        confirmed=counts.get(Outcome.CONFIRMED, 0),
        wrong=counts.get(Outcome.WRONG, 0),
        sureness=sureness(rule.confidence, counts),
    )


@dataclass(frozen=True, slots=True)
class Starter:
    """A shipped rule that the company has not taken up."""

    key: str
    name: str
    type_name: str
    condition: str


def starters_left(viewer: Any) -> list[Starter]:
    """Return the starters that no rule of the company goes back to. Two SQL queries."""
    if not may_keep(viewer):
        return []
    known = set(DetectionRule.objects.values_list("key", flat=True))
    left = [rule for rule in starters().values() if rule.key not in known]
    types = AgreementType.objects.in_bulk([rule.agreement for rule in left], field_name="key")
    return [
        Starter(rule.key, rule.name, str(types[rule.agreement]), detection.condition_in_words(rule))
        for rule in left
        if rule.agreement in types
    ]


@dataclass(frozen=True, slots=True)
class Example:
    """One hit of a test, with its deal where it is still there."""

    deal_id: int | None
    title: str
    on: dt.date
    words: str


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a rule would have done on history; see ``analysis.detection.Tested``."""

    at: dt.datetime
    hits: int
    deals: int
    share: intervals.Estimate
    also_recorded: intervals.Estimate
    found: intervals.Estimate
    days: float | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    written_at: dt.datetime
    by: str
    condition: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One detection of a rule that somebody called wrong, and why: where to mend the rule."""

    deal_id: int
    deal_title: str
    words: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class RulePage:
    line: RuleLine
    rule: Rule
    type_key: str
    test: TestResult | None
    versions: tuple[VersionLine, ...]
    wrong: tuple[Judged, ...]
    version: int


def rule_page(viewer: Any, rule_id: int) -> RulePage:
    """Return one rule. Raises Hidden. Six SQL queries."""
    row = rule_row(viewer, rule_id)
    versions = list(row.versions.select_related("written_by"))
    return RulePage(
        line=_line(row, versions[0], outcomes([row.pk])[row.pk]),
        rule=detection.rule_of(versions[0].definition),
        type_key=row.type.key,
        test=_test(versions[0]),
        versions=tuple(_version(one) for one in versions),
        wrong=tuple(_judged(one) for one in _wrong(row)),
        version=row.version,
    )


def rule_row(viewer: Any, rule_id: int) -> DetectionRule:
    """Return a rule to its keepers, for the actions. Raises Hidden."""
    rows = DetectionRule.objects.select_related("type")
    row = rows.filter(pk=rule_id).first() if may_keep(viewer) else None
    if row is None:
        raise Hidden("no such rule")
    return row


def _version(row: RuleVersion) -> VersionLine:
    condition = detection.condition_in_words(detection.rule_of(row.definition))
    by = row.written_by.name if row.written_by else "system"
    return VersionLine(row.number, row.written_at, by, condition)


def _wrong(row: DetectionRule) -> Iterable[Detection]:
    wrong = row.detections.filter(outcome=Outcome.WRONG).select_related("deal", "judged_by")
    return wrong.order_by("-judged_at")[:10]


def _judged(row: Detection) -> Judged:
    by = row.judged_by.name if row.judged_by else "system"
    return Judged(row.deal_id, str(row.deal), row.words, by, row.note)


def _test(version: RuleVersion) -> TestResult | None:
    told = version.test
    if version.tested_at is None or told is None:
        return None
    titles = {deal.key: deal for deal in Deal.every.filter(key__in=[one["deal"] for one in told["examples"]])}
    examples = [
        Example(
            deal_id=titles[one["deal"]].pk if one["deal"] in titles else None,
            title=str(titles.get(one["deal"], one["deal"])),
            on=dt.date.fromisoformat(one["on"]),
            words=one["words"],
        )
        for one in told["examples"]
    ]
    return TestResult(
        at=version.tested_at,
        examples=tuple(examples),
        share=intervals.Estimate(**told["share"]),
        also_recorded=intervals.Estimate(**told["also_recorded"]),
        found=intervals.Estimate(**told["found"]),
        hits=told["hits"],
        deals=told["deals"],
        days=told["days"],
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form of a rule offers: names seen in the company's own traces, by kind of trace."""

    types: tuple[tuple[str, str], ...]
    names: Mapping[str, tuple[str, ...]]


MOST_NAMES = 60


_NAMED = {
    EventKind.STAGE: Trace.STAGE,
    EventKind.FIELD: Trace.FIELD,
    EventKind.QUOTE: Trace.QUOTE,
    EventKind.ESCALATION: Trace.APPROVAL,
}


#: The names in the company's traces, by kind, the most frequent first: kept in a large company.
NAMES = Question[dict[str, tuple[str, ...]]]("names in traces", dict[str, tuple[str, ...]])


def offered(viewer: Any) -> Offered:
    """Return what a rule can be about. At most three SQL queries."""
    if not may_keep(viewer):
        raise Hidden("not theirs to see")
    types = AgreementType.objects.in_use().effective().order_by("shown_name")
    return Offered(tuple(types.values_list("key", "shown_name")), NAMES.told(names_in_traces))


def names_in_traces() -> dict[str, tuple[str, ...]]:
    """Return the names in the company's traces by kind, counted over all events at this moment. One SQL query."""
    seen = DealEvent.objects.filter(kind__in=list(_NAMED)).order_by()
    names: dict[str, list[str]] = defaultdict(list)
    for kind, name, _ in seen.values_list("kind", "name").annotate(n=Count("pk")).order_by("-n"):
        if len(names[_NAMED[kind]]) < MOST_NAMES:
            names[_NAMED[kind]].append(name)
    return {kind: tuple(found) for kind, found in names.items()}
