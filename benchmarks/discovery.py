"""How right and how fast discovery is, beside what else one might run. Prints tables.

    python benchmarks/discovery.py --smoke                  small, under a minute
    python benchmarks/discovery.py                          everything, about half an hour
    python benchmarks/discovery.py --part speed             20,000 deals x 100 types only
    python benchmarks/discovery.py --keep FOLDER            keeps what others say, and uses what is kept
    python benchmarks/discovery.py --markdown FILE          puts the tables under their headings in FILE

Truth is known because the worlds are simulated (hingepoint.demo.worlds). Other methods get the parts of
signing removed for free, and double machine learning gets rows by landmark and sellers as columns.
Every method runs on one thread of linear algebra, so that CPU seconds compare. docs/explanation/how-good.md
says what each column means.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import judging
import numpy as np
import polars as pl
import rivals
from judging import OURS

from hingepoint.analysis import discovery
from hingepoint.demo import worlds

#: Worlds lived for each size.
SEEDS = {1_000: 8, 2_000: 6, 5_000: 5, 20_000: 3, 100_000: 1}
#: Sizes at which only the first world is lived, and the loop over types runs for so many seeds of it.
FIRST_ONLY, LOOPS = 100_000, 3
METHODS = ["lift", "logistic", "LASSO", "forest", "ever gained", "DoubleML", "EconML", OURS]
#: Other methods that test what they report.
TESTING = ["ever gained", "EconML"]

Run = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of the report under its heading."""

    heading: str
    head: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Plan:
    """What is run: worlds by size and seed."""

    sizes: tuple[int, ...]
    seeds: int | None
    names: tuple[str, ...]
    keep: Path | None

    def runs(self) -> list[Run]:
        made = []
        for name in self.names:
            first = name == next(iter(worlds.NAMED))
            for size in self.sizes:
                for seed in range(self.seeds or SEEDS.get(size, 2)):
                    if first or size < FIRST_ONLY:
                        made.append(self._run(name, size, seed, with_loop=first and seed < LOOPS))
        return made

    def _run(self, name: str, size: int, seed: int, *, with_loop: bool) -> Run:
        run = judging.judge(name, size, seed, with_loop=with_loop, keep=self.keep)
        print(f"  {name}, {size:,} deals, seed {seed}: {run['methods'][OURS]['precision']:.2f}", flush=True)
        return run


def accuracy(plan: Plan) -> list[Table]:
    runs = plan.runs()
    told = (on_top, behind, confirmed, reported, screens, kinds, chances)
    return [tell(runs) for tell in told]


def _by_world(runs: list[Run]) -> dict[tuple[str, int], list[Run]]:
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["world"], run["deals"]), []).append(run)
    return groups


def _said(runs: list[Run], method: str, what: str) -> list[Any]:
    return [run["methods"][method][what] for run in runs if method in run["methods"]]


def _mean(values: list[float], form: str = ".2f") -> str:
    return f"{np.mean(values):{form}}" if values else "–"


def _share(counts: list[list[int]], form: str = ".3f") -> str:
    hits, tried = (sum(part) for part in zip(*counts, strict=True)) if counts else (0, 0)
    return f"{hits / tried:{form}}" if tried else "–"


def _of(parts: list[int], wholes: list[int]) -> str:
    return f"{sum(parts)} of {sum(wholes)}" if wholes else "–"


def on_top(runs: list[Run]) -> Table:
    rows = []
    for (world, size), group in _by_world(runs).items():
        cells = [_mean(_said(group, method, "precision")) for method in METHODS]
        best = max((cell for cell in cells if cell != "–"), default="")
        rows.append(
            [
                world,
                f"{size:,}",
                str(len(group)),
                *(f"**{cell}**" if cell == best else cell for cell in cells),
            ]
        )
    return Table("Which eight come out on top", ["world", "deals", "runs", *METHODS], rows)


def confirmed(runs: list[Run]) -> Table:
    head = ["world", "deals", "levers of 8", "harmful of 3", "false", "false and strong"]
    head += ["nulls covered", "effects covered"]
    rows = []
    for (world, size), group in _by_world(runs).items():
        row = [world, f"{size:,}"]
        row += [_mean(_said(group, OURS, what), ".1f") for what in ("levers", "harmful")]
        row.append(_of(_said(group, OURS, "false"), _said(group, OURS, "reported")))
        row.append(_of(_said(group, OURS, "false_strong"), _said(group, OURS, "strong")))
        row += [_share(_said(group, OURS, what)) for what in ("nulls", "effects")]
        rows.append(row)
    return Table("What is confirmed, and how much of it is false", head, rows)


