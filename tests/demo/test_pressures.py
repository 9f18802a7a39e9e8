"""The planted pressures of the demo company are found, with the truth inside the ranges, and nothing else is named."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

import pressing
from hingepoint.analysis import pressures
from hingepoint.analysis.pressures import Report
from hingepoint.demo import planted, sales, weeks
from hingepoint.demo.company import found
from hingepoint.records.pressures import Pressure, Verdict

#: Those whose tag says nothing else of a deal: predatory competitors come with a competitor.
ALONE = [one for one in Pressure if one is not Pressure.COMPETITORS]


@pytest.fixture(scope="session")
def report(whole) -> Report:
    return pressures.read(pressing.of_company(whole))


def test_the_planted_answer_is_named_and_nothing_else(report):
    named = [
        (told.pressure, answer.key, answer.metric, answer.verdict)
        for told in report.pressures
        for answer in told.answers
        if answer.verdict in (Verdict.ANSWERS, Verdict.WORSE)
    ]
    planted_one = planted.ANSWER
    assert named == [(planted_one.pressure, planted_one.key, "discount", Verdict.ANSWERS)]
    assert report.tested == len(Pressure) * len(planted.PIVOTAL) * 3


def test_the_answer_takes_the_whole_harm_away(report):
    """What is gained after the landmark counts as not gained, so the difference is a little smaller than planted."""
    (answer,) = report.of(planted.ANSWER.pressure).answered_by
    assert -planted.ANSWER.discount < answer.difference.value < -planted.ANSWER.discount / 2
    assert answer.with_it.low < 0 < answer.with_it.high
    assert answer.without_it.low > 0.02


def test_the_share_that_grows_is_that_of_predatory_competitors_alone(report):
    clear = {told.pressure for told in report.pressures if told.trend.clear}
    assert clear == {Pressure.COMPETITORS}
    assert 0.03 < report.of(Pressure.COMPETITORS).trend.a_year.value < 0.09


def test_indicators_see_the_newcomer_without_any_tag(report):
    seen = {one.key: one for one in report.of(Pressure.COMPETITORS).indicators}
    assert seen["new_names"].before.value == 1
    assert seen["on_price"].moved


def test_indicators_of_wishes_are_what_the_simulation_noted(whole, report):
    """Counted here deal by deal, from the simulation's own rows."""
    since = dt.datetime.combine(whole.ends_on + dt.timedelta(days=1), dt.time()) - dt.timedelta(days=365)
    rows = [row for row in whole.deals.iter_rows(named=True) if row["created"] >= since]
    took = [
        (row["closed"] - row["created"]).days
        for row in whole.deals.iter_rows(named=True)
        if row["status"] == "won"
    ]
    given = [
        (dt.date.fromisoformat(row["requested_date"]) - row["created"].date()).days
        for row in rows
        if row["requested_date"]
    ]
    below = [
        1 - float(row["competitor_price"]) / row["list_price"] for row in rows if row["competitor_price"]
    ]
    counted = {
        "sooner": np.mean(np.array(given) < np.median(took)),
        "countries": np.mean([len(row["countries"].split("; ")) for row in rows]),
        "below_us": np.mean(below),
    }
    told = {one.key: one for each in report.pressures for one in each.indicators}
    assert {key: told[key].now.value for key in counted} == pytest.approx(counted, abs=1e-9)
    assert told["below_us"].moved  # the newcomer asks a third less
    assert not told["countries"].moved
    assert not told["sooner"].moved


def lived(deals: sales.Deals, pressure: Pressure, felt: bool, ends_on: dt.date) -> weeks.Course:
    """Return how every deal goes, to its end, if all of them feel a pressure, or none does."""
    column = deals.pressures.copy()
    column[:, list(Pressure).index(pressure)] = felt
    changed = dataclasses.replace(deals, pressures=column)
    return weeks.live(deals=changed, seed=7, ends_on=ends_on, to_the_end=True)


def truth(deals: sales.Deals, pressure: Pressure, ends_on: dt.date) -> dict[str, float]:
    """Return what a pressure truly does, all that follows from it included: the same deals lived twice."""
    with_it, without_it = (lived(deals, pressure, felt, ends_on) for felt in (True, False))
    won = [one.outcome == weeks.WON for one in (with_it, without_it)]
    both = won[0] & won[1]
    return {
        "won": float(won[0].mean() - won[1].mean()),
        "discount": float((with_it.discount - without_it.discount)[both].mean()),
        "cycle_days": 7 * float((with_it.ended.astype(int) - without_it.ended.astype(int))[both].mean()),
    }


@pytest.mark.slow
def test_the_truth_lies_inside_the_ranges(whole, report):
    deals = found(ends_on=whole.ends_on, seed=7, sellers=140).deals
    away = []
    for pressure in ALONE:
        true = truth(deals, pressure, whole.ends_on)
        for effect in report.of(pressure).effects:
            half = (effect.range.high - effect.range.low) / 2
            away.append((pressure.value, effect.metric, (effect.range.value - true[effect.metric]) / half))
    distances = np.abs([distance for *_, distance in away])
    assert len(away) == 12
    assert (distances <= 1).sum() >= 10, away  # of twelve ranges of 95% eleven are expected
    assert distances.max() < 1.7, away
