"""Metrics that a company defines itself: what counts, what is said where nothing does, what is refused."""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

import counting
from hingepoint.analysis import metric_words, metrics, own_metrics
from hingepoint.analysis.own_metrics import Condition, Definition
from hingepoint.records.metrics import Better, Compare, Counted, Unit

DAY = dt.datetime.fromisoformat("2026-03-02")
DEALS = metrics.with_derived(
    pl.DataFrame(
        {
            "id": range(6),
            "status": ["won", "won", "won", "lost", "open", "won"],
            "created": [DAY + dt.timedelta(days=n) for n in range(6)],
            "closed": [DAY + dt.timedelta(days=40)] * 4 + [None, DAY + dt.timedelta(days=50)],
            "product": ["Pumps", "Valves", "Pumps", "Pumps", "Valves", None],
            "amount": [100.0, 300.0, 0.0, 80.0, 50.0, None],
            "cost": [60.0, 150.0, 10.0, None, None, 20.0],
            "discount": [0.1, 0.2, 0.15, None, None, 0.3],
            "extra.seats": ["10", "30", "5", "n/a", None, "2"],
        }
    )
)
COST = Definition(
    key="cost-share",
    name="Cost by amount",
    unit=Unit.SHARE,
    better=Better.LOWER,
    deals=Counted.WON,
    number="cost",
    over="amount",
)


def told(definition: Definition, deals: pl.DataFrame = DEALS):
    metric = metrics.parse(own_metrics.named(definition))
    return metrics.estimate(metric, metrics.values(metric, deals))


def test_a_share_of_deals_counts_those_that_meet_the_conditions():
    assert (told(counting.KEPT).value, told(counting.KEPT).n) == (2 / 5, 5)


def test_a_quotient_is_the_sum_above_by_the_sum_below_without_deals_that_have_nothing_below():
    assert (told(COST).value, told(COST).n) == ((60 + 150) / 400, 2)


def test_deals_are_chosen_by_words_numbers_and_columns_kept_from_files():
    pumps = Condition("product", Compare.ONE_OF, ("Pumps", "Seals"))
    seats = Condition("extra.seats", Compare.AT_LEAST, ("5",))
    assert told(replace(COST, among=(pumps,))).value == 60 / 100
    assert told(replace(COST, number="extra.seats", among=(seats,), unit=Unit.NUMBER)).value == 40 / 400


def test_new_deals_count_by_their_creation_open_ones_too():
    new = replace(counting.KEPT, deals=Counted.NEW, where=(Condition("product", Compare.IS, ("Valves",)),))
    values = metrics.values(metrics.parse(own_metrics.named(new)), DEALS)
    assert values["closed"].to_list() == DEALS["created"].to_list()
    assert values["value"].to_list() == [0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"among": (Condition("product", Compare.IS, ("Robots",)),)}, "No won deal fits what “Cost by amount” counts"),
        ({"among": (Condition("cost", Compare.AT_MOST, ("10",)),)}, "is 0 or not known on all of 1 deals, and nothing is divided by 0"),
        ({"number": "extra.weight"}, "needs weight of the deals"),
    ],
)  # fmt: skip
def test_a_metric_without_deals_or_with_nothing_below_says_so_and_is_no_zero(change, words):
    with pytest.raises(metrics.MetricError, match=words):
        told(replace(COST, **change))


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": " "}, "name", "Name it"),
        ({"number": "weather"}, "number", "Choose what is counted"),
        ({"over": "cost"}, "number", "always 1"),
        ({"deals": Counted.NEW}, "number", "not settled while a deal is open"),
        ({"number": "deals", "over": "deals", "unit": Unit.MONEY,
          "where": (Condition("cost", Compare.AT_LEAST, ("1",)),)}, "unit", "choose percent"),
        ({"where": (Condition("product", Compare.AT_LEAST, ("3",)),)}, "where_0", "is a word"),
        ({"where": (Condition("cost", Compare.IS, ("3",)),)}, "where_0", "is a number"),
        ({"among": (Condition("cost", Compare.AT_LEAST, ("much",)),)}, "among_0", "no number"),
        ({"among": (Condition("cost", Compare.AT_LEAST, ()),)}, "among_0", "held against"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_said_at_its_field(change, field, words):
    assert words in own_metrics.problems(replace(COST, **change))[field]


def test_the_name_carries_the_definition_and_reads_back():
    whole = replace(counting.KEPT, name="Größe \U0001f4c8", version=3, since=dt.date(2026, 5, 4))
    assert own_metrics.read(own_metrics.named(whole)) == whole
    assert metric_words.title(own_metrics.named(whole)) == "Größe \U0001f4c8"
    assert metric_words.noun(own_metrics.named(whole)) == "“Größe \U0001f4c8”"


@pytest.mark.parametrize("name", ["own:", "own:{}", "own:[1]", 'own:{"key":1}'])
def test_a_broken_name_is_refused_in_words(name):
    with pytest.raises(metrics.MetricError, match="Define it again"):
        metrics.parse(name)


def test_a_definition_too_long_to_be_stored_is_refused():
    with pytest.raises(metrics.MetricError, match="says too much"):
        own_metrics.named(replace(COST, among=(Condition("product", Compare.ONE_OF, ("x" * 990,)),)))


def test_what_it_counts_stands_in_a_sentence():
    assert own_metrics.in_words(counting.KEPT) == (
        "Deals with how it ended is won and discount is at most 15%, per deal, of closed deals, by the day they were closed."
    )
    assert own_metrics.in_words(COST) == (
        "The sum of the cost, per unit of the amount, of won deals, by the day they were closed."
    )


def test_discovery_takes_what_each_won_deal_brings_and_refuses_the_rest_with_a_reason():
    each = replace(COST, over="deals", unit=Unit.MONEY)
    assert metrics.parse_outcome(own_metrics.named(each)).own == each
    assert metrics.value_if_won(metrics.parse(own_metrics.named(each)), DEALS).to_list()[:3] == [60, 150, 10]
    with pytest.raises(metrics.MetricError, match="It can be a target"):
        metrics.parse_outcome(own_metrics.named(COST))
