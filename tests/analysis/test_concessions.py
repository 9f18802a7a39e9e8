"""What is noticed about concessions, by true times; what a reason says; what others traded."""

import datetime as dt

import pytest

from hingepoint.analysis.talks import concessions, reasons, trades
from hingepoint.analysis.talks.concessions import Asked, CorridorWritten, Given, Kind
from hingepoint.records.talks import Topic

ASKED = Asked(id=1, at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC), topic=Topic.PRICE)


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 3, number, tzinfo=dt.UTC)


def given(id: int, on: int, value: float | None = 1_000, **facts) -> Given:
    facts = {"topic": Topic.PRICE, "in_return": "a longer term"} | facts
    return Given(id=id, at=day(on), value=value, **facts)


def kinds(*moves: Given, **known) -> list[set[Kind]]:
    """Return the kinds of checks of each concession, in their order; planned unless said otherwise."""
    known = {"asked": [ASKED], "plans_at": [day(1)]} | known
    found = concessions.check(moves, **known)
    return [{check.kind for check in found[move.id]} for move in moves]


def test_a_planned_step_against_something_is_clean():
    assert kinds(given(1, 5)) == [set()]


def test_nothing_in_return_is_noticed():
    assert kinds(given(1, 5, in_return=" ")) == [{Kind.NOTHING_IN_RETURN}]


@pytest.mark.parametrize(("second", "noticed"), [(600, False), (1_000, True), (1_400, True), (None, False)])
def test_rounds_should_shrink(second, noticed):
    first, last = kinds(given(1, 5), given(2, 6, second))
    assert first == set()
    assert (Kind.NOT_SHRINKING in last) == noticed


def test_rounds_about_different_things_are_not_compared():
    assert kinds(given(1, 5), given(2, 6, 2_000, topic=Topic.EXTRAS)) == [set(), set()]


def test_giving_before_anybody_asked_is_noticed():
    assert kinds(given(1, 1)) == [{Kind.BEFORE_ANY_DEMAND}]


def test_after_the_last_word_there_is_nothing_more_to_give():
    _, last = kinds(given(1, 5, final=True), given(2, 6, 500))
    assert last == {Kind.AFTER_FINAL}


def test_a_plan_written_afterwards_does_not_count():
    assert kinds(given(1, 5), plans_at=[day(6)]) == [{Kind.UNPLANNED}]
    found = concessions.check([given(1, 5)], asked=[ASKED], plans_at=[day(6)])
    assert "afterwards does not count" in found[1][0].words


def test_a_corridor_written_before_is_a_plan_too():
    corridor = CorridorWritten(day(4), opening=10_000, walk_away=8_000)
    assert kinds(given(1, 5), plans_at=[], corridors=[corridor]) == [set()]


def test_below_the_walk_away_is_noticed_when_the_steps_add_up():
    corridor = CorridorWritten(day(1), opening=10_000, walk_away=8_000)
    found = kinds(given(1, 5, 1_500), given(2, 6, 1_000), corridors=[corridor])
    assert found == [set(), {Kind.OUTSIDE_CORRIDOR}]


def test_a_corridor_widened_afterwards_does_not_count():
    book = [CorridorWritten(day(1), 10_000, 9_500), CorridorWritten(day(6), 10_000, 8_000)]
    assert kinds(given(1, 5), corridors=book) == [{Kind.OUTSIDE_CORRIDOR}]
    assert kinds(given(1, 7), corridors=book) == [set()]


def test_the_list_price_comes_before_the_opening():
    corridor = CorridorWritten(day(1), opening=9_000, walk_away=8_500)
    assert kinds(given(1, 5), corridors=[corridor], list_price=10_000) == [set()]


def test_a_concession_answers_the_latest_demand_about_the_same():
    asked = [ASKED, Asked(2, day(3), Topic.EXTRAS), Asked(3, day(4), Topic.PRICE)]
    moves = [
        given(1, 1),
        given(2, 3),
        given(3, 5),
        given(4, 5, topic=Topic.DELIVERY),
        given(5, 5, demand=1),
    ]
    assert concessions.answers(moves, asked) == {1: None, 2: 1, 3: 3, 4: 3, 5: 1}


