"""Runs of discovery: asked for, worked off in the background, decided upon, never running for ever."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from cast import NOW, deal
from discoveries import facts, record, result
from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import DiscoveryError, Settings
from hingepoint.analysis.discovery.record import opened
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.discovery import actions, behind, work
from hingepoint.domain.discovery.models import SILENCE, DataSnapshot, Finding, Run
from hingepoint.domain.discovery.queries import comparison, findings, readiness, runs
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.findings import Status

DEALS = (
    "deal_id,created,closed,status,segment,discount\nN-1,2025-01-06,2025-03-03,won,ENT,0.10\n"
    "X-9,2025-01-06,,open,SMB,\nX-8,2025-01-06,2025-04-01,lost,SMB,\n"
)
EVENTS = "deal_id,agreement,at\nN-1,cust.data_access,2025-01-20\nX-8,cust.data_access,2025-03-20\n"
LATER = NOW + dt.timedelta(hours=1)


def table(name: str, text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def asked(cast, *, files: dict | None = None, **made_from) -> Run:
    """A waiting run, of files unless they are empty."""
    files = (
        {"deals": table("deals.csv", DEALS), "events": table("events.csv", EVENTS)}
        if files is None
        else files
    )
    made = actions.Input(files=files, **made_from)
    return actions.ask_for_run(by=cast.analyst, at=NOW, settings=Settings(metric="won"), made_from=made)


def finished(cast, *, at: dt.datetime = NOW, **changes) -> Run:
    """A run that is done, with the findings of ``discoveries``."""
    run = actions.begin(at=at, run_id=asked(cast).pk)
    actions.keep_snapshot(at=at, run=run, data=work.read(run))
    actions.finish(at=at, run=run, found=work.Found(opened(record(**changes)), "0.1.0"))
    return run


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def found(monkeypatch):
    """Replace the computation by the small result, and keep what it was given."""
    given = []

    def discover(deals, events, *, settings, **rest):
        given.append((deals, events, settings, rest))
        rest["progress"](0.5, "estimating")
        return SimpleNamespace(settings=settings)  # of which only ``record.of`` reads more

    monkeypatch.setattr(work.discovery, "discover", discover)
    monkeypatch.setattr(work.record, "of", lambda found, currency, teams: opened(record()))
    return given


def carry_out(run: Run) -> Run:
    actions.carry_out.func(run.pk)
    return Run.objects.get(pk=run.pk)


def test_a_run_of_files_is_worked_off_and_kept(cast, found):
    run = carry_out(asked(cast))
    assert (run.status, run.code_version, run.progress) == (Status.DONE, work.hingepoint.__version__, 1.0)
    assert run.findings.count() == 6
    assert found[0][0].height == 3


def test_a_run_of_the_database_reads_the_deals_of_today(cast, found):
    run = carry_out(asked(cast, files={}))
    assert run.status == Status.DONE
    assert set(found[0][0]["deal_id"]) == {"N-1", "S-1"}


def test_the_data_of_a_run_are_kept_once_and_read_again_from_there(cast, found):
    first = carry_out(asked(cast))
    again = actions.repeat_run(by=cast.analyst, at=LATER, run_id=first.pk)
    carry_out(again)
    assert DataSnapshot.objects.count() == 1
    assert found[0][0].equals(found[1][0])
    assert found[0][1].equals(found[1][1])
    assert found[0][2] == found[1][2]


def test_uploaded_files_are_removed_when_the_run_is_done(
    cast, found, uploads, django_capture_on_commit_callbacks
):
    run = asked(cast)
    assert len(list(uploads.rglob("*.csv"))) == 2
    with django_capture_on_commit_callbacks(execute=True):
        carry_out(run)
    assert not list(uploads.rglob("*.csv"))


def test_a_run_can_be_limited_to_a_segment(cast, found):
    carry_out(asked(cast, segment="SMB"))
    assert set(found[0][0]["deal_id"]) == {"X-9", "X-8"}
    assert set(found[0][1]["deal_id"]) == {"X-8"}


def test_rows_that_cannot_be_read_end_the_run_and_are_named(cast, found):
    bad = {
        "deals": table("deals.csv", DEALS + "Z-1,never,,open,SMB,\n"),
        "events": table("events.csv", EVENTS),
    }
    run = carry_out(asked(cast, files=bad))
    assert run.status == Status.FAILED
    assert run.problem_rows[0]["column"] == "created"
    again = actions.continue_run(by=cast.analyst, at=LATER, run_id=run.pk, skip_bad_rows=True)
    run = carry_out(again)
    assert run.status == Status.DONE
    assert found[0][3]["bad_rows"] == 1


def test_data_that_cannot_be_used_end_the_run_in_one_sentence(cast, monkeypatch):
    def refuse(*args, **rest):
        raise DiscoveryError("no deal is won, so there is nothing to compare lost deals with")

    monkeypatch.setattr(work.discovery, "discover", refuse)
    run = carry_out(asked(cast))
    assert (run.status, run.problem) == (
        Status.FAILED,
        "No deal is won, so there is nothing to compare lost deals with.",
    )


def test_a_fault_of_ours_ends_the_run_too(cast, monkeypatch):
    monkeypatch.setattr(work.discovery, "discover", lambda *args, **rest: 1 / 0)
    run = asked(cast)
    with pytest.raises(ZeroDivisionError):
        actions.carry_out.func(run.pk)
    assert Run.objects.get(pk=run.pk).status == Status.FAILED


def test_a_killed_worker_leaves_a_run_that_can_be_continued(cast, found):
    run = actions.begin(at=NOW, run_id=asked(cast).pk)
    silent = NOW + SILENCE + dt.timedelta(seconds=1)
    assert runs.state(cast.analyst, run.pk, at=NOW).state == "running"
    assert runs.state(cast.analyst, run.pk, at=silent).state == "lost"
    assert actions.give_up_silent_runs(at=silent) == 1
    assert Run.objects.get(pk=run.pk).status == Status.FAILED
    assert carry_out(actions.continue_run(by=cast.analyst, at=silent, run_id=run.pk)).status == Status.DONE


def test_a_worker_that_comes_back_late_changes_nothing(cast, found):
    late = actions.begin(at=NOW, run_id=asked(cast).pk)
    silent = NOW + SILENCE + dt.timedelta(seconds=1)
    actions.continue_run(by=cast.analyst, at=silent, run_id=late.pk)
    carry_out(late)
    with pytest.raises(actions.TurnOver):
        actions.finish(at=silent, run=late, found=work.Found(opened(record(pivotal=[])), "old"))
    actions.fail(at=silent, run=late, problem="late")
    assert Run.objects.get(pk=late.pk).code_version != "old"
    assert Run.objects.get(pk=late.pk).status == Status.DONE


def test_the_same_run_is_never_worked_off_twice(cast, found):
    run = asked(cast)
    carry_out(run)
    carry_out(run)
    assert len(found) == 1


def test_a_cancelled_run_stops_at_its_next_step(cast, monkeypatch):
    run = asked(cast)

    def discover(*args, progress, **rest):
        actions.cancel_run(by=cast.analyst, at=LATER, run_id=run.pk)
        progress(0.9, "grading")
        raise AssertionError("should have stopped")

    monkeypatch.setattr(work.discovery, "discover", discover)
    assert carry_out(run).status == Status.CANCELLED


def test_a_waiting_run_is_cancelled_at_once(cast, found):
    run = actions.cancel_run(by=cast.analyst, at=LATER, run_id=asked(cast).pk)
    assert run.status == Status.CANCELLED
    assert carry_out(run).status == Status.CANCELLED
    with pytest.raises(actions.NotPossible):
        actions.cancel_run(by=cast.analyst, at=LATER, run_id=run.pk)


def test_only_an_analyst_runs_and_decides(cast):
    run = finished(cast)
    for who in (cast.sponsor, cast.manager, cast.seller, cast.inside_partner, cast.disabled):
        with pytest.raises(actions.NotAllowed):
            actions.ask_for_run(by=who, at=NOW, settings=Settings(), made_from=actions.Input(files={}))
        with pytest.raises(actions.NotAllowed):
            decide(who, run, "signed")


def decide(by, run, verdict, *, key="cust.data_access", note="Matches what the deal desk sees.", **more):
    return actions.decide(by=by, at=NOW, run_id=run.pk, key=key, verdict=verdict, note=note, **more)


def test_every_decision_stays_on_record_and_the_newest_counts(cast):
    run = finished(cast)
    decide(cast.analyst, run, "signed")
    decide(cast.analyst, run, "rejected", note="Two teams only.")
    page = findings.finding(cast.sponsor, run.pk, "cust.data_access", at=NOW)
    assert [(one.verdict, one.note) for one in page.decisions] == [
        ("rejected", "Two teams only."),
        ("signed", "Matches what the deal desk sees."),
    ]
    assert page.verdict == "rejected"
    assert [
        change.what for change in audit.history(subject="finding", subject_id=f"{run.pk}/cust.data_access")
    ] == ["rejected the finding", "signed the finding"]


def test_a_decision_says_why(cast):
    with pytest.raises(actions.NoteMissing):
        decide(cast.analyst, finished(cast), "signed", note="  ")


@pytest.mark.parametrize("key", ["cust.references", "int.kickoff"])
def test_what_shows_no_evidence_cannot_be_signed_but_rejected(cast, key):
    run = finished(cast)
    with pytest.raises(actions.NotPossible):
        decide(cast.analyst, run, "signed", key=key)
    assert decide(cast.analyst, run, "rejected", key=key).verdict == "rejected"


def test_of_two_analysts_who_decide_at_once_one_is_told(cast):
    run = finished(cast)
    decide(cast.analyst, run, "signed", expected_version=1)
    with pytest.raises(Stale):
        decide(cast.analyst, run, "rejected", expected_version=1)


def test_a_later_run_shows_what_was_decided_earlier(cast):
    decide(cast.analyst, finished(cast), "rejected", note="Recorded afterwards.")
    later = runs.run(cast.analyst, finished(cast, at=LATER).pk, at=LATER)
    assert later.earlier["cust.data_access"].note == "Recorded afterwards."
    assert not later.decided


def test_managers_and_sellers_see_signed_findings_only(cast):
    run = finished(cast)
    for who in (cast.manager, cast.seller):
        with pytest.raises(Hidden):
            runs.run(who, run.pk, at=NOW)
    decide(cast.analyst, run, "signed")
    for who in (cast.manager, cast.seller):
        page = runs.seen(runs.run(who, run.pk, at=NOW))
        assert [one.agreement for one in page.record.findings] == ["cust.data_access"]
        assert page.record.places["cust.data_access"] == 1
        kept = page.record.stored()
        assert "cust.exec_sponsor" not in str([kept["result"], kept["details"], kept["table"], kept["plans"]])
        with pytest.raises(Hidden):
            findings.finding(who, run.pk, "cust.exec_sponsor", at=NOW)
    for who in (cast.inside_partner, cast.disabled):
        with pytest.raises(Hidden):
            runs.run(who, run.pk, at=NOW)


def test_a_rejected_finding_disappears_for_managers_again(cast):
    run = finished(cast)
    decide(cast.analyst, run, "signed")
    decide(cast.analyst, run, "rejected")
    assert not findings.signed(cast.manager)


def keys_behind(found) -> dict[tuple[bool, str], list[str]]:
    return {(one.gained, one.ended): [deal.key for deal in one.deals] for one in found.groups if one.count}


def test_the_deals_behind_a_finding_are_shown_both_ways(cast):
    both = findings.deals_behind(cast.analyst, finished(cast).pk, "cust.data_access", by="6w")
    assert keys_behind(both) == {(True, "served"): ["N-1"], (False, "not"): ["X-8"], (False, "open"): ["X-9"]}


def test_a_share_of_fewer_than_five_deals_is_not_shown(cast):
    both = findings.deals_behind(cast.analyst, finished(cast).pk, "cust.data_access", by="6w")
    assert (both.decided(True), both.share(True)) == (1, None)


def test_everybody_sees_only_their_own_deals_behind_a_finding(cast):
    run = finished(cast)
    decide(cast.analyst, run, "signed")
    own = findings.deals_behind(cast.seller, run.pk, "cust.data_access", by="6w")
    assert keys_behind(own) == {(True, "served"): ["N-1"]}
    none = findings.deals_behind(cast.stranger, run.pk, "cust.data_access", by="6w")
    assert keys_behind(none) == {}


def test_a_deal_closed_before_the_landmark_is_in_no_group(cast):
    found = findings.deals_behind(cast.analyst, finished(cast).pk, "cust.data_access", by="9w")
    assert "N-1" not in str(keys_behind(found))


def test_won_off_target_does_not_serve_and_lost_deals_have_no_discount():
    deals = pl.DataFrame(
        {
            "deal_id": ["good", "dear", "lost"],
            "created": [dt.date(2025, 1, 6)] * 3,
            "closed": [dt.date(2025, 6, 2)] * 3,
            "status": ["won", "won", "lost"],
            "discount": [0.05, 0.30, None],
        }
    ).cast({pl.Date: pl.Datetime("us")})
    events = pl.DataFrame({"deal_id": ["dear"], "agreement": ["a"], "at": [dt.date(2025, 1, 20)]})
    events = events.cast({pl.Date: pl.Datetime("us")})

    def ended(metric):
        found = behind.sort_out(deals, events, "a", metric=metrics.parse(metric), by_weeks=6)
        return dict(found.select("deal_id", "ended").iter_rows())

    assert ended("supportive:discount<=0.15") == {"good": "served", "dear": "not", "lost": "not"}
    assert ended("won") == {"good": "served", "dear": "served", "lost": "not"}
    assert ended("discount") == {"good": "served", "dear": "not"}


def test_readiness_says_what_there_is_and_what_is_missing(cast):
    ready = readiness.readiness(cast.analyst)
    assert (ready.closed, ready.ready) == (0, False)
    assert ready.now.startswith("nothing yet")
    deal("W-1", owner=cast.seller, team=cast.north, status="won", closed_at=NOW)
    assert readiness.readiness(cast.analyst).won == 1


def test_two_runs_are_compared_in_words():
    old = record()
    new_findings = [
        facts("cust.data_access", "moderate", 0.081, ci=[0.06, 0.10]),
        facts("cust.exec_sponsor", "none", 0.004),
        facts("int.opening_discount", "excluded", excluded_because="leading"),
        facts("cust.new", "moderate", 0.05),
    ]
    new = record(
        findings=new_findings,
        pivotal=[{"agreement": "cust.data_access", "p_top": 1.0, "selected_share": 1.0}],
    )
    moves = {move.key: (move.what, move.why) for move in comparison.compare(opened(old), opened(new))}
    assert moves["cust.data_access"] == ("still holds", "about the same effect, known more exactly")
    assert moves["cust.exec_sponsor"][0] == "left the set"
    assert "outside its earlier interval" in moves["cust.exec_sponsor"][1]
    assert moves["int.opening_discount"] == ("gone", "now left out: leading")
    assert moves["cust.new"] == ("new", "not in the data of the earlier run")
    assert "cust.references" not in moves


def test_between_equal_runs_everything_confirmed_still_holds():
    assert {move.what for move in comparison.compare(opened(record()), opened(record()))} == {"still holds"}


def test_old_uploads_are_forgotten(cast, uploads, django_capture_on_commit_callbacks):
    run = asked(cast)
    with django_capture_on_commit_callbacks(execute=True):
        actions.forget_uploads(at=NOW + actions.UPLOADS_KEPT + dt.timedelta(days=1))
    assert not list(uploads.rglob("*.csv"))
    actions.cancel_run(by=cast.analyst, at=LATER, run_id=run.pk)
    with pytest.raises(actions.NotPossible):
        actions.continue_run(by=cast.analyst, at=LATER, run_id=run.pk)


def test_a_file_name_cannot_lead_out_of_the_folder(cast, uploads):
    run = asked(cast, files={"deals": table("../../evil.csv", DEALS)})
    assert Path(run.inputs[0]["path"]).is_relative_to(uploads / "discovery")


def test_settings_survive_being_stored():
    asked_for = Settings(
        metric="won",
        landmarks=(2.0, 4.0),
        mechanical=("a",),
        data_end=dt.datetime.fromisoformat("2026-01-01"),
    )
    assert work.settings_from(asked_for.to_dict()) == asked_for


def test_snapshots_of_equal_data_have_equal_bytes():
    frame = pl.DataFrame({"deal_id": ["a", "b"], "amount": [1.5, None]})
    assert work.parquet(frame) == work.parquet(frame.clone())
    assert work.from_parquet(work.parquet(frame)).equals(frame)


def test_amounts_in_two_currencies_are_not_added_up():
    from hingepoint.analysis.discovery.reading import money

    deals = pl.DataFrame({"deal_id": ["a", "b"], "currency": ["EUR", "USD"]})
    with pytest.raises(DiscoveryError, match="2 currencies"):
        money.one_currency(deals, "net")
    assert money.one_currency(deals, "won") == ""


def test_findings_are_stored_in_the_order_of_the_result(cast):
    run = finished(cast)
    assert list(Finding.objects.filter(run=run).values_list("key", flat=True)) == [
        one["agreement"] for one in result()["findings"]
    ]
    assert timezone.is_aware(runs.state(cast.analyst, run.pk, at=NOW).asked_at)


def test_a_comparison_says_what_the_runs_were_made_with_that_differs():
    then, now = record(), record()
    now["result"] = now["result"] | {
        "version": "0.2.0",
        "data": now["result"]["data"] | {"deals": 1_900, "to": "2026-02-27"},
        "settings": now["result"]["settings"] | {"smallest_effect": 0.02},
    }
    assert comparison.differences(opened(then), opened(record())) == ()
    assert comparison.differences(opened(then), opened(now)) == (
        "Deals: 1,700 to 2026-01-30, now 1,900 to 2026-02-27.",
        "Other settings: smallest effect.",
        "Version 0.1.0, now 0.2.0: the method may have changed.",
    )


def test_a_finding_whose_evidence_fell_and_not_its_effect_is_weaker_and_not_gone():
    new = [facts("cust.data_access", "none", 0.08), facts("cust.exec_sponsor", "none", 0.001)]
    moves = {
        move.key: move.what
        for move in comparison.compare(opened(record(pivotal=[])), opened(record(findings=new, pivotal=[])))
    }
    assert (moves["cust.data_access"], moves["cust.exec_sponsor"]) == ("weaker", "gone")
