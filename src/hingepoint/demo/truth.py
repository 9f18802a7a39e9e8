"""The truth about the demo company: the same company lived twice, with an agreement forced and blocked.

Both lives share every random draw (common random numbers), so the difference is the agreement's doing.
``truth.csv`` holds the effects of everything that was planted, made by

    python -m hingepoint.demo.truth > src/hingepoint/demo/truth.csv
    python -m hingepoint.demo.truth trials > src/hingepoint/demo/trials.csv

``trials.csv`` holds what the company's trials do, which is what asking every deal does against asking none.
Every agreement type not listed there has an effect of exactly nothing on every metric.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from hingepoint.demo import planted, weeks
from hingepoint.demo.company import found

ENDS_ON = dt.date(2026, 6, 26)
SEEDS = (7, 8, 9)
METRICS = ("supportive", "won", "net", "discount")


@dataclass(frozen=True, slots=True)
class Effect:
    """Change in a metric per deal, from never gaining the agreement to gaining it at the first chance.

    ``error`` is the Monte Carlo standard error over ``deals``. ``supportive`` and ``won`` are shares of
    deals, ``net`` is contribution per deal (0 when lost), ``discount`` a share among the deals won either way.
    """

    key: str
    metric: str
    effect: float
    error: float
    deals: int


@cache
def table() -> dict[tuple[str, str], Effect]:
    """Return the planted effects, by agreement and metric, as they were computed for the whole company."""
    text = resources.files(__package__).joinpath("truth.csv").read_text("utf-8")
    effects = [
        Effect(row["key"], row["metric"], float(row["effect"]), float(row["error"]), int(row["deals"]))
        for row in csv.DictReader(text.splitlines())
    ]
    return {(effect.key, effect.metric): effect for effect in effects}


def truth(key: str, metric: str = "supportive") -> Effect:
    """Return one planted effect; nothing for agreements without one. Raises KeyError for unknown names."""
    if key not in weeks.INDEX or metric not in METRICS:
        raise KeyError(f"no truth is known about {key!r} and {metric!r}")
    return table().get((key, metric), Effect(key, metric, 0.0, 0.0, 0))


def measure(
    keys: Iterable[str], *, seeds: tuple[int, ...] = SEEDS, sellers: int = 140, ends_on: dt.date = ENDS_ON
) -> list[Effect]:
    """Live the company twice a key and seed, to the end of every deal. About 5 seconds for 140 sellers."""
    starts = [(seed, found(ends_on=ends_on, seed=seed, sellers=sellers).deals) for seed in seeds]
    effects = []
    for key in keys:
        pairs = [_two_lives(key, deals=deals, seed=seed, ends_on=ends_on) for seed, deals in starts]
        effects += [
            _effect(key, metric, np.concatenate([pair[metric] for pair in pairs])) for metric in METRICS
        ]
    return effects


def _two_lives(key: str, *, deals, seed: int, ends_on: dt.date) -> dict[str, np.ndarray]:
    """Return metric -> difference, one a deal that has the metric in both lives."""
    one = frozenset({key})
    forced, blocked = (
        weeks.live(deals=deals, seed=seed, ends_on=ends_on, to_the_end=True, **how)
        for how in ({"force": one}, {"block": one})
    )
    both = (forced.outcome == weeks.WON) & (blocked.outcome == weeks.WON)
    after, before = _metrics(deals, forced), _metrics(deals, blocked)
    differences = {metric: after[metric] - before[metric] for metric in after}
    return {**differences, "discount": (forced.discount - blocked.discount)[both]}


def _metrics(deals, course: weeks.Course) -> dict[str, np.ndarray]:
    won = course.outcome == weeks.WON
    net = deals.list_price * course.scope * (1 - course.discount) - course.cost
    return {
        "supportive": (won & (course.discount <= planted.DISCOUNT_ON_TARGET)).astype(float),
        "won": won.astype(float),
        "net": np.where(won, net, 0.0),
    }


def _effect(key: str, metric: str, differences: np.ndarray) -> Effect:
    error = differences.std() / math.sqrt(len(differences))
    return Effect(key, metric, float(differences.mean()), float(error), len(differences))


@dataclass(frozen=True, slots=True)
class Trial:
    """What asking in a trial does: to the share that gains it in time, and to the share of supportive sales in
    time; ``error`` is the Monte Carlo standard error of that over ``deals``."""

    key: str
    take_up: float
    difference: float
    error: float
    deals: int

    @property
    def effect(self) -> float:
        """The effect of gaining it, on deals that gain it because they are asked."""
        return self.difference / self.take_up


@cache
def trials() -> dict[str, Trial]:
    """Return what the company's trials do, by agreement, as it was computed for the whole company."""
    text = resources.files(__package__).joinpath("trials.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["key"]: Trial(row["key"], *map(float, list(row.values())[1:4]), int(row["deals"])) for row in rows
    }


def measure_trial(
    prompt: planted.Prompt, *, seeds: tuple[int, ...] = SEEDS, sellers: int = 140, ends_on: dt.date = ENDS_ON
) -> Trial:
    """Live the company with every deal of a trial asked, and with none. About 3 seconds a seed for 140 sellers."""
    parts = [_asked_and_not(prompt, seed=seed, sellers=sellers, ends_on=ends_on) for seed in seeds]
    served, gained = (np.concatenate(part) for part in zip(*parts, strict=True))
    error = served.std() / math.sqrt(len(served))
    return Trial(prompt.key, float(gained.mean()), float(served.mean()), float(error), len(served))


def _asked_and_not(prompt: planted.Prompt, *, seed: int, sellers: int, ends_on: dt.date):
    """Return per deal of a trial what asking changes: supportive sales in time, and gains in time."""
    deals = found(ends_on=ends_on, seed=seed, sellers=sellers).deals
    inside = weeks.prompted(deals, prompt, ends_on=ends_on, asked=True)
    both = []
    for asked in (True, False):
        course = weeks.live(deals=deals, seed=seed, ends_on=ends_on, to_the_end=True, asked=asked)
        gained = course.gained[:, weeks.INDEX[prompt.key]]
        in_time = course.ended < planted.TRIAL_WEEKS
        served = _metrics(deals, course)["supportive"] * in_time
        both.append((served[inside], ((gained != weeks.NEVER) & (gained < planted.TRIAL_WEEKS))[inside]))
    (served, gained), (served_not, gained_not) = both
    return served - served_not, gained.astype(float) - gained_not


def main() -> None:
    """Print the table of everything that was planted, or with ``trials`` that of the trials."""
    print_trials() if sys.argv[1:] == ["trials"] else print_effects()


def print_effects() -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["key", "metric", "effect", "error", "deals"])
    for e in measure([*planted.LEVERS, planted.OPENING_DISCOUNT]):
        out.writerow([e.key, e.metric, f"{e.effect:.5g}", f"{e.error:.3g}", e.deals])


def print_trials() -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["key", "take_up", "difference", "error", "deals"])
    for t in map(measure_trial, planted.PROMPTS):
        out.writerow([t.key, f"{t.take_up:.5g}", f"{t.difference:.5g}", f"{t.error:.3g}", t.deals])


if __name__ == "__main__":
    main()
