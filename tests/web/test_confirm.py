"""A customer confirms an agreement by a link, without an account."""

import datetime as dt
import re

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.proof import actions
from hingepoint.domain.proof.models import AnswerTry, Confirmation, Proof
from hingepoint.domain.proof.rules import read_token, token_of
from hingepoint.records.agreements import AgreementState

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


def answer(link, **said):
    return Client().post(link, said)


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


def test_a_yes_is_gained_in_writing_and_reads_so_in_the_history(client, cast, agreement, link):
    assert answer(link, answer="confirmed").status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", 3)
    assert Proof.objects.get().said_by == "Bo Berg"
    assert b"by the customer" in client.get(page_of(agreement)).content
    assert b"You confirmed this" in Client().get(link).content


def test_a_correction_is_evidence_and_leaves_the_state_to_the_seller(agreement, link):
    answer(link, answer="corrected", words="only for the press shop")
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("asked", 3)
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
