"""The handover letter: found at home, read, confirmed once; after an import as after a change by hand."""

import pytest
from django.urls import reverse

import hindsights
from hingepoint.domain.handovers.models import HandoverRead

PIECE = {"HX-Request": "true", "HX-Target": "my-handovers"}


def test_the_new_owner_finds_it_reads_it_and_it_leaves_the_first_page(client, cast):
    row = hindsights.handed_over(cast)
    at = reverse("handover", args=[row.pk])
    client.force_login(cast.seller)
    assert f'href="{at}"' in client.get(reverse("my-handovers"), headers=PIECE).text
    page = client.get(at)
    assert "From <b>Stig</b> to <b>Sanna</b>" in page.text
    event = page.context["letter"].change.event_id
    send = reverse("confirm-handover", args=[row.pk])
    assert client.post(send, {"event": event}).url == reverse("deal", args=[row.pk])
    assert HandoverRead.objects.get().by == cast.seller
    assert client.get(reverse("my-handovers"), headers=PIECE).text.strip() == ""
    assert "I have read it" not in client.get(at).text


def test_a_letter_of_before_is_not_confirmed_for_the_next(client, cast):
    row = hindsights.handed_over(cast)
    client.force_login(cast.seller)
    answer = client.post(reverse("confirm-handover", args=[row.pk]), {"event": "1"}, follow=True)
    assert "changed hands again" in answer.text
    assert not HandoverRead.objects.exists()


def test_the_pdf_holds_the_letter(client, cast):
    pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    client.force_login(cast.seller)
    answer = client.get(reverse("handover-pdf", args=[cast.deal.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
