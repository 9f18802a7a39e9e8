"""A report of the principles as it is kept: plain JSON, and the same report back."""

from __future__ import annotations

from hingepoint.analysis.principles.shape import Report
from hingepoint.domain.upkeep.shapes import Shape

_SHAPE: Shape[Report] = Shape(Report)
stored, opened = _SHAPE.stored, _SHAPE.opened
