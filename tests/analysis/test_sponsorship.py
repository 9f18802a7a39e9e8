"""What followed on joined deals: a planted effect is found, choosing large deals is not taken for one, and few are counted."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import sponsorship
from hingepoint.analysis.sponsorship import GAINS

START = dt.datetime.combine(dt.date(2024, 1, 1), dt.time(9))
AS_OF = dt.date(2025, 12, 31)
DAY = dt.timedelta(days=1)


def company(*, effect: float, seed: int, joined: int = 80, deals: int = 1_500, by_size: float = 1.0):
    """Deals that gain agreements, large ones more; executives join large ones more often. Joining adds ``effect`` gains on
    the mean within 60 days."""
    rng = np.random.default_rng(seed)
    size = rng.normal(0, 1, deals)
    ids = [f"D{n:04d}" for n in range(deals)]
    created = [START + DAY * float(day) for day in rng.uniform(0, 400, deals)]
    chance = np.exp(by_size * size)
    chosen = rng.choice(deals, joined, replace=False, p=chance / chance.sum())
    rate = 0.02 * np.exp(0.5 * size)
    gains = [(ids[n], created[n] + DAY * float(t)) for n in range(deals) for t in _times(rng, rate[n], 200)]
    roles = []
    for n in chosen:
        at = created[n] + DAY * float(rng.uniform(10, 90))
        roles.append((ids[n], at))
        gains += [(ids[n], at + DAY * float(rng.uniform(0.1, 60))) for _ in range(rng.poisson(effect))]
    table = pl.DataFrame(
        {
            "deal_id": ids,
            "created": created,
            "closed": [at + 200 * DAY for at in created],
            "initial_amount": np.exp(10 + size),
            "segment": rng.choice(["a", "b"], deals),
        }
    )
    return table, _frame(roles), _frame(gains)


def _times(rng, rate: float, days: int):
    return rng.uniform(0, days, rng.poisson(rate * days))


def _frame(rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=GAINS, orient="row")


def by_hand(deals, joined, gains) -> float:
    """Return the mean of joined deals in the 60 days less that of all others of the middle of their lives."""
    created = dict(deals.select("deal_id", "created").iter_rows())
    times: dict[str, list[dt.datetime]] = {}
    for key, at in gains.iter_rows():
        times.setdefault(key, []).append(at)

    def after(key, at):
        return sum(at < one <= at + 60 * DAY for one in times.get(key, ()))

    roles = dict(joined.iter_rows())
    own = [after(key, at) for key, at in roles.items()]
    others = [after(key, at + 50 * DAY) for key, at in created.items() if key not in roles]
    return float(np.mean(own) - np.mean(others))


def test_a_planted_effect_is_found_and_agrees_with_counting_where_nobody_chooses():
    here = company(effect=1.0, seed=1, by_size=0.0)
    told = sponsorship.followed(*here, as_of=AS_OF)
    assert told.deals == 80
    assert told.low < 1.0 < told.high
    assert told.clear
    assert told.difference == pytest.approx(by_hand(*here), abs=0.35)
    assert "it is no proof" in sponsorship.in_words(told)


def test_choosing_large_deals_is_not_taken_for_an_effect():
    found = [company(effect=0.0, seed=seed) for seed in range(6)]
    told = [sponsorship.followed(*one, as_of=AS_OF) for one in found]
    assert np.mean([by_hand(*one) for one in found]) > 0.4
    assert abs(np.mean([one.difference for one in told])) < 0.25
    assert sum(one.clear for one in told) <= 1
    assert "nothing can be concluded" in next(sponsorship.in_words(one) for one in told if not one.clear)


def test_few_are_counted_and_not_compared():
    told = sponsorship.followed(*company(effect=3.0, seed=2, joined=9), as_of=AS_OF)
    assert (told.deals, told.difference, told.clear) == (9, None, False)
    assert sponsorship.in_words(told).startswith("9 joined deals can be followed")


def test_what_is_not_over_is_not_followed():
    told = sponsorship.followed(*company(effect=1.0, seed=3), as_of=START.date())
    assert told.deals == 0
