"""Search: what is found by a few letters, in which order, and never what somebody may not see."""

from __future__ import annotations

from itertools import product

import pytest
from django.urls import reverse

import budget
import talks
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.search import queries
from hingepoint.domain.wording import holds
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import BuyingRole
from hingepoint.web import search
from routes import PAGES, SEES_SANNAS_DEAL

PIECE = {"HX-Request": "true", "HX-Target": "search-found"}
CANARY = "Quokkaworks"


def groups(client, user, text: str, **headers) -> dict[str, list[str]]:
    """Return what somebody finds: the titles of each group, by its label."""
    client.force_login(user)
    answer = client.get("/search", {"q": text}, headers=headers)
    assert answer.status_code == 200
    return {group.label: [line.title for line in group.lines] for group in answer.context["groups"]}


def asked(cast, whose: Deal, key: str = "cust.data_access", **facts) -> None:
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, **facts)
    agreements.take_step(by=None, at=NOW, deal_id=whose.pk, type_key=key, step=step)


def takes_part(whose: Deal, name: str, *, account) -> None:
    contact = deals.add_contact(by=None, at=NOW, account=account, key=name, name=name, title="Head of plant")
    deals.name_contact(
        by=None, at=NOW, deal_id=whose.pk, contact=contact, role=BuyingRole.CHAMPION, since=TODAY
    )


def test_a_deal_is_found_by_its_name_its_id_and_its_account(client, cast):
    for text in ("deal n", "N-1", "acme", "MILLS", "acme n-1", "  Acme   Mills "):
        assert groups(client, cast.seller, text)["Deals"] == ["Deal N-1"], text


def test_every_word_narrows(client, cast):
    assert "Deals" not in groups(client, cast.seller, "acme s-1")


def test_the_very_id_comes_first_then_what_begins_so_then_open_ones_the_largest_first(client, cast):
    north = {"owner": cast.seller, "team": cast.north}
    deal("LIFT", name="Elevator", **north)
    deal("a", name="Forklift", amount=900_000, **north)
    deal("b", name="Lift hall 2", amount=1_000, **north)
    deal("c", name="Old lift", amount=5_000_000, **north)
    deal("d", name="Deplifting", amount=950_000, **north)
    Deal.objects.filter(key="d").update(status="lost", closed_at=NOW)
    assert groups(client, cast.seller, "lift")["Deals"] == [
        "Elevator", "Lift hall 2", "Old lift", "Forklift", "Deplifting",
    ]  # fmt: skip


def test_an_account_leads_to_its_deals_and_says_how_many_of_them_one_sees(client, cast):
    deal("S-2", owner=cast.stranger, team=cast.south, account=cast.account)
    for who, words in ((cast.seller, "1 deal, 1 open"), (cast.sponsor, "2 deals, 2 open")):
        client.force_login(who)
        (line,) = client.get("/search?q=mills").context["groups"][1].lines
        assert (line.title, line.beside) == ("Acme Mills", words)
        assert line.url == "/deals/?q=Acme+Mills&status=all"


def test_people_are_colleagues_by_name_and_customers_with_a_part_in_a_deal(client, cast):
    takes_part(cast.deal, "Maud Mills-Berg", account=cast.account)
    assert groups(client, cast.seller, "maud")["People"] == ["Maud", "Maud Mills-Berg"]
    client.force_login(cast.seller)
    people = next(one for one in client.get("/search?q=maud").context["groups"] if one.label == "People")
    assert [line.url for line in people.lines] == [f"/people/{cast.manager.pk}/", f"/deals/{cast.deal.pk}/"]
    assert people.lines[1].beside == "Head of plant · Acme Mills"


def test_a_customer_leads_to_the_open_deal_they_are_on(client, cast):
    older = deal("N-0", owner=cast.seller, team=cast.north, account=cast.account)
    newest = deal("N-2", owner=cast.seller, team=cast.north, account=cast.account, created_at=NOW)
    takes_part(older, "Bo Berg", account=cast.account)
    contact = older.people.get().contact
    deals.name_contact(by=None, at=NOW, deal_id=newest.pk, contact=contact, role=BuyingRole.USER, since=TODAY)
    Deal.objects.filter(pk=newest.pk).update(status="won", closed_at=NOW)
    client.force_login(cast.seller)
    (people,) = client.get("/search?q=bo+berg").context["groups"]
    assert [line.url for line in people.lines] == [f"/deals/{older.pk}/"]


def test_somebody_who_cannot_sign_in_any_more_comes_last_and_it_is_said(client, cast):
    client.force_login(cast.seller)
    (people,) = client.get("/search?q=hinge.example").context["groups"]
    assert people.lines[-1].title == "Dora"
    assert people.lines[-1].beside == "Sponsor · cannot sign in any more"


def test_an_agreement_is_found_in_the_catalogue_and_on_deals(client, cast):
    asked(cast, cast.deal)
    named = str(AgreementType.objects.get(key="cust.data_access"))
    assert groups(client, cast.seller, "early access")["Agreements"] == [named, named]
    client.force_login(cast.seller)
    (agreement,) = client.get("/search?q=early+access+acme").context["groups"]
    (line,) = agreement.lines
    assert line.url == reverse(
        "agreement", args=[cast.deal.pk, AgreementType.objects.get(key="cust.data_access").pk]
    )
    assert line.beside == "Deal N-1, Acme Mills · Asked"


