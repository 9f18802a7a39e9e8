"""The demo company through its own files: each planted drift rises where and when it was planted, and nothing else does."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from hingepoint import cli
from hingepoint.demo import as_files, planted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(whole, tmp_path_factory):
    deals, events, routines = as_files.write(whole, tmp_path_factory.mktemp("demo"))
    arguments = ["signals", "--deals", deals, "--events", events, "--routines", routines]
    result = CliRunner().invoke(
        cli.main, [*map(str, arguments), "--as-of", str(whole.ends_on), "--format", "json"]
    )
    assert result.exit_code == 0, result.output
    return {one["signal"]: one for one in json.loads(result.stdout)["signals"]}


def within(company, place: str) -> set[str]:
    """Return the names of a place and of what belongs to it alone: its teams and their managers."""
    deals = company.deals
    teams = set(deals.filter((deals["region"] == place) | (deals["team"] == place))["team"])
    managers = set(deals.filter(deals["team"].is_in(list(teams)))["manager"])
    return {place, *teams, *managers}


@pytest.mark.parametrize("number", range(1, 11))
def test_a_planted_drift_rises_where_and_when_it_was_planted_and_nowhere_else(whole, found, number):
    drift, told = planted.drifts(whole.ends_on)[number], found[number]
    raised = {place["name"]: place for place in told["places"] if place["state"] == "raised"}
    assert told["state"] == "raised"
    assert raised.keys() <= within(whole, drift.place)
    place = raised[drift.place]
    first, last = (dt.date.fromisoformat(day) for day in place["since_ci"])
    # the extras of South grow slowly over a year: margins leave the usual some months after the first of them
    slowly = dt.timedelta(days=150 if number == 1 else 31)
    assert first - slowly <= drift.since <= last + dt.timedelta(days=31)
    assert dt.date.fromisoformat(place["seen"]) > drift.since


def test_free_extras_creep_in_by_cost_and_not_by_price(found):
    moved = {one["words"]: one["since"] for one in found[1]["drivers"]}
    assert moved["of that by cost"] < 0 < moved["of that by price"]
