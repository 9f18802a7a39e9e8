"""A whole result as plain JSON: what pages and reports are made from, and what a stored run keeps."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import polars as pl

from hingepoint import records
from hingepoint.analysis.discovery.evidence import plan_evidence
from hingepoint.analysis.discovery.result import FRAME, Details, Discovery, plain
from hingepoint.analysis.discovery.settings import DiscoveryError


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
        "plans": _plans(discovery, teams),
        "table": discovery.findings_frame().to_dicts(),
        "at_risk_a_quarter": plain(discovery.data.at_risk_a_quarter),
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
        if too_few or finding.grade in (records.Grade.NONE, records.Grade.WEAK):
            try:
                plan = plan_evidence(discovery, finding.agreement, teams=teams)
            except DiscoveryError:
                continue
            plans[finding.agreement] = _plain(plan)
    return plans


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
    return {field.name: _plain(getattr(details, field.name)) for field in dataclasses.fields(details)}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return plain(value) if math.isfinite(value) else None
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
