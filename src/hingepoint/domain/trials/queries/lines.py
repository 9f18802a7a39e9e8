"""Trials in lists: all of them, those of agreement types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.db import models

from hingepoint.domain.discovery import work as discovery_work
from hingepoint.domain.people.models import User
from hingepoint.domain.trials.models import Trial, TrialLook

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial whose lots are drawn. ``ended``: its result is shown."""

    id: int
    agreement: str
    metric: str
    design: str
    design_words: str
    starts_on: dt.date
    seed: int
    by: str
    at: dt.datetime
    ended: bool


def of_agreements(viewer: User, keys: Iterable[str]) -> dict[str, tuple[TrialLine, ...]]:
    """Return the trials of agreement types, by key, the newest first. One SQL query."""
    found: dict[str, list[TrialLine]] = {}
    for row in by_newest(viewer).filter(agreement__in=keys):
        found.setdefault(row.agreement, []).append(line_of(row))
    return {key: tuple(rows) for key, rows in found.items()}


def all_trials(viewer: User) -> tuple[TrialLine, ...]:
    """Return every trial, the newest first. One SQL query."""
    return tuple(map(line_of, by_newest(viewer)))


def names(lines: Iterable[TrialLine]) -> dict[str, str]:
    """Return the names of the agreement types of trials, by key."""
    known = discovery_work.names()
    return {line.agreement: known.get(line.agreement, line.agreement) for line in lines}


class _Ended(TypedDict):
    """What ``by_newest`` annotates: whether the result is on record."""

    ended: bool


def by_newest(viewer: User) -> models.QuerySet[WithAnnotations[Trial, _Ended]]:
    ended = TrialLook.objects.filter(trial=models.OuterRef("pk"), early=False)
    rows = Trial.objects.visible_to(viewer).select_related("drawn_by")
    return rows.annotate(ended=models.Exists(ended))


def line_of(row: WithAnnotations[Trial, _Ended]) -> TrialLine:
    return TrialLine(
        id=row.pk,
        agreement=row.agreement,
        metric=row.metric,
        design=row.design,
        design_words=row.get_design_display(),
        starts_on=row.starts_on,
        seed=row.seed,
        by=row.drawn_by.name,
        at=row.drawn_at,
        ended=row.ended,
    )
