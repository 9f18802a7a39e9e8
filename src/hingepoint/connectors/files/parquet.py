"""The tables of the database as Parquet and as SQL views, for notebooks and business intelligence, in a shape that stays.

``VERSION`` moves when a column is renamed, taken away or typed anew; columns that are added come last and move
nothing. Moments are in UTC. A table is a folder of parts, which every reader of Parquet takes as one.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

VERSION = 1
ABOUT = "schema.json"

_TEXT, _NUMBER, _COUNT, _YES, _DAY = pl.String(), pl.Float64(), pl.Int64(), pl.Boolean(), pl.Date()
_MOMENT = pl.Datetime("us", "UTC")


def _columns(**by_type: str) -> dict[str, pl.DataType]:
    types = {"text": _TEXT, "number": _NUMBER, "count": _COUNT, "yes": _YES, "day": _DAY, "moment": _MOMENT}
    return {name: types[kind] for kind, names in by_type.items() for name in names.split()}


#: Each table's columns. Deals have the company's own columns besides, as texts.
TABLES: dict[str, dict[str, pl.DataType]] = {
    "deals": _columns(
        text="deal_id name status stage owner manager team region segment product source account currency link",
        number="amount initial_amount list_price net_price discount cost margin projected_amount projected_margin",
        moment="created closed",
        day="expected_close",
    ),
    "agreements": _columns(
        text="deal_id agreement state side counterpart act required needed_because reason owed_in_return",
        count="evidence quality",
        moment="at standing_since",
        day="due_on needed_by expires_on",
    ),
    "events": _columns(
        text="deal_id agreement kind state side counterpart actor act currency note",
        count="evidence quality",
        number="value",
        moment="at recorded_at",
        day="due_on",
    ),
    "demands": _columns(
        text="deal_id demand words asked_by currency reason reason_state said_by confirmed_by",
        number="value",
        moment="at recorded_at reason_written_at",
    ),
    "concessions": _columns(
        text="deal_id concession topic currency given_by in_return answers",
        number="value",
        count="worth_to_them",
        yes="last_word",
        moment="at recorded_at answers_at",
    ),
    "exceptions": _columns(
        text="deal_id kind wanted currency reason alternatives return_asked rules path state asked_by",
        number="discount deal_value granted",
        moment="asked_at decided_at",
    ),
    "executives": _columns(
        text="deal_id executive purpose aim not_to_say agreed_by",
        yes="may_discuss_price",
        moment="agreed_at ended_at",
    ),
    "pressures": _columns(
        text="deal_id pressure words rule noted_by taken_back_by", moment="seen_at noted_at taken_back_at"
    ),
    "plans": _columns(
        text="deal_id agreement written_by",
        count="number",
        day="talk_on",
        moment="written_at",
    ),
    "debriefs": _columns(text="deal_id agreement outcome learned written_by", moment="held_at written_at"),
    "people": _columns(text="person name role title", yes="active"),
    "memberships": _columns(text="person team team_above", yes="manages", day="since until"),
    "findings": _columns(
        text="agreement metric source grade signed_by",
        count="run",
        number="effect low high",
        yes="pivotal",
        moment="computed_at signed_at",
    ),
    "pivotal": _columns(
        text="strategy strategy_status metric agreement counterpart needed_by needed_stage",
        count="playbook place run needed_days evidence_wanted recheck_days",
        number="least_amount",
        moment="published_at",
    ),
    "reviews": _columns(
        text="kind team led_by", count="review seconds", day="held_on", moment="opened_at ended_at"
    ),
    "commitments": _columns(
        text="deal_id agreement words owner written_by became said_by",
        count="review",
        day="due_on",
        moment="written_at ended_at",
    ),
    "raises": _columns(
        text="signal level place owner",
        day="since earliest latest seen first_day ended_on muted_until",
        moment="answered_at",
    ),
    "readings": _columns(
        text="signal level place state unit", number="reading baseline low high", day="day since"
    ),
}

#: What one row of a table is.
ONE_ROW = {
    "deals": "A deal as it stands.",
    "agreements": "An agreement of a deal as it stands, with what it needs.",
    "events": "A fact of a deal's history: a step of an agreement, a stage, an activity.",
    "demands": "Something the customer asked for, with the reason if one is known.",
    "concessions": "Something we gave.",
    "exceptions": "A request for an exception, and what became of it.",
    "executives": "The agreed part of an executive on a deal.",
    "pressures": "A pressure that a deal is tagged with.",
    "plans": "A writing of a plan, of a talk or (without an agreement) of the deal: who wrote it when, not what it says.",
    "debriefs": "What came out of a talk about an agreement.",
    "people": "A person of the company. `person` is what other tables name: their name or number in your own files, or their first address.",
    "memberships": "Somebody's time in a team, as a member or as who manages it.",
    "findings": "A finding that was signed, of whatever run: the one with the newest `signed_at` holds.",
    "pivotal": "An agreement that a published playbook asks for. A strategy's highest `playbook` holds; `run` is that of its signed finding.",
    "reviews": "A review of a team that was held, and the seconds it took.",
    "commitments": "What somebody took upon themselves in a review (`review`), about a deal or about none, and what became of it.",
    "raises": "A signal that rose at one place: when it began, when that was seen, and until when.",
    "readings": "What a signal told of one place on a day that is kept: the level, what is usual, its 95% interval. In no view.",
}

#: What colleagues wrote for each other alone: in the files, which whoever runs the server hands out, and not in the SQL
#: views, which a tool of the whole company reads.
NOT_IN_VIEWS = {
    "events": {"note"},
    "exceptions": {"reason", "alternatives", "return_asked"},
    "executives": {"aim", "not_to_say"},
    "pressures": {"words"},
    "debriefs": {"learned"},
    "commitments": {"words", "owner", "written_by", "said_by"},
    "raises": {"place", "owner"},
    "readings": set(TABLES["readings"]),
}


def view_columns(table: str) -> dict[str, pl.DataType]:
    """Return the columns of a table's SQL view."""
    kept_off = NOT_IN_VIEWS.get(table, set())
    return {name: kind for name, kind in TABLES[table].items() if name not in kept_off}


