"""A seller puts a link, words and a file behind an agreement, and only who sees the deal reads them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.proof.models import Proof
from hingepoint.records.agreements import AgreementState

PDF = b"%PDF-1.7 minutes of the meeting"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def agreement(cast):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    return agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)


def address(agreement) -> str:
    return f"/deals/{agreement.deal_id}/agreements/{agreement.type_id}/"


def add(client, user, agreement, **given):
    client.force_login(user)
    return client.post(
        f"{address(agreement)}proof", {f"proof_{name}": value for name, value in given.items()}, follow=True
    )


def pdf(name="minutes.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


def test_words_link_and_file_stand_on_the_page(client, cast, agreement):
    page = add(client, cast.seller, agreement, words="we send it", link="https://mail.example/1", file=pdf())
    for shown in (b"we send it", b"https://mail.example/1", b"minutes.pdf"):
        assert shown in page.content
    assert Proof.objects.count() == 3


def test_the_trail_names_what_was_attached(client, cast, agreement):
    add(client, cast.seller, agreement, words="we send it", link="https://mail.example/1", file=pdf())
    kept = AuditEvent.objects.filter(action="attach").values_list("changes", flat=True)
    assert sorted(one["proof"][1] for one in kept) == ["https://mail.example/1", "minutes.pdf", "words"]


def test_a_file_is_kept_under_a_name_that_tells_nothing_and_is_only_saved(client, cast, agreement, tmp_path):
    add(client, cast.seller, agreement, file=pdf())
    kept = Proof.objects.get()
    assert "minutes" not in kept.file.name
    answer = client.get(f"/files/{kept.pk}")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("who", ["stranger", "other_manager", "inside_partner"])
def test_who_does_not_see_the_deal_gets_no_file(client, cast, agreement, who):
    add(client, cast.seller, agreement, file=pdf())
    client.force_login(getattr(cast, who))
    assert client.get(f"/files/{Proof.objects.get().pk}").status_code == 404
    assert client.post(f"{address(agreement)}proof", {"proof_words": "mine"}).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Paste their words"),
        ({"link": "javascript:alert(1)"}, "begins with https"),
        ({"file": pdf("virus.exe")}, "Files may be"),
        ({"file": pdf("page.html", b"<script>")}, "Files may be"),
        ({"file": pdf("fake.pdf", b"<html>")}, "does not begin like one"),
        ({"file": pdf("mail.eml", b"From: a\x00")}, "does not begin like one"),
        ({"file": pdf("big.pdf", PDF + b" " * 10_000_001)}, "up to 10 MB"),
    ],
)
def test_what_cannot_be_kept_is_named(client, cast, agreement, given, said):
    page = add(client, cast.seller, agreement, **given)
    assert said in page.content.decode()
    assert not Proof.objects.exists()


def test_words_cannot_carry_markup(client, cast, agreement):
    assert (
        b"<script>alert" not in add(client, cast.seller, agreement, words="<script>alert(1)</script>").content
    )


def test_a_step_takes_its_proof_along(client, cast, agreement):
    client.force_login(cast.seller)
    said = {"version": 1, "state": "soft", "proof_words": "we like it", "proof_file": pdf()}
    client.post(address(agreement), said)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.proofs.count()) == ("soft", 2)


def test_a_step_with_a_file_of_the_wrong_kind_is_not_taken(client, cast, agreement):
    client.force_login(cast.seller)
    answer = client.post(address(agreement), {"version": 1, "state": "soft", "proof_file": pdf("a.exe")})
    assert answer.status_code == 422
    assert set(answer.context["problems"]) == {"proof_file"}
    agreement.refresh_from_db()
    assert agreement.state == "asked"


def test_a_mistaken_proof_is_taken_away_with_its_file(
    client, cast, agreement, tmp_path, django_capture_on_commit_callbacks
):
    add(client, cast.seller, agreement, file=pdf())
    kept = Proof.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{address(agreement)}proof/{kept.pk}/withdraw")
    assert not Proof.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
