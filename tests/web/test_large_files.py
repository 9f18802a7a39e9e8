"""Files that take long: offered, made in the background, taken by whoever asked, gone after a day."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest
import time_machine

import making
from cast import NOW, deal
from hingepoint.connectors import files
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.made_files import actions
from hingepoint.domain.made_files.models import MadeFile
from hingepoint.domain.people.models import User
from hingepoint.records.made_files import MadeState
from hingepoint.web import exports


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.MADE_FILES = tmp_path / "made"
    return settings.MADE_FILES


@pytest.fixture
def large(monkeypatch) -> None:
    """Two deals are many."""
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", dict.fromkeys(exports.TYPES, 1))


def test_a_large_file_is_made_in_the_background_and_is_the_same(client, cast, monkeypatch, large):
    deal("N-2", owner=cast.seller)
    client.force_login(cast.seller)
    offer = client.get("/export/deals.csv?status=open").text
    address = re.search(r'action="(/export/deals.csv/make[^"]*)"', offer)[1]
    assert "2 deals" in offer
    page = client.get(client.post(address).url)
    assert "Being made" in page.text
    made = MadeFile.objects.get()
    actions.make(at=NOW, number=made.pk)
    piece = client.get(f"/export/{made.pk}/", headers={"hx-request": "true"}).text
    assert "<html" not in piece
    taken = re.search(r'href="(/export/\d+/file)"', piece)[1]
    answer = client.get(taken)
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", dict.fromkeys(exports.TYPES, 2))
    at_once = client.get("/export/deals.csv?status=open")
    assert b"".join(answer.streaming_content) == b"".join(at_once.streaming_content)
    assert answer["Content-Type"] == at_once["Content-Type"]
    assert answer["Cache-Control"] == "private, no-store"
    assert AuditEvent.objects.filter(subject="file").earliest("pk").subject_id == "take-made-file"


@pytest.mark.parametrize("query", ["", "?as_of=2026-02-25"])
def test_it_is_called_as_one_handed_out_at_once(client, cast, monkeypatch, query):
    client.force_login(cast.seller)
    with time_machine.travel(NOW, tick=False):
        at_once = client.get(f"/export/deals.csv{query}")
        monkeypatch.setattr(exports, "ROWS_AT_ONCE", dict.fromkeys(exports.TYPES, 0))
        client.post(f"/export/deals.csv/make{query}")
        made = MadeFile.objects.get()
        actions.make(at=NOW, number=made.pk)
        later = client.get(f"/export/{made.pk}/file")
    assert later["Content-Disposition"] == at_once["Content-Disposition"]


def test_a_small_one_is_handed_out_at_once(client, cast):
    client.force_login(cast.seller)
    assert client.get("/export/deals.xlsx")["Content-Disposition"].startswith("attachment")
    assert not MadeFile.objects.exists()


def test_a_table_of_ten_rows_a_deal_is_large_sooner(client, cast, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", dict.fromkeys(exports.TYPES, 9))
    client.force_login(cast.seller)
    assert client.get("/export/deals.csv").streaming
    assert "A large file" in client.get("/export/events.csv").text


def test_it_holds_what_its_reader_sees_and_asked_for(cast):
    deal("N-2", owner=cast.seller, stage="Offer")
    made = making.a_made_file(cast.seller, stage="Offer")
    assert pl.read_csv(made.path)["deal_id"].to_list() == ["N-2"]
    everything = making.a_made_file(cast.sponsor)
    assert {"N-1", "N-2", "S-1"} <= set(pl.read_csv(everything.path)["deal_id"])


def test_who_left_meanwhile_gets_nothing(cast):
    made = making.asked_for(cast.seller)
    User.objects.filter(pk=cast.seller.pk).update(is_active=False)
    actions.make(at=NOW, number=made.pk)
    assert pl.read_csv(made.path).is_empty()


def test_nobody_else_sees_it(client, cast):
    made = making.a_made_file(cast.seller)
    client.force_login(cast.sponsor)
    for address in (f"/export/{made.pk}/", f"/export/{made.pk}/file"):
        assert client.get(address).status_code == 404


def test_it_is_read_by_its_owner_alone_on_the_machine_too(cast, folder):
    made = making.a_made_file(cast.seller)
    assert (made.path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_asked_for_twice_while_it_is_made_it_is_made_once(cast):
    first, second = (making.asked_for(cast.seller, text="Acme") for _ in range(2))
    assert first == second
    assert making.asked_for(cast.seller, text="Bolt") != first
    assert making.asked_for(cast.seller, text="Acme", at=NOW + dt.timedelta(minutes=11)) != first


def test_more_rows_than_a_sheet_holds_are_refused_in_words(client, cast, monkeypatch, folder):
    monkeypatch.setattr("hingepoint.connectors.files.writing.MOST_EXCEL_ROWS", 1)
    made = making.a_made_file(cast.seller, format="xlsx")
    client.force_login(cast.seller)
    assert "Excel: a sheet holds 1 rows; write CSV instead." in client.get(f"/export/{made.pk}/").text
    assert list(folder.iterdir()) == []


def test_a_fault_of_ours_is_said_and_leaves_no_half_file(client, cast, monkeypatch):
    def breaks(parts, file, format):
        file.write(b"half")
        raise OSError("no space left on device")

    made = making.asked_for(cast.seller)
    monkeypatch.setattr(files, "write_table", breaks)
    with pytest.raises(OSError, match="no space"):
        actions.make(at=NOW, number=made.pk)
    client.force_login(cast.seller)
    assert "Ask for it again" in client.get(f"/export/{made.pk}/").text
    assert client.get(f"/export/{made.pk}/file").status_code == 404
    assert not made.path.exists()


def test_after_a_day_it_is_gone_with_what_is_left_of_others(client, cast, folder):
    old, new = (
        making.a_made_file(cast.seller),
        making.asked_for(cast.manager, at=NOW + dt.timedelta(hours=20)),
    )
    (folder / f"{old.pk}.part").write_bytes(b"half")
    (folder / f"{new.pk}.part").write_bytes(b"being written")
    actions.forget_made_files(at=NOW + dt.timedelta(days=1, seconds=1))
    assert [one.name for one in folder.iterdir()] == [f"{new.pk}.part"]
    assert MadeFile.objects.get() == new


def test_a_file_that_somebody_removed_is_told_as_gone(client, cast):
    made = making.a_made_file(cast.seller)
    made.path.unlink()
    client.force_login(cast.seller)
    with time_machine.travel(NOW, tick=False):
        assert "It is gone" in client.get(f"/export/{made.pk}/").text
    assert MadeFile.objects.get().state == MadeState.READY
