"""The exam: discovery on worlds of another hand (``elsewhere``), honestly and badly recorded, beside its rivals.

    python benchmarks/exam.py --smoke                     one small world, under a minute
    python benchmarks/exam.py --half first                the worlds that choices are made on
    python benchmarks/exam.py                             the other half, which no choice has seen: the exam
    python benchmarks/exam.py --alone                     without the rivals: what is confirmed, and what of it is false
    python benchmarks/exam.py --keep FOLDER               keeps what others say, and what is true
    python benchmarks/exam.py --runs FILE                 adds a line a history; those that stand there are not run again
    python benchmarks/exam.py --markdown FILE             puts the tables under their headings in FILE

Seeds below ``JUDGED`` are the first half. All methods get the parts of signing removed. Each mean comes with its
standard error over worlds; where a rival is ahead, the difference is on the same worlds.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import discovery as tables
import elsewhere
import judging
import numpy as np
import rivals
from judging import OURS

from hingepoint.analysis import discovery, intervals

#: Seeds from here on belong to the half that is judged on.
JUDGED = 1_000
#: Worlds of each name for each size, without a fault and with each of the faults.
SEEDS, FAULTY = {1_000: 10, 2_000: 6, 5_000: 4, 20_000: 1}, {2_000: 3}
#: From so many deals on, effects are held against the truth, which is looked up in a world of so many.
TRUTH_FROM, TRUTH_IN = 5_000, 20_000
#: Rows with a type and without it that other methods are asked to work with.
FEWEST = 10
METHODS = ["lift", "LASSO", "ever gained", "double ML", OURS]

Run = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One history to be judged on."""

    world: str
    deals: int
    seed: int
    fault: str

    def run(self, keep: Path | None, alone: bool = False) -> Run:
        """Return what every method says and how right it is, as plain JSON; only ours if ``alone``."""
        rules = elsewhere.named(self.world, self.deals, self.seed)
        record = elsewhere.Record(elsewhere.live(rules), self.fault)
        found = discovery.discover(record.deals(), record.events(), settings=discovery.Settings(metric="won"))
        name = f"{self.world} {self.deals} {self.seed} {self.fault} {' '.join(found.data.landmarks)}"
        said = {}
        if not alone:
            said = judging.kept(keep, f"{name} {found.data.horizon}", lambda: others(record, found))
        true = judging.kept(keep, f"{name} {found.data.horizon} truth", lambda: truth(rules, found))
        mine = judging.ours(record, found, true) | {
            "roles": roles(judging.best(found)),
            "wrong": wrong(found),
        }
        return {"world": self.world, "deals": self.deals, "fault": self.fault, "methods": said | {OURS: mine}}


def others(record: elsewhere.Record, found: discovery.Discovery) -> dict[str, Any]:
    deals, events = record.deals(), record.events()
    signing = set(record.world.of("signing"))
    on_deals = _usable(rivals.ever(deals, events), signing)
    asked = [(name, rivals.ON_DEALS[name], on_deals) for name in METHODS if name in rivals.ON_DEALS]
    if found.data.landmarks:
        rows = rivals.by_landmark(deals, events, *rivals.landmarks_of(found))
        vector = rivals.econml_vector if rivals.has_econml() else rivals.dml_vector
        asked.append(("double ML", vector, _usable(rows, signing)))
    return {name: _judged(record, rows, method(rows)) for name, method, rows in asked}


def _usable(rows: rivals.Rows, left_out: set[str]) -> rivals.Rows:
    """Return the rows without types that hardly any of them have, or lack: there methods end in an error."""
    gained = rows.gained.sum(axis=0)
    rare = np.minimum(gained, rows.won.size - gained) < FEWEST
    return rivals.without(rows, left_out | {key for key, yes in zip(rows.types, rare, strict=True) if yes})


def _judged(record: elsewhere.Record, rows: rivals.Rows, said: rivals.Said) -> dict[str, Any]:
    ranked = [rows.types[place] for place in np.argsort(-np.nan_to_num(said.score), kind="stable")]
    return judging.other(record, rows, said) | {"roles": roles(ranked)}


def roles(ranked: list[str]) -> dict[str, int]:
    """Return how many of the best eight have which role."""
    return _by_role(ranked[: judging.TOP])


def _by_role(keys: Iterable[str]) -> dict[str, int]:
    return dict(Counter(key.partition(".")[0] for key in keys))


def wrong(found: discovery.Discovery) -> dict[str, int]:
    """Return how many findings are strong and false, by the role of their type."""
    strong = {one.agreement: -1 if one.harmful else 1 for one in found.findings if one.grade == "strong"}
    return _by_role(key for key, sign in strong.items() if judging.false({key: sign}))


