"""The self-assessment as people meet it: opened, answered without an account, read as one page and one sheet."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

import assessing
from cast import person
from hingepoint.domain.proof.models import AnswerTry
from hingepoint.domain.self_assessment import rules
from hingepoint.domain.self_assessment.models import AssessmentAnswer, AssessmentRound
from hingepoint.records.people import Role
from hingepoint.records.self_assessment import QUESTIONS
from hingepoint.reports import typesetting
from hingepoint.web import self_assessment as pages


def filled(page: str, otherwise: str = "2", **said: str) -> dict[str, str]:
    """What a browser sends: the key of the page and an answer to each question."""
    key = re.search(r'name="key" value="([^"]+)"', page)
    told = {one.key: otherwise for one in QUESTIONS} | {"group": "field"} | said
    return told | ({"key": key[1]} if key else {})


def ask(row: AssessmentRound) -> str:
    return f"/ask/{assessing.link(row)}"


# ---- it works ----


def test_from_an_empty_installation_to_the_result(cast, client):
    client.force_login(cast.sponsor)
    told = {
        "name": "Spring <b>",
        "asked": 12,
        "closes_on": (timezone.localdate() + dt.timedelta(days=7)).isoformat(),
    }
    opened = client.post("/self-assessment/", told, follow=True)
    assert "Spring &lt;b&gt;" in opened.text
    link = re.search(r'value="http://testserver(/ask/[^"]+)"', opened.text)[1]
    for number in range(12):
        browser = Client()
        page = browser.get(link)
        sent = browser.post(
            link,
            filled(page.text, "0" if number < 5 else "3", group="leader" if number < 5 else "field"),
            follow=True,
        )
        assert "Thank you" in sent.text
    row = AssessmentRound.objects.get()
    assert "12</b> of 12 answered" in client.get(f"/self-assessment/{row.pk}/").text
    closed = client.post(f"/self-assessment/{row.pk}/close", follow=True)
    assert "12 people of 12 answered: 5 leaders, 7 from the field." in closed.text
    assert "the field says often, leaders say never." in closed.text
    assert "What to record first" in closed.text


def test_somebody_changes_their_answer_and_nobody_else_sees_it(cast):
    row, browser = assessing.open_round(cast), Client()
    page = browser.get(ask(row))
    own = browser.post(ask(row), filled(page.text, "4"))
    assert re.fullmatch(r"/ask/mine/[\w-]{32}", own.url)
    shown = browser.get(own.url)
    assert shown.text.count('value="4" checked') == len(QUESTIONS)
    browser.post(own.url, filled(shown.text, "1", group="leader"))
    mine = AssessmentAnswer.objects.get()
    assert (mine.group, set(mine.said.values())) == ("leader", {"1"})
    assert "checked" not in Client().get(ask(row)).text


def test_sending_twice_is_one_answer(cast):
    row, browser = assessing.open_round(cast), Client()
    form = filled(browser.get(ask(row)).text)
    assert browser.post(ask(row), form).url == browser.post(ask(row), form).url
    assert row.answers.count() == 1


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.ANALYST])
def test_a_first_page_without_deals_offers_it(db, client, role):
    client.force_login(person("Otto", role))
    assert 'href="/self-assessment/"' in client.get("/").text


@pytest.mark.skipif(not typesetting.available(), reason="Typst is not installed")
def test_the_result_is_one_sheet(cast, client):
    row = assessing.closed_round(cast, leaders=6, field=7, field_says=assessing.answers("4"))
    client.force_login(cast.sponsor)
    sheet = client.get(f"/self-assessment/{row.pk}/page.pdf")
    assert sheet["Content-Type"] == "application/pdf"
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.content)) == 1


def test_without_typst_the_page_stays_and_says_what_to_install(cast, client, monkeypatch):
    monkeypatch.setattr(typesetting, "find_spec", lambda name: None)
    row = assessing.closed_round(cast, leaders=6, field=7)
    client.force_login(cast.sponsor)
    page = client.get(f"/self-assessment/{row.pk}/page.pdf", follow=True)
    assert page.redirect_chain == [(f"/self-assessment/{row.pk}/", 302)]
    assert "pip install &#39;hingepoint[reports]&#39;" in page.text
    assert "Where you stand" in page.text


# ---- what strangers are shown, and what is refused ----


@pytest.mark.parametrize("page", ["link", "own"])
def test_pages_of_strangers_are_kept_nowhere_and_found_by_no_search(cast, page):
    row = assessing.open_round(cast)
    address = ask(row) if page == "link" else f"/ask/mine/{assessing.answered(row)}"
    shown = Client().get(address)
    assert shown["Cache-Control"] == "private, no-store"
    assert shown["X-Robots-Tag"] == "noindex"
    assert shown["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/ask/x", "/ask/mine/x", f"/ask/mine/{'a' * 32}"])
def test_what_was_never_a_link_says_no_more_than_that(cast, address):
    assessing.answered(assessing.open_round(cast))
    shown = Client().get(address)
    assert shown.status_code == 404
    assert "This link is over" in shown.text
    assert "March" not in shown.text


def test_what_was_chosen_comes_back_with_what_is_missing(cast):
    row, browser = assessing.open_round(cast), Client()
    form = filled(browser.get(ask(row)).text, "3")
    del form["exceptions"]
    shown = browser.post(ask(row), form)
    assert shown.status_code == 422
    assert "More deals escalated: choose an answer" in shown.text
    assert shown.text.count('value="3" checked') == len(QUESTIONS) - 1
    assert form["key"] in shown.text
    assert not row.answers.exists()


def test_a_room_answers_from_one_address_and_a_flood_does_not(cast):
    row, browser = assessing.open_round(cast), Client()
    now = timezone.now()
    AnswerTry.objects.bulk_create(AnswerTry(address="127.0.0.1", at=now) for _ in range(pages.MOST_TRIES - 1))
    form = filled(browser.get(ask(row)).text)
    assert browser.post(ask(row), form).status_code == 302
    refused = browser.post(ask(row), filled(browser.get(ask(row)).text, "4"))
    assert refused.status_code == 429
    assert refused.text.count('value="4" checked') == len(QUESTIONS)
    assert row.answers.count() == 1


def test_when_all_are_in_the_link_says_so(cast):
    row = assessing.open_round(cast, asked=5)
    form = filled(Client().get(ask(row)).text)
    for _ in range(5):
        assessing.answered(row)
    assert "All answers are in" in Client().get(ask(row)).text
    late = Client().post(ask(row), form)
    assert late.status_code == 422
    assert "As many people answered as were asked (5)." in late.text


def test_a_result_of_four_shows_nothing_of_what_they_said(cast, client):
    row = assessing.closed_round(cast, leaders=2, field=2, leaders_say=assessing.answers("4"))
    client.force_login(cast.analyst)
    shown = client.get(f"/self-assessment/{row.pk}/").text
    assert "Fewer than five people answered, so nothing is shown." in shown
    assert "mostly" not in shown
    assert "<svg xmlns" not in shown


def test_an_open_round_shows_how_many_and_nothing_of_what_they_said(cast, client):
    row = assessing.open_round(cast)
    for _ in range(8):
        assessing.answered(row, said=assessing.answers("4"))
    client.force_login(cast.sponsor)
    shown = client.get(f"/self-assessment/{row.pk}/")
    assert "8</b> of 40 answered" in shown.text
    assert "leader" not in shown.text.partition("<main")[2].replace("five leaders", "").replace(
        "Leaders and field", ""
    )
    assert client.get(f"/self-assessment/{row.pk}/page.pdf").status_code == 404


def test_a_browser_that_answered_asks_first_whether_it_is_somebody_else(cast):
    row, browser = assessing.open_round(cast), Client()
    browser.post(ask(row), filled(browser.get(ask(row)).text))
    assert "Somebody answered from this browser" in browser.get(ask(row)).text
    assert 'name="key"' not in browser.get(ask(row)).text
    assert 'name="key"' in browser.get(ask(row) + "?another=1").text
    assert browser.cookies[f"answered-{row.pk}"].value == "yes"


def test_with_codes_each_person_answers_once(cast, client):
    row = assessing.open_round(cast, asked=5, by_code=True)
    client.force_login(cast.sponsor)
    header, *codes = client.get(f"/self-assessment/{row.pk}/codes.csv").text.split()
    assert (header, len(set(codes))) == ("code", 5)

    def answered(code: str):
        browser = Client()
        return browser.post(ask(row), filled(browser.get(ask(row)).text) | {"code": code})

    assert answered(f" {codes[0][:4]}-{codes[0][4:].lower()}").status_code == 302
    assert "This code was used." in answered(codes[0]).text
    assert "This is no code of this round." in answered("ABCDEFGH").text
    assert answered(codes[1]).status_code == 302
    row.refresh_from_db()
    assert (row.answers.count(), len(row.spent), row.spent == sorted(row.spent)) == (2, 2, True)


def test_ones_own_answer_is_changed_without_another_code(cast):
    row, browser = assessing.open_round(cast, by_code=True), Client()
    form = filled(browser.get(ask(row)).text) | {"code": rules.codes_of(row)[3]}
    assert browser.post(ask(row), form).status_code == 302
    assert browser.post(ask(row), form | {"group": "leader"}).status_code == 302
    assert row.answers.get().group == "leader"
