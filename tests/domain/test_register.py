"""The life of an agreement, and the trail that every change leaves."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import locks
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden, Stale

COMPLETE = {"act": "send the cost data", "person_name": "Bo", "due_on": TODAY, "evidence": Evidence.WRITTEN}


def step(cast, state=AgreementState.GAINED, *, by=None, version=None, **facts):
    taken = actions.Step(state=state, occurred_at=facts.pop("occurred_at", NOW), **facts)
    return actions.take_step(
        by=by or cast.seller,
        at=NOW,
        deal_id=cast.deal.pk,
        type_key="cust.data_access",
        step=taken,
        expected_version=version,
    )


def test_a_complete_agreement_is_gained_and_will_be_rechecked(cast):
    agreement = step(cast, **COMPLETE)
    assert (agreement.state, agreement.gained_at) == (AgreementState.GAINED, NOW)
    assert agreement.expires_on == TODAY + dt.timedelta(days=30)


@pytest.mark.parametrize("absent", COMPLETE)
def test_gained_is_refused_while_something_is_missing(cast, absent):
    with pytest.raises(actions.NotYetGained) as refused:
        step(cast, **{name: value for name, value in COMPLETE.items() if name != absent})
    assert len(refused.value.missing) == 1
    assert not Agreement.objects.exists()


def test_our_own_word_is_not_evidence_enough(cast):
    with pytest.raises(actions.NotYetGained):
        step(cast, **COMPLETE | {"evidence": Evidence.CLAIMED})


@pytest.mark.parametrize("state", [AgreementState.NOT_NEEDED, AgreementState.DECLINED])
def test_a_no_says_why(cast, state):
    with pytest.raises(actions.ReasonMissing):
        step(cast, state)
    assert step(cast, state, reason="they buy from stock").state == state


def test_what_was_said_before_stays_known(cast):
    step(cast, AgreementState.ASKED, act="send the cost data", person_name="Bo")
    agreement = step(cast, due_on=TODAY, evidence=Evidence.TOLD)
    assert agreement.act == "send the cost data"
    assert [event.state for event in agreement.events.order_by("id")] == ["asked", "gained"]


def test_a_stale_save_changes_nothing_and_shows_the_current_row(cast):
    first = step(cast, AgreementState.PLANNED)
    step(cast, AgreementState.ASKED, version=first.version)
    with pytest.raises(Stale) as late:
        step(cast, AgreementState.SOFT, version=first.version)
    assert late.value.current.state == AgreementState.ASKED


def test_a_strangers_deal_looks_like_no_deal(cast):
    with pytest.raises(Hidden):
        step(cast, AgreementState.ASKED, by=cast.stranger)


def test_every_change_leaves_a_line_and_a_changed_line_is_found(cast):
    step(cast, **COMPLETE)
    assert audit.first_broken_link() is None
    forged = AuditEvent.objects.order_by("id")[3]
    AuditEvent.objects.filter(pk=forged.pk).update(by_name="nobody")
    assert audit.first_broken_link() == forged.pk


def test_a_cut_off_tail_is_found(cast):
    AuditEvent.objects.order_by("id").last().delete()
    assert audit.first_broken_link() is not None


def test_an_upgrade_of_the_catalogue_keeps_the_companys_own_words(cast):
    actions.overlay_type(by=cast.analyst, at=NOW, key="cust.nda", own_name="Secrecy", hidden=True)
    AgreementType.objects.filter(key="cust.nda").update(name="an older shipped name")
    assert actions.load_catalogue(by=None, at=NOW) == 1
    row = AgreementType.objects.get(key="cust.nda")
    assert (str(row), row.hidden, row.name) == ("Secrecy", True, "Confidentiality terms")


@pytest.mark.parametrize("name", ["Pilot line", "PILOT LINE", "Pilot  line"])
def test_a_name_that_the_catalogue_has_is_refused(cast, name):
    add = {"by": cast.analyst, "at": NOW, "side": "customer"}
    actions.add_own_type(**add, name="Pilot line")
    with pytest.raises(actions.TypeExists, match="The catalogue has “Pilot line” already"):
        actions.add_own_type(**add, name=name)
    assert AgreementType.objects.filter(key__startswith="own.").count() == 1


def test_a_name_that_the_company_gave_a_type_is_taken_too(cast):
    actions.overlay_type(by=cast.analyst, at=NOW, key="cust.data_access", own_name="The numbers")
    with pytest.raises(actions.TypeExists, match="The numbers"):
        actions.add_own_type(by=cast.analyst, at=NOW, name="the NUMBERS", side="customer")


def test_only_keepers_change_the_catalogue(cast):
    with pytest.raises(actions.CatalogueNotYours):
        actions.overlay_type(by=cast.seller, at=NOW, key="cust.nda", hidden=True)


@pytest.mark.parametrize(
    ("facts", "days", "lapses"),
    [
        ({}, 30, False),  # days after it was to be checked again
        ({}, 31, True),
        ({"state": AgreementState.KEPT}, 300, False),
        ({"left": True}, -1, True),
    ],
)
def test_promises_lapse_overnight_when_nobody_checked_them_or_the_person_left(cast, facts, days, lapses):
    ann = deals.add_contact(
        by=None, at=NOW, account=cast.account, key="ann", name="Ann",
        left_on=TODAY + dt.timedelta(days=4) if facts.get("left") else None,
    )  # fmt: skip
    step = actions.Step(
        state=facts.get("state", AgreementState.GAINED), occurred_at=NOW, act="send it", person=ann,
        due_on=TODAY, evidence=Evidence.TOLD,
    )  # fmt: skip
    taken = actions.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )
    then = NOW + (taken.expires_on - TODAY) + dt.timedelta(days=days)
    assert actions.lapse_expired(at=then, today=then.date()) == lapses
    assert actions.lapse_expired(at=then, today=then.date()) == 0
    taken.refresh_from_db()
    assert (taken.state == "lapsed") is lapses
    if lapses:
        assert taken.events.order_by("-id").first().note
        actions.undo_step(by=cast.seller, at=then, agreement_id=taken.pk)


def test_a_hundred_promises_lapse_in_as_many_statements_as_two_in_short_transactions(cast, monkeypatch):
    monkeypatch.setattr(actions, "LAPSED_AT_ONCE", 100)

    def promised(number: int) -> None:
        for n in range(number):
            step = actions.Step(
                state=AgreementState.GAINED, occurred_at=NOW, act="send it", person_name="Bo", due_on=TODAY,
                evidence=Evidence.TOLD,
            )  # fmt: skip
            one = deal(f"L-{number}-{n}", owner=cast.seller)
            actions.take_step(by=None, at=NOW, deal_id=one.pk, type_key="cust.data_access", step=step)

    then = NOW + dt.timedelta(days=900)
    counts = []
    for number in (2, 100):
        promised(number)
        with locks.measured() as meter, CaptureQueriesContext(connection) as done:
            assert actions.lapse_expired(at=then, today=then.date()) == number
        assert len(meter.transactions) == 1
        assert meter.transactions[0].trail_last
        counts.append(len(done))
    assert counts[1] - counts[0] <= 1  # the steps go into SQLite in two statements