def truth(rules: elsewhere.Rules, found: discovery.Discovery) -> dict[str, float]:
    """Return what each lever really does; empty below ``TRUTH_FROM`` deals."""
    if rules.deals < TRUTH_FROM:
        return {}
    large = elsewhere.live(replace(rules, deals=TRUTH_IN))
    return {key: large.truth(key, *rivals.landmarks_of(found)) for key in large.levers}


# ---- tables ----


def _grouped(runs: list[Run], *by: str) -> dict[tuple[Any, ...], list[Run]]:
    groups: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(tuple(run[name] for name in by), []).append(run)
    return groups


def _with_error(values: list[float]) -> str:
    if not values:
        return "–"
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.2f}" + (f" ± {error:.2f}" if np.isfinite(error) else "")


def on_top(runs: list[Run]) -> tables.Table:
    """Return the share of levers among the best eight, by size and world, all faults apart."""
    rows = []
    for (deals, world), group in _by_size(runs):
        cells = [
            _with_error([run["methods"][method]["precision"] for run in group if method in run["methods"]])
            for method in METHODS
        ]
        rows.append([f"{deals:,}", world, str(len(group)), *cells])
    return tables.Table(
        "Worlds of another hand: which eight come out on top", ["deals", "world", "runs", *METHODS], rows
    )


def _by_size(runs: list[Run]) -> list[tuple[tuple[int, str], list[Run]]]:
    """Return the honest runs by size: all worlds together, then each."""
    honest = [run for run in runs if run["fault"] == "none"]
    found: list[tuple[tuple[int, str], list[Run]]] = []
    for (deals,), group in sorted(_grouped(honest, "deals").items()):
        found.append(((deals, "**all**"), group))
        found += [((deals, world), some) for (world,), some in _grouped(group, "world").items()]
    return found


def ahead(runs: list[Run]) -> tables.Table:
    """Return where another method has more levers on top by more than its error, on the same worlds."""
    groups = [(*key, "none", group) for key, group in _by_size(runs)]
    faulty = [run for run in runs if run["fault"] != "none"]
    groups += [
        (deals, "all", fault, group) for (deals, fault), group in _grouped(faulty, "deals", "fault").items()
    ]
    rows = []
    for deals, world, fault, group in groups:
        for method in METHODS[:-1]:
            apart = [
                run["methods"][method]["precision"] - run["methods"][OURS]["precision"]
                for run in group
                if method in run["methods"]
            ]
            if apart and np.mean(apart) > (
                np.std(apart, ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else 0
            ):
                rows.append([f"{deals:,}", world, fault, method, str(len(apart)), _with_error(apart)])
    rows = rows or [["none of these", "", "", "", "", ""]]
    head = ["deals", "world", "fault of record", "method", "runs", "its lead"]
    return tables.Table("Worlds of another hand: where another method is ahead", head, rows)


def faults(runs: list[Run]) -> tables.Table:
    """Return what each fault of record does to all methods, and to what is confirmed."""
    rows = []
    for (deals, fault), group in sorted(_grouped(runs, "deals", "fault").items()):
        mine = [run["methods"][OURS] for run in group]
        row = [f"{deals:,}", fault, str(len(group))]
        row += [
            _with_error([run["methods"][method]["precision"] for run in group if method in run["methods"]])
            for method in ("ever gained", OURS)
        ]
        row.append(f"{np.mean([one['levers'] for one in mine]):.1f}")
        row.append(f"{sum(one['false'] for one in mine)} of {sum(one['reported'] for one in mine)}")
        row.append(f"{sum(one['false_strong'] for one in mine)} of {sum(one['strong'] for one in mine)}")
        row += [_share([one[what] for one in mine]) for what in ("nulls", "effects")]
        rows.append(row)
    head = ["deals", "fault of record", "runs", "ever gained", OURS, "levers of 8 confirmed", "false"]
    head += ["false and strong", "nulls covered", "effects covered"]
    return tables.Table("Worlds of another hand: faults of record", head, rows)


def _share(counts: list[list[int]]) -> str:
    hits, tried = (sum(part) for part in zip(*counts, strict=True))
    return f"{hits / tried:.3f}" if tried else "–"


def strong(runs: list[Run]) -> tables.Table:
    """Return how often what is strong is false, with its interval, by fault of record and size, and in all."""
    groups = sorted(_grouped(runs, "fault", "deals").items())
    rows = [[fault, f"{deals:,}", *_strong_cells(group)] for (fault, deals), group in groups]
    rows.append(["**all**", "", *_strong_cells(runs)])
    head = [
        "fault of record",
        "deals",
        "histories",
        "strong",
        "false",
        "share, with 95% interval",
        "false ones are",
    ]
    return tables.Table("Worlds of another hand: how often strong is false", head, rows)


def _strong_cells(runs: list[Run]) -> list[str]:
    mine = [run["methods"][OURS] for run in runs]
    number, false = sum(one["strong"] for one in mine), sum(one["false_strong"] for one in mine)
    share = intervals.share(false, number)
    told = f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})" if share.value is not None else "–"
    kinds = sum((Counter(one["wrong"]) for one in mine), Counter[str]())
    are = ", ".join(f"{LOOK_ALIKES[role]} ({count})" for role, count in kinds.most_common())
    return [str(len(runs)), str(number), str(false), told, are or "–"]


