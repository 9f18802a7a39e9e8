"""When a routine falls due of whom, and what counts as done."""

import datetime as dt

import pytest

from hingepoint.domain.routines import rules
from hingepoint.domain.routines.rules import Here, Off, Open, Planned, Reached
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule

ANN, BEN = 1, 2
NORTH, SALES = 7, 8
SINCE = dt.date(2026, 3, 2)  # a Monday


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def days(rule: Rule, *here: Here, off: Off = Off(), first="03-02", last="04-30") -> list[str]:  # noqa: B008
    known = here or (Here(ANN, NORTH),)
    found = rules.planned(rule, known, off, in_force=SINCE, first=day(first), last=day(last))
    return [f"{one.on:%m-%d}" for one in found]


@pytest.mark.parametrize(
    ("cadence", "weekday", "due"),
    [
        (Cadence.WEEKLY, 4, ["03-06", "03-13", "03-20", "03-27", "04-03", "04-10", "04-17", "04-24"]),
        (Cadence.FORTNIGHTLY, 0, ["03-02", "03-16", "03-30", "04-13", "04-27"]),
        (Cadence.MONTHLY, 0, ["03-02", "04-06"]),
        (Cadence.MONTHLY, 2, ["03-04", "04-01"]),
    ],
)
def test_a_routine_falls_due_on_its_day(cadence, weekday, due):
    assert days(Rule("r", "R", cadence=cadence, weekday=weekday)) == due


def test_the_first_of_a_month_that_had_passed_waits_for_the_next():
    rule = Rule("r", "R", cadence=Cadence.MONTHLY, weekday=0)
    here, window = [Here(ANN, NORTH)], {"first": day("03-10"), "last": day("05-10")}
    found = rules.planned(rule, here, Off(), in_force=day("03-10"), **window)
    assert [one.on for one in found] == [day("04-06"), day("05-04")]


def test_a_window_continues_the_rhythm_from_the_day_in_force():
    rule = Rule("r", "R", cadence=Cadence.FORTNIGHTLY, weekday=4)
    assert days(rule, first="03-21", last="04-05") == ["04-03"]


def test_a_holiday_moves_it_to_the_next_working_day_of_the_person():
    off = Off(company=frozenset({day("04-03"), day("04-06")}), people={ANN: frozenset({day("04-07")})})
    both = [Here(ANN, NORTH), Here(BEN, NORTH)]
    found = rules.planned(Rule("r", "R"), both, off, in_force=SINCE, first=day("04-01"), last=day("04-09"))
    assert found == [Planned(BEN, NORTH, day("04-07")), Planned(ANN, NORTH, day("04-08"))]


def test_who_is_away_until_it_falls_due_again_is_not_asked_that_time():
    away = frozenset(day("03-06") + n * rules.DAY for n in range(7))
    assert days(Rule("r", "R"), off=Off(people={ANN: away}), last="03-22") == ["03-13", "03-20"]


def test_nobody_is_asked_before_they_came_or_after_they_left():
    came = Here(ANN, NORTH, since=day("03-10"), until=day("03-27"))
    assert days(Rule("r", "R"), came) == ["03-13", "03-20"]


def test_it_is_due_in_the_team_of_that_day_and_of_a_manager_in_the_one_they_lead():
    sells, leads = Here(ANN, SALES), Here(ANN, NORTH, manages=True)
    window = {"in_force": SINCE, "first": SINCE, "last": day("03-08")}
    as_manager = rules.planned(Rule("r", "R", role=Role.MANAGER), [sells, leads], Off(), **window)
    as_seller = rules.planned(Rule("r", "R"), [leads, sells], Off(), **window)
    assert (as_manager[0].team_id, as_seller[0].team_id) == (NORTH, SALES)


def test_a_deal_is_asked_for_once_so_many_days_after_it_reached_the_stage():
    rule = Rule("r", "R", kind=Kind.PLAN, cadence=Cadence.DEAL, days=10)
    deals = [Reached(1, ANN, NORTH, day("03-03")), Reached(2, ANN, NORTH, day("03-05"))]
    before = Reached(3, BEN, NORTH, day("02-27"))
    window = {"in_force": SINCE, "first": SINCE, "last": day("04-01")}
    found = rules.planned_for_deals(rule, [*deals, before], Off(), **window)
    assert found == [
        Planned(ANN, NORTH, day("03-13"), 1),
        Planned(ANN, NORTH, day("03-16"), 2),  # the 15th is a Sunday
    ]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-{text}:00+00:00")


FIRST, SECOND = Open(1, at("03-06 00:00")), Open(2, at("03-13 00:00"))


@pytest.mark.parametrize(
    ("done", "found"),
    [
        (["03-06 23:59"], {1: "03-06 23:59"}),
        (["03-07 08:00"], {2: "03-07 08:00"}),  # in time for the next, not late for the first
        (["03-07 08:00", "03-08 08:00"], {2: "03-07 08:00", 1: "03-08 08:00"}),
        (["03-14 08:00"], {2: "03-14 08:00"}),
        (["02-27 23:59", "03-21 00:00"], {}),
    ],
)
def test_each_thing_done_counts_once_first_where_it_is_in_time(done, found):
    answers = rules.answered([SECOND, FIRST], map(at, done), rules.WEEK)
    assert answers == {number: at(when) for number, when in found.items()}


def test_a_definition_kept_in_plain_values_is_the_same():
    rule = Rule("r", "R", Kind.PLAN, Role.MANAGER, Cadence.DEAL, 2, "why", "North", "prove", 50_000.0, 7)
    assert rules.rule_of(rules.plain(rule)) == rule
