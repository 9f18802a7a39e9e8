"""From a history to estimates: the rows in blocks, the cells they count in, and the fits read off them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from hingepoint.analysis.discovery import columns, design, gram
from hingepoint.analysis.discovery.history import History
from hingepoint.analysis.discovery.settings import Settings

BLOCK_ROWS = 16_384
#: Blocks are kept in memory between passes up to this size.
KEPT_BYTES = 1 << 30
#: From this many clusters on, cluster-robust errors are trusted.
ENOUGH_CLUSTERS = 40
#: With fewer deals a seller, seller effects would cost more than they bring.
DEALS_A_SELLER = 5
#: Deals are pooled into at most so many clusters: no loss, and memory stays bounded.
MOST_CLUSTERS = 4096
#: Columns whose values get effects of their own where they have so many deals at risk; and how many values.
SPLIT_BY = ("segment", "region", "product")
SPLIT_DEALS, SPLIT_VALUES = 300, 6
#: Splits are combined as long as they make no more parts than this.
PARTS = 64
LAG_CLASSES = 3
HALVES = 2


@dataclass(frozen=True)
class Study:
    """A history seen through landmarks, ready to be summed.

    seller    whose fixed effect, per deal; cluster: whose deals hang together, per deal
    gained    per type, deals at risk that gained it; ``not_gained`` that did not
    enough    per type, whether both are enough to estimate anything
    """

    history: History
    grid: design.Grid
    rows: design.Rows
    columns: columns.Columns
    layout: gram.Layout
    seller: np.ndarray
    cluster: np.ndarray
    clustered_by: str
    gained: np.ndarray
    not_gained: np.ndarray
    enough: np.ndarray

    @property
    def sellers(self) -> int:
        return int(self.seller.max()) + 1 if self.seller.size else 1

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1 if self.cluster.size else 1

    @property
    def deals(self) -> int:
        """Deals that are at risk at any landmark."""
        return int(np.unique(self.rows.deal).size)


def prepare(history: History, settings: Settings) -> Study:
    """Return the study of a history; raises DiscoveryError for settings that cannot be used on it."""
    grid = design.choose_grid(history, settings)
    rows = design.make_rows(history, grid)
    chosen = columns.choose(history, grid, settings)
    cluster, clustered_by = clusters(history)
    gained, not_gained = _counts(history, rows, grid)
    return Study(
        history=history,
        grid=grid,
        rows=rows,
        columns=chosen,
        layout=gram.Layout(len(chosen.groups), len(history.types)),
        seller=sellers(history),
        cluster=cluster,
        clustered_by=clustered_by,
        gained=gained,
        not_gained=not_gained,
        enough=(gained >= settings.min_events) & (not_gained >= settings.min_events),
    )


def sellers(history: History) -> np.ndarray:
    """Return whose fixed effect each deal has: the seller's, or one for all where sellers have few deals."""
    if history.size / (history.seller.max(initial=0) + 1) < DEALS_A_SELLER:
        return np.zeros(history.size, dtype=np.int64)
    return history.seller


def clusters(history: History) -> tuple[np.ndarray, str]:
    """Return which deals hang together: a seller's if there are enough sellers, else an account's, else none."""
    if np.unique(history.seller).size >= ENOUGH_CLUSTERS:
        return history.seller, "seller"
    accounts = np.unique(history.account).size
    if ENOUGH_CLUSTERS <= accounts < 0.95 * history.size:
        return _pooled(history.account), "account"
    return _pooled(np.arange(history.size)), "deal"


def _pooled(group: np.ndarray) -> np.ndarray:
    return group if group.max(initial=0) < MOST_CLUSTERS else group * 2654435761 % 2**32 % MOST_CLUSTERS


def _counts(history: History, rows: design.Rows, grid: design.Grid) -> tuple[np.ndarray, np.ndarray]:
    last = rows.select(np.append(np.diff(rows.deal) > 0, True)[: rows.size])
    before, now = design.standing(history, last, grid)
    gained = (before | now).sum(axis=0)
    recorded = (history.created[last.deal][:, None] >= history.recorded).sum(axis=0)
    return gained, recorded - gained


