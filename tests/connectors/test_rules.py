"""Rows that can be read but do not fit together have a named rule each, and its count."""

from __future__ import annotations

import pytest

from connectors import papers
from hingepoint.connectors import files

HEAD = "deal_id,agreement,at"

#: rule -> (deals, events, count, deals that remain, events that remain)
SPEC = {
    "repeated_deal": (["A,2024-01-01,,open", "A,2024-01-01,,open"], [], 1, 1, 0),
    "duplicate_deal_id": (["A,2024-01-01,,open", "A,2024-01-02,,open", "B,2024-01-02,,open"], [], 2, 1, 0),
    "closed_before_created": (["A,2024-01-02,2024-01-01,won", "B,2024-01-01,,open"], [], 1, 1, 0),
    "open_with_close_date": (["A,2024-01-02,2024-06-01,open"], [], 1, 1, 0),
    "deal_without_events": (["A,2024-01-01,,open", "B,2024-01-01,,open"], ["A,pilot,2024-01-02"], 1, 2, 1),
    "duplicate_event": (["A,2024-01-01,,open"], ["A,pilot,2024-01-02", "A,pilot,2024-01-02"], 1, 1, 1),
    "event_of_unknown_deal": (["A,2024-01-01,,open"], ["A,pilot,2024-01-02", "Z,pilot,2024-01-02"], 1, 1, 1),
    "event_of_deal_left_out": (
        ["A,2024-01-01,,open", "B,2024-01-02,2024-01-01,won"],
        ["A,pilot,2024-01-02", "B,pilot,2024-01-02"],
        1,
        1,
        1,
    ),
    "event_before_created": (["A,2024-01-05,,open"], ["A,pilot,2024-01-02"], 1, 1, 1),
    "event_after_close": (["A,2024-01-01,2024-02-01,won"], ["A,pilot,2024-02-02"], 1, 1, 1),
}


@pytest.mark.parametrize("rule", sorted(SPEC))
def test_a_rule_counts_and_does_what_its_table_says(tmp_path, rule):
    deals, events, number, deals_left, events_left = SPEC[rule]
    found = files.read(
        deals=papers.deals(tmp_path, *deals),
        events=papers.deals(tmp_path, *events, headings=HEAD, name="events.csv") if events else None,
        skip_bad_rows=True,
    )
    assert found.rules[rule] == number
    assert (found.deals.height, found.events.height) == (deals_left, events_left)
    does = next(each.does for each in files.RULES if each.key == rule)
    assert (found.bad_rows > 0) == (does == "bad row")


def test_every_rule_is_tried_here_or_with_the_mapping_or_log_that_makes_it():
    elsewhere = {
        "older_snapshot",
        "no_join",
        "closed_without_a_date",
        "left_out_by_mapping",
        "reaches_won_and_lost",
        "other_transition",
    }
    elsewhere |= {"in_the_future", "long_before_the_rest", "no_date", "waits_for_an_answer", "damaged_id"}
    elsewhere |= {"beside_unreadable_row", "undated_state"}
    assert {rule.key for rule in files.RULES} == set(SPEC) | elsewhere


def test_two_deals_of_one_id_stop_everything(tmp_path):
    with pytest.raises(files.BadRows, match="expected an id that no other row has"):
        files.read(deals=papers.deals(tmp_path, "A,2024-01-01,,open", "A,2024-01-02,,open"))


def test_a_close_on_the_day_of_creation_is_not_before_it(tmp_path):
    found = files.read(deals=papers.deals(tmp_path, "A,2024-01-01 15:00:00,2024-01-01,won"))
    assert found.rules == {}
    assert found.deals["closed"].to_list() == found.deals["created"].to_list()


def test_an_event_on_the_day_of_the_close_is_not_after_it(tmp_path):
    deals = papers.deals(tmp_path, "A,2024-01-01 15:00:00,2024-02-01,won")
    events = papers.deals(
        tmp_path, "A,pilot,2024-02-01 17:00:00", "A,talk,2024-01-01", headings=HEAD, name="events.csv"
    )
    assert files.read(deals=deals, events=events).rules == {}
