"""The verdict on every type: calibrated, ordered, checked and graded once, and only read afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import (
    calibration,
    combining,
    controls,
    decided,
    grading,
    leaning,
    robustness,
    screens,
    selection,
    selection_on_facts,
)
from hingepoint.analysis.discovery.reading import columns
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.sums import gram, study
from hingepoint.analysis.discovery.telling import words
from hingepoint.records.agreements import AgreementType, Side
from hingepoint.records.findings import Grade

#: Above this share of types with a clear effect the bulk no longer shows what nothing looks like.
BULK = 0.3
#: An effect of which less than this share is left in the later half of time has faded.
FADED = 0.5
#: Half a 95 % interval, in errors.
HALF = 1.96
#: Streams of random numbers: each use has its own, so that adding one changes no other.
RANKING, STANDING, REFITS, TOGETHER, LEANING = 2, 3, 4, 5, 7


@dataclass(frozen=True)
class Verdicts:
    """How all types of a study were judged, one entry a type.

    judged           of the next window, its order from all looks; ``standing`` the same of standing at landmarks
    smallest         the smallest effect worth having, in the metric's unit
    segments_differ  per segment, which types have another effect there than elsewhere
    turned           which types have clearly the other effect in the later half of time than in the earlier
    faded            which types have clearly less than half of their earlier effect in the later half of time
    bundles          types that these data cannot tell apart; ``copied`` per type the one it is a copy of
    doubts           what the record says against types, by their key; ``leaning`` against those of them that help;
                     ``more`` are those of which it says only that open deals have them more often
    strengths        of the covariates as confounders; ``benchmarks`` the strongest for each type
    controls         the negative controls that the analyst named, and what came of them
    repairs          of the record that were tried on what is clear, by the place of the type
    breaks           what would take a clear finding away, by the place of the type
    """

    prepared: study.Study
    estimates: study.Estimates
    settings: Settings
    copied: Mapping[int, int]
    judged: grading.Judged
    standing: grading.Judged
    smallest: float
    segments_differ: Mapping[tuple[str, str], np.ndarray]
    turned: np.ndarray
    faded: np.ndarray
    bundles: list[tuple[int, ...]]
    doubts: Mapping[str, tuple[str, ...]]
    strengths: robustness.Strengths
    benchmarks: list[robustness.Benchmark | None]
    controls: controls.Controls = field(default_factory=controls.Controls)
    leaning: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more: Collection[str] = ()
    repairs: Mapping[int, tuple[result.Repair, ...]] = field(default_factory=dict)
    breaks: Mapping[int, tuple[result.Breaks, ...]] = field(default_factory=dict)

    @property
    def main(self) -> gram.Estimate:
        """The estimate that is graded."""
        return self.estimates.next_window

    @property
    def sign(self) -> int:
        return self.prepared.history.metric.sign

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the calibration could not do, and controls that failed."""
        return (*self._of_calibration(), *([self.controls.in_words] if self.controls.failed else []))

    def _of_calibration(self) -> tuple[str, ...]:
        if not self.judged.null.learned:
            return (
                "Too few agreement types to see what types that do nothing look like: errors were widened by half "
                "instead, and nothing is graded strong.",
            )
        if self.judged.null.nonzero > BULK:
            return (
                f"{self.judged.null.nonzero:.0%} of the types stand out: the calibration, which takes most to do "
                "little, may be too strict or too kind.",
            )
        return ()

    def speaker(self, place: int) -> int:
        """Return the place of the type that speaks for one: another where it is a copy, mostly itself."""
        return self.copied.get(place, place)

    def bundle(self, place: int) -> tuple[int, ...]:
        """Return the places of the types that cannot be told from one, itself among them."""
        return next((group for group in self.bundles if place in group), (place,))

    def effect(self, place: int) -> float:
        """Return the calibrated effect of a type, more being better."""
        return float(self.judged.effects[self.speaker(place)])

    def shown(self, place: int) -> tuple[float, result.Interval]:
        """Return the calibrated effect of a type and its 95 % interval, in the metric's own direction."""
        return _shown(self.judged, place, self.sign)

    def effect_and_error(self, place: int) -> tuple[float, float]:
        """Return the calibrated effect of a type in the metric's own direction, and its error."""
        return float(self.sign * self.judged.effects[place]), float(self.judged.errors[place])

    def gained(self, place: int) -> int:
        """Return how many deals gained a type in a window."""
        return deals_with(self.main, place)

    def standing_shown(self, place: int) -> tuple[float, result.Interval]:
        """Return the same of standing at the landmark."""
        return _shown(self.standing, place, self.sign)

    def recentred(self, effect: float, error: float, place: int) -> tuple[float, result.Interval]:
        """Return an effect of a type in the units of next window, calibrated like the whole."""
        moved = effect - self.sign * float(self.judged.null.mean[place])
        half = HALF * float(np.hypot(error, self.judged.null.spread[place]))
        return moved, (moved - half, moved + half)

    def calibrated(self, one: gram.Estimate, place: int) -> tuple[float, result.Interval]:
        """Return the effect in another estimate in the units of next window, recentred and widened likewise."""
        return self.recentred(float(one.effects[place]), float(one.errors[place]), place)

    def grade(self, place: int) -> Grade:
        if self.prepared.history.types[place] in self.controls.named:
            return Grade.EXCLUDED
        return grading.grade(self.judged, place, self.checks(place))

    def confirmed(self, place: int) -> bool:
        """Return whether a type is graded strong or moderate."""
        return self.grade(place) in (Grade.STRONG, Grade.MODERATE)

    @property
    def clear(self) -> list[int]:
        """The places of the types whose sign is hardly ever wrong, whatever the record says against them."""
        sure = np.isfinite(self.main.effects) & (self.judged.false_sign < grading.CONFIDENCE)
        types = self.prepared.history.types
        return [place for place in np.nonzero(sure)[0].tolist() if types[place] not in self.controls.named]

    @property
    def helpful(self) -> list[int]:
        """Those of them that help."""
        return [place for place in self.clear if self.judged.effects[place] > 0]

    def checks(self, place: int) -> grading.Checks:
        """Return what a strong finding must also withstand."""
        effect = self.judged.effects[place]
        benchmark = self.benchmarks[place]
        later_half = self.sign * self.estimates.halves[-1].effects[place]
        return grading.Checks(
            robust=benchmark is None or abs(effect) > benchmark.bias,
            lag_stable=self._lag_stable(place),
            lasting=self._lasting(place),
            same_sign=bool(not np.isfinite(later_half) or later_half * effect > 0),
            told_apart=len(self.bundle(place)) == 1,
            calibrated=self.judged.null.learned,
            undoubted=not self.doubted(place),
            beyond_controls=abs(effect) > self.controls.largest,
            borne_out=bool(self.judged.borne_out[place]),
            trusted=self._trusted(place),
        )

    def doubted(self, place: int) -> tuple[str, ...]:
        """Return what the record says against a type: why nothing strong is said of it."""
        key = self.prepared.history.types[place]
        said = self.doubts.get(key, ())
        if not said and key in self.leaning and self.judged.effects[place] > 0:
            said = self.leaning[key]
        return said + tuple(one.in_words for one in self.repairs.get(place, ()) if not one.survived)

    def _trusted(self, place: int) -> bool:
        """Return whether the record says no more against a type than that open deals have it more often: it may be asked for
        more than before, as well as vanish with a loss."""
        if any(not one.survived for one in self.repairs.get(place, ())):
            return False
        return self.prepared.history.types[place] in self.more or not self.doubted(place)

    def against(self, place: int) -> tuple[str, ...]:
        """Return why nothing strong is said of a type: what the record says, and other looks if its effect is clear."""
        if self.judged.false_sign[place] > grading.CONFIDENCE:
            return self.doubted(place)
        looks = (
            (self._lasting(place), words.NOT_LASTING),
            (self.judged.borne_out[place], words.NOT_BORNE_OUT),
        )
        return self.doubted(place) + tuple(said for stands, said in looks if not stands)

    def _lag_stable(self, place: int) -> bool:
        standing = self.standing.effects[place]
        last = self.sign * self.estimates.lags[-1].effects[place]
        return bool(not np.isfinite(last) or last * np.sign(standing) >= screens.KEPT * abs(standing))

    def _lasting(self, place: int) -> bool:
        """Return whether at least half of an effect is left among deals that ever gained the type: what only comes
        shortly before a decision, as steps do that every deal comes to, is lost there."""
        effect, ever = self.judged.effects[place], self.sign * self.estimates.ever.effects[place]
        return bool(not np.isfinite(ever) or ever * np.sign(effect) >= screens.KEPT * abs(effect))

    def robustness(self, place: int, alpha: float = 1.0) -> float:
        """Return the robustness value (Cinelli & Hazlett 2020); with ``alpha`` that of being significant."""
        t = self.judged.effects[place] / self.main.errors[place]
        return float(robustness.robustness_value(t, self.main.fit.freedom, alpha=alpha))

    def deals_needed(self, place: int) -> int:
        """Return with how many deals an effect of this size, or twice the smallest, would be confirmed.

        80 % power at the 1 % level, by the square-root law.
        """
        wanted = max(abs(self.judged.effects[place]), 2 * self.smallest, 1e-12)
        factor = (3.42 * self.main.errors[place] / wanted) ** 2
        return int(float(f"{self.prepared.history.size * factor:.2g}"))

    def disagreements(self, place: int) -> tuple[str, ...]:
        """Return, for a type with a clear effect, which other looks at it disagree."""
        effect = self.judged.effects[place]
        if self.judged.false_sign[place] > grading.CONFIDENCE:
            return ()
        later_half = self.sign * self.estimates.halves[-1].effects[place]
        sentences = list(self._ever_disagrees(place, effect))
        if not self.judged.borne_out[place]:
            sentences.append("All looks at it together leave less than half of its effect.")
        if self.standing.effects[place] * effect <= 0:
            sentences.append(
                "Standing at the landmark, instead of gained before it, its effect has the other sign."
            )
        if np.isfinite(later_half) and later_half * effect <= 0:
            sentences.append("In the later half of the time its effect has the other sign.")
        if not self._lag_stable(place):
            sentences.append("Its effect is less than half when the clock starts later.")
        return tuple(sentences)

    def _ever_disagrees(self, place: int, effect: float) -> tuple[str, ...]:
        ever = self.sign * self.estimates.ever.effects[place]
        if not np.isfinite(ever):
            return ()
        if ever * effect <= 0:
            return ("Counting what was ever gained, its effect has the other sign.",)
        if not self._lasting(place):
            return ("Counting what was ever gained, less than half of its effect is left.",)
        if abs(ever) > 2 * abs(effect):
            return ("Counting what was ever gained doubles its effect, as steps that come with time do.",)
        return ()

    def reverses(self, inside: gram.Estimate, outside: gram.Estimate, place: int) -> bool:
        """Return whether an effect clearly has the other sign inside a segment than outside of it."""
        here, (low, high) = self.calibrated(inside, place)
        elsewhere, _ = self.calibrated(outside, place)
        return here * elsewhere < 0 and not low <= 0 <= high

    def proposed(
        self, eligible: np.ndarray, allowed: np.ndarray, at_risk_not_gained: np.ndarray
    ) -> tuple[list[int], np.ndarray]:
        """Return the places of the proposed set, and per type the share of refits that choose it.

        ``eligible`` may be proposed, ``allowed`` may be judged at all; ``at_risk_not_gained`` are deals a
        quarter that could still gain a type.
        """
        leverage = np.nan_to_num(self.judged.low, nan=-1.0) * at_risk_not_gained
        types, size = self.prepared.history.types, self.settings.pivotal[1]
        previous = [place for place, key in enumerate(types) if key in self.settings.previous]
        chosen = selection.choose(eligible, leverage, size, self.bundles, previous, self.judged.p_top)
        shares = selection.stability(
            self.main,
            self.judged,
            self.sign,
            at_risk_not_gained,
            allowed,
            size,
            self.bundles,
            _rng(self.settings, REFITS),
        )
        return chosen, shares


