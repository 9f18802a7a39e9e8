"""The outcome of the company's trial is what was planted; the one under way keeps its effect to itself."""

import datetime as dt

import polars as pl
import pytest

from hingepoint.analysis.trials import outcome as trials
from hingepoint.demo import planted, truth


def stated(prompt: planted.Prompt, ends_on: dt.date, *, deals: int = 100_000) -> trials.Stated:
    since = dt.datetime.combine(prompt.starts_on(ends_on), dt.time())
    return trials.Stated(
        design=trials.PROMPT,
        agreement=prompt.key,
        metric=planted.SUPPORTIVE,
        seed=prompt.seed,
        since=since,
        drawn_at=since,
        horizon=dt.timedelta(weeks=planted.TRIAL_WEEKS),
        deals=deals,
    )


def test_the_trial_recovers_what_was_planted(whole):
    prompt, true = planted.ENDED_TRIAL, truth.trials()[planted.ENDED_TRIAL.key]
    full = dt.datetime.combine(prompt.full_on(whole.ends_on), dt.time())
    counted = trials.entered(
        whole.deals.filter(pl.col("created") < full),
        whole.events,
        stated=stated(prompt, whole.ends_on),
        as_of=dt.datetime.combine(whole.ends_on, dt.time()),
    )
    assert counted["known"].all()
    found = trials.outcome(counted, stated=stated(prompt, whole.ends_on))
    assert found.difference.chance < 0.05
    for measure, planted_value in (
        (found.difference, true.difference),
        (found.take_up, true.take_up),
        (found.effect, true.effect),
    ):
        assert measure.low <= planted_value <= measure.high
    assert found.take_up.value == pytest.approx(true.take_up, abs=0.05)
