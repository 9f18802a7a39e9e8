"""One pass, all effects: sums of products that add up, and the joint least squares read from them.

The regression of the outcome on covariates and *all* agreements at once, within seller, needs only
the matrix of sums of products of its columns (Frisch & Waugh 1933; Lovell 1963). Sums of products
are additive over rows, so they are kept in cells (landmark, lag class, half of time, segment) and
every question about some of the rows is a sum over cells and one inverse. New deals are added, not
recomputed; partitions of a cluster each return theirs.

Inference is from influence: what each deal contributes to each effect, summed over clusters
(Liang & Zeger 1986). Influences of two regressions on overlapping rows can be subtracted, which
gives the error of a difference, and reweighted, which gives a cluster bootstrap without refitting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery.sums.packing import ByCluster, Stacked, as_array

T = TypeVar("T")

#: Keeps exactly collinear columns from moving estimates silently (relative to standardised columns).
RIDGE = 1e-8
#: Share of a column's variance that must be left after seller and all other columns.
LEFT = 1e-6


@dataclass(frozen=True)
class Block:
    """Some rows.

    values   rows x (covariates, settled before, gained in the window, outcome)
    cell     the cell each row counts in
    seller   whose fixed effect
    deal     index of the deal
    row      its number among all rows; None where blocks come in the order of all rows
    """

    values: np.ndarray
    cell: np.ndarray
    seller: np.ndarray
    deal: np.ndarray
    row: np.ndarray | None = None


@dataclass
class Cube:
    """Sums of products, sums and counts by cell (and seller)."""

    products: np.ndarray
    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def empty(cls, cells: int, sellers: int, width: int) -> Cube:
        return cls(
            np.zeros((cells, width, width)), np.zeros((cells, sellers, width)), np.zeros((cells, sellers))
        )

    def add(self, block: Block) -> None:
        """Add the rows of a block."""
        sellers = self.counts.shape[1]
        place = block.cell * sellers + block.seller
        order = np.argsort(place, kind="stable")
        values, place = block.values[order], place[order]
        for cell, start, stop in _runs(place // sellers):
            rows = values[start:stop]
            self.products[cell] += rows.T @ rows
        starts = np.nonzero(np.diff(place, prepend=-1))[0]
        groups = place[starts]
        self.sums.reshape(-1, values.shape[1])[groups] += np.add.reduceat(values, starts, axis=0)
        self.counts.reshape(-1)[groups] += np.diff(starts, append=place.size)

    def merge(self, other: Cube) -> Cube:
        """Return the cube of both sets of rows together."""
        return Cube(self.products + other.products, self.sums + other.sums, self.counts + other.counts)

    def less(self, other: Cube) -> Cube:
        """Return one cell: the rows of all cells without those of another cube of one cell."""
        return Cube(
            self.products.sum(axis=0, keepdims=True) - other.products,
            self.sums.sum(axis=0, keepdims=True) - other.sums,
            self.counts.sum(axis=0, keepdims=True) - other.counts,
        )

    def take_in(self, other: Cube) -> None:
        """Add the rows of another cube to this one, without a third in memory."""
        self.products += other.products
        self.sums += other.sums
        self.counts += other.counts

    def within(self, cells: np.ndarray) -> Within:
        """Return the sums of products around seller means over the cells of a mask."""
        products = self.products[cells].sum(axis=0)
        sums = self.sums[cells].sum(axis=0)
        counts = self.counts[cells].sum(axis=0)
        means = sums / np.maximum(counts, 1.0)[:, None]
        return Within(products - sums.T @ means, means, counts, cells)


def accumulate(blocks: Iterable[Block], cells: int, sellers: int, width: int) -> Cube:
    """Return the cube of all blocks."""
    cube = Cube.empty(cells, sellers, width)
    for block in blocks:
        cube.add(block)
    return cube


def _runs(sorted_groups: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield each group with the start and stop of its rows."""
    starts = np.nonzero(np.diff(sorted_groups, prepend=-1))[0]
    stops = np.append(starts[1:], sorted_groups.size)
    yield from zip(sorted_groups[starts].tolist(), starts.tolist(), stops.tolist(), strict=True)


@dataclass(frozen=True)
class Within:
    """Sums of products around seller means, over some cells."""

    products: np.ndarray
    means: np.ndarray
    counts: np.ndarray
    cells: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    @property
    def totals(self) -> np.ndarray:
        """The sum of each column."""
        return self.counts @ self.means

    @property
    def sellers(self) -> int:
        return int((self.counts > 0).sum())


