"""A third look at small data: decided deals beside deals decided at the same age.

Landmarks leave out deals that are too young, and what is gained late. A regression on whatever was ever gained
uses every decided deal, but what comes with time is gained by those that live long, which are not those that lose
(Suissa 2008). Between deals that were decided at the same age there is no such time to be lived: how often they
were won is the ratio of the hazards of winning and of losing (Prentice et al. 1978), and a step that comes with age
does not move it. What only follows the decision was screened out before.

What such a look says hangs on when lost deals were closed in the records, so it orders types and confirms none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.judging import combining, selection_on_facts
from hingepoint.analysis.discovery.reading import columns
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.sums import gram, study

#: Of more decided deals the look is not taken: by then landmarks say enough.
MOST_DEALS = 50_000
#: Knots of the spline of age at the close.
KNOTS = 6
#: Deals needed with and without a type.
ENOUGH = 20


@dataclass(frozen=True)
class Decided:
    """What decided deals say: a look at the effects, and what knowing the facts of deals takes off each."""

    look: combining.Look
    taken: selection_on_facts.Taken


def look(prepared: study.Study, among: np.ndarray) -> Decided | None:
    """Return what decided deals say of the types in the mask ``among``, in the units of the landmarks.

    None for metrics that are no share of all deals, and where decided deals are too few, or so many that it would
    not help.
    """
    read = prepared.history
    deal = np.nonzero(read.decided)[0]
    facts = prepared.columns.fixed.shape[1]
    if read.metric.kind != "share" or read.metric.among_won or not among.any():
        return None
    if not 2 * (facts + len(read.types)) < deal.size <= MOST_DEALS:
        return None
    block = _rows(prepared, deal)
    times = block.values[:, -1].var() / max(float(prepared.rows.outcome.var()), 1e-9)
    if times <= 0:
        return None
    within = gram.accumulate([block], 1, prepared.sellers, block.values.shape[1]).within(
        np.ones(1, dtype=bool)
    )
    one = _estimated(prepared, block, within, among)
    effects = combining.Look(one.effects, one.errors, one.influence).divided(times)
    return Decided(effects, selection_on_facts.taken(within, facts, one.fit).divided(times))


def _rows(prepared: study.Study, deal: np.ndarray) -> gram.Block:
    """Return one row a decided deal: what was known at creation, its age, what stood at the close, its outcome."""
    read = prepared.history
    outcome = np.where(read.won[deal], np.nan_to_num(read.value[deal]), 0.0)
    age = columns.restricted_cubic(np.log1p(read.closed[deal]), KNOTS)
    values = np.column_stack([prepared.columns.fixed[deal], age, _stood(read, deal), outcome])
    return gram.Block(values, np.zeros(deal.size, dtype=np.int64), prepared.seller[deal], deal)


def _stood(read: History, deal: np.ndarray) -> np.ndarray:
    """Return deals x types: what stood at the close."""
    closed = read.closed[deal].astype(np.float32)[:, None]
    stood = read.gained[deal] <= closed
    if read.ended is not None:
        stood &= read.ended[deal] > closed
    return stood


def _estimated(
    prepared: study.Study, block: gram.Block, within: gram.Within, among: np.ndarray
) -> gram.Estimate:
    """Return the joint regression of the rows within sellers, with the influences of the study's clusters."""
    width = block.values.shape[1]
    targets = np.arange(width - 1 - among.size, width - 1)
    usable = np.ones(width - 1, dtype=bool)
    counts = within.totals[targets]
    usable[targets] = among & (counts >= ENOUGH) & (within.rows - counts >= ENOUGH)
    fitted = gram.fit(within, np.eye(width - 1), targets, usable)
    pulls = gram.influences([block], {"decided": fitted}, prepared.cluster, prepared.clusters)
    return gram.estimate(fitted, pulls["decided"])


def traits(read: History) -> np.ndarray:
    """Return types x 3, standardised: what a step that comes with time is known by.

    How late in a deal's life a type is gained, how many of the deals alive then gain it, and how many gain it at all.
    """
    gained, ends = read.gained, np.sort(read.closed)
    middle = float(np.median(read.closed[read.decided]))
    found = np.zeros((len(read.types), 3))
    for place in range(len(read.types)):
        week = gained[np.isfinite(gained[:, place]), place]
        if week.size:
            usual = float(np.median(week))
            alive = ends.size - int(np.searchsorted(ends, usual))
            found[place] = usual / middle if middle else 0.0, week.size / max(alive, 1), week.size / ends.size
    spread = found.std(axis=0)
    return np.clip((found - found.mean(axis=0)) / np.where(spread > 0, spread, 1.0), -3, 3)
