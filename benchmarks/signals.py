"""How often the ten signals rise in a company in which nothing changes, and how soon they show what was planted.

    python benchmarks/signals.py           about half an hour on one core
    python benchmarks/signals.py --smoke   a few seconds, to see that it runs
    python benchmarks/signals.py --night   what a night's reading costs in a company of 1,000 sellers: CPU, memory, size

The companies are those of ``hingepoint.demo.calm``: 100 sellers in ten teams over five years. A false raise is a chart that
leaves its limits, counted over all ten signals and all places. Drifts begin in one team twelve months before the end and are read
beside what else is used: ``threshold`` (the month is half again as bad as the usual month), ``3 sigma`` (a month beyond three
moving-range deviations of the unadjusted series) and ``run rules`` (that, seven on one side, or seven rising), of that one team alone;
ours may show it in the region above it too.
"""

import argparse
import datetime as dt
import json
import os
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as commands and the worker do

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.engine import charting, facts, places
from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.shape import Facts, Place, Series
from hingepoint.analysis.spc import charts
from hingepoint.demo import calm
from hingepoint.domain.signals import record

ENDS_ON = dt.date(2026, 6, 30)
BEGAN = dt.date(2021, 6, 30)
SINCE = dt.date(2025, 7, 1)
#: The team in which drifts are planted, and the region above it, in which ours may show them.
WHERE = (Place("team", "Team 3"), Place("team", "North"))
#: What the company is like besides being calm -> how it is made.
COMPANIES = {
    "plain": {},
    "neighbouring months alike (.3)": {"alike": 0.3},
    "quarters end in a rush": {"rush": True, "alike": 0.3},
    "half of the deals of two customers a team": {"key_accounts": 2, "alike": 0.3},
    "growth of 15% a year, people change": {"growth": 0.15, "turnover": True, "alike": 0.3},
}
#: The last day of the usual time, by its points; None for the first half of each series.
BASELINES = {"half": None, "24": dt.date(2023, 6, 30), "12": dt.date(2022, 6, 30)}
#: Signal -> the sizes that are planted, in its unit.
DRIFTS = {
    1: (0.03, 0.06),
    2: (0.10, 0.25),
    3: (0.10, 0.25),
    4: (0.10, 0.25),
    5: (0.20, 0.50),
    6: (0.20, 0.50),
    7: (0.25, 0.50),
    8: (0.10, 0.25),
    9: (0.15, 0.40),
    10: (0.05, 0.12),
}


def known(seed: int, period: str = "month", **how) -> Facts:
    made = calm.company(np.random.default_rng(seed), ends_on=ENDS_ON, **how)
    return facts.from_log(made.deals, made.events, made.routines, as_of=ENDS_ON, period=period)


def charted(
    found: Facts, baseline_until: dt.date | None = None, *, only: int = 0, beside: int = 0
) -> tuple[list, charting.Charted]:
    """Return the series and charts of all signals, or of ``only`` one with ``beside`` other charts in the budget."""
    calendar = Calendar(found.period, found.as_of, baseline_until)
    wanted = [one for one in SIGNALS.values() if only in (0, one.number)]
    ways = [way for one in wanted for way in (one, one.second) if way]
    prepared = [places.prepare(way, found, calendar) for way in ways]
    return prepared, charting.follow(prepared, calendar, beside=beside)


def starts(raised: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.diff(raised.astype(int), prepend=0) == 1)


def false_raises(count: int) -> None:
    print(f"False raises a quarter, all ten signals and all places together ({count} companies a cell)\n")
    print(
        "| company | " + " | ".join(f"usual time: {name}" for name in BASELINES) + " | weeks, half | charts |"
    )
    print("|---|" + "---|" * (len(BASELINES) + 2))
    for name, how in COMPANIES.items():
        cells, able = [], 0
        for period, until in [("month", until) for until in BASELINES.values()] + [("week", None)]:
            raises, quarters, charts_ = raised_falsely(count, period, until, how)
            able = able or charts_
            cells.append(rate(raises, quarters))
        print(f"| {name} | " + " | ".join(cells) + f" | {able} |", flush=True)


def rate(raises: int, quarters: float) -> str:
    """Return the rate a quarter with its 95% interval, exact for a Poisson count (Garwood 1936)."""
    low = stats.chi2.ppf(0.025, 2 * raises) / 2 if raises else 0.0
    high = stats.chi2.ppf(0.975, 2 * raises + 2) / 2
    return f"{raises / quarters:.2f} ({low / quarters:.2f} to {high / quarters:.2f})"


def raised_falsely(count: int, period: str, until: dt.date | None, how: dict) -> tuple[int, float, int]:
    """Return how often charts of ``count`` calm companies began to raise, over how many quarters, and how many can raise."""
    raises, quarters = 0, 0.0
    for seed in range(count):
        _, found = charted(known(1000 + seed, period, **how), until)
        raises += sum(len(starts(chart.raised)) for chart in found.by_place.values())
        longest = max(len(chart.values) for chart in found.by_place.values())
        quarters += longest / (3 if period == "month" else 13)
    return raises, quarters, found.charts


