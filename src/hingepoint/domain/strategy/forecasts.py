"""The forecast of a strategy's own metric from the deals that are open: for those who see every deal; kept in a large company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q

from hingepoint.analysis import metrics
from hingepoint.analysis.forecast import told
from hingepoint.analysis.forecast.told import Forecast
from hingepoint.analysis.period_numbers import parts_of_years
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.frames import events_read
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.strategy import results, seen
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.agreements import STANDING, AgreementState

#: The forecast of a strategy's metric, about what it asks: kept in a large company.
FORECAST = Question[Forecast]("forecast", Forecast)

#: States that say whether an agreement stands; the others are on the way to it.
_SAYS = STANDING | {
    AgreementState.BROKEN,
    AgreementState.LAPSED,
    AgreementState.DECLINED,
    AgreementState.NOT_NEEDED,
}
_COLUMNS = {
    "deal_id": "agreement__deal_id",
    "agreement": "agreement__type_id",
    "at": "occurred_at",
    "state": "state",
    "recorded_at": "recorded_at",
}


def forecast(viewer: Any, strategy: Strategy, *, today: dt.date) -> Forecast:
    """Return the forecast for one who sees every deal. At most six SQL queries; reads the deals of three years, and the steps
    of their pivotal agreements."""
    chosen = seen.chosen_of(strategy)
    return FORECAST.told(
        lambda: forecast_now(viewer, strategy, chosen, today=today), about=seen.what_it_asks(strategy, chosen)
    )


def forecast_now(
    viewer: Any, strategy: Strategy, chosen: Sequence[PivotalAgreement], *, today: dt.date
) -> Forecast:
    """Return the same, asked at this moment."""
    metric, standards = metrics.parse(strategy.metric), seen.standards_of(strategy, chosen)
    since = today - seen.LOOKS_BACK
    deals = _deals(viewer, strategy, since)
    steps = _steps(deals, [one.type_id for one in standards])
    quarters = parts_of_years(since, today, first_month=settings.FISCAL_YEAR_BEGINS)
    read = results.read_for(deals, [metric], beside=("owner",))
    return told.forecast(metric, read, steps, standards, quarters=quarters[1:], today=today)


def _deals(viewer: Any, strategy: Strategy, since: dt.date) -> DealQuerySet:
    deals = Deal.objects.visible_to(viewer)
    deals = deals.filter(Q(closed_at__isnull=True) | Q(closed_at__date__gte=since))
    return deals.filter(segment=strategy.segment) if strategy.segment else deals


def _steps(deals: DealQuerySet, types: Sequence[int]) -> pl.DataFrame:
    """Return the steps of agreements as ``forecast.rows.STEPS``: known when it was recorded, or when it happened where nobody said when that
    was. One SQL query."""
    taken = AgreementEvent.objects.standing().filter(
        agreement__deal__in=deals, agreement__type_id__in=types, state__in=_SAYS
    )
    return events_read(taken.order_by("id"), _COLUMNS).select(
        pl.col("deal_id").cast(pl.Int64).alias("id"),
        pl.col("agreement").cast(pl.Int64).alias("type_id"),
        "at",
        known=pl.max_horizontal("at", "recorded_at").dt.date(),
        stands=pl.col("state").is_in([one.value for one in STANDING]),
    )
