"""The analyst writes a rule, tests it on history and switches it on; the seller confirms one, corrects one."""

from __future__ import annotations

import pytest

import rules
from cast import deal
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.detection.models import Detection, DetectionRule

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def traces(cast):
    """Stoppage logs that came in on two of Sanna's deals: one of theirs, one of somebody else's."""
    other = deal("N-2", owner=cast.seller, team=cast.north, account=cast.account)
    rules.log_arrives(cast.deal)
    rules.log_arrives(other, name="Stoppage log of another customer.xlsx")
    return cast.deal, other


def test_from_a_rule_to_a_confirmed_agreement(cast, visit, axe, traces):
    theirs, other = traces
    analyst = visit(cast.analyst)
    page = analyst.page
    analyst.open("/rules/")
    page.get_by_role("link", name="Write a rule").click()
    page.get_by_label("Name", exact=True).fill("The log arrives")
    page.get_by_label("Document").check()
    page.get_by_label("Says one of these").fill("stoppage log")
    page.get_by_label("This agreement").select_option("cust.data_access")
    page.get_by_label("Gained").check()
    page.get_by_label("They acted on it").check()
    page.get_by_label("They committed to").fill("share the stoppage log")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test it on history").click()
    page.get_by_text("2 of 3 deals").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_text("It found 2 agreements now").wait_for()
    assert DetectionRule.objects.get().on

    seller = visit(cast.seller, size="phone")
    page = seller.page
    seller.open("/")
    assert not seller.is_too_wide()
    assert axe(page) == []
    page.locator("li.work", has_text="another customer").get_by_role("button", name="Wrong").click()
    page.get_by_text("is taken back").wait_for()
    page.locator("li.work", has_text="Stoppage log.xlsx").get_by_role("button", name="Right").click()
    page.get_by_text("is confirmed").wait_for()
    assert page.get_by_role("button", name="Right").count() == 0
    assert Agreement.objects.get(deal=theirs).state == "gained"
    assert Agreement.objects.get(deal=other).state == "needed"
    assert set(Detection.objects.values_list("outcome", flat=True)) == {"confirmed", "wrong"}
    assert analyst.complaints == seller.complaints == []


def test_the_deal_page_fetches_what_was_found_and_a_key_takes_a_step(cast, visit, axe, traces):
    rules.switched_on()
    window = visit(cast.seller)
    page = window.page
    window.open(f"/deals/{traces[0].pk}/")
    page.get_by_role("heading", name="Found in the CRM, not confirmed").wait_for()
    assert axe(page) == []
    page.locator("#agreements a[data-agreement]").first.click()
    dialog = page.locator("#agreement-dialog")
    dialog.get_by_text("Rule “The log arrives”").wait_for()
    page.keyboard.press("k")
    assert dialog.get_by_label("Kept").is_checked()
    dialog.locator("#f-act").fill("a")
    page.keyboard.press("p")  # typed, no step
    assert dialog.get_by_label("Kept").is_checked()
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("From the CRM, not confirmed").wait_for(state="detached")
    assert Agreement.objects.get(deal=traces[0]).state == "kept"


def test_without_script_the_same_can_be_done(cast, visit, traces):
    rules.switched_on()
    window = visit(cast.seller, script=False)
    window.open(f"/deals/{traces[0].pk}/")
    window.page.get_by_role("link", name="Found in the CRM, not confirmed").click()
    window.page.get_by_role("button", name="Right").click()
    assert Detection.objects.get(deal=traces[0]).outcome == "confirmed"
