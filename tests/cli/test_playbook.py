"""Definitions go out to a file and come back by the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import playbooks
import rules
from hingepoint.cli import main
from hingepoint.domain.detection.models import DetectionRule

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def file(cast, tmp_path):
    rules.written()
    playbooks.in_force(cast)
    path = tmp_path / "playbook.yaml"
    assert run("export", "playbook", "--out", path).exit_code == 0
    return path


def test_what_is_written_reads_back_and_changes_nothing(file):
    answer = run("import", "playbook", file)
    assert (answer.exit_code, answer.output) == (0, "playbook.yaml: 0 things changed.\n")
    assert run("export", "playbook").output == file.read_text(encoding="utf-8")


def test_a_dry_run_says_what_would_change_and_changes_nothing(file):
    file.write_text(file.read_text(encoding="utf-8").replace("stoppage log", "gas log"), encoding="utf-8")
    answer = run("import", "playbook", file, "--dry-run")
    assert "rules: log-arrives: words: stoppage log -> gas log" in answer.output
    assert DetectionRule.objects.get().versions.count() == 1
    told = json.loads(run("import", "playbook", file, "--format", "json").output)
    assert told["changes"][-1]["field"] == "words"
    assert DetectionRule.objects.get().versions.count() == 2


@pytest.mark.parametrize("text", ["hingepoint: 1\nrules: 3\n", "a: [", "\x00"])
def test_a_wrong_file_ends_in_one_clear_message(cast, tmp_path, text):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    answer = run("import", "playbook", path)
    assert answer.exit_code == 2
    assert "Nothing was changed" in answer.output
    assert "Traceback" not in answer.output
