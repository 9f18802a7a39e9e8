"""Lots that anybody can draw again: the same seed gives the same order and the same choice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def order(names: Iterable[str], *, seed: int) -> tuple[str, ...]:
    """Return the names in an order drawn by lot; in which order they are given makes no difference."""
    given = sorted(set(names))
    return tuple(given[place] for place in np.random.default_rng([seed, 1]).permutation(len(given)))


def steps(names: Sequence[T], number: int) -> tuple[tuple[T, ...], ...]:
    """Return the names in ``number`` groups, in order and as equal in size as can be."""
    return tuple(tuple(part.tolist()) for part in np.array_split(np.asarray(names, dtype=object), number))


def is_drawn(key: str, *, seed: int) -> bool:
    """Return whether a deal is among the half that is asked: by its key alone, so that nobody can choose."""
    return hashlib.sha256(f"{seed}/{key}".encode()).digest()[0] % 2 == 0
