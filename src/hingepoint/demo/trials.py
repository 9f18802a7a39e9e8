"""The company's two trials: one has ended and shows its result, one is under way."""

from __future__ import annotations

import datetime as dt

import polars as pl
from django.utils import timezone

from hingepoint.demo import planted
from hingepoint.demo.company import CURRENCY, Company
from hingepoint.domain.people import queries as people
from hingepoint.domain.trials import actions as trials
from hingepoint.domain.trials.models import Trial
from hingepoint.records.people import Role


def write(company: Company) -> None:
    """Draw the lots of both trials the day before they began, and show the result of the one that has ended."""
    ended = _draw(planted.ENDED_TRIAL, company)
    _draw(planted.RUNNING_TRIAL, company)
    told_on = planted.ENDED_TRIAL.full_on(company.ends_on) + dt.timedelta(weeks=planted.TRIAL_WEEKS)
    trials.look(by=None, at=_moment(told_on, hour=3), trial_id=ended.pk)


def _draw(prompt: planted.Prompt, company: Company) -> Trial:
    begins = prompt.starts_on(company.ends_on)
    promised = {
        "effect": prompt.effect,
        "take_up": prompt.take_up,
        "power": 0.8,
        "deals": _planned(prompt, company),
        "weeks": float(prompt.lasted),
    }
    lots = trials.Lots(
        design="prompt",
        seed=prompt.seed,
        starts_on=begins,
        promised=promised,
        horizon_days=planted.TRIAL_WEEKS * 7,
    )
    question = trials.Question(prompt.key, planted.SUPPORTIVE, CURRENCY)
    drawn_at = _moment(begins - dt.timedelta(days=1), hour=16)
    return trials.draw(by=people.persona(Role.ANALYST), at=drawn_at, question=question, lots=lots)


def _planned(prompt: planted.Prompt, company: Company) -> int:
    """Return how many deals enter while it lasts: as counted, or at the pace so far where it goes on."""
    since, until = (
        dt.datetime.combine(day, dt.time())
        for day in (prompt.starts_on(company.ends_on), prompt.full_on(company.ends_on))
    )
    entered = company.deals.filter((pl.col("created") >= since) & (pl.col("created") < until)).height
    return round(entered * max(prompt.lasted / prompt.began, 1))


def _moment(day: dt.date, *, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
