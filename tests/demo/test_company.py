"""What holds in every simulated company, whatever the story."""

import dataclasses
import datetime as dt

import polars as pl
import pytest

from hingepoint.analysis import frames
from hingepoint.demo import planted
from hingepoint.demo.company import simulate
from hingepoint.demo.weeks import KEYS
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import DealStatus, EventKind

ENDS_ON = dt.date(2026, 6, 26)


def tables(company) -> dict[str, pl.DataFrame]:
    values = {field.name: getattr(company, field.name) for field in dataclasses.fields(company)}
    return {name: value for name, value in values.items() if isinstance(value, pl.DataFrame)}


@pytest.mark.slow
def test_the_same_arguments_give_the_same_company(small):
    again = simulate(ends_on=ENDS_ON, sellers=20)
    for name, table in tables(small).items():
        assert table.equals(getattr(again, name)), name


@pytest.mark.slow
def test_another_seed_gives_another_company(small):
    other = simulate(ends_on=ENDS_ON, sellers=20, seed=8)
    assert not small.deals.equals(other.deals)


def test_deals_and_events_have_the_columns_of_the_analysis(small):
    for table, columns in ((small.deals, frames.DEALS), (small.events, frames.EVENTS)):
        for name, dtype in frames.schema(columns).items():
            assert table.schema[name] == dtype, name
    assert small.deals["deal_id"].is_unique().all()
    assert set(small.deals["status"]) == {status.value for status in DealStatus}
    assert set(small.events["kind"]) <= {kind.value for kind in EventKind}


def test_nothing_happens_before_a_deal_begins_after_it_ends_or_tomorrow(small):
    events = small.events.join(small.deals.select("deal_id", "created", "closed"), on="deal_id", how="left")
    assert events["created"].null_count() == 0
    assert events.filter(pl.col("at") < pl.col("created")).is_empty()
    assert events.filter(pl.col("at") > pl.col("closed")).is_empty()
    assert events["at"].dt.date().max() <= ENDS_ON
    assert small.deals["closed"].dt.date().max() <= ENDS_ON


def test_people_work_on_working_days(small):
    assert small.deals["created"].dt.weekday().max() <= 5
    stages = small.events.filter(pl.col("kind") == "stage")
    assert stages["at"].dt.weekday().max() <= 5
    assert small.steps.filter(pl.col("state") == "gained")["at"].dt.weekday().max() <= 5


def test_stages_are_entered_in_order(small):
    order = ["discover", "shape", "prove", "propose", "negotiate", "paper"]
    moves = small.events.filter(pl.col("kind") == "stage").sort("deal_id", "at")
    ranks = moves.with_columns(rank=pl.col("agreement").replace_strict(order, range(6)))
    steps = ranks.with_columns(step=pl.col("rank").diff().over("deal_id"))
    assert set(steps["step"].drop_nulls()) == {1}


def test_prices_add_up(small):
    won = small.deals.filter(pl.col("status") == "won")
    gap = (1 - won["net_price"] / won["list_price"] - won["discount"]).abs()
    assert gap.max() < 0.001
    assert ((1 - won["cost"] / won["net_price"]) - won["margin"]).abs().max() < 0.001
    assert won["amount"].equals(won["net_price"].alias("amount"))
    others = small.deals.filter(pl.col("status") != "won")
    assert others["discount"].null_count() == len(others)


def test_every_seller_has_one_team_with_a_manager(small):
    sellers = small.people.filter(pl.col("role") == "seller")
    managers = small.people.filter(pl.col("title") == "Sales manager")
    assert sellers.filter("active").height == 20
    assert set(sellers["team"]) == set(managers["team"])
    assert set(small.deals["owner"]) <= set(sellers["key"])
    assert set(small.deals["manager"]) <= set(managers["key"])
    assert (
        small.deals.filter(pl.col("status") == "open")["owner"]
        .is_in(sellers.filter("active")["key"].implode())
        .all()
    )


@pytest.mark.slow
def test_the_whole_company_is_as_large_as_it_says(whole):
    active = whole.people.filter("active")
    assert active.filter(pl.col("role") == "seller").height == 140
    assert active.filter(pl.col("title") == "Sales manager").height == 15
    assert active.filter(pl.col("role") == "sponsor").height == 1
    assert set(whole.deals["region"]) == {"North", "South", "East", "West"}
    assert 6_000 <= whole.deals.height <= 8_000
    live = whole.deals.filter(pl.col("status") == "open").group_by("owner").len()["len"].mean()
    assert 10 <= live <= 16
    assert set(whole.events.filter(pl.col("kind") == "agreement")["agreement"]) == set(KEYS)


