"""A large made-up company for benchmarks of pages, written straight into the tables."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
from django.db import connection, transaction
from django.db.models import Field, JSONField, Model

from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.deals.models import Account, Deal, DealEvent
from hingepoint.domain.imports.staging import copy
from hingepoint.domain.people import actions
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.records.deals import Stage
from hingepoint.records.people import Role

TEAMS, SELLERS = 40, 400
STATES = ("needed", "planned", "asked", "soft", "gained", "kept", "declined", "not_needed", "lapsed")
WEIGHTS = (0.2, 0.1, 0.1, 0.1, 0.3, 0.08, 0.05, 0.05, 0.02)
KINDS = ("stage", "activity", "field", "concession", "demand")
OPEN_SHARE = 0.15


def people() -> dict[str, User]:
    """Return who looks, in a company built before; nobody in an empty one."""
    found = {user.key: user for user in User.objects.filter(key__in=("sponsor", "manager"))}
    return found if Deal.objects.exists() else {}


def build(*, deals: int, at: dt.datetime, seed: int = 1) -> dict[str, User]:
    """Fill the empty database: teams, sellers, deals, ten agreements a deal and their history."""
    if connection.vendor == "sqlite":  # else each row writes pages of ten indexes to the disk
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -800000")
    return _build(deals=deals, at=at, seed=seed)


@transaction.atomic
def _build(*, deals: int, at: dt.datetime, seed: int) -> dict[str, User]:
    chance = np.random.default_rng(seed)
    agreements.load_catalogue(by=None, at=at)
    looking = _people(at)
    _accounts(deals // 8 + 1)
    _deals(deals, at, chance)
    types = np.array(AgreementType.objects.filter(starter=True).values_list("pk", flat=True))
    _agreements(deals, types, at, chance)
    upkeep.refresh_statistics()  # as every import of this size does
    return looking


def deal_ids(user: User) -> list[int]:
    return list(Deal.objects.visible_to(user).open().order_by("id").values_list("pk", flat=True)[:5_000])


def _people(at: dt.datetime) -> dict[str, User]:
    sponsor = actions.add_user(by=None, at=at, name="Sponsor", key="sponsor", role=Role.SPONSOR)
    manager = actions.add_user(by=None, at=at, name="Manager", key="manager", role=Role.MANAGER)
    root = actions.add_team(by=None, at=at, name="Sales")
    teams = [actions.add_team(by=None, at=at, name=f"Team {n:02}", parent=root) for n in range(TEAMS)]
    for team in teams[:3]:
        actions.join_team(by=None, at=at, user=manager, team=team, since=dt.date(2020, 1, 1), manages=True)
    _sellers(teams)
    return {"sponsor": sponsor, "manager": manager}


def _sellers(teams: list[Team]) -> None:
    rows = [User(key=f"seller-{n}", name=f"Seller {n:03}", role=Role.SELLER) for n in range(SELLERS)]
    made = User.objects.bulk_create(rows)
    since = dt.date(2020, 1, 1)
    Membership.objects.bulk_create(
        [Membership(user=user, team=teams[n % TEAMS], since=since) for n, user in enumerate(made)]
    )


def _accounts(n: int) -> None:
    numbers = np.arange(1, n + 1)
    frame = pl.DataFrame({"id": numbers}).with_columns(
        key=pl.format("A{}", "id"), name=pl.format("Account {}", "id")
    )
    write(Account, frame)


def _deals(n: int, at: dt.datetime, chance: np.random.Generator) -> None:
    sellers = list(User.objects.filter(role=Role.SELLER).order_by("pk").values_list("pk", flat=True))
    teams = list(Team.objects.filter(parent__isnull=False).order_by("pk").values_list("pk", flat=True))
    who = chance.integers(0, SELLERS, n)
    status = np.where(chance.random(n) < OPEN_SHARE, "open", np.where(chance.random(n) < 0.4, "won", "lost"))
    age = np.where(status == "open", chance.integers(1, 200, n), chance.integers(200, 1_000, n))
    created = [at - dt.timedelta(days=int(days)) for days in age]
    closed = [
        day + dt.timedelta(days=90) if s != "open" else None for day, s in zip(created, status, strict=True)
    ]
    amount = np.round(np.exp(chance.normal(11, 1, n)))
    frame = pl.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "key": [f"D-{i:06}" for i in range(n)],
            "name": [f"Deal {i}" for i in range(n)],
            "account_id": np.arange(n) // 8 + 1,
            "owner_id": np.array(sellers)[who],
            "team_id": np.array(teams)[who % TEAMS],
            "status": status,
            "stage": np.array(list(Stage))[chance.integers(0, 9, n)],
            "created_at": [_text(day) for day in created],
            "closed_at": [_text(day) if day else None for day in closed],
            "expected_close_on": [str((day + dt.timedelta(days=120)).date()) for day in created],
            "amount": amount,
            "currency": ["EUR"] * n,
            "initial_amount": amount,
            "discount": np.round(chance.uniform(0, 0.3, n), 3),
            "region": np.array(["North", "South", "East", "West"])[chance.integers(0, 4, n)],
            "segment": np.array(["Small", "Middle", "Large"])[chance.integers(0, 3, n)],
            "product": np.array(["Pumps", "Valves", "Service"])[chance.integers(0, 3, n)],
        }
    )
    write(Deal, frame)


def _agreements(
    deals: int, types: np.ndarray, at: dt.datetime, chance: np.random.Generator, each: int = 10
) -> None:
    """Write ``each`` agreements a deal with one step, and five other events a deal, deal by deal."""
    step = 20_000
    for first in range(0, deals, step):
        count = min(step, deals - first)
        deal = np.repeat(np.arange(first + 1, first + count + 1), each)
        kind = np.argsort(chance.random((count, len(types))), axis=1)[:, :each].ravel()
        ids = np.arange(first * each + 1, first * each + len(deal) + 1)
        state = chance.choice(STATES, len(deal), p=WEIGHTS)
        stands = np.isin(state, ["gained", "kept"])
        day = [at.date() + dt.timedelta(days=int(d)) for d in chance.integers(-40, 60, len(deal))]
        moment = [_text(at - dt.timedelta(days=int(d))) for d in chance.integers(1, 150, len(deal))]
        told = {
            "state": state, "evidence": np.where(stands, 3, 1), "quality": np.where(stands, 5, 2),
            "act": ["send the cost data"] * len(deal),
            "due_on": [str(d) if s else None for d, s in zip(day, stands, strict=True)],
        }  # fmt: skip
        frame = pl.DataFrame(
            {
                "id": ids, "deal_id": deal, "type_id": types[kind], **told,
                "person_name": ["Bo Berg"] * len(deal),
                "needed_by": [str(d) if not s else None for d, s in zip(day, stands, strict=True)],
                "gained_at": [m if s else None for m, s in zip(moment, stands, strict=True)],
                "expires_on": [str(d) if s else None for d, s in zip(day, stands, strict=True)],
                "changed_at": moment,
            }
        )  # fmt: skip
        write(Agreement, frame)
        trace = {
            "occurred_at": moment,
            "recorded_at": moment,
            "origin": ["import"] * len(deal),
            "fingerprint": ids,
        }
        steps = pl.DataFrame({"agreement_id": ids, **told, **trace})
        write(AgreementEvent, steps)
        half = slice(None, None, 2)
        events = pl.DataFrame(
            {"deal_id": deal, "kind": np.array(KINDS)[kind % 5], "name": ["something"] * len(deal),
             **trace}
        )[half]  # fmt: skip
        write(DealEvent, events)


def write(model: type[Model], frame: pl.DataFrame) -> None:
    """Insert rows; columns that are not given get the default of their model."""
    absent = [
        pl.lit(_plain(field.get_db_prep_save(field.get_default(), connection), field)).alias(field.column)
        for field in model._meta.concrete_fields
        if field.column not in frame.columns and not (field.primary_key or field.generated or field.null)
    ]
    frame = frame.with_columns(absent)
    copy(model._meta.db_table, frame.columns, frame)


def _plain(value: object, field: Field) -> object:
    return json.dumps(field.get_default()) if isinstance(field, JSONField) else value


def _text(moment: dt.datetime) -> str:
    offset = "+00:00" if connection.vendor == "postgresql" else ""
    return f"{moment.replace(tzinfo=None)}{offset}"
