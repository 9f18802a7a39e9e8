"""Sums that outlive a run: a refresh sums new deals only, and a run that was stopped goes on where it was.

The sums of a piece are kept under a fingerprint of everything that enters them, so what is kept is
either right or not found. Fingerprints hold still from one run to the next only if the columns do;
that is why the choices of the first run are kept too and used until the data outgrow them. What a
deal does after its last landmark and horizon changes no row, hence no fingerprint.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from hingepoint.analysis.discovery import design, gram
from hingepoint.analysis.discovery.choices import OUTGROWN, Choices
from hingepoint.analysis.discovery.history import History
from hingepoint.analysis.discovery.pieces import Piece
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.summed import Summed, Summing

if TYPE_CHECKING:
    from hingepoint.analysis.discovery.study import Study

#: Raised when what is summed, or how it is written, changes.
FORMAT = 1
CHOICES = "choices.json"
#: Settings that change what is made of the sums, but not the sums.
AFTERWARDS = frozenset(
    [
        "pivotal",
        "seed",
        "smallest_effect",
        "mechanical",
        "not_mechanical",
        "min_events",
        "previous",
        "data_end",
    ]
)


@dataclass
class Kept:
    """Choices and sums by name in a ``store``; ``version`` is that of the code.

    ``found`` and ``made`` count the pieces of the last run whose sums were there, and that were summed.
    """

    store: MutableMapping[str, bytes]
    version: str = ""
    found: int = 0
    made: int = 0

    def choices(self, history: History, settings: Settings) -> Choices:
        """Return the kept choices if they still fit the history, otherwise none yet.

        They do not if settings or columns changed, if today's deals ask for other landmarks or another
        horizon, or if there are a quarter more deals than when they were made.
        """
        text = self.store.get(CHOICES)
        stored = json.loads(text) if text else {}
        if stored.get("for") != self._purpose(history, settings):
            return Choices()
        choices = Choices(stored["made"])
        today, then = design.choose_grid(history, settings), design.Grid.of(choices.made["grid"])
        if (today.landmarks, today.horizon) != (then.landmarks, then.horizon):
            return Choices()
        return choices if history.size <= OUTGROWN * stored["deals"] else Choices()

    def folded(self, study: Study, settings: Settings, summing: Summing) -> Iterator[Summed]:
        """Yield the sums of all pieces: those that are kept, then the others, which are kept as they are made."""
        self._keep_choices(study, settings)
        names = {piece.first: self._fingerprint(study, summing, piece) for piece in study.pieces.parts}
        missing = []
        for piece in study.pieces.parts:
            packed = self.store.get(names[piece.first])
            if packed:
                yield _unpacked(packed, summing, seller_names(study))
            else:
                missing.append(piece)
        self.found, self.made = len(names) - len(missing), len(missing)
        sums = study.pieces.fold(summing, [[piece] for piece in missing])
        for piece, some in zip(missing, sums, strict=True):
            self.store[names[piece.first]] = _packed(some, seller_names(study))
            yield some
        for name in set(self.store) - {CHOICES, *names.values()}:
            del self.store[name]

    def _purpose(self, history: History, settings: Settings) -> dict[str, Any]:
        asked = {name: value for name, value in settings.to_dict().items() if name not in AFTERWARDS}
        asked["metric"] = history.metric.name
        columns = sorted(f"{name} {dtype}" for name, dtype in history.deals.schema.items())
        return {"format": FORMAT, "version": self.version, "settings": asked, "columns": columns}

    def _keep_choices(self, study: Study, settings: Settings) -> None:
        stored = {
            "for": self._purpose(study.history, settings),
            "deals": study.choices.once("deals", lambda: study.history.size),
            "made": study.choices.made,
        }
        self.store[CHOICES] = json.dumps(stored).encode()

    def _fingerprint(self, study: Study, summing: Summing, piece: Piece) -> str:
        """Return a name for everything that enters the sums of a piece."""
        history, grid = piece.history, piece.grid
        here = slice(piece.row, piece.row + piece.rows.size)
        about = [FORMAT, self.version, history.types, piece.layout, grid, study.columns.groups, summing.cells]
        digest = hashlib.blake2b(repr(about).encode(), digest_size=16)
        for text in seller_names(study)[piece.seller]:
            digest.update(f"{text}\0".encode())
        for rows in (piece.rows, piece.ever):
            _take_in(digest, rows.deal, rows.landmark, rows.outcome)
        _take_in(digest, summing.cell[here], summing.part[here], history.created)
        _take_in(digest, piece.covariates.fixed, piece.covariates.size)
        last = np.inf if grid.stages else grid.landmarks[-1]
        _take_in(digest, np.where(history.gained <= last + grid.horizon, history.gained, np.float32(np.inf)))
        if history.entries is not None:
            _take_in(digest, history.entries)
        if history.ended is not None:
            _take_in(digest, np.where(history.ended <= last, history.ended, np.float32(np.inf)))
        for traces in history.traces.values():
            soon = traces.week <= last
            _take_in(digest, traces.index[soon], traces.week[soon])
        return digest.hexdigest()


def _take_in(digest: Any, *arrays: np.ndarray) -> None:
    for array in arrays:
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array).data)


def seller_names(study: Study) -> np.ndarray:
    """Return the owner behind each seller effect; one nameless where there are no seller effects."""
    if study.sellers == 1 or "owner" not in study.history.deals.columns:
        return np.array([""] * study.sellers)
    names = np.empty(study.sellers, dtype=object)
    names[study.seller] = study.history.deals["owner"].fill_null("").to_numpy()
    return names


def _packed(sums: Summed, names: np.ndarray) -> bytes:
    """Return sums in little space: only sellers who have rows, and half of what is symmetric."""
    cubes = (sums.main, sums.parted, sums.ever)
    present = np.nonzero(sum(cube.counts.sum(axis=0) for cube in cubes))[0]
    upper = np.triu_indices(sums.main.products.shape[1])
    numbers = [
        part.ravel()
        for cube in cubes
        for part in (cube.products[:, *upper], cube.sums[:, present], cube.counts[:, present])
    ]
    head = {
        "sellers": [str(names[place]) for place in present],
        "cells": [cube.products.shape[0] for cube in cubes],
        "width": sums.main.products.shape[1],
    }
    body = io.BytesIO()
    pl.DataFrame({"number": np.concatenate(numbers)}).write_ipc(body, compression="zstd")
    line = json.dumps(head).encode() + b"\n"
    return line + body.getvalue()


def _unpacked(packed: bytes, summing: Summing, names: np.ndarray) -> Summed:
    """Return kept sums with the sellers and parts of today."""
    line, _, body = packed.partition(b"\n")
    head = json.loads(line)
    numbers = pl.read_ipc(io.BytesIO(body))["number"].to_numpy()
    place = {str(name): number for number, name in enumerate(names)}
    sellers = np.array([place[name] for name in head["sellers"]], dtype=np.int64)
    whole = summing.nothing()
    for cube, cells in zip((whole.main, whole.parted, whole.ever), head["cells"], strict=True):
        numbers = _fill(cube, cells, sellers, numbers)
    return whole


def _fill(cube: gram.Cube, cells: int, sellers: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Put the first of the numbers into a cube and return the rest."""
    width = cube.products.shape[1]
    first, second = np.triu_indices(width)
    shapes = [(cells, first.size), (cells, sellers.size, width), (cells, sellers.size)]
    taken = []
    for shape in shapes:
        size = int(np.prod(shape))
        taken.append(numbers[:size].reshape(shape))
        numbers = numbers[size:]
    cube.products[:cells, first, second] = taken[0]
    cube.products[:cells, second, first] = taken[0]
    cube.sums[:cells, sellers] = taken[1]
    cube.counts[:cells, sellers] = taken[2]
    return numbers
