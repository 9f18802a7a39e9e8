"""How well an agreement was gained: does more evidence, or better quality, go with a larger effect?

Each gain in a window is low or high in evidence (0 to 4) or quality (0 to 7), parted where both sides
hold about half of the gains. The difference between high and low gains is one more column of the joint
regression; by Frisch-Waugh-Lovell its effect is read off the fit that is there, without fitting anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from hingepoint import records
from hingepoint.analysis import frames
from hingepoint.analysis.discovery import calibration, gathering, grading, gram, history, study

#: What events may say about a gain.
SAID = ("evidence", "quality")
UNKNOWN = -1


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


def levels(
    read: history.History, events: Any, said: str, kinds: Sequence[str], places: Sequence[int]
) -> np.ndarray:
    """Return deals x places: the evidence or quality with which each was first gained, or UNKNOWN."""
    found = np.full((read.size, len(places)), UNKNOWN, dtype=np.int8)
    codes = pl.DataFrame({"agreement": [read.types[place] for place in places], "place": range(len(places))})
    index = read.deals.select("deal_id").with_row_index("index")
    parts = [
        _gains(batch, said, kinds).join(codes, on="agreement").join(index, on="deal_id")
        for batch in gathering.batches(events)
        if said in batch.columns
    ]
    if not parts:
        return found
    gains = pl.concat([part.select("index", "place", "at", "level") for part in parts]).sort("at")
    first = gains.group_by("index", "place", maintain_order=True).agg(pl.col("level").first())
    found[first["index"].to_numpy(), first["place"].to_numpy()] = first["level"].to_numpy()
    return found


def _gains(events: pl.DataFrame, said: str, kinds: Sequence[str]) -> pl.DataFrame:
    """Return deal, agreement, moment and ``level`` of the gains; UNKNOWN where the event does not say it."""
    typed = gathering.typed(events, frames.EVENTS, frames.EVENT_REQUIRED, "events").drop_nulls(
        ["deal_id", "at"]
    )
    for column, otherwise, wanted in (
        ("state", records.AgreementState.GAINED, [str(state) for state in records.STANDING]),
        ("kind", records.EventKind.AGREEMENT, list(kinds)),
    ):
        if column in typed.columns:
            typed = typed.filter(pl.col(column).fill_null(str(otherwise)).str.to_lowercase().is_in(wanted))
    level = pl.col(said).cast(pl.Int8, strict=False).fill_null(UNKNOWN).clip(UNKNOWN, 7)
    return typed.select("deal_id", "agreement", "at", level=level)


def responses(
    prepared: study.Study,
    sums: study.Sums,
    main: gram.Estimate,
    said: dict[str, np.ndarray],
    places: Sequence[int],
    least: int,
) -> list[Response]:
    """Return what can be told of the places from the levels ``said`` of their gains (deals x places each).

    ``main`` is the next-window estimate. A place needs ``least`` deals on either side. Costs two passes.
    """
    tried = [
        _parted(prepared, level[:, number], name, place, least)
        for name, level in said.items()
        for number, place in enumerate(places)
    ]
    parted = [one for one in tried if one is not None]
    if not parted:
        return []
    columns = np.column_stack([one.column for one in parted])
    slopes, influence = _slopes(prepared, sums, main, columns)
    factor = gram.small_sample(main.clusters, main.fit.within.rows, main.fit.freedom)
    found = []
    for number, one in enumerate(parted):
        own, extra = main.influence[:, one.place], influence[:, number]

        def error(pull: np.ndarray) -> float:
            return float(np.sqrt(factor * pull @ pull))

        effect, slope, high = main.effects[one.place], slopes[number], one.high
        found.append(
            Response(
                place=one.place,
                said=one.said,
                level=one.level,
                low=float(effect - high * slope),
                low_error=error(own - high * extra),
                high=float(effect + (1 - high) * slope),
                high_error=error(own + (1 - high) * extra),
                difference=float(slope),
                difference_error=error(extra),
                low_deals=one.low_deals,
                high_deals=one.high_deals,
            )
        )
    return _clear(found)


def _clear(found: list[Response]) -> list[Response]:
    differences = np.array([one.difference for one in found])
    errors = np.array([one.difference_error for one in found])
    passed = (
        calibration.adjusted(calibration.interval_p_values(differences, errors, 0.0)) < grading.CONFIDENCE
    )
    return [replace(one, clear=bool(clear)) for one, clear in zip(found, passed, strict=True)]


@dataclass(frozen=True)
class _Parted:
    """The gains of a place in low and high: a row's entry is 0 without a known gain in its window."""

    place: int
    said: str
    level: int
    high: float
    column: np.ndarray
    low_deals: int
    high_deals: int


