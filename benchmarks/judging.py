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
#: From so many deals on, effects are held against the truth, which takes longer than finding them.
TRUTH_FROM = 5_000
#: The loop over types is too slow to run whole above this; forests and vector treatments above the next.
LOOP_UP_TO, ALL_UP_TO = 2_000, 20_000
#: At this size it is also asked what each method is fooled by if nobody removes the parts of signing for it.
FOOLED_AT = 5_000


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what ``work`` returns, its wall seconds and its CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def judge(name: str, size: int, seed: int, *, with_loop: bool) -> dict[str, Any]:
    """Return what every method says about a world and how right it is, as plain JSON."""
    rules = replace(worlds.NAMED[name], deals=size, seed=worlds.NAMED[name].seed + seed)
    world = worlds.live(rules)
    deals, events = world.deals(), world.events()
    settings = discovery.Settings(metric="won")
    found, wall, cpu = timed(lambda: discovery.discover(deals, events, settings=settings))
    methods = {OURS: ours(world, found, truth(rules, found)) | {"wall": wall, "cpu": cpu}}
    for method, work, rows in _others(world, found, with_loop=with_loop):
        said, wall, cpu = timed(lambda work=work, rows=rows: work(rows))
        methods[method] = other(world, rows, said) | {"wall": wall, "cpu": cpu}
    run = {"world": name, "deals": size, "seed": seed, "methods": methods, "screened": screened(world, found)}
    run["chances"] = [[one.details.p_top, one.agreement in world.levers] for one in _judged(found)]
    run["fooled"] = fooled(world, found) if size == FOOLED_AT else {}
    return run


def _others(world: worlds.World, found: discovery.Discovery, *, with_loop: bool):
    """Yield (name, method, its rows), parts of signing removed."""
    deals, events, free = world.deals(), world.events(), set(world.of("mechanical"))
    size = world.rules.deals
    on_deals = rivals.without(rivals.ever(deals, events), free)
    for name, method in rivals.ON_DEALS.items():
        yield name, method, on_deals
    if size > ALL_UP_TO or not found.data.landmarks:
        return
    rows = rivals.without(rivals.by_landmark(deals, events, *rivals.landmarks_of(found)), free)
    if with_loop and size <= LOOP_UP_TO:
        yield "DoubleML", rivals.ON_LANDMARKS["DoubleML"], rows
    if rivals.has_econml():
        yield "EconML", rivals.ON_LANDMARKS["EconML"], rows


def _judged(found: discovery.Discovery) -> list[discovery.Finding]:
    return [one for one in found.findings if math.isfinite(one.effect)]


def ours(world: worlds.World, found: discovery.Discovery, effects: dict[str, float]) -> dict[str, Any]:
    judged = _judged(found)
    ranked = sorted(judged, key=lambda one: -one.details.expected)
    confirmed = [one for one in judged if one.confirmed]
    signs = {one.agreement: -1 if one.harmful else 1 for one in confirmed}
    strong = {one.agreement: signs[one.agreement] for one in confirmed if one.grade == "strong"}
    idle = [one.ci[0] <= 0 <= one.ci[1] for one in judged if not _sign(one.agreement)]
    real = [one.ci[0] <= effects[one.agreement] <= one.ci[1] for one in judged if one.agreement in effects]
    return _reported(world, [one.agreement for one in ranked], signs) | {
        "strong": len(strong),
        "false_strong": _false(strong),
        "nulls": [sum(idle), len(idle)],
        "effects": [sum(real), len(real)],
    }


def other(world: worlds.World, rows: rivals.Rows, said: rivals.Said) -> dict[str, Any]:
    """Return the same for another method; it reports what passes Benjamini-Hochberg at 5 %, if it tests at all."""
    ranked = [rows.types[place] for place in np.argsort(-said.score, kind="stable")]
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


def _false(signs: dict[str, int]) -> int:
    return sum(_sign(key) != sign for key, sign in signs.items())


def _reported(world: worlds.World, ranked: list[str], signs: dict[str, int]) -> dict[str, Any]:
    return {
        "precision": len(set(ranked[:TOP]) & set(world.levers)) / TOP,
        "levers": sum(_sign(key) == sign == 1 for key, sign in signs.items()),
        "harmful": sum(_sign(key) == sign == -1 for key, sign in signs.items()),
        "reported": len(signs),
        "false": _false(signs),
    }


def truth(rules: worlds.Rules, found: discovery.Discovery) -> dict[str, float]:
    """Return what each lever really does, by living the world again with more deals; empty for small worlds."""
    if rules.deals < TRUTH_FROM:
        return {}
    large = worlds.live(replace(rules, deals=8_000 if rules.deals == TRUTH_FROM else 30_000))
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
    """Return for each method which roles its best eight have, nothing removed for it beforehand."""
    ranked = sorted(_judged(found), key=lambda one: -one.details.expected)
    best = {OURS: [one.agreement for one in ranked[:TOP]]}
    deals, events = world.deals(), world.events()
    asked = [(method, rivals.ever(deals, events)) for method in rivals.ON_DEALS]
    if rivals.has_econml():
        asked.append(("EconML", rivals.by_landmark(deals, events, *rivals.landmarks_of(found))))
    for name, rows in asked:
        said = (rivals.ON_DEALS | rivals.ON_LANDMARKS)[name](rows)
        best[name] = [rows.types[place] for place in np.argsort(-said.score, kind="stable")[:TOP]]
    return {name: dict(Counter(key.partition(".")[0] for key in keys)) for name, keys in best.items()}


def kept(folder: Path | None, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a result kept in ``folder``, or make it and keep it, so that a long report can go on later."""
    if folder is None:
        return make()
    file = folder / f"{name.replace(' ', '-').replace(',', '')}.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = json.dumps(make())
        file.write_text(made, "utf-8")
    return json.loads(file.read_text("utf-8"))
