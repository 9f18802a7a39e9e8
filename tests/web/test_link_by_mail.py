"""The link by which a customer confirms goes out by mail: the link, who asks and until when, and nothing of the deal."""

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
from hingepoint.domain.people.models import User
from hingepoint.domain.proof import actions, rules
from hingepoint.domain.proof.models import Confirmation, LinkMail
from hingepoint.domain.proof.tasks import mail_links
from hingepoint.records.agreements import Evidence

CANARY = "CANARY-7731"


@pytest.fixture
def postbox(settings):
    with post.postbox(settings) as server:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"company": "Hinge Works"})
        yield server


@pytest.fixture
def agreement(cast):
    cast.deal.amount, cast.deal.name = 7_731_773, f"{CANARY} deal"
    cast.deal.save()
    return asked_of_bo(cast)


@pytest.fixture
def seller(client, cast):
    client.force_login(cast.seller)
    return client


def page_of(agreement) -> str:
    return f"/deals/{agreement.deal_id}/agreements/{agreement.type_id}/"


def new_link(seller, agreement) -> Confirmation:
    seller.post(f"{page_of(agreement)}link")
    return Confirmation.objects.latest("id")


def press(client, agreement, link):
    return client.post(f"{page_of(agreement)}link/{link.pk}/mail")


def worker() -> int:
    return mail_links(at=timezone.now())


# ---- it works ----


def test_one_press_mails_the_link_and_by_it_the_customer_answers(seller, agreement, postbox):
    link = new_link(seller, agreement)
    assert press(seller, agreement, link).status_code == 302
    assert f"On its way to {BO}" in seller.get(page_of(agreement)).text
    assert worker() == 1
    (mail,) = postbox.mails
    (address,) = re.findall(r"http://testserver(/confirm/\S+)", mail.get_content())
    assert f"Mailed to {BO}" in seller.get(page_of(agreement)).text
    assert Client().post(address, {"answer": "confirmed"}).status_code == 302
    agreement.refresh_from_db()
    assert (agreement.state, agreement.evidence) == ("gained", Evidence.TOLD)  # a link verifies nobody


def test_the_mail_says_who_asks_and_until_when_and_nothing_of_the_deal(cast, seller, agreement, postbox):
    link = new_link(seller, agreement)
    press(seller, agreement, link)
    worker()
    (mail,) = postbox.mails
    text = " ".join(mail.get_content().split())
    assert (mail["To"], mail["Reply-To"]) == (BO, cast.seller.email)
    assert mail["Subject"] == f"{cast.seller.name} of Hinge Works asks you to confirm what you agreed"
    assert f"{cast.seller.name} of Hinge Works wrote down" in text
    assert f"works until {timezone.localtime(link.expires_at):%-d %B %Y} and for one answer" in text
    for secret in (CANARY, "7731773", "7,731,773", link.act):
        assert secret not in mail.as_string()


def test_the_page_shows_the_mail_before_it_is_sent(seller, agreement, postbox):
    link = new_link(seller, agreement)
    page = seller.get(page_of(agreement)).text
    shown = re.search(r'<pre class="letter"[^>]*>(.*?)</pre>', page, re.S)[1]
    assert not postbox.mails
    press(seller, agreement, link)
    worker()
    mail = postbox.mails[0]
    sent = f"{mail['Subject']}\n\n{mail.get_content()}"
    assert _without_tokens(shown) == _without_tokens(sent)
    assert f"Or copy this into a mail to {link.person_name}" in page


def _without_tokens(text: str) -> str:
    """Return a mail without what its link carries, which is signed anew in each second."""
    return " ".join(re.sub(r"/confirm/\S+", "/confirm/…", text).split())


def test_it_is_on_record(cast, seller, agreement, postbox):
    press(seller, agreement, new_link(seller, agreement))
    told = AuditEvent.objects.get(action="mail link")
    assert (told.by_name, told.subject_id, told.changes) == (cast.seller.name, str(agreement.pk), {"to": BO})


# ---- nobody is pestered ----


