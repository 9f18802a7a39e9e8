"""A benchmark pack: what may leave, what another company may make of it, and what never follows from it."""

import datetime as dt
import functools
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery, intervals, metrics
from hingepoint.analysis.discovery import benchmark_pack, replay
from hingepoint.analysis.discovery.judging import leaning
from histories import enabling, plain

WON = discovery.Settings(metric="won")
KEYS = ("helps", "idle", "other")


@functools.cache
def company(sellers=12, deals=900):
    return plain(deals, sellers=sellers)


@functools.cache
def pack(sellers=12):
    return benchmark_pack.make(*company(sellers), settings=WON, shared=KEYS)


def counts(rows, since, until):
    """Return deals and sellers with the type and without it, of those closed between two quarter ends."""
    block = rows.filter((pl.col("quarter_ends") > since) & (pl.col("quarter_ends") <= until))
    sides = [block.filter(pl.col("has") == has) for has in (True, False)]
    return [(side.height, side["seller"].n_unique()) for side in sides]


# ---- what leaves ----


def test_a_pack_holds_effects_and_coverages_and_nothing_else():
    told = json.loads(json.dumps(pack().to_dict()))
    assert set(told) == {"format", "version", "metric", "horizon", "least", "cells"}
    assert {frozenset(cell) for cell in told["cells"]} == {
        frozenset({"agreement", "effect", "ci", "coverage", "coverage_ci", "deals_at_least", "as_of"})
    }
    text = json.dumps(told)
    deals, _ = company()
    assert not any(f'"{name}"' in text for name in [*deals["deal_id"], *deals["owner"], *deals["segment"]])
    assert {cell["deals_at_least"] for cell in told["cells"]} <= set(benchmark_pack.STEPS)


def test_its_numbers_are_those_of_discovery_on_the_record_as_of_the_end_of_the_last_block():
    deals, events = company()
    cell = next(one for one in pack().cells if one.agreement == "helps")
    end = dt.datetime.fromisoformat(cell.as_of)
    then = replace(WON, data_end=end - dt.timedelta(microseconds=1))
    found = discovery.discover(deals, events, settings=then).finding("helps")
    assert cell.effect == pytest.approx(found.effect, abs=6e-4)
    assert cell.ci == pytest.approx(found.ci, abs=6e-4)
    closed = deals.filter(pl.col("closed") < end)
    having = closed.join(events.filter(pl.col("agreement") == "helps"), on="deal_id").filter(
        pl.col("at") <= pl.col("closed")
    )
    share = intervals.share(having.height, closed.height)
    assert cell.coverage == pytest.approx(share.value, abs=6e-4)
    assert cell.coverage_ci == pytest.approx((share.low, share.high), abs=6e-4)


@pytest.mark.parametrize("key", KEYS)
def test_every_block_holds_thirty_deals_of_five_sellers_on_either_side(key):
    """So two packs of one company, made on any two days, differ by at least that much, whatever is subtracted."""
    deals, events = company()
    ends = set()
    for day in deals["closed"].dt.date().dt.truncate("1q").dt.offset_by("1q").unique().sort():
        seen = replay.read(deals.filter(pl.col("closed").dt.date() < day), events)
        whole = benchmark_pack.blocks(seen, key)
        ends |= {whole.ends} if whole else set()
    assert len(ends) >= 3
    rows = benchmark_pack._decided(replay.read(deals, events), key)
    for since, until in zip([dt.date.min, *sorted(ends)], sorted(ends), strict=False):
        for number, sellers in counts(rows, since, until):
            assert number >= benchmark_pack.LEAST_DEALS
            assert sellers >= benchmark_pack.LEAST_SELLERS


def test_a_later_pack_tells_the_same_until_the_next_block_is_whole():
    deals, events = company()
    whole = benchmark_pack.blocks(replay.read(deals, events), "helps")
    day = dt.datetime.combine(whole.ends, dt.time())
    for few in range(0, 60, 20):
        later = deals.filter(pl.col("closed") >= day).head(few)
        seen = pl.concat([deals.filter(pl.col("closed") < day), later])
        assert benchmark_pack.blocks(replay.read(seen, events), "helps") == whole


@pytest.mark.parametrize("sellers", [1, 4])
def test_of_fewer_than_five_sellers_nothing_leaves(sellers):
    made = pack(sellers)
    assert made.cells == ()
    assert made.left_out == len(KEYS)


def test_types_that_no_other_company_knows_do_not_leave():
    made = benchmark_pack.make(*company(), settings=WON, shared=("helps",))
    assert {cell.agreement for cell in made.cells} == {"helps"}
    assert made.left_out == 0  # not even how many there are


@pytest.mark.parametrize("metric", ["supportive:revenue<=50000", "net", "discount", "cycle_days"])
def test_no_metric_that_tells_an_amount_or_of_won_deals_only_leaves(metric):
    with pytest.raises(benchmark_pack.PackError):
        benchmark_pack.make(*company(), settings=replace(WON, metric=metric), shared=KEYS)


# ---- reading one ----


def test_a_pack_reads_back():
    again = benchmark_pack.read(json.dumps(pack().to_dict()))
    assert again == replace(pack(), left_out=0)


