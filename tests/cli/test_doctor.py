"""``hingepoint doctor``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import playbooks
from cast import NOW
from hingepoint import cli
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.strategy import actions as strategy


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


def test_a_round_that_goes_on_is_no_fault(cast, examined):
    playbooks.in_force(cast)
    strategy.ask_anew(by=None, at=NOW)
    assert examined()[1]["What deals need"]["says"] == "Being asked: 0 of 2 open deals."


def test_the_table_says_what_to_do(examined):
    shown = CliRunner().invoke(cli.main, ["doctor"])
    assert shown.exit_code == 0
    assert "Behind https, set HINGEPOINT_HTTPS=true." in shown.output


def test_a_machine_without_a_database_yet_is_not_broken(empty_installation):
    done = empty_installation.run("doctor", "--format", "json")
    assert done.returncode == 0
    assert found_by(done.stdout)["Migrations"]["do"] == "hingepoint serve brings it up to date."


def test_a_database_that_cannot_be_read_is_said_in_words(installation):
    installation.database.write_bytes(b"this is not a database, but long enough to be read as one" * 20)
    done = installation.run("doctor", "--format", "json")
    assert done.returncode == cli.UNUSABLE
    assert "Traceback" not in done.stderr
    assert found_by(done.stdout)["Database"]["state"] == "broken"
