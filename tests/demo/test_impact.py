"""The rollout of the demo company: its effect is found with its size, and where it has none, none is shown."""

import datetime as dt

import numpy as np
import pytest

import rollouts
from cast import person
from hingepoint.analysis import impact, metrics
from hingepoint.analysis.impact.panel import panel
from hingepoint.analysis.trials import redraws
from hingepoint.demo import planted, rollout, weeks
from hingepoint.demo.company import Company, simulate
from hingepoint.domain.impact import actions, queries
from hingepoint.records.people import Role

METRIC = metrics.parse("supportive:discount<=0.15")
ENDS_ON = dt.date(2026, 6, 26)


def measured(company: Company, **options) -> impact.Impact:
    said = {
        "metric": METRIC,
        "rollout": rollout.starts_of(company),
        "data_end": company.ends_on,
        "lot": impact.Lot(seed=1),
    }
    return impact.measure(company.deals, **said | options)


@pytest.fixture(scope="module", autouse=True)
def fewer_orders():
    """A fifth of the orders is enough here, and takes a fifth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redraws, "DRAWN", 999)
        yield


@pytest.fixture(scope="module")
def idle() -> Company:
    """The same company in which the rollout changes nothing; every other draw is the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planted, "ROLLOUT_LIFT", 0.0)
        weeks.habits.cache_clear()
        made = simulate(ends_on=ENDS_ON)
    weeks.habits.cache_clear()
    return made


@pytest.fixture(scope="module")
def found(whole) -> impact.Impact:
    return measured(whole)


@pytest.fixture(scope="module")
def truth(whole, idle) -> float:
    """What the rollout did to the deals of teams that lived it: one world less the other."""
    both = [
        panel(one.deals, metric=METRIC, starts=rollout.starts_of(whole), period="month", data_end=ENDS_ON)
        for one in (whole, idle)
    ]
    means = [np.average(one.values, weights=one.deals * one.lived) for one in both]
    return float(means[0] - means[1])


@pytest.mark.slow
def test_the_effect_of_the_rollout_is_found_with_its_size(found, truth):
    assert truth > 0.04
    assert found.headline.low < truth < found.headline.high
    assert found.second.low < truth < found.second.high
    assert found.conclusion.verdict == impact.SHOWN
    assert found.inference == "lottery"


@pytest.mark.slow
def test_the_page_finds_the_same(db, whole, found, truth):
    rollouts.into_tables(whole.deals)
    row = rollouts.entered(rollout.starts_of(whole), metric=METRIC.name)
    analyst = person("Ada", Role.ANALYST)
    actions.read_rollouts(at=dt.datetime.combine(ENDS_ON, dt.time(22), dt.UTC), as_of=ENDS_ON)
    told = queries.rollout(analyst, row.pk, today=ENDS_ON).told
    assert told.ci[0] < truth < told.ci[1]
    assert (told.effect, told.conclusion) == (pytest.approx(found.headline.effect, abs=1e-6), impact.SHOWN)


def test_it_grows_while_teams_learn(found):
    effect = {one.period: one.reading.effect for one in found.event_study}
    early, late = (np.mean([effect[k] for k in span]) for span in (range(3), range(6, 9)))
    assert late > early


def test_before_the_starts_there_is_nothing(found):
    assert found.placebo.mean.low < 0 < found.placebo.mean.high
    assert found.placebo.together > 0.05


@pytest.mark.slow
def test_where_the_rollout_changes_nothing_nothing_is_shown(idle):
    found = measured(idle)
    assert found.headline.low < 0 < found.headline.high
    assert found.conclusion.verdict != impact.SHOWN
    assert "works" not in impact.in_words(found)


def test_without_the_teams_that_wait_it_ends_with_the_last_wave(whole):
    """Three teams of the company never start; a company in which all do has nobody to compare with after that."""
    begun = {team: day for team, day in rollout.starts_of(whole).items() if day}
    last = max(begun.values())
    found = measured(whole, rollout=begun)
    assert found.nobody_waits_from == last.replace(day=1)
    assert found.panel.periods[-1] < last.replace(day=1)