def test_a_type_that_the_company_hides_is_not_found(client, cast):
    AgreementType.objects.filter(key="cust.data_access").update(hidden=True)
    assert "Agreements" not in groups(client, cast.seller, "early access to key data")


def test_agreements_of_closed_deals_are_found_only_by_the_deal(client, cast):
    asked(cast, cast.deal)
    Deal.objects.filter(pk=cast.deal.pk).update(status="lost", closed_at=NOW)
    assert len(groups(client, cast.seller, "early access")["Agreements"]) == 1
    assert len(groups(client, cast.seller, "early access acme")["Agreements"]) == 1


def test_pages_are_found_by_name_and_the_manual_by_its_titles(client, cast):
    assert groups(client, cast.analyst, "imports")["Pages"][0] == "Imports"
    assert groups(client, cast.analyst, "back up")["Pages"] == ["Back up, restore, upgrade"]
    assert "Pages" not in groups(client, cast.seller, "data health")


def test_nobody_is_led_to_a_page_that_is_not_theirs():
    named = {page: roles for _, page, roles in search.FURTHER}
    for page, roles in named.items():
        allowed, _ = PAGES[page]
        assert {role.value for role in roles} <= allowed, page
        assert allowed & {"seller", "manager", "sponsor", "analyst", "inside_partner"} == {
            role.value for role in roles
        }, page


@pytest.mark.parametrize("text", [CANARY, "quokka", "early access quokka"])
def test_what_somebody_may_not_see_is_never_found(client, cast, text):
    """A name that stands on Sanna's deal alone: on the deal, its account, its contact and its agreement."""
    hidden = deals.add_account(by=None, at=NOW, key="Q", name=f"{CANARY} Ltd")
    theirs = deal("Q-1", name=f"{CANARY} hall", owner=cast.seller, team=cast.north, account=hidden)
    takes_part(theirs, f"Kim {CANARY}", account=hidden)
    asked(cast, theirs, person_name=f"Kim {CANARY}")
    for who, user in cast.everybody().items():
        client.logout()
        if user:
            client.force_login(user)
        for headers in ({}, PIECE):
            answer = client.get("/search", {"q": text}, headers=headers)
            body = answer.content.decode() if answer.status_code == 200 else ""
            found = bool(body) and "/deals/" + str(theirs.pk) in body
            assert found == (who in SEES_SANNAS_DEAL), who
            if who not in SEES_SANNAS_DEAL:
                assert f"{CANARY} hall" not in body
                assert f"{CANARY} Ltd" not in body
                assert f"Kim {CANARY}" not in body


def test_an_inside_partner_finds_what_was_asked_of_them_and_no_deal(client, cast):
    asked(cast, cast.deal, key="cust.data_access", asked_of=cast.inside_partner)
    asked(cast, cast.deal, key="cust.executive_meeting")
    found = groups(client, cast.inside_partner, "acme early")
    assert found == {"Agreements": [str(AgreementType.objects.get(key="cust.data_access"))]}


def test_free_texts_are_never_searched(client, cast):
    asked(cast, cast.deal, act="open the zebra books", reason="zebra", note="zebra")
    talks.a_demand(cast)
    assert groups(client, cast.seller, "zebra") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type a few letters of a deal"),
        ("a", "Type at least 2 letters."),
        ("xyzzy", "Nothing that you may see is called “xyzzy”."),
        ("<b>x</b>", "Nothing that you may see is called “&lt;b&gt;x&lt;/b&gt;”."),
        ("%", "Type at least 2 letters."),
        ("%%", "Nothing that you may see is called “%%”."),
        ("x" * 5000, "Nothing that you may see"),
    ],
)
def test_a_search_that_finds_nothing_says_what_to_do(client, cast, text, words):
    client.force_login(cast.seller)
    for headers in ({}, PIECE):
        answer = client.get("/search", {"q": text}, headers=headers)
        assert answer.status_code == 200
        if not headers or len(text) > 1:
            assert words in answer.content.decode()


def test_under_the_field_comes_the_piece_alone_with_a_way_to_the_rest(client, cast):
    client.force_login(cast.seller)
    body = client.get("/search?q=acme", headers=PIECE).content.decode()
    assert "<html" not in body
    assert 'href="/search?q=acme"' in body


def test_the_field_of_every_page_is_a_plain_form_too(client, cast):
    client.force_login(cast.seller)
    for page in ("/", "/deals/", "/docs/"):
        assert (
            '<form class="search-form" action="/search" role="search">' in client.get(page).content.decode()
        )


def test_letters_beyond_ascii_are_found_in_any_case(cast):
    deal("U", name="Großmühle Äpfel")
    for text in ("großmühle", "äpfel", "ÄPFEL", "Äpfel"):
        assert Deal.objects.filter(holds("name", text)).count() == 1, text


def test_it_costs_twelve_queries_at_most(client, cast, django_assert_max_num_queries):
    for n in range(30):
        made = deal(f"X{n}", owner=cast.seller, team=cast.north, account=cast.account)
        takes_part(made, f"Acme Access {n}", account=cast.account)
        asked(cast, made)
    for who, headers in product(("seller", "manager", "sponsor", "inside_partner"), ({}, PIECE)):
        client.force_login(getattr(cast, who))
        with django_assert_max_num_queries(budget.STATEMENTS, info=f"{who} {headers}"):
            assert client.get("/search?q=acme+access", headers=headers).status_code == 200


def test_only_the_first_words_count():
    assert queries.words_of("one two three four five six seven") == (
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
    )