@dataclass
class Blocks:
    """The landmark rows in blocks of whole deals; ``cells`` says where each row counts.

    Blocks are kept between passes while they are small, and made anew otherwise.
    """

    study: Study
    cells: np.ndarray
    kept: list[gram.Block] = field(default_factory=list)

    def __iter__(self) -> Iterator[gram.Block]:
        if self.kept:
            yield from self.kept
            return
        keep = self.study.rows.size * self.study.layout.width * 8 < KEPT_BYTES
        made = []
        for part in _parts(self.study.rows):
            rows = self.study.rows.select(part)
            before, now = design.standing(self.study.history, rows, self.study.grid)
            block = _block(self.study, rows, before, now, self.cells[part])
            if keep:
                made.append(block)
            yield block
        self.kept = made


def ever_blocks(study: Study, rows: design.Rows) -> Iterator[gram.Block]:
    """Return one row a deal with whatever it ever gained: the naive design shown for comparison."""
    for part in _parts(rows):
        some = rows.select(part)
        ever = np.isfinite(study.history.gained[some.deal])
        yield _block(study, some, ever, np.zeros_like(ever), np.zeros(some.size, dtype=int))


def _parts(rows: design.Rows) -> Iterator[slice]:
    start = 0
    while start < rows.size:
        stop = min(start + BLOCK_ROWS, rows.size)
        while stop < rows.size and rows.deal[stop] == rows.deal[stop - 1]:
            stop += 1
        yield slice(start, stop)
        start = stop


def _block(
    study: Study, rows: design.Rows, before: np.ndarray, now: np.ndarray, cells: np.ndarray
) -> gram.Block:
    covariates = study.columns.layout(study.history, rows, study.grid)
    layout = study.layout
    p, k = layout.covariates, layout.types
    values = np.empty((rows.size, layout.width))
    values[:, :p] = covariates
    values[:, p : p + k] = before
    values[:, p + k : -1] = now
    values[:, -1] = rows.outcome
    return gram.Block(values, cells, study.seller[rows.deal], rows.deal)


@dataclass(frozen=True)
class Cells:
    """The cells of the main cube: landmark x lag class x half of time."""

    landmarks: int

    @property
    def number(self) -> int:
        return self.landmarks * LAG_CLASSES * HALVES

    def of(self, study: Study) -> np.ndarray:
        """Return the cell of each row. Lag classes: closed before the first lag, before the second, later."""
        rows, lags = study.rows, study.grid.lags
        lag_class = (rows.remaining > lags[1]).astype(int) + (rows.remaining > lags[2])
        half = (study.history.created[rows.deal] > np.median(study.history.created[rows.deal])).astype(int)
        return (rows.landmark * LAG_CLASSES + lag_class) * HALVES + half

    def _axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        place = np.arange(self.number)
        return place // (LAG_CLASSES * HALVES), place // HALVES % LAG_CLASSES, place % HALVES

    def everything(self) -> np.ndarray:
        return np.ones(self.number, dtype=bool)

    def landmark(self, number: int) -> np.ndarray:
        return self._axes()[0] == number

    def open_after_lag(self, number: int) -> np.ndarray:
        return self._axes()[1] >= number

    def half(self, number: int) -> np.ndarray:
        return self._axes()[2] == number


@dataclass(frozen=True)
class Estimates:
    """Every estimate of a study.

    next_window   estimand B, which is graded; by_landmark estimand A; ever the naive design
    lags          A with later clocks, from lag 0; halves A in earlier and later time
    windows       B at each landmark
    segments      B by (column, value), and the same among all deals without that value
    """

    by_landmark: gram.Estimate
    next_window: gram.Estimate
    ever: gram.Estimate
    lags: tuple[gram.Estimate, ...]
    halves: tuple[gram.Estimate, ...]
    windows: tuple[gram.Estimate, ...]
    segments: dict[tuple[str, str], tuple[gram.Estimate, gram.Estimate]]


