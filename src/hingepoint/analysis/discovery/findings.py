"""Findings from estimates: every type judged, graded, put into words, and the proposed set chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import (
    calibration,
    combining,
    grading,
    robustness,
    screens,
    selection,
)
from hingepoint.analysis.discovery.settings import Settings, weeks_label
from hingepoint.analysis.discovery.sums import gram, study
from hingepoint.analysis.discovery.telling import behind, timing, words
from hingepoint.records.agreements import AgreementType, Side
from hingepoint.records.findings import Grade

#: Above this share of types with a clear effect the bulk no longer shows what nothing looks like.
BULK = 0.3
QUARTER_WEEKS = 365.25 / 7 / 4
#: Streams of random numbers: each use has its own, so that adding one changes no other.
RANKING, STANDING, REFITS, TOGETHER = 2, 3, 4, 5


@dataclass
class Report:
    """Turns estimates into findings; without estimates into counts."""

    prepared: study.Study
    settings: Settings
    catalogue: Mapping[str, AgreementType]
    estimates: study.Estimates | None
    excluded: Mapping[str, screens.Exclusion]
    placebo: result.Placebo
    warnings: list[str]
    copied: Mapping[int, int]
    sums: study.Sums | None = None

    def __post_init__(self) -> None:
        self.history = self.prepared.history
        self.metric = self.history.metric
        self.sign = self.metric.sign
        self.types = self.history.types
        self.at_risk = at_risk_a_quarter(self.prepared)
        total = self.prepared.gained + self.prepared.not_gained
        self.coverage = np.where(total > 0, self.prepared.gained / np.maximum(total, 1), np.nan)
        if self.estimates:
            self._judge(self.estimates)

    def _judge(self, estimates: study.Estimates) -> None:
        smallest = self._smallest()
        main, standing = estimates.next_window, estimates.by_landmark
        noise, sides = self._noise(), self._sides()
        alone = grading.judge(
            self.sign * main.effects, main.errors, smallest, noise, self._rng(RANKING), sides
        )
        self.standing = grading.judge(
            self.sign * standing.effects, standing.errors, smallest, noise, self._rng(STANDING), sides
        )
        both = combining.together(
            alone.effects,
            main.errors,
            self.standing.effects / combining.STANDING,
            standing.errors / combining.STANDING,
            combining.shared(main, standing),
        )
        self.judged = grading.reordered(alone, *both, noise, self._rng(TOGETHER), sides)
        self.smallest = smallest
        self.segments_differ = segments_that_differ(estimates.segments)
        self.bundles = screens.bundles(main, self.copied)
        self.main = main
        self.strengths = robustness.strengths(main, self._groups())
        self.benchmarks = robustness.benchmarks(main, self.strengths, self.judged.effects)
        if not self.judged.null.learned:
            self.warnings.append(
                "Too few agreement types to see what types that do nothing look like: errors were widened by half "
                "instead, and nothing is graded strong."
            )
        elif self.judged.null.nonzero > BULK:
            self.warnings.append(
                f"{self.judged.null.nonzero:.0%} of the types stand out: the calibration, which takes most to do "
                "little, may be too strict or too kind."
            )

    def _sides(self) -> np.ndarray:
        """Return which types are agreed with the customer: by the catalogue, otherwise by the events."""
        listed = {key: one.side == Side.CUSTOMER for key, one in self.catalogue.items()}
        return np.array(
            [listed.get(key, self.history.with_customer.get(key, True)) for key in self.types], dtype=bool
        )

    def _smallest(self) -> float:
        """Return the smallest effect worth having, in the metric's unit."""
        if self.metric.kind == "share":
            return self.settings.smallest_effect
        outcome = np.abs(self.prepared.rows.outcome)
        return self.settings.smallest_effect * float(outcome.mean()) if outcome.size else 0.0

    def _groups(self) -> dict[str, np.ndarray]:
        names = np.array(self.prepared.columns.groups)
        return {
            name: np.nonzero(names == name)[0] for name in dict.fromkeys(names.tolist()) if " x " not in name
        }

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, stream])

    def discovery(self, bad_rows: int, rules: Mapping[str, int]) -> result.Discovery:
        """Return the result; ``bad_rows`` and ``rules`` are what the reader of the files set aside."""
        findings = [self._finding(place) for place in range(len(self.types))]
        chosen: tuple[result.Pivotal, ...] = ()
        if self.estimates:
            places, shares = self._pivotal(findings)
            findings = behind.enriched(self, findings, places, shares)
            chosen = tuple(
                result.Pivotal(self.types[place], float(self.judged.p_top[place]), float(shares[place]))
                for place in places
            )
        order = sorted((one for one in findings if one.agreement not in self.history.steps), key=_by_evidence)
        return result.Discovery(
            settings=self.settings,
            metric=self.metric,
            data=self._facts(bad_rows, rules),
            placebo=self.placebo,
            warnings=tuple(self.warnings),
            findings=tuple(order),
            pivotal=chosen,
        )

    def _facts(self, bad_rows: int, rules: Mapping[str, int]) -> result.Facts:
        read = self.history
        counted = dict(rules)
        for name, count in read.rules.items():
            counted[name] = counted.get(name, 0) + count
        return result.Facts(
            deals=read.size,
            won=int(read.won.sum()),
            lost=int((read.decided & ~read.won).sum()),
            open=int((~read.decided).sum()),
            events=read.events,
            types=len(self.types) - len(read.steps),
            since=read.begin.date(),
            until=read.end.date(),
            bad_rows=bad_rows,
            rules=counted,
            at_risk_a_quarter=self.at_risk,
            landmarks=self.prepared.grid.labels,
            horizon=weeks_label(self.prepared.grid.horizon),
            noise=self._noise(),
            smallest_effect=self._smallest(),
            clustered_by=self.prepared.clustered_by,
            clusters=self.prepared.clusters,
        )

    def _noise(self) -> float:
        if self.estimates is None:
            return float(self.prepared.rows.outcome.std()) if self.prepared.rows.size else 0.5
        fit = self.estimates.next_window.fit
        return float(np.sqrt(fit.residual / max(fit.freedom, 1)))

    def _finding(self, place: int) -> result.Finding:
        key = self.types[place]
        if key in self.excluded:
            why = self.excluded[key]
            return self._silent(place, Grade.EXCLUDED, why.reason, words.excluded(self.named(key), why.words))
        if not self.prepared.enough[place]:
            counts = int(self.prepared.gained[place]), int(self.prepared.not_gained[place])
            said = words.too_few(self.named(key), *counts, self.settings.min_events)
            return self._silent(place, Grade.EXCLUDED, "too_few", said)
        speaks = self.copied.get(place, place)
        if not self.estimates or not np.isfinite(self.judged.effects[speaks]):
            return self._inestimable(place)
        return self._estimated(place, speaks)

    def _inestimable(self, place: int) -> result.Finding:
        key = self.types[place]
        if not self.estimates:
            said = words.not_enough(self.named(key), self.metric, (np.nan, np.nan), None)
            return self._silent(place, Grade.NONE, None, said)
        said = words.excluded(
            self.named(key), "who gains it follows from the other agreements, the seller or the deal"
        )
        return self._silent(place, Grade.EXCLUDED, "no_overlap", said)

    def named(self, key: str) -> str:
        return f"“{self.catalogue[key].name}”" if key in self.catalogue else f"“{key}”"

    def name_at(self, place: int) -> str:
        """Return the name of a type in quotes."""
        return self.named(self.types[place])

    def _silent(self, place: int, grade: Grade, because: str | None, said: str) -> result.Finding:
        nothing = (np.nan, np.nan)
        key = self.types[place]
        return result.Finding(
            agreement=key,
            name=self.catalogue[key].name if key in self.catalogue else key,
            grade=grade,
            excluded_because=because,
            effect=np.nan,
            ci=nothing,
            p_adjusted=np.nan,
            gained=int(self.prepared.gained[place]),
            not_gained=int(self.prepared.not_gained[place]),
            coverage=float(self.coverage[place]),
            worth=np.nan,
            worth_ci=nothing,
            robustness=np.nan,
            best_by=None,
            timing=(),
            segments=(),
            same_as=(),
            in_words=said,
        )

    def _estimated(self, place: int, speaks: int) -> result.Finding:
        """Return the finding of a type from the estimate of the one that ``speaks`` for it (mostly itself)."""
        key, judged = self.types[place], self.judged
        checks = self._checks(speaks)
        grade = grading.grade(judged, speaks, checks)
        effect, ci = self._shown(judged, speaks)
        confirmed = grade in (Grade.STRONG, Grade.MODERATE)
        harmful = confirmed and bool(judged.effects[speaks] < 0)
        same_as = tuple(self.types[other] for other in self.bundle(place) if other != place)
        scale = (1 - self.coverage[place]) * self.at_risk
        needed = self._deals_needed(speaks)
        best_by, between = self._best_by(speaks) if grade != Grade.NONE else (None, None)
        counts = int(self.prepared.gained[place]), int(self.prepared.not_gained[place])
        if grade == Grade.NONE:
            said = words.not_enough(self.named(key), self.metric, ci, needed)
        else:
            said = words.supported(self.named(key), self.metric, grade, effect, ci, counts, same_as, best_by)
        return result.Finding(
            agreement=key,
            name=self.catalogue[key].name if key in self.catalogue else key,
            grade=grade,
            excluded_because=None,
            effect=effect,
            ci=ci,
            p_adjusted=float(judged.p_adjusted[speaks]),
            gained=counts[0],
            not_gained=counts[1],
            coverage=float(self.coverage[place]),
            worth=effect * scale,
            worth_ci=(ci[0] * scale, ci[1] * scale),
            robustness=self._robustness(speaks),
            best_by=best_by,
            timing=self._timing(speaks),
            segments=self._segments(speaks),
            same_as=same_as,
            in_words=said,
            harmful=harmful,
            details=replace(self._details(speaks, needed), best_by_between=between),
        )

    def _shown(self, judged: grading.Judged, place: int) -> tuple[float, result.Interval]:
        """Return a calibrated effect and its 95 % interval in the metric's own direction."""
        effect, half = self.sign * judged.effects[place], 1.96 * judged.errors[place]
        return float(effect), (float(effect - half), float(effect + half))

    def speaker(self, place: int) -> int:
        """Return the place of the type that speaks for one: another where it is a copy, mostly itself."""
        return self.copied.get(place, place)

    def effect(self, place: int) -> float:
        """Return the calibrated effect of a type, more being better."""
        return float(self.judged.effects[self.speaker(place)])

    def shown(self, place: int) -> tuple[float, float]:
        """Return the calibrated effect of a type in the metric's own direction, and its error."""
        return float(self.sign * self.judged.effects[place]), float(self.judged.errors[place])

    def recentred(self, effect: float, error: float, place: int) -> tuple[float, result.Interval]:
        """Return an effect of a type in the units of next window, calibrated like the whole."""
        moved = effect - self.sign * float(self.judged.null.mean[place])
        half = 1.96 * float(np.hypot(error, self.judged.null.spread[place]))
        return moved, (moved - half, moved + half)

    def bundle(self, place: int) -> tuple[int, ...]:
        return next((group for group in self.bundles if place in group), (place,))

    def _checks(self, place: int) -> grading.Checks:
        estimates = self.estimates
        assert estimates is not None
        effect = self.judged.effects[place]
        benchmark = self.benchmarks[place]
        standing = self.standing.effects[place]
        last = self.sign * estimates.lags[-1].effects[place]
        others = [estimates.ever.effects[place], estimates.halves[-1].effects[place]]
        return grading.Checks(
            robust=benchmark is None or abs(effect) > benchmark.bias,
            lag_stable=not np.isfinite(last) or last * np.sign(standing) >= screens.KEPT * abs(standing),
            same_sign=all(not np.isfinite(one) or self.sign * one * effect > 0 for one in others),
            told_apart=len(self.bundle(place)) == 1,
            calibrated=self.judged.null.learned,
        )

    def _robustness(self, place: int, alpha: float = 1.0) -> float:
        t = self.judged.effects[place] / self.main.errors[place]
        return float(robustness.robustness_value(t, self.main.fit.freedom, alpha=alpha))

    def _timing(self, place: int) -> tuple[result.Timing, ...]:
        estimates = self.estimates
        assert estimates is not None
        return tuple(
            result.Timing(label, *self._calibrated(one, place), deals=self.deals(one, place))
            for label, one in zip(self.prepared.grid.labels, estimates.windows, strict=True)
            if np.isfinite(one.effects[place])
        )

    def _calibrated(self, one: gram.Estimate, place: int) -> tuple[float, result.Interval]:
        """Return an effect in the units of next window, recentred and widened like the whole."""
        return self.recentred(float(one.effects[place]), float(one.errors[place]), place)

    @staticmethod
    def deals(one: gram.Estimate, place: int) -> int:
        """Return how many deals of an estimate gained the type in a window."""
        return round(float(one.fit.totals[one.fit.targets[place]]))

    def _best_by(self, place: int) -> tuple[str | None, tuple[str, str] | None]:
        """Return until when the agreement matters, and the landmarks between which that may lie.

        Both are weeks, so there is none where landmarks are stages.
        """
        estimates = self.estimates
        assert estimates is not None
        if self.prepared.grid.stages:
            return None, None
        direction = self.sign * np.sign(self.judged.effects[place])
        effects = np.array(
            [one.effects[place] - self.sign * self.judged.null.mean[place] for one in estimates.windows]
        )
        errors = np.array([one.errors[place] for one in estimates.windows])
        landmarks = self.prepared.grid.landmarks
        last = timing.best_by(landmarks, direction * effects, errors)
        between = timing.best_by_between(landmarks, direction * effects, errors) if last else None
        if last is None or between is None:
            return None, None
        return weeks_label(last), (weeks_label(between[0]), weeks_label(between[1]))

    def _segments(self, place: int) -> tuple[result.SegmentEffect, ...]:
        estimates = self.estimates
        assert estimates is not None
        return tuple(
            result.SegmentEffect(
                by,
                value,
                *self._calibrated(inside, place),
                differs=bool(self.segments_differ[by, value][place]),
                deals=self.deals(inside, place),
                reverses=bool(self.segments_differ[by, value][place])
                and self._reverses(inside, outside, place),
            )
            for (by, value), (inside, outside) in estimates.segments.items()
            if np.isfinite(inside.effects[place])
        )

    def _reverses(self, inside: gram.Estimate, outside: gram.Estimate, place: int) -> bool:
        """Return whether an effect clearly has the other sign inside a segment than outside of it."""
        here, (low, high) = self._calibrated(inside, place)
        elsewhere, _ = self._calibrated(outside, place)
        return here * elsewhere < 0 and not low <= 0 <= high

    def _deals_needed(self, place: int) -> int:
        """Return with how many deals an effect of this size, or twice the smallest, would be confirmed.

        80 % power at the 1 % level, by the square-root law.
        """
        estimates = self.estimates
        assert estimates is not None
        wanted = max(abs(self.judged.effects[place]), 2 * self.smallest, 1e-12)
        factor = (3.42 * estimates.next_window.errors[place] / wanted) ** 2
        return int(float(f"{self.history.size * factor:.2g}"))

    def _details(self, place: int, needed: int) -> result.Details:
        estimates = self.estimates
        assert estimates is not None
        by_landmark, ci = self._shown(self.standing, place)
        benchmark = self.benchmarks[place]
        return result.Details(
            by_landmark=by_landmark,
            by_landmark_ci=ci,
            ever_gained=float(estimates.ever.effects[place]),
            ever_gained_ci=_plain_interval(estimates.ever, place),
            p_top=float(self.judged.p_top[place]),
            false_sign=float(self.judged.false_sign[place]),
            expected=float(self.sign * self.judged.expected[place]),
            lags=self._lags(place),
            halves=(float(estimates.halves[0].effects[place]), float(estimates.halves[1].effects[place])),
            halves_ci=(
                _plain_interval(estimates.halves[0], place),
                _plain_interval(estimates.halves[1], place),
            ),
            low=float(self.sign * self.judged.low[place]),
            robustness_sure=self._robustness(place, alpha=grading.CONFIDENCE),
            inflation=float(estimates.next_window.fit.inflation[estimates.next_window.fit.targets[place]]),
            benchmark=benchmark.covariate if benchmark else None,
            benchmark_times=benchmark.times if benchmark else np.nan,
            benchmark_bias=benchmark.bias if benchmark else np.nan,
            deals_needed=needed,
            disagreements=self._disagreements(place),
        )

    def _disagreements(self, place: int) -> tuple[str, ...]:
        """Return, for a type with a clear effect, which other looks at it disagree."""
        estimates = self.estimates
        assert estimates is not None
        effect = self.judged.effects[place]
        if self.judged.false_sign[place] > grading.CONFIDENCE:
            return ()
        ever, late = (self.sign * one.effects[place] for one in (estimates.ever, estimates.halves[-1]))
        said = []
        if np.isfinite(ever) and ever * effect <= 0:
            said.append("Counting what was ever gained, its effect has the other sign.")
        elif np.isfinite(ever) and abs(ever) > 2 * abs(effect):
            said.append("Counting what was ever gained doubles its effect, as steps that come with time do.")
        if self.standing.effects[place] * effect <= 0:
            said.append(
                "Standing at the landmark, instead of gained before it, its effect has the other sign."
            )
        if np.isfinite(late) and late * effect <= 0:
            said.append("In the later half of the time its effect has the other sign.")
        if not self._checks(place).lag_stable:
            said.append("Its effect is less than half when the clock starts later.")
        return tuple(said)

    def _lags(self, place: int) -> tuple[result.LagPoint, ...]:
        estimates = self.estimates
        assert estimates is not None
        points = []
        for lag, one in zip(self.prepared.grid.lags, estimates.lags, strict=True):
            if np.isfinite(one.effects[place]):
                effect = float(one.effects[place] - self.sign * self.standing.null.mean[place])
                half = float(1.96 * self.standing.null.widened(one.errors)[place])
                points.append(result.LagPoint(weeks_label(lag), effect, (effect - half, effect + half)))
        return tuple(points)

    def _pivotal(self, findings: list[result.Finding]) -> tuple[list[int], np.ndarray]:
        """Return the places of the proposed set, and per type the share of refits that choose it."""
        eligible = np.array([one.confirmed and not one.harmful for one in findings], dtype=bool)
        weight = np.nan_to_num(1 - self.coverage) * self.at_risk
        leverage = np.nan_to_num(self.judged.low, nan=-1.0) * weight
        previous = [place for place, key in enumerate(self.types) if key in self.settings.previous]
        size = self.settings.pivotal[1]
        chosen = selection.choose(eligible, leverage, size, self.bundles, previous, self.judged.p_top)
        allowed = np.array([one.grade != Grade.EXCLUDED for one in findings], dtype=bool)
        shares = selection.stability(
            self.main, self.judged, self.sign, weight, allowed, size, self.bundles, self._rng(REFITS)
        )
        return chosen, shares


