"""The work of a trial: read its deals and compute what they show. Changes nothing by itself."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import polars as pl
from django.utils import timezone

import hingepoint
from hingepoint.analysis import frames
from hingepoint.analysis.discovery.plain_json import simple
from hingepoint.analysis.discovery.reading import money
from hingepoint.analysis.trials import balance
from hingepoint.analysis.trials import outcome as trials
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.frames import deals_frame, read
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.detection.sureness import unproven_steps
from hingepoint.domain.trials.models import Trial

_GAINS = {
    "deal_id": "agreement__deal__key",
    "agreement": "agreement__type__key",
    "at": "occurred_at",
    "state": "state",
}


def stated(trial: Trial) -> trials.Stated:
    """Return what was said of a trial before its first deal, as the analysis takes it."""
    return trials.Stated(
        design=trial.design,
        agreement=trial.agreement,
        metric=trial.metric,
        seed=trial.seed,
        since=dt.datetime.combine(trial.starts_on, dt.time()),
        drawn_at=_local(trial.drawn_at),
        horizon=dt.timedelta(days=trial.horizon_days),
        deals=trial.promised.get("deals") or 0,
        step=dt.timedelta(days=trial.step_days),
        steps=tuple(map(tuple, trial.steps)),
        teams=tuple(trial.teams),
        segment=trial.segment,
    )


def _local(at: dt.datetime) -> dt.datetime:
    return timezone.localtime(at).replace(tzinfo=None)


def counted(trial: Trial, *, at: dt.datetime) -> pl.DataFrame:
    """Return the deals of a trial that count by ``at``, with their lots, gains and outcomes, whoever looks.

    Reads every deal since the first day: a few SQL queries. Raises DiscoveryError where the metric cannot be
    told.
    """
    said = stated(trial)
    since = timezone.make_aware(said.begins)
    deals = deals_frame(None, since=since)
    steps = AgreementEvent.objects.standing().exclude(pk__in=unproven_steps())
    steps = steps.filter(
        that_count("agreement__deal"),
        agreement__type__key=trial.agreement,
        agreement__deal__created_at__gte=since,
    )
    gains = read(steps, _GAINS, frames.schema(frames.EVENTS))
    found = trials.entered(deals, gains, stated=said, as_of=_local(at))
    money.one_currency(found, trial.metric)
    return found


def seen(trial: Trial, deals: pl.DataFrame, *, at: dt.datetime, effect: bool) -> dict[str, Any]:
    """Return what a trial shows by ``at`` as plain JSON, from its ``counted`` deals: how far it is, both sides,
    their balance, the teams; with ``effect`` also the outcomes. Nothing infinite: an open end is null."""
    said = stated(trial)
    asked, usual = trials.sides(deals)
    return {
        "version": hingepoint.__version__,
        "progress": _progress(trials.progress(deals, stated=said, as_of=_local(at))),
        "sides": [simple(asked), simple(usual)],
        "balance": simple(balance.table(trials.parted(deals, stated=said), by=_whole(said))),
        "evenly": simple(_evenly(deals, said)),
        "teams": simple(_teams(deals, effect)) if said.design == trials.WEDGE else [],
        "outcome": simple(trials.outcome(deals, stated=said)) if effect else None,
    }


def _whole(said: trials.Stated) -> str:
    """Return what the lots part as a whole: teams in a stepped start, single deals otherwise."""
    return "team" if said.design == trials.WEDGE else ""


def _evenly(deals: pl.DataFrame, said: trials.Stated) -> float:
    """Return the chance that lots alone part deals as far; not known of a stepped start, which has few teams."""
    return math.nan if said.design == trials.WEDGE else balance.chance(deals)


def _progress(found: trials.Progress) -> dict[str, Any]:
    return simple(found) | {"known_on": found.known_on and found.known_on.isoformat()}


def _teams(deals: pl.DataFrame, effect: bool) -> tuple[trials.TeamLine, ...]:
    shown = deals if effect else deals.with_columns(outcome=pl.lit(None, dtype=pl.Float64))
    return trials.by_team(shown)
