"""Whether keeping a principle goes with better ends: planted truths are found, and nothing is found where nothing is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis.principles import keeping, reading
from hingepoint.analysis.principles.shape import Log
from hingepoint.records.principles import Check, Shown
from principle_worlds import AS_OF, DAY, START, company, events, gave, log, step, written


def kept(told: Log, check: Check) -> list[str]:
    return sorted(keeping.SEEN[check](told)["deal_id"])


# ---- what is kept ----


def test_only_the_first_occasion_counts():
    told = log(events(gave("d", 2), gave("d", 9)), plans=written(("d", START + 5 * DAY)))
    assert kept(told, Check.PLAN_FIRST) == []
    assert keeping.giving(told).rows() == [("d", START + 2 * DAY, None)]


def test_an_agreement_inside_is_none_with_the_customer():
    told = log(
        events(step("d", 1, "gained", side="internal"), gave("d", 3), step("e", 1, "gained"), gave("e", 3))
    )
    assert kept(told, Check.AGREED_FIRST) == ["e"]


@pytest.mark.parametrize(
    ("check", "where"),
    [
        (Check.PLAN_FIRST, "plans"),
        (Check.REASON_FIRST, "reasons"),
        (Check.FLOOR_FIRST, "corridors"),
    ],
)
def test_what_was_written_afterwards_does_not_count(check, where):
    rows = written(("before", START + 2 * DAY), ("after", START + 4 * DAY), ("at", START + 3 * DAY))
    told = log(events(*(gave(deal, 3) for deal in ("before", "after", "at", "never"))), **{where: rows})
    assert kept(told, check) == ["before"]
    assert sorted(keeping.giving(told)["deal_id"]) == ["after", "at", "before", "never"]


def test_something_back_stands_beside_the_first_concession():
    told = log(
        events(gave("d", 3, "a longer term"), gave("e", 3, "  "), gave("e", 5, "a reference"), gave("f", 3))
    )
    assert kept(told, Check.BACK) == ["d"]


# ---- what it does ----


def by_hand(told: Log) -> float:
    """Return the difference in won shares of closed deals that gave for something and those that gave for nothing."""
    first = told.events.filter(pl.col("kind") == "concession").select(
        "deal_id", back=pl.col("note").is_not_null()
    )
    closed = told.deals.filter(pl.col("status") != "open").join(first, on="deal_id")
    shares = dict(closed.group_by("back").agg((pl.col("status") == "won").mean()).iter_rows())
    return shares[True] - shares[False]


@pytest.mark.parametrize(("effect", "shown"), [(0.25, Shown.HELPS), (-0.2, Shown.HARMS)])
def test_a_planted_effect_is_found_and_agrees_with_counting_by_hand(effect, shown):
    told = company(effect=effect, seed=3)
    (one,) = reading.read(told, [Check.BACK], as_of=AS_OF).told
    assert one.shown == shown, one.words
    assert one.low <= effect <= one.high, one.words
    assert one.effect == pytest.approx(by_hand(told), abs=0.03)
    assert 0 < one.robustness < 1
    assert ("more are won" in one.words) == (shown == Shown.HELPS)


def test_a_skilled_seller_is_not_taken_for_an_effect():
    every = [company(effect=0.0, seed=seed, skilled=0.4) for seed in range(4)]
    told = [reading.read(one, [Check.BACK], as_of=AS_OF).told[0] for one in every]
    assert np.mean([by_hand(one) for one in every]) > 0.1
    assert abs(np.mean([one.effect for one in told])) < 0.03


def test_where_nothing_is_nothing_is_concluded():
    """But for one time in twenty: of a hundred such companies five were told something (decision 0974)."""
    told = [
        reading.read(company(effect=0.0, seed=100 + seed, deals=900), [Check.BACK], as_of=AS_OF).told[0]
        for seed in range(12)
    ]
    open_ = [one for one in told if one.shown == Shown.OPEN]
    assert len(open_) >= 11
    assert all("nothing can be concluded" in one.words and one.low < 0 < one.high for one in open_)


def test_too_few_deals_are_said_and_not_compared():
    told = company(effect=0.5, seed=1, deals=60)
    (one,) = reading.read(told, [Check.FLOOR_FIRST], as_of=AS_OF).told
    assert (one.shown, one.effect, one.kept) == (Shown.OPEN, None, 0)
    assert one.words.startswith(
        f"Too few deals to compare: {one.came} came to it and were followed long enough, 0 of them kept it."
    )
