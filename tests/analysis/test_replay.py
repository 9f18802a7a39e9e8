"""Evidence replay: what past days would have said, without looking ahead, and how it held on later deals."""

import datetime as dt
import functools
import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import plain_json, record, track_record
from hingepoint.analysis.discovery import replay as replaying
from hingepoint.records.findings import Grade, Held
from hingepoint.reports.findings import replayed

WON = discovery.Settings(metric="won", replay=True)
TURN = dt.datetime.fromisoformat("2023-07-01")
LEVERS = ("lever 1", "lever 2", "lever 3")
WEEK = 604_800


@functools.cache
def company(after=1.0, deals=4_000, seed=7):
    """Return deals and events of three levers among thirty types; on deals that close from ``TURN`` on the levers do
    ``after`` times as much."""
    rng = np.random.default_rng(seed)
    begin = np.datetime64("2021-10-01")
    created = begin + (rng.uniform(0, 150, deals) * WEEK).astype("timedelta64[s]")
    closes = 5 + rng.gamma(4.0, 2.0, deals)
    weeks = {f"idle {number:02d}": rng.exponential(18.0, deals) for number in range(27)}
    weeks |= {name: rng.exponential(14.0, deals) for name in LEVERS}
    ends = created + (closes * WEEK).astype("timedelta64[s]")
    works = np.where(ends < np.datetime64(TURN), 0.22, 0.22 * after)
    helped = sum((weeks[name] < closes).astype(float) for name in LEVERS)
    won = rng.random(deals) < np.clip(0.2 + works * helped, 0.02, 0.98)
    still_open = ends > begin + np.timedelta64(156 * WEEK, "s")
    keys = np.array([f"D{number}" for number in range(deals)])
    table = pl.DataFrame(
        {
            "deal_id": keys,
            "created": created.astype("datetime64[us]"),
            "closed": pl.Series(ends.astype("datetime64[us]")).set(pl.Series(still_open), None),
            "status": np.where(still_open, "open", np.where(won, "won", "lost")),
            "owner": [f"S{number % 60}" for number in range(deals)],
            "amount": np.round(np.exp(rng.normal(9, 1, deals)), 2),
        }
    )
    parts = []
    for name, week in weeks.items():
        has = week < closes
        at = (created[has] + (week[has] * WEEK).astype("timedelta64[s]")).astype("datetime64[us]")
        delay = (rng.integers(0, 40, int(has.sum())) * 86_400).astype("timedelta64[s]")
        parts.append(
            pl.DataFrame({"deal_id": keys[has], "agreement": name, "at": at, "recorded_at": at + delay})
        )
    events = pl.concat(parts)
    return table, events.filter(pl.col("at") < pl.lit(begin + np.timedelta64(156 * WEEK, "s")))


@functools.cache
def replay_of(after=1.0):
    deals, events = company(after)
    found = discovery.discover(deals, events, settings=WON)
    return replaying.replay(deals, events, found=found)


# ---- planted truth ----


@pytest.mark.slow
def test_levers_that_go_on_working_hold_on_later_deals():
    made = replay_of(1.0)
    assert {one.agreement for one in made.first} == set(LEVERS)
    assert all(one.held in (Held.HELD, Held.LESS) for one in made.first)
    assert made.share == 1.0
    assert made.kept_ci[0] <= 1.0 <= made.kept_ci[1]


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, -0.7])
def test_levers_that_stop_or_turn_do_not_hold_and_are_named_first(after):
    made = replay_of(after)
    before = [day for day in made.days if dt.date.fromisoformat(day.on) >= TURN.date()]
    last = min(before, key=lambda day: day.on)  # the day of the turn itself
    told = [one for one in last.advice if one.agreement in LEVERS]
    assert len(told) >= 2
    assert any(one.strong for one in told)
    assert all(one.held in (Held.FAILED, Held.UNTOLD) for one in told)
    assert any(one.held is Held.FAILED for one in told)
    assert list(made.first) == sorted(made.first, key=lambda one: list(Held).index(one.held))
    assert made.kept < 0.6


@pytest.mark.slow
def test_where_nothing_works_there_is_no_advice_to_check():
    deals, events = company(1.0)
    status = deals["status"].to_numpy()
    decided = np.nonzero(status != "open")[0]
    dealt = status.copy()
    dealt[decided] = np.random.default_rng(3).permutation(status[decided])
    deals = deals.with_columns(status=pl.Series(dealt))
    made = replaying.replay(deals, events, found=discovery.discover(deals, events, settings=WON))
    assert not made.first
    assert "no advice to check" in made.in_words


# ---- nothing is known ahead of its time ----

DAY = dt.date(2023, 4, 1)


def tables(deals, events):
    return replaying.read(deals, events)


def said_on(deals, events):
    known = replaying.as_known(tables(deals, events), DAY, ())
    return [part.sort(part.columns).to_dicts() for part in known]


