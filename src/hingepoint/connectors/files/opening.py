"""From a path to a plain file that is safe to read: what it is, unpacked within limits."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from hingepoint.connectors import passing
from hingepoint.connectors.files.problems import FileProblem, shown

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may hold at most. Sizes are bytes after unpacking."""

    size: int = 4 << 30
    #: A workbook and a sheet are read into memory as a whole.
    workbook: int = 1 << 30
    workbook_cells: int = 30_000_000
    #: Tables shrink up to about fiftyfold; bombs a thousandfold and more.
    ratio: int = 200
    ratio_from: int = 50 << 20
    columns: int = 2_000
    cell: int = 100_000
    line: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Plain:
    """A file unpacked: ``name`` for messages, ``path`` to read, ``format`` and how it was packed."""

    name: str
    path: Path
    format: str
    packed: str = ""


@contextmanager
def opened(path: Path, *, limits: Limits, member: str = "") -> Iterator[Plain]:
    """Give the plain file behind ``path``, unpacked into a temporary folder when it is packed.

    Raises ``FileProblem`` for anything that is not a readable table file within ``limits``.
    """
    name = shown(path.name) or "the file"
    _check(path, name, limits)
    with passing.folder() as folder:
        yield _unpacked(path, name, folder, limits, member)


def _check(path: Path, name: str, limits: Limits) -> None:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise FileProblem(name, "is a folder.", "Give one file.")
        if not stat.S_ISREG(found.st_mode):
            raise FileProblem(name, "is not an ordinary file.", "Give one file.")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise FileProblem(name, "does not exist.", "Check the name and the folder.") from None
    except PermissionError:
        raise FileProblem(name, "may not be read by this user.", "Change its permissions.") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a file name"
        raise FileProblem(name, f"cannot be opened: {reason}.", "Give one ordinary file.") from None
    if found.st_size == 0:
        raise FileProblem(name, "is empty.", "Give a table with a row of headings.")
    if found.st_size > limits.size:
        raise FileProblem(name, f"is larger than {_bytes(limits.size)}.", "Split it into several files.")


def _unpacked(path: Path, name: str, folder: Path, limits: Limits, member: str) -> Plain:
    with path.open("rb") as file:
        start = file.read(4096)
    if start[:2] == b"\x1f\x8b":
        plain = _gunzipped(path, folder, name, limits)
        return Plain(name, plain, _format_of_inner(plain, name), "gzip")
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unzipped(path, name, folder, limits, member)
    return Plain(name, path, format_of(start, name))


def _gunzipped(path: Path, folder: Path, name: str, limits: Limits) -> Path:
    out = folder / "plain"
    try:
        with gzip.open(path) as packed, out.open("wb") as plain:
            _copy(cast("IO[bytes]", packed), plain, name, path.stat().st_size, limits)
    except (OSError, EOFError, zlib.error):
        raise FileProblem(name, "is a damaged or incomplete gzip file.", "Pack it again.") from None
    if out.stat().st_size == 0:
        raise FileProblem(name, "is empty.", "Give a table with a row of headings.")
    return out


def _format_of_inner(path: Path, name: str) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    if start[:2] in (b"\x1f\x8b", b"PK"):
        inner = _workbook_format(path, name) if start[:2] == b"PK" else ""
        if not inner:
            raise FileProblem(name, "is packed more than once.", "Pack the table once, or not at all.")
        return inner
    return format_of(start, name)


def _unzipped(path: Path, name: str, folder: Path, limits: Limits, member: str) -> Plain:
    if workbook := _workbook_format(path, name):
        check_workbook(path, name, limits)
        return Plain(name, path, workbook)
    with zip_archive(path, name) as archive:
        info = _the_member(archive, name, member)
        inside = f"{name}/{shown(PurePosixPath(info.filename).name)}"
        out = folder / "plain"
        with _member(archive, info, inside) as packed, out.open("wb") as plain:
            _copy(packed, plain, inside, info.compress_size, limits)
    if out.stat().st_size == 0:
        raise FileProblem(inside, "is empty.", "Give a table with a row of headings.")
    with out.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    if gzipped:
        raise FileProblem(inside, "is packed more than once.", "Pack the table once, or not at all.")
    format = _format_of_inner(out, inside)
    if format in {"xlsx", "ods"}:
        check_workbook(out, inside, limits)
    return Plain(inside, out, format, "zip")


#: Everything that zipfile raises for an archive that is not sound.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@contextmanager
def zip_archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Give the zip archive ``path``; whatever is wrong with it while it is used becomes a ``FileProblem``."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGED:
        raise FileProblem(name, "is a damaged zip file.", "Pack or save it again.") from None


