"""From the frames that files are read into, to staged rows: pure functions on plain data.

Moments arrive in the company's zone without offset. What the tables cannot hold is a problem of its row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b

import numpy as np
import polars as pl
from django.db.models import Model

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports.staging import DEAL_COLUMNS, EVENT_COLUMNS, STANDING_COLUMNS
from hingepoint.records import links
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.files import RowProblem
from hingepoint.records.names import normal

#: Columns of the file -> columns of the staged table, where they are named differently.
_DEAL_NAMES = {
    "deal_id": "key",
    "created": "created_at",
    "closed": "closed_at",
    "expected_close": "expected_close_on",
}
_EVENT_NAMES = {"deal_id": "deal", "agreement": "name", "at": "occurred_at"}

#: Headings that FORMATS does not name and tables have a column for.
_ALSO_KNOWN = {
    "name": ("name", "dealname", "opportunityname", "dealtitle"),
    "link": ("link", "url", "recordurl"),
    "owner_email": (
        "owneremail",
        "owneremailaddress",
        "dealowneremail",
        "opportunityowneremail",
        "selleremail",
        "salesrepemail",
        "assignedtoemail",
        "hubspotowneremail",
    ),
    "manager_email": ("manageremail", "manageremailaddress", "salesmanageremail", "ownermanageremail"),
}

_MOST_MONEY = 1e15


def _longest(model: type[Model], columns: Collection[str]) -> dict[str, int]:
    """Return how many characters each of the columns holds at most, where there is a limit."""
    named = (field for field in model._meta.concrete_fields if field.name in columns)
    return {field.name: field.max_length for field in named if field.max_length}


_LENGTHS = {
    **_longest(Deal, DEAL_COLUMNS),
    "owner": 200,
    "owner_email": 254,
    "manager": 200,
    "manager_email": 254,
    "team": 200,
    "account": 200,
}
_EVENT_LENGTHS = {
    **_longest(DealEvent, EVENT_COLUMNS),
    "deal": 200,
    "act": 500,
}
_STANDING_LENGTHS = {
    **_longest(Agreement, STANDING_COLUMNS),
    "deal": 200,
    "name": 200,
    "counterpart": 200,
}
#: What tells two events apart only where a file says it: it came after many files had been read.
_WHERE_SAID = ("recorded_at", "act", "due_on")


def staged_deals(
    frame: pl.DataFrame, *, file: str, zone: str, first_row: int = 0
) -> tuple[pl.DataFrame, list[RowProblem]]:
    """Return ``frame`` as ``staged_deal`` holds it, without the rows that it cannot hold.

    ``first_row`` numbers the rows in the order of the file, for ordering only.
    """
    frame = _deal_columns(frame)
    extra = _extras(frame, [name for name in frame.columns if name not in DEAL_COLUMNS])
    staged = _typed(frame.select(each for each in frame.columns if each in DEAL_COLUMNS), DEAL_COLUMNS, zone)
    staged = staged.with_columns(extra, _numbered(frame, first_row))
    late = pl.col("closed_at").is_null() if "closed_at" in staged.columns else pl.lit(True)
    required = {
        "created_at": (pl.col("created_at").is_null(), "the date when the deal was created"),
        "status": (pl.col("status") == "", "open, won or lost"),
        "closed_at": ((pl.col("status") != "open") & late, "the close date of a won or lost deal"),
    }
    if "link" in staged.columns:
        link = pl.col("link")
        required["link"] = ((link != "") & ~link.str.contains(links.PATTERN), links.EXPECTED)
    return _that_fit(staged, DEAL_COLUMNS, _LENGTHS, required, "key", file)


def deal_columns(frame: pl.DataFrame) -> list[str]:
    """Return which columns of ``staged_deal`` a file sets that is read into ``frame``."""
    named = _deal_columns(frame.head(0)).columns
    known = [name for name in named if name in DEAL_COLUMNS]
    return known + (["extra"] if len(known) < len(named) else [])


def _deal_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as the table does. Without a team, a manager's deals are those of the manager's team."""
    frame = frame.rename({old: new for old, new in _DEAL_NAMES.items() if old in frame.columns})
    for ours, spellings in _ALSO_KNOWN.items():
        alike = [name for name in frame.columns if name not in DEAL_COLUMNS and normal(name) in spellings]
        if alike and ours not in frame.columns:
            frame = frame.rename({alike[0]: ours})
    if "team" not in frame.columns and "manager" in frame.columns:
        frame = frame.with_columns((pl.col("manager") + "'s team").alias("team"))
    return frame


