"""Tables -> what a rollout can prove, and what it was worth: computed in the background, never in a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from hingepoint.analysis import impact, metrics
from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.domain.days import after
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.impact.adoption import adopted
from hingepoint.domain.impact.models import Rollout
from hingepoint.domain.impact.rules import drawn_by_lot, starts_of
from hingepoint.domain.routines.models import RoutineDue

#: Why something cannot be computed, in words.
NOT_POSSIBLE = (impact.ImpactError, metrics.MetricError, DiscoveryError)
YEAR = dt.timedelta(days=365)


class Deals:
    """The deals of the company as a frame, read when they are first asked for."""

    def __init__(self, *, until: dt.date) -> None:
        self._until = until
        self._frame: pl.DataFrame | None = None

    @property
    def frame(self) -> pl.DataFrame:
        if self._frame is None:
            self._frame = deals_frame(None)
        return self._frame

    @property
    def data_end(self) -> dt.date:
        """The last day that the deals cover: of the last close until ``until``, as for files."""
        closed = self.frame["closed"].drop_nulls().dt.date()
        last = closed.filter(closed <= self._until).max()
        return last if isinstance(last, dt.date) else self._until


def weighed(row: Rollout, deals: Deals, *, today: dt.date) -> dict[str, Any]:
    """Return what a rollout can prove that begins in the next period after ``today``. Raises one of ``NOT_POSSIBLE``."""
    made = impact.plan(
        deals.frame,
        teams=tuple(row.teams),
        metric=metrics.parse(row.metric),
        data_end=deals.data_end,
        period=row.period,
        steps=row.steps,
        periods=row.periods,
        seed=row.seed or 1,
        smallest_effect=row.worth,
        begins_after=today,
    )
    return impact.plan_to_dict(made)


def measured(row: Rollout, deals: Deals) -> dict[str, Any]:
    """Return what a sealed rollout was worth, as ``record.Told`` reads it. Raises one of ``NOT_POSSIBLE``."""
    card = impact.read_card(row.card)
    starts = starts_of(row)
    found = impact.measure(
        deals.frame,
        metric=metrics.parse(row.metric),
        rollout=starts,
        data_end=deals.data_end,
        period=row.period,
        lot=impact.Lot(seed=card.seed) if drawn_by_lot(row) else None,
        smallest_effect=card.worth,
    )
    held = impact.held(card, found, starts, data_end=deals.data_end)
    began = [team for team, day in starts.items() if day and day <= deals.data_end]
    people = {"did": did(began, deals), "adopted": adopted(starts, until=deals.data_end)}
    return impact.to_dict(found) | {"card": held} | people


def did(teams: Sequence[str], deals: Deals) -> dict[str, int]:
    """Return ``record.Did`` of teams as plain JSON. One SQL query."""
    since = deals.data_end - YEAR
    day = pl.col("closed").dt.date()
    lately = deals.frame.filter(pl.col("team").is_in(teams) & (day > since) & (day <= deals.data_end))
    done = RoutineDue.objects.filter(team__name__in=teams, done_at__gte=after(since))
    return {
        "people": lately["owner"].drop_nulls().n_unique(),
        "routines": done.filter(done_at__lt=after(deals.data_end)).count(),
    }
