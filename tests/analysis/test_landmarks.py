"""Landmarks, to the week: which deals are looked at where, and what counts as their outcome."""

from types import SimpleNamespace

import numpy as np
import pytest

from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.reading.design import Grid
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings

NEVER = np.inf
GRID = Grid(landmarks=(2.0, 4.0), horizon=6.0, lags=(0.0,), cycle=10.0)


def history(
    closed,
    *,
    won=None,
    observed=None,
    value=None,
    gained=None,
    ended=None,
    entries=None,
    entered=None,
    **metric,
):
    """Deals by the week in which they close (never: still open); the data reach 20 weeks unless said."""
    closed = np.asarray(closed, float)
    named = {"name": "won", "among_won": False} | metric
    return SimpleNamespace(
        closed=closed,
        decided=np.isfinite(closed),
        won=np.isfinite(closed) if won is None else np.asarray(won),
        observed=np.full(closed.size, 20.0) if observed is None else np.asarray(observed, float),
        value=np.ones(closed.size) if value is None else np.asarray(value, float),
        gained=None if gained is None else np.asarray(gained, float)[:, None],
        ended=None if ended is None else np.asarray(ended, float)[:, None],
        entries=None if entries is None else np.asarray(entries, float),
        entered=None if entered is None else np.asarray(entered, float),
        size=closed.size,
        metric=SimpleNamespace(**named),
    )


def told(rows) -> list[tuple]:
    columns = (rows.deal, rows.landmark, rows.outcome, rows.remaining)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_deal_is_looked_at_while_it_is_open_and_its_horizon_is_known():
    found = design.make_rows(history([3.0, 10.0, 10.5, NEVER]), GRID)
    assert told(found) == [
        (0, 0, 1.0, 1.0),  # closed in week 3: not at 4
        (1, 0, 0.0, 8.0), (1, 1, 1.0, 6.0),  # on the last day of the horizon after 4
        (2, 0, 0.0, 8.5), (2, 1, 0.0, 6.5),  # just after it
        (3, 0, 0.0, NEVER), (3, 1, 0.0, NEVER),
    ]  # fmt: skip


def test_a_deal_that_closes_on_the_landmark_is_closed_there():
    assert [row[:2] for row in told(design.make_rows(history([2.0, 4.0]), GRID))] == [(1, 0)]


def test_a_horizon_that_ends_with_the_data_counts_and_one_day_less_does_not():
    found = design.make_rows(history([NEVER] * 3, observed=[8.0, 10.0, 9.9]), GRID)
    assert [row[:2] for row in told(found)] == [(0, 0), (1, 0), (1, 1), (2, 0)]


def test_a_lost_deal_has_no_value():
    found = design.make_rows(history([5.0, 5.0], won=[True, False], value=[70.0, 90.0]), GRID)
    assert [row[2] for row in told(found)] == [70.0, 70.0, 0.0, 0.0]


def test_among_won_only_what_is_sold_in_time_is_looked_at():
    found = design.make_rows(
        history([5.0, 5.0, 9.0], won=[True, False, True], value=[0.2, 0.1, 0.3], among_won=True), GRID
    )
    assert [row[:3] for row in told(found)] == [(0, 0, 0.2), (0, 1, 0.2), (2, 1, 0.3)]


def test_days_to_the_sale_end_with_the_horizon():
    found = design.make_rows(history([5.0, 15.0], name="sale_days"), GRID)
    assert [row[2] for row in told(found)] == [21.0, 7.0, 42.0, 42.0]


def test_what_stands_at_a_landmark_is_parted_by_the_window_before_it():
    known = history([NEVER] * 5, gained=[0.0, 2.0, 3.0, 4.0, 4.5], ended=[NEVER, NEVER, 4.0, NEVER, NEVER])
    rows = design.make_rows(known, GRID).select(slice(None))
    rows = rows.select(rows.landmark == 1)  # the window from 2 to 4
    before, within = design.standing(known, rows, GRID)
    assert before[:, 0].tolist() == [True, True, False, False, False]  # on its start is before it
    assert within[:, 0].tolist() == [False, False, False, True, False]  # ended at 4: does not stand


def test_the_first_window_takes_in_creation_itself():
    known = history([NEVER] * 2, gained=[0.0, 2.0])
    rows = design.make_rows(known, GRID)
    before, within = design.standing(known, rows.select(rows.landmark == 0), GRID)
    assert (before.any(), within[:, 0].tolist()) == (False, [True, True])
    assert [GRID.window_start(number) for number in (0, 1)] == [-1.0, 2.0]
    assert design.start_weeks(known, rows, GRID).tolist() == [-1.0, 2.0, -1.0, 2.0]
    assert design.landmark_weeks(known, rows, GRID).tolist() == [2.0, 4.0, 2.0, 4.0]


