"""Two times of an entry: when it is said to have happened, and when it was written down.

What is written down after the close was written by somebody who knew the outcome. It does not count as gained
before the close, whatever day it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hingepoint.analysis.discovery.reading.gathering import NOT_SAID, Gathered
from hingepoint.analysis.health import LATE_DAYS

SECONDS_PER_DAY = 86_400
#: So many entries written in the same second were loaded by a machine: nobody knows when people wrote them.
#: Where times of writing are days, a day must hold this share of all.
LOADED, LOADED_SHARE = 100, 0.02


@dataclass(frozen=True)
class Entries:
    """The entries of one type whose time of writing is known, as (in won, in lost deals): ``known`` of all,
    ``late`` by more than ``LATE_DAYS``, and ``after`` the close of their deal."""

    known: tuple[int, int]
    late: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True)
class Writing:
    """When the gains of agreements were written down.

    gains    of all types, ``known`` those whose time of writing is known, ``loaded`` those that a machine wrote
    by_type  the known ones, by agreement type
    """

    gains: int
    known: int
    loaded: int
    by_type: Mapping[str, Entries]


def sifted(
    gathered: Gathered, deals: pl.DataFrame, gains: Sequence[bool]
) -> tuple[Gathered, Writing | None, int]:
    """Return the events without those written down after the close, when gains were written (None where no
    event says it), and how many events were left out.

    ``deals`` in the order that the events count in; ``gains`` marks the steps that are gains of agreements. An
    entry written on the day of the close counts as before it.
    """
    if not gathered.written.size:
        return gathered, None, 0
    loaded = by_machine(gathered.written)
    known = (gathered.written != NOT_SAID) & ~loaded
    closed_on = (deals["closed"].dt.epoch("d").cast(pl.Int64).fill_null(2**40)).to_numpy()
    after = known & (gathered.written // SECONDS_PER_DAY > closed_on[gathered.deal])
    happened = deals["created"].dt.epoch("s").to_numpy()[gathered.deal] + gathered.week * 7 * SECONDS_PER_DAY
    late = known & (gathered.written - happened > LATE_DAYS * SECONDS_PER_DAY)
    gain = gathered.mask(gains)
    writing = Writing(
        gains=int(gain.sum()),
        known=int((gain & known).sum()),
        loaded=int((gain & loaded).sum()),
        by_type=_by_type(gathered, gains, _sides(gathered, deals), known, late, after),
    )
    return _without(gathered, after), writing, int(after.sum())


def by_machine(written: np.ndarray) -> np.ndarray:
    """Return which events were written in a second, or on a day, in which only a machine writes so many."""
    moments, place, counts = np.unique(written, return_inverse=True, return_counts=True)
    only_a_day = moments % SECONDS_PER_DAY == 0
    many = (counts >= LOADED) & (~only_a_day | (counts >= LOADED_SHARE * written.size))
    return (many & (moments != NOT_SAID))[place]


def _sides(gathered: Gathered, deals: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return which events are of won, and which of lost deals."""
    status = deals["status"]
    won, lost = ((status == name).to_numpy()[gathered.deal] for name in ("won", "lost"))
    return won, lost


def _by_type(
    gathered: Gathered,
    gains: Sequence[bool],
    sides: tuple[np.ndarray, np.ndarray],
    *marked: np.ndarray,
) -> dict[str, Entries]:
    """Return, per type, how many of its gains in won and in lost deals are in each of the three masks."""
    size = len(gathered.steps)
    counts = np.array(
        [[np.bincount(gathered.code[mask & side], minlength=size) for side in sides] for mask in marked]
    )
    found: dict[str, np.ndarray] = {}
    for code, step in enumerate(gathered.steps):
        if gains[code]:
            found[step.agreement] = found.get(step.agreement, 0) + counts[:, :, code]
    return {key: Entries(*(tuple(pair) for pair in both.tolist())) for key, both in found.items()}


def _without(gathered: Gathered, out: np.ndarray) -> Gathered:
    keep = ~out
    return replace(
        gathered,
        deal=gathered.deal[keep],
        code=gathered.code[keep],
        week=gathered.week[keep],
        levels={name: level[keep] for name, level in gathered.levels.items()},
        written=gathered.written[keep],
    )
