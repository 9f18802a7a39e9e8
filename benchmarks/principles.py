"""How often the test of a principle finds what is there, and how often it concludes something where nothing is.

    python benchmarks/principles.py           two minutes on one core
    python benchmarks/principles.py --smoke   a few seconds, to see that it runs

The principle: give only where something comes back. Each company has thirty sellers. ``held``: intervals that hold the truth;
``concluded``: companies of which it is said that the principle helps, or harms. By hand: the difference of the won shares.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("src", "tests")]

from hingepoint.analysis.principles import reading
from hingepoint.records.principles import Check, Shown
from principle_worlds import AS_OF, company

WORLDS = (
    ("nothing planted", {"effect": 0.0}),
    ("helps by 25 points", {"effect": 0.25}),
    ("harms by 20 points", {"effect": -0.2}),
    ("nothing planted, able sellers keep it", {"effect": 0.0, "skilled": 0.4}),
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="three companies a row")
    count = 3 if options.parse_args().smoke else 100
    print(f"{count} companies of 900 deals a row\n")
    print("| company | mean effect | held | concluded |\n|---|---|---|---|")
    for name, facts in WORLDS:
        print(row(name, facts, count), flush=True)


def row(name: str, facts: dict, count: int) -> str:
    told = [
        reading.read(company(seed=seed, deals=900, **facts), [Check.BACK], as_of=AS_OF).told[0]
        for seed in range(count)
    ]
    held = sum(one.low <= facts["effect"] <= one.high for one in told)
    concluded = sum(one.shown != Shown.OPEN for one in told)
    return f"| {name} | {np.mean([one.effect for one in told]):+.3f} | {held} of {count} | {concluded} of {count} |"


if __name__ == "__main__":
    main()