def changed_later(deals, events, rng):
    """Return the tables with everything that was recorded from ``DAY`` on changed: closes, amounts, deals, entries."""
    start = dt.datetime.combine(DAY, dt.time())
    open_then = (pl.col("closed").is_null() | (pl.col("closed") >= start)).fill_null(True)
    flipped = pl.when(pl.col("status") == "won").then(pl.lit("lost")).otherwise(pl.lit("won"))
    ends = start + dt.timedelta(days=int(rng.integers(0, 400)))
    deals = deals.with_columns(
        status=pl.when(open_then).then(flipped).otherwise(pl.col("status")),
        closed=pl.when(open_then)
        .then(pl.max_horizontal(pl.col("created"), pl.lit(ends)))
        .otherwise(pl.col("closed")),
        amount=pl.when(open_then).then(pl.lit(float(rng.normal()))).otherwise(pl.col("amount")),
    ).filter((pl.col("created") < start) | (pl.int_range(pl.len()) % 3 > 0))
    later = (pl.col("at") >= start) | (pl.col("recorded_at") >= start)
    moved = pl.when(later).then(pl.lit(f"invented {rng.integers(9)}")).otherwise(pl.col("agreement"))
    return deals, events.with_columns(agreement=moved).filter(~later | (pl.int_range(pl.len()) % 2 > 0))


@pytest.mark.parametrize("seed", range(5))
def test_changing_what_was_recorded_after_a_day_changes_nothing_known_on_it(seed):
    deals, events = company()
    changed = changed_later(deals, events, np.random.default_rng(seed))
    assert changed[0].height < deals.height
    assert changed[1].height < events.height
    assert said_on(*changed) == said_on(deals, events)


@pytest.mark.slow
def test_a_days_findings_do_not_move_with_what_was_recorded_after_it():
    deals, events = company()
    settings = replace(WON, replay=False)

    def findings(deals, events):
        day = replaying._past_day(tables(deals, events), DAY, settings, ())
        told = [(one.agreement, one.grade, one.effect, one.ci, one.proposed) for one in day.advice]
        return day.deals, day.won, day.lost, sorted(told)

    assert findings(*changed_later(deals, events, np.random.default_rng(1))) == findings(deals, events)
    assert findings(deals, events)[-1]


def test_an_entry_counts_from_when_it_was_written_down_and_of_a_load_from_the_day_it_names():
    at, later = (dt.datetime.fromisoformat(day) for day in ("2023-01-01", "2023-06-01"))
    rows = [("late", later + dt.timedelta(days=number, hours=1)) for number in range(5)]
    rows += [("loaded", later)] * 150
    rows += [("unknown", None)] * 5
    events = pl.DataFrame(
        {
            "deal_id": ["D1"] * len(rows),
            "agreement": [name for name, _ in rows],
            "at": [at] * len(rows),
            "recorded_at": [written for _, written in rows],
        }
    )
    deals = company()[0]
    _, known = replaying.as_known(tables(deals, events), DAY, ())
    assert dict(known["agreement"].value_counts().iter_rows()) == {"loaded": 150, "unknown": 5}


def test_deals_of_a_past_day_are_open_until_they_close_and_carry_no_outcome_before():
    deals, _ = replaying.as_known(tables(*company()), DAY, ())
    start = dt.datetime.combine(DAY, dt.time())
    assert deals["created"].max() < start
    assert deals["closed"].max() < start
    assert deals.filter(pl.col("closed").is_null())["status"].unique().to_list() == ["open"]
    assert deals.filter(pl.col("closed").is_null())["amount"].null_count() == deals["closed"].null_count() > 0


def test_a_deal_that_was_open_is_looked_at_from_that_day_on_alone():
    from hingepoint.analysis.discovery.reading import design, history

    deals, events = company()
    since = dt.datetime.combine(DAY, dt.time())
    read = history.read(deals, events, replace(WON, since=since))
    grid = design.choose_grid(read, WON)
    rows = design.make_rows(read, grid)
    created = read.deals["created"].to_numpy()[rows.deal]
    looked_at = created + (design.landmark_weeks(read, rows, grid) * WEEK * 1e6).astype("timedelta64[us]")
    assert (looked_at >= np.datetime64(since) - np.timedelta64(1, "s")).all()
    assert (created < np.datetime64(since)).any()
    ever = design.ever_rows(read, grid)
    assert (read.deals["created"].to_numpy()[ever.deal] >= np.datetime64(since)).all()


# ---- which days ----


def test_past_days_are_quarters_with_enough_decided_deals_and_time_since():
    deals = replaying.read(*company()).deals
    days, too_early = replaying.past_days(deals, dt.date(2024, 9, 20))
    assert days == sorted(days)
    assert all((day.month - 1) % 3 == 0 and day.day == 1 for day in days)
    assert days[-1] == dt.date(2024, 4, 1)
    assert too_early >= 1
    assert replaying.past_days(deals.clear(), dt.date(2024, 9, 20)) == ([], 0)


# ---- what became of it ----