def test_no_two_deals_have_the_same_name_and_each_says_to_whom_what_is_sold(whole):
    assert whole.deals["name"].is_unique().all()
    named = whole.deals.join(whole.accounts.select("account", who="name"), on="account")
    says = pl.col("name").str.starts_with(pl.format("{}: {} for ", "who", "product"))
    assert named.select(says.all()).item()


def test_people_companies_and_addresses_are_different(whole):
    for table, column in (
        (whole.people, "key"),
        (whole.people, "email"),
        (whole.accounts, "name"),
        (whole.contacts, "email"),
    ):
        assert table[column].is_unique().all(), column


def test_gained_says_act_person_date_and_evidence(small):
    gained = small.agreements.filter(pl.col("state") == AgreementState.GAINED)
    assert gained.filter(pl.col("act").str.len_chars() == 0).is_empty()
    assert gained["act"].null_count() == gained["due_on"].null_count() == 0
    assert gained.filter(pl.col("counterpart").str.len_chars() == 0).is_empty()
    assert gained["evidence"].min() >= Evidence.TOLD
    assert 2 <= gained["quality"].min() <= gained["quality"].max() <= 7


def test_agreements_lapse_when_the_person_leaves(whole):
    lapsed = whole.agreements.filter(pl.col("state") == AgreementState.LAPSED)
    left = lapsed.join(whole.contacts.select("contact", "left_on"), on="contact")
    assert left.height == lapsed.height > 100
    assert left.filter(pl.col("changed").dt.date() != pl.col("left_on")).is_empty()


def test_live_deals_have_agreements_due_about_now(whole):
    live = whole.deals.filter(pl.col("status") == "open")["deal_id"]
    waiting = whole.agreements.filter(
        pl.col("deal_id").is_in(live.implode()) & pl.col("state").is_in(["asked", "soft", "planned"])
    )
    days = (waiting["due_on"] - pl.Series([ENDS_ON])).dt.total_days()
    assert waiting.filter(pl.col("state") == "soft").height > 100
    assert 0.1 < (days < 0).mean() < 0.5
    assert days.max() <= 31


@pytest.mark.parametrize(
    "table", ["demands", "concessions", "escalations", "visits", "plans", "coaching", "forecasts"]
)
def test_side_stories_belong_to_deals(small, table):
    rows = getattr(small, table)
    assert rows.height > 10
    assert rows["deal_id"].is_in(small.deals["deal_id"].implode()).all()


def test_a_close_is_named_at_creation_put_off_while_the_deal_lives_and_said_last_as_it_is_now(small):
    told = small.deals.join(small.forecasts.sort("at"), on="deal_id", suffix="_said")
    assert not (told["at"] >= told["closed"].fill_null(ENDS_ON)).any()
    course = told.group_by("deal_id", "created", "status", "expected_close", maintain_order=True).agg(
        "at", "note"
    )
    assert course.height == small.deals.height
    assert (course["at"].list.first() == course["created"]).all()
    live = course.filter(pl.col("status") == DealStatus.OPEN)
    assert (live["note"].list.last() == live["expected_close"].dt.date().cast(pl.String)).all()
    ended = course.filter(pl.col("status") != DealStatus.OPEN)["note"].list
    assert (ended.len() > 1).mean() > 0.4
    assert ended.eval(pl.element().str.to_date().diff().dt.total_days().min()).list.first().min() > 0


def test_deals_close_later_than_first_named_and_no_year_differs(whole):
    """Planted: about three weeks, in every year of the company."""
    first = whole.forecasts.group_by("deal_id").agg(pl.col("note").sort_by("at").first().str.to_date())
    ended = whole.deals.drop_nulls("closed").join(first, on="deal_id")
    days = (pl.col("closed").dt.date() - pl.col("note")).dt.total_days()
    by_year = ended.group_by(pl.col("closed").dt.year()).agg(days.mean().alias("late"), n=pl.len())
    told = by_year.filter(pl.col("n") > 1_000)["late"]
    assert len(told) == 3
    assert told.min() > planted.NAMED_EARLY_DAYS - 6
    assert told.max() < planted.NAMED_EARLY_DAYS


def test_discounts_rise_at_the_end_of_a_quarter(whole):
    won = whole.deals.filter(pl.col("status") == "won")
    days_left = (
        won["closed"].dt.truncate("1q").dt.offset_by("1q").dt.date() - won["closed"].dt.date()
    ).dt.total_days()
    rush = won["discount"].filter(days_left <= 10).mean()
    calm = won["discount"].filter(days_left > 14).mean()
    assert rush - calm > 0.01


def test_reasons_are_noted_after_the_demand_and_texts_vary(whole):
    late = whole.demands.filter(pl.col("reason_at") < pl.col("at"))
    assert late.is_empty()
    assert whole.agreements["act"].n_unique() > 500
