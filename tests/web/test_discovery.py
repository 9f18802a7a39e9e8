"""The Discovery pages: ask for a run, follow it, read it, decide; who may, and what is refused."""

import datetime as dt
import html
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

import words
from discoveries import DEALS, EVENTS, SENTENCE, facts, finished_run, record, waiting_run
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.discovery import actions, work
from hingepoint.domain.discovery.models import SILENCE, Run
from hingepoint.domain.discovery.queries import findings, runs
from hingepoint.records.findings import Source, Status


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def waiting(cast):
    return waiting_run(cast)


@pytest.fixture
def run(cast):
    return finished_run(cast)


def sign(cast, run, key="cust.data_access"):
    actions.decide(
        by=cast.analyst, at=timezone.now(), run_id=run.pk, key=key, verdict="signed", note="Seen it."
    )


def text(answer) -> str:
    return answer.content.decode()


# Asking


def test_an_analyst_asks_for_a_run_on_our_deals(client, cast):
    client.force_login(cast.analyst)
    answer = client.post(reverse("new-run"), {"metric": "supportive", "discount": "15", "cycle_days": "90"})
    run = Run.objects.get()
    assert answer.url == reverse("run", args=[run.pk])
    assert run.settings["metric"] == "supportive:discount<=15.0% and cycle_days<=90"
    assert run.asked_by == cast.analyst


def test_an_analyst_asks_for_a_run_on_files(client, cast):
    client.force_login(cast.analyst)
    files = {
        "deals": SimpleUploadedFile("deals.csv", DEALS),
        "events": SimpleUploadedFile("events.csv", EVENTS),
    }
    said = {"metric": "won", "landmarks": "2w, 4w", "negative_controls": "a, b", "insist": "score"}
    client.post(reverse("new-run") + "?from=files", said | files)
    run = Run.objects.get()
    assert (run.settings["negative_controls"], run.settings["insist"]) == (["a", "b"], ["score"])
    assert [kept["name"] for kept in run.inputs] == ["deals.csv", "events.csv"]
    assert run.settings["landmarks"] == [2.0, 4.0]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"metric": "supportive"}, "Say what “on target” means"),
        ({"metric": "won", "landmarks": "soon"}, "is not a length of time"),
        ({"metric": "won", "mechanical": "a", "not_mechanical": "a"}, "cannot be both"),
    ],
)
def test_what_cannot_be_run_is_said_in_the_form(client, cast, said, told):
    client.force_login(cast.analyst)
    answer = client.post(reverse("new-run"), said)
    assert answer.status_code == 422
    assert told in text(answer)
    assert not Run.objects.exists()


def test_a_run_on_files_needs_a_file(client, cast):
    client.force_login(cast.analyst)
    answer = client.post(reverse("new-run") + "?from=files", {"metric": "won"})
    assert "Choose a table of deals" in text(answer)


def test_a_file_too_large_is_refused(client, cast, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"upload_limit_mb": 0})
    client.force_login(cast.analyst)
    answer = client.post(
        reverse("new-run") + "?from=files", {"metric": "won", "deals": SimpleUploadedFile("d.csv", DEALS)}
    )
    assert "Larger than 0 MB" in text(answer)


# Following


def test_a_waiting_run_asks_how_far_it_is(client, cast, waiting):
    client.force_login(cast.analyst)
    page = text(client.get(reverse("run", args=[waiting.pk])))
    assert reverse("run-progress", args=[waiting.pk]) in page
    actions.hear(
        at=timezone.now(),
        run=actions.begin(at=timezone.now(), run_id=waiting.pk),
        progress=0.4,
        doing="estimating",
    )
    piece = text(client.get(reverse("run-progress", args=[waiting.pk])))
    assert "Estimating" in piece
    assert "40%" in piece


def test_when_the_run_is_over_the_whole_page_comes(client, cast, run):
    client.force_login(cast.analyst)
    assert client.get(reverse("run-progress", args=[run.pk]))["HX-Refresh"] == "true"


