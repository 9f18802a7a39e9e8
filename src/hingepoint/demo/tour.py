"""The tour deal: one live deal of the demo's seller that holds everything a visitor should see.

It is no part of the simulation, whose truth it leaves alone: its rows are added to the tables of the company
and enter with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from hingepoint.demo import register
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people import queries as people
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from hingepoint.demo.company import Company

KEY = "D-TOUR"
LIST_PRICE = 240_000.0
#: Each concession is larger than the one before; with the third the price lies below the walk-away, 84% of the list.
CONCESSIONS = (0.03, 0.05, 0.09)
BEGAN = dt.timedelta(weeks=12)
#: Who of the account has a part in it, by function.
PARTS = ("problem owner", "champion", "executive", "finance", "procurement")
GAINED = ("cust.data_access", "cust.executive_meeting")
#: stage -> weeks after the beginning in which the deal entered it
_STAGES = {"discover": 1, "shape": 3, "prove": 5, "propose": 7, "negotiate": 9}

Row = dict[str, Any]


def tour_deal() -> tuple[int, str] | None:
    """Return number and name of the tour deal; None where the company has none. One SQL query."""
    return Deal.objects.filter(key=KEY).values_list("pk", "name").first()


@dataclass(frozen=True, slots=True)
class _Cast:
    """The account with one person by function, who sells and decides here, and the first day."""

    account: Row
    contacts: Mapping[str, Row]
    seller: str
    manager: Row
    partner: str
    sponsor: str
    team: str
    began: dt.datetime

    def on(self, *, week: int, day: int = 0, hour: int = 11) -> dt.datetime:
        """Return a moment so many weeks and days after the first day."""
        return self.began + dt.timedelta(weeks=week, days=day, hours=hour - self.began.hour)


def with_tour_deal(company: Company) -> Company:
    """Return the company, whose personas have their keys already, with the tour deal; as it is, where no account
    of the seller has everybody that it takes."""
    cast = _cast(company)
    if cast is None:
        return company
    steps = _with(company.steps, _steps(cast))
    demands, concessions = _demands(cast), _concessions(cast)
    escalations, visits = [_escalation(cast)], [_visit(cast)]
    events = [*_stages(cast), *_as_events(_steps(cast), demands, concessions, escalations, visits, cast)]
    return replace(
        company,
        deals=_with(company.deals, [_deal(cast)]),
        events=_with(company.events, _by_name(events, company)).sort("at", "deal_id", "kind", "agreement"),
        steps=steps,
        agreements=_with(company.agreements, register.as_it_stands(_only(steps)).to_dicts()),
        demands=_with(company.demands, demands),
        concessions=_with(company.concessions, concessions),
        escalations=_with(company.escalations, escalations),
        visits=_with(company.visits, visits),
        plans=_with(company.plans, [_plan(cast)]),
    )


def _with(table: pl.DataFrame, rows: Iterable[Row]) -> pl.DataFrame:
    """Return a table with rows added; what they do not say stays empty."""
    known = [{name: row.get(name) for name in table.columns} for row in rows]
    return pl.concat([table, pl.DataFrame(known, schema=table.schema)])


def _by_name(events: list[Row], company: Company) -> list[Row]:
    """Return events with our own people by name, as the log of the company has them."""
    names = dict(company.people.select("key", "name").iter_rows())
    who = ("actor", "counterpart")
    return [row | {name: names.get(row.get(name), row.get(name)) for name in who} for row in events]


def _only(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("deal_id") == KEY)


def _cast(company: Company) -> _Cast | None:
    """Return who plays: the first account of the seller's deals at which everybody still works."""
    keys = {role: people.persona_key(role) for role in Role}
    mine = company.deals.filter(pl.col("owner") == keys[Role.SELLER])
    accounts = company.accounts.filter(pl.col("account").is_in(mine["account"].implode())).sort("account")
    here = company.contacts.filter(pl.col("left_on").is_null() & pl.col("function").is_in(PARTS))
    manager = company.people.filter(pl.col("key") == keys[Role.MANAGER]).to_dicts()[0]
    for account in accounts.to_dicts():
        rows = here.filter(pl.col("account") == account["account"]).to_dicts()
        contacts = {row["function"]: row for row in rows}
        if len(contacts) == len(PARTS):
            return _Cast(
                account=account,
                contacts=contacts,
                seller=keys[Role.SELLER],
                manager=manager,
                partner=keys[Role.INSIDE_PARTNER],
                sponsor=keys[Role.SPONSOR],
                team=manager["team"],
                began=dt.datetime.combine(company.ends_on - BEGAN, dt.time(9)),
            )
    return None


