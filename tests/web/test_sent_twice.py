"""A form sent twice is kept once; the same fact noted again is asked about, and either answer is possible."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

import talks
from cast import NOW
from forms import token_in
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation.models import Reason
from hingepoint.domain.proof.models import Proof

YESTERDAY = timezone.localdate() - dt.timedelta(days=1)
DEMAND = {"topic": "price", "words": "10 percent off", "asked_by": "Bo Lind", "known": "stated"}
CONCESSION = {"topic": "extras", "what": "Training", "value": "1000", "in_return": "x", "anyway": "on"}
WISH = {"kind": "price", "discount": "25", "reason": "their board caps what may be spent"}


@pytest.fixture
def seller(client, cast):
    client.force_login(cast.seller)
    return client


def noting(cast, what: str) -> tuple[str, str, dict, type]:
    """Return where the form stands, where it is sent, what it says, and the table of what it makes."""
    deal = f"/deals/{cast.deal.pk}"
    visit = {"executive": cast.other_manager.pk, "what": "Visit", "words": "at the plant"}
    role = {"executive": cast.other_manager.pk, "purpose": "value", "aim": "hear what must be different"}
    return {
        "demand": (f"{deal}/demands/new", f"{deal}/demands/new", DEMAND, DealEvent),
        "concession": (f"{deal}/concessions/new", f"{deal}/concessions/new", CONCESSION, DealEvent),
        "activity": (f"{deal}/help", f"{deal}/executives/activity", visit, DealEvent),
        "exception": (f"{deal}/exceptions/new", f"{deal}/exceptions/new", WISH, Escalation),
        "note": (f"{deal}/work", f"{deal}/coaching", {"note": "Call me before you go."}, CoachingNote),
        "role": (f"{deal}/executives/new", f"{deal}/executives/new", role, Involvement),
    }[what]


ASKED = ["demand", "concession", "activity", "exception", "note"]


@pytest.mark.parametrize("what", [*ASKED, "role"])
def test_the_same_form_sent_twice_is_kept_once_and_answered_alike(seller, cast, what):
    page, address, said, model = noting(cast, what)
    form = said | {"form_token": token_in(seller.get(page))}
    answers = [seller.post(address, form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].url == answers[1].url
    assert model.objects.count() == 1


@pytest.mark.parametrize("what", ASKED)
def test_the_same_noted_in_a_second_form_is_asked_about_with_all_that_was_typed(seller, cast, what):
    page, address, said, model = noting(cast, what)
    for _ in range(2):
        asked = seller.post(address, said | {"form_token": token_in(seller.get(page))})
    assert asked.status_code == 409
    shown = asked.content.decode()
    assert "You noted the same today." in shown
    for name, value in said.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in shown
    assert model.objects.count() == 1


@pytest.mark.parametrize(("answer", "kept"), [("yes", 2), ("no", 1)])
@pytest.mark.parametrize("what", ASKED)
def test_either_answer_is_taken(seller, cast, what, answer, kept):
    page, address, said, model = noting(cast, what)
    first = seller.post(address, said | {"form_token": token_in(seller.get(page))})
    second = said | {"form_token": token_in(seller.get(page)), "second": answer}
    answers = [seller.post(address, second) for _ in range(2)]  # the answer too may be sent twice
    assert model.objects.count() == kept
    assert [each.status_code for each in answers] == [302, 302]
    assert (answers[0].url == first.url) == (kept == 1 or what in ("concession", "activity", "note"))


def test_two_demands_of_one_topic_for_the_same_past_day_are_two(seller, cast):
    address = f"/deals/{cast.deal.pk}/demands/new"
    for words in ("10 percent off", "60 days to pay"):
        seller.post(address, DEMAND | {"words": words, "happened_on": YESTERDAY})
    assert sorted(DealEvent.objects.values_list("note", flat=True)) == ["10 percent off", "60 days to pay"]


def test_two_concessions_of_different_worth_for_the_same_past_day_are_two(seller, cast):
    address = f"/deals/{cast.deal.pk}/concessions/new"
    for value in ("1000", "5000"):
        seller.post(address, CONCESSION | {"value": value, "happened_on": YESTERDAY})
    assert sorted(DealEvent.objects.values_list("value", flat=True)) == [1_000, 5_000]


def test_a_form_one_goes_back_to_and_changes_is_another_fact(seller, cast):
    address = f"/deals/{cast.deal.pk}/demands/new"
    token = token_in(seller.get(address))
    for words in ("10 percent off", "12 percent off"):
        seller.post(address, DEMAND | {"words": words, "form_token": token})
    assert DealEvent.objects.count() == 2


def test_what_was_taken_back_can_be_noted_again(seller, cast):
    address = f"/deals/{cast.deal.pk}/demands/new"
    seller.post(address, DEMAND | {"happened_on": YESTERDAY})
    seller.post(f"/deals/{cast.deal.pk}/talks/{DealEvent.objects.get().pk}/take-back")
    seller.post(address, DEMAND | {"happened_on": YESTERDAY})
    assert DealEvent.objects.standing().count() == 1


def test_somebody_elses_token_brings_nothing_of_theirs(client, cast):
    address = "/deals/{}/demands/new"
    for who, deal in ((cast.seller, cast.deal), (cast.stranger, cast.foreign_deal)):
        client.force_login(who)
        client.post(address.format(deal.pk), DEMAND | {"form_token": "guessed"})
    assert set(DealEvent.objects.values_list("deal_id", flat=True)) == {cast.deal.pk, cast.foreign_deal.pk}


def test_who_noted_the_same_is_named_when_it_was_a_colleague(client, cast):
    address = f"/deals/{cast.deal.pk}/demands/new"
    for who in (cast.manager, cast.seller):
        client.force_login(who)
        asked = client.post(address, DEMAND)
    assert "Maud noted the same today." in asked.content.decode()


def test_a_reason_sent_twice_is_written_once(seller, cast):
    demand = talks.a_demand(cast)
    address = f"/deals/{cast.deal.pk}/demands/{demand.pk}/"
    form = {"why": "A rise needs a board paper", "known": "stated", "said_by": "Ida Falk"}
    form |= {"form_token": token_in(seller.get(address))}
    assert [seller.post(address, form).status_code for _ in range(2)] == [302, 302]
    assert Reason.objects.count() == 1


def step_form(cast) -> tuple[str, dict]:
    address = f"/deals/{cast.deal.pk}/agreements/{AgreementType.objects.get(key='cust.data_access').pk}/"
    said = {"state": "gained", "act": "send the log", "person_name": "Bo", "due_on": "2999-04-01"}
    return address, said | {"evidence": "3", "version": 0}


def test_a_step_sent_twice_is_taken_once_and_proven_once(seller, cast):
    address, said = step_form(cast)
    form = said | {"proof_words": "We send it on Monday.", "form_token": token_in(seller.get(address))}
    assert [seller.post(address, form).status_code for _ in range(2)] == [302, 302]
    assert (AgreementEvent.objects.count(), Proof.objects.count()) == (1, 1)


def test_where_the_proof_cannot_be_kept_nothing_is_gained(seller, cast, settings, tmp_path, monkeypatch):
    """The disk is full when the row of the proof is written: no step, no row, no line of the trail, no file."""
    settings.MEDIA_ROOT = tmp_path

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Proof.objects, "create", full)
    address, said = step_form(cast)
    before = AuditEvent.objects.count()
    form = said | {"proof_file": SimpleUploadedFile("minutes.txt", b"Bo: we send it on Monday.")}
    answer = seller.post(address, form)
    assert (answer.status_code, "The disk of this server is full" in answer.text) == (503, True)
    assert not Agreement.objects.exists()
    assert AuditEvent.objects.count() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_request_changed_since_it_was_read_is_not_answered(client, cast):
    asked = talks.an_exception(cast)
    client.force_login(cast.inside_partner)
    address = f"/exceptions/{asked.pk}/"
    version = client.get(address).context["one"].version
    wish = escalations.wish_of(asked)
    escalations.revise(by=cast.seller, at=NOW, escalation_id=asked.pk, wish=wish)
    answer = client.post(f"{address}answer", {"answer": "approved", "version": version, "next": "/"})
    assert answer.status_code == 409
    assert "changed a moment ago" in answer.content.decode()
    assert Escalation.objects.get().state == "open"
