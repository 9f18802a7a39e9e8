"""How answers to the self-assessment are told: never of fewer than five, never one from the difference of two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from hingepoint.analysis import self_assessment as analysis
from hingepoint.analysis.signals import SIGNALS
from hingepoint.records.pressures import Pressure
from hingepoint.records.self_assessment import BY_KEY, QUESTIONS, SCALE, Group, HowOften, Kind, about

FIRST, SECOND = QUESTIONS[0].key, QUESTIONS[1].key


def people(group: Group, *steps: str, key: str = FIRST) -> list[analysis.Said]:
    """People of a group, one answer to ``key`` each; all say ``rarely`` to the rest."""
    rest = dict.fromkeys(BY_KEY, HowOften.RARELY)
    return [analysis.Said(group, rest | {key: HowOften(step)}) for step in steps]


def leaders(*steps: str, **more) -> list[analysis.Said]:
    return people(Group.LEADER, *steps, **more)


def field(*steps: str, **more) -> list[analysis.Said]:
    return people(Group.FIELD, *steps, **more)


def line(standing: analysis.Standing, key: str = FIRST) -> analysis.Line:
    return next(one for one in standing.lines if one.key == key)


def test_the_ten_signals_are_asked_by_their_names_in_their_order_and_then_five_pressures():
    asked = [(one.key, one.name) for one in QUESTIONS if one.kind is Kind.SIGNAL]
    assert asked == [(one.key, one.name) for one in SIGNALS.values()]
    asked = [(one.key, one.name) for one in QUESTIONS if one.kind is Kind.PRESSURE]
    assert asked == [(one.slug, one.label) for one in Pressure]


def test_groups_of_five_are_told_apart():
    told = analysis.read(leaders(*"01122") + field(*"233344"))
    one = line(told)
    assert (told.people, told.leaders, told.field) == (11, 5, 6)
    assert one.whole is None
    assert (one.leaders.n, one.leaders.middle, one.leaders.mean) == (5, 1.0, pytest.approx(1.2))
    assert (one.field.low, one.field.middle, one.field.high) == (3.0, 3.0, 3.75)
    assert one.gap.value == pytest.approx(19 / 6 - 1.2)


@pytest.mark.parametrize(("of_leaders", "of_field"), [(4, 30), (30, 4), (0, 9), (1, 5)])
def test_where_a_group_is_under_five_only_all_together_are_told(of_leaders, of_field):
    told = analysis.read(leaders(*"1" * of_leaders) + field(*"3" * of_field))
    assert (told.leaders, told.field) == (None, None)
    assert all(one.leaders is None and one.field is None and one.gap is None for one in told.lines)
    assert line(told).whole.n == of_leaders + of_field


def test_of_four_people_nothing_is_told():
    told = analysis.read(leaders("1", "1") + field("3", "3"))
    assert not told.enough
    assert all(one.spreads == () for one in told.lines)


def test_cannot_say_is_counted_and_is_no_place_on_the_scale():
    told = line(analysis.read(leaders(*"11111") + field(*"33333", "cannot_say", "cannot_say")))
    assert (told.field.n, told.field.cannot, told.field.mean) == (5, 2, 3.0)


def test_a_question_that_fewer_than_five_of_a_group_could_answer_is_not_told_of_that_group():
    said = leaders(*"1111", "cannot_say") + field(*"33333")
    told = line(analysis.read(said))
    assert told.leaders is None
    assert told.gap is None
    assert told.field.n == 5
    assert told.whole is None  # from which leaders would follow


@given(
    some.lists(
        some.tuples(some.sampled_from(list(Group)), some.sampled_from(list(HowOften))),
        min_size=0,
        max_size=24,
    )
)
def test_whatever_is_said_nothing_is_told_of_fewer_than_five_nor_of_groups_and_all_at_once(said):
    told = analysis.read([analysis.Said(group, dict.fromkeys(BY_KEY, answer)) for group, answer in said])
    for one in told.lines:
        assert all(spread.n >= 5 for spread in one.spreads)
        assert not (one.whole and (one.leaders or one.field))
    assert (told.leaders is None) == (told.field is None)
    assert told.leaders is None or min(told.leaders, told.field) >= 5


def test_the_widest_gaps_stand_first_and_without_gaps_what_is_seen_most():
    wide = leaders(*"00000", key=SECOND) + field(*"44444", key=SECOND)
    assert analysis.read(wide).of(Kind.SIGNAL)[0].key == SECOND
    assert analysis.read(field(*"33333", key=SECOND)).of(Kind.SIGNAL)[0].key == SECOND


def test_a_gap_within_chance_is_not_the_widest():
    assert analysis.read(leaders(*"01234") + field(*"12344")).widest() is None
    assert analysis.read(leaders(*"00110") + field(*"34443")).widest().key == FIRST


def test_equal_answers_are_not_certainty():
    found = line(analysis.read(leaders(*"11111") + field(*"33333"))).gap
    assert found.value == 2.0
    assert found.low < 1.5
    assert found.high > 2.5


def test_a_difference_agrees_with_welchs_interval():
    one, other = [0, 1, 1, 2, 2, 4, 3], [3, 3, 4, 2, 4]
    spreads = [analysis.spread(field(*map(str, values)), FIRST) for values in (one, other)]
    theirs = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    found = analysis.difference(*spreads)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_many_intervals_together_are_wider_than_one():
    one, other = (analysis.spread(field(*steps), FIRST) for steps in ("01234", "12340"))
    alone, of_fifteen = (analysis.difference(one, other, family=family) for family in (1, 15))
    assert of_fifteen.high - of_fifteen.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("freedom", [4, 6.5, 10, 30, 200])
@pytest.mark.parametrize("chance", [0.975, 1 - 0.025 / 15])
def test_quantiles_of_student_are_within_two_percent(freedom, chance):
    assert analysis.student(chance, freedom) == pytest.approx(stats.t.ppf(chance, freedom), rel=0.02)


def test_a_round_is_compared_with_the_one_before_by_group():
    before = analysis.read(leaders(*"00000") + field(*"44444"))
    now = analysis.read(leaders(*"00000") + field(*"11111"))
    moved = {(one.key, one.group): one.change for one in analysis.compare(now, before)}
    assert len(moved) == 2 * len(QUESTIONS)
    assert moved[FIRST, Group.FIELD].value == -3.0
    assert analysis.beyond_chance(moved[FIRST, Group.FIELD])
    assert not analysis.beyond_chance(moved[FIRST, Group.LEADER])


def test_groups_are_not_compared_with_all_together():
    assert (
        analysis.compare(analysis.read(field(*"33333")), analysis.read(leaders(*"11111") + field(*"33333")))
        == ()
    )


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (0, "never"),
        (2.0, "at times"),
        (2.5, "at times to often"),
        (3.9, "mostly"),
        (1.2, "rarely"),
        (4, "mostly"),
    ],
)
def test_a_place_on_the_scale_has_words(level, words):
    assert about(level) == words


def test_every_step_of_the_scale_is_a_number():
    assert [int(one) for one in SCALE] == [0, 1, 2, 3, 4]