@dataclass(frozen=True)
class Split:
    """A way to part the deals: the column, its values, and which value each deal has (-1 for the rest)."""

    by: str
    values: tuple[str, ...]
    of_deal: np.ndarray


def splits(study: Study) -> list[Split]:
    """Return the partings whose values each have enough deals at risk: words known at creation, and size."""
    found = []
    deals = study.history.deals
    at_risk = np.unique(study.rows.deal)
    for name in SPLIT_BY:
        if name in deals.columns and deals[name].null_count() < deals.height:
            text = deals[name].cast(pl.String).fill_null("(unknown)").to_numpy()
            found.append(_split(name, text, at_risk))
    if study.columns.size.any():
        middle = np.median(study.columns.size[at_risk]) if at_risk.size else 0.0
        found.append(
            _split("size", np.where(study.columns.size > middle, "larger half", "smaller half"), at_risk)
        )
    return [one for one in found if len(one.values) > 1]


def _split(name: str, text: np.ndarray, at_risk: np.ndarray) -> Split:
    values, counts = np.unique(text[at_risk], return_counts=True)
    large = values[counts >= SPLIT_DEALS]
    chosen = tuple(str(value) for value in large[:SPLIT_VALUES])
    of_deal = np.full(text.size, -1)
    for place, value in enumerate(chosen):
        of_deal[text == value] = place
    return Split(name, chosen, of_deal)


@dataclass(frozen=True)
class Partition:
    """All splits at once: the cell of each deal, and per split and value the cells that make it up.

    Deals are parted by every combination of values that occurs, so that one cube answers for all splits.
    """

    of_deal: np.ndarray
    number: int
    members: dict[tuple[str, str], np.ndarray]


def partition(found: list[Split], deals: int) -> Partition:
    """Return the common partition of as many splits as keep it small, the first ones first."""
    of_deal = np.zeros(deals, dtype=np.int64)
    members: dict[tuple[str, str], np.ndarray] = {}
    used: list[Split] = []
    for one in found:
        finer = of_deal * (len(one.values) + 1) + one.of_deal + 1
        if np.unique(finer).size <= PARTS:
            of_deal = np.unique(finer, return_inverse=True)[1]
            used.append(one)
    number = int(of_deal.max(initial=0)) + 1
    for one in used:
        for place, value in enumerate(one.values):
            members[one.by, value] = np.isin(np.arange(number), of_deal[one.of_deal == place])
    return Partition(of_deal, number, members)


@dataclass(frozen=True)
class Sums:
    """The cubes of a study: landmark rows, the same by the partition, and one row a deal."""

    cells: Cells
    blocks: Blocks
    main: gram.Cube
    partition: Partition
    parted: gram.Cube
    ever_rows: design.Rows
    ever: gram.Cube


def sum_up(study: Study) -> Sums:
    """Return the sums of products of a study: the one pass over its rows that costs."""
    cells = Cells(len(study.grid.landmarks))
    blocks = Blocks(study, cells.of(study))
    width = study.layout.width
    main = gram.accumulate(blocks, cells.number, study.sellers, width)
    parts = partition(splits(study), study.history.size)
    parted = gram.Cube.empty(1, 1, 1)
    if parts.members:
        parted = gram.accumulate(_reparted(blocks, parts), parts.number, study.sellers, width)
    ever_rows = design.ever_rows(study.history, study.grid)
    ever = gram.accumulate(ever_blocks(study, ever_rows), 1, study.sellers, width)
    return Sums(cells, blocks, main, parts, parted, ever_rows, ever)


def _reparted(blocks: Blocks, parts: Partition) -> Iterator[gram.Block]:
    """Return the same rows with the part of their deal as their cell."""
    for block in blocks:
        yield replace(block, cell=parts.of_deal[block.deal])


