"""A large company for benchmarks, made through the product's own doors: files are imported, a strategy is put in
force, rules are switched on, and people have their roles. Slower to make than ``world``, and with a full trail."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

TEAMS, SELLERS = 40, 400
AGREEMENTS, OTHERS = 10, 5  # events a deal
PIVOTAL = 8
OPEN_SHARE = 0.15
STATES = ("planned", "asked", "soft", "gained", "kept", "declined")
WEIGHTS = (0.15, 0.15, 0.15, 0.4, 0.1, 0.05)
STAGES = ("Prospecting", "Qualification", "Discovery", "Proposal", "Negotiation")
#: What else happened: its kind, its name and its note; some of it is a trace of an agreement.
OTHER = (
    ("stage", "Proposal", ""),
    ("activity", "Call", "Talked about the line."),
    ("activity", "E-mail received", "Attached is our scoring sheet."),
    ("field", "nda_status", "signed"),
    ("field", "amount", "changed"),
    ("concession", "discount", "a little"),
    ("document", "Stoppage log line 4.xlsx", "received"),
)
RULES = ("data-file-received", "nda-signed", "criteria-sent", "executive-meeting-held", "price-approved")


def make(folder: Path, *, deals: int, at: dt.datetime) -> None:
    """Fill the empty database that Django is set up for."""
    from hingepoint.domain.agreements import actions as agreements
    from hingepoint.domain.imports import actions as imports
    from hingepoint.domain.imports.engine import Files

    agreements.load_catalogue(by=None, at=at)
    paths = write_files(folder, deals=deals, at=at)
    imports.import_files(by=None, at=at, given=Files(**paths))
    _people(at)
    _strategy(at)
    _rules(at)


def write_files(folder: Path, *, deals: int, at: dt.datetime, seed: int = 1) -> dict[str, Path]:
    """Write deals.parquet and events.parquet; return their paths by table."""
    from hingepoint.domain.agreements.models import AgreementType

    chance = np.random.default_rng(seed)
    keys = list(AgreementType.objects.filter(starter=True).order_by("pk").values_list("key", flat=True))
    table = _deals(deals, at, chance)
    paths = {name: folder / f"{name}.parquet" for name in ("deals", "events")}
    table.write_parquet(paths["deals"])
    _events(table, keys, at, chance).write_parquet(paths["events"])
    return paths


def _deals(n: int, at: dt.datetime, chance: np.random.Generator) -> pl.DataFrame:
    is_open = chance.random(n) < OPEN_SHARE
    age = np.where(is_open, chance.integers(1, 200, n), chance.integers(200, 1_000, n))
    who = chance.integers(0, SELLERS, n)
    won = chance.random(n) < 0.4
    created = pl.Series([at.date()] * n) - pl.Series(age).cast(pl.Int64) * dt.timedelta(days=1)
    words = {
        "region": ("North", "South", "East", "West"),
        "segment": ("Small", "Middle", "Large"),
        "product": ("Pumps", "Valves", "Service"),
        "stage": STAGES,
    }
    return pl.DataFrame(
        {
            "deal_id": [f"D-{i:06}" for i in range(n)],
            "created": created,
            "status": np.where(is_open, "open", np.where(won, "won", "lost")),
            "expected_close": created + dt.timedelta(days=120),
            "amount": np.round(np.exp(chance.normal(11, 1, n))),
            "currency": ["EUR"] * n,
            "discount": np.round(chance.uniform(0, 0.3, n), 3),
            "owner": [f"Seller {one:03}" for one in who],
            "team": [f"Team {one % TEAMS:02}" for one in who],
            "account": [f"Account {i // 8}" for i in range(n)],
            **{name: np.array(given)[chance.integers(0, len(given), n)] for name, given in words.items()},
        }
    ).with_columns(closed=pl.when(pl.col("status") != "open").then(pl.col("created") + dt.timedelta(days=90)))


def _events(
    deals: pl.DataFrame, keys: list[str], at: dt.datetime, chance: np.random.Generator
) -> pl.DataFrame:
    n = deals.height
    deal = np.repeat(np.arange(n), AGREEMENTS)
    kind = np.argsort(chance.random((n, len(keys))), axis=1)[:, :AGREEMENTS].ravel()
    state = chance.choice(STATES, deal.size, p=WEIGHTS)
    told = pl.DataFrame(
        {
            "deal": deal,
            "kind": ["agreement"] * deal.size,
            "agreement": np.array(keys)[kind],
            "state": state,
            "evidence": np.where(np.isin(state, ["gained", "kept"]), 3, 1),
            "counterpart": ["Bo Berg"] * deal.size,
            "act": np.where(state == "gained", "send the cost data", ""),
        }
    )
    other = np.repeat(np.arange(n), OTHERS)
    chosen = np.array(OTHER)[chance.integers(0, len(OTHER), other.size)]
    rest = pl.DataFrame(
        {"deal": other, "kind": chosen[:, 0], "agreement": chosen[:, 1], "note": chosen[:, 2]}
    )
    events = pl.concat([told, rest], how="diagonal")
    course = deals.select(
        "deal_id", "created", days=(pl.col("closed").fill_null(at.date()) - pl.col("created"))
    )
    days = course["days"].dt.total_days()[events["deal"]] * pl.Series(chance.random(events.height))
    return events.with_columns(
        deal_id=course["deal_id"][events["deal"]],
        at=course["created"][events["deal"]] + days.cast(pl.Int64) * dt.timedelta(days=1),
        due_on=pl.when(pl.col("act") != "").then(pl.lit(at.date() + dt.timedelta(days=20))),
    ).drop("deal")


def _people(at: dt.datetime) -> None:
    """Let a sponsor, an analyst and a manager of three teams be here."""
    from hingepoint.domain.people import actions
    from hingepoint.domain.people.models import Team
    from hingepoint.records.people import Role

    for role in (Role.SPONSOR, Role.ANALYST, Role.MANAGER):
        user = actions.add_user(by=None, at=at, name=role.title(), key=str(role), role=role)
    since = dt.date(2020, 1, 1)
    for team in Team.objects.order_by("name")[:3]:
        actions.join_team(by=None, at=at, user=user, team=team, since=since, manages=True)


def _strategy(at: dt.datetime) -> None:
    """Put a strategy in force with eight pivotal agreements, and ask every open deal for them."""
    from hingepoint.domain.agreements.models import AgreementType
    from hingepoint.domain.people.models import User
    from hingepoint.domain.strategy import actions

    sponsor = User.objects.get(key="sponsor")
    strategy = actions.write_strategy(
        by=sponsor, at=at, name="Sell value", statement="We do.", metric="won", sponsor=sponsor
    )
    book = strategy.playbooks.get()
    for place, kind in enumerate(AgreementType.objects.filter(starter=True).order_by("pk")[:PIVOTAL]):
        how = {"judgement": "to be measured", "needed_days": 20 + 10 * place}
        actions.choose(by=sponsor, at=at, playbook=book, type=kind, **how)
    actions.publish(by=sponsor, at=at, playbook=book)
    actions.put_in_force(by=sponsor, at=at, strategy=strategy, starts_on=at.date())
    actions.set_target(
        by=sponsor, at=at, strategy=strategy, metric="won", baseline=0.4, target=0.5,
        target_on=at.date() + dt.timedelta(days=365),
    )  # fmt: skip
    actions.ask_open_deals(at=at, pause=lambda seconds: None)


def _rules(at: dt.datetime) -> None:
    """Test and switch on the shipped rules that find something here."""
    from hingepoint.domain.detection import actions
    from hingepoint.domain.detection.starters import starters

    for key in RULES:
        row = actions.write_rule(by=None, at=at, rule=replace(starters()[key], only_open=True))
        actions.test_rule(by=None, at=at, row=row)
        actions.switch_on(by=None, at=at, row=row)


def people() -> dict[str, object]:
    """Return who looks, by role."""
    from hingepoint.domain.people.models import User
    from hingepoint.records.people import Role

    found = {str(user.role): user for user in User.objects.filter(key__in=("sponsor", "analyst", "manager"))}
    return found | {"seller": User.objects.filter(role=Role.SELLER).order_by("pk").first()}
