"""A code that we mail to the customer shows that it is they who answer."""

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

import postbox as post
from confirming import BO, asked_of_bo
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Contact
from hingepoint.domain.proof import actions, rules
from hingepoint.domain.proof.models import Confirmation, ConfirmationCode, Proof
from hingepoint.domain.proof.tasks import mail_code
from hingepoint.records.agreements import Evidence


@pytest.fixture
def postbox(settings):
    with post.postbox(settings) as server:
        yield server


@pytest.fixture
def agreement(cast):
    return asked_of_bo(cast)


def link_to(cast, agreement) -> str:
    asked = actions.ask_customer(by=cast.seller, at=timezone.now(), agreement_id=agreement.pk)
    return f"/confirm/{rules.token_of(asked)}"


@pytest.fixture
def link(cast, agreement):
    return link_to(cast, agreement)


def code_by_mail(postbox, link) -> str:
    """Ask for a code on the page, let the worker mail it, and read it."""
    assert Client().post(f"{link}/code").status_code == 302
    actions.send_waiting_codes(at=timezone.now(), send=mail_code)
    return re.search(r"\b\d{6}\b", postbox.mails[-1].get_content())[0]


def answer(link, **said):
    return Client().post(link, {"answer": "confirmed"} | said)


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


# ---- it works ----


def test_a_yes_with_the_code_is_written_evidence_and_says_how_it_was_verified(
    client, cast, agreement, link, postbox
):
    code = code_by_mail(postbox, link)
    assert postbox.mails[-1]["To"] == BO
    assert answer(link, code=f" {code[:3]} {code[3:]} ").status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", Evidence.WRITTEN)
    kept = Proof.objects.get()
    assert (kept.strength, Confirmation.objects.get().verified) == (Evidence.WRITTEN, True)
    assert kept.words.startswith(f"Bo Berg confirmed by link, verified by a code mailed to {BO}")
    client.force_login(cast.seller)
    page = client.get(f"/deals/{agreement.deal_id}/agreements/{agreement.type_id}/").text
    assert f"verified by a code mailed to {BO}" in page


def test_without_the_code_it_counts_as_said(agreement, link, postbox):
    code_by_mail(postbox, link)
    answer(link)
    agreement.refresh_from_db()
    assert (agreement.evidence, Confirmation.objects.get().verified) == (Evidence.TOLD, False)


def test_a_yes_adds_to_what_there_was_and_never_weakens_it(agreement, link):
    agreement.evidence = Evidence.ACTED
    agreement.save()
    answer(link)
    agreement.refresh_from_db()
    assert agreement.evidence == Evidence.ACTED


def test_the_page_says_where_a_code_goes_without_telling_the_address(link, postbox):
    before = Client().get(link).text
    assert "b…@acme.example" in before
    assert BO not in before
    Client().post(f"{link}/code")
    assert "is on its way to b…@acme.example" in Client().get(link).text
    actions.send_waiting_codes(at=timezone.now(), send=mail_code)
    assert "was mailed to b…@acme.example" in Client().get(link).text


# ---- what does not verify ----


@pytest.mark.parametrize("email", ["", "sanna.privat@hinge.example", "x@HINGE.example"])
def test_an_unknown_address_and_one_of_our_own_house_get_no_code(client, cast, agreement, postbox, email):
    Contact.objects.update(email=email)
    link = link_to(cast, agreement)
    assert "Mail me a code" not in Client().get(link).text
    assert Client().post(f"{link}/code").status_code == 422
    assert not ConfirmationCode.objects.exists()
    client.force_login(cast.seller)
    page = client.get(f"/deals/{agreement.deal_id}/agreements/{agreement.type_id}/").text
    assert "no address of theirs is known to mail a code to" in page


def test_an_address_changed_after_the_link_was_made_gets_nothing(cast, agreement, link, postbox):
    Contact.objects.update(email="elsewhere@acme.example")
    code_by_mail(postbox, link)
    assert [mail["To"] for mail in postbox.mails] == [BO]


