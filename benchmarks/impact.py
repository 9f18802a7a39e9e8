"""How often a rollout's effect is seen, and how often nothing is taken for something: our readings beside others.

    python benchmarks/impact.py           about ten minutes on one core
    python benchmarks/impact.py --smoke   a few seconds, to see that it runs

Teams start in four waves in an order drawn by lot, in months 7 to 19 of 24; nobody waits after that. Each team and month has one
value of standard deviation 1, neighbouring months alike by ``alike``; teams and months differ. ``lot`` is judged by the
lottery's own orders; ``z`` by the analytic error; ``wild`` by the wild bootstrap. ``held``: intervals of the headline
that hold the truth. ``growing`` effects reach 1 after half a year: two-way fixed effects are wrong there.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("src", "tests")]

from hingepoint.analysis.impact import others, weights
from hingepoint.analysis.impact.panel import Panel
from hingepoint.analysis.trials import redraws
from impacts import months, noise

PERIODS, WAVES, ORDERS, Z = 24, (6, 10, 14, 18), 1_000, 1.959964
LEARNING = 6
HEAD = "| teams | alike | effect | imputation, lot | group-time, lot | group-time, z | two-way, wild | mean of imputation, two-way | held |"


@dataclass(frozen=True)
class Design:
    """Some orders of a lottery, orders x teams, and the weights of both readings under each."""

    orders: np.ndarray
    imputed: np.ndarray
    grouped: np.ndarray

    @classmethod
    def of(cls, teams: int, count: int) -> "Design":
        rng = np.random.default_rng([teams, 1])
        orders = rng.permuted(np.tile(np.resize(WAVES, teams), (count, 1)), axis=1)
        ones = np.ones((teams, WAVES[-1]))
        return cls(orders, weights.imputation(orders, ones)[:, 0], weights.group_time(orders, ones)[:, 0])


@dataclass(frozen=True)
class Run:
    """What one simulated rollout showed: whether each reading sees something, two estimates, whether it held."""

    seen: tuple[bool, bool, bool, bool]
    estimates: tuple[float, float]
    held: bool


def effects(starts: np.ndarray, kind: str) -> np.ndarray:
    age = np.arange(WAVES[-1]) - starts[:, None]
    lived = (age >= 0).astype(float)
    return {
        "none": 0 * lived,
        "constant": lived,
        "growing": lived * np.minimum((age + 1) / LEARNING, 1),
    }[kind]


def analytic(panel: Panel) -> float:
    """Return the error of the mean of group-time effects as csdid prints it: influences of teams on each effect, and on
    the shares of groups, which it takes as estimated."""
    starts, last = panel.starts, panel.values.shape[1]
    own, shares, shared = 0.0, 0.0, 0.0
    total = mean = 0.0
    for group in (one for one in np.unique(starts) if one < last):
        mine = (starts == group).astype(float)
        for period in range(group, last):
            one, _ = weights.group_effect(starts[None], panel.deals, group=group, period=period)
            change, weight = panel.values[:, period] - panel.values[:, group - 1], one[0][:, period]
            theirs = change[weight < 0].mean()
            effect = change[mine > 0].mean() - theirs
            own = own + mine.mean() * weight * (change - np.where(mine > 0, effect + theirs, theirs))
            shares, shared = shares + (mine - mine.mean()) * effect, shared + mine - mine.mean()
            total, mean = total + mine.mean(), mean + mine.mean() * effect
    influence = own / total + (shares / total - shared * mean / total**2) / len(starts)
    return float(np.sqrt((influence**2).sum()))


def simulate(design: Design, place: int, alike: float, kind: str, rng: np.random.Generator) -> Run:
    starts = design.orders[place]
    truth = effects(starts, kind)
    values = rng.standard_normal((len(starts), 1)) + rng.standard_normal(WAVES[-1]) + truth
    values += noise(values.shape, alike, rng)
    names = tuple(map(str, range(len(starts))))
    panel = Panel(names, months(WAVES[-1]), values, np.ones(values.shape), starts)
    read, dose, theirs = (
        np.einsum("ont,nt->o", weighed, cells)
        for weighed, cells in (
            (design.imputed, values),
            (design.imputed, panel.lived),
            (design.grouped, values),
        )
    )
    low, high = redraws.likely((read[place], dose[place]), (read, dose))
    wild = others.two_way(panel, rng=rng)
    seen = (
        redraws.chance(read[place], read) <= redraws.LEVEL,
        redraws.chance(theirs[place], theirs) <= redraws.LEVEL,
        abs(theirs[place]) > Z * analytic(panel),
        wild.seen,
    )
    aim = float((truth * panel.lived).sum() / panel.lived.sum())
    return Run(seen, (float(read[place]) - aim, wild.effect - aim), low <= aim <= high)


def line(design: Design, alike: float, kind: str, runs: int) -> str:
    rng = np.random.default_rng([design.orders.shape[1], round(10 * alike), len(kind)])
    found = [simulate(design, int(rng.integers(len(design.orders))), alike, kind, rng) for _ in range(runs)]
    seen = np.mean([one.seen for one in found], axis=0)
    off = np.mean([one.estimates for one in found], axis=0)
    held = np.mean([one.held for one in found])
    shares = " | ".join(f"{one:.1%}" for one in seen)
    return f"| {design.orders.shape[1]} | {alike} | {kind} | {shares} | {off[0]:+.2f}, {off[1]:+.2f} off | {held:.1%} |"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--smoke", action="store_true", help="a few rollouts only")
    options.add_argument("--runs", type=int, default=400, help="simulated rollouts a line")
    asked = options.parse_args()
    runs, orders, teams = (5, 60, (8,)) if asked.smoke else (asked.runs, ORDERS, (8, 12, 20))
    print(f"Seen, of {runs} rollouts a line\n\n{HEAD}\n|{'---|' * 9}")
    for number in teams:
        design = Design.of(number, orders)
        for alike in (0.0, 0.5):
            for kind in ("none", "constant", "growing"):
                print(line(design, alike, kind, runs), flush=True)


if __name__ == "__main__":
    main()
