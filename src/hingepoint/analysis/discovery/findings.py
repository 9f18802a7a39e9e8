"""Findings from verdicts: every type told in numbers and words, and the proposed set chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import grading, screens, verdicts
from hingepoint.analysis.discovery.settings import Settings, weeks_label
from hingepoint.analysis.discovery.sums import gram, study
from hingepoint.analysis.discovery.telling import behind, timing, words
from hingepoint.records.agreements import AgreementType
from hingepoint.records.findings import Grade

QUARTER_WEEKS = 365.25 / 7 / 4


@dataclass(frozen=True)
class Report:
    """Tells what was judged; without verdicts there are only counts to tell.

    excluded   why a type is not judged, by its key
    audit      what was checked of how the record was kept
    sums       of the study, for what needs further passes; None without verdicts
    """

    prepared: study.Study
    settings: Settings
    catalogue: Mapping[str, AgreementType]
    verdict: verdicts.Verdicts | None
    excluded: Mapping[str, screens.Exclusion]
    placebo: result.Placebo
    warnings: Sequence[str]
    sums: study.Sums | None = None
    audit: Sequence[result.Check] = ()

    @property
    def metric(self) -> metrics.Metric:
        return self.prepared.history.metric

    @property
    def types(self) -> tuple[str, ...]:
        return self.prepared.history.types

    @cached_property
    def at_risk(self) -> float:
        """Deals a quarter that reach the first landmark open."""
        return at_risk_a_quarter(self.prepared)

    @cached_property
    def coverage(self) -> np.ndarray:
        """Per type, the share of deals at risk that gained it; NaN where there were none."""
        counts = zip(self.prepared.gained.tolist(), self.prepared.not_gained.tolist(), strict=True)
        return np.array([_share(*both) for both in counts])

    def discovery(self, bad_rows: int, rules: Mapping[str, int]) -> result.Discovery:
        """Return the result; ``bad_rows`` and ``rules`` are what the reader of the files set aside."""
        findings = [self._finding(place) for place in range(len(self.types))]
        others = [self._not_judged(one) for one in self.prepared.too_few]
        chosen: tuple[result.Pivotal, ...] = ()
        if self.verdict:
            places, shares = self._proposed(self.verdict, findings)
            findings = behind.enriched(self, self.verdict, findings, places, shares)
            p_top = self.verdict.judged.p_top
            chosen = tuple(
                result.Pivotal(self.types[place], float(p_top[place]), float(shares[place]))
                for place in places
            )
        steps = self.prepared.history.steps
        return result.Discovery(
            settings=self.settings,
            metric=self.metric,
            data=self._facts(bad_rows, rules),
            placebo=self.placebo,
            warnings=(*self.warnings, *(self.verdict.warnings if self.verdict else ())),
            findings=tuple(
                sorted((one for one in [*findings, *others] if one.agreement not in steps), key=_by_evidence)
            ),
            pivotal=chosen,
            audit=tuple(self.audit),
            controls=self._controls(),
        )

    def _controls(self) -> result.Controls:
        named = len(self.settings.negative_controls)
        if not (named and self.verdict):
            return result.Controls(named)
        one = self.verdict.controls
        return result.Controls(named, len(one.tested), len(one.tested) - len(one.failed), one.in_words)

    def _proposed(
        self, verdict: verdicts.Verdicts, findings: Sequence[result.Finding]
    ) -> tuple[list[int], np.ndarray]:
        eligible = np.array([_may_be_proposed(one) for one in findings], dtype=bool)
        allowed = np.array([one.grade != Grade.EXCLUDED for one in findings], dtype=bool)
        return verdict.proposed(eligible, allowed, np.nan_to_num(1 - self.coverage) * self.at_risk)

    def _facts(self, bad_rows: int, rules: Mapping[str, int]) -> result.Facts:
        read = self.prepared.history
        counted = dict(rules)
        for name, count in read.rules.items():
            counted[name] = counted.get(name, 0) + count
        return result.Facts(
            deals=read.size,
            won=int(read.won.sum()),
            lost=int((read.decided & ~read.won).sum()),
            open=int((~read.decided).sum()),
            events=read.events,
            types=len(self.types) - len(read.steps) + len(self.prepared.too_few),
            since=read.begin.date(),
            until=read.end.date(),
            bad_rows=bad_rows,
            rules=counted,
            at_risk_a_quarter=self.at_risk,
            landmarks=self.prepared.grid.labels,
            horizon=weeks_label(self.prepared.grid.horizon),
            noise=verdicts.noise(self.prepared, self.verdict.estimates if self.verdict else None),
            smallest_effect=verdicts.smallest(self.prepared, self.settings),
            clustered_by=self.prepared.clustered_by,
            clusters=self.prepared.clusters,
        )

    def _finding(self, place: int) -> result.Finding:
        key, counts = self.types[place], self._counts(place)
        if key in self.excluded:
            return self._excluded(key, counts)
        if not self.verdict:
            sentence = words.not_enough(self.named(key), self.metric, (np.nan, np.nan), None)
            return self._silent(key, counts, Grade.NONE, None, sentence)
        if key in self.verdict.controls.named and np.isfinite(self.verdict.effect(place)):
            return self._control(self.verdict, place)
        if not np.isfinite(self.verdict.effect(place)):
            reason = "who gains it follows from the other agreements, the seller or the deal"
            sentence = words.excluded(self.named(key), reason)
            return self._silent(key, counts, Grade.EXCLUDED, "no_overlap", sentence)
        return self._estimated(self.verdict, place)

    def _control(self, verdict: verdicts.Verdicts, place: int) -> result.Finding:
        """Return the finding of a negative control: its effect, and that it is none to choose."""
        effect, ci = verdict.shown(verdict.speaker(place))
        failed = self.types[place] in verdict.controls.failed
        sentence = words.control(self.name_at(place), self.metric, effect, ci, failed)
        silent = self._silent(
            self.types[place], self._counts(place), Grade.EXCLUDED, "negative_control", sentence
        )
        return replace(silent, effect=effect, ci=ci)

    def _not_judged(self, one: study.TooFew) -> result.Finding:
        """Return the finding of a type that so few deals gained, or did not, that nothing is estimated."""
        counts = one.gained, one.not_gained
        if one.key in self.excluded:
            return self._excluded(one.key, counts)
        sentence = words.too_few(self.named(one.key), *counts, self.settings.min_events)
        return self._silent(one.key, counts, Grade.EXCLUDED, "too_few", sentence)

    def _excluded(self, key: str, counts: tuple[int, int]) -> result.Finding:
        why = self.excluded[key]
        sentence = words.excluded(self.named(key), why.words)
        return self._silent(key, counts, Grade.EXCLUDED, why.reason, sentence)

    def _counts(self, place: int) -> tuple[int, int]:
        """Return how many deals at risk gained a type, and how many did not."""
        return int(self.prepared.gained[place]), int(self.prepared.not_gained[place])

    def named(self, key: str) -> str:
        """Return the name of a type in quotes."""
        return f"“{self._name(key)}”"

    def name_at(self, place: int) -> str:
        return self.named(self.types[place])

    def _name(self, key: str) -> str:
        return self.catalogue[key].name if key in self.catalogue else key

    def _silent(
        self, key: str, counts: tuple[int, int], grade: Grade, because: str | None, sentence: str
    ) -> result.Finding:
        """Return the finding of a type without an estimate."""
        nothing = (np.nan, np.nan)
        gained, not_gained = counts
        return result.Finding(
            agreement=key,
            name=self._name(key),
            grade=grade,
            excluded_because=because,
            effect=np.nan,
            ci=nothing,
            p_adjusted=np.nan,
            gained=gained,
            not_gained=not_gained,
            coverage=_share(gained, not_gained),
            worth=np.nan,
            worth_ci=nothing,
            robustness=np.nan,
            best_by=None,
            timing=(),
            segments=(),
            same_as=(),
            in_words=sentence,
        )

    def _estimated(self, verdict: verdicts.Verdicts, place: int) -> result.Finding:
        """Return the finding of a type from the estimate of the one that speaks for it (mostly itself)."""
        key, speaks = self.types[place], verdict.speaker(place)
        grade = verdict.grade(speaks)
        effect, ci = verdict.shown(speaks)
        scale = (1 - self.coverage[place]) * self.at_risk
        best_by, between = self._best_by(verdict, speaks) if grade != Grade.NONE else (None, None)
        gained, not_gained = self._counts(place)
        same_as = tuple(self.types[other] for other in verdict.bundle(place) if other != place)
        return result.Finding(
            agreement=key,
            name=self._name(key),
            grade=grade,
            excluded_because=None,
            effect=effect,
            ci=ci,
            p_adjusted=float(verdict.judged.p_adjusted[speaks]),
            gained=gained,
            not_gained=not_gained,
            coverage=float(self.coverage[place]),
            worth=effect * scale,
            worth_ci=(ci[0] * scale, ci[1] * scale),
            robustness=verdict.robustness(speaks),
            best_by=best_by,
            timing=self._timing(verdict, speaks),
            segments=self._segments(verdict, speaks),
            same_as=same_as,
            in_words=self._sentence(verdict, place, grade, same_as, best_by),
            harmful=grade in (Grade.STRONG, Grade.MODERATE) and verdict.effect(place) < 0,
            details=replace(self._details(verdict, speaks), best_by_between=between),
        )

    def _sentence(
        self,
        verdict: verdicts.Verdicts,
        place: int,
        grade: Grade,
        same_as: tuple[str, ...],
        best_by: str | None,
    ) -> str:
        speaks, name = verdict.speaker(place), self.name_at(place)
        changed = self._turned(verdict, speaks)
        whole = self._whole_sentence(verdict, place, grade, same_as, best_by)
        if grade != Grade.NONE:
            whole += words.doubted(verdict.against(speaks))
        changed = changed or self._faded(verdict, speaks)
        return f"{name} {changed.in_words} Over the whole time: {whole}" if changed else whole

    def _whole_sentence(
        self,
        verdict: verdicts.Verdicts,
        place: int,
        grade: Grade,
        same_as: tuple[str, ...],
        best_by: str | None,
    ) -> str:
        speaks, name = verdict.speaker(place), self.name_at(place)
        effect, ci = verdict.shown(speaks)
        if grade == Grade.NONE:
            return words.not_enough(name, self.metric, ci, verdict.deals_needed(speaks))
        counts = self._counts(place)
        return words.supported(name, self.metric, grade, effect, ci, counts, same_as, best_by)

    def _timing(self, verdict: verdicts.Verdicts, place: int) -> tuple[result.Timing, ...]:
        return tuple(
            result.Timing(label, *verdict.calibrated(one, place), deals=verdicts.deals_with(one, place))
            for label, one in zip(self.prepared.grid.labels, verdict.estimates.windows, strict=True)
            if np.isfinite(one.effects[place])
        )

    def _best_by(self, verdict: verdicts.Verdicts, place: int) -> tuple[str | None, tuple[str, str] | None]:
        """Return until when the agreement matters, and the landmarks between which that may lie.

        Both are weeks, so there is none where landmarks are stages.
        """
        if self.prepared.grid.stages:
            return None, None
        direction = verdict.sign * np.sign(verdict.judged.effects[place])
        null = verdict.sign * verdict.judged.null.mean[place]
        effects = direction * np.array([one.effects[place] - null for one in verdict.estimates.windows])
        errors = np.array([one.errors[place] for one in verdict.estimates.windows])
        landmarks = self.prepared.grid.landmarks
        last = timing.best_by(landmarks, effects, errors)
        between = timing.best_by_between(landmarks, effects, errors) if last else None
        if last is None or between is None:
            return None, None
        return weeks_label(last), (weeks_label(between[0]), weeks_label(between[1]))

    def _segments(self, verdict: verdicts.Verdicts, place: int) -> tuple[result.SegmentEffect, ...]:
        return tuple(
            result.SegmentEffect(
                by,
                value,
                *verdict.calibrated(inside, place),
                differs=bool(verdict.segments_differ[by, value][place]),
                deals=verdicts.deals_with(inside, place),
                reverses=bool(verdict.segments_differ[by, value][place])
                and verdict.reverses(inside, outside, place),
            )
            for (by, value), (inside, outside) in verdict.estimates.segments.items()
            if np.isfinite(inside.effects[place])
        )

    def _details(self, verdict: verdicts.Verdicts, place: int) -> result.Details:
        by_landmark, ci = verdict.standing_shown(place)
        judged, estimates = verdict.judged, verdict.estimates
        benchmark, fit = verdict.benchmarks[place], verdict.main.fit
        return result.Details(
            by_landmark=by_landmark,
            by_landmark_ci=ci,
            ever_gained=float(estimates.ever.effects[place]),
            ever_gained_ci=_uncalibrated(estimates.ever, place),
            p_top=float(judged.p_top[place]),
            false_sign=float(judged.false_sign[place]),
            expected=float(verdict.sign * judged.expected[place]),
            lags=self._lags(verdict, place),
            halves=(float(estimates.halves[0].effects[place]), float(estimates.halves[1].effects[place])),
            halves_ci=(_uncalibrated(estimates.halves[0], place), _uncalibrated(estimates.halves[1], place)),
            low=float(verdict.sign * judged.low[place]),
            robustness_sure=verdict.robustness(place, alpha=grading.CONFIDENCE),
            inflation=float(fit.inflation[fit.targets[place]]),
            benchmark=benchmark.covariate if benchmark else None,
            benchmark_times=benchmark.times if benchmark else np.nan,
            benchmark_bias=benchmark.bias if benchmark else np.nan,
            deals_needed=verdict.deals_needed(place),
            disagreements=verdict.disagreements(place),
            turned=self._turned(verdict, place),
            faded=self._faded(verdict, place),
            doubts=verdict.doubted(place),
            repairs=verdict.repairs.get(place, ()),
            breaks=verdict.breaks.get(place, ()),
            place=int(judged.order.place[place]),
            place_between=_both(judged.order.between[place]),
            leans=self._leans(verdict, place),
        )

    def _leans(self, verdict: verdicts.Verdicts, place: int) -> str:
        """Return how the place of a type leans on a benchmark pack, in words; empty where it does not."""
        alone, key = verdict.judged.alone, self.types[place]
        told = {one: (effect, error) for one, effect, error in self.settings.lean_on}
        if alone is None or key not in told:
            return ""
        effect, half = told[key][0], verdicts.HALF * told[key][1]
        return words.leans(
            self.settings.lean_on_name,
            self.metric,
            effect,
            (effect - half, effect + half),
            int(alone.place[place]),
        )

    def _turned(self, verdict: verdicts.Verdicts, place: int) -> result.Turned | None:
        """Return what became of an effect that turned; None for all others."""
        return self._in_halves(verdict, place, words.turned) if verdict.turned[place] else None

    def _faded(self, verdict: verdicts.Verdicts, place: int) -> result.Turned | None:
        """Return what became of an effect that faded; None for all others."""
        return self._in_halves(verdict, place, words.faded) if verdict.faded[place] else None

    def _in_halves(self, verdict: verdicts.Verdicts, place: int, told: Callable[..., str]) -> result.Turned:
        null = verdict.sign * verdict.standing.null.mean[place]
        before, since = (float(one.effects[place] - null) for one in verdict.estimates.halves)
        on = self.prepared.middle
        return result.Turned(on.isoformat(), before, since, told(self.metric, on, before, since))

    def _lags(self, verdict: verdicts.Verdicts, place: int) -> tuple[result.LagPoint, ...]:
        points, null = [], verdict.standing.null
        for lag, one in zip(self.prepared.grid.lags, verdict.estimates.lags, strict=True):
            if np.isfinite(one.effects[place]):
                effect = float(one.effects[place] - verdict.sign * null.mean[place])
                half = float(verdicts.HALF * null.widened(one.errors)[place])
                points.append(result.LagPoint(weeks_label(lag), effect, (effect - half, effect + half)))
        return tuple(points)


def _share(gained: int, not_gained: int) -> float:
    """Return the share of deals at risk that gained a type; NaN where there were none."""
    return gained / (gained + not_gained) if gained + not_gained else np.nan


def _both(places: np.ndarray) -> tuple[int, int]:
    first, last = places.tolist()
    return first, last


def _may_be_proposed(finding: result.Finding) -> bool:
    """Return whether a finding is confirmed, helps, has not turned against that since, and nothing in the record speaks against it."""
    turned = finding.details.turned
    stayed = turned is None or turned.since * finding.effect > 0
    return finding.confirmed and not finding.harmful and stayed and not finding.details.doubts


def _uncalibrated(one: gram.Estimate, place: int) -> result.Interval:
    """Return the 95 % interval as it is estimated."""
    effect, half = float(one.effects[place]), verdicts.HALF * float(one.errors[place])
    return effect - half, effect + half


def at_risk_a_quarter(prepared: study.Study) -> float:
    """Return how many deals a quarter reach the first landmark open, on average over the data."""
    read, first = prepared.history, prepared.grid.landmarks[0]
    seen = read.observed >= first
    span = float(read.created[seen].max() - read.created[seen].min()) if seen.any() else 0.0
    reached = int((seen & (read.closed > first)).sum())
    return reached / max(span / QUARTER_WEEKS, 1.0)


_ORDER = [Grade.STRONG, Grade.MODERATE, Grade.WEAK, Grade.NONE, Grade.EXCLUDED]


def _by_evidence(finding: result.Finding) -> tuple[int, float, str]:
    """Return by what findings are sorted: what is confirmed by its worth, the others by their place in the order."""
    if finding.confirmed:
        within = -abs(finding.worth) if np.isfinite(finding.worth) else 0.0
    else:
        within = finding.details.place or np.inf
    return _ORDER.index(finding.grade), within, finding.agreement
