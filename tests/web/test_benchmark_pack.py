"""The benchmark pack of a run: worked out on demand, read before it leaves, taken away by analysts only."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cast import NOW
from discoveries import finished_run
from hingepoint.analysis.discovery import Settings, benchmark_pack
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.discovery import actions, packs
from hingepoint.domain.discovery.models import Run
from hingepoint.records.findings import Status
from histories import catalogued

CELL = {
    "agreement": "cust.data_access",
    "effect": 0.071,
    "ci": [0.03, 0.112],
    "coverage": 0.42,
    "coverage_ci": [0.38, 0.46],
    "deals_at_least": 300,
    "as_of": "2026-01-01",
}
FILE = {"format": benchmark_pack.FORMAT, "version": 1, "metric": "won", "horizon": "26w", "cells": [CELL]}


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.KEPT_SUMS = tmp_path / "sums"


@pytest.fixture
def run(cast):
    return finished_run(cast)


def page_of(client, run) -> str:
    return client.get(reverse("run-pack", args=[run.pk])).content.decode()


def with_pack(run: Run, left_out: int = 3, **changes) -> Run:
    run.record[packs.PACK] = {"file": FILE | changes, "left_out": left_out}
    run.save(update_fields=["record"])
    return run


def taken(client, run):
    return client.get(reverse("export-run", args=[run.pk, "pack.json"]))


@pytest.mark.slow
def test_a_pack_is_worked_out_in_the_background_read_and_taken_away(client, cast):
    deals, events = catalogued(700, sellers=12)
    files = {
        "deals": SimpleUploadedFile("deals.csv", deals.write_csv().encode()),
        "events": SimpleUploadedFile("events.csv", events.write_csv().encode()),
    }
    made_from = actions.Input(files=files)
    first = actions.ask_for_run(by=cast.analyst, at=NOW, settings=Settings(metric="won"), made_from=made_from)
    actions.carry_out.func(first.pk)
    client.force_login(cast.analyst)
    assert "Nothing has been worked out yet" in page_of(client, first)
    answer = client.post(reverse("repeat-run", args=[first.pk]), {"pack": "on"})
    second = Run.objects.latest("pk")
    assert answer.url == reverse("run", args=[second.pk])
    actions.carry_out.func(second.pk)
    assert Run.objects.get(pk=second.pk).status == Status.DONE
    assert "The benchmark pack is worked out" in client.get(answer.url).content.decode()

    left = benchmark_pack.read(taken(client, second).content.decode())
    alone = benchmark_pack.make(
        deals, events, settings=Settings(metric="won"), shared={one.agreement for one in left.cells}
    )
    assert left.cells == alone.cells
    shown = page_of(client, second)
    assert all(one.agreement in shown for one in left.cells)


def test_what_would_leave_is_read_first_and_is_all_that_the_file_holds(client, cast, run):
    client.force_login(cast.analyst)
    shown = page_of(client, with_pack(run))
    for said in ("cust.data_access", "+7.1", "42%", "at least 300", "1 Jan 2026", "3 agreements"):
        assert said in shown
    assert json.loads(taken(client, run).content) == FILE | {"least": {"deals": 30, "sellers": 5}}


def test_who_takes_it_away_is_on_the_trail(client, cast, run):
    client.force_login(cast.analyst)
    taken(client, with_pack(run))
    last = AuditEvent.objects.latest("pk")
    assert (last.by_name, last.action) == (cast.analyst.name, "take away")
    assert last.changes == {"name": [None, f"pack-{run.pk}.json"]}


def test_working_it_out_is_on_the_trail(client, cast, run):
    client.force_login(cast.analyst)
    client.post(reverse("repeat-run", args=[run.pk]), {"pack": "on"})
    assert Run.objects.latest("pk").options["pack"] is True
    assert AuditEvent.objects.latest("pk").changes["pack"] == [None, True]


def test_a_run_made_like_one_with_a_pack_makes_none_by_itself(cast, run):
    packed = actions.repeat_run(by=cast.analyst, at=NOW, run_id=run.pk, pack=True)
    Run.objects.filter(pk=packed.pk).update(snapshot_id=Run.objects.get(pk=run.pk).snapshot_id)
    assert packs.PACK not in actions.repeat_run(by=cast.analyst, at=NOW, run_id=packed.pk).options


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor", "stranger", "inside_partner"])
def test_only_an_analyst_reads_it_and_takes_it_away(client, cast, run, who):
    with_pack(run)
    client.force_login(getattr(cast, who))
    assert client.get(reverse("run-pack", args=[run.pk])).status_code == 404
    assert taken(client, run).status_code == 404
    if who == "sponsor":
        assert "Benchmark pack" not in client.get(reverse("run", args=[run.pk])).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"options": {"segment": "ENT"}}, "of one segment"),
        ({"metric": "net"}, "of no amounts"),
        ({"metric": "supportive:amount>=1000"}, "of no amounts"),
        ({"settings": {"metric": "won", "agreement_columns": ["demo"]}}, "carry no dates"),
    ],
)
def test_a_run_that_can_have_none_says_why_and_makes_none(client, cast, run, changes, said):
    Run.objects.filter(pk=run.pk).update(**changes)
    client.force_login(cast.analyst)
    shown = page_of(client, run)
    assert said in shown
    assert "Work out the pack" not in shown
    client.post(reverse("repeat-run", args=[run.pk]), {"pack": "on"})
    assert Run.objects.count() == 1


def test_a_pack_of_nothing_is_said_and_is_no_file(client, cast, run):
    client.force_login(cast.analyst)
    assert "Nothing can leave" in page_of(client, with_pack(run, cells=[]))
    assert taken(client, run).status_code == 404
    assert taken(client, finished_run(cast)).status_code == 404


def test_an_unfinished_run_has_no_page_of_its_pack(client, cast, run):
    waiting = actions.repeat_run(by=cast.analyst, at=timezone.now(), run_id=run.pk)
    client.force_login(cast.analyst)
    assert client.get(reverse("run-pack", args=[waiting.pk])).status_code == 404
