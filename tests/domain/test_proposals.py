"""What a plan offers before anybody types: each line with where it comes from, nothing invented."""

import datetime as dt

import pytest

from hingepoint.domain.plans.parts import Line, lines_of, ranked, with_sources
from hingepoint.domain.plans.proposals import (
    Asked,
    Known,
    OtherAgreement,
    Someone,
    Traded,
    TypicalDemand,
    propose,
)


def offered(part: str, **known) -> list[tuple[str, str]]:
    """Return text and source of the lines offered for a part."""
    facts = {"description": "Customer gives us the data."} | known
    return [(line.text, line.source) for line in propose(Known(**facts)).get(part, [])]


def test_what_was_asked_already_is_the_best_ask():
    told = offered("best", act="send the log", person="Karla", due_on=dt.date(2026, 3, 5))
    assert told == [("Karla will send the log by 5 Mar", "Register")]


def test_else_a_good_example_says_from_how_many_deals():
    told = offered("best", example="send the log of …", examples_from=183, counterpart="Plant manager")
    assert told == [("Plant manager will send the log of …", "A good example from 183 well-executed deals")]


def test_else_the_catalogue_speaks():
    assert offered("best") == [("Customer gives us the data.", "Catalogue")]


def test_people_are_offered_only_where_their_part_fits():
    people = (Someone("Ines", "Head of procurement"), Someone("Karla", "Plant manager", "problem owner"))
    told = offered("from_whom", people=people, counterpart="Operations or plant manager")
    assert told == [("Karla (Plant manager, problem owner)", "People on the deal")]


def test_where_nobody_fits_the_question_is_who_it_is():
    told = offered("get", counterpart="Plant manager", people=(Someone("Ines", "Buyer"),))
    assert told == [("Who is the plant manager? Nobody on the deal has that part", "People on the deal")]


def test_a_demand_of_theirs_comes_before_the_typical_one():
    typical = (TypicalDemand("A price first", ("They compare",), ("A benchmark",)),)
    known = {"demands": typical, "asked": (Asked("Ten percent off", "3 Mar 2026"),)}
    assert offered("demand", **known) == [("Ten percent off", "Demand of 3 Mar 2026")]
    assert offered("demand", demands=typical) == [("A price first", "Catalogue")]


def test_a_demand_whose_reason_is_unknown_becomes_a_question_to_answer():
    told = offered("get", asked=(Asked("Ten percent off", "3 Mar 2026"),))
    assert told == [("What do they want to reach with “Ten percent off”?", "Demand of 3 Mar 2026")]


def test_a_known_reason_leads_the_hypotheses_and_the_playbook_adds_others():
    typical = (TypicalDemand("A price first", ("They compare", "Nobody owns it")),)
    asked = (Asked("Ten off", "3 Mar 2026", "The board caps spending", "stated"),)
    told = offered("hypotheses", demands=typical, asked=asked, playbook="Playbook: Less")
    assert told == [
        ("The board caps spending", "Demand of 3 Mar 2026, stated"),
        ("They compare", "Playbook: Less"),
        ("Nobody owns it", "Playbook: Less"),
    ]


def test_what_the_deal_still_needs_is_asked_in_return():
    told = offered("request", open=(OtherAgreement("Meeting with an executive", "Per"),))
    assert told == [("Meeting with an executive, from Per", "Still open on this deal")]


def test_what_others_gave_says_on_how_many_deals():
    told = offered("offer", traded=(Traded("Extras", 12, cost=1, worth=2),))
    assert told == [("Extras", "Given by others for it on 12 deals")]


def test_only_a_corridor_that_exists_is_protected_and_never_against_our_own_people():
    assert offered("protect") == []
    assert len(offered("protect", corridor=True)) == 1
    assert offered("protect", corridor=True, inside=True) == []


@pytest.mark.parametrize(
    ("trades", "order"),
    [
        ([("Spare kit", 3, 1), ("Site visit", 1, 3)], ["Site visit", "Spare kit"]),
        ([("Five percent discount", 1, 3), ("Spare kit", 3, 1)], ["Spare kit", "Five percent discount"]),
        ([("Spare kit", 3, 1), ("Site visit", None, None)], ["Site visit", "Spare kit"]),
    ],
)
def test_least_cost_for_most_worth_comes_first_and_price_last(trades, order):
    lines = [Line(text, cost=cost, worth=worth) for text, cost, worth in trades]
    assert [line.text for line in ranked(lines)] == order


def test_a_line_keeps_its_source_only_while_it_reads_the_same():
    offer = [Line("Who keeps it?", "Playbook")]
    told = with_sources(lines_of("Who keeps it?\n\nWho keeps it now?\nWho keeps it?"), offer)
    assert told == [Line("Who keeps it?", "Playbook"), Line("Who keeps it now?")]
