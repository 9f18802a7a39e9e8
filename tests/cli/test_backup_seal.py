"""An encrypted backup opens with its key alone, whole or not at all."""

import secrets
import stat

import pytest

from hingepoint.cli import Unusable, backup_seal
from installation import Installation

KEY, OTHER = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
SIZES = [0, 1, backup_seal.PIECE - 1, backup_seal.PIECE, backup_seal.PIECE + 1, 2 * backup_seal.PIECE + 7]


def sealed(tmp_path, content: bytes, key: str = KEY):
    file = tmp_path / "monday"
    file.write_bytes(content)
    backup_seal.seal(file, key)
    return file


def content_of(file, key: str = KEY) -> bytes:
    with backup_seal.opened(file, key, beside=file.parent / "data") as plain:
        return plain.read_bytes()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens_to_the_same(tmp_path, size):
    content = secrets.token_bytes(size)
    file = sealed(tmp_path, content)
    assert content_of(file) == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert size < 32 or content[:32] not in file.read_bytes()
    assert [one.name for one in (tmp_path / "data").iterdir()] == []


@pytest.mark.parametrize(
    ("key", "words"),
    [(OTHER, "with another key, or it is damaged"), ("", "is encrypted. Set HINGEPOINT_BACKUP_KEY")],
    ids=["another key", "no key"],
)
def test_without_its_key_it_stays_shut_and_says_so(tmp_path, key, words):
    file = sealed(tmp_path, b"a database")
    with pytest.raises(Unusable, match=words):
        content_of(file, key)


WHOLE = backup_seal.PIECE + backup_seal.TAG
BEGIN = len(backup_seal.MAGIC) + backup_seal.SALT


@pytest.mark.parametrize(
    "harm",
    [
        lambda said: said[:-1],
        lambda said: said[: BEGIN + WHOLE],  # the last piece cut off
        lambda said: said[:BEGIN],
        lambda said: said[:BEGIN] + said[BEGIN + WHOLE :],  # the first piece left out
        lambda said: said[:BEGIN] + said[BEGIN + WHOLE : BEGIN + 2 * WHOLE] + said[BEGIN : BEGIN + WHOLE] + said[BEGIN + 2 * WHOLE :],
        lambda said: said + b"x",
        lambda said: said[:200] + bytes([said[200] ^ 1]) + said[201:],
        lambda said: said[: BEGIN - 1] + bytes([said[BEGIN - 1] ^ 1]) + said[BEGIN:],
    ],
    ids=["a byte short", "last piece gone", "all gone", "first piece gone", "exchanged", "longer", "altered", "another salt"],
)  # fmt: skip
def test_one_that_was_altered_opens_nothing(tmp_path, harm):
    file = sealed(tmp_path, secrets.token_bytes(2 * backup_seal.PIECE + 7))
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(Unusable, match="damaged"):
        content_of(file)


def test_one_key_seals_two_files_differently(tmp_path):
    first = sealed(tmp_path, b"a database").read_bytes()
    assert sealed(tmp_path, b"a database").read_bytes() != first


def test_a_disk_that_returns_something_else_is_found_before_the_backup_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(backup_seal, "_read", lambda *_: "another digest")
    with pytest.raises(Unusable, match="does not read back the same"):
        sealed(tmp_path, b"a database")
    assert [one.name for one in tmp_path.iterdir()] == ["monday"]


@pytest.mark.slow
def test_a_company_comes_back_from_an_encrypted_backup(installation, tmp_path):
    key, file = tmp_path / "key", tmp_path / "monday"
    key.write_text(f"{KEY}\n")
    done = installation.run("backup", file, "--key-file", key)
    assert "encrypted)." in done.stdout, done.stderr
    assert b"SQLite format" not in file.read_bytes()
    elsewhere = Installation(tmp_path / "elsewhere")
    refused = elsewhere.run("restore", file)
    assert refused.returncode == 2
    assert "is encrypted" in refused.stderr
    assert elsewhere.run("restore", file, "--key-file", key).returncode == 0
    assert elsewhere.database.exists()


def test_a_key_that_is_soon_guessed_is_refused(installation, tmp_path):
    key = tmp_path / "key"
    key.write_text("monday")
    refused = installation.run("backup", tmp_path / "monday", "--key-file", key)
    assert refused.returncode == 2
    assert "at least 32 characters" in refused.stderr
    assert not (tmp_path / "monday").exists()
