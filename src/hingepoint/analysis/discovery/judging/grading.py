"""Grades: what the numbers of a type amount to, by rules that can be read aloud."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery.judging import calibration, screens, shrinkage
from hingepoint.records.findings import Grade

CONFIDENCE = 0.05
SURELY_TOP, MAYBE_TOP = 0.8, 0.3
TOP = 8
#: Of the posterior, to say how sure the order is; places are looked up in fewer, for speed.
DRAWS, PLACED = 4000, 1000


@dataclass(frozen=True)
class Judged:
    """How sure the effects are, one entry a type; signs are such that more is better.

    effects, errors   calibrated: recentred and widened by the empirical null; ``sampling`` errors before that
    p_adjusted        adjusted p-value of an effect beyond the smallest worth having
    false_sign        chance of a wrong sign
    order             what puts the types in an order, which may borrow strength from other looks than the effects
    alone             the same without what another company found; None where nothing leans on that
    """

    null: calibration.Null
    posterior: shrinkage.Posterior
    effects: np.ndarray
    errors: np.ndarray
    sampling: np.ndarray
    p_adjusted: np.ndarray
    false_sign: np.ndarray
    order: Order
    alone: Order | None = None

    @property
    def p_top(self) -> np.ndarray:
        return self.order.p_top

    @property
    def p_bottom(self) -> np.ndarray:
        return self.order.p_bottom

    @property
    def low(self) -> np.ndarray:
        return self.order.low

    @property
    def expected(self) -> np.ndarray:
        return self.order.expected

    @property
    def borne_out(self) -> np.ndarray:
        """Whether at least half of each effect is left in what all looks at these data let one expect: little is of what is
        gained on good deals. Another company's pack has no part in it."""
        towards = np.sign(self.effects) * (self.alone or self.order).expected
        with np.errstate(invalid="ignore"):
            return np.asarray(towards >= screens.KEPT * np.abs(self.effects))


@dataclass(frozen=True)
class Order:
    """What puts the types in an order, and how sure that is, one entry a type.

    p_top      chance of being among the best eight; ``p_bottom`` among the worst
    low        effect that is exceeded with 80 % chance
    expected   the shrunken effect, by which the types are ordered
    place      1 for the best; ``between`` types x 2, the places it holds in nine of ten draws; 0 if not judged
    """

    p_top: np.ndarray
    p_bottom: np.ndarray
    low: np.ndarray
    expected: np.ndarray
    place: np.ndarray
    between: np.ndarray


