"""What is owed -> a frame of ``analysis.debt``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from hingepoint.analysis import debt
from hingepoint.domain.debts.owed import Owed


def debts_frame(rows: Iterable[Owed], day: dt.date) -> pl.DataFrame:
    """Return debts of ``day`` as a frame of ``debt.COLUMNS``, a row each."""
    return pl.DataFrame([_row(one, day) for one in rows], schema=debt.COLUMNS, orient="row")


def _row(one: Owed, day: dt.date) -> tuple[object, ...]:
    worth, kind = one.worth, one.asked.metric.kind
    return (
        one.deal_id,
        one.asked.line.type.key,
        one.kind.value,
        one.deal.amount,
        one.deal.currency,
        worth.gain if worth else None,
        worth.low if worth else None,
        worth.high if worth else None,
        kind == "money",
        kind == "days",
        (day - one.since).days if one.since else None,
        one.payable,
    )
