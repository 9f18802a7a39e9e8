"""How many examples a property is tried on: a few every day, all of them in the slower checks.

The same ones each time: whether a change may land depends on the change, not on luck. New ones are looked for when
somebody asks (``HINGEPOINT_EXAMPLES=search``): thirty times as many, by chance; what they find becomes a test.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: ``all`` tries every one, ``search`` many by chance.
ASKED = os.environ.get("HINGEPOINT_EXAMPLES", "")
SEARCH = ASKED == "search"


def examples(number: int) -> settings:
    """Return settings for ``number`` examples, for a sixth of them every day; no test is judged by time."""
    return settings(
        max_examples={"all": number, "search": 30 * number}.get(ASKED, max(number // 6, 10)),
        derandomize=not SEARCH,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
