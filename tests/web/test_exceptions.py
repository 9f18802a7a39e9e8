"""Asking for an exception, answering it, the partner's pulse, and the page of the rules."""

import pytest
from django.utils import timezone

import opening
import talks
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Escalation, Policy, Pulse
from hingepoint.records.escalations import State

FORM = {
    "kind": "price",
    "discount": "15",
    "reason": "The budget was set before the second line was added",
    "alternatives": "training in place of price",
    "return_asked": "three-year term",
}


def ask(client, cast, **form):
    client.force_login(cast.seller)
    return client.post(f"/deals/{cast.deal.pk}/exceptions/new", FORM | form)


def answered(client, made, said, **more):
    """Answer a request as it stands now."""
    made.refresh_from_db()
    return client.post(f"/exceptions/{made.pk}/answer", {"version": made.version} | said, **more)


def test_a_seller_asks_and_sees_who_is_asked_and_why(client, cast):
    answer = ask(client, cast)
    made = Escalation.objects.get()
    assert answer.url == f"/exceptions/{made.pk}/"
    shown = client.get(answer.url).content.decode()
    assert made.discount == 0.15
    for words in ("Maud", "Fast lane", "small enough for one approver"):
        assert words in shown


def test_the_form_begins_with_what_is_known_of_the_demand(client, cast):
    demand = talks.a_demand(cast, why=talks.negotiation.Why("A rise needs a board paper"))
    client.force_login(cast.seller)
    shown = client.get(f"/deals/{cast.deal.pk}/exceptions/new?demand={demand.pk}").content.decode()
    assert "A rise needs a board paper" in shown


def test_the_form_tells_the_way_before_it_is_sent(client, cast):
    client.force_login(cast.seller)
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "way"}
    address = f"/deals/{cast.deal.pk}/exceptions/way"
    typed = FORM | {"discount": "25", "return_asked": ""}
    told = client.post(address, typed, **piece).content.decode()
    assert "it lacks what we ask in return; 25% is more than its limit of 20%." in told
    assert "Maud is asked: it is an exception." in told
    assert Escalation.objects.count() == 0
    assert (
        "Discount is no number"
        in client.post(address, FORM | {"discount": "a lot"}, **piece).content.decode()
    )


def test_without_a_script_the_way_comes_with_all_that_was_typed(client, cast):
    client.force_login(cast.seller)
    address = f"/deals/{cast.deal.pk}/exceptions/way"
    shown = client.post(address, FORM).content.decode()
    assert "Complete, and small enough for one approver." in shown
    assert f'action="/deals/{cast.deal.pk}/exceptions/new"' in shown
    assert "training in place of price" in shown
    assert 'value="15"' in shown


def test_a_request_without_a_discount_is_refused_in_its_place(client, cast):
    answer = ask(client, cast, discount="")
    assert answer.status_code == 422
    assert "which discount" in answer.content.decode()


def test_the_manager_answers_from_home(client, cast):
    ask(client, cast)
    made = Escalation.objects.get()
    client.force_login(cast.manager)
    assert "Exceptions waiting for you" in client.get("/").content.decode()
    answered(client, made, {"answer": "approved", "next": "/"})
    made.refresh_from_db()
    assert (made.state, made.granted) == (State.APPROVED, 0.15)
    assert "Exceptions waiting for you" not in client.get("/").content.decode()


def test_the_seller_hears_on_home_what_became_of_it(client, cast):
    made = talks.an_exception(cast, at=timezone.now())
    client.force_login(cast.inside_partner)
    answered(client, made, {"answer": "in_part", "words": "45 days."})
    client.force_login(cast.seller)
    assert 'id="my-exceptions"' in client.get("/").content.decode()
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "my-exceptions"}
    told = client.get("/exceptions/", **piece).content.decode()
    assert "Approved in part" in told
    assert "Lee: 45 days." in told
    client.force_login(cast.manager)
    assert "60 days" not in client.get("/exceptions/", **piece).content.decode()


