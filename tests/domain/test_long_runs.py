"""Long runs of discovery: their sums are kept, and they say how long they still take."""

from types import SimpleNamespace

import pytest

from hingepoint.analysis.discovery.sums import pieces
from hingepoint.domain.discovery import work
from hingepoint.domain.discovery.keeping import Folder
from histories import plain

SETTINGS = {"metric": "won", "min_events": 10}


def find(data):
    return work.find(data, settings=SETTINGS, progress=lambda share, text: None).record.stored()


@pytest.mark.django_db
def test_the_next_run_on_a_long_history_uses_what_the_last_one_summed(settings, tmp_path, monkeypatch):
    settings.KEPT_SUMS = tmp_path / "sums"
    monkeypatch.setattr(pieces, "PIECE_DEALS", 150)
    data = work.Data(*plain(), {})
    first = find(data)
    written = {name: (tmp_path / "sums" / name).stat().st_mtime_ns for name in Folder(tmp_path / "sums")}
    assert len(written) > 4, "choices, and what was made of each of three pieces"
    assert find(data) == first
    written.pop("choices.json")
    assert all((tmp_path / "sums" / name).stat().st_mtime_ns == at for name, at in written.items())


@pytest.mark.django_db
def test_nothing_is_kept_of_a_short_history(settings, tmp_path):
    settings.KEPT_SUMS = tmp_path / "sums"
    find(work.Data(*plain(), {}))
    assert not (tmp_path / "sums").exists()


def test_a_run_says_how_long_it_still_takes_once_that_can_be_known(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(work.time, "monotonic", lambda: clock.now)
    said = []
    tell = work.with_time_left(lambda share, text: said.append(text))
    for clock.now, share in ((5.0, 0.2), (60.0, 0.25), (100.0, 0.9)):
        tell(share, "summing up deals")
    assert said == [
        "summing up deals",
        "summing up deals, about 3 min left",
        "summing up deals, less than a minute left",
    ]


def test_a_folder_holds_whole_files_only(tmp_path):
    folder = Folder(tmp_path / "sums")
    folder["one"] = b"1"
    assert dict(folder) == {"one": b"1"}
    assert "two" not in folder
    del folder["one"]
    assert list(folder) == []
