"""A real browser for the tests that need one: headless Chromium, driven by Playwright.

``visit`` opens pages of the live server as a person of the cast, ``demo`` those of the small demo company
as one of its five people. ``axe`` lists what hinders people with disabilities; ``screenshots`` keeps
pictures in ``build/screenshots`` to be looked at.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from installation import Installation, free_port

# Playwright's own loop runs in this thread; Django then thinks that our plain code is asynchronous.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "screenshots"
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: What can change with the theme alone.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
#: Axe need not list what is right, nor fetch our style sheets anew for a rule that is not asked.
ONLY_WHAT_IS_WRONG = {"resultTypes": ["violations"], "preload": False}
DESKTOP = {"width": 1360, "height": 900}
PHONE = {"width": 390, "height": 844}
SIZES = {"desktop": DESKTOP, "phone": PHONE}
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


#: Its tests walk through every page of a role: as long as all others together, and each stands alone.
WALKS = "test_every_page.py"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With ``--dist loadgroup`` a file's tests run in one process and in their order; the walks beside each other."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if item.path.name != WALKS:
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """Keep SQLite in a file: a database in memory has no patience, and a page that is still being answered
    when its test ends would lock the tables of the next one."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("browser") / "test.sqlite3")


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; where there is none they skip and say what to install."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("needs Chromium: apt-get install chromium, or set CHROMIUM to its path")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """Someone's browser window, on a desktop or a phone, in a light or dark room."""

    context: object
    page: object
    server: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str, *, status: int = 200):
        """Open a page of ours by its path, and return it when it is complete; the answer must have
        the ``status`` expected."""
        answer = self.page.goto(self.server + path, wait_until="load")
        assert answer.status == status, f"{path} answered {answer.status}"
        return self.page

    def sign_in(self, user) -> None:
        """Sign a user in without the form, as the sign-in page has its own tests."""
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.server}])

    def become(self, role: str) -> None:
        """Sign in as one of the demo's people, with a click on the sign-in page."""
        self.open("/sign-in").locator(f'button[formaction="/demo/as/{role}"]').click()
        self.page.wait_for_url(f"{self.server}/")

    def look(self, *, size: str, theme: str) -> None:
        """See the page that is open on another device, or in another light."""
        self.page.set_viewport_size(SIZES[size])
        self.page.emulate_media(color_scheme=theme)

    def is_too_wide(self) -> bool:
        """Return whether the page as a whole scrolls sideways (tables may, within themselves)."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


@pytest.fixture
def windows(browser):
    """Return ``open_window(server, size="desktop", theme="light", script=True)`` -> Visit.

    After the test, anything the browser complained about (a blocked script, a missing file, an
    exception) fails it; what a test expects it takes out of ``complaints``.
    """
    opened: list[Visit] = []

    def open_window(
        server: str, *, size: str = "desktop", theme: str = "light", script: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce", java_script_enabled=script,
            has_touch=size == "phone", locale="en-GB", timezone_id="Europe/Paris",
        )  # fmt: skip
        window = Visit(context, context.new_page(), server)
        window.page.set_default_timeout(60_000)  # generous: other work may keep the machine busy
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        window.page.on(
            "console",
            lambda said: said.type == "error" and window.complaints.append(f"{said.text} {said.location}"),
        )
        opened.append(window)
        return window

    yield open_window
    complaints = [complaint for window in opened for complaint in window.complaints]
    for window in opened:
        window.context.close()
    assert complaints == []


@pytest.fixture
def visit(windows, live_server):
    """Return ``open_window(user=None, **how)`` -> Visit of the live server; ``how`` as for ``windows``."""

    def open_window(user=None, **how) -> Visit:
        window = windows(live_server.url, **how)
        if user is not None:
            window.sign_in(user)
        return window

    return open_window


@pytest.fixture(scope="session")
def demo_server(browser, tmp_path_factory):
    """The address of the small demo company, served by ``hingepoint demo``; its first run is done."""
    installation, port = Installation(tmp_path_factory.mktemp("demo") / "data"), free_port()
    with installation.serving(port, "demo", "--small", "--no-browser"):
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context()
        window = Visit(context, context.new_page(), address)
        window.become("analyst")
        window.open("/discovery/1/").get_by_role("heading", name="Findings").wait_for(timeout=300_000)
        context.close()
        yield address


@pytest.fixture
def demo(windows, demo_server):
    """Return ``open_window(role=None, **how)`` -> Visit of the demo company as one of its five people."""

    def open_window(role: str | None = None, **how) -> Visit:
        window = windows(demo_server, **how)
        if role is not None:
            window.become(role)
        return window

    return open_window


@pytest.fixture
def axe():
    """Return ``check(page, within="html", rules=None)``: one line for each thing that breaks WCAG 2.2 A or
    AA; ``rules`` names the only ones to look at."""

    def check(page, within: str = "html", *, rules: list[str] | None = None) -> list[str]:
        if page.evaluate("typeof axe === 'undefined'"):  # it is half a megabyte
            page.evaluate(AXE)
        how = {"runOnly": rules or WCAG} | ONLY_WHAT_IS_WRONG
        found = page.evaluate("([part, how]) => axe.run(part, how)", [within, how])
        return [
            f"{v['id']}: {v['help']}: {node['target']} {node['html'][:140]}"
            for v in found["violations"]
            for node in v["nodes"]
        ]

    return check


@pytest.fixture
def screenshots():
    """Return ``keep(visit, name)``: save the whole page as build/screenshots/NAME.png; nothing where ``HINGEPOINT_PICTURES`` is
    ``none``, as where nobody looks at them."""
    wanted = os.environ.get("HINGEPOINT_PICTURES") != "none"

    def keep(window: Visit, name: str) -> None:
        if wanted:
            PICTURES.mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)

    return keep


#: In which size and theme a page is looked at, and by which rules (None: all). The colours of a phone's light are those of a
#: desktop's: both come from the same tokens.
LOOKS = (("desktop", "light", None), ("desktop", "dark", OF_COLOUR), ("phone", "dark", None))
#: Of a page that was looked at in all three as somebody else: with what this person may do, it can be too wide or lack a name.
AGAIN = LOOKS[-1:]


@pytest.fixture
def shortcomings(axe):
    """Return ``looked_at(window, again=False)``: what is wrong with the open page on a desktop and a phone, in light and
    dark; one line each."""

    def looked_at(window: Visit, *, again: bool = False) -> list[str]:
        found = []
        for size, theme, rules in AGAIN if again else LOOKS:
            window.look(size=size, theme=theme)
            found += [f"{size}, {theme}: {line}" for line in axe(window.page, rules=rules)]
            if window.is_too_wide():
                found.append(f"{size}: wider than the window")
        return found

    return looked_at
