"""The six main tasks, done on the demo company with keys alone: Tab, Enter, Space, arrows and letters."""

from __future__ import annotations

import datetime as dt

import pytest

from hands import Hands
from hingepoint.records.people import Role


@pytest.fixture
def hands(demo):
    """Return ``sit_down(role) -> Hands``: signed in by keyboard too."""

    def sit_down(role: Role) -> Hands:
        window = demo()
        page = window.open("/sign-in")
        using = Hands(window)
        using.press(page.locator(f'button[formaction="/demo/as/{role}"]'))
        page.wait_for_url(f"{window.server}/")
        return using

    return sit_down


def test_the_sponsor_opens_the_deals_behind_a_number(hands):
    using = hands(Role.SPONSOR)
    using.press(using.page.locator(".covered a").first)
    using.press(using.page.get_by_role("link", name="See the deals"))
    assert using.page.locator("h1").inner_text() == "Matrix"
    using.keys.press("j")
    using.keys.press("Enter")
    using.page.wait_for_url("**/deals/*/")


def test_the_manager_opens_the_first_conversation_of_the_week_and_its_deal(hands):
    using = hands(Role.MANAGER)
    name = using.page.locator(".talk h3 a").first.inner_text()
    using.press(using.page.locator(".talk h3 a").first)
    assert using.page.locator("h1").inner_text().startswith(name)
    using.press(using.page.locator("nav[aria-label=Breadcrumb] a, .crumbs a").last)
    using.page.wait_for_url("**/deals/*/")


def test_the_seller_records_what_a_customer_promised(hands):
    using = hands(Role.SELLER)
    page = using.page
    using.press(page.locator(".work").get_by_role("link", name="Gained", exact=True).first)
    due = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=21)
    using.choose(page.locator("input[name=state][value=gained]"))
    using.write(page.locator("input[name=act]"), "send the scrap figures of line 2")
    using.write(page.locator("input[name=due_on]"), due.isoformat())
    using.choose(page.locator("input[name=evidence][value='3']"))
    using.press(page.get_by_role("button", name="Save"))
    recorded = page.locator(".agreement-list li", has_text="send the scrap figures of line 2")
    assert recorded.get_by_text("Gained", exact=True).is_visible()


def test_the_analyst_looks_at_a_file_and_forgets_it(hands, tmp_path):
    using = hands(Role.ANALYST)
    page = using.page
    file = tmp_path / "more.csv"
    file.write_text("deal_id,created,closed,status\nK-1,2026-01-08,2026-05-30,won\n")
    using.go_to("Imports")
    with (
        page.expect_file_chooser() as chooser
    ):  # from before the way there: Chromium is told of it without an answer
        using.reach(page.locator("input[type=file][name=deals]"))
        using.keys.press("Space")
    chooser.value.set_files(file)
    using.press(page.get_by_role("button", name="Check these files"))
    using.press(page.get_by_role("button", name="Forget this upload"))
    page.wait_for_url("**/imports/")


def test_the_analyst_reads_a_finding_and_rejects_it(hands):
    using = hands(Role.ANALYST)
    page = using.page
    using.go_to("Discovery")
    using.press(page.locator("main a[href='/discovery/1/']").first)
    using.press(page.get_by_role("main").get_by_role("link", name="Left out"))
    using.press(page.locator("main tbody a").first)
    using.write(page.locator("textarea[name=note]"), "Part of the contract itself.")
    using.press(page.get_by_role("button", name="Reject it"))
    assert page.get_by_text("Part of the contract itself.").first.is_visible()


def test_the_inside_partner_says_no_with_a_reason(hands):
    using = hands(Role.INSIDE_PARTNER)
    page = using.page
    asked = page.locator("section", has=page.get_by_role("heading", name="Agreements asked of you")).locator(
        ".work"
    )
    waiting = asked.count()
    using.reach(asked.locator("summary").first)
    using.keys.press("Enter")
    using.write(asked.locator("textarea").first, "No crew before March.")
    using.press(asked.first.get_by_role("button", name="Decline"))
    assert asked.count() == waiting - 1
