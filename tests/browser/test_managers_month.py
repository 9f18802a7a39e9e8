"""A manager's month with real clicks: coach, review plans, hold the weekly review and the next one, then the monthly one.

One story on the small cast. Between the clicks the seller does what a seller does: the register tells the rest.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

import playbooks
import reviewing
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.plans import actions as plans
from hingepoint.records.agreements import AgreementState, Evidence

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
ACT = "send the log of the last twelve months"


@pytest.fixture
def month(cast, visit):
    """Maud's window; a required agreement of Sanna's deal has kind words only, and Sanna speaks about it tomorrow."""
    playbooks.in_force(cast)
    now = timezone.now()
    reviewing.kind_words(cast.deal, by=cast.seller, at=now - DAY)
    return visit(cast.manager)


def step(cast, state: AgreementState, **said) -> None:
    """Sanna writes down what happened."""
    now = timezone.now()
    told = agreements.Step(state=state, occurred_at=now, act=ACT, person_name="Bo", **said)
    agreements.take_step(
        by=cast.seller, at=now, deal_id=cast.deal.pk, type_key=reviewing.KIND_WORDS, step=told
    )


def test_a_managers_month_from_the_queue_to_the_pack(month, cast, shortcomings, screenshots):
    _coach(month, shortcomings)
    step(cast, AgreementState.ASKED)
    _it_happened(month)
    _review_the_plan_of_tomorrow(month, cast, shortcomings)
    _hold_the_weekly_review(month)
    step(cast, AgreementState.GAINED, evidence=Evidence.WRITTEN, due_on=timezone.localdate() + 5 * DAY)
    _open_the_next_one(month, shortcomings)
    _hold_the_monthly_review(month, shortcomings, screenshots)


def _coach(window, shortcomings) -> None:
    """The queue says whom and why; a session starts from it with what was seen, and takes it off the list."""
    page = window.open("/coaching/")
    queue = page.locator("#queue")
    assert "kind words, nobody promised an act" in queue.inner_text().lower()
    queue.get_by_role("link", name="Start the talk").click()
    page.get_by_role("heading", name="Coach Sanna").wait_for()
    assert "look at it" in page.get_by_label("What was seen").input_value()
    assert shortcomings(window) == []
    window.look(size="desktop", theme="light")
    page.get_by_label("The one behaviour").fill("Names the act and the day")
    page.get_by_label("Next step, in their words").fill("I ask Bo by Friday")
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("Only you and Sanna read it").wait_for()
    assert page.locator("#queue").get_by_role("link", name="Start the talk").count() == 0
    assert "Still ahead" in page.locator("#sessions").inner_text()


def _it_happened(window) -> None:
    """Nobody is asked whether the next step happened: the register shows it."""
    sessions = window.open("/coaching/").locator("#sessions").inner_text()
    assert "Names the act and the day" in sessions
    assert "Happened" in sessions


def _review_the_plan_of_tomorrow(window, cast, shortcomings) -> None:
    """The plan of tomorrow's talk stands on the first page today, and goes with one press."""
    plans.write_plan(
        by=cast.seller, at=timezone.now(), deal_id=cast.deal.pk, type_key=reviewing.KIND_WORDS,
        talk_on=timezone.localdate() + DAY, best="Bo sends the log by Friday", minimum="Bo names who can",
    )  # fmt: skip
    page = window.open("/")
    waiting = page.locator("#review li.work")
    assert waiting.count() == 1
    assert shortcomings(window) == []
    window.look(size="desktop", theme="light")
    waiting.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved:").wait_for()
    assert page.locator("#review li.work").count() == 0


def _hold_the_weekly_review(window) -> None:
    """Planned once, opened with a press, one decision and one commitment that the register will tell of."""
    page = window.open("/reviews/")
    page.get_by_label("Which review").select_option("deals")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_role("button", name="Open it now").click()
    page.get_by_text("This is the first review").wait_for()
    page.get_by_role("button", name="Next part").click()
    page.get_by_text("The one decision").wait_for()
    page.get_by_label("Decided").fill("We ask for the act before the price.")
    page.get_by_role("button", name="Keep the decision").click()
    page.locator("#review-notes").get_by_text("We ask for the act before the price.").wait_for()
    page.get_by_label("What will be done").fill("Get the log from Bo")
    page.get_by_label("Who does it").select_option(label="Sanna")
    page.get_by_label("It gains").select_option(index=1)
    page.get_by_role("button", name="Keep the commitment").click()
    page.locator("#review-notes").get_by_text("Get the log from Bo").wait_for()
    page.get_by_role("button", name="Next part").click()
    page.get_by_role("button", name="End it, the minutes stand").click()
    page.get_by_text("They do not change").wait_for()


def _open_the_next_one(window, shortcomings) -> None:
    """The next one is planned by itself and begins with what became of the commitment, told by the register."""
    page = window.open("/reviews/")
    assert page.get_by_text("Get the log from Bo").count() <= 1
    page.locator(".review-cards").get_by_role("link", name="Deal review").click()
    page.get_by_role("button", name="Open it now").click()
    page.get_by_text("What became of the commitments").wait_for()
    before = page.locator(".review-main").inner_text()
    assert "1 of 1 kept" in before
    assert "Get the log from Bo" in before
    assert shortcomings(window) == []
    window.look(size="desktop", theme="light")


def _hold_the_monthly_review(window, shortcomings, screenshots) -> None:
    """The agenda is what changed; the pack made itself, as a file to show and as a file to change."""
    page = window.open("/reviews/")
    page.get_by_text("Plan a review", exact=True).click()
    page.get_by_label("Which review").select_option("pipeline")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_role("button", name="Open it now").click()
    page.get_by_text("A decision of this meeting").wait_for()
    assert shortcomings(window) == []
    window.look(size="desktop", theme="light")
    screenshots(window, "month-pipeline")
    for kind, begins in (("pdf", b"%PDF"), ("pptx", b"PK")):
        address = page.locator(f'a[href$="pack.{kind}"]').first.get_attribute("href")
        assert page.context.request.get(window.server + address).body().startswith(begins)
    page.get_by_label("Decided").fill("No price before the act.")
    page.get_by_role("button", name="Keep the decision").click()
    page.locator("#review-notes").get_by_text("No price before the act.").wait_for()
    page.get_by_role("button", name="Next part").click()
    page.get_by_role("button", name="End it, the minutes stand").click()
    page.get_by_text("They do not change").wait_for()
    assert "No price before the act." in page.locator("main").inner_text()