def judge(
    effects: np.ndarray,
    errors: np.ndarray,
    smallest: float,
    noise: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Judged:
    """Return how sure the effects of all judged types are, together.

    ``noise`` is the standard deviation of the outcome; ``groups`` have nulls of their own.
    """
    null = calibration.empirical_null(effects, errors, groups)
    centred, widened = null.centred(effects), null.widened(errors)
    posterior = _posterior(null, effects, errors, noise)
    known = np.isfinite(centred)
    return Judged(
        null=null,
        posterior=posterior,
        effects=centred,
        errors=widened,
        sampling=errors if null.learned else widened,
        p_adjusted=calibration.adjusted(calibration.interval_p_values(centred, widened, smallest)),
        false_sign=np.where(known, posterior.false_sign, 1.0),
        order=_order(posterior, known, rng),
    )


def reordered(
    judged: Judged,
    effects: np.ndarray,
    errors: np.ndarray,
    noise: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Judged:
    """Return the same, with the chances to be the best and what to expect from other estimates of the effects."""
    null = calibration.empirical_null(effects, errors, groups)
    posterior = _posterior(null, effects, errors, noise)
    return replace(judged, order=_order(posterior, np.isfinite(effects), rng))


def leaning(
    judged: Judged,
    effects: np.ndarray,
    errors: np.ndarray,
    noise: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Judged:
    """Return the same in the order of estimates that lean on another company's.

    The chances to be among the best and the worst, by which types are graded, stay those of these data.
    """
    own = judged.order
    order = reordered(judged, effects, errors, noise, rng, groups).order
    return replace(judged, order=replace(order, p_top=own.p_top, p_bottom=own.p_bottom), alone=own)


def _posterior(
    null: calibration.Null, effects: np.ndarray, errors: np.ndarray, noise: float
) -> shrinkage.Posterior:
    sampling, spread = (errors, null.spread) if null.learned else (null.widened(errors), None)
    centred = null.centred(effects)
    return shrinkage.shrink(centred, sampling, shrinkage.learn_prior(centred, sampling, noise, spread))


def _order(posterior: shrinkage.Posterior, known: np.ndarray, rng: np.random.Generator) -> Order:
    draws = posterior.draws(rng, DRAWS)
    draws[:, ~known] = 0.0
    place = np.zeros(known.size, dtype=np.int64)
    place[known] = _places(posterior.mean[None, known])[0]
    return Order(
        p_top=np.where(known, shrinkage.top_chances(draws, TOP), 0.0),
        p_bottom=np.where(known, shrinkage.top_chances(-draws, TOP), 0.0),
        low=np.where(known, np.quantile(draws, 0.2, axis=0), np.nan),
        expected=np.where(known, posterior.mean, np.nan),
        place=place,
        between=_between(draws[:PLACED], known, rng),
    )


def _between(draws: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return types x 2, the places that each known type holds in nine of ten draws. Those that do nothing in a draw
    share their places by lot."""
    between = np.zeros((known.size, 2), dtype=np.int64)
    if known.any():
        lots = 1e-12 * rng.random((draws.shape[0], int(known.sum())))
        held = _places(draws[:, known] + lots)
        between[known] = np.quantile(held, (0.05, 0.95), axis=0, method="nearest").T
    return between


def _places(effects: np.ndarray) -> np.ndarray:
    """Return draws x types, the place of each in its row: 1 for the largest, the earlier one first of equals."""
    return np.argsort(np.argsort(-effects, axis=1, kind="stable"), axis=1, kind="stable") + 1


@dataclass(frozen=True)
class Checks:
    """What a strong finding must also withstand; a moderate one the three of ``sound``.

    lag_stable, lasting   half of it is left when the clock starts later, and of what was ever gained
    same_sign             it has the same sign in the later half of time
    borne_out             half of it is left in all looks together, without what facts give away of what nobody recorded
    undoubted, trusted    nothing in the record speaks against it; or no more than that open deals have it more often
    """

    robust: bool
    lag_stable: bool
    lasting: bool
    same_sign: bool
    told_apart: bool
    calibrated: bool
    undoubted: bool
    beyond_controls: bool = True
    borne_out: bool = True
    trusted: bool = True

    @property
    def sound(self) -> bool:
        """Whether the record can be trusted with it, and no other look at the same deals leaves less than half of it."""
        return self.trusted and self.lasting and self.borne_out


def grade(judged: Judged, place: int, checks: Checks) -> Grade:
    """Return the grade of one type; against the metric the same tests make it harmful, the worst eight too. What is clear
    and not sound is worth a test, whichever way, and no more."""
    if not np.isfinite(judged.effects[place]):
        return Grade.NONE
    against = judged.effects[place] < 0
    if judged.false_sign[place] < CONFIDENCE:
        if not checks.sound:
            return Grade.WEAK
        chance = judged.p_bottom[place] if against else judged.p_top[place]
        sure = judged.p_adjusted[place] < CONFIDENCE and chance > SURELY_TOP
        withstands = (
            checks.robust
            and checks.lag_stable
            and checks.same_sign
            and checks.told_apart
            and checks.calibrated
            and checks.undoubted
            and checks.beyond_controls
        )
        return Grade.STRONG if sure and withstands else Grade.MODERATE
    if not against and judged.p_top[place] > MAYBE_TOP:
        return Grade.WEAK
    return Grade.NONE
