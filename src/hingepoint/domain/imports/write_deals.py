"""From staged deals to accounts, people, teams, deals and the history of what changed on them."""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from hingepoint.domain.deals.actions import fingerprint
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import staging
from hingepoint.domain.imports.staging import (
    copy,
    differs,
    insert_select,
    is_postgres,
    json_object,
    moment,
    one,
    rows,
    run,
)
from hingepoint.records.deals import OWNER, EventKind

#: Columns of a deal that a file sets -> the SQL of the new value, from ``staged_deal s`` and its joins.
_VALUES = {
    name: f"s.{name}"
    for name in staging.DEAL_COLUMNS
    if name
    not in ("row", "key", "extra", "owner", "owner_email", "manager", "manager_email", "team", "account")
} | {"owner_id": "o.id", "account_id": "a.id", "team_id": "t.id"}

_JOINS = """
    LEFT JOIN staged_person o ON o.named = s.owner
    LEFT JOIN staged_account a ON a.named = s.account
    LEFT JOIN domain_team t ON t.name = s.team"""

#: The team of an owner for whom the file names none.
_OWNERS_TEAM = """(SELECT m.team_id FROM domain_membership m
    WHERE m.user_id = o.id AND m.until IS NULL ORDER BY m.manages, m.id LIMIT 1)"""


def write_deals(
    *, batch_id: int, at: dt.datetime, present: Sequence[str], keep_history: bool = True
) -> dict[str, int]:
    """Create and update the deals that are staged; return how many were created, updated, unchanged.

    ``present`` are the columns that the file has: of a known deal, no other is touched. What changed is
    kept for undo, and changes of stage, status, amount, expected close and owner become dated events, unless
    their source tells its history itself (``keep_history``).
    """
    total = one("SELECT COUNT(*) FROM staged_deal")
    columns = [name for name in _VALUES if name.removesuffix("_id") in present]
    updated = _find_changed(columns, extra="extra" in present)
    if updated:
        _keep_for_undo(batch_id)
        if keep_history:
            _keep_history(batch_id, at, columns)
        _update(columns, extra="extra" in present)
    created = _create(batch_id)
    return {"created": created, "updated": updated, "unchanged": total - created - updated}


def _find_changed(columns: Sequence[str], *, extra: bool) -> int:
    """Fill ``changed_deal`` with the new values of known deals that differ; return how many."""
    new = [f"{_VALUES[name]} AS {name}" for name in columns]
    tests = [_changed(name) for name in columns]
    if extra:
        new.append(f"{_merged_extra()} AS extra")
        tests.append(differs("d.extra" if is_postgres() else "json(d.extra)", _merged_extra()))
    if not new:
        return 0
    run(
        f"CREATE TEMPORARY TABLE changed_deal AS SELECT d.id AS deal_id, {', '.join(new)}"
        f" FROM staged_deal s JOIN domain_deal d ON d.key = s.key {_JOINS}"
        f" WHERE {' OR '.join(tests)} ORDER BY d.id"
    )
    return one("SELECT COUNT(*) FROM changed_deal")


def _changed(name: str) -> str:
    """Workbooks give nine decimals of a number back: a share that differs by less is the same."""
    old, new = f"d.{name}", _VALUES[name]
    if staging.DEAL_COLUMNS.get(name) == "share":
        return f"NOT COALESCE(ABS({old} - {new}) < 5e-9, {old} IS NULL AND {new} IS NULL)"
    return differs(old, new)


def _merged_extra(known: str = "d.extra") -> str:
    """Columns that the file does not have stay as they were; those that are empty in it go."""
    if is_postgres():
        return f"jsonb_strip_nulls({known} || s.extra::jsonb)"
    return f"json_patch({known}, s.extra)"


def _keep_for_undo(batch_id: int) -> None:
    before = json_object(**{name: f"d.{name}" for name in (*_VALUES, "extra")})
    run(
        'INSERT INTO domain_importchange (batch_id, "table", row_id, before, version)'
        f" SELECT %s, 'deal', d.id, {before}, d.version + 1"
        " FROM changed_deal x JOIN domain_deal d ON d.id = x.deal_id",
        [batch_id],
    )


