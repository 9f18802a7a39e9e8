"""Worlds of another hand: histories of known truth that share nothing with ``hingepoint.demo.worlds``.

There, every week deals may gain, be decided and close, by hazards. Here topics are talked about in meetings, and what
comes of a meeting are agreements; a customer decides on a day that he had in mind from the start, or support wanders
until it is enough to buy or too little to go on. Types of one topic come together; sellers have habits; what a deal
is worth has a heavy tail; how good a deal is moves everything and stands in its facts only in part; steps come to every
deal that lives long enough; some levers are gained late. And the record may be kept badly, as ``FAULTS`` say.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

WEEKS, LONGEST = 150, 100
BEGIN = datetime.datetime.fromisoformat("2021-02-01")
#: How many types of each role a world has; the rest are idle. The last of the levers are gained late.
ROLES = {
    "lever": 8,
    "harmful": 3,
    "stage": 6,
    "signing": 4,
    "leading": 2,
    "quality": 6,
    "habit": 6,
    "late": 5,
}
LATE_LEVERS = 2
#: The types that only a decision brings: they are told after it has been made.
AFTERWARDS = ("signing", "leading")


@dataclass(frozen=True)
class Rules:
    """How a world runs.

    model      ``day``: the customer decides on a day of his own, weak deals die before; ``plan``: the same without
               dying, and agreements come along the way to that day; ``support``: it wanders until it is enough
    strength   of the levers; each is between .5 and 1.5 times this
    hidden     how much the quality of a deal moves its outcome; ``told`` how much of it the facts tell
    topics     of which the types are; the more, the fewer types come together
    unequal    how unequal sellers are, in skill and in habits
    """

    deals: int = 1_000
    seed: int = 1
    model: str = "day"
    types: int = 70
    strength: float = 0.6
    hidden: float = 0.5
    told: float = 0.5
    topics: int = 12
    sellers: int = 45
    unequal: float = 0.4


NAMED = {
    "the customer's day": Rules(),
    "along a plan": Rules(model="plan", strength=0.5, seed=40_001),
    "along a plan, hidden quality": Rules(model="plan", hidden=1.0, told=0.35, unequal=0.6, seed=10_001),
    "support that wanders": Rules(model="support", seed=20_001),
    "few topics, few sellers": Rules(model="support", topics=6, sellers=14, unequal=0.7, seed=30_001),
}


@dataclass(frozen=True)
class Types:
    """Per type: its role and topic, the chance that a meeting brings it, and what that hangs on."""

    roles: np.ndarray
    topic: np.ndarray
    chance: np.ndarray
    on_quality: np.ndarray
    on_habit: np.ndarray
    effect: np.ndarray

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f"{role}.{number:02d}" for number, role in enumerate(self.roles))


@dataclass(frozen=True)
class World:
    """A lived history: frames for analysis, and what only the simulator knows.

    gained is deals x types, in weeks since creation, infinite if never; ``closed`` and ``observed`` likewise
    """

    life: Life
    gained: np.ndarray
    closed: np.ndarray
    won: np.ndarray

    @property
    def levers(self) -> tuple[str, ...]:
        return self.of("lever")

    @property
    def rules(self) -> Rules:
        return self.life.rules

    @property
    def types(self) -> Types:
        return self.life.types

    @property
    def created(self) -> np.ndarray:
        return self.life.created

    @property
    def observed(self) -> np.ndarray:
        return WEEKS - self.created

    def of(self, *roles: str) -> tuple[str, ...]:
        """Return the keys of the types in these roles."""
        return tuple(key for key in self.types.keys if key.partition(".")[0] in roles)

    def deals(self) -> pl.DataFrame:
        """Return the deals as they stand at the end of the world."""
        seen = self.closed <= self.observed
        closed = _moments(self.created + np.where(seen, self.closed, 0))
        return self.life.facts.with_columns(
            created=_moments(self.created),
            status=np.where(seen, np.where(self.won, "won", "lost"), "open"),
            closed=pl.when(pl.Series(seen)).then(pl.Series(closed)),
        )

    def events(self) -> pl.DataFrame:
        """Return the agreements gained by the end of the world, one event each."""
        deal, kind = np.nonzero(self.gained <= np.minimum(self.closed, self.observed)[:, None])
        return pl.DataFrame(
            {
                "deal_id": self.life.facts["deal_id"].to_numpy()[deal],
                "agreement": np.array(self.types.keys)[kind],
                "at": _moments(self.created[deal] + self.gained[deal, kind]),
                "kind": ["agreement"] * deal.size,
                "side": np.where(self.types.topic[kind] % 3 > 0, "customer", "internal"),
            }
        )

    def truth(self, key: str, landmarks: tuple[float, ...], horizon: float) -> float:
        """Return what gaining a lever in the window before a landmark does to being won within the horizon.

        Everything is lived twice more with the same luck: with the type withheld in the window, and with it
        forced at a moment in it. Deals count by p (1 - p), p being their chance to gain it in a meeting.
        """
        place, rng = self.types.keys.index(key), np.random.default_rng([self.rules.seed, 99])
        landmark = np.asarray(landmarks)[rng.integers(len(landmarks), size=self.created.size)]
        moment = landmark - landmarks[0] * rng.random(landmark.size)
        life = self.life
        before = life.gained[:, place]
        inside = (before > landmark - landmarks[0]) & (before <= landmark)
        without, forced = life.gained.copy(), life.gained.copy()
        without[:, place] = np.where(inside, np.inf, before)
        forced[:, place] = np.where(before > landmark - landmarks[0], moment, before)
        (closed, won), (closed_with, won_with) = life.outcome(without), life.outcome(forced)
        by = landmark + horizon
        counts = (self.observed >= by) & (closed > landmark) & (closed_with > landmark)
        counts &= without[:, place] > landmark
        gain = (won_with & (closed_with <= by)).astype(float) - (won & (closed <= by))
        chance = life.chances[:, place]
        return float(np.average(gain[counts], weights=(chance * (1 - chance))[counts]))


def live(rules: Rules) -> World:
    """Return the history of a world."""
    life = Life.of(rules)
    closed, won = life.outcome(life.gained)
    return World(life, life.told_afterwards(closed, won), closed, won)


def _types_of(rules: Rules) -> Types:
    rng = np.random.default_rng([rules.seed, 1])
    roles = np.array([role for role, count in ROLES.items() for _ in range(count)])
    roles = np.append(roles, ["idle"] * (rules.types - roles.size))
    size = roles.size
    effect = np.where(roles == "lever", rules.strength * rng.uniform(0.5, 1.5, size), 0.0)
    effect = np.where(roles == "harmful", -rules.strength * rng.uniform(0.8, 1.2, size), effect)
    return Types(
        roles=roles,
        topic=rng.integers(rules.topics, size=size),
        chance=rng.beta(2.0, 2.4, size).clip(0.12, 0.85),
        on_quality=np.where(roles == "quality", rng.uniform(0.6, 1.0, size), rng.normal(0, 0.15, size)),
        on_habit=np.where(roles == "habit", rng.uniform(0.6, 1.2, size), 0.0),
        effect=effect,
    )


@dataclass(frozen=True)
class Life:
    """All luck of a world, drawn beforehand: what would be gained when, were the deal to live so long."""

    rules: Rules
    types: Types
    facts: pl.DataFrame
    created: np.ndarray
    quality: np.ndarray
    skill: np.ndarray
    day: np.ndarray
    chances: np.ndarray
    gained: np.ndarray

    @classmethod
    def of(cls, rules: Rules) -> Life:
        rng, types, n = np.random.default_rng([rules.seed, 2]), _types_of(rules), rules.deals
        quality = rng.standard_normal(n)
        seller = np.minimum(rng.geometric(2.5 / rules.sellers, n), rules.sellers) - 1
        skill = (rules.unequal * rng.standard_t(4, rules.sellers))[seller]
        habits = rules.unequal * rng.standard_normal((rules.sellers, types.roles.size))[seller]
        odds = np.log(types.chance / (1 - types.chance)) + np.outer(quality, types.on_quality)
        chances = 1 / (1 + np.exp(-(odds + habits + np.outer(skill / rules.unequal, types.on_habit))))
        created = np.sort(WEEKS * rng.random(n) ** 0.8)
        facts = _facts(rules, rng, quality, seller)
        day = np.clip(18 * rng.weibull(1.7, n) * np.exp(0.25 * rng.standard_normal(n)), 1.5, LONGEST - 1)
        gained = _meetings(rules, rng, types, chances, day)
        return cls(rules, types, facts, created, quality, skill, day, chances, gained)

    def outcome(self, gained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return in which week each deal closes, and whether it is won, with these agreements."""
        luck = np.random.default_rng([self.rules.seed, 3])
        size = np.log(self.facts["initial_amount"].to_numpy())
        base = self.rules.hidden * self.quality + self.skill - 0.25 * (size - size.mean())
        decide = self._by_support if self.rules.model == "support" else self._on_a_day
        return decide(gained, base, luck)

    def _pull(self, gained: np.ndarray, week: np.ndarray | float) -> np.ndarray:
        moving = self.types.effect != 0
        stands = gained[:, moving] <= (week[:, None] if isinstance(week, np.ndarray) else week)
        return stands @ self.types.effect[moving]

    def _on_a_day(
        self, gained: np.ndarray, base: np.ndarray, luck: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """The customer decides on his day by what stands then; before it, weak deals die, but not along a plan."""
        n = base.size
        won = luck.random(n) < 1 / (1 + np.exp(-(base - 0.9 + self._pull(gained, self.day))))
        closed, lost = self.day.copy(), luck.exponential(size=n)
        if self.rules.model == "plan":
            return closed, won
        harm = np.zeros(n)
        for week in range(1, LONGEST):
            alive = closed > week
            harm += np.where(alive, 0.02 * np.exp(-0.6 * (base + self._pull(gained, week))), 0)
            dies = alive & (harm > lost)
            closed[dies], won[dies] = week + luck.random(n)[dies], False
        return closed, won

    def _by_support(
        self, gained: np.ndarray, base: np.ndarray, luck: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Support wanders, drawn up by agreements, until it is enough to buy or too little to go on."""
        n = base.size
        support, closed, won = 0.8 * luck.standard_normal(n), np.full(n, np.inf), np.zeros(n, dtype=bool)
        for week in range(1, LONGEST):
            drift = 0.085 * (base + self._pull(gained, week)) - 0.07
            support += drift + 0.62 * luck.standard_normal(n)
            done = np.isinf(closed) & ((support > 3.2) | (support < -3.0))
            closed[done] = week + luck.random(n)[done]
            won[done] = support[done] > 0
        return np.where(np.isinf(closed), LONGEST, closed), won

    def told_afterwards(self, closed: np.ndarray, won: np.ndarray) -> np.ndarray:
        """Return what is gained, with what only the decision brings: signing, and what is told once it has fallen."""
        luck = np.random.default_rng([self.rules.seed, 4])
        gained = self.gained.copy()
        for place, role in enumerate(self.types.roles):
            if role in AFTERWARDS:
                ahead = luck.random(closed.size) * (1.5 if role == "signing" else 4.0)
                share = (0.8, 0.01) if role == "signing" else (0.6, 0.05)
                has = luck.random(closed.size) < np.where(won, *share)
                gained[:, place] = np.where(has, np.maximum(closed - ahead, 0), np.inf)
        gained[gained > closed[:, None]] = np.inf
        return gained


def _facts(rules: Rules, rng: np.random.Generator, quality: np.ndarray, seller: np.ndarray) -> pl.DataFrame:
    """Return what is known of the deals at their creation; it tells a part of their quality."""
    n = quality.size
    seen = rules.told * quality + np.sqrt(1 - rules.told**2) * rng.standard_normal(n)
    return pl.DataFrame(
        {
            "deal_id": [f"E{number:06d}" for number in range(n)],
            "initial_amount": np.round(4_000 * (1 + rng.pareto(1.6, n)) * np.exp(0.2 * seen), 2),
            "owner": [f"Owner {number:03d}" for number in seller],
            "segment": np.array(["C", "B", "A"])[np.searchsorted([-0.5, 0.7], seen)],
            "region": np.array(["Alps", "Coast", "Plain"])[rng.integers(3, size=n)],
            "source": np.array(["call", "fair", "web"])[
                np.searchsorted([-0.6, 0.8], 0.5 * seen + rng.standard_normal(n))
            ],
        }
    )


def _meetings(
    rules: Rules, rng: np.random.Generator, types: Types, chances: np.ndarray, day: np.ndarray
) -> np.ndarray:
    """Return when each type would be gained: at one of three meetings on its topic, or never.

    Along a plan, meetings lie at shares of the way to the customer's day.
    """
    n, planned = chances.shape[0], rules.model == "plan"
    usual = rng.gamma(3.0, 2.0, rules.topics)
    first = usual * rng.gamma(1.5, 0.67, (n, rules.topics))
    meetings = first[:, :, None] + np.cumsum(rng.exponential(3.5, (n, rules.topics, 3)), axis=2)
    at_first = 1 - (1 - chances) ** 0.5  # three tries make more of it than one
    tries = rng.random((n, types.roles.size, 3)) < at_first[:, :, None]
    which = np.where(tries.any(axis=2), tries.argmax(axis=2), -1)
    when = np.take_along_axis(meetings[:, types.topic, :], np.maximum(which, 0)[:, :, None], axis=2)[:, :, 0]
    if planned:
        when = day[:, None] * (1 - np.exp(-when / 14))
    gained = np.where(which >= 0, when + rng.random((n, types.roles.size)) / 7, np.inf)
    for place, role in enumerate(types.roles):
        if role == "stage":
            step = 2.0 + 4.0 * (place % 6) + rng.gamma(2.0, 0.7, n)
            gained[:, place] = np.where(rng.random(n) < 0.93, step, np.inf)
        if role == "late" or (role == "lever" and place >= ROLES["lever"] - LATE_LEVERS):
            gained[:, place] += 0.35 * (day - gained[:, place]).clip(0) if planned else 7.0
        if role in AFTERWARDS:
            gained[:, place] = np.inf
    return gained


def _moments(week: np.ndarray) -> np.ndarray:
    return np.datetime64(BEGIN, "us") + (np.asarray(week) * 7 * 86_400_000_000).astype("timedelta64[us]")


# ---- how records are kept badly ----

Frames = tuple[pl.DataFrame, pl.DataFrame]


def honest(world: World, deals: pl.DataFrame, events: pl.DataFrame) -> Frames:
    return deals, events


def lost_closed_late(world: World, deals: pl.DataFrame, events: pl.DataFrame) -> Frames:
    """Half of the lost deals are closed in the records up to half a year after they died."""
    rng = np.random.default_rng([world.rules.seed, 5])
    days = np.where(rng.random(deals.height) < 0.5, rng.integers(7, 182, deals.height), 0)
    late = pl.when(pl.col("status") == "lost").then(pl.col("closed") + pl.duration(days=pl.Series(days)))
    end = pl.lit(_moments(np.array([WEEKS]))[0])
    moved = deals.with_columns(closed=late.otherwise(pl.col("closed")))
    still = pl.col("closed") > end
    return moved.with_columns(
        status=pl.when(still).then(pl.lit("open")).otherwise(pl.col("status")),
        closed=pl.when(still).then(None).otherwise(pl.col("closed")),
    ), events


def dated_back(world: World, deals: pl.DataFrame, events: pl.DataFrame) -> Frames:
    """After a third of the wins, what idle types lack is filled in with dates from before."""
    rng = np.random.default_rng([world.rules.seed, 6])
    won = deals.filter(pl.col("status") == "won")
    made = []
    for key in world.of("idle")[:8]:
        some = won.filter(pl.Series(rng.random(won.height) < 0.33))
        span = (some["closed"] - some["created"]).cast(pl.Int64) * pl.Series(rng.random(some.height))
        at = some["created"] + span.cast(pl.Int64).cast(pl.Duration("us"))
        made.append(
            some.select(
                "deal_id", agreement=pl.lit(key), at=at, kind=pl.lit("agreement"), side=pl.lit("customer")
            )
        )
    return deals, pl.concat([events, *made]).unique(
        ["deal_id", "agreement"], keep="first", maintain_order=True
    )


def kept_less_when_lost(world: World, deals: pl.DataFrame, events: pl.DataFrame) -> Frames:
    """Of every type, a fifth of the entries of lost deals are not there."""
    rng = np.random.default_rng([world.rules.seed, 7])
    lost = pl.Series(deals.filter(pl.col("status") == "lost")["deal_id"])
    gone = events["deal_id"].is_in(lost.implode()) & pl.Series(rng.random(events.height) < 0.2)
    return deals, events.filter(~gone)


def on_the_first(world: World, deals: pl.DataFrame, events: pl.DataFrame) -> Frames:
    """Four in ten entries are dated on the first of their month, or on the day the deal was created."""
    rng = np.random.default_rng([world.rules.seed, 8])
    dated = events.join(deals.select("deal_id", "created"), on="deal_id", how="left", maintain_order="left")
    first = pl.max_horizontal(pl.col("at").dt.truncate("1mo"), pl.col("created"))
    heaped = pl.when(pl.Series(rng.random(events.height) < 0.4)).then(first).otherwise(pl.col("at"))
    return deals, dated.with_columns(at=heaped).drop("created")


FAULTS: dict[str, Callable[[World, pl.DataFrame, pl.DataFrame], Frames]] = {
    "none": honest,
    "lost deals closed late": lost_closed_late,
    "dated back after wins": dated_back,
    "kept less in lost deals": kept_less_when_lost,
    "on the first of the month": on_the_first,
}


@dataclass(frozen=True)
class Record:
    """A world as its record tells it, with a fault."""

    world: World
    fault: str

    @property
    def rules(self) -> Rules:
        return self.world.rules

    @property
    def levers(self) -> tuple[str, ...]:
        return self.world.levers

    @cached_property
    def frames(self) -> Frames:
        """Deals and events."""
        return FAULTS[self.fault](self.world, self.world.deals(), self.world.events())

    def deals(self) -> pl.DataFrame:
        return self.frames[0]

    def events(self) -> pl.DataFrame:
        return self.frames[1]


def named(name: str, deals: int, seed: int) -> Rules:
    """Return the rules of a world by its name, with so many deals and other luck."""
    return replace(NAMED[name], deals=deals, seed=NAMED[name].seed + seed)
