"""Answering what a file asks, before anything of it is kept."""

import html
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cast import NOW
from hingepoint.connectors import files
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.models import ImportBatch, SavedMapping
from hingepoint.domain.imports.rules import questions_of, understanding_of
from hingepoint.records.imports import ImportState
from importing import ASKED, DEALS

pytestmark = pytest.mark.django_db

QUESTIONS = (
    "deal_id,created,closed,stage,amount,currency,Discount %\n"
    "A-1,2025-01-01,2025-02-01,Closed Won,10,USD,0.1\n"
    'A-2,2025-01-01,2025-02-03,"Closed, no decision",5,USD,0.2\n'
    "A-3,2025-01-01,2025-02-04,Closed Lost,7,EUR,0.3\n"
    "A-4,2025-01-01,2025-02-05,,7,EUR,\n"
)


@pytest.fixture
def desk(client, cast, settings, tmp_path):
    """The analyst at the browser; uploads go to a folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    client.force_login(cast.analyst)
    return client


def checked() -> ImportBatch:
    """Do what the background worker does, and return the newest import."""
    batch = ImportBatch.objects.latest("pk")
    actions.work(by=batch.by, at=NOW, batch_id=batch.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def upload(desk, text: str = QUESTIONS, **more) -> ImportBatch:
    answer = desk.post(reverse("imports"), {"deals": SimpleUploadedFile("deals.csv", text.encode()), **more})
    assert answer.status_code == 302, answer.content.decode()
    return checked()


def page(desk, batch) -> str:
    shown = html.unescape(desk.get(reverse("import", args=[batch.pk])).content.decode())
    return re.sub(r"\s+", " ", shown)


def fields(batch: ImportBatch) -> dict[str, str]:
    """Return the field of each question by what it asks about."""
    asked = questions_of(batch.report)
    return {each.column if each.word is None else each.word: f"answer-{each.key}" for each in asked}


def answer(desk, batch, **told):
    return desk.post(reverse("answer-import", args=[batch.pk]), told)


def test_answers_settle_the_check_and_are_kept_with_the_mapping(desk):
    batch = upload(desk)
    assert (batch.state, len(fields(batch))) == (ImportState.CHECKED, 3)
    said = fields(batch)
    told = {said["Closed, no decision"]: "1", said[""]: "3", said["Discount %"]: "0"}
    assert answer(desk, batch, **told, keep_as="CRM").status_code == 302
    batch = checked()
    assert batch.mapping == {
        "deals": {
            "status": {"lost": ["Closed, no decision"], "left_out": [""]},
            "share": ["discount"],
        }
    }
    assert (questions_of(batch.report), batch.created) == ((), 3)
    desk.post(reverse("confirm-import", args=[batch.pk]))
    checked()
    kept = Deal.objects.filter(key__startswith="A-").order_by("key")
    assert list(kept.values_list("key", "status")) == [("A-1", "won"), ("A-2", "lost"), ("A-3", "lost")]
    assert SavedMapping.objects.get(name="CRM").mapping == batch.mapping


def test_the_next_file_read_with_the_mapping_is_not_asked_again_and_says_so(desk):
    batch = upload(desk, DEALS + ASKED)
    answer(desk, batch, **{fields(batch)["Dead"]: "1"}, keep_as="CRM")
    batch = upload(desk, DEALS + ASKED, saved_mapping=SavedMapping.objects.get(name="CRM").pk)
    shown = page(desk, batch)
    assert questions_of(batch.report) == ()
    assert "Read with the mapping “CRM”: 1 answer used again." in shown
    assert "“Dead” is lost, 1 deal" in shown


def test_nothing_is_kept_while_a_question_is_open(desk):
    batch = upload(desk)
    shown = page(desk, batch)
    assert "Import it" not in shown
    refused = desk.post(reverse("confirm-import", args=[batch.pk]))
    assert (refused.status_code, "Answer what is asked first" in refused.content.decode()) == (422, True)
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.IMPORTING)
    batch = checked()
    assert (batch.state, Deal.objects.filter(key__startswith="A-").exists()) == (ImportState.REFUSED, False)
    assert "“Closed, no decision” in column stage: 1 deal, USD 5" in batch.message


def test_each_option_says_what_it_would_change(desk):
    shown = page(desk, upload(desk))
    assert "“Closed, no decision” in column stage: 1 deal, USD 5; 1 has a close date. Is it" in shown
    assert "<b>Lost</b><small>1 more lost; won are then 33% of 3 that ended</small>" in shown
    assert "<b>30%</b>" in shown


def test_what_was_not_answered_is_named_and_the_rest_comes_back(desk):
    batch = upload(desk)
    said = fields(batch)
    refused = answer(desk, batch, **{said["Discount %"]: "0", said[""]: "7", "keep_as": "Ours"})
    shown = html.unescape(refused.content.decode())
    assert refused.status_code == 422
    assert "Say what “Closed, no decision” is." in shown
    assert "Say what “(empty)” is." in shown
    assert f'name="{said["Discount %"]}" value="0" checked' in shown
    assert 'value="Ours"' in shown
    assert ImportBatch.objects.get(pk=batch.pk).mapping == {}
    assert not SavedMapping.objects.exists()


def test_checking_again_leaves_answers_as_they_are(desk):
    batch = upload(desk)
    said = fields(batch)
    told = {said["Closed, no decision"]: "1", said[""]: "3", said["Discount %"]: "0"}
    answer(desk, batch, **told)
    batch = checked()
    words = {"deals-status-won": "", "deals-status-lost": "Closed, no decision", "deals-status-left_out": ""}
    text = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page_raw(desk, batch), re.DOTALL)[1])
    desk.post(reverse("read-import-as", args=[batch.pk]), {"mapping_text": text, **words})
    assert ImportBatch.objects.get(pk=batch.pk).mapping == batch.mapping


def page_raw(desk, batch) -> str:
    return desk.get(reverse("import", args=[batch.pk])).content.decode()


def test_the_page_says_every_word_that_the_terminal_says(desk):
    batch = upload(desk)
    told, shown = files.told(understanding_of(batch.report)), page(desk, batch)
    for word in told.status:
        for said in (word.word, word.deals, word.money, word.said.removesuffix(", by the mapping")):
            assert said.casefold() in shown.casefold()
    words = [told.head, told.total, told.end, *told.warnings, *told.alone, *sum(told.rows + told.shares, ())]
    words += [each.asks for each in told.questions]
    words += [option.would for each in told.questions for option in each.options]
    assert [each for each in words if each not in shown] == []
    assert json.loads(json.dumps(batch.report["understanding"])) == understanding_of(batch.report).as_record()


def test_the_list_of_imports_says_which_waits_for_answers(desk):
    upload(desk)
    assert "Checked, asks you first" in desk.get(reverse("imports")).content.decode()


def test_an_import_that_is_finished_takes_no_answer(desk):
    batch = upload(desk, DEALS)
    desk.post(reverse("confirm-import", args=[batch.pk]))
    checked()
    assert answer(desk, batch).status_code == 422


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_nobody_else_answers(desk, cast, who):
    batch = upload(desk)
    desk.force_login(getattr(cast, who))
    assert answer(desk, batch, **dict.fromkeys(fields(batch).values(), "0")).status_code == 404
    assert ImportBatch.objects.get(pk=batch.pk).mapping == {}
