"""How many examples a property is tried on: a few every day, all of them in the slower checks."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: ``HINGEPOINT_EXAMPLES=all`` tries every one.
ALL = os.environ.get("HINGEPOINT_EXAMPLES") == "all"


def examples(number: int) -> settings:
    """Return settings for ``number`` examples, for a sixth of them every day; no test is judged by time."""
    return settings(
        max_examples=number if ALL else max(number // 6, 10),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
