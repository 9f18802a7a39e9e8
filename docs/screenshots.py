"""Take the manual's pictures from the running demo company: ``python docs/screenshots.py ADDRESS [PICTURE...]``.

Needs Chromium and the packages of requirements/test.txt. Look at the pictures before you commit them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "images"
WINDOW = {"width": 1360, "height": 850}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

#: picture -> (whose eyes, page to begin on, links to follow from there by their words or selector)
PICTURES: dict[str, tuple[str, str, list[str]]] = {
    "findings": ("analyst", "/discovery/", ["main a[href^='/discovery/1']"]),
    "finding": ("analyst", "/discovery/1/", ["main table a >> text=Early access to key data"]),
    "matrix": ("manager", "/matrix/", []),
    "deal": ("seller", "/search?q=for+two+plants", ["main a[href^='/deals/']"]),
}


def main(address: str, *wanted: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        if not wanted or {"findings", "finding"} & set(wanted):
            run_discovery(browser.new_page(), address)
        for name, (persona, begin, links) in PICTURES.items():
            if wanted and name not in wanted:
                continue
            context = browser.new_context(viewport=WINDOW, color_scheme="light", locale="en-GB")
            page = context.new_page()
            become(page, address, persona)
            page.goto(address + begin)
            for selector in links:
                page.locator(selector).first.click()
                page.wait_for_load_state()
            page.screenshot(path=FOLDER / f"{name}.png")
            print(f"{name}.png  {page.url}")
            context.close()
        browser.close()


def run_discovery(page: Page, address: str) -> None:
    """Have a first run of discovery, as in the tutorial."""
    become(page, address, "analyst")
    page.goto(f"{address}/discovery/1/")
    if page.locator("main h1").inner_text() == "Nothing here":
        page.goto(f"{address}/discovery/new")
        page.get_by_label("Sales that serve the strategy").check()
        page.get_by_label("Discount at most").fill("15")
        page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("heading", name="Findings").wait_for(timeout=900_000)


def become(page: Page, address: str, persona: str) -> None:
    """Sign in as one of the demo's people, with a click on the sign-in page."""
    page.goto(f"{address}/sign-in")
    page.locator(f'button[formaction="/demo/as/{persona}"]').first.click()
    page.wait_for_url(f"{address}/")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), *sys.argv[2:])
