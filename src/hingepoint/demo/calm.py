"""A company in which nothing changes, or one thing that is asked for: what the signals are judged on.

    tables = company(rng, sellers=100, years=5)
    tables = company(rng, drift=Drift(signal=2, team="Team 3", since=dt.date(2024, 1, 1), size=0.15))

Less of a story than the demo company and much faster to make. Months resemble their neighbours, quarters end in a rush,
the company grows and people change, where that is asked for; the conduct that signals are about stays as it is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.generic]
Floats = NDArray[np.float64]
REGIONS = ("North", "East", "South")
SEGMENTS, PRODUCTS = ("Enterprise", "Mid", "Small"), ("Base", "Plus", "Pro")
TOPICS = np.array(["price", "payment", "extras", "delivery"])
REASON = "their board capped investment until a merger closes"
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Drift:
    """A lasting change of one signal's reading by ``size`` (in its unit, for the worse) in one team since a day."""

    signal: int
    team: str
    since: dt.date
    size: float


@dataclass(frozen=True, slots=True)
class Tables:
    """What the files of the company hold: deals, events with ``recorded_at``, routines; up to ``ends_on``."""

    deals: pl.DataFrame
    events: pl.DataFrame
    routines: pl.DataFrame
    ends_on: dt.date


@dataclass(frozen=True)
class _World:
    """``wave``: signal x team x month, by how much a chance (as a logit) or a mean (in its spread) differs then."""

    rng: np.random.Generator
    began: dt.date
    days: int
    teams: int
    drift: Drift | None
    wave: Floats

    def moments(self, days: Floats) -> pl.Series:
        start = dt.datetime.combine(self.began, dt.time())
        return pl.Series(start + pl.Series(np.round(days * DAY) * 1_000_000).cast(pl.Duration("us"))).cast(
            pl.Datetime("us")
        )

    def shift(self, signal: int, team: Array, day: Floats) -> Floats:
        """Return how far the planted drift moves the reading of ``signal``; 0 without it."""
        if self.drift is None or self.drift.signal != signal:
            return np.zeros(len(day))
        place = int(self.drift.team.rsplit(" ", 1)[1])
        since = (self.drift.since - self.began).days
        return np.where((team == place) & (day >= since), self.drift.size, 0.0)

    def happens(self, signal: int, share: float, team: Array, day: Floats) -> NDArray[np.bool_]:
        """Draw what has this share, waves and the drift included."""
        month = np.clip((day / 30.44).astype(int), 0, self.wave.shape[2] - 1)
        logit = np.log(share / (1 - share)) + self.wave[signal, team.astype(int), month]
        return self.rng.random(len(day)) < 1 / (1 + np.exp(-logit)) + self.shift(signal, team, day)


