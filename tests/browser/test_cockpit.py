"""The cockpit of a deal and the search, in a real browser: on a desktop and a phone, in light and dark."""

from __future__ import annotations

import pytest

import cockpits

COMBINATIONS = [("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("phone", "dark")]


@pytest.mark.parametrize(("size", "theme"), COMBINATIONS)
def test_the_deal_is_seen_at_a_glance(visit, axe, screenshots, cast, size, theme):
    found = cockpits.negotiated(cast)
    window = visit(cast.seller, size=size, theme=theme)
    asked = []
    window.page.on(
        "request", lambda request: asked.append(request) if "/static/" not in request.url else None
    )
    page = window.open(f"/deals/{found.pk}/")
    page.wait_for_load_state("networkidle")
    assert [request.url.removeprefix(window.server) for request in asked] == [
        f"/deals/{found.pk}/", f"/deals/{found.pk}/found",
    ]  # fmt: skip
    place = page.locator(".nextup").bounding_box()
    assert place["y"] + 80 < page.viewport_size["height"]
    shown = page.locator(".for-desk svg, .for-phone svg").and_(page.locator(":visible"))
    assert shown.count() == 2
    screenshots(window, f"cockpit-{size}-{theme}")
    assert axe(page) == []
    assert not window.is_too_wide()


def test_the_step_can_be_saved_without_scrolling_on_a_phone(visit, axe, screenshots, cast):
    found = cockpits.negotiated(cast)
    kind = found.agreements.get(type__key="cust.data_access").type_id
    window = visit(cast.seller, size="phone")
    page = window.open(f"/deals/{found.pk}/agreements/{kind}/")
    assert in_sight(page.get_by_role("button", name="Save"))
    screenshots(window, "step-phone")
    assert axe(page) == []
    window.open(f"/deals/{found.pk}/").locator(".nextup .do a").click()
    dialog = page.locator("#agreement-dialog")
    assert in_sight(dialog.get_by_role("button", name="Save"))
    screenshots(window, "step-dialog-phone")
    dialog.get_by_text("Kept", exact=True).wait_for(state="detached")
    dialog.get_by_role("radio", name="Gained").check()
    dialog.get_by_role("textbox", name="What they will do").fill("send the scrap figures")
    dialog.get_by_role("button", name="Save").click()
    dialog.locator("#f-due_on-error").wait_for()
    assert dialog.get_by_role("textbox", name="What they will do").input_value() == "send the scrap figures"
    assert in_sight(dialog.get_by_role("button", name="Save"))
    assert ["422" in complaint for complaint in window.complaints] == [True]  # the refusal itself
    window.complaints.clear()


def in_sight(target) -> bool:
    """Return whether a thing lies wholly in the window as it is, and is covered by nothing."""
    return target.evaluate("""one => {
        const place = one.getBoundingClientRect();
        const top = document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2);
        return place.top >= 0 && place.bottom <= innerHeight && (top === one || one.contains(top));
    }""")


@pytest.mark.parametrize(("size", "theme"), COMBINATIONS)
def test_a_deal_is_found_with_the_slash_and_opened_with_the_arrows(
    visit, axe, screenshots, cast, size, theme
):
    found = cockpits.negotiated(cast)
    window = visit(cast.seller, size=size, theme=theme)
    page = window.open("/docs/")
    page.keyboard.press("/")
    page.keyboard.type("palmeron")
    page.locator("#search-found a").first.wait_for()
    screenshots(window, f"search-{size}-{theme}")
    assert axe(page, ".top") == []
    assert not window.is_too_wide()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{found.pk}/")


def test_enter_shows_everything_found_and_escape_closes(visit, axe, screenshots, cast):
    cockpits.negotiated(cast)
    window = visit(cast.seller)
    page = window.open("/docs/")
    page.keyboard.press("/")
    page.keyboard.type("data")
    page.locator("#search-found a").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert page.locator("#top-search").evaluate("one => one === document.activeElement")
    page.keyboard.press("Escape")
    assert page.locator("#search-found a").count() == 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=data")
    screenshots(window, "search-page")
    assert axe(page) == []


def test_the_search_works_without_a_script(visit, cast):
    page = visit(cast.seller, script=False).open("/docs/")
    page.locator("#top-search").fill("acme")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=acme")
    page.get_by_role("main").get_by_role("link", name="Deal N-1").click()
    page.wait_for_url(f"**/deals/{cast.deal.pk}/")
