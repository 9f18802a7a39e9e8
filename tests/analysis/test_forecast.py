"""A forecast recovers planted chances, is silent where open deals tell nothing, and looks at nothing that came later."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

import foretelling
from foretelling import QUARTERS, STANDARDS, TODAY
from hingepoint.analysis import calibration, metrics
from hingepoint.analysis.forecast import fit, rows, told
from hingepoint.analysis.forecast.rows import BANDS
from hingepoint.records.strategy import Refuses

DAY = dt.timedelta(days=1)
WON = metrics.parse("won")


@pytest.fixture(scope="module")
def telling():
    return foretelling.world(1)


@pytest.fixture(scope="module")
def found(telling):
    return telling.forecast()


def ahead_of(one: foretelling.World) -> pl.DataFrame:
    tomorrow = TODAY + DAY
    return rows.rows(
        WON, one.deals, one.steps, STANDARDS, [*QUARTERS[:-1], (tomorrow, tomorrow + told.DAYS * DAY)]
    )


def test_a_planted_truth_is_recovered_deal_by_deal(telling, found):
    """Of older open deals all three are due: what is said of those that hold none, one, two or all is the planted chance."""
    assert found.refuses == Refuses.NO
    said = {one.band: one.told for one in found.cells if one.older}
    planted = {BANDS[1]: 0.15, BANDS[2]: 0.35, BANDS[3]: 0.55, BANDS[4]: 0.75}
    assert said == pytest.approx(planted, abs=0.06)
    open_ = telling.deals.filter(pl.col("closed").is_null())["id"].to_numpy()
    assert found.ahead.open == len(open_)
    assert found.ahead.level.told == pytest.approx(telling.chance[open_].mean(), abs=0.03)
    assert found.ahead.level.low < found.ahead.level.likely_low < found.ahead.level.told


def test_its_gain_is_that_of_knowing_the_chances_less_what_is_not_due_yet(telling, found):
    """Who knew every chance would score the mean of p (1 - p), and beat the long run by their variance."""
    best = float((telling.chance * (1 - telling.chance)).mean())
    assert best < found.score < found.always.score
    assert 0.5 * telling.chance.var() < found.always.gain.value <= telling.chance.var() * 1.1
    assert all(one.beaten for one in found.against)


def test_where_open_deals_tell_nothing_nothing_is_told():
    """Of a hundred such companies, with sellers alike or not, none is told anything (``benchmarks/forecast.py``)."""
    every = [foretelling.world(100 + seed, tells=0, luck=0.15 * (seed % 2)).forecast() for seed in range(4)]
    assert {one.refuses for one in every} == {Refuses.NO_BETTER}
    assert all(one.ahead is None and not one.cells and len(one.past) >= told.LEAST for one in every)


@pytest.mark.slow
def test_of_a_hundred_companies_that_tell_nothing_at_most_five_are_told_something():
    every = [foretelling.world(seed, tells=0, luck=0.15 * (seed % 2)).forecast() for seed in range(100)]
    assert sum(one.refuses == Refuses.NO for one in every) <= 5


@pytest.mark.slow
def test_ranges_hold_what_came_as_often_as_they_say():
    quarters = [one for seed in range(30) for one in foretelling.world(seed, luck=0.1).forecast().past]
    for what in ("counts", "level", "total"):
        ranges = [getattr(one, what) for one in quarters]
        assert np.mean([one.held for one in ranges]) >= 0.93
        assert 0.75 <= np.mean([one.likely_held for one in ranges]) <= 0.92


def test_the_score_is_that_of_scikit_learn_and_of_a_count_by_hand(telling, found, oracle):
    """Each past quarter anew with plain loops: nothing of the module but what was known of a deal when the quarter began."""
    table = ahead_of(telling)
    told_of, came, always = [], [], []
    for number in range(len(QUARTERS) - 1):
        before = table.filter(pl.col("quarter") < number)
        counted = before.drop_nulls("value")
        if counted["quarter"].n_unique() < told.LEARNS_FROM:
            continue
        middle, mean = before["age"].median(), counted["value"].mean()
        cells: dict[tuple[int, bool], list[float]] = {}
        for one in counted.iter_rows(named=True):
            cells.setdefault((one["band"], one["age"] > middle), []).append(one["value"])
        within = sum((v - np.mean(c)) ** 2 for c in cells.values() for v in c) / (counted.height - len(cells))
        sizes = np.array([len(c) for c in cells.values()])
        means = np.array([np.mean(c) for c in cells.values()])
        between = (sizes @ (means - mean) ** 2 - within * (len(sizes) - 1)) / (
            sizes.sum() - (sizes**2).sum() / sizes.sum()
        )
        for one in table.filter(pl.col("quarter") == number).drop_nulls("value").iter_rows(named=True):
            own = cells.get((one["band"], one["age"] > middle), [mean])
            drawn = between / (between + within / len(own))
            told_of.append(mean + drawn * (np.mean(own) - mean))
            came.append(one["value"])
            always.append(mean)
    brier = oracle("sklearn.metrics").brier_score_loss
    assert found.deals == len(came)
    assert found.score == pytest.approx(brier(came, told_of), abs=1e-12)
    assert found.always.score == pytest.approx(brier(came, always), abs=1e-12)
    assert found.always.gain.value == pytest.approx(found.always.score - found.score, abs=1e-12)


def test_the_score_is_the_sum_of_its_parts_and_the_bands_hold_every_deal(found):
    parts = found.parts
    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty, abs=1e-12)
    assert parts.brier == pytest.approx(found.score, abs=0.002)  # to the nearest twentieth
    assert sum(one.happened.n for one in found.bands) == found.deals
    assert parts.reliability < 0.25 * parts.resolution


def test_nothing_is_looked_at_that_was_on_record_only_later(telling):
    """Every step written down a year late: at each quarter's beginning nothing stands, but what is a year old."""
    late = telling.steps.with_columns(pl.col("known").dt.offset_by("365d"))
    seen = rows.rows(WON, telling.deals, late, STANDARDS, QUARTERS[:-1])
    assert set(seen.filter(pl.col("age") < 360)["band"]) == {0, 1}


