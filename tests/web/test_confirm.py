"""A customer confirms an agreement by a link, without an account."""

import datetime as dt
import ipaddress
import re

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from cast import NOW, PASSWORD
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.proof import actions
from hingepoint.domain.proof.models import Answer, AnswerTry, Confirmation, Proof
from hingepoint.domain.proof.rules import read_token, token_of
from hingepoint.records.agreements import AgreementState
from hingepoint.web.sign_in import WORKS_HERE

CANARY = "CANARY-7731"


@pytest.fixture
def agreement(cast):
    """Asked of Bo, with everything around it that must never leave the house."""
    cast.deal.amount = 7_731_773
    cast.deal.name = f"{CANARY} deal"
    cast.deal.discount = 0.7731
    cast.deal.save()
    cast.account.name = f"{CANARY} account"
    cast.account.save()
    step = agreements.Step(
        state=AgreementState.ASKED,
        occurred_at=NOW,
        act="send the cost data",
        person_name="Bo Berg",
        due_on=dt.date(2999, 1, 1),
        reason=f"{CANARY} reason",
        owed_in_return=f"{CANARY} return",
        note=f"{CANARY} note",
    )
    return agreements.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )


def page_of(agreement) -> str:
    return f"/deals/{agreement.deal_id}/agreements/{agreement.type_id}/"


@pytest.fixture
def link(client, cast, agreement) -> str:
    client.force_login(cast.seller)
    client.post(f"{page_of(agreement)}link")
    return f"/confirm/{token_of(Confirmation.objects.latest('id'))}"


def answer(link, *, forwarded="", **said):
    return Client().post(link, said, HTTP_X_FORWARDED_FOR=forwarded)


