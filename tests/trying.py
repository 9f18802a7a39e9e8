"""A trial that has deals: what its lots made of them is planted and known."""

from __future__ import annotations

import datetime as dt

from cast import NOW, deal
from hingepoint.analysis.trials import lots
from hingepoint.domain.agreements import actions as agreements
from hingepoint.records.agreements import AgreementState
from snapshot import made_once

#: When the planned deals of a trial drawn on the day of the cast have all their outcome.
LATER = NOW + dt.timedelta(weeks=40)
KEY, SEED, DEALS = "cust.data_access", 1, 80
PROMISED = {"effect": 0.2, "take_up": 0.4, "power": 0.8, "deals": DEALS, "weeks": 12.0}


@made_once
def lived(cast, *, count: int = DEALS) -> dict[str, tuple[bool, bool, bool]]:
    """Add deals since the draw; return by key whether each was asked, gained it, and was won on target.

    Three of four that are asked gain it and one of four others; who gains it wins, and one of five others.
    """
    plan = {}
    for number in range(count):
        key = f"P-{number:03d}"
        asked = lots.is_drawn(key, seed=SEED)
        gained = (number % 4 != 0) if asked else (number % 4 == 0)
        plan[key] = asked, gained, gained or number % 5 == 0
    for number, (key, (_, gained, won)) in enumerate(plan.items()):
        _deal(cast, key, NOW + dt.timedelta(hours=1 + number), gained=gained, won=won)
    return plan


def _deal(cast, key: str, created_at: dt.datetime, *, gained: bool, won: bool) -> None:
    ended = {
        "status": "won" if won else "lost",
        "closed_at": created_at + dt.timedelta(weeks=8),
        "discount": 0.1,
    }
    segment = "ENT" if int(key[-1]) % 2 else "SMB"
    made = deal(key, owner=cast.seller, team=cast.north, created_at=created_at, segment=segment, **ended)
    if gained:
        at = created_at + dt.timedelta(days=10)
        step = agreements.Step(
            state=AgreementState.GAINED,
            occurred_at=at,
            act="take a call",
            person_name="Bo",
            evidence=3,
            due_on=at.date(),
        )
        agreements.take_step(by=None, at=at, deal_id=made.pk, type_key=KEY, step=step)
