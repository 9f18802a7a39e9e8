"""Whether the findings behind a strategy still hold on later deals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.discovery.queries import comparison
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.records.findings import Source


@dataclass(frozen=True, slots=True)
class RunBehind:
    """The run of discovery that a strategy's playbook rests on, and its agreements' names by key."""

    strategy: Strategy
    run_id: int
    names: Mapping[str, str]


def runs_behind(strategies: QuerySet[Strategy]) -> list[RunBehind]:
    """Return, for each strategy that has one, the newest run on our deals that the published playbook's
    agreements were chosen from, else the newest with a signed finding on its metric. Two SQL queries."""
    rows = PivotalAgreement.objects.filter(
        playbook__strategy__in=strategies, playbook__published_at__isnull=False
    ).select_related("type", "playbook__strategy", "finding__run")
    books: dict[int, list[PivotalAgreement]] = {}
    for row in rows.defer("finding__run__record").order_by("-playbook__number", "position"):
        book = books.setdefault(row.playbook.strategy_id, [])
        if not book or book[0].playbook_id == row.playbook_id:
            book.append(row)
    signed = Finding.objects.signed().filter(run__source=Source.DATABASE)
    newest = dict(signed.order_by("run_id").values_list("run__metric", "run_id"))
    found = [(book, _run_of(book) or newest.get(book[0].playbook.strategy.metric)) for book in books.values()]
    return [
        RunBehind(book[0].playbook.strategy, run_id, {row.type.key: str(row.type) for row in book})
        for book, run_id in found
        if run_id
    ]


def _run_of(book: Sequence[PivotalAgreement]) -> int | None:
    """Return the newest run on our deals that agreements of a playbook were chosen from."""
    chosen = [row.finding for row in book if row.finding and row.finding.run.source == Source.DATABASE]
    return max((finding.run_id for finding in chosen), default=None)


@dataclass(frozen=True, slots=True)
class StillHolds:
    """Whether the findings behind a strategy still hold on later deals. ``refreshed`` None: not asked yet."""

    strategy_id: int
    strategy: str
    base: int
    refreshed: comparison.Refreshed | None


def still_holds(viewer: Any, *, at: dt.datetime) -> list[StillHolds]:
    """Return, for each strategy in force with findings behind it, whether they still hold, for those who keep findings: a
    strategy's own page says whether its agreements predict (``seen.agreements_seen``). Nothing for those who do not see all
    findings. Four SQL queries."""
    if not viewer.sees_everything:
        return []
    found = runs_behind(Strategy.objects.visible_to(viewer).in_force())
    said = comparison.refreshed(viewer, {one.run_id: one.names for one in found}, at=at)
    return [StillHolds(one.strategy.pk, one.strategy.name, one.run_id, said.get(one.run_id)) for one in found]
