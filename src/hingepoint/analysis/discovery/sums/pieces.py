"""The rows of a study in pieces of deals created one after another, and who sums them.

A piece holds all that its rows are made of, so it can be summed anywhere: one after another here, or
each in a partition of a cluster. Its rows are laid out only while they are summed, block by block;
a study that fits into memory keeps them between passes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl

from hingepoint.analysis.discovery.reading import columns, design, gathering
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.sums import gram, packing

T = TypeVar("T")
Task = Callable[[Iterable["Piece"]], T]
Told = Callable[["Piece"], None]
#: Does a task on groups of pieces and yields what it makes of each group.
Maker = Callable[[packing.Keepable[T], Sequence[Sequence["Piece"]]], Iterator[T]]

PIECE_DEALS = 50_000
BLOCK_ROWS = 32_768
#: Rows are kept in memory between passes up to this size.
KEPT_BYTES = 1 << 30


@dataclass(frozen=True)
class Piece:
    """Some deals with everything that their rows are made of; deals are counted from its first.

    first, row   the numbers of its first deal and its first landmark row among all
    rows, ever   its landmark rows, and its rows of the design that looks at whatever was ever gained
    laid_out     its blocks once they are laid out; None if they are not to be kept
    """

    first: int
    row: int
    history: History
    covariates: columns.Columns
    grid: design.Grid
    layout: gram.Layout
    seller: np.ndarray
    rows: design.Rows
    ever: design.Rows
    laid_out: list[gram.Block] | None = None

    @property
    def here(self) -> slice:
        """Which of all landmark rows are its own."""
        return slice(self.row, self.row + self.rows.size)

    def blocks(self) -> Iterator[gram.Block]:
        """Yield the landmark rows in blocks of whole deals, all in cell 0."""
        if self.laid_out:
            yield from self.laid_out
            return
        made = []
        for block in self._laid_out_anew():
            if self.laid_out is not None:
                made.append(block)
            yield block
        if self.laid_out is not None:
            self.laid_out[:] = made

    def _laid_out_anew(self) -> Iterator[gram.Block]:
        for part in _parts(self.rows):
            some = self.rows.select(part)
            before, now = design.standing(self.history, some, self.grid)
            yield self._block(some, before, now, self.row + np.arange(part.start, part.stop))

    def ever_blocks(self) -> Iterator[gram.Block]:
        """Yield one row a deal with whatever it ever gained in its course: the naive design, for comparison."""
        for part in _parts(self.ever):
            some = self.ever.select(part)
            ever = self.history.gained[some.deal] <= np.float32(self.grid.course)
            yield self._block(some, ever, np.zeros_like(ever), None)

    def _block(
        self, rows: design.Rows, before: np.ndarray, now: np.ndarray, number: np.ndarray | None
    ) -> gram.Block:
        p, k = self.layout.covariates, self.layout.types
        values = np.empty((rows.size, self.layout.width))
        values[:, :p] = self.covariates.layout(self.history, rows, self.grid)
        values[:, p : p + k] = before
        values[:, p + k : -1] = now
        values[:, -1] = rows.outcome
        nowhere = np.zeros(rows.size, dtype=np.int64)
        return gram.Block(values, nowhere, self.seller[rows.deal], self.first + rows.deal, number)


def _parts(rows: design.Rows) -> Iterator[slice]:
    start = 0
    while start < rows.size:
        stop = min(start + BLOCK_ROWS, rows.size)
        while stop < rows.size and rows.deal[stop] == rows.deal[stop - 1]:
            stop += 1
        yield slice(start, stop)
        start = stop


class Runner(Protocol):
    """Who does the work on events and pieces."""

    def gather(
        self, events: Any, index: pl.DataFrame, end: datetime.datetime | None
    ) -> Iterable[gathering.Gathered]:
        """Return what the events say about the deals of ``index``, in parts."""

    def fold(self, groups: Sequence[Sequence[Piece]], task: Task[T], told: Told) -> Iterable[T]:
        """Return what ``task`` makes of each group, or of each piece, in order; tell of each that is done."""


class Here:
    """This process: one piece after another, the next block laid out while one is summed."""

    def gather(
        self, events: Any, index: pl.DataFrame, end: datetime.datetime | None
    ) -> Iterator[gathering.Gathered]:
        return gathering.gathered_here(events, index, end)

    def fold(self, groups: Sequence[Sequence[Piece]], task: Task[T], told: Told) -> Iterator[T]:
        def watched(pieces: Sequence[Piece]) -> Iterator[Piece]:
            for piece in pieces:
                yield piece
                told(piece)

        for pieces in groups:
            yield task(watched(pieces))


class Memory(Protocol):
    """Remembers what was made of pieces."""

    def fold(
        self, pieces: Sequence[Piece], task: packing.Keepable[T], layer: Layer | None, make: Maker[T]
    ) -> Iterator[T]:
        """Return what the task makes of each piece; ``make`` does it for groups of pieces."""

    def forget_others(self) -> None:
        """Forget what was not asked for."""


@dataclass
class Pieces:
    """All pieces of a study, and how far a pass over them is.

    ``watch`` is told the share of a pass that is done, after each piece; ``memory`` spares passes over
    pieces that an earlier run has seen.
    """

    parts: tuple[Piece, ...]
    runner: Runner = field(default_factory=Here)
    watch: Callable[[float], None] = lambda share: None
    memory: Memory | None = None

    def fold(self, task: packing.Keepable[T], layer: Layer | None = None) -> Iterator[T]:
        """Yield what ``task`` makes of the pieces, or of a ``layer`` of their blocks, in parts to be added."""

        def make(some: packing.Keepable[T], groups: Sequence[Sequence[Piece]]) -> Iterator[T]:
            on_pieces = OnBlocks(layer, some) if layer else some
            yield from self.runner.fold(groups, on_pieces, self._watching(groups))

        if self.memory:
            return self.memory.fold(self.parts, task, layer, make)
        return make(task, [self.parts])

    def _watching(self, groups: Sequence[Sequence[Piece]]) -> Told:
        whole = max(sum(piece.rows.size for group in groups for piece in group), 1)
        done = 0

        def told(piece: Piece) -> None:
            nonlocal done
            done += piece.rows.size
            self.watch(done / whole)

        return told


@dataclass(frozen=True)
class Blocks:
    """The landmark rows in blocks, each row in its cell; ``ever`` instead the rows of whatever was ever gained."""

    pieces: Pieces
    cells: np.ndarray
    ever: bool = False

    def __iter__(self) -> Iterator[gram.Block]:
        """Yield the blocks in the order of all rows."""
        for piece in self.pieces.parts:
            yield from self.layer(piece)

    def fold(self, task: packing.Keepable[T]) -> Iterator[T]:
        """Yield what ``task`` makes of the blocks, in parts to be added."""
        return self.pieces.fold(task, self.layer)

    @property
    def layer(self) -> Layer:
        return Layer(self.cells, self.ever)


@dataclass(frozen=True)
class Layer:
    """Makes the blocks of a piece, with the cells of all rows."""

    cells: np.ndarray
    ever: bool

    def __call__(self, piece: Piece) -> Iterator[gram.Block]:
        if self.ever:
            yield from piece.ever_blocks()
            return
        for block in piece.blocks():
            yield replace(block, cell=self.cells[block.row])

    def rows(self, piece: Piece) -> tuple[slice, np.ndarray]:
        """Return which of all rows are those of a piece, and their cells."""
        if self.ever:
            return slice(0, 0), np.zeros(piece.ever.size, dtype=np.int64)
        return piece.here, self.cells[piece.here]


@dataclass(frozen=True)
class OnBlocks:
    """A task on blocks as a task on pieces."""

    layer: Layer
    task: Callable[[Iterable[gram.Block]], Any]

    def __call__(self, pieces: Iterable[Piece]) -> Any:
        return self.task(block for piece in pieces for block in ahead(self.layer(piece)))


def ahead(blocks: Iterator[T]) -> Iterator[T]:
    """Yield the same, each made in another thread while the one before it is used.

    Within a piece only: who is told of pieces may hold a database connection of this thread.
    """
    nothing = object()
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, blocks, nothing)
        while (block := coming.result()) is not nothing:
            coming = maker.submit(next, blocks, nothing)
            yield block  # type: ignore[misc]


def cut_up(
    history: History,
    covariates: columns.Columns,
    grid: design.Grid,
    layout: gram.Layout,
    seller: np.ndarray,
    rows: design.Rows,
    cuts: Sequence[float],
) -> tuple[Piece, ...]:
    """Return the deals between one moment of creation and the next as pieces, where there are any."""
    ever = design.ever_rows(history, grid)
    small = rows.size * layout.width * 8 < KEPT_BYTES
    places = np.unique(np.concatenate([[0], np.searchsorted(history.created, cuts), [history.size]]))
    found = []
    for start, stop in zip(places[:-1].tolist(), places[1:].tolist(), strict=True):
        deals = slice(start, stop)
        row = int(np.searchsorted(rows.deal, start))
        found.append(
            Piece(
                first=start,
                row=row,
                history=history.part(deals),
                covariates=covariates.part(deals),
                grid=grid,
                layout=layout,
                seller=seller[deals],
                rows=rows.of(deals),
                ever=ever.of(deals),
                laid_out=[] if small else None,
            )
        )
    return tuple(found)


def cuts_at(created: np.ndarray, after: Sequence[float] = ()) -> list[float]:
    """Return the moments of creation that part deals into pieces of about PIECE_DEALS.

    ``after`` are earlier cuts, which stay; only what was created since the last of them is parted anew.
    """
    first = int(np.searchsorted(created, after[-1])) if after else 0
    places = range(first + PIECE_DEALS, created.size - PIECE_DEALS // 2, PIECE_DEALS)
    return [*after, *sorted({float(created[place]) for place in places})]
