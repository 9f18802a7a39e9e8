"""``hingepoint export --all``: every table as Parquet, in a documented shape."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import raising
import talks
from cast import NOW, deal
from hingepoint import cli
from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import State
from hingepoint.cli.export import TABLES
from hingepoint.connectors.files import parquet
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports.queries import exported
from hingepoint.domain.negotiation.models import Corridor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "notebooks-and-bi.md"
HANDED_OUT = Path(__file__).with_name("handed_out.json")
SECRET = 977_001


@pytest.fixture
def warehouse(cast, tmp_path):
    """A folder with everything of a company with a corridor, an exception, a demand and columns of its own."""
    figures = {"opening": SECRET + 2, "target": SECRET + 1, "walk_away": SECRET}
    Corridor.objects.create(deal=cast.deal, **figures, set_at=NOW)
    talks.an_exception(cast)
    talks.a_demand(cast)
    deal("OWN", extra={"Shoe size": "43"})
    deal("WON", status="won", closed_at=NOW, amount=7)
    assert export("--all", "--out", str(tmp_path / "warehouse")).exit_code == 0
    return tmp_path / "warehouse"


def export(*arguments):
    return CliRunner().invoke(cli.main, ["export", *arguments])


def read(folder, table: str) -> pl.DataFrame:
    return pl.read_parquet(folder / table / "*.parquet")


def test_every_table_is_written_as_it_is_documented(warehouse):
    told = json.loads((warehouse / "schema.json").read_text())
    assert told["schema"] == parquet.VERSION
    assert set(told["tables"]) == set(TABLES) == set(parquet.TABLES)
    for name, columns in parquet.TABLES.items():
        found = read(warehouse, name)
        assert dict(list(found.schema.items())[: len(columns)]) == columns, name
        assert told["tables"][name]["rows"] == len(found)


def test_what_was_handed_out_keeps_its_name_and_type_while_its_version_stays():
    """A tool reads these columns by name: take none away from the file; add the new ones, and all of a new version."""
    handed_out = json.loads(HANDED_OUT.read_text("utf-8"))
    now = {table: {name: str(kind) for name, kind in told.items()} for table, told in parquet.TABLES.items()}
    assert handed_out == {"schema": parquet.VERSION, "tables": now}


def test_nothing_that_a_table_has_is_left_out(cast):
    for name, columns in parquet.TABLES.items():
        assert set(next(iter(exported(name))).columns) == set(columns), name


def test_rows_and_sums_are_those_of_the_database(warehouse):
    deals = read(warehouse, "deals")
    assert len(deals) == Deal.objects.count() == 4
    assert deals["amount"].sum() == sum(float(one.amount) for one in Deal.objects.all())
    assert deals.filter(deal_id="WON")["closed"].to_list() == [NOW]
    assert deals.filter(deal_id="OWN")["Shoe size"].to_list() == ["43"]
    assert read(warehouse, "demands").height == read(warehouse, "exceptions").height == 1


def test_readings_are_those_of_every_kept_day_as_they_were_told(cast, tmp_path):
    before = raising.DAY - dt.timedelta(days=1)
    calm, raised = raising.reading(raising.NORTH), raising.raised(raising.NORTH)
    raising.read_all({before: {"exceptions": (calm,)}}, as_of=before)
    raising.read(raising.DAY, exceptions=(raised, raising.reading(raising.SOUTH, State.WATCH)))
    assert export("--all", "--out", str(tmp_path / "all")).exit_code == 0
    told = read(tmp_path / "all", "readings").filter(signal="exceptions", level="team")
    of_places = told.select("day", "place", "state", "reading", "baseline", "low", "high", "since").rows()
    usual = (0.3, 0.25, 0.2, 0.4)
    assert of_places == [
        (before, "North", "calm", *usual, None),
        (raising.DAY, "North", "raised", *usual, raising.SINCE),
        (raising.DAY, "South", "watch", *usual, None),
    ]
    assert set(told["unit"]) == {SIGNALS["exceptions"].unit}


@pytest.mark.parametrize(("batch", "parts"), [(20_000, 1), (22, 2), (1, 4)])
def test_readings_of_many_days_are_in_few_parts_and_none_is_lost(cast, tmp_path, monkeypatch, batch, parts):
    monkeypatch.setattr("hingepoint.domain.imports.company_tables.BATCH", batch)
    days = [raising.DAY - dt.timedelta(days=back) for back in (3, 2, 1, 0)]
    for day in days:
        raising.read_all({day: {"exceptions": (raising.reading(raising.NORTH),)}}, as_of=day)
    assert export("--all", "--out", str(tmp_path / "all")).exit_code == 0
    told = read(tmp_path / "all", "readings").filter(signal="exceptions", place="North")
    assert told["day"].to_list() == days
    assert len(list((tmp_path / "all/readings").iterdir())) == parts


def test_no_limit_of_ours_and_no_secret_is_in_it(warehouse):
    for name in TABLES:
        told = read(warehouse, name).write_csv()
        assert str(SECRET)[:5] not in told, name
        assert "argon2" not in told, name


def test_a_folder_that_is_there_is_not_written_over(warehouse):
    told = export("--all", "--out", str(warehouse))
    assert told.exit_code == 2
    assert "there already" in told.stderr


@pytest.mark.parametrize("arguments", [("--all",), (), ("deals", "--all", "--out", "x")])
def test_it_says_what_it_needs(cast, arguments):
    assert export(*arguments).exit_code == 2


def test_what_the_manual_shows_runs(warehouse, monkeypatch, capsys):
    monkeypatch.chdir(warehouse.parent)
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(code, {})
    assert "│ won" in capsys.readouterr().out
