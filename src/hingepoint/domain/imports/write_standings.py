"""From a table of agreements as they stand to what the register says of each.

How an agreement came to stand so is told by events. Where the table says another state than the record, that is
one more step, dated by its row; all else it says is put on the agreements that stand as it says.
"""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.imports.staging import differs, insert_select, json_object, moment, one, run
from hingepoint.domain.imports.write_events import CHANGED

#: Whether the person whom a table names is the one who is named on the record already.
_NAMED = (
    "(s.counterpart = '' OR s.counterpart = a.person_name"
    " OR EXISTS (SELECT 1 FROM domain_contact c WHERE c.id = a.person_id AND c.name = s.counterpart)"
    " OR EXISTS (SELECT 1 FROM domain_user u WHERE u.id = a.asked_of_id AND u.name = s.counterpart))"
)

#: Column of the table -> columns of the agreement and the SQL of their new values, from ``placed_standing s``
#: and the agreement ``a``. An empty cell empties, but for what every agreement has.
_VALUES: dict[str, dict[str, str]] = {
    "counterpart": {
        "person_id": f"CASE WHEN {_NAMED} THEN a.person_id END",
        "person_name": f"CASE WHEN {_NAMED} THEN a.person_name ELSE s.counterpart END",
    },
    "evidence": {"evidence": "COALESCE(s.evidence, a.evidence)"},
    "standing_since": {"gained_at": "COALESCE(s.standing_since, a.gained_at)"},
    "required": {"required": "CASE s.required WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE ELSE a.required END"},
    **{
        name: {name: f"s.{name}"}
        for name in (
            "quality",
            "act",
            "due_on",
            "needed_by",
            "needed_because",
            "expires_on",
            "reason",
            "owed_in_return",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Stood:
    """What became of the rows of a table of agreements, apart from those that were steps: agreements that were
    made without one, those of which something changed, and rows that say another state without a date."""

    made: int
    changed: int
    undated: int


def place_standings(present: Sequence[str]) -> int:
    """Find the deal and type of each staged row, of an agreement that is told of twice the newest; remove the
    staged steps that are on record by how the agreement stands. Return how many rows there are."""
    run(
        "CREATE TEMPORARY TABLE placed_standing AS SELECT d.id AS deal_id, t.id AS type_id, s.*,"
        " ROW_NUMBER() OVER (PARTITION BY d.id, t.id ORDER BY s.occurred_at DESC NULLS LAST, s.row DESC) AS place"
        " FROM staged_standing s JOIN domain_deal d ON d.key = s.deal JOIN staged_type t ON t.named = s.name"
    )
    rows = one("SELECT COUNT(*) FROM placed_standing")
    run("DELETE FROM placed_standing WHERE place > 1")
    told = [name for name in ("evidence", "quality") if name in present]
    same = "".join(
        f" AND (staged_event.{name} IS NULL OR NOT ({differs(f'a.{name}', f'staged_event.{name}')}))"
        for name in told
    )
    run(
        "DELETE FROM staged_event WHERE EXISTS (SELECT 1 FROM domain_agreement a"
        " JOIN domain_deal d ON d.id = a.deal_id JOIN staged_type t ON t.id = a.type_id"
        f" WHERE d.key = staged_event.deal AND t.named = staged_event.name AND a.state = staged_event.state{same})"
    )
    return rows


def write_standings(*, batch_id: int, at: dt.datetime, present: Sequence[str]) -> Stood:
    """Make the agreements that nobody took a step on, and bring all to what the table says of them.

    ``present`` are the columns that the file has; no other is touched. What is changed is kept for undo.
    """
    made = _make_undated(batch_id, at)
    undated = one(
        f"SELECT COUNT(*) FROM {_JOINED} WHERE s.occurred_at IS NULL AND {differs('a.state', 's.state')}"
    )
    values = {
        column: sql for name, columns in _VALUES.items() if name in present for column, sql in columns.items()
    }
    changed = _change(batch_id, at, values) if values else 0
    return Stood(made, changed, undated)


_JOINED = "placed_standing s JOIN domain_agreement a ON a.deal_id = s.deal_id AND a.type_id = s.type_id"


def _make_undated(batch_id: int, at: dt.datetime) -> int:
    values = {
        "deal_id": "s.deal_id",
        "type_id": "s.type_id",
        "state": "s.state",
        "changed_at": f"'{moment(at)}'",
        "batch": f"{batch_id:d}",
    }
    rest = (
        "FROM placed_standing s WHERE s.occurred_at IS NULL AND NOT EXISTS (SELECT 1 FROM domain_agreement a"
        " WHERE a.deal_id = s.deal_id AND a.type_id = s.type_id) ORDER BY s.deal_id, s.type_id"
    )
    return insert_select(Agreement, values, rest, [])


def _change(batch_id: int, at: dt.datetime, values: dict[str, str]) -> int:
    """Return how many agreements changed that this import has not made or moved already.

    Those it has are changed too, and keep the version that they have from it.
    """
    new = ", ".join(f"{sql} AS {column}" for column, sql in values.items())
    differ = " OR ".join(differs(f"a.{column}", f"({sql})") for column, sql in values.items())
    ours = (
        f"CASE WHEN NOT ({differs('a.batch', f'{batch_id:d}')}) OR EXISTS (SELECT 1 FROM domain_importchange c"
        f" WHERE c.batch_id = {batch_id:d} AND c.\"table\" = 'agreement' AND c.row_id = a.id) THEN 0 ELSE 1 END"
    )
    run(
        f"CREATE TEMPORARY TABLE changed_agreement AS SELECT a.id AS agreement_id, {ours} AS step, {new}"
        f" FROM {_JOINED} WHERE a.state = s.state AND ({differ}) ORDER BY a.id"
    )
    _keep_for_undo(batch_id)
    sets = ", ".join(f"{column} = x.{column}" for column in values)
    run(
        f"UPDATE domain_agreement SET {sets}, changed_at = %s, version = domain_agreement.version + x.step"
        " FROM changed_agreement x WHERE x.agreement_id = domain_agreement.id",
        [moment(at)],
    )
    return one("SELECT COUNT(*) FROM changed_agreement WHERE step = 1")


def _keep_for_undo(batch_id: int) -> None:
    before = json_object(**{name: f"a.{name}" for name in CHANGED})
    run(
        'INSERT INTO domain_importchange (batch_id, "table", row_id, before, version)'
        f" SELECT %s, 'agreement', a.id, {before}, a.version + 1"
        " FROM changed_agreement x JOIN domain_agreement a ON a.id = x.agreement_id WHERE x.step = 1",
        [batch_id],
    )
