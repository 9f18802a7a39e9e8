"""A benchmark pack of another company as one more look at the effects, for the order of types alone.

Nobody knows how far two companies are alike, so a pack is never trusted as far as its own errors go: what a type does
elsewhere is taken to differ from what it does here by as much as types differ there, and by more where the types that both
have say so (``combining.pooled``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.judging import combining
from hingepoint.analysis.discovery.settings import Settings


def usable(settings: Settings, metric: metrics.Metric) -> bool:
    """Return whether the order may lean on the pack of the settings: one was given, and it is of the same metric."""
    return bool(settings.lean_on) and settings.lean_on_metric == metric.name


def refused(settings: Settings, metric: metrics.Metric) -> list[str]:
    """Return in words that a pack was given and is of no use here."""
    if not settings.lean_on or usable(settings, metric):
        return []
    return [
        f"The benchmark pack “{settings.lean_on_name}” is about {settings.lean_on_metric}, and this run about {metric.name}: "
        "the order does not lean on it."
    ]


def look(
    settings: Settings, types: Sequence[str], metric: metrics.Metric, clusters: int
) -> combining.Look | None:
    """Return the look of a pack at ``types``, NaN where it has none; None where there is no pack to lean on."""
    if not usable(settings, metric):
        return None
    told = {key: (effect, error) for key, effect, error in settings.lean_on}
    pairs = np.array([told.get(key, (np.nan, np.nan)) for key in types], dtype=float).reshape(-1, 2)
    differ = float(np.sqrt(np.mean([effect**2 for effect, _ in told.values()])))
    influence = np.zeros((clusters, len(types)))
    return combining.Look(metric.sign * pairs[:, 0], np.hypot(pairs[:, 1], differ), influence)
