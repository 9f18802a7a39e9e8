"""What is chosen from the data once: where splines bend, which levels are common, which landmarks there are.

Sums of products can only be added if their columns mean the same. So whatever a study chooses from all
deals together is chosen through here, and a later run on more deals can be given the choices of an
earlier one instead of making its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: A later run may use the choices of an earlier one until it has so many times the deals.
OUTGROWN = 1.25


class Choices:
    """Choices by name, as plain JSON values; ``made`` is empty in a run that makes its own."""

    def __init__(self, made: dict[str, Any] | None = None):
        self.made = dict(made or {})

    def once(self, name: str, choose: Callable[[], Any]) -> Any:
        """Return what was chosen under this name, and choose it now if it was not."""
        if name not in self.made:
            self.made[name] = _plain(choose())
        return self.made[name]

    def about(self, what: str) -> Once:
        """Return ``once`` for the choices about one thing."""
        return lambda name, choose: self.once(f"{what}: {name}", choose)


Once = Callable[[str, Callable[[], Any]], Any]


def fresh(name: str, choose: Callable[[], Any]) -> Any:
    """Return what is chosen now: the choice of somebody who keeps none."""
    return choose()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
