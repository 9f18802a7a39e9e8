"""Somebody at a browser without a mouse."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator


class Hands:
    """Somebody who uses no mouse, at a page that is open."""

    def __init__(self, window):
        self.window, self.page = window, window.page
        self.keys = window.page.keyboard

    def reach(self, target: Locator) -> None:
        """Press Tab until ``target`` has the focus and shows that it has it."""
        target.wait_for()
        for _ in range(300):
            self.keys.press("Tab")
            if target.evaluate("one => one === document.activeElement"):
                break
        else:
            raise AssertionError(f"Tab does not reach {target}")
        assert target.evaluate("one => one.matches(':focus-visible')")
        assert target.bounding_box()["width"] > 0

    def press(self, target: Locator) -> None:
        """Press what leads to another page, or to this one anew."""
        self.reach(target)
        with self.page.expect_navigation():
            self.keys.press("Enter")

    def choose(self, radio: Locator) -> None:
        """Choose one of several: Tab to the group, arrows to the one."""
        group = self.page.locator(f"input[type=radio][name={radio.get_attribute('name')}]")
        chosen = group.and_(self.page.locator(":checked"))
        self.reach(chosen if chosen.count() else group.first)
        self.keys.press("Space")
        for _ in range(group.count()):
            if radio.is_checked():
                return
            self.keys.press("ArrowDown")
        assert radio.is_checked()

    def write(self, field: Locator, text: str) -> None:
        """Write into a field in place of what it holds; a date as a person of this browser types it."""
        self.reach(field)
        if field.get_attribute("type") == "date":
            self.keys.type(f"{dt.date.fromisoformat(text):%m%d%Y}")
            assert field.input_value() == text
        else:
            self.keys.press("Control+a")
            self.keys.type(text)

    def go_to(self, place: str) -> None:
        """Go to a page of the navigation by its name, through the slash."""
        self.keys.press("/")
        self.keys.type(place)
        pages = self.page.locator("#search-found section", has=self.page.get_by_role("heading", name="Pages"))
        target = pages.get_by_role("link", name=place, exact=True).first
        target.wait_for()
        for _ in range(30):
            self.keys.press("ArrowDown")
            if target.evaluate("one => one === document.activeElement"):
                break
        with self.page.expect_navigation():
            self.keys.press("Enter")
