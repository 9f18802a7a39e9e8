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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

#: Keeps exactly collinear columns from moving estimates silently (relative to standardised columns).
RIDGE = 1e-8
#: Share of a column's variance that must be left after seller and all other columns.
LEFT = 1e-6


@dataclass(frozen=True)
class Block:
    """Some rows, deals complete and in order.

    values   rows x (covariates, settled before, gained in the window, outcome)
    cell     the cell each row counts in
    seller   whose fixed effect
    deal     index of the deal, ascending
    """

    values: np.ndarray
    cell: np.ndarray
    seller: np.ndarray
    deal: np.ndarray


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
        for cell in np.unique(block.cell):
            rows = block.cell == cell
            values = block.values[rows]
            self.products[cell] += values.T @ values
            by_seller = _indicator(block.seller[rows], self.counts.shape[1])
            self.sums[cell] += by_seller @ values
            self.counts[cell] += np.asarray(by_seller.sum(axis=1)).ravel()

    def merge(self, other: Cube) -> Cube:
        """Return the cube of both sets of rows together."""
        return Cube(self.products + other.products, self.sums + other.sums, self.counts + other.counts)

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


def _indicator(group: np.ndarray, groups: int) -> scipy.sparse.csr_matrix:
    rows = np.arange(group.size)
    return scipy.sparse.csr_matrix((np.ones(group.size), (group, rows)), shape=(groups, group.size))


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

    def silencing(self, columns: np.ndarray) -> Fit:
        """Return the same fit in which these columns adjust but are not reported."""
        estimable = self.estimable.copy()
        estimable[columns] = False
        return replace(self, estimable=estimable)

    @property
    def classical_errors(self) -> np.ndarray:
        """Errors under independent rows of equal variance (for partial R2 only, not for inference)."""
        scale = self.residual / max(self.freedom, 1)
        return np.sqrt(scale * np.diag(self.inverse)[self.targets])


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
    some fits. Costs one more pass over the rows. Sums around seller means are taken apart,
    sum (x - m) e = sum x e - m sum e, so that no row is copied.
    """
    width = next(iter(fits.values())).within.means.shape[1]
    scores = {name: np.zeros((clusters, width)) for name in fits}
    slopes = {name: np.append(-(one.expand @ one.coefficients), 1.0) for name, one in fits.items()}
    levels = {name: one.within.means @ slopes[name] for name, one in fits.items()}
    start = 0
    for block in blocks:
        groups = cluster[block.deal]
        stop = start + block.deal.size
        for name, one in fits.items():
            residual = block.values @ slopes[name] - levels[name][block.seller]
            if outcomes:
                residual += outcomes[name][start:stop] - block.values[:, -1]
            residual = np.where(one.within.cells[block.cell], residual, 0.0)
            scores[name] += _weighted(groups, np.arange(residual.size), residual, clusters) @ block.values
            by_seller = _weighted(groups, block.seller, residual, clusters, one.within.means.shape[0])
            scores[name] -= by_seller @ one.within.means
        start = stop
    return {
        name: scores[name][:, :-1] @ (one.expand @ one.inverse[:, one.targets]) for name, one in fits.items()
    }


def _weighted(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, height: int, width: int | None = None
) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix((weights, (rows, columns)), shape=(height, width or columns.size))


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
