"""Stages in the order of the sale, and what can follow a state of an agreement."""

from __future__ import annotations

import pytest

from hingepoint.records.agreements import STANDING, AgreementState, moves_from
from hingepoint.records.deals import Stage, place_of


@pytest.mark.parametrize(
    "stages",
    [
        [stage.value for stage in Stage],
        ["Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers", "Proposal/Price Quote", "Negotiation/Review", "Closed Won"],
        ["Appointment Scheduled", "Qualified To Buy", "Presentation Scheduled", "Decision Maker Bought-In", "Contract Sent", "Closed Won"],
        ["Qualify", "Develop", "Propose", "Close"],
        ["New", "Qualified", "Proposition", "Won"],
        ["1 - Discovery", "2 - Pilot", "3 - Negotiate", "Amber", "Zebra"],
    ],
    ids=lambda stages: stages[0],
)  # fmt: skip
def test_stages_are_sorted_as_the_sale_goes(stages):
    backwards = stages[::-1]
    assert sorted(backwards, key=place_of) == stages


def test_a_word_within_a_word_says_nothing_of_the_sale():
    assert place_of("Renewal")[0] > place_of("Deliver")[0]


@pytest.mark.parametrize("state", list(AgreementState))
def test_a_state_may_be_said_again_with_more_known_of_it_unless_it_is_only_a_beginning(state):
    again = {AgreementState.NEEDED, AgreementState.BROKEN, AgreementState.LAPSED}
    assert (state in moves_from(state)) == (state not in again)


def test_nothing_is_kept_or_broken_before_it_was_gained():
    fresh = {*moves_from(None), *moves_from("needed"), *moves_from("asked"), *moves_from("soft")}
    assert not fresh & {
        AgreementState.KEPT,
        AgreementState.BROKEN,
        AgreementState.LAPSED,
        AgreementState.RENEGOTIATED,
    }


@pytest.mark.parametrize("state", sorted(STANDING))
def test_what_stands_is_not_asked_for_again(state):
    assert not {*moves_from(state)} & {AgreementState.PLANNED, AgreementState.ASKED, AgreementState.NEEDED}


def test_everything_that_can_be_said_leads_on():
    reached = {state for start in AgreementState for state in moves_from(start)} | {*moves_from(None)}
    assert reached == {*AgreementState}
