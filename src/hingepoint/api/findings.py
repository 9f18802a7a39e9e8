"""Findings of discovery: what is signed, and the runs they come from."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Header, Query
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.agreements import IF_MATCH
from hingepoint.api.callers import Request
from hingepoint.api.deals import etag, version_of
from hingepoint.api.routing import Subject
from hingepoint.domain.discovery import actions
from hingepoint.domain.discovery.queries import findings, runs
from hingepoint.records.findings import Verdict
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
    "key facts verdict version decisions elsewhere",
    decisions=shapes.each(Decided),
    elsewhere=shapes.each(Decided),
)
Found = shapes.shape("FindingOfRun", findings.Found, "run_id key name verdict version facts")


class DecisionSent(shapes.Sent):
    """Whether you stand behind a finding, and why in a sentence."""

    verdict: Literal[Verdict.SIGNED, Verdict.REJECTED]
    note: str = Field(min_length=1, max_length=5000, pattern=r"^[^\x00]*$")


@subject.read("/findings", shapes.each(Signed))
def list_signed_findings(request: Request) -> Any:
    """List the signed findings

    The newest of each agreement and metric, with grade, effect and interval among its facts.
    """
    return findings.signed(request.auth.user)


@subject.read("/runs", shapes.several(Run))
def list_runs(request: Request, asked: Query[shapes.Part]) -> Any:
    """List the discovery runs

    The newest first.
    """
    before = shapes.before(asked.cursor)
    found = runs.runs(request.auth.user, at=timezone.now(), limit=asked.size + 1, before=before)
    return shapes.part(found, asked.size, lambda one: one.id)


@subject.read("/runs/{run_id}", Run)
def get_run(request: Request, run_id: shapes.Id) -> Any:
    """Read where a discovery run is"""
    return runs.state(request.auth.user, run_id, at=timezone.now())


@subject.read("/runs/{run_id}/findings", shapes.each(Found))
def list_findings(request: Request, run_id: shapes.Id) -> Any:
    """List the findings of a run

    As it ranks them, signed or not, with grade, effect and interval among their facts.
    """
    return findings.findings(request.auth.user, run_id)


# before the finding itself, whose key may hold anything
@subject.write("/runs/{run_id}/findings/{path:key}/decision", Finding, versioned=True)
def decide_finding(
    request: Request,
    response: HttpResponse,
    run_id: shapes.Id,
    key: shapes.Key,
    sent: DecisionSent,
    if_match: str | None = Header(None, alias="If-Match", pattern=IF_MATCH),
) -> Any:
    """Sign or reject a finding

    For analysts. Earlier decisions stay on record. If-Match says which version was decided on.
    """
    actions.decide(
        by=request.auth.user,
        at=timezone.now(),
        run_id=run_id,
        key=key,
        verdict=sent.verdict,
        note=sent.note,
        expected_version=version_of(if_match),
    )
    return _page(request, response, run_id, key)


@subject.read("/runs/{run_id}/findings/{path:key}", Finding)
def get_finding(request: Request, response: HttpResponse, run_id: shapes.Id, key: shapes.Key) -> Any:
    """Read one finding of a run, and what was decided on it

    The ETag is sent back as If-Match with a decision.
    """
    return _page(request, response, run_id, key)


def _page(request: Request, response: HttpResponse, run_id: int, key: str) -> findings.FindingPage:
    found = findings.finding(request.auth.user, run_id, key, at=timezone.now())
    response.headers["ETag"] = etag(found.version)
    return found