def test_what_comes_after_a_quarter_changes_nothing_of_what_was_told_of_it(telling, found):
    first, until = found.past[0], found.past[0].ends
    closed = pl.col("closed").dt.date() >= until
    other = foretelling.World(
        telling.deals.with_columns(status=pl.when(closed).then(pl.lit("won")).otherwise("status")),
        telling.steps.filter(pl.col("known") < until),
        telling.chance,
    ).forecast()
    assert (other.past[0].level.told, other.past[0].counts.told) == (first.level.told, first.counts.told)


def step(deal: int, kind: int, day: dt.date, *, stands: bool = True, known: dt.date | None = None):
    return deal, kind, dt.datetime.combine(day, dt.time(9)), known or day, stands


def bands_of(*steps, created: dt.date = dt.date(2025, 1, 1), begins: dt.date = dt.date(2025, 3, 1)) -> int:
    """Return the band of one deal on a day."""
    deals = pl.DataFrame(
        {
            "id": [7],
            "owner": [1],
            "created": foretelling.moments([created]),
            "closed": pl.Series([None], dtype=pl.Datetime("us")),
            "status": ["open"],
            "segment": ["Large"],
            "amount": [1.0],
        }
    )
    known = pl.DataFrame(list(steps), schema=rows.STEPS, orient="row")
    [band] = rows.rows(WON, deals, known, STANDARDS, [(begins, begins + 91 * DAY)])["band"]
    return band


EARLY = dt.date(2025, 1, 10)


@pytest.mark.parametrize(
    ("steps", "begins", "band"),
    [
        ((), dt.date(2025, 1, 10), 0),  # nothing due: the first is due after fifteen days
        ((), dt.date(2025, 3, 1), 1),
        ((step(7, 0, EARLY),), dt.date(2025, 3, 1), 2),
        ((step(7, 0, EARLY), step(7, 1, EARLY)), dt.date(2025, 3, 1), 3),
        ((step(7, 0, EARLY), step(7, 1, EARLY), step(7, 2, EARLY)), dt.date(2025, 3, 1), 4),
        ((step(7, 0, EARLY),), dt.date(2025, 1, 18), 4),  # of the one that is due
        ((step(7, 0, EARLY), step(7, 0, EARLY + DAY, stands=False)), dt.date(2025, 3, 1), 1),  # broken
        ((step(7, 0, EARLY), step(7, 0, dt.date(2025, 3, 1), stands=False)), dt.date(2025, 3, 1), 2),  # later
        ((step(7, 0, EARLY, known=dt.date(2025, 3, 1)),), dt.date(2025, 3, 1), 1),  # written down that day
        ((step(8, 0, EARLY),), dt.date(2025, 3, 1), 1),  # another deal's
    ],
)
def test_a_deal_holds_what_stood_of_what_was_due(steps, begins, band):
    assert bands_of(*steps, begins=begins) == band


