"""The manager's review, from opening to minutes, with a seller who writes at the same time."""

from __future__ import annotations

import pytest

import reviewing

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_review_from_its_opening_to_its_minutes_loses_nobodys_words(visit, cast, screenshots, shortcomings):
    from django.utils import timezone

    reviewing.kind_words(cast.deal, by=cast.seller, at=timezone.now())
    planned = reviewing.planned(cast, on=timezone.localdate(), at=timezone.now())
    manager, seller = visit(cast.manager), visit(cast.seller)
    page = manager.open(f"/reviews/{planned.pk}/")
    page.get_by_role("button", name="Open it now").click()
    page.get_by_role("timer").wait_for()
    page.keyboard.press("n")
    page.get_by_text("Why this one").wait_for()
    assert manager.is_too_wide() is False

    beside = seller.open(f"/reviews/{planned.pk}/?part=1")
    beside.get_by_role("button", name="I am here").click()
    beside.get_by_text("Presents", exact=True).wait_for()
    beside.get_by_label("What will be done").fill("Ask Bo for the log")
    beside.get_by_label("Who does it").select_option(label="Sanna")

    page.keyboard.press("d")
    page.keyboard.type("We ask for an act.")
    beside.get_by_role("button", name="Keep the commitment").click()
    beside.locator("#review-notes").get_by_text("Ask Bo for the log").wait_for()
    page.locator("#review-notes").get_by_text("Ask Bo for the log").wait_for()  # it came by itself
    assert page.get_by_label("Decided").input_value() == "We ask for an act."
    page.get_by_role("button", name="Keep the decision").click()
    page.locator("#review-notes").get_by_text("We ask for an act.").wait_for()
    assert page.get_by_label("Decided").input_value() == ""
    screenshots(manager, "review-live")
    assert shortcomings(manager) == []
    manager.look(size="desktop", theme="light")

    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.get_by_role("button", name="End it, the minutes stand").click()
    page.get_by_text("They do not change").wait_for()
    words = page.locator("main").inner_text()
    assert "We ask for an act." in words
    assert "Ask Bo for the log" in words
    page = manager.open("/reviews/")
    assert page.locator("#commitments").get_by_text("Ask Bo for the log").count() == 1
