"""The same analysis where there is nothing to find: outcomes shuffled among comparable deals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import calibration
from hingepoint.analysis.discovery.sums import gram, pieces, study

REPEATS = 5
#: With fewer comparable deals of a seller, dealing out anew would leave too much as it is.
ENOUGH_TO_MIX = 5


def shuffled(
    prepared: study.Study, sums: study.Sums, real: gram.Estimate, rng: np.random.Generator
) -> result.Placebo:
    """Return how many types passed the test for an effect when outcomes were dealt out anew.

    The outcomes of a deal's rows move together, to a deal that was open at the same landmarks, of the
    same seller where the seller has enough of them, so that everything but the link with the agreements
    stays as it is. Deals change outcomes within their piece, so that new deals leave others as they are.
    """
    parts = prepared.pieces.parts
    dealers = rng.spawn(len(parts))
    outcomes = {
        str(number): np.concatenate([_deal_out(*one) for one in zip(parts, dealers, strict=True)])
        for number in range(REPEATS)
    }
    fits = refits(prepared, sums, real.fit, outcomes)
    influences = gram.influences(sums.blocks, fits, prepared.cluster, prepared.clusters, outcomes)
    tested = rejected = 0
    for name, fit in fits.items():
        one = gram.estimate(fit, influences[name])
        null = calibration.empirical_null(one.effects, one.errors)
        p_values = calibration.interval_p_values(null.centred(one.effects), null.widened(one.errors), 0.0)
        passed = calibration.adjusted(p_values)
        tested += int(np.isfinite(passed).sum())
        rejected += int((passed < 0.05).sum())
    return result.Placebo(tested, rejected)


def _deal_out(piece: pieces.Piece, rng: np.random.Generator) -> np.ndarray:
    rows = piece.rows
    starts = np.nonzero(np.diff(rows.deal, prepend=-1))[0]
    lengths = np.diff(np.append(starts, rows.size))
    deal, first = rows.deal[starts], rows.landmark[starts]
    course = first * 64 + lengths
    kind = piece.seller[deal] * 4096 + course
    _, place, deals = np.unique(kind, return_inverse=True, return_counts=True)
    kind = np.where(deals[place] < ENOUGH_TO_MIX, course - 4096, kind)
    order = np.argsort(kind, kind="stable")
    mixed = np.lexsort((rng.random(kind.size), kind))
    source = np.empty(kind.size, dtype=int)
    source[order] = mixed
    takes = np.repeat(starts[source] - starts, lengths) + np.arange(rows.size)
    return rows.outcome[takes]


def refits(
    prepared: study.Study, sums: study.Sums, fit: gram.Fit, outcomes: dict[str, np.ndarray]
) -> dict[str, gram.Fit]:
    """Return the fits with other outcomes; the sums of the columns and their inverse are reused."""
    crossing = gram.Crossing(prepared.layout.width, np.column_stack(list(outcomes.values())))
    cross = sum(gram.folded(sums.blocks, crossing), np.zeros(()))
    return {
        name: _refit(prepared, fit, cross[number, :-1], outcome)
        for number, (name, outcome) in enumerate(outcomes.items())
    }


def _refit(prepared: study.Study, fit: gram.Fit, cross: np.ndarray, outcome: np.ndarray) -> gram.Fit:
    within = fit.within
    by_seller = np.bincount(
        prepared.seller[prepared.rows.deal], weights=outcome, minlength=within.counts.size
    )
    means = within.means.copy()
    means[:, -1] = by_seller / np.maximum(within.counts, 1.0)
    centred = fit.expand.T @ (cross - means[:, :-1].T @ by_seller)
    square = float(outcome @ outcome - by_seller @ means[:, -1])
    coefficients = fit.inverse @ centred
    residual = max(square - float(coefficients @ centred), 0.0)
    return replace(fit, within=replace(within, means=means), coefficients=coefficients, residual=residual)
