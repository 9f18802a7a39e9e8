"""Until when an agreement matters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them


def best_by(landmarks: tuple[float, ...], effects: np.ndarray, errors: np.ndarray) -> float | None:
    """Return the last landmark by which the agreement keeps at least half of its early effect.

    ``effects`` are those of the windows that end at the landmarks, signed so that a help is positive.
    None if the data do not show that it matters less later: a straight line through the windows must
    fall clearly (one-sided 5 %) and end below half of where it starts.
    """
    line = _line(landmarks, effects, errors)
    if line is None:
        return None
    falls = line.slope < -1.645 * line.slope_error
    fitted = line.at(line.weeks)
    if not falls or fitted[0] <= 0 or fitted[-1] >= fitted[0] / 2:
        return None
    return float(line.weeks[fitted >= fitted[0] / 2].max())


def best_by_between(
    landmarks: tuple[float, ...], effects: np.ndarray, errors: np.ndarray
) -> tuple[float, float] | None:
    """Return the earliest and the latest landmark that ``best_by`` could be, with nine chances in ten.

    The level and the slope of the line are moved within their errors (a grid of normal quantiles); a
    line that does not end below half of where it starts counts as the last landmark.
    """
    line = _line(landmarks, effects, errors)
    if line is None:
        return None
    moves = scipy.special.ndtri((np.arange(20) + 0.5) / 20)
    found = [
        replace(
            line, level=line.level + up * line.level_error, slope=line.slope + tilt * line.slope_error
        ).last_half()
        for up in moves
        for tilt in moves
    ]
    early, late = np.quantile(found, (0.05, 0.95), method="nearest")
    return float(early), float(late)


@dataclass(frozen=True)
class _Line:
    """A weighted straight line through the effects of the windows, around the middle week."""

    weeks: np.ndarray
    middle: float
    level: float
    level_error: float
    slope: float
    slope_error: float

    def at(self, week: np.ndarray) -> np.ndarray:
        return self.level + self.slope * (week - self.middle)

    def last_half(self) -> float:
        """Return the last landmark at which the line keeps half of where it starts; the first if it starts at nothing."""
        fitted = self.at(self.weeks)
        return float(self.weeks[fitted >= fitted[0] / 2].max()) if fitted[0] > 0 else float(self.weeks[0])


def _line(landmarks: tuple[float, ...], effects: np.ndarray, errors: np.ndarray) -> _Line | None:
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    if known.sum() < 3:
        return None
    week, effect = np.asarray(landmarks)[known], effects[known]
    weight = 1 / errors[known] ** 2
    middle = float((weight @ week) / weight.sum())
    spread = float(weight @ (week - middle) ** 2)
    return _Line(
        weeks=week,
        middle=middle,
        level=float((weight @ effect) / weight.sum()),
        level_error=float(weight.sum() ** -0.5),
        slope=float(weight @ ((week - middle) * effect)) / spread,
        slope_error=spread**-0.5,
    )
