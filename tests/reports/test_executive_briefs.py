"""The printed brief of an executive: one page that says what the page on the screen says, and no corridor."""

import datetime as dt
import html
import json
import re
from decimal import Decimal
from importlib import resources

import pytest

import talks
from cast import NOW, TODAY
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.involvement import actions, queries
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.records.deals import BuyingRole, EventKind
from hingepoint.records.talks import ReasonState, Topic
from hingepoint.reports import executive_briefs, typesetting


@pytest.fixture
def role(cast):
    """Max joins Sanna's deal, on which two people of theirs, two demands and some history are known."""
    who = {"by": None, "at": NOW}
    for key, name, title, part in (
        ("k", "Karla Ibsen", "Plant manager", BuyingRole.PROBLEM_OWNER),
        ("j", "Jon Falk", "", BuyingRole.PROCUREMENT),
    ):
        person = deals.add_contact(**who, account=cast.account, key=key, name=name, title=title)
        deals.name_contact(**who, deal_id=cast.deal.pk, contact=person, role=part, since=TODAY)
    why = negotiation.Why("The board caps spending", ReasonState.STATED, said_by="Karla")
    talks.a_demand(cast, words="Ten percent off", why=why)
    talks.a_demand(cast, words="60 days to pay", topic=Topic.PAYMENT)
    figures = {"opening": Decimal(9_100_111), "target": Decimal(9_100_110), "walk_away": Decimal(9_100_109)}
    negotiation.set_corridor(**who, deal_id=cast.deal.pk, **figures)
    deals.note_event(**who, deal_id=cast.deal.pk, kind=EventKind.STAGE, name="Negotiate", occurred_at=NOW)
    return talks.a_role(cast, not_to_say="no dates for line two")


def facts_of(cast, role) -> dict:
    return executive_briefs.brief_facts(queries.brief(cast.seller, role.pk), at=NOW)


def lines(facts: dict) -> list[str]:
    (groups,) = facts["columns"]
    return [line["text"] for group in groups for part in group["parts"] for line in part["lines"]]


def plain(page: str) -> str:
    return (
        " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
        .replace(" ,", ",")
        .replace(" :", ":")
        .replace(" .", ".")
    )


@pytest.mark.parametrize("price", [False, True])
def test_the_paper_says_what_the_page_says(client, cast, role, price):
    if price:
        actions.end_role(by=cast.seller, at=NOW, involvement_id=role.pk)
        role = talks.a_role(cast, may_discuss_price=True)
    client.force_login(cast.seller)
    page = plain(client.get(f"/executives/{role.pk}/brief").text)
    facts = facts_of(cast, role)
    assert len(lines(facts)) >= 9
    for line in lines(facts):
        for words in re.split(r"[.:] ", line.rstrip(".")):
            assert words.rstrip(".") in page, line


def test_an_empty_deal_says_what_is_not_known(client, cast):
    role = talks.a_role(cast)
    told = lines(facts_of(cast, role))
    assert "No demand is on record." in told
    assert "Nobody of the customer is named on this deal yet. Ask Sanna whom you will meet." in told


def test_neither_page_nor_paper_tells_the_corridor(cast, role):
    assert "9100" not in json.dumps(facts_of(cast, role)).replace(",", "")


def test_an_ended_role_says_so(cast, role):
    actions.end_role(by=cast.seller, at=NOW + dt.timedelta(days=2), involvement_id=role.pk)
    assert facts_of(cast, role)["when"] == "This role ended on 4 Mar 2026. "


def test_it_is_one_page_whatever_somebody_typed(cast, role):
    typst = pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    actions.end_role(by=cast.seller, at=NOW, involvement_id=role.pk)
    long = talks.a_role(cast, aim='#panic("x") *bold* = head ' + "what must be different " * 40)
    template = resources.files("hingepoint.reports").joinpath("templates", "plan_sheet.typ").read_bytes()
    drawn = typst.compile(template, sys_inputs={"data": json.dumps(facts_of(cast, long))}, format="svg")
    assert not isinstance(drawn, list)


def test_the_pdf_is_tagged_and_opens_from_the_page(client, cast, role):
    pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    client.force_login(cast.other_manager)
    assert f"/executives/{role.pk}/brief.pdf" in client.get(f"/executives/{role.pk}/brief").text
    shown = client.get(f"/executives/{role.pk}/brief.pdf")
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"] == 'inline; filename="brief-max-deal-n-1.pdf"'
    assert shown.content.startswith(b"%PDF")
    assert b"/MarkInfo" in shown.content


def test_without_typst_the_page_says_what_to_install(client, cast, role, monkeypatch):
    monkeypatch.setattr(typesetting, "available", lambda: False)
    client.force_login(cast.seller)
    answer = client.get(f"/executives/{role.pk}/brief.pdf", follow=True)
    assert "hingepoint[reports]" in html.unescape(answer.text)
    assert "What we ask of you" in answer.text


def test_a_stranger_gets_no_brief(client, cast, role):
    client.force_login(cast.stranger)
    assert client.get(f"/executives/{role.pk}/brief.pdf").status_code == 404
