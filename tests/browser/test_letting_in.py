"""Letting a seller in and forgiving their start, in a browser: each page whole, on every screen and in every light."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

import letting_in
import playbooks
from cast import deal
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.people import Role
from looking import looked_at

pytestmark = pytest.mark.django_db(transaction=True)

SHEET = (
    "name,address,role,manager,team,from,until\nNina Ek,nina@hinge.example,seller,Vera Holm,West,2026-01-05,\n"
    "Vera Holm,,manager,,West,2026-01-01,\nSanna,,,,South,2026-04-01,\nNora,,wizard,,,,\n"
)


def test_the_pages_of_letting_people_in_are_whole(cast, visit, shortcomings, screenshots):
    nils = letting_in.newcomer("Nils Berg", email=None)
    again = people.add_user(by=None, at=timezone.now(), name="SANNA", key="0051", role=Role.SELLER)
    deal("N-7", owner=again, team=cast.north)
    letting_in.newcomer("Nora Holm")
    invited = letting_in.newcomer("Nina Lind")
    letting_in.link_of(invited, by=cast.analyst)
    token = letting_in.link_of(cast.stranger, by=cast.analyst)
    sheet = letting_in.sheet(cast, SHEET)
    pages = {
        "let-in": reverse("let-in"),
        "person-uninvited": reverse("person", args=[nils.pk]),
        "same-people": reverse("same-people"),
        "merge-people": reverse("merge-people", args=[cast.seller.pk, again.pk]),
        "people-sheet": reverse("people-sheet"),
        "sheet": reverse("sheet", args=[sheet.pk]),
        "welcome": reverse("welcome", args=[token]),
    }
    window = visit(cast.analyst)
    found = [
        line
        for name, path in pages.items()
        for line in looked_at(window, path, name, shortcomings, screenshots)
    ]
    assert found == []


def test_a_seller_comes_in_by_a_printed_link_and_sorts_out_what_is_old(
    cast, visit, shortcomings, screenshots
):
    nils = letting_in.newcomer("Nils Berg", email=None)
    deal("N-9", owner=nils, team=cast.north)
    strategy = playbooks.written(cast, grace_days=14)
    for key in ("cust.data_access", "cust.reference_right"):
        playbooks.choose(strategy.playbooks.get(), key)
    sponsor = visit(cast.sponsor)
    found = looked_at(
        sponsor, reverse("publish-playbook", args=[strategy.pk]), "publish-before", shortcomings, screenshots
    )
    strategies.publish(by=None, at=timezone.now(), playbook=strategy.playbooks.get(), note="first")
    found += looked_at(
        sponsor, reverse("put-in-force", args=[strategy.pk]), "start-before", shortcomings, screenshots
    )
    sponsor.page.get_by_role("button", name="Put in force from today").click()
    sponsor.page.get_by_text("Discount less holds.").wait_for()

    analyst = visit(cast.analyst, script=False)
    page = analyst.open(reverse("let-in"))
    page.get_by_label("Nils Berg").fill("nils@hinge.example")
    page.get_by_role("button", name="Note these addresses").click()
    page.get_by_role("button", name="Make links to print or copy").click()
    screenshots(analyst, "links")
    link = page.locator(".slip-link").inner_text()

    seller = visit(script=False)
    page = seller.open(link.removeprefix(seller.server))
    page.get_by_label("Password", exact=True).fill("three doors and a hinge")
    page.get_by_label("The password again").fill("three doors and a hinge")
    page.get_by_role("button", name="Choose it and go in").click()
    page.get_by_text("2 agreements were due before anybody asked").wait_for()
    screenshots(seller, "home-first-day")
    page.get_by_role("link", name="Sort them out").click()
    page.get_by_label("Keep it").first.check()
    page.get_by_role("button", name="Save my answers").click()
    page.get_by_text("1 to go.").wait_for()
    assert User.objects.get(pk=nils.pk).can_sign_in

    again = visit(User.objects.get(pk=nils.pk))
    found += looked_at(again, reverse("sort-out"), "sort-out", shortcomings, screenshots)
    assert again.page.get_by_role("heading", level=1).inner_text() == "Sort out what is old"
    assert found == []
