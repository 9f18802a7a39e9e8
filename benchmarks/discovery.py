"""How right and how fast discovery is, beside what else one might run. Prints tables.

    python benchmarks/discovery.py --smoke          small, under a minute
    python benchmarks/discovery.py                  accuracy on three worlds and five sizes, then speed
    python benchmarks/discovery.py --part speed     20,000 deals x 100 types only

Accuracy is judged on simulated worlds of known truth (hingepoint.demo.worlds): precision of the best
eight, levers confirmed out of eight, share of false ones among the confirmed, coverage of the 95 %
intervals. The other methods get the mechanical agreements removed for free; without that, five or six
of their best eight are parts of signing. Times are wall and CPU seconds in the same run.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hingepoint.analysis import discovery
from hingepoint.demo import worlds

TOP = 8
#: From so many deals on, intervals are held against the truth (living a world twenty times over takes a minute).
TRUTH_FROM = 5_000


@dataclass(frozen=True)
class World:
    name: str
    rules: worlds.Rules


WORLDS = (
    World("first", worlds.Rules()),
    World("second", worlds.second_world(worlds.Rules())),
    World("unmeasured intent", worlds.Rules(intent=0.6)),
)


@dataclass(frozen=True)
class Table:
    """One row a decided deal: what it ever gained, what was known about it, whether it was won."""

    types: tuple[str, ...]
    gained: np.ndarray
    known: np.ndarray
    won: np.ndarray


def ever_table(deals: pl.DataFrame, events: pl.DataFrame, left_out: set[str]) -> Table:
    decided = deals.filter(pl.col("status") != "open").sort("deal_id")
    kept = events.filter(~pl.col("agreement").is_in(list(left_out)))
    wide = kept.with_columns(one=1.0).pivot(
        "agreement", index="deal_id", values="one", aggregate_function="first"
    )
    joined = decided.select("deal_id").join(wide, on="deal_id", how="left").fill_null(0.0)
    types = tuple(sorted(set(joined.columns) - {"deal_id"}))
    words = decided.select("owner", "segment", "region", "source").to_dummies(drop_first=True)
    known = np.column_stack([np.log(decided["initial_amount"].to_numpy()), words.to_numpy()])
    return Table(
        types, joined.select(types).to_numpy(), known, (decided["status"] == "won").to_numpy().astype(float)
    )


def lift(table: Table) -> np.ndarray:
    with_it = (table.gained * table.won[:, None]).sum(axis=0) / np.maximum(table.gained.sum(axis=0), 1)
    without = ((1 - table.gained) * table.won[:, None]).sum(axis=0) / np.maximum(
        (1 - table.gained).sum(axis=0), 1
    )
    return with_it - without


def logistic_lasso(table: Table) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    both = StandardScaler().fit_transform(np.column_stack([table.gained, table.known]))
    model = LogisticRegression(solver="liblinear", l1_ratio=1.0, C=0.02)
    return model.fit(both, table.won).coef_[0, : len(table.types)]


def forest(table: Table) -> np.ndarray:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(n_estimators=60, min_samples_leaf=10, random_state=1)
    model.fit(np.column_stack([table.gained, table.known]), table.won)
    return model.feature_importances_[: len(table.types)]


def ever_regression(table: Table) -> np.ndarray:
    both = np.column_stack([np.ones(table.won.size), table.gained, table.known])
    return np.linalg.lstsq(both, table.won, rcond=None)[0][1 : len(table.types) + 1]


OTHERS = {
    "lift": lift,
    "logistic LASSO": logistic_lasso,
    "forest importance": forest,
    "ever-gained regression": ever_regression,
}


def precision(ranked: list[str], levers: set[str]) -> float:
    return len(set(ranked[:TOP]) & levers) / TOP


def ours(world: worlds.World, found: discovery.Discovery, truth: dict[str, float]) -> dict[str, float]:
    """Return how right a run is about a world; ``truth`` holds the effects of types that have one."""
    judged = [one for one in found.findings if math.isfinite(one.effect)]
    ranked = sorted(judged, key=lambda one: -one.details.expected)
    confirmed = [one for one in judged if one.confirmed]
    real = set(world.of("lever", "harmful"))
    false = [
        one
        for one in confirmed
        if one.agreement not in real or one.harmful != one.agreement.startswith("harmful")
    ]
    idle = [one for one in judged if one.agreement not in real]
    moved = [one for one in judged if one.agreement in truth]
    return {
        "precision": precision([one.agreement for one in ranked], set(world.levers)),
        "confirmed": float(sum(one.agreement in set(world.levers) for one in confirmed)),
        "reported": float(len(confirmed)),
        "false": float(len(false)),
        "null": float(np.mean([one.ci[0] <= 0 <= one.ci[1] for one in idle])) if idle else math.nan,
        "real": float(np.mean([one.ci[0] <= truth[one.agreement] <= one.ci[1] for one in moved]))
        if moved
        else math.nan,
    }


def accuracy(sizes: tuple[int, ...], seeds: int, chosen: tuple[World, ...], with_truth: bool) -> None:
    head = [
        "world",
        "deals",
        *OTHERS,
        "ours",
        "confirmed of 8",
        "false share",
        "nulls covered",
        "effects covered",
    ]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for world in chosen:
        for size in sizes:
            rows = [
                _one(replace(world.rules, deals=size, seed=world.rules.seed + seed), with_truth)
                for seed in range(seeds)
            ]
            mean = {
                key: _mean([row[key] for row in rows]) for key in rows[0] if key not in ("false", "reported")
            }
            reported = sum(row["reported"] for row in rows)
            share = sum(row["false"] for row in rows) / reported if reported else 0.0
            cells = [
                world.name,
                f"{size:,}",
                *(f"{mean[name]:.2f}" for name in OTHERS),
                f"**{mean['precision']:.2f}**",
            ]
            cells += [
                f"{mean['confirmed']:.1f}",
                f"{share:.2f}",
                f"{mean['null']:.3f}",
                f"{mean['real']:.3f}",
            ]
            print("| " + " | ".join(cells) + " |", flush=True)


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _one(rules: worlds.Rules, with_truth: bool) -> dict[str, float]:
    world = worlds.live(rules)
    deals, events = world.deals(), world.events()
    found = discovery.discover(deals, events, settings=discovery.Settings(metric="won"))
    truth = _truth(rules, found) if with_truth and rules.deals >= TRUTH_FROM else {}
    row = ours(world, found, truth)
    mechanical = {one.agreement for one in found.findings if one.excluded_because == "mechanical"}
    table = ever_table(deals, events, mechanical)
    for name, method in OTHERS.items():
        order = np.argsort(-method(table), kind="stable")
        row[name] = precision([table.types[place] for place in order], set(world.levers))
    return row


def _truth(rules: worlds.Rules, found: discovery.Discovery) -> dict[str, float]:
    large = worlds.live(replace(rules, deals=8_000))
    landmarks = tuple(discovery.weeks(label) for label in found.data.landmarks)
    horizon = discovery.weeks(found.data.horizon)
    return {key: large.truth(key, landmarks, horizon) for key in large.levers}


def timed(work) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def speed(size: int, looped: int) -> None:
    """Print the time of one run over all types beside loops of the usual libraries over the same rows."""
    world = worlds.live(worlds.Rules(deals=size))
    deals, events = world.deals(), world.events()
    settings = discovery.Settings(metric="won")
    found: list[discovery.Discovery] = []
    mine = timed(lambda: found.append(discovery.discover(deals, events, settings=settings)))
    rows = landmark_rows(deals, events, settings)
    types = rows[1].shape[1]
    print(f"\n{size:,} deals x {types} types, {rows[0].size:,} landmark rows")
    print("| method | wall s | CPU s | CPU, times ours |")
    print("|---|---|---|---|")
    print(f"| ours, whole run with placebo and refits | {mine[0]:.1f} | {mine[1]:.1f} | 1 |", flush=True)
    for name, method in (("DoubleML ridge loop", doubleml_loop), ("EconML vector treatment", econml_vector)):
        try:
            taken, scale = method(rows, looped)
        except ImportError:
            print(f"| {name} | not installed | | |")
            continue
        note = f" ({looped} types run, {types} extrapolated)" if scale > 1 else ""
        wall, cpu = taken[0] * scale, taken[1] * scale
        print(f"| {name}{note} | {wall:.0f} | {cpu:.0f} | {cpu / mine[1]:.0f} |", flush=True)


def landmark_rows(deals: pl.DataFrame, events: pl.DataFrame, settings: discovery.Settings):
    """Return (outcome, agreements by landmark, covariates with seller dummies) of the landmark rows."""
    from hingepoint.analysis.discovery import design, history, study

    prepared = study.prepare(history.read(deals, events, settings), settings)
    before, now = design.standing(prepared.history, prepared.rows, prepared.grid)
    known = prepared.columns.layout(prepared.history, prepared.rows, prepared.grid)
    seller = prepared.seller[prepared.rows.deal]
    dummies = (seller[:, None] == np.arange(1, seller.max() + 1)).astype(float)
    return prepared.rows.outcome, (before | now).astype(float), np.hstack([known, dummies])


def doubleml_loop(rows, looped: int):
    import doubleml
    from sklearn.linear_model import Ridge

    outcome, stands, known = rows

    def run() -> None:
        for place in range(looped):
            others = np.hstack([known, np.delete(stands, place, axis=1)])
            data = doubleml.DoubleMLData.from_arrays(others, outcome, stands[:, place])
            doubleml.DoubleMLPLR(data, Ridge(), Ridge(), n_folds=5).fit()

    return timed(run), stands.shape[1] / looped


def econml_vector(rows, looped: int):
    from econml.dml import LinearDML
    from sklearn.linear_model import Ridge

    outcome, stands, known = rows
    model = LinearDML(model_y=Ridge(), model_t=Ridge(), cv=5)
    return timed(lambda: model.fit(outcome, stands, X=None, W=known)), 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--part", choices=("accuracy", "speed", "all"), default="all")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--sizes", default="1000,2000,5000,20000")
    parser.add_argument("--worlds", default=",".join(world.name for world in WORLDS))
    options = parser.parse_args()
    print(
        f"cores: {os.cpu_count()}, threads of linear algebra: {os.environ.get('OPENBLAS_NUM_THREADS', 'default')}\n"
    )
    if options.smoke:
        accuracy((1500,), 1, WORLDS[:1], with_truth=False)
        speed(1500, looped=1)
        return
    if options.part != "speed":
        chosen = tuple(world for world in WORLDS if world.name in options.worlds.split(","))
        sizes = tuple(int(size) for size in options.sizes.split(","))
        accuracy(sizes, options.seeds, chosen, with_truth=True)
    if options.part != "accuracy":
        speed(20_000, looped=3)


if __name__ == "__main__":
    main()