def test_without_a_mail_server_no_code_is_offered(link):
    assert "Mail me a code" not in Client().get(link).text
    assert Client().post(f"{link}/code").status_code == 404


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_none_of_us_has_a_code_mailed(client, cast, link, postbox, who):
    client.force_login(getattr(cast, who))
    assert client.post(f"{link}/code").status_code == 404
    assert not ConfirmationCode.objects.exists()


def test_a_wrong_code_is_refused_and_what_was_typed_stays(agreement, link, postbox):
    code = code_by_mail(postbox, link)
    refused = answer(link, code=another(code), words="for the press shop")
    assert refused.status_code == 422
    assert "not the newest code" in refused.text
    assert "for the press shop" in refused.text
    agreement.refresh_from_db()
    assert agreement.state == "asked"


def test_five_wrong_tries_end_a_code(agreement, link, postbox):
    code = code_by_mail(postbox, link)
    for _ in range(rules.CODE_TRIES):
        answer(link, code=another(code))
    assert answer(link, code=code).status_code == 422
    assert ConfirmationCode.objects.get().tries == rules.CODE_TRIES


def test_a_code_ends_with_its_time_and_with_the_next_one(agreement, link, postbox):
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False) as clock:
        first = code_by_mail(postbox, link)
        second = code_by_mail(postbox, link)
        if first != second:
            assert answer(link, code=first).status_code == 422
        clock.shift(rules.CODE_HOLDS)
        assert answer(link, code=second).status_code == 422


def test_the_code_of_one_link_opens_no_other(cast, agreement, link, postbox):
    code = code_by_mail(postbox, link)
    assert answer(link_to(cast, agreement), code=code).status_code == 422


def test_only_so_many_codes_are_mailed_in_an_hour_and_for_a_link(link, postbox):
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False) as clock:
        asked = []
        for _ in range(5):
            asked += [Client().post(f"{link}/code").status_code for _ in range(rules.CODES_AN_HOUR + 1)]
            clock.shift(dt.timedelta(hours=1))
    assert asked[:4] == [302, 302, 302, 429]
    assert asked.count(302) == rules.CODES_OF_LINK
    assert "Enough codes were mailed" in Client().post(f"{link}/code").text


def test_a_link_that_is_over_mails_nothing(agreement, link, postbox):
    answer(link)
    assert Client().post(f"{link}/code").status_code == 404


# ---- the mail and what is kept ----


def test_the_database_and_the_trail_hold_no_code(link, postbox):
    code = code_by_mail(postbox, link)
    assert len(ConfirmationCode.objects.get().digest) == 64
    kept = repr(
        [*ConfirmationCode.objects.values("digest", "problem"), *AuditEvent.objects.values("changes")]
    )
    assert code not in re.sub(r"[0-9a-f]{64}", "", kept)
    assert AuditEvent.objects.filter(action="ask for code", by_name="system").count() == 1


def test_each_code_is_mailed_once(link, postbox):
    code_by_mail(postbox, link)
    assert actions.send_waiting_codes(at=timezone.now(), send=mail_code) == 0
    assert len(postbox.mails) == 1


def test_a_mail_that_cannot_be_sent_is_said_and_the_answer_is_taken_without(agreement, link, postbox):
    postbox.refused.add(BO)
    Client().post(f"{link}/code")
    assert actions.send_waiting_codes(at=timezone.now(), send=mail_code) == 0
    assert "could not be sent" in Client().get(link).text
    assert answer(link).status_code == 302


def test_a_mail_server_that_is_away_is_said_too(link, postbox, settings):
    settings.EMAIL_PORT = 1
    Client().post(f"{link}/code")
    actions.send_waiting_codes(at=timezone.now(), send=mail_code)
    assert "could not be sent" in Client().get(link).text
