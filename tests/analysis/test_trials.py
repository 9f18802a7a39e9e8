"""The outcome of a trial: planted effects are recovered, nothing is seen in nothing, and others compute the same."""

import datetime as dt
import itertools
import math

import numpy as np
import polars as pl
import pytest
import scipy.stats

from hingepoint.analysis.discovery import DiscoveryError
from hingepoint.analysis.trials import balance, evidence, lots, redraws
from hingepoint.analysis.trials import outcome as trials

DRAWN = dt.datetime(2026, 1, 5)  # noqa: DTZ001  (frames have no zone)
LATER = dt.datetime(2030, 1, 1)  # noqa: DTZ001
HORIZON = dt.timedelta(weeks=12)
TEAMS = ("Alps", "Baltic", "Coast", "Delta", "East", "Fjord", "Gulf", "Heath")


@pytest.fixture(scope="module")
def sm(oracle):
    """statsmodels, which only the lock for comparisons holds (requirements/proof.txt)."""
    return oracle("statsmodels.api")


def stated(**changes) -> trials.Stated:
    said = {
        "design": trials.PROMPT,
        "agreement": "cust.references",
        "metric": "won",
        "seed": 7,
        "since": DRAWN,
        "drawn_at": DRAWN,
        "horizon": HORIZON,
        "deals": 10_000,
    }
    return trials.Stated(**said | changes)


def wedge(teams=TEAMS[:4], steps: int = 4, **changes) -> trials.Stated:
    groups = lots.steps(lots.order(teams, seed=7), steps)
    return stated(design=trials.WEDGE, steps=groups, step=dt.timedelta(weeks=4), **changes)


