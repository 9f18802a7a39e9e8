"""Adversarial histories of known truth, to judge discovery by.

A world is lived week by week by all deals at once. Among its hundred agreement types only the levers
(and the harmful ones) change anything; the others look pivotal for a reason that fools simpler
analyses: gained in the same meeting as a lever, by able sellers, on small deals, by deals that live
long, after the decision has fallen, or as part of signing. What an agreement really does is found by
living the same history again, with the same luck, once with the agreement forced at a landmark and
once with it withheld.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import polars as pl

WEEKS = 156
LONGEST = 90
BEGIN = datetime.datetime.fromisoformat("2022-01-03")
SEGMENTS = np.array(["SMB", "MID", "ENT"])
REGIONS = np.array(["North", "South", "East", "West"])
SOURCES = np.array(["inbound", "outbound", "partner"])

#: How many types of each role a world of a hundred has; the rest are idle.
ROLES = {
    "lever": 8,
    "twin": 8,
    "skill": 10,
    "stage": 6,
    "mechanical": 6,
    "leading": 3,
    "harmful": 3,
    "size": 8,
}


@dataclass(frozen=True)
class Rules:
    """How a world runs.

    strength     of the levers, on the logit of winning; each is between .6 and 1.4 times this
    pace         factor on the hazards of gaining, deciding and closing
    skill        of sellers: standard deviation on the logit of winning
    intent       strength of an unmeasured wish to buy that moves wins and every customer agreement
    loyalty      the same wish, but shared by all deals of an account
    race         winning and losing race each other, and agreements speed the one and slow the other;
                 otherwise a decision falls one day, and agreements tip it
    """

    deals: int = 20_000
    types: int = 100
    sellers: int = 140
    seed: int = 1
    strength: float = 0.45
    pace: float = 1.0
    skill: float = 0.5
    intent: float = 0.0
    loyalty: float = 0.0
    race: bool = False
    levers: int = 8


@dataclass(frozen=True)
class Intervention:
    """One type withheld in the ``window`` before a landmark, or forced at a ``moment`` in that window."""

    type: int
    landmark: np.ndarray
    moment: np.ndarray
    window: float
    force: bool


@dataclass(frozen=True)
class World:
    """A lived history: frames for analysis, and what only the simulator knows."""

    rules: Rules
    keys: tuple[str, ...]
    roles: tuple[str, ...]
    closed: np.ndarray
    won: np.ndarray
    observed: np.ndarray
    gained: np.ndarray
    with_customer: np.ndarray
    facts: _Facts
    amounts: np.ndarray

    @property
    def levers(self) -> tuple[str, ...]:
        return self.of("lever")

    def of(self, *roles: str) -> tuple[str, ...]:
        """Return the keys of the types in these roles."""
        return tuple(key for key, role in zip(self.keys, self.roles, strict=True) if role in roles)

    def deals(self) -> pl.DataFrame:
        """Return the deals as they stand at the end of the world."""
        created = np.datetime64(BEGIN) + (self.facts.created * 7 * 86400).astype("timedelta64[s]")
        seen = self.closed <= self.observed
        closed = created + (np.where(seen, self.closed, 0) * 7 * 86400).astype("timedelta64[s]")
        status = np.where(seen, np.where(self.won, "won", "lost"), "open")
        price = self.amounts * np.exp(0.1 * self.facts.noise)
        discount = np.clip(self._discount(), 0.0, 0.6)
        frame = pl.DataFrame(
            {
                "deal_id": [f"D{number:06d}" for number in range(status.size)],
                "created": created.astype("datetime64[us]"),
                "closed": closed.astype("datetime64[us]"),
                "status": status,
                "initial_amount": self.amounts,
                "list_price": price,
                "net_price": price * (1 - discount),
                "discount": discount,
                "owner": [f"S{number:03d}" for number in self.facts.seller],
                "segment": SEGMENTS[self.facts.segment],
                "region": REGIONS[self.facts.region],
                "source": SOURCES[self.facts.source],
                "account": [f"A{number:05d}" for number in self.facts.account],
            }
        )
        sold = pl.col("status") == "won"
        hidden = [
            pl.when(sold).then(pl.col(name)).alias(name) for name in ("list_price", "net_price", "discount")
        ]
        return frame.with_columns(pl.when(pl.col("status") != "open").then(pl.col("closed")), *hidden)

    def _discount(self) -> np.ndarray:
        held = (self.gained[:, :3] < self.closed[:, None]).sum(axis=1)
        return 0.22 - 0.035 * held - 0.02 * self.facts.skill + 0.05 * self.facts.noise

    def events(self) -> pl.DataFrame:
        """Return the agreements gained by the end of the world, one event each."""
        known = np.minimum(self.closed, self.observed)
        deal, kind = np.nonzero(self.gained <= known[:, None])
        week = self.facts.created[deal] + self.gained[deal, kind]
        at = np.datetime64(BEGIN) + (week * 7 * 86400).astype("timedelta64[s]")
        return pl.DataFrame(
            {
                "deal_id": [f"D{number:06d}" for number in deal],
                "agreement": np.array(self.keys)[kind],
                "at": at.astype("datetime64[us]"),
                "kind": ["agreement"] * deal.size,
                "side": np.where(self.with_customer, "customer", "internal")[kind],
            }
        )

    def truth(self, key: str, landmarks: tuple[float, ...], horizon: float) -> float:
        """Return the effect of gaining a type in the window before a landmark on being won within the horizon.

        Each deal is assigned one of the landmarks; those that reach it open and without the type, early enough
        for the horizon to end within the world, are lived twice more: with the type withheld in the window,
        and with it forced somewhere in it. A deal counts by p (1 - p), where p is its chance to gain the
        type in a window: an effect is told "where it is a real choice" (overlap weights, Li, Morgan &
        Zaslavsky 2018). With 20,000 deals its own error is about a quarter of a point (decision 125).
        """
        rng = np.random.default_rng([self.rules.seed, 99])
        landmark = np.asarray(landmarks)[rng.integers(len(landmarks), size=self.rules.deals)]
        window = landmarks[0]
        moment = (landmark - window * rng.random(landmark.size)).astype(np.float32)
        place = self.keys.index(key)
        without = live(self.rules, Intervention(place, landmark, moment, window, force=False))
        forced = live(self.rules, Intervention(place, landmark, moment, window, force=True))
        by = landmark + horizon
        at_risk = (self.observed >= by) & (without.closed > landmark) & (forced.closed > landmark)
        at_risk &= without.gained[:, place] > landmark
        gain = (forced.won & (forced.closed <= by)).astype(float) - (without.won & (without.closed <= by))
        chance = 1 - np.exp(-_hazards(self.rules, self.facts, _types_of(self.rules))[:, place] * window)
        return float(np.average(gain[at_risk], weights=(chance * (1 - chance))[at_risk]))


@dataclass(frozen=True)
class _Facts:
    created: np.ndarray
    seller: np.ndarray
    skill: np.ndarray
    size: np.ndarray
    segment: np.ndarray
    region: np.ndarray
    source: np.ndarray
    account: np.ndarray
    wish: np.ndarray
    noise: np.ndarray


def _facts(rules: Rules, rng: np.random.Generator) -> _Facts:
    n = rules.deals
    seller = rng.integers(rules.sellers, size=n)
    ability = rng.standard_normal(rules.sellers)
    segment = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    created = np.sort(rng.uniform(0, WEEKS, n))
    size = rng.standard_normal(n) * 0.8 + 0.7 * (segment - 1)
    region, source = rng.integers(4, size=n), rng.choice(3, size=n, p=[0.4, 0.4, 0.2])
    account = rng.integers(max(n // 3, 1), size=n)
    loyal = np.random.default_rng([rules.seed, LONGEST + 2]).standard_normal(n)[account]
    return _Facts(
        created=created,
        seller=seller,
        skill=ability[seller],
        size=size,
        segment=segment,
        region=region,
        source=source,
        account=account,
        wish=rules.intent * rng.standard_normal(n) + rules.loyalty * loyal,
        noise=rng.standard_normal(n),
    )


@dataclass(frozen=True)
class _Types:
    """Per type: weekly hazard of being gained and what it depends on; per lever its strength."""

    roles: np.ndarray
    customer: np.ndarray
    hazard: np.ndarray
    on_skill: np.ndarray
    on_size: np.ndarray
    on_wish: np.ndarray
    on_segment: np.ndarray
    effect: np.ndarray
    partner: np.ndarray


def _types_of(rules: Rules) -> _Types:
    rng = np.random.default_rng([rules.seed, LONGEST + 1])
    counts = {**ROLES, "lever": rules.levers, "twin": rules.levers}
    roles = np.array([role for role, count in counts.items() for _ in range(count)])
    roles = np.append(roles, ["idle"] * (rules.types - roles.size))[: rules.types]
    k = roles.size
    customer = rng.random(k) < 0.7
    lever, harmful = roles == "lever", roles == "harmful"
    effect = np.where(lever, rules.strength * rng.uniform(0.6, 1.4, k), 0.0)
    effect = np.where(harmful, -0.9 * rules.strength, effect)
    partner = np.full(k, -1)
    partner[roles == "twin"] = np.nonzero(lever)[0][: int((roles == "twin").sum())]
    return _Types(
        roles=roles,
        customer=customer,
        hazard=rng.uniform(0.008, 0.05, k) * rules.pace,
        on_skill=np.where(roles == "skill", rng.uniform(0.5, 1.0, k), rng.normal(0, 0.1, k)),
        on_size=np.where(roles == "size", -rng.uniform(0.4, 0.8, k), rng.normal(0, 0.15, k)),
        on_wish=np.where(customer, rng.uniform(0.2, 0.5, k), 0.0),
        on_segment=rng.normal(0, 0.2, (3, k)),
        effect=effect,
        partner=partner,
    )


def _hazards(rules: Rules, facts: _Facts, types: _Types) -> np.ndarray:
    """Return the weekly hazard of every type for every deal, before what the week does to it."""
    shape = np.outer(facts.skill, types.on_skill) + np.outer(facts.size, types.on_size)
    shape += np.outer(facts.wish, types.on_wish) + types.on_segment[facts.segment]
    return (types.hazard * np.exp(shape)).astype(np.float32)


def live(rules: Rules, intervention: Intervention | None = None) -> World:
    """Return the history of a world; with an intervention, the same luck but for one type."""
    rng = np.random.default_rng([rules.seed, 0])
    facts, types = _facts(rules, rng), _types_of(rules)
    life = _Life(rules, facts, types, intervention)
    for week in range(LONGEST):
        life.step(week, np.random.default_rng([rules.seed, 1 + week]))
    life.finish()
    return World(
        rules=rules,
        keys=tuple(f"{role}.{number:02d}" for number, role in enumerate(types.roles)),
        roles=tuple(types.roles.tolist()),
        closed=life.closed,
        won=life.won,
        observed=WEEKS - facts.created,
        gained=life.gained,
        with_customer=types.customer,
        facts=facts,
        amounts=np.round(np.exp(9.5 + facts.size), 2),
    )


class _Life:
    """The state of all deals in a week, and what happens in the next."""

    def __init__(self, rules: Rules, facts: _Facts, types: _Types, intervention: Intervention | None) -> None:
        n, k = rules.deals, types.roles.size
        self.rules, self.facts, self.types, self.intervention = rules, facts, types, intervention
        self.gained = np.full((n, k), np.inf, dtype=np.float32)
        self.closed = np.full(n, np.inf)
        self.decided = np.full(n, np.inf)
        self.won = np.zeros(n, dtype=bool)
        self.hazards = _hazards(rules, facts, types)
        self.base = (
            -0.85 + rules.skill * facts.skill - 0.35 * facts.size - 0.15 * facts.size**2 * (facts.size > 0)
        )
        self.base += 0.25 * (facts.source == 2) + 0.15 * (facts.region == 1) + facts.wish
        self.slow = np.exp(-0.25 * facts.size)

    def step(self, week: int, rng: np.random.Generator) -> None:
        n, k = self.gained.shape
        luck = rng.random((n, k), dtype=np.float32)
        decide, win, delay, together = (rng.random(n) for _ in range(4))
        alive = np.nonzero(self.closed > week)[0]
        self._gain(week, alive, luck[alive], together[alive])
        self._intervene(week)
        self._decide(week, alive, decide[alive], win[alive], delay[alive])

    def _gain(self, week: int, alive: np.ndarray, luck: np.ndarray, together: np.ndarray) -> None:
        """Let deals gain what luck below the week's hazard gives, at the moment within the week it says."""
        hazard = self._hazard_now(week, alive)
        when = np.float32(week) + luck / hazard
        before = self.gained[alive]
        new = np.isinf(before) & (luck < hazard) & (when < self.closed[alive].astype(np.float32)[:, None])
        after = np.where(new, when, before)
        for twin in np.nonzero(self.types.partner >= 0)[0]:
            lever = self.types.partner[twin]
            joined = new[:, lever] & np.isinf(after[:, twin]) & (together < 0.6)
            after[joined, twin] = when[joined, lever]
        self.gained[alive] = after

    def _hazard_now(self, week: int, alive: np.ndarray) -> np.ndarray:
        roles = self.types.roles
        hazard = self.hazards[alive]
        yes = (self.decided[alive] <= week) & self.won[alive]
        signing = yes & (self.closed[alive] - week <= 2)
        hazard[:, roles == "stage"] *= np.float32(0.3 + 0.35 * min(week, 12))
        hazard[:, roles == "harmful"] *= np.float32(2.0 if week < 8 else 0.5)
        hazard[:, roles == "leading"] *= np.where(yes, 25.0, 0.6).astype(np.float32)[:, None]
        hazard[:, roles == "mechanical"] = np.where(signing, 0.55, 0.0003).astype(np.float32)[:, None]
        return hazard

    def _intervene(self, week: int) -> None:
        """Withhold the type in the window, or force it at its moment, where it was not gained before."""
        if self.intervention is None:
            return
        which, landmark, moment = self.intervention.type, self.intervention.landmark, self.intervention.moment
        column = self.gained[:, which]
        inside = (column > landmark - self.intervention.window) & (column <= landmark) & (column != moment)
        column[inside] = np.inf
        if self.intervention.force:
            due = (self.closed > moment) & np.isinf(column) & (moment >= week) & (moment < week + 1)
            column[due] = moment[due]

    def _decide(
        self, week: int, alive: np.ndarray, decide: np.ndarray, win: np.ndarray, delay: np.ndarray
    ) -> None:
        pull = (self.gained[alive] <= week + 1) @ self.types.effect
        ripe = (0.012 + 0.05 / (1 + np.exp(-(week * self.rules.pace - 12) / 4))) * self.rules.pace
        base, slow = self.base[alive], self.slow[alive]
        if self.rules.race:
            yes = decide < 0.7 * ripe * slow * np.exp(base + pull)
            due = yes | (win < 0.7 * ripe * slow * np.exp(-0.3 * pull))
        else:
            due = decide < ripe * slow * np.exp(0.3 * pull)
            yes = win < 1 / (1 + np.exp(-(base + pull)))
        due &= np.isinf(self.decided[alive])
        deals = alive[due]
        self.decided[deals] = week + 1
        self.won[deals] = yes[due]
        wait = np.where(yes[due], 1.5 + 6 * delay[due], 0.2 + 2 * delay[due]) / self.rules.pace
        self.closed[deals] = week + 1 + wait

    def finish(self) -> None:
        """Drop what never closes: a deal nobody decides is lost in the end."""
        never = np.isinf(self.closed)
        self.closed[never] = LONGEST
        self.gained[self.gained > self.closed[:, None]] = np.inf


#: The worlds that discovery is judged on, by what they make hard.
NAMED = {
    "first": Rules(),
    "faster, abler sellers, weaker levers": Rules(pace=1.8, strength=0.36, skill=0.9, seed=1001),
    "unmeasured wish to buy": Rules(intent=0.6, seed=2001),
    "accounts that wish to buy": Rules(loyalty=0.6, seed=3001),
    "twelve sellers": Rules(sellers=12, skill=0.8, seed=4001),
    "winning and losing race": Rules(race=True, seed=5001),
}


def shuffled(deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the deals with status and length dealt out anew among them: nothing can have moved them."""
    mixed = deals.select("status", "closed", "created").sample(fraction=1, shuffle=True, seed=seed)
    length = mixed["closed"] - mixed["created"]
    return deals.with_columns(status=mixed["status"], closed=deals["created"] + length)
