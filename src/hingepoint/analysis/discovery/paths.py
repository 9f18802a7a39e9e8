"""Enablers: agreements whose gain raises the chance to gain a pivotal one afterwards.

The effect of an agreement in the next-window regression is a total effect: it includes whatever comes
of the agreements that are gained after the window because of it. How much of it runs through a
pivotal agreement is told by the same regression with another outcome, the gain of that agreement
after the landmark; its effect times the effect of the pivotal one is what runs through it (the
product method of mediation, Baron & Kenny 1986; VanderWeele 2015 for what it assumes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery import calibration, design, grading, gram, placebo, study

#: A path is shown if it raises the share of deals that gain the pivotal agreement by at least this.
WORTH_SAYING = 0.02


@dataclass(frozen=True)
class Link:
    """Type ``source`` raises the chance of gaining ``target`` afterwards by ``raises``, give or take ``error``."""

    source: int
    target: int
    raises: float
    error: float


def links(prepared: study.Study, sums: study.Sums, main: gram.Estimate, targets: Sequence[int]) -> list[Link]:
    """Return the links to the targets that stand out over all types and targets tested.

    ``main`` is the next-window estimate of the metric. Estimates are recentred and widened by the bulk
    of the types, target by target. Costs one pass over the rows for the sums and one for the errors.
    """
    outcomes = {str(target): gained_after(prepared, target) for target in targets}
    outcomes = {name: outcome for name, outcome in outcomes.items() if outcome.any()}
    if not outcomes:
        return []
    fits = placebo.refits(prepared, sums, main.fit, outcomes)
    influences = gram.influences(sums.blocks, fits, prepared.cluster, prepared.clusters, outcomes)
    effects, errors = [], []
    for name, fit in fits.items():
        one = gram.estimate(fit, influences[name])
        known = np.where(np.arange(one.effects.size) == int(name), np.nan, one.effects)
        null = calibration.empirical_null(known, one.errors)
        effects.append(null.centred(known))
        errors.append(null.widened(one.errors))
    return _standing_out([int(name) for name in fits], np.array(effects), np.array(errors))


def gained_after(prepared: study.Study, target: int) -> np.ndarray:
    """Return, per row, whether the target was gained after the landmark and within the horizon (0 or 1)."""
    rows, grid = prepared.rows, prepared.grid
    gained = prepared.history.gained[rows.deal, target]
    landmark = design.landmark_weeks(rows, grid)
    return ((gained > landmark) & (gained <= landmark + grid.horizon)).astype(float)


def _standing_out(targets: list[int], effects: np.ndarray, errors: np.ndarray) -> list[Link]:
    p_values = calibration.interval_p_values(effects, errors, 0.0)
    passed = calibration.adjusted(p_values.ravel()).reshape(p_values.shape) < grading.CONFIDENCE
    found = [
        Link(int(source), targets[row], float(effects[row, source]), float(errors[row, source]))
        for row, source in zip(*np.nonzero(passed & (effects > WORTH_SAYING)), strict=True)
    ]
    return sorted(found, key=lambda link: (link.source, -link.raises))


def through(link: Link, effect: float, error: float) -> tuple[float, float]:
    """Return what runs through a link to a target of this effect, and its error (delta method)."""
    return link.raises * effect, float(np.hypot(link.raises * error, effect * link.error))
