"""How well an agreement was gained: does more evidence, or better quality, go with a larger effect?

Each gain in a window is low or high in evidence (0 to 4) or quality (0 to 7), parted where both sides
hold about half of the gains. The difference between high and low gains is one more column of the joint
regression; by Frisch-Waugh-Lovell its effect is read off the fit that is there, without fitting anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery.judging import calibration, grading
from hingepoint.analysis.discovery.reading import design, gathering
from hingepoint.analysis.discovery.sums import gram, packing, study

#: The sides that gains are parted in.
LOW, HIGH = 1, 2


@dataclass(frozen=True)
class Response:
    """What gaining a type well does beside gaining it: effects below and from ``level`` on, by ``said``.

    Errors are cluster-robust; ``clear`` if the difference stands out over all that were tested.
    """

    place: int
    said: str
    level: int
    low: float
    low_error: float
    high: float
    high_error: float
    difference: float
    difference_error: float
    low_deals: int
    high_deals: int
    clear: bool = False


def responses(
    prepared: study.Study,
    sums: study.Sums,
    main: gram.Estimate,
    places: Sequence[int],
    least: int,
) -> list[Response]:
    """Return what can be told of the types at ``places`` from the levels of their gains.

    ``main`` is the next-window estimate. A type needs ``least`` deals on either side. Costs two passes.
    """
    tried = [
        _parted(prepared, level[:, place], name, place, least)
        for name, level in prepared.history.levels.items()
        for place in places
    ]
    parted = [one for one in tried if one is not None]
    if not parted:
        return []
    slopes, influence = _slopes(prepared, sums, main, Split.of(parted))
    return _clear(
        [
            _response(main, one, float(slopes[number]), influence[:, number])
            for number, one in enumerate(parted)
        ]
    )


def _response(main: gram.Estimate, parted: _Parted, slope: float, pulled: np.ndarray) -> Response:
    """Return the effects of low and high gains from their difference and how far each cluster pulls it."""
    factor = gram.small_sample(main.clusters, main.fit.within.rows, main.fit.freedom)
    effect, own, high = main.effects[parted.place], main.influence[:, parted.place], parted.high

    def error(pull: np.ndarray) -> float:
        return float(np.sqrt(factor * pull @ pull))

    return Response(
        place=parted.place,
        said=parted.said,
        level=parted.level,
        low=float(effect - high * slope),
        low_error=error(own - high * pulled),
        high=float(effect + (1 - high) * slope),
        high_error=error(own + (1 - high) * pulled),
        difference=slope,
        difference_error=error(pulled),
        low_deals=parted.low_deals,
        high_deals=parted.high_deals,
    )


def _clear(found: list[Response]) -> list[Response]:
    differences = np.array([one.difference for one in found])
    errors = np.array([one.difference_error for one in found])
    passed = (
        calibration.adjusted(calibration.interval_p_values(differences, errors, 0.0)) < grading.CONFIDENCE
    )
    return [replace(one, clear=bool(clear)) for one, clear in zip(found, passed, strict=True)]


@dataclass(frozen=True)
class _Parted:
    """The gains of a place in low and high.

    side   per row, 0 without a known gain in its window, LOW or HIGH with one
    high   the share of high ones among them
    """

    place: int
    said: str
    level: int
    high: float
    side: np.ndarray
    low_deals: int
    high_deals: int


def _parted(prepared: study.Study, level: np.ndarray, said: str, place: int, least: int) -> _Parted | None:
    now = _gained_now(prepared, place)
    of_row = np.where(now, level[prepared.rows.deal], gathering.UNKNOWN)
    known = of_row != gathering.UNKNOWN
    cuts = np.unique(of_row[known])[1:]
    if not cuts.size:
        return None
    shares = np.array([(of_row[known] >= cut).mean() for cut in cuts])
    best = int(np.argmin(np.abs(shares - 0.5)))
    high = float(shares[best])
    if min(high, 1 - high) * int(known.sum()) < least:
        return None
    side = np.where(known, np.where(of_row >= cuts[best], HIGH, LOW), 0).astype(np.int8)
    return _Parted(
        place, said, int(cuts[best]), high, side, int((side == LOW).sum()), int((side == HIGH).sum())
    )


@dataclass(frozen=True)
class Split:
    """Gains parted in several ways: their names, rows x ways the sides, and the share of high ones of each way."""

    names: tuple[str, ...]
    sides: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, parted: Sequence[_Parted]) -> Split:
        return cls(
            tuple(f"{one.said} {one.place}" for one in parted),
            np.column_stack([one.side for one in parted]),
            np.array([one.high for one in parted]),
        )

    def only(self, places: list[int]) -> Split:
        """Return some of the ways."""
        names = tuple(self.names[place] for place in places)
        return Split(names, self.sides[:, places], self.high[places])

    def columns(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return rows x ways: high against low gains, on average nothing; 0 without a known gain."""
        sides = self.sides[rows]
        return (sides == HIGH) - self.high * (sides != 0)