def staged_events(
    frame: pl.DataFrame, *, file: str, zone: str, first_row: int = 0
) -> tuple[pl.DataFrame, list[RowProblem]]:
    """Return ``frame`` as ``staged_event`` holds it, each row with its fingerprint.

    Only agreements have the state ``gained`` when none is said: a call or a quote is not gained.
    """
    frame = frame.rename({old: new for old, new in _EVENT_NAMES.items() if old in frame.columns})
    frame = frame.select(name for name in frame.columns if name in EVENT_COLUMNS)
    agreed = pl.col("kind") == EventKind.AGREEMENT.value
    gained = AgreementState.GAINED.value
    state = (
        pl.when(~agreed & (pl.col("state") == gained)).then(None).otherwise(pl.col("state")).alias("state")
    )
    staged = _typed(frame.with_columns(state), EVENT_COLUMNS, zone).with_columns(_numbered(frame, first_row))
    staged, problems = _that_fit(staged, EVENT_COLUMNS, _EVENT_LENGTHS, {}, "deal", file)
    return staged.with_columns(_fingerprints(staged)), problems


def staged_standings(
    frame: pl.DataFrame, *, file: str, zone: str, first_row: int = 0
) -> tuple[pl.DataFrame, list[RowProblem]]:
    """Return a table of agreements as ``staged_standing`` holds it, without the rows that it cannot hold."""
    frame = frame.rename({old: new for old, new in _EVENT_NAMES.items() if old in frame.columns})
    frame = frame.select(name for name in STANDING_COLUMNS if name in frame.columns)
    staged = _typed(frame, STANDING_COLUMNS, zone).with_columns(_numbered(frame, first_row))
    return _that_fit(staged, STANDING_COLUMNS, _STANDING_LENGTHS, {}, "deal", file)