def company(
    rng: np.random.Generator,
    *,
    sellers: int = 100,
    years: int = 5,
    ends_on: dt.date = dt.date(2026, 6, 30),
    drift: Drift | None = None,
    alike: float = 0.0,
    wave: float = 0.15,
    rush: bool = False,
    growth: float = 0.0,
    turnover: bool = False,
    a_year: float = 14,
    key_accounts: int = 0,
) -> Tables:
    """Return the tables of a company of teams of ten.

    ``wave``: standard deviation of what months differ by, with correlation ``alike`` of neighbours. ``rush``: deals close
    and concessions are made at the ends of quarters. ``growth`` a year. ``turnover``: a manager of each team changes, and
    new people come with less routine. ``a_year``: deals that each seller begins. ``key_accounts``: so many customers of each team
    share half of its deals.
    """
    days, teams = round(365.25 * years), max(sellers // 10, 2)
    began = ends_on - dt.timedelta(days=days)
    world = _World(rng, began, days, teams, drift, _waves(rng, teams, days // 30 + 2, wave, alike))
    facts = _sales(world, sellers, rush=rush, growth=growth, turnover=turnover, a_year=a_year)
    if key_accounts:
        facts["account"] = _with_key_accounts(world, facts, 8 * sellers, key_accounts)
    events = pl.concat(
        [
            *_requests(world, facts),
            *_concessions(world, facts),
            _demands(world, facts),
            *_visits(world, facts),
            _quotes(world, facts),
        ],
        how="diagonal",
    )
    inside = events.filter(pl.col("at").dt.date() <= ends_on).sort("at", "deal_id", "kind")
    return Tables(_deals(world, facts), inside, _routines(world, sellers), ends_on)


def _waves(rng: np.random.Generator, teams: int, months: int, size: float, alike: float) -> Floats:
    noise = rng.standard_normal((11, teams, months))
    for month in range(1, months):
        noise[:, :, month] = alike * noise[:, :, month - 1] + np.sqrt(1 - alike**2) * noise[:, :, month]
    return size * noise


def _sales(
    world: _World, sellers: int, *, rush: bool, growth: float, turnover: bool, a_year: float
) -> dict[str, Array]:
    """Return the deals as arrays: when they began, were quoted and ended (days since the company did), and what they are."""
    rng, count = world.rng, round(sellers * world.days / 365.25 * a_year)
    begun = rng.random(count) * world.days
    if growth:
        late = np.log1p(rng.random(count) * np.expm1(growth * world.days / 365.25)) / growth
        begun = np.clip(late * 365.25, 0, world.days - 1)
    seller = rng.integers(0, sellers, count)
    length = np.clip(rng.lognormal(np.log(75), 0.45, count), 14, 360)
    ended = begun + length
    if rush:
        quarter = np.ceil(ended / 91.31) * 91.31 - rng.random(count) * 10
        ended = np.where(rng.random(count) < 0.4, np.maximum(quarter, begun + 14), ended)
    segment, product = rng.integers(0, 3, count), rng.integers(0, 3, count)
    size = np.array([11.5, 10.8, 10.0])[segment] + 0.6 * rng.standard_normal(count)
    team = np.minimum(seller // 10, world.teams - 1)
    return {
        "begun": begun,
        "quoted": begun + (0.35 + 0.25 * rng.random(count)) * (ended - begun),
        "ended": ended,
        "is_quoted": rng.random(count) < 0.75,
        "won": rng.random(count) < 0.33 + 0.08 * rng.standard_normal(sellers)[seller],
        "seller": seller,
        "second": (begun > world.days / 2) if turnover else np.zeros(count, bool),
        "team": team,
        "segment": segment,
        "product": product,
        "size": size,
        "account": rng.integers(0, 8 * sellers, count),
    }


def _with_key_accounts(world: _World, facts: dict[str, Array], others: int, each: int) -> Array:
    """Return the accounts of deals, half of which are of ``each`` customers of their team; they are numbered after the ``others``."""
    count = len(facts["begun"])
    theirs = others + facts["team"].astype(int) * each + world.rng.integers(0, each, count)
    return np.where(world.rng.random(count) < 0.5, theirs, facts["account"])


def _ids(count: int) -> Array:
    return np.array([f"D{number}" for number in range(count)])


def _deals(world: _World, facts: dict[str, Array]) -> pl.DataFrame:
    rng, team, ended = world.rng, facts["team"], facts["ended"].astype(float)
    count, closed = len(ended), ended < world.days
    won = facts["won"].astype(bool) & facts["is_quoted"].astype(bool) & closed
    month = np.clip((ended / 30.44).astype(int), 0, world.wave.shape[2] - 1)
    usual = (
        np.array([0.42, 0.38, 0.33])[facts["segment"].astype(int)]
        + np.array([-0.04, 0.0, 0.05])[facts["product"].astype(int)]
    )
    margin = (
        usual
        + 0.07 * (rng.standard_normal(count) + world.wave[1, team.astype(int), month])
        - world.shift(1, team, ended)
    )
    list_price = np.exp(facts["size"].astype(float))
    net = list_price * (1 - np.clip(0.12 + 0.05 * rng.standard_normal(count), 0, 0.4))
    projected = net * np.exp(0.06 + 0.12 * rng.standard_normal(count))
    net = net * np.exp(-world.shift(10, team, ended))

    def of_won(values: Floats) -> pl.Series:
        return pl.Series(np.where(won, np.round(values, 4), np.nan)).fill_nan(None)

    return pl.DataFrame(
        {
            "deal_id": _ids(count),
            "created": world.moments(facts["begun"].astype(float)).dt.truncate("1d"),
            "status": np.where(won, "won", np.where(closed, "lost", "open")),
            "closed": pl.select(
                pl.when(pl.Series(closed)).then(world.moments(np.maximum(ended, 0)).dt.truncate("1d"))
            ).to_series(),
            "initial_amount": np.round(list_price * np.exp(0.15 * rng.standard_normal(count)), -2),
            "amount": of_won(net),
            "list_price": np.round(list_price, 2),
            "net_price": of_won(net),
            "cost": of_won(net * (1 - margin)),
            "margin": of_won(margin),
            "owner": np.char.add("seller ", facts["seller"].astype(str)),
            "manager": np.char.add(np.where(facts["second"], "second ", "first "), team.astype(str)),
            "team": np.char.add("Team ", team.astype(str)),
            "region": np.array(REGIONS)[team.astype(int) % 3],
            "segment": np.array(SEGMENTS)[facts["segment"].astype(int)],
            "product": np.array(PRODUCTS)[facts["product"].astype(int)],
            "account": np.char.add("Account ", facts["account"].astype(str)),
            "projected_amount": np.round(projected, 2),
            "projected_margin": np.round(usual + 0.02, 4),
        }
    )


def _rows(world: _World, at: Floats, deals: Array, kind: str, **columns: object) -> pl.DataFrame:
    frame = pl.DataFrame({"deal_id": deals, "at": world.moments(np.maximum(at, 0)), **columns})
    return frame.with_columns(kind=pl.lit(kind))


def _quotes(world: _World, facts: dict[str, Array]) -> pl.DataFrame:
    here = np.flatnonzero(facts["is_quoted"])
    price = np.round(np.exp(facts["size"].astype(float)[here]), 2)
    return _rows(
        world,
        facts["quoted"].astype(float)[here],
        _ids(len(facts["begun"]))[here],
        "quote",
        agreement="quote sent",
        value=price,
    )


def _requests(world: _World, facts: dict[str, Array]) -> tuple[pl.DataFrame, ...]:
    """Return requests asked and passed up, and what inside partners think of them."""
    rng, ids = world.rng, _ids(len(facts["begun"]))
    here = np.flatnonzero(facts["is_quoted"])
    quoted, team = facts["quoted"].astype(float)[here], facts["team"][here]
    asks = world.happens(2, 0.22, team, quoted)
    here, team, at = here[asks], team[asks], (quoted + rng.random(len(here)) * 12)[asks]
    topic = np.where(rng.random(len(here)) < 0.7, "price", "terms")
    wanted = np.round(np.exp(facts["size"].astype(float)[here]) * rng.uniform(0.1, 0.3, len(here)), 2)
    same = world.happens(7, 0.3, team, at)
    manager = np.char.add(np.where(facts["second"][here], "second ", "first "), team.astype(str))
    answered = rng.random(len(here)) < 0.8
    defended = 1.0 - world.happens(9, 0.22, team, at)
    return (
        _rows(
            world,
            at,
            ids[here],
            "escalation",
            agreement=topic,
            state=np.full(len(here), "asked"),
            value=wanted,
        ),
        _rows(
            world,
            at + 0.3,
            ids[here],
            "escalation",
            agreement=topic,
            state=np.full(len(here), "passed"),
            value=np.where(same, wanted, np.round(wanted * 0.8, 2)),
            actor=manager,
        ),
        _rows(
            world,
            at[answered] + 0.5,
            ids[here][answered],
            "pulse",
            agreement="company",
            value=defended[answered],
        ),
    )


def _concessions(world: _World, facts: dict[str, Array]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one to three concessions on most quoted deals, and the plans written before or afterwards."""
    rng, ids = world.rng, _ids(len(facts["begun"]))
    quoted = np.flatnonzero(facts["is_quoted"])
    some = quoted[rng.random(len(quoted)) < 0.7]
    start, end = facts["quoted"].astype(float)[some], facts["ended"].astype(float)[some]
    at, team = start + rng.random(len(some)) * (end - start), facts["team"][some]
    late = world.happens(3, 0.18, team, at)
    written = np.where(late, at + 1 + 5 * rng.random(len(at)), at - 1 - 5 * rng.random(len(at)))
    there = ~late | (rng.random(len(at)) < 0.4)
    money = np.round(np.exp(facts["size"].astype(float)[some]) * rng.uniform(0.01, 0.1, len(some)), 2)
    given = _rows(
        world,
        at,
        ids[some],
        "concession",
        agreement="price",
        value=money,
        note=np.where(rng.random(len(some)) < 0.5, "two sites", ""),
    )
    plans = _rows(
        world,
        np.minimum(written, at - 1)[there],
        ids[some][there],
        "plan",
        agreement="conversation",
        recorded_at=world.moments(np.maximum(written, 0)[there]),
    )
    return given, plans


def _demands(world: _World, facts: dict[str, Array]) -> pl.DataFrame:
    rng, ids = world.rng, _ids(len(facts["begun"]))
    here = np.flatnonzero(facts["is_quoted"])
    at, team = facts["quoted"].astype(float)[here] - 2 + 9 * rng.random(len(here)), facts["team"][here]
    return _rows(
        world,
        at,
        ids[here],
        "demand",
        agreement=TOPICS[rng.integers(0, 4, len(here))],
        note=np.where(world.happens(8, 0.24, team, at), "", REASON),
    )


def _visits(world: _World, facts: dict[str, Array]) -> tuple[pl.DataFrame, ...]:
    """Return executives' visits on important deals, the roles agreed before, and the prices that move after them."""
    rng, ids = world.rng, _ids(len(facts["begun"]))
    here = np.flatnonzero(facts["is_quoted"].astype(bool) & (facts["size"].astype(float) > 11.2))
    team, quoted = facts["team"][here], facts["quoted"].astype(float)[here]
    rescues = world.happens(5, 0.10, team, quoted)
    at = np.where(rescues, quoted + 2 + 10 * rng.random(len(here)), quoted - 2 - 10 * rng.random(len(here)))
    at = np.maximum(at, facts["begun"].astype(float)[here])
    agreed = ~rescues & (rng.random(len(here)) < 0.8)
    moves = world.happens(6, 0.10, team, at)
    return (
        _rows(
            world,
            at,
            ids[here],
            "executive",
            agreement="visit",
            state=np.full(len(here), "attended"),
            actor="the head of the region",
        ),
        _rows(
            world,
            at[agreed] - 3,
            ids[here][agreed],
            "executive",
            agreement="visit",
            state=np.full(agreed.sum(), "agreed"),
        ),
        _rows(
            world,
            at[moves] + 1 + 3 * rng.random(moves.sum()),
            ids[here][moves],
            "concession",
            agreement="price",
            value=np.full(moves.sum(), 1000.0),
            note=np.full(moves.sum(), "two sites"),
        ),
    )


def _routines(world: _World, sellers: int) -> pl.DataFrame:
    """Return two routines of each seller every second week."""
    due = np.arange(10.0, world.days - 3, 14.0)
    seller, when, kind = (
        grid.ravel() for grid in np.meshgrid(np.arange(sellers), due, np.arange(2), indexing="ij")
    )
    team = np.minimum(seller // 10, world.teams - 1)
    late = world.happens(4, 0.14, team, when)
    done = np.where(late, when + 2, when - 1 - 3 * world.rng.random(len(when)))
    out = late & (world.rng.random(len(when)) < 0.5)
    return pl.DataFrame(
        {
            "person": np.char.add("seller ", seller.astype(str)),
            "team": np.char.add("Team ", team.astype(str)),
            "routine": np.array(["conversation plan", "debrief"])[kind.astype(int)],
            "due": world.moments(when).dt.truncate("1d"),
            "done": pl.select(pl.when(~pl.Series(out)).then(world.moments(done))).to_series(),
        }
    )
