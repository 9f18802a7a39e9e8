"""A reading of the agreement debt as it is kept: plain JSON, and what any version has stored back again."""

from __future__ import annotations

import contextlib
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hingepoint.analysis.debt import Debt

_SHAPE = TypeAdapter(Debt)


def stored(debt: Debt) -> Any:
    """Return a debt as plain JSON."""
    return _SHAPE.dump_python(debt, mode="json")


def opened(told: Any) -> Debt | None:
    """Return the debt again; None where another version told it otherwise: the next night reads it anew."""
    with contextlib.suppress(ValidationError):
        return _SHAPE.validate_python(told)
    return None