def history(rows: list[tuple]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return deals and events of rows of key, days after the draw, days to the close (None: open), whether won,
    days to the gain (None: never), team."""
    made = [DRAWN + dt.timedelta(days=since) for _, since, *_ in rows]
    days = [None if row[2] is None else dt.timedelta(days=row[2]) for row in rows]
    deals = pl.DataFrame(
        {
            "deal_id": [row[0] for row in rows],
            "created": made,
            "status": ["open" if row[2] is None else "won" if row[3] else "lost" for row in rows],
            "closed": [None if took is None else at + took for at, took in zip(made, days, strict=True)],
            "team": [row[5] for row in rows],
        },
        schema_overrides={"closed": pl.Datetime("us")},
    )
    gains = [
        (row[0], "cust.references", at + dt.timedelta(days=row[4]), "gained")
        for row, at in zip(rows, made, strict=True)
        if row[4] is not None
    ]
    schema = {
        "deal_id": pl.String(),
        "agreement": pl.String(),
        "at": pl.Datetime("us"),
        "state": pl.String(),
    }
    return deals, pl.DataFrame(gains, schema=schema, orient="row")


def prompted(*, deals: int, lift: float, effect: float, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A history in which asking gains it ``lift`` more often, and gaining it wins ``effect`` more often; good
    deals gain it more often by themselves, which a plain comparison takes for an effect."""
    rng = np.random.default_rng([seed, 1])
    rows = []
    for number in range(deals):
        key, good = f"D{seed}-{number}", rng.random() < 0.5
        gained = rng.random() < 0.15 + 0.25 * good + lift * lots.is_drawn(key, seed=7)
        won = rng.random() < 0.15 + 0.3 * good + effect * gained
        rows.append((key, number * 180 / deals, rng.uniform(20, 80), won, 10.0 if gained else None, "Alps"))
    return history(rows)


def stepped(
    *, plan: trials.Stated, deals: int, lift: float, effect: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A history in which teams differ, times change, and a team that has begun gains it ``lift`` more often."""
    rng = np.random.default_rng([seed, 2])
    begins = {team: n * plan.step.days for n, step in enumerate(plan.steps) for team in step}
    level = {team: rng.normal(0, 0.1) for team in begins}
    rows = []
    for number in range(deals):
        team = list(begins)[rng.integers(len(begins))]
        day = rng.uniform(-plan.step.days, len(plan.steps) * plan.step.days)
        gained = rng.random() < 0.2 + lift * (day >= begins[team])
        won = rng.random() < np.clip(0.35 + level[team] + 0.001 * day + effect * gained, 0, 1)
        rows.append((f"W{seed}-{number}", day, rng.uniform(20, 80), won, 9.0 if gained else None, team))
    return history(rows)


def result(data, plan: trials.Stated) -> trials.Outcome:
    found = trials.outcome(trials.entered(*data, stated=plan, as_of=LATER), stated=plan)
    assert found is not None
    return found


# ---- what was planted comes out ----


@pytest.mark.slow
def test_a_planted_effect_of_asking_and_of_gaining_is_recovered():
    found = result(prompted(deals=20_000, lift=0.4, effect=0.2, seed=1), stated(deals=20_000))
    assert found.take_up.value == pytest.approx(0.4, abs=0.02)
    assert found.difference.value == pytest.approx(0.4 * 0.2, abs=0.02)
    assert found.effect.value == pytest.approx(0.2, abs=0.05)
    assert found.effect.low > 0.1
    assert found.difference.chance < 1e-6


@pytest.mark.slow
def test_ranges_hold_the_planted_effects_as_often_as_they_say(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 499)
    found = [
        result(prompted(deals=400, lift=0.4, effect=0.2, seed=seed), stated()) for seed in range(100, 220)
    ]
    for truth, part in ((0.08, "difference"), (0.4, "take_up"), (0.2, "effect")):
        held = [getattr(one, part).low <= truth <= getattr(one, part).high for one in found]
        assert 0.89 <= np.mean(held) <= 0.995, part


@pytest.mark.slow
def test_the_stepped_start_recovers_a_planted_effect(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 499)
    plan = wedge(TEAMS, steps=4)
    found = [
        result(stepped(plan=plan, deals=1_500, lift=0.5, effect=0.3, seed=seed), plan) for seed in range(60)
    ]
    values = np.array([one.difference.value for one in found])
    assert values.mean() == pytest.approx(0.15, abs=3 * values.std() / math.sqrt(60))
    assert np.mean([one.effect.value for one in found]) == pytest.approx(0.3, abs=0.06)
    assert np.mean([one.difference.low <= 0.15 <= one.difference.high for one in found]) >= 0.89
    assert np.mean([one.effect.low <= 0.3 <= one.effect.high for one in found]) >= 0.89


@pytest.mark.slow
def test_a_stepped_start_sees_its_effect_as_often_as_the_plan_promises(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 199)
    plan, deals = wedge(TEAMS, steps=4), 1_500
    noise = np.sqrt(0.4 * 0.6)
    quarter = deals / 20 * evidence.WEEKS_A_QUARTER  # in five periods of four weeks
    basis = evidence.Basis("a", "a", 0.0, math.nan, math.nan, 0, quarter, noise, 0.01)
    size = {"effect": 0.2, "take_up": 0.5, "teams": 8, "weeks": 20.0}
    monkeypatch.setattr(evidence, "MOST_STEPS", 4)
    promised = evidence.plan(basis, **size).wedge.power
    seen = [
        result(stepped(plan=plan, deals=deals, lift=0.5, effect=0.2, seed=seed), plan).difference.seen
        for seed in range(120)
    ]
    assert np.mean(seen) == pytest.approx(promised, abs=0.12)


# ---- nothing is seen in nothing ----


def test_without_an_effect_every_chance_is_as_likely_as_any_other(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 499)
    chances = []
    for seed in range(400):
        rng = np.random.default_rng([seed, 3])
        asked = rng.random(60) < 0.5
        values = rng.lognormal(size=(60, 1))
        drawn, _ = redraws.halves(asked, values, rng=rng)
        chances.append(redraws.chance(drawn[0, 0], drawn[:, 0]))
    assert scipy.stats.kstest(chances, "uniform").pvalue > 0.05
    assert 0.03 <= np.mean(np.array(chances) < 0.05) <= 0.08


@pytest.mark.slow
def test_without_an_effect_a_stepped_start_sees_one_in_twenty(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 199)
    plan = wedge(TEAMS, steps=4)
    chances = np.array(
        [
            result(stepped(plan=plan, deals=400, lift=0.5, effect=0.0, seed=seed), plan).difference.chance
            for seed in range(200)
        ]
    )
    assert scipy.stats.kstest(chances, "uniform").pvalue > 0.05
    assert 0.015 <= (chances < 0.05).mean() <= 0.095


@pytest.mark.slow
def test_what_good_deals_gain_by_themselves_is_no_effect():
    """The plain comparison of deals with and without it sees an effect where there is none; the lots do not."""
    data = prompted(deals=6_000, lift=0.4, effect=0.0, seed=5)
    counted = trials.entered(*data, stated=stated(), as_of=LATER)
    won = counted.group_by("gained").agg(pl.col("outcome").mean()).sort("gained")["outcome"]
    assert won[1] - won[0] > 0.04
    found = trials.outcome(counted, stated=stated())
    assert found.effect.low < 0 < found.effect.high


# ---- others compute the same ----


def test_the_chance_of_shares_is_fishers_exact_test():
    rng = np.random.default_rng(4)
    for _ in range(20):
        asked = np.repeat([True, False], 15)
        served = rng.random(30) < np.where(asked, 0.7, 0.4)
        counts = [[(served & side).sum(), (~served & side).sum()] for side in (asked, ~asked)]
        expected = scipy.stats.fisher_exact(counts).pvalue
        assert redraws.chance_of_shares(asked, served) == pytest.approx(expected, rel=1e-9)


def test_all_ways_are_gone_through_where_they_are_few_as_scipy_does():
    rng = np.random.default_rng(5)
    asked, values = rng.permutation(np.repeat([True, False], [5, 7])), rng.normal(size=12)
    drawn, every = redraws.halves(asked, values[:, None], rng=rng)
    real = values[asked].mean() - values[~asked].mean()
    theirs = scipy.stats.permutation_test(
        (values[asked], values[~asked]),
        lambda x, y, axis: np.abs(x.mean(axis=axis) - y.mean(axis=axis)),
        vectorized=True,
        alternative="greater",
        n_resamples=np.inf,
    )
    assert every
    assert len(drawn) == math.comb(12, 5)
    assert redraws.chance(real, drawn[:, 0]) == pytest.approx(theirs.pvalue)


@pytest.mark.slow
def test_the_range_of_a_large_trial_is_that_of_robust_least_squares(sm):
    data = prompted(deals=3_000, lift=0.4, effect=0.2, seed=2)
    told = trials.entered(*data, stated=stated(), as_of=LATER)
    found = trials.outcome(told, stated=stated())
    design = sm.add_constant(told["asked"].to_numpy().astype(float))
    fit = sm.OLS(told["outcome"].to_numpy(), design).fit(cov_type="HC2")
    low, high = fit.conf_int()[1]
    assert found.difference.value == pytest.approx(fit.params[1], abs=1e-12)
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), abs=0.003)
    assert found.difference.chance == pytest.approx(fit.pvalues[1], abs=0.003)


@pytest.mark.slow
def test_the_ends_of_the_effect_are_those_that_anderson_and_rubin_just_refuse(sm):
    data = prompted(deals=3_000, lift=0.3, effect=0.2, seed=3)
    told = trials.entered(*data, stated=stated(), as_of=LATER)
    found = trials.outcome(told, stated=stated())
    design = sm.add_constant(told["asked"].to_numpy().astype(float))
    for end in (found.effect.low, found.effect.high):
        left = told["outcome"].to_numpy() - end * told["gained"].to_numpy()
        assert sm.OLS(left, design).fit(cov_type="HC2").pvalues[1] == pytest.approx(0.05, abs=0.01)


def test_the_likely_effects_are_those_that_no_search_refuses():
    rng = np.random.default_rng(6)
    asked = rng.permutation(np.repeat([True, False], 6))
    gained = (rng.random(12) < 0.2 + 0.6 * asked).astype(float)
    values = np.column_stack([rng.normal(size=12) + 2 * gained, gained])
    drawn, _ = redraws.halves(asked, values, rng=rng)
    real = redraws.differences(asked[None, :].astype(float), values)[0]
    low, high = redraws.likely(tuple(real), (drawn[:, 0], drawn[:, 1]))
    grid = np.linspace(-30, 30, 60_001)
    far = np.abs(drawn[:, :1] - drawn[:, 1:] * grid) >= np.abs(real[0] - real[1] * grid) - 1e-9
    kept = grid[far.mean(axis=0) > 0.05]
    if abs(kept[0]) == 30 or abs(kept[-1]) == 30:
        assert (low, high) == (-math.inf, math.inf)
    else:
        assert (low, high) == pytest.approx((kept[0], kept[-1]), abs=0.002)


def two_way(told: pl.DataFrame, begun: np.ndarray, column: str = "outcome") -> float:
    """The coefficient of ``begun`` in least squares on deals with a dummy for every team and every period."""
    dummies = told.select("team", pl.col("period").cast(pl.String)).to_dummies(drop_first=True)
    design = np.column_stack([np.ones(told.height), begun, dummies.to_numpy()]).astype(float)
    return np.linalg.lstsq(design, told[column].cast(pl.Float64).to_numpy())[0][1]


def test_a_stepped_start_is_least_squares_with_teams_and_periods_over_every_order():
    plan = wedge()
    data = stepped(plan=plan, deals=160, lift=0.5, effect=0.3, seed=9)
    told = trials.entered(*data, stated=plan, as_of=LATER)
    found = trials.outcome(told, stated=plan)
    teams = [team for step in plan.steps for team in step]
    slopes = []
    for order in itertools.permutations(range(1, 5)):
        start = told["team"].replace_strict(dict(zip(teams, order, strict=True)), return_dtype=pl.Int64)
        slopes.append(two_way(told, (told["period"] >= start).to_numpy()))
    real = two_way(told, told["asked"].to_numpy())
    assert found.every
    assert found.lots == 24
    assert found.difference.value == pytest.approx(real, abs=1e-9)
    assert found.difference.chance == pytest.approx(np.mean(np.abs(slopes) >= abs(real) - 1e-9))
    assert found.effect.value == pytest.approx(real / two_way(told, told["asked"].to_numpy(), "gained"))


# ---- who counts, and when ----


def one(key: str, since: float, *, took=30.0, won=True, gained=None, team="Alps") -> tuple:
    return key, since, took, won, gained, team


def counted(rows, plan=None, as_of=LATER) -> pl.DataFrame:
    return trials.entered(*history(rows), stated=plan or stated(), as_of=as_of)


def test_deals_created_before_the_draw_have_no_lot():
    assert counted([one("A", -1), one("B", 0), one("C", 1)])["deal_id"].to_list() == ["B", "C"]


def test_a_first_day_before_the_draw_gives_no_lot_to_earlier_deals():
    rows = [one("A", -3), one("B", -1), one("C", 1)]
    early = stated(since=DRAWN - dt.timedelta(days=2))
    assert counted(rows, early)["deal_id"].to_list() == ["C"]


def test_the_first_deals_count_up_to_the_planned_number():
    assert counted([one("C", 3), one("A", 1), one("B", 2)], stated(deals=2))["deal_id"].to_list() == [
        "A",
        "B",
    ]


def test_other_teams_do_not_take_part():
    rows = [one("A", 1), one("B", 1, team="Baltic")]
    assert counted(rows, stated(teams=("Baltic",)))["deal_id"].to_list() == ["B"]


def test_an_open_deal_is_not_yet_until_its_horizon_has_passed():
    rows = [one("A", 0, took=None), one("B", 40, took=5.0)]
    seen = counted(rows, as_of=DRAWN + HORIZON)
    assert seen["known"].to_list() == [True, False]
    assert seen["outcome"].to_list() == [0.0, None]  # B is won already and still waits for its horizon


def test_what_comes_after_the_horizon_does_not_count():
    row = counted([one("A", 0, took=90.0, gained=85.0)]).row(0, named=True)
    assert (row["outcome"], row["gained"]) == (0.0, False)


def test_days_to_a_sale_are_at_most_the_horizon():
    rows = [one("A", 0, took=20.0), one("B", 0, took=90.0), one("C", 0, took=10.0, won=False)]
    assert counted(rows, stated(metric="sale_days"))["outcome"].to_list() == [20.0, 84.0, 84.0]


def test_a_metric_of_won_deals_counts_won_deals():
    rows = [one("A", 0, took=20.0), one("B", 0, won=False), one("C", 0, took=90.0)]
    assert counted(rows, stated(metric="cycle_days"))["outcome"].to_list() == [20.0, None, None]


def test_a_metric_without_its_figures_is_refused_by_name():
    with pytest.raises(DiscoveryError, match="needs discount"):
        counted([one("A", 0)], stated(metric="supportive:discount<=0.1"))


def test_a_won_deal_without_figures_is_left_out_and_counted():
    deals, events = history([one("A", 0), one("B", 0)])
    deals = deals.with_columns(discount=pl.Series([0.05, None]))
    plan = stated(metric="supportive:discount<=0.1", deals=2)
    seen = trials.entered(deals, events, stated=plan, as_of=LATER)
    assert seen["outcome"].to_list() == [1.0, None]
    assert trials.progress(seen, stated=plan, as_of=LATER).without == 1


def test_the_lot_of_a_team_is_whether_it_had_begun_when_the_deal_was_created():
    plan = wedge()
    first, last = plan.steps[0][0], plan.steps[-1][0]
    rows = [
        one("A", -3, team=first),
        one("B", 1, team=first),
        one("C", 83, team=last),
        one("D", 85, team=last),
    ]
    rows += [one("E", 113, team=last), one("F", -29, team=last), one("G", 1, team="Elsewhere")]
    seen = counted(rows, plan)
    assert seen["deal_id"].to_list() == ["A", "B", "C", "D"]
    assert seen["asked"].to_list() == [False, True, False, True]
    assert seen["period"].to_list() == [0, 1, 3, 4]


def test_a_trial_is_complete_when_the_planned_deals_have_their_outcome():
    rows = [one("A", 0, took=None), one("B", 14, took=5.0)]
    at = DRAWN + dt.timedelta(days=28)
    few = trials.progress(counted(rows, stated(deals=4), at), stated=stated(deals=4), as_of=at)
    assert (few.wanted, few.entered, few.known, few.complete) == (4, 2, 0, False)
    assert few.known_on == DRAWN + dt.timedelta(days=56) + HORIZON  # two in four weeks, four in eight
    enough = trials.progress(counted(rows, stated(deals=2), LATER), stated=stated(deals=2), as_of=LATER)
    assert enough.complete
    assert enough.known_on == DRAWN + dt.timedelta(days=14) + HORIZON


def test_a_stepped_start_is_complete_when_its_last_deal_has_its_outcome():
    plan, rows = wedge(), [one("A", 1), one("B", 111)]
    end = DRAWN + dt.timedelta(weeks=16)
    running = trials.progress(counted(rows, plan, end - HORIZON), stated=plan, as_of=end - HORIZON)
    assert (running.wanted, running.complete, running.known_on) == (None, False, end + HORIZON)
    last = DRAWN + dt.timedelta(days=111) + HORIZON
    for at, complete in ((last - dt.timedelta(days=1), False), (last, True)):
        told = trials.progress(counted(rows, plan, at), stated=plan, as_of=at)
        assert (told.known_on, told.complete) == (last, complete)


def test_with_too_few_deals_on_a_side_nothing_is_told():
    assert trials.outcome(counted([one(f"D{n}", n) for n in range(8)]), stated=stated()) is None


def test_a_prompt_that_moved_nobody_says_nothing_of_the_agreement():
    found = result(prompted(deals=600, lift=0.0, effect=0.2, seed=8), stated())
    assert not found.effect.bounded
    assert found.difference.bounded


# ---- balance ----


def test_balance_tells_how_far_the_sides_are_apart():
    rng = np.random.default_rng(11)
    asked = rng.random(400) < 0.5
    seen = pl.DataFrame(
        {
            "asked": asked,
            "initial_amount": np.exp(11 + rng.normal(size=400) + 0.8 * asked),
            "segment": np.where(rng.random(400) < 0.5, "ENT", "SMB"),
            "source": ["inbound"] * 400,
        }
    )
    lines = balance.table(seen)
    assert [(line.column, line.value) for line in lines[:1]] == [("initial_amount", "")]
    assert lines[0].apart == pytest.approx(0.8, abs=0.2)
    assert {line.value for line in lines[1:]} == {"ENT", "SMB"}  # one source for all says nothing
    mine, theirs = (seen.filter(pl.col("asked") == side)["segment"] == "ENT" for side in (True, False))
    line = next(line for line in lines if line.value == "ENT")
    spread = math.sqrt((np.var(mine.to_numpy()) + np.var(theirs.to_numpy())) / 2)
    assert line.apart == pytest.approx((mine.mean() - theirs.mean()) / spread)
    assert abs(line.apart) < 2 * line.by_chance


def facts(asked: np.ndarray, rng: np.random.Generator, *, shift: float = 0.0) -> pl.DataFrame:
    number = asked.size
    return pl.DataFrame(
        {
            "asked": asked,
            "initial_amount": np.exp(11 + rng.normal(size=number) + shift * asked),
            "segment": rng.choice(["ENT", "MID", "SMB"], number),
            "source": rng.choice(["inbound", "outbound"], number),
        }
    )


@pytest.mark.slow
def test_the_chance_of_all_facts_together_is_as_likely_as_any_other_when_lots_are_kept():
    chances = []
    for seed in range(300):
        rng = np.random.default_rng([seed, 4])
        chances.append(balance.chance(facts(rng.random(200) < 0.5, rng)))
    assert scipy.stats.kstest(chances, "uniform").pvalue > 0.05
    rng = np.random.default_rng(12)
    assert balance.chance(facts(rng.random(200) < 0.5, rng, shift=0.8)) < 0.01


@pytest.mark.slow
def test_the_chance_of_all_facts_is_that_of_least_squares(sm):
    rng = np.random.default_rng(13)
    seen = facts(rng.random(300) < 0.5, rng, shift=0.2)
    dummies = seen.select("segment", "source").to_dummies(drop_first=True).to_numpy()
    size = seen["initial_amount"].log().to_numpy()
    design = sm.add_constant(np.column_stack([size, dummies]).astype(float))
    fit = sm.OLS(seen["asked"].to_numpy().astype(float), design).fit()
    expected = scipy.stats.chi2.sf((seen.height - 1) * fit.rsquared, 4)
    assert balance.chance(seen) == pytest.approx(expected)


def test_where_teams_are_parted_their_means_are_compared():
    teams = np.repeat([f"T{n}" for n in range(6)], 40)
    early = np.isin(teams, ["T0", "T1", "T2"])
    seen = pl.DataFrame({"asked": early, "team": teams, "initial_amount": np.where(early, 200.0, 100.0)})
    seen = seen.with_columns(initial_amount=pl.col("initial_amount") * (1 + pl.int_range(240) % 7 / 100))
    (only,) = balance.table(seen, by="team")
    assert (only.column, round(only.asked / only.usual, 1)) == ("initial_amount", 2.0)
    assert only.by_chance == pytest.approx(1.96 * math.sqrt(2 / 3))
