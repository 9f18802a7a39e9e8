"""From a history to estimates: the rows in blocks, the cells they count in, and the fits read off them."""

from __future__ import annotations

import datetime
import zlib
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from hingepoint.analysis.discovery.reading import columns, design
from hingepoint.analysis.discovery.reading.choices import Choices
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.sums import gram, kept, pieces, summed

#: Deals whose standing is counted together.
COUNTED_TOGETHER = 100_000
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
class TooFew:
    """A type that cannot be judged: so many deals at risk gained it, and so many did not."""

    key: str
    gained: int
    not_gained: int


@dataclass(frozen=True)
class Study:
    """A history seen through landmarks, ready to be summed.

    history   of the types that can be judged, and of no other: all that is made by type is made of these
    seller    whose fixed effect, per deal
    cluster   whose deals hang together, per deal; ``cluster_names`` of each
    gained    per type, deals at risk that gained it; ``not_gained`` that did not
    too_few   the other types, with as many deals on either side
    pieces    the rows in pieces; choices: what was chosen from all deals
    """

    history: History
    grid: design.Grid
    rows: design.Rows
    columns: columns.Columns
    layout: gram.Layout
    seller: np.ndarray
    cluster: np.ndarray
    cluster_names: np.ndarray
    clustered_by: str
    gained: np.ndarray
    not_gained: np.ndarray
    too_few: tuple[TooFew, ...]
    pieces: pieces.Pieces
    choices: Choices

    @property
    def sellers(self) -> int:
        return int(self.seller.max()) + 1 if self.seller.size else 1

    @property
    def middle(self) -> datetime.date:
        """The day from which on deals count to the later half of time."""
        week = self.choices.once("middle of time", lambda: np.median(self.history.created[self.rows.deal]))
        return datetime.date(1970, 1, 1) + datetime.timedelta(weeks=float(week))

    @property
    def clusters(self) -> int:
        return self.cluster_names.size

    @property
    def deals(self) -> int:
        """Deals that are at risk at any landmark."""
        return int(np.unique(self.rows.deal).size)


def prepare(
    history: History,
    settings: Settings,
    choices: Choices | None = None,
    runner: pieces.Runner | None = None,
) -> Study:
    """Return the study of a history; raises DiscoveryError for settings that cannot be used on it.

    ``choices`` of an earlier run are kept to; ``runner`` is who will sum the pieces.
    """
    choices = choices or Choices()
    grid = design.Grid.of(choices.once("grid", lambda: asdict(design.choose_grid(history, settings))))
    rows = design.make_rows(history, grid)
    gained, not_gained = _counts(history, rows, grid)
    enough = (gained >= settings.min_events) & (not_gained >= settings.min_events)
    too_few = _too_few(history, gained, not_gained, ~enough)
    history = history.only(enough)
    chosen = columns.choose(history, grid, settings, choices)
    layout = gram.Layout(len(chosen.groups), len(history.types))
    seller = sellers(history)
    clustered = clusters(history)
    choices.made["cuts"] = pieces.cuts_at(history.created, choices.made.get("cuts", ()))
    parts = pieces.cut_up(history, chosen, grid, layout, seller, rows, choices.made["cuts"])
    return Study(
        history=history,
        grid=grid,
        rows=rows,
        columns=chosen,
        layout=layout,
        seller=seller,
        cluster=clustered.of_deal,
        cluster_names=clustered.names,
        clustered_by=clustered.by,
        gained=gained[enough],
        not_gained=not_gained[enough],
        too_few=too_few,
        pieces=pieces.Pieces(parts, runner or pieces.Here()),
        choices=choices,
    )


def sellers(history: History) -> np.ndarray:
    """Return whose fixed effect each deal has: the seller's, or one for all where sellers have few deals."""
    if history.size / (history.seller.max(initial=0) + 1) < DEALS_A_SELLER:
        return np.zeros(history.size, dtype=np.int64)
    return history.seller


