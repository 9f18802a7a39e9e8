"""Kept sums (to come)."""

from __future__ import annotations

from typing import Any


class Kept:
    def folded(self, study: Any, summing: Any) -> Any: ...
