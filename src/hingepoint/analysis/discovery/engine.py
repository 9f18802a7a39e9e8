"""A run of discovery from tables to findings.

The order is that of METHOD: look at deals through landmarks, take out what is part of closing,
estimate all agreements at once within seller, take out what only follows the decision, calibrate
against the bulk, grade, choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hingepoint.analysis.discovery import findings, result, undated
from hingepoint.analysis.discovery.judging import (
    alike,
    certificate,
    following,
    grading,
    leaning,
    placebo,
    record_audit,
    repairs,
    screens,
    verdicts,
)
from hingepoint.analysis.discovery.reading import history
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings
from hingepoint.analysis.discovery.sums import kept, pieces, study
from hingepoint.records.agreements import AgreementType
from hingepoint.records.findings import Grade

Progress = Callable[[float, str], None]

#: Fewer won or lost deals than this: only counts are shown (the lowest minimum any vendor documents).
LEAST_OUTCOMES = 40


def discover(
    deals: Any,
    events: Any = None,
    *,
    settings: Settings,
    catalogue: Sequence[AgreementType] = (),
    progress: Progress | None = None,
    bad_rows: int = 0,
    rules: Mapping[str, int] | None = None,
    runner: pieces.Runner | None = None,
    keep: kept.Kept | None = None,
) -> result.Discovery:
    """Return what the history says about every agreement type in it.

    deals, events   frames of polars or pandas with the columns of ``analysis.frames``; events may come
                    lazily, or as frames one after another; without events, ``settings.agreement_columns``
                    names undated columns of the deals
    catalogue       names and known late steps
    progress        told the share done and what is being done
    bad_rows, rules what the reader of the files already set aside, for the record
    runner          who gathers events and sums pieces of deals: this process, or a cluster
    keep            where sums are kept, so that a refresh or a run that was stopped does not sum them again

    Raises DiscoveryError if the input cannot be used at all. Too little data is not an error: it is
    a result in which nothing is confirmed.
    """
    tell = progress or (lambda share, text: None)
    if settings.agreement_columns:
        return undated.discover(
            deals, settings=settings, catalogue=catalogue, bad_rows=bad_rows, rules=rules or {}
        )
    if events is None:
        raise DiscoveryError("discovery needs the events of the deals, or undated agreement columns")
    tell(0.02, "reading deals and events")
    who = runner or pieces.Here()
    read = history.read(
        deals, events, settings, who.gather, lambda count: tell(0.02, f"reading events: {count:,}")
    )
    if len(read.types) == len(read.steps):
        raise DiscoveryError("the events name no agreement type that belongs to these deals")
    types = {one.key: one for one in catalogue}
    run = _Run(read, settings, types, tell, bad_rows, dict(rules or {}), who, keep)
    return run.discovery()


@dataclass
class _Run:
    history: history.History
    settings: Settings
    catalogue: Mapping[str, AgreementType]
    tell: Progress
    bad_rows: int
    rules: dict[str, int]
    runner: pieces.Runner
    keep: kept.Kept | None

    def discovery(self) -> result.Discovery:
        self.tell(0.1, "laying out landmarks")
        choices = self.keep.choices(self.history, self.settings) if self.keep else None
        prepared = study.prepare(self.history, self.settings, choices, self.runner)
        mechanical = screens.mechanical(self.history, self.settings, self.catalogue, prepared.grid.cycle)
        near: dict[str, following.Following] = {}
        if not self.history.metric.among_won:
            near = following.following(self.history, self.settings, following.periods(prepared.grid))
            mechanical = {key: one.exclusion for key, one in near.items() if one.sure} | mechanical
        mechanical |= screens.stages(self.history, mechanical)
        unsure = {key: one.doubt for key, one in near.items() if not one.sure}
        audit = record_audit.audit(self.history, self._name, unsure)
        warnings = [
            *self.history.notes,
            *prepared.columns.warnings,
            *_data_warnings(prepared, self.history),
            *audit.warnings,
            *leaning.refused(self.settings, self.history.metric),
        ]
        nothing = alike.in_words(self.history, prepared) or self._too_little(prepared)
        if nothing:
            return self._counts_only(prepared, mechanical, [*warnings, nothing], audit)
        self._stage(prepared, 0.2, 0.5, "summing up deals")
        sums = study.sum_up(prepared, self.settings, self.keep)
        self._stage(prepared, 0.5, 0.7, "estimating all agreements together", passes=3)
        types = prepared.history.types
        steps = np.array([key in mechanical and mechanical[key].step for key in types], dtype=bool)
        everything = sums.main.within(sums.cells.everything())
        copied = screens.copies(everything, prepared.layout, _mask(types, mechanical))
        judged = _mask(types, mechanical, copied)
        estimates = study.estimate(prepared, sums, judged, steps, self.settings)
        leading = screens.leading(list(estimates.lags), self.settings, types)
        excluded = leading | mechanical
        if leading:
            again = "estimating again without what follows the decision"
            self._stage(prepared, 0.7, 0.85, again, passes=3)
            judged = _mask(types, excluded, copied)
            estimates = study.estimate(prepared, sums, judged, steps, self.settings)
        self._stage(prepared, 0.85, 0.95, "placebo: the same where there is nothing to find", passes=2)
        sides = verdicts.sides(prepared, self.catalogue)
        tested = placebo.without_effects(estimates.next_window, self._rng(1), sides)
        if not tested.clean:
            warnings.append(
                f"Where there was nothing to find, {tested.rejected:,} of {tested.tested:,} tests still found an "
                "effect: more than chance allows, so the intervals are too narrow."
            )
        self._stage(prepared, 0.95, 1.0, "grading", passes=4)
        verdict = verdicts.judge(
            prepared,
            estimates,
            self.settings,
            self.catalogue,
            copied,
            audit.doubts,
            audit.leaning,
            audit.more,
        )
        audit = audit.with_helpful(self.history, verdict.helpful)
        verdict = replace(verdict, leaning=audit.leaning)
        verdict = repairs.Trial(verdict, sums, audit, sides, steps).verdicts()
        report = findings.Report(
            prepared,
            self.settings,
            self.catalogue,
            verdict,
            excluded,
            tested,
            warnings,
            sums,
            audit.checks,
        )
        found = report.discovery(self.bad_rows, self.rules)
        found = replace(found, certificate=self._certificate(prepared, excluded, found.findings))
        if prepared.pieces.memory:
            prepared.pieces.memory.forget_others()
        return found

    def _certificate(
        self,
        prepared: study.Study,
        excluded: Mapping[str, screens.Exclusion],
        findings: Sequence[result.Finding],
    ) -> result.Certificate | None:
        """Return how many levers of the size asked for would have been seen; None without a size, or for a metric
        that is no share of all deals."""
        metric, size = self.history.metric, self.settings.certificate
        if size is None or metric.kind != "share" or metric.among_won:
            return None
        self.tell(0.99, "planting levers, to say what would have been seen")
        idle = {one.agreement for one in findings if one.grade in (Grade.WEAK, Grade.NONE)}
        eligible = np.array([key in idle for key in prepared.history.types], dtype=bool)

        def judge(planted: history.History) -> tuple[study.Study, grading.Judged]:
            again = study.prepare(planted, self.settings)
            types = again.history.types
            steps = np.array([key in excluded and excluded[key].step for key in types], dtype=bool)
            sums = study.sum_up(again, self.settings)
            estimates = study.estimate(again, sums, _mask(types, excluded), steps, self.settings)
            return again, verdicts.ordered(again, estimates, self.settings, self.catalogue)[0]

        return certificate.certify(prepared, eligible, size, judge, self._rng(6))

    def _stage(self, prepared: study.Study, since: float, until: float, text: str, passes: int = 1) -> None:
        """Say what begins, and then after each piece how far its ``passes`` over the rows are."""
        over = 0

        def watch(share: float) -> None:
            nonlocal over
            self.tell(since + (until - since) * min((over + share) / passes, 1.0), text)
            over += share >= 1.0

        self.tell(since, text)
        prepared.pieces.watch = watch

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, stream])

    def _too_little(self, prepared: study.Study) -> str:
        """Return that there is too little data for any finding, in words; empty if there is enough."""
        wins, losses = int(self.history.won.sum()), int((self.history.decided & ~self.history.won).sum())
        fewest = wins if self.history.metric.among_won else min(wins, losses)
        parameters = prepared.layout.covariates + prepared.layout.types
        if fewest >= LEAST_OUTCOMES and prepared.deals >= max(2 * parameters, 2 * LEAST_OUTCOMES):
            return ""
        return (
            f"Too little data for any finding: {wins:,} won and {losses:,} lost deals, {prepared.deals:,} of them "
            "open at a landmark with a known outcome. Only counts are shown."
        )

    def _name(self, key: str) -> str:
        return self.catalogue[key].name if key in self.catalogue else key

    def _counts_only(
        self,
        prepared: study.Study,
        excluded: Mapping[str, screens.Exclusion],
        warnings: list[str],
        audit: record_audit.Audit,
    ) -> result.Discovery:
        nothing = result.Placebo(0, 0)
        report = findings.Report(
            prepared,
            self.settings,
            self.catalogue,
            None,
            excluded,
            nothing,
            warnings,
            audit=audit.checks,
        )
        return report.discovery(self.bad_rows, self.rules)


def _mask(
    types: Sequence[str],
    excluded: Mapping[str, screens.Exclusion],
    copied: Mapping[int, int] | None = None,
) -> np.ndarray:
    """Return which types are neither excluded nor copies of another."""
    mask = np.array([key not in excluded for key in types], dtype=bool)
    mask[list(copied or ())] = False
    return mask


def _data_warnings(prepared: study.Study, read: history.History) -> list[str]:
    warnings = []
    if np.unique(read.seller).size < 2:
        warnings.append(
            "The deals have no or only one owner: differences in skill between sellers could not be removed."
        )
    elif prepared.seller.max(initial=0) == 0:
        warnings.append(
            "Owners have fewer than five deals each on average: their differences could not be removed."
        )
    elif np.unique(read.seller).size < study.ENOUGH_CLUSTERS:
        warnings.append(
            f"There are only {np.unique(read.seller).size} owners: uncertainty is counted by {prepared.clustered_by}, "
            "which may be too confident if an owner's deals move together."
        )
    if read.recorded_late:
        warnings.append(
            "Recorded only since some time into the data, unknown before rather than not gained: "
            + ", ".join(read.recorded_late)
            + "."
        )
    if read.metric.among_won:
        warnings.append(
            f"{read.metric.name} exists for won deals only: an agreement that changes who wins changes it too."
        )
    return warnings
