"""Preparing a talk: the page is half filled, says where each line comes from, and keeps every writing."""

import datetime as dt
import html

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone

import budget
import playbooks
from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.plans import actions
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.parts import Line, from_json
from hingepoint.domain.strategy import benchmarks
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import BuyingRole
from hingepoint.records.plans import Verdict
from hingepoint.records.talks import ReasonState, Topic
from snapshot import made_once

KEY = "cust.data_access"
STANDARD = {
    "questions": ["Which figure would your controller believe?"],
    "demands": [{"demand": "A price first", "reasons": ["They compare by price", "Nobody owns it"],
                 "trades": ["A benchmark of their trade", "Two points off the price"]}],
    "principles": ["Value before price"],
    "counterpart": "Plant manager",
}  # fmt: skip


@pytest.fixture
@made_once
def deal(cast):
    """Sanna's deal with a playbook that asks for the data, a plant manager, a corridor and a demand."""
    playbooks.in_force(cast, KEY, "cust.executive_meeting")
    PivotalAgreement.objects.filter(type__key=KEY).update(**STANDARD)
    who = {"by": None, "at": NOW}
    karla = deals.add_contact(
        **who, account=cast.account, key="karla", name="Karla Ibsen", title="Plant manager"
    )
    place = {"deal_id": cast.deal.pk}
    deals.name_contact(**who, **place, contact=karla, role=BuyingRole.PROBLEM_OWNER, since=TODAY)
    negotiation.set_corridor(**who, **place, opening=135_000, target=124_000, walk_away=116_000)
    why = negotiation.Why("The board caps spending", ReasonState.STATED, said_by="Karla")
    negotiation.log_demand(**who, **place, topic=Topic.PRICE, words="Ten percent off", why=why)
    return cast.deal


def type_id(key=KEY) -> int:
    return AgreementType.objects.get(key=key).pk


def page_of(deal, name="prepare-talk", key=KEY) -> str:
    return reverse(name, args=[deal.pk, type_id(key)])


def form_of(client, deal, **changed) -> dict:
    """Return the form as it was shown, with what somebody changed."""
    context = client.get(page_of(deal)).context
    said, rows = context["said"], context["rows"]
    trades = {
        f"{key}-{name}": [getattr(line, name) or "" for line in lines]
        for key, lines in rows.items()
        for name in ("text", "cost", "worth")
    }
    texts = {key: value for key, value in said.items() if isinstance(value, str)}
    shown = {"offered": context["offered"], "number": said["number"], "talk_on": said["talk_on"] or ""}
    return texts | trades | shown | changed


def parts_of(plan: Plan) -> dict[str, list[Line]]:
    return from_json(plan.parts)


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("Which figure would your controller believe?", "Playbook: Discount less"),
        ("Karla Ibsen (Plant manager, problem owner)", "People on the deal"),
        ("Ten percent off", "Demand of "),
        ("The board caps spending", "Demand of "),
        ("A benchmark of their trade", "Playbook: Discount less"),
        ("Meeting with a senior executive", "Still open on this deal"),
        ("Where our corridor ends, and that there is room in it", "Corridor of the deal"),
    ],
)
def test_the_page_is_filled_with_what_is_known_and_says_from_where(client, cast, deal, line, source):
    client.force_login(cast.seller)
    page = html.unescape(client.get(page_of(deal)).content.decode())
    assert line in page
    assert source in page


def test_price_is_the_last_thing_offered(client, cast, deal):
    client.force_login(cast.seller)
    offered = client.get(page_of(deal)).context["rows"]["offer"]
    assert [line.text for line in offered if line.text][-1] == "Two points off the price"


def test_what_was_offered_is_kept_apart_from_what_the_seller_wrote(client, cast, deal):
    client.force_login(cast.seller)
    questions = "Which figure would your controller believe?\nWho keeps the log?"
    client.post(page_of(deal), form_of(client, deal, questions=questions, best="The log of line 2 by Friday"))
    parts = parts_of(Plan.objects.get())
    assert [(line.text, line.source) for line in parts["questions"]] == [
        ("Which figure would your controller believe?", "Playbook: Discount less"),
        ("Who keeps the log?", ""),
    ]
    assert parts["best"] == [Line("The log of line 2 by Friday")]


