"""A start that forgives: what was due before anybody asked is not late, and is sorted out once."""

from __future__ import annotations

import datetime as dt

import pytest

import playbooks
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.rules import is_late
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.home.queries import old
from hingepoint.domain.home.queries.seller import seller_day
from hingepoint.domain.strategy import actions, asking
from hingepoint.domain.strategy.queries import before_asking, coverage
from hingepoint.domain.strategy.requirements import Requirement, forgiven
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden

DAY = dt.timedelta(days=1)
KEY = "cust.data_access"


def days(n: int) -> dt.date:
    return TODAY + n * DAY


# ---- the rule ----


@pytest.mark.parametrize(
    ("rule", "since", "asked", "grace", "due", "was"),
    [
        (-30, 0, 0, 14, 14, -30),  # it was due before the start: the start and its grace
        (-1, 0, 0, 14, 14, -1),
        (0, 0, 0, 14, 14, None),  # due on the first day: more time, and nothing to sort out
        (13, 0, 0, 14, 14, None),
        (14, 0, 0, 14, 14, None),
        (15, 0, 0, 14, 15, None),  # the rule's day is later
        (-30, 0, 0, 30, 30, -30),
        (-30, 0, 0, 0, -30, None),  # without grace the rule's day counts
        (-30, -100, -100, 14, -30, None),  # asked long ago: it is late
        (-90, -100, -100, 14, -86, None),
        (-30, -100, 0, 14, 14, -30),  # the deal came, or came under the strategy, later
        (5, -100, 0, 14, 5, None),  # a new deal is asked by the rule alone
        (-30, -100, None, 14, -30, None),  # asked since nobody knows when
        (-30, None, 0, 14, 14, -30),
    ],
)
def test_it_is_due_on_the_later_of_the_rule_and_the_start_with_its_grace(rule, since, asked, grace, due, was):
    need = Requirement(
        1, days(rule), "so", grace_days=grace, asks_since=None if since is None else days(since)
    )
    found = forgiven(need, asked_on=None if asked is None else days(asked))
    assert (found.needed_by, found.was_due_on) == (days(due), None if was is None else days(was))


def test_a_day_that_cannot_be_told_yet_stays_so():
    need = Requirement(1, None, "so", grace_days=14, asks_since=TODAY)
    assert forgiven(need, asked_on=TODAY) == need


def test_the_words_say_since_when_it_is_asked():
    need = Requirement(1, days(-30), "20 days after creation", grace_days=14, asks_since=TODAY)
    assert forgiven(need, asked_on=TODAY).why == (
        "20 days after creation; asked since 2 Mar 2026, so not before 16 Mar"
    )


# ---- both acts, and their siblings ----


def begun(cast, *keys: str, grace_days: int = 14, **standard):
    return playbooks.in_force(
        cast, *keys, strategy=playbooks.written(cast, grace_days=grace_days), **standard
    )


def asked(of, key: str = KEY) -> Agreement:
    return Agreement.objects.get(deal=of, type__key=key)


def late(day: dt.date = TODAY) -> int:
    return Agreement.objects.overdue(day).count()


def test_putting_in_force_makes_nothing_late(cast):
    begun(cast)
    row = asked(cast.deal)
    assert (row.needed_by, row.was_due_on, row.asked_on) == (days(14), days(-8), TODAY)
    assert (late(), late(days(14)), late(days(15))) == (0, 0, 2)
    assert not is_late(row.late_after, TODAY)


def test_a_new_version_forgives_what_it_asks_anew_and_nothing_else(cast):
    book = begun(cast)
    later = NOW + 40 * DAY
    draft = actions.draft_playbook(by=None, at=later, strategy=book.strategy)
    playbooks.choose(draft, "cust.reference_right")
    actions.publish(by=None, at=later, playbook=draft, note="one more")
    actions.ask_open_deals(at=later)
    assert asked(cast.deal).needed_by == days(14)
    assert asked(cast.deal, "cust.reference_right").needed_by == days(54)
    assert set(Agreement.objects.overdue(days(40)).values_list("type__key", flat=True)) == {KEY}


