"""Letting a program be told, seeing its secret once, testing, seeing what was answered, sending again."""

from __future__ import annotations

import re

import pytest

import hooks
from cast import NOW
from hingepoint.domain.webhooks import actions
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery

FORM = {"name": "warehouse", "url": hooks.URL, "kinds": ["agreement.changed"]}


@pytest.fixture
def as_analyst(client, cast):
    client.force_login(cast.analyst)
    return client


def test_a_secret_is_shown_once(as_analyst):
    page = as_analyst.post("/webhooks/add", FORM).text
    secret = re.search(r'value="(whsec_[^"]+)"', page)[1]
    row = Webhook.objects.get()
    assert (row.name, row.kinds) == ("warehouse", ["agreement.changed"])
    assert secret not in as_analyst.get(f"/webhooks/{row.pk}/").text


def test_a_test_says_what_was_answered(as_analyst, settings):
    def thanks(handler):
        handler.send_response(202)
        handler.end_headers()
        handler.wfile.write(b"<script>alert(1)</script>")

    with hooks.listening(thanks) as (place, _):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [place]})
        as_analyst.post("/webhooks/add", FORM | {"url": f"http://{place}/hook"})
        row = Webhook.objects.get()
        page = as_analyst.post(f"/webhooks/{row.pk}/test", follow=True).text
    assert "The test was taken: it answered 202." in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_an_address_inside_the_network_is_told_as_no_answer(as_analyst):
    row = hooks.a_webhook()
    page = as_analyst.post(f"/webhooks/{row.pk}/test", follow=True).text
    assert "nobody answered" in page
    assert "127.0.0.1 is an address inside a network" in page


def test_a_message_that_was_given_up_is_sent_again(as_analyst):
    row = hooks.a_message_given_up()
    page = as_analyst.post(f"/webhooks/messages/{row.pk}/again", follow=True).text
    assert "It goes out again within seconds" in page
    assert WebhookDelivery.objects.get().next_at is not None


def test_one_that_was_switched_off_says_why_and_is_switched_on(as_analyst):
    row = hooks.a_webhook()
    actions.send_test(by=None, at=NOW, webhook_id=row.pk, post=hooks.Receiver(410))
    assert "gone for good (410)" in as_analyst.get(f"/webhooks/{row.pk}/").text
    assert as_analyst.post(f"/webhooks/{row.pk}/switch", {"state": "o"}).status_code == 404
    for how in ("on", "now"):
        as_analyst.post(f"/webhooks/{row.pk}/switch", {"state": how})
        row.refresh_from_db()
        assert (row.on, row.off_because) == (True, "")
        as_analyst.post(f"/webhooks/{row.pk}/switch", {"state": "off"})


def test_what_is_told_is_changed_and_dropped(as_analyst):
    row = hooks.a_webhook()
    told = FORM | {"name": "chat", "kinds": ["signal.raised", "sync.failed"], "version": row.version}
    page = as_analyst.post(f"/webhooks/{row.pk}/change", told, follow=True).text
    assert "A signal rose; a crm could not be read".lower() in page.lower()
    as_analyst.post(f"/webhooks/{row.pk}/drop")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"url": "http://a.example/"}, "https://"), ({"name": ""}, "Give it a name"), ({"kinds": ["x"]}, "x")],
)
def test_what_cannot_be_is_refused_with_what_was_typed(as_analyst, wrong, words):
    answer = as_analyst.post("/webhooks/add", FORM | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert not Webhook.objects.exists()
