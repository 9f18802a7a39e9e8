"""A folder of kept sums, as the analysis wants it: bytes by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path


class Folder(MutableMapping[str, bytes]):
    """The files of a folder; each is written whole or not at all, whatever ends the process."""

    def __init__(self, path: Path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: bytes) -> None:
        unfinished = self.path / f"{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path / name)

    def __delitem__(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)  # another run may tidy up at the same time

    def __contains__(self, name: object) -> bool:
        return (self.path / str(name)).is_file()

    def __iter__(self) -> Iterator[str]:
        return (one.name for one in self.path.iterdir() if one.is_file())

    def __len__(self) -> int:
        return sum(1 for _ in self)