def test_rows_of_some_deals_are_counted_from_the_first_of_them():
    rows = design.make_rows(history([3.0, NEVER, NEVER]), GRID).of(slice(1, 3))
    assert rows.deal.tolist() == [0, 0, 1, 1]
    assert (rows.size, rows.landmark.tolist()) == (4, [0, 1, 0, 1])


STAGES = Grid(landmarks=(2.0, 5.0), horizon=6.0, lags=(0.0,), cycle=10.0, stages=("shape", "prove"))


def test_a_stage_is_a_landmark_where_it_is_entered_in_order():
    known = history([NEVER] * 4, entries=[[1.0, 3.0], [4.0, 2.0], [NEVER, 5.0], [2.0, 2.0]])
    rows = design.make_rows(known, STAGES)
    assert [row[:2] for row in told(rows)] == [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)]
    assert design.landmark_weeks(known, rows, STAGES).tolist() == [1.0, 3.0, 4.0, 5.0, 2.0]
    assert design.start_weeks(known, rows, STAGES).tolist() == [-1.0, 1.0, -1.0, -1.0, -1.0]


def test_the_naive_design_takes_deals_whose_whole_course_is_known():
    found = design.ever_rows(history([9.9, 10.0, 10.1, 5.0], observed=[20, 10, 20, 9.9]), GRID)
    assert GRID.course == 10.0
    assert told(found) == [(0, 0, 1.0, 9.9), (1, 0, 1.0, 10.0), (2, 0, 0.0, 10.1)]


def test_eight_windows_cover_the_cycle_and_a_fifth_more():
    assert design._spread(20.0) == (3, 6, 9, 12, 15, 18, 21, 24)
    assert design._spread(10.0) == (2, 4, 6, 8, 10, 12, 14, 16)  # 1.5 weeks each, to the next even
    assert design._spread(2.0) == pytest.approx([n * 2 / 7 for n in range(1, 9)])  # in days
    assert design._spread(0.7) == pytest.approx(
        [n * 0.105 for n in range(1, 9)]
    )  # less than a day and a half


def test_the_horizon_is_three_quarters_of_the_time_in_which_most_deals_close():
    closes = np.arange(1.0, 22.0)  # nine of ten by week 19; the cycle is 11
    known = history(closes, observed=np.full(21, 40.0))
    assert design._horizon(known, closes, 11.0, 2.0) == round(0.75 * (19 - 5.5))
    short = history(closes, observed=np.full(21, 8.0))
    assert design._horizon(short, closes, 11.0, 2.0) == 6.0  # half the deals have six weeks after week 2
    none = history(closes, observed=np.full(21, 2.0))
    assert design._horizon(none, closes, 11.0, 2.0) == 0.75 * 13.5 / 4  # never less than a quarter
    steep = np.full(21, 10.0)
    assert design._horizon(history(steep), steep, 30.0, 2.0) == round(0.75 * 15)


def test_a_landmark_needs_a_fifth_of_the_deals_with_their_whole_horizon():
    known = history([NEVER] * 5, observed=[20.0, 9.0, 9.0, 9.0, 9.0])
    assert design._observed(known, (2.0, 4.0, 14.0, 15.0), 6.0) == (2.0, 4.0, 14.0)
    assert design._observed(known, (30.0, 40.0), 6.0) == (30.0,)


def test_lags_are_parts_of_the_time_that_open_deals_still_take():
    known = history([4.0, 6.0, 8.0, 10.0, 12.0])
    assert design._lags(known, (2.0, 4.0), 6.0) == (0.0, 1.0, 2.0)  # 2, 4 and 6 weeks after week 4
    assert design._lags(history([1.0]), (2.0, 4.0), 6.0) == (0.0, 0.75, 1.5)


def test_a_history_without_dates_is_refused():
    with pytest.raises(DiscoveryError, match="at the moment they are created"):
        design.choose_grid(history([0.0]), Settings())


def test_a_history_without_closes_is_laid_out_by_the_age_of_its_deals():
    known = history([NEVER, NEVER, NEVER])
    assert design.choose_grid(known, Settings()).cycle == float(np.median(known.observed))


def test_thirty_won_deals_say_the_cycle_and_fewer_leave_it_to_all():
    closes = [10.0] * 29 + [40.0] * 31
    won = [True] * 29 + [False] * 31
    assert design.choose_grid(history(closes, won=won), Settings()).cycle == 40.0
    won[29], closes[29] = True, 10.0
    assert design.choose_grid(history(closes, won=won), Settings()).cycle == 10.0


def test_a_deal_that_comes_under_observation_late_is_looked_at_from_then_on():
    late = history([10.0, 10.0, 10.0], entered=[0.0, 3.0, 5.0])
    assert [(deal, landmark) for deal, landmark, *_ in told(design.make_rows(late, GRID))] == [
        (0, 0),
        (0, 1),
        (1, 1),
    ]
    assert design.ever_rows(late, GRID).deal.tolist() == [0]
