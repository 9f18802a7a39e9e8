"""The stage on which the company's side stories play: every deal with its course, its people, its days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.demo import dates, planted
from hingepoint.demo.accounts import FUNCTIONS
from hingepoint.demo.people import People
from hingepoint.demo.sales import Deals
from hingepoint.demo.weeks import NEVER, OPEN, STAGES, Course


@dataclass(frozen=True, slots=True)
class Scene:
    """What the side stories read. Arrays have one place a deal; ``end_day`` of an open deal is the last
    day of the history. ``managers``: team -> key. ``contacts_at``: account x function -> row of ``contacts``
    (NEVER: nobody)."""

    deals: Deals
    course: Course
    people: People
    accounts: pl.DataFrame
    contacts: pl.DataFrame
    ends_on: dt.date
    ids: np.ndarray
    owner: np.ndarray
    end_day: np.ndarray
    managers: dict[str, str]
    contacts_at: np.ndarray
    drifts: dict[int, planted.Drift]
    seed: int

    @property
    def open(self) -> np.ndarray:
        return self.course.outcome == OPEN

    def rng(self, name: str) -> np.random.Generator:
        """Return the random numbers of one side story: the same whatever the others draw."""
        return np.random.default_rng([self.seed, *name.encode()])

    def reached(self, stage: str) -> np.ndarray:
        """Return the deals (their places) that entered a stage."""
        return np.flatnonzero(self.course.entered[:, STAGES.index(stage)] != NEVER)

    def entered_on(self, where: np.ndarray, stage: str) -> np.ndarray:
        """Return the day on which the deals at these places entered a stage."""
        week = self.course.entered[where, STAGES.index(stage)]
        return dates.working_day(self.deals.created[where], week=week, day=4)

    def manager_of(self, where: np.ndarray) -> np.ndarray:
        return np.array([self.managers[team] for team in self.deals.team[where]])

    def contact_of(self, where: np.ndarray, function: str) -> np.ndarray:
        """Return the row in ``contacts`` of the person with a function, or else of the problem owner."""
        column = list(FUNCTIONS).index(function)
        rows = self.contacts_at[self.deals.account[where], column]
        return np.where(rows == NEVER, self.contacts_at[self.deals.account[where], 0], rows)

    def drifted(self, signal: int, *, place: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return where a planted drift is at work: in its place, from its day on."""
        drift = self.drifts[signal]
        return (place == drift.place) & (day.astype("datetime64[D]") >= np.datetime64(drift.since))

    def policy_on(self, day: np.ndarray) -> np.ndarray:
        """Return the version of the price policy in force."""
        first, second = planted.policy_versions(self.ends_on)
        return np.where(day.astype("datetime64[D]") >= np.datetime64(second[0]), second[1], first[1])


def scene(
    *,
    deals: Deals,
    course: Course,
    people: People,
    accounts: pl.DataFrame,
    contacts: pl.DataFrame,
    ends_on: dt.date,
    seed: int,
) -> Scene:
    """Return the scene of one company."""
    ended = np.where(course.ended == NEVER, 0, course.ended)
    end_day = np.where(
        course.outcome == OPEN,
        np.datetime64(ends_on, "D"),
        dates.working_day(deals.created, week=ended, day=4),
    )
    leaders = people.everybody.filter(pl.col("title") == "Sales manager")
    return Scene(
        deals=deals,
        course=course,
        people=people,
        accounts=accounts,
        contacts=contacts,
        ends_on=ends_on,
        ids=deals.ids,
        owner=_owners(deals, people.seats, course=course, end_day=end_day),
        end_day=end_day,
        managers=dict(leaders.select("team", "key").iter_rows()),
        contacts_at=_contacts_at(accounts, contacts),
        drifts=planted.drifts(ends_on),
        seed=seed,
    )


def _owners(deals: Deals, seats: pl.DataFrame, *, course: Course, end_day: np.ndarray) -> np.ndarray:
    """Whoever held the seat when the deal ended; open deals went over to whoever holds it now."""
    changed = seats["changed_on"].to_numpy().astype("datetime64[D]")[deals.seat]
    earlier = ~np.isnat(changed) & (end_day < changed) & (course.outcome != OPEN)
    return np.where(
        earlier, seats["before"].to_numpy()[deals.seat], seats["holder"].to_numpy()[deals.seat]
    ).astype(str)


def _contacts_at(accounts: pl.DataFrame, contacts: pl.DataFrame) -> np.ndarray:
    functions = {function: i for i, function in enumerate(FUNCTIONS)}
    at = np.full((len(accounts), len(functions)), NEVER, dtype=np.int64)
    account = {key: i for i, key in enumerate(accounts["account"])}
    for row, (key, function) in enumerate(contacts.select("account", "function").iter_rows()):
        at[account[key], functions[function]] = row
    return at
