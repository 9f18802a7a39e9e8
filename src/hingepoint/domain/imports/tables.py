"""Every table that is handed out as a file. Deals, agreements and events read back; the others are for reading."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from hingepoint.domain.agreements import frames as agreements
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.escalations.frames import exceptions_table
from hingepoint.domain.involvement.frames import executives_table
from hingepoint.domain.negotiation.frames import concessions_table, demands_table

TABLES = {
    **agreements.TABLES,
    "demands": demands_table,
    "concessions": concessions_table,
    "exceptions": exceptions_table,
    "executives": executives_table,
}


def table(name: str, deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield a table of ``TABLES`` about ``deals``, which the caller chose with the viewer's rights.

    The first frame is empty and holds the columns.
    """
    return TABLES[name](deals.order_by())