def _update(columns: Sequence[str], *, extra: bool) -> None:
    names = [*columns, *(["extra"] if extra else [])]
    sets = ", ".join(f"{name} = x.{name}" for name in names)
    run(
        f"UPDATE domain_deal SET {sets}, version = domain_deal.version + 1"
        " FROM changed_deal x WHERE x.deal_id = domain_deal.id"
    )


def _create(batch_id: int) -> int:
    values = _VALUES | {
        "key": "s.key",
        "team_id": f"COALESCE(t.id, {_OWNERS_TEAM})",
        "extra": _merged_extra("'{}'::jsonb" if is_postgres() else "'{}'"),
        "batch": f"{batch_id:d}",
    }
    rest = (
        f"FROM staged_deal s {_JOINS}"
        " WHERE NOT EXISTS (SELECT 1 FROM domain_deal d WHERE d.key = s.key) ORDER BY s.row"
    )
    return insert_select(Deal, values, rest, [])


#: Columns whose changes become events -> (kind, name of the event or None for the new value itself).
_HISTORY = {
    "stage": (EventKind.STAGE, None),
    "status": (EventKind.FIELD, "status"),
    "amount": (EventKind.FIELD, "amount"),
    "expected_close_on": (EventKind.FIELD, "expected_close"),
    "owner_id": (EventKind.FIELD, OWNER),
}


def _keep_history(batch_id: int, at: dt.datetime, columns: Sequence[str]) -> None:
    """Write what changed as events, and before a deal's first such event what held until then."""
    for column in columns:
        if column in _HISTORY:
            _keep_column(batch_id, at, column)


def _keep_column(batch_id: int, at: dt.datetime, column: str) -> None:
    """A change is dated now, when we learn of it; the value before it is known since its own import."""
    kind, name = _HISTORY[column]
    found = rows(
        f"SELECT d.id, {_shown('d', column)}, {_shown('x', column)}, COALESCE(b.finished_at, d.created_at),"
        f" EXISTS (SELECT 1 FROM domain_dealevent e WHERE e.deal_id = d.id AND e.kind = %s{_named(name)})"
        " FROM changed_deal x JOIN domain_deal d ON d.id = x.deal_id"
        " LEFT JOIN domain_importbatch b ON b.id = d.batch"
        f" WHERE {differs(f'd.{column}', f'x.{column}')}",
        [kind.value, *([name] if name else [])],
    )
    events = []
    for deal_id, old, new, since, known in found:
        if not known and old not in (None, ""):
            events.append((deal_id, old, moment(since)))
        if new not in (None, ""):
            events.append((deal_id, new, moment(at)))
    _add_events(batch_id, kind, name, events)


def _named(name: str | None) -> str:
    return " AND e.name = %s" if name else ""


def _shown(table: str, column: str) -> str:
    if column == "owner_id":
        return f"(SELECT u.name FROM domain_user u WHERE u.id = {table}.owner_id)"
    return f"CAST({table}.{column} AS text)"


def _add_events(batch_id: int, kind: EventKind, name: str | None, events: list[tuple[int, str, str]]) -> None:
    def row(deal_id: int, value: str, moment: str) -> tuple:
        called = (name or value)[:200]
        note = "" if name in (None, "amount") else value
        amount = float(value) if name == "amount" else None
        identity = fingerprint("import", kind.value, called, value, moment)
        return (deal_id, kind.value, called, "", "", moment, moment, "import", batch_id, identity,
                "", "", amount, "", note)  # fmt: skip

    columns = ["deal_id", "kind", "name", "state", "side", "occurred_at", "recorded_at", "origin", "batch",
               "fingerprint", "counterpart", "actor", "value", "currency", "note"]  # fmt: skip
    made = [row(*event) for event in events]
    copy(
        "domain_dealevent",
        columns,
        pl.DataFrame(made, schema=columns, orient="row", infer_schema_length=None),
    )
