"""Every answer about detection: the rules, what a test says, what waits to be confirmed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from hingepoint.analysis import detection, intervals
from hingepoint.analysis.detection import Rule, Trace
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.models import Detection, DetectionRule, Outcome, RuleVersion
from hingepoint.domain.detection.starters import starters
from hingepoint.domain.people.models import works_here
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: A rule is proven when so many of its agreements were judged, and the lower end of its precision is so high.
LEAST_JUDGED = 20
PROVEN = 0.8
#: A worklist shows so many of one kind at a time, and the home page so many in all.
MOST_IN_A_BATCH = 40
MOST_READ = 1_000
A_HANDFUL = 5


def may_keep(viewer: Any) -> bool:
    """Return whether ``viewer`` keeps detection rules."""
    return works_here(viewer) and viewer.sees_everything


# ---- how sure ----


@dataclass(frozen=True, slots=True)
class Sureness:
    """How often a rule is right: ``precision`` measured on what people judged, else its author's guess."""

    guess: float
    precision: intervals.Estimate

    @property
    def measured(self) -> bool:
        return self.precision.n >= LEAST_JUDGED

    @property
    def proven(self) -> bool:
        return self.measured and (self.precision.low or 0) >= PROVEN

    @property
    def value(self) -> float:
        return self.precision.value if self.measured and self.precision.value is not None else self.guess


def _sureness(guess: float, counts: Mapping[str, int]) -> Sureness:
    right, wrong = counts.get(Outcome.CONFIRMED, 0), counts.get(Outcome.WRONG, 0)
    return Sureness(guess, intervals.share(right, right + wrong))


