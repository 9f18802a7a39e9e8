"""Naming a channel for a team on the page: it is tried, and left."""

from __future__ import annotations

import pytest
from django.test import Client

import chatting
from hingepoint.domain.team_chats.models import TeamChat
from hingepoint.records.notices import ChatService

pytestmark = pytest.mark.django_db
PAGE = "/account/notices"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_leader_names_a_channel_tries_and_leaves_it(cast, settings):
    maud, north = signed_in(cast.manager), cast.north.pk
    with chatting.chat(ChatService.TEAMS) as (place, took):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [place]})
        sent = {"team": north, "service": "teams", "url": f"http://{place}/T0/B0/hidden-key"}
        page = maud.post(f"{PAGE}/team", sent, follow=True).text
        assert "Microsoft Teams, named by Maud" in page
        assert "hidden-key" not in page
        assert "The test was taken" in maud.post(f"{PAGE}/team/{north}/test", follow=True).text
        assert len(took) == 1
        assert "North has a channel already" in maud.post(f"{PAGE}/team", sent).text
    assert "told nothing any more" in maud.post(f"{PAGE}/team/{north}/leave", follow=True).text
    assert not TeamChat.objects.exists()


def test_who_leads_no_team_is_offered_none(cast):
    sanna = signed_in(cast.seller)
    assert "Channels of your teams" not in sanna.get(PAGE).text
    sent = {"team": cast.north.pk, "service": "slack", "url": "https://hooks.slack.com/services/T0/B0/x"}
    assert sanna.post(f"{PAGE}/team", sent).status_code == 404
    for doing in ("test", "leave"):
        assert sanna.post(f"{PAGE}/team/{cast.north.pk}/{doing}").status_code == 404
