"""A report of the principles as it is kept: plain JSON, and the same report back."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hingepoint.analysis.principles.shape import Report


@cache
def _shape() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def stored(report: Report) -> Any:
    """Return a report as plain JSON."""
    return _shape().dump_python(report, mode="json")


def opened(kept: Any) -> Report | None:
    """Return the report again; None where a version of another shape stored it: the next week stores one."""
    try:
        return _shape().validate_python(kept)
    except ValidationError:
        return None
