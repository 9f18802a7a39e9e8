"""A whole result as it is kept: what pages and reports are made from, and plain JSON for a stored run.

``of`` makes the record of a result, ``Record.stored`` its JSON, and ``opened`` a record again from what any
version has stored.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

import hingepoint
from hingepoint.analysis.discovery import plain_json, result, track_record
from hingepoint.analysis.discovery.result import (
    Certificate,
    Check,
    Controls,
    Details,
    Discovery,
    Facts,
    Finding,
    Pivotal,
    Placebo,
)
from hingepoint.analysis.discovery.settings import DiscoveryError, weeks
from hingepoint.analysis.trials.evidence import Basis, EvidencePlan, plan_evidence, share_counted
from hingepoint.records.findings import Audited, Grade

#: Of what is stored. One more whenever its meaning changes, and a step in ``UPGRADES`` from the one before.
SCHEMA = 4


@dataclass(frozen=True)
class MetricFacts:
    """The metric of a run: its ``kind`` is share, money or days; ``among_won`` if only won deals have it."""

    name: str
    unit: str
    better: str
    kind: str
    among_won: bool


@dataclass(frozen=True)
class Record:
    """Everything there is to show of a result. Numbers that are not known are NaN.

    version   of the program that found it; ``settings`` as FORMATS has them
    plans     how to get evidence where there is too little, by agreement type
    places    the place in the proposed set, from 1, also of members that are not among the findings here
    currency  of the amounts; ``enough`` False if there was not enough data for any finding
    audit     what was checked of how the record was kept; empty in runs of before that
    controls  what came of the negative controls that an analyst named
    certificate  what would have been seen; None where it was not asked for
    replay    what past days would have said, and how it held; None where it was not asked for
    """

    version: str
    metric: MetricFacts
    data: Facts
    settings: Mapping[str, Any]
    placebo: Placebo
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...]
    pivotal: tuple[Pivotal, ...]
    plans: Mapping[str, EvidencePlan]
    places: Mapping[str, int]
    currency: str = ""
    enough: bool = False
    audit: tuple[Check, ...] = ()
    controls: Controls = field(default_factory=Controls)
    certificate: Certificate | None = None
    replay: track_record.Replay | None = None

    def finding(self, agreement: str) -> Finding:
        """Return the finding on one agreement type; KeyError for an unknown one."""
        return result.one_of(self.findings, agreement)

    def only(self, agreements: Iterable[str]) -> Record:
        """Return the record with nothing but the findings on some agreement types."""
        wanted = frozenset(agreements)
        return replace(
            self,
            findings=tuple(one for one in self.findings if one.agreement in wanted),
            pivotal=tuple(one for one in self.pivotal if one.agreement in wanted),
            plans={key: plan for key, plan in self.plans.items() if key in wanted},
            replay=None,
        )

    def contract(self) -> dict[str, Any]:
        """Return exactly the object of FORMATS."""
        return result.contract(
            version=self.version,
            metric={name: getattr(self.metric, name) for name in ("name", "unit", "better")},
            data=self.data,
            settings=self.settings,
            placebo=self.placebo,
            warnings=self.warnings,
            findings=self.findings,
            pivotal=self.pivotal,
            audit=self.audit,
            controls=self.controls,
            certificate=self.certificate,
            replay=self.replay,
        )

    def stored(self) -> dict[str, Any]:
        """Return the record as plain JSON, numbers rounded to seven digits."""
        segments = {one.agreement: one.segments for one in self.findings}
        return {
            "schema": SCHEMA,
            "result": self.contract(),
            "names": {one.agreement: one.name for one in self.findings},
            "details": {one.agreement: plain_json.simple(one.details) for one in self.findings},
            "differing": {key: [one.value for one in some if one.differs] for key, some in segments.items()},
            "reversing": {key: [one.value for one in some if one.reverses] for key, some in segments.items()},
            "segment_deals": {key: {one.value: one.deals for one in some} for key, some in segments.items()},
            "timing_deals": {
                one.agreement: {point.landmark: point.deals for point in one.timing} for one in self.findings
            },
            "plans": {key: plain_json.simple(plan) for key, plan in self.plans.items()},
            "places": dict(self.places),
            "table": self.table().to_dicts(),
            **{name: plain_json.simple(getattr(self.data, name)) for name in _KEPT_FACTS},
            "kind": self.metric.kind,
            "among_won": self.metric.among_won,
            "currency": self.currency,
            "enough": self.enough,
        }

    def facts(self) -> list[dict[str, Any]]:
        """Return the findings of FORMATS, each landmark and segment with its ``deals`` that gained it there."""
        return [
            one.to_dict()
            | {
                "timing": plain_json.simple(one.timing),
                "segments": [
                    {
                        name: plain_json.simple(getattr(part, name))
                        for name in ("by", "value", "effect", "ci", "deals")
                    }
                    for part in one.segments
                ],
            }
            for one in self.findings
        ]

    def table(self) -> pl.DataFrame:
        """Return one row a finding; equal records give equal bytes when written."""
        return result.frame(self.findings, self.pivotal)

    def csv(self) -> str:
        """Return the text of findings.csv; no cell can start a formula in a spreadsheet."""
        text = [name for name, dtype in result.FRAME.items() if dtype == pl.String]
        return self.table().with_columns(_harmless(name) for name in text).write_csv()

    @property
    def can_plan(self) -> bool:
        """Whether the record holds what plans are made from; those of older versions do not."""
        needed = (self.data.noise, self.data.smallest_effect, self.data.at_risk_a_quarter)
        return all(math.isfinite(number) for number in needed)

    @property
    def outcome_weeks(self) -> int:
        """After how many weeks from a deal's creation its outcome is told in a trial: the horizon of the run
        after its middle landmark. Landmarks that are stages have no weeks; the horizon alone then."""
        landmarks = self.data.landmarks
        try:
            middle = weeks(landmarks[len(landmarks) // 2]) if landmarks else 0.0
        except DiscoveryError:
            middle = 0.0
        return max(round(middle + weeks(self.data.horizon)), 1)

    def basis(self, agreement: str) -> Basis:
        """Return what a plan to get evidence on an agreement type is made from, if the record ``can_plan``.
        KeyError for an unknown one."""
        one = self.finding(agreement)
        return Basis(
            agreement=agreement,
            name=one.name,
            coverage=one.coverage,
            expected=one.details.expected,
            error=(one.ci[1] - one.ci[0]) / (2 * 1.96),
            deals=self.data.deals,
            at_risk_a_quarter=self.data.at_risk_a_quarter,
            noise=self.data.noise,
            smallest_effect=self.data.smallest_effect,
            counted=share_counted(self.metric.among_won, self.data.won, self.data.lost),
        )


#: Facts about the data that FORMATS does not hold.
_KEPT_FACTS = (
    "at_risk_a_quarter",
    "noise",
    "smallest_effect",
    "clustered_by",
    "clusters",
    "landmarks",
    "horizon",
)


def of(discovery: Discovery, *, currency: str = "", teams: int = 0) -> Record:
    """Return the record of a result, its numbers rounded as they are stored.

    A report of a fresh result and one of the stored run are the same bytes. ``currency`` is that of the
    amounts, ``teams`` how many could start in turn.
    """
    metric = discovery.metric
    fresh = Record(
        version=hingepoint.__version__,
        metric=MetricFacts(metric.name, metric.unit, metric.better, metric.kind, metric.among_won),
        data=discovery.data,
        settings=discovery.settings.to_dict(),
        placebo=discovery.placebo,
        warnings=discovery.warnings,
        findings=discovery.findings,
        pivotal=discovery.pivotal,
        plans=_plans(discovery, teams),
        places={one.agreement: place for place, one in enumerate(discovery.pivotal, start=1)},
        currency=currency,
        enough=discovery.enough,
        audit=discovery.audit,
        controls=discovery.controls,
        certificate=discovery.certificate,
        replay=discovery.replay,
    )
    return opened(fresh.stored())


def _plans(discovery: Discovery, teams: int) -> dict[str, EvidencePlan]:
    plans = {}
    for finding in discovery.findings:
        too_few = finding.excluded_because == "too_few"
        if too_few or finding.grade in (Grade.NONE, Grade.WEAK):
            try:
                plans[finding.agreement] = plan_evidence(discovery, finding.agreement, teams=teams)
            except DiscoveryError:
                continue
    return plans


def opened(stored: Mapping[str, Any]) -> Record:
    """Return the record that any version has stored. Raises NewerRecord for one of a later version."""
    kept = upgraded(stored)
    shown = kept["result"]
    return Record(
        version=shown["version"],
        metric=MetricFacts(**shown["metric"], kind=kept["kind"], among_won=kept["among_won"]),
        data=_facts(shown["data"], kept),
        settings=shown["settings"],
        placebo=plain_json.read(Placebo, shown["placebo"]),
        warnings=tuple(shown["warnings"]),
        findings=tuple(_finding(one, kept) for one in shown["findings"]),
        pivotal=tuple(plain_json.read(Pivotal, one) for one in shown["pivotal"]),
        plans={key: plain_json.read(EvidencePlan, plan) for key, plan in kept["plans"].items()},
        places=kept["places"],
        currency=kept["currency"],
        enough=kept["enough"],
        audit=checks(shown["audit"]),
        controls=plain_json.read(Controls, shown["controls"]),
        certificate=_certificate(shown),
        replay=replay(shown.get("replay")),
    )


def checks(stored: Iterable[Mapping[str, Any]]) -> tuple[Check, ...]:
    """Return the checks of the record that a run has stored."""
    return tuple(
        Check(one["check"], Audited(one["state"]), one["in_words"], tuple(map(tuple, one.get("alike", ()))))
        for one in stored
    )


def _facts(data: Mapping[str, Any], kept: Mapping[str, Any]) -> Facts:
    since, until = (datetime.date.fromisoformat(day) if day else None for day in (data["from"], data["to"]))
    known = {**data, **{name: kept[name] for name in _KEPT_FACTS}}
    return replace(plain_json.read(Facts, known), since=since, until=until)


def _certificate(shown: Mapping[str, Any]) -> Certificate | None:
    kept = shown.get("certificate")
    return plain_json.read(Certificate, kept) if kept else None


def replay(stored: Mapping[str, Any] | None) -> track_record.Replay | None:
    """Return the replay that a run has stored; None where it has none."""
    return track_record.worded(plain_json.read(track_record.Replay, stored)) if stored else None


def finding(facts: Mapping[str, Any], name: str = "") -> Finding:
    """Return the finding that a row of ``Record.facts`` was made from, as far as it tells."""
    read = plain_json.read(Finding, {"name": name or facts["agreement"], **facts})
    return replace(read, grade=Grade(read.grade))


def _finding(facts: Mapping[str, Any], kept: Mapping[str, Any]) -> Finding:
    key = facts["agreement"]
    parts = {name: kept[name].get(key, {}) for name in ("timing_deals", "segment_deals")}
    differing, reversing = kept["differing"].get(key, ()), kept["reversing"].get(key, ())
    timing = [one | {"deals": parts["timing_deals"].get(one["landmark"])} for one in facts["timing"]]
    segments = [
        one
        | {
            "deals": parts["segment_deals"].get(one["value"]),
            "differs": one["value"] in differing,
            "reverses": one["value"] in reversing,
        }
        for one in facts["segments"]
    ]
    whole = {**facts, "name": kept["names"].get(key, key), "timing": timing, "segments": segments}
    read = finding(whole)
    against = read.effect < 0 if kept["result"]["metric"]["better"] == "higher" else read.effect > 0
    details = plain_json.read(Details, kept["details"].get(key, {}))
    return replace(read, harmful=read.confirmed and against, details=details)


class NewerRecord(ValueError):
    """A run was stored by a later version of the program than this one."""


def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was stored in the form of this version, one step after another."""
    schema = stored.get("schema", 1)
    if schema > SCHEMA:
        raise NewerRecord(
            f"This run was stored by a later version of Hingepoint (its record is {schema}, the last one "
            f"known here is {SCHEMA}). Open it with that version."
        )
    for number in range(schema, SCHEMA):
        stored = UPGRADES[number](stored)
    return stored


