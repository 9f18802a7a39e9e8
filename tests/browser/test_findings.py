"""An analyst checks a run in the browser: reads a finding, signs it, plans a trial, compares two runs."""

import datetime as dt

import pytest

import discoveries
import trying
from cast import NOW
from discoveries import facts
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.trials import actions as trials
from hingepoint.domain.trials.models import Trial

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def run(cast):
    """A run, and an earlier one in which one finding was stronger and another missing."""
    discoveries.finished_run(cast, findings=[facts("cust.data_access", "strong", 0.3)], pivotal=[])
    return discoveries.finished_run(cast)


def ended_trial(cast) -> int:
    """A trial that has ended, after an early look: its page has everything that it can show."""
    trial = discoveries.trial(cast, trying.KEY, promised=trying.PROMISED)
    trying.lived(cast)
    half = NOW + dt.timedelta(weeks=26, days=2)
    trials.look(by=cast.analyst, at=half, trial_id=trial.pk, reason="A customer complained.")
    trials.look(by=None, at=trying.LATER, trial_id=trial.pk)
    return trial.pk


def test_a_finding_is_read_signed_and_then_rejected(cast, visit, run):
    window = visit(cast.analyst)
    page = window.open(f"/discovery/{run.pk}/")
    page.get_by_role("link", name="Early access to key data").first.click()
    page.get_by_role("heading", name="What would change our mind").wait_for()
    page.get_by_role("heading", name="The deals behind it").scroll_into_view_if_needed()
    page.get_by_text("Gained it, and won on target").first.wait_for()
    page.get_by_label("Why").fill("Holds in both halves.")
    page.get_by_role("button", name="Sign it").click()
    page.get_by_text("Holds in both halves.").wait_for()
    page.get_by_label("Why").fill("Recorded afterwards in the South.")
    page.get_by_role("button", name="Reject it").click()
    page.get_by_text("Recorded afterwards in the South.").wait_for()
    assert page.locator("#decision .decisions").first.inner_text().count("Ada") == 2
    assert Finding.objects.get(run=run, key="cust.data_access").verdict == "rejected"


def test_a_trial_is_planned_and_its_lots_are_drawn(cast, visit, run):
    window = visit(cast.analyst)
    page = window.open(f"/discovery/{run.pk}/evidence")
    page.get_by_role("link", name="References").click()
    before = page.locator(".facts dd").first.inner_text()
    page.get_by_label("Effect to look for").fill("12")
    page.get_by_role("button", name="Show what it takes").click()
    page.wait_for_url("**effect=12**")
    assert page.locator(".facts dd").first.inner_text() != before
    page.get_by_role("button", name="Draw the lots").click()
    page.get_by_role("heading", name="Which deals are asked").wait_for()
    assert Trial.objects.get().promised["effect"] == 0.12


def test_two_runs_are_compared(cast, visit, run):
    page = visit(cast.sponsor).open(f"/discovery/{run.pk}/compare")
    row = page.get_by_role("row", name="Early access to key data")
    assert "+30.0 points" in row.inner_text()
    assert "+8.3 points" in row.inner_text()


@pytest.mark.parametrize(
    "name",
    ["finding", "deals-behind", "plan", "evidence", "compare", "trial", "trial-result", "readiness"],
)
def test_every_page_fits_and_hinders_nobody(cast, visit, shortcomings, screenshots, run, name):
    finding = f"/discovery/{run.pk}/cust.data_access"
    path = {
        "finding": f"{finding}/",
        "deals-behind": f"{finding}/deals-behind",
        "plan": f"{finding}/plan",
        "evidence": f"/discovery/{run.pk}/evidence",
        "compare": f"/discovery/{run.pk}/compare",
        "trial": f"/discovery/trials/{discoveries.trial(cast).pk if name == 'trial' else 0}",
        "trial-result": f"/discovery/trials/{ended_trial(cast) if name == 'trial-result' else 0}",
        "readiness": "/discovery/readiness",
    }[name]
    window = visit(cast.analyst)
    window.open(path)
    screenshots(window, f"findings-{name}")
    assert shortcomings(window) == []
