"""Every method on one simulated world, held against what the world really does."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rivals
import scipy

from hingepoint.analysis import discovery
from hingepoint.demo import worlds

TOP = 8
OURS = "Hingepoint"
#: From so many deals on, effects are held against the truth, which takes longer than finding them, and which
#: is looked up in a world of so many deals: in one of 8,000 its own error makes intervals miss (decision 125).
TRUTH_FROM, TRUTH_IN = 5_000, 20_000
#: The loop over types is too slow to run whole above this; forests and vector treatments above the next.
LOOP_UP_TO, ALL_UP_TO = 2_000, 20_000
#: At this size it is also asked what each method is fooled by if nobody removes the parts of signing for it.
FOOLED_AT = 5_000


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what ``work`` returns, its wall seconds and its CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def judge(name: str, size: int, seed: int, *, with_loop: bool, keep: Path | None) -> dict[str, Any]:
    """Return what every method says about a world and how right it is, as plain JSON.

    What others say, and what is true, is kept in ``keep``: it does not change when discovery does, as long as the
    landmarks stay.
    """
    rules = replace(worlds.NAMED[name], deals=size, seed=worlds.NAMED[name].seed + seed)
    world = worlds.live(rules)
    found = discovery.discover(world.deals(), world.events(), settings=discovery.Settings(metric="won"))
    seen = f"{name} {size} {seed} {' '.join(found.data.landmarks)} {found.data.horizon}"
    beside = kept(keep, seen, lambda: _beside(world, found, with_loop=with_loop))
    true = kept(keep, f"{seen} truth in {TRUTH_IN}", lambda: truth(world.rules, found))
    return {
        "world": name,
        "deals": size,
        "methods": beside["methods"] | {OURS: ours(world, found, true)},
        "screened": screened(world, found),
        "chances": [[one.details.p_top, one.agreement in world.levers] for one in _judged(found)],
        "fooled": beside["fooled"] and beside["fooled"] | {OURS: roles(best(found))},
    }


def _beside(world: worlds.World, found: discovery.Discovery, *, with_loop: bool) -> dict[str, Any]:
    asked = others(world, found, left_out=set(world.of("mechanical")), with_loop=with_loop)
    return {
        "methods": {method: other(world, rows, work(rows)) for method, work, rows in asked},
        "fooled": fooled(world, found) if world.rules.deals == FOOLED_AT else {},
    }


def others(world: worlds.World, found: discovery.Discovery, *, left_out: set[str], with_loop: bool):
    """Yield (name, method, its rows) without the types left out."""
    deals, events, size = world.deals(), world.events(), world.rules.deals
    on_deals = rivals.without(rivals.ever(deals, events), left_out)
    for name, method in rivals.ON_DEALS.items():
        yield name, method, on_deals
    if size > ALL_UP_TO or not found.data.landmarks:
        return
    rows = rivals.without(rivals.by_landmark(deals, events, *rivals.landmarks_of(found)), left_out)
    if with_loop and size <= LOOP_UP_TO:
        yield "DoubleML", rivals.doubleml_loop, rows
    if rivals.has_econml():
        yield "EconML", rivals.econml_vector, rows


def best(found: discovery.Discovery) -> list[str]:
    """Return the agreement types in order of what to expect of them."""
    return [one.agreement for one in sorted(_judged(found), key=lambda one: -one.details.expected)]


def _order(rows: rivals.Rows, said: rivals.Said) -> list[str]:
    return [rows.types[place] for place in np.argsort(-said.score, kind="stable")]


def _judged(found: discovery.Discovery) -> list[discovery.Finding]:
    return [one for one in found.findings if math.isfinite(one.effect)]


def ours(world: worlds.World, found: discovery.Discovery, effects: dict[str, float]) -> dict[str, Any]:
    judged = _judged(found)
    confirmed = [one for one in judged if one.confirmed]
    signs = {one.agreement: -1 if one.harmful else 1 for one in confirmed}
    strong = {one.agreement: signs[one.agreement] for one in confirmed if one.grade == "strong"}
    idle = [one.ci[0] <= 0 <= one.ci[1] for one in judged if not _sign(one.agreement)]
    real = [one.ci[0] <= effects[one.agreement] <= one.ci[1] for one in judged if one.agreement in effects]
    return _reported(world, best(found), signs) | {
        "strong": len(strong),
        "false_strong": false(strong),
        "nulls": [sum(idle), len(idle)],
        "effects": [sum(real), len(real)],
    }


def other(world: worlds.World, rows: rivals.Rows, said: rivals.Said) -> dict[str, Any]:
    """Return the same for another method; it reports what passes Benjamini-Hochberg at 5 %, if it tests at all."""
    ranked = _order(rows, said)
    if said.error is None:
        return _reported(world, ranked, {}) | {"nulls": [0, 0]}
    z = said.score / said.error
    passed = scipy.stats.false_discovery_control(2 * scipy.special.ndtr(-np.abs(z))) <= 0.05
    signs = {rows.types[place]: int(np.sign(z[place])) for place in np.nonzero(passed)[0]}
    idle = np.array([not _sign(key) for key in rows.types])
    covered = int((np.abs(z[idle]) <= 1.96).sum())
    return _reported(world, ranked, signs) | {"nulls": [covered, int(idle.sum())]}


def _sign(key: str) -> int:
    """Return which way an agreement type of a world really works; its key begins with its role."""
    return {"lever": 1, "harmful": -1}.get(key.partition(".")[0], 0)


def false(signs: dict[str, int]) -> int:
    return sum(_sign(key) != sign for key, sign in signs.items())


def _reported(world: worlds.World, ranked: list[str], signs: dict[str, int]) -> dict[str, Any]:
    return {
        "precision": len(set(ranked[:TOP]) & set(world.levers)) / TOP,
        "levers": sum(_sign(key) == sign == 1 for key, sign in signs.items()),
        "harmful": sum(_sign(key) == sign == -1 for key, sign in signs.items()),
        "reported": len(signs),
        "false": false(signs),
    }


def truth(rules: worlds.Rules, found: discovery.Discovery) -> dict[str, float]:
    """Return what each lever really does, by living the world again; empty for the smallest and largest worlds."""
    if not TRUTH_FROM <= rules.deals <= ALL_UP_TO:
        return {}
    large = worlds.live(replace(rules, deals=TRUTH_IN))
    return {key: large.truth(key, *rivals.landmarks_of(found)) for key in large.levers}


def screened(world: worlds.World, found: discovery.Discovery) -> dict[str, list[int]]:
    """Return for each role how many of its types there are, were left out, were reported."""
    counts = {}
    for role in dict.fromkeys(world.roles):
        findings = [one for one in found.findings if one.agreement.startswith(f"{role}.")]
        left_out = sum(one.grade == "excluded" for one in findings)
        counts[role] = [len(findings), left_out, sum(one.confirmed for one in findings)]
    return counts


def fooled(world: worlds.World, found: discovery.Discovery) -> dict[str, dict[str, int]]:
    """Return for each other method which roles its best eight have, nothing removed for it beforehand."""
    asked = others(world, found, left_out=set(), with_loop=False)
    return {name: roles(_order(rows, work(rows))) for name, work, rows in asked}


def roles(ranked: list[str]) -> dict[str, int]:
    """Return how many of the best eight have which role."""
    return dict(Counter(key.partition(".")[0] for key in ranked[:TOP]))


def kept(folder: Path | None, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what is kept in ``folder`` under a name, or make it and keep it."""
    if folder is None:
        return make()
    file = folder / f"{name.replace(' ', '-').replace(',', '')}.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = json.dumps(make())
        file.write_text(made, "utf-8")
    return json.loads(file.read_text("utf-8"))
