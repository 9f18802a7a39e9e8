"""On how many of the deals that need an agreement it is there: counts, their share, and when a share is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hingepoint.analysis import intervals

#: Of fewer deals than this the count is told and no share: one deal more would move it by a fifth.
LEAST_IN_A_SHARE = 5


@dataclass(frozen=True, slots=True)
class Coverage:
    """An agreement is there on ``there`` of the ``needed`` deals that need it, on ``unconfirmed`` of those by a
    rule's word that nobody confirmed yet; it stands on ``standing`` of them, whether or not in time."""

    needed: int = 0
    there: int = 0
    unconfirmed: int = 0
    standing: int = 0

    @property
    def share(self) -> intervals.Estimate:
        """The share of the deals on which it is there, with its 95% interval."""
        return intervals.share(self.there, self.needed)

    @property
    def told(self) -> float | None:
        """The share where it is told; None of fewer than ``LEAST_IN_A_SHARE`` deals."""
        return self.share.value if self.needed >= LEAST_IN_A_SHARE else None


def together(parts: Iterable[Coverage]) -> Coverage:
    """Return the coverage of several groups that have no deal's need in common, counted as one."""
    found = list(parts)
    names = ("needed", "there", "unconfirmed", "standing")
    return Coverage(**{name: sum(getattr(one, name) for one in found) for name in names})