def test_nobody_gets_more_than_two_mails_a_day_whatever_they_are_about(cast, seller, agreement, postbox):
    asked = [agreement, asked_of_bo(cast, "cust.baseline"), asked_of_bo(cast, "cust.executive_meeting")]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False) as clock:
        for one in asked:
            press(seller, one, new_link(seller, one))
            worker()
        assert len(postbox.mails) == rules.MAILS_A_DAY
        assert "Wait until tomorrow" in seller.get(page_of(asked[-1])).text
        clock.shift(dt.timedelta(days=1))
        press(seller, asked[-1], Confirmation.objects.latest("id"))
        worker()
    assert len(postbox.mails) == rules.MAILS_A_DAY + 1


def test_a_link_is_mailed_three_times_in_all(seller, agreement, postbox):
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False) as clock:
        link = new_link(seller, agreement)
        for _ in range(rules.MAILS_OF_LINK + 1):
            press(seller, agreement, link)
            worker()
            clock.shift(dt.timedelta(days=2))
    assert len(postbox.mails) == rules.MAILS_OF_LINK


def test_a_second_press_waits_for_the_first(seller, agreement, postbox):
    link = new_link(seller, agreement)
    press(seller, agreement, link)
    press(seller, agreement, link)
    assert worker() == 1
    assert LinkMail.objects.count() == 1


# ---- what does not go out ----


def test_a_server_that_is_away_is_tried_six_times_and_said(seller, agreement, postbox, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    press(seller, agreement, new_link(seller, agreement))
    assert worker() == 0
    assert "tried again every hour" in seller.get(page_of(agreement)).text
    for _ in range(rules.MAIL_TRIES):
        worker()
    assert LinkMail.objects.get().tries == rules.MAIL_TRIES
    assert re.search(r"Not mailed on [^<]*refused", seller.get(page_of(agreement)).text)
    settings.EMAIL_PORT = port
    press(seller, agreement, Confirmation.objects.get())  # what was given up counts for nothing
    assert worker() == 1


def test_an_address_that_the_server_refuses_is_not_tried_again(seller, agreement, postbox):
    postbox.refused.add(BO)
    press(seller, agreement, new_link(seller, agreement))
    worker()
    postbox.refused.clear()
    assert worker() == 0
    assert f"does not take mail for {BO}" in seller.get(page_of(agreement)).text


def test_a_link_that_is_withdrawn_or_answered_before_goes_nowhere(seller, agreement, postbox):
    link = new_link(seller, agreement)
    press(seller, agreement, link)
    seller.post(f"/links/{link.pk}/revoke")
    assert worker() == 0
    assert press(seller, agreement, link).status_code == 404


@pytest.mark.parametrize("email", ["", "sanna.privat@hinge.example"])
def test_without_an_address_of_theirs_there_is_only_the_link_to_copy(seller, agreement, postbox, email):
    Contact.objects.update(email=email)
    link = new_link(seller, agreement)
    page = seller.get(page_of(agreement)).text
    assert 'class="letter"' not in page
    assert "Copy this into a mail" in page
    press(seller, agreement, link)
    assert not LinkMail.objects.exists()


def test_without_a_mail_server_nothing_is_offered(seller, agreement):
    link = new_link(seller, agreement)
    assert 'class="letter"' not in seller.get(page_of(agreement)).text
    assert press(seller, agreement, link).status_code == 404


def test_only_who_may_change_the_deal_mails_its_link(cast, client, agreement, postbox):
    link = actions.ask_customer(by=cast.seller, at=timezone.now(), agreement_id=agreement.pk)
    for who in ("inside_partner", "stranger"):
        client.force_login(getattr(cast, who))
        assert press(client, agreement, link).status_code == 404
    client.logout()
    assert press(client, agreement, link).headers["Location"].startswith("/sign-in")
    assert not LinkMail.objects.exists()


def test_a_name_with_a_line_break_makes_no_header(cast, seller, agreement, postbox):
    User.objects.filter(pk=cast.seller.pk).update(name="Sanna\nBcc: all@acme.example")
    press(seller, agreement, new_link(seller, agreement))
    assert worker() == 1
    assert postbox.mails[0]["Bcc"] is None
