"""What followed answers: planted decisions are found, others are not, and a count by hand agrees."""

import datetime as dt
import random

import pytest

from hingepoint.analysis.question_budget import (
    FOLLOWS,
    LEAST,
    LEAST_TIMED,
    Asked,
    Decision,
    followed,
    seconds_by_form,
    shares,
)

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def after(days: float) -> dt.datetime:
    return NOW + days * DAY


@pytest.mark.parametrize(
    ("decision", "counts"),
    [
        (Decision(1, 7, after(1)), True),
        (Decision(1, 7, after(90)), True),
        (Decision(1, 7, after(90.1)), False),  # too late
        (Decision(1, 7, NOW), False),  # at the same moment: the answer was given in it
        (Decision(1, 7, after(-1)), False),
        (Decision(1, 8, after(1)), False),  # another agreement of the deal
        (Decision(1, None, after(1)), True),  # the deal as a whole
        (Decision(2, 7, after(1)), False),  # another deal
        (Decision(None, 7, after(1)), True),  # a rule or a standard of the type
        (Decision(None, 8, after(1)), False),
    ],
)
def test_what_counts_as_following_an_answer_about_an_agreement(decision, counts):
    assert followed([Asked(1, 7, NOW, answered=True)], [decision]).after_answers == counts


def test_an_answer_about_a_deal_is_followed_by_any_decision_on_it_and_by_none_about_a_type():
    asked = [Asked(1, None, NOW, answered=True)]
    assert followed(asked, [Decision(1, 8, after(5))]).after_answers == 1
    assert followed(asked, [Decision(None, 8, after(5))]).after_answers == 0


def test_it_names_what_moved_nothing_only_of_enough_answers():
    answers = [Asked(n, 7, NOW, answered=True) for n in range(LEAST)]
    elsewhere = [Decision(n + 1000, 7, after(3)) for n in range(LEAST)]
    assert followed(answers, elsewhere).moved_nothing
    assert not followed(answers[1:], elsewhere).moved_nothing  # too few to judge
    assert not followed(answers, [*elsewhere, Decision(3, 7, after(3))]).moved_nothing
    silent = [Asked(n, 7, NOW, answered=False) for n in range(LEAST)]
    assert not followed(silent, []).judged


def test_a_count_by_hand_agrees():
    rng = random.Random(88)
    asked = [
        Asked(rng.randrange(8), rng.choice([None, 1, 2, 3]), after(rng.uniform(0, 200)), rng.random() < 0.6)
        for _ in range(300)
    ]
    decisions = [
        Decision(rng.choice([None, *range(8)]), rng.choice([None, 1, 2, 3]), after(rng.uniform(0, 300)))
        for _ in range(40)
    ]

    def by_hand(one: Asked) -> bool:
        for d in decisions:
            about = d.about == one.about and (d.type is None or one.type is None or d.type == one.type)
            about |= d.about is None and d.type is not None and d.type == one.type
            if about and one.at < d.at <= one.at + FOLLOWS:
                return True
        return False

    found = followed(asked, decisions)
    answered = [one for one in asked if one.answered]
    assert (found.asked, found.answered) == (300, len(answered))
    assert found.after_answers == sum(map(by_hand, answered))
    assert found.after_none == sum(by_hand(one) for one in asked if not one.answered)
    assert 0 < found.after_answers < len(answered)


class TestTime:
    def test_a_form_takes_what_passed_since_the_entry_before_by_the_same_person(self):
        entries = []
        for person in range(LEAST_TIMED):
            entries += [(person, NOW, ""), (person, NOW + dt.timedelta(seconds=40 + person), "plan")]
            entries.append((person, NOW + dt.timedelta(hours=2), "plan"))  # after a pause: it tells nothing
        assert seconds_by_form(entries) == {"plan": 44.5}
        assert seconds_by_form(entries[:-3]) == {}  # one time too few

    def test_a_form_is_shared_among_what_was_answered_in_it(self):
        """Filled ten times at 130 seconds: 1,300 seconds, of which a typed answer takes as much more as it counts."""
        answered = {"typed": (10, True), "chosen": (10, False), "rare": (0, True)}
        found = shares(130.0, answered)
        assert (found["typed"], found["chosen"]) == (100.0, 30.0)
        assert sum(found[key] * times for key, (times, _) in answered.items()) == pytest.approx(1300.0)
        assert shares(130.0, {"typed": (0, True)}) == {"typed": 0.0}