# ---- reasons ----


@pytest.mark.parametrize(
    ("reason", "demand", "topic", "repeating"),
    [
        ("They want a lower price.", "10 percent off", Topic.PRICE, True),
        ("too expensive", "a round figure", Topic.PRICE, True),
        ("They want 60 days to pay", "60 days to pay", Topic.PAYMENT, True),
        ("they want it", "installation on weekends", Topic.DELIVERY, True),
        ("The budget was set before the second line was added", "10 percent off", Topic.PRICE, False),
        ("their insurer asks for it", "a higher cap on liability", Topic.LIABILITY, False),
        ("Kassensperre bis Januar", "60 days to pay", Topic.PAYMENT, False),
    ],
)
def test_a_reason_that_only_repeats_the_demand_is_noticed(reason, demand, topic, repeating):
    assert reasons.repeats(reason, demand=demand, topic=topic) is repeating


@pytest.mark.parametrize(
    ("name", "words", "topic"),
    [
        ("price", "", Topic.PRICE),
        ("Discount 12 %", "", Topic.PRICE),
        ("Customer wants 60 days", "payment by quarter", Topic.PAYMENT),
        ("free training for both shifts", "", Topic.EXTRAS),
        ("penalties for late delivery", "their contract", Topic.LIABILITY),
        ("8 %", "", Topic.PRICE),
        ("a call with our founder", "", Topic.OTHER),
    ],
)
def test_what_a_demand_is_about_is_read_from_its_words(name, words, topic):
    assert reasons.topic_of(name, words) == topic


@pytest.mark.parametrize(
    ("other", "same"),
    [("the budget had been set before a second line", True), ("their insurer asks for it", False)],
)
def test_reasons_in_other_words_may_be_alike(other, same):
    one = reasons.content("Budget was set before the second line")
    assert (reasons.overlap(one, reasons.content(other)) >= reasons.ALIKE) == same


# ---- what others traded ----

BUDGET, INSURER = "the budget is fixed until January", "their insurer asks for it"


def case(*given: trades.Trade, reason: str = BUDGET, won: bool = True) -> trades.Case:
    return trades.Case(Topic.PRICE, reason, given, won)


def trade(cost: float = 0.05, back: str = "a longer term") -> trades.Trade:
    return trades.Trade(Topic.EXTRAS, cost, back, worth=3)


def test_the_library_counts_answers_with_cost_return_and_outcome():
    cases = [case(trade(cost / 100)) for cost in range(1, 7)] + [case(won=False) for _ in range(6)]
    found = trades.library(cases, topic=Topic.PRICE, reason=BUDGET)
    assert (found.n, found.by_reason) == (12, True)
    given, nothing = sorted(found.answers, key=lambda answer: answer.topic is None)
    assert (given.topic, given.n, given.frequency.value) == (Topic.EXTRAS, 6, 0.5)
    assert given.cost == pytest.approx(0.035)
    assert given.worth == 3
    assert given.returns == (("a longer term", 6),)
    assert given.won.value == 1
    assert given.won.low < 1
    assert (nothing.topic, nothing.won.value) == (None, 0)


def test_too_few_with_this_reason_falls_back_to_all_and_says_so():
    cases = [case() for _ in range(8)] + [case(reason=INSURER) for _ in range(3)]
    found = trades.library(cases, topic=Topic.PRICE, reason=INSURER)
    assert (found.by_reason, found.with_reason, found.n) == (False, 3, 11)


def test_a_small_group_is_never_shown():
    cases = [case() for _ in range(8)] + [case(trade()) for _ in range(4)]
    found = trades.library(cases, topic=Topic.PRICE)
    assert [answer.topic for answer in found.answers] == [None]
    assert found.too_few == 4
    assert trades.library(cases[:4], topic=Topic.PRICE).answers == ()
