"""What may be in a backup with files, and where it may go."""

import io
import tarfile

import pytest

from hingepoint.cli import Unusable, backup_archive


def archive(path, **members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            found = tarfile.TarInfo(name.replace("__", "/"))
            found.size = len(content)
            tar.addfile(found, io.BytesIO(content))
    return path


def put_back(file, folder):
    with backup_archive.opened(file, folder) as opened:
        opened.put_files()
        return opened.database.read_bytes()


def test_a_backup_without_files_stays_the_databases_own(tmp_path):
    file = tmp_path / "monday"
    file.write_bytes(b"a database")
    assert backup_archive.add_files(file, tmp_path / "uploads") == 0
    assert put_back(file, tmp_path / "uploads") == b"a database"


def test_files_go_to_their_places_and_one_that_is_there_stays(tmp_path):
    uploads = tmp_path / "uploads"
    (uploads / "proof").mkdir(parents=True)
    (uploads / "proof" / "there").write_text("as it was")
    (uploads / "proof" / "gone").write_text("taken away later")
    file = tmp_path / "monday"
    file.write_bytes(b"a database")
    assert backup_archive.add_files(file, uploads) == 2
    (uploads / "proof" / "there").write_text("changed")
    (uploads / "proof" / "gone").unlink()
    assert put_back(file, uploads) == b"a database"
    assert (uploads / "proof" / "there").read_text() == "changed"
    assert (uploads / "proof" / "gone").read_text() == "taken away later"


def test_a_disk_that_returns_something_else_is_found_before_the_archive_counts(tmp_path, monkeypatch):
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "mail").write_text("They wrote it.")
    file = tmp_path / "monday"
    file.write_bytes(b"a database")
    close = tarfile.TarFile.close

    def damaged(tar):
        close(tar)
        if tar.mode == "w":
            whole = (tmp_path / "monday.tar").read_bytes()
            (tmp_path / "monday.tar").write_bytes(whole.replace(b"They wrote it.", b"They wrote it!"))

    monkeypatch.setattr(tarfile.TarFile, "close", damaged)
    with pytest.raises(Unusable, match="does not read back the same"):
        backup_archive.add_files(file, tmp_path / "uploads")
    assert file.read_bytes() == b"a database"
    assert not (tmp_path / "monday.tar").exists()


@pytest.mark.parametrize(
    "name", ["uploads/../../evil", "/etc/evil", "evil", "uploads", "database/evil", "../uploads/evil"]
)
def test_nothing_is_put_anywhere_else(tmp_path, name):
    file = archive(tmp_path / "monday", **{"database": b"a database", name: b"evil"})
    with pytest.raises(Unusable, match="no backup of a Hingepoint"):
        put_back(file, tmp_path / "data" / "uploads")
    assert not any(tmp_path.rglob("evil*"))


def test_an_archive_without_a_database_is_no_backup(tmp_path):
    file = archive(tmp_path / "monday", uploads__mail=b"hello")
    with pytest.raises(Unusable, match="no database is in it"):
        put_back(file, tmp_path / "uploads")


def test_a_link_in_an_archive_is_refused(tmp_path):
    file = tmp_path / "monday"
    with tarfile.open(file, "w") as tar:
        link = tarfile.TarInfo("uploads/key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Unusable, match="it holds uploads/key"):
        put_back(file, tmp_path / "uploads")