def reported(runs: list[Run]) -> Table:
    """Return the same for the methods that test what they report, at 5 % false discoveries."""
    head = ["world", "deals"]
    head += [f"{method}: {what}" for method in TESTING for what in ("levers of 8", "false", "nulls covered")]
    rows = []
    for (world, size), group in _by_world(runs).items():
        row = [world, f"{size:,}"]
        for method in TESTING:
            row.append(_mean(_said(group, method, "levers"), ".1f"))
            row.append(_of(_said(group, method, "false"), _said(group, method, "reported")))
            row.append(_share(_said(group, method, "nulls")))
        rows.append(row)
    return Table("What usual tests would have reported", head, rows)


#: Roles of a world, and what their types look like.
ROLES = {
    "mechanical": "part of signing",
    "leading": "written down after the decision",
    "stage": "a step that comes with time",
    "twin": "gained in the same meeting as a lever",
    "skill": "what able sellers gain",
    "size": "gained on small deals",
    "idle": "nothing at all",
    "harmful": "does harm",
    "lever": "really helps",
}


def screens(runs: list[Run]) -> Table:
    rows = []
    for role, words in ROLES.items():
        counts = np.array([run["screened"].get(role, [0, 0, 0]) for run in runs]).sum(axis=0)
        rows.append([words, f"{counts[0]:,}", f"{counts[1]:,}", f"{counts[2]:,}"])
    return Table("What becomes of each kind of agreement", ["kind", "judged", "left out", "confirmed"], rows)


def kinds(runs: list[Run]) -> Table:
    asked = [run["fooled"] for run in runs if run["fooled"]]
    rows = []
    for method in METHODS:
        said = [fooled[method] for fooled in asked if method in fooled]
        if said:
            rows.append([method, *(_mean([one.get(role, 0) for one in said], ".1f") for role in ROLES)])
    return Table("What is among the best eight when nobody helps", ["method", *ROLES.values()], rows)


EDGES = (0.0, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0001)


def chances(runs: list[Run]) -> Table:
    rows = []
    for size in sorted({run["deals"] for run in runs}):
        said = np.array([pair for run in runs if run["deals"] == size for pair in run["chances"]]).reshape(
            -1, 2
        )
        cells = []
        for low, high in pairwise(EDGES):
            inside = said[(said[:, 0] >= low) & (said[:, 0] < high)]
            known = len(inside) >= 10
            cells.append(f"{inside[:, 0].mean():.2f} → {inside[:, 1].mean():.2f}" if known else "–")
        rows.append([f"{size:,}", *cells])
    bins = [f"{low:g} to {min(high, 1):g}" for low, high in pairwise(EDGES)]
    return Table("Chances to be among the best eight: said → true", ["deals", *bins], rows)


def behind(runs: list[Run]) -> Table:
    """Return where another method has more of the true levers on top, by more than a hundredth."""
    rows = []
    for (world, size), group in _by_world(runs).items():
        for method in METHODS[:-1]:
            pairs = [
                (run["methods"][method]["precision"], run["methods"][OURS]["precision"])
                for run in group
                if method in run["methods"]
            ]
            theirs, mine = np.mean(pairs, axis=0) if pairs else (0.0, 0.0)
            if theirs > mine + 0.01:
                rows.append([world, f"{size:,}", method, f"{theirs:.2f}", f"{mine:.2f}"])
    rows = rows or [["none of these", "", "", "", ""]]
    return Table(
        "Where another method puts more levers on top", ["world", "deals", "method", "its", "ours"], rows
    )


def speed(size: int, looped: int) -> list[Table]:
    """Return the time of one run over all types beside every other method."""
    world = worlds.live(worlds.Rules(deals=size))
    deals, events = world.deals(), world.events()

    def whole() -> discovery.Discovery:
        return discovery.discover(deals, events, settings=discovery.Settings(metric="won"))

    whole()  # libraries load on first use
    found, wall, mine = judging.timed(whole)
    lines = [["ours: the whole answer", f"{wall:.2f}", f"{mine:.2f}", "1"]]
    for name, method, rows in judging.others(world, found, left_out=set(), with_loop=False):
        lines.append([name, *_taken(method, rows, 1.0, mine)])
    rows = rivals.by_landmark(deals, events, *rivals.landmarks_of(found))
    types = len(rows.types)

    def loop(rows: rivals.Rows) -> rivals.Said:
        return rivals.doubleml_loop(rows, range(looped))

    words = f"DoubleML, ridge, a loop over types ({looped} run, {types} by scaling)"
    lines.append([words, *_taken(loop, rows, types / looped, mine)])
    head = [f"{size:,} deals, {types} types, {rows.won.size:,} rows", "wall s", "CPU s", "CPU, times ours"]
    return [Table("Time at full size", head, lines)]


