"""Choosing a channel of one's chat on the page: it is tried, and left."""

from __future__ import annotations

import pytest
from django.test import Client

import chatting
from hingepoint.domain.notices.models import Chat
from hingepoint.records.notices import ChatService

pytestmark = pytest.mark.django_db


@pytest.fixture
def sanna(cast) -> Client:
    client = Client()
    client.force_login(cast.seller)
    return client


def choose(client: Client, place: str, version: int = 0):
    sent = {"service": "slack", "url": f"http://{place}/T0/B0/hidden-key", "version": version}
    return client.post("/account/notices/chat", sent, follow=True)


def test_a_channel_is_chosen_tried_and_left(sanna, cast, settings):
    with chatting.chat(ChatService.SLACK) as (place, took):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [place]})
        page = choose(sanna, place).text
        assert "Slack is told since" in page
        assert "hidden-key" not in page
        assert "The test was taken" in sanna.post("/account/notices/chat/test", follow=True).text
        assert len(took) == 1
    assert "told nothing any more" in sanna.post("/account/notices/chat/leave", follow=True).text
    assert not Chat.objects.exists()


def test_what_the_chat_answers_is_told(sanna, cast, settings):
    with chatting.chat(ChatService.SLACK, refuse=404) as (place, _):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [place]})
        choose(sanna, place)
        page = sanna.post("/account/notices/chat/test", follow=True).text
    assert "Slack answered 404: channel_is_archived" in page


def test_an_address_inside_our_network_is_not_asked(sanna, cast):
    answer = sanna.post(
        "/account/notices/chat",
        {"service": "teams", "url": "https://169.254.169.254/latest", "version": 0},
    )
    assert answer.status_code == 422
    assert "This is no address of a channel in Microsoft Teams" in answer.text
    assert "169.254.169.254" in answer.text


def test_who_has_no_chat_tries_and_leaves_none(sanna):
    assert sanna.post("/account/notices/chat/test").status_code == 404
    assert sanna.post("/account/notices/chat/leave").status_code == 404
