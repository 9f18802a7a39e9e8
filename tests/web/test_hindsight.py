"""What would have had to be true: written from the page, kept from who does not see the deal, and lost by nobody."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

import hindsights
import playbooks
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.hindsight import actions
from hingepoint.domain.hindsight.models import HindsightLimit, HindsightView

TYPED = {
    "why": "agreement",
    "type_key": "cust.data_access",
    "words": "They had promised the log.",
    "number": "0",
}


@pytest.fixture
def lost(cast):
    """A deal that was lost a moment ago, and every value is looked back on."""
    row = hindsights.lost(cast)
    deals.change_deal(by=None, at=timezone.now(), deal_id=row.pk, closed_at=timezone.now())
    actions.set_limit(by=cast.sponsor, at=timezone.now(), least_amount=Decimal(0))
    return row


def test_a_seller_finds_it_at_home_writes_and_reads_it_back(client, cast, lost):
    at = reverse("hindsight", args=[lost.pk])
    client.force_login(cast.seller)
    piece = client.get(reverse("hindsights"), headers={"HX-Request": "true", "HX-Target": "to-look-back-on"})
    assert f'href="{at}"' in piece.text
    assert "<html" not in piece.text
    assert f'href="{at}"' in client.get(reverse("deal", args=[lost.pk])).text
    assert client.post(at, TYPED).url == at
    assert "They had promised the log." in client.get(at).text
    piece = client.get(reverse("hindsights"), headers={"HX-Request": "true", "HX-Target": "to-look-back-on"})
    assert at not in piece.text


def test_who_is_slower_reads_both_and_loses_nothing(client, cast, lost):
    hindsights.view(lost, by=cast.seller)
    client.force_login(cast.seller)
    answer = client.post(reverse("hindsight", args=[lost.pk]), TYPED | {"words": "It was the price."})
    assert answer.status_code == 409
    assert "It was the price." in answer.text
    assert hindsights.SAID.words in answer.text
    assert 'name="number" value="1"' in answer.text  # to put it on top knowingly
    assert HindsightView.objects.count() == 1


@pytest.mark.parametrize("typed", [{"type_key": ""}, {"words": " "}, {"why": "weather"}])
def test_what_was_typed_stays_when_it_is_refused(client, cast, lost, typed):
    client.force_login(cast.seller)
    answer = client.post(reverse("hindsight", args=[lost.pk]), TYPED | typed)
    assert answer.status_code == 422
    assert not HindsightView.objects.exists()
    assert "They had promised the log." in answer.text or typed.get("words") == " "


def test_who_only_sees_the_deal_reads_and_has_no_form(client, cast, lost):
    hindsights.view(lost, by=cast.seller)
    client.force_login(cast.sponsor)
    page = client.get(reverse("hindsight", args=[lost.pk])).text
    assert hindsights.SAID.words in page
    assert "Your view" not in page
    assert client.post(reverse("hindsight", args=[lost.pk]), TYPED).status_code == 404


def test_the_sponsor_sets_the_value(client, cast, lost):
    client.force_login(cast.sponsor)
    client.post(reverse("set-hindsight-limit"), {"least_amount": "250000"})
    assert HindsightLimit.objects.first().least_amount == 250_000
    assert str(lost) not in client.get(reverse("hindsights")).text
    client.force_login(cast.seller)
    assert "Set the value" not in client.get(reverse("hindsights")).text


def write_now(row, *, by):
    actions.write_view(by=by, at=timezone.now(), deal_id=row.pk, view=hindsights.SAID)


def test_the_page_of_a_pivotal_agreement_says_what_is_said_of_lost_deals(client, cast):
    book = playbooks.in_force(cast)
    at = reverse("pivotal", args=[book.strategy_id, "cust.data_access"])
    rows = [hindsights.lost(cast, f"N-{number}") for number in range(20, 25)]
    client.force_login(cast.seller)
    write_now(rows[0], by=cast.seller)
    assert "Views are counted from 5 on" in client.get(at).text
    for row in rows[1:]:
        write_now(row, by=cast.seller)
    page = client.get(at).text
    assert "What people say of lost deals" in page
    assert hindsights.SAID.words in page
    client.force_login(cast.stranger)
    assert hindsights.SAID.words not in client.get(at).text
