"""After each way by which many rows come, SQLite knows its tables."""

import pytest
from django.db import connection

import importing
from cast import NOW
from hingepoint.demo import world
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.jobs import nightly

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL also counts by itself"),
]


@pytest.fixture(autouse=True)
def nothing_known():
    """Begin with a database that knows nothing of its tables."""
    upkeep.refresh_statistics()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_stat1")


def known() -> dict[str, int]:
    """Return rows by table, as SQLite last counted them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl, stat FROM sqlite_stat1")
        return {table: int(stat.split()[0]) for table, stat in cursor.fetchall()}


@pytest.mark.holds(100_000, "the demo is written in one transaction (decision 0936)")
def test_after_a_seed():
    world.load_world(world.example())
    assert known()["domain_deal"] == 4


def test_after_a_large_import_and_not_after_a_small_one(tmp_path, monkeypatch):
    importing.import_deals(tmp_path)
    assert known() == {}
    monkeypatch.setattr(imports, "MANY_ROWS", 6)
    importing.import_events(tmp_path)
    assert known()["domain_deal"] == 3


def test_after_a_night(cast):
    nightly.refresh_statistics(at=NOW)
    assert known()["domain_deal"] == 2
    assert nightly.refresh_statistics in nightly.JOBS
