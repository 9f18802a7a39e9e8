"""From staged events to the histories of deals and agreements, and each agreement's present state."""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.imports import staging
from hingepoint.domain.imports.staging import (
    differs,
    insert_select,
    is_postgres,
    json_object,
    moment,
    one,
    run,
)
from hingepoint.domain.imports.states import present_states

#: Types of what states are derived from; other columns are numbers of rows.
_TYPES = {
    "state": pl.String(),
    "occurred_at": pl.String(),
    "evidence": pl.Int64(),
    "quality": pl.Int64(),
    "counterpart": pl.String(),
    "act": pl.String(),
    "due_on": pl.String(),
}

#: What is copied of an event; a fact already on record with the same values is the same fact.
_FACTS = ("state", "occurred_at", "counterpart", "actor", "evidence", "quality", "value", "currency", "note")

#: What a step of an agreement holds beyond other events.
_PROMISE = ("act", "due_on")

_TRACE = (*_FACTS, "fingerprint")


def write_events(*, batch_id: int, at: dt.datetime, present: Sequence[str]) -> dict[str, int]:
    """Add the staged events that are not on record yet; return how many are new and how many known.

    Agreements follow: a new one gets its state from its events, a known one is brought up to date when
    an event was added to it. ``present`` are the columns that the file has; others do not tell two
    facts apart. Rows are written in the order of their deals.
    """
    total = one("SELECT COUNT(*) FROM staged_event")
    happened = _add_deal_events(batch_id, at, present)
    agreed, made, moved = 0, 0, 0
    if one("SELECT EXISTS (SELECT 1 FROM staged_event WHERE kind = 'agreement')"):
        _order_steps()
        made = _make_agreements(batch_id, at)
        agreed = _add_agreement_events(batch_id, at, present)
        moved = _bring_up_to_date(batch_id, at)
    return {
        "created": happened + agreed,
        "unchanged": total - happened - agreed,
        "agreements": made,
        "agreements_moved": moved,
    }


def drop_what_is_in_doubt() -> int:
    """Remove the staged rows of agreements of which the newest step may be a row that cannot be read; return
    how many: an older step would say how they stand."""

    def in_doubt(table: str) -> str:
        same = "{0}.deal = {1}.deal AND {0}.name = {1}.name"
        newer = f"SELECT 1 FROM {table} n WHERE {same.format('n', 'u')} AND n.occurred_at > u.occurred_at"
        return (
            f"EXISTS (SELECT 1 FROM staged_unread u WHERE {same.format('u', table)} AND NOT EXISTS ({newer}))"
        )

    events = run(f"DELETE FROM staged_event WHERE kind = 'agreement' AND {in_doubt('staged_event')}")
    return max(events, run(f"DELETE FROM staged_standing WHERE {in_doubt('staged_standing')}"))


def _same_fact(present: Sequence[str], facts: Sequence[str] = _FACTS) -> str:
    """Return the condition that an event ``e`` on record is the staged one ``s``; its moment and state always
    count."""
    told = [name for name in facts if name not in ("state", "occurred_at") and name in present]
    same = ["e.state = s.state", "e.occurred_at = s.occurred_at"]
    same += [f"NOT ({differs(f'e.{name}', f's.{name}')})" for name in told]
    return " AND ".join([*same, *([_WRITTEN_DOWN_THEN] if "recorded_at" in present else [])])


#: An import whose file did not say when its events were written down dated all of them to its own end.
_WRITTEN_DOWN_THEN = (
    "(s.recorded_at IS NULL OR e.recorded_at = s.recorded_at OR EXISTS (SELECT 1 FROM domain_importbatch b"
    " WHERE b.id = e.batch AND b.finished_at = e.recorded_at))"
)


def _trace(at: dt.datetime, batch_id: int) -> dict[str, str]:
    return {name: f"s.{name}" for name in _TRACE} | {
        "recorded_at": f"COALESCE(s.recorded_at, '{moment(at)}')",
        "origin": "'import'",
        "batch": f"{batch_id:d}",
    }


def _add_deal_events(batch_id: int, at: dt.datetime, present: Sequence[str]) -> int:
    named = {"deal_id": "d.id", "kind": "s.kind", "name": "s.name", "side": "s.side"}
    return insert_select(
        DealEvent,
        named | _trace(at, batch_id),
        "FROM staged_event s JOIN domain_deal d ON d.key = s.deal WHERE s.kind <> 'agreement'"
        " AND NOT EXISTS (SELECT 1 FROM domain_dealevent e WHERE e.deal_id = d.id AND e.kind = s.kind"
        f" AND e.name = s.name AND {_same_fact(present)})"
        " ORDER BY d.id, s.occurred_at, s.row ON CONFLICT (deal_id, fingerprint) DO NOTHING",
        [],
    )


def _order_steps() -> None:
    """Fill ``staged_step`` with the events of agreements; ``place`` counts them by deal, type and time."""
    told = (*_TRACE, *_PROMISE, "recorded_at")
    run(
        f"INSERT INTO staged_step (deal_id, type_id, {', '.join(told)})"
        f" SELECT d.id, t.id, {', '.join(f's.{name}' for name in told)}"
        " FROM staged_event s CROSS JOIN domain_deal d CROSS JOIN staged_type t"
        " WHERE d.key = s.deal AND t.named = s.name AND s.kind = 'agreement'"
        " ORDER BY d.id, t.id, s.occurred_at, s.row"
    )


