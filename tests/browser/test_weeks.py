"""A seller's week on a phone and a manager's week on a desktop, on the small demo company.

One story each, with real clicks: prepare, print, debrief; review, return.
"""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest
from django.utils import timezone

from hingepoint.demo import seed
from hingepoint.domain.people import queries as people
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.records.people import Role
from hingepoint.records.plans import Outcome, Verdict

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db):
    """The demo company as it is this morning."""
    return seed.seed_company(at=timezone.now(), ends_on=timezone.localdate(), small=True)


def test_a_sellers_week_on_a_phone(company, visit, axe, screenshots):
    seller = people.persona(Role.SELLER)
    window = visit(seller, size="phone")
    page = window.open("/")
    assert not window.is_too_wide()
    assert axe(page) == []

    # from the list to the debrief in one tap, and out again
    page.locator("#debriefs a.button:has-text('Debrief')").first.click()
    page.get_by_label("Nothing agreed").check()
    assert page.get_by_text("The deal has not moved").is_visible()
    page.get_by_label("Gained", exact=False).first.check()
    page.get_by_label("What they will do").fill("send the log of the last twelve months")
    page.get_by_label("By when").fill((timezone.localdate() + dt.timedelta(days=9)).isoformat())
    page.get_by_label("What they asked of us").fill("Ten percent off the price")
    screenshots(window, "week-debrief-phone")
    assert not window.is_too_wide()
    assert axe(page) == []
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("What comes next").wait_for()
    kept = Debrief.objects.get(written_by=seller, written_at__date=timezone.localdate())
    assert (kept.outcome, kept.step.act) == (Outcome.GAINED, "send the log of the last twelve months")
    assert kept.demand.note == "Ten percent off the price"

    # the plan that came back is changed in a few words
    window.open("/")
    page.locator("#prepare a.button:has-text('Prepare')").first.click()
    assert page.get_by_text("returned it").is_visible()
    before = Plan.objects.count()
    page.get_by_label("Why they would").fill("The plant manager wants fewer stops before spring")
    assert not window.is_too_wide()
    screenshots(window, "week-prepare-phone")
    page.get_by_role("button", name="Keep the plan").click()
    page.get_by_text("The plant manager wants fewer stops").wait_for()
    assert Plan.objects.count() == before + 1
    assert not window.is_too_wide()
    assert axe(page) == []


def test_plans_and_talks_hinder_nobody_on_a_phone_in_light_and_dark(company, visit, axe, screenshots):
    seller = people.persona(Role.SELLER)
    plan = (
        Plan.objects.visible_to(seller).of_talks().newest().filter(talk_on__gt=timezone.localdate()).first()
    )
    deal, talk = f"/deals/{plan.deal_id}", f"/deals/{plan.deal_id}/agreements/{plan.agreement.type_id}"
    pages = ("/talks/", f"{talk}/plan", f"{talk}/debrief?kept=soft", f"{deal}/plan", f"{deal}/plan/write")
    windows = {theme: visit(seller, size="phone", theme=theme) for theme in ("light", "dark")}
    for (theme, window), path in product(windows.items(), pages):
        page = window.open(path)
        assert axe(page) == [], path
        assert not window.is_too_wide(), path
        screenshots(window, f"talks-{theme}-{path.strip('/').split('?')[0].replace('/', '-')}")


def test_a_managers_week_on_a_desktop(company, visit, axe, screenshots):
    manager = people.persona(Role.MANAGER)
    window = visit(manager)
    page = window.open("/")
    screenshots(window, "week-manager")
    assert axe(page) == []
    waiting = page.locator("#review li.work")
    n = waiting.count()
    assert n >= 2

    # one is approved from the list, one is read and returned with the reason
    waiting.first.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved:").wait_for()
    page.locator("#review li.work a:has-text('Read it')").first.click()
    assert axe(page) == []
    page.emulate_media(media="print")
    assert not page.locator(".side").is_visible()
    assert page.get_by_text("What they will ask of us").is_visible()
    page.emulate_media(media="screen")
    page.get_by_label("What you say to it").fill("What do we ask in return?")
    page.get_by_role("button", name="Return it").click()
    page.get_by_text("Returned:").wait_for()
    said = PlanReview.objects.filter(by=manager, at__date=timezone.localdate()).order_by("-id")[:2]
    assert [one.verdict for one in said] == [Verdict.RETURNED, Verdict.APPROVED]
    window.open("/")
    assert page.locator("#review li.work").count() == n - 2