def _shown(judged: grading.Judged, place: int, sign: int) -> tuple[float, result.Interval]:
    effect, half = sign * judged.effects[place], HALF * judged.errors[place]
    return float(effect), (float(effect - half), float(effect + half))


def deals_with(one: gram.Estimate, place: int) -> int:
    """Return how many deals of an estimate gained the type in a window."""
    return round(float(one.fit.totals[one.fit.targets[place]]))


def judge(
    prepared: study.Study,
    estimates: study.Estimates,
    settings: Settings,
    catalogue: Mapping[str, AgreementType],
    copied: Mapping[int, int],
    doubts: Mapping[str, tuple[str, ...]],
    leaning: Mapping[str, tuple[str, ...]],
    more: Collection[str],
) -> Verdicts:
    """Return the verdicts on all types; ``copied`` says per type which one it is a copy of, ``doubts`` by key
    what the record says against it, ``leaning`` what it says if the type helps, ``more`` where that is all."""
    main = estimates.next_window
    worth_having = smallest(prepared, settings)
    judged, standing = ordered(prepared, estimates, settings, catalogue)
    strengths = robustness.strengths(main, _covariates(prepared))
    return Verdicts(
        prepared=prepared,
        estimates=estimates,
        settings=settings,
        copied=copied,
        judged=judged,
        standing=standing,
        smallest=worth_having,
        segments_differ=segments_that_differ(estimates.segments),
        turned=turned(estimates, standing.null),
        faded=faded(estimates, standing.null),
        bundles=screens.bundles(main, copied),
        doubts=doubts,
        leaning=leaning,
        more=more,
        strengths=strengths,
        benchmarks=robustness.benchmarks(main, strengths, judged.effects),
        controls=controls.told(prepared.history.types, settings.negative_controls, judged),
    )


