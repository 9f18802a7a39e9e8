"""A company's first day through a browser: from its own messy export to homes on which nothing is late."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

import messy
from cast import person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.rules import questions_of
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.people import Role

pytestmark = pytest.mark.django_db(transaction=True)

CHOSEN = "three doors and a hinge"
PEOPLE = """\
name,address,role,manager,team
Ann Berg,ann.berg@mills.example,seller,Vera Holm,Nord
Vera Holm,vera.holm@mills.example,manager,,Nord
Otto Mills,otto.mills@mills.example,sponsor,,
"""


def test_a_company_begins_on_one_day_and_nobodys_list_is_red(
    db, visit, settings, tmp_path, shortcomings, screenshots
):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    agreements.load_catalogue(by=None, at=timezone.now())
    desk = visit(person("Ada", Role.ANALYST))
    bring_the_export(desk.open("/"), messy.messy(messy.company(240), tmp_path / "export"))
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    links = let_people_in(desk, tmp_path / "people.csv")
    say_what_words_mean(desk)
    run_discovery(desk)
    put_a_strategy_in_force(desk)
    found = []
    for name in ("Ann", "Vera", "Otto"):
        window = come_in(visit(), links[name])
        found += [f"{name}: {line}" for line in shortcomings(window)]
        screenshots(window, f"first-day-{name}")
        main = window.page.get_by_role("main")
        assert main.locator(".tone-bad").count() == 0, name
        assert main.get_by_text("due late").count() == 0, name
    assert found == []


def worked() -> ImportBatch:
    """Do what the background worker does with the last import."""
    batch = ImportBatch.objects.latest("pk")
    imports.work(by=batch.by, at=timezone.now(), batch_id=batch.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def bring_the_export(page, export: messy.Export) -> None:
    page.get_by_role("main").get_by_role("link", name="Import a file").click()
    page.set_input_files("[name=deals]", export.deals)
    page.set_input_files("[name=events]", export.events)
    with page.expect_navigation():
        page.get_by_role("button", name="Check these files").click()
    asked = questions_of(worked().report)
    page.wait_for_selector("#answers")
    for one in asked:
        meant = 0 if one.word is None else one.options.index(messy.ASKED[one.word])
        page.locator(f'input[name="answer-{one.key}"][value="{meant}"]').check()
    with page.expect_navigation():
        page.get_by_role("button", name="Read it so").click()
    worked()
    page.get_by_role("button", name="Import it").click()
    worked()
    page.get_by_role("heading", name="What it did").wait_for()


def let_people_in(desk, sheet) -> dict[str, str]:
    """Bring the sheet, print everybody's link; return them by first name."""
    page = desk.open(reverse("people-sheet"))
    page.set_input_files("[name=sheet]", sheet)
    page.get_by_role("button", name="See what it changes").click()
    page.get_by_role("button", name="Store all of this").click()
    page.get_by_role("button", name="Make links to print or copy").click()
    page.locator(".slip-link").first.wait_for()
    return {
        re.match(r"\w+", slip.inner_text())[0]: slip.locator(".slip-link").inner_text()
        for slip in page.locator(".slip").all()
    }


def say_what_words_mean(desk) -> None:
    page = desk.open("/")
    page.get_by_role("main").get_by_role("link", name="Say what they mean").click()
    for group in page.get_by_role("group", name=re.compile("Budget|Pilot|Décision")).all():
        group.get_by_role("radio", name="Keep it as our own").check()
    page.get_by_role("button", name="See what this does").click()
    page.get_by_role("button", name="Tie 3 words").click()
    page.get_by_text("No word of your files is in question any more.").wait_for()


def run_discovery(desk) -> None:
    page = desk.open(reverse("new-run"))
    page.get_by_role("radio", name="Win rate Won").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Start the run", exact=True).click()
    discovery.carry_out.func(Run.objects.get().pk)
    page.get_by_role("heading", name="Findings").wait_for()


def put_a_strategy_in_force(desk) -> None:
    page = desk.open(reverse("new-strategy"))
    page.get_by_label("Name").fill("Sponsors first")
    page.get_by_label("What we want, and why").fill("We sell with a sponsor.")
    page.get_by_label("Judged by").select_option("won")
    page.get_by_role("button", name="Write it").click()
    page.get_by_role("link", name=re.compile("Go on with version")).click()
    page.get_by_role("main").get_by_role("link", name="Choose an agreement").first.click()
    page.get_by_label("Agreement", exact=True).select_option("cust.deal_sponsor")
    page.get_by_label("Whose judgement, and why").fill("We lose without one.")
    page.get_by_role("button", name="Choose it").click()
    page.locator("[name=needed_days]").fill("20")
    page.get_by_role("button", name="Save the standard").click()
    page.get_by_role("link", name="Publish").click()
    page.get_by_label("What changes, and why").fill("Our first playbook.")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="Sponsors first").first.click()
    page.get_by_role("link", name="Put in force").click()
    page.get_by_role("button", name="Put in force from today").click()
    page.get_by_text("Sponsors first holds.").wait_for()
    strategies.ask_open_deals(at=timezone.now())


def come_in(window, link: str):
    page = window.open(link.removeprefix(window.server))
    page.get_by_label("Password", exact=True).fill(CHOSEN)
    page.get_by_label("The password again").fill(CHOSEN)
    page.get_by_role("button", name="Choose it and go in").click()
    page.wait_for_url(f"{window.server}/")
    return window
