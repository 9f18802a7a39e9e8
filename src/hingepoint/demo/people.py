"""The people of the demo company: a tree of teams, who sells, who leads, who helps inside."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.demo import names, planted
from hingepoint.records.people import Role

REGIONS = ("North", "South", "East", "West")
#: Line teams by region. Small companies take the first of each.
LINE_TEAMS = {
    "North": ("Hamburg", "Copenhagen", "Stockholm", "Rotterdam"),
    "South": ("Lyon", "Milan", "Madrid", "Lisbon"),
    "East": ("Warsaw", "Vienna", "Prague", "Budapest"),
    "West": ("Dublin", "London", "Brussels"),
}
ROOT_TEAM = "Sales"
INSIDE = (
    ("Legal", 3, "Legal counsel"),
    ("Contracts", 2, "Contract manager"),
    ("Accounting", 2, "Commercial controller"),
    ("Delivery", 3, "Delivery lead"),
)
COMPANY = "Nordwerk Industrial"
MAIL = "nordwerk.example"


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, the teams, and the seats in which sellers follow each other.

    ``everybody``: key, name, email, role, title, team, active, skill (sellers only).
    ``teams``: name, parent, region, rollout_on (empty: not started, since it waits for ``planted.WAITS_BECAUSE``).
    ``memberships``: person, team, manages, since, until.
    ``seats``: one row a seller's place: seat, team, region, holder, before (who left), changed_on, skill,
    skill_before.
    """

    everybody: pl.DataFrame
    teams: pl.DataFrame
    memberships: pl.DataFrame
    seats: pl.DataFrame
    executives: tuple[str, ...]


def line_teams(sellers: int) -> list[tuple[str, str]]:
    """Return ``(team, region)`` for a company of so many sellers, about nine to a team."""
    wanted = max(len(REGIONS), round(sellers / 9.3))
    rounds = [
        (LINE_TEAMS[region][depth], region)
        for depth in range(4)
        for region in REGIONS
        if depth < len(LINE_TEAMS[region])
    ]
    return rounds[:wanted]


