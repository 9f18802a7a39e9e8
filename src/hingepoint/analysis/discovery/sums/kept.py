"""What outlives a run: a refresh works on new deals only, and a run that was stopped goes on where it was.

What a task made of a piece is kept under a fingerprint of everything that enters it, so what is kept is
either right or not found; the one thing left out are the coefficients under which the pulls of clusters
were taken (decision 144). Fingerprints hold still from one run to the next only if the columns do;
that is why the choices of the first run are kept too and used until the data outgrow them. What a
deal does after its last landmark and horizon changes no row, hence no fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hingepoint.analysis.discovery.reading import design
from hingepoint.analysis.discovery.reading.choices import OUTGROWN, Choices
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.sums import packing
from hingepoint.analysis.discovery.sums.pieces import Layer, Maker, Piece
from hingepoint.analysis.discovery.sums.summed import Summing

if TYPE_CHECKING:
    from hingepoint.analysis.discovery.sums.study import Study

T = TypeVar("T")

#: Raised when what is kept, or how it is written, changes.
FORMAT = 2
CHOICES = "choices.json"
NO_CELLS = np.zeros(0, dtype=np.int64)
#: Settings that change what is made of the sums, but not the sums.
AFTERWARDS = frozenset(
    [
        "pivotal",
        "seed",
        "smallest_effect",
        "mechanical",
        "not_mechanical",
        "negative_controls",
        "previous",
        "data_end",
        "certificate",
        "replay",
        "lean_on",
        "lean_on_metric",
        "lean_on_name",
    ]
)


@dataclass
class Kept:
    """Choices, and what was made of pieces, by name in a ``store``; ``version`` is that of the code.

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

    def memory(self, study: Study, settings: Settings) -> Memory:
        """Keep the choices of a study, and return what remembers what is made of its pieces."""
        self._keep_choices(study, settings)
        return Memory(self, study)

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


class Memory:
    """What tasks made of the pieces of a study, in this run and earlier ones."""

    def __init__(self, keep: Kept, study: Study):
        self.keep = keep
        self.labels = packing.Labels(seller_names(study), study.cluster_names)
        self.digests = {piece.first: self._digest(study, piece) for piece in study.pieces.parts}
        self.used = {CHOICES}

    def fold(
        self, pieces: Sequence[Piece], task: packing.Keepable[T], layer: Layer | None, make: Maker[T]
    ) -> Iterator[T]:
        """Yield what the task makes of each piece; only what is not kept is made, and then kept."""
        names = {piece.first: self._names(task, piece, layer) for piece in pieces}
        lacking = self._lacking(pieces, names)
        if isinstance(task, Summing):
            self.keep.found = len(lacking.get((), ()))
            self.keep.made = len(pieces) - self.keep.found
        for piece in lacking.pop((), ()):
            yield self._joined(task, names[piece.first], {})
        for missing, some in lacking.items():
            made = make(task.only(list(missing)), [[piece] for piece in some])
            for piece, result in zip(some, made, strict=True):
                parts = dict(zip(missing, task.apart(result), strict=True))
                yield self._joined(task, names[piece.first], parts)

    def _lacking(
        self, pieces: Sequence[Piece], names: Mapping[int, Sequence[str]]
    ) -> dict[tuple[int, ...], list[Piece]]:
        """Return the pieces by the parts that are not kept of them."""
        lacking: dict[tuple[int, ...], list[Piece]] = {}
        for piece in pieces:
            missing = [place for place, name in enumerate(names[piece.first]) if name not in self.keep.store]
            lacking.setdefault(tuple(missing), []).append(piece)
        return lacking

    def _joined(self, task: packing.Keepable[T], names: Sequence[str], made: Mapping[int, Any]) -> T:
        """Return a result: the parts that were made, which are kept from here on, and those that were kept."""
        parts = []
        for place, name in enumerate(names):
            if place in made:
                self.keep.store[name] = task.packed(made[place], self.labels).to_bytes()
                parts.append(made[place])
            else:
                kept = packing.Packed.of_bytes(self.keep.store[name])
                parts.append(task.unpacked(kept, self.labels))
        return task.joined(parts)

    def forget_others(self) -> None:
        """Take away what this run had no use for."""
        for name in set(self.keep.store) - self.used:
            del self.keep.store[name]

    def _names(self, task: packing.Keepable[Any], piece: Piece, layer: Layer | None) -> list[str]:
        """Return the names under which the parts of the task's result on a piece are kept."""
        rows, cells = layer.rows(piece) if layer else (piece.here, NO_CELLS)
        kind = f"{type(task).__name__} {layer.ever if layer else ''}".encode()
        names = []
        for place in range(task.size):
            digest = self.digests[piece.first].copy()
            digest.update(kind)
            _take_in(digest, *task.about(place, rows, cells))
            names.append(digest.hexdigest())
        self.used.update(names)
        return names

    def _digest(self, study: Study, piece: Piece) -> Any:
        """Return the digest of everything that the rows of a piece are made of."""
        history, grid = piece.history, piece.grid
        about = [FORMAT, self.keep.version, history.types, piece.layout, grid, study.columns.groups]
        digest = hashlib.blake2b(repr(about).encode(), digest_size=16)
        deals = slice(piece.first, piece.first + history.size)
        for names, number in (
            (self.labels.sellers, piece.seller),
            (self.labels.clusters, study.cluster[deals]),
        ):
            digest.update("\0".join(map(str, names[number])).encode())
        for rows in (piece.rows, piece.ever):
            _take_in(digest, rows.deal, rows.landmark, rows.outcome)
        _take_in(digest, history.created, piece.covariates.fixed, piece.covariates.size)
        last = np.inf if grid.stages else grid.landmarks[-1]
        _take_in(digest, np.where(history.gained <= last + grid.horizon, history.gained, np.float32(np.inf)))
        if history.entries is not None:
            _take_in(digest, history.entries)
        if history.ended is not None:
            _take_in(digest, np.where(history.ended <= last, history.ended, np.float32(np.inf)))
        for traces in history.traces.values():
            soon = traces.week <= last
            _take_in(digest, traces.index[soon], traces.week[soon])
        return digest


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
