"""A backup with uploaded files: a tar archive that holds the database as a backup of its own, and the files beside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from hingepoint.cli import Unusable, in_use
from hingepoint.connectors import passing

DATABASE, FILES = "database", "uploads"


def add_files(backup: Path, folder: Path) -> int:
    """Make the database's ``backup`` an archive with every file of ``folder``; return how many. None: it stays as it is."""
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    if not files:
        return 0
    archive = backup.with_name(f"{backup.name}.tar")
    in_use.make_private(archive)
    try:
        with tarfile.open(archive, "w") as tar:
            written = {DATABASE: _add(tar, backup, DATABASE)}
            for one in files:
                name = f"{FILES}/{one.relative_to(folder).as_posix()}"
                with contextlib.suppress(FileNotFoundError):  # taken away a moment ago
                    written[name] = _add(tar, one, name)
        _require_that_it_holds(archive, written)
        archive.replace(backup)
    finally:
        archive.unlink(missing_ok=True)
    return len(written) - 1


class _Noting:
    """A file that is read once, and the digest of what was read."""

    def __init__(self, file: IO[bytes]):
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self.file.read(size)
        self.digest.update(found)
        return found


def _add(tar: tarfile.TarFile, file: Path, name: str) -> bytes:
    """Add a file under ``name``; return the digest of what was read of it."""
    with file.open("rb") as source:
        noting = _Noting(source)
        tar.addfile(tar.gettarinfo(arcname=name, fileobj=source), noting)  # type: ignore[arg-type]  # it only reads
    return noting.digest.digest()


def _require_that_it_holds(archive: Path, written: dict[str, bytes]) -> None:
    """Raise Unusable unless an archive, read again, holds what was written to it."""
    with tarfile.open(archive) as tar:
        read = {
            one.name: hashlib.file_digest(_content(tar, one), "sha256").digest()  # type: ignore[arg-type]  # it buffers
            for one in tar
        }
    if read != written:
        raise Unusable(f"{archive.stem} does not read back the same as it was written. Is the disk sound?")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(member)
    assert found is not None  # it is a file
    return found


@contextlib.contextmanager
def opened(file: Path, folder: Path) -> Iterator[Archive]:
    """Yield what is in a backup: the database's own backup and the files for ``folder``. Raises Unusable."""
    if not tarfile.is_tarfile(file):
        yield Archive(file, folder, {})
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with passing.folder(beside=folder.parent) as place:
        try:
            yield _unpacked(file, folder, place)
        except tarfile.TarError as error:
            raise Unusable(f"{file} is damaged ({error}). Use another backup.") from None


class Archive:
    """A backup that was opened: ``database``, and ``files`` by the place they belong to."""

    def __init__(self, database: Path, folder: Path, files: dict[Path, Path]):
        self.database, self.folder, self.files = database, folder, files

    def put_files(self) -> None:
        """Put back every file that is not there. None is written over: what a name holds never changes."""
        for place, file in self.files.items():
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, place)


def _unpacked(file: Path, folder: Path, place: Path) -> Archive:
    files = {}
    database = place / DATABASE
    with tarfile.open(file) as tar:
        for number, member in enumerate(tar):
            name = PurePosixPath(member.name)
            within = name.parts[:1] == (FILES,) and len(name.parts) > 1 and ".." not in name.parts
            if not member.isfile() or not (member.name == DATABASE or within):
                raise Unusable(f"{file} is no backup of a Hingepoint: it holds {member.name}.")
            target = database if member.name == DATABASE else place / str(number)
            _copy(tar, member, target)
            if within:
                files[folder.joinpath(*name.parts[1:])] = target
    if not database.exists():
        raise Unusable(f"{file} is no backup of a Hingepoint: no database is in it.")
    return Archive(database, folder, files)


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    in_use.make_private(target)
    with _content(tar, member) as source, target.open("wb") as copied:
        shutil.copyfileobj(source, copied)
