"""What an analyst may set for a run of discovery, and the error for input that cannot be used."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class DiscoveryError(ValueError):
    """The input cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class Settings:
    """The choices of one run. Whatever is None is derived from the data and said in the result.

    metric             ``won``, ``supportive:EXPR``, ``net``, ``sale_days``, and among won deals ``discount``, ``margin``,
                       ``revenue``, ``cycle_days``
    covariates         further columns of the deals that were known at creation
    landmarks          weeks since creation at which deals are looked at
    landmarks_at       instead of weeks, the stages on whose entry deals are looked at, in their order
    horizon_weeks      how long after a landmark the outcome is counted
    pivotal            smallest and largest size of a proposed set; it is never filled up
    seed               of every random draw
    smallest_effect    the smallest effect worth having: in the metric's unit for shares, as a share of the
                       mean for money and days
    mechanical         agreements the analyst knows to be part of closing; wins over every screen
    not_mechanical     agreements the analyst knows to be free choices; wins over every screen
    negative_controls  agreements the analyst knows to change nothing: an effect of theirs tells of a hidden cause
    insist             covariates the analyst knows to be known at creation, although they look like leaks
    min_events         deals needed with and without an agreement before anything is estimated
    kinds              kinds of events that are agreement types; the others count as activity
    agreement_columns  yes/no/unknown columns of an undated table: association only
    previous           the pivotal set in force, for a refresh that does not flutter
    data_end           last moment that the data covers; otherwise the last moment seen
    since              deals are looked at from this moment on only, as if they came under observation then; None: always
    certificate        size of the levers, a share of deals, that are planted into the history to tell how many would
                       have been seen; None plants none
    lean_on            of types in a benchmark pack of another company: key, effect and error; the order leans on them, and
                       nothing else does. ``lean_on_metric`` is what it was measured by, ``lean_on_name`` what it is called
    replay             also say what would have been found on past days, and how it held on later deals
    """

    metric: str | None = None
    covariates: tuple[str, ...] = ()
    landmarks: tuple[float, ...] | None = None
    landmarks_at: tuple[str, ...] = ()
    horizon_weeks: float | None = None
    pivotal: tuple[int, int] = (6, 8)
    seed: int = 1
    smallest_effect: float = 0.01
    mechanical: tuple[str, ...] = ()
    not_mechanical: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    insist: tuple[str, ...] = ()
    min_events: int = 30
    kinds: tuple[str, ...] = ("agreement",)
    agreement_columns: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    data_end: datetime.datetime | None = None
    since: datetime.datetime | None = None
    certificate: float | None = None
    replay: bool = False
    lean_on: tuple[tuple[str, float, float], ...] = ()
    lean_on_metric: str = ""
    lean_on_name: str = ""

    def __post_init__(self) -> None:
        _require(self.min_events >= 5, "min_events must be at least 5")
        _require(self.smallest_effect >= 0, "the smallest effect worth having cannot be negative")
        _require(
            self.certificate is None or 0 < self.certificate <= 0.5,
            "the levers of a certificate are larger than nothing and no larger than half of the deals",
        )
        _require(1 <= self.pivotal[0] <= self.pivotal[1], "the pivotal set needs two sizes, smallest first")
        _require(
            self.horizon_weeks is None or self.horizon_weeks > 0, "the horizon must be longer than nothing"
        )
        if self.landmarks is not None:
            increasing = all(a < b for a, b in zip(self.landmarks, self.landmarks[1:], strict=False))
            _require(
                len(self.landmarks) > 0 and self.landmarks[0] > 0 and increasing,
                "landmarks must be positive and increasing",
            )
        _require(
            not (self.landmarks and self.landmarks_at), "landmarks are lengths of time or stages, not both"
        )
        stages = [name.strip().lower() for name in self.landmarks_at]
        _require(
            all(stages) and len(set(stages)) == len(stages), "each stage is a landmark once, by its name"
        )
        both = sorted(set(self.mechanical) & set(self.not_mechanical))
        _require(not both, f"{', '.join(both)} cannot be both mechanical and not mechanical")
        both = sorted(set(self.negative_controls) & {*self.mechanical, *self.not_mechanical})
        _require(not both, f"{', '.join(both)} cannot be a negative control and marked otherwise")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        shown: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                value = [list(one) if isinstance(one, tuple) else one for one in value]
            elif isinstance(value, datetime.datetime):
                value = value.isoformat()
            shown[field.name] = value
        return shown


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise DiscoveryError(message)


_UNITS = {"d": 1 / 7, "w": 1.0, "m": 30.4375 / 7}


_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([dwm]?)\s*")


def is_length(text: str) -> bool:
    """Return whether a text is a length of time; a landmark may be a stage instead."""
    return _LENGTH.fullmatch(text.lower()) is not None


def weeks(text: str) -> float:
    """Return the weeks of ``2w``, ``10d``, ``3m`` or a bare number of weeks."""
    match = _LENGTH.fullmatch(text.lower())
    if not match:
        raise DiscoveryError(f"{text!r} is not a length of time such as 2w, 10d or 3m")
    return float(match[1]) * _UNITS[match[2] or "w"]


def weeks_label(length: float) -> str:
    """Return ``6w`` for whole weeks and ``10d`` otherwise."""
    if abs(length - round(length)) < 1e-6:
        return f"{round(length)}w"
    days = length * 7
    return f"{days:.0f}d" if days >= 1 else f"{days:.2g}d"


def landmarks(parts: Sequence[str]) -> dict[str, Any]:
    """Return the settings of landmarks given as text: lengths such as ``2w``, or stages such as ``stage:Proposal``."""
    stages = [part.split(":", 1)[1].strip() for part in parts if part.lower().startswith("stage:")]
    if stages and len(stages) < len(parts):
        raise DiscoveryError("landmarks are lengths of time or stages, not both")
    if stages:
        return {"landmarks_at": tuple(stages)}
    return {"landmarks": tuple(weeks(part) for part in parts) or None}
