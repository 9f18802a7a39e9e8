"""The navigation: groups, rooms that have something in them, what waits in one, and what a phone shows first."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

import raising
import rollouts
from cast import NOW, TODAY, person
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home.queries import rooms
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.signals.models import Raise
from hingepoint.records.people import Role
from hingepoint.records.signals import StepKind
from hingepoint.web import shell


def sides(page: str) -> list[str]:
    """Return the groups and places of the side, in their order."""
    side = page.partition('<ul class="nav"')[2].partition("</ul>")[0]
    return re.findall(r'class="nav-group">(.*?)<|<use [^>]*/></svg><span>(.*?)</span>', side) and [
        group or label
        for group, label in re.findall(r'class="nav-group">(.*?)<|</svg><span>(.*?)</span>', side)
    ]


def bar(page: str) -> list[str]:
    """Return what stands at the foot of a phone, without what is behind *More*."""
    foot = page.partition('<nav class="bottom"')[2].partition("<details")[0]
    return re.findall(r"</svg><span>(.*?)</span>", foot)


@pytest.fixture
def alone(db):
    """Nothing but people."""
    return {role: person(role.label.split()[0], role) for role in Role}


@pytest.mark.parametrize(
    ("role", "places"),
    [
        (Role.ANALYST, ["Home", "Know", "Catalogue", "Data", "Imports", "Connections", "People", "Manual"]),
        (Role.SELLER, ["Home", "Know", "Catalogue", "Data", "People", "Manual"]),
        (Role.INSIDE_PARTNER, ["Home", "Know", "Catalogue", "Data", "Manual"]),
    ],
)
def test_an_empty_installation_names_only_rooms_that_have_something(alone, client, role, places):
    client.force_login(alone[role])
    assert sides(client.get("/").text) == places


def test_with_deals_there_are_groups(cast, client):
    client.force_login(cast.analyst)
    assert sides(client.get("/").text) == [
        "Home", "Every day", "Talks", "Deals", "Matrix", "Exceptions", "Steer", "Strategy", "Routines", "Pressures", "Know", "Discovery", "Catalogue",
        "Questions we ask", "Data", "Imports", "Connections", "Detection rules", "Data health", "People", "Manual",
    ]  # fmt: skip
    client.force_login(cast.seller)
    assert "Steer" not in sides(client.get("/").text)  # no strategy stands, and nothing was read


@pytest.mark.parametrize(
    "page", ["signals", "strategies", "deals", "matrix", "discovery", "talks", "exceptions"]
)
def test_a_room_that_is_not_named_opens_by_its_address_and_is_found(alone, client, page):
    client.force_login(alone[Role.SPONSOR])
    room = next(one for one in shell.PLACES if one.page == page)
    address = reverse(page)
    assert client.get(address).status_code == 200
    assert room.label not in sides(client.get("/").text)
    assert f'href="{address}"' in client.get(f"/search?q={room.label}").text.partition("<main")[2]


def test_impact_is_named_once_a_card_is_sealed(cast, client):
    client.force_login(cast.seller)
    assert "Impact" not in sides(client.get("/").text)
    rollouts.planned(["North", "South"], by=cast.analyst, steps=2)
    assert "Impact" not in sides(client.get("/").text)
    rollouts.on_record(cast)
    assert "Impact" in sides(client.get("/").text)


def test_signals_are_named_when_they_are_read(cast, client):
    client.force_login(cast.seller)
    assert "Signals" not in sides(client.get("/").text)
    raising.a_raise()
    assert "Signals" in sides(client.get("/").text)


def owned(one: Raise, owner) -> None:
    Raise.objects.filter(pk=one.pk).update(owner=owner)


def waiting(user) -> int:
    return rooms.rooms(user, today=TODAY).raises


class TestWhatWaits:
    def test_it_is_the_raises_of_the_viewer(self, cast):
        owned(raising.a_raise(), cast.manager)
        assert waiting(cast.manager) == 1
        assert [waiting(one) for one in (cast.sponsor, cast.other_manager, cast.analyst, cast.seller)] == [
            0,
            0,
            0,
            0,
        ]

    def test_those_of_nobody_wait_for_the_sponsor(self, cast):
        owned(raising.a_raise(), None)
        assert (waiting(cast.sponsor), waiting(cast.manager), waiting(cast.analyst)) == (1, 0, 0)

    def test_what_is_answered_waits_no_more(self, cast):
        one = raising.a_raise()
        owned(one, cast.manager)
        signals.answer(by=cast.manager, at=NOW, raise_id=one.pk, found=StepKind.CONFIRMED, words="It is so.")
        assert waiting(cast.manager) == 0

    def test_what_is_muted_waits_again_after_its_day(self, cast):
        one = raising.a_raise()
        owned(one, cast.manager)
        Raise.objects.filter(pk=one.pk).update(
            muted_until=TODAY + dt.timedelta(days=9), mute_reason="Quarter end"
        )
        assert waiting(cast.manager) == 0
        days = [rooms.rooms(cast.manager, today=TODAY + dt.timedelta(days=n)).raises for n in (9, 10)]
        assert days == [0, 1]

    def test_what_ended_waits_no_more(self, cast):
        one = raising.a_raise()
        owned(one, cast.manager)
        Raise.objects.filter(pk=one.pk).update(ended_on=one.first_day)
        assert waiting(cast.manager) == 0

    def test_it_stands_beside_signals_and_says_what_it_counts(self, cast, client):
        owned(raising.a_raise(), cast.manager)
        client.force_login(cast.manager)
        side = client.get("/deals/").text.partition("<main")[0]
        assert (
            '<span>Signals</span><span class="count num"><span aria-hidden="true">1</span><span class="sr">, 1 to answer'
            in side
        )


def test_the_navigation_costs_no_statement_of_its_own(cast, client, django_assert_num_queries):
    client.force_login(cast.sponsor)
    client.get("/account/")
    person = rooms.person(cast.sponsor.pk, today=TODAY)
    with django_assert_num_queries(0):
        assert rooms.rooms(person, today=TODAY).deals


def test_a_session_from_before_is_known_and_costs_one(cast, client, django_assert_num_queries):
    client.force_login(cast.sponsor, backend="django.contrib.auth.backends.ModelBackend")
    assert "Deals" in sides(client.get("/account/").text)
    with django_assert_num_queries(1):
        rooms.rooms(cast.sponsor, today=timezone.localdate())


def test_a_wrong_password_is_checked_once(cast, client, monkeypatch):
    from hingepoint.domain.people.models import User

    checked = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: checked.append(raw) or False)
    client.post("/sign-in", {"username": cast.seller.email, "password": "not hers"})
    assert checked == ["not hers"]


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("seller", ["Home", "Talks", "Deals", "Exceptions"]),
        ("sponsor", ["Home", "Strategy", "Exceptions", "Talks"]),
        ("analyst", ["Home", "Discovery", "Imports", "Talks"]),
        ("inside_partner", ["Home", "Exceptions", "Catalogue", "Manual"]),
    ],
)
def test_a_phone_shows_what_a_role_opens_most(cast, client, who, first):
    client.force_login(getattr(cast, who))
    page = client.get("/").text
    assert bar(page) == first
    behind = page.partition('class="sheet"')[2].partition("</nav>")[0]
    assert not [label for label in first if f"<span>{label}</span>" in behind]


def test_every_room_used_most_is_in_the_navigation_of_its_role():
    for role, pages in shell.MOST_USED.items():
        assert set(pages) <= {one.page for one in shell.all_rooms(role)}
        assert len(pages) == shell.IN_THE_BAR


def test_rooms_of_a_group_stand_together():
    groups = [one.group for one in shell.PLACES]
    assert groups == sorted(groups, key=["", "Every day", "Steer", "Know", "Data"].index)


def test_deals_that_are_gone_leave_their_rooms(cast):
    assert rooms.rooms(cast.analyst, today=TODAY).deals
    Deal.objects.all().delete()
    assert not rooms.rooms(cast.analyst, today=TODAY).deals