def test_yes_to_less_says_how_much(client, cast):
    ask(client, cast)
    made = Escalation.objects.get()
    client.force_login(cast.manager)
    refused = answered(client, made, {"answer": "in_part"}, follow=True)
    assert "Say how much" in refused.content.decode()
    answered(client, made, {"answer": "in_part", "granted": "12"})
    assert Escalation.objects.get().granted == 0.12


def test_somebody_who_was_not_asked_cannot_answer(client, cast):
    ask(client, cast)
    client.force_login(cast.sponsor)
    address = f"/exceptions/{Escalation.objects.get().pk}/answer"
    assert client.post(address, {"answer": "approved"}).status_code == 404


def test_a_change_asks_again_and_a_late_one_is_refused(client, cast):
    ask(client, cast)
    made = Escalation.objects.get()
    address = f"/exceptions/{made.pk}/change"
    assert "15" in client.get(address).content.decode()
    client.post(address, FORM | {"discount": "18", "version": made.version})
    late = client.post(address, FORM | {"discount": "19", "version": made.version})
    assert late.status_code == 409
    assert "a moment ago" in late.content.decode()
    assert 'value="19"' in late.content.decode()
    assert Escalation.objects.get().discount == 0.18


def test_a_partner_answers_and_gives_two_taps(client, cast):
    made = talks.an_exception(cast, at=timezone.now())
    client.force_login(cast.inside_partner)
    home = client.get("/").content.decode()
    assert "60 days to pay" in home
    assert "Two taps from you" in home
    client.post(f"/exceptions/{made.pk}/pulse", {"defended": "yes", "argues_for": "both", "next": "/"})
    assert Pulse.objects.get().defended
    assert "Two taps from you" not in client.get("/").content.decode()
    answered(client, made, {"answer": "declined", "words": "Not without a guarantee."})
    made.refresh_from_db()
    assert made.state == State.DECLINED


def test_a_partner_does_not_learn_on_which_side_of_our_walk_away_it_lies(client, cast):
    talks.negotiation.set_corridor(
        by=cast.seller, at=talks.NOW, deal_id=cast.deal.pk, opening=100, target=95, walk_away=90
    )
    made = talks.an_exception(cast, discount=0.5)
    assert "walk-away" in made.lane_why
    for who, reads in ((cast.inside_partner, False), (cast.manager, True)):
        client.force_login(who)
        for address in (f"/exceptions/{made.pk}/", "/", "/exceptions/"):
            shown = client.get(address).content.decode()
            assert ("walk-away" in shown) == (reads and address != "/" and address != "/exceptions/"), address


def test_rules_are_changed_on_a_page_with_a_preview(client, cast):
    ask(client, cast)
    client.force_login(cast.analyst)
    client.post("/exceptions/rules/draft")
    limits = {"version": "2.2", "own_discount": "16", "fast_discount": "20", "fast_value": ""}
    client.post("/exceptions/rules/limits", limits)
    client.post("/exceptions/rules/add", {"approver": "sponsor", "discount_from": "25", "value_from": "1000"})
    shown = client.get("/exceptions/rules/").content.decode()
    assert "1 request would have taken another path" in shown
    assert "the discount is 25% or more and the deal is 1,000 or more" in shown
    client.post("/exceptions/rules/publish")
    assert Policy.objects.get().published_at
    refused = client.post("/exceptions/rules/limits", limits, follow=True)
    assert "There is no draft" in refused.content.decode()


def test_a_manager_reads_the_rules_and_writes_none(client, cast):
    client.force_login(cast.manager)
    assert "Draft the next version" not in client.get("/exceptions/rules/").content.decode()


def test_the_list_shows_the_pulse_to_leaders_only(client, cast):
    for who, reads in ((cast.sponsor, True), (cast.manager, True), (cast.seller, False)):
        client.force_login(who)
        assert ("What inside partners say" in client.get("/exceptions/").content.decode()) == reads


