"""The first minute of each of the five: a click on the sign-in page, and a home page with work on it."""

from __future__ import annotations

import pytest

from hingepoint.records.people import Role

#: role -> heading of the home page, and where it leads first
FIRST_SIGHT = {
    Role.SPONSOR: ("Discount less without losing deals", "a:has-text('See the deals')"),
    Role.MANAGER: ("Your week", ".talk h3 a"),
    Role.SELLER: ("Next agreements", ".work h3 a"),
    Role.ANALYST: ("Data and findings", "main a:has-text('Data health')"),
    Role.INSIDE_PARTNER: ("What is asked of you", ".work h3 a"),
}


def test_the_sign_in_page_offers_all_five_and_the_tour_deal(demo, shortcomings, screenshots):
    window = demo()
    page = window.open("/")
    assert page.locator(".choice-button[formaction]").count() == len(Role)
    assert "for two plants" in page.locator(".choice-button[name=next]").inner_text()
    assert shortcomings(window) == []
    screenshots(window, "sign-in")


def test_the_tour_deal_opens_with_a_click(demo, screenshots):
    window = demo()
    page = window.open("/sign-in")
    page.locator(".choice-button[name=next]").click()
    page.wait_for_load_state()
    assert "for two plants" in page.locator("h1").inner_text()
    screenshots(window, "tour-deal")


@pytest.mark.parametrize("role", FIRST_SIGHT)
def test_a_click_signs_in_to_a_home_page_with_something_to_do(demo, shortcomings, screenshots, role):
    heading, first = FIRST_SIGHT[role]
    window = demo(role)
    page = window.page
    assert page.locator("h1").inner_text() == heading
    screenshots(window, f"home-{role}")
    assert shortcomings(window) == []
    screenshots(window, f"home-{role}-phone-dark")
    page.locator(first).first.click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text() != heading


@pytest.mark.parametrize("role", FIRST_SIGHT)
def test_a_phone_is_enough_to_get_around(demo, role):
    window = demo(role, size="phone")
    places = window.page.locator(".bottom a:visible")
    assert places.count() >= 3
    places.nth(1).click()
    window.page.wait_for_load_state()
    assert window.page.url != f"{window.server}/"
    assert not window.is_too_wide()
