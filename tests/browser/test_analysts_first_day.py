"""The analyst's whole way, as a person goes it: two files in, a run over them, a finding read and signed."""

from __future__ import annotations

import pytest

import histories
from installation import PASSWORD, Installation, free_port


@pytest.fixture
def files(tmp_path):
    """A table of deals and one of events in which the agreement ``helps`` decides."""
    for name, table in zip(("deals", "events"), histories.plain(deals=900), strict=True):
        table.write_csv(tmp_path / f"{name}.csv", datetime_format="%Y-%m-%d %H:%M")
    return {name: tmp_path / f"{name}.csv" for name in ("deals", "events")}


@pytest.fixture
def own_company(installed_once, tmp_path, windows):
    """A window on a company of its own, which holds nothing but Ann Berg, its analyst."""
    installation, port = Installation(installed_once).copy(tmp_path / "data"), free_port()
    with installation.serving(port):
        yield windows(f"http://127.0.0.1:{port}")


def test_from_two_files_to_a_signed_finding(own_company, files, shortcomings, screenshots):
    page = own_company.open("/")
    sign_in(page)
    import_both(page, files)
    screenshots(own_company, "import-done")
    assert shortcomings(own_company) == []
    run_discovery(page)
    screenshots(own_company, "run-of-own-files")
    assert shortcomings(own_company) == []
    own_company.look(size="desktop", theme="light")
    page.get_by_role("main").get_by_role("link", name="helps").first.click()
    assert "helps" in page.locator("h1").inner_text()
    screenshots(own_company, "finding-of-own-files")
    assert shortcomings(own_company) == []
    sign(page, "They tell us what they need before we quote.")
    assert page.get_by_text("They tell us what they need before we quote.").is_visible()


def sign_in(page) -> None:
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.locator("h1").inner_text() == "Data and findings"


def import_both(page, files) -> None:
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Imports").click()
    page.set_input_files("[name=deals]", files["deals"])
    page.set_input_files("[name=events]", files["events"])
    page.get_by_role("button", name="Check these files").click()
    page.get_by_role("button", name="Import it").click()
    page.get_by_role("heading", name="What it did").wait_for()


def run_discovery(page) -> None:
    page.get_by_role("link", name="Find the pivotal agreements").click()
    page.get_by_role("main").get_by_role("link", name="Run it on our deals").first.click()
    page.get_by_role("radio", name="Win rate Won").check()
    page.get_by_role("button", name="Start the run", exact=True).click()
    page.get_by_role("heading", name="Findings").wait_for()


def sign(page, note: str) -> None:
    page.get_by_label("Why", exact=False).fill(note)
    page.get_by_role("button", name="Sign it").click()
    page.wait_for_load_state()
