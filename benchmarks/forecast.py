"""How often a forecast is told where open deals tell something, and where they tell nothing; and what its ranges hold.

    python benchmarks/forecast.py           three minutes on one core
    python benchmarks/forecast.py --smoke   a few seconds, to see that it runs

Each company has forty sellers and four years of deals that last twenty days to a year. From none of three pivotal agreements to
all, the chance of winning rises by so much. ``told``: companies whose forecast is shown; ``95%`` and ``80%``: past quarters whose share of
wins lay in the range; ``beside``: how far what is expected of the open deals lies from their true chances, on the mean.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("src", "tests")]

import foretelling
from hingepoint.records.strategy import Refuses

WORLDS = (
    ("nothing", {"tells": 0.0}),
    ("nothing, sellers differ", {"tells": 0.0, "luck": 0.15}),
    ("30 points", {"tells": 0.3}),
    ("60 points", {"tells": 0.6}),
    ("60 points, sellers differ", {"tells": 0.6, "luck": 0.1}),
    ("60 points, 900 deals", {"tells": 0.6, "deals": 900}),
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="three companies a row")
    count = 3 if options.parse_args().smoke else 100
    print(f"{count} companies a row, of 2,400 deals where it is not said\n")
    print("| the agreements are worth | told | 95% | 80% | beside |\n|---|---|---|---|---|")
    for name, facts in WORLDS:
        print(row(name, facts, count), flush=True)


def row(name: str, facts: dict, count: int) -> str:
    worlds = [foretelling.world(seed, **facts) for seed in range(count)]
    found = [one.forecast() for one in worlds]
    told = sum(one.refuses == Refuses.NO for one in found)
    levels = [quarter.level for one in found for quarter in one.past]
    held, likely = (np.mean([getattr(one, what) for one in levels]) for what in ("held", "likely_held"))
    beside = [abs(off(*pair)) for pair in zip(worlds, found, strict=True) if pair[1].ahead]
    far = f"{np.mean(beside):.3f}" if beside else "–"
    return f"| {name} | {told} of {count} | {held:.0%} | {likely:.0%} | {far} |"


def off(world: foretelling.World, found) -> float:
    open_ = world.deals.filter(pl.col("closed").is_null())["id"].to_numpy()
    return found.ahead.level.told - float(world.chance[open_].mean())


if __name__ == "__main__":
    main()