def test_a_standard_that_is_made_stricter_forgives_too(cast):
    new = deal("N-2", owner=cast.seller, created_at=NOW)
    book = begun(cast, needed_days=60)
    later = NOW + 40 * DAY
    draft = actions.draft_playbook(by=None, at=later, strategy=book.strategy)
    actions.set_standard(by=None, at=later, pivotal=draft.pivotal.get(), needed_days=20)
    actions.publish(by=None, at=later, playbook=draft, note="sooner")
    actions.ask_open_deals(at=later)
    assert (asked(new).needed_by, asked(new).was_due_on) == (days(54), days(20))


def test_words_that_change_leave_the_days_as_they_are(cast):
    book = begun(cast)
    later = NOW + 40 * DAY
    draft = actions.draft_playbook(by=None, at=later, strategy=book.strategy)
    actions.set_standard(by=None, at=later, pivotal=draft.pivotal.get(), questions=["Who has the log?"])
    actions.publish(by=None, at=later, playbook=draft, note="a question")
    actions.ask_open_deals(at=later)
    assert asked(cast.deal).needed_by == days(14)


def test_a_strategy_that_comes_to_hold_for_more_deals_forgives_them(cast):
    small = deal("SMB-1", owner=cast.seller, segment="SMB")
    begun(cast)
    strategy = begun_for(cast, "ENT")
    actions.change_strategy(by=None, at=NOW + 40 * DAY, strategy=strategy, segment="SMB", rank=0)
    actions.ask_open_deals(at=NOW + 40 * DAY)
    assert asked(small, "cust.reference_right").needed_by == days(54)


def begun_for(cast, segment: str):
    written = playbooks.written(cast, name="For some", segment=segment, grace_days=14)
    return playbooks.in_force(cast, "cust.reference_right", strategy=written).strategy


def test_a_deal_that_comes_later_is_not_late_on_its_first_day(cast):
    begun(cast)
    old_one = deal("N-8", owner=cast.seller, created_at=NOW - 300 * DAY)
    asking_later = NOW + 40 * DAY
    actions.ask_anew(by=None, at=asking_later)
    actions.ask_open_deals(at=asking_later)
    assert (asked(old_one).needed_by, asked(old_one).was_due_on) == (days(54), days(-280))


def test_a_deal_made_after_the_start_is_asked_by_the_rule_alone(cast):
    begun(cast, needed_days=5)
    new = deal("N-9", owner=cast.seller, created_at=NOW + 40 * DAY)
    actions.ask_anew(by=None, at=NOW + 40 * DAY)
    actions.ask_open_deals(at=NOW + 40 * DAY)
    assert (asked(new).needed_by, asked(new).was_due_on) == (days(45), None)


def test_asking_again_changes_nothing_and_the_doctor_finds_nothing(cast):
    begun(cast)
    before = list(Agreement.objects.order_by("pk").values())
    actions.ask_anew(by=None, at=NOW + 3 * DAY)
    done = actions.ask_open_deals(at=NOW + 3 * DAY)
    assert not done.changes
    assert list(Agreement.objects.order_by("pk").values()) == before
    assert asking.differing(today=days(3)) == 0


def test_more_grace_moves_the_days_of_what_is_asked(cast):
    book = begun(cast)
    actions.change_strategy(by=None, at=NOW, strategy=book.strategy, grace_days=30)
    actions.ask_open_deals(at=NOW)
    assert asked(cast.deal).needed_by == days(30)


def test_coverage_in_time_counts_from_the_start(cast):
    begun(cast)
    kind = asked(cast.deal).type_id
    assert kind not in coverage.in_time(cast.sponsor, today=TODAY)
    gain(cast.deal, on=days(10))
    found = coverage.in_time(cast.sponsor, today=days(20))[kind]
    assert (found.there, found.needed) == (1, 2)


def gain(of, *, on: dt.date):
    at = dt.datetime.combine(on, dt.time(9), dt.UTC)
    said = {"act": "open the log", "person_name": "Bo", "due_on": on, "evidence": Evidence.WRITTEN}
    step = agreements.Step(AgreementState.GAINED, occurred_at=at, **said)
    agreements.take_step(by=None, at=at, deal_id=of.pk, type_key=KEY, step=step)


# ---- the list to sort out ----


