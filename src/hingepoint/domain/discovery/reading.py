"""What the reader of files counts, and the analysis would count again."""

from __future__ import annotations

#: Rules that the analysis applies itself, to the same rows.
AGAIN = ("event_after_close", "event_before_created")


def counted_once(rules: dict[str, int]) -> dict[str, int]:
    """Return the reader's counts without those that the analysis makes again on the same rows."""
    return {key: number for key, number in rules.items() if key not in AGAIN}
