"""A token stands in no log, no run, no file that is exported and no backup: looked for by words that are nowhere else."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from cast import NOW
from connectors.test_all import PLAYED
from hingepoint import cli, connectors
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import SyncRun
from installation import Installation

CANARY = "canary-of-a-token"


def given(key: str, sign_in: str) -> dict[str, str]:
    way = next(one for one in connectors.crm(key).sign_ins if one.key == sign_in)
    return {name: f"{CANARY}-{name}" for name in way.secrets}


def ways() -> list[tuple[str, str]]:
    return [(key, one.key) for key in PLAYED for one in connectors.crm(key).sign_ins]


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "sign_in"), ways())
def test_a_run_that_fails_tells_no_token_however_much_is_logged(key, sign_in, caplog):
    caplog.set_level(logging.DEBUG)
    fake = getattr(importlib.import_module(f"connectors.fakes.{key}"), PLAYED[key])()
    with fake:
        made = actions.connect(
            by=None, at=NOW, crm=key, url=fake.url, given=given(key, sign_in), sign_in=sign_in,
            options=fake.address().options, allowed=[fake.place],
        )  # fmt: skip
        told = actions.sync(at=NOW, connection_id=made.pk)
    assert told.problem
    assert fake.requests
    assert CANARY not in caplog.text
    assert CANARY not in str(told) + str(list(SyncRun.objects.values()))


@pytest.mark.django_db
def test_no_exported_file_holds_a_token(cast, tmp_path):
    actions.connect(by=None, at=NOW, crm="espocrm", url="https://crm.example", given=given("espocrm", "key"))
    for arguments in (
        ["--all", "--out", str(tmp_path / "all")],
        ["playbook", "--out", str(tmp_path / "playbook.yaml")],
    ):
        done = CliRunner().invoke(cli.main, ["export", *arguments])
        assert done.exit_code == 0, done.output
    assert len(files(tmp_path)) > 5
    assert [each for each in files(tmp_path) if CANARY.encode() in each.read_bytes()] == []


@pytest.mark.slow
def test_no_backup_holds_a_token_that_can_be_read(installation: Installation, tmp_path):
    token = tmp_path / "token.txt"
    token.write_text(CANARY)
    # nobody listens there: the connection is kept with its token all the same
    installation.run("connect", "espocrm", "https://127.0.0.1:1", "--token-file", str(token))
    assert installation.run("backup", str(tmp_path / "backup")).returncode == 0
    kept = (tmp_path / "backup").read_bytes()
    assert b"https://127.0.0.1:1" in kept  # it is all there, as it stands in the database
    assert CANARY.encode() not in kept


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]