def everything() -> list:
    """Return all that an answer could leave behind."""
    tables = (Agreement, AgreementEvent, AuditEvent, Confirmation, Proof, AnswerTry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def without_tokens(html):
    """Return the page without its random tokens, in which any three letters may stand by chance."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)


def test_the_seller_finds_the_link_on_the_page(client, cast, agreement, link):
    shown = re.search(r"/confirm/([\w:-]+)", client.get(page_of(agreement)).content.decode())
    assert read_token(shown[1]) == Confirmation.objects.get().pk  # signed anew in each second


def test_the_customer_sees_the_agreement_and_nothing_else(agreement, link):
    content = without_tokens(Client().get(link).content.decode())
    for shown in ("Bo Berg", "send the cost data", "1 Jan 2999", "Sanna"):
        assert shown in content
    for hidden in (CANARY, "7731", "7,731", "Acme", "access to", "@hinge.example", "EUR"):
        assert hidden.lower() not in content.lower(), hidden


def test_what_is_written_later_stays_hidden(cast, agreement, link):
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW, act=f"{CANARY} act")
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    assert CANARY not in Client().get(link).content.decode()


def test_looking_changes_nothing(agreement, link):
    before = list(Agreement.objects.values()), list(Confirmation.objects.values())
    for method in ("get", "head"):
        assert getattr(Client(), method)(link).status_code == 200
    assert (list(Agreement.objects.values()), list(Confirmation.objects.values())) == before
    assert not AnswerTry.objects.exists()


def test_a_yes_is_gained_as_said_and_reads_so_in_the_history(client, cast, agreement, link):
    assert answer(link, answer="confirmed").status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", 2)
    assert Proof.objects.get().said_by == "Bo Berg"
    assert b"by the customer" in client.get(page_of(agreement)).content
    assert b"You confirmed this" in Client().get(link).content


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor", "inside_partner", "stranger"])
def test_the_click_of_one_of_us_leaves_no_trace_of_the_customers_word(client, cast, agreement, link, who):
    client.force_login(getattr(cast, who))
    before = everything()
    answered = client.post(link, {"answer": "confirmed", "words": "yes, yes"})
    assert answered.status_code == 403
    assert "Only the customer answers here" in answered.content.decode()
    assert everything() == before


def test_one_of_us_reads_why_there_is_no_form_and_the_link_stays_valid(client, cast, agreement, link):
    client.force_login(cast.seller)
    page = client.get(link).content.decode()
    assert "You are signed in as Sanna: the link stays valid, so send it to Bo Berg." in page
    assert "Send your answer" not in page
    assert answer(link, answer="confirmed").status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", 2)


def test_nobody_who_is_signed_in_answers_by_another_way_in(cast, agreement, link):
    before = everything()
    with pytest.raises(actions.NotTheCustomer):
        actions.answer(by=cast.seller, at=NOW, token=link.split("/")[-1], answer=Answer.CONFIRMED)
    assert everything() == before


def test_an_answer_keeps_when_and_from_where_it_came_and_that_nobody_was_checked(
    client, cast, agreement, link
):
    Client(REMOTE_ADDR="203.0.113.7").post(link, {"answer": "confirmed"})
    kept = Confirmation.objects.get()
    assert (kept.answered_from, kept.answered_where_we_work) == ("203.0.113.7", False)
    assert kept.answered_at is not None
    assert "Bo Berg confirmed by link, not verified, from 203.0.113.7" in (
        client.get(page_of(agreement)).content.decode()
    )
    assert Proof.objects.get().words == "Bo Berg confirmed by link, not verified: send the cost data"


def test_an_answer_from_a_browser_in_which_one_of_us_had_signed_in_counts_as_told(client, cast, agreement):
    browser = Client()
    browser.post("/sign-in", {"username": cast.seller.email, "password": PASSWORD})
    browser.post(f"{page_of(agreement)}link")
    token = token_of(Confirmation.objects.get())
    browser.post("/sign-out")
    assert browser.post(f"/confirm/{token}", {"answer": "confirmed"}).status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", 2)
    assert Proof.objects.get().strength == 2
    client.force_login(cast.seller)
    page = client.get(page_of(agreement)).content.decode()
    assert "in a browser in which one of us had signed in: it counts as said" in page


def test_only_the_customers_page_is_told_who_works_here(cast, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = Client().post("/sign-in", {"username": cast.seller.email, "password": PASSWORD}).cookies
    told = {
        name: cookie[f"__Secure-{WORKS_HERE}"][name] for name in ("path", "httponly", "samesite", "secure")
    }
    assert told == {"path": "/confirm/", "httponly": True, "samesite": "Lax", "secure": True}


def test_a_wrong_password_does_not_make_a_browser_ours(cast):
    refused = Client().post("/sign-in", {"username": cast.seller.email, "password": "guessed"})
    assert WORKS_HERE not in refused.cookies


def test_what_is_confirmed_is_what_was_sent_whatever_was_written_since(cast, agreement, link):
    step = agreements.Step(
        state=AgreementState.ASKED, occurred_at=NOW, act="pay twice", due_on=dt.date(2999, 2, 2)
    )
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    answer(link, answer="confirmed")
    agreement.refresh_from_db()
    assert (agreement.act, agreement.due_on) == ("send the cost data", dt.date(2999, 1, 1))
    kept = Confirmation.objects.get()
    assert (kept.act, kept.person_name, kept.due_on) == (
        "send the cost data", "Bo Berg", dt.date(2999, 1, 1),
    )  # fmt: skip


def test_a_correction_is_evidence_and_leaves_the_state_to_the_seller(agreement, link):
    answer(link, answer="corrected", words="only for the press shop")
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("asked", 2)
    assert "only for the press shop" in Proof.objects.get().words


def test_a_no_declines_with_their_reason(agreement, link):
    answer(link, answer="declined", words="we never said so")
    agreement.refresh_from_db()
    assert (agreement.state, agreement.reason) == ("declined", "we never said so")


@pytest.mark.parametrize(
    "said", [{"answer": "corrected"}, {"answer": "declined", "words": " "}, {}, {"answer": "maybe"}]
)
def test_an_answer_that_says_too_little_is_not_taken(agreement, link, said):
    assert answer(link, **said).status_code == 422
    agreement.refresh_from_db()
    assert agreement.state == "asked"


def test_a_link_is_good_for_one_answer(agreement, link):
    answer(link, answer="confirmed")
    answer(link, answer="declined", words="changed my mind")
    agreement.refresh_from_db()
    assert agreement.state == "gained"


def test_a_withdrawn_link_is_over(client, cast, agreement, link):
    client.post(f"/links/{Confirmation.objects.get().pk}/revoke")
    assert Client().get(link).status_code == 404
    assert answer(link, answer="confirmed").status_code == 404


def test_a_new_link_ends_the_old_one(client, cast, agreement, link):
    client.post(f"{page_of(agreement)}link")
    assert Client().get(link).status_code == 404


def test_an_expired_link_is_over(agreement, link):
    Confirmation.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert answer(link, answer="confirmed").status_code == 404
    agreement.refresh_from_db()
    assert agreement.state == "asked"


@pytest.mark.parametrize(
    "token",
    ["1", "x" * 300, signing.dumps(1), signing.dumps(1, salt="other")],
    ids=["short", "long", "signed for nothing", "signed for another use"],
)
def test_a_link_that_we_did_not_sign_opens_nothing(agreement, link, token):
    assert Client().get(f"/confirm/{token}").status_code == 404


def test_answers_from_one_address_are_limited(agreement, link):
    for _ in range(actions.TRIES):
        answer(link, answer="corrected")
    assert answer(link, answer="confirmed").status_code == 429
    agreement.refresh_from_db()
    assert agreement.state == "asked"


def test_behind_a_proxy_one_customers_answers_do_not_refuse_anothers(agreement, link, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    for _ in range(actions.TRIES):
        answer(link, answer="corrected", forwarded="203.0.113.9")
    assert answer(link, answer="confirmed", forwarded="1.1.1.1, 203.0.113.9").status_code == 429
    assert answer(link, answer="confirmed", forwarded="198.51.100.7").status_code == 302
    agreement.refresh_from_db()
    assert agreement.state == "gained"


def test_an_agreement_without_act_person_and_date_has_no_link(client, cast):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, act="send it")
    bare = agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    client.force_login(cast.seller)
    answer = client.post(f"{page_of(bare)}link", follow=True)
    assert b"Write down first: who, by when." in answer.content
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "other_manager", "inside_partner"])
def test_a_stranger_neither_makes_nor_withdraws_a_link(client, cast, agreement, link, who):
    client.force_login(getattr(cast, who))
    assert client.post(f"{page_of(agreement)}link").status_code == 404
    assert client.post(f"/links/{Confirmation.objects.get().pk}/revoke").status_code == 404
    assert Confirmation.objects.get().revoked_at is None


def test_the_page_lets_the_browser_say_where_an_answer_comes_from_but_tells_no_other_site(agreement, link):
    """Under no-referrer a browser sends ``Origin: null``, and the answer would be refused."""
    assert Client().get(link)["Referrer-Policy"] == "same-origin"


def test_the_answer_needs_our_own_form(agreement, link):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link, {"answer": "confirmed"}).status_code == 403
