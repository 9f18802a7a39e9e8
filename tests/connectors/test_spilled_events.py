"""Events that are read from disk batch by batch are the events of the whole table, as often as they are read."""

from __future__ import annotations

import datetime as dt
import tempfile

import numpy as np
import polars as pl
import pytest

from connectors import papers
from hingepoint.connectors import files
from hingepoint.connectors.files import fields, tables
from hingepoint.connectors.files.reading import rules, spilled

DAY = 86_400_000_000
LOG = """<log xes.version="1.0">{}</log>"""
TRACE = (
    '<trace><string key="concept:name" value="C{0}"/>'
    '<event><string key="concept:name" value="Call"/><date key="time:timestamp" value="2024-01-{1:02}"/></event>'
    '<event><string key="concept:name" value="{2}"/><date key="time:timestamp" value="2024-02-{1:02}"/></event>'
    "</trace>"
)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(tables, "BATCH", 64)
    monkeypatch.setattr(tables, "TYPED_BATCH", 64)
    monkeypatch.setattr(spilled, "PART", 150)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder in which events wait, empty again after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def events(number=1000, seed=1):
    """Return events of 40 deals, of which some stand twice and some are of deals nobody knows."""
    draw = np.random.default_rng(seed)
    days = pl.Series(draw.integers(0, 60, number) * DAY).cast(pl.Duration("us"))
    return pl.DataFrame(
        {
            "deal_id": [f"D{n}" for n in draw.integers(0, 44, number)],
            "agreement": [f"a{n}" for n in draw.integers(0, 9, number)],
            "at": days + dt.datetime.fromisoformat("2024-01-01"),
            "evidence": draw.integers(0, 5, number),
        }
    )


def deals(folder):
    rows = [f"D{n},2024-01-05,2024-02-{1 + n % 20:02},won" for n in range(40)]
    return papers.deals(folder, *rows, "D40,2024-01-05,2024-01-04,won")


def written(folder, format, table):
    path = folder / f"events.{format}"
    table.write_parquet(path) if format == "parquet" else table.write_csv(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_waits_on_disk_is_what_is_read_into_memory(tmp_path, temporary, format):
    given = {"deals": deals(tmp_path), "events": written(tmp_path, format, events())}
    whole = files.read(**given)
    with files.open_reading(**given) as found:
        assert len([one for one in temporary.glob("*/*") if one.is_file()]) > 3
        assert found.events.collect_schema().names() == [
            *("deal_id", "agreement", "at", "state", "kind", "evidence")
        ]
        there = found.events.collect()
    assert whole.events.select(there.columns).equals(there)
    assert whole.events.schema == pl.Schema(fields.schema("events"))
    assert (found.rules, found.rows, found.deals.equals(whole.deals)) == (whole.rules, whole.rows, True)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_the_counts_are_those_of_a_count_over_the_whole_table(tmp_path, temporary, format):
    table = events(seed=2)
    with files.open_reading(deals=deals(tmp_path), events=written(tmp_path, format, table)) as found:
        there, counted = found.events.collect(), found.rules
    unique = table.unique(maintain_order=True)
    known = unique.filter(pl.col("deal_id").is_in([f"D{n}" for n in range(40)]))
    day = pl.col("at").dt.date()
    close = pl.col("deal_id").str.slice(1).cast(pl.Int32) % 20 + 1
    assert there["deal_id"].to_list() == known["deal_id"].to_list()
    assert there["at"].to_list() == known["at"].to_list()
    assert counted == {
        "closed_before_created": 1,
        "duplicate_event": table.height - unique.height,
        "event_of_deal_left_out": unique.filter(deal_id="D40").height,
        "event_of_unknown_deal": unique.filter(pl.col("deal_id").is_in(["D41", "D42", "D43"])).height,
        "event_before_created": known.filter(day < pl.date(2024, 1, 5)).height,
        "event_after_close": known.filter(day > pl.date(2024, 2, close)).height,
    }


def parts(folder, table, number=4):
    """Write a table as so many Parquet files of a folder."""
    (folder / "events").mkdir()
    size = -(-table.height // number)
    for name, part in enumerate(table.iter_slices(size)):
        part.write_parquet(folder / "events" / f"{name:03}.parquet")
    return folder / "events"


def test_a_folder_of_parquet_files_is_one_table(tmp_path, temporary):
    whole = files.read(deals=deals(tmp_path), events=written(tmp_path, "parquet", events()))
    found = files.read(deals=deals(tmp_path), events=parts(tmp_path, events()))
    assert found.events.equals(whole.events)
    assert (found.rules, found.rows) == (whole.rules, whole.rows)
    assert [each.dialect for each in found.understood] == [whole.understood[0].dialect, {"files": "4"}]


def test_a_bad_row_of_a_folder_names_its_file(tmp_path, temporary):
    folder = parts(tmp_path, events())
    pl.read_parquet(folder / "002.parquet").with_columns(
        evidence=pl.when(pl.int_range(pl.len()) == 6).then(9).otherwise("evidence")
    ).write_parquet(folder / "002.parquet")
    (folder / "_SUCCESS").touch()
    with pytest.raises(files.BadRows) as refused:
        files.read(deals=deals(tmp_path), events=folder)
    assert [(each.file, each.row, each.value) for each in refused.value.problems] == [
        ("events/002.parquet", 7, "9")
    ]


@pytest.mark.slow
def test_a_mapping_holds_for_all_files_of_a_folder(tmp_path, temporary):
    table = events()
    mapping = files.parse_mapping("events: {leave_out: {agreement: [a1]}}")
    found = files.read(deals=deals(tmp_path), events=parts(tmp_path, table), mapping=mapping)
    assert "a1" not in found.events["agreement"]
    assert found.rules["left_out_by_mapping"] == table.filter(agreement="a1").height


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "001.parquet",
            pl.DataFrame({"deal_id": ["D1"], "step": ["a"], "at": ["2024-01-01"]}),
            "001.parquet",
        ),
        (
            "001.parquet",
            events(9).with_columns(pl.col("at").cast(pl.String)),
            "of another type, than events/0",
        ),
        ("001.parquet", b"deal_id,agreement,at\n", "events/001.parquet: is not a Parquet file"),
        ("001.parquet", b"", "001.parquet: is empty"),
        ("notes.txt", b"none", "events: is a folder without Parquet files"),
    ],
)
def test_a_folder_of_other_files_is_refused(tmp_path, temporary, name, content, said):
    folder = parts(tmp_path, events(), 2)
    if name == "notes.txt":
        for each in folder.iterdir():
            each.unlink()
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        content.write_parquet(folder / name)
    with pytest.raises(files.FileProblem, match=said):
        files.read(deals=deals(tmp_path), events=folder)


