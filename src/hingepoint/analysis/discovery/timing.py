"""Until when an agreement matters."""

from __future__ import annotations

import numpy as np


def best_by(landmarks: tuple[float, ...], effects: np.ndarray, errors: np.ndarray) -> float | None:
    """Return the last landmark by which the agreement keeps at least half of its early effect.

    ``effects`` are those of the windows that end at the landmarks, signed so that a help is positive.
    None if the data do not show that it matters less later: a straight line through the windows must
    fall clearly (one-sided 5 %) and end below half of where it starts.
    """
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    if known.sum() < 3:
        return None
    week, effect = np.asarray(landmarks)[known], effects[known]
    weight = 1 / errors[known] ** 2
    middle = (weight @ week) / weight.sum()
    spread = weight @ (week - middle) ** 2
    slope = weight @ ((week - middle) * effect) / spread
    line = (weight @ effect) / weight.sum() + slope * (week - middle)
    falls = slope * np.sqrt(spread) < -1.645
    if not falls or line[0] <= 0 or line[-1] >= line[0] / 2:
        return None
    return float(week[line >= line[0] / 2].max())
