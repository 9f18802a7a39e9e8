"""The same columns with other outcomes: fits that reuse the sums and their inverse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hingepoint.analysis.discovery.sums import gram, study


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