def _deal(cast: _Cast) -> Row:
    account = cast.account
    return {
        "deal_id": KEY,
        "name": f"{account['name']}: Aria Metering for two plants",
        "created": cast.began,
        "status": "open",
        "amount": round(LIST_PRICE * 0.88, 2),
        "currency": "EUR",
        "initial_amount": 236_000.0,
        "list_price": LIST_PRICE,
        "owner": cast.seller,
        "manager": cast.manager["key"],
        "team": cast.team,
        "region": account["region"],
        "segment": account["segment"],
        "product": "Aria Metering",
        "source": "inbound",
        "account": account["account"],
        "stage": "negotiate",
        "expected_close": cast.on(week=15, hour=0),
        "projected_amount": round(LIST_PRICE * 0.88, 2),
        "projected_margin": 0.47,
        "need": "lower energy cost",
        "competitor": "Kestrel & Rowe",
        "pressures": "cost-and-risk buyers",
        "existing_customer": account["existing"],
    }


def _stages(cast: _Cast) -> list[Row]:
    moves = [
        {"deal_id": KEY, "kind": "stage", "agreement": stage, "at": cast.on(week=week, hour=10)}
        | {"actor": cast.seller}
        for stage, week in _STAGES.items()
    ]
    quote = {"kind": "quote", "agreement": "quote sent", "value": LIST_PRICE, "currency": "EUR"}
    return [*moves, moves[-2] | quote]


# ---- agreements ----


def _steps(cast: _Cast) -> list[Row]:
    """Two of the seven are gained; one has kind words, one is asked for, one planned; nobody has asked inside."""
    return [
        _step(cast, "cust.data_access", "asked", cast.on(week=2), "champion"),
        _step(cast, "cust.data_access", "gained", cast.on(week=4), "champion", due=cast.on(week=5),
              act="send the metering data of both plants for the last twelve months", evidence=3, quality=6,
              reason="Controlling asked for a figure it can defend.", owed="a benchmark against plants like theirs"),
        _step(cast, "cust.data_access", "kept", cast.on(week=5), "champion"),
        _step(cast, "cust.executive_meeting", "asked", cast.on(week=4), "executive"),
        _step(cast, "cust.executive_meeting", "gained", cast.on(week=6), "executive", due=cast.on(week=7),
              act="meet our head of region at the north plant and set the target together", evidence=3, quality=5,
              reason="The board wants a tenth off the energy bill by next year.", owed="an agenda of one page"),
        _step(cast, "cust.executive_meeting", "kept", cast.on(week=7), "executive"),
        _step(cast, "cust.value_before_price", "soft", cast.on(week=8), "finance", due=cast.on(week=12, day=3),
              act="settle what the saving is worth before prices are compared", evidence=1,
              reason="Sounds reasonable, said the finance director. No day, no name."),
        _step(cast, "cust.value_criteria", "asked", cast.on(week=10), "procurement", due=cast.on(week=12, day=1),
              act="put running cost into the scorecard", evidence=0,
              reason="Today the scorecard compares purchase prices only."),
        _step(cast, "cust.joint_business_case", "planned", cast.on(week=11), "finance", due=cast.on(week=12, day=5),
              act="work through the case in their own sheet", evidence=0,
              reason="The board decides on a payback of two years."),
    ]  # fmt: skip


def _step(
    cast: _Cast,
    key: str,
    state: str,
    at: dt.datetime,
    function: str,
    *,
    due: dt.datetime | None = None,
    owed: str = "",
    **said: Any,
) -> Row:
    contact = cast.contacts[function]
    return {
        "deal_id": KEY,
        "agreement": key,
        "at": at,
        "state": state,
        "kind": "agreement",
        "side": "customer",
        "counterpart": contact["name"],
        "contact": contact["contact"],
        "actor": cast.seller,
        "owed_in_return": owed,
        "due_on": due.date() if due else None,
        "note": said.get("act"),
        **said,
    }