def staged_unread(frame: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Return whose steps of agreements the rows are that cannot be read, as ``staged_unread`` holds them."""
    steps = frame.filter(pl.col("kind").fill_null(EventKind.AGREEMENT.value) == EventKind.AGREEMENT.value)
    named = steps.drop_nulls(["deal_id", "agreement"]).rename(_EVENT_NAMES)
    return _typed(named.select("deal", "name", "occurred_at"), EVENT_COLUMNS, zone)


def standing_columns(headings: Iterable[str]) -> list[str]:
    """Return which columns of ``staged_standing`` a file with these columns of ours says."""
    return [name for each in headings if (name := _EVENT_NAMES.get(each, each)) in STANDING_COLUMNS]


def event_columns(headings: Iterable[str]) -> list[str]:
    """Return which columns of ``staged_event`` a file with these columns of ours says."""
    return [name for each in headings if (name := _EVENT_NAMES.get(each, each)) in EVENT_COLUMNS]


def _numbered(frame: pl.DataFrame, first: int) -> pl.Series:
    return pl.int_range(first, first + frame.height, eager=True).alias("row")


def _typed(frame: pl.DataFrame, columns: dict[str, str], zone: str) -> pl.DataFrame:
    return frame.with_columns(_as_stored(pl.col(name), columns[name], zone) for name in frame.columns)


def _as_stored(column: pl.Expr, kind: str, zone: str) -> pl.Expr:
    """Return a column as both databases take it: moments as UTC texts, money with four digits."""
    if kind == "text":
        return column.cast(pl.String).fill_null("")
    if kind == "money":
        return column.cast(pl.Float64).round(4)
    if kind == "moment":
        return _moment_text(in_utc(column, zone))
    return column.dt.strftime("%Y-%m-%d") if kind == "day" else column


def in_utc(column: pl.Expr, zone: str) -> pl.Expr:
    """Return local moments in UTC, without offset. Of an hour that the clocks repeat it is the first; one
    that they leave out is taken an hour later."""
    aware = column.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = (column + pl.duration(hours=1)).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    return pl.coalesce(aware, later).dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _moment_text(column: pl.Expr) -> pl.Expr:
    """SQLite compares moments as the texts that Django writes there: fractions only where there are any."""
    whole = column.dt.strftime("%Y-%m-%d %H:%M:%S")
    fraction = column.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    return pl.when(column.dt.microsecond() == 0).then(whole).otherwise(fraction)


def _extras(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the columns that are none of ours as one JSON text a row, by the file's own headings; null is empty."""
    if not names:
        return pl.Series("extra", ["{}"] * frame.height, dtype=pl.String)
    kept = frame.select(_as_written(frame[name]) for name in names)
    return pl.Series("extra", [json.dumps(row) for row in kept.iter_rows(named=True)], dtype=pl.String)


def _as_written(column: pl.Series) -> pl.Series:
    """Covariates may have been read as numbers: 3 is 3, not 3.0."""
    texts = column.cast(pl.String)
    return texts.str.strip_suffix(".0") if column.dtype.is_float() else texts


def _fingerprints(staged: pl.DataFrame) -> pl.Series:
    """Return the identity of each fact within its parent: everything that the file says of it."""
    facts = [name for name in sorted(staged.columns) if name not in ("row", "deal", *_WHERE_SAID)]
    always = [pl.lit(f"{name}=") + _text(name) for name in facts]
    where_said = [
        pl.when(_text(name) != "").then(pl.lit(f"\x1f{name}=") + _text(name)).otherwise(pl.lit(""))
        for name in _WHERE_SAID
        if name in staged.columns
    ]
    texts = staged.select(pl.concat_str([pl.concat_str(always, separator="\x1f"), *where_said])).to_series()
    digests = b"".join([blake2b(text, digest_size=8).digest() for text in texts.cast(pl.Binary).to_list()])
    return pl.Series("fingerprint", np.frombuffer(digests, dtype=">i8").astype("int64"))


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("")


def _that_fit(
    staged: pl.DataFrame,
    columns: dict[str, str],
    lengths: dict[str, int],
    required: dict[str, tuple[pl.Expr, str]],
    key: str,
    file: str,
) -> tuple[pl.DataFrame, list[RowProblem]]:
    """Return the rows that the tables can hold, and a problem for each other, named by its deal."""
    checks = [
        (name, pl.col(name).str.len_chars() > most, f"at most {most} characters")
        for name, most in lengths.items()
        if name in staged.columns and columns[name] == "text"
    ]
    checks += [
        (name, (pl.col(name).abs() >= _MOST_MONEY).fill_null(False), "an amount below 1,000,000,000,000,000")
        for name in staged.columns
        if columns[name] == "money"
    ]
    checks += [(name, test, expected) for name, (test, expected) in required.items()]
    bad = staged.select(test.fill_null(False).alias(str(n)) for n, (_, test, _) in enumerate(checks))
    problems = [
        RowProblem(file, None, name, _shown(row, name, key), expected)
        for n, (name, _, expected) in enumerate(checks)
        if bad[str(n)].any()
        for row in staged.filter(bad[str(n)]).iter_rows(named=True)
    ]
    return staged.filter(~bad.select(pl.any_horizontal(pl.all())).to_series()) if checks else staged, problems


def _shown(row: dict, name: str, key: str) -> str:
    return f"{str(row.get(name) or '')[:80]} (deal {str(row[key])[:40]})"
