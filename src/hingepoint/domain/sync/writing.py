"""Writing agreements onto the records of a CRM: only what changed, never stage or amount, never against a no."""

from __future__ import annotations

import datetime as dt

from hingepoint.connectors.source import Source
from hingepoint.domain.sync.models import Connection


def write_back(connection: Connection, source: Source, *, at: dt.datetime) -> dict[str, int]:
    return {}