def hire(
    *, sellers: int, began: dt.date, ends_on: dt.date, north_changed_on: dt.date, rng: np.random.Generator
) -> People:
    """Return the company's people from ``began`` to ``ends_on``."""
    teams = line_teams(sellers)
    leavers = max(1, sellers // 12)
    crowd = iter(names.people(count=sellers + leavers + len(teams) + 30, rng=rng))
    seats = _seats(
        sellers=sellers, leavers=leavers, teams=teams, began=began, ends_on=ends_on, crowd=crowd, rng=rng
    )
    staff = _Staff(began)
    _add_leaders(staff, teams=teams, crowd=crowd, north_changed_on=north_changed_on)
    _add_sellers(staff, seats)
    _add_inside(staff, crowd)
    return People(
        everybody=pl.DataFrame(staff.everybody, schema_overrides={"skill": pl.Float64}),
        teams=_teams(teams, ends_on=ends_on, rng=rng),
        memberships=pl.DataFrame(staff.memberships, schema_overrides={"until": pl.Date}),
        seats=seats,
        executives=tuple(p["key"] for p in staff.everybody if p["title"] in EXECUTIVE_TITLES and p["active"]),
    )


CHIEF = "Chief sales officer"
EXECUTIVE_TITLES = frozenset({CHIEF, *(f"Head of region {region}" for region in REGIONS)})


class _Staff:
    """Collects people and their memberships."""

    def __init__(self, began: dt.date):
        self.began = began
        self.everybody: list[dict] = []
        self.memberships: list[dict] = []

    def add(
        self, name: str, *, role: Role, title: str, team: str = "", skill=None, since=None, until=None
    ) -> None:
        key = names.slug(name)
        self.everybody.append(
            {
                "key": key,
                "name": name,
                "email": f"{key}@{MAIL}",
                "role": role.value,
                "title": title,
                "team": team,
                "active": until is None,
                "skill": skill,
            }
        )
        if team:
            self.memberships.append(
                {
                    "person": key,
                    "team": team,
                    "manages": role in (Role.MANAGER, Role.SPONSOR),
                    "since": since or self.began,
                    "until": until,
                }
            )


def _add_leaders(staff: _Staff, *, teams, crowd, north_changed_on: dt.date) -> None:
    staff.add(next(crowd), role=Role.SPONSOR, title=CHIEF, team=ROOT_TEAM)
    for region in REGIONS:
        title = f"Head of region {region}"
        if region == "North":
            staff.add(next(crowd), role=Role.MANAGER, title=title, team=region, until=north_changed_on)
            staff.add(next(crowd), role=Role.MANAGER, title=title, team=region, since=north_changed_on)
        else:
            staff.add(next(crowd), role=Role.MANAGER, title=title, team=region)
    for team, _ in teams:
        staff.add(next(crowd), role=Role.MANAGER, title="Sales manager", team=team)


def _add_sellers(staff: _Staff, seats: pl.DataFrame) -> None:
    title = "Account executive"
    for seat in seats.iter_rows(named=True):
        if seat["before_name"]:
            staff.add(
                seat["before_name"],
                role=Role.SELLER,
                title=title,
                team=seat["team"],
                skill=seat["skill_before"],
                until=seat["changed_on"],
            )
        staff.add(
            seat["holder_name"],
            role=Role.SELLER,
            title=title,
            team=seat["team"],
            skill=seat["skill"],
            since=seat["changed_on"],
        )


def _add_inside(staff: _Staff, crowd) -> None:
    for title in ("Head of revenue operations", "Deal desk analyst", "Pricing analyst"):
        staff.add(next(crowd), role=Role.ANALYST, title=title)
    for _, count, title in INSIDE:
        for _ in range(count):
            staff.add(next(crowd), role=Role.INSIDE_PARTNER, title=title)


def _seats(*, sellers, leavers, teams, began, ends_on, crowd, rng) -> pl.DataFrame:
    holders = [next(crowd) for _ in range(sellers)]
    before: list[str | None] = [None] * sellers
    changed_on: list[dt.date | None] = [None] * sellers
    for seat in rng.choice(sellers, size=leavers, replace=False):
        before[seat] = next(crowd)
        changed_on[seat] = began + dt.timedelta(days=int(rng.integers(200, (ends_on - began).days - 60)))
    placed = [teams[i % len(teams)] for i in range(sellers)]
    return pl.DataFrame(
        {
            "seat": np.arange(sellers),
            "team": [team for team, _ in placed],
            "region": [region for _, region in placed],
            "holder": [names.slug(n) for n in holders],
            "holder_name": holders,
            "before": [n and names.slug(n) for n in before],
            "before_name": before,
            "changed_on": changed_on,
            "skill": rng.standard_normal(sellers),
            "skill_before": rng.standard_normal(sellers) - 0.5,
        },
        schema_overrides={"before": pl.String, "before_name": pl.String, "changed_on": pl.Date},
    )


def _teams(teams: list[tuple[str, str]], *, ends_on: dt.date, rng: np.random.Generator) -> pl.DataFrame:
    """The tree, with the day on which each line team starts the discipline, drawn by lot."""
    starts: list[dt.date | None] = [ends_on - dt.timedelta(weeks=w) for w in planted.WAVES] + [None]
    order = rng.permutation(len(teams))
    rollout = {teams[t][0]: starts[i * len(starts) // len(teams)] for i, t in enumerate(order)}
    rows: list[dict] = [{"name": ROOT_TEAM, "parent": None, "region": None, "rollout_on": None}]
    rows += [{"name": r, "parent": ROOT_TEAM, "region": r, "rollout_on": None} for r in REGIONS]
    rows += [{"name": t, "parent": r, "region": r, "rollout_on": rollout[t]} for t, r in teams]
    return pl.DataFrame(
        rows, schema_overrides={"rollout_on": pl.Date, "parent": pl.String, "region": pl.String}
    )