@dataclass(frozen=True)
class Layout:
    """Where things stand in a row: covariates, agreements before, agreements in the window, outcome."""

    covariates: int
    types: int

    @property
    def width(self) -> int:
        return self.covariates + 2 * self.types + 1

    def by_landmark(self) -> np.ndarray:
        """Return the map to estimand A: covariates, and each agreement as it stands at the landmark."""
        p, k = self.covariates, self.types
        expand = np.zeros((p + 2 * k, p + k))
        expand[:p, :p] = np.eye(p)
        expand[p : p + k, p:] = np.eye(k)
        expand[p + k :, p:] = np.eye(k)
        return expand

    def next_window(self) -> np.ndarray:
        """Return the map to estimand B: agreements before the window and in it, apart."""
        return np.eye(self.covariates + 2 * self.types)


@dataclass(frozen=True)
class Fit:
    """A joint least-squares fit over some cells.

    coefficients  of the columns after ``expand``; 0 for those that could not be estimated
    inverse       of the sums of products; rows and columns of those are 0
    estimable     which columns could be
    inflation     variance inflation of each column by all others (VIF)
    targets       the columns whose effects are wanted: one per agreement type
    totals        sum of each column over the rows
    residual      residual sum of squares; ``freedom`` its degrees of freedom
    """

    within: Within
    expand: np.ndarray
    coefficients: np.ndarray
    inverse: np.ndarray
    estimable: np.ndarray
    inflation: np.ndarray
    targets: np.ndarray
    totals: np.ndarray
    residual: float
    freedom: int

    @property
    def effects(self) -> np.ndarray:
        """The effect of each agreement type; NaN where it could not be estimated."""
        return np.where(self.estimable[self.targets], self.coefficients[self.targets], np.nan)

    def left(self) -> np.ndarray:
        """Return columns x types: what makes of a row what is left of each type given all other columns.

        The inverse holds it but for the scale (Frisch & Waugh 1933): P[:, a] / P_aa.
        """
        own = np.diag(self.inverse)[self.targets]
        shares = self.inverse[:, self.targets] / np.where(own > 0, own, 1.0)
        return np.vstack([self.expand @ shares, np.zeros(own.size)])

    def silencing(self, columns: np.ndarray) -> Fit:
        """Return the same fit in which these columns adjust but are not reported."""
        estimable = self.estimable.copy()
        estimable[columns] = False
        return replace(self, estimable=estimable)


def fit(within: Within, expand: np.ndarray, targets: np.ndarray, usable: np.ndarray | None = None) -> Fit:
    """Return the joint regression of the outcome on the expanded columns.

    ``usable`` switches columns off, such as those of types with too few deals.
    """
    full = within.products
    gram = expand.T @ full[:-1, :-1] @ expand
    cross = expand.T @ full[:-1, -1]
    spread = np.diag(gram).copy()
    alive = spread > LEFT * max(within.rows, 1)
    if usable is not None:
        alive &= usable
    scale = np.sqrt(np.where(alive, spread, 1.0))
    chosen = np.nonzero(alive)[0]
    standard = gram[np.ix_(chosen, chosen)] / np.outer(scale[chosen], scale[chosen])
    inverse_standard = _inverse(standard + RIDGE * np.eye(chosen.size))
    inverse = np.zeros_like(gram)
    inverse[np.ix_(chosen, chosen)] = inverse_standard / np.outer(scale[chosen], scale[chosen])
    inflation = np.full(spread.size, np.inf)
    inflation[chosen] = np.diag(inverse_standard)
    coefficients = inverse @ cross
    residual = float(full[-1, -1] - 2 * coefficients @ cross + coefficients @ gram @ coefficients)
    estimable = alive & (inflation < 1 / (10 * RIDGE))
    freedom = within.rows - chosen.size - within.sellers
    return Fit(
        within=within,
        expand=expand,
        coefficients=coefficients,
        inverse=inverse,
        estimable=estimable,
        inflation=inflation,
        targets=targets,
        totals=within.totals[:-1] @ expand,
        residual=max(residual, 0.0),
        freedom=freedom,
    )


def _inverse(matrix: np.ndarray) -> np.ndarray:
    if not matrix.size:
        return matrix
    try:
        return scipy.linalg.cho_solve(scipy.linalg.cho_factor(matrix), np.eye(matrix.shape[0]))
    except scipy.linalg.LinAlgError:
        return np.linalg.pinv(matrix, hermitian=True)


