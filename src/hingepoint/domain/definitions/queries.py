"""What is defined now, as a file says it, and what a file would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel

from hingepoint.analysis import detection, own_metrics
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.definitions.schema import (
    Definitions,
    MetricPart,
    PivotalPart,
    PressureRulePart,
    PrinciplePart,
    RoutinePart,
    RulePart,
    StrategyPart,
    TargetPart,
    TypePart,
    plain,
)
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.pressures.models import PressureRule
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.domain.principles.rules import plain as plain_principle
from hingepoint.domain.principles.rules import read_all
from hingepoint.domain.routines import rules as routine_rules
from hingepoint.domain.routines.models import Routine
from hingepoint.domain.routines.reading import rule_in
from hingepoint.domain.strategy.models import OwnMetric, PivotalAgreement, Playbook, Strategy
from hingepoint.records.agreements import Origin


def may_keep(viewer: Any) -> bool:
    """Return whether ``viewer`` takes definitions away and brings them in."""
    return sees_all(viewer)


_SAME = (
    "counterpart", "needed_by", "needed_days", "needed_stage", "evidence_wanted", "recheck_days", "segments",
    "least_amount", "checks", "questions", "demands", "principles",
)  # fmt: skip


def defined() -> Definitions:
    """Return everything that is defined, for the system: the caller asks who may see it."""
    return Definitions(
        hingepoint=1,
        catalogue=tuple(_types()),
        rules=tuple(_rules()),
        pressure_rules=tuple(_pressure_rules()),
        metrics=tuple(_metrics()),
        routines=tuple(_routines()),
        principles=tuple(_principles()),
        strategies=tuple(_strategy(row) for row in Strategy.objects.order_by("rank", "id")),
    )


def _types() -> Iterator[TypePart]:
    added = Origin.ADDED
    for row in AgreementType.objects.order_by("key"):
        own = {"name": row.own_name, "stage": row.own_stage, "description": row.own_description}
        if row.origin == added:
            facts = {"name": row.name, "stage": row.stage or None, "description": row.description or None}
            own = {name: value or facts[name] for name, value in own.items()}
            own |= {"side": row.side, "counterpart": row.counterpart, "good": row.good}
        if row.origin == added or row.hidden or row.own_recheck_days or any(own.values()):
            overlay = {"hidden": row.hidden, "recheck_days": row.own_recheck_days}
            yield TypePart.model_validate({"key": row.key, **overlay, **own})


def _rules() -> Iterator[RulePart]:
    for row in DetectionRule.objects.prefetch_related("versions").order_by("key"):
        rule = detection.rule_of(row.versions.all()[0].definition)
        yield RulePart(**detection.plain(rule))


def _pressure_rules() -> Iterator[PressureRulePart]:
    for row in PressureRule.objects.order_by("key"):
        yield PressureRulePart.model_validate(row.definition)


def _metrics() -> Iterator[MetricPart]:
    for row in OwnMetric.objects.newest():
        told = asdict(own_metrics.read(row.told))
        yield MetricPart.model_validate({name: told[name] for name in MetricPart.model_fields})


def said(metric: str) -> str:
    """Return a metric as a file names it: one of the company's own by its key, an older version with that."""
    if not own_metrics.is_own(metric):
        return metric
    told = own_metrics.read(metric)
    is_newest = OwnMetric.objects.newest().filter(key=told.key, version=told.version).exists()
    return f"{own_metrics.PREFIX}{told.key}" + ("" if is_newest else f"@{told.version}")


def meant(metric: str) -> str | None:
    """Return the metric that a file names; None where there is none of that key and version."""
    if not own_metrics.is_own(metric):
        return metric
    key, _, version = metric.removeprefix(own_metrics.PREFIX).partition("@")
    rows = OwnMetric.objects.filter(key=key, version=version) if version.isdecimal() else None
    row = (OwnMetric.objects.newest().filter(key=key) if rows is None else rows).first()
    return row.told if row else None


