"""Answers that read everything are kept in a large company: the same as asked at once, until something happens."""

from __future__ import annotations

import datetime as dt

import pytest

import rules
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import lists
from hingepoint.domain.discovery.queries import readiness
from hingepoint.domain.home import actions, answers
from hingepoint.domain.imports import queries as imports
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy import benchmarks, results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.upkeep import kept
from hingepoint.domain.upkeep.models import KeptAnswer
from playbooks import in_force, won

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def large(cast, monkeypatch):
    """A company that counts as large, with a strategy in force, a rule on and well-executed deals."""
    monkeypatch.setattr(actions, "LARGE", 2)
    for n in range(6):
        won(cast, n)
    in_force(cast)
    facts = {"metric": "won", "baseline": 0.2, "target": 0.4, "target_on": TODAY}
    strategy.set_target(by=cast.sponsor, at=NOW, strategy=Strategy.objects.get(), **facts)
    rules.log_arrives(cast.deal)
    rules.switched_on()
    return cast


def test_what_is_kept_is_what_is_answered_at_once(large):
    wanted = list(answers.wanted(today=TODAY, now=NOW))
    assert actions.renew_answers(at=NOW) == len(wanted) == 13

    def asked():
        raise AssertionError("it is kept")

    for one in wanted:
        assert one.question.told(asked, about=one.about) == one.ask(), one.question.name


def test_a_small_company_keeps_none(cast):
    in_force(cast)
    assert actions.renew_answers(at=NOW) == 0
    assert not KeptAnswer.objects.exists()
    assert kept.Shelf(readiness.READY).counted_at is None


def test_nothing_is_made_anew_until_something_happens_or_a_day_begins(large):
    many = actions.renew_answers(at=NOW)
    assert actions.renew_answers(at=NOW + HOUR) == 0
    assert kept.Shelf(readiness.READY).counted_at == NOW
    deals.change_deal(by=None, at=NOW, deal_id=large.deal.pk, segment="ENT")
    assert actions.renew_answers(at=NOW + HOUR) == many
    assert kept.Shelf(readiness.READY).counted_at == NOW + HOUR
    assert actions.renew_answers(at=NOW + 24 * HOUR) == many


def test_a_page_tells_what_was_kept_and_then_what_is_so(large):
    actions.renew_answers(at=NOW)
    before = imports.data_health(large.analyst).facts.deals
    deal("N-9", owner=large.seller)
    assert imports.data_health(large.analyst).facts.deals == before == Deal.objects.count() - 1
    actions.renew_answers(at=NOW)
    assert imports.data_health(large.analyst).facts.deals == Deal.objects.count()


def test_a_manager_is_told_of_the_own_teams_at_once(large):
    actions.renew_answers(at=NOW)
    KeptAnswer.objects.update(told={})
    own = coverage.in_time(large.manager, today=TODAY)
    assert own == coverage.in_time_now(large.manager, today=TODAY)
    assert own != {}


def test_the_best_act_is_the_same_kept_or_asked_at_once(large):
    strategy, kind = Strategy.objects.get(), AgreementType.objects.get(key="cust.data_access").pk
    at_once = benchmarks.best_act(strategy, kind, today=TODAY)
    actions.renew_answers(at=NOW)
    assert benchmarks.best_act(strategy, kind, today=TODAY) == at_once == ("open the logs of … to us", 6)


def test_another_target_is_told_at_once(large):
    actions.renew_answers(at=NOW)
    one = Strategy.objects.get()
    facts = {"metric": "won", "baseline": 0.2, "target": 0.5, "target_on": TODAY}
    strategy.set_target(by=large.sponsor, at=NOW, strategy=one, **facts)
    assert [each.target for each in results.progress(large.sponsor, one, today=TODAY)] == [0.5]


def test_an_answer_of_another_shape_is_asked_at_once(large):
    actions.renew_answers(at=NOW)
    KeptAnswer.objects.update(told=["of an older version"])
    assert readiness.readiness(large.analyst) == readiness.ready(large.analyst)


def test_a_page_says_since_when_its_counts_stand(large, client):
    client.force_login(large.analyst)
    assert b"Counts over all deals" not in client.get("/data-health/").content
    actions.renew_answers(at=NOW)
    for address in ("/", "/data-health/", "/discovery/", "/discovery/readiness"):
        assert "Counts over all deals are as of 2 Mar 2026" in client.get(address).content.decode(), address


@pytest.mark.parametrize("sort", ["-amount", "amount", "owner", "-close", "deal"])
def test_pages_read_from_the_end_are_the_pages_of_the_list(cast, sort):
    for n in range(9):
        deal(f"L-{n}", owner=cast.seller if n % 2 else None, amount=None if n % 3 else 1000 * n)
    every = list(lists.in_order(Deal.objects.all(), sort).values_list("pk", flat=True))
    pages = [lists.page_of(Deal.objects.all(), sort=sort, page=page, size=2) for page in range(1, 7)]
    assert [line.id for page in pages for line in page.lines] == every
