"""What others would run: two-way fixed effects with a wild bootstrap by team. Shown, never the headline.

It is right only where the effect is the same for every team and every time: teams that began long ago serve as
comparison for those that begin (Goodman-Bacon 2021).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.impact.chance import Reading
from hingepoint.analysis.impact.panel import Panel
from hingepoint.analysis.impact.weights import TwoWay
from hingepoint.analysis.trials import redraws

#: Up to so many teams all changes of sign are gone through, otherwise so many are drawn.
EVERY, DRAWN = 10, 1_999
_HALVINGS, _DOUBLINGS = 40, 12


@dataclass(frozen=True)
class _Scores:
    """What the test of any effect needs, by team: an effect ``b`` leaves ``outcome - b * dose``.

    own      outcome and dose, teams each: what a team adds to the estimate
    crossed  outcome and dose, teams x teams: what a change of sign of one team's residuals adds to the
             score of another, once team and period effects are told anew
    """

    own: tuple[np.ndarray, np.ndarray]
    crossed: tuple[np.ndarray, np.ndarray]

    @property
    def squares(self) -> float:
        return float(self.own[1].sum())

    @property
    def effect(self) -> float:
        return float(self.own[0].sum() / self.squares)

    @property
    def error(self) -> float:
        return math.sqrt(((self.own[0] - self.effect * self.own[1]) ** 2).sum()) / self.squares


def two_way(panel: Panel, *, rng: np.random.Generator) -> Reading:
    """Return the coefficient of living it, with the interval and chance of the restricted wild cluster bootstrap
    (Cameron, Gelbach & Miller 2008): signs of whole teams are changed, with the effect that is tested imposed.
    """
    scores = _scores(panel)
    if scores is None or scores.error == 0:
        return Reading(math.nan if scores is None else scores.effect)
    signs = _signs(len(panel.teams), rng)

    def chance(effect: float) -> float:
        return _chance(scores, signs, effect)

    low, high = (_end(chance, scores.effect, direction * scores.error) for direction in (-1, 1))
    return Reading(scores.effect, low, high, chance(0.0))


def _scores(panel: Panel) -> _Scores | None:
    """Return the scores, None where nothing is left of living it beside teams and periods."""
    two = TwoWay.of(panel.deals[None])
    lived, values = two.left(np.stack([panel.lived, panel.values])[None])[0] * (panel.deals > 0)
    weighed = panel.deals * lived
    if (weighed * lived).sum() < 1e-9 * max(panel.deals.sum(), 1):
        return None
    own = (weighed * values).sum(axis=1), (weighed * lived).sum(axis=1)
    alone = np.eye(len(panel.teams))[:, :, None]
    crossed = tuple((two.left((alone * part)[None])[0] * weighed).sum(axis=2) for part in (values, lived))
    return _Scores(own, (crossed[0], crossed[1]))


def _signs(teams: int, rng: np.random.Generator) -> np.ndarray:
    if teams <= EVERY:
        return np.array(list(itertools.product((1.0, -1.0), repeat=teams)))
    drawn = rng.choice((1.0, -1.0), size=(DRAWN, teams))
    return np.vstack([np.ones((1, teams)), drawn])


def _chance(scores: _Scores, signs: np.ndarray, effect: float) -> float:
    """Return how often changed signs go as far as the data do from ``effect``."""
    left = scores.own[0] - effect * scores.own[1]
    crossed = scores.crossed[0] - effect * scores.crossed[1]
    beyond = signs @ left / scores.squares
    spread = np.sqrt(((signs @ crossed - beyond[:, None] * scores.own[1]) ** 2).sum(axis=1)) / scores.squares
    far = np.divide(beyond, spread, out=np.full_like(beyond, math.inf), where=spread > 0)
    return redraws.chance((scores.effect - effect) / scores.error, far)


def _end(chance, effect: float, step: float) -> float:  # type: ignore[no-untyped-def]
    """Return the last effect in a direction that is not refused, infinite where none is."""
    for _ in range(_DOUBLINGS):
        if chance(effect + step) <= redraws.LEVEL:
            break
        step *= 2
    else:
        return math.copysign(math.inf, step)
    inside, outside = effect, effect + step
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if chance(middle) <= redraws.LEVEL else (middle, outside)
    return inside
