"""Answers that read everything are kept in a large company: the same as asked at once, until something happens."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import locks
import rules
from cast import NOW, TODAY, deal
from hingepoint.analysis.coverage import together
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements import touched
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.words import SENTENCES
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import lists
from hingepoint.domain.deals.queries.by_team import NO_TEAM
from hingepoint.domain.discovery.queries import readiness
from hingepoint.domain.home import actions, answers, standing
from hingepoint.domain.home.queries import question_budget
from hingepoint.domain.imports import health
from hingepoint.domain.imports import queries as imports
from hingepoint.domain.plans import actions as planning
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy import benchmarks, results
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.trail import actions as trail
from hingepoint.domain.upkeep import kept
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.domain.upkeep.writes import WRITES
from hingepoint.jobs import minutely
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from playbooks import in_force, won
from snapshot import made_once

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def large(cast, monkeypatch):
    """A company that counts as large, with a strategy in force, a rule on and well-executed deals."""
    monkeypatch.setattr(actions, "LARGE", 2)
    well_executed(cast)
    return cast


@made_once
def well_executed(cast) -> None:
    for n in range(6):
        won(cast, n)
    in_force(cast)
    facts = {"metric": "won", "baseline": 0.2, "target": 0.4, "target_on": TODAY}
    strategy.set_target(by=cast.sponsor, at=NOW, strategy=Strategy.objects.get(), **facts)
    rules.log_arrives(cast.deal)
    rules.switched_on()


def test_what_is_kept_is_what_is_answered_at_once(large):
    wanted = list(answers.wanted(today=TODAY, now=NOW))
    assert actions.renew_answers(at=NOW) == len(wanted) == 22

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


def test_what_no_answer_reads_makes_none_anew_but_the_one_that_reads_the_trail(large):
    actions.renew_answers(at=NOW)
    trail.note_taken_away(by=large.analyst, at=NOW, page="deals", name="deals.csv")
    assert actions.renew_answers(at=NOW + HOUR) == 1
    assert [row.name for row in KeptAnswer.objects.filter(made_at=NOW + HOUR)] == [
        question_budget.COUNTED.name
    ]


def test_what_the_trail_tells_apart_is_told_by_it():
    assert SENTENCES.keys() >= touched.APART
    assert {subject for subject, _ in WRITES} <= SENTENCES.keys()
    assert all(f"domain_{table}" in locks.READ_BY_KEPT_ANSWERS for of in WRITES.values() for table in of)


def steps(cast) -> None:
    said = agreements.Step(state=AgreementState.DECLINED, occurred_at=NOW, reason="they may not")
    agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=said)


def notes(cast) -> None:
    news = {"kind": EventKind.ESCALATION, "name": "price", "occurred_at": NOW}
    deals.note_event(by=None, at=NOW, deal_id=cast.deal.pk, **news)


def coaches(cast) -> None:
    said = coaching.Said("Name a day", "Call Bo", TODAY + 24 * 3 * HOUR, "12 Feb: asked")
    about = {"deal_id": cast.deal.pk, "type_key": "cust.data_access"}
    coaching.hold_session(by=cast.manager, at=NOW, said=said, **about)


def plans(cast) -> None:
    about = {"deal_id": cast.deal.pk, "type_key": "cust.data_access", "talk_on": TODAY}
    planning.write_plan(by=cast.seller, at=NOW, best="the log", **about)


@pytest.mark.parametrize(
    ("act", "stand"),
    [
        (steps, {"results", "results seen", "names in traces", "usual value of ended deals"}),
        (notes, {"readiness", "use of types", "benchmark", "deals asked by team", "gained in time by team"}),
        (
            coaches,
            {
                "readiness",
                "use of types",
                "benchmark",
                "facts on record",
                "results",
                "agreements seen",
                "forecast",
            },
        ),
        (plans, {"names in traces"}),
    ],
)
def test_what_stands_after_an_everyday_act_is_what_is_counted_now(large, act, stand):
    actions.renew_answers(at=NOW)
    act(large)
    kept_now = standing.Kept()
    stands = [one for one in answers.wanted(today=TODAY, now=NOW) if kept_now.stands(one, TODAY)]
    assert {one.question.name for one in stands} >= stand
    for one in stands:
        assert one.question.opened(kept_now.rows[one.place]) == one.ask(), one.question.name
    assert actions.renew_answers(at=NOW + HOUR) == 22 - len(stands)


def test_the_tables_that_answers_read_are_those_that_every_action_is_held_to(large):
    for one in answers.wanted(today=TODAY, now=NOW):
        with CaptureQueriesContext(connection) as asked:
            one.ask()
        read = {name for query in asked for name in re.findall(r'"?(domain_\w+)"?', query["sql"])}
        if one.apart:
            assert read <= locks.READ_BY_KEPT_ANSWERS, sorted(read - locks.READ_BY_KEPT_ANSWERS)
        if one.reads is not None:
            beyond = read - {f"domain_{table}" for table in one.reads}
            assert not beyond, (one.question.name, beyond)


def test_what_no_page_finds_yet_is_made_within_the_minute(large):
    many = actions.make_missing_answers(at=NOW)
    assert many == KeptAnswer.objects.count() == 22
    deals.change_deal(by=None, at=NOW, deal_id=large.deal.pk, segment="ENT")
    assert actions.make_missing_answers(at=NOW + HOUR) == 0  # what is old waits for its hour
    facts = {"metric": "won", "baseline": 0.2, "target": 0.5, "target_on": TODAY}
    strategy.set_target(by=large.sponsor, at=NOW, strategy=Strategy.objects.get(), **facts)
    assert actions.make_missing_answers(at=NOW + HOUR) == 2  # the results, and month by month
    assert actions.make_missing_answers in minutely.JOBS


def test_a_killed_renewal_has_kept_what_it_made(large, monkeypatch):
    monkeypatch.setattr(health, "facts", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.renew_answers(at=NOW)
    assert KeptAnswer.objects.count() == 2  # those before it
    monkeypatch.undo()
    monkeypatch.setattr(actions, "LARGE", 2)
    assert actions.renew_answers(at=NOW) == 20


def test_some_that_stand_are_counted_again_and_one_that_is_otherwise_is_named(large, monkeypatch):
    assert standing.compared(today=TODAY) == standing.Compared(0, 0, ())
    actions.renew_answers(at=NOW)
    assert standing.compared(today=TODAY) == standing.Compared(22, standing.LOOKED_AT, ())
    KeptAnswer.objects.filter(name=coverage.ASKED.name).update(told={"1": 1_000})
    monkeypatch.setattr(standing, "LOOKED_AT", 22)
    assert standing.compared(today=TODAY).wrong == (coverage.ASKED.name,)
    deals.change_deal(by=None, at=NOW, deal_id=large.deal.pk, segment="ENT")
    assert standing.compared(today=TODAY) == standing.Compared(0, 0, ())  # all are old


def test_a_page_tells_what_was_kept_and_then_what_is_so(large):
    actions.renew_answers(at=NOW)
    before = imports.data_health(large.analyst).facts.deals
    deal("N-9", owner=large.seller)
    assert imports.data_health(large.analyst).facts.deals == before == Deal.objects.count() - 1
    actions.renew_answers(at=NOW)
    assert imports.data_health(large.analyst).facts.deals == Deal.objects.count()


def asked_of(large, *, due_on: dt.date = TODAY) -> None:
    """Every agreement that anybody is asked for was due on a day."""
    Agreement.objects.filter(required=True).update(needed_by=due_on)


def one_each(large) -> None:
    """A deal in no team, one of Maud's own in South, and one of nobody's in North, each asked like all others."""
    deal("NO-TEAM", owner=large.stranger, team=None)
    deal("MAUDS", owner=large.manager, team=large.south)
    deal("N-2", owner=None, team=large.north)
    strategy.ask_touched_deals(at=NOW, deals_of_import=lambda batch: [])


def told(viewer) -> tuple:
    """What is kept by team, as one viewer is told it."""
    return (
        coverage.in_time(viewer, today=TODAY),
        coverage.deals_asked(viewer),
        coverage.on_open_deals(viewer),
    )


@pytest.mark.parametrize("who", ["sponsor", "analyst", "manager", "other_manager", "seller"])
def test_what_is_kept_by_team_is_what_each_sees_counted_at_once(large, who):
    one_each(large)
    asked_of(large)
    viewer = getattr(large, who)
    at_once = told(viewer)
    actions.renew_answers(at=NOW)
    assert told(viewer) == at_once
    assert at_once[1] == {"sponsor": 5, "analyst": 5, "manager": 3, "other_manager": 2, "seller": 1}[who]


def test_the_teams_and_the_own_deals_elsewhere_are_a_managers_sum(large):
    one_each(large)
    asked_of(large)
    actions.renew_answers(at=NOW)
    north, mauds = large.north.pk, large.south.pk
    by_team = coverage.in_time_by_team(large.manager, today=TODAY)
    needed = {team: sum(one.needed for one in of.values()) for team, of in by_team.items()}
    assert needed == {north: 2, mauds: 1}
    whole = coverage.in_time_by_team(large.sponsor, today=TODAY)
    assert {team: sum(one.needed for one in of.values()) for team, of in whole.items()} == {
        north: 2, mauds: 2, NO_TEAM: 1,
    }  # fmt: skip
    [kind] = coverage.in_time(large.sponsor, today=TODAY)
    assert coverage.in_time(large.sponsor, today=TODAY)[kind] == together(of[kind] for of in whole.values())


def test_a_manager_reads_the_kept_counts_of_the_own_teams_alone(large):
    asked_of(large)
    actions.renew_answers(at=NOW)
    told = {str(large.north.pk): 7, str(large.south.pk): 40}
    KeptAnswer.objects.filter(name=coverage.ASKED.name).update(told=told)
    assert coverage.deals_asked(large.manager) == 7
    assert coverage.deals_asked(large.sponsor) == 47
    assert coverage.deals_asked(large.seller) == 1  # asked at once, like everybody's own


def test_the_course_of_the_result_is_kept_for_whom_sees_all(large):
    one = Strategy.objects.get()
    at_once = results.course(large.sponsor, one, today=TODAY)
    actions.renew_answers(at=NOW)
    assert results.course(large.sponsor, one, today=TODAY) == at_once
    KeptAnswer.objects.filter(name=results.COURSE.name).update(
        told=results.COURSE.plain(replace(at_once, target=0.9))
    )
    assert results.course(large.sponsor, one, today=TODAY).target == 0.9
    assert results.course(large.manager, one, today=TODAY).target is None


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
    assert actions.renew_answers(at=NOW) == 22


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