def ordered(
    prepared: study.Study,
    estimates: study.Estimates,
    settings: Settings,
    catalogue: Mapping[str, AgreementType],
) -> tuple[grading.Judged, grading.Judged]:
    """Return how sure the effects of the next window are, ordered by all looks, and those of standing."""
    sign, deviation = prepared.history.metric.sign, noise(prepared, estimates)
    worth_having, groups = smallest(prepared, settings), sides(prepared, catalogue)
    main, standing = estimates.next_window, estimates.by_landmark
    alone, at_landmarks = (
        grading.judge(sign * one.effects, one.errors, worth_having, deviation, _rng(settings, stream), groups)
        for one, stream in ((main, RANKING), (standing, STANDING))
    )
    looks = combining.pooled(
        combining.Look(alone.effects, main.errors, main.influence),
        combining.Look(at_landmarks.effects, standing.errors, standing.influence).divided(combining.STANDING),
    )
    third = decided.look(prepared, np.isfinite(main.fit.inflation[main.fit.targets]))
    if third:
        known = combining.without_bias(third.look, looks, decided.traits(prepared.history))
        looks = selection_on_facts.without_the_rest(combining.pooled(looks, known), third.taken)
    rng = _rng(settings, TOGETHER)
    judged = grading.reordered(alone, looks.effects, looks.errors, deviation, rng, groups)
    read = prepared.history
    pack = leaning.look(settings, read.types, read.metric, prepared.clusters)
    if pack:
        put, rng = combining.pooled(looks, pack), _rng(settings, LEANING)
        judged = grading.leaning(judged, put.effects, put.errors, deviation, rng, groups)
    return judged, at_landmarks


