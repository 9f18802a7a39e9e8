"""The pages of rollouts: the sponsor plans one, sees what it can prove, seals it; everybody reads what it was worth."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
from click.testing import CliRunner
from django.urls import reverse
from django.utils import timezone

import discoveries
import playbooks
import rollouts
from cast import NOW, TODAY, person
from hingepoint import cli
from hingepoint.analysis.trials import redraws
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.impact import actions, queries
from hingepoint.domain.impact.models import Rollout
from hingepoint.records.people import Role


@pytest.fixture(autouse=True)
def fewer_orders(monkeypatch):
    monkeypatch.setattr(redraws, "DRAWN", 499)


@pytest.fixture
def sponsor(db, client):
    found = person("Otto", Role.SPONSOR)
    client.force_login(found)
    return found


PLAN = {
    "name": "Plan first",
    "what": "A plan.",
    "measure": "won",
    "period": "month",
    "steps": 4,
    "periods": 12,
}


def words(response) -> str:
    """Return what the page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text.partition("<main")[2]).split())


def test_a_plan_says_what_it_can_prove_and_draws_when_it_is_sealed(sponsor, client):
    starts = rollouts.live(before=36, waves=1)
    answer = client.post(reverse("plan-rollout"), PLAN | {"teams": list(starts), "worth": "10"})
    row = Rollout.objects.get()
    assert (answer.url, row.worth) == (reverse("rollout", args=[row.pk]), 0.1)
    assert "Weighing what it can prove" in words(client.get(answer.url))
    actions.read_rollouts(at=timezone.now())
    shown = words(client.get(answer.url))
    assert "this rollout cannot prove less than" in shown
    assert "Who starts when" not in shown
    client.post(reverse("seal-rollout", args=[row.pk]))
    sealed = client.get(answer.url)
    row.refresh_from_db()
    assert row.sha256 in sealed.text
    assert "There were no data of the first wave then." in words(sealed)
    assert f"by the seed {row.seed}" in words(sealed)


def test_the_card_that_is_handed_out_has_the_number_that_is_shown(sponsor, client):
    row = rollouts.entered(rollouts.live(a_month=1), by=sponsor)
    card = client.get(reverse("rollout-card", args=[row.pk])).content
    assert hashlib.sha256(card).hexdigest() == row.sha256


def test_who_starts_when_reads_as_the_command_takes_it(sponsor, client):
    starts = rollouts.live(a_month=1, waiting=1)
    row = rollouts.entered(starts, by=sponsor)
    answer = client.get(reverse("rollout-starts", args=[row.pk]))
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert {one["team"]: one["starts"] for one in rows} == {
        team: day.isoformat() if day else "" for team, day in starts.items()
    }


def test_one_that_has_begun_is_entered_a_team_a_line(cast, client):
    client.force_login(cast.sponsor)
    said = {name: PLAN[name] for name in ("name", "what", "measure", "period")}
    client.post(reverse("enter-rollout"), said | {"starts": "North, 2026-01-01\nSouth\n", "drawn": "on"})
    row = Rollout.objects.get()
    assert (row.starts, row.order) == ({"North": "2026-01-01", "South": None}, "elsewhere")
    assert "The first wave had begun by then:" in words(client.get(reverse("rollout", args=[row.pk])))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("North, soon", "“North, soon” has no day."),
        ("Nowhere, 2026-01-01\nNorth", "There is no team Nowhere."),
        ("North\nSouth", "Say on which day at least one team starts."),
    ],
)
def test_a_line_that_cannot_be_read_comes_back(cast, client, line, said):
    client.force_login(cast.sponsor)
    told = {name: PLAN[name] for name in ("name", "what", "measure", "period")}
    answer = client.post(reverse("enter-rollout"), told | {"starts": line})
    assert answer.status_code == 422
    assert said in words(answer)
    assert not Rollout.objects.exists()