def write_folder(tables: Mapping[str, Iterable[pl.DataFrame]], folder: Path) -> dict[str, int]:
    """Write every table into ``folder`` and beside them what they hold; return their rows."""
    rows = {name: _write(name, parts, folder / name) for name, parts in tables.items()}
    told: dict[str, Any] = {"schema": VERSION, "tables": {}}
    for name in rows:
        columns = {column: str(kind) for column, kind in TABLES[name].items()}
        told["tables"][name] = {"rows": rows[name], "columns": columns}
    (folder / ABOUT).write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    return rows


def _write(name: str, parts: Iterable[pl.DataFrame], folder: Path) -> int:
    """Write a table part by part, however large it is; one without rows has one part, which holds its columns."""
    folder.mkdir(parents=True)
    first, rest = _head(parts)
    own = {column: _TEXT for column in first.columns if column not in TABLES[name]}
    rows = 0
    for place, part in enumerate(rest or [first.clear()]):
        typed(part, TABLES[name] | own).write_parquet(folder / f"part-{place:05}.parquet")
        rows += len(part)
    return rows


def _head(parts: Iterable[pl.DataFrame]) -> tuple[pl.DataFrame, Iterator[pl.DataFrame] | list[pl.DataFrame]]:
    every = iter(parts)
    first = next(every)
    found = next(every, None)
    return first, [] if found is None else itertools.chain([found], every)


def typed(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return a frame with these columns in their order, of these types."""
    return frame.select(_as(pl.col(name), frame.schema[name], kind) for name, kind in columns.items())


def _as(column: pl.Expr, held: pl.DataType, kind: pl.DataType) -> pl.Expr:
    if kind == _MOMENT and isinstance(held, pl.Datetime) and held.time_zone:
        return column.dt.convert_time_zone("UTC")
    return column.cast(kind)
