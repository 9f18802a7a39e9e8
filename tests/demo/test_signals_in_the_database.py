"""What signals read from the seeded demo company: the same as from its files, and each planted drift."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from django.core.management import call_command
from polars.testing import assert_frame_equal

import drifts
from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.engine.facts import from_log
from hingepoint.analysis.signals.shape import Facts, Report, State
from hingepoint.demo import as_files, duties, planted, seed, tour
from hingepoint.demo.company import Company, simulate
from hingepoint.domain.signals.frames import UNREAD, facts
from hingepoint.records.signals import PLANS_BEFORE

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ENDS_ON = dt.date(2026, 6, 26)
AT = dt.datetime(2026, 6, 26, 18, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
#: What is asked and agreed on live deals beside the history, so that there is something to do (``talks.write_live``).
LIVE = AT.replace(tzinfo=None) - 3 * DAY


def seeded(unblock, *, small: bool, at: dt.datetime, ends_on: dt.date) -> Facts:
    """Return what signals read from a seeded database, which is emptied again."""
    with unblock():
        try:
            seed.seed_company(at=at, ends_on=ends_on, small=small)
            return facts(ends_on)
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def written(django_db_setup, django_db_blocker) -> Facts:
    """What signals read from the database of the small company."""
    return seeded(django_db_blocker.unblock, small=True, at=AT, ends_on=ENDS_ON)


@pytest.fixture(scope="module")
def lived() -> Company:
    """The small company as it is seeded, without the tour deal."""
    return seed.with_persona_keys(simulate(ends_on=ENDS_ON - DAY, sellers=seed.SMALL))


@pytest.fixture
def company(lived, db) -> Company:
    return tour.with_tour_deal(lived)


@pytest.fixture
def filed(company) -> Facts:
    """What signals read from the files of the same company."""
    tables = as_files.deals(company), as_files.events(company), as_files.routines(company)
    return from_log(*tables, as_of=ENDS_ON)


def assert_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    order = sorted(other.columns)
    assert_frame_equal(one.select(order), other.select(order), check_row_order=False)


def of_history(table: pl.DataFrame, filed: pl.DataFrame, *by: str, live: int) -> pl.DataFrame:
    """Return the rows that the files know as well; the others are so many and of the last days."""
    others = table.join(filed, on=list(by), how="anti")
    assert (others.height, (others["at"] > LIVE).all()) == (live, True)
    return table.join(filed, on=list(by), how="semi")


def test_deals_are_those_of_the_files_but_for_the_one_that_was_handed_over(written, filed):
    handed = written.deals.join(filed.deals, on=["deal_id", "owner"], how="anti")["deal_id"].implode()
    assert handed.list.len().item() == 1
    others = ~pl.col("deal_id").is_in(handed)
    read = filed.deals.drop(UNREAD, strict=False)  # no signal reads them, so the database is not asked
    assert_same(written.deals.filter(others), read.filter(others))


@pytest.mark.parametrize("name", ["concessions", "quotes", "pulses"])
def test_the_database_holds_what_the_files_hold(written, filed, name):
    """But who answered, which is in no file."""
    assert getattr(filed, name).height > 200
    one, other = (getattr(each, name).drop("partner", strict=False) for each in (written, filed))
    assert_same(one, other)


def test_demands_are_those_of_the_files_with_the_reasons_known_by_now(written, filed, company):
    """Files do not say when a reason was written: the few that sellers write tomorrow are not held against them."""
    keys = ["deal_id", "at", "topic"]
    later = company.demands.filter(pl.col("reason_at").dt.date() > ENDS_ON).select(
        "deal_id", "at", topic="kind"
    )
    begin = pl.col("reason").str.head(1).str.to_uppercase() + pl.col("reason").str.slice(1)
    assert written.demands["other_reason"].count() > 200  # what managers thought is in no file
    told, known = (each.demands.drop("other_reason") for each in (written, filed))
    found = of_history(told, known, *keys, live=2)
    assert 0 < later.height <= 10
    assert_same(
        found.join(later, on=keys, how="anti"),
        known.with_columns(reason=begin).join(later, on=keys, how="anti"),
    )


def test_plans_are_those_of_the_files_whose_agreement_is_on_record(written, filed, company):
    talks = company.plans.join(company.agreements, on=["deal_id", "agreement"], how="anti")
    absent = talks.filter(pl.col("agreement").is_in(list(PLANS_BEFORE))).select(
        "deal_id", written_at="written_at", about=pl.col("agreement").replace(PLANS_BEFORE)
    )
    assert 0 < absent.height < 0.05 * filed.plans.height
    assert_same(written.plans, filed.plans.join(absent, on=absent.columns, how="anti"))


def test_plans_that_lack_something_pass_where_managers_let_them(written, company):
    """The seventh drift: one team's managers approve what others send back, plans with less than six of ten parts."""
    lax = planted.drifts(ENDS_ON)[7]
    places = written.deals.select("deal_id", "team")
    approved = written.talks.filter(pl.col("what") == "approved").join(places, on="deal_id")
    made = company.plans.select("deal_id", "complete", at="reviewed_at")
    both = approved.join(made, on=["deal_id", "at"])
    assert both.height > 0.8 * approved.height
    assert both["done"].to_list() == (both["complete"] >= 0.55).to_list()
    there = (pl.col("team") == lax.place) & (pl.col("at").dt.date() >= lax.since)
    let_go = {here: 1 - rows["done"].mean() for (here,), rows in approved.group_by(there)}
    assert approved.filter(there).height >= 10
    assert let_go[True] > 0.4
    assert let_go[False] < 0.08


