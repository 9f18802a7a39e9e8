"""What a trial showed, in words: every verdict, and every way to stand beside the deals on record."""

import math
from dataclasses import replace

import pytest

import discoveries
from hingepoint.analysis.discovery.record import opened
from hingepoint.analysis.trials import balance
from hingepoint.analysis.trials import outcome as trials
from hingepoint.reports import trials as words
from hingepoint.reports.findings import metric, whole

TWO_SIDES = {"asked": trials.Side(400, 0.7, 0.4, 0.02), "usual": trials.Side(410, 0.3, 0.3, 0.02)}
WON = words.Question("References", metric.metric_of("won"), "prompt", effect=0.1, take_up=0.4)


def measure(value: float, half: float, chance: float) -> trials.Measure:
    return trials.Measure(value, value - half, value + half, chance)


def outcome(difference, effect=None, take_up=None) -> trials.Outcome:
    return trials.Outcome(
        **TWO_SIDES,
        difference=difference,
        take_up=take_up or measure(0.4, 0.06, 0.001),
        effect=effect or measure(difference.value / 0.4, 0.15, difference.chance),
        lots=5_000,
        every=False,
    )


SEEN, NOT_SEEN = outcome(measure(0.1, 0.06, 0.002)), outcome(measure(0.02, 0.06, 0.5))


@pytest.mark.parametrize(
    ("found", "verdict", "said"),
    [
        (SEEN, "better", "works: of 100 deals asked, 10.0 more were won (likely 4.0 to 16.0)"),
        (outcome(measure(-0.1, 0.06, 0.002)), "worse", "does harm: of 100 deals asked, 10.0 fewer were won"),
        (outcome(measure(0.0, 0.03, 0.9)), "none", "no difference to the win rate as large as the plan"),
        (NOT_SEEN, "unclear", "cannot tell whether asking for “References” moves the win rate: +2.0 points"),
    ],
)
def test_the_answer_comes_first(found, verdict, said):
    told = words.answer(WON, found)
    assert told.verdict == verdict
    assert said in told.headline


def test_for_a_metric_that_should_fall_a_fall_works():
    question = replace(WON, metric=metric.metric_of("cycle_days"))
    told = words.answer(question, outcome(measure(-5.0, 3.0, 0.01)))
    assert told.verdict == "better"
    assert "It lowered the days from creation to winning: −5.0 days" in told.headline
    assert "exists for won deals only" in told.sentences[-1]


def test_a_range_that_touches_nothing_is_told_as_it_is():
    found = outcome(trials.Measure(0.06, -0.001, 0.121, 0.049))
    assert (
        "raised the win rate: +6.0 points (likely −0.1 to +12.1 points)" in words.answer(WON, found).headline
    )


def test_a_stepped_start_speaks_of_teams():
    told = words.answer(replace(WON, design="wedge"), replace(SEEN, lots=24, every=True))
    assert "of 100 deals in teams that had begun" in told.headline
    assert "all 24 ways" in told.sentences[2]


def test_where_nobody_was_moved_the_effect_is_of_any_size_in_words():
    unmoved = outcome(
        measure(0.01, 0.05, 0.6),
        effect=trials.Measure(0.9, -math.inf, math.inf, 0.6),
        take_up=measure(0.01, 0.05, 0.7),
    )
    told = words.answer(WON, unmoved)
    assert "Asking hardly moved anybody" in told.sentences[0]
    assert "an effect of any size fits" in told.sentences[1]
    drawn = words.picture(WON, unmoved)
    assert drawn.table.rows[1] == ("Gaining it, if moved by it", "+90.0 points", "of any size")
    assert "+90" not in drawn.svg


def finding(effect: float | None, half: float = 0.03):
    facts = discoveries.facts("cust.references", "none" if effect is None else "moderate", effect)
    facts["ci"] = [None, None] if effect is None else [effect - half, effect + half]
    return whole.read(opened(discoveries.record(findings=[facts], pivotal=[]))).one("cust.references")


@pytest.mark.parametrize(
    ("effect", "chance", "history", "said"),
    [
        (measure(0.2, 0.1, 0.001), 0.001, 0.15, "The trial confirms the deals on record"),
        (measure(0.5, 0.1, 0.001), 0.001, 0.15, "They disagree"),
        (measure(0.0, 0.1, 0.9), 0.9, 0.25, "They disagree"),
        (measure(0.1, 0.2, 0.3), 0.3, 0.15, "not sharp enough to confirm them"),
        (measure(0.1, 0.08, 0.01), 0.01, 0.02, "could not tell it from nothing; the trial can"),
        (measure(0.1, 0.08, 0.01), 0.01, None, "could not tell; the trial can: +10.0"),
        (measure(0.1, 0.2, 0.3), 0.3, None, "Neither the deals on record nor the trial"),
        (trials.Measure(0.9, -math.inf, math.inf, 0.5), 0.5, 0.15, "neither confirms"),
    ],
)
def test_a_trial_beside_the_deals_on_record(effect, chance, history, said):
    found = outcome(measure(effect.value * 0.4, 0.05, chance), effect=effect)
    assert said in words.beside(WON.metric, found, finding(history))


@pytest.mark.parametrize(
    ("chance", "said"),
    [(0.0001, "fewer than 1 trial in 2,000"), (0.007, "1 trial in 143"), (0.34, "34 trials in 100")],
)
def test_chances_are_told_in_trials(chance, said):
    assert words.odds(chance) == said


def test_means_have_their_range():
    assert words.gained(TWO_SIDES["asked"]) == ("70%", "65 to 74%")
    assert words.level_range(WON.metric, TWO_SIDES["asked"]) == "35.3 to 44.9%"
    money = metric.metric_of("net", "EUR")
    assert words.level_range(money, trials.Side(50, 0.5, 20_000.0, 1_000.0)) == "€18k to €22k"


def line(apart: float) -> balance.Line:
    return balance.Line("segment", "ENT", 0.5, 0.4, apart, 0.2)


@pytest.mark.parametrize(
    ("evenly", "said"),
    [
        (0.4, "The lots fell evenly"),
        (0.01, "lots alone make them so in 1 trial in 100"),
        (None, "2 of 5 facts known at creation are further apart than usual"),
    ],
)
def test_how_evenly_the_lots_fell(evenly, said):
    lines = [line(0.5)] * 2 + [line(0.05)] * 3
    assert said in words.balance_words(lines, evenly)
