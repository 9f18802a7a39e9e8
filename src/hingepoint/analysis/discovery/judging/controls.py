"""Negative controls: agreements that the analyst knows can change nothing (Lipsitch, Tchetgen Tchetgen & Cohen 2010).

An effect of theirs is none of theirs: something that nobody recorded, or a fault of the record, made it, and may
have made others of its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.judging import calibration, grading


@dataclass(frozen=True)
class Controls:
    """The controls that were ``named``, those of them that could be ``tested``, and those that ``failed``: that have an
    effect all the same, the largest being ``largest`` either way."""

    named: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    largest: float = 0.0

    @property
    def in_words(self) -> str:
        """What came of them; empty where none was named."""
        if not self.named:
            return ""
        if not self.tested:
            return f"None of the {len(self.named)} negative controls could be tested."
        passed = len(self.tested) - len(self.failed)
        said = f"{passed} of {len(self.tested)} negative controls passed"
        if not self.failed:
            return f"{said}: what cannot change the result shows no effect."
        return (
            f"{said}; {', '.join(self.failed)} did not: something that nobody recorded moves it and the result. "
            "Only findings with a larger effect are graded strong."
        )


def told(types: Sequence[str], named: Sequence[str], judged: grading.Judged) -> Controls:
    """Return what came of the types that were named as controls: an effect, over all controls tested, fails one."""
    places = [types.index(key) for key in named if key in types]
    places = [place for place in places if np.isfinite(judged.effects[place])]
    p_values = calibration.interval_p_values(judged.effects[places], judged.errors[places], 0.0)
    failed = calibration.adjusted(p_values) < grading.CONFIDENCE
    sizes = np.abs(judged.effects[places])[failed]
    return Controls(
        named=tuple(named),
        tested=tuple(types[place] for place in places),
        failed=tuple(types[place] for place, yes in zip(places, failed, strict=True) if yes),
        largest=float(sizes.max(initial=0.0)),
    )