def test_a_seller_has_one_list_and_no_red_home(cast):
    begun(cast, KEY, "cust.reference_right")
    page = old.sorting_page(cast.seller, today=TODAY)
    assert [work.line.key for work in page.lines] == [KEY, "cust.reference_right"]
    assert (page.total, page.mine, page.others) == (2, True, ())
    day = seller_day(cast.seller, today=TODAY)
    assert (day.late, day.soon, day.stale, day.old) == ((), (), (), 2)


def test_whoever_leads_sees_for_whom_some_wait(cast):
    begun(cast)
    page = old.sorting_page(cast.manager, today=TODAY)
    assert [(one.name, one.old) for one in page.others] == [("Sanna", 1)]
    theirs = old.sorting_page(cast.manager, today=TODAY, seller_id=cast.seller.pk)
    assert [work.line.deal_id for work in theirs.lines] == [cast.deal.pk]
    foreign = old.sorting_page(cast.manager, today=TODAY, seller_id=cast.stranger.pk)
    assert foreign.lines == ()
    with pytest.raises(Hidden):
        old.sorting_page(cast.inside_partner, today=TODAY)


def test_kept_it_is_asked_for_by_its_new_day_and_no_longer_listed(cast):
    begun(cast)
    row = asked(cast.deal)
    assert agreements.sort_out(by=cast.seller, at=NOW, answers={row.pk: None}) == 1
    assert old.sorting_page(cast.seller, today=TODAY).total == 0
    assert [work.line.needed_by for work in seller_day(cast.seller, today=TODAY).soon] == [days(14)]
    event = AuditEvent.objects.get(subject="agreement", action="keep")
    assert event.changes == {"due": ["2026-02-22", "2026-03-16"]}
    actions.ask_anew(by=None, at=NOW + DAY)
    actions.ask_open_deals(at=NOW + DAY)
    assert old.sorting_page(cast.seller, today=days(1)).total == 0


def test_not_needed_and_gained_already_are_steps_like_any_other(cast):
    begun(cast, KEY, "cust.reference_right")
    no = agreements.Step(AgreementState.NOT_NEEDED, occurred_at=NOW, reason="they gave the data in March")
    when = NOW - 20 * DAY
    yes = agreements.Step(AgreementState.KEPT, occurred_at=when, evidence=Evidence.ACTED, person_name="Bo")
    answers = {asked(cast.deal).pk: no, asked(cast.deal, "cust.reference_right").pk: yes}
    agreements.sort_out(by=cast.seller, at=NOW, answers=answers)
    assert asked(cast.deal).state == "not_needed"
    gained = asked(cast.deal, "cust.reference_right")
    assert (gained.state, gained.gained_at) == ("kept", when)
    assert coverage.in_time(cast.sponsor, today=days(20))[gained.type_id].there == 1


def test_answers_are_taken_all_or_none(cast):
    begun(cast, KEY, "cust.reference_right")
    bare = agreements.Step(AgreementState.GAINED, occurred_at=NOW)
    answers = {asked(cast.deal).pk: None, asked(cast.deal, "cust.reference_right").pk: bare}
    with pytest.raises(agreements.NotSorted) as refused:
        agreements.sort_out(by=cast.seller, at=NOW, answers=answers)
    assert set(refused.value.by_agreement[asked(cast.deal, "cust.reference_right").pk]) == {
        "act",
        "person",
        "due_on",
        "evidence",
    }
    assert asked(cast.deal).sorted_at is None


def test_nobody_sorts_out_what_is_not_theirs_to_see(cast):
    begun(cast)
    for who in (cast.stranger, cast.other_manager, cast.inside_partner):
        with pytest.raises(Hidden):
            agreements.sort_out(by=who, at=NOW, answers={asked(cast.deal).pk: None})
    assert asked(cast.deal).sorted_at is None


def test_what_was_sorted_out_already_is_not_sorted_twice(cast):
    begun(cast)
    answers = {asked(cast.deal).pk: None}
    agreements.sort_out(by=cast.seller, at=NOW, answers=answers)
    with pytest.raises(agreements.NothingToSort):
        agreements.sort_out(by=cast.manager, at=NOW, answers=answers)


def test_what_nobody_sorts_out_is_late_after_its_grace(cast):
    begun(cast)
    day = seller_day(cast.seller, today=days(15))
    assert [work.line.key for work in day.late] == [KEY]


