"""When a series changed and by how much, with intervals; and what a calm chart would have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hingepoint.analysis.spc.baseline import Baseline, smoothing
from hingepoint.analysis.spc.charts import Chart

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """``since`` is the first changed point (counted from 0), between ``earliest`` and ``latest`` with 95 %
    confidence; ``size`` is how far the mean moved, from ``low`` to ``high``."""

    since: int
    earliest: int
    latest: int
    size: float
    low: float
    high: float


def date_change(
    chart: Chart, *, until: int | None = None, began_by: int | None = None, confidence: float = 0.95
) -> Change:
    """Return the step that explains the points up to ``until`` (exclusive; all) best; it began at ``began_by`` at the
    latest, where that is known.

    The date is the maximum likelihood estimate of a lasting step (Samuel, Pignatiello & Calder 1998); its
    interval is the set of dates whose likelihood comes near enough (Siegmund 1988: twice the logarithm by
    -2 log(1 - sqrt(confidence)), since a walk leaves the true date on both sides). Means are compared with the
    error of the baseline and the correlation of neighbours in them. A size that was looked for because it
    was large is told a little too large. Raises ValueError without a point.
    """
    from scipy import stats  # a page dates changes by ``began`` alone

    since, earliest, latest = began(chart, until=until, began_by=began_by, confidence=confidence)
    means, spreads = _means_since(chart.values[:until], chart.baseline)
    half = stats.t.ppf((1 + confidence) / 2, max(chart.baseline.points - 1, 1)) * spreads[since]
    size = float(means[since] - chart.baseline.level)
    return Change(since, earliest, latest, size, size - half, size + half)


def began(
    chart: Chart, *, until: int | None = None, began_by: int | None = None, confidence: float = 0.95
) -> tuple[int, int, int]:
    """Return the first changed point, and the earliest and latest that it may be, as ``date_change`` dates it."""
    values = chart.values[:until]
    if not np.isfinite(values).any():
        raise ValueError("a change needs at least one point")
    means, spreads = _means_since(values, chart.baseline)
    fits = ((means - chart.baseline.level) / spreads) ** 2
    if chart.side:  # a change the other way is none that this chart raises
        fits = np.where((means - chart.baseline.level) * chart.side > 0, fits, 0.0)
    if began_by is not None:
        fits[began_by + 1 :] = 0.0
    since = int(np.nanargmax(fits))
    near = np.flatnonzero(fits >= fits[since] + 2 * np.log(1 - np.sqrt(confidence)))
    return since, int(near[0]), int(near[-1])


def chance_to_show(
    chart: Chart, *, change: float, since: int, rng: np.random.Generator, draws: int = 2000
) -> float:
    """Return the chance that the chart would have raised by now had the mean moved by ``change`` at ``since``."""
    noise = rng.standard_normal((draws, chart.baseline.points + len(chart.values)))
    return chances_to_show(chart, changes=(change,), since=since, noise=noise)[0]


def chances_to_show(chart: Chart, *, changes: Sequence[float], since: int, noise: Floats) -> list[float]:
    """Return the chances that the chart would have raised by now had the mean moved by each of ``changes`` at ``since``.

    ``noise`` is standard normal, a row a draw, with at least as many columns as baseline and chart have points: the same draws
    tell every change, so that a larger one is never told a smaller chance. Points are as alike as the baseline's, its
    error included; on the chart's own side. 0 for a trial baseline.
    """
    count = len(chart.values)
    if chart.baseline.is_trial or not count:
        return [0.0] * len(changes)
    lines, half = _drawn(chart, noise), chart.high - chart.baseline.level
    # of a step of 1, so much has arrived in the smoothed line at each point since
    moved: Floats = 1 - (1 - chart.weight) ** np.arange(1.0, count - since + 1)
    sides = [side for side in (1, -1) if chart.side in (0, side)]
    needed = np.array([_needed(side * lines, half, moved, since) for side in sides])
    shifts = [np.array([[side * change] for side in sides]) for change in changes]
    return [float(np.mean((needed < shift).any(axis=0))) for shift in shifts]


def _drawn(chart: Chart, noise: Floats) -> Floats:
    """Return smoothed lines of the chart's points, each less the mean of its baseline, a row a row of ``noise``: all of it is
    linear, so that one product makes correlation, mean and smoothing."""
    baseline, count = chart.baseline, len(chart.values)
    size = baseline.points + count
    mixed = np.linalg.cholesky(baseline.correlations(count) + 1e-12 * np.eye(size))
    after = mixed[baseline.points :] - mixed[: baseline.points].mean(axis=0)
    smoothed = smoothing(chart.weight, count) @ after
    return np.asarray(noise[:, :size] @ smoothed.T * baseline.spread, np.float64)


def _needed(lines: Floats, half: Floats, moved: Floats, since: int) -> Floats:
    """Return the change upward from which each line leaves its limit: from ``since`` on it is moved by so much of it."""
    free = half - lines
    change = (free[:, since:] / moved).min(axis=1)
    return np.where((free[:, :since] < 0).any(axis=1), -np.inf, change)


def _means_since(values: Floats, baseline: Baseline) -> tuple[Floats, Floats]:
    """Return, for each point, the mean from it on and the standard error of that mean against the level."""
    known = np.isfinite(values)
    counts = np.cumsum(known[::-1])[::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.cumsum(np.where(known, values, 0.0)[::-1])[::-1] / counts
        alike = (1 + baseline.alike) / (1 - baseline.alike)
        spreads = baseline.spread * np.sqrt(alike * (1 / counts + 1 / baseline.points))
    return means, spreads
