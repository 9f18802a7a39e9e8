"""Who changed what: found by person, deal, kind and day; who may read it; and what is never in it."""

import datetime as dt

import pytest
from django.db import transaction

import budget
import talks
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.actions import record
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people import actions as people
from hingepoint.records.agreements import AgreementState
from hingepoint.records.escalations import ArguesFor
from hingepoint.records.people import Role
from playbooks import in_force

KEY = "cust.data_access"
LATER = NOW + dt.timedelta(days=9)


@pytest.fixture
def changed(cast):
    """Sanna takes a step and sets a corridor, Maud lowers the amount, Ada makes Stig a manager later."""
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW, act="open the books")
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=step)
    negotiation.set_corridor(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, opening=1_000_111, target=1_000_110, walk_away=1_000_109
    )
    deals.change_deal(by=cast.manager, at=NOW, deal_id=cast.deal.pk, amount=90_000, reason="fewer seats")
    people.change_role(by=cast.analyst, at=LATER, user=cast.stranger, role=Role.MANAGER)
    return cast


def lines(client, query: str, user) -> list[tuple[str, str, str]]:
    client.force_login(user)
    found = client.get(f"/trail/?{query}").context["trail"]
    return [(line.by, line.what, line.about) for line in found.lines if line.by != "system"]


STEP = ("Sanna", "noted kind words and no act", "Early access to key data, Deal N-1")
CORRIDOR = ("Sanna", "set the corridor", "Deal N-1")
AMOUNT = ("Maud", "changed the deal", "Deal N-1")
ROLE = ("Ada", "changed their role", "Stig")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [ROLE, AMOUNT, CORRIDOR, STEP]),
        ("person=sann", [CORRIDOR, STEP]),
        ("deal=n-1", [AMOUNT, CORRIDOR, STEP]),
        ("deal=acme", [AMOUNT, CORRIDOR, STEP]),
        ("deal=nothing+like+it", []),
        ("kind=deals", [AMOUNT, CORRIDOR]),
        ("kind=agreements", [STEP]),
        ("kind=people&person=Ada", [ROLE]),
        ("since=2026-03-10", [ROLE]),
        ("until=2026-03-03", [AMOUNT, CORRIDOR, STEP]),
        ("person=maud&deal=N-1&kind=deals&since=2026-03-02&until=2026-03-02", [AMOUNT]),
        ("kind=gossip&since=soon", [ROLE, AMOUNT, CORRIDOR, STEP]),
    ],
)
def test_changes_are_found_by_person_deal_kind_and_day(client, changed, query, found):
    assert lines(client, query, changed.analyst) == found


def test_what_was_changed_from_and_to_stands_beside_it(client, changed):
    client.force_login(changed.sponsor)
    page = " ".join(client.get("/trail/").text.split())
    for words in ("100000", "90000", "fewer seats", "seller", "manager"):
        assert words in page
    assert f'href="/people/{changed.stranger.pk}/">Ada changed their role</a>' in page
    assert f'href="/deals/{changed.deal.pk}/">Maud changed the deal</a>' in page


def test_what_could_not_be_understood_is_said(client, changed):
    client.force_login(changed.analyst)
    assert "Not understood" in client.get("/trail/?since=soon").text
    assert "Not understood" not in client.get("/trail/?since=2026-03-01&page=x").text


def test_the_system_goes_by_its_name(client, changed):
    client.force_login(changed.analyst)
    found = client.get("/trail/?person=system").context["trail"]
    assert found.total > 0
    assert {line.by for line in found.lines} == {"system"}


@pytest.fixture
def everything(cast):
    """Sixty changes by Sanna, of every kind of thing that has a name of its own."""
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    agreement = agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=step)
    book = in_force(cast)
    subjects = [
        ("deal", cast.deal.pk), ("agreement", agreement.pk), ("user", cast.seller.pk), ("team", cast.north.pk),
        ("strategy", book.strategy_id), ("playbook", book.pk), ("agreement type", KEY), ("finding", f"7/{KEY}"),
        ("detection rule", "no-such"), ("run", 7), ("policy", "2"), ("catalogue", "shipped"),
    ]  # fmt: skip
    with transaction.atomic():
        for n in range(60):
            subject, subject_id = subjects[n % len(subjects)]
            record(by=cast.seller, at=NOW, action="change", subject=subject, subject_id=subject_id)
    return cast


def test_many_changes_come_in_pages_that_keep_the_filter(client, everything, django_assert_max_num_queries):
    client.force_login(everything.analyst)
    with django_assert_max_num_queries(budget.STATEMENTS):
        first = client.get("/trail/?person=Sanna")
    assert (first.context["trail"].total, len(first.context["trail"].lines)) == (60, 50)
    assert "?person=Sanna&amp;page=2" in first.text
    assert len(client.get("/trail/?person=Sanna&page=2").context["trail"].lines) == 10


def test_everything_is_called_by_its_name(client, everything):
    client.force_login(everything.analyst)
    found = client.get("/trail/?person=Sanna").context["trail"].lines
    assert {line.about for line in found} == {
        "Deal N-1", "Early access to key data, Deal N-1", "Sanna", "North", "Discount less",
        "Discount less, version 1", "Early access to key data", "Early access to key data, run 7",
        "Detection rule", "Run 7", "Rules for exceptions, version 2", "Catalogue",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["seller", "manager", "stranger", "inside_partner"])
def test_the_companys_trail_is_not_for_everybody(client, changed, who):
    client.force_login(getattr(changed, who))
    assert client.get("/trail/").status_code == 404


def test_neither_figures_of_the_corridor_nor_a_pulse_are_in_it(client, changed):
    made = talks.an_exception(changed)
    told = {"defended": True, "argues_for": ArguesFor.COMPANY}
    escalations.pulse(by=changed.inside_partner, at=NOW, escalation_id=made.pk, **told)
    assert AuditEvent.objects.filter(action="give pulse").exists()
    client.force_login(changed.analyst)
    page = client.get("/trail/").text
    assert "1000109" not in page
    assert not [by for by, _, _ in lines(client, "", changed.analyst) if by == "Lee"]


def test_a_deals_trail_is_narrowed_to_a_person_or_an_agreement(client, changed):
    client.force_login(changed.manager)
    address = f"/deals/{changed.deal.pk}/trail"
    found = client.get(address).context["found"]
    assert [line.what for line in found.trail.lines][:3] == [
        "changed the deal",
        "set the corridor",
        "noted kind words and no act",
    ]
    assert found.people == ("Maud", "Sanna", "system")
    of_maud = client.get(f"{address}?person=Maud").context["trail"]
    assert [line.by for line in of_maud.lines] == ["Maud"]
    ((agreement, name),) = found.agreements
    assert name == "Early access to key data"
    alone = client.get(f"{address}?about={agreement}").context["trail"]
    assert [line.what for line in alone.lines] == ["noted kind words and no act"]
    assert {line.subject for line in client.get(f"{address}?about=deal").context["trail"].lines} == {"deal"}
