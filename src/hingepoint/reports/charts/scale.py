"""From a number to a place on the paper, and the round numbers worth writing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps ``low..high`` onto ``start..end``; ``step`` apart are its ticks."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def __call__(self, value: float) -> float:
        """Return where a value stands; beyond the ends it stays at the end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        first = round(self.low / self.step)
        count = round((self.high - self.low) / self.step)
        return [(first + i) * self.step for i in range(count + 1)]


def nice(
    values: Sequence[float], start: float, end: float, *, about: int = 5, include: tuple[float, ...] = ()
) -> Scale:
    """Return a scale around the values whose ends and ticks are round numbers (1, 2, 2.5, 5 x 10^k)."""
    finite = [v for v in (*values, *include) if isfinite(v)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-12:
        pad = abs(high) * 0.1 or 0.5
        low, high = low - pad, high + pad
    step = _round_step((high - low) / max(about, 1))
    low, high = floor(low / step + 1e-9) * step, -floor(-high / step + 1e-9) * step
    return Scale(low, high, start, end, step)


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return power * next(m for m in (1, 2, 2.5, 5, 10) if rough <= m * power * 1.0001)