def _the_member(archive: zipfile.ZipFile, name: str, wanted: str) -> zipfile.ZipInfo:
    found = [
        info
        for info in archive.infolist()
        if info.filename
        and not info.is_dir()
        and "__MACOSX" not in info.filename
        and not PurePosixPath(info.filename).name.startswith(".")
    ]
    if wanted:
        found = [info for info in found if wanted in (info.filename, PurePosixPath(info.filename).name)]
        if not found:
            raise FileProblem(name, f"holds no file {shown(wanted)!r}.", "Correct `member` in the mapping.")
    if not found:
        raise FileProblem(name, "is a zip file without a table.", "Give a zip with one table.")
    if len(found) > 1:
        names = ", ".join(shown(info.filename) for info in found[:5])
        raise FileProblem(
            name, f"holds {len(found)} files ({names}).", "Pack one, or say `member` in the mapping."
        )
    return found[0]


@contextmanager
def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[IO[bytes]]:
    if info.flag_bits & 1:
        raise FileProblem(name, "is locked with a password.", "Pack it without one.")
    with archive.open(info) as file:
        yield file


def _copy(packed: IO[bytes], plain: IO[bytes] | None, name: str, size: int, limits: Limits) -> int:
    """Copy (or only measure) an unpacked stream; raises ``FileProblem`` when it grows as no table does."""
    total = 0
    while chunk := packed.read(CHUNK):
        total += len(chunk)
        if total > limits.size:
            raise FileProblem(
                name, f"unpacks to more than {_bytes(limits.size)}.", "Split it into several files."
            )
        if total > limits.ratio_from and total > limits.ratio * max(size, 1):
            raise FileProblem(
                name,
                f"unpacks to more than {limits.ratio} times its size, as no table does.",
                "Give it unpacked.",
            )
        if plain is not None:
            plain.write(chunk)
    return total


def _workbook_format(path: Path, name: str) -> str:
    """Return xlsx, xlsb or ods when the zip file ``path`` is a workbook, else an empty text."""
    with zip_archive(path, name) as archive:
        names = set(archive.namelist())
        if "[Content_Types].xml" in names:
            if "xl/workbook.bin" in names:
                raise FileProblem(name, "is a binary workbook (.xlsb).", "Save it as .xlsx or CSV.")
            if not any(re.fullmatch(r"(?i)/?xl/workbook\.xml", each) for each in names):
                raise FileProblem(
                    name, "is not a workbook but another Office file.", "Save the table as .xlsx."
                )
            return "xlsx"
        if "content.xml" in names and "mimetype" in names:
            kind = archive.read("mimetype")[:100] if archive.getinfo("mimetype").file_size < 200 else b""
            if b"spreadsheet" not in kind:
                raise FileProblem(name, "is not a spreadsheet.", "Save the table as .ods or .xlsx.")
            return "ods"
    return ""


def check_workbook(path: Path, name: str, limits: Limits) -> None:
    """Raise ``FileProblem`` when a workbook unpacks to more than a workbook may."""
    small = Limits(size=limits.workbook, ratio=limits.ratio, ratio_from=limits.ratio_from)
    total = 0
    with zip_archive(path, name) as archive:
        for info in archive.infolist():
            with _member(archive, info, name) as file:
                total += _copy(file, None, name, info.compress_size, small)
            if total > limits.workbook:
                raise FileProblem(name, f"unpacks to more than {_bytes(limits.workbook)}.", "Save it as CSV.")


def format_of(start: bytes, name: str) -> str:
    """Return the format of an unpacked file that begins with ``start``; raises ``FileProblem``."""
    if start[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "xls"
    if start[:4] == b"PAR1":
        return "parquet"
    for mark, what in _FOREIGN.items():
        if start.startswith(mark):
            raise FileProblem(
                name, f"is {what}, not a table.", "Give CSV, Excel, Parquet, JSON lines or XES."
            )
    text = start.decode(
        "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    ).lstrip()
    if text[:1] == "<":
        return _markup(text, name)
    return "json" if text[:1] in ("{", "[") else "csv"


def _markup(text: str, name: str) -> str:
    low = text[:4096].casefold()
    if "<!doctype html" in low or "<html" in low or "<table" in low:
        raise FileProblem(name, "is a web page, not a table.", "Save it as .xlsx or CSV.")
    if "urn:schemas-microsoft-com:office:spreadsheet" in low:
        raise FileProblem(name, "is an XML spreadsheet of 2003.", "Save it as .xlsx or CSV.")
    return "xes"


_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3": "a database",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"\x7fELF": "a program",
    b"\x09\x08\x10\x00\x00\x06": "an Excel file without its container",
    b"\x09\x04\x06\x00": "an Excel file of before 1995",
    b"\x09\x02\x06\x00": "an Excel file of before 1995",
    b"\x09\x00\x04\x00": "an Excel file of before 1995",
}


def _bytes(size: int) -> str:
    return f"{size / (1 << 30):,.0f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):,.0f} MiB"