# ---- what will be asked ----


def drafted(cast, *keys: str, **facts):
    strategy = playbooks.written(cast, grace_days=14, **facts)
    book = strategy.playbooks.get()
    for key in keys or (KEY,):
        playbooks.choose(book, key)
    return strategy, book


def test_before_publishing_what_the_start_will_ask_is_told_and_that_nobody_is_asked_yet(cast):
    strategy, book = drafted(cast)
    found = before_asking.of_draft(cast.sponsor, strategy.pk, today=TODAY)
    assert (found.asks, found.deals, found.new, found.old, found.late, found.first_due) == (
        False,
        2,
        2,
        2,
        0,
        days(14),
    )
    assert [(one.name, one.deals, one.new, one.old) for one in found.by_seller] == [
        ("Sanna", 1, 1, 1),
        ("Stig", 1, 1, 1),
    ]
    actions.publish(by=None, at=NOW, playbook=book, note="first")
    actions.ask_open_deals(at=NOW)
    assert not Agreement.objects.filter(required=True).exists()


def test_what_is_told_before_the_start_is_what_is_asked(cast):
    playbooks.won(cast, 1)
    gain(cast.foreign_deal, on=days(-5))
    strategy, book = drafted(cast, KEY, "cust.reference_right")
    actions.publish(by=None, at=NOW, playbook=book, note="first")
    found = before_asking.of_start(cast.sponsor, strategy.pk, today=TODAY)
    actions.put_in_force(by=None, at=NOW, strategy=strategy, starts_on=TODAY)
    actions.ask_open_deals(at=NOW)
    rows = Agreement.objects.filter(required=True)
    assert (found.asks, found.new) == (True, rows.count())
    assert found.old == Agreement.objects.to_sort_out().count() == 3
    assert found.first_due == min(row.needed_by for row in rows)
    assert {one.name: one.new for one in found.by_seller} == {"Sanna": 2, "Stig": 1}


def test_without_grace_the_preview_says_what_is_late_at_once(cast):
    strategy, book = drafted(cast)
    actions.publish(by=None, at=NOW, playbook=book, note="first")
    found = before_asking.of_start(cast.sponsor, strategy.pk, today=TODAY, grace_days=0)
    assert (found.late, found.old, found.first_due) == (2, 0, days(-8))


def test_who_would_be_asked_and_cannot_sign_in_is_counted(cast):
    import letting_in

    nils = letting_in.newcomer("Nils", email=None)
    deal("N-3", owner=nils, team=cast.north)
    strategy, _ = drafted(cast)
    found = before_asking.of_draft(cast.sponsor, strategy.pk, today=TODAY)
    assert found.kept_out == 1


def test_what_a_strategy_lacks_is_said(cast):
    strategy, book = drafted(cast)
    assert before_asking.of_draft(cast.sponsor, strategy.pk, today=TODAY).missing == (
        "No sponsor is named: nobody stands for it.",
        "No target is set: nobody will know whether it works.",
        "1 agreement is chosen; a strategy usually hinges on six to eight.",
    )
    assert "No playbook is published: nothing is asked of anybody." in (
        before_asking.of_start(cast.sponsor, strategy.pk, today=TODAY).missing
    )
    actions.change_strategy(by=None, at=NOW, strategy=strategy, sponsor=cast.sponsor)
    target = {"metric": "discount", "baseline": 0.2, "target": 0.1, "target_on": days(300)}
    actions.set_target(by=None, at=NOW, strategy=strategy, **target)
    for key in ("cust.reference_right", "cust.volume", "cust.term", "cust.paper", "cust.liability"):
        playbooks.choose(book, key)
    assert before_asking.of_draft(cast.sponsor, strategy.pk, today=TODAY).missing == ()


def test_only_keepers_see_what_will_be_asked(cast):
    strategy, _ = drafted(cast)
    for who in (cast.seller, cast.manager, cast.inside_partner):
        with pytest.raises(Hidden):
            before_asking.of_draft(who, strategy.pk, today=TODAY)
        with pytest.raises(Hidden):
            before_asking.of_start(who, strategy.pk, today=TODAY)
