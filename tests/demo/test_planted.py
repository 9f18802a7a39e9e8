"""What was planted is there, and only there: read directly, without the statistics of the product."""

import dataclasses
import datetime as dt

import polars as pl
import pytest

from hingepoint.demo import planted
from hingepoint.demo.company import Company


def with_places(company: Company, table: pl.DataFrame) -> pl.DataFrame:
    return table.join(company.deals.select("deal_id", "region", "team"), on="deal_id", how="left")


def won(company: Company) -> pl.DataFrame:
    return company.deals.filter(pl.col("status") == "won").with_columns(at=pl.col("closed"))


def margin(company: Company) -> pl.DataFrame:
    return won(company).with_columns(reading=pl.col("margin"))


def escalated(company: Company) -> pl.DataFrame:
    quotes = company.events.filter(pl.col("kind") == "quote")
    asked = quotes["deal_id"].is_in(company.escalations["deal_id"].implode())
    return with_places(company, quotes.with_columns(reading=asked))


def unplanned(company: Company) -> pl.DataFrame:
    """A plan written afterwards does not count."""
    late = (pl.col("plan_at") > pl.col("at")).fill_null(True)
    return with_places(company, company.concessions.with_columns(reading=late))


def missed_routines(company: Company) -> pl.DataFrame:
    missed = (pl.col("done_at").dt.date() > pl.col("due_on")).fill_null(True)
    return company.routines.with_columns(reading=missed, at=pl.col("due_on").cast(pl.Datetime("us")))


def rescues(company: Company) -> pl.DataFrame:
    return with_places(
        company, company.visits.with_columns(reading=pl.col("late") & pl.col("role_at").is_null())
    )


def price_after_visit(company: Company) -> pl.DataFrame:
    prices = company.concessions.filter(pl.col("kind") == "price").select("deal_id", moved=pl.col("at"))
    days = pl.col("moved") - pl.col("at")
    near = company.visits.join(prices, on="deal_id").filter(
        (days >= pl.duration(days=0)) & (days <= pl.duration(days=5))
    )
    return with_places(
        company, company.visits.with_columns(reading=pl.col("deal_id").is_in(near["deal_id"].implode()))
    )


def passed_up_unchanged(company: Company) -> pl.DataFrame:
    return with_places(company, company.escalations.with_columns(reading=pl.col("unchanged")))


def reasons_missing(company: Company) -> pl.DataFrame:
    return with_places(company, company.demands.with_columns(reading=pl.col("reason").is_null()))


def undefended(company: Company) -> pl.DataFrame:
    answered = company.escalations.filter(pl.col("defended").is_not_null())
    return with_places(company, answered.with_columns(reading=~pl.col("defended")))


def shrunk(company: Company) -> pl.DataFrame:
    usual = pl.col("projected_amount") / 0.88
    return won(company).with_columns(reading=pl.col("list_price") / usual)


#: signal -> (its reading, the column of its place, whether a larger reading is worse)
READINGS = {
    1: (margin, "region", False),
    2: (escalated, "region", True),
    3: (unplanned, "region", True),
    4: (missed_routines, "team", True),
    5: (rescues, "region", True),
    6: (price_after_visit, "region", True),
    7: (passed_up_unchanged, "team", True),
    8: (reasons_missing, "team", True),
    9: (undefended, "region", True),
    10: (shrunk, "region", False),
}


def worse(company: Company, signal: int) -> dict[str, float]:
    """Return by place how much worse the reading is since the planted day than in the year before, in
    standard errors."""
    reading, by, larger_is_worse = READINGS[signal]
    since = planted.drifts(company.ends_on)[signal].since
    day = pl.col("at").dt.date()
    table = reading(company).filter(day >= since - dt.timedelta(days=364)).with_columns(after=day >= since)
    value = pl.col("reading").cast(pl.Float64)
    means = table.group_by(by, "after").agg(mean=value.mean(), error=value.std() / pl.len().sqrt())
    both = means.filter("after").join(means.filter(~pl.col("after")), on=by, suffix="_before")
    change = (pl.col("mean") - pl.col("mean_before")) / (
        pl.col("error") ** 2 + pl.col("error_before") ** 2
    ).sqrt()
    return dict(both.select(by, change if larger_is_worse else -change).iter_rows())