def broken(**changes):
    told = pack().to_dict()
    return json.dumps(told | changes)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"format": "hingepoint benchmark pack", "version": 2}',
        '{"format": "hingepoint benchmark pack", "version": 1, "metric": "won", "cells": [{}]}',
        '{"format": "hingepoint benchmark pack", "version": 1, "metric": "won", "cells": [{"agreement": "a", "effect": 9, '
        '"ci": [8, 10], "coverage": 0.1, "coverage_ci": [0, 1], "deals_at_least": 30, "as_of": "2025-01-01"}]}',
        '{"format": "hingepoint benchmark pack", "version": 1, "metric": "won", "cells": [{"agreement": "a", "effect": 0, '
        '"ci": [NaN, 1], "coverage": 0.1, "coverage_ci": [0, 1], "deals_at_least": 30, "as_of": "2025-01-01"}]}',
    ],
)
def test_what_is_no_pack_is_refused_in_words(text):
    with pytest.raises(benchmark_pack.PackError):
        benchmark_pack.read(text)


def test_a_pack_that_tells_a_type_twice_is_refused():
    twice = pack().to_dict()["cells"][:1] * 2
    with pytest.raises(benchmark_pack.PackError, match="twice"):
        benchmark_pack.read(broken(cells=twice))


# ---- leaning on one ----


def many(seed=4, deals=900):
    """Return deals and events of 24 types of which none does much."""
    rng = np.random.default_rng(seed)
    table, _ = plain(deals, seed=seed, sellers=12)
    parts = []
    for number in range(24):
        has = np.nonzero(rng.random(deals) < 0.4)[0]
        days = pl.Series(rng.uniform(1, 28, has.size) * 86_400e6).cast(pl.Int64).cast(pl.Duration("us"))
        parts.append(
            table[has].select("deal_id", agreement=pl.lit(f"type {number:02d}"), at=pl.col("created") + days)
        )
    return table, pl.concat(parts)


@functools.cache
def found(lean_on=(), metric="won"):
    settings = replace(
        WON, lean_on=lean_on, lean_on_metric=metric, lean_on_name="northwind" if lean_on else ""
    )
    return discovery.discover(*many(), settings=settings)


def by_key(result):
    return {one.agreement: one for one in result.findings}


@functools.cache
def last_key():
    return max(found().findings, key=lambda one: one.details.place).agreement


@functools.cache
def praised():
    """Return a pack that praises the type that stands last in our own order, and thinks little of the others."""
    rest = [one.agreement for one in found().findings if one.agreement != last_key()]
    return ((last_key(), 0.3, 0.005), *((key, 0.0, 0.005) for key in rest))


def test_a_pack_moves_places_and_says_so():
    one = by_key(found(praised()))[last_key()]
    alone = by_key(found())[last_key()].details.place
    assert one.details.place < alone
    assert "leans on the pack of northwind, where its effect was +30.0 points" in one.details.leans
    assert f"at place {alone}." in one.details.leans


def test_a_pack_changes_no_grade_no_effect_and_no_chance_to_be_among_the_best():
    alone, with_it = by_key(found()), by_key(found(praised()))
    assert alone.keys() == with_it.keys()
    for key, one in alone.items():
        other = with_it[key]
        assert (one.grade, one.effect, one.ci, one.p_adjusted) == (
            other.grade,
            other.effect,
            other.ci,
            other.p_adjusted,
        )
        assert one.details.p_top == other.details.p_top
    assert any(one.details.place != with_it[key].details.place for key, one in alone.items())


@pytest.mark.slow
def test_a_pack_makes_nothing_strong_and_nothing_less_so():
    deals, events = enabling(2_000)
    keys = [f"idle {number:02d}" for number in range(22)]
    pack_of_another = (("hinge", -0.3, 0.004), *((key, 0.3, 0.004) for key in keys))
    settings = replace(WON, lean_on=pack_of_another, lean_on_metric="won", lean_on_name="another")
    alone = discovery.discover(deals, events, settings=WON)
    with_it = discovery.discover(deals, events, settings=settings)
    assert any(one.confirmed for one in alone.findings)
    grades = [{one.agreement: one.grade for one in each.findings} for each in (alone, with_it)]
    assert grades[0] == grades[1]


def test_nothing_leans_unless_asked_and_not_on_another_metric():
    assert not any(one.details.leans for one in found().findings)
    other = found(praised(), "supportive:discount<=0.1")
    assert not any(one.details.leans for one in other.findings)
    assert [one.details.place for one in other.findings] == [one.details.place for one in found().findings]
    assert any("the order does not lean on it" in note for note in other.warnings)


def test_a_pack_is_never_trusted_as_far_as_its_own_errors_go():
    settings = replace(WON, lean_on=(("a", 0.06, 0.001), ("b", 0.0, 0.002)), lean_on_metric="won")
    look = leaning.look(settings, ("a", "b", "c"), metrics.parse("won"), 3)
    differ = np.sqrt(0.06**2 / 2)
    assert look.errors[:2] == pytest.approx([np.hypot(0.001, differ), np.hypot(0.002, differ)])
    assert np.isnan(look.effects[2])