def _gained_now(prepared: study.Study, place: int) -> np.ndarray:
    """Return, per row, whether the place was gained in the window that ends at its landmark and stands."""
    rows, grid, read = prepared.rows, prepared.grid, prepared.history
    gained, landmark = read.gained[rows.deal, place], design.landmark_weeks(read, rows, grid)
    now = (gained > design.start_weeks(read, rows, grid)) & (gained <= landmark)
    if read.ended is not None:
        now &= read.ended[rows.deal, place] > landmark
    return now


def _slopes(
    prepared: study.Study, sums: study.Sums, main: gram.Estimate, split: Split
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effect of each further column, and clusters x columns how far each cluster pulls it."""
    fit, within = main.fit, main.fit.within
    columns = split.columns(slice(None))
    seller = prepared.seller[prepared.rows.deal]
    by_seller = np.column_stack(
        [np.bincount(seller, weights=column, minlength=within.counts.size) for column in columns.T]
    )
    average = by_seller / np.maximum(within.counts, 1.0)[:, None]
    cross = _cross(prepared, sums, split) - within.means.T @ by_seller
    others = fit.expand.T @ cross[:-1]
    shadow = fit.inverse @ others
    left = (columns**2).sum(axis=0) - (by_seller * average).sum(axis=0) - (others * shadow).sum(axis=0)
    left = np.maximum(left, 1e-9)
    slopes = (cross[-1] - others.T @ fit.coefficients) / left
    pulling = Pulling.of(prepared, fit, split, average, shadow, slopes)
    return slopes, sum(gram.folded(sums.blocks, pulling), np.zeros(())).T / left


def _cross(prepared: study.Study, sums: study.Sums, split: Split) -> np.ndarray:
    """Return the sums of all columns times those of the split; sides alone are crossed, shares may move."""
    sides = np.hstack([split.sides == HIGH, split.sides != 0])
    crossed = sum(gram.folded(sums.blocks, gram.Crossing(prepared.layout.width, sides)), np.zeros(()))
    high, known = np.hsplit(crossed.T, 2)
    return high - split.high * known


@dataclass(frozen=True)
class Pulling(packing.ByCluster):
    """The task of summing by cluster what is left of each column times the residuals with it in the fit.

    slopes   columns x (outcome, further columns): what makes of a row what is left of them
    levels   sellers x the same; ``average`` sellers x further columns
    """

    split: Split
    average: np.ndarray
    slopes: np.ndarray
    levels: np.ndarray
    effects: np.ndarray
    cluster: np.ndarray
    clusters: int

    @classmethod
    def of(
        cls,
        prepared: study.Study,
        fit: gram.Fit,
        split: Split,
        average: np.ndarray,
        shadow: np.ndarray,
        effects: np.ndarray,
    ) -> Pulling:
        from_outcome = np.append(-(fit.expand @ fit.coefficients), 1.0)
        from_column = np.vstack([fit.expand @ shadow, np.zeros(shadow.shape[1])])
        slopes = np.column_stack([from_outcome, from_column])
        levels = fit.within.means @ slopes
        return cls(split, average, slopes, levels, effects, prepared.cluster, prepared.clusters)

    @property
    def size(self) -> int:
        return self.effects.size

    def only(self, places: list[int]) -> Pulling:
        """Return the task for some of the further columns."""
        kept = [0, *(1 + place for place in places)]
        return replace(
            self,
            split=self.split.only(places),
            average=self.average[:, places],
            slopes=self.slopes[:, kept],
            levels=self.levels[:, kept],
            effects=self.effects[places],
        )

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what enters the scores of a column beside the rows of a piece, but its numbers (decision 144)."""
        yield packing.as_array(self.split.names[place])
        yield self.split.sides[rows, place]
        yield self.slopes[:, 1 + place] != 0

    def __call__(self, blocks: Iterable[gram.Block]) -> np.ndarray:
        pulled = np.zeros((self.effects.size, self.clusters))
        start = 0
        for block in blocks:
            columns = self.split.columns(gram.numbers(block, start)) - self.average[block.seller]
            parts = block.values @ self.slopes - self.levels[block.seller]
            left = columns - parts[:, 1:]
            scores = (parts[:, :1] - self.effects * left) * left
            cluster = self.cluster[block.deal]
            for number in range(scores.shape[1]):
                pulled[number] += np.bincount(cluster, scores[:, number], self.clusters)
            start += block.deal.size
        return pulled