def _parted(prepared: study.Study, level: np.ndarray, said: str, place: int, least: int) -> _Parted | None:
    rows = prepared.rows
    now = _gained_now(prepared, place)
    of_row = np.where(now, level[rows.deal], UNKNOWN)
    known = of_row != UNKNOWN
    cuts = np.unique(of_row[known])[1:]
    if not cuts.size:
        return None
    shares = np.array([(of_row[known] >= cut).mean() for cut in cuts])
    best = int(np.argmin(np.abs(shares - 0.5)))
    high = float(shares[best])
    number = int(known.sum())
    if min(high, 1 - high) * number < least:
        return None
    is_high = of_row >= cuts[best]
    column = np.where(known, is_high - high, 0.0)
    return _Parted(
        place, said, int(cuts[best]), high, column, int((known & ~is_high).sum()), int(is_high.sum())
    )


def _gained_now(prepared: study.Study, place: int) -> np.ndarray:
    """Return, per row, whether the place was gained in the window that ends at its landmark and stands."""
    rows, grid, read = prepared.rows, prepared.grid, prepared.history
    now = np.zeros(rows.size, dtype=bool)
    gained = read.gained[rows.deal, place]
    for number, landmark in enumerate(grid.landmarks):
        inside = (gained > grid.window_start(number)) & (gained <= landmark)
        now |= (rows.landmark == number) & inside
    if read.ended is not None:
        now &= read.ended[rows.deal, place] > np.asarray(grid.landmarks)[rows.landmark]
    return now


def _slopes(
    prepared: study.Study, sums: study.Sums, main: gram.Estimate, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effect of each further column, and clusters x columns how far each cluster pulls it."""
    fit, within = main.fit, main.fit.within
    seller = prepared.seller[prepared.rows.deal]
    by_seller = np.column_stack(
        [np.bincount(seller, weights=column, minlength=within.counts.size) for column in columns.T]
    )
    average = by_seller / np.maximum(within.counts, 1.0)[:, None]
    cross = np.sum([*gram.folded(sums.blocks, gram.Crossing(columns))], axis=0) - within.means.T @ by_seller
    others = fit.expand.T @ cross[:-1]
    shadow = fit.inverse @ others
    left = (columns**2).sum(axis=0) - (by_seller * average).sum(axis=0) - (others * shadow).sum(axis=0)
    left = np.maximum(left, 1e-9)
    slopes = (cross[-1] - others.T @ fit.coefficients) / left
    return slopes, _pulls(prepared, sums, fit, columns - average[seller], shadow) / left


def _pulls(
    prepared: study.Study, sums: study.Sums, fit: gram.Fit, centred: np.ndarray, shadow: np.ndarray
) -> np.ndarray:
    """Return clusters x columns: sums of residuals of the outcome times what is left of each column."""
    from_outcome = np.append(-(fit.expand @ fit.coefficients), 1.0)
    from_column = np.vstack([fit.expand @ shadow, np.zeros(shadow.shape[1])])
    slopes = np.column_stack([from_outcome, from_column])
    levels = fit.within.means @ slopes
    pulled = np.zeros((prepared.clusters, shadow.shape[1]))
    start = 0
    for block in sums.blocks:
        stop = start + block.deal.size
        parts = block.values @ slopes - levels[block.seller]
        scores = parts[:, :1] * (centred[start:stop] - parts[:, 1:])
        for number in range(scores.shape[1]):
            pulled[:, number] += np.bincount(
                prepared.cluster[block.deal], weights=scores[:, number], minlength=prepared.clusters
            )
        start = stop
    return pulled