def _counts(rule_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return per rule how many of its detections had which outcome."""
    rows = (
        Detection.objects.filter(rule__in=rule_ids).values_list("rule_id", "outcome").annotate(n=Count("pk"))
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for rule_id, outcome, n in rows:
        found[rule_id][outcome] = n
    return found


def unproven_steps() -> QuerySet:
    """Return the ids of steps that rules wrote, nobody confirmed, and whose rule is not proven.

    Discovery leaves them out: a guess about the past must not decide what is pivotal.
    """
    counts = _counts(DetectionRule.objects.values_list("pk", flat=True))
    proven = [rule_id for rule_id, found in counts.items() if _sureness(0, found).proven]
    return Detection.objects.open().filter(step__isnull=False).exclude(rule__in=proven).values("step_id")


def unconfirmed_agreements() -> QuerySet:
    """Return the ids of agreements that stand on a rule's word alone: examples are never made of them."""
    return Detection.objects.open().filter(step__isnull=False).values("step__agreement_id")


# ---- rules ----


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
    counts = _counts([row.pk for row in rows])
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
        sureness=_sureness(rule.confidence, counts),
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
        line=_line(row, versions[0], _counts([row.pk])[row.pk]),
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
    if version.tested_at is None:
        return None
    told = version.test
    titles = {
        deal.key: deal for deal in Deal.objects.filter(key__in=[one["deal"] for one in told["examples"]])
    }
    examples = [
        Example(
            deal_id=titles[one["deal"]].pk if one["deal"] in titles else None,
            title=str(titles.get(one["deal"], one["deal"])),
            on=dt.date.fromisoformat(one["on"]),
            words=one["words"],
        )
        for one in told["examples"]
    ]
    shares = {name: intervals.Estimate(**told[name]) for name in ("share", "also_recorded", "found")}
    same = {name: told[name] for name in ("hits", "deals", "days")}
    return TestResult(at=version.tested_at, examples=tuple(examples), **shares, **same)


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


def offered(viewer: Any) -> Offered:
    """Return what a rule can be about. Two SQL queries; the names are counted over all events."""
    if not may_keep(viewer):
        raise Hidden("not theirs to see")
    types = AgreementType.objects.in_use().effective().order_by("shown_name")
    seen = DealEvent.objects.filter(kind__in=list(_NAMED)).order_by()
    names: dict[str, list[str]] = defaultdict(list)
    for kind, name, _ in seen.values_list("kind", "name").annotate(n=Count("pk")).order_by("-n"):
        if len(names[_NAMED[kind]]) < MOST_NAMES:
            names[_NAMED[kind]].append(name)
    return Offered(
        tuple(types.values_list("key", "shown_name")), {kind: tuple(found) for kind, found in names.items()}
    )


# ---- what waits to be confirmed ----


@dataclass(frozen=True, slots=True)
class Waiting:
    """One agreement that a rule found. ``proposed``: the register does not say it, because somebody had
    said something else or because it is not known who committed."""

    id: int
    rule_id: int
    rule_name: str
    deal_id: int
    deal_title: str
    account: str
    type_id: int
    type_name: str
    state: str
    evidence: int
    on: dt.datetime
    words: str
    who: str
    act: str
    proposed: bool
    sureness: Sureness


@dataclass(frozen=True, slots=True)
class Batch:
    """What one rule found and nobody confirmed: answered together. ``more`` are not listed."""

    rule_id: int
    rule_name: str
    type_name: str
    state: str
    lines: tuple[Waiting, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What waits, in batches, the largest first; ``total`` counts those not listed too."""

    batches: tuple[Batch, ...]
    total: int


def to_confirm(
    viewer: Any, *, most: int | None = None, type_key: str = "", owner_id: int | None = None
) -> ToConfirm:
    """Return what waits on open deals that ``viewer`` sees, one batch a rule.

    ``most`` limits the lines of all batches together; ``type_key`` and ``owner_id`` narrow to an agreement
    type and to one seller's deals. Three SQL queries, one when nothing waits.
    """
    waiting = _waiting_on_open_deals(viewer)
    waiting = waiting.filter(rule__type__key=type_key) if type_key else waiting
    waiting = waiting.filter(deal__owner_id=owner_id) if owner_id else waiting
    totals = dict(waiting.order_by().values_list("rule_id").annotate(n=Count("pk")))
    if not totals:
        return ToConfirm((), 0)
    found: dict[int, list[Waiting]] = defaultdict(list)
    for one in _as_waiting(waiting.order_by("-traced_at", "-id")[:MOST_READ]):
        found[one.rule_id].append(one)
    batches, left = [], MOST_READ if most is None else most
    for rule_id, lines in sorted(found.items(), key=lambda item: -totals[item[0]]):
        shown = lines[: min(left, MOST_IN_A_BATCH)]
        left -= len(shown)
        if shown:
            batches.append(_batch(shown, more=totals[rule_id] - len(shown)))
    return ToConfirm(tuple(batches), sum(totals.values()))


def _waiting_on_open_deals(viewer: Any) -> QuerySet:
    return _waiting(viewer).filter(deal__status=DealStatus.OPEN)


@dataclass(frozen=True, slots=True)
class FoundKind:
    """How many agreements of one type rules found and nobody confirmed; ``proposed`` of them are not in the
    register. ``since`` is when the oldest was traced."""

    key: str
    name: str
    n: int
    proposed: int
    since: dt.datetime


def to_confirm_by_type(viewer: Any) -> tuple[FoundKind, ...]:
    """Return what waits on open deals that ``viewer`` sees by agreement type, the most first. One SQL query."""
    named = ("rule__type__key", "rule__type__own_name", "rule__type__name")
    rows = _waiting_on_open_deals(viewer).order_by().values_list(*named)
    counted = rows.annotate(
        n=Count("pk"), proposed=Count("pk", filter=Q(step__isnull=True)), since=Min("traced_at")
    )
    found = [FoundKind(key, own or name, *counts) for key, own, name, *counts in counted]
    return tuple(sorted(found, key=lambda kind: (-kind.n, kind.name)))


def sellers_to_confirm(viewer: Any) -> tuple[tuple[int, str, int], ...]:
    """Return on whose open deals something waits: id, name and how many, by name. One SQL query."""
    rows = _waiting_on_open_deals(viewer).filter(deal__owner__isnull=False).order_by()
    counted = rows.values_list("deal__owner_id", "deal__owner__name").annotate(n=Count("pk"))
    return tuple(sorted(counted, key=lambda row: row[1]))


def _batch(lines: Sequence[Waiting], *, more: int) -> Batch:
    first = lines[0]
    return Batch(first.rule_id, first.rule_name, first.type_name, first.state, tuple(lines), more)


def waiting_count(viewer: Any) -> int:
    """Return how many found agreements wait on open deals that ``viewer`` sees. One SQL query."""
    return _waiting_on_open_deals(viewer).count()


def on_deal(viewer: Any, deal_id: int) -> dict[int, Waiting]:
    """Return what waits to be confirmed on a visible deal, by agreement type. Two SQL queries."""
    return {one.type_id: one for one in _as_waiting(_waiting(viewer).filter(deal_id=deal_id))}


def waiting(viewer: Any, detection_id: int) -> Waiting:
    """Return one that waits to be confirmed. Raises Hidden."""
    found = _as_waiting(_waiting(viewer).filter(pk=detection_id))
    if not found:
        raise Hidden("nothing waits")
    return found[0]


def _waiting(viewer: Any) -> QuerySet:
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        return Detection.objects.none()
    return Detection.objects.visible_to(viewer).open()


def _as_waiting(found: QuerySet) -> list[Waiting]:
    rows = list(found.select_related("rule__type", "by_version", "deal__account"))
    counts = _counts({row.rule_id for row in rows}) if rows else {}
    return [_waits(row, counts.get(row.rule_id, {})) for row in rows]


def _waits(row: Detection, counts: Mapping[str, int]) -> Waiting:
    rule = detection.rule_of(row.by_version.definition)
    return Waiting(
        id=row.pk,
        rule_id=row.rule_id,
        rule_name=rule.name,
        deal_id=row.deal_id,
        deal_title=str(row.deal),
        account=row.deal.account.name if row.deal.account else "",
        type_id=row.rule.type_id,
        type_name=str(row.rule.type),
        state=row.state,
        evidence=row.evidence,
        on=row.traced_at,
        words=row.words,
        who=row.who,
        act=rule.act,
        proposed=row.step_id is None,
        sureness=_sureness(rule.confidence, counts),
    )
