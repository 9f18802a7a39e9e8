"""What a finding must survive: the record put right where the audit finds it at fault.

Each repair gives the sums that the right record would have had, as far as anybody can say, and the joint
regression is read off them again, calibrated by its own bulk. Errors are those of the estimate, scaled by what the
repair does to the classical ones: so no repair costs a pass over the rows but for the sums it changes. Whatever
would be confirmed is put to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import calibration, contamination, verdicts
from hingepoint.analysis.discovery.judging.record_audit import Audit
from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.sums import gram, study
from hingepoint.analysis.discovery.telling import words

#: As many findings are told what would take them away.
MOST_TOLD = 24


@dataclass(frozen=True)
class Trial:
    """Puts verdicts to the repairs that an audit asks for.

    sides     per type, whether it is agreed with the customer; ``present`` types that are adjusted for only
    """

    verdict: verdicts.Verdicts
    sums: study.Sums
    audit: Audit
    sides: np.ndarray
    present: np.ndarray

    def verdicts(self) -> verdicts.Verdicts:
        """Return the verdicts with the repairs that each confirmed finding survived, and what would take a clear one away."""
        clear = self.verdict.clear
        confirmed = [place for place in clear if self.verdict.confirmed(place)]
        repaired: dict[int, tuple[result.Repair, ...]] = {}
        if confirmed:
            tried = [(key, fit.effects, self._stands(fit)) for key, fit in self._fits()]
            repaired = {place: self._told(place, tried) for place in confirmed}
        order = sorted(clear, key=lambda place: self.verdict.judged.false_sign[place])[:MOST_TOLD]
        return replace(self.verdict, repairs=repaired, breaks=self._breaks(order))

    @property
    def _judged(self) -> np.ndarray:
        return np.isfinite(self.verdict.main.effects)

    def _fits(self) -> Iterator[tuple[str, gram.Fit]]:
        """Yield the fits to the record put right, by the name of each repair that is needed."""
        needed = self.audit.needed
        if needed.after_close:
            yield "after_close_left_out", self.verdict.main.fit
        if needed.died is not None:
            yield "closed_when_died", self._fit(self._until_they_died(needed.died), self._judged)
        doubted = np.array([key in self.audit.doubts for key in self.verdict.prepared.history.types])
        if (doubted & self._judged).any():
            within = self.sums.main.within(self.sums.cells.everything())
            yield "without_doubted", self._fit(within, self._judged & ~doubted)
        if needed.kept < 1:
            yield "lost_log", self._fit(self._with_lost_entries(1 / needed.kept), self._judged)

    def _fit(self, within: gram.Within, judged: np.ndarray) -> gram.Fit:
        verdict = self.verdict
        return study.next_window(verdict.prepared, within, judged, self.present, verdict.settings)

    def _until_they_died(self, died: np.ndarray) -> gram.Within:
        """Return the sums without the rows of lost deals at landmarks after their last sign of life."""
        prepared = self.verdict.prepared
        week = design.landmark_weeks(prepared.history, prepared.rows, prepared.grid)
        dead = week >= died[prepared.rows.deal]
        return self.sums.main.less(study.picked(prepared, dead)).within(np.ones(1, dtype=bool))

    def _with_lost_entries(self, times: float) -> gram.Within:
        """Return the sums in which each entry of a deal that was not won counts so many times."""
        prepared = self.verdict.prepared
        won = study.picked(prepared, prepared.history.won[prepared.rows.deal])
        others = self.sums.main.less(won)
        weight = np.ones(prepared.layout.width)
        weight[prepared.layout.covariates : -1] = times
        entries = np.nonzero(weight != 1)[0]
        squares = others.products[0, entries, entries]
        products = others.products * weight[:, None] * weight
        products[0, entries, entries] = squares * times  # an entry times itself is one entry
        whole = won.merge(gram.Cube(products, others.sums * weight, others.counts))
        return whole.within(np.ones(1, dtype=bool))

    def _stands(self, fit: gram.Fit) -> np.ndarray:
        """Return which types still have an effect of the same sign that is told from nothing."""
        verdict, main = self.verdict, self.verdict.main
        errors = main.errors * _growth(main.fit, fit)
        effects = verdict.sign * fit.effects
        null = calibration.empirical_null(effects, errors, self.sides)
        with np.errstate(invalid="ignore"):
            towards = np.sign(verdict.judged.effects) * null.centred(effects)
            return np.asarray(towards > verdicts.HALF * null.widened(errors))

    def _told(self, place: int, tried: list[tuple[str, np.ndarray, np.ndarray]]) -> tuple[result.Repair, ...]:
        metric, told = self.verdict.prepared.history.metric, []
        for key, effects, stands in tried:
            if np.isnan(effects[place]):  # the repair leaves out what is doubted, this one too
                continue
            survived = bool(stands[place])
            said = words.repair(key, metric, float(effects[place]), survived)
            told.append(result.Repair(key, survived, said))
        return tuple(told)

    def _breaks(self, places: list[int]) -> dict[int, tuple[result.Breaks, ...]]:
        verdict = self.verdict
        if verdict.prepared.history.metric.among_won:
            return {}
        found = contamination.reweighted(verdict.prepared, self.sums, verdict.main.fit, places)
        return {place: self._broken(place, one) for place, one in found.items()}

    def _broken(self, place: int, one: contamination.Reweighted) -> tuple[result.Breaks, ...]:
        helps = self.verdict.judged.effects[place] > 0
        told = []
        for fault in contamination.HELPFUL if helps else contamination.HARMFUL:
            share = contamination.worst_share(one, fault, self._still(place))
            if share is not None:
                told.append(result.Breaks(fault.key, share, words.breaks(fault.key, share)))
        return tuple(sorted(told, key=lambda each: each.share))

    def _still(self, place: int) -> Callable[[float, float], bool]:
        """Return what says whether an effect, with an error grown by a factor, is still told from nothing."""
        verdict = self.verdict
        direction = np.sign(verdict.judged.effects[place])
        mean, spread = verdict.judged.null.mean[place], verdict.judged.null.spread[place]
        error = float(verdict.main.errors[place])

        def stands(effect: float, grown: float) -> bool:
            half = verdicts.HALF * np.hypot(error * grown, spread)
            return bool(direction * (verdict.sign * effect - mean) > half)

        return stands


def _growth(before: gram.Fit, after: gram.Fit) -> np.ndarray:
    """Return by which factor the classical error of each type is larger in another fit."""
    variances = []
    for one in (before, after):
        own = np.diag(one.inverse)[one.targets]
        variances.append(np.where(own > 0, own, np.nan) * one.residual / max(one.freedom, 1))
    return np.asarray(np.sqrt(variances[1] / variances[0]))