def _routines() -> Iterator[RoutinePart]:
    """Yield each routine as it is written: its draft, where there is one."""
    for row in Routine.objects.select_related("team").order_by("key"):
        yield RoutinePart.model_validate(row.draft or routine_rules.plain(rule_in(row)))


def _principles() -> Iterator[PrinciplePart]:
    """Yield each principle as it is written: of the draft, where there is one, else of what is in force."""
    newest = PrinciplesVersion.objects.filter(ended_at__isnull=True).first()
    for one in read_all(newest.texts if newest else ()):
        yield PrinciplePart.model_validate(plain_principle(one))


def _strategy(row: Strategy) -> StrategyPart:
    same = {name: getattr(row, name) for name in ("name", "statement", "segment")} | {
        "metric": said(row.metric)
    }
    newest = newest_playbook(row)
    return StrategyPart(
        **same,
        targets=tuple(
            TargetPart(
                metric=said(one.metric),
                segment=one.segment,
                region=one.region,
                product=one.product,
                team=one.team.name if one.team else "",
                baseline=one.baseline,
                target=one.target,
                target_on=one.target_on,
            )
            for one in row.result_metrics.select_related("team").order_by(
                "metric", "segment", "region", "product", "team__name"
            )
        ),
        playbook=tuple(pivotal_part(one) for one in newest.pivotal.select_related("type", "finding"))
        if newest
        else (),
    )


def newest_playbook(strategy: Strategy) -> Playbook | None:
    """Return the draft if there is one, else the last published version."""
    return strategy.playbooks.order_by("-number").first()


def pivotal_part(row: PivotalAgreement) -> PivotalPart:
    finding = row.finding.facts.get("in_words", "") if row.finding else ""
    why = row.judgement or f"Signed finding: {finding}"
    return PivotalPart(agreement=row.type.key, why=why, **{name: getattr(row, name) for name in _SAME})


# ---- what a file would change ----


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a file says otherwise than it is: ``before`` None where it is new."""

    section: str
    name: str
    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is None and not self.field:
            return f"{self.section}: {self.name} is new"
        return f"{self.section}: {self.name}: {self.field}: {_told(self.before)} -> {_told(self.after)}"


def _told(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "nothing" if value in (None, "", []) else text if len(text) <= 100 else f"{text[:99]}…"


_NAMED = {
    "catalogue": "key",
    "rules": "key",
    "pressure_rules": "key",
    "metrics": "key",
    "routines": "key",
    "principles": "key",
    "strategies": "name",
}


def differences(wanted: Definitions) -> list[Difference]:
    """Return what ``wanted`` would change. What it does not name stays as it is."""
    now = defined()
    found: list[Difference] = []
    for section, name in _NAMED.items():
        known = {getattr(one, name): one for one in getattr(now, section)}
        for one in getattr(wanted, section):
            found += _differs(section, getattr(one, name), known.get(getattr(one, name)), one)
    return found


def _differs(section: str, name: str, before: BaseModel | None, after: BaseModel) -> Iterator[Difference]:
    if before is None:
        yield Difference(section, name, "", None, plain(after))
        return
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for field in new:
        if field == "playbook":
            yield from _playbook_differs(name, old[field], new[field])
        elif old[field] != new[field]:
            yield Difference(section, name, field, old[field], new[field])


def _playbook_differs(strategy: str, old: list[dict], new: list[dict]) -> Iterator[Difference]:
    """Compare two playbooks agreement by agreement; one that the new leaves out is dropped."""
    before, after = ({one["agreement"]: one for one in book} for book in (old, new))

    def differs(field: str, was: Any, will_be: Any) -> Difference:
        return Difference("strategies", strategy, f"playbook: {field}", was, will_be)

    for key in [*after, *(key for key in before if key not in after)]:
        one, other = before.get(key), after.get(key)
        if one is None or other is None:
            yield differs(key, one and "chosen", other and "chosen")
            continue
        yield from (differs(f"{key}: {f}", one[f], other[f]) for f in other if one[f] != other[f])
    if list(before) != list(after) and set(before) == set(after):
        yield differs("order", list(before), list(after))