def test_a_source_that_we_did_not_offer_is_refused(client, cast, deal):
    client.force_login(cast.seller)
    forged = signing.dumps({"best": [{"text": "x", "source": "Playbook"}]}, salt="other")
    answer = client.post(page_of(deal), form_of(client, deal, offered=forged))
    assert answer.status_code == 422
    assert not Plan.objects.exists()


def test_trades_keep_their_cost_and_worth_and_come_in_the_order_to_use(client, cast, deal):
    client.force_login(cast.seller)
    offer = {
        "offer-text": ["A spare kit", "A site visit"],
        "offer-cost": ["3", "1"],
        "offer-worth": ["1", "3"],
    }
    client.post(page_of(deal), form_of(client, deal, **offer))
    sheet = client.get(page_of(deal, "talk-plan")).context["sheet"]
    assert [(line.text, line.cost, line.worth) for line in sheet.part("offer").lines] == [
        ("A site visit", 1, 3),
        ("A spare kit", 3, 1),
    ]


def test_a_plan_makes_the_agreement_planned(client, cast, deal):
    client.force_login(cast.seller)
    client.post(page_of(deal), form_of(client, deal, talk_on=timezone.localdate().isoformat()))
    assert Agreement.objects.get(deal=deal, type__key=KEY).state == AgreementState.PLANNED


def test_a_second_writing_leaves_the_first_with_its_true_time(client, cast, deal):
    client.force_login(cast.seller)
    for best in ("the log", "the log of line 2"):
        client.post(page_of(deal), form_of(client, deal, best=best))
    first, second = Plan.objects.order_by("number")
    assert (first.number, second.number) == (1, 2)
    assert first.written_at < second.written_at
    page = client.get(page_of(deal, "talk-plan")).content.decode()
    assert "the log of line 2" in page


