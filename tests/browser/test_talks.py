"""A demand on a phone: logged, traded, an exception asked for; the manager answers, the partner pulses."""

import re

import talks
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Escalation, Pulse
from hingepoint.domain.negotiation.queries import log
from hingepoint.records.escalations import State


def test_a_seller_logs_a_demand_and_a_trade_and_asks_for_an_exception(visit, axe, screenshots, cast):
    talks.legal_is_asked_about_terms(cast)
    window = visit(cast.seller, size="phone")
    page = window.open(f"/deals/{cast.deal.pk}/")
    page.get_by_role("link", name="Log a demand").first.click()
    page.get_by_label("Payment").check()
    page.get_by_label("In their words").fill("60 days to pay")
    page.get_by_label("Who asked").fill("Bo Lind")
    page.get_by_label("Why do they need it?").fill("The money comes from next year's budget")
    page.get_by_text("They said it", exact=True).click()
    assert axe(page) == []
    page.get_by_role("button", name="Log it").click()
    page.get_by_role("heading", name="60 days to pay").wait_for()
    assert not window.is_too_wide()
    screenshots(window, "demand-phone")
    (demand,) = log.demands(cast.seller, cast.deal.pk)
    assert demand.reason_known

    page.get_by_role("link", name="Note a concession").click()
    page.get_by_label("What exactly").fill("Half on order")
    page.get_by_label("What it costs us").fill("1500")
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("Nothing came back for it").wait_for()
    assert axe(page) == []
    page.get_by_label("In return for").fill("a three-year term")
    page.get_by_role("button", name="Keep it all the same").click()
    page.get_by_text("In return: a three-year term").wait_for()
    assert not window.is_too_wide()

    page.get_by_role("link", name="60 days to pay").click()
    page.get_by_role("link", name="Ask for an exception").click()
    page.get_by_label("What you tried instead").fill("half on order, half at acceptance")
    page.get_by_label("What we ask in return").fill("three-year term")
    assert axe(page) == []
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Complete, and small enough").wait_for()
    assert not window.is_too_wide()
    assert Escalation.objects.get().reason == "The money comes from next year's budget"


def test_the_manager_answers_on_home_and_the_partner_pulses_in_two_taps(visit, axe, screenshots, cast):
    made = talks.an_exception(cast, at=talks.now(), reason="")
    page = visit(cast.manager).open("/")
    page.get_by_role("heading", name="Exceptions waiting for you").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Yes, as asked", exact=True).click()
    page.get_by_text(re.compile("your answer is kept. Others are still asked")).wait_for()

    window = visit(cast.inside_partner, size="phone", theme="dark")
    page = window.open("/")
    screenshots(window, "partner-phone")
    assert axe(page) == []
    assert not window.is_too_wide()
    page.locator(".pulse .choice", has_text="Yes").click()
    page.locator(".pulse").get_by_role("button", name="Both").click()
    page.get_by_text("It counts only together").wait_for()
    page.get_by_role("button", name="Yes, as asked", exact=True).click()
    page.get_by_text("The seller sees it now").wait_for()
    made.refresh_from_db()
    assert (made.state, Pulse.objects.get().argues_for) == (State.APPROVED, "both")


def test_the_way_follows_what_is_typed_and_something_is_asked_back(
    visit, axe, shortcomings, screenshots, cast
):
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000, cost=60_000)
    talks.negotiation.set_corridor(
        by=cast.seller, at=talks.now(), deal_id=cast.deal.pk, opening=100_000, target=95_000, walk_away=80_000
    )
    seller = visit(cast.seller)
    page = seller.open(f"/deals/{cast.deal.pk}/exceptions/new")
    page.locator("#f-discount").fill("25")
    page.get_by_text(
        "it lacks a reason, what was tried instead, what we ask in return and a price above"
    ).wait_for()
    page.locator("#f-discount").fill("15")
    page.get_by_label("Why they need it").fill("Their budget was set before the second line came")
    page.get_by_text("it lacks what was tried instead and what we ask in return.").wait_for()
    screenshots(seller, "exception-way")
    assert shortcomings(seller) == []
    page.get_by_role("button", name="Send the request").click()
    made = Escalation.objects.get()

    manager = visit(cast.manager)
    page = manager.open("/")
    assert page.get_by_role("button", name="Yes, as asked").count() == 0
    screenshots(manager, "exception-at-a-glance")
    page.get_by_role("link", name="Weigh it and answer").click()
    page = manager.open(f"/exceptions/{made.pk}/")  # at its top: what lies under the head cannot be touched
    screenshots(manager, "exception-decide")
    assert shortcomings(manager) == []
    page.locator("label.choice", has_text="Ask for something back").click()
    page.get_by_label("In a few words").fill("A reference by June, then I say yes.")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("It comes back to you when").wait_for()

    page = seller.open("/")
    page.get_by_role("link", name="Say what they gave").click()
    page = seller.open(f"/exceptions/{made.pk}/")
    screenshots(seller, "exception-asked-back")
    assert shortcomings(seller) == []
    seller.look(size="desktop", theme="light")
    page.get_by_label("They gave it").check()
    page.get_by_role("button", name="Send it back").click()
    page.get_by_text("waits for an answer again").wait_for()
    made.refresh_from_db()
    assert made.state == State.OPEN
    page = manager.open("/exceptions/")
    assert axe(page) == []
    screenshots(manager, "exceptions-list")


def test_it_works_without_a_script_and_the_brief_is_one_readable_page(visit, axe, cast):
    role = talks.a_role(cast)
    page = visit(cast.seller, size="phone", script=False).open(f"/deals/{cast.deal.pk}/")
    page.get_by_role("link", name="Exceptions and executives").click()
    page.get_by_role("link", name="Brief").click()
    page.get_by_role("heading", name="What to leave alone").wait_for()
    assert axe(visit(cast.seller).open(f"/executives/{role.pk}/brief")) == []
