"""How often a calm series is raised, and how soon a change is seen: our charts beside what is usually drawn.

    python benchmarks/calm.py           about four minutes on one core
    python benchmarks/calm.py --smoke   a few seconds, to see that it runs

All charts follow the same series of one point a period, with limits meant to raise falsely in 10.8 % of calm series
within 52 points (a run length of 500). ``plain`` takes the baseline for known and its points for unlike;
``3 sigma`` looks at single points; ``run rules`` adds seven on one side, seven rising or falling, and two of
three in the outer third, as often used on dashboards.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from hingepoint.analysis.signals.engine import charting
from hingepoint.analysis.spc import baseline, change, charts, run_lengths

AFTER, LIMIT = 52, run_lengths.limit_for(500)
BASELINES, ALIKE, STEPS = (12, 24, 52, 104), (0.0, 0.3, 0.5), (0.5, 1.0, 2.0)
#: How long a place is followed after its limits were set anew, and when a step comes.
MONTHS, COMES = 36, 12


def series(rng: np.random.Generator, count: int, points: int, alike: float) -> np.ndarray:
    """Return AR(1) series of standard deviation 1, a row each."""
    noise = rng.standard_normal((count, points))
    found = noise.copy()
    for place in range(1, points):
        found[:, place] = alike * found[:, place - 1] + math.sqrt(1 - alike**2) * noise[:, place]
    return found


def ours(row: np.ndarray, points: int) -> np.ndarray:
    return charts.chart_of(row, baseline_points=points, limit=LIMIT).outside


def plain(row: np.ndarray, points: int) -> np.ndarray:
    known = baseline.Baseline(float(row[:points].mean()), float(row[:points].std(ddof=1)), 10**9, 0.0)
    return charts.follow(row[points:], baseline=known, limit=LIMIT).outside


def three_sigma(row: np.ndarray, points: int) -> np.ndarray:
    natural = charts.natural_limits(row[:points])
    return (row[points:] < natural.low) | (row[points:] > natural.high)


def run_rules(row: np.ndarray, points: int) -> np.ndarray:
    natural = charts.natural_limits(row[:points])
    z = (row[points:] - natural.centre) / ((natural.high - natural.centre) / 3)
    flagged = np.abs(z) > 3
    for end in range(len(z)):
        last, three = z[max(end - 6, 0) : end + 1], z[max(end - 2, 0) : end + 1]
        if len(last) == 7:
            steps = np.diff(last)
            flagged[end] |= bool(
                (last > 0).all() or (last < 0).all() or (steps > 0).all() or (steps < 0).all()
            )
        flagged[end] |= (three > 2).sum() >= 2 or (three < -2).sum() >= 2
    return flagged


CHARTS = {"ours": ours, "plain": plain, "3 sigma": three_sigma, "run rules": run_rules}


def false_raises(count: int) -> None:
    print(
        f"Calm series of which one raise within {AFTER} points is seen (promised: 10.8 %), {count} series a row\n"
    )
    print("| baseline | alike | " + " | ".join(CHARTS) + " |\n|---|---|" + "---|" * len(CHARTS))
    for points in BASELINES:
        for alike in ALIKE:
            rows = series(np.random.default_rng(points), count, points + AFTER, alike)
            raised = [np.mean([chart(row, points).any() for row in rows]) for chart in CHARTS.values()]
            print(f"| {points} | {alike} | " + " | ".join(f"{one:.1%}" for one in raised) + " |")


def delays(count: int) -> None:
    print(
        "\nSteps seen within 26 points, and after how many points on average (baseline 24, after 12 calm points)\n"
    )
    print(
        "| step | alike | "
        + " | ".join(CHARTS)
        + " | date within its interval |\n|---|---|"
        + "---|" * (len(CHARTS) + 1)
    )
    for step in STEPS:
        for alike in ALIKE[:2]:
            rows = series(np.random.default_rng(7), count, 24 + 12 + 26, alike)
            rows[:, 36:] += step
            told = [seen([np.flatnonzero(chart(row, 24)[12:]) for row in rows]) for chart in CHARTS.values()]
            print(f"| {step} | {alike} | " + " | ".join(told) + f" | {dated(rows):.1%} |")


def seen(places: list[np.ndarray]) -> str:
    firsts = [one[0] + 1 for one in places if len(one)]
    return f"{len(firsts) / len(places):.0%}, {np.mean(firsts):.1f}" if firsts else "0%"


def dated(rows: np.ndarray) -> float:
    """Return the share of raised charts whose interval of the date holds the true date."""
    followed = [charts.chart_of(row, baseline_points=24, limit=LIMIT) for row in rows]
    found = [change.date_change(chart) for chart in followed if chart.outside[12:].any()]
    return float(np.mean([one.earliest <= 12 <= one.latest for one in found])) if found else math.nan


def waiting(count: int) -> None:
    """Print what is won and lost where limits set anew raise before twelve points: limits stay those of the first points, and their spread is
    drawn to that of the charts beside, as the signals do. A monthly chart among 176, looked at from its worse side."""
    limit = run_lengths.limit_for(run_lengths.budget(charts=176, points_a_quarter=3) / 2, weight=0.2)
    print(
        f"\nRaised within {MONTHS} months of limits set anew, and after how many; a step comes after {COMES} of them\n"
    )
    print("| usual points | nothing comes | " + " | ".join(f"{one} sd" for one in STEPS[1:]) + " |")
    print("|---|---|" + "---|" * len(STEPS[1:]))
    for points in (3, 6, 9, 12):
        told = []
        for step in (0.0, *STEPS[1:]):
            rows = series(np.random.default_rng(3), count, MONTHS, 0.3)
            rows[:, COMES:] += step
            told.append(seen([beyond(row, points, limit) for row in rows]))
        print(f"| {points} | " + " | ".join(told) + " |")


def beyond(row: np.ndarray, points: int, limit: float) -> np.ndarray:
    """Return the months in which the smoothed line is beyond its limit, trial or not."""
    own = baseline.estimate(row[:points])
    usual = baseline.drawn_to(own, spread=1.0, alike=0.3, worth=charting.WORTH, steadiest=charting.STEADIEST)
    chart = charts.follow(row[points:], baseline=usual, limit=limit, weight=0.2, side=1)
    return np.flatnonzero(chart.line > chart.high) + points


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--smoke", action="store_true", help="a few series only")
    options.add_argument("--series", type=int, default=1000)
    asked = options.parse_args()
    number = 20 if asked.smoke else asked.series
    false_raises(number)
    delays(number)
    waiting(number)