def test_events_can_be_read_as_often_as_wanted(tmp_path, temporary):
    with files.open_reading(deals=deals(tmp_path), events=written(tmp_path, "parquet", events())) as found:
        once, again = (pl.concat(found.events.collect_batches(chunk_size=100)) for _ in range(2))
        assert once.equals(again)
        assert once.height > 500


def test_a_log_is_read_from_disk_like_a_table(tmp_path, temporary):
    traces = "".join(TRACE.format(n, 1 + n % 28, "Order" if n % 3 else "Refusal") for n in range(500))
    log = papers.file(tmp_path, LOG.format(traces), "log.xes")
    mapping = files.parse_mapping("outcome: {won: [Order], lost: [Refusal]}")
    whole = files.read(log=log, mapping=mapping)
    assert whole.events.height == 1000
    assert dict(whole.deals["status"].value_counts().iter_rows()) == {"won": 333, "lost": 167}
    with files.open_reading(log=log, mapping=mapping) as found:
        there = found.events.collect()
    assert whole.events.select(there.columns).equals(there)
    assert found.deals.equals(whole.deals)


def test_a_bad_row_at_the_very_end_stops_everything(tmp_path, temporary):
    path = written(tmp_path, "csv", events())
    path.write_text(path.read_text() + "D1,a1,soon,2\n")
    with (
        pytest.raises(files.BadRows, match="row 1002"),
        files.open_reading(deals=deals(tmp_path), events=path),
    ):
        pytest.fail("nothing may be computed")
    with files.open_reading(deals=deals(tmp_path), events=path, skip_bad_rows=True) as found:
        assert (found.bad_rows, [each.row for each in found.problems]) == (1, [1002])


def test_a_table_without_events_has_none_and_all_their_columns(tmp_path, temporary):
    with files.open_reading(deals=deals(tmp_path)) as found:
        assert found.events.collect_schema() == pl.Schema(fields.schema("events"))
        assert found.events.collect().is_empty()


def test_a_disk_without_room_is_said_in_words(tmp_path, temporary, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    given = {"deals": deals(tmp_path), "events": written(tmp_path, "parquet", events())}
    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(files.FileProblem, match=r"No space left on device.*TMPDIR"):
        files.read(**given)


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
def test_an_event_is_seen_once_however_the_table_is_cut(size):
    table = events(3000, seed=4)
    seen, counted = rules.SeenEvents(), {}
    found = pl.concat(seen.new(part, counted) for part in table.iter_slices(size))
    assert found.equals(table.unique(maintain_order=True))
    assert counted == {"duplicate_event": table.height - found.height}
    assert sum(run.size for run in seen.runs) == found.height
    assert len(seen.runs) <= 13
