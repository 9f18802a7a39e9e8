"""What a trial's numbers are worth: how often ranges hold the truth, how often nothing is taken for something,
and whether the plan's chance to see the effect is kept.

    python benchmarks/trials.py             about three minutes on one core
    python benchmarks/trials.py --trials 50 quicker, and less exact
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import datetime as dt
import math
import sys
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from hingepoint.analysis.trials import evidence, lots, redraws
from hingepoint.analysis.trials import outcome as trials

DAY = dt.datetime(2026, 1, 5)  # noqa: DTZ001  (frames have no zone)
HORIZON = dt.timedelta(weeks=26)
WEEKS, INTRACLASS = 52.0, 0.02
WON, GAINED, TAKE_UP, EFFECT = 0.3, 0.25, 0.4, 0.15
NOISE = math.sqrt(WON * (1 - WON))


def known(weekly: float) -> evidence.Basis:
    """What a plan is made from, at so many deals a week."""
    quarter = weekly * evidence.WEEKS_A_QUARTER
    return evidence.Basis("a", "a", 0.0, math.nan, math.nan, 0, quarter, NOISE, 0.01)


def table(day: np.ndarray, team: np.ndarray, asked: np.ndarray, effect: float, level: np.ndarray, rng):
    """Return deals and gains: asking gains it TAKE_UP more often, gaining it wins ``effect`` more often, and good
    deals do both by themselves."""
    good = rng.random(day.size) < 0.5
    gained = rng.random(day.size) < GAINED + 0.2 * (good - 0.5) + TAKE_UP * asked
    won = rng.random(day.size) < np.clip(WON + 0.2 * (good - 0.5) + level + effect * (gained - GAINED), 0, 1)
    created = [DAY + dt.timedelta(days=float(one)) for one in day]
    deals = pl.DataFrame(
        {
            "deal_id": [f"D{n}" for n in range(day.size)],
            "created": created,
            "status": np.where(won, "won", "lost"),
            "closed": [one + dt.timedelta(days=60) for one in created],
            "team": team,
        }
    )
    gains = deals.filter(pl.Series(gained)).select("deal_id", agreement=pl.lit("a"), at="created")
    return deals, gains.with_columns(state=pl.lit("gained"))


def prompt(effect: float, number: int, deals: int) -> trials.Outcome:
    plan = trials.Stated("prompt", "a", "won", number, DAY, DAY, HORIZON, deals=deals)
    rng = np.random.default_rng([number, 1])
    asked = np.array([lots.is_drawn(f"D{n}", seed=number) for n in range(deals)])
    data = table(np.linspace(0, 300, deals), np.full(deals, "T"), asked, effect, np.zeros(deals), rng)
    return told(data, plan)


def wedge(effect: float, number: int, teams: int, steps: int, deals: int) -> trials.Outcome:
    names = [f"T{n:02d}" for n in range(teams)]
    step = dt.timedelta(weeks=WEEKS / (steps + 1))
    groups = lots.steps(lots.order(names, seed=number), steps)
    plan = trials.Stated("wedge", "a", "won", number, DAY, DAY, HORIZON, step=step, steps=groups)
    rng = np.random.default_rng([number, 2])
    team, day = rng.integers(teams, size=deals), rng.uniform(-step.days, steps * step.days, deals)
    begins = {name: place * step.days for place, group in enumerate(groups) for name in group}
    start = np.array([begins[name] for name in names])[team]
    spread = NOISE * math.sqrt(INTRACLASS / (1 - INTRACLASS))
    level = rng.normal(0, spread, teams)[team] + 0.0002 * day
    data = table(day, np.array(names)[team], day >= start, effect, level, rng)
    return told(data, plan)


def told(data, plan: trials.Stated) -> trials.Outcome:
    found = trials.outcome(
        trials.entered(*data, stated=plan, as_of=DAY + dt.timedelta(weeks=400)), stated=plan
    )
    assert found is not None
    return found


def line(name: str, promised: float, effect: float, found: list[trials.Outcome]) -> None:
    held = [one.difference.low <= effect * TAKE_UP <= one.difference.high for one in found]
    itself = [one.effect.low <= effect <= one.effect.high for one in found]
    seen = np.mean([one.difference.seen for one in found])
    open_ = np.mean([not one.effect.bounded for one in found])
    print(
        f"{name:<34} {effect:>6.2f} {promised:>9.0%} {seen:>6.1%} {np.mean(held):>10.1%} {np.mean(itself):>10.1%} {open_:>9.1%}"
    )


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--trials", type=int, default=400, help="simulated trials a line")
    count = reader.parse_args().trials
    redraws.DRAWN = 999
    plan = evidence.plan(known(100.0), effect=EFFECT, take_up=TAKE_UP)
    print(
        f"{'':<34} {'effect':>6} {'promised':>9} {'seen':>6} {'ITT held':>10} {'itself':>10} {'unbounded':>9}"
    )
    for effect, promised in ((EFFECT, 0.8), (0.0, 0.05)):
        found = [prompt(effect, number, plan.prompt_deals) for number in range(count)]
        line(f"prompt, {plan.prompt_deals:,} deals", promised, effect, found)
    for teams, weekly in ((4, 60.0), (8, 60.0), (16, 60.0)):
        made = evidence.plan(known(weekly), effect=EFFECT, take_up=TAKE_UP, teams=teams, weeks=WEEKS).wedge
        deals = round(weekly * WEEKS)
        for effect, promised in ((EFFECT, made.power), (0.0, 0.05)):
            found = [wedge(effect, number, teams, made.steps, deals) for number in range(count)]
            line(f"{teams} teams, {made.steps} steps, {deals:,} deals", promised, effect, found)


if __name__ == "__main__":
    main()
