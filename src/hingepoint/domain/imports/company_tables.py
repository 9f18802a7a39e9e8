"""Tables about the company rather than about deals one by one: its people, what was found, reviewed and raised.

No choice of deals says who may see their rows, so that no page hands them out: only whoever runs the server does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl
from django.db.models import OuterRef, Q, Subquery

from hingepoint.analysis.signals.shape import Report
from hingepoint.connectors.files import parquet
from hingepoint.domain.deals.frames import BATCH, FILE_MOMENT, Rows, table
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.discovery.models import Finding, FindingDecision
from hingepoint.domain.people.models import Membership, User
from hingepoint.domain.reviews.models import Review, ReviewNote
from hingepoint.domain.signals.models import Raise, SignalReading
from hingepoint.domain.signals.record import opened
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records.findings import Verdict
from hingepoint.records.reviews import NoteKind

_PEOPLE = {"person": "key", "name": "name", "role": "role", "title": "title", "active": "is_active"}
_MEMBERSHIPS = {
    "person": "user__key",
    "team": "team__name",
    "team_above": "team__parent__name",
    "manages": "manages",
    "since": "since",
    "until": "until",
}
_FINDINGS = {
    "agreement": "key",
    "metric": "run__metric",
    "source": "run__source",
    "grade": "grade",
    "signed_by": "signed_by_key",
    "run": "run_id",
    "effect": "effect",
    "low": "low",
    "high": "high",
    "pivotal": "in_set",
    "computed_at": "run__ended_at",
    "signed_at": "signed_on",
}
_PIVOTAL = {
    "strategy": "playbook__strategy__name",
    "strategy_status": "playbook__strategy__status",
    "metric": "playbook__strategy__metric",
    "agreement": "type__key",
    "counterpart": "counterpart",
    "needed_by": "needed_by",
    "needed_stage": "needed_stage",
    "playbook": "playbook__number",
    "place": "position",
    "run": "finding__run_id",
    "needed_days": "needed_days",
    "evidence_wanted": "evidence_wanted",
    "recheck_days": "recheck_days",
    "least_amount": "least_amount",
    "published_at": "playbook__published_at",
}
_REVIEWS = {
    "kind": "kind",
    "team": "team__name",
    "led_by": "opened_by__key",
    "review": "id",
    "seconds": "used",
    "held_on": "on",
    "opened_at": "opened_at",
    "ended_at": "ended_at",
}
_COMMITMENTS = {
    "deal_id": "about__deal__key",
    "agreement": "type__key",
    "words": "words",
    "owner": "owner__key",
    "written_by": "written_by__key",
    "became": "end__became",
    "said_by": "end__said_by__key",
    "review": "review_id",
    "due_on": "due_on",
    "written_at": "written_at",
    "ended_at": "end__at",
}
_RAISES = {
    "signal": "signal",
    "level": "level",
    "place": "place",
    "owner": "owner__key",
    "since": "since",
    "earliest": "earliest",
    "latest": "latest",
    "seen": "seen",
    "first_day": "first_day",
    "ended_on": "ended_on",
    "muted_until": "muted_until",
    "answered_at": "answered_at",
}


def _people(_: DealQuerySet) -> list[Rows]:
    return [(User.objects.all(), _PEOPLE)]


def _memberships(_: DealQuerySet) -> list[Rows]:
    return [(Membership.objects.all(), _MEMBERSHIPS)]


def _findings(_: DealQuerySet) -> list[Rows]:
    signed = FindingDecision.objects.filter(finding=OuterRef("pk"), verdict=Verdict.SIGNED).order_by("-id")
    by, at = (Subquery(signed.values(name)[:1]) for name in ("by__key", "at"))
    return [(Finding.objects.signed().annotate(signed_by_key=by, signed_on=at), _FINDINGS)]


def _pivotal(_: DealQuerySet) -> list[Rows]:
    return [(PivotalAgreement.objects.filter(playbook__published_at__isnull=False), _PIVOTAL)]


def _reviews(_: DealQuerySet) -> list[Rows]:
    return [(Review.objects.held(), _REVIEWS)]


def _commitments(deals: DealQuerySet) -> list[Rows]:
    rows = ReviewNote.objects.filter(Q(about=None) | Q(about__deal__in=deals), kind=NoteKind.COMMITMENT)
    return [(rows, _COMMITMENTS)]


def _raises(_: DealQuerySet) -> list[Rows]:
    return [(Raise.objects.all(), _RAISES)]


#: What each of them reads; of ``deals`` only the commitments, which may be about one.
ROWS: dict[str, Callable[[DealQuerySet], list[Rows]]] = {
    "people": _people,
    "memberships": _memberships,
    "findings": _findings,
    "pivotal": _pivotal,
    "reviews": _reviews,
    "commitments": _commitments,
    "raises": _raises,
}


def _types(name: str) -> dict[str, pl.DataType]:
    moment = pl.Datetime("us", "UTC")
    return {column: FILE_MOMENT if kind == moment else kind for column, kind in parquet.TABLES[name].items()}


def _table(name: str, deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    return table(ROWS[name](deals), _types(name))


# ---- what is kept as whole reports, which no view cuts ----


def _readings(_: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield what signals told at each place, a kept day after the other, as frames of ``BATCH`` rows or a day more. The first frame
    is empty and holds the columns."""
    types = _types("readings")
    yield pl.DataFrame(schema=types)
    rows: list[tuple] = []
    kept = SignalReading.objects.order_by("day").values_list("report", flat=True)
    for report in kept.iterator(chunk_size=1):  # megabytes each
        rows += _told(opened(report))
        if len(rows) >= BATCH:
            yield pl.DataFrame(rows, schema=types, orient="row")
            rows = []
    if rows:
        yield pl.DataFrame(rows, schema=types, orient="row")


def _told(report: Report) -> list[tuple]:
    return [
        (
            told.signal.key, one.place.level, one.place.name, one.state.value, told.signal.unit,
            one.reading, one.baseline, *(one.ci or (None, None)), report.as_of, one.since,
        )
        for told in report.signals
        for one in told.places
    ]  # fmt: skip


TABLES: dict[str, Callable[[DealQuerySet], Iterator[pl.DataFrame]]] = {
    **{name: partial(_table, name) for name in ROWS},
    "readings": _readings,
}