def smallest(prepared: study.Study, settings: Settings) -> float:
    """Return the smallest effect worth having, in the metric's unit."""
    if prepared.history.metric.kind == "share":
        return settings.smallest_effect
    outcome = np.abs(prepared.rows.outcome)
    return settings.smallest_effect * float(outcome.mean()) if outcome.size else 0.0


def noise(prepared: study.Study, estimates: study.Estimates | None) -> float:
    """Return the standard deviation of the outcome that nothing known explains; of all of it without estimates."""
    if estimates is None:
        return float(prepared.rows.outcome.std()) if prepared.rows.size else 0.5
    fit = estimates.next_window.fit
    return float(np.sqrt(fit.residual / max(fit.freedom, 1)))


def sides(prepared: study.Study, catalogue: Mapping[str, AgreementType]) -> np.ndarray:
    """Return which types are agreed with the customer: by the catalogue, otherwise by the events."""
    read = prepared.history
    listed = {key: one.side == Side.CUSTOMER for key, one in catalogue.items()}
    return np.array([listed.get(key, read.with_customer.get(key, True)) for key in read.types], dtype=bool)


def _covariates(prepared: study.Study) -> dict[str, np.ndarray]:
    """Return the columns of each covariate by its name; products of two and columns of the design are left out."""
    names = np.array(prepared.columns.groups)
    facts = (name for name in dict.fromkeys(names.tolist()) if name not in columns.OF_THE_DESIGN)
    alone = [name for name in facts if " x " not in name]
    return {name: np.nonzero(names == name)[0] for name in alone}


def _rng(settings: Settings, stream: int) -> np.random.Generator:
    return np.random.default_rng([settings.seed, stream])


def turned(estimates: study.Estimates, null: calibration.Null) -> np.ndarray:
    """Return which types help in one half of time and harm in the other, clearly, counted over all tested.

    ``null`` is that of standing at landmarks, which both halves are estimates of.
    """
    earlier, later, moved = _moved(estimates, null)
    with np.errstate(invalid="ignore"):
        return moved & (earlier * later < 0)


def faded(estimates: study.Estimates, null: calibration.Null) -> np.ndarray:
    """Return which types have less than half of their earlier effect in the later half of time, clearly likewise."""
    earlier, later, moved = _moved(estimates, null)
    with np.errstate(invalid="ignore"):
        return moved & (earlier * later >= 0) & (np.abs(later) < FADED * np.abs(earlier))


def _moved(estimates: study.Estimates, null: calibration.Null) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the recentred effects in both halves of time, and which types differ, counted over all tested."""
    earlier, later = (one.effects for one in estimates.halves)
    errors = np.hypot(*(one.errors for one in estimates.halves))
    with np.errstate(invalid="ignore", divide="ignore"):
        p_values = 2 * scipy.special.ndtr(-np.abs(later - earlier) / errors)
    with np.errstate(invalid="ignore"):
        differs = calibration.adjusted(p_values) < grading.CONFIDENCE
    return earlier - null.mean, later - null.mean, differs


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
