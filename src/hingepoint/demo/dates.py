"""Working days and office hours of the demo company."""

from __future__ import annotations

import numpy as np

DAYS_A_WEEK = 5


def moment(day: np.ndarray, *, draw: np.ndarray, since: int = 10, until: int = 16) -> np.ndarray:
    """Return a moment of each day between two hours, to the minute; deals close after 16 hours."""
    minutes = (since * 60 + np.asarray(draw) * (until - since) * 60).astype("timedelta64[m]")
    return day.astype("datetime64[m]") + minutes


def working_day(created: np.ndarray, *, week: np.ndarray, day: np.ndarray | int = 0) -> np.ndarray:
    """Return the working day that lies ``week`` weeks and ``day`` days after a deal's creation."""
    return np.busday_offset(created, DAYS_A_WEEK * np.asarray(week).astype(np.int64) + day, roll="forward")


def after(day: np.ndarray, *, days: np.ndarray) -> np.ndarray:
    """Return the day so many working days later (or earlier, when negative)."""
    return np.busday_offset(day.astype("datetime64[D]"), np.asarray(days).astype(np.int64), roll="forward")


def us(moments: np.ndarray) -> np.ndarray:
    """Return the moments in microseconds, as the frames keep them."""
    return moments.astype("datetime64[us]")
