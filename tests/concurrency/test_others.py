"""The rest of the house: forms sent twice, files, playbooks, findings, roles and people in the same moment."""

import datetime as dt
from functools import partial
from pathlib import Path

from django.test import Client

import playbooks
import talks
from cast import NOW
from discoveries import finished_run
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding, FindingDecision
from hingepoint.domain.imports.engine import Files
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.models import Playbook
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.people import Role
from importing import DEALS, EVENTS, run, write
from meeting import meet

LATER = NOW + dt.timedelta(hours=1)


def test_a_form_sent_twice_at_once_is_kept_once_and_answered_alike(cast):
    form = {"topic": "price", "words": "10 percent off", "known": "stated", "form_token": "one"}
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(cast.seller)
    one, other = meet(
        *[lambda client=client: client.post(f"/deals/{cast.deal.pk}/demands/new", form) for client in clients]
    )
    assert one.refused is other.refused is None
    found = DealEvent.objects.get()
    assert one.result.url == other.result.url == f"/deals/{cast.deal.pk}/demands/{found.pk}/"


def test_of_two_who_take_the_same_demand_back_one_is_told(cast):
    demand = talks.a_demand(cast)
    back = partial(deals.take_back_event, at=LATER, event_id=demand.pk)
    one, other = meet(partial(back, by=cast.seller), partial(back, by=cast.manager))
    assert one.refused is None
    assert isinstance(other.refused, deals.NothingToTakeBack)


def test_two_imports_of_one_file_bring_it_once(cast, tmp_path: Path):
    given = Files(deals=write(tmp_path, "deals.csv", DEALS), events=write(tmp_path, "events.csv", EVENTS))
    one, other = meet(lambda: run(given), lambda: run(given))
    assert one.refused is other.refused is None
    assert (one.result.created, other.result.created) == (9, 0)
    assert Deal.objects.filter(key__startswith="A-").count() == 3


def test_two_who_publish_a_playbook_publish_it_once(cast):
    book = playbooks.written(cast).playbooks.get()
    playbooks.choose(book, "cust.data_access")
    copies = [Playbook.objects.get(pk=book.pk) for _ in range(2)]
    publish = partial(strategy.publish, at=LATER)
    one, other = meet(
        partial(publish, playbook=copies[0], by=cast.analyst, note="Ada"),
        partial(publish, playbook=copies[1], by=cast.sponsor, note="Otto"),
    )
    assert one.refused is None
    assert isinstance(other.refused, strategy.Published)
    assert Playbook.objects.get().note == "Ada"


def test_what_was_published_a_moment_ago_is_not_changed(cast):
    book = playbooks.written(cast).playbooks.get()
    pivotal = playbooks.choose(book, "cust.data_access")
    mine = Playbook.objects.get(pk=book.pk)
    one, other = meet(
        lambda: strategy.publish(by=cast.analyst, at=LATER, playbook=mine, note="First."),
        lambda: strategy.set_standard(by=cast.sponsor, at=LATER, pivotal=pivotal, needed_days=99),
    )
    assert one.refused is None
    assert isinstance(other.refused, strategy.Published)
    assert book.pivotal.get().needed_days == 20


def test_two_strategies_of_one_name_are_refused_in_words(cast):
    write_ = partial(
        strategy.write_strategy,
        at=NOW,
        name="Discount less",
        statement="Sell value.",
        metric="supportive:discount<=0.15",
    )
    one, other = meet(partial(write_, by=cast.analyst), partial(write_, by=cast.sponsor))
    assert one.refused is None
    assert isinstance(other.refused, strategy.NameTaken)


def test_two_types_of_one_name_are_refused_in_words(cast):
    add = partial(agreements.add_own_type, at=NOW, name="Pilot line", side="customer")
    one, other = meet(partial(add, by=cast.analyst), partial(add, by=cast.sponsor))
    assert one.refused is None
    assert isinstance(other.refused, agreements.TypeExists)


def test_two_deciders_on_a_finding_decide_once(cast):
    finding = finished_run(cast).findings.exclude(grade__in=("none", "excluded")).first()
    told = {"run_id": finding.run_id, "key": finding.key, "expected_version": finding.version}
    decide = partial(discovery.decide, by=cast.analyst, at=LATER, note="seen in the deals", **told)
    one, other = meet(partial(decide, verdict="signed"), partial(decide, verdict="rejected"))
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert (FindingDecision.objects.count(), Finding.objects.get(pk=finding.pk).verdict) == (1, "signed")


def test_of_two_who_end_a_role_one_is_told(cast):
    role = talks.a_role(cast)
    end = partial(involvement.end_role, at=LATER, involvement_id=role.pk)
    one, other = meet(partial(end, by=cast.seller), partial(end, by=cast.manager))
    assert one.refused is None
    assert isinstance(other.refused, Hidden)


def test_two_changes_of_one_person_are_both_kept_and_counted(cast):
    copies = [User.objects.get(pk=cast.seller.pk) for _ in range(2)]
    one, other = meet(
        lambda: people.change_role(by=cast.analyst, at=NOW, user=copies[0], role=Role.MANAGER),
        lambda: people.set_active(by=cast.sponsor, at=NOW, user=copies[1], active=False),
    )
    assert one.refused is other.refused is None
    after = User.objects.get(pk=cast.seller.pk)
    assert (after.role, after.is_active, after.version) == (Role.MANAGER, False, copies[0].version + 1)


def test_two_first_corridors_are_not_merged(cast):
    from hingepoint.domain.negotiation import actions as negotiation

    figures = {"opening": 100, "target": 90, "walk_away": 80, "expected_version": 0}
    set_ = partial(negotiation.set_corridor, at=NOW, deal_id=cast.deal.pk, **figures)
    one, other = meet(partial(set_, by=cast.seller), partial(set_, by=cast.manager))
    assert one.refused is None
    assert isinstance(other.refused, Stale)
