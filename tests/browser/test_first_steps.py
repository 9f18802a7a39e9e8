"""The first steps as an analyst walks them: from an empty home to the company's words in the catalogue."""

from __future__ import annotations

import pytest
from django.urls import reverse

import importing
import letting_in
from cast import deal
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User
from words import KEY, say, tie, word

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = """\
deal_id,agreement,at,state,kind,evidence,counterpart
A-1,Usage data shared,2025-01-12,gained,agreement,2,Ed Moor
A-2,Usage data shared,2025-01-20,soft,agreement,1,Ed Moor
A-2,cust.data_access,2025-01-21,asked,agreement,,Ed Moor
A-2,Rabattfreigabe,2025-01-25,gained,agreement,3,Max
A-3,Kaffeerunde,2025-02-10,gained,agreement,1,Ed Moor
"""


def seen(window, name, shortcomings, screenshots) -> list[str]:
    """Keep pictures of the open page on a desktop and a phone, in light and dark; return what is wrong with it."""
    found = [f"{name}: {line}" for line in shortcomings(window)]
    for size, theme in (("desktop", "light"), ("desktop", "dark"), ("phone", "light")):
        window.look(size=size, theme=theme)
        screenshots(window, f"{name}-{size}-{theme}")
    window.look(size="desktop", theme="light")
    return found


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_from_an_empty_home_to_words_in_the_catalogue(cast, visit, tmp_path, size):
    Deal.objects.all().delete()
    window = visit(cast.analyst, size=size)
    page = window.open("/")
    page.get_by_role("main").get_by_role("link", name="Import a file").click()
    page.get_by_role("heading", name="Import files").wait_for()
    importing.import_deals(tmp_path)
    batch = importing.import_events(tmp_path, EVENTS).batch
    User.objects.filter(deals__isnull=False).update(is_active=False)  # who owned these has left
    page = window.open(reverse("import", args=[batch]))
    page.get_by_role("link", name="Say what they mean").click()
    assert page.get_by_role("radio", name="Early access to key data", exact=False).first.is_checked()
    page.get_by_role("group", name="Kaffeerunde").get_by_role(
        "radio", name="Keep it as our own", exact=False
    ).check()
    page.get_by_role("button", name="See what this does").click()
    page.get_by_text("1 deal has both: the two become one", exact=False).wait_for()
    page.get_by_role("button", name="Change something").click()
    kept = page.get_by_role("group", name="Kaffeerunde").get_by_role(
        "radio", name="Keep it as our own", exact=False
    )
    assert kept.is_checked()
    page.get_by_role("button", name="See what this does").click()
    page.get_by_role("button", name="Tie 2 words").click()
    page.get_by_text("2 words are tied to the catalogue", exact=False).wait_for()
    assert page.locator(".todo .now h3").inner_text() == "The first discovery"
    assert AgreementType.objects.meanings() == {
        "Usage data shared": KEY,
        "Rabattfreigabe": "int.price_approval",
    }


def test_a_type_is_chosen_by_its_name_without_script(cast, visit):
    found = word("Zahlenwerk")
    page = visit(cast.analyst, script=False).open(reverse("words"))
    page.get_by_label("Which type “Zahlenwerk” means").fill("measured starting point")
    page.get_by_role("button", name="See what this does").click()
    page.get_by_role("button", name="Tie 1 word").click()
    page.get_by_text("1 word is tied to the catalogue", exact=False).wait_for()
    found.refresh_from_db()
    assert found.tied_to.key == "cust.baseline"


def test_the_pages_of_words_and_first_steps_are_whole(cast, visit, tmp_path, shortcomings, screenshots):
    owner = letting_in.newcomer("Nils Berg")
    for number in range(3):
        deal(f"Q-{number}", owner=owner, team=cast.north)
    letting_in.link_of(owner, by=cast.analyst)
    importing.import_deals(tmp_path)
    batch = importing.import_events(tmp_path, EVENTS).batch
    tied = word("Datenzugang")
    say(cast.deal, tied.key)
    tie(tied)
    found: list[str] = []
    window = visit(cast.analyst)
    for name, path in {
        "first-steps": "/",
        "import-next": reverse("import", args=[batch]),
        "words": reverse("words"),
        "untie-word": reverse("untie-word", args=["Datenzugang"]),
        "catalogue-tied": reverse("agreement-type", args=[KEY]),
    }.items():
        window.open(path)
        found += seen(window, name, shortcomings, screenshots)
    window.open(reverse("words")).get_by_role("button", name="See what this does").click()
    window.page.get_by_role("heading", name="What this does").wait_for()
    found += seen(window, "words-look", shortcomings, screenshots)
    Deal.objects.all().delete()
    window = visit(cast.sponsor)
    window.open("/")
    found += seen(window, "first-steps-empty", shortcomings, screenshots)
    assert found == []
