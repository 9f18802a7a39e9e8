"""How what a task made of a piece is laid by until another run: numbers, and whose they are by name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl

R = TypeVar("R")


@dataclass(frozen=True)
class Labels:
    """The names of all seller effects and clusters; their numbers change from run to run, names do not."""

    sellers: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Packed:
    """Arrays, and the names of the sellers or clusters that one of their axes stands for."""

    names: Sequence[str]
    arrays: Sequence[np.ndarray]

    def to_bytes(self) -> bytes:
        head = {"names": list(self.names), "shapes": [one.shape for one in self.arrays]}
        body = io.BytesIO()
        numbers = np.concatenate([np.ravel(one) for one in self.arrays]).astype(float)
        pl.DataFrame({"number": numbers}).write_ipc(body, compression="zstd")
        return json.dumps(head).encode() + b"\n" + body.getvalue()

    @classmethod
    def of_bytes(cls, packed: bytes) -> Packed:
        line, _, body = packed.partition(b"\n")
        head = json.loads(line)
        numbers = pl.read_ipc(io.BytesIO(body))["number"].to_numpy()
        ends = np.cumsum([int(np.prod(shape)) for shape in head["shapes"]])
        parts = np.split(numbers, ends[:-1])
        return cls(
            head["names"], [part.reshape(shape) for part, shape in zip(parts, head["shapes"], strict=True)]
        )


def places(names: Iterable[str], labels: np.ndarray) -> np.ndarray:
    """Return where each name stands among the labels of today."""
    place: Mapping[str, int] = {str(label): number for number, label in enumerate(labels)}
    return np.array([place[name] for name in names], dtype=np.int64)


def as_array(name: str) -> np.ndarray:
    """Return a name as it enters a fingerprint: two parts may look alike on a piece and differ elsewhere."""
    return np.frombuffer(name.encode(), dtype=np.uint8)


class Keepable(Protocol[R]):
    """A task whose results on pieces, or on blocks of rows, can be kept, in ``size`` parts found again one by one."""

    def __call__(self, some: Iterable[Any]) -> R: ...

    @property
    def size(self) -> int: ...

    def only(self, places: list[int]) -> Keepable[R]:
        """Return the task of making these parts."""

    def about(self, place: int, rows: slice, cells: np.ndarray) -> Iterable[np.ndarray]:
        """Return what enters a part beside the piece: of the arrays about all rows, ``rows`` are the piece's."""

    def apart(self, result: R) -> Sequence[Any]:
        """Return the parts of a result."""

    def joined(self, parts: Sequence[Any]) -> R:
        """Return the result that has these parts."""

    def packed(self, part: Any, labels: Labels) -> Packed: ...

    def unpacked(self, packed: Packed, labels: Labels) -> Any: ...


class Stacked:
    """A task whose result is an array with its parts along the first axis."""

    def apart(self, result: np.ndarray) -> Sequence[np.ndarray]:
        """Return the parts of a result."""
        return list(result)

    def joined(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Return the result that has these parts."""
        return np.stack(parts)

    def packed(self, part: np.ndarray, labels: Labels) -> Packed:
        """Return a part as it is kept."""
        return Packed((), [part])

    def unpacked(self, packed: Packed, labels: Labels) -> np.ndarray:
        """Return the part of what was kept."""
        return packed.arrays[0]


class ByCluster(Stacked):
    """The same with all ``clusters`` along the second axis; those without rows take no space."""

    clusters: int

    def packed(self, part: np.ndarray, labels: Labels) -> Packed:
        """Return the clusters that have rows, by name."""
        present = np.nonzero(part.reshape(len(part), -1).any(axis=1))[0]
        return Packed([str(one) for one in labels.clusters[present]], [part[present]])

    def unpacked(self, packed: Packed, labels: Labels) -> np.ndarray:
        """Return an array with all clusters of today."""
        (some,) = packed.arrays
        part = np.zeros((self.clusters, *some.shape[1:]))
        part[places(packed.names, labels.clusters)] = some
        return part