def _with_everything_there(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema 1 with its parts that came one after another, and ``places``."""
    parts = ("differing", "reversing", "segment_deals", "timing_deals", "plans")
    empty: dict[str, Any] = {part: {} for part in parts}
    not_known = {"noise": None, "smallest_effect": None, "clustered_by": "", "clusters": 0, "currency": ""}
    chosen = (one["agreement"] for one in stored["result"]["pivotal"])
    places = {key: place for place, key in enumerate(chosen, start=1)}
    return {**empty, **not_known, "places": places, "enough": False, **stored, "schema": 2}


def _with_an_audit(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema 2 with the audit of the record, which was not made then."""
    return {**stored, "result": {"audit": [], **stored["result"]}, "schema": 3}


def _with_controls(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema 3 with negative controls, of which none could be named then."""
    none = plain_json.simple(Controls())
    return {**stored, "result": {"controls": none, **stored["result"]}, "schema": 4}


#: What makes a record of each schema one of the next.
UPGRADES: dict[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    1: _with_everything_there,
    2: _with_an_audit,
    3: _with_controls,
}


def _harmless(column: str) -> pl.Expr:
    starts_a_formula = pl.col(column).str.contains(r"^[=+\-@\t\r]")
    return pl.when(starts_a_formula).then("'" + pl.col(column)).otherwise(pl.col(column)).alias(column)
