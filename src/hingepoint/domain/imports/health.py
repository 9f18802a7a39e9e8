"""The facts about the data on record, counted by the database in a few statements."""

# ruff: noqa: S608  (SQL is put together from our own names only)

from __future__ import annotations

import datetime as dt

from hingepoint.analysis.health import LATE_DAYS, Facts
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.staging import is_postgres, rows
from hingepoint.domain.people.models import Membership
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.agreements import STANDING
from hingepoint.records.imports import ImportState

#: column of a frame -> SQL that is null when it is empty.
_DEALS = {
    "deal_id": "key",
    "created": "created_at",
    "status": "status",
    "closed": "closed_at",
    "amount": "amount",
    "currency": "NULLIF(currency, '')",
    "initial_amount": "initial_amount",
    "list_price": "list_price",
    "net_price": "net_price",
    "discount": "discount",
    "cost": "cost",
    "margin": "margin",
    "owner": "owner_id",
    "team": "team_id",
    "region": "NULLIF(region, '')",
    "segment": "NULLIF(segment, '')",
    "product": "NULLIF(product, '')",
    "source": "NULLIF(source, '')",
    "account": "account_id",
    "stage": "NULLIF(stage, '')",
    "expected_close": "expected_close_on",
    "projected_amount": "projected_amount",
    "projected_margin": "projected_margin",
}
_CLOSED_ONLY = ("discount", "margin", "net_price", "amount")
_TRACE = {
    "state": "NULLIF(state, '')",
    "counterpart": "NULLIF(counterpart, '')",
    "actor": "NULLIF(actor, '')",
    "evidence": "evidence",
    "quality": "quality",
    "value": "value",
    "currency": "NULLIF(currency, '')",
    "note": "NULLIF(note, '')",
    "recorded_at": (
        "CASE WHEN origin <> 'import' OR recorded_at NOT IN"
        " (SELECT finished_at FROM domain_importbatch WHERE finished_at IS NOT NULL) THEN 1 END"
    ),
}
_ALWAYS = ("deal_id", "agreement", "at", "kind")


#: What is on record: kept in a large company.
ON_RECORD = Question[Facts]("facts on record", Facts)


def facts() -> Facts:
    """Return what is on record. Seven statements, each one pass over a table."""
    deals = _deals()
    events, steps = _traces("domain_dealevent"), _traces("domain_agreementevent")
    total = events["rows"] + steps["rows"]
    both = {name: events[name] + steps[name] for name in _TRACE}
    days = [day for day in (deals["since"], events["since"], steps["since"]) if day]
    until = [day for day in (deals["until"], events["until"], steps["until"]) if day]
    standing = ", ".join(f"'{state}'" for state in sorted(STANDING))
    gains = dict(
        rows(
            "SELECT t.key, COUNT(*) FROM domain_agreement a JOIN domain_agreementtype t ON t.id = a.type_id"
            f" WHERE a.gained_at IS NOT NULL OR a.state IN ({standing}) GROUP BY t.key ORDER BY t.key"
        )
    )
    kinds = dict(rows("SELECT kind, COUNT(*) FROM domain_dealevent GROUP BY kind ORDER BY kind"))
    timed = events["timed"] + steps["timed"]
    return Facts(
        deals=deals["rows"],
        open=deals["open"],
        won=deals["won"],
        lost=deals["lost"],
        events=total,
        agreements=steps["rows"],
        since=min(days, default=None),
        until=max(until, default=None),
        owners=deals["owners"],
        accounts=deals["accounts"],
        filled={name: deals[name] for name in _DEALS} | {"manager": deals["manager"]},
        closed_filled={name: deals[f"closed_{name}"] for name in _CLOSED_ONLY},
        event_filled=dict.fromkeys(_ALWAYS, total) | both | {"side": steps["rows"] + events["side"]},
        kinds={"agreement": steps["rows"]} | kinds,
        gains=gains,
        late=events["late"] + steps["late"] if timed else None,
        timed=timed,
        rules=_rules(),
    )


def _deals() -> dict:
    closed = "CASE WHEN status <> 'open' THEN {} END"
    led = Membership.objects.filter(manages=True, until__isnull=True).values_list("team_id", flat=True)
    teams = ", ".join(str(team) for team in sorted(set(led))) or "-1"
    asked = {
        "rows": "COUNT(*)",
        **{state: f"COUNT(CASE WHEN status = '{state}' THEN 1 END)" for state in ("open", "won", "lost")},
        "owners": "COUNT(DISTINCT owner_id)",
        "accounts": "COUNT(DISTINCT account_id)",
        "since": "MIN(created_at)",
        "until": "MAX(COALESCE(closed_at, created_at))",
        "manager": f"COUNT(CASE WHEN team_id IN ({teams}) THEN 1 END)",
        **{name: f"COUNT({sql})" for name, sql in _DEALS.items()},
        **{f"closed_{name}": f"COUNT({closed.format(_DEALS[name])})" for name in _CLOSED_ONLY},
    }
    return _asked(asked, "domain_deal")


def _traces(table: str) -> dict:
    """Count the traces of a table. What a file brought says nothing about when people wrote it down."""
    written = "origin <> 'import'"
    asked = {
        "rows": "COUNT(*)",
        "since": "MIN(occurred_at)",
        "until": "MAX(occurred_at)",
        "timed": f"COUNT(CASE WHEN {written} THEN 1 END)",
        "late": f"COUNT(CASE WHEN {written} AND {_later()} THEN 1 END)",
        **{name: f"COUNT({sql})" for name, sql in _TRACE.items()},
    }
    if table == "domain_dealevent":
        asked["side"] = "COUNT(NULLIF(side, ''))"
    return _asked(asked, table)


def _later() -> str:
    if is_postgres():
        return f"recorded_at > occurred_at + INTERVAL '{LATE_DAYS} days'"
    return f"julianday(recorded_at) > julianday(occurred_at) + {LATE_DAYS}"


def _asked(asked: dict[str, str], table: str) -> dict:
    (found,) = rows(f"SELECT {', '.join(asked.values())} FROM {table}")
    told = dict(zip(asked, found, strict=True))
    return told | {name: _day(told[name]) for name in ("since", "until")}


def _day(value: dt.datetime | str | None) -> dt.date | None:
    if isinstance(value, str):
        return dt.date.fromisoformat(value[:10])
    return value.date() if value else None


def _rules() -> dict[str, int]:
    """Return how often each rule was met, over all imports that stand."""
    found: dict[str, int] = {}
    for report in ImportBatch.objects.filter(state=ImportState.DONE).values_list("report__rules", flat=True):
        for key, number in (report or {}).items():
            found[key] = found.get(key, 0) + number
    return dict(sorted(found.items()))
