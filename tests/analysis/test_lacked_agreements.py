"""Which agreements the deals lacked that ended lower than usual, against those that kept it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import frames
from hingepoint.analysis.signals import SIGNALS, engine, lacked_agreements
from hingepoint.analysis.signals.engine import facts
from hingepoint.demo import calm
from hingepoint.reports import signals as reports

KEYS = ("budget", "problem", "test", "terms")
LISTS = {"had": pl.List(pl.String), "waived": pl.List(pl.String)}


def units(values, had, *, waived=None, segment=None):
    """Return units of which nothing was expected, so that values below 0 fell short."""
    count = len(values)
    return pl.DataFrame(
        {"value": values, "_usual": [0.0] * count, "had": had, "waived": waived or [[]] * count,
         "segment": segment or ["Mid"] * count},
        schema_overrides=LISTS,
    )  # fmt: skip


def told(rows):
    return lacked_agreements.against_those_beside(rows, rows)


def test_counts_are_those_worked_out_by_hand():
    """Of eight that fell short six lacked the budget, of twelve others three: 75 against 25 points."""
    short = [["test"]] * 6 + [["budget", "test"]] * 2
    kept = [["test"]] * 3 + [["budget", "test"]] * 9
    (one,) = told(units([-1.0] * 8 + [1.0] * 12, short + kept))
    assert (one.agreement, one.behind, one.kept) == ("budget", (6, 8), (3, 12))
    assert one.more == pytest.approx(0.5)
    # Newcombe (1998), method 10, from the Wilson intervals .4093 to .9285 and .0889 to .5323
    assert one.ci == pytest.approx(
        (0.5 - np.hypot(0.75 - 0.4093, 0.5323 - 0.25), 0.5 + np.hypot(0.1785, 0.1611)), abs=1e-3
    )
    assert not one.surely  # by itself it would be, of two agreements asked together it is not


def test_an_agreement_counts_in_segments_that_ever_had_it_and_on_no_deal_that_needs_none():
    mines = ["Mines"] * 10
    had = [[], [], [], [], ["budget"], [], ["budget"], ["budget"], ["budget"], ["budget"]]
    waived = [["budget"], *[[]] * 9]
    there = pl.concat(
        [
            units([-1.0] * 5 + [1.0] * 5, had, waived=waived, segment=mines),
            units([-1.0] * 20 + [1.0] * 2, [[]] * 22),  # the budget is no matter there
        ]
    )
    both = lacked_agreements.against_those_beside(there, there)
    assert both == ()  # four deals of Mines that need it fell short: too few
    more = pl.concat([there, units([-1.0], [[]], segment=["Mines"])])
    (one,) = lacked_agreements.against_those_beside(more, more)
    assert (one.behind, one.kept) == ((4, 5), (1, 5))


def test_what_is_lacked_as_often_or_less_often_is_not_told():
    assert told(units([-1.0] * 10 + [1.0] * 10, [["budget"]] * 9 + [[]] * 2 + [["budget"]] * 9)) == ()


def test_few_deals_on_either_side_tell_nothing():
    assert told(units([-1.0] * 4 + [1.0] * 90, [[]] * 4 + [["budget"]] * 90)) == ()


def test_where_nothing_differs_luck_names_a_sure_one_in_at_most_one_of_twenty():
    rng = np.random.default_rng(5)
    named = 0
    for _ in range(300):
        had = [[key for key in KEYS if rng.random() < 0.6] for _ in range(120)]
        named += any(one.surely for one in told(units(list(rng.standard_normal(120)), had)))
    assert named / 300 < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def company_with_steps(seed=3):
    """A calm company in which each won deal gained four agreements before its quote with a chance of .6, and one that lacked the problem ended
    a fifth lower; all that was lacked came after the quote."""
    rng = np.random.default_rng(seed)
    made = calm.company(rng, sellers=60, years=3)
    known = facts.from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    quoted = known.quotes.group_by("deal_id").agg(pl.col("at").min()).sort("deal_id")
    early = rng.random((quoted.height, len(KEYS))) < 0.6
    steps = pl.concat(
        quoted.select(
            "deal_id",
            agreement=pl.lit(key),
            at=pl.col("at") + pl.when(pl.Series(early[:, place])).then(-dt.timedelta(days=3)).otherwise(dt.timedelta(days=9)),
            state=pl.lit("gained"),
            evidence=pl.lit(3),
        )
        for place, key in enumerate(KEYS)
    ).cast(frames.schema(frames.STEPS))  # fmt: skip
    lacked = quoted.filter(~pl.Series(early[:, 1]))["deal_id"]
    ended = pl.col("amount") * pl.when(pl.col("deal_id").is_in(lacked.implode())).then(0.8).otherwise(1.0)
    return replace(known, deals=known.deals.with_columns(amount=ended), steps=steps), set(lacked)


def test_the_planted_agreement_is_found_and_what_was_gained_later_does_not_hide_it():
    known, lacked = company_with_steps()
    report = engine.read(
        known, rng=np.random.default_rng(1), signals=[replace(SIGNALS["shrinking_contracts"], second=None)]
    )
    (signal,) = report.signals
    first = signal.lacked[0]
    assert first.agreement == "problem"
    assert first.surely
    assert not any(one.surely for one in signal.lacked[1:])
    # the same counted one by one, from the deals of the last twelve months
    won = SIGNALS["shrinking_contracts"].units(known).filter(pl.col("at").dt.date() >= dt.date(2025, 7, 1))
    assert first.behind[1] + first.kept[1] == won.height
    assert first.behind[0] + first.kept[0] == sum(deal in lacked for deal in won["deal_id"])
    assert first.ci[0] < first.more < first.ci[1]
    assert first.ci[0] > 0.2
    # and as programs read it
    (as_json,) = reports.record(report)["signals"]
    told_first = as_json["lacked"][0]
    assert (told_first["agreement"], told_first["surely"]) == ("problem", True)
    assert told_first["behind"] == {"lacked": first.behind[0], "deals": first.behind[1]}
    assert told_first["kept"] == {"lacked": first.kept[0], "deals": first.kept[1]}
    assert told_first["more"] == pytest.approx(
        first.behind[0] / first.behind[1] - first.kept[0] / first.kept[1], rel=1e-5
    )


def test_without_agreements_on_record_nothing_is_lacked():
    made = calm.company(np.random.default_rng(3), sellers=20, years=2)
    known = facts.from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    (signal,) = engine.read(
        known, rng=np.random.default_rng(1), signals=[SIGNALS["shrinking_contracts"]]
    ).signals
    assert signal.lacked == ()