def clusters(history: History) -> Clusters:
    """Return which deals hang together: a seller's if there are enough sellers, else an account's, else none."""
    if np.unique(history.seller).size >= ENOUGH_CLUSTERS:
        return Clusters.of(history.seller, history.deals["owner"], "seller")
    accounts = np.unique(history.account).size
    if ENOUGH_CLUSTERS <= accounts < 0.95 * history.size:
        return _pooled(history.account, history.deals["account"], "account")
    return _pooled(np.arange(history.size), history.deals["deal_id"], "deal")


@dataclass(frozen=True)
class Clusters:
    """Whose deals hang together, ``by`` what: the cluster of each deal, and their names."""

    of_deal: np.ndarray
    names: np.ndarray
    by: str

    @classmethod
    def of(cls, of_deal: np.ndarray, name: pl.Series, by: str) -> Clusters:
        """Return clusters that have the name of any of their deals."""
        names = np.empty(int(of_deal.max(initial=0)) + 1, dtype=object)
        names[of_deal] = name.fill_null("").cast(pl.String).to_numpy()
        return cls(of_deal, names, by)


def _pooled(of_deal: np.ndarray, name: pl.Series, by: str) -> Clusters:
    """Return the clusters, pooled by their names where they are many, so that each stays where it is."""
    if of_deal.max(initial=0) < MOST_CLUSTERS:
        return Clusters.of(of_deal, name, by)
    place = [zlib.crc32(text.encode()) % MOST_CLUSTERS for text in name.fill_null("").cast(pl.String)]
    return Clusters(np.array(place), np.arange(MOST_CLUSTERS), by)


def _counts(history: History, rows: design.Rows, grid: design.Grid) -> tuple[np.ndarray, np.ndarray]:
    last = rows.select(np.append(np.diff(rows.deal) > 0, True)[: rows.size])
    gained = recorded = np.zeros(len(history.types), dtype=np.int64)
    for start in range(0, last.size, COUNTED_TOGETHER):
        some = last.select(slice(start, start + COUNTED_TOGETHER))
        before, now = design.standing(history, some, grid)
        gained = gained + (before | now).sum(axis=0)
        recorded = recorded + (history.created[some.deal][:, None] >= history.recorded).sum(axis=0)
    return gained, recorded - gained


def _too_few(
    history: History, gained: np.ndarray, not_gained: np.ndarray, some: np.ndarray
) -> tuple[TooFew, ...]:
    """Return the types of a mask with their counts; stages of the deal are never told of."""
    return tuple(
        TooFew(history.types[place], int(gained[place]), int(not_gained[place]))
        for place in np.nonzero(some)[0]
        if history.types[place] not in history.steps
    )


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
        created = study.history.created[rows.deal]
        half = (created > study.choices.once("middle of time", lambda: np.median(created))).astype(int)
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
    deals, choices = study.history.deals, study.choices
    at_risk = np.unique(study.rows.deal)
    for name in SPLIT_BY:
        if name in deals.columns and deals[name].null_count() < deals.height:
            text = deals[name].cast(pl.String).fill_null("(unknown)").to_numpy()
            found.append(_split(name, text, at_risk, choices))
    size = study.columns.size
    if size.any():
        middle = choices.once("middle size", lambda: np.median(size[at_risk]) if at_risk.size else 0.0)
        halves = np.where(size > middle, "larger half", "smaller half")
        found.append(_split("size", halves, at_risk, choices))
    return [one for one in found if len(one.values) > 1]


def _split(name: str, text: np.ndarray, at_risk: np.ndarray, choices: Choices) -> Split:
    chosen = tuple(choices.once(f"values of {name}", lambda: _large(text[at_risk])))
    of_deal = np.full(text.size, -1)
    for place, value in enumerate(chosen):
        of_deal[text == value] = place
    return Split(name, chosen, of_deal)


def _large(text: np.ndarray) -> list[str]:
    values, counts = np.unique(text, return_counts=True)
    return [str(value) for value in values[counts >= SPLIT_DEALS][:SPLIT_VALUES]]


@dataclass(frozen=True)
class Partition:
    """All splits at once: the cell of each deal, and per split and value the cells that make it up.

    Deals are parted by every combination of values that occurs, so that one cube answers for all splits.
    """

    of_deal: np.ndarray
    number: int
    members: dict[tuple[str, str], np.ndarray]


