"""``hingepoint discover`` reads events batch by batch: nothing begins before all are checked, and nothing changes."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from hingepoint import cli
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import record
from hingepoint.cli.common import today
from hingepoint.cli.discover import catalogue
from hingepoint.connectors import files
from hingepoint.connectors.files import tables
from hingepoint.connectors.files.reading import spilled
from hingepoint.domain.discovery.reading import counted_once
from histories import plain, world


def discover(*arguments):
    return CliRunner().invoke(cli.main, ["discover", *map(str, arguments)])


def written(folder, format, **frames):
    """Write tables as files of a format, and return their paths by role."""
    paths = {role: folder / f"{role}.{format}" for role in frames}
    for role, frame in frames.items():
        frame.write_parquet(paths[role]) if format == "parquet" else frame.write_csv(paths[role])
    return paths


def options(paths):
    return [word for role, path in paths.items() for word in (f"--{role}", path)]


def lived():
    """Return a lived world whose events say how well agreements were gained, some twice, some too late."""
    deals, events = world(deals=3000).deals(), world(deals=3000).events()
    draw = np.random.default_rng(5)
    events = events.with_columns(evidence=pl.Series(draw.integers(0, 5, events.height)))
    late = events.tail(50).with_columns(pl.col("at") + pl.duration(days=2000))
    stranger = events.head(20).with_columns(deal_id=pl.lit("nobody"))
    return deals, pl.concat([events, events.head(100), late, stranger])


@pytest.mark.slow
@pytest.mark.parametrize("format", [pytest.param("csv", marks=pytest.mark.slow), "parquet"])
def test_events_read_batch_by_batch_give_the_bytes_of_the_whole_table(tmp_path, monkeypatch, format):
    deals, events = lived()
    paths = written(tmp_path, format, deals=deals, events=events)
    whole = files.read(**paths, today=today())
    found = discovery.discover(
        whole.deals,
        whole.events,
        settings=discovery.Settings(metric="won"),
        catalogue=catalogue(),
        rules=counted_once(whole.rules),
    )
    monkeypatch.setattr(tables, "BATCH", 997)
    monkeypatch.setattr(tables, "TYPED_BATCH", 997)
    monkeypatch.setattr(spilled, "PART", 3000)
    more = ("--metric", "won", "--out", tmp_path / "out", "--format", "json", "--quiet")
    answer = discover(*options(paths), *more)
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["data"] == json.loads(json.dumps(found.to_dict()["data"], default=str))
    assert told["data"]["rules"]["duplicate_event"] == 100
    assert told["data"]["rules"]["event_of_unknown_deal"] == 20
    assert any(finding["levels"] or finding["doses"] for finding in told["findings"])
    assert (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8") == record.of(found).csv()


def test_a_bad_event_at_the_very_end_stops_everything_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "discover", lambda *_, **__: pytest.fail("nothing may be computed"))
    monkeypatch.setattr(tables, "BATCH", 100)
    deals, events = plain(300)
    paths = written(tmp_path, "csv", deals=deals, events=events)
    paths["events"].write_text(paths["events"].read_text() + "D1,helps,soon\n")
    refused = discover(*options(paths), "--out", tmp_path / "out", "--keep", tmp_path / "sums")
    assert refused.exit_code == 2
    assert f"events.csv, row {events.height + 2}, column at: found 'soon'" in refused.stderr
    assert "Nothing was computed" in refused.stderr
    assert refused.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == {"deals.csv", "events.csv"}


def test_deals_without_any_event_of_theirs_are_refused_in_words(tmp_path):
    deals, events = plain(300)
    paths = written(tmp_path, "parquet", deals=deals, events=events.with_columns(deal_id=pl.lit("Z")))
    answer = discover(*options(paths))
    assert answer.exit_code == 2
    assert "the events name no agreement type that belongs to these deals" in answer.stderr


def test_a_folder_of_events_is_named_file_by_file(tmp_path):
    deals, events = plain(300)
    paths = written(tmp_path, "parquet", deals=deals, events=events)
    whole = discover(*options(paths), "--format", "json")
    (tmp_path / "events").mkdir()
    for number, part in enumerate(events.iter_slices(200)):
        part.write_parquet(tmp_path / "events" / f"{number}.parquet")
    given = options(paths | {"events": tmp_path / "events"})
    answer = discover(*given, "--format", "json", "--out", tmp_path / "out", "--quiet")
    found, expected = json.loads(answer.stdout), json.loads(whole.stdout)
    expected["understood"]["rows"]["events"] = expected["understood"]["rows"].pop("events.parquet")
    assert found == expected
    named = [one["name"] for one in json.loads((tmp_path / "out" / "run.json").read_text())["inputs"]]
    assert named[:2] == ["deals.parquet", "events/0.parquet"]
    assert len(named) == 1 + len(list((tmp_path / "events").iterdir()))
