"""The page that tells the planted truth."""

import datetime as dt

from hingepoint.demo import planted, story

ENDS_ON = dt.date(2026, 6, 26)


def test_the_story_names_everything_that_was_planted():
    told = story.what_was_built(ENDS_ON)
    assert [row.key for row in told.pivotal] == [lever.key for lever in planted.PIVOTAL]
    assert {name for group in told.decoys for name in group.names} == {
        story.name_of(k) for k in planted.DECOYS
    }
    assert [drift.signal for drift in told.drifts] == list(range(1, 11))


def test_the_story_gives_effects_in_points():
    told = story.what_was_built(ENDS_ON)
    assert all(5 <= row.effect <= 12 for row in told.pivotal)
    assert told.harmful.effect < -5
    assert all(abs(row.effect) < 2 for row in told.others)


def test_the_page_reads_well():
    page = story.what_was_built(ENDS_ON).markdown()
    assert "Discount less without losing deals" in page
    assert "| 3. costly concessions without plan | North | 1 March 2025 |" in page
    assert "| nan" not in page


def test_the_teams_that_have_not_started_wait_for_a_reason_the_page_tells():
    assert planted.WAITS_BECAUSE in story.what_was_built(ENDS_ON).markdown()