def _plain_interval(one: gram.Estimate, place: int) -> result.Interval:
    """Return a 95 % interval that is not calibrated."""
    effect, half = float(one.effects[place]), 1.96 * float(one.errors[place])
    return effect - half, effect + half


def at_risk_a_quarter(prepared: study.Study) -> float:
    """Return how many deals a quarter reach the first landmark open, on average over the data."""
    read, first = prepared.history, prepared.grid.landmarks[0]
    seen = read.observed >= first
    span = float(read.created[seen].max() - read.created[seen].min()) if seen.any() else 0.0
    reached = int((seen & (read.closed > first)).sum())
    return reached / max(span / QUARTER_WEEKS, 1.0)


def segments_that_differ(
    segments: Mapping[tuple[str, str], tuple[gram.Estimate, gram.Estimate]],
) -> dict[tuple[str, str], np.ndarray]:
    """Return, per segment, which types have another effect there than elsewhere, counted over all tested."""
    if not segments:
        return {}
    p_values = []
    for inside, outside in segments.values():
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = np.abs(inside.effects - outside.effects) / gram.difference_errors(inside, outside)
        p_values.append(2 * scipy.special.ndtr(-distance))
    passed = calibration.adjusted(np.concatenate(p_values)) < grading.CONFIDENCE
    return dict(zip(segments, np.split(passed, len(p_values)), strict=True))


_ORDER = [
    Grade.STRONG,
    Grade.MODERATE,
    Grade.WEAK,
    Grade.NONE,
    Grade.EXCLUDED,
]


def _by_evidence(finding: result.Finding) -> tuple[int, float, str]:
    worth = abs(finding.worth) if np.isfinite(finding.worth) else 0.0
    return _ORDER.index(finding.grade), -worth, finding.agreement
