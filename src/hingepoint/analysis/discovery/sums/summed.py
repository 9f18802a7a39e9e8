"""The sums of products of a study, made piece by piece and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from hingepoint.analysis.discovery.sums import gram, packing, pieces


@dataclass
class Summed:
    """The cubes of some pieces: landmark rows by cell, the same by part, and one row a deal."""

    main: gram.Cube
    parted: gram.Cube
    ever: gram.Cube

    @property
    def cubes(self) -> tuple[gram.Cube, gram.Cube, gram.Cube]:
        return self.main, self.parted, self.ever

    def take_in(self, other: Summed) -> None:
        """Add the sums of other pieces to these."""
        for cube, more in zip(self.cubes, other.cubes, strict=True):
            cube.take_in(more)


class _OnePart:
    """A task whose result is one part."""

    @property
    def size(self) -> int:
        return 1

    def only(self, places: list[int]) -> Self:
        """Return the same: sums have one part."""
        return self

    def apart(self, sums: Summed) -> list[Summed]:
        """Return the sums as their one part."""
        return [sums]

    def joined(self, parts: Sequence[Summed]) -> Summed:
        """Return the one part."""
        return parts[0]


@dataclass(frozen=True)
class Summing(_OnePart):
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

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what enters the sums beside the rows of a piece."""
        yield np.array(self.cells)
        yield self.cell[rows]
        yield self.part[rows]

    def packed(self, sums: Summed, labels: packing.Labels) -> packing.Packed:
        """Return sums in little space: only sellers who have rows, and half of what is symmetric."""
        cubes = sums.cubes
        present = np.nonzero(sum(cube.counts.sum(axis=0) for cube in cubes))[0]
        upper = np.triu_indices(self.width)
        arrays = [
            array
            for cube in cubes
            for array in (cube.products[:, *upper], cube.sums[:, present], cube.counts[:, present])
        ]
        return packing.Packed([str(one) for one in labels.sellers[present]], arrays)

    def unpacked(self, packed: packing.Packed, labels: packing.Labels) -> Summed:
        """Return kept sums with the sellers and parts of today."""
        whole = self.nothing()
        sellers = packing.places(packed.names, labels.sellers)
        first, second = np.triu_indices(self.width)
        for number, cube in enumerate(whole.cubes):
            products, sums, counts = packed.arrays[3 * number : 3 * number + 3]
            cells = len(products)
            cube.products[:cells, first, second] = products
            cube.products[:cells, second, first] = products
            cube.sums[:cells, sellers] = sums
            cube.counts[:cells, sellers] = counts
        return whole


@dataclass(frozen=True)
class Picking(_OnePart):
    """The task of summing the landmark rows for which ``inside`` holds, into one cell."""

    inside: np.ndarray
    sellers: int
    width: int

    @property
    def _plain(self) -> Summing:
        nowhere = np.zeros(0, dtype=np.int64)
        return Summing(nowhere, nowhere, 1, 0, self.sellers, self.width)

    def __call__(self, some: Iterable[pieces.Piece]) -> Summed:
        sums = self._plain.nothing()
        for block in (one for piece in some for one in piece.blocks()):
            picked = np.nonzero(self.inside[block.row])[0]
            if picked.size:
                sums.main.add(
                    gram.Block(
                        block.values[picked], block.cell[picked], block.seller[picked], block.deal[picked]
                    )
                )
        return sums

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what enters the sums beside the rows of a piece."""
        yield self.inside[rows]

    def packed(self, sums: Summed, labels: packing.Labels) -> packing.Packed:
        """Return sums as all sums are kept."""
        return self._plain.packed(sums, labels)

    def unpacked(self, packed: packing.Packed, labels: packing.Labels) -> Summed:
        """Return kept sums with the sellers of today."""
        return self._plain.unpacked(packed, labels)


def _all_blocks(piece: pieces.Piece) -> Iterator[tuple[gram.Block, bool]]:
    for block in piece.blocks():
        yield block, False
    for block in piece.ever_blocks():
        yield block, True
