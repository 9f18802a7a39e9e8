"""How much data is enough to find pivotal agreements in: one rule for every page and command that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hingepoint.records import conventions
from hingepoint.records.languages import say

#: What an honest answer needs: below, the answer is mostly "not enough evidence".
CLOSED_NEEDED, CLOSED_GOOD, GAINS_NEEDED, TYPES_NEEDED = 200, 2_000, 30, 8
#: Fewer closed deals than this give nothing at all.
LEAST_CLOSED = 40


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is for discovery: ``usable_types`` of ``types`` agreement types were gained on
    ``GAINS_NEEDED`` deals or more."""

    closed: int
    won: int
    types: int
    usable_types: int

    @property
    def ready(self) -> bool:
        return self.closed >= CLOSED_NEEDED and self.usable_types >= TYPES_NEEDED

    @property
    def have(self) -> str:
        return say(
            "{closed} closed deals ({won} won), {usable_types} of {types} agreement types gained on {gains_needed} deals or more",
            closed=conventions.number(self.closed),
            won=conventions.number(self.won),
            usable_types=conventions.number(self.usable_types),
            types=conventions.number(self.types),
            gains_needed=GAINS_NEEDED,
        )

    @property
    def need(self) -> str:
        return say(
            "{closed_needed} closed deals and {types_needed} such types; {closed_good} closed deals for firm answers",
            closed_needed=conventions.number(CLOSED_NEEDED),
            types_needed=TYPES_NEEDED,
            closed_good=conventions.number(CLOSED_GOOD),
        )

    @property
    def now(self) -> str:
        """What a run would answer, in words."""
        return what_it_gives(self.closed, self.usable_types)


def discovery(*, closed: int, won: int, gains: Iterable[int]) -> Discovery:
    """Return what there is for discovery; ``gains`` counts, per agreement type, the deals it was gained on."""
    counts = list(gains)
    usable = sum(count >= GAINS_NEEDED for count in counts)
    return Discovery(closed=closed, won=won, types=len(counts), usable_types=usable)


def what_it_gives(closed: int, usable_types: int) -> str:
    """Return in words what a run would answer."""
    if usable_types == 0 or closed < LEAST_CLOSED:
        return say("nothing yet: import deals with dated agreements or stages")
    if closed < CLOSED_NEEDED or usable_types < TYPES_NEEDED:
        return say("a first look; expect “not enough evidence” for most types")
    if closed < CLOSED_GOOD:
        return say("the strongest effects; for the others, how many deals they need")
    return say("effects with intervals, timing, segments and a proposed set")
