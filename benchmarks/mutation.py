"""Whether the tests bite: small faults are put into the code, one at a time, and the tests must see them.

    python benchmarks/mutation.py [--sample 5] [--seed 1] [--only intervals] [--floor 0.8]

Per target, ``sample`` faults are drawn by the seed: a comparison flipped or its boundary moved, *and* for *or*,
a *not* dropped, a number changed, a filter dropped, an error not raised. Each runs the tests named for the
target in a process of its own, in which only that module is replaced: no file is changed. Survivors are
printed with their place. Ends with exit code 1 where fewer than ``floor`` of the faults were seen.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
MOST_SECONDS = 300  # a test that hangs has seen the fault


@dataclass(frozen=True)
class Target:
    """A module, the tests that watch it, and the functions that matter; none named: all of them."""

    module: str
    tests: tuple[str, ...]
    functions: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return HOUSE / "src" / (self.module.replace(".", "/") + ".py")


_VISIBLE = ("tests/domain/test_visibility.py",)
TARGETS = (
    Target("hingepoint.analysis.intervals", ("tests/analysis/test_intervals.py",)),
    Target(
        "hingepoint.analysis.discovery.reading.design",
        ("tests/analysis/test_landmarks.py", "tests/analysis/test_discovery_input.py"),
    ),
    Target(
        "hingepoint.analysis.impact.conclusion",
        ("tests/analysis/impact/test_measuring.py", "tests/analysis/impact/test_planning.py"),
    ),
    Target("hingepoint.analysis.impact.card", ("tests/analysis/impact/test_planning.py",)),
    Target("hingepoint.analysis.signals.unplanned_concessions", ("tests/spec/test_signals.py",)),
    Target("hingepoint.analysis.signals.tolerant_managers", ("tests/spec/test_signals.py",)),
    Target("hingepoint.domain.strategy.asking", ("tests/domain/test_asking_rounds.py",)),
    Target(
        "hingepoint.domain.strategy.actions",
        (
            "tests/domain/test_asking_rounds.py",
            "tests/domain/test_requirements.py",
            "tests/web/test_strategy.py",
        ),
    ),
    Target("hingepoint.domain.strategy.requirements", ("tests/domain/test_requirements.py",)),
    Target("hingepoint.domain.proof.actions", ("tests/web/test_confirm.py", "tests/web/test_proof.py")),
    Target("hingepoint.domain.escalations.actions", ("tests/domain/test_escalations.py",)),
    Target(
        "hingepoint.domain.agreements.actions",
        (
            "tests/domain/test_register.py",
            "tests/web/test_take_step.py",
            "tests/domain/test_gained_in_time.py",
        ),
    ),
    Target("hingepoint.domain.deals.models", _VISIBLE, ("visible_to",)),
    Target("hingepoint.domain.agreements.models", _VISIBLE, ("visible_to",)),
)


@dataclass(frozen=True)
class Fault:
    """One change of a module: where, and what became of it."""

    target: Target
    number: int  # of the place, in the order of the tree
    line: int
    what: str


_FLIPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_SWAPS = {
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_FILTERS = ("filter", "exclude", "open", "standing", "in_force", "waiting")


def spoilt(node: ast.AST) -> tuple[str, ast.AST] | None:
    """Return the node with a fault, and what the fault is; None where there is none to make."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.Compare) and type(new.ops[0]) in _FLIPS:
        new.ops[0] = _FLIPS[type(new.ops[0])]()
    elif isinstance(new, ast.BoolOp | ast.BinOp) and type(new.op) in _SWAPS:
        new.op = _SWAPS[type(new.op)]()
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        new = new.operand
    elif isinstance(new, ast.Constant) and isinstance(new.value, bool | int | float):
        new.value = _other(new.value)
    elif isinstance(new, ast.Raise):
        new = ast.Pass()
    elif isinstance(new, ast.Call) and isinstance(new.func, ast.Attribute) and new.func.attr in _FILTERS:
        new = new.func.value
    else:
        return None
    return f"{ast.unparse(node)[:70]}  ->  {ast.unparse(new)[:70]}".replace("\n", " "), new


