"""The sums of products of a study, made piece by piece and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery import gram, pieces


@dataclass
class Summed:
    """The cubes of some pieces: landmark rows by cell, the same by part, and one row a deal."""

    main: gram.Cube
    parted: gram.Cube
    ever: gram.Cube

    def take_in(self, other: Summed) -> None:
        """Add the sums of other pieces to these."""
        self.main.take_in(other.main)
        self.parted.take_in(other.parted)
        self.ever.take_in(other.ever)


@dataclass(frozen=True)
class Summing:
    """The task of summing pieces up; ``cell`` and ``part`` say where each row counts."""

    cell: np.ndarray
    part: np.ndarray
    cells: int
    parts: int
    sellers: int
    width: int

    def nothing(self) -> Summed:
        return Summed(
            gram.Cube.empty(self.cells, self.sellers, self.width),
            gram.Cube.empty(self.parts, self.sellers, self.width),
            gram.Cube.empty(1, self.sellers, self.width),
        )

    def __call__(self, some: Iterable[pieces.Piece]) -> Summed:
        sums = self.nothing()
        for block, ever in (one for piece in some for one in pieces.ahead(_all_blocks(piece))):
            if ever:
                sums.ever.add(block)
                continue
            sums.main.add(replace(block, cell=self.cell[block.row]))
            if self.parts:
                sums.parted.add(replace(block, cell=self.part[block.row]))
        return sums


def _all_blocks(piece: pieces.Piece) -> Iterator[tuple[gram.Block, bool]]:
    for block in piece.blocks():
        yield block, False
    for block in piece.ever_blocks():
        yield block, True