def test_a_run_whose_worker_is_gone_never_shows_as_running(client, cast, waiting):
    client.force_login(cast.analyst)
    actions.begin(at=timezone.now() - SILENCE - dt.timedelta(seconds=1), run_id=waiting.pk)
    page = text(client.get(reverse("run", args=[waiting.pk])))
    assert "The run stopped half-way" in page
    client.post(reverse("continue-run", args=[waiting.pk]))
    assert Run.objects.get().status == Status.QUEUED


def test_a_run_can_be_cancelled_and_continued(client, cast, waiting):
    client.force_login(cast.analyst)
    client.post(reverse("cancel-run", args=[waiting.pk]))
    assert "The run was cancelled" in text(client.get(reverse("run", args=[waiting.pk])))
    client.post(reverse("continue-run", args=[waiting.pk]))
    assert Run.objects.get().status == Status.QUEUED


def test_rows_that_cannot_be_read_are_listed_and_can_be_left_out(client, cast):
    client.force_login(cast.analyst)
    bad = SimpleUploadedFile("deals.csv", DEALS + b"Z-1,never,,open\n")
    client.post(reverse("new-run") + "?from=files", {"metric": "won", "deals": bad})
    run = Run.objects.get()
    actions.carry_out.func(run.pk)
    page = text(client.get(reverse("run", args=[run.pk])))
    assert "never" in page
    assert "Leave these rows out and go on" in page
    client.post(reverse("continue-run", args=[run.pk]), {"skip_bad_rows": "on"})
    assert Run.objects.get().options["skip_bad_rows"] is True


def test_a_run_is_made_again_on_the_same_data(client, cast, run):
    client.force_login(cast.analyst)
    answer = client.post(reverse("repeat-run", args=[run.pk]))
    again = Run.objects.latest("pk")
    assert answer.url == reverse("run", args=[again.pk])
    assert (again.snapshot_id, again.settings, again.repeats_id) == (
        Run.objects.get(pk=run.pk).snapshot_id,
        run.settings,
        run.pk,
    )


def test_the_word_of_the_analyst_wins_over_a_check_with_one_click(client, cast, run):
    client.force_login(cast.analyst)
    left_out = reverse("finding", args=[run.pk, "int.kickoff"])
    assert "Judge it all the same" in text(client.get(left_out))
    client.post(reverse("repeat-run", args=[run.pk]), {"chosen": "int.kickoff"})
    again = Run.objects.latest("pk")
    assert again.settings["not_mechanical"] == ["int.kickoff"]
    assert again.snapshot_id == Run.objects.get(pk=run.pk).snapshot_id
    client.post(reverse("repeat-run", args=[run.pk]), {"closing": "int.kickoff"})
    assert Run.objects.latest("pk").settings["mechanical"] == ["int.kickoff"]
    assert Run.objects.latest("pk").settings.get("not_mechanical", []) == []


def test_only_who_may_run_discovery_sees_how_to_overrule_it(client, cast, run):
    client.force_login(cast.sponsor)
    assert "Judge it all the same" not in text(client.get(reverse("finding", args=[run.pk, "int.kickoff"])))


# Reading


def test_the_run_answers_first_and_names_every_group(client, cast, run):
    client.force_login(cast.sponsor)
    page = text(client.get(reverse("run", args=[run.pk])))
    assert "Two agreements are shown to move" in page
    assert "Kick-off" in text(client.get(reverse("run", args=[run.pk]) + "?show=excluded"))
    assert "References" in text(client.get(reverse("run", args=[run.pk]) + "?show=none"))
    assert "style=" not in page
    assert "<script>" not in page


def test_a_finding_says_its_sentence_first(client, cast, run):
    client.force_login(cast.sponsor)
    page = text(client.get(reverse("finding", args=[run.pk, "cust.data_access"])))
    assert SENTENCE in page
    assert page.index(SENTENCE) < page.index("+8.3 points")
    assert "style=" not in page


def test_the_step_of_a_log_may_have_any_name(client, cast):
    name = "O/Sent? 100% «back»"
    run = finished_run(cast, findings=[facts(name, "strong", 0.08)], pivotal=[])
    client.force_login(cast.analyst)
    address = reverse("finding", args=[run.pk, name])
    assert address in text(client.get(reverse("run", args=[run.pk])))
    assert client.get(address).status_code == 200
    assert client.get(reverse("deals-behind", args=[run.pk, name])).status_code == 200


