"""A messy export says at every door what its clean twin says: understood alike, kept as the truth, found the same."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

import messy
from hingepoint import cli
from hingepoint.connectors import files
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.rules import questions_of
from hingepoint.records.names import key_of

#: What the owner of the export says, in a mapping: the answers to all that is asked.
ANSWERS = {
    "deals": {
        "status": {"lost": ["Geschlossen, kein Budget", "Nicht gewonnen"], "left_out": ["Dublette"]},
        "share": ["margin"],
    }
}

sizes = pytest.mark.parametrize("size", [600, pytest.param(5_000, marks=pytest.mark.slow)])


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Give the truth, the messy export, its clean twin and the mapping that answers, by size."""
    made = {}

    def of(size: int) -> tuple[messy.Truth, messy.Export, messy.Export, Path]:
        if size not in made:
            folder, truth = tmp_path_factory.mktemp(str(size)), messy.company(size)
            mapping = folder / "map.yaml"
            mapping.write_text(yaml.safe_dump(ANSWERS, allow_unicode=True), encoding="utf-8")
            made[size] = (
                truth,
                messy.messy(truth, folder / "messy"),
                messy.clean(truth, folder / "clean"),
                mapping,
            )
        return made[size]

    return of


def run(*arguments) -> dict:
    """Return the JSON that a command prints."""
    told = CliRunner().invoke(cli.main, [*map(str, arguments), "--format", "json"])
    assert told.exit_code == 0, told.stderr
    return json.loads(told.stdout)


def check(*arguments) -> dict:
    return run("check", *arguments)["understood"]


@sizes
def test_what_only_the_owner_knows_is_asked_and_nothing_else(exports, size):
    _, export, twin, _ = exports(size)
    asked = check(export.deals, export.events)["questions"]
    assert {each["word"] for each in asked} == {None, *messy.ASKED}
    assert [each["column"] for each in asked if each["word"] is None] == ["Marge %"]
    assert check(twin.deals, twin.events)["questions"] == []


@sizes
def test_it_is_understood_as_its_truth(exports, size):
    truth, export, twin, mapping = exports(size)
    told = check(export.deals, export.events, "--mapping", mapping)
    counts = {"won": 0, "lost": 0, "open": 0}
    for each in told["status"]:
        counts[each["read_as"]] += each["deals"]
        assert set(each["amounts"]) == {"EUR", "USD"}
    assert sum(each["deals"] for each in told["left_out"]) == 4
    # rows that cannot be are told with their word, and then left out
    useless = {"won": 4, "lost": 3, "open": 0}
    assert counts == {
        status: sum(deal.status == status for deal in truth.deals) + more for status, more in useless.items()
    }
    assert told["data_end"] == check(twin.deals, twin.events)["data_end"]
    assert [(each["column"], each["unit"]) for each in told["shares"]] == [
        ("Rabatt %", "per cent"),
        ("Marge %", "share"),
    ]
    assert [each["kind"] for each in told["kinds"]] == ["agreement"]
    assert {key_of(name) for name in told["kinds"][0]["names"]} == set(map(key_of, messy.AGREEMENTS))
    assert len(told["kinds"][0]["names"]) == len(messy.AGREEMENTS)
    notes = " ".join(told["notes"])
    assert "Geschlossen am: 4 rows are dated after" in notes
    assert "Erstellt am: 2 rows are dated long before all others" in notes
    assert "leading zeros" in notes


@sizes
def test_its_history_is_changes_of_stages_and_fields_and_no_agreements(exports, size):
    truth, export, _, mapping = exports(size)
    kinds = check(export.deals, export.history, "--mapping", mapping)["kinds"]
    assert {each["kind"]: each["rows"] for each in kinds} == {
        "stage": len(truth.deals),
        "field": len(truth.deals),
    }


def discovered(given, *options):
    """Return what ``discover`` finds in the files of an export."""
    return run("discover", "--deals", given.deals, "--events", given.events, *options, "--metric", "won")


@pytest.mark.slow
@sizes
@pytest.mark.django_db
@pytest.mark.holds(100_000, "a file is written in one transaction (decision 0936)")
def test_every_door_understands_the_same(exports, size, client, cast):
    _, export, _, mapping = exports(size)
    told = check(export.deals, export.events, "--mapping", mapping)
    found = discovered(export, "--mapping", mapping)
    assert found["understood"] == told
    assert wizard(client, cast, export).report["understanding"] == told
    alone = run("import", "deals", export.deals, "--mapping", mapping, "--dry-run")["understood"]
    assert alone == check(export.deals, "--mapping", mapping)