def delays(count: int, numbers: tuple[int, ...]) -> None:
    print(
        f"\nPlanted in one team of ten twelve months before the end ({count} companies a row): share found, months until then"
    )
    print(
        "\nIn brackets: the share of companies in which the same rule had called the same team before anything was planted\n"
    )
    print(
        "| signal | change | ours, team or region | threshold | 3 sigma | run rules |\n|---|---|---|---|---|---|"
    )
    every = charted(known(2000, alike=0.3))[1].charts
    for number in numbers:
        beside = every - charted(known(2000, alike=0.3), only=number)[1].charts
        for size in DRIFTS[number]:
            told = {name: [] for name in RULES}
            for seed in range(count):
                planted(seed, calm.Drift(number, WHERE[0].name, SINCE, size), told, beside)
            print(
                f"| {number} | {size} | " + " | ".join(said(one) for one in told.values()) + " |", flush=True
            )


def planted(seed: int, drift: calm.Drift, told: dict[str, list], beside: int) -> None:
    """Add to ``told``, by rule, after how many months it rose (None: not) and whether it had risen before."""
    mine, found = charted(known(2000 + seed, alike=0.3, drift=drift), only=drift.signal, beside=beside)
    for name, rule in RULES.items():
        firsts, before = [], False
        wanted = WHERE[: 2 if name == "ours" else 1]
        pairs = [(way.signal, one) for way in mine for one in way.series if one.place in wanted]
        for signal, series in pairs:
            rose = rule(series, found.by_place.get((signal, series.place)), signal.side)
            began = series_month(series)
            firsts += list(np.flatnonzero(rose[began:])[:1] + 1)
            before = before or bool(rose[:began].any())
        told[name].append((min(firsts, default=None), before))


def series_month(series: Series) -> int:
    """Return the place of the month of the planted change among the new points of a series."""
    return Calendar("month", ENDS_ON).number(SINCE) - series.first - series.baseline


def said(told: list) -> str:
    seen = [first for first, _ in told if first is not None]
    early = np.mean([before for _, before in told])
    when = f", {np.mean(seen):.1f}" if seen else ""
    return f"{len(seen) / len(told):.0%}{when} ({early:.0%})"


def ours(series: Series, chart: charts.Chart, side: int) -> np.ndarray:
    return chart.raised


def threshold(series: Series, chart: charts.Chart, side: int) -> np.ndarray:
    usual, after = plain(series)
    level = usual.mean()
    if level < 0:  # a logarithm
        return after < level - np.log(1.5)
    return after > 1.5 * level if side > 0 else after < level / 1.5


def three_sigma(series: Series, chart: charts.Chart, side: int) -> np.ndarray:
    usual, after = plain(series)
    natural = charts.natural_limits(usual)
    return after > natural.high if side > 0 else after < natural.low


def run_rules(series: Series, chart: charts.Chart, side: int) -> np.ndarray:
    usual, after = plain(series)
    flagged, beside = three_sigma(series, chart, side), (after - usual.mean()) * side
    for end in range(6, len(after)):
        last = beside[end - 6 : end + 1]
        flagged[end] |= bool((last > 0).all() or (np.diff(last) > 0).all())
    return flagged


def plain(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the usual months and the later ones as they stand, without what is known of the deals; empty months as the one before."""
    with np.errstate(invalid="ignore", divide="ignore"):
        months = series.totals / series.counts
    for place in np.flatnonzero(np.isnan(months)):
        months[place] = months[place - 1]
    return months[: series.baseline], months[series.baseline :]


def night(sellers: int) -> None:
    """Print what reading a company costs once its tables are frames: this process's CPU, memory at most, size as kept."""
    made = calm.company(np.random.default_rng(1), sellers=sellers)
    known = facts.from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    began = time.process_time()
    report = engine.read(known, rng=np.random.default_rng(1))
    took = time.process_time() - began
    size = len(json.dumps(record.stored(report))) / 1e6
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{made.deals.height:,} deals, {made.events.height:,} events, {report.charts:,} charts: "
        f"{took:.1f} s CPU, {memory:,.0f} MB at most, kept in {size:.1f} MB"
    )


RULES = {"ours": ours, "threshold": threshold, "3 sigma": three_sigma, "run rules": run_rules}


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--smoke", action="store_true", help="one small company and one drift only")
    options.add_argument("--night", action="store_true", help="what a night's reading costs")
    options.add_argument("--companies", type=int, default=20)
    asked = options.parse_args()
    if asked.night:
        night(30 if asked.smoke else 1_000)
    elif asked.smoke:
        COMPANIES = {"plain": {"sellers": 30, "years": 3}}
        BASELINES = {"half": None}
        delays(1, (3,))
    else:
        false_raises(asked.companies)
        delays(asked.companies, tuple(DRIFTS))