@pytest.mark.parametrize(
    ("said", "later", "ci", "held"),
    [
        (0.08, 0.07, (0.03, 0.11), Held.HELD),
        (0.08, 0.03, (0.02, 0.039), Held.LESS),
        (0.08, 0.01, (-0.01, 0.03), Held.FAILED),
        (0.08, -0.05, (-0.09, -0.01), Held.FAILED),
        (0.08, 0.02, (-0.03, 0.07), Held.UNTOLD),
        (-0.08, -0.07, (-0.11, -0.03), Held.HELD),
        (-0.08, 0.01, (-0.02, 0.04), Held.FAILED),
        (0.08, math.nan, (math.nan, math.nan), Held.UNTOLD),
    ],
)
def test_advice_is_judged_by_the_interval_of_later_deals(said, later, ci, held):
    assert track_record.judged(said, later, ci) is held


def test_advice_that_later_deals_leave_out_did_not_hold():
    assert track_record.judged(0.08, math.nan, (math.nan, math.nan), left_out=True) is Held.FAILED


def advice(agreement, on, said, later, error, grade=Grade.STRONG):
    ci = (later - 1.959964 * error, later + 1.959964 * error)
    held = track_record.judged(said, later, ci)
    return track_record.Advice(
        on, agreement, agreement, grade, said, (said - 0.02, said + 0.02), True, later, ci, 50, 60, "", held
    )


def day(on, *told):
    return track_record.PastDay(on, 900, 300, 400, told)


def example():
    first = day("2023-01-01", advice("a", "2023-01-01", 0.10, 0.08, 0.01))
    second = day(
        "2023-04-01",
        advice("a", "2023-04-01", 0.10, 0.00, 0.01),
        advice("b", "2023-04-01", 0.09, 0.01, 0.01),
        advice("c", "2023-04-01", 0.06, 0.05, 0.01, Grade.MODERATE),
        advice("d", "2023-04-01", -0.07, -0.05, 0.02),
    )
    return track_record.replay_of([first, second], too_early=2)


def test_each_agreement_counts_once_from_the_day_it_was_first_called_strong():
    made = example()
    assert [(one.agreement, one.on, str(one.held)) for one in made.first] == [
        ("b", "2023-04-01", "failed"),
        ("a", "2023-01-01", "held"),
        ("d", "2023-04-01", "held"),
    ]
    assert made.share == pytest.approx(2 / 3)
    assert made.days[0].on == "2023-04-01"
    assert made.days[0].number(Held.FAILED) == 2
    assert made.days[0].number(Held.HELD, strong=False) == 2


def test_how_much_was_kept_is_weighted_least_squares_through_nothing():
    made = example()
    said, later, own = (np.array(values) for values in zip(*PAIRS, strict=True))
    errors = np.hypot(own, 0.02 / 1.959964)
    slope, residual, *_ = np.linalg.lstsq((said / errors)[:, None], later / errors, rcond=None)
    error = 1 / np.linalg.norm(said / errors)
    assert residual.size
    assert made.kept == pytest.approx(slope[0])
    assert made.kept_ci == pytest.approx((slope[0] - 1.959964 * error, slope[0] + 1.959964 * error))


PAIRS = [(0.09, 0.01, 0.01), (0.10, 0.08, 0.01), (-0.07, -0.05, 0.02)]


def test_with_too_few_told_it_says_so():
    nothing = track_record.replay_of([], too_early=3)
    assert "no past day" in nothing.in_words
    unknown = track_record.replay_of([day("2023-01-01", advice("a", "2023-01-01", 0.1, 0.05, 0.2))], 0)
    assert math.isnan(unknown.share)
    assert "too early for a share" in unknown.in_words
    assert "no advice to check" in track_record.replay_of([day("2023-01-01")], 0).in_words


# ---- kept and told ----


def test_a_replay_reads_back_as_it_was_stored():
    made = example()
    again = record.replay(json.loads(json.dumps(plain_json.simple(made))))
    assert plain_json.simple(again) == plain_json.simple(made)
    assert again.first[0].held is Held.FAILED
    assert again.first[0].grade is Grade.STRONG
    assert record.replay(None) is None


def test_what_did_not_hold_is_told_first_in_words():
    told = replayed.replayed(example())
    assert [one.tone for one in told.first] == ["bad", "good", "good"]
    assert told.days[0].moderate == "1 of 1 held"
    assert told.too_early.startswith("2 earlier quarters")
    assert replayed.replayed(None) is None


def test_tables_without_dates_cannot_be_replayed():
    deals, _ = company()
    undated = deals.with_columns(agreed=pl.Series(["yes", "no"] * (deals.height // 2)))
    settings = replace(WON, agreement_columns=("agreed",))
    found = discovery.discover(undated, None, settings=settings)
    with_it = replaying.added(found, undated, None)
    assert with_it.replay is None
    assert replaying.UNDATED in with_it.warnings


def test_nothing_is_replayed_unless_asked_for():
    deals, events = company()
    found = discovery.discover(deals.head(600), events, settings=replace(WON, replay=False))
    assert replaying.added(found, deals, events) is found
