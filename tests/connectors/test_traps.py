"""What CRMs do that a connector must not fall for: each trap with the tests that hold it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from conftest import SHARED

TESTS = Path(__file__).parents[1]
PITFALLS = SHARED / "CRM.md"

#: Number of the pitfall, what happens, and the tests by file.
TRAPS: tuple[tuple[int, str, dict[str, tuple[str, ...]]], ...] = (
    (1, "times are shown to the second and kept finer", {
        "connectors/test_paging.py": ("test_each_row_is_read_however_they_fill_the_seconds",),
        "connectors/test_odoo.py": ("test_more_deals_than_a_page_within_one_second_all_come_over",),
    }),
    (1, "a commit is late and carries an earlier time", {
        "connectors/test_paging.py": ("test_a_commit_that_is_late_by_less_than_five_minutes_is_read_by_the_next",),
        "connectors/test_odoo.py": ("test_a_deal_committed_late_with_an_earlier_time_is_not_missed",),
    }),
    (1, "a record that was never changed has no time of change", {
        "connectors/test_tryton_server.py": ("test_two_years_come_over_as_tryton_itself_keeps_them",),
    }),
    (1, "the clock of the server is wrong", {
        "connectors/test_all.py": ("test_a_mark_never_goes_past_the_clock_of_the_crm",),
        "connectors/test_paging.py": ("test_the_mark_stays_behind_a_clock_that_is_late",),
    }),
    (1, "we are killed in the middle of a page", {
        "sync/test_sync_kill.py": ("test_a_killed_run_is_finished_by_the_next",),
        "connectors/test_all.py": ("test_a_reading_that_was_stopped_goes_on_in_mid_page",),
    }),
    (1, "something was missed, or went without a word", {
        "sync/test_sync.py": ("test_a_deal_that_was_written_before_its_mark_is_found_by_the_sweep_with_its_history",),
        "connectors/test_salesforce.py": ("test_a_formula_moves_no_mark_and_is_read_again_by_the_sweep",),
    }),
    (2, "what hangs on a deal changes, and the deal does not", {
        "connectors/test_salesforce.py": (
            "test_a_role_that_changes_or_goes_brings_its_deal_although_the_deal_did_not_change",
            "test_quotes_have_list_and_net_price_and_a_changed_line_brings_its_quote",
        ),
        "connectors/test_hubspot.py": ("test_a_line_that_changes_brings_its_quote_although_the_quote_did_not_change",),
        "connectors/test_odoo.py": ("test_a_line_that_changed_alone_brings_its_quote_again",),
        "connectors/test_dynamics.py": ("test_a_lost_deal_says_why_and_a_new_connection_brings_its_deal",),
    }),
    (3, "deleted for good, put into a bin, archived, or only not listed any more", {
        "connectors/test_odoo.py": ("test_a_deleted_deal_has_vanished_and_is_not_said_to_be_deleted",),
        "connectors/test_espocrm.py": ("test_deleted_is_known_to_an_administrator_and_vanished_to_others",),
        "connectors/test_salesforce.py": ("test_deleted_deals_say_so_until_the_bin_is_emptied",),
        "connectors/test_pipedrive.py": ("test_a_deleted_deal_is_told_for_30_days_and_has_vanished_after_that",),
        "sync/test_sync.py": ("test_an_archived_deal_is_not_lost_and_a_vanished_one_not_deleted",),
        "sync/test_gone.py": ("test_what_belongs_to_a_deal_that_is_gone_is_there_and_found",),
    }),
    (3, "an offer is deleted", {
        "sync/test_sync.py": ("test_a_quote_that_is_deleted_prices_the_deal_no_more_and_what_it_gave_stays",),
    }),
    (4, "two records are merged: one of them dies, or both", {
        "connectors/test_hubspot.py": ("test_two_merged_deals_are_one_third", "test_deals_merged_twice_lead_to_the_last"),
        "connectors/test_odoo.py": ("test_the_loser_of_a_merge_names_its_survivor_and_keeps_its_own_history",),
        "sync/test_sync.py": ("test_agreements_go_to_the_third_deal_that_two_were_merged_into",),
    }),
    (5, "a deal is closed more than once", {
        "sync/test_sync.py": ("test_a_deal_that_was_won_and_opened_again_keeps_both_outcomes",),
        "connectors/test_dynamics.py": ("test_each_closing_and_each_opening_is_kept",),
        "connectors/test_salesforce.py": ("test_each_outcome_is_kept_when_a_deal_is_opened_again",),
    }),
    (6, "a deal goes to another owner, with another team by itself, and owners leave", {
        "sync/test_sync.py": (
            "test_owners_of_then_stay_in_history_and_a_mass_update_says_so",
            "test_a_team_that_the_crm_changes_with_the_owner_is_that_of_the_deal_and_no_work_of_before",
        ),
        "connectors/test_hubspot.py": ("test_owners_who_left_are_still_known",),
    }),
    (7, "an amount is in another currency, or moves with a rate or a quote", {
        "sync/test_sync.py": ("test_another_currency_keeps_its_own_and_an_amount_that_moves_is_no_concession",),
    }),
    (8, "a discount is a share, a price written over, or one on the whole deal; list prices move", {
        "connectors/test_odoo.py": ("test_the_price_on_a_line_counts_from_the_list_and_not_from_what_was_written_over_it",),
        "connectors/test_pipedrive.py": ("test_the_price_counts_from_the_list_and_a_discount_on_the_deal_is_shared_out",),
        "sync/test_sync.py": ("test_a_quote_brings_prices_and_what_was_given_between_its_forms",),
    }),
    (9, "times without a zone, days that are moments", {
        "connectors/test_hubspot.py": ("test_a_deal_comes_with_its_account_its_people_and_its_close_as_a_day_of_the_account",),
        "connectors/test_odoo.py": ("test_a_deal_comes_over_with_its_dates_owner_and_money",),
    }),
    (10, "a field is not tracked, or only since a day, or no longer kept", {
        "sync/test_sync.py": ("test_a_close_date_that_the_crm_does_not_track_is_seen_between_two_readings",),
        "connectors/test_salesforce.py": ("test_the_first_owner_of_a_deal_older_than_the_history_is_not_made_up",),
        "connectors/test_hubspot.py": ("test_a_history_that_was_cut_has_no_first_value",),
        "connectors/test_dynamics.py": ("test_since_when_there_is_an_audit_log_is_told",),
        "connectors/test_all.py": ("test_a_field_whose_history_is_switched_off_there_is_not_called_kept",),
    }),
    (10, "only the new value is said, and stages are renamed", {
        "connectors/test_espocrm.py": ("test_every_change_is_dated_also_the_expected_close",),
        "sync/test_sync.py": ("test_a_stage_that_is_called_otherwise_today_keeps_its_name_in_history",),
    }),
    (10, "a mass update is no selling; deals begin late and go back", {
        "connectors/test_pipedrive.py": ("test_mass_changes_are_marked_as_such",),
        "sync/test_sync.py": ("test_a_deal_that_begins_late_or_goes_back_has_the_stages_it_had_and_no_others",),
    }),
    (11, "a sign-in sees a part, and an empty list is no error", {
        "connectors/test_all.py": ("test_the_self_test_answers_for_each_capability",),
        "connectors/test_espocrm.py": ("test_an_empty_list_of_notes_is_not_taken_for_no_history",),
        "connectors/test_odoo.py": ("test_a_salesperson_with_a_key_is_told_which_right_is_missing",),
    }),
    (11, "a right is lost over night, and lists are shorter", {
        "sync/test_gone.py": ("test_many_that_vanish_at_once_go_on_counting_until_somebody_says_that_they_are_gone",),
    }),
    (12, "errors come with 200, without a result, as web pages, as waits, in the middle of a run", {
        "connectors/test_all.py": ("test_after_any_fault_one_more_reading_reaches_a_clean_first_load",),
        "connectors/test_odoo.py": ("test_each_error_of_odoo_is_one_of_ours",),
        "connectors/test_espocrm.py": ("test_only_what_differs_is_written_back",),
        "connectors/test_hubspot.py": ("test_the_budget_of_the_day_is_kept",),
    }),
    (12, "an answer lacks what its documentation promises", {
        "sync/test_sync.py": ("test_an_answer_that_cannot_be_read_is_a_sentence_and_never_the_end_of_the_run",),
    }),
    (12, "a record fails each time, or an answer is cut off behind what was done", {
        "sync/test_writing_back.py": (
            "test_a_record_on_which_the_crm_fails_holds_up_no_other_and_no_reading",
            "test_a_task_whose_answer_never_came_is_found_and_not_made_twice",
        ),
    }),
    (13, "our own writing comes back as a change", {
        "sync/test_writing_back.py": (
            "test_what_we_wrote_is_not_read_back_as_a_change",
            "test_a_task_that_we_made_is_no_activity_of_a_seller_when_it_is_done",
        ),
    }),
    (13, "the server names our field, records are locked, rules refuse", {
        "connectors/test_espocrm.py": ("test_fields_carry_the_names_that_the_server_gave_them",),
        "sync/test_writing_back.py": (
            "test_a_locked_record_is_left_alone_longer_each_time",
            "test_a_locked_record_is_written_as_soon_as_it_is_seen_to_open",
            "test_agreements_are_written_once_and_again_only_when_they_change",
        ),
        "connectors/test_all.py": ("test_stage_and_amount_are_never_written",),
    }),
    (14, "two CRMs call two deals by one id", {
        "sync/test_sync.py": ("test_two_connections_keep_deals_of_one_id_apart",),
    }),
    (15, "only some CRMs know the part of a person", {
        "sync/test_sync.py": ("test_people_of_the_customer_come_with_their_roles_and_leave",),
        "connectors/test_espocrm.py": ("test_a_deal_comes_over_with_people_in_their_parts",),
    }),
)  # fmt: skip


@functools.cache
def _names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


@pytest.mark.parametrize("trap", TRAPS, ids=[f"{number}: {what}" for number, what, _ in TRAPS])
def test_each_trap_has_tests_that_are_there(trap):
    _, _, held = trap
    missing = [name for file, names in held.items() for name in names if name not in _names_in(file)]
    assert (missing, bool(held)) == ([], True)


@pytest.mark.skipif(not PITFALLS.is_file(), reason=f"no list of pitfalls at {PITFALLS}")
def test_each_pitfall_that_was_written_down_has_its_traps_here():
    """The list of what a connector and its tests must cover, by number."""
    _, _, listed = PITFALLS.read_text("utf-8").partition("## 8. ")
    numbers = {int(each) for each in re.findall(r"^(\d+)\. ", listed, re.MULTILINE)}
    assert numbers == {number for number, _, _ in TRAPS}