def _other(value: bool | int | float) -> bool | int | float:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value * 1.1 or 1.0


def places(tree: ast.Module, functions: tuple[str, ...]) -> Iterator[ast.AST]:
    """Yield what runs within the functions: no annotation, decorator, default or text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (not functions or node.name in functions):
            for line in node.body:
                yield from _within(line)


def _within(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.JoinedStr):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _within(child)


def faults(target: Target) -> list[Fault]:
    """Return every fault that can be made of a target."""
    tree = ast.parse(target.path.read_text())
    found = []
    for number, node in enumerate(places(tree, target.functions)):
        if made := spoilt(node):
            found.append(Fault(target, number, node.lineno, made[0]))
    return found


def source_with(fault: Fault) -> str:
    """Return the module's source with the fault in it."""
    tree = ast.parse(fault.target.path.read_text())
    node = list(places(tree, fault.target.functions))[fault.number]
    _, new = spoilt(node)

    class Replace(ast.NodeTransformer):
        def visit(self, found: ast.AST) -> ast.AST:
            return new if found is node else self.generic_visit(found)

    return ast.unparse(ast.fix_missing_locations(Replace().visit(tree)))


def seen(fault: Fault, folder: str) -> bool:
    """Run the tests of the fault's target; return whether they failed."""
    spoilt_file = Path(folder) / "spoilt.py"
    spoilt_file.write_text(source_with(fault))
    return not _passes(fault.target, str(spoilt_file))


def _passes(target: Target, spoilt_file: str) -> bool:
    told = [sys.executable, __file__, "--within", target.module, spoilt_file, *target.tests]
    try:
        done = subprocess.run(told, cwd=HOUSE, capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class Spoiler(importlib.abc.MetaPathFinder):
    """Lets one module be read from another file."""

    def __init__(self, module: str, file: str):
        self.module, self.file = module, file

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            return importlib.util.spec_from_file_location(name, self.file)
        return None


def within(module: str, file: str, *tests: str) -> int:
    """Run the tests in this process with the module read from ``file``."""
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(HOUSE / "src"), str(HOUSE / "tests")]
    sys.meta_path.insert(0, Spoiler(module, file))
    import pytest

    os.chdir(HOUSE)
    return pytest.main(["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-migrations", *tests])


def main() -> None:
    if sys.argv[1:2] == ["--within"]:
        sys.exit(within(*sys.argv[2:]))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--sample", type=int, default=5, help="faults a target")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="targets whose name holds this")
    options.add_argument("--floor", type=float, default=0.0, help="least share of faults that must be seen")
    asked = options.parse_args()
    tried = missed = 0
    for target in (one for one in TARGETS if asked.only in one.module):
        survivors, of, seconds = sampled(target, asked.sample, random.Random(asked.seed))
        tried, missed = tried + of, missed + len(survivors)
        print(f"{target.module}: {of - len(survivors)} of {of} seen, {seconds:.0f} s", flush=True)
        for fault in survivors:
            print(f"  not seen: {target.path.relative_to(HOUSE)}:{fault.line}: {fault.what}", flush=True)
    share = (tried - missed) / tried if tried else 0.0
    print(f"{tried - missed} of {tried} faults were seen: {share:.0%}. At least {asked.floor:.0%} must be.")
    sys.exit(share < asked.floor)


def sampled(target: Target, number: int, chance: random.Random) -> tuple[list[Fault], int, float]:
    """Return the sampled faults that the tests did not see, how many were tried, and the seconds."""
    began, every = time.perf_counter(), faults(target)
    if not _passes(target, str(target.path)):
        raise SystemExit(f"The tests of {target.module} fail without any fault.")
    tried = chance.sample(every, min(number, len(every)))
    with tempfile.TemporaryDirectory() as folder:
        survivors = [fault for fault in tried if not seen(fault, folder)]
    return survivors, len(tried), time.perf_counter() - began


if __name__ == "__main__":
    main()
