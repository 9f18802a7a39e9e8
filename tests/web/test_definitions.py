"""Definitions leave as a file, are checked and compared, and come in with a click."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import playbooks
import rules
from hingepoint.domain.detection.models import DetectionRule


@pytest.fixture
def desk(client, cast):
    rules.written()
    playbooks.in_force(cast)
    client.force_login(cast.analyst)
    return client


def check(client, text: str | bytes):
    said = text.encode() if isinstance(text, str) else text
    return client.post("/definitions/", {"file": SimpleUploadedFile("playbook.yaml", said)})


def test_what_is_downloaded_changes_nothing(desk):
    text = desk.get("/definitions/playbook.yaml").content
    assert b"log-arrives" in text
    assert "everything in the file is defined so already" in check(desk, text).text


def test_a_difference_is_shown_before_it_is_brought_in(desk):
    text = desk.get("/definitions/playbook.yaml").text.replace("stoppage log", "gas log")
    answer = check(desk, text)
    assert "rules: log-arrives: words: stoppage log -&gt; gas log" in answer.text
    assert DetectionRule.objects.get().versions.count() == 1
    told = desk.post("/definitions/", {"text": answer.context["text"], "bring_in": "yes"}, follow=True)
    assert "Brought in, as drafts: 2 changes." in told.text
    assert DetectionRule.objects.get().versions.first().definition["words"] == ["gas log"]


@pytest.mark.parametrize(
    ("said", "words"),
    [("a: [", "no YAML"), (b"\xff\xfe\x00", "no text in UTF-8"), ("hingepoint: 9", "hingepoint: Input")],
)
def test_a_wrong_file_is_refused_with_its_place(desk, said, words):
    answer = check(desk, said)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Nothing was changed" in answer.text
