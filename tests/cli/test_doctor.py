"""``hingepoint doctor``."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3

import pytest
from click.testing import CliRunner
from django.utils import timezone

import playbooks
from cast import NOW
from hingepoint import cli
from hingepoint.cli import in_use
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.home import actions as home
from hingepoint.domain.home import standing
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep import queries
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.jobs import nightly
from hingepoint.records.jobs import Schedule


def found_by(ran) -> dict[str, dict[str, str]]:
    return {found["check"]: found for found in json.loads(ran)["checks"]}


@pytest.fixture
def examined(cast, settings, tmp_path):
    """Return ``examine(*options) -> exit code, {check: finding}`` on the cast's database and a folder of its own."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"data_dir": tmp_path, "secret_key": ""})
    (tmp_path / "secret.key").touch(mode=0o600)

    def examine(*options):
        done = CliRunner().invoke(cli.main, ["doctor", "--format", "json", *options])
        return done.exit_code, found_by(done.output)

    return examine


def test_a_sound_installation_has_nothing_broken(examined):
    code, found = examined()
    assert code == 0
    assert {name for name, one in found.items() if one["state"] == "broken"} == set()
    assert found["Migrations"]["says"] == "Up to date."
    assert found["Audit trail"]["says"].endswith("the chain holds.")


def test_an_altered_audit_trail_is_found(examined):
    first = AuditEvent.objects.earliest("id")
    AuditEvent.objects.filter(pk=first.pk).update(by_name="Nobody")
    code, found = examined()
    assert code == cli.UNUSABLE
    assert found["Audit trail"]["says"] == f"Altered or cut at entry {first.pk}."


def test_a_key_that_others_can_read_is_a_warning(examined, tmp_path):
    (tmp_path / "secret.key").chmod(0o644)
    _, found = examined()
    assert found["Secret key"]["state"] == "warning"
    assert found["Secret key"]["do"].startswith("chmod 600")


def test_a_deal_that_is_not_asked_for_what_the_playbook_wants_is_found_and_asked_again(cast, examined):
    playbooks.in_force(cast)
    assert examined()[1]["What deals need"]["says"] == "Every open deal is asked for what the playbooks want."
    Agreement.objects.filter(deal=cast.deal).update(needed_by=None)
    _, found = examined()
    assert found["What deals need"]["state"] == "warning"
    assert found["What deals need"]["says"] == "1 open deal is not asked for what the playbooks want."
    assert found["What deals need"]["do"] == "hingepoint doctor --ask-again"
    _, found = examined("--ask-again")
    assert found["What deals need"]["state"] == "good"
    assert Agreement.objects.get(deal=cast.deal).needed_by is not None


def test_kept_counts_that_are_otherwise_are_named_and_made_anew(cast, examined, monkeypatch):
    monkeypatch.setattr(home, "LARGE", 2)
    assert examined()[1]["Kept counts"]["says"].startswith("None stands")
    home.renew_answers(at=timezone.now())
    assert examined()[1]["Kept counts"]["says"].endswith("were counted again and are the same.")
    monkeypatch.setattr(standing, "LOOKED_AT", 100)
    KeptAnswer.objects.filter(name="changes of a week").update(told={"gained": 9})
    _, found = examined()
    assert found["Kept counts"] == {
        "check": "Kept counts", "state": "warning", "says": "Kept otherwise than counted now: “changes of a week”.",
        "do": "hingepoint doctor --ask-again",
    }  # fmt: skip
    examined("--ask-again")
    assert not KeptAnswer.objects.exists()


def test_a_round_that_goes_on_is_no_fault(cast, examined):
    playbooks.in_force(cast)
    strategy.ask_anew(by=None, at=NOW)
    assert examined()[1]["What deals need"]["says"] == "Being asked: 0 of 2 open deals."


def begun(at, *, error=""):
    upkeep.remember({"nightly.read_traces": Schedule.NIGHTLY})
    upkeep.end_turn(turn=upkeep.take_turn(name="nightly.read_traces", at=at), at=at, error=error)