def test_the_deals_behind_a_finding_are_those_one_may_see(client, cast, run):
    sign(cast, run)
    address = reverse("deals-behind", args=[run.pk, "cust.data_access"])
    for who, sees in ((cast.analyst, True), (cast.seller, True), (cast.stranger, False)):
        client.force_login(who)
        page = text(client.get(address, {"by": "6w"}))
        assert ("Deal N-1" in page) is sees
        assert ("X-9" in page) is (who == cast.analyst)


def test_two_runs_are_compared(client, cast, run):
    newer = finished_run(cast, pivotal=[])
    client.force_login(cast.sponsor)
    page = text(client.get(reverse("compare-runs", args=[newer.pk])))
    assert f"From run {run.pk}" in page
    assert "Left the set" in page
    assert "Both runs were made with the same deals and settings." in page


@pytest.mark.parametrize("name", ["report.html", "findings.csv", "findings.parquet", "run.json"])
def test_a_run_is_taken_away_as_a_file(client, cast, run, name):
    client.force_login(cast.analyst)
    answer = client.get(reverse("export-run", args=[run.pk, name]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content


def test_the_exported_facts_are_enough_to_make_the_run_again(client, cast, run):
    client.force_login(cast.analyst)
    facts_of_run = json.loads(client.get(reverse("export-run", args=[run.pk, "run.json"])).content)
    assert facts_of_run["settings"] == record()["result"]["settings"]
    assert facts_of_run["code"] == "0.1.0"
    assert facts_of_run["inputs"][-1]["sha256"] == runs.run(cast.analyst, run.pk, at=timezone.now()).snapshot


# Deciding


def test_an_analyst_signs_with_a_note_and_the_sponsor_reads_it(client, cast, run):
    client.force_login(cast.analyst)
    said = {"key": "cust.data_access", "verdict": "signed", "note": "Matches the deal desk.", "version": "1"}
    client.post(reverse("decide-finding", args=[run.pk]), said)
    client.force_login(cast.sponsor)
    page = text(client.get(reverse("finding", args=[run.pk, "cust.data_access"])))
    assert "Matches the deal desk." in page
    assert "Sign it" not in page


def test_a_decision_without_a_note_is_asked_for_in_place(client, cast, run):
    client.force_login(cast.analyst)
    answer = client.post(
        reverse("decide-finding", args=[run.pk]),
        {"key": "cust.data_access", "verdict": "signed", "note": " ", "version": 1},
    )
    assert answer.status_code == 422
    assert "Say in a sentence why" in text(answer)


def test_of_two_decisions_at_once_the_second_is_shown_with_its_words(client, cast, run):
    sign(cast, run)
    client.force_login(cast.analyst)
    said = {"key": "cust.data_access", "verdict": "rejected", "note": "My reasons.", "version": "1"}
    answer = client.post(reverse("decide-finding", args=[run.pk]), said)
    assert answer.status_code == 409
    assert "My reasons." in text(answer)
    assert "Seen it." in text(answer)


# Who may


CHANGES = ["cancel-run", "continue-run", "repeat-run", "decide-finding"]


@pytest.mark.parametrize("route", CHANGES)
@pytest.mark.parametrize("who", ["seller", "manager", "sponsor", "stranger", "inside_partner"])
def test_only_an_analyst_changes_anything(client, cast, run, route, who):
    client.force_login(getattr(cast, who))
    said = {"key": "cust.data_access", "verdict": "signed", "note": "Mine."}
    assert client.post(reverse(route, args=[run.pk]), said).status_code == 404
    assert Run.objects.count() == 1
    assert not findings.signed(cast.analyst)


@pytest.mark.parametrize("route", CHANGES)
def test_reading_an_address_changes_nothing(client, cast, run, route):
    client.force_login(cast.analyst)
    assert client.get(reverse(route, args=[run.pk])).status_code == 405


@pytest.mark.parametrize("who", ["seller", "manager"])
def test_managers_and_sellers_see_signed_findings_only(client, cast, run, who):
    client.force_login(getattr(cast, who))
    pages = [
        reverse("run", args=[run.pk]),
        reverse("finding", args=[run.pk, "cust.exec_sponsor"]),
        reverse("export-run", args=[run.pk, "findings.csv"]),
        reverse("run-progress", args=[run.pk]),
    ]
    assert {client.get(page).status_code for page in pages} == {404}
    sign(cast, run)
    assert "Early access to key data" in text(client.get(reverse("discovery")))
    for page in (pages[0], pages[2], reverse("export-run", args=[run.pk, "report.html"])):
        seen = text(client.get(page))
        assert "cust.data_access" in seen or "Early access to key data" in seen
        assert "Executive agrees to sponsor" not in seen
        assert "cust.exec_sponsor" not in seen
    assert client.get(pages[1]).status_code == 404
    assert client.get(reverse("export-run", args=[run.pk, "run.json"])).status_code == 404
    assert client.get(reverse("compare-runs", args=[run.pk])).status_code == 404


@pytest.mark.parametrize("route", ["run", "run-progress", "compare-runs"])
def test_an_inside_partner_sees_nothing_of_discovery(client, cast, run, route):
    client.force_login(cast.inside_partner)
    assert client.get(reverse(route, args=[run.pk])).status_code == 404
    assert client.get(reverse("discovery")).status_code == 404
    assert client.get(reverse("new-run")).status_code == 404


# A benchmark pack of another company


PACK = {
    "format": "hingepoint benchmark pack",
    "version": 1,
    "metric": "won",
    "horizon": "20w",
    "cells": [
        {
            "agreement": "cust.data_access",
            "effect": 0.05,
            "ci": [0.01, 0.09],
            "coverage": 0.4,
            "coverage_ci": [0.35, 0.45],
            "deals_at_least": 300,
            "as_of": "2025-07-01",
        }
    ],
}


def test_the_order_of_a_run_leans_on_an_uploaded_pack(client, cast):
    client.force_login(cast.analyst)
    upload = SimpleUploadedFile("northwind.json", json.dumps(PACK).encode())
    client.post(reverse("new-run"), {"metric": "won", "pack": upload, "replay": "on"})
    settings = Run.objects.get().settings
    assert (settings["lean_on_name"], settings["lean_on_metric"], settings["replay"]) == (
        "northwind",
        "won",
        True,
    )
    ((key, effect, error),) = settings["lean_on"]
    assert (key, effect) == ("cust.data_access", 0.05)
    assert error == pytest.approx(0.04 / 1.959964)
    assert work.settings_from(settings).lean_on == ((key, effect, error),)


@pytest.mark.parametrize("content", [b"{}", b"\xff\xfe", b"not json"])
def test_a_file_that_is_no_pack_is_refused_at_its_field(client, cast, content):
    client.force_login(cast.analyst)
    upload = SimpleUploadedFile("northwind.json", content)
    answer = client.post(reverse("new-run"), {"metric": "won", "pack": upload})
    assert answer.status_code == 422
    assert not Run.objects.exists()


def test_two_names_of_one_agreement_lead_to_where_they_are_made_one(client, cast):
    twice = words.word("Usage data shared", side="customer")
    pair = [twice.key, "cust.data_access"]
    audit = [{"check": "two_names", "state": "fault", "in_words": "They look alike.", "alike": [pair]}]
    findings = [facts(key, "weak", 0.02) for key in pair]
    run = finished_run(cast, audit=audit, findings=findings, pivotal=[])
    client.force_login(cast.analyst)
    address = f"/discovery/{run.pk}/"
    assert "/words/?" not in client.get(address).text  # agreements of files are not ours to make one
    Run.objects.filter(pk=run.pk).update(source=Source.DATABASE)
    way = html.unescape(re.search(r'href="(/words/[^"]+)"', client.get(address).text)[1])
    page = client.get(way).text
    assert f'name="word-{twice.pk}" value="other" checked' in page
    assert re.search(rf'name="other-{twice.pk}"[^>]* value="([^"]+)"', page)[1] == str(words.kind())
    assert AgreementType.objects.get(pk=twice.pk).tied_to is None  # looking changes nothing
