"""The sponsor's Monday in a browser: what sponsors promised, a message to everybody, a deal joined; a seller reads and says yes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

import playbooks
import principled
import sponsoring
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.sponsorship.models import MessageReader
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule
from looking import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_pages_are_whole_on_every_screen_and_in_every_light(cast, visit, shortcomings, screenshots):
    playbooks.in_force(cast)
    message = sponsoring.a_message(cast)
    sponsoring.a_proposed_role(cast)
    principled.in_force()
    principled.drafted(principled.VALUE)
    pages = {
        "sponsorship": reverse("sponsorship"),
        "message": reverse("message", args=[message.pk]),
        "new-message": reverse("new-message"),
        "principles": reverse("principles"),
        "principles-draft": reverse("principles-draft"),
        "principle": reverse("edit-principle", args=[principled.VALUE.key]),
        "principles-version": reverse("principles-version", args=[1]),
    }
    window = visit(cast.sponsor)
    found = [
        line
        for name, path in pages.items()
        for line in looked_at(window, path, name, shortcomings, screenshots)
    ]
    assert found == []


def _promised_today(cast) -> None:
    """A message to everybody falls due of every sponsor today."""
    today = timezone.localdate()
    rule = Rule("message", "A message to everybody", Kind.MESSAGE, role=Role.SPONSOR, cadence=Cadence.WEEKLY)
    routines.define(
        by=cast.sponsor, at=timezone.now(), rule=replace(rule, weekday=today.weekday()), since=today
    )


def test_a_sponsor_writes_and_joins_and_a_seller_reads_and_says_yes(cast, visit):
    book = playbooks.in_force(cast)
    _promised_today(cast)
    strategy = reverse("strategy", args=[book.strategy_id])
    window = visit(cast.sponsor)
    page = window.open(strategy)
    assert "All leaders: 0 of 1 kept so far." in page.get_by_label("Your promises this month").inner_text()
    page.get_by_role("heading", name="What sponsors promised and did, last 13 weeks").wait_for()
    page.get_by_role("link", name="Their messages, the deals they joined, and what followed").click()
    page.get_by_role("link", name="Write to everybody").click()
    page.get_by_label("Subject").fill("What I ask of you")
    page.get_by_role("button", name="Send it to everybody").click()
    page.get_by_text("0 of 6").wait_for()
    page = window.open(strategy)  # sending it kept the promise: nobody pressed anything
    assert "All leaders: 1 of 1 kept so far." in page.get_by_label("Your promises this month").inner_text()
    page.get_by_role("cell", name="1 of 1").wait_for()
    sponsoring.a_proposed_role(cast)

    page = visit(cast.seller).open("/")
    page.get_by_role("heading", name="What I ask of you").wait_for()
    assert not MessageReader.objects.filter(read_at__isnull=False).exists()
    page.get_by_role("button", name="I have read it").click()
    page.get_by_role("heading", name="What I ask of you").wait_for(state="detached")
    assert MessageReader.objects.get(read_at__isnull=False).person == cast.seller
    page.goto(page.url.rstrip("/") + reverse("deal-help", args=[cast.deal.pk]))
    page.get_by_role("button", name="Yes, join it so").click()
    page.get_by_text("Agreed. Otto finds the brief").wait_for()
    cast.deal.involvements.get(owner_agreed_at__isnull=False)
