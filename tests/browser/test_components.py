"""The look itself: every piece in every state, on a desktop and a phone, in light and dark."""

from __future__ import annotations

import pytest

from cast import NOW
from hingepoint.domain.people import actions as people
from hingepoint.records.people import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def components(visit, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"debug": True})
    sponsor = people.add_user(by=None, at=NOW, name="Otto", role=Role.SPONSOR)

    def open_components(**how):
        window = visit(sponsor, **how)
        window.open("/components")
        return window

    return open_components


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_piece_is_accessible_and_fits(components, axe, screenshots, size, theme):
    window = components(size=size, theme=theme)
    screenshots(window, f"components-{size}-{theme}")
    assert not window.is_too_wide()
    assert axe(window.page) == []


def test_what_hinders_people_is_named(windows, axe):
    page = windows("").page
    page.set_content(
        "<html lang='en'><title>Faint</title><main><h1 style='color: #bbb'>Faint</h1><button></button></main>"
    )
    assert [line.partition(":")[0] for line in axe(page)] == ["button-name", "color-contrast"]


def test_it_fits_a_narrow_phone_and_four_hundred_percent_zoom(components):
    window = components(size="phone")
    window.page.set_viewport_size({"width": 320, "height": 640})
    assert not window.is_too_wide()


def test_it_reads_without_script(components):
    window = components(script=False)
    assert window.page.locator("h1").inner_text() == "Components"
    window.page.locator("summary", has_text="More").first.click()
    assert window.page.locator(".menu-list a", has_text="Tables").is_visible()


def test_open_menus_and_dialogs_are_accessible(components, axe):
    page = components().page
    page.locator("summary[aria-label='Light or dark']").click()
    assert axe(page, ".top") == []  # what an open menu covers is not out of reach
    page.keyboard.press("Escape")
    page.get_by_text("Open a dialog").click()
    assert page.locator("#example-dialog").is_visible()
    assert axe(page) == []


def test_the_theme_is_remembered(components):
    window = components(theme="light")
    page = window.page
    page.locator("summary[aria-label='Light or dark']").click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_slash_goes_to_a_page_by_name(components):
    page = components().page
    page.keyboard.press("/")
    page.keyboard.type("Peop")
    page.locator("#search-found a", has_text="People").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/")


def test_keys_move_through_rows_and_explain_themselves(components):
    page = components().page
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") != first
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == first
    page.keyboard.press("x")
    assert page.locator(".pick input:checked").count() == 1
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


def test_keys_do_nothing_while_one_types(components):
    page = components().page
    page.locator("#f-name").click()
    page.keyboard.type("j?/x")
    assert page.locator("#f-name").input_value().endswith("j?/x")
    assert not page.locator("dialog[open]").count()


def test_the_first_stop_of_the_tab_key_skips_to_the_page(components):
    page = components().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
