"""The small cast of the tests: a seller, her manager, the sponsor, a stranger, and who else is needed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Account, Deal
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Team, User
from hingepoint.records.people import Role

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
PASSWORD = "a hinge in the door"  # the same for everybody in the tests


@dataclass(frozen=True)
class Cast:
    """Sanna sells in North, Maud manages North, Otto is the sponsor; Stig sells in South, which Max
    manages; Ada is the analyst, Lee of legal the inside partner; Dora is disabled."""

    seller: User
    manager: User
    sponsor: User
    stranger: User
    other_manager: User
    analyst: User
    inside_partner: User
    disabled: User
    north: Team
    south: Team
    account: Account
    deal: Deal  # Sanna's
    foreign_deal: Deal  # Stig's

    def everybody(self) -> dict[str, User | None]:
        """Return every kind of viewer by name, ``None`` for nobody signed in."""
        names = ("seller", "manager", "sponsor", "stranger", "other_manager", "analyst", "inside_partner")
        return {"anonymous": None} | {name: getattr(self, name) for name in (*names, "disabled")}


def person(name: str, role: Role, **facts) -> User:
    email = f"{name.lower()}@hinge.example"
    return people.add_user(by=None, at=NOW, name=name, role=role, email=email, password=PASSWORD, **facts)


def team(name: str, *, parent: Team | None = None, manager: User | None = None, sellers: tuple = ()) -> Team:
    made = people.add_team(by=None, at=NOW, name=name, parent=parent)
    for user, manages in [(manager, True), *((seller, False) for seller in sellers)]:
        if user:
            people.join_team(by=None, at=NOW, user=user, team=made, since=TODAY, manages=manages)
    return made


def deal(key: str, **facts) -> Deal:
    """An open deal of 100,000 EUR created four weeks ago; say what differs."""
    facts = {"amount": 100_000, "currency": "EUR", "name": f"Deal {key}"} | facts
    created_at = facts.pop("created_at", NOW - dt.timedelta(weeks=4))
    return deals.add_deal(by=None, at=NOW, key=key, created_at=created_at, **facts)


def make_cast() -> Cast:
    agreements.load_catalogue(by=None, at=NOW)
    seller, stranger = person("Sanna", Role.SELLER), person("Stig", Role.SELLER)
    manager, other_manager = person("Maud", Role.MANAGER), person("Max", Role.MANAGER)
    sales = team("Sales")
    north = team("North", parent=sales, manager=manager, sellers=(seller,))
    south = team("South", parent=sales, manager=other_manager, sellers=(stranger,))
    disabled = person("Dora", Role.SPONSOR)
    people.set_active(by=None, at=NOW, user=disabled, active=False)
    account = deals.add_account(by=None, at=NOW, key="ACME", name="Acme Mills")
    return Cast(
        seller=seller,
        manager=manager,
        sponsor=person("Otto", Role.SPONSOR),
        stranger=stranger,
        other_manager=other_manager,
        analyst=person("Ada", Role.ANALYST),
        inside_partner=person("Lee", Role.INSIDE_PARTNER),
        disabled=disabled,
        north=north,
        south=south,
        account=account,
        deal=deal("N-1", owner=seller, team=north, account=account),
        foreign_deal=deal("S-1", owner=stranger, team=south),
    )
