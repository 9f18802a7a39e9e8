"""The self-assessment in a browser: a round is opened, answered without an account by keyboard, and read; every page is whole."""

from __future__ import annotations

import pytest
from django.urls import reverse

import assessing
from hingepoint.domain.self_assessment.models import AssessmentAnswer
from hingepoint.records.pressures import Pressure
from hingepoint.records.self_assessment import QUESTIONS
from looking import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_pages_are_whole_on_every_screen_and_in_every_light(cast, visit, shortcomings, screenshots):
    often = assessing.answers("1", unplanned_concessions="4", unknown_reasons="3")
    closed = assessing.closed_round(cast, leaders=6, field=9, field_says=often)
    opened = assessing.open_round(cast, name="April")
    pages = {
        "self-assessments": reverse("self-assessments"),
        "self-assessment-open": reverse("self-assessment", args=[opened.pk]),
        "self-assessment-result": reverse("self-assessment", args=[closed.pk]),
        "self-assessment-answer": reverse("answer-self-assessment", args=[assessing.link(opened)]),
        "self-assessment-own": reverse("own-self-assessment", args=[assessing.answered(opened)]),
    }
    window = visit(cast.sponsor)
    found = [
        line
        for name, path in pages.items()
        for line in looked_at(window, path, name, shortcomings, screenshots)
    ]
    assert found == []


def test_somebody_without_an_account_answers_by_keyboard_and_changes_it(cast, visit):
    row = assessing.open_round(cast)
    window = visit(None, size="phone")
    page = window.open(reverse("answer-self-assessment", args=[assessing.link(row)]))
    for name in ("group", *(one.key for one in QUESTIONS)):
        page.locator(f'input[name="{name}"]').first.focus()
        page.keyboard.press("ArrowDown")  # the second answer
    page.get_by_role("button", name="Send my answer").press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    assert set(AssessmentAnswer.objects.get().said.values()) == {"1"}
    page.get_by_text("Change my answer").click()
    page.locator('input[name="exceptions"][value="cannot_say"]').check()
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("This is what counts now.").wait_for()
    mine = AssessmentAnswer.objects.get()
    assert (mine.group, mine.said["exceptions"], mine.said[Pressure.TIME.slug]) == (
        "field",
        "cannot_say",
        "1",
    )
