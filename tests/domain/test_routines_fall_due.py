"""Routines fall due of everybody they concern by the night's job, and the register answers them."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

import duties
from cast import NOW, TODAY, deal, person
from hingepoint.domain.people import actions as people
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import Routine, RoutineDue, RoutineVersion
from hingepoint.domain.routines.queries import kept, mine, routine_pages
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule

DAY = dt.timedelta(days=1)  # NOW is Monday, 2 March
WRITTEN = Rule("plan", "Plan written", Kind.PLAN)


def day_of(due: RoutineDue) -> str:
    return f"{timezone.localdate(due.due_at):%m-%d}"


def due_of(user, **which) -> list[str]:
    return [day_of(one) for one in RoutineDue.objects.filter(person=user, **which).order_by("due_at")]


def in_force(cast, rule: Rule = WRITTEN, since: dt.date = TODAY) -> Routine:
    return routines.define(by=cast.sponsor, at=NOW, rule=rule, since=since)


def test_it_falls_due_of_everybody_of_the_role_for_the_weeks_ahead(cast):
    in_force(cast)
    fridays = ["03-06", "03-13", "03-20", "03-27", "04-03"]
    assert due_of(cast.seller) == due_of(cast.stranger) == fridays
    assert due_of(cast.manager) == []
    assert set(RoutineDue.objects.values_list("team__name", flat=True)) == {"North", "South"}


def test_the_night_done_twice_changes_nothing_and_days_that_were_missed_are_caught_up(cast):
    in_force(cast)
    assert routines.let_fall_due(at=NOW) == 0
    assert routines.let_fall_due(at=NOW + 50 * DAY) == 2 * 7
    assert due_of(cast.seller)[4:7] == ["04-03", "04-10", "04-17"]


def test_what_passed_before_a_newcomer_came_is_not_due_of_them(cast):
    in_force(cast)
    new = person("Nora", Role.SELLER)
    people.join_team(by=None, at=NOW, user=new, team=cast.north, since=TODAY + 8 * DAY, manages=False)
    routines.let_fall_due(at=NOW + 8 * DAY)
    assert due_of(new)[0] == "03-13"


def test_what_is_ahead_of_who_left_or_is_away_is_taken_back(cast):
    in_force(cast)
    people.set_active(by=None, at=NOW, user=cast.stranger, active=False)
    duties.days_off(cast.seller, since=TODAY + 4 * DAY, last=TODAY + 6 * DAY)
    routines.let_fall_due(at=NOW)
    assert due_of(cast.stranger) == []
    assert due_of(cast.seller)[:2] == ["03-09", "03-13"]


def test_what_has_come_due_stays_when_somebody_leaves(cast):
    in_force(cast)
    people.set_active(by=None, at=NOW, user=cast.stranger, active=False)
    routines.let_fall_due(at=NOW + 7 * DAY)
    assert due_of(cast.stranger) == ["03-06"]


def test_a_routine_of_one_team_concerns_nobody_else(cast):
    in_force(cast, Rule("plan", "Plan written", Kind.PLAN, team="North"))
    assert (len(due_of(cast.seller)), due_of(cast.stranger)) == (5, [])


def test_nothing_is_required_of_days_that_have_passed(cast):
    with pytest.raises(routines.NotBefore):
        in_force(cast, since=TODAY - DAY)
    assert not Routine.objects.exists()


def test_a_change_counts_from_tomorrow_and_the_versions_are_kept(cast):
    routine = in_force(cast)
    routines.do(by=cast.seller, at=NOW, due_id=RoutineDue.objects.filter(person=cast.seller).first().pk)
    wanted = Rule("plan", "Plan written", Kind.PLAN, weekday=2)
    routines.change(by=cast.analyst, at=NOW, routine_id=routine.pk, rule=wanted)
    assert due_of(cast.stranger)[0] == "03-06"
    routines.put_in_force(by=cast.analyst, at=NOW, routine_id=routine.pk)
    assert due_of(cast.stranger)[:2] == ["03-04", "03-11"]
    assert due_of(cast.seller, done_at__isnull=False) == ["03-06"]
    versions = RoutineVersion.objects.values_list("number", "since", "put_by__name")
    assert list(versions) == [(2, TODAY + DAY, "Ada"), (1, TODAY, "Otto")]
    with pytest.raises(routines.NothingNew):
        routines.put_in_force(by=cast.analyst, at=NOW, routine_id=routine.pk)


def test_an_end_takes_back_what_lies_behind_it(cast):
    routine = in_force(cast)
    routines.end(by=cast.sponsor, at=NOW, routine_id=routine.pk, until=TODAY + 10 * DAY)
    routines.let_fall_due(at=NOW)
    assert due_of(cast.seller) == ["03-06"]


# ---- what the register knows ----


def write_plan(cast, at: dt.datetime, deal_id: int = 0) -> None:
    told = {"type_key": "cust.data_access", "best": "the log"}
    plans.write_plan(by=cast.seller, at=at, deal_id=deal_id or cast.deal.pk, **told)


def test_a_plan_counts_by_itself_at_the_time_at_which_it_was_written(cast):
    in_force(cast)
    write_plan(cast, NOW + DAY)
    assert routines.take_as_done(at=NOW + 2 * DAY) == 1
    assert routines.take_as_done(at=NOW + 2 * DAY) == 0
    [done] = RoutineDue.objects.filter(done_at__isnull=False)
    assert (done.person, day_of(done), done.done_at, done.recorded_at) == (
        cast.seller,
        "03-06",
        NOW + DAY,
        NOW + DAY,
    )


def test_a_deal_is_planned_once_when_it_reached_the_value(cast):
    rule = Rule("plan", "Plan of large deals", Kind.PLAN, cadence=Cadence.DEAL, least_amount=200_000, days=7)
    in_force(cast, rule)
    large = deal("N-9", owner=cast.seller, team=cast.north, amount=250_000, created_at=NOW)
    routines.let_fall_due(at=NOW)
    [due] = RoutineDue.objects.all()
    assert (due.person, due.deal, day_of(due)) == (cast.seller, large, "03-09")
    write_plan(cast, NOW + DAY)
    assert routines.take_as_done(at=NOW + 2 * DAY) == 0
    write_plan(cast, NOW + DAY, large.pk)
    assert routines.take_as_done(at=NOW + 2 * DAY) == 1


def test_a_review_that_was_held_counts_for_who_held_it(cast):
    in_force(cast, Rule("review", "Deal review", Kind.DEAL_REVIEW, Role.MANAGER, weekday=0))
    [first] = routines.done(person=cast.manager, kind=Kind.DEAL_REVIEW, at=NOW)
    assert (day_of(first), first.done_at) == ("03-02", NOW)
    assert routines.done(person=cast.manager, kind=Kind.PIPELINE_REVIEW, at=NOW) == []
    assert routines.done(person=cast.seller, kind=Kind.DEAL_REVIEW, at=NOW) == []


# ---- what is seen ----


def test_the_preview_says_whom_it_concerns_and_what_last_month_would_have_asked(cast):
    write_plan(cast, NOW - 20 * DAY)  # 10 February
    seen = routine_pages.preview(WRITTEN, today=TODAY)
    assert (seen.people, seen.names, seen.teams) == (2, ("Sanna", "Stig"), 2)
    assert (seen.since, seen.until) == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert (seen.due, seen.in_time) == (0, 0)  # both came today
    own = routine_pages.preview(Rule("message", "Message", role=Role.SPONSOR), today=TODAY)
    assert (own.people, own.names, own.due, own.in_time) == (1, ("Otto",), 4, None)


def test_a_routine_that_asked_all_month_tells_what_it_asked_and_a_draft_what_it_would_have(cast):
    routine = in_force(cast)
    routines.let_fall_due(at=NOW + 28 * DAY)
    hers = RoutineDue.objects.filter(person=cast.seller, due_at__gte=NOW + 29 * DAY).order_by("due_at")
    by_its_day = dt.datetime(2026, 4, 3, 21, 30, tzinfo=dt.UTC)  # half past eleven at night in Paris
    after_it = dt.datetime(2026, 4, 10, 22, 30, tzinfo=dt.UTC)
    for pk, at in zip(hers.values_list("pk", flat=True), (by_its_day, after_it), strict=False):
        RoutineDue.objects.filter(pk=pk).update(done_at=at, recorded_at=at)
    in_may = dt.date(2026, 5, 4)
    seen = routine_pages.routine_page(cast.sponsor, routine.pk, today=in_may).preview
    assert (seen.asked, seen.due, seen.in_time) == (True, 8, 1)
    assert seen.due == routine_pages.preview(WRITTEN, today=in_may).due  # the same two ways
    in_april = routine_pages.routine_page(cast.sponsor, routine.pk, today=in_may - 20 * DAY).preview
    assert not in_april.asked  # it came into force on the second of March
    rare = replace(WRITTEN, cadence=Cadence.FORTNIGHTLY)
    routines.change(by=cast.sponsor, at=NOW, routine_id=routine.pk, rule=rare)
    drafted = routine_pages.routine_page(cast.sponsor, routine.pk, today=in_may).preview
    assert (drafted.asked, drafted.due) == (False, 4)


def test_what_is_due_of_me_are_the_days_around_today(cast):
    in_force(cast)
    lines = mine.due_of_me(cast.seller, today=TODAY + 12 * DAY)
    assert [(one.due_on.day, one.late, one.by_itself) for one in lines] == [
        (6, True, True),
        (13, True, True),
        (20, False, True),
    ]


def test_days_off_are_said_by_oneself_by_who_leads_them_and_by_who_sees_everybody(cast):
    for by in (cast.seller, cast.manager, cast.analyst):
        routines.take_days_off(by=by, at=NOW, since=TODAY, last=TODAY, person=cast.seller)
    for by in (cast.stranger, cast.other_manager):
        with pytest.raises(Hidden):
            routines.take_days_off(by=by, at=NOW, since=TODAY, last=TODAY, person=cast.seller)
    with pytest.raises(Hidden):
        routines.take_days_off(by=cast.manager, at=NOW, since=TODAY, last=TODAY)
    assert len(routine_pages.days_off(cast.seller, today=TODAY)) == 3
    assert routine_pages.days_off(cast.stranger, today=TODAY) == []


def test_a_team_of_few_is_shown_to_its_manager_and_not_alone_to_who_sees_everybody(cast):
    done = {"done_at": NOW - 3 * DAY, "recorded_at": NOW - 3 * DAY}
    duties.falls_due(cast.seller, due_at=dt.datetime(2026, 2, 27, tzinfo=dt.UTC), **done)
    duties.falls_due(cast.seller, due_at=dt.datetime(2026, 2, 20, tzinfo=dt.UTC))
    [own] = kept.kept_by_team(cast.manager, today=TODAY)
    assert (own.team, own.share.value, own.share.n, own.last_day, own.left_out) == ("North", 0.5, 2, 1, 1)
    [seen] = kept.kept_by_team(cast.sponsor, today=TODAY)
    assert (seen.team, seen.share) == ("North", None)
    assert kept.kept_by_team(cast.other_manager, today=TODAY) == []
    assert kept.kept_by_team(cast.seller, today=TODAY) == []


def test_what_leaders_kept_is_told_of_five_or_more_together(cast):
    day = dt.datetime(2026, 2, 27, tzinfo=dt.UTC)
    routine = duties.a_routine("review", name="Review held", role=Role.MANAGER)
    for n in range(5):
        seen = kept.kept_by_team(cast.sponsor, today=TODAY)
        assert [one.share for one in seen] == [None] * min(n, 1)
        leader = person(f"Lead{n}", Role.MANAGER)
        done = {} if n == 4 else {"done_at": day, "recorded_at": day}
        RoutineDue.objects.create(routine=routine, person=leader, team=cast.north, due_at=day, **done)
    [told] = kept.kept_by_team(cast.sponsor, today=TODAY)
    assert (told.team, told.leads, told.share.value, told.share.n) == ("All teams", True, 0.8, 5)
