"""The life of every deal, week by week, all deals side by side.

A deal moves through seven stages, gains agreements, goes quiet, is lost, or is decided and won. Chances
depend on who sells, how busy they are, how large the deal is, and on the agreements gained so far. Every
draw belongs to one deal, one week of its life and one agreement: with the same seed two runs that differ
in one forced agreement differ in nothing else (common random numbers), which is how the truth is known.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np

from hingepoint.analysis.trials import lots
from hingepoint.demo import planted
from hingepoint.demo.sales import NEWCOMER, PRESSURES, Deals
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.records.deals import Stage

STAGES = tuple(Stage)[:7]  # access ... paper; won deals leave the last one
NEGOTIATE, PAPER = STAGES.index(Stage.NEGOTIATE), STAGES.index(Stage.PAPER)
PROPOSE = STAGES.index(Stage.PROPOSE)
#: What can be gained: the catalogue, and one type that the company added itself.
KEYS = (*shipped_types(), planted.OPENING_DISCOUNT)
INDEX = {key: i for i, key in enumerate(KEYS)}
LONGEST = 150  # weeks after which a deal is written off

NEVER = -1
OPEN, WON, LOST, NO_DECISION = 0, 1, 2, 3

_WEEKLY_MOVE = np.array([0.32, 0.25, 0.22, 0.20, 0.24, 0.45, 0.26])
_WEEKLY_DECISION = 0.30
_WEEKLY_LOSS = np.array([0.021, 0.022, 0.022, 0.023, 0.028, 0.038, 0.008])
_WEEKLY_STALL = np.array([0.026, 0.029, 0.031, 0.031, 0.028, 0.022, 0.001])
_STALLED_CLOSE, _STALLED_REVIVE = 0.015, 0.008


@dataclass(frozen=True, slots=True)
class Course:
    """How each deal went. Weeks count working weeks from creation; ``NEVER`` where it did not happen.

    ``gained``: deals x ``KEYS``, week in which it was gained. ``entered``: deals x stages. ``ended``: week
    of the end, ``outcome`` OPEN, WON, LOST or NO_DECISION. ``quality``: deals x keys, 2 to 7, of an
    agreement if gained. ``discount``: offered or final, from the negotiation on. ``cost``: of what is
    sold, ``scope``: final list price as a share of what was projected.
    """

    gained: np.ndarray
    entered: np.ndarray
    ended: np.ndarray
    outcome: np.ndarray
    quality: np.ndarray
    discount: np.ndarray
    cost: np.ndarray
    scope: np.ndarray


@dataclass(frozen=True, slots=True)
class Habits:
    """How often each of ``KEYS`` is gained: weekly chance by stage, and what moves it (logarithms)."""

    chance: np.ndarray  # stages x keys
    skill: np.ndarray
    size: np.ndarray
    load: np.ndarray
    fit: np.ndarray
    pressure: np.ndarray  # pressures x keys
    rollout: np.ndarray


@cache
def habits() -> Habits:
    """Return the habits of the company; they are part of its story and the same for every seed."""
    rng = np.random.default_rng(20240229)
    types = shipped_types()
    reach = rng.choice([0.03, 0.045, 0.065, 0.1, 0.15], size=len(KEYS), p=[0.25, 0.3, 0.25, 0.15, 0.05])
    skill = rng.uniform(0.0, 0.25, size=len(KEYS))
    size = rng.uniform(-0.2, 0.25, size=len(KEYS))
    pressure = np.zeros((len(PRESSURES), len(KEYS)))
    chance = np.zeros((len(STAGES), len(KEYS)))
    for key, i in INDEX.items():
        facts = types.get(key)
        if facts and facts["pressure"] in PRESSURES:
            pressure[PRESSURES.index(facts["pressure"]), i] = 0.35
        reach[i], skill[i], size[i] = _own_habit(key, reach[i], skill[i], size[i])
        chance[:, i] = _by_stage(key, facts["stage"] if facts else Stage.SHAPE, reach[i])
    rollout = np.array([planted.ROLLOUT_LIFT if key in ROLLED_OUT else 0.0 for key in KEYS])
    return Habits(
        chance=chance.astype(np.float32),
        skill=skill,
        size=size,
        load=np.full(len(KEYS), -0.12),
        fit=np.full(len(KEYS), 0.06),
        pressure=pressure,
        rollout=rollout,
    )


ROLLED_OUT = frozenset({*(lever.key for lever in planted.PIVOTAL), "int.agreement_plan"})


def _own_habit(key: str, reach: float, skill: float, size: float) -> tuple[float, float, float]:
    """Return reach and leanings of one key: the levers and the decoys have their own."""
    if key in planted.LEVERS:
        return planted.LEVERS[key].reach, 0.20, 0.18
    if key in planted.SKILL_PROXIES:
        return 0.12, 1.1, 0.1
    if key in planted.SIZE_PROXIES:
        return 0.10, 0.1, 0.9
    if key in planted.TWINS:
        return 0.05, 0.1, 0.1
    if key == planted.OPENING_DISCOUNT:
        return 0.13, -0.45, 0.1
    if key == planted.ANTICIPATORY:
        return 0.01, 0.1, 0.0
    return reach, skill, size


def _by_stage(key: str, stage: str, reach: float) -> np.ndarray:
    """Return the weekly chance in each stage: mostly in its own, a little just before, less after."""
    if key in planted.STAGE_LIKE or key in planted.MECHANICAL:
        return np.zeros(len(STAGES))
    home = home_stage(key, stage)
    away = np.arange(len(STAGES)) - home
    shape = np.select(
        [away == 0, away == -1, away == 1, away == 2, away > 2], [1, 0.4, 0.45, 0.15, 0.05], 0.0
    )
    return -np.log(1 - reach) / 3.4 * shape


def home_stage(key: str, stage: str) -> int:
    """Return the stage in which a type is at home here; two inside plans are made before they are due."""
    if key in ("int.price_corridor", "int.concession_plan", "cust.joint_business_case"):
        return STAGES.index(Stage.SHAPE)
    if stage in (Stage.CLOSE, Stage.RUN):
        return PAPER
    return STAGES.index(Stage(stage))


def live(
    *,
    deals: Deals,
    seed: int,
    ends_on: dt.date,
    force: frozenset[str] = frozenset(),
    block: frozenset[str] = frozenset(),
    to_the_end: bool = False,
    asked: bool | None = None,
) -> Course:
    """Let every deal live until ``ends_on``, or with ``to_the_end`` until each has ended.

    A forced agreement is gained in the first week in which the company could have gained it; a blocked
    one never. ``asked`` says that every deal of a trial is asked, or none; otherwise lots decide.
    """
    state = _State(
        deals, seed=seed, ends_on=ends_on, force=force, block=block, to_the_end=to_the_end, asked=asked
    )
    for age in range(LONGEST + 1):
        state.week(age)
    return state.course()


class _State:
    """All deals in one week of their lives. Arrays are changed in place; ``here`` are the live ones."""

    def __init__(self, deals: Deals, *, seed, ends_on, force, block, to_the_end, asked):
        count = len(deals)
        self.deals, self.seed, self.habits = deals, seed, habits()
        own = np.random.default_rng([seed, 51])
        self.quality = _qualities(deals, rng=own)
        self.luck = own.standard_normal((count, 3))
        self.leaning = _leaning(deals, self.habits)
        weeks_left = np.busday_count(deals.created, np.datetime64(ends_on, "D") + 1) // 5 - 1
        self.last_week = np.full(count, LONGEST) if to_the_end else np.minimum(weeks_left, LONGEST)
        self.forced = [INDEX[key] for key in force]
        self.blocked = [INDEX[key] for key in block]
        self.gained = np.full((count, len(KEYS)), NEVER, dtype=np.int16)
        self.entered = np.full((count, len(STAGES)), NEVER, dtype=np.int16)
        self.entered[:, 0] = 0
        self.stage = np.zeros(count, dtype=np.int8)
        self.stalled = np.zeros(count, dtype=bool)
        self.decided = np.full(count, NEVER, dtype=np.int16)
        self.ended = np.full(count, NEVER, dtype=np.int16)
        self.outcome = np.full(count, OPEN, dtype=np.int8)
        self.ends_on = ends_on
        self.prompts = [
            (INDEX[prompt.key], prompted(deals, prompt, ends_on=ends_on, asked=asked), prompt.lift)
            for prompt in planted.PROMPTS
        ]

    def week(self, age: int) -> None:
        draws = np.random.default_rng([self.seed, 52, age]).random(
            (len(self.deals), len(KEYS) + 6), dtype=np.float32
        )
        here = np.flatnonzero((self.outcome == OPEN) & (age <= self.last_week))
        if not len(here):
            return
        today = np.busday_offset(self.deals.created[here], 5 * age, roll="forward")
        self._gain(here, age, today, draws[here, : len(KEYS)])
        self._go_on(here, age, today, draws[here, len(KEYS) :])

    def _gain(self, here, age, today, draws) -> None:
        """Agreements gained this week; twins come along from the same meeting."""
        chance = self.habits.chance[self.stage[here]] * self.leaning[here]
        chance *= np.where(self.stalled[here], 0.25, 1.0)[:, None]
        self._discipline(chance, here, today)
        for key, asked, lift in self.prompts:
            chance[asked[here], key] *= np.float32(np.exp(lift))
        self._after_the_decision(chance, here)
        new = draws < chance
        for key, (lever, share) in planted.TWINS.items():
            new[:, INDEX[key]] |= new[:, INDEX[lever]] & (draws[:, INDEX[key]] < share)
        for i in self.forced:
            new[:, i] |= chance[:, i] > 0
        new[:, self.blocked] = False
        new &= self.gained[here] == NEVER
        rows, keys = np.nonzero(new)
        self.gained[here[rows], keys] = age

    def _discipline(self, chance, here, today) -> None:
        """Teams that live the discipline gain the pivotal agreements more often; North stops planning."""
        begun = (today - self.deals.rollout[here]).astype(float) / 7
        lived = np.clip(
            np.nan_to_num(np.where(np.isnat(self.deals.rollout[here]), -1, begun), nan=-1) / 8, 0, 1
        )
        chance *= np.exp(lived[:, None] * self.habits.rollout).astype(np.float32)
        stopped = (self.deals.region[here] == "North") & (today >= np.datetime64(planted.march(self.ends_on)))
        chance[stopped, INDEX["int.concession_plan"]] *= 0.25

    def _after_the_decision(self, chance, here) -> None:
        sure = self.decided[here] != NEVER
        for key, weekly in planted.MECHANICAL.items():
            chance[:, INDEX[key]] = np.where(sure, weekly, 0.002 * (self.stage[here] >= PROPOSE))
        foreseen = self.luck[here, 2] > -0.5
        chance[:, INDEX[planted.ANTICIPATORY]] += 0.45 * (sure & foreseen)

    def _go_on(self, here, age, today, draws) -> None:
        """Losses, silences, decisions, moves: in that order."""
        loss, stall, move = self._pulls(here, today)
        quiet = self.stalled[here]
        self.stalled[here] = np.where(quiet, draws[:, 0] >= _STALLED_REVIVE, draws[:, 1] < stall)
        written_off = quiet & ((draws[:, 2] < _STALLED_CLOSE) | (age >= LONGEST))
        lost = ~quiet & (draws[:, 3] < loss)
        going = ~quiet & ~lost
        deciding = (self.stage[here] == NEGOTIATE) & going & (self.decided[here] == NEVER)
        self.decided[here[deciding & (draws[:, 4] < _WEEKLY_DECISION)]] = age
        moved = (
            going & (draws[:, 5] < move) & ((self.stage[here] != NEGOTIATE) | (self.decided[here] != NEVER))
        )
        self._move(here[moved], age, draws[moved, 0])
        for which, outcome in ((lost, LOST), (written_off, NO_DECISION)):
            self.outcome[here[which]], self.ended[here[which]] = outcome, age
        over = here[(age >= LONGEST) & (self.outcome[here] == OPEN)]
        self.outcome[over], self.ended[over] = NO_DECISION, age

    def _move(self, who, age, draws) -> None:
        """To the next stage, out of the last one as won; steps that only mark the stage come with it."""
        won = self.stage[who] == PAPER
        self.outcome[who[won]], self.ended[who[won]] = WON, age
        on = who[~won]
        self.stage[on] += 1
        self.entered[on, self.stage[on]] = age
        for key, (stage, share) in planted.STAGE_LIKE.items():
            i = INDEX[key]
            step = on[(self.stage[on] == STAGES.index(stage)) & (draws[~won] < share)]
            if i not in self.blocked:
                self.gained[step, i] = np.where(self.gained[step, i] == NEVER, age, self.gained[step, i])

    def _pulls(self, here, today) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return this week's chances of losing, of going quiet and of moving on."""
        deals, stage = self.deals, self.stage[here]
        loss = (
            -0.36 * deals.skill[here]
            - 0.20 * deals.fit[here]
            + 0.10 * deals.size[here]
            + 0.08 * deals.load[here]
        )
        loss += 0.30 * (deals.competitor[here] == NEWCOMER) + 0.10 * deals.pressures[here].sum(axis=1)
        loss -= 0.20 * deals.existing[here]
        stall = -0.15 * deals.skill[here] + 0.10 * deals.load[here] + 0.15 * deals.pressures[here, 3]
        move = 0.08 * deals.skill[here] - 0.14 * deals.size[here] + 0.15 * deals.pressures[here, 2]
        move += 0.35 * ((stage >= NEGOTIATE) & (days_to_quarter_end(today) <= 14))
        for key, lever in planted.LEVERS.items():
            weight = self._weight(here, INDEX[key])
            loss, stall, move = (
                loss + lever.loss * weight,
                stall + lever.stall * weight,
                move + lever.speed * weight,
            )
        sure = np.where(self.decided[here] != NEVER, 0.12, 1.0)
        return (
            _WEEKLY_LOSS[stage] * np.exp(loss) * sure,
            _WEEKLY_STALL[stage] * np.exp(stall) * sure,
            _WEEKLY_MOVE[stage] * np.exp(move),
        )

    def _weight(self, here, i: int) -> np.ndarray:
        """Return how much a lever counts: nothing if not gained, more the better it is."""
        return (self.gained[here, i] != NEVER) * quality_weight(self.quality[here, i])

    def course(self) -> Course:
        discount, cost, scope = self._prices()
        return Course(
            gained=self.gained,
            entered=self.entered,
            ended=self.ended,
            outcome=self.outcome,
            quality=self.quality,
            discount=discount,
            cost=cost,
            scope=scope,
        )

    def _prices(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        deals, everybody = self.deals, np.arange(len(self.deals))
        today = self.day_of_end()
        discount = 0.277 + 0.012 * deals.size - 0.025 * deals.skill + 0.006 * deals.load
        discount += deals.pressures @ np.array([planted.PRESSURE_DISCOUNT[one] for one in PRESSURES])
        discount += 0.022 * (deals.competitor == NEWCOMER) + 0.030 * (days_to_quarter_end(today) <= 10)
        discount -= 0.012 * deals.existing
        saved = np.zeros(len(deals))
        for lever in planted.PIVOTAL:
            i = INDEX[lever.key]
            late = (self.entered[:, PROPOSE] != NEVER) & (self.gained[:, i] > self.entered[:, PROPOSE])
            saved += lever.discount * self._weight(everybody, i) * np.where(late, lever.early, 1.0)
        saved += self._answered(everybody)
        opened_low = self.gained[:, INDEX[planted.OPENING_DISCOUNT]] != NEVER
        discount += planted.OPENING_DISCOUNT_COSTS * opened_low - saved + 0.045 * self.luck[:, 0]
        cheaper = sum(
            lever.cost * self._weight(everybody, INDEX[lever.key]) for lever in planted.OTHER_LEVERS
        )
        scope = self._scope(today)
        cost = deals.list_price * scope * (deals.cost_share - cheaper + self._free_extras(today))
        return np.round(np.clip(discount, 0.0, 0.45) * 200) / 200, cost, scope

    def _answered(self, everybody) -> np.ndarray:
        """What the one agreement that answers a pressure takes off the discount of deals under it."""
        answer = planted.ANSWER
        under = self.deals.pressures[:, PRESSURES.index(answer.pressure)]
        return answer.discount * under * self._weight(everybody, INDEX[answer.key])

    def _scope(self, today) -> np.ndarray:
        """Contracts end smaller where pivotal agreements were missing by week 10; in East lately more so."""
        missing = np.mean(
            [
                (self.gained[:, INDEX[lever.key]] == NEVER) | (self.gained[:, INDEX[lever.key]] > 10)
                for lever in planted.PIVOTAL
            ],
            axis=0,
        )
        drift = planted.drifts(self.ends_on)[10]
        lately = (self.deals.region == drift.place) & (today >= np.datetime64(drift.since))
        return np.clip(1.05 - 0.14 * missing - 0.22 * lately * missing + 0.06 * self.luck[:, 1], 0.4, 1.4)

    def _free_extras(self, today) -> np.ndarray:
        """In South, services given away grow week by week: margin falls while price stays."""
        drift = planted.drifts(self.ends_on)[1]
        weeks = (today - np.datetime64(drift.since)).astype(float) / 7
        return np.where(self.deals.region == drift.place, np.clip(weeks, 0, None) * 0.0026, 0.0)

    def day_of_end(self) -> np.ndarray:
        """The day on which each deal ended; for the others the last day of the history."""
        ended = np.where(self.ended == NEVER, 0, self.ended).astype(int)
        day = np.busday_offset(self.deals.created, 5 * ended + 4, roll="forward")
        return np.where(self.ended == NEVER, np.datetime64(self.ends_on, "D"), day)


def prompted(
    deals: Deals, prompt: planted.Prompt, *, ends_on: dt.date, asked: bool | None = None
) -> np.ndarray:
    """Return which deals are asked in a trial: by lot, or all that enter it, or none."""
    begin, full = (np.datetime64(day, "D") for day in (prompt.starts_on(ends_on), prompt.full_on(ends_on)))
    entered = (deals.created >= begin) & (deals.created < full)
    if asked is not None:
        return entered & asked
    return entered & np.array([lots.is_drawn(key, seed=prompt.seed) for key in deals.ids])


def _leaning(deals: Deals, habit: Habits) -> np.ndarray:
    """Return deals x keys: how much more often than usual this deal gains each agreement."""
    logs = (
        np.outer(deals.skill, habit.skill)
        + np.outer(np.clip(deals.size, -2, 2), habit.size)
        + np.outer(deals.load, habit.load)
        + np.outer(deals.fit, habit.fit)
        + deals.pressures @ habit.pressure
    )
    return np.exp(logs).astype(np.float32)


def _qualities(deals: Deals, *, rng: np.random.Generator) -> np.ndarray:
    """Return deals x keys, 2 to 7: better from better sellers."""
    noise = rng.standard_normal((len(deals), len(KEYS)), dtype=np.float32)
    return np.clip(np.round(4.8 + 0.35 * deals.skill[:, None] + 1.3 * noise), 2, 7).astype(np.int8)


def quality_weight(quality: np.ndarray) -> np.ndarray:
    """Return how much of a lever's effect an agreement of this quality has: 1 at quality 5."""
    return 0.25 + 0.15 * quality


def days_to_quarter_end(days: np.ndarray) -> np.ndarray:
    """Return the days from each day to the last day of its calendar quarter."""
    month = days.astype("datetime64[M]")
    to_next = 3 - month.astype(int) % 3
    return ((month + to_next).astype("datetime64[D]") - days.astype("datetime64[D]")).astype(int) - 1