@pytest.mark.slow
@sizes
@pytest.mark.django_db
@pytest.mark.holds(100_000, "a file is written in one transaction (decision 0936)")
def test_the_command_keeps_the_truth(exports, size):
    truth, export, _, mapping = exports(size)
    for table, path in (("deals", export.deals), ("events", export.events), ("events", export.history)):
        run("import", table, path, "--mapping", mapping)
    assert_kept(truth)
    assert kept_history() == {
        (each.deal, "stage" if each.field == "stage" else "field", each.on) for each in truth.changes
    }


@sizes
@pytest.mark.django_db
@pytest.mark.holds(100_000, "a file is written in one transaction (decision 0936)")
def test_the_wizard_keeps_the_truth(exports, size, client, cast):
    truth, export, _, _ = exports(size)
    batch = wizard(client, cast, export)
    client.post(reverse("confirm-import", args=[batch.pk]))
    actions.work(by=batch.by, at=timezone.now(), batch_id=batch.pk)
    assert_kept(truth)


@sizes
def test_findings_are_those_of_the_clean_twin(exports, size):
    _, export, twin, mapping = exports(size)
    ours = discovered(export, "--mapping", mapping)
    theirs = discovered(twin)
    assert ours["findings"] == theirs["findings"]
    assert ours["findings"]


def wizard(client, cast, export: messy.Export) -> ImportBatch:
    """Upload deals and events, answer what is asked, and return the import once it is checked."""
    client.force_login(cast.analyst)
    sent = {
        table: SimpleUploadedFile(path.name, path.read_bytes())
        for table, path in (("deals", export.deals), ("events", export.events))
    }
    client.post(reverse("imports"), sent)
    batch = worked()
    answers = {f"answer-{each.key}": place_of(each) for each in questions_of(batch.report)}
    assert client.post(reverse("answer-import", args=[batch.pk]), answers).status_code == 302
    return worked()


def worked() -> ImportBatch:
    batch = ImportBatch.objects.latest("pk")
    actions.work(by=batch.by, at=timezone.now(), batch_id=batch.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def place_of(question: files.Question) -> str:
    """Return the place of the true answer."""
    return "0" if question.word is None else str(question.options.index(messy.ASKED[question.word]))


def assert_kept(truth: messy.Truth) -> None:
    """Compare deals and steps on record with the truth."""
    kept = Deal.objects.filter(key__regex=r"^\d{6}$").select_related("account", "owner", "team")
    assert {each.key: as_truth(each) for each in kept} == {each.key: each for each in truth.deals}
    assert kept_steps() == {(step.deal, key_of(step.name), step.on) for step in truth.steps}


def as_truth(deal: Deal) -> messy.Deal:
    return messy.Deal(
        key=deal.key,
        name=deal.name,
        account=deal.account.name,
        status=deal.status,
        stage=deal.stage,
        created=day(deal.created_at),
        closed=day(deal.closed_at) if deal.closed_at else None,
        expected=deal.expected_close_on,
        amount=float(deal.amount),
        currency=deal.currency,
        discount=float(deal.discount),
        margin=float(deal.margin),
        owner=deal.owner.name,
        team=deal.team.name,
        region=deal.region,
        segment=deal.segment,
        product=deal.product,
        source=deal.source,
    )


def day(at: dt.datetime) -> dt.date:
    return timezone.localtime(at).date()


def kept_steps() -> set[tuple[str, str, dt.date]]:
    rows = AgreementEvent.objects.filter(agreement__deal__key__regex=r"^\d{6}$").values_list(
        "agreement__deal__key", "agreement__type__name", "occurred_at"
    )
    return {(deal, key_of(name), day(at)) for deal, name, at in rows}


def kept_history() -> set[tuple[str, str, dt.date]]:
    rows = DealEvent.objects.filter(kind__in=("stage", "field"), deal__key__regex=r"^\d{6}$")
    return {(deal, kind, day(at)) for deal, kind, at in rows.values_list("deal__key", "kind", "occurred_at")}
