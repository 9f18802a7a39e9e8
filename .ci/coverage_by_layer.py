"""Print how many lines of each layer the tests ran: python .ci/coverage_by_layer.py FOLDER, which holds the data."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import coverage

SOURCE = Path(__file__).resolve().parent.parent / "src" / "hingepoint"


def main(folder: str) -> None:
    found = coverage.Coverage(data_file=str(Path(folder) / "coverage"), config_file=False)
    found.combine(data_paths=[folder])
    lines, missed = Counter(), Counter()
    for path in sorted(SOURCE.rglob("*.py")):
        layer = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if layer.startswith("__") or "migrations" in path.parts:
            continue
        _, statements, _, missing, _ = found.analysis2(str(path))
        lines[layer] += len(statements)
        missed[layer] += len(missing)
    for layer in (*sorted(lines), "all"):
        all_lines, not_run = (
            sum(each.values()) if layer == "all" else each[layer] for each in (lines, missed)
        )
        share = 1 - not_run / all_lines if all_lines else 1.0
        print(f"{layer:<12} {share:7.1%} of {all_lines:6,} lines, {not_run:,} not run")


if __name__ == "__main__":
    main(sys.argv[1])
