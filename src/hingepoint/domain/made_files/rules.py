"""What files are called."""

from __future__ import annotations

import datetime as dt


def file_name(table: str, format: str, *, asked_on: dt.date, as_of: dt.date | None) -> str:
    """Return the name of a file: of which table, and of which day it tells."""
    day = f"as-of-{as_of.isoformat()}" if as_of else asked_on.isoformat()
    return f"{table}-{day}.{format}"