# ---- what was asked and given ----


def _demands(cast: _Cast) -> list[Row]:
    asked = {"deal_id": KEY, "reason_state": "confirmed", "contact": cast.contacts["procurement"]["contact"]}
    return [
        asked
        | {
            "demand": "R-TOUR-1",
            "at": cast.on(week=9, day=1),
            "kind": "price",
            "text": "12 percent off before the board meets",
            "reason": "the budget was set before the second plant was added",
            "reason_at": cast.on(week=9, day=2),
            "managers_reason": "they test how firm we are",
        },
        asked
        | {
            "demand": "R-TOUR-2",
            "at": cast.on(week=10, day=2),
            "kind": "payment",
            "contact": cast.contacts["finance"]["contact"],
            "text": "60 days to pay",
            "reason": "the cash of this quarter goes into the new line",
            "reason_state": "stated",
            "reason_at": cast.on(week=10, day=2, hour=15),
            "managers_reason": "group rules ask for sixty days",
        },
    ]


def _concessions(cast: _Cast) -> list[Row]:
    """Three rounds on the price, each larger; for the first alone something came back and a plan was written."""
    given = {"deal_id": KEY, "demand": "R-TOUR-1", "kind": "price", "by": cast.seller, "worth": 2}
    days = (cast.on(week=9, day=3), cast.on(week=10, day=3), cast.on(week=11, day=3))
    rounds = [
        given
        | {
            "concession": f"G-TOUR-{nth}",
            "at": at,
            "share": share,
            "round": nth,
            "value": round(share * LIST_PRICE, 2),
            "final": nth == 2,
        }
        for nth, (share, at) in enumerate(zip(CONCESSIONS, days, strict=True), 1)
    ]
    planned = {"plan_at": cast.on(week=9, day=2, hour=16), "in_return": "a visit of their sister company"}
    return [rounds[0] | planned, *rounds[1:]]


def _escalation(cast: _Cast) -> Row:
    """The exception that waits for the manager and the inside partner."""
    return {
        "escalation": "X-TOUR",
        "deal_id": KEY,
        "at": cast.on(week=11, day=4, hour=15),
        "kind": "price",
        "policy": "2.1",
        "share": 0.2,
        "partner": cast.partner,
        "manager": cast.manager["key"],
        "unchanged": False,
        "reason": "The budget was set before the second plant was added; the board meets on Thursday.",
        "alternatives": "offered training in place of price, declined",
        "return_asked": "both plants in one order",
    }


def _visit(cast: _Cast) -> Row:
    return {
        "deal_id": KEY,
        "at": cast.on(week=7, day=1),
        "executive": cast.sponsor,
        "purpose": "value",
        "role_at": cast.on(week=6, day=1),
        "late": False,
        "price_moved": False,
    }


def _plan(cast: _Cast) -> Row:
    return {
        "plan": "P-99999",
        "deal_id": KEY,
        "agreement": "cust.executive_meeting",
        "written_at": cast.on(week=5, day=3),
        "by": cast.seller,
        "complete": 0.9,
        "reviewed_at": cast.on(week=5, day=4),
        "manager": cast.manager["key"],
        "verdict": "approved",
    }


def _as_events(
    steps: list[Row],
    demands: list[Row],
    concessions: list[Row],
    escalations: list[Row],
    visits: list[Row],
    cast: _Cast,
) -> list[Row]:
    """Return what happened as rows of the log, as ``company`` writes them."""
    names = {contact["contact"]: contact["name"] for contact in cast.contacts.values()}
    return [
        *steps,
        *(
            row
            | {"kind": "demand", "agreement": row["kind"], "note": row["text"], "side": "customer"}
            | {"counterpart": names[row["contact"]]}
            for row in demands
        ),
        *(
            row
            | {"kind": "concession", "agreement": row["kind"], "note": row.get("in_return")}
            | {"actor": row["by"], "currency": "EUR"}
            for row in concessions
        ),
        *(
            row
            | {"kind": "escalation", "agreement": row["kind"], "note": row["reason"]}
            | {"actor": cast.seller, "counterpart": row["partner"]}
            for row in escalations
        ),
        *(
            row
            | {"kind": "executive", "agreement": "visit", "note": row["purpose"], "actor": row["executive"]}
            for row in visits
        ),
    ]