def test_the_outcome_is_told_with_its_interval_money_and_limits(sponsor, client):
    row = rollouts.entered(rollouts.live(effect=0.25, waiting=2), by=sponsor)
    rollouts.a_cost(row, type("Cast", (), {"sponsor": sponsor}))
    actions.read_rollouts(at=rollouts.AFTER)
    client.force_login(person("Sanna", Role.SELLER))
    shown = client.get(reverse("rollout", args=[row.pk]))
    said = words(shown)
    for part in (
        "The rollout works: deals of teams that had started",
        "It worked.",
        "Left in the first year",
    ):
        assert part in said
    assert "Anything about single teams" in said
    assert "Note a cost" not in said
    assert shown.text.count('class="chart chart-event-study') == 2


def test_no_return_is_told_where_no_effect_is_shown(sponsor, client):
    row = rollouts.entered(rollouts.live(effect=0.0, waiting=2), by=sponsor, worth=0.2)
    actions.read_rollouts(at=rollouts.AFTER)
    said = words(client.get(reverse("rollout", args=[row.pk])))
    assert "is not shown: it may be anything from" in said
    assert "No return is told: the effect it would stand on is not shown." in said
    assert "Left in the first year" not in said


def test_withdrawing_asks_why(cast, client):
    client.force_login(cast.sponsor)
    row = rollouts.on_record(cast)
    refused = client.post(reverse("withdraw-rollout", args=[row.pk]), {"because": ""})
    assert refused.status_code == 422
    assert "Say in a sentence why" in words(refused)
    client.post(reverse("withdraw-rollout", args=[row.pk]), {"because": "North was split."})
    assert "Withdrawn by Otto" in words(client.get(reverse("rollout", args=[row.pk])))


def test_the_list_says_how_each_stands(cast, client):
    client.force_login(cast.seller)
    assert "No rollout yet" in words(client.get(reverse("rollouts")))
    rollouts.on_record(cast)
    said = words(client.get(reverse("rollouts")))
    assert "A rollout Win rate" in said
    assert "Plan a rollout" not in said


def test_the_page_and_the_command_on_the_exported_files_say_the_same(sponsor, client, tmp_path):
    row = rollouts.entered(rollouts.live(effect=0.25, waiting=2), by=sponsor, worth=0.05)
    actions.read_rollouts(at=rollouts.AFTER)
    said = ["impact", "--metric", "won", "--lottery", "1", "--smallest-effect", "0.05", "--format", "json"]
    for name, address in (
        ("deals", reverse("export", args=["deals", "csv"])),
        ("rollout", reverse("rollout-starts", args=[row.pk])),
    ):
        (tmp_path / f"{name}.csv").write_bytes(client.get(address).getvalue())
        said += [f"--{name}", str(tmp_path / f"{name}.csv")]
    told = json.loads(CliRunner().invoke(cli.main, said).stdout)
    kept = Rollout.objects.get().reading.told
    same = told.keys() - {"schema", "version"}
    assert {name: kept[name] for name in same} == {name: told[name] for name in same}


def test_a_rehearsal_adds_up_the_signed_findings(cast, client):
    book = playbooks.in_force(cast, "cust.data_access", "cust.executive_meeting")
    run = discoveries.finished_run(cast)
    finding = Finding.objects.get(run=run, key="cust.data_access")
    facts = finding.facts
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=finding.key, verdict="signed", note="seen")
    asked = actions.Asked(name="Next", what="More of it.", metric=book.strategy.metric)
    row = rollouts.planned(["North", "South"], by=cast.analyst, steps=2, asked=asked)
    page = queries.rollout(cast.sponsor, row.pk, today=TODAY)
    for rise, more in ((0.2, 0.2), (1.0, 1 - facts["coverage"])):
        found = queries.rehearse(cast.sponsor, page, rise=rise)
        told = [facts["effect"] * more, *(end * more for end in facts["ci"])]
        assert [found.effect, found.low, found.high] == pytest.approx(told)
    assert [one.key for one in found.unknown] == ["cust.executive_meeting"]
    assert found.visible_on is None
