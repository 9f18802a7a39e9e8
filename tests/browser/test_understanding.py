"""What was understood of a file, and what is asked about it: complete on every screen, answered from the keyboard."""

import pytest
from django.utils import timezone

from hingepoint.domain.imports import actions
from hingepoint.domain.imports.models import ImportBatch
from importing import write

DEALS = """\
Opportunity ID,Created Date,Close Date,Stage,Amount,Currency,Discount %
O-1,2024-01-07,2024-03-04,Closed Won,9412300,USD,0.1
O-2,2024-01-09,2024-04-01,Closed Lost,5980100,USD,0.2
O-3,2024-02-01,2024-05-20,Closed Lost - No decision,6744900,USD,0.15
O-4,2024-02-01,2024-05-22,Closed Lost - No decision,120000,EUR,0.05
O-5,2024-02-03,2024-06-20,On hold,96000,USD,
O-6,2024-02-03,,Negotiation/Review,2105000,USD,0.3
O-7,2024-02-03,2032-03-04,Closed Lost,1000,USD,0.3
"""


@pytest.fixture
def desk(visit, cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return visit(cast.analyst)


def worked() -> None:
    """Do what the background worker does."""
    batch = ImportBatch.objects.latest("pk")
    actions.work(by=batch.by, at=timezone.now(), batch_id=batch.pk)


@pytest.fixture
def pictures(screenshots):
    """Return ``keep(window, name)``: pictures of the open page on both sizes in both themes."""

    def keep(window, name: str) -> None:
        for size in ("phone", "desktop"):
            for theme in ("dark", "light"):
                window.look(size=size, theme=theme)
                screenshots(window, f"{name}-{size}-{theme}")

    return keep


def test_questions_are_answered_from_the_keyboard_before_anything_is_kept(
    desk, tmp_path, shortcomings, pictures
):
    page = desk.open("/imports/")
    page.set_input_files("[name=deals]", write(tmp_path, "opportunities.csv", DEALS))
    with page.expect_navigation():
        page.get_by_role("button", name="Check these files").click()
    worked()
    page.wait_for_selector("#answers")  # the page looks by itself whether the check is done
    assert shortcomings(desk) == []
    pictures(desk, "understanding-asks")
    assert page.get_by_role("button", name="Import it").count() == 0
    for group in page.locator("#answers fieldset").all():
        group.locator("input").first.focus()
        page.keyboard.press("ArrowDown")
        assert group.locator("input").nth(1).is_checked()
    page.locator("[name=keep_as]").fill("Our CRM")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    worked()
    page.get_by_role("button", name="Import it").wait_for()
    assert shortcomings(desk) == []
    pictures(desk, "understanding-answered")
