"""A sponsor writes to everybody, people read it by a press, and a seller says yes to the role a sponsor wrote."""

from django.urls import reverse

import playbooks
import sponsoring
from hingepoint.domain.sponsorship.models import MessageReader, SponsorMessage
from hingepoint.records.involvement import Purpose


def test_a_message_begins_with_the_facts_and_reaches_every_home(client, cast):
    book = playbooks.in_force(cast)
    client.force_login(cast.sponsor)
    form = client.get(reverse("new-message"))
    said = form.context["said"]
    assert said["subject"] == f"{book.strategy.name}: where we stand"
    assert "Before your next talk" in said["text"]
    sent = client.post(reverse("new-message"), said, follow=True)
    assert "Everybody finds it on their first page." in sent.text
    assert "0 of 6" in sent.text
    client.force_login(cast.seller)
    at = reverse("unread-message")
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "unread-message"}
    assert said["subject"] in client.get(at, **piece).text
    assert not MessageReader.objects.filter(read_at__isnull=False).exists()  # to look is not to read
    row = SponsorMessage.objects.get()
    assert said["subject"] not in client.post(reverse("read-message", args=[row.pk]), **piece).text
    assert "You have read it." in client.get(reverse("message", args=[row.pk])).text
    assert "1 of 6" in client.get(reverse("sponsorship")).text


def test_sent_twice_it_is_sent_once(client, cast):
    client.force_login(cast.sponsor)
    typed = {"subject": "a", "text": "b", "form_token": "x" * 32}
    answers = [client.post(reverse("new-message"), typed) for _ in range(2)]
    assert len({answer.url for answer in answers}) == 1
    assert SponsorMessage.objects.count() == 1


def test_a_sponsor_joins_a_deal_and_its_owner_says_yes(client, cast):
    client.force_login(cast.sponsor)
    at = reverse("agree-role", args=[cast.deal.pk])
    said = client.get(at).context["said"]
    assert said["executive"] == cast.sponsor.pk
    typed = said | {"purpose": Purpose.DOOR.value, "aim": "Open the door to their director"}
    typed.pop("may_discuss_price")
    client.post(at, typed)
    assert "Waits for the owner" in client.get(reverse("sponsorship")).text
    client.force_login(cast.seller)
    help_page = reverse("deal-help", args=[cast.deal.pk])
    assert "Is it right for your deal?" in client.get(help_page).text
    role = cast.deal.involvements.get()
    told = client.post(reverse("accept-role", args=[role.pk]), follow=True)
    assert "Agreed. Otto finds the brief on their first page." in told.text
    assert "Is it right for your deal?" not in client.get(help_page).text


def test_everybody_who_sells_sees_what_sponsors_did_first_on_the_strategy(client, cast):
    book = playbooks.in_force(cast)
    sponsoring.a_message(cast)
    client.force_login(cast.stranger)
    page = client.get(reverse("strategy", args=[book.strategy_id])).text
    assert page.index("sponsorship-now") < page.index("1. Results")
    told = client.get(reverse("sponsorship-now")).text
    assert "Otto" in told
    assert "none due" in told
    client.force_login(cast.inside_partner)
    assert client.get(reverse("sponsorship")).status_code == 404