@pytest.mark.parametrize("signal", READINGS)
def test_each_signal_moves_where_it_was_planted_and_nowhere_else(whole, signal):
    moved = worse(whole, signal)
    assert moved.pop(planted.drifts(whole.ends_on)[signal].place) > 3.5
    assert max(moved.values()) < 3.5


def test_every_signal_has_one_planted_drift_in_the_company(whole):
    drifts = planted.drifts(whole.ends_on)
    assert sorted(drifts) == list(range(1, 11))
    teams = set(whole.teams["name"])
    for drift in drifts.values():
        assert drift.place in teams
        assert drift.since < whole.ends_on


def test_small_companies_have_every_planted_place(small):
    places = {drift.place for drift in planted.drifts(small.ends_on).values()}
    assert places <= set(small.teams["name"])


def naive_lift(company: Company, key: str) -> float:
    """Return what a plain comparison says: share of supportive sales with the agreement, less without."""
    supportive = (pl.col("status") == "won") & (pl.col("discount") <= planted.DISCOUNT_ON_TARGET).fill_null(
        False
    )
    closed = company.deals.filter(pl.col("status") != "open").with_columns(good=supportive)
    gained = company.events.filter((pl.col("agreement") == key) & (pl.col("state") == "gained"))
    has = closed["deal_id"].is_in(gained["deal_id"].implode())
    return closed.filter(has)["good"].mean() - closed.filter(~has)["good"].mean()


def test_a_plain_comparison_prefers_a_proxy_of_skill_to_a_true_lever(whole):
    levers = [naive_lift(whole, lever.key) for lever in planted.PIVOTAL]
    proxies = [naive_lift(whole, key) for key in planted.SKILL_PROXIES]
    assert max(proxies) > min(levers)


def test_a_plain_comparison_puts_mechanical_agreements_first(whole):
    best_lever = max(naive_lift(whole, lever.key) for lever in planted.PIVOTAL)
    assert min(naive_lift(whole, key) for key in planted.MECHANICAL) > best_lever


def test_large_deals_gain_more_levers_and_give_more_discount(whole):
    keys = [lever.key for lever in planted.PIVOTAL]
    gained = whole.events.filter(pl.col("agreement").is_in(keys) & (pl.col("state") == "gained"))
    counts = gained.group_by("deal_id").len()
    deals = whole.deals.join(counts, on="deal_id", how="left").with_columns(pl.col("len").fill_null(0))
    large = deals["initial_amount"] > deals["initial_amount"].median()
    assert deals.filter(large)["len"].mean() > deals.filter(~large)["len"].mean() + 0.2


def test_twins_come_from_the_same_meeting(whole):
    gained = whole.events.filter((pl.col("kind") == "agreement") & (pl.col("state") == "gained"))
    for twin, (lever, _) in planted.TWINS.items():
        both = (
            gained.filter(pl.col("agreement") == twin)
            .join(gained.filter(pl.col("agreement") == lever), on="deal_id")
            .select(same=pl.col("at").dt.date() == pl.col("at_right").dt.date())
        )
        assert both["same"].mean() > 0.5


def test_teams_start_the_discipline_at_different_dates_and_gain_more_then(whole):
    starts = whole.teams.filter(pl.col("rollout_on").is_not_null())
    assert starts["rollout_on"].n_unique() == len(planted.WAVES)
    assert starts.height < whole.teams.filter(pl.col("region").is_not_null()).height - 4
    old_enough = whole.deals.filter(pl.col("created").dt.date() <= whole.ends_on - dt.timedelta(weeks=13))
    deals = old_enough.join(starts.select(team="name", start="rollout_on"), on="team")
    gained = whole.events.filter(
        (pl.col("agreement") == "cust.value_before_price") & (pl.col("state") == "gained")
    ).select("deal_id", gained_at="at")
    deals = deals.join(gained, on="deal_id", how="left").with_columns(
        early=((pl.col("gained_at") - pl.col("created")) < pl.duration(weeks=12)).fill_null(False)
    )
    lived = pl.col("created").dt.date() >= pl.col("start")
    assert deals.filter(lived)["early"].mean() > deals.filter(~lived)["early"].mean() + 0.08


def test_the_facts_about_the_story_cannot_be_changed_by_accident():
    with pytest.raises(dataclasses.FrozenInstanceError):
        planted.PIVOTAL[0].discount = 0.5
