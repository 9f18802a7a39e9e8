"""An encrypted backup: the file in pieces, each sealed with AES-256-GCM under a key of this file alone.

    MAGIC, 16 random bytes, then pieces of one size and a shorter last one

The key of the file comes from the operator's key and the random bytes (HKDF). The nonce of a piece is its number, and says whether it
is the last: a piece that is altered, moved, left out or cut off does not open.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hingepoint.cli import Unusable, in_use
from hingepoint.connectors import passing

MAGIC = b"Hingepoint sealed backup 1\n"
PIECE, TAG, SALT = 1 << 20, 16, 16
SHORTEST_KEY = 32


def key_of(key_file: Path | None) -> str:
    """Return the key to use: of a file, else of the setting; empty for none. Raises Unusable for one that is soon guessed."""
    from django.conf import settings

    key = key_file.read_text().strip() if key_file else settings.ENVIRONMENT.backup_key
    if (key or key_file) and len(key) < SHORTEST_KEY:
        raise Unusable(
            f"The key of a backup has at least {SHORTEST_KEY} characters. Make one: openssl rand -base64 48"
        )
    return key


def seal(file: Path, key: str) -> None:
    """Encrypt ``file`` in its place, once what was written opens again to the same. Raises Unusable."""
    sealed = file.with_name(f"{file.name}.sealed")
    in_use.make_private(sealed)
    try:
        with file.open("rb") as source, sealed.open("wb") as target:
            before = _write(source, target, key)
        with sealed.open("rb") as source, open(os.devnull, "wb") as nowhere:
            after = _read(source, nowhere, key)
        if before != after:
            raise Unusable(f"What was written to {sealed} does not read back the same. Is the disk sound?")
        sealed.replace(file)
    finally:
        sealed.unlink(missing_ok=True)


@contextlib.contextmanager
def opened(file: Path, key: str, *, beside: Path) -> Iterator[Path]:
    """Yield a backup that can be read: ``file`` itself, or its content in a private folder ``beside``. Raises Unusable."""
    with file.open("rb") as source:
        if source.read(len(MAGIC)) != MAGIC:
            yield file
            return
        if not key:
            raise Unusable(
                f"{file} is encrypted. Set HINGEPOINT_BACKUP_KEY to its key, or name a file with it: --key-file"
            )
        source.seek(0)
        beside.mkdir(parents=True, exist_ok=True)
        with passing.folder(beside=beside) as place:
            plain = place / file.name
            in_use.make_private(plain)
            with plain.open("wb") as target:
                _opened_or_said(source, target, key, file)
            yield plain


def _opened_or_said(source: IO[bytes], target: IO[bytes], key: str, file: Path) -> None:
    from cryptography.exceptions import InvalidTag

    try:
        _read(source, target, key)
    except InvalidTag:
        raise Unusable(
            f"{file} does not open: it was encrypted with another key, or it is damaged."
        ) from None


def _write(source: IO[bytes], target: IO[bytes], key: str) -> str:
    """Write all of ``source`` sealed; return the digest of what it was."""
    salt, digest = os.urandom(SALT), hashlib.sha256()
    box = _box(key, salt)
    target.write(MAGIC + salt)
    for number, piece, last in _pieces(source, PIECE):
        digest.update(piece)
        target.write(box.encrypt(_nonce(number, last), piece, MAGIC))
    return digest.hexdigest()


def _read(source: IO[bytes], target: IO[bytes], key: str) -> str:
    """Write all of ``source`` opened; return the digest of what comes out. Raises InvalidTag."""
    source.seek(len(MAGIC))
    box, digest = _box(key, source.read(SALT)), hashlib.sha256()
    for number, piece, last in _pieces(source, PIECE + TAG):
        plain = box.decrypt(_nonce(number, last), piece, MAGIC)
        digest.update(plain)
        target.write(plain)
    return digest.hexdigest()


def _pieces(source: IO[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, content and whether it is the last, of pieces of ``size``; an empty source has one empty piece."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size)
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _box(key: str, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=MAGIC).derive(key.encode()))