def test_means_of_few_are_drawn_farther_and_equal_ones_wholly():
    rng = np.random.default_rng(3)
    cells = np.repeat([0, 1, 2], [500, 500, 5])
    values = (rng.random(1_005) < np.repeat([0.2, 0.6, 1.0], [500, 500, 5])).astype(float)
    found = fit.means(cells, values)
    own = [values[cells == cell].mean() for cell in range(3)]
    kept = [(found.told[cell] - found.all) / (own[cell] - found.all) for cell in range(3)]
    assert kept[0] > 0.95 > kept[2] > 0
    assert found.told[3] == found.all  # nothing known of it
    alike = fit.means(np.arange(1_000) % 2, (np.arange(1_000) // 2 % 2).astype(float))
    assert alike.told[:2] == pytest.approx([0.5, 0.5], abs=1e-12)


def test_money_is_forecast_as_what_each_deal_is_expected_to_bring():
    one = foretelling.world(5, deals=3_000)
    richer = one.deals.with_columns(net_price=pl.col("amount"), cost=pl.lit(0.0))
    found = foretelling.World(metrics.with_derived(richer), one.steps, one.chance).forecast("net")
    assert (found.refuses, found.parts, len(found.bands)) == (Refuses.NO, None, 5)
    level, total, counts = found.ahead.level.told, found.ahead.total.told, found.ahead.counts.told
    assert total == pytest.approx(level * counts)
    assert level == pytest.approx(105 * one.chance.mean(), rel=0.1)
    said = [band.said for band in found.bands]
    assert said == sorted(said)


def test_with_too_few_quarters_it_says_when_it_could_be_told():
    one = foretelling.world(2)
    few = told.forecast(WON, one.deals, one.steps, STANDARDS, quarters=QUARTERS[5:], today=TODAY)
    assert (few.refuses, few.ahead, few.score) == (Refuses.FEW, None, None)
    tried = len(QUARTERS[5:-1]) - told.LEARNS_FROM
    assert few.could_be == told._quarters_on(dt.date(2026, 1, 1), told.LEAST - tried)
    nothing = told.forecast(WON, one.deals.head(10), one.steps, STANDARDS, quarters=QUARTERS, today=TODAY)
    assert (nothing.refuses, nothing.could_be) == (Refuses.FEW, None)


def test_what_is_better_by_little_could_be_shown_later_and_what_is_not_better_never():
    better, worse = (foretelling.world(seed, tells=0.3, deals=900).forecast() for seed in (0, 3))
    assert better.refuses == worse.refuses == Refuses.NO_BETTER
    assert min(one.gain.value for one in better.against) > 0 > min(one.gain.low for one in better.against)
    assert better.could_be > TODAY + 365 * DAY
    assert min(one.gain.value for one in worse.against) < 0
    assert worse.could_be is None


@pytest.mark.parametrize("metric", ["price_realisation", "margin"])
def test_what_deals_do_not_tell_is_refused_with_the_reason(metric):
    found = foretelling.world(2, deals=50).forecast(metric)
    assert (found.refuses, found.past) == (Refuses.UNTOLD, ())
    assert found.problem


def test_without_an_agreement_that_is_due_by_a_day_nothing_is_forecast(telling):
    found = told.forecast(WON, telling.deals, telling.steps, [], quarters=QUARTERS, today=TODAY)
    assert found.refuses == Refuses.UNTOLD
    assert "No pivotal agreement" in found.problem


def test_where_no_deal_is_open_the_past_is_told_and_nothing_ahead(telling):
    closed = telling.deals.filter(pl.col("closed").is_not_null())
    found = foretelling.World(closed, telling.steps, telling.chance).forecast()
    assert (found.refuses, found.ahead, found.problem) == (Refuses.UNTOLD, None, "No deal is open now.")
    assert len(found.past) >= told.LEAST


def test_bands_can_be_told_with_other_edges():
    found = calibration.bands([0.05, 0.3, 0.35, 1.0], [False, True, False, True], told.TENTHS)
    assert [(one.low, one.high, one.happened.n) for one in found] == [(0, 0.1, 1), (0.3, 0.4, 2), (0.9, 1, 1)]
