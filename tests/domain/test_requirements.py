"""What a strategy asks of a deal: which agreements, by when, and that the past is not rewritten."""

import datetime as dt
from decimal import Decimal

import pytest

from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.domain.strategy.requirements import DealFacts, Rule, required
from hingepoint.records.agreements import AgreementState
from hingepoint.records.strategy import NeededBy
from playbooks import in_force

DEAL = DealFacts("ENT", Decimal(50_000), dt.date(2026, 1, 1), dt.date(2026, 6, 30), "shape")


def need(deal=DEAL, *, days_to_stage=None, **rule):
    facts = {"type_id": 1, "needed_by": NeededBy.DAYS_FROM_CREATION, "days": 30, "stage": ""}
    facts |= {"segments": (), "least_amount": None} | rule
    return [r.needed_by for r in required(deal, [Rule(**facts)], days_to_stage=days_to_stage or {})]


def test_days_count_from_creation():
    assert need() == [dt.date(2026, 1, 31)]


def test_days_count_back_from_the_expected_close():
    assert need(needed_by=NeededBy.DAYS_BEFORE_CLOSE, days=60) == [dt.date(2026, 5, 1)]


def test_a_stage_becomes_a_day_by_what_is_usual():
    assert need(needed_by=NeededBy.STAGE, stage="prove", days_to_stage={"prove": 40}) == [
        dt.date(2026, 2, 10)
    ]


def test_an_unknown_day_is_said_to_be_unknown():
    assert need(needed_by=NeededBy.STAGE, stage="prove") == [None]


def test_a_stage_passed_is_due_already():
    assert need(needed_by=NeededBy.STAGE, stage="access") == [DEAL.created_on]


def test_a_stage_that_the_deal_is_in_is_not_passed():
    assert need(needed_by=NeededBy.STAGE, stage=DEAL.stage) == [None]


@pytest.mark.parametrize("rule", [{"segments": ("SMB",)}, {"least_amount": Decimal(80_000)}])
def test_a_rule_that_does_not_concern_the_deal_asks_nothing(rule):
    assert need(**rule) == []


@pytest.fixture
def book(cast) -> Playbook:
    strategy = actions.write_strategy(
        by=cast.sponsor,
        at=NOW,
        name="Discount less",
        statement="Sell value.",
        metric="supportive:discount<=0.15",
        grace_days=0,
    )
    actions.put_in_force(by=cast.sponsor, at=NOW, strategy=strategy, starts_on=TODAY)
    return strategy.playbooks.get()


def publish(book):
    actions.publish(by=None, at=NOW, playbook=book)
    actions.ask_open_deals(at=NOW)


def choose(book, key, **facts):
    row = AgreementType.objects.get(key=key)
    facts = {"judgement": "the sponsor's experience", "needed_days": 20} | facts
    return actions.choose(by=None, at=NOW, playbook=book, type=row, **facts)


def test_a_published_playbook_asks_every_open_deal_once(cast, book):
    choose(book, "cust.data_access")
    publish(book)
    asked = Agreement.objects.filter(required=True)
    assert {row.deal_id for row in asked} == {cast.deal.pk, cast.foreign_deal.pk}
    assert asked[0].needed_because == "20 days after the deal was created"
    before = Agreement.objects.count()
    actions.ask_anew(by=None, at=NOW)
    assert not actions.ask_open_deals(at=NOW).changes
    assert Agreement.objects.count() == before == 2


def test_a_new_version_releases_what_it_no_longer_asks_and_keeps_what_was_gained(cast, book):
    pivotal = choose(book, "cust.data_access")
    publish(book)
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=NOW)
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    draft = actions.draft_playbook(by=cast.analyst, at=NOW, strategy=book.strategy)
    actions.drop(by=cast.analyst, at=NOW, pivotal=draft.pivotal.get())
    choose(draft, "cust.deal_sponsor")
    publish(draft)
    rows = {row.type.key: (row.required, row.state) for row in cast.deal.agreements.select_related("type")}
    assert rows == {"cust.data_access": (False, "planned"), "cust.deal_sponsor": (True, "needed")}
    assert book.pivotal.get() == pivotal


def test_a_published_version_is_never_changed(cast, book):
    pivotal = choose(book, "cust.data_access")
    publish(book)
    book.refresh_from_db()
    with pytest.raises(actions.Published):
        actions.set_standard(by=cast.analyst, at=NOW, pivotal=pivotal, needed_days=5)
    with pytest.raises(actions.Published):
        choose(book, "cust.nda")


def test_the_ninth_pivotal_agreement_is_refused(cast, book):
    for row in AgreementType.objects.all()[:8]:
        choose(book, row.key)
    with pytest.raises(actions.FullPlaybook):
        choose(book, "par.delivery")


def test_a_choice_without_finding_or_judgement_is_refused(cast, book):
    with pytest.raises(actions.WhyMissing):
        choose(book, "cust.nda", judgement=" ")


def test_an_empty_playbook_is_not_published(cast, book):
    with pytest.raises(actions.NothingToPublish):
        actions.publish(by=cast.analyst, at=NOW, playbook=book)


def test_a_metric_nobody_can_compute_is_refused(cast):
    with pytest.raises(ValueError, match="metric"):
        actions.write_strategy(by=None, at=NOW, name="X", statement="", metric="happiness")


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_only_keepers_write_strategies(cast, who):
    with pytest.raises(actions.StrategyNotYours):
        actions.write_strategy(by=getattr(cast, who), at=NOW, name="X", statement="", metric="won")


def test_the_playbook_says_for_how_long_an_agreement_is_relied_on(cast):
    in_force(cast, recheck_days=30)
    gained = {"act": "send it", "person_name": "Bo", "due_on": TODAY, "evidence": 3}
    step = agreements.Step(state=AgreementState.GAINED, occurred_at=NOW, **gained)
    take = {"deal_id": cast.deal.pk, "type_key": "cust.data_access"}
    taken = agreements.take_step(by=cast.seller, at=NOW, step=step, **take)
    assert taken.expires_on == TODAY + dt.timedelta(days=30)
    strategy = Strategy.objects.get()
    draft = actions.draft_playbook(by=cast.sponsor, at=NOW, strategy=strategy)
    actions.set_standard(by=cast.sponsor, at=NOW, pivotal=draft.pivotal.get(), recheck_days=45)
    publish(draft)
    taken.refresh_from_db()
    assert taken.expires_on == TODAY + dt.timedelta(days=45)
