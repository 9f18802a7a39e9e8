"""One company, three uses: the demo, the tutorial, and the tests that analysis finds what was planted.

    company = simulate(ends_on=date(2026, 11, 20))
    discovery.run(deals=company.deals, events=company.events, ...)

The same arguments give the same company, to the last byte. The truth about it stands in ``planted`` and
is measured by ``truth``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.demo import (
    accounts,
    dates,
    forecasts,
    help,
    negotiations,
    people,
    planted,
    register,
    routines,
    sales,
    scene,
    traces,
    wanted,
    weeks,
)
from hingepoint.demo.weeks import LOST, NEVER, NO_DECISION, OPEN, STAGES, WON
from hingepoint.records.deals import DealStatus

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Company:
    """All there is to know about the company on its last day.

    ``deals`` and ``events`` have the columns of ``analysis.frames`` and go straight into an analysis;
    ``deals`` also has name, need, competitor, pressures, existing_customer, loss_reason, and what ``wanted`` notes. ``agreements``
    is the register as it stands, ``steps`` its history with what people wrote, ``traces`` what the CRM shows
    of it without anybody typing, ``forecasts`` each day of close that was named. The others are described
    where they are made: people, teams, memberships, accounts, contacts, demands, concessions,
    escalations, visits, plans, routines, reviews, coaching.
    """

    name: str
    ends_on: dt.date
    seed: int
    deals: pl.DataFrame
    events: pl.DataFrame
    agreements: pl.DataFrame
    steps: pl.DataFrame
    traces: pl.DataFrame
    forecasts: pl.DataFrame
    people: pl.DataFrame
    teams: pl.DataFrame
    memberships: pl.DataFrame
    accounts: pl.DataFrame
    contacts: pl.DataFrame
    demands: pl.DataFrame
    concessions: pl.DataFrame
    escalations: pl.DataFrame
    visits: pl.DataFrame
    plans: pl.DataFrame
    routines: pl.DataFrame
    reviews: pl.DataFrame
    coaching: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Population:
    """Who works here, who the customers are, and every deal on the day of its creation."""

    began: dt.date
    ends_on: dt.date
    people: people.People
    accounts: pl.DataFrame
    deals: sales.Deals


def found(*, ends_on: dt.date, seed: int = 7, sellers: int = 140, years: int = 3) -> Population:
    """Return the company before anything happens."""
    began = ends_on - dt.timedelta(weeks=52 * years)
    rng = np.random.default_rng([seed, 1])
    north_changed_on = planted.march(ends_on) - dt.timedelta(weeks=2)
    hired = people.hire(
        sellers=sellers, began=began, ends_on=ends_on, north_changed_on=north_changed_on, rng=rng
    )
    customers = accounts.win_over(seats=hired.seats, rng=rng)
    deals = sales.open_deals(people=hired, accounts=customers, began=began, ends_on=ends_on, rng=rng)
    return Population(began, ends_on, hired, customers, deals)


def simulate(
    *,
    ends_on: dt.date,
    seed: int = 7,
    sellers: int = 140,
    years: int = 3,
    force: frozenset[str] = frozenset(),
    block: frozenset[str] = frozenset(),
) -> Company:
    """Return the company as it is on ``ends_on`` after so many years.

    ``force`` and ``block`` name agreement types that every deal gains at the first chance, or never.
    About 5 seconds for 140 sellers and 1 for 20.
    """
    start = found(ends_on=ends_on, seed=seed, sellers=sellers, years=years)
    course = weeks.live(deals=start.deals, seed=seed, ends_on=ends_on, force=force, block=block)
    contacts = accounts.meet(
        accounts=start.accounts, began=start.began, ends_on=ends_on, rng=np.random.default_rng([seed, 2])
    )
    stage = scene.scene(
        deals=start.deals,
        course=course,
        people=start.people,
        accounts=start.accounts,
        contacts=contacts,
        ends_on=ends_on,
        seed=seed,
    )
    steps, agreements = register.write(stage)
    asked, visits = negotiations.demands(stage), help.visits(stage)
    given = negotiations.concessions(stage, asked=asked, visits=visits)
    escalated = help.escalations(stage)
    deals = _deals(stage)
    return Company(
        name=people.COMPANY,
        ends_on=ends_on,
        seed=seed,
        deals=deals,
        events=_events(stage, steps=steps, asked=asked, given=given, escalated=escalated, visits=visits),
        agreements=agreements,
        steps=steps,
        traces=traces.write(stage, steps=steps, deals=deals),
        forecasts=forecasts.write(stage, deals=deals),
        people=start.people.everybody,
        teams=start.people.teams,
        memberships=start.people.memberships,
        accounts=start.accounts,
        contacts=contacts,
        demands=asked.drop("place"),
        concessions=given.drop("place"),
        escalations=escalated.drop("place"),
        visits=visits.drop("place"),
        plans=routines.plans(stage),
        routines=routines.routines(stage),
        reviews=routines.reviews(stage),
        coaching=routines.coaching(stage),
    )


_STATUS = {OPEN: DealStatus.OPEN, WON: DealStatus.WON, LOST: DealStatus.LOST, NO_DECISION: DealStatus.LOST}


def _deals(stage: scene.Scene) -> pl.DataFrame:
    deals, course = stage.deals, stage.course
    closed, won = course.outcome != OPEN, course.outcome == WON
    rng = stage.rng("deals")
    draws = rng.random((4, len(deals)))
    names = stage.accounts["name"].to_numpy()[deals.account]
    closing = dates.us(dates.moment(stage.end_day, draw=draws[0], since=16, until=18))
    table = pl.DataFrame(
        {
            "deal_id": stage.ids,
            "name": _titles(names, deals.product, deals.need),
            "created": dates.us(dates.moment(deals.created, draw=draws[1], since=8, until=10)),
            "status": [_STATUS[int(o)].value for o in course.outcome],
            "closed": np.where(closed, closing, np.datetime64("NaT")),
            "currency": np.full(len(deals), CURRENCY),
            "owner": stage.owner,
            "manager": stage.manager_of(np.arange(len(deals))),
            "team": deals.team,
            "region": deals.region,
            "segment": deals.segment,
            "product": deals.product,
            "source": deals.source,
            "account": stage.accounts["account"].to_numpy()[deals.account],
            "stage": _stage_now(course),
            "expected_close": dates.us(_expected_close(stage, draws[2])),
            "need": deals.need,
            "competitor": deals.competitor,
            "pressures": [
                "; ".join(p.value for p, felt in zip(sales.PRESSURES, row, strict=True) if felt)
                for row in deals.pressures
            ],
            "existing_customer": deals.existing,
            "loss_reason": _loss_reasons(course, deals, draws[3]),
        },
        schema_overrides={"loss_reason": pl.String},
    )
    ordered = [name for name in frames.DEALS if name in {*table.columns, *_MONEY}]
    table = table.with_columns(*_money(stage, won=won, rng=rng), *wanted.columns(stage))
    return table.select(*ordered, *(name for name in table.columns if name not in ordered))


def _titles(accounts: Iterable[str], products: Iterable[str], needs: Iterable[str]) -> list[str]:
    """Return what tells one deal from every other: the account, what is sold and for what; where that was sold to
    them before, the how-manieth site it is for."""
    sold: Counter[str] = Counter()
    titles = []
    for account, product, need in zip(accounts, products, needs, strict=True):
        title = f"{account}: {product} for {need}"
        sold[title] += 1
        titles.append(title if sold[title] == 1 else f"{title}, site {sold[title]}")
    return titles


_MONEY = (
    "amount",
    "initial_amount",
    "list_price",
    "net_price",
    "discount",
    "cost",
    "margin",
    "projected_amount",
    "projected_margin",
)


def _money(stage: scene.Scene, *, won: np.ndarray, rng: np.random.Generator) -> list[pl.Series]:
    """Prices. Net, discount, cost and margin are known of won deals only; the projection is made when the
    need is understood."""
    deals, course = stage.deals, stage.course
    guess = deals.list_price * np.exp(0.12 * rng.standard_normal(len(deals)))
    projected = deals.list_price * 0.88
    net = np.round(deals.list_price * course.scope * (1 - course.discount), 2)
    list_price = np.round(net / (1 - course.discount), 2)
    shaped = course.entered[:, 2] != NEVER
    columns = {
        "amount": np.where(won, net, np.round(projected, -2)),
        "initial_amount": np.round(guess, -2),
        "list_price": np.where(won, list_price, deals.list_price),
        "net_price": np.where(won, net, np.nan),
        "discount": np.where(won, course.discount, np.nan),
        "cost": np.where(won, np.round(course.cost, 2), np.nan),
        "margin": np.where(won, np.round(1 - course.cost / net, 4), np.nan),
        "projected_amount": np.where(shaped, np.round(projected, 2), np.nan),
        "projected_margin": np.where(shaped, np.round(1 - deals.cost_share / 0.88, 4), np.nan),
    }
    return [pl.Series(name, values).fill_nan(None) for name, values in columns.items()]


def _stage_now(course: weeks.Course) -> np.ndarray:
    """The stage a deal is in, or was in when it was lost; won deals are closed."""
    names = np.array([*(s.value for s in STAGES), "close"])
    last = (course.entered != NEVER).sum(axis=1) - 1
    return names[np.where(course.outcome == WON, len(STAGES), last)]


def _expected_close(stage: scene.Scene, draw: np.ndarray) -> np.ndarray:
    """For live deals what the seller says: some weeks a stage, never far in the past."""
    stages_left = len(STAGES) - (stage.course.entered != NEVER).sum(axis=1)
    ahead = dates.after(stage.end_day, days=5 + stages_left * 14 + draw * 40 - 10)
    return np.where(stage.open, ahead, stage.end_day)


def _loss_reasons(course: weeks.Course, deals: sales.Deals, draw: np.ndarray) -> list[str | None]:
    lost = ("price", "no difference seen", "competitor's references", "own build", "terms", "timing")
    said = [lost[int(d * len(lost))] for d in draw]
    price = (deals.competitor == sales.NEWCOMER) & (draw < 0.7)
    reasons = np.select([course.outcome == NO_DECISION, price], ["no decision", "price"], said)
    return [
        str(r) if o in (LOST, NO_DECISION) else None for r, o in zip(reasons, course.outcome, strict=True)
    ]


def _events(stage: scene.Scene, *, steps, asked, given, escalated, visits) -> pl.DataFrame:
    """Return everything that happened on deals as one log."""
    columns = frames.schema(frames.EVENTS)
    money = pl.lit(CURRENCY).alias("currency")
    names = dict(stage.contacts.select("contact", "name").iter_rows())
    parts = [
        steps.with_columns(note=pl.col("act")),
        _stage_moves(stage),
        asked.with_columns(
            counterpart=pl.col("contact").replace_strict(names, return_dtype=pl.String),
            kind=pl.lit("demand"),
            agreement=pl.col("kind"),
            note=pl.col("text"),
            side=pl.lit("customer"),
        ),
        given.with_columns(
            money,
            kind=pl.lit("concession"),
            agreement=pl.col("kind"),
            note=pl.col("in_return"),
            actor=pl.col("by"),
        ),
        escalated.with_columns(
            kind=pl.lit("escalation"),
            agreement=pl.col("kind"),
            note=pl.col("reason"),
            actor=pl.Series(stage.owner[escalated["place"].to_numpy()]),
            counterpart=pl.col("partner"),
        ),
        visits.with_columns(
            kind=pl.lit("executive"),
            agreement=pl.lit("visit"),
            note=pl.col("purpose"),
            actor=pl.col("executive"),
        ),
    ]
    tidy = [
        part.select(pl.col(name).cast(dtype) for name, dtype in columns.items() if name in part.columns)
        for part in parts
    ]
    unsaid = pl.DataFrame(schema=columns)
    log = pl.concat([unsaid, *tidy], how="diagonal")
    return log.sort("at", "deal_id", "kind", "agreement")


def _stage_moves(stage: scene.Scene) -> pl.DataFrame:
    """Stages entered, and the quote that goes out with the proposal."""
    entered = stage.course.entered
    deal, which = np.nonzero(entered[:, 1:] != NEVER)
    day = dates.working_day(stage.deals.created[deal], week=entered[deal, which + 1], day=4)
    moves = pl.DataFrame(
        {
            "deal_id": stage.ids[deal],
            "agreement": np.array([s.value for s in STAGES])[which + 1],
            "at": dates.us(dates.moment(day, draw=np.full(len(day), 0.9), since=9, until=16)),
            "kind": np.full(len(day), "stage"),
            "actor": stage.owner[deal],
            "price": stage.deals.list_price[deal],
        }
    )
    quotes = moves.filter(pl.col("agreement") == "propose").with_columns(
        agreement=pl.lit("quote sent"), kind=pl.lit("quote"), value=pl.col("price"), currency=pl.lit(CURRENCY)
    )
    return pl.concat([moves, quotes], how="diagonal").drop("price")