def influences(
    blocks: Iterable[Block],
    fits: Mapping[str, Fit],
    cluster: np.ndarray,
    clusters: int,
    outcomes: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Return, per fit, clusters x types: how far each cluster pulls each effect.

    ``cluster`` maps a deal's index to its cluster; ``outcomes`` replaces the outcome of the rows for
    some fits. Costs one more pass over the rows, however many fits there are; ``blocks`` that can fold
    a task over their pieces do so. Sums around seller means are taken apart,
    sum (x - m) e = sum x e - m sum e, so that no row is copied.
    """
    total = sum(folded(blocks, Scoring.of(fits, cluster, clusters, outcomes)), np.zeros(()))
    own = [np.diag(one.inverse)[one.targets] for one in fits.values()]
    return {name: total[number] * own[number] for number, name in enumerate(fits)}


def folded(blocks: Iterable[Block], task: Callable[[Iterable[Block]], T]) -> Iterable[T]:
    """Return what ``task`` makes of the blocks, piece by piece where they come in pieces."""
    fold = getattr(blocks, "fold", None)
    return fold(task) if fold else [task(blocks)]


@dataclass(frozen=True)
class Crossing(Stacked):
    """The task of summing columns (there are ``width``) times other outcomes (rows x outcomes)."""

    width: int
    outcomes: np.ndarray

    def __call__(self, blocks: Iterable[Block]) -> np.ndarray:
        cross = np.zeros((self.outcomes.shape[1], self.width))
        start = 0
        for block in blocks:
            cross += self.outcomes[numbers(block, start)].T.astype(float) @ block.values
            start += block.deal.size
        return cross

    @property
    def size(self) -> int:
        return self.outcomes.shape[1]

    def only(self, places: list[int]) -> Crossing:
        """Return the task for some of the outcomes."""
        return replace(self, outcomes=self.outcomes[:, places])

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what enters the sums of an outcome beside the rows of a piece."""
        yield self.outcomes[rows, place]


def numbers(block: Block, start: int) -> slice | np.ndarray:
    """Return the numbers of the rows of a block among all; ``start`` is the first where it does not say."""
    return slice(start, start + block.deal.size) if block.row is None else block.row


@dataclass(frozen=True)
class Scoring(ByCluster):
    """The task of summing by cluster what is left of each type times the residuals, for several fits at once.

    Gives fits x clusters x types: influences but for the type's own entry of the inverse.

    names    of the fits
    slopes   columns x fits: what makes a row's residuals; ``levels`` sellers x fits
    inside   cells x fits: where each fit's rows are
    left     per fit, columns x types: what makes what is left of a type given all other columns
    means    per fit, sellers x columns
    """

    names: tuple[str, ...]
    slopes: np.ndarray
    levels: np.ndarray
    inside: np.ndarray
    left: tuple[np.ndarray, ...]
    means: tuple[np.ndarray, ...]
    cluster: np.ndarray
    clusters: int
    outcomes: tuple[np.ndarray | None, ...]

    @classmethod
    def of(
        cls,
        fits: Mapping[str, Fit],
        cluster: np.ndarray,
        clusters: int,
        outcomes: Mapping[str, np.ndarray] | None,
    ) -> Scoring:
        every = fits.values()
        slopes = [np.append(-(one.expand @ one.coefficients), 1.0) for one in every]
        return cls(
            names=tuple(fits),
            slopes=np.column_stack(slopes),
            levels=np.column_stack(
                [one.within.means @ slope for one, slope in zip(every, slopes, strict=True)]
            ),
            inside=np.column_stack([one.within.cells for one in every]),
            left=tuple(one.left() for one in every),
            means=tuple(one.within.means for one in every),
            cluster=cluster,
            clusters=clusters,
            outcomes=tuple((outcomes or {}).get(name) for name in fits),
        )

    @property
    def size(self) -> int:
        return len(self.left)

    def only(self, places: list[int]) -> Scoring:
        """Return the task for some of the fits."""
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            slopes=self.slopes[:, places],
            levels=self.levels[:, places],
            inside=self.inside[:, places],
            left=tuple(self.left[place] for place in places),
            means=tuple(self.means[place] for place in places),
            outcomes=tuple(self.outcomes[place] for place in places),
        )

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what enters the scores of a fit beside the rows of a piece, but its numbers (decision 144)."""
        yield as_array(self.names[place])
        yield self.inside[cells, place]
        yield np.asarray(self.left[place].any(axis=0))
        yield np.asarray(self.left[place].any(axis=1))
        outcome = self.outcomes[place]
        if outcome is not None:
            yield outcome[rows]

    def __call__(self, blocks: Iterable[Block]) -> np.ndarray:
        width, fits = self.slopes.shape
        products = np.zeros((self.clusters, fits, width))
        apart = scipy.sparse.csr_matrix((self.clusters, self.levels.shape[0] * fits))
        start = 0
        for block in blocks:
            residual = self._residuals(block, numbers(block, start))
            apart = apart + self._add(products, block, residual)
            start += block.deal.size
        return np.stack(
            [
                (products[:, number] - apart[:, number::fits] @ self.means[number]) @ self.left[number]
                for number in range(fits)
            ]
        )

    def _residuals(self, block: Block, rows: slice | np.ndarray) -> np.ndarray:
        residual = block.values @ self.slopes - self.levels[block.seller]
        for number, outcome in enumerate(self.outcomes):
            if outcome is not None:
                residual[:, number] += outcome[rows] - block.values[:, -1]
        residual *= self.inside[block.cell]
        return residual

    def _add(self, products: np.ndarray, block: Block, residual: np.ndarray) -> scipy.sparse.csr_matrix:
        """Add residuals times columns by cluster, and return clusters x (seller, fit): sums of residuals."""
        order = np.argsort(self.cluster[block.deal], kind="stable")
        group, values, residual = self.cluster[block.deal][order], block.values[order], residual[order]
        for cluster, start, stop in _runs(group):
            products[cluster] += residual[start:stop].T @ values[start:stop]
        return self._apart(group, block.seller[order], residual)

    def _apart(self, group: np.ndarray, seller: np.ndarray, residual: np.ndarray) -> scipy.sparse.csr_matrix:
        sellers, fits = self.levels.shape
        pairs, place = np.unique(group * sellers + seller, return_inverse=True)
        indicator = scipy.sparse.csr_matrix(
            (np.ones(place.size), (place, np.arange(place.size))), shape=(pairs.size, place.size)
        )
        rows = np.repeat(pairs // sellers, fits)
        columns = ((pairs % sellers)[:, None] * fits + np.arange(fits)).ravel()
        sums = (indicator @ residual).ravel()
        return scipy.sparse.csr_matrix((sums, (rows, columns)), shape=(self.clusters, sellers * fits))


@dataclass(frozen=True)
class Estimate:
    """Effects of all types with their cluster-robust covariance, and the influences behind it."""

    fit: Fit
    influence: np.ndarray
    covariance: np.ndarray
    clusters: int

    @property
    def effects(self) -> np.ndarray:
        return self.fit.effects

    @property
    def errors(self) -> np.ndarray:
        """Standard errors; NaN where the effect could not be estimated."""
        return np.where(np.isnan(self.effects), np.nan, np.sqrt(np.diag(self.covariance)))


def estimate(one: Fit, influence: np.ndarray) -> Estimate:
    """Return the estimate of a fit and its influences.

    CR1 small-sample correction; with few clusters the errors are widened to the t distribution, so
    that the normal quantiles used afterwards cover as they should.
    """
    clusters = int((np.abs(influence).sum(axis=1) > 0).sum())
    covariance = influence.T @ influence * small_sample(clusters, one.within.rows, one.freedom)
    return Estimate(one, influence, covariance, clusters)


def small_sample(clusters: int, rows: int, freedom: int) -> float:
    """Return the factor by which a cluster-robust variance is widened in small samples."""
    if clusters < 2:
        return np.nan
    return float(clusters / (clusters - 1) * (rows - 1) / max(freedom, 1) * widening(clusters))


def widening(clusters: int) -> float:
    """Return the factor on a variance that makes normal quantiles cover like those of Student's t."""
    return float((scipy.special.stdtrit(clusters - 1, 0.975) / scipy.special.ndtri(0.975)) ** 2)


def difference_errors(first: Estimate, second: Estimate) -> np.ndarray:
    """Return the standard errors of the differences of two estimates on overlapping clusters."""
    apart = first.influence - second.influence
    factor = small_sample(first.clusters, first.fit.within.rows, first.fit.freedom)
    return np.sqrt(factor * (apart**2).sum(axis=0))


def correlations(one: Fit) -> np.ndarray:
    """Return the correlations of each type with each other given all other columns."""
    inverse = one.inverse[np.ix_(one.targets, one.targets)]
    scale = np.sqrt(np.where(np.diag(inverse) > 0, np.diag(inverse), 1.0))
    partial = -inverse / np.outer(scale, scale)
    np.fill_diagonal(partial, 1.0)
    return partial