def partition(found: list[Split], deals: int, choices: Choices | None = None) -> Partition:
    """Return the common partition of as many splits as keep it small, the first ones first.

    Combinations of values that an earlier run did not know come after those it did.
    """
    choices = choices or Choices()
    used = choices.once("splits", lambda: _combined(found, deals))
    splits_used = [one for one in found if one.by in used]
    code = _code(splits_used, deals)
    known = choices.made.setdefault("parts", [])
    known.extend(sorted(set(np.unique(code).tolist()) - set(known)))
    codes = np.array(known, dtype=np.int64)
    order = np.argsort(codes)
    of_deal = order[np.searchsorted(codes[order], code)]
    members: dict[tuple[str, str], np.ndarray] = {}
    for one in reversed(splits_used):
        codes, value = np.divmod(codes, len(one.values) + 1)
        members |= {(one.by, text): value == place + 1 for place, text in enumerate(one.values)}
    in_order = {(one.by, value): members[one.by, value] for one in splits_used for value in one.values}
    return Partition(of_deal, len(known), in_order)


def _combined(found: list[Split], deals: int) -> list[str]:
    """Return the names of the splits that together make no more than PARTS parts."""
    used: list[Split] = []
    for one in found:
        if np.unique(_code([*used, one], deals)).size <= PARTS:
            used.append(one)
    return [one.by for one in used]


def _code(used: list[Split], deals: int) -> np.ndarray:
    code = np.zeros(deals, dtype=np.int64)
    for one in used:
        code = code * (len(one.values) + 1) + one.of_deal + 1
    return code


@dataclass(frozen=True)
class Sums:
    """The cubes of a study: landmark rows, the same by the partition, and one row a deal."""

    cells: Cells
    blocks: pieces.Blocks
    main: gram.Cube
    partition: Partition
    parted_blocks: pieces.Blocks
    parted: gram.Cube
    ever_blocks: pieces.Blocks
    ever: gram.Cube


def sum_up(study: Study, settings: Settings, keep: kept.Kept | None = None) -> Sums:
    """Return the sums of products of a study: the pass over its rows that costs most.

    With ``keep``, what is made of each piece from here on is kept, and what was made of it earlier is used.
    """
    cells = Cells(len(study.grid.landmarks))
    parts = partition(splits(study), study.history.size, study.choices)
    cell, part = cells.of(study), parts.of_deal[study.rows.deal]
    number = parts.number if parts.members else 0
    summing = summed.Summing(cell, part, cells.number, number, study.sellers, study.layout.width)
    study.pieces.memory = keep.memory(study, settings) if keep else None
    whole = summing.nothing()
    for some in study.pieces.fold(summing):
        whole.take_in(some)
    return Sums(
        cells=cells,
        blocks=pieces.Blocks(study.pieces, cell),
        main=whole.main,
        partition=parts,
        parted_blocks=pieces.Blocks(study.pieces, part),
        parted=whole.parted,
        ever_blocks=pieces.Blocks(study.pieces, cell, ever=True),
        ever=whole.ever,
    )


def picked(study: Study, inside: np.ndarray) -> gram.Cube:
    """Return the sums of the rows of a mask, in one cell. Costs a pass over those rows."""
    task = summed.Picking(inside, study.sellers, study.layout.width)
    whole = gram.Cube.empty(1, study.sellers, study.layout.width)
    for some in study.pieces.fold(task):
        whole.take_in(some.main)
    return whole


def next_window(
    study: Study, within: gram.Within, judged: np.ndarray, present: np.ndarray, settings: Settings
) -> gram.Fit:
    """Return the fit of estimand B read off some sums, of the types in the mask ``judged`` adjusted for those in
    ``present``; ``within`` may be of other rows than those of the study."""
    return _Reader(study, judged, present, settings.min_events).next_window(within)


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
    ever_influence = gram.influences(sums.ever_blocks, ever_fit, study.cluster, study.clusters)
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
    influences = gram.influences(sums.parted_blocks, fits, study.cluster, study.clusters)
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
        usable[p:] = np.tile(self.judged | self.present, repeats)
        usable[p:] &= (totals[p:] >= self.least) & (within.rows - totals[p:] >= self.least)
        one = gram.fit(within, expand, targets, usable)
        return one.silencing(targets[~self.judged])
