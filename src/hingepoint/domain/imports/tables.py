"""Every table that is handed out as a file. Deals, agreements and events read back; the others are for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from hingepoint.domain.agreements import frames as agreements
from hingepoint.domain.deals.frames import Rows, deals_rows
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.escalations.frames import exceptions_rows, exceptions_table
from hingepoint.domain.imports import company_tables
from hingepoint.domain.involvement.frames import executives_rows, executives_table
from hingepoint.domain.negotiation.frames import (
    concessions_rows,
    concessions_table,
    demands_rows,
    demands_table,
)
from hingepoint.domain.plans.frames import debriefs_rows, debriefs_table, plans_rows, plans_table
from hingepoint.domain.pressures.frames import pressures_rows, pressures_table

#: Those about deals, which a page hands out of the deals that its reader sees.
OF_DEALS: dict[str, Callable[..., Iterator[pl.DataFrame]]] = {
    **agreements.TABLES,
    "demands": demands_table,
    "concessions": concessions_table,
    "exceptions": exceptions_table,
    "executives": executives_table,
    "pressures": pressures_table,
    "plans": plans_table,
    "debriefs": debriefs_table,
}
#: All of them, for whoever runs the server.
TABLES = {**OF_DEALS, **company_tables.TABLES}

#: What each of them reads that SQL can read: for whoever asks the database for the same.
ROWS: dict[str, Callable[[DealQuerySet], list[Rows]]] = {
    "deals": deals_rows,
    "agreements": agreements.agreements_rows,
    "events": agreements.events_rows,
    "demands": demands_rows,
    "concessions": concessions_rows,
    "exceptions": exceptions_rows,
    "executives": executives_rows,
    "pressures": pressures_rows,
    "plans": plans_rows,
    "debriefs": debriefs_rows,
    **company_tables.ROWS,
}

#: Those that can be asked as of a day.
LOOK_BACK = frozenset(agreements.TABLES)


def table(name: str, deals: DealQuerySet, *, as_of: AsOf | None = None) -> Iterator[pl.DataFrame]:
    """Yield a table of ``TABLES``; one of ``OF_DEALS`` about ``deals``, which the caller chose with the viewer's rights.

    The first frame is empty and holds the columns. ``as_of`` is for deals, agreements and events, of deals
    chosen as of the same day. Raises KeyError.
    """
    if as_of:
        return agreements.TABLES[name](deals.order_by(), as_of=as_of)
    return TABLES[name](deals.order_by())
