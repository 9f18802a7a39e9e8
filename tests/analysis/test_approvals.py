"""Who has to say yes, and why; who is asked again after a change; what moved after somebody was there."""

import dataclasses
import datetime as dt

import pytest

from hingepoint.analysis.talks import aftermath, approvals
from hingepoint.analysis.talks.approvals import Ask, Request, Rule, Rules
from hingepoint.records.escalations import Approver, Lane

CLEAN = Request(
    "price", discount=0.15, value=50_000, reasoned=True, explained=True, alternatives=True, in_return=True
)
LEGAL = Rule(Approver.PERSON, kind="terms", person=7)
RULES = Rules(
    version="3",
    own_discount=0.10,
    fast_discount=0.20,
    fast_value=100_000,
    rules=(
        Rule(Approver.MANAGER),
        Rule(Approver.LEADER, discount_from=0.20),
        Rule(Approver.SPONSOR, discount_from=0.20, value_from=500_000),
        LEGAL,
    ),
)


def request(**facts) -> Request:
    return dataclasses.replace(CLEAN, **facts)


@pytest.mark.parametrize(
    ("facts", "lane", "asked"),
    [
        ({"discount": 0.10}, Lane.OWN, set()),
        ({}, Lane.FAST, {Approver.MANAGER}),
        ({"in_return": False}, Lane.FULL, {Approver.MANAGER}),
        ({"explained": False}, Lane.FULL, {Approver.MANAGER}),
        ({"inside": False}, Lane.FULL, {Approver.MANAGER}),
        ({"discount": 0.22}, Lane.FULL, {Approver.MANAGER, Approver.LEADER}),
        ({"discount": 0.22, "value": 600_000}, Lane.FULL, {Approver.MANAGER, Approver.LEADER, Approver.SPONSOR}),
        ({"value": 200_000}, Lane.FULL, {Approver.MANAGER}),
        ({"value": None}, Lane.FULL, {Approver.MANAGER}),
        ({"kind": "terms", "discount": None, "in_return": False}, Lane.FULL, {Approver.MANAGER, Approver.PERSON}),
        ({"kind": "terms", "discount": None}, Lane.FAST, {Approver.PERSON}),
    ],
)  # fmt: skip
def test_the_path_follows_the_rules(facts, lane, asked):
    way = approvals.path(request(**facts), RULES)
    assert way.lane == lane
    assert {ask.approver for ask in way.asks} == asked


def test_the_path_says_what_would_have_made_it_clean():
    way = approvals.path(request(in_return=False, alternatives=False), RULES)
    assert way.missing == ("what was tried instead", "what we ask in return")
    assert way.why == "Not in the fast lane: it lacks what was tried instead and what we ask in return."


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"discount": 0.225}, "22.5% is more than its limit of 20%"),
        ({"value": 600_000}, "the deal of 600,000 is above its limit of 100,000"),
        ({"value": None}, "the value of the deal is not known, and its limit is 100,000"),
        ({"explained": False}, "it lacks a reason that says more than the demand"),
        ({"explained": False, "reasoned": False}, "it lacks a reason"),
        (
            {"discount": 0.25, "value": 600_000, "in_return": False},
            "it lacks what we ask in return; 25% is more than its limit of 20%; "
            "the deal of 600,000 is above its limit of 100,000",
        ),
    ],
)
def test_every_reason_against_the_fast_lane_is_named(facts, why):
    assert approvals.path(request(**facts), RULES).why == f"Not in the fast lane: {why}."


def test_the_limits_of_the_fast_lane_belong_to_it():
    at_the_limit = request(discount=0.20, value=100_000)
    assert approvals.too_large(at_the_limit, RULES) == ()
    assert approvals.path(at_the_limit, RULES).lane == Lane.FAST


def test_somebody_is_asked_where_no_rule_names_anybody():
    way = approvals.path(request(in_return=False), Rules("1", 0.1, 0.2))
    assert [ask.approver for ask in way.asks] == [Approver.MANAGER]


LEADER, MANAGER = Ask(Approver.LEADER, None, ""), Ask(Approver.MANAGER, None, "")


@pytest.mark.parametrize(
    ("ask", "change", "again"),
    [
        (LEADER, {"discount": 0.30}, True),
        (LEADER, {"discount": 0.22}, False),
        (LEADER, {"value": 90_000}, False),
        (LEADER, {"alternatives": False}, False),
        (LEADER, {"in_return": False}, True),
        (MANAGER, {"value": 90_000}, True),
        (Ask(Approver.PERSON, 7, ""), {"kind": "terms"}, True),
    ],
)
def test_only_those_whom_a_change_concerns_are_asked_again(ask, change, again):
    before = request(discount=0.25)
    after = dataclasses.replace(before, **change)
    assert approvals.affected(before, after, RULES, ask) is again


# ---- after somebody was there ----

TALK = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


def move(days: int, kind: str, name: str = "", value: float | None = None) -> aftermath.Move:
    return aftermath.Move(TALK + dt.timedelta(days=days), kind, name, value)


def test_what_moved_within_two_weeks_is_told_in_one_sentence():
    moves = [
        move(-1, "price", value=9_000),
        move(2, "price", value=1_500),
        move(5, "agreement", "Early access to data"),
        move(9, "stage", "paper"),
        move(15, "price", value=9_000),
    ]
    found = aftermath.after(TALK, moves, now=TALK + dt.timedelta(days=30))
    assert found.price_moved
    assert found.words == (
        "Within 14 days: the price moved by 1,500 in 1 step; 1 agreement gained (Early access to data); "
        "the deal moved to paper."
    )


def test_days_that_have_not_passed_are_not_counted_as_quiet():
    found = aftermath.after(TALK, [], now=TALK + dt.timedelta(days=3))
    assert found.words == "So far: nothing moved on record."