def _stage_states(source: str, by: list[str], order: str) -> None:
    """Fill ``staged_state`` with how agreements stand after the events of ``source``.

    Events are read in the order of their agreements, some at a time.
    """
    run("DELETE FROM staged_state")
    rest = ["CAST(occurred_at AS text)", "evidence", "quality", "counterpart", "act", "CAST(due_on AS text)"]
    read = [*by, "state", *rest]
    sql = f"SELECT {', '.join(read)} FROM {source} ORDER BY {order}"
    for events in _whole_agreements(staging.batches(sql), by):
        staging.add("staged_state", present_states(events, by=by))
    staging.index("staged_state", by[0])


def _whole_agreements(batches: Iterable[list[tuple]], by: list[str]) -> Iterator[pl.DataFrame]:
    """Yield rows in frames that never part the events of one agreement."""
    schema = dict.fromkeys(by, pl.Int64()) | _TYPES
    rest = pl.DataFrame(schema=schema)
    for batch in batches:
        frame = pl.concat([rest, pl.DataFrame(batch, schema=schema, orient="row")])
        last = frame.select(pl.all_horizontal(pl.col(name) == pl.col(name).last() for name in by)).to_series()
        yield frame.filter(~last)
        rest = frame.filter(last)
    yield rest


def _expiry(last_standing: str, *says_days: str) -> str:
    days = f"COALESCE({', '.join(says_days)})"
    if is_postgres():
        return f"(({last_standing} AT TIME ZONE 'UTC')::date + {days})"
    return f"date({last_standing}, '+' || {days} || ' days')"


def _make_agreements(batch_id: int, at: dt.datetime) -> int:
    """Make the agreements that are new with their events."""
    _stage_states(
        "staged_step s WHERE NOT EXISTS (SELECT 1 FROM domain_agreement a"
        " WHERE a.deal_id = s.deal_id AND a.type_id = s.type_id)",
        ["deal_id", "type_id"],
        "s.place",
    )
    names = ("deal_id", "type_id", "state", "evidence", "quality", "person_name", "gained_at", *_PROMISE)
    values = {name: f"n.{name}" for name in names} | {
        "changed_at": f"'{moment(at)}'",
        "expires_on": _expiry("n.last_standing", "t.own_recheck_days", "t.recheck_days"),
        "batch": f"{batch_id:d}",
    }
    rest = "FROM staged_state n CROSS JOIN domain_agreementtype t WHERE t.id = n.type_id"
    return insert_select(Agreement, values, rest, [])


def _add_agreement_events(batch_id: int, at: dt.datetime, present: Sequence[str]) -> int:
    return insert_select(
        AgreementEvent,
        {"agreement_id": "a.id"} | _trace(at, batch_id) | {name: f"s.{name}" for name in _PROMISE},
        "FROM staged_step s JOIN domain_agreement a ON a.deal_id = s.deal_id AND a.type_id = s.type_id"
        " WHERE NOT EXISTS (SELECT 1 FROM domain_agreementevent e WHERE e.agreement_id = a.id"
        f" AND {_same_fact(present, (*_FACTS, *_PROMISE))})"
        " ORDER BY s.place ON CONFLICT (agreement_id, fingerprint) DO NOTHING",
        [],
    )


#: What an import can change on an agreement that was known before.
CHANGED = (
    "state", "evidence", "quality", "person_id", "person_name", "gained_at", "expires_on", "act", "due_on",
    "required", "needed_by", "needed_because", "reason", "owed_in_return", "changed_at",
)  # fmt: skip


def _bring_up_to_date(batch_id: int, at: dt.datetime) -> int:
    """Derive the state of known agreements to which events were added; return how many there are."""
    # a table of their own: a database that takes a new import for a few rows would join all with all
    run(
        "CREATE TEMPORARY TABLE touched_agreement AS SELECT DISTINCT e.agreement_id AS touched_id"
        " FROM domain_agreementevent e JOIN domain_agreement a ON a.id = e.agreement_id"
        f" WHERE e.batch = {batch_id:d} AND {differs('a.batch', f'{batch_id:d}')}"
    )
    staging.index("touched_agreement", "touched_id")
    before = json_object(**{name: f"a.{name}" for name in CHANGED})
    moved = run(
        'INSERT INTO domain_importchange (batch_id, "table", row_id, before, version)'
        f" SELECT %s, 'agreement', a.id, {before}, a.version + 1"
        " FROM touched_agreement x CROSS JOIN domain_agreement a WHERE a.id = x.touched_id ORDER BY a.id",
        [batch_id],
    )
    if moved:
        _derive(at)
    return moved


def _derive(at: dt.datetime) -> None:
    _stage_states(
        "touched_agreement x CROSS JOIN domain_agreementevent e WHERE e.agreement_id = x.touched_id"
        " AND +e.undoes_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM domain_agreementevent u WHERE u.undoes_id = e.id)",
        ["agreement_id"],
        "e.agreement_id, e.occurred_at, e.id",
    )
    own = ("domain_agreement.recheck_days", "t.own_recheck_days", "t.recheck_days")
    expiry = _expiry("n.last_standing", *own)
    run(
        "UPDATE domain_agreement SET state = n.state, evidence = n.evidence,"
        " quality = COALESCE(n.quality, domain_agreement.quality),"
        " person_name = COALESCE(NULLIF(n.person_name, ''), domain_agreement.person_name),"
        " gained_at = COALESCE(n.gained_at, domain_agreement.gained_at),"
        " act = COALESCE(NULLIF(n.act, ''), domain_agreement.act),"
        " due_on = COALESCE(n.due_on, domain_agreement.due_on),"
        f" expires_on = {expiry}, changed_at = %s, version = domain_agreement.version + 1"
        " FROM staged_state n, domain_agreementtype t"
        " WHERE n.agreement_id = domain_agreement.id AND t.id = domain_agreement.type_id",
        [moment(at)],
    )
