"""Bringing definitions in from a file, through the ordinary actions: what they refuse to a person, they
refuse to a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hingepoint.analysis import detection, metrics
from hingepoint.analysis.pressures.rules import Rule as PressureRule
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.definitions import queries
from hingepoint.domain.definitions.queries import Difference
from hingepoint.domain.definitions.schema import (
    Definitions,
    DefinitionsUnusable,
    MetricPart,
    PivotalPart,
    PressureRulePart,
    PrinciplePart,
    RoutinePart,
    RulePart,
    StrategyPart,
    TypePart,
)
from hingepoint.domain.detection import actions as rules
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.pressures import models as rows
from hingepoint.domain.principles import actions as principles
from hingepoint.domain.principles import rules as principle_rules
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines import rules as routine_rules
from hingepoint.domain.routines.models import Routine
from hingepoint.domain.strategy import actions as strategies
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.turns.actions import action
from hingepoint.records.errors import Hidden, Refused


class DefinitionsNotYours(Hidden):
    """Only analysts and sponsors bring in definitions."""


@action
def bring_in(*, by: User | None, at: dt.datetime, wanted: Definitions) -> list[Difference]:
    """Make what is defined say what the file says, all or nothing; return what changed.

    A strategy that is new is a draft, a changed playbook is the next version's draft, a changed rule is
    off until it is tested, a changed routine is drafted beside the one in force, changed
    principles are the next version's draft: a file puts nothing in force. Raises DefinitionsUnusable.
    """
    if by is not None and not queries.may_keep(by):
        raise DefinitionsNotYours("Only an analyst or a sponsor brings in definitions.")
    changes = queries.differences(wanted)
    touched = {(change.section, change.name) for change in changes}
    for one in wanted.catalogue:
        if ("catalogue", one.key) in touched:
            _bring_type(one, by=by, at=at)
    _require_known_types(wanted)
    for rule in wanted.rules:
        if ("rules", rule.key) in touched:
            _bring_rule(rule, by=by, at=at)
    for pressure_rule in wanted.pressure_rules:
        if ("pressure_rules", pressure_rule.key) in touched:
            _bring_pressure_rule(pressure_rule, by=by, at=at)
    for metric in wanted.metrics:
        if ("metrics", metric.key) in touched:
            _bring_metric(metric, by=by, at=at)
    for routine in wanted.routines:
        if ("routines", routine.key) in touched:
            _bring_routine(routine, by=by, at=at)
    if new := [one for one in wanted.principles if ("principles", one.key) in touched]:
        _bring_principles(new, by=by, at=at)
    for strategy in wanted.strategies:
        if ("strategies", strategy.name) in touched:
            _bring_strategy(strategy, by=by, at=at)
    return changes


def _require_known_types(wanted: Definitions) -> None:
    named = {rule.agreement for rule in wanted.rules}
    named |= {pivotal.agreement for one in wanted.strategies for pivotal in one.playbook}
    named |= {key for one in wanted.principles for key in one.agreements}
    known = set(AgreementType.objects.filter(key__in=named).values_list("key", flat=True))
    if unknown := sorted(named - known):
        raise DefinitionsUnusable([f"The catalogue has no agreement type {key}." for key in unknown])


def _bring_type(part: TypePart, *, by: User | None, at: dt.datetime) -> None:
    row = AgreementType.objects.filter(key=part.key).first()
    if row is None:
        if part.side is None:
            raise DefinitionsUnusable(
                [f"catalogue: {part.key} is not shipped; a type of your own says its side."]
            )
        facts = {
            "counterpart": part.counterpart,
            "good": list(part.good),
            "description": part.description or "",
        }
        agreements.add_type(
            by=by,
            at=at,
            key=part.key,
            name=part.name or part.key,
            side=part.side,
            stage=part.stage or "",
            **facts,
        )
    overlay = {
        "hidden": part.hidden,
        "own_recheck_days": part.recheck_days,
        **(
            {}
            if row is None
            else {f"own_{name}": getattr(part, name) for name in ("name", "stage", "description")}
        ),
    }
    agreements.overlay_type(by=by, at=at, key=part.key, **overlay)


def _bring_rule(part: RulePart, *, by: User | None, at: dt.datetime) -> None:
    rule = detection.rule_of(part.model_dump(mode="json"))
    row = DetectionRule.objects.filter(key=part.key).first()
    try:
        if row is None:
            rules.write_rule(by=by, at=at, rule=rule)
        else:
            rules.change_rule(by=by, at=at, row=row, rule=rule)
    except rules.WrongRule as wrong:
        raise _unusable("rules", part.key, wrong.problems) from None


def _bring_pressure_rule(part: PressureRulePart, *, by: User | None, at: dt.datetime) -> None:
    rule = detection.read_plain(PressureRule, part.model_dump(mode="json"))
    row = rows.PressureRule.objects.filter(key=part.key).first()
    try:
        if row is None:
            pressures.write_rule(by=by, at=at, rule=rule)
        else:
            pressures.change_rule(by=by, at=at, row=row, rule=rule)
    except rules.WrongRule as wrong:
        raise _unusable("pressure_rules", part.key, wrong.problems) from None


def _bring_metric(part: MetricPart, *, by: User | None, at: dt.datetime) -> None:
    try:
        strategies.define_metric(by=by, at=at, definition=part.definition())
    except Refused as wrong:
        raise _unusable("metrics", part.key, wrong.by_field) from None


def _metric(name: str, *, of: str, judges: bool = False) -> str:
    """Return the metric that a strategy or a target names. Raises DefinitionsUnusable."""
    found = queries.meant(name)
    if found is None:
        raise DefinitionsUnusable([f"strategies: {of}: there is no metric {name}."])
    try:
        return (metrics.parse_judge if judges else metrics.parse_target)(found).name
    except metrics.MetricError as error:
        raise DefinitionsUnusable([f"strategies: {of}: {error}"]) from None


def _bring_routine(part: RoutinePart, *, by: User | None, at: dt.datetime) -> None:
    rule = routine_rules.rule_of(part.model_dump(mode="json"))
    row = Routine.objects.filter(key=part.key).first()
    try:
        if row is None:
            routines.define(by=by, at=at, rule=rule)
        else:
            routines.change(by=by, at=at, routine_id=row.pk, rule=rule)
    except routines.WrongRoutine as wrong:
        raise _unusable("routines", part.key, {wrong.field or "": str(wrong)}) from None


def _bring_principles(parts: list[PrinciplePart], *, by: User | None, at: dt.datetime) -> None:
    every = [principle_rules.read(one.model_dump()) for one in parts]
    try:
        principles.put(by=by, at=at, principles=every)
    except Refused as wrong:
        raise _unusable("principles", ", ".join(one.key for one in parts), wrong.by_field) from None


def _unusable(section: str, key: str, problems: Mapping[str, str]) -> DefinitionsUnusable:
    return DefinitionsUnusable([f"{section}: {key}: {field}: {words}" for field, words in problems.items()])


def _bring_strategy(part: StrategyPart, *, by: User | None, at: dt.datetime) -> None:
    told = {name: getattr(part, name) for name in ("statement", "segment")}
    told["metric"] = _metric(part.metric, of=part.name, judges=True)
    row = Strategy.objects.filter(name=part.name).first()
    if row is None:
        row = strategies.write_strategy(by=by, at=at, name=part.name, **told)
    elif any(getattr(row, name) != value for name, value in told.items()):
        strategies.change_strategy(by=by, at=at, strategy=row, **told)
    for target in part.targets:
        facts = target.model_dump() | {"team": _team(target.team, of=part.name)}
        facts["metric"] = _metric(target.metric, of=part.name)
        strategies.set_target(by=by, at=at, strategy=row, **facts)
    newest = queries.newest_playbook(row)
    if newest and tuple(queries.pivotal_part(one) for one in newest.pivotal.all()) == part.playbook:
        return
    _bring_playbook(row, part.playbook, by=by, at=at)


def _team(name: str, *, of: str) -> Team | None:
    """Return the team of that name, None for no name. Raises DefinitionsUnusable."""
    if not name:
        return None
    found = Team.objects.filter(name=name).first()
    if found is None:
        raise DefinitionsUnusable([f"strategies: {of}: targets: there is no team {name}."])
    return found


def _bring_playbook(
    row: Strategy, parts: tuple[PivotalPart, ...], *, by: User | None, at: dt.datetime
) -> None:
    """Let the draft hold ``parts`` in their order; what stood on a signed finding stays on it."""
    draft = strategies.draft_playbook(by=by, at=at, strategy=row)
    known = {one.type.key: one for one in draft.pivotal.select_related("type", "finding", "playbook")}
    types = {part.agreement: AgreementType.objects.meant(key=part.agreement) for part in parts}
    for one in known.values():
        strategies.drop(by=by, at=at, pivotal=one)
    for part in parts:
        strategies.choose(
            by=by,
            at=at,
            playbook=draft,
            type=types[part.agreement],
            **_why(part, known.get(part.agreement)),
            **_standard(part),
        )


def _why(part: PivotalPart, before: PivotalAgreement | None) -> dict[str, Any]:
    if before is not None and before.finding_id and queries.pivotal_part(before).why == part.why:
        return {"finding": before.finding, "judgement": before.judgement}
    return {"judgement": part.why}


def _standard(part: PivotalPart) -> dict[str, Any]:
    told = part.model_dump(mode="json", exclude={"agreement", "why"})
    amount = told["least_amount"]
    return told | {"least_amount": None if amount is None else Decimal(str(amount))}
