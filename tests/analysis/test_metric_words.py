"""What a metric is called, the same everywhere."""

from __future__ import annotations

import pytest

from hingepoint.analysis import metric_words, metrics


def test_every_built_in_metric_has_a_name():
    assert metric_words.NOUNS.keys() == metrics.BUILT_IN.keys()


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("won", "the win rate"),
        ("supportive:discount<=0.15", "the share of deals won with a discount of 15% or less"),
        ("supportive:margin>=0.325", "the share of deals won with a margin of 32.5% or more"),
        (
            "supportive:discount<0.1 and cycle_days<=90",
            "the share of deals won with a discount below 10% and a cycle of 90 days or less",
        ),
        ("supportive:amount>12500", "the share of deals won with an amount above 12,500"),
        ("of an older version", "of an older version"),
    ],
)
def test_a_metric_is_a_noun(name, noun):
    assert metric_words.noun(name) == noun


def test_a_title_stands_alone():
    assert metric_words.title("won") == "Win rate"
    assert (
        metric_words.title("supportive:discount<=0.15") == "Share of deals won with a discount of 15% or less"
    )


def test_an_effect_is_on_an_outcome():
    assert metric_words.outcome(metrics.parse("won")) == "being won"
    assert metric_words.outcome(metrics.parse("margin")) == "the margin on won deals"
    assert (
        metric_words.outcome(metrics.parse("supportive:discount<=0.15"))
        == "being won with a discount of 15% or less"
    )


def test_a_deal_serves_its_metric():
    assert metric_words.served("won") == ("won", "lost")
    assert metric_words.served("supportive:discount<=0.15") == ("won on target", "not won on target")
    assert metric_words.served("margin")[1] == "not better than half of the won deals"