#: What looks like a lever and is none, by role.
LOOK_ALIKES = {
    "stage": "a step that every deal comes to",
    "late": "gained late",
    "leading": "told once the decision has fallen",
    "quality": "gained on good deals",
    "habit": "what able sellers gain",
    "idle": "nothing at all",
    "harmful": "does harm",
    "lever": "really helps",
}


def among_the_best(runs: list[Run]) -> tables.Table:
    rows = []
    for method in METHODS:
        said = [run["methods"][method]["roles"] for run in runs if method in run["methods"]]
        if said:
            rows.append(
                [method, *(f"{np.mean([one.get(role, 0) for one in said]):.2f}" for role in LOOK_ALIKES)]
            )
    return tables.Table(
        "Worlds of another hand: what is among the best eight", ["method", *LOOK_ALIKES.values()], rows
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="one small world with one fault")
    parser.add_argument("--alone", action="store_true", help="without the rivals")
    parser.add_argument("--half", choices=("first", "judged"), default="judged")
    parser.add_argument("--seeds", type=int, help="worlds of each name and size")
    parser.add_argument("--sizes", default=",".join(map(str, SEEDS)))
    parser.add_argument("--faults", default=";".join(elsewhere.FAULTS), help="names, with semicolons between")
    parser.add_argument("--keep", type=Path, help="folder of what others said")
    parser.add_argument("--runs", type=Path, help="file of the histories judged so far, to go on from")
    parser.add_argument("--markdown", type=Path, help="page that shows the tables")
    asked = parser.parse_args()
    runs = _judged_cases(asked)
    told = (faults, strong) if asked.alone else (on_top, ahead, faults, strong, among_the_best)
    made = [tell(runs) for tell in told]
    for table in made:
        print(f"\n## {table.heading}\n\n{table.markdown()}")
    if asked.markdown:
        asked.markdown.write_text(tables.written(asked.markdown.read_text("utf-8"), made), "utf-8")


def _judged_cases(asked: argparse.Namespace) -> list[Run]:
    """Return what is said of every history asked for; from the file of runs where it stands there."""
    there = _runs_kept(asked.runs)
    runs = []
    for case in cases(asked):
        key = json.dumps(asdict(case))
        if key not in there:
            there[key] = case.run(asked.keep, asked.alone)
            if asked.runs:
                with asked.runs.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"case": asdict(case), "run": there[key]}) + "\n")
        runs.append(there[key])
        said = " ".join(f"{name} {one['precision']:.2f}" for name, one in runs[-1]["methods"].items())
        print(f"  {case.world}, {case.deals:,} deals, seed {case.seed}, {case.fault}: {said}", flush=True)
    return runs


def _runs_kept(file: Path | None) -> dict[str, Run]:
    if file is None or not file.exists():
        return {}
    lines = map(json.loads, file.read_text("utf-8").splitlines())
    return {json.dumps(line["case"]): line["run"] for line in lines}


def cases(asked: argparse.Namespace) -> list[Case]:
    """Return the histories asked for, those of one seed together."""
    if asked.smoke:
        return [
            Case(next(iter(elsewhere.NAMED)), 1_000, 0, fault) for fault in ("none", "dated back after wins")
        ]
    first = 0 if asked.half == "first" else JUDGED
    found = []
    for size in map(int, asked.sizes.split(",")):
        for fault in asked.faults.split(";"):
            number = (SEEDS if fault == "none" else FAULTY).get(size, 0)
            number = min(number, asked.seeds) if asked.seeds else number
            found += [
                Case(world, size, first + seed, fault) for seed in range(number) for world in elsewhere.NAMED
            ]
    return found


if __name__ == "__main__":
    main()