def estimate(
    study: Study, sums: Sums, judged: np.ndarray, present: np.ndarray, settings: Settings
) -> Estimates:
    """Return every estimate of the types in the mask ``judged``, adjusted for those in ``present``.

    The types in neither are not in the regressions at all.
    """
    cells, main = sums.cells, sums.main
    reader = _Reader(study, judged, present, settings.min_events)
    fits = {
        "by_landmark": reader.by_landmark(main.within(cells.everything())),
        "next_window": reader.next_window(main.within(cells.everything())),
    }
    for number in range(1, LAG_CLASSES):
        fits[f"lag {number}"] = reader.by_landmark(main.within(cells.open_after_lag(number)))
    for number in range(HALVES):
        fits[f"half {number}"] = reader.by_landmark(main.within(cells.half(number)))
    for number in range(cells.landmarks):
        fits[f"window {number}"] = reader.next_window(main.within(cells.landmark(number)))
    influences = gram.influences(sums.blocks, fits, study.cluster, study.clusters)
    found = {name: gram.estimate(fits[name], influences[name]) for name in fits}
    ever_fit = {"ever": reader.by_landmark(sums.ever.within(np.ones(1, dtype=bool)))}
    ever_influence = gram.influences(
        ever_blocks(study, sums.ever_rows), ever_fit, study.cluster, study.clusters
    )
    return Estimates(
        by_landmark=found["by_landmark"],
        next_window=found["next_window"],
        ever=gram.estimate(ever_fit["ever"], ever_influence["ever"]),
        lags=(found["by_landmark"], *(found[f"lag {number}"] for number in range(1, LAG_CLASSES))),
        halves=tuple(found[f"half {number}"] for number in range(HALVES)),
        windows=tuple(found[f"window {number}"] for number in range(cells.landmarks)),
        segments=_by_segment(study, sums, reader),
    )


def _by_segment(
    study: Study, sums: Sums, reader: _Reader
) -> dict[tuple[str, str], tuple[gram.Estimate, gram.Estimate]]:
    members = sums.partition.members
    if not members:
        return {}
    fits = {}
    for key, inside in members.items():
        fits[f"in {key}"] = reader.next_window(sums.parted.within(inside))
        fits[f"out {key}"] = reader.next_window(sums.parted.within(~inside))
    influences = gram.influences(_reparted(sums.blocks, sums.partition), fits, study.cluster, study.clusters)
    found = {name: gram.estimate(fits[name], influences[name]) for name in fits}
    return {key: (found[f"in {key}"], found[f"out {key}"]) for key in members}


@dataclass(frozen=True)
class _Reader:
    """Reads fits off sums, leaving out types with too few rows on either side."""

    study: Study
    judged: np.ndarray
    present: np.ndarray
    least: int

    def by_landmark(self, within: gram.Within) -> gram.Fit:
        layout = self.study.layout
        p, k = layout.covariates, layout.types
        return self._fit(within, layout.by_landmark(), np.arange(p, p + k))

    def next_window(self, within: gram.Within) -> gram.Fit:
        layout = self.study.layout
        p, k = layout.covariates, layout.types
        return self._fit(within, layout.next_window(), np.arange(p + k, p + 2 * k))

    def _fit(self, within: gram.Within, expand: np.ndarray, targets: np.ndarray) -> gram.Fit:
        p = self.study.layout.covariates
        totals = within.totals[:-1] @ expand
        usable = np.ones(expand.shape[1], dtype=bool)
        repeats = (expand.shape[1] - p) // self.study.layout.types if self.study.layout.types else 0
        usable[p:] = np.tile((self.judged | self.present) & self.study.enough, repeats)
        usable[p:] &= (totals[p:] >= self.least) & (within.rows - totals[p:] >= self.least)
        one = gram.fit(within, expand, targets, usable)
        return one.silencing(targets[~self.judged])