def _taken(method: Callable, rows: rivals.Rows, scale: float, mine: float) -> list[str]:
    _, wall, cpu = judging.timed(lambda: method(rows))
    ratio = cpu * scale / mine
    return [f"{wall * scale:,.2f}", f"{cpu * scale:,.2f}", f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"]


def noise(sizes: tuple[int, ...], seeds: int) -> list[Table]:
    """Return what is confirmed when outcomes are dealt out anew, and whether columns that give them away are refused."""
    rows = []
    for size in sizes:
        tested = ours = regression = refused = tried = 0
        for seed in range(seeds):
            world = worlds.live(worlds.Rules(deals=size, seed=500 + seed))
            deals, events = worlds.shuffled(world.deals(), seed), world.events()
            found = discovery.discover(deals, events, settings=discovery.Settings(metric="won"))
            tested += sum(np.isfinite(one.effect) for one in found.findings)
            ours += sum(one.confirmed for one in found.findings)
            ever = rivals.ever(deals, events)
            regression += judging.other(world, ever, rivals.regression(ever))["reported"]
            for leaking in leaks(world.deals()):
                tried += 1
                refused += _is_refused(leaking, events)
        rows.append(
            [f"{size:,}", str(seeds), f"{tested:,}", str(ours), str(regression), _of([refused], [tried])]
        )
    head = ["deals", "runs", "types tested", "confirmed", "ever gained: reported", "leaking columns refused"]
    return [Table("Noise and leaks", head, rows)]


def leaks(deals: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the deals with a column ``leak``: filled in on closing, a reason only lost deals have, a score made later."""
    status = pl.col("status")
    made = [
        pl.when(status != "open").then(pl.lit("done")),
        pl.when(status == "lost").then(pl.col("region")).otherwise(pl.lit("none")),
        pl.when(status == "won").then(0.9).otherwise(0.2) + pl.int_range(pl.len()) % 10 / 100,
    ]
    return [deals.with_columns(leak=column) for column in made]


def _is_refused(deals: pl.DataFrame, events: pl.DataFrame) -> bool:
    settings = discovery.Settings(metric="won", covariates=("leak",))
    try:
        discovery.discover(deals, events, settings=settings)
    except discovery.DiscoveryError as error:
        return "'leak'" in str(error)
    return False


def written(text: str, tables: list[Table]) -> str:
    """Return a page with each table in the place of the one under its heading, new ones at the end."""
    for table in tables:
        place = re.search(
            rf"^## {re.escape(table.heading)}\n.*?(?P<old>^\|.*?)(?=^[^|]|\Z)", text, re.M | re.S
        )
        if place:
            text = text[: place.start("old")] + table.markdown() + "\n" + text[place.end("old") :]
        else:
            text += f"\n## {table.heading}\n\n{table.markdown()}\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--part", choices=("accuracy", "noise", "speed", "all"), default="all")
    parser.add_argument("--seeds", type=int, help="worlds a size, otherwise more of the small ones")
    parser.add_argument("--sizes", default=",".join(str(size) for size in SEEDS))
    parser.add_argument("--worlds", default=";".join(worlds.NAMED), help="names, with semicolons between")
    parser.add_argument("--keep", type=Path, help="folder of what other methods said")
    parser.add_argument("--markdown", type=Path, help="page that shows the tables")
    asked = parser.parse_args()
    sizes = tuple(int(size) for size in asked.sizes.split(","))
    plan = Plan(sizes, asked.seeds, tuple(asked.worlds.split(";")), asked.keep)
    if asked.smoke:
        plan = replace(plan, sizes=(1_500,), seeds=1, names=plan.names[:2])
    parts = {
        "accuracy": lambda: accuracy(plan),
        "noise": lambda: noise((1_500,), 1) if asked.smoke else noise((2_000, 5_000), asked.seeds or 15),
        "speed": lambda: speed(1_500, 1) if asked.smoke else speed(20_000, 3),
    }
    tables = [table for name, part in parts.items() if asked.part in (name, "all") for table in part()]
    for table in tables:
        print(f"\n## {table.heading}\n\n{table.markdown()}")
    if asked.markdown:
        old = asked.markdown.read_text("utf-8") if asked.markdown.exists() else ""
        asked.markdown.write_text(written(old, tables), "utf-8")


if __name__ == "__main__":
    main()
