"""A backup with uploaded files: a tar archive that holds the database as a backup of its own, and the files beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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
            tar.add(backup, DATABASE)
            for one in files:
                with contextlib.suppress(FileNotFoundError):  # taken away a moment ago
                    tar.add(one, f"{FILES}/{one.relative_to(folder).as_posix()}", recursive=False)
        with tarfile.open(archive) as tar:
            written = len(tar.getmembers()) - 1  # reads to the end of it
        archive.replace(backup)
    finally:
        archive.unlink(missing_ok=True)
    return written


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
    source = tar.extractfile(member)
    assert source is not None  # it is a file
    in_use.make_private(target)
    with source, target.open("wb") as copied:
        shutil.copyfileobj(source, copied)
