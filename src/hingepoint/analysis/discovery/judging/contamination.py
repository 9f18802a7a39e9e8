"""Which share of entries would have to be false, or missing, before a finding falls.

The model: of a type's entries in won deals a share was written after the win and dated into the deal's life, at
random among them; or of its entries in the other deals a share never stayed on record, at random too. All else
is as recorded. Then each entry of that side counts less, or more, in the sums of products of the type's two
columns (settled before the window, gained in it), and the joint regression is solved for it again while the sums of
all other columns are reused (Frisch & Waugh 1933). The more entries are false, the less is left of the effect: the
first share at which it falls is found in steps, then by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.sums import gram, study

#: Shares are looked for up to this one, in such steps, of which the first at which it falls is halved so often.
MOST, STEP, HALVINGS = 0.9, 0.05, 20


@dataclass(frozen=True)
class Fault:
    """A fault of record that makes an effect of one direction: how an entry counts if a ``share`` is faulty, in won
    deals and in the others."""

    key: str
    weights: Callable[[float], tuple[float, float]]


#: The faults that make an agreement look helpful, and those that make it look harmful.
HELPFUL = (
    Fault("written_after_the_win", lambda share: (1 - share, 1.0)),
    Fault("not_kept_where_not_won", lambda share: (1.0, 1 / (1 - share))),
)
HARMFUL = (
    Fault("written_after_the_loss", lambda share: (1.0, 1 - share)),
    Fault("not_kept_where_won", lambda share: (1 / (1 - share), 1.0)),
)


@dataclass(frozen=True)
class Reweighted:
    """The effect of one type as its entries in won and in other deals are counted differently.

    columns   of the type that are in the regression, the window's last
    cross     of all that matters, columns x columns: what is left after the others (before, its part in won
              deals, the outcome)
    before, won   sellers x columns: sums of the entries, and those in won deals; ``counts`` rows of each seller
    outcome   per column the product with the outcome, and that of its part in won deals
    """

    cross: np.ndarray
    before: np.ndarray
    won: np.ndarray
    counts: np.ndarray
    outcome: tuple[np.ndarray, np.ndarray]

    def effect(self, in_won: float, in_others: float) -> tuple[float, float]:
        """Return the effect where entries count so, and what its variance is a multiple of."""
        size = self.before.shape[1]
        mix = np.vstack([in_others * np.eye(size), (in_won - in_others) * np.eye(size)])
        entries = in_others * (self.before - self.won) + in_won * self.won
        own = np.diag(entries.sum(axis=0)) - entries.T @ (entries / np.maximum(self.counts, 1.0)[:, None])
        left = own - mix.T @ self.cross[:-1, :-1] @ mix
        whole, part = self.outcome
        with_outcome = in_others * (whole - part) + in_won * part - mix.T @ self.cross[:-1, -1]
        inverse = np.linalg.pinv(left)
        return float(inverse[-1] @ with_outcome), float(inverse[-1, -1])


def reweighted(
    prepared: study.Study, sums: study.Sums, fit: gram.Fit, places: Sequence[int]
) -> dict[int, Reweighted]:
    """Return, for the types at some places, their effects under other weights. Costs one pass over the rows."""
    if not places:
        return {}
    entries = _in_won_deals(prepared, places)
    crossing = gram.Crossing(prepared.layout.width, entries)
    cross = sum(gram.folded(sums.blocks, crossing), np.zeros(()))
    seller = prepared.seller[prepared.rows.deal]
    sellers = fit.within.counts.size
    by_seller = np.column_stack([np.bincount(seller, weights=one, minlength=sellers) for one in entries.T])
    centred = cross - by_seller.T @ fit.within.means
    found = {}
    for number, place in enumerate(places):
        pair = slice(2 * number, 2 * number + 2)
        columns = np.array([fit.targets[place] - prepared.layout.types, fit.targets[place]])
        found[place] = _of(fit, columns, centred[pair], by_seller[:, pair])
    return found


def _in_won_deals(prepared: study.Study, places: Sequence[int]) -> np.ndarray:
    """Return rows x twice the types: settled before, and gained in the window, in won deals only."""
    history = prepared.history
    mask = np.isin(np.arange(len(history.types)), places)
    order = np.argsort(np.argsort(places))  # ``only`` keeps the order of the history
    before, now = design.standing(history.only(mask), prepared.rows, prepared.grid)
    won = history.won[prepared.rows.deal][:, None]
    both = np.stack([(before & won)[:, order], (now & won)[:, order]], axis=2)
    return both.reshape(prepared.rows.size, -1).astype(np.float32)


def _of(fit: gram.Fit, columns: np.ndarray, part: np.ndarray, won: np.ndarray) -> Reweighted:
    used = np.diag(fit.inverse)[columns] > 0
    columns, part, won = columns[used], part[used], won[:, used]
    products, within = fit.within.products, fit.within
    others = np.column_stack([products[:-1, columns], part[:, :-1].T, products[:-1, -1]])
    others[columns] = 0.0
    return Reweighted(
        cross=others.T @ _without(fit.inverse, columns, others),
        before=within.means[:, columns] * within.counts[:, None],
        won=won,
        counts=within.counts,
        outcome=(products[columns, -1], part[:, -1]),
    )


def _without(inverse: np.ndarray, columns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the inverse of the sums of products without some columns, times vectors (Schur complement)."""
    own = inverse[np.ix_(columns, columns)]
    return inverse @ vectors - inverse[:, columns] @ np.linalg.solve(own, inverse[columns] @ vectors)


def worst_share(one: Reweighted, fault: Fault, stands: Callable[[float, float], bool]) -> float | None:
    """Return the largest share of faulty entries with which a finding stands; None where all shares do.

    ``stands`` is told the effect and by which factor its error has grown.
    """
    _, usual = one.effect(1.0, 1.0)

    def holds(share: float) -> bool:
        effect, variance = one.effect(*fault.weights(share))
        return variance > 0 and stands(effect, float(np.sqrt(variance / usual)))

    tried = np.arange(0.0, MOST + STEP / 2, STEP)
    fallen = next((share for share in tried.tolist() if not holds(share)), None)
    if fallen is None:
        return None
    low, high = max(fallen - STEP, 0.0), fallen
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
