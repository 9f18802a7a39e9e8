"""The shipped starter rules: examples to change, never switched on by themselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from hingepoint.analysis.detection import Rule, rule_of


@cache
def starters() -> dict[str, Rule]:
    """Return the shipped rules by key, in the file's order."""
    told = yaml.safe_load((Path(__file__).parent / "starters.yaml").read_text(encoding="utf-8"))
    return {one["key"]: rule_of(one) for one in told}
