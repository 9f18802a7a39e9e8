"""What would have been seen: levers of a known size planted into the company's own history.

A power calculation answers for deals as a formula imagines them. Here deals are drawn anew from those that are
there (Efron 1979), with their sellers, sizes, gaps and bad habits of record; of some agreements that nothing is
confirmed of, a lever is made by turning lost deals that gained it into won ones; and the same estimate and the same
rules say what is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import grading
from hingepoint.analysis.discovery.reading.history import History, Moments
from hingepoint.analysis.discovery.sums import study

#: Levers planted into each history that is drawn: at most so many, and at most one type in so many, since a bulk of
#: types that do nothing is what all others are held against.
LEVERS, ONE_IN = 8, 9
#: Histories drawn, and how many where each has room for few levers.
HISTORIES, MORE_HISTORIES, FEW = 5, 10, 4
#: A lever is planted where so many deals gained the type in a window.
ENOUGH = 30

#: Judges a history: the study, and how sure the effects of its types are.
Judge = Callable[[History], "tuple[study.Study, grading.Judged]"]


def certify(
    prepared: study.Study, eligible: np.ndarray, effect: float, judge: Judge, rng: np.random.Generator
) -> result.Certificate:
    """Return how many levers of ``effect`` (a share of deals) would have been seen, had they been in the history.

    ``eligible`` are the types, in the order of the study, that a lever may be made of.
    """
    planted = shown = on_top = 0
    keys = np.array(prepared.history.types)[eligible].tolist()
    levers = min(max(len(keys) // ONE_IN, 1), LEVERS)
    histories = HISTORIES if levers > FEW else MORE_HISTORIES
    for _ in range(histories):
        drawn = drawn_anew(prepared.history, rng)
        some = rng.permutation(keys)[:levers].tolist()
        lived, made = planted_into(drawn, some, effect, prepared.grid.horizon, rng)
        seen = _seen(lived, made, judge)
        planted, shown, on_top = planted + len(made), shown + seen.shown, on_top + seen.on_top
    return result.Certificate(effect, planted, shown, on_top, histories)


@dataclass(frozen=True)
class _Seen:
    shown: int
    on_top: int


def _seen(lived: History, made: list[str], judge: Judge) -> _Seen:
    if not made:
        return _Seen(0, 0)
    again, judged = judge(lived)
    places = [again.history.types.index(key) for key in made if key in again.history.types]
    shown = judged.effects[places] > 0
    shown &= (judged.false_sign[places] < grading.CONFIDENCE) & judged.borne_out[places]
    held = judged.order.place[places]
    return _Seen(int(shown.sum()), int(((held > 0) & (held <= grading.TOP)).sum()))


def drawn_anew(read: History, rng: np.random.Generator) -> History:
    """Return as many deals, drawn with replacement; each keeps its own history."""
    deals = np.sort(rng.integers(read.size, size=read.size))
    return replace(
        read,
        deals=read.deals[deals],
        created=read.created[deals],
        closed=read.closed[deals],
        won=read.won[deals],
        observed=read.observed[deals],
        value=read.value[deals],
        gained=read.gained[deals],
        ended=None if read.ended is None else read.ended[deals],
        declines=_moments(read.declines, deals),
        activity=_moments(read.activity, deals),
        seller=read.seller[deals],
        account=read.account[deals],
        entries=None if read.entries is None else read.entries[deals],
        entered=None if read.entered is None else read.entered[deals],
        levels={name: level[deals] for name, level in read.levels.items()},
    )


def _moments(traces: Moments, deals: np.ndarray) -> Moments:
    """Return the traces of the drawn deals, counted as they were drawn."""
    first = np.searchsorted(traces.index, deals)
    count = np.searchsorted(traces.index, deals, side="right") - first
    new = np.repeat(np.arange(deals.size), count)
    within = np.arange(new.size) - np.repeat(np.cumsum(count) - count, count)
    return Moments(new.astype(float), traces.week[np.repeat(first, count) + within])


def planted_into(
    read: History, keys: list[str], effect: float, horizon: float, rng: np.random.Generator
) -> tuple[History, list[str]]:
    """Return the history with levers made of these types, and the types of which one could be made.

    Of the deals that gained the type and were lost within the horizon after that, as many are won instead as raise
    the share of won deals among those that gained it by ``effect``.
    """
    won, value, made = read.won.copy(), read.value.copy(), []
    sold = read.value[read.won & np.isfinite(read.value)]
    counts_for = float(sold.max()) if sold.size else 1.0
    for key in keys:
        gained = read.gained[:, read.types.index(key)]
        has = gained < read.closed
        lost = has & read.decided & ~won & (read.closed <= gained + horizon)
        wanted = round(effect * int(has.sum()))
        if has.sum() >= ENOUGH and 0 < wanted <= int(lost.sum()):
            turned = rng.choice(np.nonzero(lost)[0], size=wanted, replace=False)
            won[turned], value[turned] = True, counts_for
            made.append(key)
    return replace(read, won=won, value=value), made
