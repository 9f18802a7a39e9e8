"""The demo company through its own files: each planted drift rises where and when it was planted, and nothing else does."""

import datetime as dt
import json

import pytest
import signal_pages
from click.testing import CliRunner

import drifts
from hingepoint import cli
from hingepoint.demo import as_files

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


@pytest.mark.parametrize("number", range(1, 11))
def test_a_planted_drift_rises_where_and_when_it_was_planted_and_nowhere_else(whole, found, number):
    told = found[number]
    assert told["state"] == "raised"
    days = {
        place["name"]: (*place["since_ci"], place["seen"])
        for place in told["places"]
        if place["state"] == "raised"
    }
    raised = {name: drifts.Rise(*map(dt.date.fromisoformat, told)) for name, told in days.items()}
    drifts.assert_it_rose_where_and_when_it_was_planted(whole, number, raised)


def test_free_extras_creep_in_by_cost_and_not_by_price(found):
    moved = {one["words"]: one["since"] for one in found[1]["drivers"]}
    assert moved["of that by cost"] < 0 < moved["of that by price"]


def test_the_manual_shows_of_the_demo_company_what_it_says_now(whole):
    assert whole.ends_on == signal_pages.ENDS_ON
    told = signal_pages.examples_of(signal_pages.report_of(whole))
    assert told == signal_pages.EXAMPLES.read_text("utf-8"), "run: python docs/signal_pages.py"
