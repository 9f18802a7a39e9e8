"""A series followed against its baseline: an EWMA that raises, an XmR chart that only shows.

EWMA: Roberts (1959), Lucas & Saccucci (1990). XmR: Wheeler (1993). CUSUM: Page (1954).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hingepoint.analysis.spc.baseline import LAMBDA, Baseline, estimate, smoothed_spread

#: A raise stands until the line was back inside its limits for so many points.
BACK_FOR = 3
#: Mean moving range of two normal points, in standard deviations.
D2 = 2 / np.sqrt(np.pi)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chart:
    """A series after its baseline; all arrays have one value a new point.

    ``line`` is the smoothed series, ``low`` and ``high`` the limits *of that line* (not of single points),
    ``outside`` where it has left them, ``raised`` where a raise stands: from the first point outside until the
    line was inside for three points. With a trial baseline nothing is outside. ``side``: 1 where only what lies
    above is outside, -1 only what lies below, 0 both.
    """

    baseline: Baseline
    values: Floats
    line: Floats
    low: Floats
    high: Floats
    outside: Flags
    raised: Flags
    weight: float
    limit: float
    side: int = 0

    @property
    def is_raised(self) -> bool:
        """Return whether a raise stands at the last point."""
        return bool(len(self.raised) and self.raised[-1])

    @property
    def raised_at(self) -> int | None:
        """Return at which point the raise that stands now was seen first; None where none stands."""
        if not self.is_raised:
            return None
        calm = np.flatnonzero(~self.raised)
        return int(calm[-1]) + 1 if len(calm) else 0


@dataclass(frozen=True, slots=True)
class Natural:
    """Limits of single points (XmR): for reading a chart, never for raising."""

    centre: float
    low: float
    high: float


def follow(
    values: Floats, *, baseline: Baseline, limit: float, weight: float = LAMBDA, side: int = 0
) -> Chart:
    """Return the chart of ``values``, the points after ``baseline`` in the order of time.

    ``limit`` (L) comes from ``run_lengths.limit_for``; looked at from one ``side`` a chart runs twice as long with
    the same limit. A value that is missing (NaN) leaves the line where it was.
    """
    line = smooth(values, start=baseline.level, weight=weight)
    spread = smoothed_spread(baseline, weight, len(values))
    low, high = baseline.level - limit * spread, baseline.level + limit * spread
    beyond = ((line < low) & (side <= 0)) | ((line > high) & (side >= 0))
    outside = np.zeros(len(values), bool) if baseline.is_trial else beyond
    raised = standing(outside, known=~np.isnan(values))
    return Chart(baseline, values, line, low, high, outside, raised, weight, limit, side)


def smooth(values: Floats, *, start: float, weight: float = LAMBDA) -> Floats:
    """Return the exponentially weighted moving average of ``values`` that begins at ``start``."""
    line, level = np.empty(len(values)), start
    for place, value in enumerate(values):
        if not np.isnan(value):
            level += weight * (value - level)
        line[place] = level
    return line


def standing(outside: Flags, *, known: Flags, back_for: int = BACK_FOR) -> Flags:
    """Return where a raise stands: since the first point outside, until ``back_for`` ``known`` points in a row were inside."""
    raised, inside = np.zeros(len(outside), bool), back_for
    for place, out in enumerate(outside):
        inside = 0 if out else inside + int(known[place])
        raised[place] = inside < back_for
    return raised


def cusums(values: Floats, *, level: float, reference: float) -> tuple[Floats, Floats]:
    """Return the upper and the lower CUSUM of ``values`` about ``level``; both are 0 or more."""
    upper, lower = np.empty(len(values)), np.empty(len(values))
    up = down = 0.0
    for place, value in enumerate(values):
        up = max(0.0, up + value - level - reference)
        down = max(0.0, down - value + level - reference)
        upper[place], lower[place] = up, down
    return upper, lower


def natural_limits(values: Floats) -> Natural:
    """Return the limits of single points from the mean moving range of a baseline of two or more ``values``."""
    centre, spread = float(np.mean(values)), float(np.mean(np.abs(np.diff(values)))) / D2
    return Natural(centre, centre - 3 * spread, centre + 3 * spread)


def chart_of(values: Floats, *, baseline_points: int, limit: float, weight: float = LAMBDA) -> Chart:
    """Return the chart of a series whose first ``baseline_points`` are usual. Raises ValueError under two of them."""
    usual = values[:baseline_points]
    return follow(
        values[baseline_points:], baseline=estimate(usual[~np.isnan(usual)]), limit=limit, weight=weight
    )