def test_sent_twice_it_is_written_once(client, cast, deal):
    client.force_login(cast.seller)
    form = form_of(client, deal, best="the log")
    answers = [client.post(page_of(deal), form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Plan.objects.count() == 1


def test_a_late_save_shows_both_and_loses_nothing(client, cast, deal):
    client.force_login(cast.seller)
    late = form_of(client, deal, best="what the seller wrote")
    client.force_login(cast.manager)
    client.post(page_of(deal), form_of(client, deal, best="what the manager wrote"))
    client.force_login(cast.seller)
    answer = client.post(page_of(deal), late)
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "what the manager wrote" in body
    assert "what the seller wrote" in body
    client.post(page_of(deal), late | {"number": answer.context["said"]["number"]})
    assert [parts_of(plan)["best"][0].text for plan in Plan.objects.order_by("number")] == [
        "what the manager wrote",
        "what the seller wrote",
    ]


def test_a_first_writing_begun_before_another_one_was_saved_ends_as_a_late_save(client, cast, deal):
    client.force_login(cast.seller)
    mine = form_of(client, deal, best="what the seller wrote")
    client.force_login(cast.manager)
    client.post(page_of(deal), form_of(client, deal, best="what the manager wrote"))
    client.force_login(cast.seller)
    answer = client.post(page_of(deal), mine)
    assert answer.status_code == 409
    assert all(words in answer.text for words in ("what the manager wrote", "what the seller wrote"))
    assert Plan.objects.count() == 1


def test_a_plan_that_asks_for_nothing_is_refused_and_shown_again(client, cast, deal):
    client.force_login(cast.seller)
    answer = client.post(page_of(deal), form_of(client, deal, best="", minimum=" ", get="who decides"))
    assert answer.status_code == 422
    assert "at best or at least" in answer.content.decode()
    assert "who decides" in answer.content.decode()
    assert not Plan.objects.exists()


def test_what_became_known_after_the_writing_is_offered_beside_it(client, cast, deal):
    client.force_login(cast.seller)
    client.post(page_of(deal), form_of(client, deal, demand="nothing yet"))
    assert "Not in your plan: Ten percent off" in client.get(page_of(deal)).content.decode()


def test_agreements_inside_that_the_talk_needs_stand_on_the_page(client, cast, deal):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=cast.inside_partner)
    agreements.take_step(by=None, at=NOW, deal_id=deal.pk, type_key="int.terms_approval", step=step)
    client.force_login(cast.seller)
    page = client.get(page_of(deal, "talk-plan")).content.decode()
    assert "Agree inside first" in page
    assert "Lee" in page


def test_a_complete_plan_says_nothing_is_lacking(client, cast, deal):
    client.force_login(cast.seller)
    day = (timezone.localdate() + dt.timedelta(days=2)).isoformat()
    why = "She must defend the choice to the board"
    client.post(page_of(deal), form_of(client, deal, talk_on=day, why_they_would=why))
    assert client.get(page_of(deal, "talk-plan")).context["sheet"].missing == ()


def test_the_plan_opens_as_a_pdf(client, cast, deal):
    pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    client.force_login(cast.seller)
    client.post(page_of(deal), form_of(client, deal))
    answer = client.get(page_of(deal, "talk-plan-pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_without_typst_the_page_says_what_to_install(client, cast, deal, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    client.force_login(cast.seller)
    answer = client.get(page_of(deal, "talk-plan-pdf"), follow=True)
    assert "hingepoint[reports]" in html.unescape(answer.content.decode())


def rich_history(client, cast, deal):
    """Everything the form can draw on: five well-executed deals, demands answered by others, reviews, and a
    second writing."""
    for n in range(5):
        playbooks.won(cast, n)
        sold = Deal.objects.get(key=f"W-{n}")
        about = {"by": None, "at": NOW, "deal_id": sold.pk, "topic": Topic.PRICE}
        negotiation.log_demand(**about, words="Ten percent off")
        negotiation.concede(**about, what="8 percent off", in_return="a longer term")
    for best in ("the log", "the log of line 2"):
        client.post(page_of(deal), form_of(client, deal, best=best))
        plan = Plan.objects.order_by("-number").first()
        for words in ("Whose log?", "Name the line."):
            actions.review_plan(
                by=cast.manager, at=NOW, plan_id=plan.pk, verdict=Verdict.COMMENT, words=words
            )


def test_reading_and_preparing_a_plan_cost_what_their_budget_says(
    client, cast, deal, django_assert_max_num_queries
):
    client.force_login(cast.manager)
    rich_history(client, cast, deal)
    for name in ("talk-plan", "prepare-talk"):
        address = page_of(deal, name)
        with django_assert_max_num_queries(budget.statements(name)):
            page = html.unescape(client.get(address).content.decode())
    assert "will open the logs of … to us" in page
    assert "Given by others for it on 5 deals" in page


def test_every_word_to_every_writing_stays_in_its_order(client, cast, deal):
    client.force_login(cast.manager)
    rich_history(client, cast, deal)
    history = client.get(page_of(deal, "talk-plan")).context["sheet"].history
    assert [one.number for one in history.writings] == [2, 1]
    assert [(one.writing, one.words) for one in history.said] == [
        (1, "Whose log?"),
        (1, "Name the line."),
        (2, "Whose log?"),
        (2, "Name the line."),
    ]


def test_the_best_act_is_the_one_that_the_benchmark_shows(client, cast, deal):
    for n in range(5):
        playbooks.won(cast, n)
    strategy = Strategy.objects.get()
    shown = benchmarks.benchmark(type_id(), benchmarks.well_executed(strategy, today=TODAY))
    assert (shown.examples[0].act, shown.gained) == ("open the logs of … to us", 5)
    assert benchmarks.best_act(strategy, type_id(), today=TODAY) == (shown.examples[0].act, shown.gained)


def test_below_five_sellers_no_act_of_others_is_offered(client, cast, deal):
    for n in range(4):
        playbooks.won(cast, n)
    assert benchmarks.best_act(Strategy.objects.get(), type_id(), today=TODAY) == ("", 0)
