"""A reading of the agreement debt as it is kept: plain JSON, and what any version has stored back again."""

from __future__ import annotations

from hingepoint.analysis.debt import Debt
from hingepoint.domain.upkeep.shapes import Shape

_SHAPE: Shape[Debt] = Shape(Debt)
stored, opened = _SHAPE.stored, _SHAPE.opened