@pytest.mark.parametrize(("state", "live"), [("asked", 4), ("approved", 0), ("partly", 0), ("declined", 0)])
def test_requests_are_asked_and_decided_as_in_the_files(written, filed, state, live):
    one, other = (
        table.filter(pl.col("state") == state).drop("value")
        for table in (written.exceptions, filed.exceptions)
    )
    assert other.height >= 10
    assert_same(of_history(one, other, "deal_id", "at", "topic", live=live), other)


def test_the_same_requests_were_passed_up_as_they_came(written, filed, company):
    """In the database a manager sends back and says yes later, in the files the value is lower, two hours after the asking."""
    decided = company.escalations.drop_nulls("decision").select("deal_id").unique()
    one, other = (
        SIGNALS["tolerant_managers"].units(each).select("deal_id", "manager", "value", "silent")
        for each in (written, filed)
    )
    assert 0.3 < one["value"].mean() < 0.9
    assert_same(one, other.join(decided, on="deal_id", how="semi"))


def test_visits_and_roles_are_those_of_the_files_by_name(written, filed, company):
    names = dict(company.people.select("key", "name").iter_rows())
    told = filed.visits.with_columns(pl.col("executive").replace(names))
    assert_same(of_history(written.visits, told, "deal_id", "at", "state", live=1), told)


def test_routines_are_those_of_the_files(written, filed):
    known = written.routines.with_columns(pl.col("routine").str.to_lowercase())
    sellers = known.filter(pl.col("routine").is_in(list(duties.SELLERS)), pl.col("due") < LIVE + 3 * DAY)
    assert_same(sellers, filed.routines)


def test_rules_hold_from_the_morning_of_their_first_day_and_the_first_since_the_company_began(written, filed):
    (_, first), (at, second) = filed.policies.rows()
    began = dt.datetime.combine(ENDS_ON - DAY - dt.timedelta(weeks=156), dt.time(11))
    assert written.policies.rows() == [(began, first), (at + dt.timedelta(hours=10), second)]


# ---- the whole company ----


@pytest.fixture(scope="module")
def report(django_db_setup, django_db_blocker, whole) -> Report:
    known = seeded(django_db_blocker.unblock, small=False, at=AT + DAY, ends_on=whole.ends_on + DAY)
    return engine.read(known, rng=np.random.default_rng(7))


@pytest.mark.slow
@pytest.mark.parametrize("number", planted.drifts(ENDS_ON))
def test_a_planted_drift_rises_where_and_when_it_was_planted_and_nowhere_else(whole, report, number):
    told = report.signals[number - 1]
    assert (told.signal.number, told.state) == (number, State.RAISED)
    raised = {
        place.place.name: drifts.Rise(place.earliest, place.latest, place.seen)
        for place in told.places
        if place.state is State.RAISED
    }
    drifts.assert_it_rose_where_and_when_it_was_planted(seed.with_persona_keys(whole), number, raised)
