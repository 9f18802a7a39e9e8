"""How large a history can be: wall and CPU time and peak memory of discovery as deals grow. Prints a table.

python benchmarks/scale.py --smoke              a small one, seconds
python benchmarks/scale.py                      100,000, 300,000 and 1,000,000 deals x 200 types x 6 landmarks
python benchmarks/scale.py --deals 300000       one size
python benchmarks/scale.py --way command        only `hingepoint discover` on the files, as a user runs it
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery.sums import kept
from hingepoint.domain.discovery.keeping import Folder

TYPES, LEVERS, SELLERS_PER_DEAL, PART = 200, 8, 1 / 1_000, 100_000
START = dt.datetime.fromisoformat("2019-01-07")
DAYS = 4 * 365
MICROSECONDS_A_WEEK = 7 * 86_400 * 1_000_000
EFFECT = 0.08
LANDMARKS = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
WEEKS_EARLIER = 4
WAYS = {
    "plain": "the library",
    "command": "the command",
    "csv": "the command on CSV",
    "kept": "sums kept",
    "refresh": "refresh",
}


def write_history(folder: Path, *, deals: int, types: int = TYPES, seed: int = 1) -> None:
    """Write deals.parquet, the parts of events/, and all of them in events.parquet into ``folder``.

    Agreements fall at random into the course of a deal; the first ``LEVERS`` of them raise its chance.
    """
    (folder / "events").mkdir(parents=True, exist_ok=True)
    rates = np.random.default_rng(seed).uniform(0.04, 0.22, types)
    sellers = max(round(deals * SELLERS_PER_DEAL), 50)
    parts = []
    for number, first in enumerate(range(0, deals, PART)):
        rng = np.random.default_rng([seed, number])
        table, events = _part(rng, first, min(PART, deals - first), rates, sellers)
        events.write_parquet(folder / "events" / f"{number:04}.parquet")
        parts.append(table)
    pl.concat(parts).write_parquet(folder / "deals.parquet")
    pl.scan_parquet(folder / "events" / "*.parquet").sink_parquet(folder / "events.parquet")


def _part(
    rng: np.random.Generator, first: int, deals: int, rates: np.ndarray, sellers: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    created = rng.uniform(0, DAYS / 7, deals)
    cycle = np.exp(rng.normal(2.6, 0.5, deals)) + 0.5
    at = (rng.random((deals, rates.size), dtype=np.float32) * 16).astype(np.float32)
    gained = (rng.random((deals, rates.size), dtype=np.float32) < rates) & (at < cycle[:, None])
    seller = rng.integers(0, sellers, deals)
    chance = 0.2 + EFFECT * gained[:, :LEVERS].sum(axis=1) + 0.1 * (seller % 7 == 0)
    won = rng.random(deals) < np.clip(chance, 0.02, 0.98)
    closes = created + cycle
    is_open = closes > DAYS / 7
    ids = pl.Series("deal_id", np.arange(first, first + deals)).cast(pl.String).str.zfill(9)
    table = pl.DataFrame(
        {
            "deal_id": ids,
            "created": _moments(created),
            "closed": _moments(closes),
            "status": np.where(is_open, "open", np.where(won, "won", "lost")),
            "owner": pl.select(pl.format("S{}", pl.Series(seller))).to_series(),
            "account": pl.select(pl.format("A{}", pl.Series(rng.integers(0, deals, deals)))).to_series(),
            "segment": _words(rng, deals, ("small", "middle", "large")),
            "region": _words(rng, deals, ("north", "south", "east", "west")),
            "product": _words(rng, deals, ("pumps", "valves", "service", "parts")),
            "source": _words(rng, deals, ("web", "fair", "partner")),
            "initial_amount": np.exp(rng.normal(10, 1, deals)),
        }
    ).with_columns(closed=pl.when(pl.col("status") == "open").then(None).otherwise("closed"))
    return table, _events(rng, ids, created, cycle, gained, at)


def _events(
    rng: np.random.Generator,
    ids: pl.Series,
    created: np.ndarray,
    cycle: np.ndarray,
    gained: np.ndarray,
    at: np.ndarray,
) -> pl.DataFrame:
    """Return the gains that fall into the data, and five activities a deal, in the order of time."""
    deal, kind = np.nonzero(gained)
    active = np.repeat(np.arange(created.size), 5)
    week = np.concatenate(
        [created[deal] + at[deal, kind], created[active] + rng.random(active.size) * cycle[active]]
    )
    names = pl.Series([f"type-{number:03}" for number in range(gained.shape[1])] + ["call"])
    code = np.concatenate([kind, np.full(active.size, gained.shape[1])])
    order = np.argsort(week)
    order = order[: np.searchsorted(week[order], DAYS / 7)]
    return pl.DataFrame(
        {
            "deal_id": ids[np.concatenate([deal, active])[order]],
            "agreement": names[code[order]],
            "at": _moments(week[order]),
            "kind": np.where(code[order] < gained.shape[1], "agreement", "activity"),
        }
    )


def _moments(weeks: np.ndarray) -> pl.Series:
    return pl.Series((weeks * MICROSECONDS_A_WEEK).astype(np.int64)).cast(pl.Duration("us")) + START


def _words(rng: np.random.Generator, size: int, words: tuple[str, ...]) -> pl.Series:
    return pl.Series(words)[rng.integers(0, len(words), size)]


def run(folder: Path, way: str) -> None:
    """Discover in the history of a folder and print what it took, as JSON."""
    wall, cpu = time.perf_counter(), time.process_time()
    deals = pl.read_parquet(folder / "deals.parquet")
    end = START + dt.timedelta(days=DAYS)
    until = end - dt.timedelta(weeks=WEEKS_EARLIER) if way == "kept" else end
    keep = None if way == "plain" else kept.Kept(Folder(folder / "kept"))
    found = discovery.discover(
        deals,
        pl.scan_parquet(folder / "events" / "*.parquet"),
        settings=discovery.Settings(metric="won", landmarks=LANDMARKS, data_end=until),
        keep=keep,
    )
    took = {
        "events": found.data.events,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "right": sum(one.agreement < f"type-{LEVERS:03}" for one in found.pivotal),
        "chosen": len(found.pivotal),
        "pieces": f"{keep.found} of {keep.found + keep.made}" if keep else "",
    }
    print(json.dumps(took))


def run_command(folder: Path, ending: str) -> None:
    """Run ``hingepoint discover`` on the files of a folder and print what it took, as JSON."""
    files = [folder / f"{table}.{ending}" for table in ("deals", "events")]
    for path in files:
        if not path.exists():
            pl.scan_parquet(path.with_suffix(".parquet")).sink_csv(path)
    command = [sys.executable, "-m", "hingepoint", "discover", "--deals", files[0], "--events", files[1]]
    asked = ["--landmarks", ",".join(f"{weeks:g}w" for weeks in LANDMARKS), "--metric", "won"]
    told = ["--out", folder / "answer", "--format", "json", "--quiet"]
    wall = time.perf_counter()
    done = subprocess.run([*command, *asked, *told], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - wall
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    took = {
        "events": found["data"]["events"],
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 2**20,
        "right": sum(one["agreement"] < f"type-{LEVERS:03}" for one in found["pivotal"]),
        "chosen": len(found["pivotal"]),
        "pieces": "",
    }
    print(json.dumps(took))


def measured(folder: Path, way: str) -> dict[str, float]:
    """Return what a run takes in a process of its own, on one thread of linear algebra, as commands do."""
    command = [sys.executable, __file__, "--run", str(folder), "--way", way]
    threads = {"OPENBLAS_NUM_THREADS": "1"} | os.environ
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=threads).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="a small history, to see that it runs")
    parser.add_argument("--deals", type=int, action="append", help="how many deals; may be repeated")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way; may be repeated")
    asked = parser.parse_args()
    if asked.run and asked.way[0] in ("command", "csv"):
        run_command(asked.run, "csv" if asked.way[0] == "csv" else "parquet")
        return
    if asked.run:
        run(asked.run, asked.way[0])
        return
    sizes = [3_000] if asked.smoke else asked.deals or [100_000, 300_000, 1_000_000]
    print("| deals | events | run | wall s | CPU s | peak GiB | kept pieces used | levers in the set |")
    print("|---|---|---|---|---|---|---|---|")
    for deals in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            write_history(Path(scratch), deals=deals, types=30 if asked.smoke else TYPES)
            for way in asked.way or WAYS:
                one = measured(Path(scratch), way)
                print(
                    f"| {deals:,} | {one['events']:,} | {WAYS[way]} | {one['wall']:.0f} | {one['cpu']:.0f} "
                    f"| {one['peak']:.1f} | {one['pieces']} | {one['right']} of {one['chosen']} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
