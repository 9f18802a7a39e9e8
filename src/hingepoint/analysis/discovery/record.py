"""A whole result as plain JSON: what pages and reports are made from, and what a stored run keeps."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import polars as pl

from hingepoint.analysis.discovery.result import FRAME, Details, Discovery, plain, simple
from hingepoint.analysis.discovery.settings import DiscoveryError, weeks
from hingepoint.analysis.trials.evidence import Basis, plan_evidence, share_counted
from hingepoint.records.findings import Grade


def of(discovery: Discovery, *, currency: str = "", teams: int = 0) -> dict[str, Any]:
    """Return everything there is to show of a result, as plain JSON.

    ``result`` is exactly the object of FORMATS; ``names`` the agreement types' names, ``details`` what
    stands behind each finding, ``plans`` how to get evidence where there is too little, ``table`` the
    rows of findings.csv. ``currency`` is that of the amounts, ``teams`` how many could start in turn.
    """
    return {
        "result": discovery.to_dict(),
        "names": {finding.agreement: finding.name for finding in discovery.findings},
        "details": {finding.agreement: _details(finding.details) for finding in discovery.findings},
        "differing": {
            finding.agreement: [segment.value for segment in finding.segments if segment.differs]
            for finding in discovery.findings
        },
        "reversing": {
            finding.agreement: [segment.value for segment in finding.segments if segment.reverses]
            for finding in discovery.findings
        },
        "segment_deals": {
            finding.agreement: {segment.value: segment.deals for segment in finding.segments}
            for finding in discovery.findings
        },
        "timing_deals": {
            finding.agreement: {point.landmark: point.deals for point in finding.timing}
            for finding in discovery.findings
        },
        "plans": _plans(discovery, teams),
        "table": discovery.findings_frame().to_dicts(),
        "at_risk_a_quarter": plain(discovery.data.at_risk_a_quarter),
        "noise": plain(discovery.data.noise),
        "smallest_effect": plain(discovery.data.smallest_effect),
        "clustered_by": discovery.data.clustered_by,
        "clusters": discovery.data.clusters,
        "landmarks": list(discovery.data.landmarks),
        "horizon": discovery.data.horizon,
        "kind": discovery.metric.kind,
        "among_won": discovery.metric.among_won,
        "currency": currency,
        "enough": discovery.enough,
    }


def _plans(discovery: Discovery, teams: int) -> dict[str, dict[str, Any]]:
    plans = {}
    for finding in discovery.findings:
        too_few = finding.excluded_because == "too_few"
        if too_few or finding.grade in (Grade.NONE, Grade.WEAK):
            try:
                plan = plan_evidence(discovery, finding.agreement, teams=teams)
            except DiscoveryError:
                continue
            plans[finding.agreement] = simple(plan)
    return plans


def can_plan(record: dict[str, Any]) -> bool:
    """Return whether a record holds what plans are made from; those of older versions do not."""
    return all(record.get(name) is not None for name in ("noise", "smallest_effect", "at_risk_a_quarter"))


def outcome_weeks(record: dict[str, Any]) -> int:
    """Return after how many weeks from a deal's creation its outcome is told in a trial: the horizon of the
    run after its middle landmark. Landmarks that are stages have no weeks; the horizon alone then."""
    landmarks = record["landmarks"]
    try:
        middle = weeks(landmarks[len(landmarks) // 2]) if landmarks else 0.0
    except DiscoveryError:
        middle = 0.0
    return max(round(middle + weeks(record["horizon"])), 1)


def basis(record: dict[str, Any], agreement: str) -> Basis:
    """Return what a plan to get evidence on an agreement type is made from, of a record that ``can_plan``.
    KeyError for an unknown one."""
    facts = {one["agreement"]: one for one in record["result"]["findings"]}[agreement]
    low, high = (_known(end) for end in facts["ci"])
    return Basis(
        agreement=agreement,
        name=record["names"].get(agreement, agreement),
        coverage=_known(facts["coverage"]),
        expected=_known(record["details"][agreement]["expected"]),
        error=(high - low) / (2 * 1.96),
        deals=record["result"]["data"]["deals"],
        at_risk_a_quarter=record["at_risk_a_quarter"],
        noise=record["noise"],
        smallest_effect=record["smallest_effect"],
        counted=share_counted(
            record["among_won"], record["result"]["data"]["won"], record["result"]["data"]["lost"]
        ),
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def facts(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings of FORMATS, each landmark and segment with its ``deals`` that gained it there."""
    return [
        one
        | {
            "timing": _counted(one, "timing", "landmark", record.get("timing_deals", {})),
            "segments": _counted(one, "segments", "value", record.get("segment_deals", {})),
        }
        for one in record["result"]["findings"]
    ]


def _counted(one: dict[str, Any], part: str, by: str, deals: dict[str, dict[str, int]]) -> list[dict]:
    known = deals.get(one["agreement"], {})
    return [row | {"deals": known.get(row[by], 0)} for row in one[part]]


def table(record: dict[str, Any]) -> pl.DataFrame:
    """Return the findings of a record as a frame; equal records give equal bytes when written."""
    return pl.DataFrame(record["table"], schema=FRAME)


def csv(record: dict[str, Any]) -> str:
    """Return the text of findings.csv; no cell can start a formula in a spreadsheet."""
    text = [name for name, dtype in FRAME.items() if dtype == pl.String]
    return table(record).with_columns(_harmless(name) for name in text).write_csv()


def _harmless(column: str) -> pl.Expr:
    starts_a_formula = pl.col(column).str.contains(r"^[=+\-@\t\r]")
    return pl.when(starts_a_formula).then("'" + pl.col(column)).otherwise(pl.col(column)).alias(column)


def _details(details: Details) -> dict[str, Any]:
    return {field.name: simple(getattr(details, field.name)) for field in dataclasses.fields(details)}
