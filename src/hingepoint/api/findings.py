"""Findings of discovery: what is signed, and the runs they come from."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from hingepoint.api import shapes
from hingepoint.api.callers import Request
from hingepoint.api.routing import Subject
from hingepoint.domain.discovery.queries import findings, runs
from hingepoint.records.tokens import Topic

subject = Subject(Topic.FINDINGS, "Findings")

Signed = shapes.shape("SignedFinding", findings.SignedFinding, "run_id key name metric facts note by at")
Decided = shapes.shape("Decision", runs.Decided, "verdict note by at run_id")
Run = shapes.shape(
    "Run",
    runs.RunLine,
    "id asked_at asked_by made_from metric state progress doing shown chosen signed rejected deals",
)
Finding = shapes.shape(
    "Finding",
    findings.FindingPage,
    "key verdict version decisions elsewhere",
    decisions=shapes.each(Decided),
    elsewhere=shapes.each(Decided),
)


@subject.read("/findings", shapes.each(Signed))
def list_signed_findings(request: Request) -> Any:
    """List the signed findings

    The newest of each agreement and metric, with grade, effect and interval among its facts.
    """
    return findings.signed(request.auth.user)


@subject.read("/runs", shapes.each(Run))
def list_runs(request: Request) -> Any:
    """List the newest discovery runs"""
    return runs.runs(request.auth.user, at=timezone.now())


@subject.read("/runs/{run_id}", Run)
def get_run(request: Request, run_id: shapes.Id) -> Any:
    """Read where a discovery run is"""
    return runs.state(request.auth.user, run_id, at=timezone.now())


@subject.read("/runs/{run_id}/findings/{path:key}", Finding)
def get_finding(request: Request, run_id: shapes.Id, key: shapes.Key) -> Any:
    """Read what was decided on a finding"""
    return findings.finding(request.auth.user, run_id, key, at=timezone.now())
