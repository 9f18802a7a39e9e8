"""The deals of the demo company as they are on the day they are created.

One array an attribute, one place a deal, in order of creation. What is not visible to anybody in the
company (skill, fit) stands here too: it is why plain comparisons mislead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.demo.people import People
from hingepoint.records.pressures import Pressure

DEALS_PER_SELLER_YEAR = 19
PRODUCTS = {  # name -> (usual list price, share of cost, share of deals)
    "Aria Metering": (90_000, 0.46, 0.34),
    "Vesper Monitoring": (150_000, 0.42, 0.30),
    "Solace Service": (60_000, 0.55, 0.20),
    "Lumen Analytics": (110_000, 0.36, 0.16),
}
SEGMENT_SIZE = {"Enterprise": 0.75, "Mid-market": 0.0, "Public sector": 0.30}
SOURCES = ("inbound", "outbound", "partner", "tender", "existing customer")
NEEDS = (
    "fewer stoppages",
    "lower energy cost",
    "safety and compliance",
    "more output from the same line",
    "replacing old equipment",
)
NONE_KNOWN = "none known"
NEWCOMER = "Zephyr Direct"
COMPETITORS = ("Kestrel & Rowe", "Oskar Brandtmann", "Qualimetric", "own build", NEWCOMER, NONE_KNOWN)
PRESSURES = tuple(Pressure)


@dataclass(frozen=True, slots=True)
class Deals:
    """What is fixed at creation. ``size`` is the standardised logarithm of the list price, ``load`` how
    many deals the seller took on in the half-year before, against the usual number (0: as usual)."""

    created: np.ndarray
    seat: np.ndarray
    account: np.ndarray
    region: np.ndarray
    team: np.ndarray
    segment: np.ndarray
    product: np.ndarray
    source: np.ndarray
    need: np.ndarray
    competitor: np.ndarray
    pressures: np.ndarray
    existing: np.ndarray
    list_price: np.ndarray
    cost_share: np.ndarray
    size: np.ndarray
    skill: np.ndarray
    load: np.ndarray
    fit: np.ndarray
    rollout: np.ndarray

    def __len__(self) -> int:
        return len(self.created)

    @property
    def ids(self) -> np.ndarray:
        """The key of each deal, in order of creation."""
        return np.array([f"D-{i + 1:05d}" for i in range(len(self))])


def open_deals(
    *, people: People, accounts: pl.DataFrame, began: dt.date, ends_on: dt.date, rng: np.random.Generator
) -> Deals:
    """Return every deal created from ``began`` to ``ends_on``, in order of creation."""
    seats = people.seats
    years = (ends_on - began).days / 364
    count = round(len(seats) * years * DEALS_PER_SELLER_YEAR)
    created = _creation_days(count=count, began=began, ends_on=ends_on, rng=rng)
    account = _accounts_drawn(count=count, accounts=len(accounts), seats=len(seats), rng=rng)
    seat = accounts["seat"].to_numpy()[account]
    segment = accounts["segment"].to_numpy()[account]
    existing = accounts["existing"].to_numpy()[account]
    product, list_price, cost_share = _offers(segment=segment, rng=rng)
    source = _sources(segment=segment, existing=existing, rng=rng)
    competitor = _competitors(created=created, ends_on=ends_on, rng=rng)
    size = np.log(list_price)
    size = (size - size.mean()) / size.std()
    rollout = dict(people.teams.select("name", "rollout_on").iter_rows())
    team = seats["team"].to_numpy()[seat]
    return Deals(
        created=created,
        seat=seat,
        account=account,
        region=seats["region"].to_numpy()[seat],
        team=team,
        segment=segment,
        product=product,
        source=source,
        need=rng.choice(NEEDS, size=count, p=[0.28, 0.22, 0.18, 0.2, 0.12]),
        competitor=competitor,
        pressures=_pressures(segment=segment, competitor=competitor, size=size, rng=rng),
        existing=existing,
        list_price=list_price,
        cost_share=cost_share,
        size=size,
        skill=_skill(seats, seat=seat, created=created),
        load=_load(seat=seat, created=created, sellers=len(seats)),
        fit=rng.standard_normal(count),
        rollout=np.array([rollout[t] for t in team], dtype="datetime64[D]"),
    )


def _creation_days(*, count: int, began: dt.date, ends_on: dt.date, rng: np.random.Generator) -> np.ndarray:
    """Working days, a little more each year, fewer in August and at the turn of the year."""
    days = np.arange(np.datetime64(began, "D"), np.datetime64(ends_on, "D"))
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    weight = np.is_busday(days) * np.linspace(0.92, 1.08, len(days))
    weight = weight * np.select([month == 8, month == 12, month == 1], [0.6, 0.7, 0.9], 1.0)
    return np.sort(rng.choice(days, size=count, p=weight / weight.sum()))


def _accounts_drawn(*, count: int, accounts: int, seats: int, rng: np.random.Generator) -> np.ndarray:
    """Every account now and then, some much more often; busy and quiet spells of each seller."""
    weight = rng.gamma(2.0, size=accounts)
    spells = rng.gamma(9.0, size=(seats, 12)) / 9.0
    seat = np.arange(accounts) % seats
    drawn = np.empty(count, dtype=np.int64)
    for spell, part in enumerate(np.array_split(np.arange(count), 12)):
        chance = weight * spells[seat, spell]
        drawn[part] = rng.choice(accounts, size=len(part), p=chance / chance.sum())
    return drawn


def _offers(*, segment: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    product = rng.choice(list(PRODUCTS), size=len(segment), p=[share for *_, share in PRODUCTS.values()])
    usual = np.array([PRODUCTS[p][0] for p in product])
    larger = np.array([SEGMENT_SIZE[s] for s in segment])
    price = usual * np.exp(larger + 0.55 * rng.standard_normal(len(segment)))
    cost = np.array([PRODUCTS[p][1] for p in product]) + 0.03 * rng.standard_normal(len(segment))
    return product, np.round(price, -2), cost


def _sources(*, segment: np.ndarray, existing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chances = np.tile([0.30, 0.34, 0.16, 0.12, 0.08], (len(segment), 1))
    chances[segment == "Public sector"] = [0.12, 0.14, 0.10, 0.58, 0.06]
    chances[existing] = [0.15, 0.18, 0.10, 0.12, 0.45]
    return np.array(SOURCES)[(rng.random((len(segment), 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 4)]


def _competitors(*, created: np.ndarray, ends_on: dt.date, rng: np.random.Generator) -> np.ndarray:
    """A cheap newcomer appears twenty months before the end and grows."""
    names = rng.choice((*COMPETITORS[:4], NONE_KNOWN), size=len(created), p=[0.22, 0.2, 0.2, 0.13, 0.25])
    weeks_here = 86 - (np.datetime64(ends_on, "D") - created).astype(int) / 7
    return np.where(rng.random(len(created)) < np.clip(weeks_here / 86, 0, 1) * 0.24, NEWCOMER, names)


def _pressures(*, segment, competitor, size, rng: np.random.Generator) -> np.ndarray:
    """Return deals x the five pressures, whether each is felt."""
    public = segment == "Public sector"
    chance = np.column_stack(
        [
            0.22 + 0.10 * (competitor == "Qualimetric") + 0.08 * public,
            0.04 + 0.75 * (competitor == NEWCOMER),
            np.full(len(size), 0.20),
            0.22 + 0.18 * public + 0.05 * size,
            0.10 + 0.16 * (segment == "Enterprise") + 0.04 * size,
        ]
    )
    return rng.random(chance.shape) < chance


def _skill(seats: pl.DataFrame, *, seat: np.ndarray, created: np.ndarray) -> np.ndarray:
    """Return the skill of whoever held the seat when the deal was created."""
    changed = seats["changed_on"].to_numpy().astype("datetime64[D]")[seat]
    earlier = ~np.isnat(changed) & (created < changed)
    return np.where(earlier, seats["skill_before"].to_numpy()[seat], seats["skill"].to_numpy()[seat])


def _load(*, seat: np.ndarray, created: np.ndarray, sellers: int) -> np.ndarray:
    """Return deals taken on by the same seller in the 26 weeks before each deal, standardised."""
    taken = np.zeros(len(seat))
    for s in range(sellers):
        own = np.flatnonzero(seat == s)
        taken[own] = np.arange(len(own)) - np.searchsorted(
            created[own], created[own] - np.timedelta64(182, "D")
        )
    settled = created >= created[0] + np.timedelta64(182, "D")
    if not settled.any():
        return np.zeros(len(seat))
    return np.clip((taken - taken[settled].mean()) / max(taken[settled].std(), 1.0), -2.5, 2.5)
