"""Enablers: agreements whose gain raises the chance to gain a pivotal one afterwards.

The effect of an agreement in the next-window regression is a total effect: it includes whatever comes
of the agreements that are gained after the window because of it. How much of it runs through a
pivotal agreement is told by the same regression with another outcome, the gain of that agreement
after the landmark; its effect times the effect of the pivotal one is what runs through it (the
product method of mediation, Baron & Kenny 1986; VanderWeele 2015 for what it assumes).

A deal that has just come into a stage, or whose seller was thorough in its first weeks, gains more of
everything afterwards, and each agreement of those weeks would seem to prepare each pivotal one. What is
gained of everything else is an outcome that a path to one agreement cannot move (a negative control,
Lipsitch, Tchetgen Tchetgen & Cohen 2010), so a path must raise the pivotal agreement beyond it (decision 126).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery.judging import calibration, grading
from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.sums import gram, refits, study

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
    outcomes = {target: gained_after(prepared, target) for target in targets}
    outcomes = {target: outcome for target, outcome in outcomes.items() if outcome.any()}
    if not outcomes:
        return []
    anything = counted_after(prepared, np.nonzero(np.isfinite(main.effects))[0])
    all_estimates = _estimates(prepared, sums, main, {**outcomes, ANYTHING: anything})
    found = []
    for target, outcome in outcomes.items():
        one = all_estimates[target]
        share = float(outcome.sum() / max(anything.sum() - outcome.sum(), 1.0))
        beyond = _beyond(one, all_estimates[ANYTHING], share)
        found.append(_Tested(target, *_calibrated(one, target), *_calibrated(beyond, target)))
    return _standing_out(found)


#: The place of the outcome that counts everything gained afterwards, beside those of the targets.
ANYTHING = -1


def _estimates(
    prepared: study.Study, sums: study.Sums, main: gram.Estimate, outcomes: Mapping[int, np.ndarray]
) -> dict[int, gram.Estimate]:
    """Return the next-window estimate with each of the outcomes in place of the metric."""
    named = {str(place): outcome for place, outcome in outcomes.items()}
    fits = refits.refits(prepared, sums, main.fit, named)
    influences = gram.influences(sums.blocks, fits, prepared.cluster, prepared.clusters, named)
    return {place: gram.estimate(fits[str(place)], influences[str(place)]) for place in outcomes}


def _beyond(one: gram.Estimate, anything: gram.Estimate, share: float) -> gram.Estimate:
    """Return the estimate for "gained the target" less ``share`` times "gained of everything else".

    ``share`` is how often the target is gained for each of the others, so that what raises all alike
    raises this by nothing. Least squares is linear in its outcome, so no further pass is needed.
    """
    coefficients = (1 + share) * one.fit.coefficients - share * anything.fit.coefficients
    influence = (1 + share) * one.influence - share * anything.influence
    return gram.estimate(replace(one.fit, coefficients=coefficients), influence)


def _calibrated(one: gram.Estimate, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and errors of all types but the target, recentred and widened by their bulk."""
    effects = np.where(np.arange(one.effects.size) == target, np.nan, one.effects)
    null = calibration.empirical_null(effects, one.errors)
    return null.centred(effects), null.widened(one.errors)


def gained_after(prepared: study.Study, target: int) -> np.ndarray:
    """Return, per row, whether the target was gained after the landmark and within the horizon (0 or 1)."""
    rows, grid = prepared.rows, prepared.grid
    gained = prepared.history.gained[rows.deal, target]
    landmark = design.landmark_weeks(prepared.history, rows, grid)
    return ((gained > landmark) & (gained <= landmark + grid.horizon)).astype(float)


def counted_after(prepared: study.Study, places: np.ndarray) -> np.ndarray:
    """Return, per row, how many of these types were gained after the landmark and within the horizon."""
    rows, grid = prepared.rows, prepared.grid
    parts = [np.zeros(0)]
    for start in range(0, rows.size, study.COUNTED_TOGETHER):
        some = rows.select(slice(start, start + study.COUNTED_TOGETHER))
        gained = prepared.history.gained[some.deal][:, places]
        landmark = design.landmark_weeks(prepared.history, some, grid)[:, None]
        parts.append(((gained > landmark) & (gained <= landmark + grid.horizon)).sum(axis=1).astype(float))
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Tested:
    """Per type, by how much it raises the target, and by how much beyond what it raises of everything else."""

    target: int
    effects: np.ndarray
    errors: np.ndarray
    beyond: np.ndarray
    beyond_errors: np.ndarray


def _standing_out(tested: Sequence[_Tested]) -> list[Link]:
    p_values = np.array([calibration.interval_p_values(one.beyond, one.beyond_errors, 0.0) for one in tested])
    passed = calibration.adjusted(p_values.ravel()).reshape(p_values.shape) < grading.CONFIDENCE
    found = []
    for one, some in zip(tested, passed, strict=True):
        clear = (one.effects > WORTH_SAYING) & (one.effects > 1.96 * one.errors) & (one.beyond > 0)
        for source in np.nonzero(some & clear)[0].tolist():
            found.append(Link(source, one.target, float(one.effects[source]), float(one.errors[source])))
    return sorted(found, key=lambda link: (link.source, -link.raises))


def through(link: Link, effect: float, error: float) -> tuple[float, float]:
    """Return what runs through a link to a target of this effect, and its error (delta method)."""
    return link.raises * effect, float(np.hypot(link.raises * error, effect * link.error))