def test_a_job_that_failed_is_broken_and_its_words_are_told(examined):
    at = dt.datetime.now(dt.UTC)
    begun(at, error="RuntimeError: no room")
    code, found = examined()
    assert code == cli.UNUSABLE
    assert found["Scheduled jobs"]["state"] == "broken"
    assert found["Scheduled jobs"]["says"].startswith("nightly.read_traces failed on ")
    assert found["Scheduled jobs"]["says"].endswith(" (RuntimeError: no room).")


def test_jobs_that_no_server_does_are_overdue(examined):
    begun(dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC))
    code, found = examined()
    assert (code, found["Scheduled jobs"]["state"]) == (0, "warning")
    assert found["Scheduled jobs"]["says"] == (
        "1 of 1 are overdue: nightly.read_traces (last begun 2026-03-02 09:00)."
    )


def test_programs_read_what_was_last_done_of_each_job(examined):
    at = dt.datetime.now(dt.UTC)
    begun(at)
    _, found = examined()
    assert found["Scheduled jobs"] == {
        "check": "Scheduled jobs", "state": "good", "says": "1, none overdue.", "do": "",
    }  # fmt: skip
    ran = CliRunner().invoke(cli.main, ["doctor", "--format", "json"])
    assert json.loads(ran.output)["jobs"] == [
        {"job": "nightly.read_traces", "schedule": "nightly", "begun_at": str(at), "ended_at": str(at),
         "outcome": "done", "error": "", "overdue": False}
    ]  # fmt: skip


def test_a_proxy_that_is_not_named_is_a_warning(examined, settings):
    served = {"https": True, "behind_proxy": True}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=served)
    assert examined()[1]["Exposure"]["do"] == "Set HINGEPOINT_TRUSTED_PROXIES to the proxy's address."
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"trusted_proxies": ["127.0.0.1"]})
    assert examined()[1]["Exposure"]["state"] == "good"


def test_the_table_says_what_to_do(examined):
    shown = CliRunner().invoke(cli.main, ["doctor"])
    assert shown.exit_code == 0
    assert "Behind https, set HINGEPOINT_HTTPS=true." in shown.output


def test_a_machine_without_a_database_yet_is_not_broken(empty_installation):
    done = empty_installation.run("doctor", "--format", "json")
    assert done.returncode == 0
    assert found_by(done.stdout)["Migrations"]["do"] == "hingepoint serve brings it up to date."


@pytest.mark.slow
def test_a_database_that_cannot_be_read_is_said_in_words(installation):
    installation.database.write_bytes(b"this is not a database, but long enough to be read as one" * 20)
    done = installation.run("doctor", "--format", "json")
    assert done.returncode == cli.UNUSABLE
    assert "Traceback" not in done.stderr
    assert found_by(done.stdout)["Database"]["state"] == "broken"


@pytest.fixture
def in_a_file(settings, tmp_path, monkeypatch):
    """Let doctor look at a file of its own; returns the path."""
    file = tmp_path / "hingepoint.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE notes (words)")
        database.executemany("INSERT INTO notes VALUES (?)", [["x" * 400]] * 200)
    monkeypatch.setattr(in_use, "sqlite_file", lambda: file)
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return file


@pytest.mark.parametrize(("rights", "state"), [(0o600, "good"), (0o640, "warning"), (0o604, "warning")])
def test_a_database_that_others_can_read_is_a_warning(examined, in_a_file, rights, state):
    in_a_file.chmod(rights)
    _, found = examined()
    assert found["Who can read"]["state"] == state
    assert found["Who can read"]["do"] == (f"chmod 600 {in_a_file}" if state == "warning" else "")


def test_damage_is_found_by_doctor_and_by_the_night(examined, monkeypatch):
    monkeypatch.setattr(queries, "damage", lambda: "Page 7: never used")
    code, found = examined()
    assert code == cli.UNUSABLE
    assert found["Damage"]["says"] == "The database is damaged: Page 7: never used."
    assert "hingepoint restore" in found["Damage"]["do"]
    with pytest.raises(nightly.Damaged, match="Page 7: never used"):
        nightly.look_for_damage(at=NOW)


def test_a_sound_database_has_no_damage(cast):
    assert queries.damage() == ""
    nightly.look_for_damage(at=NOW)