def test_who_decides_reads_where_it_lands_and_no_answer_is_louder_than_another(client, cast):
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000, cost=60_000)
    talks.negotiation.set_corridor(
        by=cast.seller, at=talks.NOW, deal_id=cast.deal.pk, opening=100_000, target=95_000, walk_away=90_000
    )
    ask(client, cast, discount="15")
    client.force_login(cast.manager)
    address = f"/exceptions/{Escalation.objects.get().pk}/"
    assert "Below the walk-away." in client.get(address).content.decode()
    opening.open_walk_away(client, cast.deal)
    page = client.get(address).content.decode()
    assert "Below the walk-away of €90,000." in page
    assert "€85,000, 15.0% off the list, margin 29.4%" in page
    waiting = client.get("/exceptions/").content.decode()
    assert 'class="button primary' not in waiting[waiting.index("Waiting for you") :]


@pytest.mark.parametrize(
    ("walk_away", "lands", "yes"),
    [(80_000, "Lands between target and walk-away.", 1), (90_000, "Lands below the walk-away.", 0)],
)
def test_a_yes_in_the_list_is_no_blind_one(client, cast, walk_away, lands, yes):
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000)
    talks.negotiation.set_corridor(
        by=cast.seller,
        at=talks.NOW,
        deal_id=cast.deal.pk,
        opening=100_000,
        target=95_000,
        walk_away=walk_away,
    )
    ask(client, cast)
    client.force_login(cast.manager)
    for address in ("/", "/exceptions/"):
        page = client.get(address).content.decode()
        assert lands in page
        assert "Nothing was given before." in page
        assert page.count("Yes, as asked") == yes


def test_something_is_asked_back_and_the_seller_says_what_came(client, cast):
    ask(client, cast)
    made = Escalation.objects.get()
    client.force_login(cast.manager)
    refused = answered(client, made, {"answer": "back"})
    assert refused.status_code == 422
    assert "Say what you want for it" in refused.content.decode()
    answered(client, made, {"answer": "back", "words": "a reference by June"})
    resting = client.get("/exceptions/").content.decode()
    assert "You asked for: a reference by June" in resting
    assert "for 1 something was asked back first: the customer gave something for 0, 1 still rests" in resting
    client.force_login(cast.seller)
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "my-exceptions"}
    assert "Maud asks for: a reference by June." in client.get("/exceptions/", **piece).content.decode()
    assert "What did the customer give?" in client.get(f"/exceptions/{made.pk}/").content.decode()
    refused = client.post(f"/exceptions/{made.pk}/back", {"came": "part"})
    assert (refused.status_code, "Say what they gave" in refused.content.decode()) == (422, True)
    client.post(f"/exceptions/{made.pk}/back", {"came": "part", "words": "a visit"})
    client.force_login(cast.manager)
    page = client.get(f"/exceptions/{made.pk}/").content.decode()
    assert "They gave a part, or something else: a visit" in page
    assert 'id="answer"' in page
    assert client.get("/exceptions/").content.decode().count("With the seller") == 0


def test_only_who_sees_the_deal_says_what_came(client, cast):
    made = talks.a_returned_exception(cast)
    for who, status in ((cast.inside_partner, 404), (cast.stranger, 404), (cast.seller, 302)):
        client.force_login(who)
        assert client.post(f"/exceptions/{made.pk}/back", {"came": "nothing"}).status_code == status


def test_what_is_asked_back_is_the_first_of_four_equal_answers(client, cast):
    made = talks.an_exception(cast)
    client.force_login(cast.inside_partner)
    page = client.get(f"/exceptions/{made.pk}/").content.decode()
    offered = [
        page.index(f'name="answer" value="{each}"') for each in ("back", "in_part", "approved", "declined")
    ]
    assert offered == sorted(offered)
    assert "checked" not in page[page.index('id="answer"') :]
