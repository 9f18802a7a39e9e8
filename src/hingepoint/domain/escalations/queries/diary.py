"""A person's own decision diary: the chances they stated when they answered requests, and how the deals ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.analysis import calibration
from hingepoint.domain.escalations.models import DiaryEntry
from hingepoint.records.deals import DealStatus
from hingepoint.records.escalations import Answer

MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class DiaryLine:
    """One decision with the chance that was stated. ``won``: how the deal ended, None while it is open."""

    escalation_id: int
    deal: str
    on: dt.date
    answer: Answer
    chance: float
    won: bool | None


@dataclass(frozen=True, slots=True)
class Diary:
    """One's own record. ``score`` and ``bands`` are None and empty until ``scored`` reaches the least that tells."""

    lines: tuple[DiaryLine, ...]
    open: int
    scored: int
    score: calibration.Score | None
    bands: tuple[calibration.Band, ...]


def diary(viewer: Any) -> Diary:
    """Return the diary of ``viewer``, which nobody else reads. Of several answers to one request the last counts. One SQL
    query."""
    rows = (
        DiaryEntry.objects.visible_to(viewer)
        .select_related("approval__escalation__deal")
        .order_by("at", "id")
    )
    newest = {row.approval.escalation_id: _line(row) for row in rows}
    lines = sorted(newest.values(), key=lambda line: (line.on, line.escalation_id), reverse=True)
    ended = [(line.chance, line.won) for line in lines if line.won is not None]
    chances, won = [chance for chance, _ in ended], [outcome for _, outcome in ended]
    enough = len(ended) >= calibration.LEAST
    return Diary(
        lines=tuple(lines[:MOST_SHOWN]),
        open=len(lines) - len(ended),
        scored=len(ended),
        score=calibration.score(chances, won) if enough else None,
        bands=tuple(calibration.bands(chances, won)) if enough else (),
    )


def _line(row: DiaryEntry) -> DiaryLine:
    deal = row.approval.escalation.deal
    ended = deal.status != DealStatus.OPEN
    return DiaryLine(
        escalation_id=row.approval.escalation_id,
        deal=str(deal),
        on=timezone.localdate(row.at),
        answer=Answer(row.approval.answer),
        chance=row.chance,
        won=deal.status == DealStatus.WON if ended else None,
    )
