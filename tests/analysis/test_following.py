"""What is told because a decision has fallen is seen by when it is gained, however many weeks ahead of the close."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.judging import following, record_audit, risk
from hingepoint.analysis.discovery.reading import design, history

WON = discovery.Settings(metric="won")
DEALS = 800
PERIODS = (2.5, 4.5, 8.0)
START = dt.datetime.fromisoformat("2023-01-02")


class Record:
    """Deals of 6 to 26 weeks, half of them won, with six types gained at any age, and those told besides."""

    def __init__(self, seed=1):
        self.luck = np.random.default_rng(seed)
        self.closed = self.luck.uniform(6, 26, DEALS)
        self.won = self.luck.random(DEALS) < 0.5
        self.events = []
        for number in range(6):
            self.gained(f"usual {number}", self.luck.random(DEALS) < 0.9, self.luck.uniform(0, 26, DEALS))

    def gained(self, key, has, week):
        happened = has & (week <= self.closed) & (week >= 0)
        at = [START + dt.timedelta(weeks=float(one)) for one in week[happened]]
        deals = [f"D{place}" for place in np.nonzero(happened)[0]]
        self.events.append(pl.DataFrame({"deal_id": deals, "agreement": key, "at": at, "kind": "agreement"}))
        return self

    def told_ahead(self, key, weeks, in_won, in_lost):
        """Add a type told in the last weeks before the close, in some shares of won and of lost deals."""
        has = self.luck.random(DEALS) < np.where(self.won, in_won, in_lost)
        return self.gained(key, has, self.closed - self.luck.uniform(0, weeks, DEALS))

    def read(self):
        deals = pl.DataFrame(
            {
                "deal_id": [f"D{place}" for place in range(DEALS)],
                "created": START,
                "closed": [START + dt.timedelta(weeks=float(one)) for one in self.closed],
                "status": np.where(self.won, "won", "lost"),
            }
        )
        return history.read(deals, pl.concat(self.events), WON)


def found(record, settings=WON):
    return following.following(record.read(), settings, PERIODS)


@pytest.mark.parametrize("ahead", [1.5, 4.0, 7.0])
def test_what_is_told_once_a_win_is_decided_is_left_out_however_far_ahead(ahead):
    (one,) = (told := found(Record().told_ahead("told", ahead, 0.6, 0.05))).values()
    assert (set(told), one.won, one.sure) == ({"told"}, True, True)


def test_one_span_of_last_weeks_would_have_missed_what_is_told_earlier():
    """What is told four weeks ahead of the close is half before a span of two weeks, and hides itself there."""
    told = Record().told_ahead("told", 4.0, 0.3, 0.03).read()
    assert not any(one.sure for one in following.following(told, WON, (1.5,)).values())
    assert following.following(told, WON, PERIODS)["told"].sure


def test_what_is_told_once_a_deal_is_lost_is_left_out_likewise():
    one = found(Record().told_ahead("told", 4.0, 0.05, 0.6))["told"]
    assert (one.won, one.sure) == (False, True)
    assert one.exclusion.reason == "leading"
    assert one.exclusion.words.endswith("and earlier it is not, so it is recorded once the deal is lost")


def test_what_comes_at_the_end_of_every_deal_does_not_follow_a_decision():
    assert found(Record().told_ahead("told", 4.0, 0.6, 0.5)) == {}


def test_what_is_gained_more_in_wins_at_any_age_does_not_follow_a_decision():
    record = Record()
    has = record.luck.random(DEALS) < np.where(record.won, 0.9, 0.4)
    assert found(record.gained("lever", has, record.luck.uniform(0, 20, DEALS))) == {}


def test_too_few_gains_to_tell_are_a_doubt_and_say_which_record_would_tell():
    record = Record().told_ahead("told", 4.0, 0.045, 0.0)
    one = found(record)["told"]
    assert not one.sure
    assert one.doubt.endswith("written down after it: the day on which each was agreed would")
    audit = record_audit.audit(record.read(), lambda key: key, {"told": one.doubt})
    assert audit.doubts["told"] == (one.doubt,)
    (check,) = [each for each in audit.checks if each.check == "near_the_close"]
    assert (check.state, "nothing strong is said of told" in check.in_words) == ("fault", True)


def test_the_analyst_has_the_last_word_on_what_follows():
    record = Record().told_ahead("told", 4.0, 0.6, 0.05)
    assert found(record, discovery.Settings(metric="won", not_mechanical=("told",))) == {}


def test_spans_reach_from_half_the_time_still_taken_to_half_of_a_win():
    grid = design.Grid(landmarks=(4.0,), horizon=10.0, lags=(0.0, 1.0, 2.0), cycle=16.0)
    assert following.periods(grid) == pytest.approx((2.0, 4.0, 8.0))


def test_gains_are_counted_in_the_last_weeks_of_both_endings():
    """A win closed in week 10 and a loss in week 8; one type gained in weeks 9 and 7, another in week 2 of the win."""
    record = Record.__new__(Record)
    record.closed, record.won, record.events = np.full(DEALS, 10.0), np.arange(DEALS) % 2 == 0, []
    record.closed[~record.won] = 8.0
    record.gained("late", np.ones(DEALS, dtype=bool), record.closed - 1)
    record.gained("early", record.won, np.full(DEALS, 2.0))
    read = record.read()
    late, early = (read.types.index(key) for key in ("late", "early"))
    wins, losses = risk.gain_rates(read, 3.0)
    assert (wins.late_gains[late], wins.late_gains[early]) == (400, 0)
    assert (losses.late_gains[late], losses.late_gains[early]) == (400, 0)
